"""Tar and zip archives → the files in them, read where they lie, nothing unpacked.

A member is a place in its archive: whoever has it can read it without looking through the
archive again, in another process too. Only what can't be read from the middle, of compressed
tars and of archives that come over a network, carries its content along.
"""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from edge.errors import InputError
from edge.sources.files import MOST_BYTES

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ZIP_SUFFIXES = (".zip",)

_TOO_LARGE = f"the member is larger than {MOST_BYTES // 1_000_000} MB"
_CUT_SHORT = "the member is damaged or cut short; make the archive again"
_ENCRYPTED = "the member is encrypted; pack it without a password"
# What Python's readers raise for damaged archives, decompression's own among them.
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError)
# APPNOTE.TXT 4.3.7: the local header's length, and in it those of name and extra field.
_LOCAL_HEADER, _LOCAL_LENGTHS = 30, 26


@dataclass(frozen=True)
class Member:
    """One file in an archive."""

    name: str
    """Its path in the archive."""
    size: int = 0
    """Bytes, unpacked."""
    offset: int = 0
    """Where its data begin, of a zip its local header; bytes."""
    stored: int = 0
    """Bytes in the archive."""
    is_zipped: bool = False
    """Whether a local header stands before the data."""
    is_deflated: bool = False
    crc: int | None = None
    content: bytes | None = field(default=None, repr=False)
    """All of it, where it can't be read by its place."""
    problem: str | None = None
    """Why it can't be read."""


def is_archive(name: str) -> bool:
    """Tell whether a path or URL is taken for an archive, by its name."""
    return name.lower().endswith((*TAR_SUFFIXES, *ZIP_SUFFIXES))


def members(
    path: str, is_wanted: Callable[[str], bool], file: BinaryIO | None = None
) -> Iterator[Member]:
    """Yield the files in an archive whose names are wanted, as they are stored.

    Args:
        path: of the archive; its name tells its kind.
        is_wanted: given a name.
        file: the archive, open, where `path` is no file here; members then carry their
            content.

    Raises:
        InputError: the archive is missing, damaged or cut short; members before that
            were yielded.
    """
    listing = _zip_members if path.lower().endswith(ZIP_SUFFIXES) else _tar_members
    try:
        yield from listing(path, is_wanted, file)
    except FileNotFoundError as error:
        raise InputError("there is no such file; check the path") from error
    except _DAMAGE as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or "it ends early"
        raise InputError(f"the archive can't be read to its end ({reason})") from error


def find_member(path: str, name: str, file: BinaryIO | None = None) -> Member:
    """Return the file of that name in an archive; see `members`.

    Raises:
        InputError: there is none, or the archive can't be read.
    """
    for member in members(path, lambda other: other == name, file):
        return member
    raise InputError("there is no such file in the archive; check the name after the #")


def read_member(path: Path, member: Member) -> bytes:
    """Return a member's content.

    Raises:
        InputError: it is missing, empty, damaged, encrypted or too large.
    """
    if member.problem is not None:
        raise InputError(member.problem)
    if member.content is not None:
        content = member.content
    else:
        try:
            with path.open("rb") as file:
                content = _read_place(file, member)
        except OSError as error:
            raise InputError(f"the archive can't be read ({error.strerror})") from error
    if not content:
        raise InputError("the member is empty")
    return content


def _read_place(file: BinaryIO, member: Member) -> bytes:
    file.seek(member.offset)
    if member.is_zipped:
        header = file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\3\4"):
            raise InputError(_CUT_SHORT)
        file.seek(sum(struct.unpack_from("<HH", header, _LOCAL_LENGTHS)), 1)
    content = file.read(member.stored)
    if len(content) < member.stored:
        raise InputError(_CUT_SHORT)
    if member.is_deflated:
        try:
            # One byte more than promised shows that the promise is broken.
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, member.size + 1)
        except zlib.error as error:
            raise InputError(_CUT_SHORT) from error
    if len(content) != member.size or member.crc not in (None, zlib.crc32(content)):
        raise InputError(_CUT_SHORT)
    return content


def _zip_members(
    path: str, is_wanted: Callable[[str], bool], file: BinaryIO | None
) -> Iterator[Member]:
    with zipfile.ZipFile(path if file is None else file) as archive:
        for info in archive.infolist():
            if not info.is_dir() and is_wanted(info.filename):
                yield _zip_member(archive, info, is_carried=file is not None)


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, is_carried: bool) -> Member:
    name, size = info.filename, info.file_size
    if info.flag_bits & 1:
        return Member(name, problem=_ENCRYPTED)
    if size > MOST_BYTES:
        return Member(name, problem=_TOO_LARGE)
    kinds = {zipfile.ZIP_STORED: False, zipfile.ZIP_DEFLATED: True}
    if info.compress_type in kinds and not is_carried:
        stored, is_deflated = info.compress_size, kinds[info.compress_type]
        return Member(name, size, info.header_offset, stored, True, is_deflated, info.CRC)
    try:
        with archive.open(info) as packed:
            return Member(name, size, content=packed.read(size))
    except (*_DAMAGE, NotImplementedError, RuntimeError) as error:
        # The last two are zipfile's words for an unknown compression and for a password.
        return Member(name, problem=f"the member can't be read ({error})")


def _tar_members(
    path: str, is_wanted: Callable[[str], bool], file: BinaryIO | None
) -> Iterator[Member]:
    is_plain = file is None and _is_plain_tar(path)
    with _open_tar(path, "r:" if is_plain else "r|*", file) as archive:
        while (info := archive.next()) is not None:
            # All members that were seen would fill the memory.
            archive.members = []  # type: ignore[attr-defined]
            name = info.name.removeprefix("./")
            if not info.isdir() and is_wanted(name):
                yield _tar_member(archive, info, name, is_plain)


def _open_tar(path: str, mode: str, file: BinaryIO | None) -> tarfile.TarFile:
    try:
        return tarfile.open(path, mode, file, tarinfo=_Info)  # type: ignore[call-overload,no-any-return]
    except TypeError as error:
        # What it says of a gzip header that is cut short.
        raise tarfile.ReadError("it ends early") from error


def _is_plain_tar(path: str) -> bool:
    try:
        with tarfile.open(path, "r:"):
            return True
    except tarfile.ReadError:
        # Compressed, or no tar at all.
        return False


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo, name: str, plain: bool) -> Member:
    if not info.isreg():
        return Member(name, problem="the member is a link; pack the file itself")
    if info.size > MOST_BYTES:
        return Member(name, problem=_TOO_LARGE)
    if plain and not info.issparse():
        return Member(name, info.size, info.offset_data, info.size)
    packed = archive.extractfile(info)
    content = b"" if packed is None else packed.read()
    if len(content) < info.size:
        return Member(name, problem=_CUT_SHORT)
    return Member(name, info.size, content=content)


class _Info(tarfile.TarInfo):
    """A header that is damaged is an error; otherwise it would pass for the archive's end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Info:
        try:
            return super().frombuf(buf, encoding, errors)
        except (tarfile.EOFHeaderError, tarfile.EmptyHeaderError):  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error
