"""The files of the repository as its tests see them."""

import ast
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

IMPORTS = {
    "config": frozenset[str](),
    "store": frozenset({"config"}),
    "connectors": frozenset({"config", "store"}),
    "sync": frozenset({"config", "store", "connectors"}),
    "kpi": frozenset({"config", "store"}),
    "writeback": frozenset({"config", "store", "connectors"}),
    "web": frozenset({"config", "store", "kpi"}),
    "merilo": frozenset(
        {"config", "store", "connectors", "sync", "kpi", "writeback", "web", "sandbox"}
    ),
    "sandbox": frozenset[str](),
}
"""Who may import whom, of the rooms that are shipped."""

WORKSHOPS = ("benchmarks", "tests")
"""Packages that are not shipped."""


@cache
def project() -> dict[str, Any]:
    """The content of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def is_clone() -> bool:
    """Whether git can tell which files belong to the repository."""
    return shutil.which("git") is not None and (ROOT / ".git").exists()


@cache
def tracked_files() -> tuple[Path, ...]:
    """The files that git tracks, and outside a clone all that .gitignore leaves."""
    if not is_clone():
        return tuple(_unpacked_files())
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def _unpacked_files() -> list[Path]:
    hidden = {".venv", ".git", "__pycache__", "build", "data", "dist"}
    return [
        path
        for path in sorted(ROOT.rglob("*"))
        if path.is_file()
        and not any(
            part in hidden or part.endswith(("_cache", ".egg-info"))
            for part in path.relative_to(ROOT).parts
        )
    ]


def modules() -> list[Path]:
    """Every Python module of the rooms and workshops."""
    rooms = {*IMPORTS, *WORKSHOPS}
    return [
        path
        for path in tracked_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in rooms
    ]


@cache
def syntax(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def place(path: Path, line: int | None = None) -> str:
    """A path as a person would click on it."""
    name = path.relative_to(ROOT).as_posix()
    return name if line is None else f"{name}:{line}"
