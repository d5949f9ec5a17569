"""Puts the facts of a page into the store: only what changed, credited, journalled, at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table

from store import call as stored_call
from store import deal as stored_deal
from store import directory
from store.deal import DealVersion, History
from store.fact import Account, CallLeg, Deal, Fact, Pipeline, Stage
from store.mark import REBUILD, read_mark, write_mark
from store.table import CALL, DEAL
from store.upsert import Row, delete_rows, put_rows
from sync.credit import Credit
from sync.owner import OwnerChange, SeenVersion, observe_owner


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
        changed = self.put_deals(tx, kinds[Deal]) + self.put_legs(tx, kinds[CallLeg])
        if accounts := kinds[Account]:
            changed += directory.put_accounts(tx, self.source_id, accounts)
        if funnels := kinds[Pipeline] + kinds[Stage]:
            changed += directory.put_funnels(tx, self.source_id, funnels)
        return changed

    def put_deals(self, tx: Connection, deals: Sequence[Deal]) -> int:
        """Keeps the newest version of each deal and what it shows of owners changing."""
        if not deals:
            return 0
        newest = {deal.ref: deal for deal in sorted(deals, key=lambda each: each.updated_at)}
        known = stored_deal.versions(tx, self.source_id, newest)
        histories = stored_deal.owner_changes(tx, self.source_id, known)
        rows, changes = [], []
        for ref, deal in newest.items():
            version = known.get(ref)
            if version is None:
                rows.append(self.credit.deal_row(self.source_id, deal, ()))
            # A copy that lags behind may serve an older version: it must not undo a newer one.
            elif deal.updated_at >= version.updated_at:
                history, observed = _observe(version, histories.get(ref, ()), deal)
                changes += [(ref, *change) for change in observed]
                rows.append(self.credit.deal_row(self.source_id, deal, history))
        stored_deal.add_owner_changes(tx, self.source_id, changes)
        return self._put(tx, DEAL, rows)

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
        self._put_calls(tx, calls, stored)
        return len(changed)

    def credit_deals(self, tx: Connection, deals: Sequence[Deal]) -> int:
        """Credits stored deals anew, after people, days or money changed; how many it changed."""
        histories = stored_deal.owner_changes(tx, self.source_id, [deal.ref for deal in deals])
        rows = []
        for deal in deals:
            history = [OwnerChange(*each) for each in histories.get(deal.ref, ())]
            rows.append(self.credit.deal_row(self.source_id, deal, history))
        return self._put(tx, DEAL, rows)

    def fold_again(self, tx: Connection, call_refs: Sequence[str]) -> int:
        """Folds stored calls anew, after people or days changed; how many rows it changed."""
        calls = stored_call.legs_of(tx, self.source_id, call_refs)
        return self._put_calls(tx, calls, calls)

    def _put_calls(
        self,
        tx: Connection,
        calls: Mapping[str, Sequence[CallLeg]],
        stored: Collection[str],
    ) -> int:
        rows: list[Row] = []
        gone: set[Row] = set()
        for legs in calls.values():
            if legs:
                rows += self.credit.call_rows(self.source_id, legs)
        if stored:
            fresh = {row[:3] for row in rows}
            gone = stored_call.call_keys(tx, self.source_id, stored) - fresh
            delete_rows(tx, CALL, sorted(gone), journal=self.journal)
            self._note(tx, changed=len(gone))
        return self._put(tx, CALL, rows) + len(gone)

    def _put(self, tx: Connection, table: Table, rows: Sequence[Row]) -> int:
        changed = put_rows(tx, table, rows, journal=self.journal)
        self._note(tx, changed=changed)
        return changed

    def _note(self, tx: Connection, *, changed: int) -> None:
        """Facts that changed without a journal are counted anew."""
        if changed and not self.journal and read_mark(tx, REBUILD) is None:
            write_mark(tx, REBUILD, "facts changed without a journal")


def _observe(
    version: DealVersion, stored: History, deal: Deal
) -> tuple[list[OwnerChange], tuple[OwnerChange, ...]]:
    """The owner history with what this version shows, and the part of it that is new."""
    history = [OwnerChange(*each) for each in stored]
    seen = SeenVersion(version.owner_ref, version.updated_at)
    observed = observe_owner(seen, history, deal.owner_ref)
    replaced = {change.after_at for change in observed}
    kept = [change for change in history if change.after_at not in replaced]
    return [*kept, *observed], observed
