"""What a metric lacks is told with the setting that would feed it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.settings import MeriloSection, Settings
from kpi.catalog import Catalog, load_catalog
from kpi.coverage import Vantage
from merilo.lack import lack_of, lacks, unused

POLL = timedelta(minutes=1)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def seen(*streams: str, **settings: tuple[str, ...]) -> Vantage:
    fed = {"main": {name.replace("__", "."): stages for name, stages in settings.items()}}
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return Vantage({"main": (streams, POLL)}, ZoneInfo("Europe/Moscow"), now, fed)


def test_a_stream_a_setting_or_the_world_may_be_lacking(catalog: Catalog) -> None:
    deals = seen("deals", "stage_history")
    assert lack_of(catalog.find("revenue"), deals, "ru") == ""
    assert "потоком calls" in lack_of(catalog.find("calls_in"), deals, "ru")
    told = lack_of(catalog.find("proposals_sent"), deals, "en")
    assert told == 'needs the setting [funnels.main] proposal = ["..."]'
    told = lack_of(catalog.find("margin_share"), deals, "ru")
    assert told == 'нужна настройка [fields.main.deal] margin = "..."'
    assert "планы" in lack_of(catalog.find("plan_fulfilment"), deals, "ru")
    fed = seen("deals", "stage_history", funnels__proposal=("C",), fields__deal__margin=("UF",))
    wanted = [catalog.find(name) for name in ("proposals_sent", "margin_share", "crm_time")]
    assert [line.partition(":")[0] for line in lacks(wanted, fed, "en")] == ["crm_time"]


def test_settings_that_feed_nothing_are_told(catalog: Catalog, tmp_path: Path) -> None:
    settings = Settings(
        funnels={"main": {"qualifed": ("C1:Q",), "proposal": ("C1:P",)}},
        fields={"main": {"deal": {"margin": "UF_M"}, "lead": {"margin": "UF_L"}}},
    )
    fed = seen(
        "deals", funnels__qualifed=("C1:Q",), funnels__proposal=("C1:P",),
        fields__deal__margin=("UF_M",),
    )  # fmt: skip
    assert list(unused(catalog, settings, fed)) == [
        (
            "[funnels.main] qualifed",
            'ни один показатель этого не использует; did you mean "qualified"?',
        ),
        ("[fields.main.lead] margin", "такие поля этого источника не читаются"),
    ]
    english = settings.model_copy(update={"merilo": MeriloSection(language="en")})
    assert [why for _, why in unused(catalog, english, fed)] == [
        'no metric uses it; did you mean "qualified"?',
        "such fields of this source are not read",
    ]
