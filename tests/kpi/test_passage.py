"""Stages: how far deals came, and when they came there, on small hand-made stories."""

import pytest

from kpi.catalog import Catalog
from store.record import add_owner_changes
from store.table import CUSTOM_VALUE, DEAL
from tests.kpi.books import Books
from tests.kpi.shelf import Shelf, at

SETTINGS = {
    "funnels.qualified": ("B",),
    "funnels.negotiation": ("C",),
    "funnels.proposal": ("C", "Y"),
    "funnels.proposal_requested": ("B",),
    "funnels.returned": ("LOSE",),
    "funnels.project": ("7",),
    "funnels.bid": ("C",),
    "fields.deal.tender": ("UF_TENDER",),
    "fields.deal.registered": ("UF_DONE",),
}


@pytest.fixture
def shelf(books: Books) -> Shelf:
    """The funnel 0: A, B, C, WON; the funnel 7: X, Y, 7:WON."""
    found = Shelf(books, SETTINGS)
    found.funnel("A", "B", "C")
    found.funnel("X", "Y", ref="7", won="C7:WON")
    return found


def steps(
    shelf: Shelf, catalog: Catalog, manager: int = 1
) -> dict[tuple[str | None, ...], tuple[object, int | None]]:
    found = shelf.ask(catalog, "stage_conversion", manager)
    return {tuple((each.of or {}).values()): (each.numerator, each.n) for each in found}


