"""Which files the converter can make: kinds of quantisation, targets, and their limits.

Nothing here needs TensorFlow, so that the command line can tell of it at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from convert.errors import ConversionError

FLOAT32, UINT8 = "float32", "uint8"
INPUTS = (UINT8, FLOAT32)
ALL = "all"


@dataclass(frozen=True)
class Variant:
    """One kind of quantisation."""

    summary: str
    """For `--help`."""
    inputs: tuple[str, ...]
    """Pixels it can take, the default first: `uint8` as they are or `float32` 0 to 1."""
    agreement: float
    """Least share of the digits of which the Keras model must say the same."""
    difference: float
    """Most by which a probability may differ from the Keras model's, 0 to 1."""
    micro: bool = False
    """Whether TFLite Micro has kernels for it."""


# The agreement is asked of clear and unclear digits alike. Rounded weights turn unclear ones
# over, one in a hundred of a small network's, so there it is a net for broken files: those of
# known traps agree on a tenth. The accuracy is what `--max-drop` guards.
VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "none": Variant("float32 throughout", (FLOAT32, UINT8), 0.999, 0.001, micro=True),
        "float16": Variant("weights stored as float16", (FLOAT32, UINT8), 0.995, 0.05),
        "dynamic": Variant("int8 weights, float activations", (FLOAT32, UINT8), 0.97, 0.9),
        "int8": Variant(
            "int8 throughout, pixels in as they are, logits out",
            (UINT8, FLOAT32),
            0.97,
            0.9,
            micro=True,
        ),
        "int16x8": Variant("int8 weights, int16 activations", (FLOAT32,), 0.97, 0.9, micro=True),
        "int4": Variant("int4 weights, float activations", (FLOAT32, UINT8), 0.95, 1.0),
    }
)

TARGETS: Mapping[str, str] = MappingProxyType(
    {
        "litert": "whatever ai-edge-litert and TensorFlow know: one scale per unit everywhere",
        "tflite-runtime": "operator versions of tflite-runtime 2.14, in which it must be run",
        "micro": "what TFLite Micro knows: one scale per layer, since older ones get others wrong",
    }
)


@dataclass(frozen=True)
class Options:
    """What else a conversion can be told."""

    input: str | None = None
    """One of `INPUTS`; None takes the variant's own."""
    target: str | None = None
    """A key of `TARGETS`; None writes versions that tflite-runtime 2.14 knows, and runs the
    file there only if it is installed."""
    representative: Path | None = None
    """Digits that show the ranges; None takes some that the network learnt from."""
    evaluation: Path | None = None
    """Digits that decide whether the file is good enough; None takes those kept apart."""
    calibration: Path | None = None
    """Digits on which temperature and thresholds are fitted too, beside those kept apart; None
    takes those alone."""
    max_drop: float | None = None
    """Percentage points by which the accuracy may be lower; None is the default."""
    c_array: bool = False
    """Whether to write the file as a C array too."""

    def input_of(self, quantization: str) -> str:
        """Return the kind of pixels a variant is to take.

        Raises:
            ConversionError: the variant can't take them, or the target can't run it.
        """
        variant = VARIANTS[quantization]
        chosen = self.input or variant.inputs[0]
        if chosen not in variant.inputs:
            raise ConversionError(
                f"{quantization} can't take {chosen} pixels; leave --input out or pass "
                f"--input {variant.inputs[0]}"
            )
        if self.target == "micro":
            if not variant.micro:
                able = ", ".join(name for name, each in VARIANTS.items() if each.micro)
                raise ConversionError(
                    f"TFLite Micro can't run {quantization}; it runs {able}, so choose one of "
                    "those with --quantize"
                )
            if chosen == UINT8 and quantization == "none":
                raise ConversionError(
                    "TFLite Micro can't turn uint8 pixels into float32; leave --input out or "
                    "choose --quantize int8"
                )
        return chosen


AS_USUAL = Options()
