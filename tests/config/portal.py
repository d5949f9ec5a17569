"""A connector's settings and a settings file, as small as the tests of config/ need them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from config.error import ConfigError, Problem
from config.load import load_settings
from config.secret_ref import SecretRef
from config.settings import Settings, SourceSettings

METRICS = ("calls_out", "calls_120s", "talk_time", "deals_won", "revenue", "win_rate")

FULL = """\
[merilo]
data_dir = "./data"
timezone = "Europe/Moscow"
currency = "RUB"
language = "ru"

[store]
url = "sqlite"

[secrets]
backend = "vault"
master_key = "generated"

[sources.main]
connector = "bitrix24"
url = "https://example.bitrix24.ru"
auth = "webhook"
webhook = "secret:main-webhook"
poll = "60s"
sweep = "24h"
since = "2025-01-01"
ca_bundle = ""

[[managers]]
name = "Анна Петрова"
aliases = { main = "7" }
from = "2026-01-01"
to = "2026-12-31"
ignore = false

[fields.main.deal]
margin = "UF_CRM_MARGIN"

[funnels.main]
qualified = ["C1:QUALIFIED"]

[meetings.main]
todo_title = "встреч|meeting|zoom"

[calendar]
country = "RU"
days_off = []
work_days = []
hours = "09:00-18:00"

[metrics]
files = []

[[destinations]]
source = "main"
kind = "scorecard"
metrics = ["calls_120s", "revenue"]
today = ["calls_120s"]
months = 2
every = "10m"
on_human_edit = "ask"
max_first_writes = 200

[web]
listen = "127.0.0.1:8600"
token = "secret:web-token"
public_url = ""
"""


class PortalSettings(SourceSettings):
    """What a Bitrix24 source needs besides the common keys."""

    connector: Literal["bitrix24"] = Field(description="bitrix24")
    auth: Literal["webhook"] = Field(default="webhook", description="How we log in.")
    webhook: SecretRef = Field(description="The incoming webhook.")


def load(
    path: Path, environ: Mapping[str, str] | None = None, *, require_secrets: bool = False
) -> Settings:
    """The settings of a file, with one connector and six metrics known."""
    return load_settings(
        path,
        source_models={"bitrix24": PortalSettings},
        environ=environ or {},
        metric_names=METRICS,
        require_secrets=require_secrets,
    )


def problems(path: Path, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """The mistakes in a file that must have some."""
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    return caught.value.problems


def write(directory: Path, text: str = FULL, name: str = "merilo.toml") -> Path:
    """A settings file in a directory."""
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path
