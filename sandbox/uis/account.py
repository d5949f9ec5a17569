"""An account: the exchange behind it, its zone, who may ask, and what it shows oddly."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.conversation import Employee
from sandbox.exchange import Exchange, build_exchange
from sandbox.moment import LOCAL, local

FIRST_SESSION = 900_000_000


@dataclass
class Account:
    """`refusal`: the mnemonic with which every request is refused; `closed`: methods the key may
    not use. `uploaded`: calls loaded from another system, `deleted`: employees in no list any more,
    `sources`: other sources of calls, by the exchange's id.
    """

    exchange: Exchange
    key: str
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Moscow"))
    app_id: int = 4153
    refusal: str = ""
    closed: set[str] = field(default_factory=set)
    uploaded: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    sources: dict[int, str] = field(default_factory=dict)

    def mobile(self, employee: Employee) -> str:
        """The employee's own telephone."""
        return f"79160000{employee.extension:0>3}"

    def local(self, at: float) -> str:
        """A moment as reports tell it: the account's time without a zone."""
        return local(at, self.zone)

    def moment(self, shown: str) -> float:
        """The moment of the account's time; ValueError for what is none."""
        naive = datetime.strptime(shown, LOCAL)  # noqa: DTZ007 - told without one
        return naive.replace(tzinfo=self.zone).timestamp()


def build_account(scale: str, seed: int, clock: Callable[[], datetime]) -> Account:
    """An account whose history ends now; ValueError for an unknown scale."""
    rng = random.Random(f"uis {seed}")
    key = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=40))
    return Account(build_exchange(scale, seed, clock), key)
