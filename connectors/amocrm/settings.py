"""The [sources.NAME] table of an amoCRM (Kommo) account."""

from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from config.secret_ref import SecretRef
from config.settings import SourceSettings


class AmocrmSettings(SourceSettings):
    """An account read and written by an integration of its own."""

    connector: Literal["amocrm"] = Field(description="amoCRM or Kommo.")
    auth: Literal["token", "oauth"] = Field(
        default="token", description="How the account is entered: a long-lived token, or OAuth."
    )
    token: SecretRef | None = Field(
        default=None,
        validate_default=True,
        description="Where the long-lived token of the integration is kept.",
    )
    client_id: str = Field(
        default="", validate_default=True, description="OAuth: the integration's id."
    )
    client_secret: SecretRef | None = Field(
        default=None,
        validate_default=True,
        description="OAuth: where the integration's secret key is kept.",
    )
    redirect_uri: str = Field(
        default="",
        validate_default=True,
        description="OAuth: the address of redirection, exactly as in the integration.",
    )
    currency: str = Field(
        default="",
        pattern="^([A-Z]{3})?$",
        description="Currency of the deals where the account does not tell it; left out: the base"
        " currency.",
    )

    @field_validator("url")
    @classmethod
    def _check_bare(cls, value: str) -> str:
        if urlsplit(value).path.strip("/"):
            msg = "give only the account's address here, such as https://example.amocrm.ru"
            raise ValueError(msg)
        return value

    @field_validator("token", "client_id", "client_secret", "redirect_uri")
    @classmethod
    def _check_login(cls, value: Any, info: ValidationInfo) -> Any:
        auth = info.data.get("auth")
        needed = "token" if info.field_name == "token" else "oauth"
        if auth == needed and not value:
            msg = f'missing: auth = "{auth}" needs it'
            raise ValueError(msg)
        return value
