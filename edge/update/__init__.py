"""Updates of the model: signed packages, tried before they are used, and taken back."""
