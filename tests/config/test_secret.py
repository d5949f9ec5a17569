"""A secret is found where the settings say, or the message says how to provide it."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from config import keeper
from config.error import SecretError
from config.secret import SecretStore, list_states, open_secrets, phone_key, references
from config.secret_ref import SecretRef
from config.settings import SecretsSection
from tests.canary import canary, seen_canaries
from tests.config.memory_keyring import LockedKeyring, MemoryKeyring
from tests.config.portal import load, write

GOOD_KEY = "k" * 44
MAIN = SecretRef("secret", "main")


@pytest.fixture(autouse=True)
def no_system_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A plain server, whatever machine the tests run on."""
    monkeypatch.setattr(keeper, "_SYSTEM", ())
    yield
    MemoryKeyring.kept.clear()


def use_keyring(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(keeper, "_SYSTEM", (f"tests.config.memory_keyring.{name}",))


def store(
    directory: Path,
    backend: str = "vault",
    master_key: str = "generated",
    environ: Mapping[str, str] | None = None,
) -> SecretStore:
    section = SecretsSection.model_validate({"backend": backend, "master_key": master_key})
    return open_secrets(section, directory, environ or {})


@pytest.mark.parametrize("backend", ["vault", "file", "os", "auto"])
def test_a_secret_that_was_set_is_found_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    use_keyring(monkeypatch, "MemoryKeyring")
    value = canary(backend)
    store(tmp_path, backend).set("main", f"{value}\n")
    store(tmp_path, backend).set("other", "x1")
    again = store(tmp_path, backend)
    assert again.get(MAIN) == value
    assert again.names() == ["main", "other"]
    assert all(check.ok for check in again.test())
    assert seen_canaries(repr(again) + str(again.test())) == []


@pytest.mark.parametrize("backend", ["vault", "file", "os", "env", "auto"])
def test_a_missing_secret_names_the_command_that_sets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    use_keyring(monkeypatch, "MemoryKeyring")
    with pytest.raises(SecretError, match="merilo secrets set main") as caught:
        store(tmp_path, backend).get(MAIN)
    assert store(tmp_path, backend).place in str(caught.value)


@pytest.mark.parametrize("value", ["", "  \n", "CHANGE_ME", "changeme"])
def test_an_empty_value_or_a_placeholder_is_no_secret(tmp_path: Path, value: str) -> None:
    with pytest.raises(SecretError, match="placeholder"):
        store(tmp_path).set("main", value)
    with pytest.raises(SecretError, match="placeholder"):
        store(tmp_path, environ={"MAIN": value}).get(SecretRef("env", "MAIN"))


def test_auto_takes_the_keyring_of_the_system_unless_a_vault_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "vault" in store(tmp_path, "auto").place
    use_keyring(monkeypatch, "MemoryKeyring")
    assert "keyring" in store(tmp_path, "auto").place
    store(tmp_path, "vault").set("main", "x1")
    assert "vault" in store(tmp_path, "auto").place


def test_a_locked_or_absent_keyring_is_never_replaced_by_a_plaintext_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("LockedKeyring", "NoSuchKeyring"):
        use_keyring(monkeypatch, name)
        assert "vault" in store(tmp_path, "auto").place
        with pytest.raises(SecretError, match='backend = "vault"'):
            store(tmp_path, "os")


def test_a_keyring_locked_later_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_keyring(monkeypatch, "MemoryKeyring")
    opened = store(tmp_path, "os")
    monkeypatch.setattr(MemoryKeyring, "get_password", LockedKeyring.get_password)
    with pytest.raises(SecretError, match="Unlock it"):
        opened.get(MAIN)
    assert [check.ok for check in opened.test()] == [False]


def test_secrets_of_the_environment_are_read_and_never_written(tmp_path: Path) -> None:
    opened = store(tmp_path, "env", environ={"MERILO_SECRET_MAIN": "7/abc"})
    assert opened.get(MAIN) == "7/abc"
    assert opened.names() == ["main"]
    with pytest.raises(SecretError, match="MERILO_SECRET_MAIN_WEBHOOK"):
        opened.set("main-webhook", "x1")


def test_a_reference_to_a_variable_or_a_file_needs_no_backend(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("from file\n")
    path.chmod(0o600)
    opened = store(tmp_path, environ={"TOKEN": "from variable"})
    assert opened.get(SecretRef("env", "TOKEN")) == "from variable"
    assert opened.get(SecretRef("file", str(path))) == "from file"
    path.chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600"):
        opened.get(SecretRef("file", str(path)))
    path.unlink()
    with pytest.raises(SecretError, match="mode 0600"):
        opened.get(SecretRef("file", str(path)))
    with pytest.raises(SecretError, match="Set the variable OTHER"):
        opened.get(SecretRef("env", "OTHER"))


def test_every_source_of_the_master_key_opens_the_same_vault(tmp_path: Path) -> None:
    path = tmp_path / "merilo-master-key"
    path.write_text(GOOD_KEY + "\n")
    path.chmod(0o600)
    environ = {"KEY": GOOD_KEY, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    store(tmp_path / "data", master_key="env:KEY", environ=environ).set("main", "7/abc")
    for source in ("env:KEY", f"file:{path}", "credential"):
        assert store(tmp_path / "data", master_key=source, environ=environ).get(MAIN) == "7/abc"


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        ("credential", "LoadCredential=merilo-master-key"),
        ("env:KEY", "openssl rand"),
        ("file:/nowhere/key", "mode 0600"),
    ],
)
def test_a_missing_master_key_says_how_to_make_one(
    tmp_path: Path, source: str, advice: str
) -> None:
    with pytest.raises(SecretError, match=advice):
        store(tmp_path, master_key=source).set("main", "7/abc")
    (check,) = store(tmp_path, master_key=source).test()
    assert not check.ok
    assert advice in check.advice


def test_a_short_master_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="shorter than 32") as caught:
        store(tmp_path, master_key="env:KEY", environ={"KEY": "hunter2"}).set("main", "7/abc")
    assert "hunter2" not in str(caught.value)


