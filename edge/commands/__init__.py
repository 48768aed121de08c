"""The subcommands of `python -m edge`, each in its own module."""
