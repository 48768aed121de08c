from __future__ import annotations

import functools
import http.server
import sys
import threading

import pytest

from edge.batch import read_all
from edge.sources import remote
from edge.sources.inputs import list_inputs, open_documents
from edge.sources.load import count_pages
from tests.edge.sources.shards import (
    POSTCODES,
    WANTED,
    photo,
    touch,
    write_pages,
    write_tar,
    write_zip,
)

pytest.importorskip("fsspec", reason="fsspec, which opens URLs, is not installed")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "a b.png").write_bytes(photo("04524"))
    (folder / "touch.json").write_bytes(touch("67381"))
    (folder / "empty.png").write_bytes(b"")
    (folder / "film.mp4").write_bytes(b"x")
    write_tar(folder / "shard.tar")
    write_tar(folder / "shard.tgz", mode="w:gz")
    write_zip(folder / "shard.zip")
    write_pages(folder / "scan.pdf", ["04524", "67381"])
    return folder


@pytest.fixture(scope="module")
def site(folder):
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def read(recognizer, *names):
    return list(read_all(recognizer, open_documents(list_inputs(names), count_pages)))


def test_photos_and_recordings_are_read_from_the_web(site, recognizer):
    names = [f"{site}/a%20b.png", f"{site}/touch.json", f"{site}/a%20b.png?signed=1"]
    readings = read(recognizer, *names)
    assert [reading.source for reading in readings] == names
    assert [reading.postcode for reading in readings] == ["04524", "67381", "04524"]


@pytest.mark.parametrize("name", ["shard.tar", "shard.tgz", "shard.zip"])
def test_archives_are_read_from_the_web(site, recognizer, name):
    readings = read(recognizer, f"{site}/{name}")
    assert [reading.source for reading in readings] == [f"{site}/{name}#{each}" for each in WANTED]
    assert [reading.postcode for reading in readings] == POSTCODES


@pytest.mark.parametrize("name", ["shard.tar#d.png", "shard.zip#d.png"])
def test_one_member_is_read_from_the_web(site, recognizer, name):
    (reading,) = read(recognizer, f"{site}/{name}")
    assert (reading.source, reading.postcode) == (f"{site}/{name}", "29506")


def test_documents_are_read_from_the_web(site, recognizer):
    readings = read(recognizer, f"{site}/scan.pdf", f"{site}/scan.pdf#2")
    assert [reading.source.rpartition("/")[2] for reading in readings] == [
        "scan.pdf#1", "scan.pdf#2", "scan.pdf#2",
    ]  # fmt: skip
    assert [reading.postcode for reading in readings] == ["04524", "67381", "67381"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.png", "no such file"),
        ("none.tar", "no such file"),
        ("none.zip#a.png", "no such file"),
        ("none.pdf", "no such file"),
        ("empty.png", "empty"),
        ("film.mp4", "copy it here"),
        ("shard.tar#none.png", "check the name"),
        ("shard.tgz#none.png", "check the name"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(site, recognizer, name, words):
    (reading,) = read(recognizer, f"{site}/{name}")
    assert (reading.source, reading.status) == (f"{site}/{name}", "error")
    assert words in reading.reason
    assert len(reading.reason.splitlines()) == 1


def test_a_server_that_is_not_there_is_one_sentence(recognizer):
    (reading,) = read(recognizer, "http://127.0.0.1:9/a.png")
    assert reading.status == "error"
    assert "can't be read" in reading.reason
    assert len(reading.reason.splitlines()) == 1


def test_patterns_and_folders_are_listed_where_that_can_be_done(folder, recognizer):
    site = f"file://{folder}"
    assert [reading.postcode for reading in read(recognizer, f"{site}/*.json")] == ["67381"]
    names = [reading.source.rpartition("/")[2] for reading in read(recognizer, f"{site}/")]
    assert names[:2] == ["a b.png", "empty.png"]
    assert "shard.tar#d.png" in [f"{name}" for name in names]
    (nothing,) = read(recognizer, f"{site}/*.bmp")
    assert "nothing is found" in nothing.reason


def test_a_protocol_that_nobody_knows_is_one_sentence(recognizer):
    (reading,) = read(recognizer, "nonsense://bucket/a.png")
    assert reading.status == "error"
    assert len(reading.reason.splitlines()) == 1


def test_without_fsspec_it_says_what_to_install(monkeypatch, recognizer):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    (reading,) = read(recognizer, "https://example.org/a.png")
    assert reading.status == "error"
    assert "pip install 'fivebox[archive]'" in reading.reason


@pytest.mark.parametrize("name", ["a.png", "/a:b/c.png", "c:/a.png", "a//b.png", "://a"])
def test_paths_are_no_urls(name):
    assert not remote.is_url(name)


@pytest.mark.parametrize("name", ["http://h/a.png", "s3://b/a", "HTTPS://h", "file:///a"])
def test_urls_are_urls(name):
    assert remote.is_url(name)
