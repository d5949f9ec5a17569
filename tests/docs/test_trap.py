"""The connector's table of traps is complete, and every test it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "connectors" / "bitrix24" / "README.md"
TRAPS = 70


def rows() -> dict[int, str]:
    """Each trap's last cell, by its number."""
    part = TABLE.read_text(encoding="utf-8").split("## Traps", 1)[1].split("\n## ", 1)[0]
    found = re.findall(r"^\| (\d+) \| ([^|\n]+) \| ([^|\n]+) \|$", part, flags=re.MULTILINE)
    assert len(found) == len({number for number, _, _ in found})
    return {int(number): answer for number, _, answer in found}


def every_test() -> set[str]:
    """The name of every test there is."""
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for text in sources for name in re.findall(r"def (test_\w+)\(", text)}


def test_every_trap_has_its_line() -> None:
    assert sorted(rows()) == list(range(1, TRAPS + 1))


def test_every_test_that_a_trap_names_exists() -> None:
    known = every_test()
    for number, answer in rows().items():
        named = re.findall(r"`(test_\w+)`", answer)
        assert set(named) <= known, number
        assert named or re.search(r"[a-z]{3}", answer), f"trap {number} has neither test nor reason"
