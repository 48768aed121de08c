from __future__ import annotations

import io
import tarfile
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import InputError
from edge.sources.archives import find_member, is_archive, members, read_member
from tests.edge.sources.shards import MEMBERS, write_tar, write_zip

TARS = {"a.tar": "w", "a.tar.gz": "w:gz", "a.tgz": "w:gz", "a.tar.bz2": "w:bz2", "a.txz": "w:xz"}
ZIPS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


def contents(path, **options):
    found = members(str(path), lambda _: True, **options)
    return {member.name: read_member(path, member) for member in found}


@pytest.mark.parametrize("name", ["a.tar", "A.TAR.GZ", "b.tgz", "c.zip", "d.tar.xz"])
def test_archives_are_known_by_their_names(name):
    assert is_archive(name)


@pytest.mark.parametrize("name", ["a.jpg", "tar", "zip", "a.gz", "a.tar.jpg"])
def test_what_has_another_name_is_none(name):
    assert not is_archive(name)


@pytest.mark.parametrize("name", TARS)
def test_all_files_in_a_tar_are_read(tmp_path, name):
    assert contents(write_tar(tmp_path / name, mode=TARS[name])) == MEMBERS


@pytest.mark.parametrize("packing", ZIPS)
def test_all_files_in_a_zip_are_read(tmp_path, packing):
    assert contents(write_zip(tmp_path / "a.zip", packing=ZIPS[packing])) == MEMBERS


@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_a_file_that_is_open_elsewhere_is_read_too(tmp_path, write):
    path = write(tmp_path / ("a.tar" if write is write_tar else "a.zip"))
    content = path.read_bytes()
    path.unlink()
    assert contents(path, file=io.BytesIO(content)) == MEMBERS


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_compressed_tar_is_known_by_what_is_in_it(tmp_path, mode):
    assert contents(write_tar(tmp_path / "a.tar", mode=mode)) == MEMBERS


def test_only_what_can_be_read_from_its_middle_carries_nothing(tmp_path):
    plain = write_tar(tmp_path / "a.tar"), write_zip(tmp_path / "a.zip")
    for path in plain:
        assert all(m.content is None for m in members(str(path), lambda _: True))
    packed = write_tar(tmp_path / "a.tgz", mode="w:gz")
    assert all(m.content is not None for m in members(str(packed), lambda _: True))


def test_members_are_found_by_name(tmp_path):
    for path in (write_tar(tmp_path / "a.tar"), write_zip(tmp_path / "a.zip")):
        member = find_member(str(path), "a/b.png")
        assert read_member(path, member) == MEMBERS["a/b.png"]
        with pytest.raises(InputError, match="no such file in the archive"):
            find_member(str(path), "a/c.png")


@pytest.mark.parametrize("name", ["none.tar", "none.zip"])
def test_a_missing_archive_is_said_to_be_missing(tmp_path, name):
    with pytest.raises(InputError, match="no such file"):
        contents(tmp_path / name)


@pytest.mark.parametrize("name", ["a.tar", "a.zip", "a.tgz"])
@pytest.mark.parametrize("content", [b"", b"no archive at all", bytes(5000)])
def test_what_is_no_archive_is_one_sentence(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    if (name, content) in [("a.tar", bytes(5000)), ("a.tgz", bytes(5000))]:
        # Zeros are the end of a tar.
        assert contents(path) == {}
        return
    with pytest.raises(InputError, match="can't be read to its end") as caught:
        contents(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_damaged_header_is_an_error_after_the_members_before_it(tmp_path):
    path = write_tar(tmp_path / "a.tar", {"a.png": b"1" * 600, "b.png": b"2" * 600})
    content = bytearray(path.read_bytes())
    place = content.index(b"./b.png")
    content[place : place + 4] = b"oops"
    path.write_bytes(content)
    found = members(str(path), lambda _: True)
    assert next(found).name == "a.png"
    with pytest.raises(InputError, match="can't be read to its end"):
        next(found)


def test_a_tar_that_is_cut_short_tells_of_the_member_it_cut(tmp_path):
    path = write_tar(tmp_path / "a.tar", {"a.png": b"1" * 600, "b.png": b"2" * 6000})
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"2222") + 100])
    found = members(str(path), lambda _: True)
    assert read_member(path, next(found)) == b"1" * 600
    cut = next(found)
    with pytest.raises(InputError, match="cut short"):
        read_member(path, cut)
    with pytest.raises(InputError, match="can't be read to its end"):
        next(found)


def test_a_flipped_bit_in_a_zip_is_found_out(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.png": b"1" * 600}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(b"1111") + 50] ^= 4
    path.write_bytes(content)
    (member,) = members(str(path), lambda _: True)
    with pytest.raises(InputError, match="damaged or cut short"):
        read_member(path, member)


def test_more_than_a_zip_promises_is_not_unpacked(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.png": bytes(50_000_000)})
    (member,) = members(str(path), lambda _: True)
    liar = type(member)(**{**vars(member), "size": 1000})
    with pytest.raises(InputError, match="damaged or cut short"):
        read_member(path, liar)


def test_links_and_locked_members_are_problems_of_their_own(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        info = tarfile.TarInfo("b.png")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    link, after = members(str(path), lambda _: True)
    with pytest.raises(InputError, match="is a link"):
        read_member(path, link)
    assert read_member(path, after) == b"abc"
    locked = write_zip(tmp_path / "a.zip", {"a.png": b"secret"})
    content = bytearray(locked.read_bytes())
    # The flag that says so, in the central directory.
    content[content.rindex(b"PK\1\2") + 8] |= 1
    locked.write_bytes(content)
    found = {m.name: m for m in members(str(locked), lambda name: name == "a.png")}
    with pytest.raises(InputError, match="encrypted"):
        read_member(locked, found["a.png"])


@pytest.mark.parametrize(("name", "mode"), [("a.tar", "w"), ("a.tgz", "w:gz"), ("a.zip", None)])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_is_more_than_an_input_error(tmp_path, name, mode, data):
    path = tmp_path / name
    small = {"a.png": b"123" * 50, "b/c.json": b"{}", "d.png": b"x" * 900}
    if mode:
        write_tar(path, small, mode)
    else:
        write_zip(path, small)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        for member in members(str(path), lambda _: True):
            try:
                read_member(path, member)
            except InputError:
                continue
    except InputError:
        pass


@pytest.mark.parametrize("length", [1, 3, 9, 11])
def test_a_compressed_archive_cut_short_in_its_first_bytes_is_damaged(tmp_path, length):
    path = tmp_path / "a.tgz"
    # Of a header with an extra field.
    path.write_bytes(b"\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\x03\x05"[:length])
    with pytest.raises(InputError, match="archive"):
        list(members(str(path), lambda _: True))
