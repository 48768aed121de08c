from __future__ import annotations

import errno
import os

import pytest

from edge.errors import OutputError
from edge.files import make_folder, publish, staging, sweep


def test_a_folder_is_made_with_its_parents_and_left_empty(tmp_path):
    make_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_can_not_be_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="can't be written") as caught:
        make_folder(tmp_path / "file" / "folder")
    assert "\n" not in str(caught.value)


def test_published_files_replace_what_was_there_and_nothing_else_is_left(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with staging(tmp_path) as aside:
        (aside / "a.txt").write_text("new")
        (aside / "b.txt").write_text("b")
        assert (tmp_path / "a.txt").read_text() == "old"
        publish(aside / "a.txt", aside / "b.txt")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a.txt": "new",
        "b.txt": "b",
    }


def test_an_error_while_writing_leaves_what_was_there(tmp_path):
    (tmp_path / "a.txt").write_text("old")

    def write_half():
        with staging(tmp_path) as aside:
            (aside / "a.txt").write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_what_a_killed_process_was_writing_is_swept_away_and_nothing_else(tmp_path):
    with staging(tmp_path) as aside:
        killed = tmp_path / f"{aside.name}killed"
    killed.mkdir()
    (killed / "a.txt").write_text("ha")
    (tmp_path / "kept.txt").write_text("kept")
    (tmp_path / "folder").mkdir()
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "kept.txt"]


def test_a_full_disk_is_one_sentence_that_names_the_place(tmp_path):
    def write():
        with staging(tmp_path) as aside:
            (aside / "a.txt").write_text("a")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OutputError, match=r"written \(No space left on device\)") as caught:
        write()
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
