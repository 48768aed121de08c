"""What the command line is given → inputs, one by one, however many: nothing is held whole.

A name is a file, a folder, a pattern, an archive, a document of many pages or a URL of one;
after `#` stands a file in an archive or a page, `shard.tar#a/b.jpg`, `scan.pdf#3`.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from edge.errors import InputError
from edge.sources import remote
from edge.sources.archives import (
    ZIP_SUFFIXES,
    Member,
    find_member,
    is_archive,
    members,
    read_member,
)
from edge.sources.files import (
    IMAGE_SUFFIXES,
    as_path,
    expand,
    has_pages,
    is_hidden,
    is_input,
    is_pdf,
    is_recording,
    is_video,
    looks_like_recording,
    parse_recording,
)


@dataclass(frozen=True)
class Input:
    """One thing to be read; it can be sent to another process."""

    source: str
    """What it is called in its reading."""
    path: str
    """A file or a URL."""
    member: Member | None = None
    """The file in it, where it is an archive."""
    page: int | None = None
    """From 1, where it is a document; None reads the first."""
    problem: str | None = None
    """Why it can't be read, where that is known already."""

    @classmethod
    def of(cls, path: Path) -> Input:
        """Return a file as an input."""
        return cls(str(path), str(path))

    @property
    def name(self) -> str:
        """The name whose suffix tells its kind."""
        if self.member is not None:
            return self.member.name
        return remote.name_of(self.path) if self.is_remote else self.path

    @property
    def is_remote(self) -> bool:
        """Whether it is no file here."""
        return remote.is_url(self.path)

    @property
    def is_film(self) -> bool:
        """Whether it is a video, which may give several readings."""
        return is_video(Path(self.name))

    @property
    def carried(self) -> int:
        """How many bytes it carries."""
        content = self.member and self.member.content
        return len(content) if content else 0


def list_inputs(names: Iterable[str]) -> Iterator[Input]:
    """Yield the inputs that names stand for, in order, documents still whole.

    A name that stands for nothing is yielded too: as an input with a problem, or one
    whose reading will tell.
    """
    for name in names:
        if remote.is_url(name):
            yield from _remote(name)
        else:
            yield from _local(name)


def list_files(names: Iterable[str]) -> Iterator[str]:
    """Yield names with folders and patterns opened, archives and documents still whole."""
    for name in names:
        if remote.is_url(name):
            yield name
        elif name and not _exists(name) and _inside(name) is None and glob.has_magic(name):
            found = _matches(name)
            yield from _paths(found) if found else [name]
        else:
            yield from _paths([name])


def open_documents(inputs: Iterable[Input], count: Callable[[Input], int]) -> Iterator[Input]:
    """Yield inputs with documents of many pages opened: each page is an input.

    Pages of a PDF are always numbered, `scan.pdf#1`; a TIFF of one page is the page.

    Args:
        inputs: from `list_inputs`.
        count: returns how many pages a document has, or raises InputError.
    """
    for item in inputs:
        if item.page is not None or item.problem is not None or not has_pages(item.name):
            yield item
            continue
        try:
            pages = count(item)
        except InputError as error:
            yield replace(item, problem=str(error))
            continue
        if pages == 1 and not is_pdf(item.name):
            yield item
            continue
        for page in range(1, pages + 1):
            yield replace(item, source=f"{item.source}#{page}", page=page)
        if pages == 0:
            yield replace(item, problem="the document has no pages")


def _local(name: str) -> Iterator[Input]:
    if name and not _exists(name):
        inside = _inside(name)
        if inside is not None:
            yield inside
            return
        if glob.has_magic(name):
            yield from _matching(name)
            return
    yield from _expanded(name)


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        # Too long for a name, or one that holds NUL: reading it will tell.
        return False


def _matches(pattern: str) -> list[str]:
    # `Path.glob` takes no absolute patterns.
    return sorted(glob.iglob(pattern, recursive=True))  # noqa: PTH207


def _matching(pattern: str) -> Iterator[Input]:
    found = _matches(pattern)
    for name in found:
        yield from _expanded(name)
    if not found:
        yield Input(pattern, pattern, problem="no file matches this pattern; check it")


