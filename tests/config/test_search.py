"""Which file is read, what is added to it, and what the environment replaces."""

from pathlib import Path

import pytest

from config import search
from config.error import ConfigError
from config.search import find_files
from tests.config.portal import FULL, load, problems, write


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A file at every place of the search path, in the order of the search."""
    system = tmp_path / "etc" / "merilo.toml"
    monkeypatch.setattr(search, "SYSTEM", system)
    home = tmp_path / "home" / ".config" / "merilo"
    here = tmp_path / "here"
    for directory in (home, here, system.parent):
        directory.mkdir(parents=True)
    monkeypatch.chdir(here)
    return {
        "option": write(tmp_path, name="option.toml"),
        "variable": write(tmp_path, name="variable.toml"),
        "here": write(here),
        "home": write(home),
        "system": write(system.parent),
    }


def test_the_first_file_of_the_search_path_wins(places: dict[str, Path], tmp_path: Path) -> None:
    environ = {"MERILO_CONFIG": str(places["variable"]), "HOME": str(tmp_path / "home")}
    assert find_files(places["option"], environ) == [places["option"]]
    assert find_files(None, environ) == [places["variable"]]
    del environ["MERILO_CONFIG"]
    for place in ("here", "home", "system"):
        assert find_files(None, environ)[0].absolute() == places[place]
        places[place].unlink()


def test_without_any_file_the_places_and_the_next_command_are_told(
    places: dict[str, Path], tmp_path: Path
) -> None:
    for place in ("here", "home", "system"):
        places[place].unlink()
    with pytest.raises(ConfigError, match="merilo init") as caught:
        find_files(None, {"HOME": str(tmp_path / "home")})
    assert str(places["system"]) in str(caught.value)


def test_a_named_file_that_is_not_there_is_not_replaced_by_another(
    places: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        find_files(tmp_path / "absent.toml", {"MERILO_CONFIG": str(places["variable"])})


def test_additions_beside_the_system_file_are_read_in_the_order_of_names(
    places: dict[str, Path],
) -> None:
    more = places["system"].parent / "conf.d"
    more.mkdir()
    write(more, '[merilo]\nlanguage = "en"\n[calendar]\ncountry = "BY"\n', "20.toml")
    write(more, '[merilo]\nlanguage = "ru"\ncurrency = "BYN"\n', "10.toml")
    write(more, '[[managers]]\nname = "Иван Орлов"\n', "30.toml")
    write(more, "nonsense", "README")
    settings = load(places["system"])
    assert (settings.merilo.language, settings.merilo.currency) == ("en", "BYN")
    assert settings.calendar.hours == "09:00-18:00"
    assert [manager.name for manager in settings.managers] == ["Анна Петрова", "Иван Орлов"]


def test_a_mistake_in_an_addition_is_told_in_that_file(places: dict[str, Path]) -> None:
    more = places["system"].parent / "conf.d"
    more.mkdir()
    path = write(more, '[[managers]]\nname = "A"\nignore = 1\n[store]\nulr = "sqlite"\n', "a.toml")
    assert [str(problem) for problem in problems(places["system"])] == [
        f"{path}:3:1: managers[1].ignore: must be true or false",
        f'{path}:5:1: store.ulr: unknown key; did you mean "url"?',
    ]


def test_the_environment_replaces_single_values(tmp_path: Path) -> None:
    environ = {
        "MERILO__SOURCES__MAIN__POLL": "5m",
        "MERILO__DESTINATIONS__0__MONTHS": "3",
        "MERILO__MANAGERS__0__ALIASES__MAIN": '"8"',
        "MERILO__CALENDAR__DAYS_OFF": '["2026-12-31"]',
        "MERILO_OTHER": "ignored",
    }
    settings = load(write(tmp_path), environ)
    assert settings.sources["main"].poll.total_seconds() == 300
    assert settings.destinations[0].months == 3
    assert settings.managers[0].aliases == {"main": "8"}
    assert str(settings.calendar.days_off[0]) == "2026-12-31"


def test_the_environment_reaches_names_with_hyphens_and_tables_not_in_the_file(
    tmp_path: Path,
) -> None:
    text = FULL.replace("main", "my-crm").split("[web]")[0]
    environ = {"MERILO__SOURCES__MY_CRM__POLL": "7s", "MERILO__WEB__LISTEN": "127.0.0.1:1"}
    settings = load(write(tmp_path, text), environ)
    assert settings.sources["my-crm"].poll.total_seconds() == 7
    assert settings.web.port == 1


def test_a_mistake_in_the_environment_is_told_with_its_variable(tmp_path: Path) -> None:
    environ = {
        "MERILO__WEB__LISTN": "127.0.0.1:1",
        "MERILO__SOURCES__MAIN__POLL": "soon",
        "MERILO__MANAGERS__5__NAME": "x",
        "MERILO__MERILO__LANGUAGE__X": "x",
        "MERILO__CALENDAR__DAYS_OFF": '["2026-12-31", "never"]',
    }
    assert [str(problem) for problem in problems(write(tmp_path), environ)] == [
        "environment MERILO__CALENDAR__DAYS_OFF: calendar.days_off[1]:"
        ' must be a day such as "2026-01-31"',
        "environment MERILO__MANAGERS__5__NAME: leads to no setting",
        "environment MERILO__MERILO__LANGUAGE__X: leads to no setting",
        "environment MERILO__SOURCES__MAIN__POLL: sources.main.poll:"
        ' must be a duration in quotes such as "60s", "10m", "24h" or "7d"',
        'environment MERILO__WEB__LISTN: web.listn: unknown key; did you mean "listen"?',
    ]


def test_a_value_with_line_breaks_cannot_bring_in_other_keys(tmp_path: Path) -> None:
    environ = {"MERILO__MERILO__CURRENCY": '"RUB"\nlanguage = "en"'}
    (problem,) = problems(write(tmp_path), environ)
    assert problem.key == "merilo.currency"


def test_paths_start_at_the_settings_file_wherever_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = FULL.replace('ca_bundle = ""', 'ca_bundle = "ca.pem"').replace(
        '"generated"', '"file:key"'
    )
    write(tmp_path, text.replace("secret:web-token", "file:token"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    settings = load(Path("../merilo.toml"))
    for path in (
        settings.sources["main"].ca_bundle,
        settings.secrets.master_key.removeprefix("file:"),
        settings.web.token.name if settings.web.token else "",
        settings.merilo.data_dir / "..",
    ):
        assert Path(path).is_absolute()
        assert Path(path).resolve().is_relative_to(tmp_path)
        assert not Path(path).resolve().is_relative_to(elsewhere)
