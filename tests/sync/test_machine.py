"""The state machine finds nothing, and finds every classical mistake when we make it."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from store.store import Store
from tests.store.quick import open_quick_store
from tests.sync.machine import SyncMachine
from tests.sync.story import STORIES, Story


@pytest.fixture(scope="module")
def quick_store() -> Iterator[Store]:
    store = open_quick_store()
    yield store
    store.close()


def _run(store: Store, examples: int, steps: int = 25) -> int:
    """Runs machines; how often a process died in them."""
    machine: Any = type("Machine", (SyncMachine,), {"store": store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            # A mistake is to be found, not to be made small.
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return int(machine.died)


def test_no_work_and_no_kill_makes_store_and_crm_differ(quick_store: Store) -> None:
    assert _run(quick_store, 20) > 20


@pytest.mark.long
def test_no_long_work_and_no_kill_makes_store_and_crm_differ(quick_store: Store) -> None:
    assert _run(quick_store, 250) > 250


def _named(story: Story) -> str:
    return f"{story.tell.__name__}-{story.mistake.__name__}"


def _tell(store: Store, story: Story) -> set[str]:
    """The deals that were kept when the story has ended well."""
    machine = type("Machine", (SyncMachine,), {"store": store})()
    machine.begin(page_size=1)
    story.tell(machine)
    machine.teardown()
    return set(machine.seen)


@pytest.mark.parametrize("story", STORIES, ids=_named)
def test_a_story_ends_well(quick_store: Store, story: Story) -> None:
    assert _tell(quick_store, story)


@pytest.mark.parametrize("story", STORIES, ids=_named)
def test_a_classical_mistake_is_found_by_its_story(quick_store: Store, story: Story) -> None:
    with story.mistake(), pytest.raises((AssertionError, LookupError)):
        _tell(quick_store, story)
