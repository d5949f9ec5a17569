"""Logging in to a portal as an application: at the terminal, by the browser, by installation."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from connectors.token import read_tokens
from merilo.doctor import find_problems
from merilo.known_secret import KnownSecrets
from merilo.login import CALLS_A_MINUTE
from merilo.site import start_site
from merilo.status import read_status
from merilo.work import work_of
from sandbox.server import Box, start_sandbox
from tests.canary import canary
from tests.flow.agent import agent
from tests.flow.login import agree, log_in, merilo, write_settings
from web.address import listen

OWN = """
[long_talks]
title.ru = "Разговоры от 5 минут"
title.en = "Conversations of 5 minutes and more"
meaning.ru = "Звонки, в которых сотрудник говорил не меньше 300 секунд."
meaning.en = "Calls with at least 300 seconds of talk."
category = "activity"
fact = "call"
when = "started_at"
who = "talked"
value = "count"
where = { talk_s__gte = 300 }
unit = "calls"

[losses]
title.ru = "Потери по причинам"
title.en = "Losses by reason"
meaning.ru = "Проигранные сделки по причинам."
meaning.en = "Lost deals by reason."
category = "result"
fact = "deal"
when = "closed_at"
who = "closed_by"
value = "count"
where = { state = "lost" }
by = "reason"
unit = "deals"
"""


@pytest.fixture
def box() -> Iterator[Box]:
    with start_sandbox("bitrix24", scale="tiny", seed=5) as box:
        box.portal.oauth.client_secret = canary("client-secret")
        yield box


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_pasted_address_logs_in_and_the_source_is_read(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_settings(tmp_path, box)
    assert log_in(path, agree, monkeypatch) == 0
    assert "Вход выполнен: 127.0.0.1:" in capfd.readouterr().err
    box.portal.oauth.expire()
    box.faults.add("expired", after=4)
    assert merilo(path, "sync") == 0
    assert "main/deals: прочитано" in capfd.readouterr().out
    assert merilo(path, "secrets", "list") == 0
    assert "secret:oauth.main" in capfd.readouterr().out


def code_of(address: str) -> str:
    return agree(address).partition("code=")[2].partition("&")[0]


def of_another_login(address: str) -> str:
    return agree(address).replace("state=", "state=x")


def refused(address: str) -> str:
    return "https://merilo.example/login?error=access_denied&state="


def nonsense(address: str) -> str:
    return "не знаю"


@pytest.mark.parametrize(
    ("person", "code", "said"),
    [
        (code_of, 0, "Вход выполнен"),
        (of_another_login, 77, "another login"),
        (nonsense, 77, "neither an address"),
        (refused, 77, "another login"),
    ],
)
def test_what_is_pasted_is_judged(
    person: Callable[[str], str],
    code: int,
    said: str,
    box: Box,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = write_settings(tmp_path, box)
    assert log_in(path, person, monkeypatch) == code
    assert said in capfd.readouterr().err


def test_a_code_that_comes_too_late_is_refused_and_nothing_kept(
    box: Box,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def dawdle(address: str) -> str:
        place = agree(address)
        box.portal.oauth._codes.clear()
        return place

    path = write_settings(tmp_path, box)
    assert log_in(path, dawdle, monkeypatch) == 77
    assert "30 seconds" in capfd.readouterr().err
    assert merilo(path, "sync") == 77
    assert "merilo login main" in capfd.readouterr().err


def test_a_browser_on_this_machine_brings_the_code_itself(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"http://localhost:{free_port()}/back"
    box.portal.oauth.redirect_uri = place
    pages: list[str] = []

    def browse(address: str) -> str:
        back = agree(address)
        assert httpx.get(place).status_code == 404
        assert httpx.get(back.replace("state=", "state=x")).status_code == 200
        pages.append(httpx.get(back).text)
        return ""

    path = write_settings(tmp_path, box, source=f'redirect_uri = "{place}"')
    assert log_in(path, browse, monkeypatch) == 0
    assert "закрыть эту страницу" in pages[0]


def test_a_source_without_oauth_and_an_unknown_one_are_mistakes(
    box: Box, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_settings(tmp_path, box)
    text = path.read_text().partition("auth = ")[0]
    path.write_text(text + f'webhook = "file:{tmp_path / "client-secret"}"\n')
    assert merilo(path, "login", "main") == 78
    assert "not entered by OAuth" in capfd.readouterr().err
    assert merilo(path, "login", "mian") == 2
    assert 'did you mean "main"' in capfd.readouterr().err


@pytest.fixture
def page(box: Box, tmp_path: Path) -> Iterator[httpx.Client]:
    """The page of an agent that nobody has logged in yet."""
    with agent(write_settings(tmp_path, box)) as app:
        site = start_site(lambda: app, lambda: (), listen("127.0.0.1", 0))
        try:
            with httpx.Client(base_url=site.url, timeout=20, trust_env=False) as client:
                yield client
        finally:
            site.stop()


def test_the_installation_call_of_the_portal_logs_in(
    box: Box, tmp_path: Path, page: httpx.Client
) -> None:
    answer = page.post("/install/main", data=box.portal.oauth.install_form(box.url))
    assert (answer.status_code, answer.json()) == (200, {"installed": True})
    assert merilo(tmp_path / "merilo.toml", "sync", "main", "--stream", "users") == 0


def test_an_installation_call_of_an_application_with_pages_is_understood_too(
    box: Box, page: httpx.Client
) -> None:
    pair = box.portal.oauth.grant()
    form = {
        "AUTH_ID": pair["access_token"],
        "REFRESH_ID": pair["refresh_token"],
        "member_id": box.portal.oauth.member_id,
        "SERVER_ENDPOINT": "https://evil.example/rest/",
    }
    assert page.post("/install/main?DOMAIN=evil.example&LANG=ru", data=form).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"auth[refresh_token]": "0" * 70},
        {"auth[refresh_token]": ""},
        {"event": "ONAPPUNINSTALL"},
        {"auth[refresh_token]": "../../etc"},
    ],
)
def test_a_forged_installation_call_changes_nothing(
    change: dict[str, str], box: Box, page: httpx.Client, tmp_path: Path
) -> None:
    form = box.portal.oauth.install_form(box.url)
    assert page.post("/install/main", data=form).status_code == 200
    forged = box.portal.oauth.install_form(box.url) | change
    assert page.post("/install/main", data=forged).status_code == 403
    assert merilo(tmp_path / "merilo.toml", "sync", "main", "--stream", "users") == 0


def test_an_installation_call_of_another_portal_is_refused(box: Box, page: httpx.Client) -> None:
    assert page.post("/install/main", data=box.portal.oauth.install_form(box.url)).is_success
    other = box.portal.oauth.install_form(box.url) | {"auth[member_id]": "f" * 32}
    before = len(box.log)
    assert page.post("/install/main", data=other).status_code == 403
    assert len(box.log) == before


def test_installation_calls_are_not_many_and_go_to_known_sources(
    box: Box, page: httpx.Client
) -> None:
    assert page.post("/install/other", data={}).status_code == 404
    assert page.post("/install/main", data={"x": "y" * 40_000}).status_code == 400
    codes = [page.post("/install/main", data={}).status_code for _ in range(CALLS_A_MINUTE + 2)]
    assert codes == [403] * CALLS_A_MINUTE + [429, 429]
    assert page.get("/install/main").status_code == 405


def test_check_and_doctor_tell_how_the_login_stands(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_settings(tmp_path, box)
    assert merilo(path, "check") == 77
    assert "merilo login main" in capfd.readouterr().out
    assert merilo(path, "doctor") == 0
    assert "вход по OAuth ещё не выполнен" in capfd.readouterr().out
    assert log_in(path, agree, monkeypatch) == 0
    assert merilo(path, "check") == 0
    assert "application: accepted" in capfd.readouterr().out
    with agent(path, clock=lambda: datetime.now(UTC) + timedelta(days=160)) as app:
        found = {each.code: each.todo for each in find_problems(app, read_status(app))}
    assert "merilo sync main" in found["login_ends"]


def test_tokens_that_cannot_be_kept_are_a_mistake_in_the_settings(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MERILO_SECRET_PHONE_KEY", canary("phone-key"))
    path = write_settings(tmp_path, box)
    path.write_text(path.read_text().replace('backend = "vault"', 'backend = "env"'))
    assert merilo(path, "check", "--offline") == 78
    assert "негде хранить" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("extra", "metric", "said"),
    [
        ("", "loss_reasons", "fits into no one field"),
        ('[metrics]\nfiles = ["own.toml"]', "loss_reasons", "fits into no one field"),
        ('[metrics]\nfiles = ["own.toml"]', "losses", "fits into no one field"),
        ('[metrics]\nfiles = ["own.toml"]', "long_talk", 'did you mean "long_talks"'),
    ],
)
def test_a_destination_that_cannot_show_a_metric_is_refused_with_its_place(
    extra: str,
    metric: str,
    said: str,
    box: Box,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    destination = f"""
[[destinations]]
source = "main"
kind = "scorecard"
metrics = ["deals_won", "{metric}"]
"""
    (tmp_path / "own.toml").write_text(OWN)
    path = write_settings(tmp_path, box, extra=extra + destination)
    line = path.read_text().splitlines().index(f'metrics = ["deals_won", "{metric}"]') + 1
    assert merilo(path, "check", "--offline") == 78
    told = capfd.readouterr().err
    assert f"{path}:{line}:25: destinations[0].metrics[1]: " in told
    assert said in told
    assert box.log.calls() == []


def test_a_new_login_ends_the_pause_of_a_source_and_its_tokens_are_kept_out_of_logs(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, known = write_settings(tmp_path, box), KnownSecrets()
    with agent(path) as app:
        work = work_of(app, known)
        before = work.credential("main")
        assert work.credential("main") == before
        assert log_in(path, agree, monkeypatch) == 0
        assert work.credential("main") != before
        tokens = read_tokens(app.secrets.find("oauth.main"))
        assert tokens is not None
        assert {tokens.access, tokens.refresh} <= set(known())
