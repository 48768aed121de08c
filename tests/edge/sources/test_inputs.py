from __future__ import annotations

import os
import subprocess
import sys

import pytest

from edge.batch import read_all
from edge.errors import InputError
from edge.picture import Picture
from edge.sources.inputs import Input, list_files, list_inputs, open_documents
from edge.sources.load import count_pages, load
from tests.edge.sources.shards import (
    MEMBERS,
    POSTCODES,
    WANTED,
    photo,
    touch,
    write_pages,
    write_tar,
    write_zip,
)


def listed(*names):
    return list(open_documents(list_inputs(map(str, names)), count_pages))


def sources(*names, under=None):
    found = [item.source for item in listed(*names)]
    return [os.path.relpath(name, under) for name in found] if under else found


def problem(name):
    (item,) = listed(name)
    assert item.source == str(name)
    with pytest.raises(InputError) as caught:
        load(item)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with inputs of every kind."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.png").write_bytes(photo())
    (tmp_path / "b.json").write_bytes(touch())
    (tmp_path / "labels.json").write_text("[1]")
    (tmp_path / ".hidden.zip").write_bytes(b"")
    write_tar(tmp_path / "shard.tar")
    write_zip(tmp_path / "sub" / "shard.zip")
    write_pages(tmp_path / "scan.pdf", ["04524", "67381"])
    write_pages(tmp_path / "scan.tif", ["04524", "67381"])
    write_pages(tmp_path / "single.tiff", ["04524"])
    return tmp_path


def test_a_folder_gives_what_is_in_it_and_in_its_archives_and_documents(folder):
    assert sources(folder, under=folder) == [
        "b.json",
        "scan.pdf#1",
        "scan.pdf#2",
        "scan.tif#1",
        "scan.tif#2",
        *[f"shard.tar#{name}" for name in WANTED],
        "single.tiff",
        "sub/a.png",
        *[f"sub/shard.zip#{name}" for name in WANTED],
    ]


@pytest.mark.parametrize(
    ("name", "mode"), [("a.tar", "w"), ("a.tgz", "w:gz"), ("a.txz", "w:xz"), ("a.zip", None)]
)
def test_members_are_read_where_they_lie(tmp_path, name, mode, recognizer):
    path = tmp_path / name
    if mode:
        write_tar(path, mode=mode)
    else:
        write_zip(path)
    readings = list(read_all(recognizer, listed(path)))
    assert [reading.source for reading in readings] == [f"{path}#{name}" for name in WANTED]
    assert [reading.postcode for reading in readings] == POSTCODES
    assert [left.name for left in tmp_path.iterdir()] == [name]


def test_one_member_and_one_page_can_be_named(folder, recognizer):
    names = [
        f"{folder}/shard.tar#d.png",
        f"{folder}/sub/shard.zip#c/touch.json",
        f"{folder}/scan.pdf#2",
        f"{folder}/scan.tif#2",
    ]
    readings = list(read_all(recognizer, listed(*names)))
    assert [reading.source for reading in readings] == names
    assert [reading.postcode for reading in readings] == ["29506", "67381", "67381", "67381"]


def test_documents_in_archives_are_opened(tmp_path, recognizer):
    document = write_pages(tmp_path / "scan.tif", ["04524", "67381"])
    members = {"a/scan.tif": document.read_bytes()}
    for path in (write_tar(tmp_path / "a.tar", members), write_zip(tmp_path / "a.zip", members)):
        assert sources(path) == [f"{path}#a/scan.tif#1", f"{path}#a/scan.tif#2"]
        for names in ([path], [f"{path}#a/scan.tif#2"]):
            assert list(read_all(recognizer, listed(*names)))[-1].postcode == "67381"


def test_a_file_whose_name_has_a_number_sign_is_a_file(tmp_path):
    for name in ("a#b.png", "a.tar#x"):
        path = tmp_path / name
        path.write_bytes(photo())
        assert isinstance(load(listed(path)[0]), Picture)


