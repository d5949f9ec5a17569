"""`apply`: a person approved, so the container may be made and the difference is sent."""

from collections.abc import Callable
from datetime import datetime

from config.settings import DestinationSettings
from connectors.destination import DeniedError, Target
from connectors.error import RejectedError
from store import ledger
from store.store import Store
from writeback.desired import Desired, shape_of
from writeback.desk import Desk, Pause
from writeback.outbox import Outbox
from writeback.recovery import recover
from writeback.result import WriteResult, result_of
from writeback.structure import build
from writeback.survey import check_guard, forget_retry, keep_findings, survey


def apply(
    store: Store,
    settings: DestinationSettings,
    target: Target,
    desired: Callable[[], Desired],
    clock: Callable[[], datetime],
    *,
    yes: bool = False,
) -> WriteResult:
    """Computes the plan anew, sends it, reads back; ends any pause. Killed, `drain` finishes it.
    `desired` is asked when it is known what became of the last writes.

    Raises GuardError before anything is sent when the first write is too large and not `yes`;
    DeniedError and RejectedError when the container may not be made, which pauses the destination;
    RetryableError, AmbiguousError when the CRM is out of reach, which the next act resolves.
    """
    desk = Desk(store=store, settings=settings, target=target, clock=clock)
    outbox = Outbox(desk)
    try:
        recover(desk)
        shown = desired()
        found = survey(desk, shown)
        check_guard(desk, found.writes, approved=yes)
        _approve(desk, shown, yes)
        container = build(desk, outbox, shown.all_fields)
        decisions = forget_retry(found.decisions)
        keep_findings(desk, decisions)
        outbox.send(container, [each.write for each in decisions if each.new])
    except DeniedError as error:
        desk.pause(Pause.ACCESS, str(error))
        raise
    except RejectedError as error:
        desk.pause(Pause.REFUSED, str(error))
        raise
    outbox.close()
    return result_of(outbox, decisions, None)


def _approve(desk: Desk, desired: Desired, yes: bool) -> None:
    desk.resume()
    with desk.store.write() as tx:
        unlimited = yes or ledger.load_place(tx, desk.name).unlimited
        shape = shape_of(desired.all_fields)
        ledger.save_place(tx, desk.name, approved=shape, unlimited=unlimited)
