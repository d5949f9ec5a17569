"""Short stories of work and kills, each with the classical mistake that would spoil its end."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from connectors.error import RetryableError
from store.fact import DealState
from tests.sync import planted
from tests.sync.machine import SyncMachine


class Story(NamedTuple):
    """What happens, page by page of one record, and the mistake that it gives away."""

    tell: Callable[[SyncMachine], None]
    mistake: Callable[[], AbstractContextManager[None]]


def _begin(machine: SyncMachine, refs: str = "abc") -> None:
    """Deals that are older than any overlap. Their pages come after three of users."""
    for ref in refs:
        machine.create(ref=ref, owner="7")
    machine.wait(seconds=3600)


def _changed_behind_the_reader(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle_while_people_work(ref="a", amount=4, owner="8", at=6)


def _changed_between_kill_and_resume(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle_killed_after_work_on_what_was_read(ref="a", amount=7, at=6)


def _changed_in_the_second_of_the_read(machine: SyncMachine) -> None:
    machine.create(ref="a", owner="7")
    machine.cycle(full=False)
    machine.change(ref="a", amount=3)


def _killed_between_cursor_and_rows(machine: SyncMachine) -> None:
    _begin(machine, "a")
    machine.cycle(full=False)
    machine.change(ref="a", amount=3)
    machine.wait(seconds=2)
    machine.cycle_killed_at_a_request(full=False, at=8)


def _changed_after_a_finished_run(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle(full=False)
    machine.change(ref="a", amount=3)


def _nothing_changed(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle(full=False)
    machine.wait(seconds=3600)
    machine.cycle(full=False)
    machine.nothing_is_removed_that_was_never_deleted()


def _a_copy_lags_behind(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle(full=False)
    machine.change(ref="a", amount=3)
    machine.wait(seconds=3600)
    machine.cycle(full=False)
    machine.cycle_on_a_copy_that_lags_behind()


def _won_and_handed_over(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle(full=False)
    machine.move(ref="a", state=DealState.WON)
    machine.cycle(full=False)
    machine.wait(seconds=2)
    machine.reassign(ref="a", owner="8")
    machine.cycle(full=False)
    machine.nobody_is_credited_but_who_was_seen()


def _changed_after_it_was_counted(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle(full=False)
    machine.refresh()
    machine.change(ref="a", amount=3)
    machine.cycle(full=False)
    machine.the_journal_brings_the_cells_to_the_facts()


def _counted_during_the_first_read(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle_killed_between_pages(full=False, at=4)
    machine.refresh()
    machine.cycle_killed_between_pages(full=False, at=4)
    machine.the_journal_brings_the_cells_to_the_facts()


def _refused_on_the_way(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle_with_an_error(at=5, kind=RetryableError)
    machine.everything_before_the_watermark_is_in_the_store()


def _senseless(machine: SyncMachine) -> None:
    _begin(machine)
    machine.spoil(ref="b")


def _back_from_the_bin(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle(full=False)
    machine.delete(ref="b")
    machine.sweep()
    machine.restore(ref="b")


def _full_read_killed_and_changed(machine: SyncMachine) -> None:
    _begin(machine)
    machine.cycle(full=False)
    machine.wait(seconds=3600)
    machine.cycle_killed_at_a_request(full=True, at=6)
    machine.change(ref="a", amount=3)
    machine.wait(seconds=3600)
    machine.cycle(full=False)


STORIES = (
    Story(_changed_behind_the_reader, planted.watermark_is_the_end_of_the_run),
    Story(_changed_between_kill_and_resume, planted.watermark_is_the_start_of_the_last_attempt),
    Story(_full_read_killed_and_changed, planted.watermark_is_the_start_of_the_last_attempt),
    Story(_changed_in_the_second_of_the_read, planted.later_than_instead_of_not_before),
    Story(_killed_between_cursor_and_rows, planted.cursor_is_saved_before_the_rows),
    Story(_changed_after_a_finished_run, planted.checkpoint_outlives_its_run),
    Story(_changed_after_a_finished_run, planted.updates_are_ignored),
    Story(_nothing_changed, planted.what_is_not_listed_is_deleted),
    Story(_a_copy_lags_behind, planted.an_older_version_overwrites),
    Story(_won_and_handed_over, planted.credit_goes_to_the_owner_of_today),
    Story(_changed_after_it_was_counted, planted.old_images_are_not_journalled),
    Story(_counted_during_the_first_read, planted.the_first_read_is_not_counted_anew),
    Story(_refused_on_the_way, planted.an_error_ends_the_run_as_if_it_were_done),
    Story(_senseless, planted.senseless_records_vanish),
    Story(_back_from_the_bin, planted.a_sweep_does_not_fetch_what_was_missed),
)
