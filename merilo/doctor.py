"""What is wrong and what a person can do about it; asks no remote system."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, func, select, tuple_, union

from config.keeper import vault_path
from merilo.doctor_text import tell
from merilo.known_secret import enters_by_oauth, tokens_of
from merilo.status import Status, StreamStatus
from merilo.wiring import App
from store.lock import InstanceRunning, instance_lock
from store.record import TABLES
from store.table import DEAL, AccountRow, AliasRow, CallLegRow, ManagerRow, SourceRow, table_of

_LEAST_FREE = 500 * 1024 * 1024
_LOGIN_ENDS_SOON = timedelta(days=30)
_ACCOUNT, _ALIAS, _LEG = table_of(AccountRow), table_of(AliasRow), table_of(CallLegRow)
_MANAGER, _SOURCE = table_of(ManagerRow), table_of(SourceRow)
_SHOWN = 10
"""So many strangers of a source are named; the rest are counted."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A problem: its stable code, what it is, and what to do."""

    code: str
    what: str
    todo: str


def find_problems(app: App, status: Status) -> list[Advice]:
    """Every problem the settings and the store tell of, in the language of the settings."""
    language = app.settings.merilo.language
    found = [*_about_settings(app), *_about_streams(app, status), *_about_destinations(status)]
    with app.store.read() as tx:
        found += _about_people(tx)
    return [Advice(code=code, **tell(language, code, values)) for code, values in found]


Found = tuple[str, dict[str, object]]


def _about_settings(app: App) -> Iterator[Found]:
    settings = app.settings
    uses_vault = (
        settings.secrets.backend == "vault" or vault_path(settings.merilo.data_dir).exists()
    )
    if settings.secrets.master_key == "generated" and uses_vault:
        yield "weak_master_key", {"folder": settings.merilo.data_dir}
    if not settings.sources:
        yield "no_sources", {"file": settings.path}
    yield from _about_logins(app)
    free = shutil.disk_usage(settings.merilo.data_dir).free
    if free < _LEAST_FREE:
        yield "little_space", {"free": free // 1024**2, "folder": settings.merilo.data_dir}


def _about_logins(app: App) -> Iterator[Found]:
    for source in app.settings.sources:
        if not enters_by_oauth(app.settings, source):
            continue
        tokens = tokens_of(app.settings, app.secrets, source)
        ends_at = tokens.login_ends_at if tokens else None
        if tokens is None:
            yield "no_login", {"source": source}
        elif ends_at is not None and ends_at - app.clock() < _LOGIN_ENDS_SOON:
            yield "login_ends", {"source": source, "day": ends_at.date()}


def _about_streams(app: App, status: Status) -> Iterator[Found]:
    for each in status.streams:
        name = f"{each.source}/{each.stream}"
        if each.state == "failing":
            yield "failing", {"name": name, "error": each.error}
        elif each.state == "never":
            yield "never_read", {"name": name, "source": each.source}
        if each.quarantined:
            yield "quarantine", {"name": name, "count": each.quarantined}
    if any(map(_is_late, status.streams)) and not _service_runs(app):
        yield "not_running", {}
    for each in status.streams:
        if each.state == "stale":
            yield (
                "stale",
                {
                    "name": f"{each.source}/{each.stream}",
                    "minutes": (each.lag_s or 0) // 60,
                    "source": each.source,
                },
            )


def _is_late(stream: StreamStatus) -> bool:
    return stream.state in ("stale", "never")


def _service_runs(app: App) -> bool:
    try:
        with instance_lock(app.store, app.settings.merilo.data_dir):
            return False
    except InstanceRunning:
        return True


def _about_destinations(status: Status) -> Iterator[Found]:
    for each in status.destinations:
        if each.pause:
            yield "paused", {"name": each.destination, "reason": each.pause}
        if each.rejected:
            yield "rejected", {"name": each.destination, "count": each.rejected}
        if each.held:
            yield "held", {"name": each.destination, "count": each.held}


def _about_people(tx: Connection) -> Iterator[Found]:
    for source, refs in _strangers(tx).items():
        line = f'aliases = {{ {source} = "{refs[0]}" }}'
        shown = ", ".join(refs[:_SHOWN])
        yield "strangers", {"source": source, "refs": shown, "count": len(refs), "line": line}
    twins = select(_MANAGER.c.name).group_by(_MANAGER.c.name).having(func.count() > 1)
    for name in tx.execute(twins).scalars():
        yield "twins", {"name": name}
    no_rate = select(DEAL.c.currency, func.count()).where(
        DEAL.c.base_amount.is_(None), DEAL.c.removed_at.is_(None)
    )
    for currency, count in tx.execute(no_rate.group_by(DEAL.c.currency)):
        yield "no_rate", {"currency": currency, "count": count}


def _strangers(tx: Connection) -> dict[str, list[str]]:
    """By source, the ids, logins or extensions that own deals or talk in calls but belong to nobody
    it lists as a user."""
    known = select(_ACCOUNT.c.source_id, _ACCOUNT.c.ref).union(
        select(_ALIAS.c.source_id, _ALIAS.c.ref)
    )
    owners = [select(each.c.source_id, each.c.owner_ref.label("ref")) for each in TABLES.values()]
    credited = union(*owners, select(_LEG.c.source_id, _LEG.c.user_ref.label("ref"))).subquery()
    person = tuple_(credited.c.source_id, credited.c.ref)
    query = select(_SOURCE.c.name, credited.c.ref).join_from(
        credited, _SOURCE, _SOURCE.c.id == credited.c.source_id
    )
    query = query.where(credited.c.ref.is_not(None), person.not_in(known))
    found: dict[str, list[str]] = {}
    for source, ref in sorted((str(name), str(ref)) for name, ref in tx.execute(query)):
        found.setdefault(source, []).append(ref)
    return found
