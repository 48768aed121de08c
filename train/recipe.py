"""Every number of the training that someone may want to turn, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from train.augment import Distortion


@dataclass(frozen=True)
class Recipe:
    """The hyper-parameters of one training run.

    Raises:
        ValueError: a number is outside its range.
    """

    hidden: tuple[int, ...] = (1024, 512, 512)
    """Widths of the hidden layers: the textbook's `dmlp`."""
    epochs: int = 80
    """Times each digit is seen, never twice in the same shape. Of 40,000 bent held-out
    digits 675 are then wrong; after 60 it is 721."""
    batch_size: int = 256
    """Digits per step; two cores work on no more digits a second with larger ones."""
    learning_rate: float = 0.002
    """Peak of the one cycle; AdamW's steps are about this long per weight. With half of
    it 762 of those digits are wrong after 60 epochs."""
    warmup: float = 0.3
    """Share of all steps on which the rate rises (Smith & Topin 2019)."""
    weight_decay: float = 0.01
    """Share of a weight lost per step, times the rate (Loshchilov & Hutter 2019)."""
    seed: int = 0
    """Of the first weights, the order of the digits and their distortion."""
    holdout: int = 5000
    """Training digits kept apart: decisions are made on these, never on the test digits."""
    holdout_seed: int = 0
    """Which ones; its own number, so that runs of other seeds can be compared."""
    distortion: Distortion = field(default_factory=Distortion)
    """How the training digits are bent, anew in every epoch."""

    def __post_init__(self) -> None:
        if not self.hidden or min(self.hidden) < 1:
            raise ValueError("every hidden layer needs at least one unit")
        for name in ("epochs", "batch_size", "holdout"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("seed", "holdout_seed"):
            if not 0 <= getattr(self, name) < 2**32:
                raise ValueError(f"{name} must be from 0 to {2**32 - 1}")
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate must be above 0 and at most 1")
        if not 0 <= self.weight_decay <= 1:
            raise ValueError("weight_decay must be from 0 to 1")
        if not 0 < self.warmup < 1:
            raise ValueError("warmup must be between 0 and 1")

    @property
    def architecture(self) -> str:
        """Layer widths and activation, for example `784-1024-512-512-10 relu`."""
        return "-".join(map(str, (784, *self.hidden, 10))) + " relu"
