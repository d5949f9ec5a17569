"""[sources.NAME] of an exchange: the example of `merilo init`, and the address as it is pasted."""

import tomllib

import pytest

from config.example import example_secrets, example_settings
from connectors.itoolabs.settings import ItoolabsSettings

KEYS = {"connector": "itoolabs", "token": "env:KEY"}


@pytest.mark.parametrize(
    "pasted",
    [
        "https://example.megapbx.ru",
        "https://example.megapbx.ru/",
        "https://example.megapbx.ru/crmapi/v1",
        "https://example.megapbx.ru/crmapi/v1/",
    ],
)
def test_the_address_may_be_pasted_as_the_cabinet_shows_it(pasted: str) -> None:
    settings = ItoolabsSettings.model_validate({**KEYS, "url": pasted})
    assert settings.url == "https://example.megapbx.ru"
    assert settings.is_telephony


def test_the_example_is_a_source_as_it_stands() -> None:
    (table,) = tomllib.loads(example_settings(["itoolabs"]))["sources"].values()
    assert ItoolabsSettings.model_validate(table).credit == "each_leg"
    assert [name for name, _ in example_secrets(["itoolabs"])] == ["main-key"]
