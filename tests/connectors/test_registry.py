"""Connectors are found by folder name."""

import subprocess
import sys

import pytest

from config.error import ConfigError
from connectors.registry import connector_names, load_connector


def test_every_folder_is_a_connector_of_its_own_name() -> None:
    assert "bitrix24" in connector_names()
    assert [load_connector(name).name for name in connector_names()] == list(connector_names())


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match="bitrix24"):
        load_connector("bitrix42")


def test_loading_a_connector_loads_no_http() -> None:
    code = (
        "import sys; from connectors.registry import load_connector; load_connector('bitrix24');"
        "assert not {'httpx', 'tenacity', 'phonenumbers'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
