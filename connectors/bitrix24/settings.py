"""The [sources.NAME] table of a Bitrix24 portal."""

from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from config.secret_ref import SecretRef
from config.settings import SourceSettings
from config.value import Url, check_url

_Value = TypeVar("_Value")

AUTH_SERVER = "https://oauth.bitrix24.tech"


class Bitrix24Settings(SourceSettings):
    """A portal read and written through an inbound webhook, or as a local application (OAuth)."""

    connector: Literal["bitrix24"] = Field(description="Bitrix24, cloud or self-hosted.")
    auth: Literal["webhook", "oauth"] = Field(
        default="webhook", description="How the portal is entered: a webhook or an application."
    )
    webhook: SecretRef | None = Field(
        default=None, description="Where `<user id>/<code>` of the webhook is kept."
    )
    client_id: str = Field(default="", description="The local application's client_id.")
    client_secret: SecretRef | None = Field(
        default=None, description="Where the local application's client_secret is kept."
    )
    auth_server: Url = Field(
        default=AUTH_SERVER, description="The vendor's server that gives tokens."
    )
    redirect_uri: str = Field(
        default="",
        description="The application's handler path; on the loopback `merilo login` listens there.",
    )

    @field_validator("webhook")
    @classmethod
    def _of_webhook(cls, value: SecretRef | None, info: ValidationInfo) -> SecretRef | None:
        return _belongs(value, info, "webhook")

    @field_validator("client_id", "client_secret")
    @classmethod
    def _of_application(cls, value: object, info: ValidationInfo) -> object:
        return _belongs(value, info, "oauth")

    @field_validator("redirect_uri")
    @classmethod
    def _check_address(cls, value: str) -> str:
        return check_url(value) if value else ""

    @field_validator("url")
    @classmethod
    def _check_no_webhook(cls, value: str) -> str:
        if "/rest" in urlsplit(value).path:
            msg = "give only the portal's address here; the webhook belongs into the key `webhook`"
            raise ValueError(msg)
        return value


def _belongs(value: _Value, info: ValidationInfo, auth: str) -> _Value:
    """A key of one way to enter: required there, a mistake with the other."""
    chosen = info.data.get("auth")
    if chosen == auth and not value:
        msg = f'is required with auth = "{auth}"'
        raise ValueError(msg)
    if chosen is not None and chosen != auth and value:
        msg = f'is not used with auth = "{chosen}": take one of the two out'
        raise ValueError(msg)
    return value
