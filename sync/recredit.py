"""Keeps every fact credited by the settings and people of now, whoever changed them meanwhile."""

from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from config.settings import Settings
from config.work_calendar import calendar_of, calendar_text
from store import call as stored_call
from store import directory
from store import record as stored_record
from store.callback import waited_calls
from store.fact import Email, Lead
from store.rate import load_rates
from store.upsert import Place, by_source
from sync.basis import Basis, call_rules_of, call_rules_text, read_basis, write_basis
from sync.commit import Commit
from sync.credit import Credit
from sync.fold import EACH_LEG
from sync.mailbox import stand
from sync.money import Rates
from sync.people import load_people, update_people

log = structlog.get_logger("merilo.sync")


def settle(tx: Connection, settings: Settings) -> Credit:
    """Applies the people, zone, currency and calendar of the settings to every stored fact.

    Does nothing to facts when neither they nor the accounts changed.
    """
    directory.mark_telephony(tx, _telephony(settings))
    moved = update_people(tx, settings.managers)
    known = read_basis(tx)
    wanted = _wanted(tx, settings, known)
    if wanted != known or moved:
        write_basis(tx, wanted._replace(version=wanted.version + 1))
    credit = load_credit(tx)
    if known is None:
        return credit
    if wanted[1:3] != known[1:3]:
        _credit_anew(tx, credit)
        return credit
    if moved:
        _credit_moved(tx, credit, moved)
    if wanted.calendar != known.calendar:
        _time_anew(tx, credit)
    _fold_anew(tx, credit, call_rules_of(known.calls))
    return credit


def _wanted(tx: Connection, settings: Settings, known: Basis | None) -> Basis:
    """What the settings ask for, with the version of now."""
    numbers = directory.source_ids(tx)
    rules = {
        numbers[name]: each.credit
        for name, each in settings.sources.items()
        if name in numbers and each.credit != EACH_LEG
    }
    merilo, calendar = settings.merilo, calendar_text(settings.calendar)
    version = known.version if known else 0
    return Basis(version, merilo.zone.key, merilo.currency, calendar, call_rules_text(rules))


def _telephony(settings: Settings) -> list[str]:
    return [name for name, each in settings.sources.items() if each.is_telephony]


def _fold_anew(tx: Connection, credit: Credit, before: Mapping[int, str]) -> None:
    """The calls of sources that are credited by another rule than before."""
    for source_id in before.keys() | credit.call_rules.keys():
        if before.get(source_id) != credit.call_rules.get(source_id):
            commit = Commit(source_id=source_id, credit=credit, journal=True)
            parts = stored_call.call_refs(tx, source_id)
            changed = sum(commit.fold_again(tx, refs) for refs in parts)
            rule = credit.call_rules.get(source_id, EACH_LEG)
            log.info("sync.recredited", credit=rule, rows=changed)


def load_credit(tx: Connection) -> Credit:
    """The credit by which the stored facts were last settled."""
    basis = read_basis(tx)
    if basis is None:
        raise LookupError("facts are credited only after settle")
    return Credit(
        people=load_people(tx),
        zone=(zone := ZoneInfo(basis.zone)),
        currency=basis.currency,
        calendar=calendar_of(basis.calendar, zone),
        rates=Rates(load_rates(tx)),
        call_rules=call_rules_of(basis.calls),
        version=basis.version,
    )


def current(tx: Connection, commit: Commit) -> Commit:
    """The commit with the newest credit: another thread or process may have settled meanwhile."""
    basis = read_basis(tx)
    if basis is None or basis.version == commit.credit.version:
        return commit
    return Commit(source_id=commit.source_id, credit=load_credit(tx), journal=commit.journal)


def _credit_anew(tx: Connection, credit: Credit) -> None:
    """Everything changes, so nothing is journalled: the KPIs are rebuilt."""
    for source_id in directory.source_ids(tx).values():
        commit = Commit(source_id=source_id, credit=credit, journal=False)
        _credit_source(tx, commit)
        _time_waits(tx, commit)
    log.info("sync.recredited", zone=credit.zone.key, currency=credit.currency)


def _time_anew(tx: Connection, credit: Credit) -> None:
    """What is counted in working hours, by other hours or days."""
    changed = 0
    for source_id in directory.source_ids(tx).values():
        commit = Commit(source_id=source_id, credit=credit, journal=False)
        for leads in stored_record.live_records(tx, Lead, source_id):
            changed += commit.settle_responses(tx, {lead.ref for lead in leads})
        changed += _time_waits(tx, commit)
        for letters in stored_record.live_records(tx, Email, source_id):
            changed += commit.settle_letters(tx, stand(letters))
    log.info("sync.recredited", calendar=credit.calendar.country, rows=changed)


def _time_waits(tx: Connection, commit: Commit) -> int:
    """The waits of missed calls, of which no row changes with the hours."""
    parts = waited_calls(tx, commit.source_id)
    return sum(commit.settle_waits(tx, calls) for calls in parts)


def _credit_moved(tx: Connection, credit: Credit, moved: Collection[Place]) -> None:
    changed = 0
    for source_id, refs in by_source(moved).items():
        commit = Commit(source_id=source_id, credit=credit, journal=True)
        changed += _credit_source(tx, commit, refs)
    if changed:
        log.info("sync.recredited", accounts=len(moved), rows=changed)


def _credit_source(tx: Connection, commit: Commit, accounts: Collection[str] | None = None) -> int:
    source_id, changed = commit.source_id, 0
    for kind in stored_record.TABLES:
        for records in stored_record.live_records(tx, kind, source_id, accounts):
            changed += commit.credit_again(tx, kind, records)
    for call_refs in stored_call.call_refs(tx, source_id, accounts):
        changed += commit.fold_again(tx, call_refs)
    return changed
