"""What the documents promise is there: files, make targets, links."""

import re
from pathlib import Path

import pytest

from tests.repository.tree import ROOT, place, project, tracked_files


def _documents() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md" and "tests" not in path.parts]


def _make_targets(path: Path) -> set[str]:
    """What follows `make` at the start of a line or of quoted code."""
    return set(re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text("utf-8"), re.M))


@pytest.mark.parametrize("name", ["LICENSE", "CHANGELOG.md", "README.md", "README.ru.md"])
def test_the_repository_has(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0


def test_the_change_log_begins_with_this_version_or_the_next() -> None:
    headings = re.findall(r"^## \[?([\w.]+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert headings[0] in {"Unreleased", project()["project"]["version"]}


def test_every_make_target_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = {(place(path), target) for path in _documents() for target in _make_targets(path)}
    assert {found for found in named if found[1] not in targets} == set()


def test_every_link_between_documents_leads_somewhere() -> None:
    dead = [
        f"{place(path)} -> {target}"
        for path in _documents()
        for target in re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", path.read_text("utf-8"))
        if not (path.parent / target).exists()
    ]
    assert dead == []
