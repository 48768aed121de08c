"""The model card: a small JSON file beside every `.tflite` that says what it is."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
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
    """Least confidence of an accepted postcode, 0 to 1."""
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

    def to_json(self) -> str:
        """Return the text of the card's file."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def card_path(model: Path) -> Path:
    """Return where the card of a model file lies: `NAME.tflite` → `NAME.json`."""
    return model.with_suffix(".json")


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of `data` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


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


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= sys.float_info.max
    )
