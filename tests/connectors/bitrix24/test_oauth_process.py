"""One login in several processes, and processes that are killed while they renew it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.error import AuthError
from sandbox.bitrix24.envelope import ApiError
from sandbox.server import Box, start_sandbox
from tests.connectors.bitrix24.app import app_options, entered, log_in, tokens_of
from tests.connectors.bitrix24.renewer import Place, begin, use_and_die, use_often

MOST_STEPS = 40
USES = 3


@pytest.fixture
def box() -> Iterator[Box]:
    with start_sandbox("bitrix24", scale="empty", seed=5) as box:
        yield box


def place(box: Box, folder: Path) -> Place:
    oauth = box.portal.oauth
    return Place(box.url, oauth.client_id, oauth.client_secret, folder)


def outcome(box: Box, folder: Path) -> str:
    """What the next process finds: `ok`, or how the login is lost."""
    with entered(box, folder) as client:
        try:
            client.call("server.time")
        except AuthError as error:
            return f"{error.what} {error.todo}"
    return "ok"


def test_two_processes_never_show_one_refresh_token_twice(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oauth, uses = box.portal.oauth, Counter[str]()
    admit = oauth.login

    def expire_soon(token: str) -> None:
        admit(token)
        uses[token] += 1
        if uses[token] > USES:
            raise ApiError(401, "expired_token", "The access token provided has expired.")

    monkeypatch.setattr(oauth, "login", expire_soon)
    folder = tmp_path / "data"
    log_in(box, app_options(box, folder))
    workers = [begin(use_often, place(box, folder), 12) for _ in range(2)]
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(oauth.shown) >= 5
    assert set(oauth.shown.values()) == {1}


@pytest.mark.parametrize("stride", [3, pytest.param(1, marks=pytest.mark.long)])
def test_a_login_survives_a_kill_at_every_step_of_its_renewal(
    box: Box, tmp_path: Path, stride: int
) -> None:
    oauth, folder = box.portal.oauth, tmp_path / "data"
    lost: list[int] = []
    for step in range(1, MOST_STEPS, stride):
        serial = log_in(box, app_options(box, folder)).serial
        oauth.expire()
        spent_before = len(oauth.shown)
        victim = begin(use_and_die, place(box, folder), step)
        victim.join(30)
        kept = tokens_of(box, app_options(box, folder)).find()
        assert kept is not None
        found = outcome(box, folder)
        if found != "ok":
            assert "had been lost" in found
            assert "Run: merilo login main" in found
            assert len(oauth.shown) > spent_before
            assert kept.serial == serial
            lost.append(step)
        if victim.exitcode == 0:
            break
    assert victim.exitcode == 0
    # The answer is read, the connection closed, the file fsynced and renamed: not a step more.
    assert lost == list(range(lost[0], lost[-1] + 1, stride))
    assert len(lost) in {4 // stride, -(-4 // stride)}
