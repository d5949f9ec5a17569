"""A write whose answer is lost is looked up and not sent again, whatever it writes to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.writeback.office import MONTHS, Office, open_office
from tests.writeback.record_office import KINDS, UPDATES, RecordOffice, open_record_office

SCORECARD = "scorecard"
UPDATE = {SCORECARD: "crm.item.update", **{kind: UPDATES[kind][0] for kind in KINDS}}


@pytest.fixture(params=[SCORECARD, *KINDS])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """One destination of each kind, with everything shown that should be."""
    made = (
        open_office(tmp_path)
        if request.param == SCORECARD
        else open_record_office(tmp_path, request.param)
    )
    with made as office:
        office.apply()
        yield office


def change_one(office: Office) -> None:
    """One number of one record is another now."""
    if isinstance(office, RecordOffice):
        next(iter(office.values.values()))["calls_120s"] = 77
    else:
        office.scores[3, MONTHS[1]] |= {"calls_120s": 77}


def is_right(office: Office) -> bool:
    return office.is_right() if isinstance(office, RecordOffice) else office.agrees()


def sent(office: Office) -> int:
    """How often the one update was sent, whatever became of it."""
    method = UPDATE[office.settings.kind]
    return sum(record.commands.count(method) for record in office.box.log)


@pytest.mark.parametrize("kind", ["lost", "truncate", "short"])
def test_a_write_that_was_applied_is_found_and_not_sent_again(office: Office, kind: str) -> None:
    change_one(office)
    office.box.log.clear()
    office.box.faults.add(kind, method=UPDATE[office.settings.kind])
    for _ in range(3):
        office.drain()
    assert sent(office) == 1
    assert is_right(office)


@pytest.mark.parametrize("kind", ["reset", "html500", "empty200", "html200"])
def test_a_write_that_was_not_applied_is_seen_to_be_missing_and_sent_again(
    office: Office, kind: str
) -> None:
    change_one(office)
    office.box.log.clear()
    office.box.faults.add(kind, method=UPDATE[office.settings.kind])
    for _ in range(3):
        office.drain()
    assert sent(office) == 2
    assert is_right(office)
