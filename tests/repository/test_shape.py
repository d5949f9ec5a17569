"""Modules and functions stay small, named for what they are, and finished."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.repository.tree import modules, place, syntax, tracked_files

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
VAGUE_NAMES = frozenset({"common", "helper", "helpers", "manager", "misc", "util", "utils"})
UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X|NotImplemented(?:Err)or)\b")

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(syntax(path)):
        if isinstance(node, FUNCTIONS):
            yield node


def test_no_module_is_over_400_lines() -> None:
    lengths = {
        place(path): len(path.read_text("utf-8").splitlines())
        for path in modules()
        if path.parent.name != "versions"  # a migration is a list of statements that Alembic wrote
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_no_function_is_over_60_lines() -> None:
    too_long = [
        f"{place(path, node.lineno)} {node.name}"
        for path in modules()
        if path.parent.name != "versions"  # a migration is a list of statements that Alembic wrote
        for node in _functions(path)
        if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert too_long == []


def test_every_module_says_what_it_is_for() -> None:
    assert [place(path) for path in modules() if not ast.get_docstring(syntax(path))] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [place(path) for path in modules() if path.stem in VAGUE_NAMES] == []


def test_nothing_is_left_unfinished() -> None:
    left = [
        place(path, number)
        for path in tracked_files()
        if path.suffix in {".py", ".toml", ".html", ".css", ".js", ".sh"} or not path.suffix
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert left == []


def test_no_retry_goes_on_for_ever() -> None:
    endless = [
        place(path, node.lineno)
        for path in modules()
        for node in ast.walk(syntax(path))
        if isinstance(node, (*FUNCTIONS, ast.Call)) and _retries_for_ever(node)
    ]
    assert endless == []


def _retries_for_ever(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Call) -> bool:
    """tenacity's `@retry`, `@retry()` and `Retrying()` without `stop=` never give up."""
    if isinstance(node, FUNCTIONS):
        return any(_name(decorator) == "retry" for decorator in node.decorator_list)
    if _name(node.func) not in {"retry", "Retrying"}:
        return False
    return not any(keyword.arg in {"stop", None} for keyword in node.keywords)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
