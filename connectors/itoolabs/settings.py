"""The [sources.NAME] table of an exchange of the ITooLabs family."""

from typing import Literal

from pydantic import Field, field_validator

from config.secret_ref import SecretRef
from connectors.telephony import TelephonySettings

API = "crmapi/v1"


class ItoolabsSettings(TelephonySettings):
    """An account at MegaFon, Kcell, Dom.ru, MGTS or Moldcell, entered by its key for CRMs."""

    connector: Literal["itoolabs"] = Field(
        description="MegaFon VATS, Kcell VPBX, Dom.ru, MGTS or Moldcell."
    )
    token: SecretRef = Field(description="Where the account's key for CRMs (X-API-KEY) is kept.")

    @field_validator("url")
    @classmethod
    def _bare(cls, value: str) -> str:
        """Cabinets show the address of the API: the account's own is what stands before it."""
        return value.rstrip("/").removesuffix(f"/{API}")
