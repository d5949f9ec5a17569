"""One company with two CRMs: one person is one manager, and each CRM shows the whole number."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi.engine import rebuild
from kpi.value import Query, values
from merilo.cycle import run_cycle
from merilo.scorecard import apply_writeback, plan_writeback
from merilo.wiring import App
from sandbox.server import start_sandbox
from tests.clock import Clock
from tests.flow import amo
from tests.flow.card import Cards, account_cards, portal_cards
from tests.flow.company import SUMS, Company, Entry

SINCE, TODAY = date(2026, 8, 1), date(2026, 10, 15)
MONTHS = (date(2026, 9, 1), date(2026, 10, 1))
BOTH = {"main", "amo"}

COUNTED = [each for each in SUMS if each not in ("average_deal", "win_rate", "lead_conversion")]
"""What is written as it was counted; shares and means are made of these."""

ANNA = "Анна Петрова"


class Desk:
    """Both sandboxes with the same people, and the agent that reads them."""

    def __init__(self, folder: Path, boxes: dict[str, Any], clock: Clock) -> None:
        self.folder, self.boxes, self.clock = folder, boxes, clock
        self.company = Company(boxes)
        self.portal, self.account = boxes["main"].portal, boxes["amo"].account
        self.parted: Any = None

    def join(self, *entries: Entry) -> None:
        """The settings join accounts."""
        self.company = Company(self.boxes, entries)

    def opened(self, extra: str = "") -> AbstractContextManager[App]:
        """The agent, started anew."""
        path = self.company.write_settings(self.folder, since=f"{SINCE}", extra=extra)
        return amo.agent(path, self.clock)

    def read(self, app: App) -> None:
        """A cycle of each, some minutes later."""
        self.clock.forward(minutes=11)
        for source in self.boxes:
            assert not run_cycle(app, source).errors

    def write(self, app: App) -> list[int]:
        """What a person is shown and says yes to; how much was written to each."""
        written = []
        for each in app.settings.destinations:
            steps = plan_writeback(app, each).steps
            result = apply_writeback(app, each)
            assert bool(steps) == bool(result.written)
            assert not result.rejected
            written.append(result.written)
        return written

    def one(self, source: str, name: str) -> Any:
        """Somebody's account in one of the CRMs."""
        users = (self.portal if source == "main" else self.account).users.values()
        return next(each for each in users if name_of(each) == name)

    def part(self, name: str) -> None:
        """By their e-mail the accounts of one name are two people: in amoCRM it is another."""
        account = self.one("amo", name)
        account.email, account.name = "other@severny-veter.example", f"{name.split()[0]} Иная"
        self.parted = account

    def entry(self, name: str, days: tuple[date, date]) -> Entry:
        """Settings that make one person of her two accounts."""
        hers = self.parted or self.one("amo", ANNA)
        return Entry(name, {"main": f"{self.one('main', ANNA).id}", "amo": f"{hers.id}"}, days)

    def cards(self) -> dict[str, Cards]:
        """What stands in the CRMs."""
        return {"main": portal_cards(self.boxes["main"]), "amo": account_cards(self.boxes["amo"])}

    def agree(self, app: App) -> None:
        """Everybody's numbers are those of both sandboxes together, by day and by month."""
        days: dict[str, Any] = {"since": SINCE, "until": TODAY}
        for by in ("day", "month"):
            expected = self.company.truth(**days, by=by, reads=[self.clock.now])
            assert expected
            assert self.company.shown(app, **days, by=by) == expected
        assert not rebuild(app.store, app.catalog)

    def whole(self) -> Cards:
        """What the cards of these months should say, of everybody who did anything in them."""
        people = [*self.account.users.values(), *self.portal.users.values()]
        names = {each.email: name_of(each) for each in people}
        cards: Cards = {}
        told = self.company.truth(
            since=MONTHS[0], until=date(2026, 10, 31), by="month", reads=[self.clock.now]
        )
        for (who, metric, month), (number, _, _) in told.items():
            if who is not None and metric in COUNTED:
                title = f"{names.get(who, who)} · {month:%Y-%m}"
                cards.setdefault(title, {})[metric.upper()] = number
        return cards

    def expected(self, without: str = "nobody") -> Cards:
        """The same, but for one person, as far as there was anything."""
        wanted = counted(self.whole())
        return {title: card for title, card in wanted.items() if not title.startswith(without)}


def name_of(user: Any) -> str:
    """How both CRMs show a person."""
    found: str = getattr(user, "full_name", user.name)
    return found


def of(cards: Cards, *names: str) -> Cards:
    """The cards whose titles begin so."""
    return {title: card for title, card in cards.items() if title.startswith(names)}


