"""What a training run leaves beside its model: `report.json`, and `report.md` to read.

    run           identifies the run: SHA-256 of recipe and data
    model         file name and SHA-256 of the `.keras` file
    architecture  layer widths and activation
    weights       how many there are, biases included
    rounding      of which model the weights were fine-tuned, and for how many bits; with which
                  others they were averaged before, if any
    teachers      SHA-256 of the models that were imitated; of a mean that is fine-tuned
                  and imitated that of the first
    recipe        every hyper-parameter, the seeds among them
    data          path as given, name, SHA-256, counts, which images were kept apart
    strokes       the same of each stroke set, with writers
    extra         the same of each file of digits that were learnt from beside them
    epochs        losses and accuracies, one entry per epoch
    stopped_early whether it stopped before the last epoch
    errors        n of N: on the images kept apart (`validation`) and the test images,
                  of the data set and of each stroke set
    versions      of Python, numpy, TensorFlow and Keras
    seconds       the training took

`convert` reads it, to find the images again and to fill in the model card.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from edge.card import sha256_of
from edge.errors import OutputError
from train.augment import Distortion
from train.fit import Epoch
from train.material import Fold, Material
from train.recipe import Recipe

NAME = "report.json"
READABLE = "report.md"


@dataclass(frozen=True)
class Origins:
    """What a run has beside recipe and images."""

    fold: Fold | None = None
    """Of a cross-validation."""
    rounding: Mapping[str, Any] | None = None
    """`model_sha256`, `bits` and `averaged`, where other runs' weights are fine-tuned."""
    teachers: tuple[str, ...] = ()
    """SHA-256 of the models that are imitated."""


FRESH = Origins()
"""Of a run that has nothing beside recipe and images."""


def identify(recipe: Recipe, material: Material, origins: Origins = FRESH) -> str:
    """Return what is the same for two runs only if they learn the same in the same way."""
    what = {
        "recipe": asdict(recipe),
        "data": material.dataset.sha256,
        "strokes": [each.source.sha256 for each in material.strokes],
        "origins": asdict(origins),
    }
    if material.extra:
        # Not there where there is none, so that older runs are known again.
        what["extra"] = [each.sha256 for each in material.extra]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def recipe_of(report: Mapping[str, Any]) -> Recipe:
    """Return the recipe of a report that was read.

    Raises:
        KeyError, TypeError, ValueError: it is no report of this version.
    """
    fields = dict(report["recipe"])
    distortion = Distortion(**fields.pop("distortion"))
    return Recipe(**fields | {"hidden": tuple(fields["hidden"])}, distortion=distortion)


