"""[sources.NAME] of an exchange: the example of `merilo init`, the address and the zone."""

import pytest
from pydantic import ValidationError

from config.example import example_secrets, example_settings
from connectors.mango.settings import MangoSettings

KEYS = {"connector": "mango", "api_key": "env:KEY", "api_salt": "env:SALT"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://app.mango-office.ru", "https://app.mango-office.ru/vpbx"),
        ("https://app.mango-office.ru/vpbx/", "https://app.mango-office.ru/vpbx"),
        ("http://127.0.0.1:8601", "http://127.0.0.1:8601/vpbx"),
    ],
)
def test_the_folder_of_the_api_may_be_left_out(written: str, meant: str) -> None:
    assert MangoSettings.model_validate({**KEYS, "url": written}).url == meant


def test_the_address_and_the_zone_may_be_left_out() -> None:
    settings = MangoSettings.model_validate(KEYS)
    assert settings.url == "https://app.mango-office.ru/vpbx"
    assert settings.report_zone == "Europe/Moscow"
    assert settings.is_telephony


def test_an_unknown_zone_is_a_mistake() -> None:
    with pytest.raises(ValidationError):
        MangoSettings.model_validate({**KEYS, "report_zone": "Moscow"})


def test_the_example_names_both_keys() -> None:
    assert [name for name, _ in example_secrets(["mango"])] == ["main-key", "main-salt"]
    assert "[[destinations]]" not in example_settings(["mango"])
    assert example_settings(["mango", "amocrm"]).count("[[destinations]]") == 1
