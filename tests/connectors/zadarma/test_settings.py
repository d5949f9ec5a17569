"""[sources.NAME] of an account: the example of `merilo init`, and the zone nobody can guess."""

import tomllib

import pytest
from pydantic import ValidationError

from config.example import example_secrets, example_settings
from connectors.zadarma.settings import ZadarmaSettings

KEYS = {"connector": "zadarma", "key": "env:KEY", "secret": "env:SECRET"}


def test_the_address_may_be_left_out_and_the_zone_may_not() -> None:
    settings = ZadarmaSettings.model_validate({**KEYS, "timezone": "Asia/Almaty"})
    assert settings.url == "https://api.zadarma.com"
    assert str(settings.zone) == "Asia/Almaty"
    assert settings.is_telephony
    with pytest.raises(ValidationError, match="timezone"):
        ZadarmaSettings.model_validate(KEYS)


def test_an_unknown_zone_is_a_mistake_that_names_the_right_one() -> None:
    with pytest.raises(ValidationError, match="Europe/Moscow"):
        ZadarmaSettings.model_validate({**KEYS, "timezone": "Europe/Mosow"})


def test_the_example_is_a_source_as_it_stands() -> None:
    (table,) = tomllib.loads(example_settings(["zadarma"]))["sources"].values()
    assert ZadarmaSettings.model_validate(table).timezone == "Europe/Moscow"
    assert [name for name, _ in example_secrets(["zadarma"])] == ["main-key", "main-secret"]
