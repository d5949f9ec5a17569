"""A company with two CRMs and an agent on one clock that nobody waits on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from sandbox.server import start_sandbox
from tests.connectors.clock import FakeClock
from tests.contract.place import Place
from tests.flow.company import Company, Entry

CHANGING = "Сменщик"
"""Whose accounts belong together for a few days only, and are two people's otherwise."""

DAYS = (date(2026, 10, 16), date(2026, 10, 18))


class CompanyPlace(Place):
    """A portal, an account, and the data directory of one agent that writes to both."""

    @property
    def company(self) -> Company:
        """Its people and their numbers."""
        portal, account = self.crms
        aliases = {"main": f"{staff(portal)[2].id}", "amo": f"{staff(account)[1].id}"}
        return Company(self.boxes, [Entry(CHANGING, aliases, DAYS)])

    def write_settings(self) -> Path:
        """The agent's settings file."""
        return self.company.write_settings(self.folder, since="2026-08-01", extra=self.extra)


def staff(crm: Any) -> list[Any]:
    """The sales people of a portal or an account, in one order in both."""
    return list(crm.users.values())[1:]


@contextmanager
def company(
    folder: Path, *, kind: type[CompanyPlace] = CompanyPlace, scale: str = "tiny"
) -> Iterator[CompanyPlace]:
    """A company whose clock moves only when told; the people in both CRMs are the same."""
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale=scale, seed=5, clock=clock) as portal,
        start_sandbox("amocrm", scale=scale, seed=5, clock=clock) as account,
    ):
        yield kind(folder, {"main": portal, "amo": account}, clock)
