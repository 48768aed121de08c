"""Fills settings into the example file: `fill_settings.py TABLE.KEY=VALUE... < example`.

The file as `config --example` writes it has every key, commented out where it is the default.
Runs with the system's Python, before anything of fivebox is needed.
"""

from __future__ import annotations

import json
import re
import sys

_TABLE = re.compile(r"\[([a-z_]+)\]\s*$")
_KEY = re.compile(r"#?\s*([a-z_0-9]+)\s*=")


def fill(example: str, values: dict[str, str]) -> str:
    """Return the example with some settings set.

    Args:
        example: a settings' file that names every key, commented out or not.
        values: by `table.key`; `true` and `false` are meant so, all else is text.

    Raises:
        KeyError: the example does not name a key.
    """
    wanted = dict(values)
    table, lines = "", []
    for line in example.splitlines():
        header, key = _TABLE.match(line), _KEY.match(line)
        if header:
            table = header[1]
        elif key and f"{table}.{key[1]}" in wanted:
            line = f"{key[1]} = {_toml(wanted.pop(f'{table}.{key[1]}'))}"
        lines.append(line)
    if wanted:
        raise KeyError(f"the example has no {', '.join(wanted)}")
    return "\n".join(lines) + "\n"


def _toml(value: str) -> str:
    # JSON's strings are TOML's, but for this one character.
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return value if value in ("true", "false") else text


def main(arguments: list[str]) -> int:
    """Read the example from standard input and write it filled in."""
    pairs = [argument.partition("=") for argument in arguments]
    print(fill(sys.stdin.read(), {name: value for name, _, value in pairs}), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
