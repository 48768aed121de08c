"""Loads the settings: defaults, over them a file, over it the environment, over it flags."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edge.config import TABLES, Config, Key, Kiosk, Publish, contradictions, keys
from edge.config_values import from_file, from_text
from edge.errors import ConfigError

DEFAULT_FILE = Path("/etc/fivebox/fivebox.toml")
"""Read where it is there and no other file is named."""
FILE_VARIABLE = "FIVEBOX_CONFIG"
"""Names another file, unless a flag does."""
DEFAULT = "default"
"""Origin of a setting that nobody has set."""

# No settings file is longer.
_LONGEST = 1_000_000
# From so many letters in common on, a variable of no table is a misspelt one.
_ALIKE = 0.85


@dataclass(frozen=True)
class Settings:
    """The settings in force."""

    config: Config
    origins: Mapping[str, str]
    """Where each comes from, by `Key.full`: `default`, a file and its line, an environment
    variable or a flag."""
    path: Path | None
    """The file that was read; None where there is none."""


def load(
    path: Path | None = None,
    environ: Mapping[str, str] = MappingProxyType({}),
    flags: Mapping[str, Any] = MappingProxyType({}),
    default_file: Path | None = DEFAULT_FILE,
) -> Settings:
    """Load the settings.

    Args:
        path: the file; None takes the one that `FIVEBOX_CONFIG` names, else the default one
            where it is there.
        environ: the environment.
        flags: values of the command line by `Key.full`; None was not given.
        default_file: read where no other is named; None for none.

    Raises:
        ConfigError: the file can't be read, or a setting is unknown, of the wrong type, out
            of its range, or contradicts another.
    """
    known = {key.full: key for key in keys()}
    values: dict[str, Any] = {}
    origins = dict.fromkeys(known, DEFAULT)
    file = _file(path, environ, default_file)
    if file is not None:
        _take_file(file, known, values, origins)
    _take_environment(environ, known, values, origins)
    for full, value in flags.items():
        if value is not None:
            _take_flag(known[full], value, values, origins)
    config = Config(
        **{
            table: made(
                **{
                    full.split(".")[1]: value
                    for full, value in values.items()
                    if full.startswith(f"{table}.")
                }
            )
            for table, made in TABLES.items()
        }
    )
    for told in contradictions(config):
        raise ConfigError(f"{file}: {told}" if file else told)
    return Settings(config, MappingProxyType(origins), file)


def secret(table: Kiosk | Publish, name: str) -> str | None:
    """Return a secret, from the settings themselves or from the file that they name.

    Args:
        table: the settings in which it is.
        name: its key, for example `token`; `token_file` names the file.

    Returns:
        None where neither is set.

    Raises:
        ConfigError: the file can't be read, or what is in it can't be that secret.
    """
    value: str | None = getattr(table, name)
    path: Path | None = getattr(table, f"{name}_file")
    if value is not None or path is None:
        return value
    text = _read(path).strip()
    if not text:
        raise ConfigError(f"{path}: no {name} is in it; write one into it")
    full = f"{type(table).__name__.lower()}.{name}"
    key = next(key for key in keys() if key.full == full)
    try:
        return str(from_file(key, text, path.parent))
    except ValueError as error:
        raise _wrong(str(path), key, text, error) from error


def _file(path: Path | None, environ: Mapping[str, str], default_file: Path | None) -> Path | None:
    if path is not None:
        return path
    named = environ.get(FILE_VARIABLE, "")
    if named:
        return Path(named)
    try:
        return default_file if default_file and default_file.exists() else None
    except OSError:
        # Whoever may not look into its folder is told so when it is opened.
        return default_file


def _take_file(
    path: Path, known: Mapping[str, Key], values: dict[str, Any], origins: dict[str, str]
) -> None:
    text = _read(path)
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML ({error}); mend that line") from error
    folder = path.absolute().parent
    for table, entries in content.items():
        place = _place(path, text, table)
        if table not in TABLES:
            kind = "table" if isinstance(entries, dict) else "setting outside of a table"
            raise ConfigError(f"{place}: unknown {kind} {table!r}; {_nearest(table, TABLES)}")
        if not isinstance(entries, dict):
            raise ConfigError(f"{place}: {table} is a table; write [{table}]")
        names = [key.name for key in known.values() if key.table == table]
        for name, value in entries.items():
            place = _place(path, text, table, name)
            if name not in names:
                raise ConfigError(
                    f"{place}: unknown setting {name!r} in [{table}]; {_nearest(name, names)}"
                )
            key = known[f"{table}.{name}"]
            try:
                values[key.full] = from_file(key, value, folder)
            except ValueError as error:
                raise _wrong(place, key, value, error) from error
            origins[key.full] = place


def _take_environment(
    environ: Mapping[str, str],
    known: Mapping[str, Key],
    values: dict[str, Any],
    origins: dict[str, str],
) -> None:
    by_variable = {key.variable: key for key in known.values()}
    for variable in sorted(name for name in environ if name.startswith("FIVEBOX_")):
        key = by_variable.get(variable)
        if key is None:
            _refuse_misspelt(variable, by_variable)
            continue
        try:
            values[key.full] = from_text(key, environ[variable], Path.cwd())
        except ValueError as error:
            raise _wrong(variable, key, environ[variable], error) from error
        origins[key.full] = variable


def _refuse_misspelt(variable: str, by_variable: Mapping[str, Key]) -> None:
    """Let variables of others pass, but not those that were meant for a setting."""
    if variable == FILE_VARIABLE:
        return
    parts = variable.split("_", 2)
    of_table = len(parts) == 3 and parts[1].lower() in TABLES
    if of_table or difflib.get_close_matches(variable, by_variable, 1, _ALIKE):
        raise ConfigError(
            f"{variable}: unknown setting in the environment; {_nearest(variable, by_variable)}"
        )


def _take_flag(key: Key, value: Any, values: dict[str, Any], origins: dict[str, str]) -> None:
    flag = "--" + key.name.replace("_", "-")
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, tuple):
        value = list(value)
    try:
        values[key.full] = from_file(key, value, Path.cwd())
    except ValueError as error:
        raise _wrong(flag, key, value, error) from error
    origins[key.full] = flag


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise ConfigError(
            f"{path}: can't be read ({error.strerror}); check the path and its permissions"
        ) from error
    if len(content) > _LONGEST:
        raise ConfigError(f"{path}: larger than 1 MB; name another file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text; save the file as UTF-8") from error


def _wrong(place: str, key: Key, value: Any, error: ValueError) -> ConfigError:
    said = "" if key.rule.is_secret else f", not {_short(value)}"
    return ConfigError(f"{place}: {key.full} must be {error}{said}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _nearest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(name.casefold(), [each.casefold() for each in known], 1, 0.5)
    if near:
        meant = next(each for each in known if each.casefold() == near[0])
        return f"did you mean {meant}?"
    return f"there are {', '.join(known)}" if len(known) < 20 else "see docs/settings.md"


def _place(path: Path, text: str, table: str, name: str | None = None) -> str:
    """Return the file, and the line where a table or a setting of it is, if it is plain to see."""
    line = _line(text.splitlines(), table, name)
    return str(path) if line is None else f"{path}, line {line}"


def _line(lines: list[str], table: str, name: str | None) -> int | None:
    header = re.compile(r"\s*\[\[?\s*([\"']?)" + re.escape(table) + r"\1\s*[\].]")
    # A setting of the table, or what stands where a table should.
    wanted = re.compile(r"\s*([\"']?)" + re.escape(name or table) + r"\1\s*[=.]")
    inside = name is None
    for number, line in enumerate(lines, 1):
        if header.match(line):
            if name is None:
                return number
            inside = True
        elif line.lstrip().startswith("["):
            inside = False
        elif inside and wanted.match(line):
            return number
    return None
