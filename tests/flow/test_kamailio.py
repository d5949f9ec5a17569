"""Real SIP calls through a real Kamailio, as the agent reads them from its table."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store.fact import Direction, TalkQuality
from tests.connectors.cdr.place import client_of, legs_of
from tests.flow.kamailio import Kamailio, kamailio


def _wait_until_kept(server: Kamailio, calls: int) -> None:
    for _ in range(60):
        if server.kept() == calls:
            return
        time.sleep(0.05)
    raise TimeoutError(f"{server.kept()} of {calls} calls were written down")


@pytest.mark.needs("kamailio", "sipp")
def test_real_calls_are_read_from_a_real_server(tmp_path: Path) -> None:
    """Its times are UTC, though the machine's clock shows another zone."""
    began_at = datetime.now(UTC)
    with kamailio(tmp_path, "Asia/Almaty") as server:
        server.ring("101", calls=3, talk_ms=900)
        _wait_until_kept(server, 3)
    ended_at = datetime.now(UTC)
    legs = legs_of(client_of(server.database, profile="kamailio", now=ended_at))
    assert len({leg.call_ref for leg in legs}) == 3
    assert {(leg.user_ref, leg.direction, leg.talk_s) for leg in legs} == {("101", Direction.IN, 1)}
    assert {leg.quality for leg in legs} == {TalkQuality.UPPER_BOUND}
    about = timedelta(minutes=1)
    assert all(began_at - about <= leg.started_at <= ended_at + about for leg in legs)