def counted(cards: Cards) -> Cards:
    """What the cards say of what was counted, as far as there was anything."""
    names = {each.upper() for each in COUNTED}
    found: Cards = {}
    for title, card in cards.items():
        numbers = {name: float(card[name]) for name in card.keys() & names if card[name]}
        found[title] = {name: number for name, number in numbers.items() if number}
    return {title: card for title, card in found.items() if card}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = Clock()
    with (
        start_sandbox("bitrix24", scale="tiny", seed=5, clock=clock) as portal,
        start_sandbox("amocrm", scale="tiny", seed=5, clock=clock) as account,
    ):
        yield Desk(tmp_path, {"main": portal, "amo": account}, clock)


def test_people_of_one_e_mail_are_one_manager_with_the_work_of_both(desk: Desk) -> None:
    with desk.opened() as app:
        desk.read(app)
        desk.agree(app)
        query = Query(since=SINCE, until=TODAY, metrics=tuple(SUMS))
        found = values(app.store, app.catalog, query, app.vantage)
        assert {frozenset(each.aliases) for each in found if each.manager} == {frozenset(BOTH)}
        assert all(each.state == "value" for each in found)


def test_each_crm_shows_the_whole_number_and_nothing_is_written_twice(desk: Desk) -> None:
    with desk.opened() as app:
        desk.read(app)
        assert all(desk.write(app))
        for cards in desk.cards().values():
            assert counted(cards) == desk.expected()
        desk.read(app)
        assert desk.write(app) == [0, 0]


def test_who_works_in_one_crm_only_has_a_card_only_there(desk: Desk) -> None:
    desk.part(ANNA)
    with desk.opened() as app:
        desk.read(app)
        desk.agree(app)
        desk.write(app)
    alone = {"main": ANNA, "amo": "Анна Иная"}
    for source, cards in desk.cards().items():
        assert of(cards, "Анна").keys() == {f"{alone[source]} · {month:%Y-%m}" for month in MONTHS}
        assert counted(cards) == desk.expected(without="".join({*alone.values()} - {alone[source]}))


LATELY = (date(2026, 9, 10), date(2026, 10, 5))


def test_accounts_joined_for_some_days_make_one_card_of_the_work_of_these_days(desk: Desk) -> None:
    desk.part(ANNA)
    desk.join(desk.entry("Анна Сводная", LATELY))
    with desk.opened() as app:
        desk.read(app)
        desk.agree(app)
        desk.write(app)
        cards = desk.cards()
        assert counted(cards["main"]) == desk.expected(without="Анна Иная")
        assert counted(cards["amo"]) == desk.expected(without=ANNA)
        assert counted(of(cards["amo"], "Анна Сводная")).keys() == {
            f"Анна Сводная · {month:%Y-%m}" for month in MONTHS
        }
        desk.read(app)
        assert desk.write(app) == [0, 0]


def test_nobody_has_a_card_for_a_month_in_which_the_account_was_somebody_else(desk: Desk) -> None:
    before, after = (date(2026, 5, 1), date(2026, 8, 31)), (date(2026, 9, 1), date.max)
    desk.join(desk.entry("Анна Прежняя", before), desk.entry("Анна Новая", after))
    with desk.opened() as app:
        desk.read(app)
        desk.agree(app)
        desk.write(app)
    for cards in desk.cards().values():
        assert of(cards, "Анна").keys() == {f"Анна Новая · {month:%Y-%m}" for month in MONTHS}


def test_a_card_is_emptied_when_its_person_is_known_in_the_crm_no_more(desk: Desk) -> None:
    joined = desk.one("amo", ANNA)
    email = joined.email
    with desk.opened() as app:
        desk.read(app)
        desk.write(app)
        desk.part(ANNA)
        desk.read(app)
        assert all(desk.write(app))
        cards = of(desk.cards()["amo"], ANNA)
        assert [card.keys() for card in cards.values()] == [{"KEY", "OWNER"}] * len(MONTHS)
        assert counted(desk.cards()["amo"]) == desk.expected(without=ANNA)
        joined.email = email
        desk.read(app)
        assert all(desk.write(app))
        assert not counted(of(desk.cards()["amo"], "Анна Иная"))
        for cards in desk.cards().values():
            assert counted(cards) == desk.expected()
        assert desk.write(app) == [0, 0]


PROFILES = """
[[destinations]]
source = "main"
kind = "user_fields"
metrics = ["calls_in", "calls_out"]
"""


def test_the_fields_of_a_user_show_who_the_account_is_now(desk: Desk) -> None:
    desk.join(desk.entry("Аа Сводная", (date(2026, 9, 1), date.max)))
    with desk.opened(PROFILES) as app:
        desk.read(app)
        desk.write(app)
    fields = desk.one("main", ANNA).values
    shown = {name.upper().split("MERILO_")[-1]: value for name, value in fields.items()}
    card = desk.whole()["Аа Сводная · 2026-10"]
    assert {name: float(shown[name]) for name in ("CALLS_IN", "CALLS_OUT")} == {
        name: float(card[name]) for name in ("CALLS_IN", "CALLS_OUT")
    }
