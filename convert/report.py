"""The readable report beside a model, `NAME.md`: what it is, and how it was proven."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from convert.flatbuffer import FlatModel, size_of
from convert.prove import Proof
from convert.variants import Options
from convert.verify import Comparison
from edge.card import ModelCard


@dataclass(frozen=True)
class Facts:
    """What is told of one file."""

    source: str
    """Name of the Keras model's file."""
    flat: FlatModel
    proofs: Sequence[Proof]
    cannot: Mapping[str, str]
    """Why other runtimes don't run it."""
    holdout: Mapping[str, Comparison]
    test: Mapping[str, Comparison]
    evaluation: Comparison
    card: ModelCard
    options: Options


def path(model: Path) -> Path:
    """Return where the report of a model lies: `NAME.md`."""
    return model.with_suffix(".md")


def text(facts: Facts, name: str, size: int) -> str:
    """Return the report; the same conversion gives the same text.

    Args:
        facts: of the conversion.
        name: of the `.tflite` file.
        size: of it, bytes.
    """
    card = facts.card
    rows = [
        ("made of", facts.source),
        ("bytes", f"{size:,}"),
        ("SHA-256", f"`{card.sha256}`"),
        ("architecture", card.architecture),
        ("quantization", card.quantization),
        ("target", facts.options.target or "operator versions of tflite-runtime 2.14"),
        ("input", _end(facts.flat, facts.flat.inputs[0])),
        ("output", _end(facts.flat, facts.flat.outputs[0])),
        ("temperature", f"{card.temperature:.4f}"),
        ("reject threshold", f"{card.reject_threshold:.4f}"),
    ]
    sections = [
        f"# {name}",
        _table(("", ""), rows),
        "## Compared with the Keras model",
        _table(
            ("digits", "of", "errors", "Keras", "same", "probabilities differ by"),
            [
                *(_comparison(f"{set_name} kept apart", each)
                  for set_name, each in facts.holdout.items()),
                *(_comparison(f"{set_name} test", each) for set_name, each in facts.test.items()),
                _comparison("**those that decided**", facts.evaluation),
            ],
        ),
        "## Run in every runtime",
        "On the digits that decided; the plain NumPy computation shares no code with Keras.",
        _table(
            ("runtime", "version", "errors", "same as Keras", "same as NumPy",
             "differ from NumPy by"),
            [_proof(proof) for proof in facts.proofs],
        ),
    ]  # fmt: skip
    if facts.cannot:
        sections.append(
            "\n".join(f"- {runtime}: {reason}" for runtime, reason in facts.cannot.items())
        )
    sections += [
        "## Operators",
        _table(
            ("operator", "version", "times"),
            [
                (operator, str(version), str(_count(facts.flat, operator)))
                for operator, version in facts.flat.versions().items()
            ],
        ),
        "## Versions",
        _table(("package", "version"), card.versions.items()),
    ]
    return "\n\n".join(sections) + "\n"


def _end(flat: FlatModel, index: int) -> str:
    tensor = flat.tensors[index]
    shape = ", ".join("n" if length < 0 else str(length) for length in tensor.shape)
    steps = f", scale {tensor.scales[0]:.6g}, zero {tensor.zero_points[0]}" if tensor.scales else ""
    return f"{tensor.dtype.lower()} ({shape}){steps}, {size_of(tensor)} bytes a digit"


def _comparison(name: str, each: Comparison) -> tuple[str, ...]:
    return (name, f"{each.of:,}", f"{each.converted_errors:,}", f"{each.source_errors:,}",
            f"{each.agreement:,}", f"{each.largest_difference:.4f}")  # fmt: skip


def _proof(proof: Proof) -> tuple[str, ...]:
    oracle = proof.oracle
    return (
        proof.runtime,
        proof.version,
        f"{proof.keras.converted_errors:,} of {proof.keras.of:,}",
        f"{proof.keras.agreement:,}",
        "-" if oracle is None else f"{oracle.agreement:,}",
        "-" if oracle is None else f"{oracle.largest_difference:.4f}",
    )


def _count(flat: FlatModel, name: str) -> int:
    return sum(operator.name == name for operator in flat.operators)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
