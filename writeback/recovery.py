"""Writes whose outcome a kill or a lost answer hid: resolved by reading, never by sending again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from connectors.destination import KEY, Container, Item
from store import ledger
from store.ledger import Intent, Known
from writeback.desired import fields_of
from writeback.desk import Desk
from writeback.outbox import remember
from writeback.verdict import Verdict, judge_unanswered

_log = structlog.get_logger("writeback")


def recover(desk: Desk) -> None:
    """Settles every open intent of the destination; sends nothing when there is none."""
    with desk.store.read() as tx:
        intents = ledger.open_intents(tx, desk.name)
        place = ledger.load_place(tx, desk.name)
        known = ledger.load_items(tx, desk.name)
    if not intents:
        return
    fields = fields_of(tuple({each[0]: each for each in place.built + place.approved}.values()))
    container = desk.target.find(place.container, fields) if place.container else None
    parts = [step for step in intents if step.action in ("create_type", "create_field")]
    writes = [step for step in intents if step not in parts]
    _settle_parts(desk, parts, container)
    _settle_items(desk, writes, _read(container, writes), known)
    _log.info("writeback.recovered", destination=desk.name, steps=len(intents))


def _settle_parts(desk: Desk, steps: Sequence[Intent], container: Container | None) -> None:
    there = container is not None and container.ours
    missing = {spec.name for spec in container.missing} if container else set()
    with desk.store.write() as tx:
        for step in steps:
            is_made = there and (step.action == "create_type" or step.key not in missing)
            ledger.settle(tx, step, "confirmed" if is_made else "lost")


def _settle_items(
    desk: Desk, steps: Sequence[Intent], items: Mapping[str, Item], known: Mapping[str, Known]
) -> None:
    with desk.store.write() as tx:
        for step in steps:
            item = items.get(step.key)
            verdict = judge_unanswered(step, item)
            if verdict.state == "intended":
                verdict = Verdict("lost")
            before = known.get(step.key, Known(key=step.key))
            if step.action == "create":
                before = replace(before, ref=None, shown={}, held={})
            remember(tx, desk, step, verdict, item, before)


def _read(container: Container | None, steps: Sequence[Intent]) -> Mapping[str, Item]:
    if container is None or not steps or KEY in {spec.name for spec in container.missing}:
        return {}
    return container.read(list({step.key for step in steps}))