def make_report(
    run: str,
    model: Path | None,
    architecture: str,
    weights: int,
    recipe: Recipe,
    material: Material,
    history: Sequence[Epoch],
    errors: Mapping[str, Mapping[str, Mapping[str, int]]],
    seconds: float,
    origins: Origins = FRESH,
) -> dict[str, Any]:
    """Gather the report; its keys are told at the head of this module.

    Args:
        run: from `identify`.
        model: its file as it was written; None where none is kept.
        architecture: from `train.network.architecture`.
        weights: how many, biases included.
        recipe: it was trained by.
        material: it was trained and measured on.
        history: one record per epoch.
        errors: `{"validation": {"mnist": {"errors": n, "of": N}}, "test": {...}}`.
        seconds: the training took.
        origins: what it has beside these.
    """

    dataset = material.dataset
    return {
        "run": run,
        "model": ({"file": model.name, "sha256": sha256_of(model.read_bytes())} if model else None),
        "architecture": architecture,
        "weights": weights,
        "rounding": origins.rounding,
        "teachers": list(origins.teachers),
        "recipe": asdict(recipe),
        "data": {
            "path": str(dataset.path),
            "name": dataset.path.name,
            "sha256": dataset.sha256,
            "train": len(material.learnt),
            "validation": {
                "count": len(material.validation[recipe.dataset]),
                "seed": recipe.validation_seed,
                "fold": asdict(origins.fold) if origins.fold else None,
            },
            "test": len(dataset.test),
        },
        "strokes": [{"path": str(each.source.path), **each.account()} for each in material.strokes],
        "extra": [{"path": str(each.path), **each.account()} for each in material.extra],
        "epochs": [asdict(epoch) for epoch in history],
        "stopped_early": len(history) < recipe.epochs,
        "errors": {side: dict(counts) for side, counts in errors.items()},
        "versions": versions(),
        "seconds": round(seconds, 1),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python, numpy, Keras and what it runs on."""
    import keras

    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        (library := keras.backend.backend()): import_module(library).__version__,
        "keras": keras.__version__,
    }


def to_json(report: Mapping[str, Any]) -> str:
    """Return the text of `report.json`."""
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def to_markdown(report: Mapping[str, Any], pictures: Sequence[tuple[str, str]] = ()) -> str:
    """Return the text of `report.md`.

    Args:
        report: from `make_report`.
        pictures: titles and file names, in the order in which they are shown.
    """
    recipe, dataset, last = report["recipe"], report["data"], report["epochs"][-1]
    stopped = " (stopped early)" if report["stopped_early"] else ""
    lines = [
        f"# {recipe['name']}",
        "",
        f"{recipe['summary'][:1].upper()}{recipe['summary'][1:]}.",
        "",
        f"- {report['architecture']}, {report['weights']:,} weights",
        f"- {dataset['name']}: {dataset['train']:,} to learn from, "
        f"{dataset['validation']['count']:,} kept apart, {dataset['test']:,} to test",
    ]
    for strokes in report["strokes"]:
        digits, writers = strokes["digits"], strokes["writers"]
        lines.append(
            f"- {strokes['name']}: {digits['train']:,} digits of {writers['train']} writers to "
            f"learn from, {digits['validation']:,} of {writers['validation']} kept apart, "
            f"{digits['test']:,} of {writers['test']} to test"
        )
    for extra in report.get("extra", ()):
        lines.append(f"- {extra['name']}: {extra['digits']:,} digits more to learn from")
    lines += [
        f"- {len(report['epochs'])} epochs{stopped} in {report['seconds']:,.0f} s, "
        f"seed {recipe['seed']}",
        *(
            [f"- fine-tuned from another run's model for weights of {bits} bits"]
            if (bits := (report["rounding"] or {}).get("bits"))
            else []
        ),
        *(
            f"- which were averaged with those of {sha256[:12]}… before"
            for sha256 in (report["rounding"] or {}).get("averaged", ())
        ),
        *(f"- imitates the network {sha256[:12]}…" for sha256 in report["teachers"]),
        f"- the last epoch: loss {last['loss']:.4f} and accuracy {last['accuracy']:.2%} on what "
        f"was learnt from, {last['validation_loss']:.4f} and {last['validation_accuracy']:.2%} "
        "on what was kept apart",
        "",
        "| images | | wrong | of | right |",
        "|---|---|---:|---:|---:|",
    ]
    for side, sets in report["errors"].items():
        for name, count in sets.items():
            wrong, of = count["errors"], count["of"]
            lines.append(f"| {name} | {side} | {wrong:,} | {of:,} | {1 - wrong / of:.2%} |")
    for title, file in pictures:
        lines += ["", f"## {title}", "", f"![{title}]({file})"]
    lines += ["", "## Recipe", "", "| | |", "|---|---|"]
    for field, value in recipe.items():
        if field not in ("name", "summary"):
            lines.append(f"| {field} | {_readable(value)} |")
    made_with = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    return "\n".join([*lines, "", f"Made with {made_with}.", ""])


def _readable(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def of_finished(out: Path, identity: str) -> dict[str, Any] | None:
    """Return the report of the run that a folder holds; None where it holds none.

    Args:
        out: the run's folder.
        identity: what the report of this very run has as `run`.

    Raises:
        OutputError: the folder holds another run, or its report can't be read.
    """
    path = out / NAME
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        same = found["run"] == identity
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{path}: can't be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError):
        same = False
    if not same:
        raise OutputError(
            f"{out}: holds another run, which is not overwritten; choose another --out"
        )
    return found
