"""Basic methods: the clock, the scopes, and who the webhook acts for."""

from sandbox.bitrix24.access import SCOPES
from sandbox.bitrix24.envelope import Reply
from sandbox.bitrix24.method import Call, Method
from sandbox.moment import iso


def _time(call: Call) -> Reply:
    return Reply(iso(call.portal.now()))


def _scope(call: Call) -> Reply:
    every = str(call.any_case("full", "")).casefold() in ("1", "true", "y")
    return Reply(list(SCOPES) if every else sorted(call.portal.access.scopes))


def _profile(call: Call) -> Reply:
    owner = call.portal.users[call.portal.access.user]
    return Reply(
        {
            "ID": str(owner.id),
            "ADMIN": call.portal.access.admin,
            "NAME": owner.name,
            "LAST_NAME": owner.last_name,
            "PERSONAL_GENDER": owner.gender,
            "TIME_ZONE": "",
        }
    )


def _admin(call: Call) -> Reply:
    return Reply(call.portal.access.admin)


METHODS = {
    "server.time": Method((), _time),
    "scope": Method((), _scope),
    "profile": Method((), _profile),
    "user.admin": Method((), _admin),
}
