"""Several recipes side by side: their accuracy curves in one figure, as the textbook draws them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from edge import files
from train.recipe import Recipe
from train.run import Run, train

PICTURE = "compare.png"


def compare(
    recipes: Sequence[Recipe],
    out: Path,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
    progress: TextIO | None = None,
) -> str:
    """Train each recipe in a folder inside `out` and draw `compare.png` there.

    Args:
        recipes: of one data set, each of another name.
        out: the folder.
        data_path: the data set's file; None takes Keras's copy.
        stroke_paths: stroke sets to mix in, where a recipe draws them.
        progress: where to print how far it is.

    Returns:
        A table of what came out.

    Raises:
        DataError: the images can't be had.
        OutputError: the results can't be written, or a folder holds another run.
    """
    files.make_folder(out)
    runs = {}
    for recipe in recipes:
        strokes = stroke_paths if recipe.stroke_drawings else ()
        runs[recipe.name] = train(recipe, out / recipe.name, data_path, strokes, progress=progress)
    from train import plots

    with files.staging(out) as aside:
        figure = plots.comparison({name: run.history for name, run in runs.items()})
        plots.save(figure, aside / PICTURE)
        files.publish(aside / PICTURE)
    return f"{table(runs)}\nwrote {out / PICTURE}"


def table(runs: dict[str, Run]) -> str:
    """Return accuracies at the end of each run, as text."""
    width = max(len(name) for name in (*runs, "recipe"))
    lines = [f"{'recipe':{width}}  {'learnt':>8}  {'kept apart':>10}  {'test':>8}"]
    for name, run in runs.items():
        last = run.history[-1]
        count = run.report["errors"]["test"][run.report["recipe"]["dataset"]]
        lines.append(
            f"{name:{width}}  {last.accuracy:8.2%}  {last.validation_accuracy:10.2%}  "
            f"{1 - count['errors'] / count['of']:8.2%}"
        )
    return "\n".join(lines)
