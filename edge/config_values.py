"""A setting's value, from a file's or a text's, checked against what it may be."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edge.config import Key

_YES = ("true", "yes", "on", "1")
_NO = ("false", "no", "off", "0")
_HIDDEN = "…"
_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Path: "a path",
    tuple: "a list of texts",
}


def from_file(key: Key, value: Any, folder: Path) -> Any:
    """Return a setting's value from what TOML makes of it.

    Args:
        key: the setting.
        value: a text, number, truth value or list.
        folder: where the file lies, from which relative paths start.

    Raises:
        ValueError: it can't be that; the message says what it must be.
    """
    if key.is_optional and value == "":
        return None
    kind = key.kind
    if kind is float and type(value) is int:
        value = float(value) if abs(value) < 1e300 else math.inf
    if kind is Path and isinstance(value, str):
        return _path(key, value, folder)
    if kind is tuple and isinstance(value, list):
        if not all(isinstance(each, str) and each.strip() for each in value):
            raise ValueError(must_be(key))
        return tuple(each.strip() for each in value)
    if type(value) is not kind:
        raise ValueError(must_be(key))
    return _checked(key, value)


def from_text(key: Key, text: str, folder: Path) -> Any:
    """Return a setting's value from an environment variable; see `from_file`."""
    text = text.strip()
    if key.kind is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if key.kind is bool:
        if text.lower() not in _YES + _NO:
            raise ValueError(must_be(key))
        return text.lower() in _YES
    if key.kind in (int, float) and text:
        try:
            return from_file(key, key.kind(text), folder)
        except (ValueError, OverflowError) as error:
            raise ValueError(must_be(key)) from error
    return from_file(key, text, folder)


def must_be(key: Key) -> str:
    """Return what a value must be, in words that follow "must be"."""
    rule = key.rule
    if rule.choices:
        return " or ".join((", ".join(rule.choices[:-1]), rule.choices[-1]))
    words = rule.form or _WORDS[key.kind]
    bounds = range_of(key)
    return f"{words} {bounds}" if bounds else words


def range_of(key: Key) -> str:
    """Return a number's range in words; "" where it has none."""
    low, high = key.rule.low, key.rule.high
    if low is None or high is None:
        return ""
    low_text, high_text = f"{low:,g}", f"{high:,.0f}" if high >= 1000 else f"{high:g}"
    if key.rule.is_open:
        return f"above {low_text} and below {high_text}"
    return f"from {low_text} to {high_text}"


def shown(key: Key, value: Any) -> str:
    """Return a value as it may be shown to anyone, as TOML writes it; "" for none."""
    if value is None:
        return ""
    if key.rule.is_secret:
        return _HIDDEN
    if key.kind is bool:
        return "true" if value else "false"
    if key.kind is tuple:
        return "[" + ", ".join(_quoted(each) for each in value) + "]"
    if key.kind in (str, Path):
        return _quoted(without_password(str(value)))
    return f"{value:.12g}"


def without_password(address: str) -> str:
    """Return a text without the user, password and query that an address in it may have."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return _HIDDEN
    if not parts.scheme or not parts.netloc:
        return address
    host = parts.netloc.rpartition("@")[2]
    if host != parts.netloc:
        host = f"{_HIDDEN}@{host}"
    query = f"?{_HIDDEN}" if parts.query else ""
    return f"{parts.scheme}://{host}{parts.path}{query}"


def _path(key: Key, text: str, folder: Path) -> Path:
    if not text.strip() or "\0" in text:
        raise ValueError(must_be(key))
    if text in key.rule.names:
        return Path(text)
    path = Path(text)
    if path.parts and path.parts[0].startswith("~"):
        try:
            path = path.expanduser()
        except RuntimeError as error:
            raise ValueError(f"a path of a user that exists, not {text!r}") from error
    # A name that is built in as well stays apart from it: `./kr`.
    return folder / path


def _checked(key: Key, value: Any) -> Any:
    rule = key.rule
    if rule.low is not None and rule.high is not None:
        # Not a number is in no range.
        inside = rule.low < value < rule.high if rule.is_open else rule.low <= value <= rule.high
        if not inside:
            raise ValueError(must_be(key))
    if rule.choices and value not in rule.choices:
        raise ValueError(must_be(key))
    if rule.pattern and not re.fullmatch(rule.pattern, value):
        raise ValueError(must_be(key))
    return value


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_escape(letter) for letter in escaped) + '"'


def _escape(letter: str) -> str:
    code = ord(letter)
    return f"\\u{code:04x}" if code < 0x20 or code == 0x7F else letter
