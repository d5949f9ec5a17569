"""`merilo run`: the service."""

import os
import sys
import time
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from config.settings import Settings
    from merilo.context import Context

_HEAD_START_S = 0.4


def run(context: typer.Context) -> None:
    """Read, count, write back and show, until stopped (first Ctrl-C: in good order)."""
    # structlog would import rich for tracebacks that are never printed: 4 MB for nothing.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    if not serve(context.obj):
        sys.stderr.flush()
        # Something hangs in a thread that cannot be ended; what is kept is safe.
        os._exit(0)


def serve(context: "Context") -> bool:
    """Runs the service until it is stopped; False when a thread hangs and must be left behind."""
    from merilo.known_secret import KnownSecrets
    from merilo.log import configure_logging
    from merilo.schedule import Work
    from merilo.service import Service
    from merilo.wiring import build_app, settings_from
    from merilo.work import work_of
    from store.lock import instance_lock
    from web.address import listen

    known = KnownSecrets()
    configure_logging(None, known)
    app = build_app(settings_from(context, require_secrets=True))
    known.learn(app.settings, app.secrets)

    def reload() -> Work:
        nonlocal app
        settings = settings_from(context, require_secrets=True)
        _refuse_moved(app.settings, settings)
        app = build_app(settings)
        known.learn(app.settings, app.secrets)
        return work_of(app, known)

    with instance_lock(app.store, app.settings.merilo.data_dir):
        listener = listen(app.settings.web.host, app.settings.web.port)
        service = Service(work_of(app, known), clock=app.clock, reload=reload)
        service.start()
        # Importing the web beside it would double the time to the first request.
        time.sleep(_HEAD_START_S)
        from merilo.site import start_site

        site = start_site(lambda: app, service.states, listener, service.wake)
        try:
            return service.run()
        finally:
            site.stop()
            app.close()


def _refuse_moved(old: "Settings", new: "Settings") -> None:
    """Where the data lie and where the page is cannot change under a running service."""
    from config.error import ConfigError

    places = {
        "merilo.data_dir": old.merilo.data_dir != new.merilo.data_dir,
        "merilo.language": old.merilo.language != new.merilo.language,
        "store.url": old.store.url != new.store.url,
        "secrets": old.secrets != new.secrets,
        "web": old.web != new.web,
    }
    moved = [key for key, differs in places.items() if differs]
    if moved:
        raise ConfigError(
            f"{', '.join(moved)} changed in the settings.",
            did="The service goes on with its former settings.",
            todo="Restart the service to let it take effect.",
        )
