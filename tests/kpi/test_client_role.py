"""Metrics of client roles on small hand-made stories: who took part, when, and in which role."""

import pytest

from kpi.catalog import Catalog, load_catalog
from store.call import CALL_LEG
from store.custom_value import note_missing
from store.fact import CustomFields, Seen
from store.moment import to_day
from store.surrounding import CLIENT
from store.table import CALL, CUSTOM_VALUE, QUOTE, TEAM
from tests.kpi.books import MOSCOW, Books
from tests.kpi.shelf import Shelf, at

ACME, BETA = "company:1", "company:2"
BOSS, BUYER, NOBODY, STRANGER = "contact:1", "contact:2", "contact:3", "contact:4"
SETTINGS = {"fields.contact.role": ("UF_ROLE",)}
NAMES = ("strategic_meetings", "decision_makers", "hot_decision_makers", "multi_role_proposals")


@pytest.fixture
def shelf(books: Books) -> Shelf:
    """Of Acme the boss, a buyer and one without a role; the boss of Beta; the funnel A, B, WON."""
    found = Shelf(books, SETTINGS)
    found.funnel("A", "B")
    people = ((BOSS, ACME), (BUYER, ACME), (NOBODY, ACME), (STRANGER, BETA))
    for ref, company in ((ACME, None), (BETA, None), *people):
        found.put(
            CLIENT, ref=ref, kind=2 if company is None else 1, name=ref, company_ref=company,
            owner_ref="1", created_at=at("01-01"), updated_at=at("01-01"),
        )  # fmt: skip
    for ref, role in ((BOSS, "Директор"), (BUYER, "закупки"), (STRANGER, "ЛПР")):
        play(found, ref, role)
    return found


def play(shelf: Shelf, contact: str, role: str) -> None:
    shelf.put(CUSTOM_VALUE, kind="contact", ref=contact, name="role", text=role)


def quote(shelf: Shelf, ref: str, deal: str | None, when: str, by: int = 1, **more: object) -> None:
    moment = at(when)
    values = {"created_at": moment, "updated_at": moment, "created_day": to_day(moment, MOSCOW)}
    shelf.put(QUOTE, ref=ref, stage_ref="NEW", deal_ref=deal, created_by=by, **values, **more)


def share(shelf: Shelf, catalog: Catalog, metric: str, manager: int = 1) -> tuple[object, object]:
    """Numerator and number of deals."""
    (found,) = shelf.ask(catalog, metric, manager)
    return found.numerator, found.n


def refs(shelf: Shelf, catalog: Catalog, metric: str) -> list[list[str]]:
    """What is behind the team's number; of a share the numerator's and the denominator's."""
    return [[each.ref for each in part.records] for part in shelf.told(catalog, metric, 0).parts]


