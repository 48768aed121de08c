"""Writes the settings down: as a page of the manual, as a file to start from, as a list."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from inspect import getdoc
from itertools import groupby

from edge.config import TABLES, Key, keys
from edge.config_load import DEFAULT_FILE, FILE_VARIABLE, Settings
from edge.config_values import must_be, range_of, shown

_HEAD = f"""\
# Settings

<!-- Written by `python -m edge config --docs`: change edge/config.py instead. -->

What holds is, from the weakest to the strongest: the default, the file, the environment, a flag.
The file is `{DEFAULT_FILE}`, or the one that `{FILE_VARIABLE}` or `--config` names. It is
[TOML](https://toml.io); an empty text means none; a relative path starts at the file's folder.
A setting that is unknown, of the wrong type or out of its range is an error, and nothing starts.
In the environment a list is written with commas.

```sh
python -m edge config             # what holds now, and where it comes from; no secrets
python -m edge config --example   # a file to start from, with every setting and its default
python -m edge config --docs      # this page
```
"""

_NONE = '""'


def page() -> str:
    """Return `docs/settings.md`."""
    parts = [_HEAD]
    for table, entries in _tables():
        parts.append(f"## `[{table}]`\n\n{getdoc(TABLES[table])}\n")
        parts.append("| key | default | unit | must be | means | in the environment |")
        parts.append("|---|---|---|---|---|---|")
        parts += [_row(key) for key in entries]
        parts.append("")
    return "\n".join(parts)


def example() -> str:
    """Return a settings file in which every default stands, commented out."""
    parts = ["# Settings of fivebox; docs/settings.md explains them."]
    for table, entries in _tables():
        parts += ["", f"# {getdoc(TABLES[table])}", f"[{table}]"]
        for key in entries:
            parts += textwrap.wrap(
                " ".join(_sentences(key)), 96, initial_indent="# ", subsequent_indent="# "
            )
            parts.append(f"#{key.name} = {_default(key) or _NONE}")
    return "\n".join(parts) + "\n"


def in_force(settings: Settings) -> str:
    """Return each setting, its value and where it comes from; secrets are hidden."""
    rows = [
        (key.full, shown(key, settings.config.get(key)) or "none", settings.origins[key.full])
        for key in keys()
    ]
    widths = [max(len(row[k]) for row in rows) for k in range(2)]
    return "\n".join(
        f"{name:{widths[0]}}  {value:{widths[1]}}  {origin}" for name, value, origin in rows
    )


def as_json(settings: Settings) -> dict[str, dict[str, str | None]]:
    """Return the same for programs: `{"kiosk.port": {"value": "8080", "from": "default"}, …}`."""
    return {
        key.full: {
            "value": shown(key, settings.config.get(key)) or None,
            "from": settings.origins[key.full],
        }
        for key in keys()
    }


def _tables() -> Iterator[tuple[str, Iterable[Key]]]:
    return groupby(keys(), key=lambda key: key.table)


def _row(key: Key) -> str:
    default = f"`{_default(key)}`" if _default(key) else "none"
    wanted = " or ".join(f"`{one}`" for one in key.rule.choices) or must_be(key)
    meaning = key.rule.meaning
    if key.rule.absent:
        meaning += f" None: {key.rule.absent}."
    cells = (f"`{key.name}`", default, key.rule.unit or "-", wanted, meaning, f"`{key.variable}`")
    return "| " + " | ".join(cells) + " |"


def _sentences(key: Key) -> Iterator[str]:
    yield key.rule.meaning
    if key.rule.choices or key.rule.form or range_of(key):
        unit = f", in {key.rule.unit}" if key.rule.unit else ""
        yield f"Must be {must_be(key)}{unit}."
    if key.rule.absent:
        yield f"None: {key.rule.absent}."


def _default(key: Key) -> str:
    # A secret has no default that could be shown.
    return shown(key, key.default)