def test_a_skipped_stage_counts_as_passed(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("1", "10-01", stage_ref="C")
    shelf.move("1", "A", "10-01")
    shelf.move("1", "C", "10-02")
    shelf.deal("2", "10-01", stage_ref="A")
    assert steps(shelf, catalog) == {
        ("0", "A", "B"): (1, 2),
        ("0", "B", "C"): (1, 1),
        ("0", "C", "WON"): (0, 1),
    }


def test_who_went_back_or_was_lost_has_reached_what_it_reached(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.deal("1", "10-01", stage_ref="A")
    shelf.move("1", "C", "10-02")
    shelf.move("1", "A", "10-03")
    shelf.deal("2", "10-01", stage_ref="LOSE", state=2)
    shelf.move("2", "B", "10-02")
    shelf.move("2", "LOSE", "10-03", state=2)
    shelf.deal("3", "10-01", stage_ref="LOSE", state=2)
    assert steps(shelf, catalog) == {
        ("0", "A", "B"): (2, 2),
        ("0", "B", "C"): (1, 2),
        ("0", "C", "WON"): (0, 1),
    }


def test_a_deal_of_another_month_or_removed_does_not_count(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("1", "09-30", won="10-02")
    shelf.deal("2", "10-01", won="10-02", removed_at=at("10-05"))
    assert steps(shelf, catalog) == {}
    assert shelf.ask(catalog, "stage_conversion") == []


def test_funnels_are_told_apart_and_stages_are_short(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("1", "10-01", pipeline_ref="7", stage_ref="C7:WON", state=1)
    shelf.deal("2", "10-01", 2, stage_ref="A")
    assert steps(shelf, catalog) == {("7", "X", "Y"): (1, 1), ("7", "Y", "WON"): (1, 1)}
    assert set(steps(shelf, catalog, 0)) == {
        ("7", "X", "Y"),
        ("7", "Y", "WON"),
        ("0", "A", "B"),
    }


def test_the_records_of_both_sides_are_told(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("1", "10-01", stage_ref="B")
    shelf.deal("2", "10-02", stage_ref="A")
    told = shelf.told(catalog, "stage_conversion")
    assert told.agrees
    assert told.value.value is None
    first = [part for part in told.parts if (part.of or {}).get("from") == "A"]
    assert [(part.sides, [each.ref for each in part.records]) for part in first] == [
        (("numerator",), ["1"]),
        (("denominator",), ["1", "2"]),
    ]


def test_the_roles_of_stages_make_a_funnel_of_kpis(shelf: Shelf, catalog: Catalog) -> None:
    for ref, stage in enumerate(("A", "B", "B", "C", "WON")):
        shelf.deal(str(ref), "10-01", stage_ref=stage, state=int(stage == "WON"))
    shelf.deal("other", "10-01", pipeline_ref="7", stage_ref="X")
    (found,) = shelf.ask(catalog, "deal_qualification")
    assert (found.value, found.numerator, found.n) == (0.8, 4, 5)
    assert shelf.one(catalog, "qualified_to_negotiation") == 0.5
    assert shelf.one(catalog, "negotiation_to_proposal") == 1
    assert shelf.one(catalog, "proposal_to_deal") == 0.5


def test_a_deal_that_changed_its_funnel_is_one_deal(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("1", "10-01", pipeline_ref="7", stage_ref="Y")
    shelf.move("1", "A", "10-01")
    shelf.move("1", "X", "10-02", funnel="7")
    shelf.move("1", "Y", "10-03", funnel="7")
    assert steps(shelf, catalog)[("0", "A", "B")] == (0, 1)
    (found,) = shelf.ask(catalog, "proposal_to_deal")
    assert (found.numerator, found.n) == (0, 1)


def test_a_lead_qualifies_by_its_stage_or_by_its_deal(shelf: Shelf, catalog: Catalog) -> None:
    shelf.lead("1", "10-01", stage="B")
    shelf.lead("2", "10-01")
    shelf.lead("3", "10-01")
    shelf.lead("4", "10-01")
    shelf.deal("d2", "11-02", stage_ref="C", lead_ref="2")
    shelf.deal("d3", "11-02", stage_ref="A", lead_ref="3")
    (found,) = shelf.ask(catalog, "lead_qualification")
    assert (found.value, found.numerator, found.n) == (0.5, 2, 4)


def test_back_and_forth_is_one_proposal_of_who_held_the_deal_then(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.deal("1", "09-01", 2, stage_ref="C")
    for stage, day in (("B", "10-01"), ("C", "10-05"), ("B", "10-06"), ("C", "11-07")):
        shelf.move("1", stage, day)
    with shelf.books.store.write() as tx:
        changes = [("1", at("01-01"), "1"), ("1", at("10-20"), "2")]
        add_owner_changes(tx, DEAL, shelf.books.source, changes)
    assert [shelf.one(catalog, "proposals_sent", who) for who in (1, 2, 0)] == [1, 0, 1]
    assert shelf.one(catalog, "proposals_sent", 0, "2026-11") == 0
    assert shelf.one(catalog, "proposal_turnaround") == 4 * 86_400


def test_a_tender_is_a_deal_whose_field_is_filled_in(shelf: Shelf, catalog: Catalog) -> None:
    for ref in ("1", "2"):
        shelf.deal(ref, "10-01", stage_ref="C")
        shelf.move(ref, "C", "10-05")
    shelf.put(CUSTOM_VALUE, kind="deal", ref="1", name="tender", text="Y")
    assert shelf.one(catalog, "tenders_entered") == 1
    assert shelf.one(catalog, "proposals_sent") == 2


def test_a_return_falls_on_the_month_of_the_win(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("1", "09-01", won="10-05", stage_ref="LOSE", state=2)
    shelf.move("1", "WON", "10-05", state=1)
    shelf.move("1", "LOSE", "11-05", state=2)
    shelf.deal("2", "09-01", won="10-06")
    shelf.move("2", "LOSE", "10-02", state=2)
    shelf.move("2", "WON", "10-06", state=1)
    (found,) = shelf.ask(catalog, "return_rate")
    assert (found.value, found.numerator, found.n) == (0.5, 1, 2)
    (found,) = shelf.ask(catalog, "return_rate", month="2026-11")
    assert found.n == 0


def test_projects_are_found_registered_and_moved_on(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("1", "10-01", pipeline_ref="7", stage_ref="Y")
    shelf.deal("2", "10-01", pipeline_ref="7", stage_ref="X")
    shelf.deal("3", "10-01")
    shelf.put(CUSTOM_VALUE, kind="deal", ref="1", name="registered", text="1")
    for stage, day in (("X", "10-01"), ("Y", "10-02"), ("X", "10-03"), ("Y", "10-04")):
        shelf.move("1", stage, day, funnel="7")
    shelf.meeting("deal:1", "10-09")
    shelf.meeting("deal:3", "10-09")
    shelf.meeting("deal:1", "11-09")
    assert shelf.one(catalog, "projects_found") == 2
    assert shelf.one(catalog, "projects_registered") == 0.5
    # One advance, X to Y the first time, and one meeting.
    assert shelf.one(catalog, "project_progress") == 2


def test_a_proposal_after_the_first_meeting_is_its_fruit(shelf: Shelf, catalog: Catalog) -> None:
    for ref, proposal in (("1", "10-08"), ("2", "10-02"), ("3", None)):
        shelf.deal(ref, "09-01", stage_ref="C" if proposal else "A")
        shelf.meeting(f"deal:{ref}", "10-05")
        if proposal:
            shelf.move(ref, "C", proposal)
    (found,) = shelf.ask(catalog, "meeting_to_proposal")
    assert (found.numerator, found.n) == (1, 3)


def test_without_the_role_nothing_is_known(books: Books, catalog: Catalog) -> None:
    shelf = Shelf(books)
    shelf.funnel("A", "B")
    shelf.deal("1", "10-01", stage_ref="B")
    (found,) = shelf.ask(catalog, "proposals_sent")
    assert (found.value, found.n, found.state) == (None, None, "unknown")
