"""The conversion from beginning to end: load, convert, run, compare, calibrate, write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import calibrate, carray, describe, prove, report, table, verify
from convert.describe import MNIST
from convert.digits import Digits, gather_digits, together
from convert.errors import ConversionError
from convert.flatbuffer import read_flatbuffer
from convert.oracle import oracle_of, run_oracle
from convert.source import Source, load_source, predict
from convert.tflite import to_tflite
from convert.variants import AS_USUAL, VARIANTS, Options
from edge import files
from edge.card import ModelCard, card_path, sha256_of
from edge.classifier import Classifier
from edge.errors import ModelError, OutputError
from train import plots
from train.data import Examples
from train.report import NAME as REPORT_NAME

_QUANTIZED = {"int8", "int16x8"}


@dataclass(frozen=True)
class Conversion:
    """What a conversion made, for whoever reports it."""

    path: Path
    """Of the `.tflite` file; its card and its report lie beside it."""
    size: int
    """Bytes of the file."""
    holdout: Mapping[str, verify.Comparison]
    """Keras and converted model on the held-out digits of MNIST, of each stroke set, and of the
    file to calibrate on."""
    test: Mapping[str, verify.Comparison]
    """And on the test digits."""
    evaluation: verify.Comparison
    """And on the digits that decided."""
    card: ModelCard
    """As it was written."""
    proofs: Sequence[prove.Proof]
    """What each runtime says of the digits that decided."""
    cannot: Mapping[str, str]
    """Why other runtimes don't run it."""


@dataclass
class _Work:
    """What all variants of a model share."""

    source: Source
    digits: Digits
    options: Options
    seen: dict[tuple[int, int], NDArray[np.float32]] = field(default_factory=dict)
    """Scores of a Keras model on a set, computed once."""

    def scores(self, model: Any, digits: Examples) -> NDArray[np.float32]:
        """Return what a Keras model says of a set, `float32 (n, 10)`."""
        key = (id(model), id(digits.images))
        if key not in self.seen:
            self.seen[key] = predict(model, digits.images)
        return self.seen[key]


def convert(
    source_path: Path,
    target: Path,
    quantization: str,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
    options: Options = AS_USUAL,
) -> Conversion:
    """Convert a Keras model to a `.tflite` file with its card and its report.

    Args:
        source_path: the `.keras` or `.h5` file, or the SavedModel folder.
        target: the `.tflite` file to write; what is there is replaced, but only by a
            file that has passed.
        quantization: a key of `convert.variants.VARIANTS`.
        data_path: MNIST; None asks the training's report, then Keras.
        stroke_paths: the stroke sets; none asks the training's report.
        options: what else there is to choose.

    Returns:
        What was made.

    Raises:
        SourceError: the Keras model is missing, damaged or no digit model.
        DataError: the digits can't be had, or are unfit.
        ConversionError: the converted model is not equal to its source.
        OutputError: the files can't be written.
    """
    options.input_of(quantization)
    source = load_source(source_path)
    _require_place(source_path, _written(target, options))
    quantized = quantization in _QUANTIZED
    digits = gather_digits(source, data_path, stroke_paths, options, quantized)
    work = _Work(source, digits, options)
    with files.staging(target.parent) as aside:
        made = _make(work, quantization, aside / target.name)
        files.publish(*_written(made.path, options))
    return replace(made, path=target)


def convert_all(
    source_path: Path,
    target: Path,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
    options: Options = AS_USUAL,
) -> table.Table:
    """Make every variant of a model, and a table and a plot of them.

    Args:
        source_path: as `convert` takes it, and so are the others.
        target: `NAME.tflite` gives `NAME-none.tflite` … with their cards and reports,
            `NAME.variants.md`, `NAME.variants.json` and `NAME.variants.png`.
        data_path: MNIST.
        stroke_paths: the stroke sets.
        options: what else there is to choose.

    Returns:
        A row for each variant, also for those that were refused.

    Raises:
        SourceError: as `convert`.
        DataError: as `convert`.
        ConversionError: every variant was refused.
        OutputError: the files can't be written.
    """
    source = load_source(source_path)
    names = {each: target.with_name(f"{target.stem}-{each}.tflite") for each in VARIANTS}
    kept = [path for name in names.values() for path in _written(name, options)]
    _require_place(source_path, [*kept, *table.paths(target)])
    digits = gather_digits(source, data_path, stroke_paths, options, quantized=True)
    work = _Work(source, digits, options)
    rows, written = [], []
    with files.staging(target.parent) as aside:
        for name, path in names.items():
            staged = aside / path.name
            try:
                options.input_of(name)
                made = _make(work, name, staged)
            except ConversionError as error:
                for left in _written(staged, options):
                    left.unlink(missing_ok=True)
                rows.append(table.refused(name, str(error)))
                continue
            rows.append(_row(name, made, prove.measure(staged)))
            written.extend(_written(staged, options))
        found = table.Table(target, tuple(rows))
        if not written:
            raise ConversionError(f"no variant was kept; of the first: {rows[0].refused}")
        written.extend(table.write(found, aside / target.name))
        files.publish(*written)
    return found


def picture_path(model: Path) -> Path:
    """Return where the reliability diagram of a model lies: `NAME.reliability.png`."""
    return model.with_suffix(".reliability.png")


