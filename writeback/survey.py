"""The destination as it is now beside what it should show: reading only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from connectors.destination import KEY, Container, FieldSpec, Item
from store import ledger
from store.error import GuardError
from store.ledger import Known
from writeback.decision import Decision, decide
from writeback.desired import Desired, Wanted, wanted
from writeback.desk import Desk
from writeback.structure import find_container

_log = structlog.get_logger("writeback")


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a full look found. `ref`: the container's id; `is_adopted`: not known to our store."""

    ref: str | None
    is_adopted: bool
    missing: Sequence[FieldSpec]
    decisions: Sequence[Decision]

    @property
    def writes(self) -> int:
        """How many records would be created or changed."""
        return sum(bool(each.new) for each in self.decisions)


def survey(desk: Desk, desired: Desired) -> Survey:
    """Reads the container, its fields and every record of the desired months."""
    fields = desired.all_fields
    ref, container = find_container(desk, fields)
    records = wanted(desired)
    known: Mapping[str, Known] = {}
    if container is not None:
        known = known_items(desk)
    items = read_items(container, list(records))
    return Survey(
        ref=ref,
        is_adopted=container is not None and ref != desk.place().container,
        missing=container.missing if container is not None else fields,
        decisions=decide_all(desk, records.values(), known, items),
    )


def known_items(desk: Desk) -> dict[str, Known]:
    """What the store knows of the destination's records."""
    with desk.store.read() as tx:
        return ledger.load_items(tx, desk.name)


def read_items(container: Container | None, keys: Sequence[str]) -> Mapping[str, Item]:
    """The records as they are, none while there is no container or no key field in it."""
    if container is None or not keys or KEY in {spec.name for spec in container.missing}:
        return {}
    return container.read(keys)


def decide_all(
    desk: Desk,
    records: Collection[Wanted],
    known: Mapping[str, Known],
    items: Mapping[str, Item],
) -> list[Decision]:
    """A decision about every record, by the destination's policy for human edits."""
    policy = desk.settings.on_human_edit
    return [decide(each, known.get(each.key), items.get(each.key), policy) for each in records]


def keep_findings(desk: Desk, decisions: Sequence[Decision]) -> None:
    """Remembers what was seen besides what will be written, and tells each human edit once."""
    before = known_items(desk)
    now = desk.clock()
    with desk.store.write() as tx:
        for each in decisions:
            key = each.wanted.key
            if each.ref is not None and each.known != before.get(key):
                ledger.save_item(tx, desk.name, each.known, now)
    for each in decisions:
        for edit in each.edits:
            if edit.news:
                _log.warning(
                    "writeback.conflict",
                    destination=desk.name,
                    key=each.wanted.key,
                    field=edit.field,
                    policy=desk.settings.on_human_edit,
                )


def check_guard(desk: Desk, writes: int, *, approved: bool) -> None:
    """Raises GuardError when the first writing would touch more records than the settings allow."""
    place, most = desk.place(), desk.settings.max_first_writes
    if approved or place.unlimited or place.written_at is not None or writes <= most:
        return
    raise GuardError(
        f"The first write to {desk.name} would create or change {writes} records, more than"
        f" max_first_writes = {most}.",
        did="Nothing was sent.",
        todo="Look at `merilo writeback plan`, then approve it: `merilo writeback apply --yes`.",
    )


def forget_retry(decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions with earlier refusals forgiven, for an attempt that a person asked for."""
    return [
        replace(each, known=replace(each.known, failures=0, retry_at=None)) for each in decisions
    ]
