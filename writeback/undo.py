"""`undo RUN`: recorded old values are put back where ours still stands; what a run made goes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from config.settings import DestinationSettings
from connectors.destination import AS_OF, Container, FieldSpec, Item, Target
from store import ledger
from store.ledger import Intent, Known, Texts
from store.store import Store
from writeback.decision import Action, Write
from writeback.desired import fields_of
from writeback.desk import Desk, Pause
from writeback.error import RunError
from writeback.outbox import Outbox
from writeback.recovery import recover
from writeback.result import Left, UndoResult
from writeback.survey import known_items, read_items

_WHY = "Run {run} of {name} was undone. Nothing is written there until `merilo writeback apply`."


@dataclass
class _Trace:
    """What a run did to one record, all its steps taken together."""

    key: str
    was_created: bool = False
    old: dict[str, str | None] = field(default_factory=dict)
    new: dict[str, str | None] = field(default_factory=dict)

    def follow(self, step: Intent) -> None:
        self.was_created = self.was_created or step.action == "create"
        self.old = {**step.old, **self.old}
        self.new |= step.new

    def restores(self, item: Item) -> Texts:
        """The old texts of the fields that still show ours; the moment goes back with them."""
        stands = {
            name: self.old.get(name)
            for name, text in self.new.items()
            if name != AS_OF and item.texts.get(name) == text != self.old.get(name)
        }
        return {**stands, AS_OF: self.old.get(AS_OF)} if stands else {}

    def edited(self, item: Item) -> list[str]:
        """The fields that show neither ours nor what was there before."""
        known = {name: {text, self.old.get(name)} for name, text in self.new.items()}
        return [name for name in known if name != AS_OF and item.texts.get(name) not in known[name]]


def undo(
    store: Store,
    settings: DestinationSettings,
    target: Target,
    run: int,
    clock: Callable[[], datetime],
) -> UndoResult:
    """Takes a run back and pauses the destination until the next `apply`.

    What a person or a later run changed since is left and reported. The restoring writes are a run
    of their own, so a kill is resolved like any other, and `undo` may be called again. The
    container and its fields go only if the run made them and nothing is in them. Raises RunError
    when the destination has no such run.
    """
    desk = Desk(store=store, settings=settings, target=target, clock=clock)
    _check_run(desk, run)
    desk.pause(Pause.UNDONE, _WHY.format(run=run, name=desk.name))
    recover(desk)
    with store.read() as tx:
        steps = [step for step in ledger.steps_of(tx, run) if step.state == "confirmed"]
    fields = fields_of(desk.place().built)
    ref = desk.place().container
    container = target.find(ref, fields) if ref is not None else None
    outbox, left = Outbox(desk), []
    if container is not None and container.ours:
        left = _undo_records(desk, outbox, container, steps)
    outbox.close()
    if container is not None and container.ours:
        _undo_parts(desk, container, steps, fields)
    with store.write() as tx:
        ledger.mark_undone(tx, run, clock())
    return UndoResult(
        run=outbox.run, put_back=outbox.written, left=tuple(left), rejected=tuple(outbox.rejected)
    )


def _check_run(desk: Desk, run: int) -> None:
    with desk.store.read() as tx:
        found = ledger.find_run(tx, run)
    if found is None or found.destination != desk.name:
        raise RunError(
            f"{desk.name} has no run {run}.",
            did="Nothing was changed.",
            todo="Use the number that `merilo writeback apply` printed.",
        )


def _undo_records(
    desk: Desk, outbox: Outbox, container: Container, steps: Sequence[Intent]
) -> list[Left]:
    traces: dict[str, _Trace] = {}
    for step in steps:
        if step.action in ("create", "adopt", "update"):
            traces.setdefault(step.key, _Trace(step.key)).follow(step)
    items = read_items(container, list(traces))
    there = [(trace, items[trace.key]) for trace in traces.values() if trace.key in items]
    known = known_items(desk)
    created = [(each, item) for each, item in there if each.was_created]
    ours = [known[each.key] for each, item in created if _is_ours(known.get(each.key), item)]
    outbox.delete(container, ours)
    changed = [(each, item) for each, item in there if not each.was_created]
    writes = [_restoration(each, item, known) for each, item in changed]
    outbox.send(container, [each for each in writes if each.new])
    gone = {each.key for each in ours}
    left = [Left(key=each.key, fields=()) for each, _ in created if each.key not in gone]
    edited = [Left(key=each.key, fields=tuple(each.edited(item))) for each, item in changed]
    return left + [each for each in edited if each.fields]


def _is_ours(known: Known | None, item: Item) -> bool:
    """Whether the record shows what we last confirmed and nothing else."""
    if known is None:
        return False
    return all(item.texts.get(name) == text for name, text in known.shown.items())


def _restoration(trace: _Trace, item: Item, known: Mapping[str, Known]) -> Write:
    new = trace.restores(item)
    before = known.get(trace.key, Known(key=trace.key))
    shown = {**before.shown, **{name: item.texts.get(name) for name in new if name != AS_OF}}
    return Write(
        key=trace.key,
        action=Action.UPDATE.value,
        ref=item.ref,
        old={name: item.texts.get(name) for name in new},
        new=new,
        known=replace(before, ref=item.ref, shown=shown),
    )


def _undo_parts(
    desk: Desk, container: Container, steps: Sequence[Intent], fields: Sequence[FieldSpec]
) -> None:
    """Removes the container, else the fields, that the run made, unless something is in them."""
    if any(step.action == "create_type" for step in steps) and container.is_empty():
        container.drop()
        with desk.store.write() as tx:
            ledger.forget_items(tx, desk.name)
            blank = {"container": None, "approved": (), "built": (), "written_at": None}
            ledger.save_place(tx, desk.name, **blank, unlimited=False)
        return
    names = {step.key for step in steps if step.action == "create_field"}
    there = {spec.name for spec in fields} - {spec.name for spec in container.missing}
    for name in sorted(names & there):
        if container.is_blank(name):
            container.drop_field(name)
            with desk.store.write() as tx:
                built = ledger.load_place(tx, desk.name).built
                kept = tuple(each for each in built if each[0] != name)
                ledger.save_place(tx, desk.name, built=kept, approved=kept)