def _make(work: _Work, quantization: str, staged: Path) -> Conversion:
    """Write one variant with its card, report and diagram, once it is proven.

    Raises:
        ConversionError: it is not equal to its source; of what was written nothing counts.
    """
    source, digits, options = work.source, work.digits, work.options
    distortion = source.recipe.distortion
    model = source.model_for(quantization)
    content = to_tflite(
        model,
        quantization,
        digits.learnt,
        distortion,
        options,
        digits.representative,
        source.per_layer,
    )
    staged.write_bytes(content)
    flat = read_flatbuffer(content, staged.name)
    # No card lies beside it yet, so these are the model's own bare scores.
    try:
        classifier = Classifier(staged)
    except ModelError as error:
        # Its place aside means nothing to anybody.
        reason = str(error).removeprefix(f"{staged}: ")
        raise ConversionError(
            f"the converted model is of no use and was not kept: {reason}"
        ) from error
    sides = {"holdout": digits.holdout, "test": digits.test}
    # Once for all that is counted below.
    logits = {
        side: {name: verify.run(classifier, each.images) for name, each in sets.items()}
        for side, sets in sides.items()
    }
    holdout, test = (
        {
            name: verify.compare(work.scores(model, each), logits[side][name], each.labels)
            for name, each in sets.items()
        }
        for side, sets in sides.items()
    )
    if digits.evaluation is digits.holdout:
        judged, said = holdout, logits["holdout"]
    else:
        said = {
            name: verify.run(classifier, each.images) for name, each in digits.evaluation.items()
        }
        judged = {
            name: verify.compare(work.scores(model, each), said[name], each.labels)
            for name, each in digits.evaluation.items()
        }
    evaluation = verify.together(judged.values())
    verify.require_equal(evaluation, options.max_drop)
    proofs, cannot = prove.prove(
        staged,
        flat,
        _expected(work, model),
        np.concatenate(list(said.values())),
        VARIANTS[quantization],
        options,
    )

    temperature, curve, calibration = describe.calibrate_model(
        classifier, digits.holdout, digits.rows, logits["holdout"], distortion
    )
    reliability = {
        side: {
            name: (calibrate.calibrated(logits[side][name], temperature), each.labels)
            for name, each in sets.items()
        }
        for side, sets in sides.items()
    }
    calibration["expected_calibration_error"] = {
        side: {
            name: round(calibrate.expected_calibration_error(*each), 6)
            for name, each in sets.items()
        }
        for side, sets in reliability.items()
    }
    calibration["holdout_errors"] = {
        name: describe.errors_of(each) for name, each in holdout.items()
    }
    calibration["largest_difference"] = verify.together(holdout.values()).largest_difference
    first = MNIST if MNIST in test else next(iter(test))
    card = ModelCard(
        sha256=sha256_of(content),
        temperature=temperature,
        **describe.thresholds_of(curve),
        architecture=describe.architecture_of(source),
        quantization=quantization,
        training=describe.training_of(source, digits),
        test_errors=describe.errors_of(test[first]),
        stroke_errors={name: describe.errors_of(test[name]) for name in test if name != first},
        calibration=calibration,
        versions=describe.versions(),
    )
    made = Conversion(staged, len(content), holdout, test, evaluation, card, proofs, cannot)
    card_path(staged).write_text(card.to_json(), "utf-8")
    facts = report.Facts(
        source.path.name, flat, proofs, cannot, holdout, test, evaluation, card, options
    )
    report.path(staged).write_text(report.text(facts, staged.name, len(content)), "utf-8")
    plots.save(plots.reliability(reliability["holdout"]), picture_path(staged))
    if options.c_array:
        carray.path(staged).write_text(carray.text(content, staged.stem), "utf-8")
    return made


def _expected(work: _Work, model: Any) -> prove.Expected:
    sets = list(work.digits.evaluation.values())
    everything = together(sets)
    oracle = oracle_of(model)
    key = (id(oracle_of), id(sets[0].images))
    if oracle is not None and key not in work.seen:
        work.seen[key] = run_oracle(oracle, everything.images)
    return prove.Expected(
        everything,
        np.concatenate([work.scores(model, each) for each in sets]),
        None if oracle is None else work.seen[key],
    )


def _written(target: Path, options: Options) -> list[Path]:
    """Return the files of a conversion; the model comes first."""
    paths = [target, card_path(target), picture_path(target), report.path(target)]
    return [*paths, carray.path(target)] if options.c_array else paths


def _require_place(source_path: Path, targets: Iterable[Path]) -> None:
    """Look, before the work, that all files can be written where they belong."""
    taken = {source_path.resolve(), *((source_path.parent / REPORT_NAME).with_suffix(suffix)
             .resolve() for suffix in (".json", ".md"))}  # fmt: skip
    for path in targets:
        files.make_folder(path.parent)
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; give another name with -o")
        if path.resolve() in taken:
            raise OutputError(
                f"{path.with_suffix('.tflite')}: would replace the training's {path.name}; "
                "give another name with -o"
            )


def _row(name: str, made: Conversion, measured: Mapping[str, Any]) -> table.Row:
    evaluation = made.evaluation
    return table.Row(
        variant=name,
        bytes=made.size,
        of=evaluation.of,
        errors=evaluation.converted_errors,
        source_errors=evaluation.source_errors,
        agreement=evaluation.agreement,
        largest_difference=evaluation.largest_difference,
        us_1=measured["us_1"],
        us_5=measured["us_5"],
        peak_bytes=measured["peak_bytes"],
        runtimes=tuple(proof.runtime for proof in made.proofs),
    )