def _expanded(name: str) -> Iterator[Input]:
    for path in expand([name], _is_wanted_file):
        if is_archive(path.name) and path.is_file():
            yield from _members(str(path), str(path))
        else:
            yield Input.of(path)


def _paths(names: Iterable[str]) -> Iterator[str]:
    return map(str, expand(names, _is_wanted_file))


def _is_wanted_file(path: Path) -> bool:
    if is_archive(path.name) or is_pdf(path.name):
        return not is_hidden(path.name)
    return is_input(path)


def _is_wanted_member(name: str) -> bool:
    path = Path(name)
    if is_hidden(path.name) or "__MACOSX" in path.parts:
        return False
    if path.suffix.lower() in IMAGE_SUFFIXES or is_pdf(name):
        return True
    return is_video(path) or is_recording(path)


def _members(source: str, path: str, file: BinaryIO | None = None) -> Iterator[Input]:
    is_empty = True
    try:
        for member in members(remote.name_of(path) if file else path, _is_wanted_member, file):
            item = Input(f"{source}#{member.name}", path, member)
            if is_recording(Path(member.name)) and not _may_be_recording(path, member):
                continue
            is_empty = False
            yield item
    except InputError as error:
        yield Input(source, path, problem=str(error))
        return
    if is_empty:
        reason = "the archive has no photos, no documents and no touch recordings in it"
        yield Input(source, path, problem=reason)


def _may_be_recording(path: str, member: Member) -> bool:
    """Tell JSON that is plainly something else, as it lies beside images in shards."""
    try:
        return looks_like_recording(parse_recording(read_member(Path(path), member)))
    except InputError:
        return True


def _inside(name: str) -> Input | None:
    """Return what a name with `#` stands for, None where nothing before a `#` is a file."""
    place = name.find("#")
    while place > 0:
        path, rest = name[:place], name[place + 1 :]
        if as_path(path).is_file():
            return _named_inside(name, path, path, rest)
        place = name.find("#", place + 1)
    return None


def _named_inside(
    source: str, path: str, kind: str, rest: str, file: BinaryIO | None = None
) -> Input:
    """Return the page or the member that `rest` names in the file at `path`."""
    if not is_archive(kind):
        return _page(Input(source, path), rest)
    try:
        return Input(source, path, find_member(kind if file else path, rest, file))
    except InputError as error:
        name, mark, page = rest.rpartition("#")
        if not mark or file is not None:
            return Input(source, path, problem=str(error))
    try:
        return _page(Input(source, path, find_member(path, name)), page)
    except InputError as error:
        return Input(source, path, problem=str(error))


def _page(item: Input, number: str) -> Input:
    if not has_pages(item.name):
        return replace(item, problem="what stands before the # has no pages and is no archive")
    if not number.isdecimal() or int(number) < 1:
        return replace(item, problem=f"{number[:20]!r} is no page; write a number from 1 on")
    return replace(item, page=int(number))


def _remote(url: str) -> Iterator[Input]:
    base, mark, rest = url.partition("#")
    name = remote.name_of(base)
    try:
        if remote.is_pattern(base):
            found = remote.matches(base)
            for each in found:
                if base.endswith("/") and not _is_wanted_file_name(remote.name_of(each)):
                    continue
                yield from _remote(each)
            if not found:
                yield Input(url, base, problem="nothing is found at this address; check it")
        elif not is_archive(name):
            yield _page(Input(url, base), rest) if mark else Input(url, base)
        else:
            # What is in a zip archive stands at its end.
            with remote.opened(base, is_kept=name.lower().endswith(ZIP_SUFFIXES)) as file:
                if mark:
                    yield _named_inside(url, base, name, rest, file)
                else:
                    yield from _members(base, base, file)
    except InputError as error:
        yield Input(url, base, problem=str(error))


def _is_wanted_file_name(name: str) -> bool:
    return _is_wanted_member(name) or (is_archive(name) and not is_hidden(Path(name).name))
