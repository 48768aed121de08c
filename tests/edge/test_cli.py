from __future__ import annotations

import json

import cv2
import pytest

from edge import ModelError
from edge.cli import main
from tests.edge.drawing import recording, row


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), row("04524")[0])
    return path


@pytest.fixture
def touch(tmp_path):
    path = tmp_path / "b.json"
    path.write_text(json.dumps(recording("67381")))
    return path


def test_a_photo_and_a_recording_are_read(capsys, photo, touch):
    assert main(["read", str(photo), str(touch), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["postcode"] for line in lines] == ["04524", "67381"]


def test_the_table_is_for_people(capsys, photo):
    assert main(["read", str(photo)]) == 0
    out = capsys.readouterr().out
    assert "04524" in out
    assert "1 read: 1 accepted" in out


def test_an_input_that_is_an_error_makes_the_code_1(capsys, photo):
    assert main(["read", str(photo.with_name("none.png")), str(photo), "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["status"] for line in lines] == ["error", "accepted"]


def test_a_rejected_input_is_no_error(capsys, tmp_path):
    path = tmp_path / "blank.json"
    path.write_text(json.dumps(recording("     ")))
    assert main(["read", str(path)]) == 0
    assert "blank-box" in capsys.readouterr().out


def test_the_directory_is_obeyed(capsys, tmp_path, touch):
    codes = tmp_path / "codes.txt"
    codes.write_text("04524\n")
    assert main(["read", str(touch), "--directory", str(codes)]) == 0
    assert "not-in-directory" in capsys.readouterr().out


def test_a_directory_that_is_built_in_names_the_region(capsys, touch):
    assert main(["read", str(touch), "--directory", "fr", "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["postcode"], line["region"]) == ("67381", "Bas-Rhin")
    assert main(["read", str(touch), "--directory", "kr"]) == 0
    assert "not-in-directory" in capsys.readouterr().out


def test_the_largest_error_chooses_the_threshold(capsys, touch, monkeypatch):
    import edge.recognizer

    thresholds = []
    decode = edge.recognizer.decode

    def watched(boxes, threshold, *rest):
        thresholds.append(threshold)
        return decode(boxes, threshold, *rest)

    monkeypatch.setattr(edge.recognizer, "decode", watched)
    for share in ("0.05", "0.01", "0.002"):
        assert main(["read", str(touch), "--max-error", share]) == 0
    assert thresholds == sorted(thresholds)
    assert len(set(thresholds)) == 3


@pytest.mark.parametrize("share", ["0", "1", "-0.1", "1%", "nan", "few"])
def test_a_largest_error_that_is_no_share_is_wrong_usage(capsys, touch, share):
    with pytest.raises(SystemExit) as caught:
        main(["read", str(touch), f"--max-error={share}"])
    assert caught.value.code == 2
    assert "is not a number above 0 and below 1" in capsys.readouterr().err


def test_a_largest_error_that_the_model_cannot_keep_is_one_line(capsys, touch):
    assert main(["read", str(touch), "--max-error", "1e-9"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "postcode.tflite: it can't be told that at most 1e-09" in err


@pytest.mark.parametrize(
    ("option", "words"),
    [("--model", "no such model file"), ("--directory", "the directory can't be read")],
)
def test_what_cannot_be_used_is_one_line_on_stderr(capsys, touch, option, words):
    assert main(["read", str(touch), option, "none.file"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("fivebox: none.file: ")
    assert words in err


def test_debug_shows_where_an_error_came_from(touch):
    with pytest.raises(ModelError):
        main(["read", str(touch), "--model", "none.tflite", "--debug"])


@pytest.mark.parametrize("argv", [[], ["read"], ["write"], ["read", "a.jpg", "--colour"]])
def test_wrong_usage_is_2_and_says_how(capsys, argv):
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "usage: fivebox" in capsys.readouterr().err


def test_help_names_the_exit_codes(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["read", "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "exit code" in out
    for option in ("--json", "--model", "--directory", "--max-error", "--annotate"):
        assert option in out


def test_an_interrupt_is_130_and_no_traceback(capsys, monkeypatch, touch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("edge.batch.read_all", interrupt)
    assert main(["read", str(touch)]) == 130
    assert capsys.readouterr().err == "\nfivebox: stopped\n"
