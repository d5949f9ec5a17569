"""Sources, accounts, managers and who is whom, read and written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from store.fact import Account, Department, Pipeline, Stage
from store.surrounding import ACCOUNT_DEPARTMENT, DEPARTMENT
from store.table import (
    AccountRow,
    AliasRow,
    ManagerRow,
    PipelineRow,
    SourceRow,
    StageRow,
    table_of,
)
from store.upsert import put_history

_SOURCE, _ACCOUNT, _MANAGER = table_of(SourceRow), table_of(AccountRow), table_of(ManagerRow)
_ALIAS, _PIPELINE, _STAGE = table_of(AliasRow), table_of(PipelineRow), table_of(StageRow)


class Alias(NamedTuple):
    """Account `ref` is manager `manager_id` on local days `from_day`..`to_day` (YYYYMMDD)."""

    source_id: int
    ref: str
    from_day: int
    to_day: int
    manager_id: int


def source_id(tx: Connection, name: str) -> int:
    """The source's number, given at its first sight and kept for ever."""
    found = tx.execute(select(_SOURCE.c.id).where(_SOURCE.c.name == name)).scalar()
    if found is None:
        found = tx.execute(insert(_SOURCE).values(name=name).returning(_SOURCE.c.id)).scalar_one()
    return int(found)


def source_ids(tx: Connection) -> dict[str, int]:
    """The numbers of all sources ever configured, by name."""
    return {row.name: row.id for row in tx.execute(select(_SOURCE.c.name, _SOURCE.c.id))}


def mark_telephony(tx: Connection, names: Sequence[str]) -> None:
    """These sources are telephone systems, for as long as anything they told is kept."""
    if names:
        new = (_SOURCE.c.name.in_(names), _SOURCE.c.is_telephony.is_(False))
        tx.execute(update(_SOURCE).where(*new).values(is_telephony=True))


def telephony_ids(tx: Connection) -> frozenset[int]:
    """The numbers of the sources that are telephone systems."""
    return frozenset(tx.execute(select(_SOURCE.c.id).where(_SOURCE.c.is_telephony)).scalars())


def put_accounts(tx: Connection, source: int, accounts: Sequence[Account]) -> int:
    """Keeps the accounts as the vendor shows them now; returns how many were new or changed."""
    rows = {each.ref: (each.name, each.email, each.active, each.extension) for each in accounts}
    known = {
        row.ref: (row.name, row.email, row.active, row.extension)
        for row in tx.execute(select(_ACCOUNT).where(_ACCOUNT.c.source_id == source))
    }
    changed = [ref for ref, row in rows.items() if known.get(ref) != row]
    moved = _put_memberships(tx, source, accounts)
    if not changed:
        return moved
    tx.execute(delete(_ACCOUNT).where(_ACCOUNT.c.source_id == source, _ACCOUNT.c.ref.in_(changed)))
    names = ("name", "email", "active", "extension")
    fresh = [
        {"source_id": source, "ref": ref, **dict(zip(names, rows[ref], strict=True))}
        for ref in changed
    ]
    tx.execute(insert(_ACCOUNT), fresh)
    return max(len(changed), moved)


def put_departments(tx: Connection, source: int, departments: Sequence[Department]) -> int:
    """Keeps the departments; returns how many were new or changed. One that is gone stays, empty:
    the accounts that were in it tell of others."""
    if not departments:
        return 0
    known = {tuple(row) for row in tx.execute(select(DEPARTMENT))}
    wanted = {
        each.ref: (source, each.ref, each.name, each.parent_ref, each.head_ref, each.sort)
        for each in departments
    }
    changed = [row for row in wanted.values() if row not in known]
    put_history(tx, DEPARTMENT, changed)
    return len(changed)


def _put_memberships(tx: Connection, source: int, accounts: Iterable[Account]) -> int:
    """Who is in which department; returns how many accounts moved."""
    of = ACCOUNT_DEPARTMENT.c
    known: dict[str, set[str]] = {}
    query = select(of.account_ref, of.department_ref).where(of.source_id == source)
    for ref, department in tx.execute(query):
        known.setdefault(ref, set()).add(department)
    moved = [each for each in accounts if known.get(each.ref, set()) != {*each.departments}]
    if moved:
        refs = [each.ref for each in moved]
        left = (of.source_id == source, of.account_ref.in_(refs))
        tx.execute(delete(ACCOUNT_DEPARTMENT).where(*left))
        rows = [
            {"source_id": source, "account_ref": each.ref, "department_ref": one}
            for each in moved
            for one in {*each.departments}
        ]
        if rows:
            tx.execute(insert(ACCOUNT_DEPARTMENT), rows)
    return len(moved)


