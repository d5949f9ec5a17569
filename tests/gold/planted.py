"""Classical mistakes of programs that count, made on purpose in a running agent."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple
from unittest import mock
from zoneinfo import ZoneInfo

import msgspec

from connectors.bitrix24 import normalize
from kpi import cell, condition, median, split
from kpi.subject import SUBJECTS
from store import call as stored_call
from store import callback, conversion, repeat, reply, upsert
from store import record as stored_record
from store.fact import Direction
from store.moment import DAY_MS, LocalDays, day_date, day_number
from store.table import TEAM
from sync import closing, credit, fold, handover, money, same_person

Patch = AbstractContextManager[Any]
_put = mock.patch.object
_CATEGORY = "CALL_CATEGORY"


class Mistake(NamedTuple):
    """A mistake, and the number that gives it away: (who, metric, reason), or (kind, first day,
    who) of a period, or "rebuild" for the nightly comparison."""

    make: Callable[[], Patch]
    seen_in: tuple[str, ...]


def _nothing(*_args: Any, **_options: Any) -> int:
    return 0


def more_than_instead_of_at_least() -> Patch:
    """Exactly 120 s are no longer 120 s and more."""
    return mock.patch.dict(condition._COMPARE, {"gte": operator.gt})


def ringing_is_talk() -> Patch:
    """The duration of a call is taken whatever its code says."""
    call: Any = normalize.call

    def all_of_it(record: Any, context: Any) -> Iterator[Any]:
        return (
            msgspec.structs.replace(each, talk_s=each.lasted_s) for each in call(record, context)
        )

    return _put(normalize, "call", all_of_it)


def a_call_back_is_incoming() -> Patch:
    """Type 4 is taken for what its name suggests."""
    return mock.patch.dict(normalize._DIRECTION, {"4": Direction.IN})


def an_information_call_is_a_call() -> Patch:
    """Type 5 is counted as outgoing."""
    return _both(
        _put(normalize, "_INFORMATION_CALL", "none"),
        mock.patch.dict(normalize._DIRECTION, {"5": Direction.OUT}),
    )


def an_internal_call_is_a_call() -> Patch:
    """Nobody asks whether there was a client."""
    call: Any = normalize.call
    return _put(normalize, "call", lambda record, *more: call({**record, _CATEGORY: ""}, *more))


def a_transfer_is_the_last_persons() -> Patch:
    """Only who talked last is credited."""
    shares = fold.shares
    return _put(credit, "shares", lambda *args: [*(found := shares(*args))[:1], *found[1:][-1:]])


def the_team_is_the_sum_of_its_people() -> Patch:
    """The team's talk is what known people talked."""
    shares = fold.shares

    def summed(legs: Any, manager_of: Any, rule: str) -> list[fold.Share]:
        (_, _, ref), *people = shares(legs, manager_of, rule)
        return [(TEAM, sum(each[1] for each in people), ref), *people]

    return _put(credit, "shares", summed)


def a_late_leg_is_a_call_of_its_own() -> Patch:
    """What was known of the call is not folded together with it."""
    return _put(stored_call, "legs_of", lambda *_args: {})


def days_are_those_of_utc() -> Patch:
    """A day begins at midnight in Greenwich."""
    return _put(credit, "LocalDays", lambda _zone: LocalDays(ZoneInfo("UTC")))


def clocks_never_change() -> Patch:
    """The offset of winter all year round."""
    return _put(credit, "LocalDays", lambda _zone: LocalDays(ZoneInfo("Etc/GMT-1")))


def weeks_begin_on_sunday() -> Patch:
    """As calendars on some walls do."""
    periods = cell._periods

    def from_sunday(number: int) -> Any:
        day = day_date(number)
        sunday = day - timedelta(days=(day.weekday() + 1) % 7)
        return ("week", day_number(sunday)), periods(number)[1]

    return _put(cell, "_periods", from_sunday)


def credit_goes_to_the_owner_of_today() -> Patch:
    """Whoever has a deal now, has always had it."""
    return _put(credit, "owner_at", lambda _moment, _history, owner: owner)


def a_new_owner_has_it_from_the_version_before() -> Patch:
    """Not from just after it."""

    def at(moment: Any, history: Any, owner: Any) -> Any:
        holders = [each.owner_ref for each in history if each.after_at <= moment]
        return holders[-1] if holders else owner

    return _put(credit, "owner_at", at)


def the_owner_is_whom_we_saw() -> Patch:
    """The vendor's own history of owners is not asked."""
    return _put(handover, "merged", lambda _told, observed, _owner: list(observed))


def two_accounts_are_two_people() -> Patch:
    """E-mails are compared as they are written."""

    def apart(accounts: Any) -> list[list[Any]]:
        return [[each] for each in accounts]

    return _put(same_person, "_by_email", apart)


def what_is_gone_still_counts() -> Patch:
    """Removals are noted nowhere."""
    return _put(stored_record, "remove", _nothing)


def what_came_back_stays_gone() -> Patch:
    """A record from the bin looks as it did before, so nothing seems to have changed."""
    remove: Any = stored_record.remove

    def keeping_marks(tx: Any, table: Any, source_id: int, refs: Any, at: Any) -> None:
        marks: dict[str, int] = dict(
            upsert.find_rows(tx, table, ("ref", "row_hash"), source_id, refs)
        )
        remove(tx, table, source_id, refs, at)
        for ref, mark in marks.items():
            place = (table.c.source_id == source_id) & (table.c.ref == ref)
            tx.execute(table.update().where(place).values(row_hash=mark))

    return _put(stored_record, "remove", keeping_marks)


