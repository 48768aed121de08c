from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from edge.errors import InputError, RecordingError
from edge.sources.files import (
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    expand,
    is_recording,
    is_video,
    load_recording,
    read_bytes,
)


@pytest.fixture
def folder(tmp_path):
    for name in (
        "b.jpg",
        "a.PNG",
        "sub/c.webp",
        "notes.txt",
        ".hidden.jpg",
        "photo.jpg.part",
        "d.MP4",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "touch.json").write_text('{"boxes": [], "strokes": []}')
    (tmp_path / "labels.json").write_text('[{"file": "b.jpg", "postcode": "04524"}]')
    (tmp_path / "meta.json").write_text('{"camera": "pi"}')
    (tmp_path / "folder.jpg").mkdir()
    return tmp_path


def names(folder, paths):
    return [str(path.relative_to(folder)) for path in paths]


def test_a_folder_gives_its_photos_and_recordings_by_name(folder):
    inside = names(folder, expand([str(folder)]))
    assert inside == ["a.PNG", "b.jpg", "d.MP4", "sub/c.webp", "touch.json"]


def test_paths_keep_their_order_and_are_given_even_where_nothing_is(folder):
    asked = [str(folder / name) for name in ("none.jpg", "labels.json", "b.jpg", "notes.txt")]
    assert [str(path) for path in expand(asked)] == asked


def test_a_folder_without_inputs_is_given_itself(tmp_path):
    assert list(expand([str(tmp_path)])) == [tmp_path]


def test_json_in_a_folder_that_cannot_be_judged_is_an_input(tmp_path):
    (tmp_path / "cut.json").write_text('{"boxes": [')
    assert names(tmp_path, expand([str(tmp_path)])) == ["cut.json"]


@pytest.mark.parametrize("name", ["x" * 300 + ".jpg", "none/" * 50])
def test_a_name_that_cannot_be_is_given_as_it_is(name):
    assert list(expand([name])) == [Path(name)]


def test_an_empty_path_is_not_the_current_folder(monkeypatch, folder):
    monkeypatch.chdir(folder)
    empty, other = expand(["", "b.jpg"])
    assert (str(empty), str(other)) == ("", "b.jpg")
    assert (is_recording(empty), is_video(empty)) == (False, False)
    with pytest.raises(InputError, match="the path is empty"):
        read_bytes(empty, 10)


def test_a_video_is_known_by_its_name():
    assert is_video(Path("a.mp4"))
    assert is_video(Path("A.MOV"))
    assert not is_video(Path("mp4"))
    assert not VIDEO_SUFFIXES & IMAGE_SUFFIXES


def test_only_json_is_a_recording():
    assert is_recording(Path("a.json"))
    assert is_recording(Path("A.JSON"))
    assert not is_recording(Path("a.jpg"))
    assert not any(is_recording(Path("a" + suffix)) for suffix in IMAGE_SUFFIXES)


def test_a_recording_is_its_json(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"boxes": [1.5], "이름": None}), "utf-8")
    assert load_recording(path) == {"boxes": [1.5], "이름": None}


@pytest.mark.parametrize(
    "content", [b"no JSON", b"{", b"\xff\xfe\x80", b"[" * 200_000, b"9" * 5000, b"{'a': 1}"]
)
def test_what_is_no_json_is_a_recording_error(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match="not JSON"):
        load_recording(path)


def test_a_recording_far_too_large_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[" + "0," * 3_000_000)
    with pytest.raises(RecordingError, match="larger than 4 MB"):
        load_recording(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [("none", "no such file"), ("empty", "empty"), ("folder", "no photos"), ("file/below", "read")],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name, words):
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=words):
        read_bytes(tmp_path / name, 10)


@pytest.mark.parametrize(("size", "given"), [(1, True), (10, True), (11, False), (1000, False)])
def test_no_more_than_the_limit_is_given(tmp_path, size, given):
    path = tmp_path / "a"
    path.write_bytes(b"x" * size)
    assert (read_bytes(path, 10) is not None) == given


def test_a_pipe_is_read_up_to_the_limit(tmp_path):
    for limit, given in ((1000, b"x" * 1000), (999, None)):
        pipe = tmp_path / f"pipe-{limit}"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=(b"x" * 1000,))
        writer.start()
        assert read_bytes(pipe, limit) == given
        writer.join()
