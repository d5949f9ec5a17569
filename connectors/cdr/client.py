"""An opened source of call records: its settings as rules, its database or file, its clock."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from connectors.base import ClientOptions
from connectors.cdr.csv_file import is_sqlite
from connectors.cdr.database import Database
from connectors.cdr.rule import Rule
from connectors.cdr.settings import CdrSettings
from connectors.cdr.zone import ServerClock
from connectors.error import RetryableError


@dataclass
class CdrClient:
    """Reads one switchboard's records. Nothing is opened before it is needed."""

    settings: CdrSettings
    options: ClientOptions = field(repr=False)
    rule: Rule = field(repr=False)
    clock: ServerClock = field(repr=False)

    def close(self) -> None:
        """Lets go of the database, if one was opened."""
        if "database" in self.__dict__ and self.database is not None:
            self.database.close()

    def now(self) -> datetime:
        """This machine's time: a database or a file tells none."""
        return self.options.clock()

    @cached_property
    def database(self) -> Database | None:
        """The database, None where the records are in text files."""
        if self.settings.database is not None:
            return Database.at(self.options.secret(self.settings.database).strip())
        path = self.settings.file
        if path is None or "*" in path.name or not is_sqlite(path):
            return None
        return Database.of_file(path)

    def files(self) -> list[Path]:
        """The files meant by `file`, by name; itself when it is no pattern.

        RetryableError when there are none.
        """
        path = self.settings.file
        if path is None:
            return []
        if "*" not in path.name:
            return [path]
        if found := sorted(path.parent.glob(path.name)):
            return found
        raise RetryableError(
            f"There is no file {path} yet.",
            did="Nothing was read.",
            todo="Put the exports there, or correct `file` in the settings.",
        )


def connect(settings: CdrSettings, options: ClientOptions) -> CdrClient:
    """A client for the settings; what cannot be reached is told when it is read."""
    return CdrClient(settings, options, Rule(settings), ServerClock(settings.known_zone))
