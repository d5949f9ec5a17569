"""The settings as they stand in files and environment, each key with its place."""

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config import locate
from config.error import Problem

LARGEST = 1_000_000  # bytes; a settings file is a few thousand


@dataclass(frozen=True, kw_only=True)
class Document:
    """Merged settings: `data` as TOML gives it."""

    data: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _places: dict[locate.Path, tuple[str, int, int]] = field(default_factory=dict)
    _unlocated: list[tuple[str, str, dict[str, int]]] = field(default_factory=list)

    @property
    def places(self) -> dict[locate.Path, tuple[str, int, int]]:
        """(file, line, column) of each key; sought when first asked for: most files are right."""
        while self._unlocated:
            name, text, grown = self._unlocated.pop(0)
            with suppress(RecursionError):
                for key, (line, column) in locate.locate(text).items():
                    self._places[_shift(key, grown)] = (name, line, column)
        return self._places

    def problem(self, path: locate.Path, message: str) -> Problem:
        """`message` at the place of `path`, or of the nearest table around it."""
        around = (path[:end] for end in range(len(path), 0, -1))
        place = next((self.places[key] for key in around if key in self.places), self.start)
        file, line, column = place
        return Problem(file=file, line=line, column=column, key=dotted(path), message=message)

    @property
    def start(self) -> tuple[str, int, int]:
        """The beginning of the first file."""
        return self._places.get((), ("environment", 0, 0))

    def add_file(self, path: Path) -> None:
        """Merge a file: tables join, lists of tables grow, other values are replaced."""
        name = str(path)
        self._places.setdefault((), (name, 1, 1))
        try:
            text = _read(path)
            data = _parse(text)
        except _BadFileError as error:
            line, column = error.place
            self.problems.append(
                Problem(file=name, line=line, column=column, key="", message=error.message)
            )
            return
        grown = {key: len(old) for key, old in self.data.items() if _is_list_of_tables(old)}
        self._unlocated.append((name, text, grown))
        _merge(self.data, data)


class _BadFileError(Exception):
    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.place = (line, column)


def dotted(path: locate.Path) -> str:
    """`destinations[0].metrics`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(str(error), text) from None
    except RecursionError:
        msg = "is nested too deeply"
        raise _BadFileError(msg) from None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        msg = f"cannot be read: {error.strerror}"
        raise _BadFileError(msg) from None
    if len(raw) > LARGEST:
        msg = f"is larger than {LARGEST} bytes"
        raise _BadFileError(msg)
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        msg = "is not UTF-8 text: save the file in UTF-8"
        raise _BadFileError(msg, line, column) from None


def _syntax(message: str, text: str) -> _BadFileError:
    message = message.replace("Cannot overwrite a value", "a key or table stands there twice")
    if match := re.search(r" \(at line (\d+), column (\d+)\)$", message):
        return _BadFileError(f"not TOML: {message[: match.start()]}", *map(int, match.groups()))
    end = text.rstrip("\n")
    line, column = end.count("\n") + 1, len(end) - end.rfind("\n")
    return _BadFileError(f"not TOML: {message}", line, column)


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _shift(key: locate.Path, grown: Mapping[str, int]) -> locate.Path:
    if len(key) > 1 and isinstance(key[0], str) and isinstance(key[1], int):
        return (key[0], key[1] + grown.get(key[0], 0), *key[2:])
    return key


def _merge(base: dict[str, Any], extra: Mapping[str, Any]) -> None:
    for key, value in extra.items():
        old = base.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value)
        elif _is_list_of_tables(old) and _is_list_of_tables(value):
            base[key] = [*(old or ()), *value]
        else:
            base[key] = value
