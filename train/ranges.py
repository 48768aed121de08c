"""Which of a recipe's numbers a search can vary, and how far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from train.flags import changed, flag, numbers, text
from train.recipe import ACTIVATIONS, LOSSES, OPTIMIZERS, SCHEDULES, Recipe

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Between:
    """Any number from one to another."""

    low: float
    """The least."""
    high: float
    """The greatest."""
    log: bool = False
    """Whether factors count, not differences: 0.001 to 0.01 as much as 0.01 to 0.1."""

    def propose(self, trial: optuna.Trial, name: str) -> float:
        """Return the number that a trial is to take, to three digits: more tell nothing."""
        return float(f"{trial.suggest_float(name, self.low, self.high, log=self.log):.3g}")

    def read(self, stored: Any) -> float:
        """Return what `propose` returned, from what Optuna has stored."""
        return float(f"{stored:.3g}")

    def extremes(self) -> tuple[float, ...]:
        """Return values that stand for all, when it is asked whether a recipe takes them."""
        return self.low, self.high


@dataclass(frozen=True)
class Power:
    """A power of two; Optuna sees the exponent, so that neighbours stay neighbours."""

    low: int
    """The least exponent."""
    high: int
    """The greatest exponent."""

    def propose(self, trial: optuna.Trial, name: str) -> int:
        """Return the number that a trial is to take."""
        return self.read(trial.suggest_int(name, self.low, self.high))

    def read(self, stored: Any) -> int:
        """Return what `propose` returned, from what Optuna has stored."""
        return 2 ** int(stored)

    def extremes(self) -> tuple[int, ...]:
        """Return values that stand for all, when it is asked whether a recipe takes them."""
        return self.read(self.low), self.read(self.high)


@dataclass(frozen=True)
class OneOf:
    """One of some values in no order; Optuna sees their text."""

    values: tuple[Any, ...]
    """All there are."""

    def propose(self, trial: optuna.Trial, name: str) -> Any:
        """Return the value that a trial is to take."""
        return self.read(trial.suggest_categorical(name, [text(value) for value in self.values]))

    def read(self, stored: Any) -> Any:
        """Return what `propose` returned, from what Optuna has stored."""
        return next(value for value in self.values if text(value) == stored)

    def extremes(self) -> tuple[Any, ...]:
        """Return values that stand for all, when it is asked whether a recipe takes them."""
        return self.values


Range = Between | Power | OneOf

VARIABLE: Mapping[str, Range] = MappingProxyType(
    {
        "hidden": OneOf(
            ((256,), (512,), (1024,), (512, 256), (1024, 512), (512, 256, 128), (1024, 512, 512))
        ),
        "activation": OneOf(ACTIVATIONS),
        "swish_beta": Between(0.25, 4, log=True),
        "dropout": Between(0, 0.6),
        "batch_norm": OneOf((False, True)),
        "loss": OneOf(LOSSES),
        "optimizer": OneOf(OPTIMIZERS),
        "learning_rate": Between(1e-5, 0.1, log=True),
        "schedule": OneOf(SCHEDULES),
        "warmup": Between(0.05, 0.5),
        "weight_decay": Between(1e-5, 0.3, log=True),
        "average": OneOf((0.0, 0.9, 0.99, 0.999)),
        "batch_size": Power(5, 10),
        "rotation": Between(0, 30),
        "scale": Between(0, 0.3),
        "shear": Between(0, 0.4),
        "shift": Between(0, 4),
        "elastic_sigma": Between(3, 8),
        "elastic_alpha": Between(0, 60),
    }
)
"""What can be varied, and how far. All trials learn from the same images and are judged on
the same ones for as many epochs, so what says which and how many is not among them."""

# Numbers that change nothing while another field has one of these values.
_IDLE = MappingProxyType(
    {
        "swish_beta": ("activation", {*ACTIVATIONS} - {"swish"}),
        "warmup": ("schedule", {"constant"}),
        "weight_decay": ("optimizer", {"sgd", "adam"}),
        "elastic_sigma": ("elastic_alpha", {0}),
    }
)


def ranges_of(vary: Sequence[str], recipe: Recipe) -> dict[str, Range]:
    """Return the range of each name, in the order of `VARIABLE`.

    Raises:
        ValueError: a name can't be varied, to vary it would change nothing, or the recipe
            does not take all of its values.
    """
    for name in vary:
        if name not in VARIABLE:
            raise ValueError(f"{name!r} can't be varied; what can: {', '.join(VARIABLE)}")
        other, idle = _IDLE.get(name, (None, ()))
        if other and other not in vary and (value := numbers(recipe)[other]) in idle:
            raise ValueError(
                f"{name} changes nothing with {other} {value}; "
                f"vary {other} too or give another {flag(other)}"
            )
        for value in VARIABLE[name].extremes():
            try:
                changed(recipe, {name: value})
            except ValueError as error:
                raise ValueError(f"{name} can't be {text(value)} in this recipe: {error}") from None
    if not vary:
        raise ValueError(f"nothing to vary; what can be: {', '.join(VARIABLE)}")
    return {name: choices for name, choices in VARIABLE.items() if name in vary}
