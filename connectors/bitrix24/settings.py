"""The [sources.NAME] table of a Bitrix24 portal."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from config.secret_ref import SecretRef
from config.settings import SourceSettings


class Bitrix24Settings(SourceSettings):
    """A portal read and written through an inbound webhook."""

    connector: Literal["bitrix24"] = Field(description="Bitrix24, cloud or self-hosted.")
    auth: Literal["webhook", "oauth"] = Field(
        default="webhook", description="How the portal is entered; today only `webhook`."
    )
    webhook: SecretRef = Field(description="Where `<user id>/<code>` of the webhook is kept.")

    @field_validator("auth")
    @classmethod
    def _check_auth(cls, value: str) -> str:
        if value == "oauth":
            msg = "oauth is not built yet: use an inbound webhook"
            raise ValueError(msg)
        return value

    @field_validator("url")
    @classmethod
    def _check_no_webhook(cls, value: str) -> str:
        if "/rest" in urlsplit(value).path:
            msg = "give only the portal's address here; the webhook belongs into the key `webhook`"
            raise ValueError(msg)
        return value
