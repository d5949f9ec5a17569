"""The [sources.NAME] table of a Zadarma (Novofon 1.0) account."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from config.region import check_timezone
from config.secret_ref import SecretRef
from config.value import Url
from connectors.telephony import TelephonySettings


class ZadarmaSettings(TelephonySettings):
    """An account entered by the key and secret of its API page."""

    connector: Literal["zadarma"] = Field(description="Zadarma, or Novofon by its first API.")
    url: Url = Field(
        default="https://api.zadarma.com", description="Base URL; https://api.novofon.com, say."
    )
    key: SecretRef = Field(description="Where the user key of the API is kept.")
    secret: SecretRef = Field(description="Where the secret of that key is kept.")
    timezone: Annotated[str, AfterValidator(check_timezone)] = Field(
        description="IANA zone that is chosen in the account: its times come without one."
    )

    @property
    def zone(self) -> ZoneInfo:
        """The zone of `timezone`."""
        return ZoneInfo(self.timezone)
