"""The page of a running agent: its reader, its guard, its server."""

import socket
from collections.abc import Callable, Sequence
from datetime import date

from merilo.hook import Listener
from merilo.login import Installer
from merilo.wiring import App
from web.address import listen
from web.app import create_app
from web.board import Board, Explanation
from web.guard import guard_for
from web.health import SourceHealth
from web.reader import StoreReader
from web.server import Server


class _Current:
    """A reader of whatever settings are in force when a page is asked for."""

    def __init__(self, current: Callable[[], App]) -> None:
        self._current = current

    def board(self, month: date | None = None) -> Board:
        return self._reader().board(month)

    def explain(self, manager_id: int | None, metric: str, month: date) -> Explanation:
        return self._reader().explain(manager_id, metric, month)

    def _reader(self) -> StoreReader:
        app = self._current()
        return StoreReader(
            settings=app.settings,
            store=app.store,
            catalog=app.catalog,
            link=app.record_url,
            vantage=lambda: app.vantage,
        )


def start_site(
    current: Callable[[], App],
    states: Callable[[], Sequence[SourceHealth]],
    listener: socket.socket | None = None,
    wake: Callable[[str], object] = bool,
) -> Server:
    """Shows the page. `current` gives what is in force, `states` how the sources are doing.

    `listener` None: listens where [web] says; ConfigError when that address is taken.
    """
    app = current()
    web = app.settings.web
    application = create_app(
        _Current(current),
        states=states,
        guard=guard_for(web, None if web.token is None else app.secrets.get(web.token)),
        language=app.settings.merilo.language,
        install=Installer(current),
        hint=Listener(current, wake),
    )
    return Server(application, listener or listen(web.host, web.port))
