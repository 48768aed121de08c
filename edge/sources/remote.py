"""Inputs that are no files here: http(s), S3 and what else fsspec opens, by URL."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from edge.errors import InputError
from edge.sources.files import MOST_BYTES

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
_WEB = ("http", "https")
_NOT_FOUND = 404
# What botocore calls it, which s3fs knows S3 by.
_NO_BUCKET, _NO_CREDENTIALS = "NoSuchBucket", "NoCredentialsError"


def is_url(name: str) -> bool:
    """Tell URLs from paths."""
    return _URL.match(name) is not None


def name_of(url: str) -> str:
    """Return the path in a URL, whose suffix tells what is there."""
    return unquote(urlsplit(url).path)


def is_pattern(url: str) -> bool:
    """Tell URLs that name many files: patterns, and folders; on the web there are none."""
    if urlsplit(url).scheme.lower() in _WEB:
        return False
    return url.endswith("/") or any(sign in url for sign in "*?[")


def matches(url: str) -> list[str]:
    """Return the URLs of the files that a pattern or a folder names, by name.

    Raises:
        InputError: fsspec or what it needs is not installed, or the place can't be listed.
    """
    with _one_sentence():
        import fsspec  # type: ignore[import-untyped]

        system, place = fsspec.core.url_to_fs(url)
        found = system.find(place) if url.endswith("/") else system.glob(place)
        return [system.unstrip_protocol(name) for name in sorted(found)]


def fetch(url: str) -> bytes:
    """Return the content of the file at a URL.

    Raises:
        InputError: it is missing, empty, too large or can't be reached, or fsspec or what
            it needs for such a URL is not installed.
    """
    with _one_sentence(), _open(url) as file:
        content: bytes = file.read(MOST_BYTES + 1)
        # A stream may give less than was asked for.
        while len(content) <= MOST_BYTES and (more := file.read(MOST_BYTES + 1 - len(content))):
            content += more
    if not content:
        raise InputError("the file is empty")
    if len(content) > MOST_BYTES:
        raise InputError(f"the file is larger than {MOST_BYTES // 1_000_000} MB")
    return content


@contextlib.contextmanager
def opened(url: str, is_kept: bool) -> Iterator[BinaryIO]:
    """Lend the file at a URL.

    Args:
        url: of the file.
        is_kept: whether it must be there as a whole, in a temporary file; else it is read
            from beginning to end as it comes.

    Raises:
        InputError: as `fetch`; also where it breaks off while it is read.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_one_sentence())
        file = stack.enter_context(_open(url))
        if is_kept:
            whole = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, whole)
            whole.seek(0)
            file = whole
        yield file


def _open(url: str) -> Any:
    import fsspec

    # From the beginning to the end, which any server can do.
    options = {"block_size": 0} if urlsplit(url).scheme.lower() in _WEB else {}
    return fsspec.open(url, "rb", **options)


@contextlib.contextmanager
def _one_sentence() -> Iterator[None]:
    try:
        yield
    except (InputError, GeneratorExit):
        raise
    except FileNotFoundError as error:
        if _aws_code(error) == _NO_BUCKET:
            raise InputError("there is no such bucket; check the address") from error
        # So fsspec calls servers that can't be reached, too; those that answer have a status.
        if error.__cause__ is not None and getattr(error.__cause__, "status", None) != _NOT_FOUND:
            raise InputError(_unreadable(error.__cause__)) from error
        raise InputError("there is no such file at this address; check it") from error
    except ImportError as error:
        missing = getattr(error, "name", None) or str(error)
        raise InputError(
            f"this address can't be opened without a package that is missing ({missing}); run: "
            "pip install 'fivebox[archive]'"
        ) from error
    except PermissionError as error:
        raise InputError(
            f"this address may not be read by who asks ({_reason(error)}); give credentials that "
            "may"
        ) from error
    except Exception as error:
        if type(error).__name__ == _NO_CREDENTIALS:
            raise InputError(
                "there are no credentials for S3; set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or for a public bucket FSSPEC_S3_ANON=true"
            ) from error
        # Each file system has its own errors, and those of the libraries below it.
        raise InputError(_unreadable(error)) from error


def _aws_code(error: BaseException) -> str | None:
    """Return what S3 itself called an error, None where it said nothing."""
    response = getattr(error.__cause__, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def _unreadable(error: BaseException) -> str:
    return f"the address can't be read ({_reason(error)})"


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
