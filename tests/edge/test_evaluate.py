from __future__ import annotations

import json
from types import SimpleNamespace

import cv2
import pytest

from edge import InputError, OutputError, Reading
from edge.evaluate import curve_of, evaluate, present, summarize
from edge.failures import Outcome
from edge.sources.images import load_image
from tests.edge.drawing import recording, row


def reading(guess=None, confidence=0.0, reason=None, ms=1.0):
    if guess is None:
        status = reason if reason in ("no-boxes", "error") else "rejected"
    else:
        status = "rejected" if reason else "accepted"
    postcode = guess if status == "accepted" else None
    return Reading(status, None, postcode, guess, confidence, reason=reason, elapsed_ms=ms)


@pytest.fixture
def outcomes(tmp_path):
    readings = [
        reading("11111", 0.99, ms=1),
        reading("11111", 0.97, ms=2),
        reading("12111", 0.96, ms=3),
        reading("11111", 0.80, "low-confidence", ms=4),
        reading("12111", 0.70, "low-confidence", ms=5),
        reading("11111", 0.98, "not-in-directory", ms=6),
        reading(reason="blank-box", ms=7),
        reading(reason="no-boxes", ms=8),
        reading(reason="error", ms=9),
        reading("11111", 0.90, "low-confidence", ms=100),
    ]
    return [Outcome(tmp_path / f"{k}.jpg", "11111", r) for k, r in enumerate(readings)]


FAKE = SimpleNamespace(threshold=0.95, classifier=SimpleNamespace(card=None))


def test_a_report_counts_what_happened(outcomes, tmp_path):
    report = summarize(outcomes, FAKE, tmp_path)
    assert (report.total, report.right, report.accepted, report.accepted_wrong) == (10, 5, 3, 1)
    assert report.errors == 1
    assert report.reasons == {
        "low-confidence": 3, "not-in-directory": 1, "blank-box": 1, "no-boxes": 1, "error": 1,
    }  # fmt: skip
    assert report.elapsed_ms == {"p50": 5.5, "p90": 18.1, "p99": 91.81}
    assert report.read_rate == {"max_error": 0.01, "accepted": 2, "threshold": 0.97}
    assert report.model_sha256 is None


def test_only_what_a_threshold_decides_about_is_on_the_curve(outcomes):
    curve = curve_of(outcomes)
    assert curve.thresholds[1:].tolist() == [0.99, 0.97, 0.96, 0.9, 0.8, 0.7]
    assert curve.wrong.tolist() == [0, 0, 0, 1, 1, 1, 2]
    now = present(outcomes, 0.95)
    assert (now.accepted, now.wrong) == (curve.at(0.95).accepted, curve.at(0.95).wrong) == (3, 1)


def test_where_no_threshold_is_good_enough_there_is_none(outcomes, tmp_path):
    report = summarize(outcomes[2:3], FAKE, tmp_path)
    assert report.read_rate == {"max_error": 0.01, "accepted": 0, "threshold": None}
    (line,) = [line for line in report.lines() if "1% error" in line]
    assert "0 of 1" in line


def test_the_lines_say_n_of_n(outcomes, tmp_path):
    lines = list(summarize(outcomes, FAKE, tmp_path).lines())
    assert lines[0] == f"{tmp_path}: 10 photos and recordings"
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "guess right", "read (accepted)", "of accepted, wrong", "read at 1% error",
        "not accepted", "time",
    ]  # fmt: skip
    assert "5 of 10    50.0%" in lines[1]
    assert "3 of 10    30.0%  threshold 0.950" in lines[2]
    assert "1 of 3    33.3%" in lines[3]
    assert "low-confidence 3, " in lines[5]
    assert "p50 5.5 ms, p90 18.1 ms, p99 91.8 ms" in lines[6]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "inputs"
    folder.mkdir()
    for code in ("04524", "67381"):
        cv2.imwrite(str(folder / f"{code}.png"), row(code)[0])
    (folder / "touch.json").write_text(json.dumps(recording("29506")))
    (folder / "text.jpg").write_text("no picture")
    (folder / "labels.csv").write_text(
        "file,postcode\n04524.png,04524\n67381.png,67382\ntouch.json,29506\ntext.jpg,11111\n"
    )
    return folder


def test_a_folder_is_read_and_everything_written(recognizer, folder, tmp_path):
    out = tmp_path / "deep" / "out"
    report = evaluate(recognizer, folder, out)
    assert (report.total, report.right, report.accepted_wrong, report.errors) == (4, 2, 1, 1)
    assert report.threshold == recognizer.threshold
    assert report.model_sha256 == recognizer.classifier.card.sha256
    assert sorted(path.name for path in out.iterdir()) == [
        "curve.png", "failures.png", "readings.jsonl", "report.json",
    ]  # fmt: skip
    written = json.loads((out / "report.json").read_text())
    assert written == json.loads(report.to_json())
    lines = [json.loads(line) for line in (out / "readings.jsonl").read_text().splitlines()]
    assert [line["true"] for line in lines] == ["04524", "67382", "29506", "11111"]
    assert [line["guess"] for line in lines] == ["04524", "67381", "29506", None]
    assert lines[0]["source"] == str(folder / "04524.png")
    assert load_image(out / "curve.png").shape == (640, 960, 3)
    assert load_image(out / "failures.png").shape[1] > 1000


def test_a_second_run_takes_the_place_of_the_first(recognizer, folder, tmp_path):
    evaluate(recognizer, folder, tmp_path)
    before = (tmp_path / "failures.png").read_bytes()
    (folder / "labels.csv").write_text("file,postcode\ntouch.json,29506\n")
    assert evaluate(recognizer, folder, tmp_path).total == 1
    assert (tmp_path / "failures.png").read_bytes() != before
    assert json.loads((tmp_path / "report.json").read_text())["total"] == 1


def test_labels_that_cannot_be_used_are_told_before_anything_is_written(
    recognizer, folder, tmp_path
):
    (folder / "labels.csv").write_text("file,postcode\nnone.jpg,04524\n")
    with pytest.raises(InputError, match="line 2"):
        evaluate(recognizer, folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_told_before_anything_is_read(folder, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="can't be written"):
        evaluate(None, folder, tmp_path / "file")


def test_an_error_on_the_way_leaves_no_half(recognizer, folder, tmp_path, monkeypatch):
    def fail(outcomes):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edge.evaluate.draw_failures", fail)
    with pytest.raises(OutputError, match="No space left"):
        evaluate(recognizer, folder, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
