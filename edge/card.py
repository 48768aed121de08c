"""The model card: a small JSON file beside every `.tflite` that says what it is."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from edge.errors import ModelError


@dataclass(frozen=True)
class ModelCard:
    """What a model file is, how it was made and how far it can be trusted."""

    sha256: str
    """Of the `.tflite` file, lower-case hexadecimal."""
    temperature: float = 1.0
    """Divides the logits before the softmax (Guo et al. 2017); above 0."""
    reject_threshold: float = 0.9
    """Least confidence of an accepted postcode, 0 to 1; at 1 none is accepted."""
    reject_curve: Sequence[tuple[float, float]] = ()
    """Largest share of the accepted postcodes that may be wrong, and the reject threshold
    that keeps it, from the smallest share on; a share that no threshold keeps is not there.
    Empty on cards of before there was one."""
    architecture: str = ""
    """Layer widths and activation, for example `784-1024-512-512-10 relu`."""
    quantization: str = ""
    """How the weights and activations are stored, for example `int8`."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Data (names, hashes, counts), recipe, seed."""
    test_errors: Mapping[str, Any] = field(default_factory=dict)
    """On MNIST's test digits: `{"float": {"errors": n, "of": N}, "converted": {...}}`."""
    stroke_errors: Mapping[str, Any] = field(default_factory=dict)
    """The same of each stroke set's test writers, whom the training has not seen, by the
    set's name."""
    calibration: Mapping[str, Any] = field(default_factory=dict)
    """On which digits temperature and threshold were fitted, and how well they fit."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the packages that trained and converted the model."""

    def __post_init__(self) -> None:
        if not (isinstance(self.sha256, str) and len(self.sha256) == 64):
            raise ValueError("sha256 must be 64 hexadecimal digits")
        if not (_is_number(self.temperature) and self.temperature > 0):
            raise ValueError("temperature must be a number above 0")
        if not (_is_number(self.reject_threshold) and 0 <= self.reject_threshold <= 1):
            raise ValueError("reject_threshold must be a number from 0 to 1")
        object.__setattr__(self, "reject_curve", _checked_curve(self.reject_curve))

    def threshold_for(self, max_error: float) -> float:
        """Return the reject threshold at which few enough accepted postcodes are wrong.

        Between two points of the curve the stricter one is taken.

        Args:
            max_error: largest share of the accepted postcodes that may be wrong, above 0
                and below 1.

        Raises:
            ModelError: the card has no curve, or the model can't be that sure.
            ValueError: `max_error` is no such share.
        """
        if not 0 < max_error < 1:
            raise ValueError(f"max_error must be above 0 and below 1, not {max_error}")
        if not self.reject_curve:
            raise ModelError(
                "its card has no error-reject curve to choose another threshold by; convert the "
                "model again, or leave the largest error out"
            )
        strict = [threshold for share, threshold in self.reject_curve if share <= max_error]
        if not strict:
            raise ModelError(
                f"it can't be told that at most {max_error:g} of the postcodes it accepts are "
                f"wrong; the least its card knows a threshold for is {self.reject_curve[0][0]:g}"
            )
        return strict[-1]

    def to_json(self) -> str:
        """Return the text of the card's file."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def card_path(model: Path) -> Path:
    """Return where the card of a model file lies: `NAME.tflite` → `NAME.json`."""
    return model.with_suffix(".json")


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of `data` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def load_model(path: Path) -> tuple[bytes, ModelCard | None]:
    """Read a model file and the card beside it.

    Args:
        path: of the `.tflite` file.

    Returns:
        The file's bytes, and its card where there is one.

    Raises:
        ModelError: the file or its card can't be read, or the card is another file's.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such model file; check the path") from error
    except OSError as error:
        raise ModelError(f"{path}: the model can't be read ({error.strerror})") from error
    return content, load_card(path, content)


def load_card(model: Path, content: bytes) -> ModelCard | None:
    """Read the card beside a model and check that it describes this very file.

    Args:
        model: path of the `.tflite` file; its card need not exist.
        content: the model file's bytes.

    Returns:
        The card, or None where there is none.

    Raises:
        ModelError: the card can't be read, or its SHA-256 is another file's.
    """
    path = card_path(model)
    try:
        fields = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{path}: the model card can't be read ({error}); convert again"
        ) from error
    try:
        known = ModelCard.__dataclass_fields__
        card = ModelCard(**{name: value for name, value in fields.items() if name in known})
    except (AttributeError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: not a model card ({error}); convert the model again") from error
    if card.sha256 != sha256_of(content):
        raise ModelError(
            f"{model}: its SHA-256 is not the one in {path.name}, so one of the two was "
            "changed or damaged; copy both again or convert the model again"
        )
    return card


def _checked_curve(curve: object) -> tuple[tuple[float, float], ...]:
    try:
        points = tuple((share, threshold) for share, threshold in curve)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        points = ((None, None),)
    numbers = all(_is_number(each) and 0 <= each <= 1 for point in points for each in point)
    if not numbers or any(
        later[0] <= earlier[0] or later[1] > earlier[1] for earlier, later in pairwise(points)
    ):
        raise ValueError(
            "reject_curve must be pairs of shares that grow and thresholds that don't, all "
            "from 0 to 1"
        )
    return points


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= sys.float_info.max
    )
