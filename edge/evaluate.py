"""How well a folder of inputs is read whose postcodes are known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.batch import read_all
from edge.chart import draw_curve
from edge.errorreject import Curve, Point, error_reject_curve
from edge.failures import Outcome, draw_failures
from edge.files import make_folder, publish, staging, sweep
from edge.labels import load_labels
from edge.recognizer import Recognizer

# The read rate is told at this share of wrong among accepted.
MOST_ERROR = 0.01
_PERCENTILES = (50, 90, 99)


@dataclass(frozen=True)
class Report:
    """What came of a folder; the fields are those of `report.json`."""

    folder: str
    total: int
    """Inputs."""
    right: int
    """Whose guess is right, accepted or not."""
    accepted: int
    accepted_wrong: int
    threshold: float
    """Least confidence of an accepted reading, as it was."""
    read_rate: dict[str, float | int | None]
    """`max_error`; how many could be `accepted` with no more of them wrong; and the
    `threshold` that does so, null where none does."""
    reasons: dict[str, int]
    """Why inputs were not accepted, the commonest first."""
    elapsed_ms: dict[str, float]
    """`p50`, `p90`, `p99`, from opening the input to the reading."""
    model_sha256: str | None

    @property
    def errors(self) -> int:
        """How many inputs could not be read at all."""
        return self.reasons.get("error", 0)

    def to_json(self) -> str:
        """Return the report as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def lines(self) -> Iterator[str]:
        """Yield the lines for people."""
        reachable = self.read_rate["accepted"] or 0
        yield f"{self.folder}: {self.total} photos and recordings"
        yield _row("guess right", self.right, self.total)
        yield _row("read (accepted)", self.accepted, self.total, f"threshold {self.threshold:.3f}")
        yield _row("of accepted, wrong", self.accepted_wrong, self.accepted)
        best = self.read_rate["threshold"]
        note = "" if best is None else f"threshold {best:.3f}"
        yield _row(f"read at {MOST_ERROR:.0%} error", int(reachable), self.total, note)
        reasons = ", ".join(f"{reason} {count}" for reason, count in self.reasons.items())
        yield f"{'not accepted':22} {reasons or 'none'}"
        times = ", ".join(f"{name} {ms:.1f} ms" for name, ms in self.elapsed_ms.items())
        yield f"{'time':22} {times}"


def evaluate(recognizer: Recognizer, folder: Path, out: Path) -> Report:
    """Read what `labels.csv` in a folder names, compare, and write what came of it.

    Args:
        recognizer: reads the inputs.
        folder: photos and touch recordings, and `labels.csv` (see `labels.load_labels`).
        out: made if need be; gets `report.json`, `readings.jsonl` (each reading with its
            `true` postcode), `curve.png` and `failures.png`, all at once at the end.

    Raises:
        InputError: the labels can't be used.
        OutputError: the results can't be written.
    """
    labels = load_labels(folder)
    make_folder(out)
    sweep(out)
    readings = read_all(recognizer, [label.path for label in labels])
    outcomes = [
        Outcome(label.path, label.postcode, reading)
        for label, reading in zip(labels, readings, strict=True)
    ]
    report = summarize(outcomes, recognizer, folder)
    with staging(out) as aside:
        _write(aside, report, outcomes)
        publish(*sorted(aside.iterdir()))
    return report


def summarize(outcomes: Sequence[Outcome], recognizer: Recognizer, folder: Path) -> Report:
    """Count what came of at least one input."""
    curve = curve_of(outcomes)
    best = curve.within(MOST_ERROR)
    elapsed = [outcome.reading.elapsed_ms for outcome in outcomes]
    reasons = Counter(filter(None, (outcome.reason for outcome in outcomes)))
    card = recognizer.classifier.card
    now = present(outcomes, recognizer.threshold)
    return Report(
        folder=str(folder),
        total=len(outcomes),
        right=sum(outcome.right for outcome in outcomes),
        accepted=now.accepted,
        accepted_wrong=now.wrong,
        threshold=now.threshold,
        read_rate={
            "max_error": MOST_ERROR,
            "accepted": best.accepted,
            "threshold": best.threshold if best.accepted else None,
        },
        reasons=dict(reasons.most_common()),
        elapsed_ms={f"p{p}": round(float(np.percentile(elapsed, p)), 2) for p in _PERCENTILES},
        model_sha256=card.sha256 if card else None,
    )


def curve_of(outcomes: Sequence[Outcome]) -> Curve:
    """Return the error-reject curve of the readings that a threshold decides about.

    What has no guess, for a blank box say, or is in no directory, no threshold would accept;
    all else was refused for its confidence, whatever explains that.
    """
    decided = [
        o for o in outcomes if o.reading.guess is not None and o.reason != "not-in-directory"
    ]
    return error_reject_curve([o.reading.confidence for o in decided], [o.right for o in decided])


def present(outcomes: Sequence[Outcome], threshold: float) -> Point:
    """Return what the threshold that was in force has accepted."""
    accepted = [outcome for outcome in outcomes if outcome.accepted]
    return Point(threshold, len(accepted), sum(not outcome.right for outcome in accepted))


def _write(folder: Path, report: Report, outcomes: Sequence[Outcome]) -> None:
    content = json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n"
    lines = [_line(outcome) for outcome in outcomes]
    # A file's name may hold what is no character.
    for name, text in (("report.json", content), ("readings.jsonl", "".join(lines))):
        (folder / name).write_text(text, "utf-8", "backslashreplace")
    now = Point(report.threshold, report.accepted, report.accepted_wrong)
    chart = draw_curve(curve_of(outcomes), report.total, now, MOST_ERROR)
    (folder / "curve.png").write_bytes(_png(chart))
    (folder / "failures.png").write_bytes(_png(draw_failures(outcomes)))


def _line(outcome: Outcome) -> str:
    fields = {"true": outcome.postcode, **json.loads(outcome.reading.to_json())}
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _png(picture: NDArray[np.uint8]) -> bytes:
    done, content = cv2.imencode(".png", picture)
    assert done, "a uint8 (h, w, 3) array can always be encoded"
    return bytes(content)


def _row(name: str, count: int, total: int, note: str = "") -> str:
    share = f"{count / total:.1%}" if total else "-"
    return f"{name:22} {f'{count} of {total}':>14} {share:>8}  {note}".rstrip()
