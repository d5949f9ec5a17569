"""Keeps the cells equal to the facts: by adding what changed, or by building them anew."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from kpi.catalog import Catalog
from kpi.cell import cells_of, differ, drop, fill, fold, make, replace
from kpi.snapshot import is_due, take_snapshots
from store.mark import REBUILD, clear_mark, read_mark, write_mark
from store.store import Store
from store.upsert import empty_journals, waiting_journals

_CATALOG = "kpi.catalog"


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a refresh did: journal rows taken in, and whether everything was built anew."""

    folded: int = 0
    rebuilt: bool = False


def refresh(store: Store, catalog: Catalog, zone: ZoneInfo | None = None) -> Refreshed:
    """Brings the cells up to the facts; reads only what changed, and nothing when nothing did.

    Everything is built anew when the mark `kpi.rebuild` is set, or when the declarations are not
    those the cells were made for. With the `zone` of the days, what stands open now is kept for
    the day up to which was read.
    """
    with store.read() as tx:
        if is_current(tx, catalog) and not (zone and is_due(tx, catalog, zone)):
            return Refreshed()
    with store.write() as tx:
        done = _refresh(tx, catalog)
        if zone is not None:
            take_snapshots(tx, cells_of(catalog), zone)
        return done


def rebuild(store: Store, catalog: Catalog) -> bool:
    """Builds every cell from the facts; True if those kept were wrong (they are right now).

    Changes waiting in the journals are taken in first: they are no difference. Snapshots of past
    days stay as they are: facts do not tell how they once stood.
    """
    with store.write() as tx:
        if _refresh(tx, catalog).rebuilt:
            return False
        kept, fresh = cells_of(catalog), cells_of(catalog, "_fresh")
        make(tx, fresh)
        fill(tx, fresh)
        differed = differ(tx, kept, fresh)
        if differed:
            replace(tx, kept, fresh)
        drop(tx, fresh)
        return differed


def is_kept(tx: Connection, catalog: Catalog) -> bool:
    """Whether cells for these very declarations exist."""
    return read_mark(tx, _CATALOG) == catalog.fingerprint


def is_current(tx: Connection, catalog: Catalog) -> bool:
    """Whether the cells hold everything the facts say."""
    if not is_kept(tx, catalog) or read_mark(tx, REBUILD) is not None:
        return False
    return not waiting_journals(tx)


def _refresh(tx: Connection, catalog: Catalog) -> Refreshed:
    cells, fits = cells_of(catalog), is_kept(tx, catalog)
    anew = not fits or read_mark(tx, REBUILD) is not None
    if not fits:
        make(tx, cells)
        write_mark(tx, _CATALOG, catalog.fingerprint)
    if anew:
        fill(tx, cells)
        clear_mark(tx, REBUILD)
    else:
        fold(tx, cells)
    return Refreshed(folded=empty_journals(tx), rebuilt=anew)
