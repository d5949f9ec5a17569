"""`merilo secrets` and `merilo schema`, as a script or a person uses them."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from config import keeper
from merilo.command import schema, secrets
from merilo.context import Context
from tests.canary import canary, seen_canaries
from tests.config.portal import FULL, write

SETTINGS = FULL.replace('token = "secret:web-token"\n', "")


@pytest.fixture(autouse=True)
def no_system_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain server, whatever machine the tests run on."""
    monkeypatch.setattr(keeper, "_SYSTEM", ())


def run(path: Path, *arguments: str, stdin: str = "") -> tuple[int, str]:
    """Exit code and everything printed by `merilo secrets ...`."""
    context = Context(config_path=path)
    result = CliRunner().invoke(secrets.app, list(arguments), input=stdin, obj=context)
    return result.exit_code, result.output


def test_a_secret_set_from_standard_input_is_listed_and_never_shown(tmp_path: Path) -> None:
    path = write(tmp_path, SETTINGS)
    value = canary("stdin")
    printed = ""
    for arguments, code in [
        (("test",), 78),
        (("list",), 0),
        (("set", "main-webhook"), 0),
        (("list",), 0),
        (("test",), 0),
    ]:
        result = run(path, *arguments, stdin=value + "\n")
        assert result[0] == code, result[1]
        printed += result[1]
    assert "secret:main-webhook\tmissing\tsources.main.webhook" in printed
    assert "secret:main-webhook\tset\tsources.main.webhook" in printed
    assert seen_canaries(printed) == []


def test_a_value_on_the_command_line_is_a_usage_error(tmp_path: Path) -> None:
    assert run(write(tmp_path, SETTINGS), "set", "main-webhook", "7/abc")[0] == 2


@pytest.mark.parametrize("name", ["../x", "a b", "", ".hidden"])
def test_a_name_that_no_reference_could_hold_is_a_usage_error(tmp_path: Path, name: str) -> None:
    assert run(write(tmp_path, SETTINGS), "set", name, stdin="7/abc")[0] == 2
    assert not (tmp_path / "data").exists()


def test_the_schema_is_printed_with_the_keys_of_every_connector() -> None:
    app = typer.Typer()
    app.command()(schema.schema)
    result = CliRunner().invoke(app, [])
    assert "source_bitrix24" in json.loads(result.output)["$defs"]
