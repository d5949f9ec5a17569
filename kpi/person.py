"""Managers as KPIs show them: who appears, under which name and ids, and how they are asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, or_, select

from kpi.error import AskError
from store.moment import day_number
from store.store import Store
from store.table import TEAM, AccountRow, AliasRow, ManagerRow, SourceRow, table_of

_MANAGER, _ALIAS, _SOURCE = table_of(ManagerRow), table_of(AliasRow), table_of(SourceRow)
_ACCOUNT = table_of(AccountRow)

TEAM_WORDS = ("team", "команда")
"""How the team is asked for where a manager is expected."""


@dataclass(frozen=True)
class Person:
    """A manager, or the team: id 0 and no name. `aliases`: their newest id in each source."""

    id: int
    name: str | None
    aliases: Mapping[str, str] = field(default_factory=dict)


def find_manager(store: Store, text: str) -> int:
    """The id of a manager named by id, exact name or `source:alias`; TEAM for `team`.

    AskError names the candidates when there is none or more than one.
    """
    if text.strip().lower() in TEAM_WORDS:
        return TEAM
    with store.read() as tx:
        people, by_alias = read_people(tx), _by_alias(tx, text)
    found = {each.id: each for each in people if _is_called(each, text) or each.id in by_alias}
    if len(found) == 1:
        return next(iter(found))
    candidates = list(found.values()) or _similar(people, text)
    names = ", ".join(f"{each.id} {each.name}" for each in candidates)
    what = f"Several managers are {text!r}." if found else f"There is no manager {text!r}."
    todo = f"Give an id, an exact name or source:alias; candidates: {names or 'none'}."
    raise AskError(what, todo=todo)


def read_people(tx: Connection, manager_ids: Iterable[int] | None = None) -> list[Person]:
    """The managers with these ids, or all there are, hidden ones too, sorted by name.

    The team comes last, and only if its id is asked for.
    """
    query = select(_MANAGER.c.id, _MANAGER.c.name)
    if manager_ids is None:
        return _people(tx, query)
    wanted = set(manager_ids)
    people = _people(tx, query.where(_MANAGER.c.id.in_(wanted)))
    return [*people, Person(TEAM, None)] if TEAM in wanted else people


def read_board(tx: Connection, period: Table | None) -> list[Person]:
    """Everyone who is listed or was ever credited in `period`, unless hidden, and the team."""
    shown: ColumnElement[bool] = _MANAGER.c.listed
    if period is not None:
        credited = select(period.c.manager_id).where(period.c.kind == "month").distinct()
        shown = or_(shown, _MANAGER.c.id.in_(credited))
    query = select(_MANAGER.c.id, _MANAGER.c.name)
    people = _people(tx, query.where(shown, _MANAGER.c.hidden.is_(False)))
    return [*people, Person(TEAM, None)]


def _people(tx: Connection, query: Select[Any]) -> list[Person]:
    aliases = _aliases(tx)
    found = [Person(row[0], row[1], aliases.get(row[0], {})) for row in tx.execute(query)]
    return sorted(found, key=lambda person: (person.name or "", person.id))


def read_accounts(tx: Connection, source: str, since: date, until: date) -> dict[int, str]:
    """The account of a source that each manager had on some of the local days, by manager id."""
    met = (_ALIAS.c.from_day <= day_number(until), _ALIAS.c.to_day >= day_number(since))
    return {who: found[source] for who, found in _aliases(tx, *met).items() if source in found}


def _aliases(tx: Connection, *where: ColumnElement[bool]) -> dict[int, dict[str, str]]:
    """The ids of every manager by source; of several that of an account rather than an extension,
    and the one that is valid longest."""
    of = _ACCOUNT.c
    is_its = (of.source_id == _ALIAS.c.source_id) & (of.ref == _ALIAS.c.ref)
    query = (
        select(_ALIAS.c.manager_id, _SOURCE.c.name, _ALIAS.c.ref)
        .join(_SOURCE, _SOURCE.c.id == _ALIAS.c.source_id)
        .join(_ACCOUNT, is_its, isouter=True)
        .where(*where)
        .order_by(of.ref.is_not(None), _ALIAS.c.to_day, _ALIAS.c.from_day, _ALIAS.c.ref.desc())
    )
    found: dict[int, dict[str, str]] = {}
    for manager_id, source, ref in tx.execute(query):
        found.setdefault(manager_id, {})[source] = ref
    return found


def _is_called(person: Person, text: str) -> bool:
    return person.name == text or text == str(person.id)


def _by_alias(tx: Connection, text: str) -> set[int]:
    source, _, ref = text.partition(":")
    query = (
        select(_ALIAS.c.manager_id)
        .join(_SOURCE, _SOURCE.c.id == _ALIAS.c.source_id)
        .where(_SOURCE.c.name == source, _ALIAS.c.ref == ref)
    )
    return set(tx.execute(query).scalars())


def _similar(people: list[Person], text: str) -> list[Person]:
    """Managers whose name holds a word of the text, else the first few."""
    words = text.lower().split()
    near = [each for each in people if any(word in (each.name or "").lower() for word in words)]
    return (near or people)[:10]