def test_a_decision_maker_who_talked_before_the_win_was_involved(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.deal("d", "10-01", won="10-20", client_ref=ACME)
    shelf.call(BOSS, "10-20 11:59", by=2)
    assert share(shelf, catalog, "decision_makers") == (1, 1)
    assert share(shelf, catalog, "decision_makers", 0) == (1, 1)
    assert share(shelf, catalog, "decision_makers", 2) == (None, 0)


def test_a_meeting_about_the_contact_counts_as_a_talk_does(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("d", "10-01", won="10-20", client_ref=ACME)
    shelf.meeting(BOSS, "10-05")
    assert share(shelf, catalog, "decision_makers") == (1, 1)


@pytest.mark.parametrize(
    ("contact", "when", "talk"),
    [
        (BOSS, "10-20 12:01", 60),
        (BOSS, "10-20 12:00", 60),
        (BOSS, "10-05", 0),
        (BUYER, "10-05", 60),
        (NOBODY, "10-05", 60),
        (STRANGER, "10-05", 60),
        (ACME, "10-05", 60),
        ("deal:d", "10-05", 60),
    ],
    ids=[
        "after the win",
        "at the very moment of the win",
        "a missed call",
        "another role",
        "no role",
        "a decision maker of another company",
        "the company without a person",
        "the deal without a person",
    ],
)
def test_nobody_else_makes_a_deal_one_with_a_decision_maker(
    shelf: Shelf, catalog: Catalog, contact: str, when: str, talk: int
) -> None:
    shelf.deal("d", "10-01", won="10-20", client_ref=ACME)
    shelf.call(contact, when, talk=talk)
    assert share(shelf, catalog, "decision_makers") == (0, 1)
    assert shelf.ask(catalog, "decision_makers")[0].state == "value"


def test_a_decision_maker_nobody_contacted_is_a_no(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("d", "10-01", won="10-20", client_ref=ACME)
    shelf.letter(BOSS, "10-05", way=1)
    assert share(shelf, catalog, "decision_makers") == (0, 1)


def test_a_deal_without_a_client_or_of_another_month_does_not_count(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.deal("nobody", "10-01", won="10-20")
    shelf.deal("later", "10-01", won="11-01", client_ref=ACME)
    shelf.deal("gone", "10-01", won="10-20", client_ref=ACME, removed_at=at("10-21"))
    shelf.call(BOSS, "10-05")
    assert share(shelf, catalog, "decision_makers") == (None, 0)
    assert refs(shelf, catalog, "decision_makers") == []


def test_who_has_no_company_is_a_client_and_its_decision_maker(
    shelf: Shelf, catalog: Catalog
) -> None:
    alone = "contact:9"
    shelf.put(CLIENT, ref=alone, kind=1, name="", created_at=at("01-01"), updated_at=at("01-01"))
    play(shelf, alone, "CEO")
    shelf.deal("d", "10-01", won="10-20", client_ref=alone)
    shelf.call(alone, "10-05")
    assert share(shelf, catalog, "decision_makers") == (1, 1)


def test_a_role_is_a_whole_line_in_any_case_and_there_may_be_several(
    shelf: Shelf, catalog: Catalog
) -> None:
    play(shelf, NOBODY, "Инженер\n ГЕНЕРАЛЬНЫЙ Директор ")
    shelf.put(
        CLIENT, ref="contact:5", kind=1, name="", company_ref=BETA,
        created_at=at("01-01"), updated_at=at("01-01"),
    )  # fmt: skip
    play(shelf, "contact:5", "помощник директора")
    for ref, client, contact in (("1", ACME, NOBODY), ("2", BETA, "contact:5")):
        shelf.deal(ref, "10-01", won="10-20", client_ref=client)
        shelf.call(contact, "10-05")
    assert refs(shelf, catalog, "decision_makers") == [["1"], ["1", "2"]]


def test_a_talk_that_a_telephone_system_tells_of_is_that_of_the_contact_in_the_crm(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.deal("d", "10-01", won="10-20", client_ref=ACME)
    moment = at("10-05")
    shelf.put(
        CALL_LEG, ref="crm", call_ref="crm", direction=2, started_at=moment, outcome="answered",
        client_ref=BOSS,
    )  # fmt: skip
    for who in (2, TEAM):
        shelf.put(
            CALL, ref="pbx", manager_id=who, day=20261005, started_at=moment, direction=2,
            talk_s=50, leg_ref="pbx", seen=1, twin_source_id=shelf.books.source, twin_ref="crm",
        )  # fmt: skip
    assert share(shelf, catalog, "decision_makers") == (1, 1)


def test_a_talk_that_a_crm_shows_on_the_deal_and_on_the_contact_is_the_contact_s(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.deal("d", "10-01", won="10-20", client_ref=ACME)
    shelf.call("deal:d", "10-05")
    for ref, about, talk in (("copy", BOSS, 200), ("silent", BUYER, 0)):
        shelf.put(
            CALL_LEG, ref=ref, call_ref="c1", direction=2, started_at=at("10-05"), talk_s=talk,
            outcome="answered", client_ref=about,
        )  # fmt: skip
    assert share(shelf, catalog, "decision_makers") == (1, 1)
    quote(shelf, "q", "d", "10-01")
    assert shelf.one(catalog, "multi_role_proposals") == 0


def test_a_talk_whose_telephone_system_says_nobody_talked_is_none(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.deal("d", "10-01", won="10-20", client_ref=ACME)
    shelf.call(BOSS, "10-05")
    with shelf.books.store.write() as tx:
        tx.execute(CALL.update().values(seen=int(Seen.COPY)))
    assert share(shelf, catalog, "decision_makers") == (0, 1)


def test_other_words_make_others_decision_makers(shelf: Shelf, tmp_path: object) -> None:
    file = tmp_path / "mine.toml"  # type: ignore[operator]
    file.write_text(
        '[buyers]\ntitle.en = "Buyers"\ncategory = "quality"\nfact = "deal"\n'
        'python = "kpi.client_role:in_won"\ncombine = "share"\n'
        'needs = ["activities", "calls", "companies", "contacts", "fields.contact.role"]\n'
        'options = { words = ["Закупки"] }\n'
    )
    shelf.deal("d", "10-01", won="10-20", client_ref=ACME)
    shelf.call(BUYER, "10-05")
    assert share(shelf, load_catalog([file]), "buyers") == (1, 1)


def test_somebody_who_was_never_read_leaves_it_open(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("d", "10-01", won="10-20", client_ref="contact:77")
    shelf.deal("e", "10-01", won="10-20", client_ref=ACME)
    shelf.call("contact:77", "10-05")
    shelf.call(BOSS, "10-05")
    (found,) = shelf.ask(catalog, "decision_makers")
    assert (found.numerator, found.n, found.state) == (1, 2, "partial")
    shelf.meeting("contact:77", "10-06")
    (met,) = shelf.ask(catalog, "strategic_meetings")
    assert (met.value, met.state) == (0, "partial")


def test_a_hot_deal_is_one_that_came_into_the_last_open_stage(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.call(BOSS, "10-09")
    for ref, stage, when, client in (
        ("in time", "B", "10-10", ACME),
        ("too soon", "B", "10-08", ACME),
        ("not yet", "A", "10-10", ACME),
        ("of nobody", "B", "10-10", None),
        ("other month", "B", "11-02", ACME),
    ):
        shelf.deal(ref, "10-01", client_ref=client)
        shelf.move(ref, stage, when)
    assert refs(shelf, catalog, "hot_decision_makers") == [["in time"], ["too soon", "in time"]]
    assert share(shelf, catalog, "hot_decision_makers") == (1, 2)


def test_a_hot_deal_counts_once_in_a_period_by_its_first_arrival(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.deal("d", "09-01", client_ref=ACME)
    for stage, when in (
        ("B", "09-05"),
        ("A", "09-06"),
        ("B", "10-05"),
        ("A", "10-06"),
        ("B", "10-20"),
    ):
        shelf.move("d", stage, when)
    shelf.call(BOSS, "10-10")
    assert share(shelf, catalog, "hot_decision_makers") == (0, 1)
    assert shelf.ask(catalog, "hot_decision_makers", month="2026-09")[0].n == 1


def test_a_hot_deal_is_that_of_who_held_it_then(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("d", "10-01", 2, client_ref=ACME)
    shelf.move("d", "B", "10-05")
    assert share(shelf, catalog, "hot_decision_makers", 2) == (0, 1)
    assert share(shelf, catalog, "hot_decision_makers", 1) == (None, 0)


def test_a_proposal_counts_with_two_roles_of_its_client(shelf: Shelf, catalog: Catalog) -> None:
    play(shelf, NOBODY, "Закупки")
    for ref, client in (("a", ACME), ("b", BETA)):
        shelf.deal(ref, "09-01", client_ref=client)
    for ref, deal, when in (
        ("two", "a", "10-01"),
        ("other month", "a", "09-30"),
        ("one role", "b", "10-01"),
        ("no deal", None, "10-01"),
    ):
        quote(shelf, ref, deal, when, by=3)
    quote(shelf, "gone", "a", "10-01", removed_at=at("10-02"))
    for contact in (BUYER, NOBODY, STRANGER):
        shelf.call(contact, "09-15")
    assert refs(shelf, catalog, "multi_role_proposals") == []
    shelf.meeting(BOSS, "10-31 23:59")
    assert refs(shelf, catalog, "multi_role_proposals") == [["two"]]
    assert [shelf.one(catalog, "multi_role_proposals", who) for who in (3, 0)] == [1, 1]


def test_a_role_that_came_after_the_period_does_not_count(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("a", "09-01", client_ref=ACME)
    quote(shelf, "q", "a", "10-01")
    shelf.call(BUYER, "10-02")
    shelf.call(BOSS, "11-01 00:00")
    assert refs(shelf, catalog, "multi_role_proposals") == []


def test_one_person_may_play_two_roles(shelf: Shelf, catalog: Catalog) -> None:
    play(shelf, NOBODY, "Директор\nЗакупки")
    shelf.deal("a", "09-01", client_ref=ACME)
    quote(shelf, "q", "a", "10-01")
    shelf.call(NOBODY, "10-02")
    assert refs(shelf, catalog, "multi_role_proposals") == [["q"]]


def test_a_strategic_meeting_is_one_about_a_contact_of_such_a_role(
    shelf: Shelf, catalog: Catalog
) -> None:
    for about in (BUYER, BOSS, NOBODY, ACME, "deal:1"):
        shelf.meeting(about, "10-05", by=2)
    shelf.meeting(BUYER, "11-05", by=2)
    play(shelf, NOBODY, "CFO")
    assert [shelf.one(catalog, "strategic_meetings", who) for who in (2, 1, 0)] == [2, 0, 2]
    (part,) = shelf.told(catalog, "strategic_meetings", 0).parts
    assert [(each.fact, each.ref) for each in part.records] == [
        ("meeting", "m1"),
        ("meeting", "m3"),
    ]


def test_strategic_meetings_by_role_add_up(shelf: Shelf, catalog: Catalog) -> None:
    play(shelf, NOBODY, "Закупки\nCFO")
    for about, times in ((BUYER, 2), (NOBODY, 1), (BOSS, 1)):
        for _ in range(times):
            shelf.meeting(about, "10-05")
    apart = shelf.ask(catalog, "strategic_meetings_by_role", 0)
    assert {(each.of or {})["role"]: each.value for each in apart} == {"закупки": 2, "cfo": 1}
    assert shelf.one(catalog, "strategic_meetings", 0) == 3


@pytest.mark.parametrize("name", NAMES)
def test_without_the_setting_nothing_is_known(shelf: Shelf, catalog: Catalog, name: str) -> None:
    shelf.settings = {"main": {}}
    (found,) = shelf.ask(catalog, name)
    assert (found.value, found.state) == (None, "unknown")


def test_a_field_that_the_vendor_does_not_have_feeds_nothing(
    shelf: Shelf, catalog: Catalog
) -> None:
    with shelf.books.store.write() as tx:
        note_missing(tx, shelf.books.source, CustomFields(kind="contact", missing=("role",)))
    for name in NAMES:
        (found,) = shelf.ask(catalog, name)
        assert (found.value, found.state) == (None, "unknown")
