"""Random work of the people of one company in both of its CRMs, and an agent that reads both."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from kpi.engine import rebuild
from sandbox.server import Box
from tests.connectors.clock import FakeClock
from tests.contract import bitrix24_machine
from tests.contract.amocrm_machine import SINCE, WHO, AccountWork
from tests.contract.amocrm_place import store_is_account
from tests.contract.bitrix24_machine import PortalWork
from tests.contract.company_place import CompanyPlace, staff
from tests.contract.trouble import nobody_hands_over

MISTYPED = "mistyped."


class CompanyMachine(PortalWork, AccountWork):
    """A portal and an account of the same people, and the data directory of one agent."""

    doubtful = bitrix24_machine.DOUBTFUL
    place: CompanyPlace

    @initialize(paid=st.booleans())
    def begin(self, paid: bool) -> None:
        """Nothing is in either, and the agent has read both and was allowed to write."""
        account = partial(self.open_account, paid=paid)
        self.start(CompanyPlace, main=self.open_portal, amo=account)

    def open_portal(self, clock: FakeClock) -> Box:
        """An empty portal, where records get other owners only when a rule says so."""
        self.stack.enter_context(nobody_hands_over())
        return super().open_portal(clock)

    @contextmanager
    def handing_over(self) -> Iterator[None]:
        """Whose a record was is told by nobody but us: it is read right before and after."""
        self.cycle()
        yield
        self.cycle()

    @rule(which=WHO, at=st.integers(0, 1))
    def mistype_address(self, which: int, at: int) -> None:
        """One person becomes two, by a slip of the pen in one CRM; or one again."""
        user = staff(self.place.crms[at])[which]
        wrong = user.email.startswith(MISTYPED)
        user.email = user.email.removeprefix(MISTYPED) if wrong else MISTYPED + user.email
        self.did("address")

    def compare(self) -> None:
        """Store = truth of both, and what people did in both is one number of each."""
        app, now = self.app, self.place.clock()
        self.compare_portal(self.place.boxes["main"])
        store_is_account(app, self.place.boxes["amo"])
        days: dict[str, Any] = {"since": SINCE, "until": now.date()}
        for by in ("day", "month"):
            expected = self.place.company.truth(**days, by=by, reads=[*self.rates_seen, now])
            assert self.place.company.shown(app, **days, by=by) == expected
        assert not rebuild(app.store, app.catalog), "the cells were wrong"
