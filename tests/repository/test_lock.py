"""The lock files say what pyproject.toml asks for, with a hash for every package."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repository.tree import ROOT, project

LOCKS = tuple(f"requirements{kind}.lock" for kind in ("", "-dev", "-build", "-bootstrap"))


def _entries(lock: str) -> list[str]:
    """The requirements of a lock file, each with its hashes on one line."""
    text = (ROOT / lock).read_text("utf-8")
    bare = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [" ".join(entry.split()) for entry in re.split(r"\n(?=\S)", bare)]


def _pinned(lock: str) -> dict[str, set[str]]:
    """Versions by name; several where they differ between platforms."""
    versions: dict[str, set[str]] = {}
    for entry in _entries(lock):
        name, _, rest = entry.partition("==")
        versions.setdefault(canonicalize_name(name.strip()), set()).add(rest.split()[0])
    return versions


def _asked(groups: tuple[str, ...], extras: bool) -> list[Requirement]:
    declared = project()
    asked = [line for group in groups for line in declared["dependency-groups"][group]]
    if extras:
        asked += declared["project"]["dependencies"]
        for extra in declared["project"]["optional-dependencies"].values():
            asked += extra
    return [Requirement(line) for line in asked]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_a_hash(lock: str) -> None:
    entries = _entries(lock)
    assert entries
    pattern = re.compile(r"^[a-z0-9][\w.-]*==\S+ .*--hash=sha256:[0-9a-f]{64}")
    assert [entry[:60] for entry in entries if not pattern.match(entry)] == []


@pytest.mark.parametrize(
    ("lock", "groups", "extras"),
    [
        ("requirements.lock", (), True),
        ("requirements-dev.lock", ("dev", "build"), True),
        ("requirements-build.lock", ("build",), False),
        ("requirements-bootstrap.lock", ("bootstrap",), False),
    ],
)
def test_a_lock_holds_what_is_asked_for(lock: str, groups: tuple[str, ...], extras: bool) -> None:
    pinned = _pinned(lock)
    unmet = [
        str(wanted)
        for wanted in _asked(groups, extras)
        if not all(map(wanted.specifier.contains, pinned.get(canonicalize_name(wanted.name), [""])))
    ]
    assert unmet == [], "run `make lock`"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_tests_run_with_the_versions_that_are_shipped(lock: str) -> None:
    tested = _pinned("requirements-dev.lock")
    assert {
        name for name, versions in _pinned(lock).items() if tested.get(name) != versions
    } == set()