def test_a_pattern_gives_what_it_matches_by_name(folder):
    assert sources(f"{folder}/**/*.png", under=folder) == ["sub/a.png"]
    assert sources(f"{folder}/s*.t*", under=folder) == [
        "scan.tif#1",
        "scan.tif#2",
        *[f"shard.tar#{name}" for name in WANTED],
        "single.tiff",
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tmp_path):
    (tmp_path / "a.png").write_bytes(photo())
    path = tmp_path / "[a].png"
    path.write_bytes(photo())
    assert sources(path) == [str(path)]


def test_what_cannot_be_read_is_one_sentence(folder):
    assert "no file matches" in problem(f"{folder}/*.bmp")
    assert "no such file" in problem(f"{folder}/none.tar")
    assert "no such file" in problem(f"{folder}/none.pdf")
    assert "no such file" in problem(f"{folder}/none.png#1")
    assert "check the name after the #" in problem(f"{folder}/shard.tar#e.png")
    assert "no page 9" in problem(f"{folder}/scan.pdf#9")
    assert "no page 9" in problem(f"{folder}/scan.tif#9")
    assert "'x' is no page" in problem(f"{folder}/scan.tif#x")
    assert "is no page" in problem(f"{folder}/scan.tif#0")
    assert "has no pages" in problem(f"{folder}/sub/a.png#1")
    (folder / "bad.tar").write_text("no archive")
    assert "can't be read to its end" in problem(f"{folder}/bad.tar")
    assert "can't be read to its end" in problem(f"{folder}/bad.tar#a.png")
    (folder / "bad.pdf").write_text("no document")
    assert "not a PDF" in problem(f"{folder}/bad.pdf")
    empty = write_tar(folder / "empty.tar", {"notes.txt": b"x"})
    assert "no photos" in problem(empty)
    (folder / "no.pdf").write_bytes(b"")
    assert "empty" in problem(f"{folder}/no.pdf")


def test_a_damaged_member_leaves_the_others(tmp_path, recognizer):
    bad = {"a.png": MEMBERS["a/b.png"], "b.png": MEMBERS["d.png"][:99], "c.png": b"", "d.mp4": b"x"}
    path = write_zip(tmp_path / "a.zip", {**bad, "e.png": MEMBERS["d.png"]})
    readings = list(read_all(recognizer, listed(path)))
    assert [reading.status for reading in readings] == ["accepted", *["error"] * 3, "accepted"]
    assert "empty" in readings[2].reason
    assert "a video can't be read from an archive" in readings[3].reason


def test_an_input_can_be_listed_without_the_image_library():

    code = (
        "import edge.sources.inputs, edge.bulk.pool, edge.commands.read, sys; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"cv2", "numpy", "fsspec", "pyarrow", "tqdm"}.isdisjoint(done.stdout.split())


def test_a_folder_is_walked_no_further_than_inputs_are_taken(tmp_path):
    for number in range(30):
        inside = tmp_path / f"{number:02d}"
        inside.mkdir()
        (inside / "a.png").write_bytes(b"x")
    inputs = list_inputs([str(tmp_path)])
    assert next(inputs) == Input.of(tmp_path / "00" / "a.png")
    (tmp_path / "29" / "a.png").unlink()
    assert len(list(inputs)) == 28


def test_documents_are_counted_one_by_one(tmp_path):
    counted = []

    def count(item):
        counted.append(item.source)
        return 2

    inputs = open_documents(list_inputs(["a.tif", "b.tif"]), count)
    assert next(inputs).source == "a.tif#1"
    assert counted == ["a.tif"]
    assert [item.source for item in inputs] == ["a.tif#2", "b.tif#1", "b.tif#2"]


def test_files_can_be_named_without_what_is_in_them(folder):
    names = [folder, f"{folder}/*.tif", f"{folder}/*.bmp", f"{folder}/scan.pdf#2", "s3://a/*.tar"]
    found = [os.path.relpath(name, folder) for name in list_files(map(str, names[:4]))]
    assert found == [
        "b.json", "scan.pdf", "scan.tif", "shard.tar", "single.tiff", "sub/a.png", "sub/shard.zip",
        "scan.tif", "*.bmp", "scan.pdf#2",
    ]  # fmt: skip
    assert list(list_files(names[4:])) == names[4:]
