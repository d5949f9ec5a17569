"""Settings from the environment: MERILO__SECTION__KEY replaces one value of the files."""

import tomllib
from collections.abc import Mapping
from typing import Any

from config.document import Document
from config.error import Problem
from config.locate import Path

PREFIX = "MERILO__"


def apply_overrides(document: Document, environ: Mapping[str, str]) -> None:
    """Put each MERILO__A__B=value at a.b of `document`; what fits nowhere becomes a problem.

    Names match existing keys without regard to case, `_` also matches `-`; a number picks an
    entry of a list. A value that is TOML is read as TOML, any other is text.
    """
    for name in sorted(environ):
        if name.startswith(PREFIX) and not _put(document, name, environ[name]):
            place = f"environment {name}"
            document.problems.append(
                Problem(file=place, line=0, column=0, key="", message="leads to no setting")
            )


def _put(document: Document, name: str, text: str) -> bool:
    *parents, last = name.removeprefix(PREFIX).split("__")
    node: Any = document.data
    path: Path = ()
    for part in parents:
        key = _match(node, part)
        if key is None:
            return False
        path = (*path, key)
        node = node.setdefault(key, {}) if isinstance(node, dict) else node[int(key)]
    key = _match(node, last)
    if key is None:
        return False
    node[key] = _value(text)
    _forget_places(document, (*path, key))
    document.places[(*path, key)] = (f"environment {name}", 0, 0)
    return True


def _match(node: Any, part: str) -> str | int | None:
    """The key of `node` meant by `part`, a new one if there is none; None where none can be."""
    if isinstance(node, list):
        return int(part) if part.isdecimal() and int(part) < len(node) else None
    if not isinstance(node, dict) or not part:
        return None
    return next((key for key in node if _fold(key) == _fold(part)), part.lower())


def _fold(name: str) -> str:
    return name.lower().replace("-", "_")


def _value(text: str) -> Any:
    try:
        data = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return data["value"] if len(data) == 1 else text


def _forget_places(document: Document, path: Path) -> None:
    for key in [key for key in document.places if key[: len(path)] == path]:
        del document.places[key]
