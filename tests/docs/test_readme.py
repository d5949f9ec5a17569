"""The README is under test: what it names exists, what it shows parses, both languages agree."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from config.value import RECORD_FACTS
from kpi.catalog import load_catalog
from merilo.cli import app
from merilo.exit_code import ExitCode
from merilo.wiring import SourceModels

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.ru.md")
WATCHED = ("recovered", "unavailable", "paused", "failed")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text(name), flags=re.DOTALL)


def code_words(name: str) -> set[str]:
    """Everything between single back-ticks."""
    prose = re.sub(r"```.*?```", "", text(name), flags=re.DOTALL)
    return set(re.findall(r"`([^`\n]+)`", prose))


@pytest.mark.parametrize("name", READMES)
def test_every_verb_that_is_named_exists(name: str) -> None:
    named = {
        match
        for block in [*blocks(name, "sh"), *(f"{word}\n" for word in code_words(name))]
        for match in re.findall(
            r"^merilo ([a-z]+(?: (?:apply|plan|list|replay|set|rebuild))?)",
            block,
            flags=re.MULTILINE,
        )
    }
    assert {"init", "sync", "run", "writeback plan"} <= named
    for verb in sorted(named):
        done = CliRunner().invoke(app, [*verb.split(), "--help"])
        assert done.exit_code == 0, (verb, done.output)


@pytest.mark.parametrize("name", READMES)
def test_the_settings_example_loads_without_a_mistake(name: str, tmp_path: Path) -> None:
    from config.load import load_settings

    example = next(block for block in blocks(name, "toml") if "[merilo]" in block)
    path = tmp_path / "merilo.toml"
    path.write_text(example, encoding="utf-8")
    settings = load_settings(
        path, source_models=SourceModels(), metric_names=tuple(load_catalog(()).metrics)
    )
    assert settings.destinations


@pytest.mark.parametrize("name", READMES)
def test_the_metric_example_is_a_valid_declaration(name: str, tmp_path: Path) -> None:
    example = next(block for block in blocks(name, "toml") if "[long_talks]" in block)
    path = tmp_path / "my-metrics.toml"
    path.write_text(example, encoding="utf-8")
    assert "long_talks" in load_catalog((path,)).metrics


@pytest.mark.parametrize("name", READMES)
def test_every_metric_event_and_file_that_is_named_exists(name: str) -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for room in ("merilo", "sync", "kpi", "writeback", "web", "store", "connectors", "config")
        for path in (ROOT / room).rglob("*.py")
    )
    catalog = load_catalog(())
    for word in code_words(name):
        if re.fullmatch(r"(calls|deals|talk|average|win|revenue)(_[a-z0-9]+)*", word):
            assert word in RECORD_FACTS or catalog.find(word), word
        elif re.fullmatch(r"[a-z]+\.[a-z_]+", word) and not word.endswith((".toml", ".md")):
            kind, event = word.split(".")
            # `Watch` makes these of its kind and the state that begins.
            watched = kind in ("source", "destination") and event in WATCHED
            assert f'"{word}"' in sources or watched, word
        elif "/" in word and re.fullmatch(r"[a-z_]+/[\w./]*", word):
            assert (ROOT / word).exists(), word


def test_both_languages_have_the_same_parts() -> None:
    def shape(name: str) -> list[Any]:
        body = text(name)
        return [
            [len(mark) for mark in re.findall(r"^(#+) ", body, flags=re.MULTILINE)],
            [tomllib.loads(block).keys() for block in blocks(name, "toml")],
            [re.sub(r"#.*", "", block).split() for block in blocks(name, "sh")],
            len(re.findall(r"^\|", body, flags=re.MULTILINE)),
            sorted(word for word in code_words(name) if "merilo" in word),
        ]

    assert shape(READMES[0]) == shape(READMES[1])


@pytest.mark.parametrize("name", READMES)
def test_the_table_of_exit_codes_is_complete(name: str) -> None:
    line = text(name).split("Exit codes" if name == READMES[0] else "Коды выхода", 1)[1][:600]
    assert {int(code) for code in re.findall(r"\b(\d+) ", line)} >= {int(code) for code in ExitCode}


@pytest.mark.parametrize("name", READMES)
def test_every_event_that_is_an_alarm_says_what_to_do(name: str) -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for room in ("merilo", "sync", "kpi", "writeback", "web", "store", "connectors", "config")
        for path in (ROOT / room).rglob("*.py")
    )
    alarms = set(re.findall(r"log\.(?:warning|error)\(\s*\"([a-z_]+\.[a-z_]+)\"", sources))
    assert {"kpi.self_check_failed", "writeback.conflict"} <= alarms
    assert alarms <= code_words(name)
