"""What commands say only now and then, in each language."""

import io
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import kpi.engine
import kpi.explain
import merilo.cycle
import merilo.replay
import merilo.scorecard
import store.ledger
from connectors.error import RemoteError
from merilo.cli import app
from merilo.command.status import _lines
from merilo.command.sync import _progress
from merilo.command_text import CommandText
from merilo.cycle import CycleResult
from merilo.replay import Replayed
from merilo.status import DestinationStatus, Status, StreamStatus
from store.ledger import Run
from sync.page import StreamResult
from tests.flow.agent import keep_secret, write_file
from writeback.outbox import Rejection
from writeback.plan import Plan, Step
from writeback.result import Conflict, Left, UndoResult, WriteResult

CRM = """
[sources.main]
connector = "bitrix24"
url = "http://127.0.0.1:9"
webhook = "file:{secret}"
"""
PLACE = """
[[destinations]]
source = "main"
kind = "scorecard"
metrics = ["deals_won"]
"""
PBX = """
[sources.pbx]
connector = "cdr"
profile = "asterisk"
file = "Master.csv"
"""
OAUTH = """
[sources.main]
connector = "bitrix24"
url = "http://127.0.0.1:9"
auth = "oauth"
client_id = "local.1"
client_secret = "file:{secret}"
"""
AT = datetime(2026, 10, 15, 12, tzinfo=UTC)
NAME = "main/scorecard"

