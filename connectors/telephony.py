"""What the sources that are telephone systems have in common."""

from datetime import timedelta
from typing import ClassVar

from config.settings import SourceSettings

OVERLAP = timedelta(hours=6)
"""Read again by every run: a call appears when it has ended, and long ones end late."""

LATE = timedelta(hours=48)
"""Read again every hour: files and reports may tell of a call much later."""

FEEDS = ("pbx_calls",)
"""What metrics call the stream of calls, if it is a telephone system's word they need."""


class TelephonySettings(SourceSettings):
    """[sources.NAME] of a telephone system: what it tells of a call wins over a CRM's copy."""

    is_telephony: ClassVar[bool] = True
