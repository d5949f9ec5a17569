"""One company with two CRMs: an agent that reads both, and everybody's numbers beside those of both
sandboxes together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from kpi.value import Query, Value, values
from merilo.wiring import App
from sandbox.amocrm.truth import truth as account_truth
from sandbox.bitrix24.truth import truth as portal_truth
from sandbox.tally import Row
from tests.flow import amo
from tests.flow.agent import EVERY_CRM, write_settings

SUMS = [each for each in EVERY_CRM if each not in ("days_to_win", "sales_cycle")]
"""What both CRMs feed and adds up to the unit; of days only whole seconds would."""

ALWAYS = (date.min, date.max)


class Entry(NamedTuple):
    """Somebody whom the settings join: accounts by source, the first day and the last."""

    name: str
    aliases: Mapping[str, str]
    days: tuple[date, date] = ALWAYS

    @property
    def table(self) -> str:
        """As the settings file has it."""
        aliases = ", ".join(f'{source} = "{ref}"' for source, ref in self.aliases.items())
        first, last = self.days
        rows = ["[[managers]]", f'name = "{self.name}"', f"aliases = {{ {aliases} }}"]
        rows += [f'from = "{first}"'] if first > date.min else []
        rows += [f'to = "{last}"'] if last < date.max else []
        return "\n".join(rows) + "\n"


Part = tuple[Decimal, int, int]
"""A sum, what it is divided by if it is a share or a mean (else 0), and the records behind it."""

Whole = dict[tuple[str | None, str, date], Part]
"""By person (their e-mail or name in the settings; None: the team), metric and period."""


@dataclass(frozen=True)
class Company:
    """The servers of its CRMs by the names of their sources, and whom its settings join."""

    boxes: Mapping[str, Any]
    entries: Sequence[Entry] = ()

    def write_settings(self, folder: Path, *, since: str, extra: str = "") -> Path:
        """A settings file for both, each with a scorecard."""
        account = amo.source_table(folder, self.boxes["amo"], since=since)
        tables = [account, amo.SCORECARD, *(each.table for each in self.entries), extra]
        return write_settings(folder, self.boxes["main"], since=since, extra="\n".join(tables))

    def email(self, source: str, user: int) -> str:
        """The address of somebody's account in one of the CRMs."""
        box = self.boxes[source]
        users = box.portal.users if source == "main" else box.account.users
        found: str = users[user].email
        return found

    def who(self, source: str, user: int, day: date) -> str:
        """Who somebody in one of the CRMs was on a day."""
        for each in self.entries:
            if each.aliases.get(source) == str(user) and each.days[0] <= day <= each.days[1]:
                return each.name
        return self.email(source, user)

    def truth(self, *, since: date, until: date, by: str, reads: Sequence[datetime]) -> Whole:
        """What the two sandboxes reckon by day, added up by person and by day or month."""
        found: dict[tuple[str | None, str, date], Part] = {}
        for source, row in self._days(since, until, reads):
            day = row.period_start
            who = None if row.user is None else self.who(source, row.user, day)
            key = (who, row.metric, day.replace(day=1) if by == "month" else day)
            found[key] = _plus(found.get(key, _NOTHING), row)
        return found

    def shown(self, app: App, *, since: date, until: date, by: Any) -> Whole:
        """What the agent says, as far as it counted something."""
        query = Query(since=since, until=until, by=by, metrics=tuple(SUMS))
        return {
            (self._name(each), each.metric, each.period): _plus(_NOTHING, each)
            for each in values(app.store, app.catalog, query, app.vantage)
            if each.n
        }

    def _days(
        self, since: date, until: date, reads: Sequence[datetime]
    ) -> Iterator[tuple[str, Row]]:
        asked: dict[str, Any] = {"since": since, "until": until, "by": "day", "tz": "Europe/Moscow"}
        asked |= {"view": "observed", "reads": reads}
        told = {
            "main": portal_truth(self.boxes["main"].portal, **asked),
            "amo": account_truth(self.boxes["amo"].account, **asked),
        }
        for source, rows in told.items():
            yield from ((source, row) for row in rows if row.metric in SUMS and row.n)

    def _name(self, value: Value) -> str | None:
        listed = {each.name for each in self.entries}
        if value.manager is None or value.manager in listed:
            return value.manager
        return next(self.email(source, int(ref)) for source, ref in value.aliases.items())


_NOTHING: Part = (Decimal(0), 0, 0)


def _plus(part: Part, row: Any) -> Part:
    """One more number, of a sandbox or of the agent."""
    above, below, records = part
    more = row.value if row.numerator is None else row.numerator
    return above + Decimal(str(more)), below + int(row.denominator or 0), records + row.n
