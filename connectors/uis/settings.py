"""The [sources.NAME] table of a UIS, CoMagic, CallGear or Novofon 2.0 account."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from config.secret_ref import SecretRef
from config.value import Duration
from connectors.telephony import TelephonySettings

VERSION = "v2.0"


class UisSettings(TelephonySettings):
    """An account read by an access key; `url` is the address of its Data API."""

    connector: Literal["uis"] = Field(description="UIS, CoMagic, CallGear or Novofon 2.0.")
    token: SecretRef = Field(description="Where the access key of the Data API is kept.")
    imported: Literal["skip", "read"] = Field(
        default="skip",
        description="Calls that were loaded into the account from another telephone system: read"
        " them only if that system is no source itself.",
    )
    poll: Duration = Field(
        default=timedelta(minutes=2),
        description="How often changes are asked for; every request costs a point of the day.",
    )

    @field_validator("url")
    @classmethod
    def _without_version(cls, value: str) -> str:
        return value.removesuffix(f"/{VERSION}")
