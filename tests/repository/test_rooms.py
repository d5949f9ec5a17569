"""The plan of the house: which rooms there are, and who may import whom."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.tree import IMPORTS, ROOT, WORKSHOPS, project, tracked_files


def _contracts() -> list[dict[str, object]]:
    contracts = project()["tool"]["importlinter"]["contracts"]
    assert isinstance(contracts, list)
    return contracts


@pytest.mark.parametrize("room", IMPORTS)
def test_the_contract_of_a_room_is_its_line_in_the_import_table(room: str) -> None:
    forbidden = {*IMPORTS, *WORKSHOPS} - IMPORTS[room] - {room}
    mine = [c for c in _contracts() if c["source_modules"] == [room]]
    assert len(mine) == 1
    assert mine[0]["forbidden_modules"] is not None
    assert set(map(str, _list(mine[0]["forbidden_modules"]))) == forbidden
    assert "ignore_imports" not in mine[0]


def test_httpx_is_imported_in_one_module_only() -> None:
    mine = [c for c in _contracts() if c["forbidden_modules"] == ["httpx"]]
    assert len(mine) == 1
    assert set(map(str, _list(mine[0]["source_modules"]))) == set(IMPORTS)
    assert mine[0]["ignore_imports"] == ["connectors.http -> httpx"]


def test_no_room_imports_what_it_may_not() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_root_holds_rooms_and_files_only() -> None:
    known = {*IMPORTS, *WORKSHOPS, "docs", "deploy", ".ci"}
    folders = {path.relative_to(ROOT).parts[0] for path in tracked_files() if path.parent != ROOT}
    assert folders - known == set()


def test_every_tool_is_told_of_every_room() -> None:
    tools = project()["tool"]
    assert set(tools["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(IMPORTS)
    assert set(tools["deptry"]["known_first_party"]) == set(IMPORTS)
    for told in (
        tools["mypy"]["packages"],
        tools["vulture"]["paths"],
        tools["importlinter"]["root_packages"],
    ):
        assert set(told) == {*IMPORTS, *WORKSHOPS}


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value
