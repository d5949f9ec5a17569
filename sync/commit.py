"""Puts the facts of a page into the store: only what changed, credited, journalled, at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Table

from store import call as stored_call
from store import callback, conversion, directory, letter, letter_twin, repeat, response, twin
from store import record as stored_record
from store.fact import (
    Account,
    CallLeg,
    Client,
    CustomFields,
    CustomValues,
    Deal,
    Department,
    Email,
    EmailTrail,
    Fact,
    Lead,
    Meeting,
    OwnerEvent,
    Pipeline,
    ProductLines,
    Purchase,
    Quote,
    Rate,
    Stage,
    StageChange,
    Task,
)
from store.mark import REBUILD, read_mark, write_mark
from store.owner_event import put_events
from store.record import History, Record, Version
from store.table import CALL, DEAL, TEAM
from store.upsert import Row, delete_rows, put_rows
from sync.activity import activity_row
from sync.closing import deal_rows, keep_history
from sync.cohort import COHORTS, Kept
from sync.credit import Credit
from sync.custom import keep_custom, settle_custom
from sync.handover import with_handovers
from sync.mailbox import join_copies, stand
from sync.owner import OwnerChange, SeenVersion, observe_owner
from sync.product import keep_lines, settle_lines
from sync.rate import is_valued_by, keep_rates, renew_rates
from sync.surrounding import SURROUNDING

Held = TypeVar("Held", Deal, Lead, Quote, Email, Meeting, Client, Task, Purchase)
_MARKED = (Deal, Lead, Quote)
"""What a new mark of its version alone does not change."""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """Writes facts of one source inside an open transaction.

    `journal`: keep the old and new images for the KPIs. False during a first read, when the KPIs
    are asked, in the same transaction, to count everything anew.
    """

    source_id: int
    credit: Credit
    journal: bool

    def put(self, tx: Connection, facts: Sequence[Fact]) -> int:
        """Keeps the facts and returns how many records were new or changed."""
        kinds: dict[type[Fact], list[Any]] = defaultdict(list)
        for fact in facts:
            kinds[type(fact)].append(fact)
        changed = self.put_held(tx, Deal, kinds[Deal]) + self.put_legs(tx, kinds[CallLeg])
        changed += self.put_rates(tx, kinds[Rate]) + self.put_history(tx, kinds[StageChange])
        changed += self.put_trails(tx, kinds[EmailTrail])
        for kind in (Lead, Quote, Email, Meeting, Client, Task, Purchase):
            changed += self.put_held(tx, kind, kinds[kind])
        trailed = {each.message_hash for each in kinds[EmailTrail]}
        last = {each.ref: each for each in kinds[Email]}
        told = stand(last.values())
        self.settle_letters(tx, letter.Stand(trailed, set()).without(told))
        changed += self.put_lines(tx, kinds[ProductLines])
        changed += self.put_handovers(tx, kinds[OwnerEvent])
        changed += directory.put_departments(tx, self.source_id, kinds[Department])
        custom = (kinds[CustomValues], kinds[CustomFields])
        changed += keep_custom(tx, self.credit, self.source_id, *custom)
        if accounts := kinds[Account]:
            changed += directory.put_accounts(tx, self.source_id, accounts)
        if funnels := kinds[Pipeline] + kinds[Stage]:
            changed += directory.put_funnels(tx, self.source_id, funnels)
        return changed

    def put_held(self, tx: Connection, kind: type[Record], records: Sequence[Any]) -> int:
        """Keeps the newest version of each record, and what it shows of owners changing."""
        if not records:
            return 0
        if kind is Email:
            records = join_copies(tx, self.source_id, records)
        kept, known = self._newest(tx, stored_record.TABLES[kind], records)
        if kind is Email or kind is Meeting:
            return self._put_activities(tx, kind, kept)
        if kind in _MARKED:
            marks = {
                each.ref: each.updated_at
                for each, _ in kept
                if each.ref in known and each.updated_at > known[each.ref].updated_at
            }
            stored_record.note_versions(tx, stored_record.TABLES[kind], self.source_id, marks)
        if kind is not Deal:
            return self._put_kept(tx, kind, kept)
        stored = [deal.ref for deal, _ in kept if deal.ref in known]
        before = conversion.origins(tx, self.source_id, stored)
        changed = self._put_deals(tx, kept, stored)
        self.settle_won(tx, before.plus(conversion.origins_of([deal for deal, _ in kept])))
        return changed

    def put_trails(self, tx: Connection, trails: Sequence[EmailTrail]) -> int:
        """Keeps what the letters of a page answer; how many people's rows of them went."""
        gone = letter.put_trails(tx, self.source_id, trails, journal=self.journal) if trails else 0
        self._note(tx, changed=gone)
        return gone

    def settle_letters(self, tx: Connection, around: letter.Stand) -> int:
        """Puts right which letters are one, for whom they count and how long was waited; how many
        it changed."""
        if not any(around):
            return 0
        calendar = self.credit.calendar
        changed = letter_twin.settle_letters(tx, around, calendar, journal=self.journal)
        self._note(tx, changed=changed)
        return changed

    def put_history(self, tx: Connection, changes: Sequence[StageChange]) -> int:
        """Keeps the stage history of deals, and dates anew those it is about."""
        new, touched = keep_history(tx, self.credit, self.source_id, changes)
        self._credit_refs(tx, Deal, touched)
        return new

    def put_handovers(self, tx: Connection, events: Sequence[OwnerEvent]) -> int:
        """Keeps what the vendor tells of owners, and credits anew the records it is about."""
        touched = put_events(tx, self.source_id, events) if events else {}
        for kind, table in stored_record.TABLES.items():
            self._credit_refs(tx, kind, touched.get(table.name, ()))
        return sum(map(len, touched.values()))

    def put_rates(self, tx: Connection, rates: Sequence[Rate]) -> int:
        """Keeps the rates that are new, and counts the money anew to which they apply."""
        changed = keep_rates(tx, self.credit, self.source_id, rates)
        if changed:
            anew = replace(self, credit=renew_rates(tx, self.credit))
            condition = is_valued_by(self.credit.currency, changed)
            for deals in stored_record.records_where(tx, Deal, self.source_id, condition):
                anew.credit_again(tx, Deal, deals)
        return len(changed)

    def put_lines(self, tx: Connection, facts: Sequence[ProductLines]) -> int:
        """Keeps what deals sell."""
        if not facts:
            return 0
        changed = keep_lines(tx, self.credit, self.source_id, facts, journal=self.journal)
        self._note(tx, changed=changed)
        return changed

    def settle_won(self, tx: Connection, touched: conversion.Origins) -> None:
        """Puts `won` right on what came before these deals."""
        flipped = conversion.settle_won(tx, self.source_id, touched, journal=self.journal)
        self._note(tx, changed=flipped)
        self.settle_responses(tx, touched.leads)

    def settle_responses(self, tx: Connection, leads: Collection[str]) -> int:
        """Puts right how soon somebody acted on these leads; how many it changed."""
        changed = response.settle_responses(
            tx, self.source_id, leads, self.credit.calendar, journal=self.journal
        )
        self._note(tx, changed=changed)
        return changed

    def put_legs(self, tx: Connection, legs: Sequence[CallLeg]) -> int:
        """Keeps the legs and folds the calls they belong to, or belonged to, anew."""
        if not legs:
            return 0
        newest = {leg.ref: leg for leg in legs}
        known = stored_call.leg_versions(tx, self.source_id, newest)
        rows = [stored_call.leg_row(self.source_id, leg) for leg in newest.values()]
        if known:
            rows = [row for row in rows if row[1] not in known or known[row[1]].row_hash != row[-1]]
        changed = {row[1]: newest[row[1]] for row in rows}
        touched = {leg.call_ref for leg in changed.values()}
        touched.update(known[ref].call_ref for ref in changed.keys() & known.keys())
        stored = stored_call.legs_of(tx, self.source_id, touched)
        put_rows(tx, stored_call.CALL_LEG, rows, journal=False)
        calls = {
            call: [leg for leg in siblings if leg.ref not in changed]
            for call, siblings in stored.items()
        }
        for leg in changed.values():
            if leg.call_ref in calls:
                calls[leg.call_ref].append(leg)
            else:
                calls[leg.call_ref] = [leg]
        names = {leg.outer_ref for legs in stored.values() for leg in legs if leg.outer_ref}
        self._put_calls(tx, calls, stored, told=names)
        about = {leg.client_ref for known_legs in stored.values() for leg in known_legs}
        about |= {leg.client_ref for leg in changed.values()}
        self.settle_responses(tx, response.leads_of(tx, self.source_id, about))
        return len(changed)

    def credit_again(self, tx: Connection, kind: type[Record], records: Sequence[Any]) -> int:
        """Credits stored records anew, after people, days or money changed; how many it changed."""
        table = stored_record.TABLES[kind]
        refs = [record.ref for record in records]
        histories = stored_record.owner_changes(tx, table, self.source_id, refs)
        kept = [
            (record, [OwnerChange(*each) for each in histories.get(record.ref, ())])
            for record in records
        ]
        return self._put_kept(tx, kind, kept)

    def _credit_refs(self, tx: Connection, kind: type[Record], refs: Collection[str]) -> None:
        """Credits anew the stored records that these ids, of owners' events, name."""
        for records in stored_record.records_of(tx, kind, self.source_id, refs):
            self.credit_again(tx, kind, records)

    def fold_again(self, tx: Connection, call_refs: Sequence[str]) -> int:
        """Folds stored calls anew, after people or days changed; how many rows it changed."""
        calls = stored_call.legs_of(tx, self.source_id, call_refs)
        return self._put_calls(tx, calls, calls)

    def _newest(
        self, tx: Connection, table: Table, records: Sequence[Held]
    ) -> tuple[list[tuple[Held, list[OwnerChange]]], Mapping[str, Version]]:
        """The records that are new or not older than stored, with their owner history.

        And the stored versions of those that were known.
        """
        newest = {each.ref: each for each in sorted(records, key=lambda each: each.updated_at)}
        known = stored_record.versions(tx, table, self.source_id, newest)
        histories = stored_record.owner_changes(tx, table, self.source_id, known)
        kept: list[tuple[Held, list[OwnerChange]]] = []
        changes: list[tuple[str, datetime, str | None]] = []
        for ref, record in newest.items():
            version = known.get(ref)
            if version is None:
                kept.append((record, []))
            # A copy that lags behind may serve an older version: it must not undo a newer one.
            elif record.updated_at >= version.updated_at:
                history, observed = _observe(version, histories.get(ref, ()), record.owner_ref)
                changes += [(ref, each.after_at, each.owner_ref) for each in observed]
                kept.append((record, history))
        stored_record.add_owner_changes(tx, table, self.source_id, changes)
        return kept, known

    def _put_kept(self, tx: Connection, kind: type[Record], kept: Kept) -> int:
        """Writes records of one kind, each with its owner history, as rows of its table."""
        table = stored_record.TABLES[kind]
        if kind is Deal:
            return self._put_deals(tx, kept, [deal.ref for deal, _ in kept])
        kept = with_handovers(tx, self.source_id, table.name, kept)
        if kind in SURROUNDING:
            return self._put(tx, table, SURROUNDING[kind](tx, self.credit, self.source_id, kept))
        if kind is Lead or kind is Quote:
            rows = COHORTS[kind](tx, self.credit, self.source_id, kept)
            changed = self._put(tx, table, rows)
            if kind is Lead:
                self.settle_responses(tx, [row[1] for row in rows])
            return changed
        rows = [activity_row(self.credit, self.source_id, *each) for each in kept]
        changed = self._put(tx, table, rows)
        if kind is Email:
            self.settle_letters(tx, stand([each for each, _ in kept]))
        return changed

    def _put_deals(self, tx: Connection, kept: Kept, stored: Collection[str]) -> int:
        """Puts `is_repeat` right, too, on every win of the clients these deals touch, or touched
        as they are stored."""
        kept = with_handovers(tx, self.source_id, DEAL.name, kept)
        rows = deal_rows(tx, self.credit, self.source_id, kept)
        clients = repeat.winning_clients(tx, self.source_id, stored)
        changed = self._put(tx, DEAL, rows)
        if changed:
            refs = [row[1] for row in rows]
            clients |= repeat.winners(rows)
            repeat.settle_repeats(tx, self.source_id, clients, journal=self.journal)
            settle_lines(tx, self.credit, self.source_id, refs, journal=self.journal)
            settle_custom(tx, self.credit, self.source_id, refs)
        return changed

    def _put_activities(self, tx: Connection, kind: type[Record], kept: Kept) -> int:
        """Puts the responses right, too, on the leads these letters or meetings are, or were,
        about."""
        refs = [each.ref for each, _ in kept]
        about = response.abouts(tx, self.source_id, refs)
        former = letter.stand_of(tx, self.source_id, refs) if kind is Email else None
        changed = self._put_kept(tx, kind, kept)
        if former is not None:
            self.settle_letters(tx, former.without(stand([each for each, _ in kept])))
        about |= {each.about_ref for each, _ in kept}
        self.settle_responses(tx, response.leads_of(tx, self.source_id, about))
        return changed

    def _put_calls(
        self,
        tx: Connection,
        calls: Mapping[str, Sequence[CallLeg]],
        stored: Collection[str],
        *,
        told: Collection[str] | None = None,
    ) -> int:
        """`told`: the ids by which a CRM was told of them, where their legs changed: it may be
        told another one even if no row changes."""
        rows: list[Row] = []
        gone: set[Row] = set()
        before = stored_call.standing(tx, self.source_id, stored)
        for legs in calls.values():
            if legs:
                rows += self.credit.call_rows(self.source_id, legs)
        if stored:
            fresh = {row[:3] for row in rows}
            gone = before.keys - fresh
            delete_rows(tx, CALL, sorted(gone), journal=self.journal)
            self._note(tx, changed=len(gone))
        changed = self._put(tx, CALL, rows) + len(gone)
        if changed or told is not None:
            # (number, start) of the team's rows, by which one call is told from another
            now = {(row[8], row[4]) for row in rows if row[2] == TEAM and row[8]}
            mixed = stored_call.mixed_calls(tx, self.source_id, stored)
            touched = before.touched | now
            self.settle_calls(
                tx,
                stored_call.Changed(
                    self.source_id, calls, touched, before.twin_legs, told or (), mixed
                ),
            )
        return changed

    def settle_calls(self, tx: Connection, changed: stored_call.Changed) -> None:
        """Puts right who saw these calls and those near them, and how long clients waited."""
        flipped = twin.settle_twins(tx, changed, journal=self.journal)
        self._note(tx, changed=len(flipped))
        self.settle_waits(tx, changed._replace(touched=changed.touched | flipped))

    def settle_waits(self, tx: Connection, changed: stored_call.Changed) -> int:
        """Puts right how long clients of these calls waited; how many calls that changed."""
        settled = callback.settle_callbacks(tx, changed, self.credit.calendar, journal=self.journal)
        self._note(tx, changed=settled)
        return settled

    def _put(self, tx: Connection, table: Table, rows: Sequence[Row]) -> int:
        changed = put_rows(tx, table, rows, journal=self.journal)
        self._note(tx, changed=changed)
        return changed

    def _note(self, tx: Connection, *, changed: int) -> None:
        """Facts that changed without a journal are counted anew."""
        if changed and not self.journal and read_mark(tx, REBUILD) is None:
            write_mark(tx, REBUILD, "facts changed without a journal")


def _observe(
    version: Version, stored: History, owner_ref: str | None
) -> tuple[list[OwnerChange], tuple[OwnerChange, ...]]:
    """The owner history with what this version shows, and the part of it that is new."""
    history = [OwnerChange(*each) for each in stored]
    seen = SeenVersion(version.owner_ref, version.updated_at)
    observed = observe_owner(seen, history, owner_ref)
    replaced = {change.after_at for change in observed}
    kept = [change for change in history if change.after_at not in replaced]
    return [*kept, *observed], observed
