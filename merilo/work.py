"""The service's work in terms of the rooms: what a cycle, a sweep and a write-back really are."""

import hashlib
from datetime import datetime

from config.error import MeriloError
from config.secret import references
from config.secret_ref import SecretRef
from kpi.engine import rebuild
from merilo.cycle import run_cycle, run_late, run_sweep
from merilo.known_secret import KnownSecrets, tokens_of, value_of
from merilo.schedule import ShouldStop, Work
from merilo.scorecard import run_writeback
from merilo.wiring import App
from store.stream import load_streams


def work_of(app: App, known: KnownSecrets) -> Work:
    """The work on everything the settings name; `known` learns secrets that are replaced."""

    def cycle(source: str, should_stop: ShouldStop) -> dict[str, MeriloError]:
        result = run_cycle(app, source, should_stop=should_stop)
        if result.failed is not None:
            raise result.failed
        return {each.stream: each.error for each in result.streams if each.error is not None}

    def sweep(source: str) -> None:
        run_sweep(app, source)
        for each in app.settings.destinations:
            if each.source == source:
                run_writeback(app, each.name, verify=True)

    def writeback(destination: str, should_stop: ShouldStop) -> object:
        return run_writeback(app, destination, should_stop=should_stop)

    def credential(source: str) -> str:
        known.learn(app.settings, app.secrets)
        values = [value_of(app.secrets, ref) for ref in _refs(app, source)]
        tokens = tokens_of(app.settings, app.secrets, source)
        values.append(tokens.refresh if tokens else "")
        return hashlib.sha256("\0".join(values).encode()).hexdigest()

    return Work(
        settings=app.settings,
        cycle=cycle,
        sweep=sweep,
        late=lambda source, should_stop: run_late(app, source, should_stop=should_stop),
        swept_at=lambda source: _swept_at(app, source),
        writeback=writeback,
        self_check=lambda: rebuild(app.store, app.catalog),
        credential=credential,
        close=app.close,
        interrupt=app.stopping.set,
        rest=app.store.rest,
    )


def _refs(app: App, source: str) -> list[SecretRef]:
    prefix = f"sources.{source}."
    return [ref for key, ref in references(app.settings) if key.startswith(prefix)]


def _swept_at(app: App, source: str) -> datetime | None:
    with app.store.read() as tx:
        states = load_streams(tx)
    moments = [each.swept_at for (name, _), each in states.items() if name == source]
    return max((each for each in moments if each is not None), default=None)