def test_a_lost_generated_key_is_not_quietly_replaced(tmp_path: Path) -> None:
    store(tmp_path).set("main", "7/abc")
    (tmp_path / "master.key").unlink()
    for _ in range(2):
        with pytest.raises(SecretError, match="Restore"):
            store(tmp_path).get(MAIN)
        with pytest.raises(SecretError, match="Restore"):
            store(tmp_path).set("main", "x1")
    assert not (tmp_path / "master.key").exists()


def test_a_generated_key_is_called_weak(tmp_path: Path) -> None:
    (check,) = store(tmp_path).test()
    assert check.ok
    assert "credential" in check.advice


def test_the_key_for_telephone_numbers_is_made_once(tmp_path: Path) -> None:
    first = phone_key(store(tmp_path))
    assert len(first) == 32
    assert phone_key(store(tmp_path)) == first
    assert phone_key(store(tmp_path / "other")) != first


def test_two_first_starts_agree_on_the_key_for_telephone_numbers(tmp_path: Path) -> None:
    keys: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: keys.append(phone_key(store(tmp_path)))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 6
    assert len(set(keys)) == 1


def test_states_show_what_is_kept_missing_and_used(tmp_path: Path) -> None:
    settings = load(write(tmp_path))
    opened = open_secrets(settings.secrets, settings.merilo.data_dir, {})
    opened.set("main-webhook", "7/abc")
    opened.set("spare", "x1")
    assert references(settings) == [
        ("sources.main.webhook", SecretRef("secret", "main-webhook")),
        ("web.token", SecretRef("secret", "web-token")),
    ]
    states = {
        state.ref.name: (state.present, state.used_by) for state in list_states(settings, opened)
    }
    assert states == {
        "main-webhook": (True, ("sources.main.webhook",)),
        "spare": (True, ()),
        "web-token": (False, ("web.token",)),
    }


def test_reading_the_settings_imports_neither_keyring_nor_nacl(tmp_path: Path) -> None:
    script = (
        "import sys; from tests.config.portal import load, write; from pathlib import Path;"
        "from config.secret import open_secrets;"
        "settings = load(write(Path(sys.argv[1])));"
        "open_secrets(settings.secrets, settings.merilo.data_dir, {}).names();"
        "print([name for name in ('keyring', 'nacl') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
