"""Tokens that are renewed by one and kept first, whatever fails on the way."""

import logging
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from config.error import SecretError
from config.secret import SecretStore, open_secrets
from config.settings import SecretsSection
from connectors.error import AuthError, LostAnswerError, RetryableError
from connectors.token import GrantError, Tokens, read_tokens, secret_name
from connectors.token_store import REST, TokenStore
from connectors.token_turn import turn
from tests.canary import canary
from tests.connectors.clock import FakeClock

VAULT = SecretsSection(backend="vault", master_key="generated")


class Failing:
    """A vault that refuses to keep anything while `broken`."""

    writable = True

    def __init__(self, secrets: SecretStore) -> None:
        self.secrets = secrets
        self.broken = False

    def find(self, name: str) -> str | None:
        return self.secrets.find(name)

    def set(self, name: str, value: str) -> None:
        if self.broken:
            raise SecretError("The vault is full.", todo="Free some space.")
        self.secrets.set(name, value)


class Vendor:
    """Gives pairs; a refresh token works once."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.living = ""
        self.asked = 0

    def pair(self, _tokens: Tokens | None = None) -> Tokens:
        now = self.clock()
        self.living = canary("refresh")
        return Tokens(
            access=canary("access"),
            refresh=self.living,
            got_at=now,
            access_ends_at=now + timedelta(hours=1),
        )

    def renew(self, tokens: Tokens) -> Tokens:
        self.asked += 1
        if tokens.refresh != self.living:
            raise GrantError("The refresh token is refused.")
        return self.pair()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def vendor(clock: FakeClock) -> Vendor:
    return Vendor(clock)


@pytest.fixture
def vault(tmp_path: Path) -> Failing:
    return Failing(open_secrets(VAULT, tmp_path, {}))


def store(
    vault: Failing | SecretStore,
    folder: Path,
    clock: FakeClock,
    source: str = "main",
    seal: str = "",
) -> TokenStore:
    return TokenStore(
        source=source,
        vault=vault,
        data_dir=folder,
        clock=clock,
        sleep=clock.sleep,
        seal=seal or canary("seal"),
    )


def test_a_pair_is_kept_for_other_processes(
    vault: Failing, tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    first = store(vault, tmp_path, clock).log_in(vendor.pair)
    other = store(vault, tmp_path, clock)
    second = other.renew(first, vendor.renew)
    assert store(vault, tmp_path, clock).current() == second
    assert (first.serial, second.serial) == (1, 2)


def test_a_source_may_have_any_name(
    vault: Failing, tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    own = store(vault, tmp_path, clock, source="портал-1")
    tokens = own.log_in(vendor.pair)
    assert store(vault, tmp_path, clock, source="портал-1").current() == tokens
    assert store(vault, tmp_path, clock, source="портал-2").find() is None
    assert secret_name("main") == "oauth.main"


def test_a_vault_that_fails_at_the_wrong_moment_loses_nothing(
    vault: Failing,
    tmp_path: Path,
    clock: FakeClock,
    vendor: Vendor,
) -> None:
    own = store(vault, tmp_path, clock)
    first = own.log_in(vendor.pair)
    seal = own._spare._seal
    vault.broken = True
    with capture_logs() as logged:
        second = own.renew(first, vendor.renew)
    assert [line["event"] for line in logged] == ["connectors.tokens_put_aside"]
    assert logged[0]["what"] == "The vault is full."
    assert second.access.encode() not in b"".join(
        path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )

    again = TokenStore(
        source="main", vault=vault, data_dir=tmp_path, clock=clock, sleep=clock.sleep, seal=seal
    )
    assert again.current() == second
    vault.broken = False
    third = again.renew(second, vendor.renew)
    assert read_tokens(vault.find("oauth.main")) == third
    assert not list((tmp_path / "oauth").glob("*.spare"))
    assert vendor.asked == 2


def test_a_pair_put_aside_is_moved_to_the_vault_by_the_next_who_needs_it(
    vault: Failing, tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    own = store(vault, tmp_path, clock)
    first = own.log_in(vendor.pair)
    vault.broken = True
    second = own.renew(first, vendor.renew)
    vault.broken = False
    assert own.renew(first, vendor.renew) == second
    assert read_tokens(vault.find("oauth.main")) == second
    assert vendor.asked == 1


def test_a_pair_that_a_kill_left_beside_the_vault_is_moved_there_by_the_next_process(
    vault: Failing, tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    killed = store(vault, tmp_path, clock, seal="seal")
    first = killed.log_in(vendor.pair)
    vault.broken = True
    second = killed.renew(first, vendor.renew)
    vault.broken = False
    assert store(vault, tmp_path, clock, seal="seal").current() == second
    assert read_tokens(vault.find("oauth.main")) == second
    assert not list((tmp_path / "oauth").glob("*.spare"))


def test_nothing_is_renewed_where_nothing_could_be_kept(
    vault: Failing,
    tmp_path: Path,
    clock: FakeClock,
    vendor: Vendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = store(vault, tmp_path, clock)
    first = own.log_in(vendor.pair)

    def full(path: Path, data: bytes) -> None:
        raise SecretError(f"{path} cannot be used: No space left on device.")

    monkeypatch.setattr("connectors.token_spare.replace_private", full)
    with pytest.raises(SecretError, match="No space left"):
        own.renew(first, vendor.renew)
    assert vendor.asked == 0
    monkeypatch.undo()
    own.renew(first, vendor.renew)


def test_no_login_is_begun_where_secrets_come_from_the_environment(
    tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    section = SecretsSection(backend="env")
    own = store(open_secrets(section, tmp_path, {}), tmp_path, clock)
    with pytest.raises(SecretError, match="keeps nothing"):
        own.log_in(vendor.pair)
    assert vendor.living == ""


def test_a_refusal_of_an_old_token_never_harms_a_newer_pair(
    vault: Failing, tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    one, other = store(vault, tmp_path, clock), store(vault, tmp_path, clock)
    first = one.log_in(vendor.pair)
    second = other.renew(first, vendor.renew)
    assert one.renew(first, vendor.renew) == second
    assert vendor.asked == 1


def test_a_new_login_ends_the_rest_after_a_refusal(
    vault: Failing, tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    own = store(vault, tmp_path, clock)
    first = own.log_in(vendor.pair)
    vendor.living = ""
    for _ in range(3):
        with pytest.raises(AuthError, match="is lost"):
            own.renew(first, vendor.renew)
    assert vendor.asked == 1
    second = own.log_in(vendor.pair)
    assert own.renew(first, vendor.renew) == second
    assert own.renew(second, vendor.renew).serial == 3


def test_a_refused_token_is_shown_at_most_twice_an_hour(
    vault: Failing, tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    own = store(vault, tmp_path, clock)
    first = own.log_in(vendor.pair)
    vendor.living = ""
    for _ in range(60):
        with pytest.raises(AuthError):
            own.renew(first, vendor.renew)
        clock.sleep(60)
    assert vendor.asked == 3600 / REST.total_seconds()


def test_trouble_before_the_request_leaves_no_trace(
    vault: Failing, tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    def unreachable(_tokens: Tokens) -> Tokens:
        raise RetryableError("The connection was refused.")

    own = store(vault, tmp_path, clock)
    first = own.log_in(vendor.pair)
    with pytest.raises(RetryableError):
        own.renew(first, unreachable)
    vendor.living = ""
    with pytest.raises(AuthError) as told:
        own.renew(first, vendor.renew)
    assert "had been lost" not in told.value.what


def test_a_lost_answer_is_asked_for_once_more_and_remembered(
    vault: Failing, tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    tries = 0

    def lost(_tokens: Tokens) -> Tokens:
        nonlocal tries
        tries += 1
        raise LostAnswerError("No answer in time.")

    own = store(vault, tmp_path, clock)
    first = own.log_in(vendor.pair)
    with pytest.raises(LostAnswerError):
        own.renew(first, lost)
    assert tries == 2
    clock.sleep(3600)
    vendor.living = ""
    with pytest.raises(AuthError, match="2026-10-15 12:00 UTC had been lost"):
        store(vault, tmp_path, clock).renew(first, vendor.renew)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"access": 1}', "null", '{"asked_at": "soon"}'])
def test_damaged_notes_count_as_none(
    text: str, vault: Failing, tmp_path: Path, clock: FakeClock, vendor: Vendor
) -> None:
    own = store(vault, tmp_path, clock)
    first = own.log_in(vendor.pair)
    note = tmp_path / "oauth" / "oauth.main.json"
    note.touch(mode=0o600)
    note.write_text(text)
    assert own.renew(first, vendor.renew).serial == 2
    assert read_tokens(text) is None


def test_threads_take_turns_and_one_that_waits_too_long_is_told(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.token_turn.PATIENCE_S", 0.01)
    file = tmp_path / "turn.lock"
    told: list[str] = []

    def wait() -> None:
        try:
            with turn(file, clock.sleep):
                told.append("in")
        except RetryableError as error:
            told.append(error.what)

    with turn(file, clock.sleep):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
    wait()
    assert told == ["Another Merilo process has been renewing the login for too long.", "in"]


def test_no_token_is_logged_or_shown(
    vault: Failing,
    tmp_path: Path,
    clock: FakeClock,
    vendor: Vendor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    own = store(vault, tmp_path, clock)
    first = own.log_in(vendor.pair)
    shown = f"{first!r} {own!r} {own.renew(first, vendor.renew)}"
    assert "CANARY" not in shown + caplog.text
