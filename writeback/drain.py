"""`drain`: what the service does after every KPI refresh; silent when nothing changed."""

from collections.abc import Callable
from datetime import datetime

from config.settings import DestinationSettings
from connectors.destination import Container, DeniedError, Target
from connectors.error import AmbiguousError, RejectedError
from store import ledger
from store.error import GuardError
from store.ledger import Known
from store.store import Store
from writeback.decision import Decision, needs_attention
from writeback.desired import Desired, Wanted, covers, wanted
from writeback.desk import Desk, Pause
from writeback.outbox import Outbox
from writeback.recovery import recover
from writeback.result import WriteResult, result_of
from writeback.structure import build
from writeback.survey import check_guard, decide_all, keep_findings, known_items, read_items

_STRUCTURE = (
    "{name} needs a place or fields in the CRM that nobody approved yet. Nothing is written there"
    " until then. Look at `merilo writeback plan`, then run `merilo writeback apply`."
)
_GONE = (
    "The place or a field that {name} writes to is gone from the CRM. Nothing is written there."
    " Run `merilo writeback apply` to make it again, or remove the destination from the settings."
)


def drain(
    store: Store,
    settings: DestinationSettings,
    target: Target,
    desired: Callable[[], Desired],
    clock: Callable[[], datetime],
    *,
    verify: bool = False,
    should_stop: Callable[[], bool] = bool,
) -> WriteResult:
    """Brings the destination up to date. No request is sent when what should be shown equals what
    was confirmed; with `verify` every record is read all the same. `desired` is asked when it is
    known what became of the last writes; `should_stop`, between batches.

    Finishes an approved `apply` that was killed, but makes nothing that nobody approved. Raises
    AuthError when the login is refused and RetryableError when the CRM is out of reach.
    """
    desk = Desk(store=store, settings=settings, target=target, clock=clock)
    place = desk.place()
    if place.pause_code is not None and Pause(place.pause_code).stands:
        return WriteResult(paused=place.pause)
    outbox = Outbox(desk, should_stop)
    decisions: list[Decision] = []
    paused = None
    try:
        recover(desk)
        _drain(desk, outbox, desired(), verify, decisions)
    except _Waiting as waiting:
        paused = desk.pause(Pause.STRUCTURE, str(waiting))
    except GuardError as error:
        paused = desk.pause(Pause.GUARD, str(error))
    except DeniedError as error:
        paused = desk.pause(Pause.ACCESS, str(error))
    except RejectedError as error:
        paused = desk.pause(Pause.REFUSED, str(error))
    except AmbiguousError:
        outbox.unresolved += 1
    else:
        desk.resume()
    outbox.close()
    return result_of(outbox, decisions, paused)


class _Waiting(Exception):
    """Something must be approved first."""


def _drain(
    desk: Desk, outbox: Outbox, desired: Desired, verify: bool, decisions: list[Decision]
) -> None:
    container = _prepared(desk, outbox, desired)
    records, known = wanted(desired), known_items(desk)
    due = [each for each in records.values() if verify or _is_due(desk, each, known)]
    if not due:
        return
    container = container or _found(desk, desired)
    items = read_items(container, [each.key for each in due])
    decisions += decide_all(desk, due, known, items)
    check_guard(desk, sum(bool(each.new) for each in decisions), approved=False)
    keep_findings(desk, decisions)
    outbox.send(container, [each.write for each in decisions if each.new])


def _prepared(desk: Desk, outbox: Outbox, desired: Desired) -> Container | None:
    """Finishes what an apply began; None when everything was there already."""
    place, fields = desk.place(), desired.all_fields
    if covers(place.built, fields):
        return None
    if not covers(place.approved, fields):
        raise _Waiting(_STRUCTURE.format(name=desk.name))
    return build(desk, outbox, fields)


def _found(desk: Desk, desired: Desired) -> Container:
    ref = desk.place().container
    found = desk.target.find(ref, desired.all_fields) if ref is not None else None
    if found is None or not found.ours or found.missing:
        with desk.store.write() as tx:
            ledger.save_place(tx, desk.name, built=(), approved=())
        raise _Waiting(_GONE.format(name=desk.name))
    return found


def _is_due(desk: Desk, record: Wanted, known: dict[str, Known]) -> bool:
    before = known.get(record.key)
    if before is not None and before.retry_at is not None and before.retry_at > desk.clock():
        return False
    return needs_attention(record, before, desk.settings.on_human_edit)
