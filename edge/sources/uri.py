"""URIs of sources, their options and what is said where one is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from edge.errors import SourceUriError


@dataclass(frozen=True)
class Number:
    """An option that is a number."""

    default: float | None
    """None leaves it to the source."""
    least: float
    most: float
    whole: bool = True
    """Whether it has no fraction."""

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.least:g} to {self.most:g}"

    def parse(self, text: str) -> float | None:
        """Return the value; None where the text is none that is allowed."""
        try:
            value = int(text) if self.whole else float(text)
        except ValueError:
            return None
        return value if self.least <= value <= self.most else None


@dataclass(frozen=True)
class Choice:
    """An option that is one of a few words."""

    default: str
    values: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        return " or ".join(self.values)

    def parse(self, text: str) -> str | None:
        """Return the value; None where the text is none that is allowed."""
        return text if text in self.values else None


@dataclass(frozen=True)
class Text:
    """An option that its source understands by itself."""

    default: str = ""
    allowed: str = "a text"

    def parse(self, text: str) -> str | None:
        """Return the text."""
        return text


Option = Number | Choice | Text

RATE = Number(30.0, 0.1, 240.0, whole=False)
WIDTH = Number(1640, 32, 9152)
HEIGHT = Number(1232, 32, 6944)
SWITCH = ("true", "false")


def split(uri: str) -> tuple[str, str]:
    """Return what stands before the options, and the options."""
    place, _, query = uri.partition("?")
    return place, query


def parse_options(uri: str, query: str, options: Mapping[str, Option]) -> dict[str, Any]:
    """Return the value of every option.

    Args:
        uri: all of it, for the error's sentence.
        query: `name=value&name=value`.
        options: what there is.

    Raises:
        SourceUriError: a name that isn't there, a name twice, or a value out of its range.
    """
    values: dict[str, Any] = {name: option.default for name, option in options.items()}
    given: set[str] = set()
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError as error:
        raise SourceUriError(
            f"{uri}: options are written name=value&name=value, not {query!r}"
        ) from error
    for name, text in pairs:
        if name not in options:
            raise SourceUriError(f"{uri}: there is no option {name!r}; {one_of(name, [*options])}")
        if name in given:
            raise SourceUriError(f"{uri}: {name} is given twice; keep one of them")
        given.add(name)
        value = options[name].parse(text)
        if value is None:
            raise SourceUriError(f"{uri}: {name} is {options[name].allowed}, not {text!r}")
        values[name] = value
    return values


def one_of(name: str, names: Sequence[str]) -> str:
    """Return a hint at what was meant: the nearest name, else all of them."""
    near = difflib.get_close_matches(name, names, 1, 0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"there is {', '.join(names)}" if names else "it takes none"


def without_password(url: str) -> str:
    """Return an address without the user and password in it."""
    return re.sub(r"(?<=://)[^/?#]*@", "", url)
