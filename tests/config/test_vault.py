"""The vault keeps what it is given, notices every change, and survives a kill."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import PasswordDeleteError

from config.error import SecretError
from config.vault import FileVault
from tests.canary import canary, seen_canaries

KEY = bytes(range(32))


def vault(directory: Path, key: bytes = KEY) -> FileVault:
    return FileVault(directory / "vault.json", lambda: key)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A vault file with two secrets."""
    vault(tmp_path).set_password("merilo", "first", "1/abc")
    vault(tmp_path).set_password("merilo", "second", "2/def")
    return tmp_path / "vault.json"


NAMES = st.text("abc.-_яÿ/", min_size=1, max_size=5)
VALUES = st.text(st.characters(codec="utf-8"), max_size=40)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_what_was_set_last_is_read_back_by_name(pairs: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        for user, value in pairs:
            vault(Path(name)).set_password("merilo", user, value)
        kept = vault(Path(name))
        assert {user: kept.get_password("merilo", user) for user in dict(pairs)} == dict(pairs)
        assert kept.names("merilo") == sorted(dict(pairs))
        assert kept.get_password("other", "a") is None


def test_a_deleted_secret_is_gone_and_an_unknown_one_cannot_be_deleted(filled: Path) -> None:
    kept = vault(filled.parent)
    kept.delete_password("merilo", "first")
    assert kept.names("merilo") == ["second"]
    with pytest.raises(PasswordDeleteError):
        kept.delete_password("merilo", "first")


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80])
def test_a_change_of_any_byte_is_noticed(filled: Path, flip: int) -> None:
    raw = filled.read_bytes()
    for index in range(len(raw)):
        filled.write_bytes(raw[:index] + bytes([raw[index] ^ flip]) + raw[index + 1 :])
        with pytest.raises(SecretError):
            vault(filled.parent).get_password("merilo", "second")


def test_a_file_cut_short_or_made_longer_anywhere_is_noticed(filled: Path) -> None:
    raw = filled.read_bytes()
    for changed in [raw[:length] for length in range(len(raw))] + [raw + b"\n", raw + b" "]:
        filled.write_bytes(changed)
        with pytest.raises(SecretError, match="damaged"):
            vault(filled.parent).get_password("merilo", "second")


def test_two_records_that_changed_places_are_noticed(filled: Path) -> None:
    content = json.loads(filled.read_bytes())
    records = content["records"]
    first, second = sorted(records)
    records[first], records[second] = records[second], records[first]
    rewrite(filled, content)
    with pytest.raises(SecretError, match="damaged"):
        vault(filled.parent).get_password("merilo", "first")


def test_a_record_taken_out_or_put_back_from_an_old_copy_is_noticed(filled: Path) -> None:
    old = json.loads(filled.read_bytes())
    vault(filled.parent).set_password("merilo", "first", "new")
    new = json.loads(filled.read_bytes())
    for records in (
        {"merilo/second": new["records"]["merilo/second"]},
        {**new["records"], "merilo/first": old["records"]["merilo/first"]},
    ):
        rewrite(filled, {**new, "records": records})
        with pytest.raises(SecretError, match="damaged"):
            vault(filled.parent).get_password("merilo", "second")


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "1", '"x"', '{"version": 1}', "[" * 9999])
def test_a_file_that_never_was_a_vault_is_called_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "vault.json").write_text(text)
    (tmp_path / "vault.json").chmod(0o600)
    with pytest.raises(SecretError, match="damaged"):
        vault(tmp_path).get_password("merilo", "first")


def test_another_master_key_is_told_apart_from_damage(filled: Path) -> None:
    with pytest.raises(SecretError, match="another master key"):
        vault(filled.parent, bytes(32)).get_password("merilo", "first")
    with pytest.raises(SecretError, match="another master key"):
        vault(filled.parent, bytes(32)).set_password("merilo", "first", "x")
    assert vault(filled.parent).get_password("merilo", "first") == "1/abc"


def test_a_vault_of_a_newer_program_is_left_alone(filled: Path) -> None:
    content = json.loads(filled.read_bytes())
    rewrite(filled, {**content, "version": 2})
    with pytest.raises(SecretError, match="format 2, this program knows 1"):
        vault(filled.parent).set_password("merilo", "first", "x")


def test_only_the_owner_can_read_the_file_and_enter_its_directory(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    vault(directory).set_password("merilo", "first", "1/abc")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert modes == {"vault.json": 0o600, "vault.lock": 0o600}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_file_that_others_can_use_is_refused_with_the_command_to_run(
    filled: Path, mode: int
) -> None:
    filled.chmod(mode)
    with pytest.raises(SecretError, match=f"chmod 600 {filled}"):
        vault(filled.parent).get_password("merilo", "first")


def test_a_directory_that_others_can_write_is_refused(filled: Path) -> None:
    filled.parent.chmod(0o777)
    with pytest.raises(SecretError, match="chmod go-w"):
        vault(filled.parent).set_password("merilo", "first", "x")
    filled.parent.chmod(0o700)


def test_a_planted_link_in_place_of_the_new_file_is_not_followed(filled: Path) -> None:
    target = filled.parent / "target"
    target.write_text("untouched")
    (filled.parent / ".vault.json.new").symlink_to(target)
    with pytest.raises(SecretError, match="cannot be used"):
        vault(filled.parent).set_password("merilo", "first", "x")
    assert target.read_text() == "untouched"


def test_a_full_disk_leaves_the_old_secrets(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(SecretError, match="No space left"):
            vault(filled.parent).set_password("merilo", "first", "x")
    assert vault(filled.parent).get_password("merilo", "first") == "1/abc"


def test_a_kill_before_the_rename_leaves_the_old_file_and_the_next_start_writes(
    filled: Path,
) -> None:
    before = filled.read_bytes()
    script = (
        "import os, signal, sys; from pathlib import Path; from config.vault import FileVault;"
        "Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL);"
        "vault = FileVault(Path(sys.argv[1]), lambda: bytes(range(32)));"
        "vault.set_password('merilo', 'first', 'new')"
    )
    done = subprocess.run([sys.executable, "-c", script, str(filled)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert filled.read_bytes() == before
    assert vault(filled.parent).get_password("merilo", "first") == "1/abc"
    vault(filled.parent).set_password("merilo", "first", "newer")
    assert vault(filled.parent).get_password("merilo", "first") == "newer"
    assert not list(filled.parent.glob(".vault*"))


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for index in range(5):
            vault(tmp_path).set_password("merilo", f"{number}-{index}", str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vault(tmp_path).names("merilo")) == 20


def test_keyring_never_picks_the_vault_by_chance() -> None:
    assert FileVault.viable is False
    assert NullKeyring.viable is True


def test_no_value_shows_in_the_file_the_texts_or_a_traceback(tmp_path: Path) -> None:
    kept = vault(tmp_path)
    kept.set_password("merilo", "first", canary("vault"))
    raw = (tmp_path / "vault.json").read_bytes()
    (tmp_path / "vault.json").write_bytes(raw[:-9] + b"0" + raw[-8:])
    with pytest.raises(SecretError) as caught:
        kept.set_password("merilo", "second", canary("argument"))
    shown = "".join(traceback.format_exception(caught.value)) + str(kept) + repr(kept)
    assert seen_canaries(shown + raw.decode()) == []
    assert KEY.hex() not in shown


def rewrite(path: Path, content: object) -> None:
    """Store a changed vault in the spelling that the vault itself uses."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    path.write_text(text, encoding="utf-8")
