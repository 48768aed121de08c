"""Every number of a training run that someone may want to turn, in one place."""

from __future__ import annotations

import math
from dataclasses import dataclass

from train.augment import UNBENT, Distortion

DATASETS = ("mnist", "cifar10")
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "swish")
LOSSES = ("cross-entropy", "mse")
OPTIMIZERS = ("sgd", "adam", "adamw")
SCHEDULES = ("constant", "one-cycle")
PRECISIONS = ("float32", "bfloat16")
NETWORKS = ("perceptron", "convolutional")

# Places of a filter across the digit in the convolutional network's first two layers.
FIRST_GRID, SECOND_GRID = 8, 4


@dataclass(frozen=True)
class Recipe:
    """The hyper-parameters of one training run.

    Raises:
        ValueError: a number is outside its range, or a name is none of the choices.
    """

    name: str
    """What the recipe is called, and the model file it makes."""
    summary: str
    """What it is for, in a line."""

    dataset: str = "mnist"
    """What is learnt: one of `DATASETS`."""
    stroke_drawings: int = 0
    """Drawings of every stroke digit in an epoch, beside the dataset; 0 leaves strokes out."""
    stroke_bank: int = 24
    """Drawings of every stroke digit that there are to choose from; drawing takes longer than
    learning, so they are made once."""
    impostors: int = 0
    """Images in an epoch that show no digit, crosses and letters and scribbles, of which the
    network learns to be sure of nothing."""
    stroke_writers: float = 0.1
    """Share of each stroke set's writers kept apart for decisions, and as many again to test."""
    validation: float = 0.1
    """Training images kept apart: a share of them below 1, from 1 on how many. Decisions are
    made on these, never on the test images."""
    validation_seed: int = 0
    """Which ones; its own number, so that runs of other seeds can be compared."""

    network: str = "perceptron"
    """One of `NETWORKS`: what ships, or a teacher (`train.teacher`), whose dense head has the
    hidden layers."""
    hidden: tuple[int, ...] = (1024, 512, 512)
    """Widths of the hidden layers."""
    activation: str = "relu"
    """Of the hidden layers: one of `ACTIVATIONS`, the textbook's table 7-2."""
    swish_beta: float = 1.0
    """The β of swish, x · sigmoid(βx); the other activations have none."""
    dropout: float = 0.0
    """Share of a hidden layer's outputs that are silenced in a step (Srivastava et al. 2014)."""
    batch_norm: bool = False
    """Whether hidden layers are normalised over the batch (Ioffe & Szegedy 2015)."""
    convolutional_epochs: int = 0
    """Epochs, no more than `epochs`, of learning as a small convolutional network first, whose
    filters are then written out as the dense layers that they are (`train.convolution`)."""

    loss: str = "cross-entropy"
    """One of `LOSSES`; both see the softmax's probabilities."""
    distillation: float = 0.9
    """Share of the loss that compares with a teacher, where there is one (Hinton et al. 2015)."""
    imitate_mistakes: bool = True
    """Whether a teacher is imitated where it is wrong too; else the label alone is learnt there
    (conditional teacher-student learning, Meng et al. 2019)."""
    imitate_extra: bool = True
    """Whether teachers are imitated of the digits that are learnt from beside the data set
    (`--extra`), too; else their labels alone are learnt. They are hard ones, of which a teacher
    that has learnt from clean digits is not sure."""
    extra_digits: int = 0
    """Extra digits in an epoch, others in each, so that many of them don't outweigh the data set;
    0 takes them all."""
    rounds: int = 0
    """Epochs after which the same bent images come again, so that teachers need to answer
    only once; 0 bends them anew in every epoch."""
    softness: float = 3.0
    """Divides teacher's and pupil's logits in that part of the loss."""
    optimizer: str = "adam"
    """One of `OPTIMIZERS`."""
    learning_rate: float = 0.001
    """Of every step, or the peak of the one cycle."""
    schedule: str = "constant"
    """Of the learning rate: one of `SCHEDULES`."""
    warmup: float = 0.3
    """Share of all steps on which the one cycle's rate rises (Smith & Topin 2019)."""
    weight_decay: float = 0.0
    """Share of a weight lost per step, times the rate (AdamW; Loshchilov & Hutter 2019)."""
    average: float = 0.0
    """The network kept is the running average of the weights, which forgets this much less
    than all in a step: 0.999 remembers a thousand steps. 0 keeps the last weights."""
    batch_size: int = 128
    """Images per step."""
    epochs: int = 50
    """Times each image is seen."""
    patience: int = 0
    """Epochs without a lower validation loss after which training stops and the best weights
    are taken; 0 never stops early."""
    precision: str = "float32"
    """Of the matrix products: one of `PRECISIONS`. Weights and sums are float32 in both."""
    seed: int = 0
    """Of the first weights, the order of the images and their distortion."""
    distortion: Distortion = UNBENT
    """How the training images are bent, anew in every epoch."""

    def __post_init__(self) -> None:
        for name, choices in (
            ("dataset", DATASETS),
            ("activation", ACTIVATIONS),
            ("loss", LOSSES),
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
            ("precision", PRECISIONS),
            ("network", NETWORKS),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}")
        if not self.hidden or min(self.hidden) < 1:
            raise ValueError("every hidden layer needs at least one unit")
        for name in ("epochs", "batch_size", "stroke_bank"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in (
            "patience", "stroke_drawings", "convolutional_epochs", "impostors", "rounds",
            "extra_digits",
        ):  # fmt: skip
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0")
        for name in ("seed", "validation_seed"):
            if not 0 <= getattr(self, name) < 2**32:
                raise ValueError(f"{name} must be from 0 to {2**32 - 1}")
        if not (0 < self.validation < 1 or (self.validation >= 1 and self.validation % 1 == 0)):
            raise ValueError("validation must be a share between 0 and 1 or a whole number")
        if not 0 < self.stroke_writers < 0.5:
            raise ValueError("stroke_writers must be above 0 and below 0.5")
        if not 0 <= self.distillation <= 1:
            raise ValueError("distillation must be from 0 to 1")
        if not 0 < self.softness <= 100:
            raise ValueError("softness must be above 0 and at most 100")
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate must be above 0 and at most 1")
        if not 0 <= self.weight_decay <= 1:
            raise ValueError("weight_decay must be from 0 to 1")
        for name in ("dropout", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1")
        if not 0 < self.warmup < 1:
            raise ValueError("warmup must be between 0 and 1")
        if not 0 < self.swish_beta < math.inf:
            raise ValueError("swish_beta must be above 0")
        if self.stroke_drawings and self.dataset != "mnist":
            raise ValueError("stroke digits can only be mixed with mnist")
        if self.impostors and self.dataset != "mnist":
            raise ValueError("impostors can only be mixed with mnist")
        if self.rounds and not self.imitate_extra:
            raise ValueError("in rounds teachers answer of all digits: imitate_extra, or no rounds")
        if self.network == "convolutional" and self.dataset != "mnist":
            raise ValueError("the convolutional network reads mnist alone")
        if self.convolutional_epochs:
            self._check_convolution()

    def _check_convolution(self) -> None:
        is_plain = self.network == "perceptron" and not self.batch_norm
        if self.dataset != "mnist" or not is_plain or len(self.hidden) < 2:
            raise ValueError(
                "convolutional_epochs need mnist, two hidden layers or more and no batch_norm, "
                "of a perceptron; "
                "0 of them need nothing"
            )
        if self.hidden[0] % FIRST_GRID**2 or self.hidden[1] % SECOND_GRID**2:
            raise ValueError(
                f"convolutional_epochs need a multiple of {FIRST_GRID**2} units in the first "
                f"hidden layer and of {SECOND_GRID**2} in the second; 0 of them need nothing"
            )

    def held_out(self, count: int) -> int:
        """Return how many of `count` training images are kept apart."""
        if self.validation >= 1:
            return int(self.validation)
        return max(1, round(self.validation * count))
