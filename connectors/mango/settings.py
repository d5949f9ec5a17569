"""The [sources.NAME] table of a Mango Office virtual exchange."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from config.region import check_timezone
from config.secret_ref import SecretRef
from config.value import Url
from connectors.telephony import TelephonySettings

ADDRESS = "https://app.mango-office.ru/vpbx"
_FOLDER = "/vpbx"


class MangoSettings(TelephonySettings):
    """A virtual exchange read by its API of reports."""

    connector: Literal["mango"] = Field(description="Mango Office.")
    url: Url = Field(
        default=ADDRESS, description="Address of the API; http only towards the loopback."
    )
    api_key: SecretRef = Field(description="Where the unique code of the exchange is kept.")
    api_salt: SecretRef = Field(description="Where the key that signs requests is kept.")
    report_zone: Annotated[str, AfterValidator(check_timezone)] = Field(
        default="Europe/Moscow", description="IANA zone in which reports are asked for."
    )

    @field_validator("url")
    @classmethod
    def _check_folder(cls, value: str) -> str:
        """The address with or without /vpbx."""
        bare = value.rstrip("/")
        return bare if urlsplit(bare).path else f"{bare}{_FOLDER}"
