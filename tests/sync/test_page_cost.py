"""What keeping a page costs depends on the page, not on how much the store already holds."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from store.fact import (
    CallLeg,
    Client,
    ClientKind,
    Direction,
    Email,
    EmailKind,
    Fact,
    Lead,
    Meeting,
    MeetingState,
    OwnerEvent,
    Quote,
    Task,
    TaskState,
)
from store.fact import DealState as State
from store.store import Store
from sync.recredit import current
from tests.store.steps import steps_of
from tests.sync.ledger import Ledger, day, deal, move

PAGE = 100

Case = Callable[[str, float], Sequence[Fact]]


def won_deal(ref: str, at: float) -> Sequence[Fact]:
    return (deal(ref, "WON", at, client_ref=f"company:{ref}", lead_ref=ref, quote_ref=ref),)


def won_deal_of_one_client(ref: str, at: float) -> Sequence[Fact]:
    return (deal(ref, "WON", at, client_ref="company:1"),)


def deal_handed_over(ref: str, at: float) -> Sequence[Fact]:
    former = str(max(int(ref) - PAGE, 0))
    return deal(ref, "NEW", at), deal(former, "NEW", at, owner_ref="8")


def stage_history(ref: str, at: float) -> Sequence[Fact]:
    return deal(ref, "WON", at), move(int(ref), ref, "WON", at)


def owner_history(ref: str, at: float) -> Sequence[Fact]:
    told = OwnerEvent(
        ref=ref, kind="deal", record_ref=ref, at=day(at), before_ref="8", after_ref="7"
    )
    return deal(ref, "NEW", at), told


def lead(ref: str, at: float) -> Sequence[Fact]:
    made = Lead(
        ref=ref, stage_ref="NEW", state=State.OPEN, owner_ref="7",
        created_at=day(at), updated_at=day(at),
    )  # fmt: skip
    return (made,)


def quote(ref: str, at: float) -> Sequence[Fact]:
    made = Quote(
        ref=ref, stage_ref="NEW", deal_ref=ref, owner_ref="7",
        created_at=day(at), updated_at=day(at),
    )  # fmt: skip
    return (made,)


def letter(ref: str, at: float) -> Sequence[Fact]:
    sent = Email(
        ref=ref, direction=Direction.OUT, kind=EmailKind.PERSONAL, owner_ref="7",
        begun_at=day(at), updated_at=day(at), about_ref=f"lead:{ref}",
    )  # fmt: skip
    return (sent,)


def meeting(ref: str, at: float) -> Sequence[Fact]:
    held = Meeting(
        ref=ref, state=MeetingState.HELD, owner_ref="7",
        begun_at=day(at), updated_at=day(at), about_ref=f"lead:{ref}",
    )  # fmt: skip
    return (held,)


def missed_call(ref: str, at: float) -> Sequence[Fact]:
    leg = CallLeg(
        ref=ref, call_ref=ref, user_ref="7", direction=Direction.IN, started_at=day(at),
        talk_s=0, outcome="missed", client_hash=f"hash{ref}", client_last4="4567",
        client_ref=f"lead:{ref}",
    )  # fmt: skip
    return (leg,)


def contact(ref: str, at: float) -> Sequence[Fact]:
    known = Client(
        ref=f"contact:{ref}", kind=ClientKind.CONTACT, name="Пётр", company_ref=None,
        owner_ref="7", created_at=day(at), updated_at=day(at),
    )  # fmt: skip
    return (known,)


def task(ref: str, at: float) -> Sequence[Fact]:
    done = Task(
        ref=ref, state=TaskState.DONE, is_crm=True, owner_ref="7", created_at=day(at),
        updated_at=day(at), deadline_at=day(at), done_at=day(at),
    )  # fmt: skip
    return (done,)


def page(case: Case, number: int) -> list[Fact]:
    """Ten minutes lie between one case and the next."""
    cases = range(number * PAGE, (number + 1) * PAGE)
    apart = timedelta(minutes=10) / timedelta(days=1)
    return [fact for each in cases for fact in case(str(each), each * apart)]


@pytest.mark.parametrize(
    "case",
    [
        won_deal, won_deal_of_one_client, deal_handed_over, stage_history, owner_history,
        lead, quote, letter, meeting, missed_call, contact, task,
    ],
)  # fmt: skip
def test_a_page_costs_the_same_in_a_store_five_times_as_large(
    sqlite_store: Store, case: Case
) -> None:
    ledger = Ledger(sqlite_store)

    def cost(number: int) -> int:
        facts = page(case, number)
        return steps_of(sqlite_store, lambda tx: current(tx, ledger.commit).put(tx, facts))

    costs = [cost(number) for number in range(15)]
    assert costs[14] < 1.02 * costs[2]
