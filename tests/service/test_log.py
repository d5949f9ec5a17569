"""No secret reaches a log, whichever way it is written; tracebacks are plain."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from merilo.log import HIDDEN, configure_logging, redact

CANARY = "c4n4ryS3cr3tV4lu3"
WEBHOOK = f"1/{CANARY}"


@pytest.fixture(autouse=True)
def _former_logging() -> Iterator[None]:
    """The logging of the test run comes back afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    logging.captureWarnings(False)
    structlog.reset_defaults()


def say_it_everywhere() -> None:
    """The secret in every place a careless line could hold it."""
    log = structlog.get_logger("merilo.test")
    url = f"https://example.bitrix24.ru/rest/{WEBHOOK}/crm.deal.list?auth={CANARY}"
    log.info("test.said", url=url, inside={"deep": [CANARY, (CANARY,)]}, error=ValueError(CANARY))
    log.info(f"in the event {CANARY}", key=CANARY.encode())
    logging.getLogger("other.library").warning("GET %s", url)
    try:
        secret = CANARY
        raise RuntimeError(f"while asking {url}")
    except RuntimeError:
        log.exception("test.failed", shown=secret)
        logging.getLogger("other.library").exception("it broke")


@pytest.mark.parametrize("as_json", [True, False])
def test_no_secret_is_written_by_any_path(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    configure_logging(as_json, lambda: [WEBHOOK])
    say_it_everywhere()
    text = capsys.readouterr().err
    assert "test.said" in text
    assert "RuntimeError" in text
    assert HIDDEN in text
    assert CANARY not in text


def test_every_line_is_json_with_time_level_and_event(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(None, list)
    say_it_everywhere()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert all({"at", "level", "event", "logger"} <= line.keys() for line in lines)
    assert all(line["at"].endswith("Z") for line in lines)
    assert "\n" in lines[-1]["exception"]


def test_control_characters_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(True, list)
    structlog.get_logger("x").info("test.said", name='a\n{"event": "forged"}\x1b[31m')
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 1
    assert "\x1b" not in written


def test_libraries_that_log_addresses_are_kept_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(True, list)
    for name in ("httpx", "httpcore", "apscheduler.executors.default"):
        logging.getLogger(name).info("HTTP Request: GET https://example/rest/1/abc/")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("GET /rest/17/abcdef123456/crm.deal.list", "abcdef123456"),
        ("https://x.ru/a?auth=abcdef&x=1", "abcdef"),
        ("Authorization: Bearer abcdef.ghi-jkl", "abcdef"),
        ("Cookie: merilo=abcdef; other=1", "abcdef"),
        ("postgresql+psycopg://merilo:hunter2@db/merilo", "hunter2"),
        ("refresh_token=abcdef", "abcdef"),
    ],
)
def test_shapes_of_secrets_are_hidden_even_if_the_value_is_unknown(text: str, hidden: str) -> None:
    assert hidden not in redact(text, ())
    assert HIDDEN in redact(text, ())


def test_secrets_are_hidden_in_their_encoded_form_too() -> None:
    assert redact("x=a%2Fb%2Bc%3D1", ["a/b+c=1"]) == f"x={HIDDEN}"
    assert "p%2Fass%20word1" not in redact("?k=p%2Fass%20word1", ["p/ass word1"])