def every_copy_is_a_letter() -> Patch:
    """Who shows a letter has got one."""
    return _put(reply, "shares", lambda copies: [reply.EVERYBODY] * len(copies))


def a_robots_letter_is_work() -> Patch:
    """All letters count that exist."""
    email = SUBJECTS["email"]
    existing = tuple(each for each in email.exists if each.column != "kind")
    return mock.patch.dict(SUBJECTS, {"email": replace(email, exists=existing)})


def a_repeat_sale_is_found_once_and_for_all() -> Patch:
    """An earlier win that comes or goes later changes nothing."""
    return _put(repeat, "settle_repeats", _nothing)


def a_day_is_less_than_24_hours() -> Patch:
    """Who calls back after 24 hours to the second is too late."""
    return _put(callback, "DAY_MS", DAY_MS - 1)


def a_lead_wins_only_when_it_is_read() -> Patch:
    """A deal that is won later changes nothing."""
    return _put(conversion, "settle_won", _nothing)


def halves_are_cut_off() -> Patch:
    """Kopecks are not rounded."""
    return _put(money, "_half_up", int)


def the_rate_of_today_serves_for_all_time() -> Patch:
    """Past wins change with the rate."""
    rate: Any = money.Rates._rate
    return _put(money.Rates, "_rate", lambda *args: rate(*args[:-1], None))


def without_a_rate_it_is_worth_nothing() -> Patch:
    """And nobody is told."""
    in_base: Any = money.Rates.in_base
    return _put(money.Rates, "in_base", lambda *args: in_base(*args) or 0)


def a_deal_closes_when_it_says_so() -> Patch:
    """The stage history is not asked."""
    return _put(closing, "closed_at", lambda by_deal, _arrival, _read_to: by_deal)


def the_lower_of_two_is_the_middle() -> Patch:
    """Of an even number there is no middle one."""
    middle = median.middle

    def lower(amounts: Any, unit: str) -> Any:
        return middle([sorted(amounts)[(len(amounts) - 1) // 2]], unit)

    return _put(median, "middle", lower)


def an_empty_reason_is_called_something() -> Patch:
    """By what the stage is called inside."""
    return _put(split, "label_of", lambda labels, source_id, member: member)


def old_images_are_not_journalled() -> Patch:
    """What a row was before is not taken away."""
    keep = upsert.keep_images
    return _put(upsert, "keep_images", lambda *args, sign: sign > 0 and keep(*args, sign=sign))


def cells_of_zeros_are_left() -> Patch:
    """Who counts rows then finds people who did nothing."""
    return _put(cell, "delete_zeros", _nothing)


def months_do_not_follow() -> Patch:
    """The journal reaches days and weeks alone."""
    periods = cell._periods
    return _put(cell, "_periods", lambda day: periods(day)[:1])


@contextmanager
def _both(one: Patch, other: Patch) -> Iterator[None]:
    with one, other:
        yield


REBUILD = ("rebuild",)
MISTAKES = (
    Mistake(more_than_instead_of_at_least, ("boris", "calls_120s", "")),
    Mistake(ringing_is_talk, ("boris", "calls_reached", "")),
    Mistake(a_call_back_is_incoming, ("anna", "calls_out", "")),
    Mistake(an_information_call_is_a_call, ("anna", "talk_time", "")),
    Mistake(an_internal_call_is_a_call, ("anna", "calls_120s", "")),
    Mistake(a_transfer_is_the_last_persons, ("anna", "calls_answered", "")),
    Mistake(the_team_is_the_sum_of_its_people, ("team", "talk_time", "")),
    Mistake(a_late_leg_is_a_call_of_its_own, ("anna", "calls_missed", "")),
    Mistake(days_are_those_of_utc, ("vera", "leads_created", "")),
    Mistake(clocks_never_change, ("day", "2026-10-25", "vera")),
    Mistake(weeks_begin_on_sunday, ("week", "2026-09-28", "anna")),
    Mistake(credit_goes_to_the_owner_of_today, ("gleb", "revenue", "")),
    Mistake(a_new_owner_has_it_from_the_version_before, ("gleb", "deals_won", "")),
    Mistake(the_owner_is_whom_we_saw, ("gleb", "average_deal", "")),
    Mistake(two_accounts_are_two_people, ("daria", "calls_out", "")),
    Mistake(what_is_gone_still_counts, ("daria", "deals_won", "")),
    Mistake(what_came_back_stays_gone, ("egor", "deals_won", "")),
    Mistake(every_copy_is_a_letter, ("team", "emails_received", "")),
    Mistake(a_robots_letter_is_work, ("anna", "emails_sent", "")),
    Mistake(a_repeat_sale_is_found_once_and_for_all, ("daria", "repeat_share", "")),
    Mistake(a_day_is_less_than_24_hours, ("egor", "callback_time", "")),
    Mistake(a_lead_wins_only_when_it_is_read, ("egor", "lead_conversion", "")),
    Mistake(halves_are_cut_off, ("vera", "revenue", "")),
    Mistake(the_rate_of_today_serves_for_all_time, ("vera", "average_deal", "")),
    Mistake(without_a_rate_it_is_worth_nothing, ("boris", "revenue", "")),
    Mistake(a_deal_closes_when_it_says_so, ("vera", "days_to_win", "")),
    Mistake(the_lower_of_two_is_the_middle, ("vera", "sales_cycle_median", "")),
    Mistake(an_empty_reason_is_called_something, ("boris", "loss_reasons", "")),
    Mistake(old_images_are_not_journalled, REBUILD),
    Mistake(cells_of_zeros_are_left, REBUILD),
    Mistake(months_do_not_follow, ("anna", "calls_in", "")),
)
"""Each with the number that gives it away."""
