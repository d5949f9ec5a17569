"""The plan: every step that `apply` would take, one by one, and nothing sent."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from config.settings import DestinationSettings
from connectors.destination import Target
from store.store import Store
from writeback.decision import Action, Decision, HumanEdit, Policy
from writeback.desired import Desired
from writeback.desk import Desk
from writeback.recovery import recover
from writeback.survey import Survey, survey


@dataclass(frozen=True, kw_only=True)
class Step:
    """One field of one record, or one part of the container.

    `action`: create_type, create_field, create, adopt, update or conflict. `record` is the vendor's
    id where there is one. For a conflict `old` is what a person wrote and `new` what we would.
    """

    destination: str
    action: str
    record: str | None = None
    manager: str | None = None
    period: date | None = None
    field: str | None = None
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps in the order of sending; `writes` counts records to create or change."""

    steps: tuple[Step, ...]
    writes: int


def plan(
    store: Store,
    settings: DestinationSettings,
    target: Target,
    desired: Callable[[], Desired],
    clock: Callable[[], datetime],
) -> Plan:
    """Reads the CRM and compares; also finds human edits that the service did not look for.

    `desired` is asked when it is known what became of the last writes.
    """
    desk = Desk(store=store, settings=settings, target=target, clock=clock)
    recover(desk)
    found = survey(desk, desired())
    return Plan(steps=tuple(_steps(desk.name, settings.on_human_edit, found)), writes=found.writes)


def _steps(name: str, policy: Policy, found: Survey) -> Iterator[Step]:
    if found.ref is None:
        yield Step(destination=name, action="create_type")
    elif found.is_adopted:
        yield Step(destination=name, action="adopt", record=found.ref)
    for spec in found.missing:
        yield Step(destination=name, action="create_field", field=spec.name, new=spec.title)
    yield from _record_steps(name, policy, found.decisions)


def _record_steps(name: str, policy: Policy, decisions: Sequence[Decision]) -> Iterator[Step]:
    for each in decisions:
        step = Step(
            destination=name,
            action=each.action.value,
            record=each.ref,
            manager=each.wanted.manager,
            period=each.wanted.period,
        )
        if each.action is Action.ADOPT:
            yield step
        if each.action is not Action.CREATE:
            step = replace(step, action="update")
        for field, text in each.new.items():
            yield replace(step, field=field, old=each.old.get(field), new=text)
        yield from (_edit_step(step, edit, policy) for edit in each.edits if edit.kept)


def _edit_step(step: Step, edit: HumanEdit, policy: Policy) -> Step:
    if policy == "theirs" and edit.field is not None:
        return replace(step, action="adopt", field=edit.field, old=edit.theirs, new=edit.theirs)
    return replace(step, action="conflict", field=edit.field, old=edit.theirs, new=edit.ours)
