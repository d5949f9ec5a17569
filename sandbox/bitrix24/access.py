"""Who the webhook acts for, and what that person may see and do."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.envelope import ApiError

SCOPES = (
    "crm",
    "department",
    "task",
    "telephony",
    "user",
    "user_basic",
    "user_brief",
    "user.userfield",
    "userfieldconfig",
)


@dataclass(slots=True)
class Access:
    """The webhook and its owner's rights; tests switch them while the server runs.

    `owners` limits reading to records of these users, silently, as rights do; `unreadable` are
    entityTypeIds of leads or quotes that may not be read at all. `by_app`: the request in hand
    came from the application, not by the webhook.
    """

    user: int
    code: str
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    expired: bool = False
    admin: bool = True
    call_statistics: bool = True
    owners: set[int] | None = None
    unreadable: set[int] = field(default_factory=set)
    by_app: bool = False

    @property
    def webhook(self) -> str:
        """The part of the address that is the login."""
        return f"{self.user}/{self.code}"

    def login(self, user: str, code: str) -> None:
        """Refuse a wrong or an expired webhook."""
        if f"{user}/{code}" != self.webhook:
            raise ApiError(401, "INVALID_CREDENTIALS", "Invalid request credentials")
        if self.expired:
            raise ApiError(401, "expired_token", "The access token provided has expired")

    def need(self, scopes: tuple[str, ...]) -> None:
        """Refuse when none of the scopes was granted; no scope at all means a basic method."""
        if scopes and not self.scopes.intersection(scopes):
            text = "The request requires higher privileges than provided by the webhook token"
            raise ApiError(403, "insufficient_scope", text)

    def need_admin(self) -> None:
        """Refuse what only a CRM administrator may do."""
        if not self.admin:
            raise ApiError(403, "ACCESS_DENIED", "Access denied")

    def sees(self, deal: Deal) -> bool:
        """Whether the owner's rights let this deal be read."""
        return self.owners is None or deal.now.owner in self.owners

    def deal_test(self) -> Callable[[Deal], bool] | None:
        """The test that hides deals from lists; None when everything may be read."""
        return None if self.owners is None else self.sees
