"""What `merilo init` writes loads at once, and is never written over something."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from config.error import ConfigError
from config.example import example_settings
from config.secret import open_secrets
from merilo.command.init import init
from merilo.context import Context
from merilo.wiring import settings_from
from tests.config.portal import load, write


def run_init(path: Path | None, *arguments: str) -> tuple[int, str]:
    """Exit code and output of `merilo init`."""
    app = typer.Typer()
    app.command()(init)
    result = CliRunner().invoke(app, list(arguments), obj=Context(config_path=path))
    return result.exit_code, result.output


def test_the_example_loads_once_its_secret_is_there(tmp_path: Path) -> None:
    path = write(tmp_path, example_settings())
    settings = load(path)
    with pytest.raises(ConfigError, match="merilo secrets set main-webhook"):
        load(path, require_secrets=True)
    open_secrets(settings.secrets, settings.merilo.data_dir, {}).set("main-webhook", "7/abc")
    assert load(path, require_secrets=True) == settings


def test_naming_the_connector_gives_the_same_example() -> None:
    assert example_settings(["bitrix24", "bitrix24"]) == example_settings()


def test_a_connector_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match='Unknown connector "1c", available: bitrix24, amocrm'):
        example_settings(["1c"])


def test_init_writes_the_example_and_says_what_comes_next(tmp_path: Path) -> None:
    path = tmp_path / "merilo.toml"
    code, output = run_init(path, "bitrix24")
    assert code == 0
    assert path.read_text(encoding="utf-8") == example_settings()
    assert "merilo secrets set main-webhook" in output


def test_init_writes_into_this_directory_when_no_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_init(None)[0] == 0
    assert load(tmp_path / "merilo.toml").sources


def test_init_never_overwrites(tmp_path: Path) -> None:
    path = write(tmp_path, "mine")
    code, output = run_init(path)
    assert code == 2
    assert "already there" in output
    assert path.read_text() == "mine"


@pytest.mark.parametrize("arguments", [("1c",), ()])
def test_init_leaves_nothing_behind_when_it_fails(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    path = tmp_path / "absent" / "merilo.toml"
    assert run_init(path, *arguments)[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_an_example_for_both_names_both_secrets(tmp_path: Path) -> None:
    path = tmp_path / "merilo.toml"
    code, output = run_init(path, "amocrm", "bitrix24")
    assert code == 0
    assert "secrets set main-token" in output
    assert "secrets set bitrix24-webhook" in output
    sources = settings_from(Context(config_path=path)).sources
    assert [each.connector for each in sources.values()] == ["amocrm", "bitrix24"]


def test_the_example_loads_with_the_connectors_and_metrics_there_really_are(tmp_path: Path) -> None:
    path = write(tmp_path, example_settings())
    settings = settings_from(Context(config_path=path))
    assert settings.sources["main"].connector == "bitrix24"
    assert settings.destinations[0].metrics
