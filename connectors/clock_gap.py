"""How far this machine's clock and a vendor's are apart, as a line of `merilo check`."""

from datetime import datetime

from connectors.base import Check

_LARGEST_S = 60


def check_clock(here: datetime, there: datetime, whose: str) -> Check:
    """`here`: this machine's time, `there`: the vendor's at the same moment, `whose`: its name."""
    gap_s = round((here - there).total_seconds())
    ok = abs(gap_s) <= _LARGEST_S
    side = "ahead of" if gap_s > 0 else "behind"
    return Check(
        name="clock",
        ok=ok,
        detail=f"this machine is {abs(gap_s)} s {side} the {whose}" if gap_s else "same as here",
        todo="" if ok else "Set this machine's clock (NTP): today's numbers depend on it.",
    )
