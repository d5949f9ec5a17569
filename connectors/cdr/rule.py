"""Who stands behind a channel or a number, by the settings of a source."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from connectors.cdr.row import Row
from connectors.cdr.settings import CdrSettings
from connectors.phone import LONGEST_EXTENSION

_NOT_DIGIT = re.compile(r"\D+")


Side = Literal["nobody", "employee", "outside", "local"]
"""What a channel is an end of; `local`: of another piece of dialplan."""


class Party(NamedTuple):
    """An end of a row; `name` is the employee's extension; of `local` "" if none is in it."""

    side: Side
    name: str = ""


NOBODY = Party("nobody")
OUTSIDE = Party("outside")


def digits_of(number: str) -> str:
    """The digits of a number; those of a Russian one begin with 7."""
    digits = _NOT_DIGIT.sub("", number)
    return f"7{digits[1:]}" if len(digits) == 11 and digits[0] == "8" else digits


class Rule:
    """The settings as questions; the answers for a channel's name are remembered."""

    def __init__(self, settings: CdrSettings) -> None:
        self._is_numbered = settings.profile == "mikopbx"
        self.mobiles: Mapping[str, str] = {
            digits_of(number): extension for number, extension in settings.mobiles.items()
        }
        self._is_extension = re.compile(settings.extensions).fullmatch
        self._trunks = settings.trunks
        self.robots = frozenset(settings.robots)
        self._known: dict[str, Party] = {}

    def is_extension(self, number: str) -> bool:
        """Whether an employee has this number."""
        return self._is_extension(number) is not None

    def caller(self, row: Row) -> Party:
        """Who rang; someone who rings in from an employee's mobile is that employee."""
        if self._is_numbered:
            return self._numbered(row.source, row.channel)
        found = self.behind(row.channel)
        if self.mobiles and found.side == "outside":
            return self.of_mobile(row.source) or found
        return found

    def called(self, row: Row) -> Party:
        """Who was rung; the channel tells, since `dst` is overwritten by a transfer."""
        if self._is_numbered:
            return NOBODY if row.app else self._numbered(row.target, row.target_channel)
        if not row.target_channel:
            return NOBODY
        found = self.behind(row.target_channel)
        if self.mobiles and found.side == "outside":
            return self.of_mobile(dialled(row)) or found
        return found

    def behind(self, channel: str) -> Party:
        """Whose channel this is, by its name without the number of the call (-0000002a)."""
        base = channel.rpartition("-")[0] or channel
        found = self._known.get(base)
        if found is None:
            found = self._known[base] = self._party(base)
        return found

    def _party(self, base: str) -> Party:
        technology, _, name = base.partition("/")
        if technology == "Local":
            name = name.partition("@")[0]
            return Party("local", name if self.is_extension(name) else "")
        if not name or any(base.startswith(trunk) for trunk in self._trunks):
            return OUTSIDE
        return Party("employee", name) if self.is_extension(name) else OUTSIDE

    def _numbered(self, number: str, channel: str) -> Party:
        if any(channel.startswith(trunk) for trunk in self._trunks):
            return self.of_mobile(number) or OUTSIDE
        if self.is_extension(number):
            return Party("employee", number)
        return self.of_mobile(number) or OUTSIDE

    def of_mobile(self, number: str) -> Party | None:
        """The employee whose mobile has this number; None for a stranger's."""
        if not self.mobiles:
            return None
        extension = self.mobiles.get(digits_of(number))
        return Party("employee", extension) if extension else None


def dialled(row: Row) -> str:
    """The number that a row rang outside: of the application's data, which a transfer keeps."""
    if row.app == "Dial":
        place = row.app_data.partition(",")[0].partition("&")[0].rpartition("/")[2]
        number = place.partition("@")[0]
        if is_outer_number(number):
            return number
    return row.target


def is_outer_number(number: str) -> bool:
    """Whether a number is too long to be one of the company's own."""
    return len(_NOT_DIGIT.sub("", number)) > LONGEST_EXTENSION
