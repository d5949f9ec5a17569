"""An Asterisk's books in a database, filled from the exchange, and an agent that reads them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import create_engine, text

from sandbox.asterisk import CDR_TABLE, CEL_TABLE, ROBOT_CONTEXT, Book, heard
from sandbox.exchange import Exchange, build_exchange
from tests.clock import Clock, Hurry
from tests.flow.agent import keep_secret, write_file

OFFSET_S = 5 * 3600
"""The server's clock shows the time of Almaty."""


class Books:
    """An exchange whose calls are written into a database as they end."""

    def __init__(self, url: str, clock: Clock | Hurry, *, scale: str, cel: bool = True) -> None:
        self.exchange: Exchange = build_exchange(scale, 5, clock)
        self.url, self._cel = url, cel
        self._engine = create_engine(url)
        self._written: set[int] = set()
        self._events = 0
        with self._engine.begin() as tx:
            tx.execute(text(CDR_TABLE))
            if cel:
                tx.execute(text(CEL_TABLE))
        self.write()

    def write(self) -> list[str]:
        """Enters what ended since the last time; gives the queue's lines."""
        book = Book(OFFSET_S)
        ended = self.exchange.ended(0, float("inf"))
        book.write(call for call in ended if call.id not in self._written)
        self._written |= {call.id for call in ended}
        with self._engine.begin() as tx:
            _insert(tx, "cdr", book.cdr)
            if self._cel:
                events = [{**each, "id": each["id"] + self._events} for each in book.cel]
                _insert(tx, "cel", events)
                self._events += len(events)
        return book.queue_log

    def told(self) -> Exchange:
        """The exchange as its books tell its talks."""
        told = Exchange(self.exchange.clock, self.exchange.employees)
        told.conversations = [heard(each) for each in self.exchange.conversations]
        told._published = self.exchange._published
        return told

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()


def _insert(tx: Any, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        names = ", ".join(rows[0])
        marks = ", ".join(f":{name}" for name in rows[0])
        tx.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), rows)  # noqa: S608


def settings_of(
    folder: Path, books: Books, *, since: date = date(2020, 1, 1), people: str = ""
) -> Path:
    """A settings file for the books as the source `pbx`; people are named by their extension."""
    secret = keep_secret(folder, "database", books.url)
    people = people or "\n".join(
        f'[[managers]]\nname = "{one.name} {own}"\naliases = {{ pbx = "{own}" }}'
        for own, one in books.exchange.employees.items()
    )
    return write_file(
        folder,
        f"""
[sources.pbx]
connector = "cdr"
profile = "asterisk"
database = "file:{secret}"
since = "{since}"
robots = ["{ROBOT_CONTEXT}"]

{people}
""",
    )


@contextmanager
def opened(
    url: str, clock: Clock | Hurry, *, scale: str = "tiny", cel: bool = True
) -> Iterator[Books]:
    """Books for the length of a test."""
    with closing(Books(url, clock, scale=scale, cel=cel)) as books:
        yield books


@contextmanager
def kept_in_a_file(scale: str, clock: Clock | Hurry) -> Iterator[Books]:
    """Books in a file of their own."""
    with (
        TemporaryDirectory(prefix="merilo-books-") as folder,
        opened(f"sqlite:///{folder}/cdr.db", clock, scale=scale) as books,
    ):
        yield books
