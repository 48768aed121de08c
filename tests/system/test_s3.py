"""Scans in S3: a server of it on this machine, read from by the command line."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from tests.edge.sources.shards import (
    POSTCODES,
    WANTED,
    photo,
    touch,
    write_pages,
    write_tar,
    write_zip,
)

_NEEDED = ("s3fs", "moto", "boto3", "flask", "flask_cors")
pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, _NEEDED)),
    reason="s3fs, or moto's server, which stands in for S3, is not installed",
)

# In a process of its own, which ends with its standard input: what it warns of is not ours.
_SERVER = """
import sys
from pathlib import Path
import boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
address = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
keys = {"aws_access_key_id": "owner", "aws_secret_access_key": "secret"}
client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys)
client.create_bucket(Bucket="scans")
folder = Path(sys.argv[1])
for path in folder.rglob("*.*"):
    name = path.relative_to(folder).as_posix()
    client.put_object(Bucket="scans", Key=name, Body=path.read_bytes(), ACL="public-read")
print(address, flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """Yield the address of a server that has a bucket with some scans in it."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "in" / "deep").mkdir(parents=True)
    (folder / "in" / "a b.png").write_bytes(photo("04524"))
    (folder / "in" / "deep" / "touch.json").write_bytes(touch("67381"))
    (folder / "in" / "notes.txt").write_text("no input")
    (folder / "empty.png").touch()
    write_tar(folder / "shard.tar")
    write_zip(folder / "shard.zip")
    write_pages(folder / "scan.pdf", ["04524", "67381"])
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _SERVER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        yield server.stdout.readline().strip()
        server.stdin.close()


@pytest.fixture
def read(fivebox, s3, tmp_path):
    """Return a function that reads with the environment that boto takes its settings from."""

    def call(*arguments, **changes):
        settings = {
            "AWS_ENDPOINT_URL": s3,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "something",
            # Neither who runs the tests nor the machine they run on lends credentials.
            "AWS_CONFIG_FILE": str(tmp_path / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return fivebox("read", "--json", *arguments, **(settings | changes))

    return call


def test_files_archives_documents_folders_and_patterns_are_read_from_s3(read):
    run = read(
        "s3://scans/in/a b.png",
        "s3://scans/in/",
        "s3://scans/shard.tar",
        "s3://scans/shard.zip#d.png",
        "s3://scans/scan.pdf#2",
        "s3://scans/in/**/*.json",
        "--jobs",
        "2",
    )
    expected = [
        ("in/a b.png", "04524"),
        ("in/a b.png", "04524"),
        ("in/deep/touch.json", "67381"),
        *((f"shard.tar#{name}", code) for name, code in zip(WANTED, POSTCODES, strict=True)),
        ("shard.zip#d.png", "29506"),
        ("scan.pdf#2", "67381"),
        ("in/deep/touch.json", "67381"),
    ]
    assert run.err == ""
    assert [(line["source"], line["postcode"]) for line in run.lines] == [
        (f"s3://scans/{name}", code) for name, code in expected
    ]
    assert run.code == 0


def test_what_is_not_in_s3_is_one_sentence_each_and_the_rest_is_read(read):
    told = {
        "s3://scans/none.png": "there is no such file at this address",
        "s3://scans/none.tar": "there is no such file at this address",
        "s3://scans/none/": "nothing is found at this address",
        "s3://none/a.png": "there is no such bucket",
        "s3://none/": "there is no such bucket",
        "s3://scans/empty.png": "empty",
        "s3://": "address",
        "s3:///": "address",
    }
    run = read(*told, "s3://scans/in/a b.png")
    *bad, good = run.lines
    assert [line["source"] for line in bad] == list(told)
    for line in bad:
        assert line["status"] == "error"
        assert told[line["source"]] in line["reason"]
        assert len(line["reason"].splitlines()) == 1
    assert (good["postcode"], run.code, run.err) == ("04524", 1, "")


def test_without_credentials_it_says_which_to_set(read):
    run = read("s3://scans/in/a b.png", "s3://scans/in/", AWS_ACCESS_KEY_ID="",
               AWS_SECRET_ACCESS_KEY="")  # fmt: skip
    assert len(run.lines) == 2
    for line in run.lines:
        assert "no credentials" in line["reason"]
        assert "AWS_ACCESS_KEY_ID" in line["reason"]
    assert (run.code, run.err) == (1, "")


def test_a_public_bucket_needs_no_credentials(read):
    run = read(
        "s3://scans/in/a b.png",
        AWS_ACCESS_KEY_ID="",
        AWS_SECRET_ACCESS_KEY="",
        FSSPEC_S3_ANON="true",
    )
    assert [line["postcode"] for line in run.lines] == ["04524"]


def test_a_server_that_does_not_answer_is_one_sentence(read):
    run = read("s3://scans/in/a b.png", AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    (line,) = run.lines
    assert "can't be read" in line["reason"]
    assert len(line["reason"].splitlines()) == 1
    assert (run.code, run.err) == (1, "")
