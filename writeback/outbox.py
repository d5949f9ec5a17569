"""The only way a write leaves: intent committed, sent, read back, and only then confirmed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from connectors.destination import CHUNK, Change, Container, DeniedError, Item, Outcome
from connectors.error import AmbiguousError, RemoteError, RetryableError
from store import ledger
from store.ledger import Intent, Known
from store.upsert import chunks
from writeback.decision import Write
from writeback.desk import Desk
from writeback.verdict import Verdict, confirmed, judge, rejected

_log = structlog.get_logger("writeback")
_KEPT = timedelta(days=90)
_RECORDS = ("create", "adopt", "update")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A record or field that the CRM refused, or kept otherwise than we wrote it."""

    key: str
    reason: str


@dataclass
class Outbox:
    """Sends the writes of one destination under one run, which begins with the first of them.

    A run that a kill left unfinished goes on under its number. Changes older than 90 days cannot be
    undone and are forgotten.
    """

    desk: Desk
    should_stop: Callable[[], bool] = bool
    run: int | None = None
    written: int = 0
    unresolved: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    def send(self, container: Container, writes: Sequence[Write]) -> None:
        """Sends in batches until told to stop; a refused record stops no other.

        Raises RetryableError or DeniedError when the system refuses to go on; all is settled then.
        """
        for part in chunks(writes, CHUNK):
            if self.should_stop():
                return
            steps = self._intend(part)
            changes = [Change(key=each.key, ref=each.ref, texts=each.new) for each in part]
            outcomes = _answered(container.write, changes)
            items = container.read([each.key for each in part])
            self._settle_all(steps, outcomes, items, {each.key: each.known for each in part})

    def delete(self, container: Container, known: Sequence[Known]) -> None:
        """Removes records; they are forgotten once they are seen to be gone."""
        for part in chunks(known, CHUNK):
            with self.desk.store.write() as tx:
                run = self._open(tx)
                steps = [
                    ledger.add_intent(tx, run, "delete", each.key, ref=each.ref, old=each.shown)
                    for each in part
                ]
            refs = [each.ref for each in part if each.ref is not None]
            outcomes = _answered(container.delete, refs)
            items = container.read([each.key for each in part])
            self._settle_all(steps, outcomes, items, {each.key: each for each in part})

    def intend(self, action: str, keys: Sequence[str], **place: Any) -> list[Intent]:
        """Commits the intent to make parts of the container, with what the place must remember."""
        with self.desk.store.write() as tx:
            if place:
                ledger.save_place(tx, self.desk.name, **place)
            run = self._open(tx)
            return [ledger.add_intent(tx, run, action, key) for key in keys]

    def settle(self, step: Intent, error: RemoteError | None) -> None:
        """Records whether a part of the container was made; without an answer it stays open."""
        if isinstance(error, AmbiguousError):
            return
        state = "lost" if isinstance(error, RetryableError) else "rejected"
        with self.desk.store.write() as tx:
            if error is None:
                ledger.settle(tx, step, "confirmed")
            else:
                ledger.settle(tx, step, state, reason=str(error))

    def close(self) -> None:
        """Ends the run, also one begun before a kill, unless an answer is still missing."""
        name, now = self.desk.name, self.desk.clock()
        with self.desk.store.write() as tx:
            run = ledger.unfinished_run(tx, name)
            if run is None or ledger.open_intents(tx, name):
                return
            self.run = run
            ledger.end_run(tx, run, now)
            ledger.prune(tx, name, now - _KEPT)
            if any(step.action in _RECORDS for step in ledger.steps_of(tx, run)):
                ledger.save_place(tx, name, written_at=now)
        _log.info(
            "writeback.run_finished",
            destination=name,
            run=run,
            written=self.written,
            rejected=len(self.rejected),
        )

    def _open(self, tx: Connection) -> int:
        self.run = ledger.open_run(tx, self.desk.name, self.desk.clock())
        return self.run

    def _intend(self, writes: Sequence[Write]) -> list[Intent]:
        with self.desk.store.write() as tx:
            run = self._open(tx)
            return [
                ledger.add_intent(
                    tx, run, each.action, each.key, ref=each.ref, old=each.old, new=each.new
                )
                for each in writes
            ]

    def _settle_all(
        self,
        steps: Sequence[Intent],
        outcomes: Sequence[Outcome],
        items: Mapping[str, Item],
        known: Mapping[str, Known],
    ) -> None:
        with self.desk.store.write() as tx:
            for step, outcome in zip(steps, outcomes, strict=True):
                item = items.get(step.key)
                verdict = judge(step, outcome, item)
                self._count(step, verdict)
                remember(tx, self.desk, step, verdict, item, known[step.key])
        _raise_if_stopped(outcomes)

    def _count(self, step: Intent, verdict: Verdict) -> None:
        self.written += verdict.state == "confirmed"
        self.unresolved += verdict.state == "intended"
        if verdict.state == "rejected":
            self.rejected.append(Rejection(key=step.key, reason=verdict.reason or ""))
            _log.warning(
                "writeback.rejected",
                destination=self.desk.name,
                key=step.key,
                reason=verdict.reason,
            )


def remember(
    tx: Connection, desk: Desk, step: Intent, verdict: Verdict, item: Item | None, known: Known
) -> None:
    """Keeps a verdict: the step's state, and what the record is known to show."""
    ref = item.ref if item else None
    if verdict.state == "intended":
        return
    ledger.settle(tx, step, verdict.state, reason=verdict.reason, ref=ref)
    now = desk.clock()
    if verdict.state == "confirmed" and item is None:
        ledger.forget_items(tx, desk.name, [step.key])
    elif verdict.state == "confirmed" and item is not None:
        ledger.save_item(tx, desk.name, confirmed(known, step, item.ref), now)
    elif verdict.state == "rejected" and step.action != "delete":
        ledger.save_item(tx, desk.name, rejected(known, step, item, now), now)


def _answered(
    send: Callable[[Sequence[T]], Sequence[Outcome]], sent: Sequence[T]
) -> Sequence[Outcome]:
    try:
        return send(sent)
    except AmbiguousError as error:
        return [error] * len(sent)


def _raise_if_stopped(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, RetryableError):
            raise outcome
    if outcomes and all(isinstance(outcome, DeniedError) for outcome in outcomes):
        raise next(outcome for outcome in outcomes if outcome is not None)