def put_funnels(tx: Connection, source: int, facts: Sequence[Pipeline | Stage]) -> int:
    """Keeps pipelines and stages; returns how many were new or changed."""
    pipelines = {
        (source, each.ref): (source, each.ref, each.name, each.sort)
        for each in facts
        if isinstance(each, Pipeline)
    }
    stages = {
        (source, each.ref, each.pipeline_ref): (
            source,
            each.ref,
            each.pipeline_ref,
            each.name,
            each.sort,
            int(each.state),
        )
        for each in facts
        if isinstance(each, Stage)
    }
    changed = 0
    for table, wanted in ((_PIPELINE, pipelines), (_STAGE, stages)):
        known = {tuple(row) for row in tx.execute(select(table).where(table.c.source_id == source))}
        key = list(table.primary_key.columns)
        for place, row in wanted.items():
            if row in known:
                continue
            match = [column == value for column, value in zip(key, place, strict=True)]
            tx.execute(delete(table).where(*match))
            tx.execute(insert(table).values(row))
            changed += 1
    return changed


def known_accounts(tx: Connection) -> list[tuple[int, str, str, str | None, str | None]]:
    """(source_id, ref, name, email, extension) of every account of every source."""
    of = _ACCOUNT.c
    query = select(of.source_id, of.ref, of.name, of.email, of.extension)
    return [
        (row[0], row[1], row[2], row[3], row[4])
        for row in tx.execute(query.order_by(of.source_id, of.ref))
    ]


def manager_ids(tx: Connection) -> dict[str, int]:
    """Manager ids by key."""
    return {row.key: row.id for row in tx.execute(select(_MANAGER.c.key, _MANAGER.c.id))}


def put_manager(tx: Connection, *, key: str, name: str, listed: bool, hidden: bool) -> int:
    """Keeps a manager under the key and returns the id, which never changes."""
    values = {"name": name, "listed": listed, "hidden": hidden}
    found = tx.execute(select(_MANAGER).where(_MANAGER.c.key == key)).one_or_none()
    if found is None:
        query = insert(_MANAGER).values(key=key, **values).returning(_MANAGER.c.id)
        return int(tx.execute(query).scalar_one())
    if any(getattr(found, field) != value for field, value in values.items()):
        tx.execute(update(_MANAGER).where(_MANAGER.c.id == found.id).values(**values))
    return int(found.id)


def put_managers(tx: Connection, people: Mapping[str, tuple[str, bool, bool]]) -> dict[str, int]:
    """Makes (name, listed, hidden) by key the managers of now; returns the ids of them all.

    A manager that is no longer among them keeps its id and its name, and is not listed.
    """
    columns = (_MANAGER.c.key, _MANAGER.c.name, _MANAGER.c.listed, _MANAGER.c.hidden)
    known = {row[0]: tuple(row[1:]) for row in tx.execute(select(*columns))}
    for key, (name, listed, hidden) in people.items():
        if known.get(key) != (name, listed, hidden):
            put_manager(tx, key=key, name=name, listed=listed, hidden=hidden)
    for key in known.keys() - people.keys():
        if known[key][1]:
            tx.execute(update(_MANAGER).where(_MANAGER.c.key == key).values(listed=False))
    return manager_ids(tx)


def rename_key(tx: Connection, old: str, new: str) -> None:
    """Finds the manager by another key from now on; the id stays."""
    tx.execute(update(_MANAGER).where(_MANAGER.c.key == old).values(key=new))


def hidden_managers(tx: Connection) -> set[int]:
    """Ids of managers who are ignored as persons."""
    return set(tx.execute(select(_MANAGER.c.id).where(_MANAGER.c.hidden)).scalars())


def aliases(tx: Connection) -> list[Alias]:
    """Who is whom, as it was last applied to the facts."""
    query = select(
        _ALIAS.c.source_id, _ALIAS.c.ref, _ALIAS.c.from_day, _ALIAS.c.to_day, _ALIAS.c.manager_id
    )
    return [Alias(*row) for row in tx.execute(query)]


def replace_aliases(tx: Connection, wanted: Sequence[Alias]) -> None:
    """Makes `wanted` the whole truth about who is whom."""
    tx.execute(delete(_ALIAS))
    if wanted:
        tx.execute(insert(_ALIAS), [alias._asdict() for alias in wanted])