Say = Callable[..., list[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every test of this module keeps its data: making a store takes a while."""
    return tmp_path_factory.mktemp("said")


@pytest.fixture(params=["ru", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """Each language of the settings."""
    return str(request.param)


@pytest.fixture
def say(folder: Path, language: str) -> Say:
    """Runs a verb and gives what it prints on both outputs."""
    secret = keep_secret(folder, "webhook", "1/abc")

    def run(*words: str, tables: str = CRM + PLACE, backend: str = "vault") -> list[str]:
        path = write_file(folder, tables.format(secret=secret))
        text = path.read_text().replace("[merilo]", f'[merilo]\nlanguage = "{language}"')
        path.write_text(text.replace('"vault"', f'"{backend}"'))
        result = CliRunner().invoke(app, ["--config", str(path), *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), words
        return result.output.splitlines()

    return run


def given(value: Any) -> Callable[..., Any]:
    """A function that does nothing and returns this."""
    return lambda *_args, **_named: value


def test_a_sync_tells_what_is_set_aside_and_what_is_not_there(
    say: Say, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = (
        StreamResult(stream="deals", read=3, changed=2, quarantined=1),
        StreamResult(stream="leads", absent=True),
        StreamResult(stream="calls", error=RemoteError("No answer.")),
    )
    result = CycleResult(source="main", streams=streams)
    monkeypatch.setattr(merilo.cycle, "run_cycle", given(result))
    deals, leads, calls = say("sync")
    assert (deals, leads) == {
        "ru": (
            "main/deals: прочитано 3, изменилось 2, в карантине 1",
            "main/leads: в портале таких записей нет",
        ),
        "en": (
            "main/deals: read 3, changed 2, set aside 1",
            "main/leads: the source has no such records",
        ),
    }[language]
    assert calls.startswith("main/calls: No answer.")


def test_progress_is_told_to_a_person_at_the_terminal(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", screen)
    _progress("main", CommandText(language))(StreamResult(stream="deals", read=1234))
    word = {"ru": "записей", "en": "records"}[language]
    assert screen.getvalue() == f"\rmain/deals: 1,234 {word}\x1b[K"


def test_a_sweep_tells_why_nothing_was_compared(
    say: Say, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merilo.cycle, "run_sweep", given([]))
    assert (
        say("sweep", tables=CRM + PBX)
        == {
            "ru": [
                "main: сверять нечего, сначала выполните merilo sync main",
                "pbx: эта система записей не удаляет; последний месяц перечитан",
            ],
            "en": [
                "main: nothing to compare yet, first run merilo sync main",
                "pbx: this system removes no records; the last month was read again",
            ],
        }[language]
    )


def test_a_replay_tells_what_is_understood_now(
    say: Say, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = [Replayed("gone", "deals", 1, None), Replayed("main", "deals", 3, 2)]
    monkeypatch.setattr(merilo.replay, "replay", given(tried))
    assert (
        say("quarantine", "replay")
        == {
            "ru": ["gone: источника больше нет в настройках", "main/deals: понято 2 из 3"],
            "en": [
                "gone: the settings no longer name this source",
                "main/deals: understood 2 of 3",
            ],
        }[language]
    )


def test_a_rebuild_tells_whether_the_kept_numbers_were_right(
    say: Say, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kpi.engine, "rebuild", given(False))
    agree = {
        "ru": "Показатели совпадают с фактами.",
        "en": "The kept metrics agree with the facts.",
    }
    assert say("kpi", "rebuild") == [agree[language]]
    monkeypatch.setattr(kpi.engine, "rebuild", given(True))
    assert (
        say("kpi", "rebuild")
        == {
            "ru": [
                "Сохранённые показатели отличались от фактов. Они пересчитаны и теперь верны. "
                "Это ошибка программы: пожалуйста, сообщите о ней."
            ],
            "en": [
                "The kept metrics differed from the facts. They were counted anew and are right "
                "now. This is a bug of the program: please report it."
            ],
        }[language]
    )


def test_an_explanation_that_does_not_add_up_says_so(
    say: Say, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = kpi.explain.explain

    def explain(*args: Any, **named: Any) -> kpi.explain.Explanation:
        return replace(found(*args, **named), agrees=False)

    monkeypatch.setattr(kpi.explain, "explain", explain)
    assert {
        "ru": "Записи не складываются в сохранённое число. Ничего не изменено. "
        "Выполните `merilo kpi rebuild`: показатели будут пересчитаны по фактам.",
        "en": "The records do not add up to the kept number. Nothing was changed. "
        "Run `merilo kpi rebuild`: the metrics will be counted anew from the facts.",
    }[language] in say("explain", "team", "deals_won", "2026-10")


def test_a_plan_tells_each_step(say: Say, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    month = datetime(2026, 10, 1, tzinfo=UTC).date()
    steps = (
        Step(destination=NAME, action="adopt", record="17"),
        Step(destination=NAME, action="update", manager="Ann", period=month, field="N", new="2"),
        Step(destination=NAME, action="conflict", record="18", field="N", old="1", new="2"),
    )
    monkeypatch.setattr(merilo.scorecard, "plan_writeback", given(Plan(steps=steps, writes=2)))
    assert (
        say("writeback", "plan")
        == {
            "ru": [
                f"{NAME}  принять  17",
                f"{NAME}  изменить  Ann · 2026-10  N: пусто → 2",
                f"{NAME}  правка человека  18  N: 1 → 2",
            ],
            "en": [
                f"{NAME}  adopt  17",
                f"{NAME}  update  Ann · 2026-10  N: empty → 2",
                f"{NAME}  edited by a person  18  N: 1 → 2",
            ],
        }[language]
    )


def test_an_application_tells_what_was_left_refused_or_lost(
    say: Say, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = ("a", "N"), ("b", None)
    nothing: dict[str, Any] = dict.fromkeys(("manager", "period", "theirs", "ours"))
    result = WriteResult(
        run=5,
        written=4,
        conflicts=tuple(Conflict(key=key, field=field, **nothing) for key, field in edits),
        rejected=(Rejection(key="c", reason="Bad field."),),
        unresolved=1,
    )
    monkeypatch.setattr(merilo.scorecard, "apply_writeback", given(result))
    assert (
        say("writeback", "apply")
        == {
            "ru": [
                f"RUN 5 {NAME}: записано 4",
                "  a: правка человека оставлена (N)",
                "  b: правка человека оставлена (запись удалена)",
                "  c: Bad field.",
                "  без ответа 1: выяснится при следующем запуске",
            ],
            "en": [
                f"RUN 5 {NAME}: written 4",
                "  a: a person's edit was left (N)",
                "  b: a person's edit was left (record deleted)",
                "  c: Bad field.",
                "  unanswered 1: the next run will find out",
            ],
        }[language]
    )
    monkeypatch.setattr(merilo.scorecard, "apply_writeback", given(WriteResult()))
    word = {"ru": "менять нечего", "en": "nothing to change"}[language]
    assert say("writeback", "apply") == [f"{NAME}: {word}"]
    word = {"ru": "В настройках нет ни одного", "en": "The settings have no"}[language]
    assert say("writeback", "apply", tables=CRM) == [f"{word} [[destinations]]"]


def test_an_undo_tells_what_it_left(
    say: Say, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(id=5, destination=NAME, ended_at=AT, undone_at=None)
    left = Left(key="a", fields=("N", "M")), Left(key="b", fields=())
    result = UndoResult(run=6, put_back=3, left=left, rejected=())
    monkeypatch.setattr(store.ledger, "find_run", given(run))
    monkeypatch.setattr(merilo.scorecard, "undo_writeback", given(result))
    assert (
        say("writeback", "undo", "5")
        == {
            "ru": [
                f"{NAME}: возвращено записей 3; запись на паузе",
                "  a: оставлено как есть (N, M)",
                "  b: оставлено как есть (запись целиком)",
            ],
            "en": [
                f"{NAME}: records put back 3; writing is paused",
                "  a: left as it is (N, M)",
                "  b: left as it is (whole record)",
            ],
        }[language]
    )


def test_a_check_tells_that_tokens_have_no_place(say: Say, language: str) -> None:
    lines = say("check", "--offline", tables=OAUTH, backend="env")
    at = lines.index(
        {
            "ru": "ошибка  main            токены OAuth негде хранить: the environment",
            "en": "error   main            OAuth tokens have no place to be kept: the environment",
        }[language]
    )
    assert (
        lines[at + 1]
        == {
            "ru": '        Задайте [secrets] backend = "vault" (или "auto", "os", "file").',
            "en": '        Set [secrets] backend = "vault" (or "auto", "os", "file").',
        }[language]
    )


def test_a_status_is_told_in_columns(language: str) -> None:
    stream = StreamStatus(
        source="main", stream="deals", state="absent", as_of=None, lag_s=None, age_s=None,
        rows=None, quarantined=2, swept_at=None, late_at=AT, error=None, error_at=None,
    )  # fmt: skip
    place = DestinationStatus(
        destination=NAME, written_at=None, records=0, held=0, rejected=0, pause="Too many writes."
    )
    found = Status(at=AT, streams=(stream,), destinations=(place,))
    assert [re.split(r"\s{2,}", line) for line in _lines(found, language)] == {
        "ru": [
            ["main/deals", "нет в портале", "—", "—", "в карантине: 2"],
            ["", "поздние строки перечитаны: только что"],
            [NAME, "приостановлен", "ещё не писали", "0 записей"],
            ["", "Too many writes."],
        ],
        "en": [
            ["main/deals", "absent", "—", "—", "set aside: 2"],
            ["", "late rows read again: just now"],
            [NAME, "paused", "never written", "0 records"],
            ["", "Too many writes."],
        ],
    }[language]
