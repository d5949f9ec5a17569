"""What cycles over unchanged CRMs cost, with every kind of destination written to."""

from typing import ClassVar

from merilo.cycle import run_cycle
from merilo.scorecard import apply_writeback, run_writeback
from merilo.wiring import App
from tests.contract.amocrm_place import AmoPlace
from tests.contract.company_place import CompanyPlace
from tests.contract.place import Place

PROFILES = """
[[destinations]]
source = "main"
kind = "user_fields"
metrics = ["calls_in", "deals_won", "revenue", "win_rate"]
every = "1s"
"""

FACTS = """
[[destinations]]
source = "{}"
kind = "record_fields"
metrics = ["days_in_stage", "talk_minutes", "last_contact"]
every = "1s"
max_first_writes = 1000
"""


class WritingPlace(Place):
    """A portal whose numbers and facts are written to every kind of destination."""

    extra: ClassVar[str] = PROFILES + FACTS.format("main")


class WritingAmoPlace(AmoPlace):
    """The same of an account."""

    extra: ClassVar[str] = FACTS.format("amo")


class WritingCompanyPlace(CompanyPlace):
    """The same of a company with both."""

    extra: ClassVar[str] = WritingPlace.extra + WritingAmoPlace.extra


def settle_down(place: Place, app: App) -> None:
    """Everything is read and written back, and what we wrote is seen once more."""
    for source in place.boxes:
        assert not run_cycle(app, source).errors
    for destination in app.settings.destinations:
        assert apply_writeback(app, destination).written
    for _ in range(2):
        place.pass_by(minutes=5)
        for source in place.boxes:
            run_cycle(app, source)


def quiet_requests(place: Place, app: App, cycles: int) -> dict[str, list[list[str]]]:
    """What each cycle asks each CRM; none of them finds a change, and nothing is written."""
    written = [len(crm.writes) for crm in place.crms]
    asked: dict[str, list[list[str]]] = {source: [] for source in place.boxes}
    for _ in range(cycles):
        place.pass_by(minutes=1)
        for source, box in place.boxes.items():
            sent = len(box.log)
            result = run_cycle(app, source)
            assert not result.errors
            assert not any(stream.changed for stream in result.streams)
            for destination in app.settings.destinations:
                run_writeback(app, destination.name)
            asked[source].append([each.method for each in box.log][sent:])
    assert [len(crm.writes) for crm in place.crms] == written
    return asked
