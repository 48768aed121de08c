"""What is in a `.tflite` file: `python -m convert inspect`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from convert.flatbuffer import FlatModel, Tensor, read_flatbuffer, size_of
from convert.runtimes import LITERT, MICRO, OLD, TENSORFLOW, has_unit_scales, obstacles
from edge.card import ModelCard, load_model, sha256_of


def describe_file(path: Path) -> str:
    """Return everything that the file tells of itself, as text.

    Args:
        path: of the `.tflite` file; its card may lie beside it.

    Raises:
        ModelError: the file is missing or no model, or the card is another file's.
    """
    content, card = load_model(path)
    flat = read_flatbuffer(content, str(path))
    parts = [
        [f"{path}: {len(content):,} bytes, SHA-256 {sha256_of(content)}"],
        ["", "card", *_card(card)],
        ["", "operators", *_operators(flat)],
        ["", "tensors", *_tensors(flat)],
        ["", "runtimes", *_runtimes(flat)],
    ]
    return "\n".join(line for part in parts for line in part)


def _card(card: ModelCard | None) -> Iterator[str]:
    if card is None:
        yield "  there is none"
        return
    yield f"  {card.architecture}, {card.quantization}"
    yield f"  temperature {card.temperature:.4f}, reject threshold {card.reject_threshold:.4f}"
    tests = {"test digits": card.test_errors, **card.stroke_errors}
    for name, errors in tests.items():
        if errors:
            yield (
                f"  {name}: {errors['converted']['errors']} errors of "
                f"{errors['converted']['of']:,}, Keras {errors['float']['errors']}"
            )
    yield "  " + ", ".join(f"{name} {version}" for name, version in card.versions.items())


def _operators(flat: FlatModel) -> Iterator[str]:
    """Yield each step with its version and the bytes of the constants it reads."""
    total = 0
    for place, operator in enumerate(flat.operators):
        constants = [flat.tensors[index] for index in operator.inputs if index >= 0]
        size = sum(len(tensor.content) for tensor in constants)
        total += size
        fused = "" if operator.activation == "NONE" else f" + {operator.activation}"
        ends = f"{list(operator.inputs)} → {list(operator.outputs)}"
        yield f"  {place:2}  {operator.name}{fused} v{operator.version}  {ends}  {size:,} bytes"
    yield f"  constants of all layers: {total:,} bytes"


def _tensors(flat: FlatModel) -> Iterator[str]:
    for tensor in flat.tensors:
        role = (
            "in" if tensor.index in flat.inputs
            else "out" if tensor.index in flat.outputs
            else f"{len(tensor.content):,} bytes" if tensor.content
            else f"{size_of(tensor):,} bytes a digit, computed"
        )  # fmt: skip
        shape = ", ".join("n" if length < 0 else str(length) for length in tensor.shape)
        kind = f"{tensor.dtype.lower()} ({shape})"
        yield f"  {tensor.index:2}  {kind}  {_steps(tensor)}{role}  {tensor.name}"


def _steps(tensor: Tensor) -> str:
    if not tensor.scales:
        return ""
    if len(tensor.scales) == 1:
        return f"scale {tensor.scales[0]:.6g} zero {tensor.zero_points[0]}  "
    return f"{len(tensor.scales)} scales {min(tensor.scales):.3g} to {max(tensor.scales):.3g}  "


def _runtimes(flat: FlatModel) -> Iterator[str]:
    reasons = obstacles(flat)
    for runtime in (LITERT, TENSORFLOW, OLD, MICRO):
        yield f"  {runtime}: {'no, ' + reasons[runtime] if runtime in reasons else 'yes'}"
    if MICRO not in reasons and has_unit_scales(flat):
        yield "  older TFLite Micro computes Dense layers with a scale per unit wrongly"
