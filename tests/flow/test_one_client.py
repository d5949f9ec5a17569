"""A source has one connection, however many threads ask for it at once."""

import threading
from pathlib import Path
from typing import Any
from unittest import mock

from connectors.bitrix24 import CONNECTOR
from merilo.wiring import now
from sandbox.server import start_sandbox
from tests.flow.agent import agent, write_settings


def test_threads_that_ask_at_once_get_one_connection_and_none_is_left_open(tmp_path: Path) -> None:
    made: list[Any] = []
    again = threading.Event()

    def make(*given: Any) -> Any:
        client = mock.Mock()
        made.append(client)
        if len(made) > 1:
            again.set()
        again.wait(0.3)  # long enough for the other threads to come, too
        return client

    connector = mock.Mock(wraps=CONNECTOR, client=make)
    with (
        start_sandbox("bitrix24", scale="empty", seed=1) as box,
        agent(write_settings(tmp_path, box), now) as app,
    ):
        app.__dict__["connectors"] = {"main": connector}
        threads = [threading.Thread(target=app.client, args=("main",)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert len(made) == 1
    made[0].close.assert_called_once_with()
