"""The container and its fields: looked up first, created only after a person approved."""

from collections.abc import Sequence
from uuid import uuid4

from connectors.destination import Container, DeniedError, FieldSpec, Outcome
from connectors.error import AmbiguousError, RejectedError, RemoteError
from store import ledger
from store.mark import read_mark, write_mark
from writeback.desired import shape_of
from writeback.desk import Desk
from writeback.outbox import Outbox

_IDENTITY = "store_identity"
_MOST_TRIES = 5


def find_container(desk: Desk, fields: Sequence[FieldSpec]) -> tuple[str | None, Container | None]:
    """Our container and its id: the saved one, else one that an earlier store of ours made."""
    saved = desk.place().container
    found = desk.target.find(saved, fields) if saved is not None else None
    if found is not None and found.ours:
        return saved, found
    earlier = desk.target.adoptable()
    return earlier, desk.target.find(earlier, fields) if earlier is not None else None


def build(desk: Desk, outbox: Outbox, fields: Sequence[FieldSpec]) -> Container:
    """Makes what is missing and returns the complete container.

    Raises RejectedError or DeniedError when the system refuses, AmbiguousError when an answer was
    lost and nothing is to be seen yet; the next call goes on where this one stopped.
    """
    ref, container = find_container(desk, fields)
    if container is None:
        ref, container = _create(desk, outbox, fields)
    elif ref != desk.place().container:
        with desk.store.write() as tx:
            ledger.save_place(tx, desk.name, container=ref)
    if container.missing:
        container = _add_fields(desk, outbox, str(ref), fields, container)
    with desk.store.write() as tx:
        before = ledger.load_place(tx, desk.name).built
        kept = {each[0]: each for each in (*before, *shape_of(fields))}
        ledger.save_place(tx, desk.name, built=tuple(kept.values()))
    return container


def _create(desk: Desk, outbox: Outbox, fields: Sequence[FieldSpec]) -> tuple[str, Container]:
    """Saves the chosen id before it is sent: sent again after a kill, it cannot make a second."""
    refusal: RemoteError | None = None
    ref = desk.place().container
    for _ in range(_MOST_TRIES):
        if ref is None or desk.target.find(ref, fields) is not None:
            ref = desk.target.choose(identity(desk))
        [step] = outbox.intend("create_type", [ref], container=ref, built=())
        refusal = _try_to_create(desk, ref)
        found = desk.target.find(ref, fields)
        is_made = found is not None and found.ours
        outbox.settle(step, None if is_made else refusal or _lost())
        if found is not None and is_made:
            with desk.store.write() as tx:
                ledger.forget_items(tx, desk.name)
            return ref, found
        if found is None:
            break
    raise refusal or _lost()


def _try_to_create(desk: Desk, ref: str) -> RemoteError | None:
    try:
        desk.target.create(ref)
    except (RejectedError, DeniedError, AmbiguousError) as error:
        return error
    return None


def _add_fields(
    desk: Desk, outbox: Outbox, ref: str, fields: Sequence[FieldSpec], container: Container
) -> Container:
    missing = list(container.missing)
    steps = outbox.intend("create_field", [spec.name for spec in missing])
    errors = _try_to_add(container, missing)
    found = desk.target.find(ref, fields)
    left = {spec.name for spec in (found.missing if found else fields)}
    for step, error in zip(steps, errors, strict=True):
        outbox.settle(step, (error or _lost()) if step.key in left else None)
    if found is None or left:
        raise next((error for error in errors if error is not None), _lost())
    return found


def _try_to_add(container: Container, fields: Sequence[FieldSpec]) -> Sequence[Outcome]:
    try:
        return container.create_fields(fields)
    except AmbiguousError as error:
        return [error] * len(fields)


def _lost() -> RejectedError:
    return RejectedError("It was accepted, but cannot be found.", code="")


def identity(desk: Desk) -> str:
    """What makes this store different from every other, made up when first needed."""
    with desk.store.write() as tx:
        known = read_mark(tx, _IDENTITY)
        if known is None:
            known = uuid4().hex
            write_mark(tx, _IDENTITY, known)
        return known
