"""What commands print is in the language of the settings, and every text is in both languages."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

import merilo.command
from merilo.cli import app
from merilo.command_text import TEXTS
from merilo.status import Condition
from sandbox.server import Box, start_sandbox
from store.table import ManagerRow, table_of
from tests.flow.agent import agent, keep_secret, write_file

CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
ACTIONS = ("create_type", "create_field", "create", "adopt", "update", "conflict")
MONTH = f"{datetime.now(UTC):%Y-%m}"
PASSAGE = (
    ("sync",),
    ("status",),
    ("doctor",),
    ("kpi",),
    ("kpi", "--manager", "team", "--metric", "calls_in", "--metric", "crm_time"),
    ("explain", "team", "deals_created", MONTH),
    ("sweep", "main"),
    ("quarantine", "list"),
    ("writeback", "plan"),
    ("writeback", "apply", "--yes"),
    ("writeback", "plan"),
    ("check",),
)
"""The verbs as an administrator runs them, one after another."""


@pytest.fixture
def box() -> Iterator[Box]:
    """A portal with nothing but a deal of Анна Петрова."""
    with start_sandbox("bitrix24", scale="empty", seed=1, limits=False) as opened:
        opened.portal.create_deal(7, amount=100_000)
        yield opened


def say_everything(folder: Path, box: Box, language: str) -> list[str]:
    """The lines that the verbs print, names of people taken out; rights are lost before `check`."""
    secret = keep_secret(folder, "webhook", box.webhook)
    path = write_file(
        folder,
        f"""
[sources.main]
connector = "bitrix24"
url = "{box.url}"
webhook = "file:{secret}"
ca_bundle = "{box.ca_bundle or ""}"

[[destinations]]
source = "main"
kind = "scorecard"
metrics = ["deals_created", "deals_won"]
""",
    )
    path.write_text(path.read_text().replace("[merilo]", f'[merilo]\nlanguage = "{language}"'))
    printed = ""
    for words in PASSAGE:
        if words == ("check",):
            box.portal.access.admin = False
        result = CliRunner().invoke(app, ["--config", str(path), *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), words
        printed += result.output
    with agent(path) as opened, opened.store.read() as tx:
        names = tx.execute(select(table_of(ManagerRow).c.name)).scalars().all()
    assert "Анна Петрова" in names
    for name in names:
        printed = printed.replace(str(name), "NAME")
    return printed.replace(str(folder), "FOLDER").splitlines()


def test_in_english_no_command_prints_a_russian_word(tmp_path: Path, box: Box) -> None:
    lines = say_everything(tmp_path, box, "en")
    assert [line for line in lines if CYRILLIC.search(line)] == []
    assert {
        "ok      settings        FOLDER/merilo.toml",
        "main/deals: read 1, changed 1",
        "main/deals: compared 1, removed 0, fetched 0",
        "Nothing is set aside.",
        "main/scorecard  create smart process or list",
        "main/scorecard: nothing to change",
        "ok      deals_created",
    } <= set(lines)
    assert any(line.startswith("error   main            owner: ") for line in lines)
    assert any(line.startswith("missing crm_time        nothing feeds it yet;") for line in lines)


def test_in_russian_the_lines_are_those_that_were_always_printed(tmp_path: Path, box: Box) -> None:
    lines = say_everything(tmp_path, box, "ru")
    assert {
        "ok      настройки       FOLDER/merilo.toml",
        "main/deals: прочитано 1, изменилось 1",
        "main/deals: сверено 1, удалено 0, дочитано 0",
        "Карантин пуст.",
        "main/scorecard  создать смарт-процесс",
        "main/scorecard: менять нечего",
        "ok      deals_created",
    } <= set(lines)
    assert any(line.startswith("ошибка  main            owner: ") for line in lines)
    assert any(line.startswith("нет     crm_time        пока ничто не даёт") for line in lines)


def test_every_text_is_in_both_languages_with_the_same_values() -> None:
    asked = {
        language: {
            name: sorted((field, spec) for _, field, spec, _ in Formatter().parse(text) if field)
            for name, text in texts.items()
        }
        for language, texts in TEXTS.items()
    }
    assert asked["ru"] == asked["en"]
    assert [name for name, text in TEXTS["en"].items() if CYRILLIC.search(text)] == []


def test_commands_say_just_the_texts_that_there_are() -> None:
    said = {f"state_{each}" for each in (*get_args(Condition), "paused")}
    said |= {f"action_{each}" for each in ACTIONS}
    for path in Path(merilo.command.__path__[0]).glob("*.py"):
        text = path.read_text("utf-8")
        for call in ast.walk(ast.parse(text)) if "CommandText" in text else ():
            if isinstance(call, ast.Call) and _is_say(call.func):
                said |= {
                    each.value
                    for each in _names(call.args[0])
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    assert said == TEXTS["ru"].keys()


def _is_say(called: ast.expr) -> bool:
    """`say(...)`, or the texts called as soon as they are made."""
    if isinstance(called, ast.Call):
        called = called.func
        return isinstance(called, ast.Name) and called.id == "CommandText"
    return isinstance(called, ast.Name) and called.id == "say"


def _names(argument: ast.expr) -> tuple[ast.expr, ...]:
    return (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)
