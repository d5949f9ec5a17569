"""Stories in which something was once lost, found by machines that did things at random."""

from pathlib import Path

from merilo.cycle import run_cycle
from sandbox.bitrix24.call import Leg
from tests.contract.place import portal
from tests.flow.test_sync_bitrix24 import stored_legs, true_legs


def test_the_first_call_of_a_silent_portal_is_read_though_it_began_before_the_first_read(
    tmp_path: Path,
) -> None:
    with portal(tmp_path / "silent", scale="empty") as place, place.opened() as app:
        assert not run_cycle(app, "main").errors
        place.pass_by(seconds=30)
        place.box.portal.add_call(Leg(7, 2, 119))
        place.pass_by(minutes=1)
        assert not run_cycle(app, "main").errors
        assert stored_legs(app) == true_legs(place.box) != set()
