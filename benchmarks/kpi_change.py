"""A poll's worth of changed facts, through the same door as those of a CRM."""

import random
from typing import Any

from sqlalchemy import Connection, Table

from benchmarks.kpi_facts import DAYS, FIRST_DAY, LAST_DAY, MANAGERS, Size
from store.moment import day_number
from store.store import Store
from store.table import CALL, DEAL, EMAIL
from store.upsert import Row, delete_rows, put_rows

ROWS = 200
"""Facts that change at once: 140 calls, 30 letters, 30 deals; a call has two rows."""
_SHARES = ((CALL, 140), (EMAIL, 30), (DEAL, 30))


class Changes:
    """Makes changes to a store of this size; `today` touches the last day's facts only."""

    def __init__(self, store: Store, size: Size, *, today: bool) -> None:
        self.store, self.size, self.today = store, size, today
        self.chance = random.Random(today)
        self.new = 0

    def make(self) -> None:
        """Changes `ROWS` facts: edits, moves to another manager or day, new ones, deletions."""
        with self.store.write() as tx:
            for table, count in _SHARES:
                known = self._known(tx, table, count * 8 // 10)
                gone = known[: count // 10]
                kept = [self._changed(table, row) for row in known[len(gone) :]]
                fresh = [self._renewed(table, row) for row in known[: count * 2 // 10]]
                put_rows(tx, table, [*kept, *fresh], journal=True)
                width = len(table.primary_key.columns)
                delete_rows(tx, table, [row[:width] for row in gone], journal=True)

    def _known(self, tx: Connection, table: Table, count: int) -> list[Row]:
        """Facts of the last day or of any, chosen by their number; of a call both rows."""
        a_day = {CALL: self.size.calls, EMAIL: self.size.emails, DEAL: self.size.deals}[table]
        first = (DAYS - 1) * a_day if self.today else 0
        head = "s:" if table is CALL else ""
        numbers = self.chance.sample(range(first, DAYS * a_day), count)
        marks = ", ".join("?" * count)
        refs = tuple(f"{head}{number}" for number in numbers)
        found = tx.exec_driver_sql(
            f"SELECT * FROM {table.name} WHERE source_id = 1 AND ref IN ({marks})", refs
        )
        return [tuple(row) for row in found]

    def _changed(self, table: Table, row: Row) -> Row:
        """Another manager, for a part of the rows another day, and for calls another talk."""
        values: dict[str, Any] = dict(zip(table.columns.keys(), row, strict=True))
        someone, day = self.chance.randint(1, MANAGERS), self._day()
        if table is CALL:
            values["talk_s"] = self.chance.choice((0, 119, 120, 121, 600))
        elif table is EMAIL:
            values.update(credited_to=someone, day=day if someone % 4 == 0 else values["day"])
        else:
            values.update(
                state=1, closed_day=day, closed_by=someone, closed_at=values["updated_at"]
            )
            values["base_amount"] = self.chance.randrange(10**8)
        values["row_hash"] = self.chance.getrandbits(62)
        return tuple(values.values())

    def _renewed(self, table: Table, row: Row) -> Row:
        self.new += 1
        changed = self._changed(table, row)
        return (changed[0], f"new:{self.new}", *changed[2:])

    def _day(self) -> int:
        if self.today:
            return day_number(LAST_DAY)
        month = self.chance.randrange(24)
        year, month = divmod(FIRST_DAY.year * 12 + FIRST_DAY.month - 1 + month, 12)
        return year * 10_000 + (month + 1) * 100 + self.chance.randint(1, 28)
