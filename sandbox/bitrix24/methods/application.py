"""Methods that only an application may call, not a webhook."""

from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.method import Call, Method

_NAMES = (
    "event.unbind",
    "event.offline.list",
    "event.offline.error",
    "event.test",
    "placement.bind",
    "placement.unbind",
    "placement.get",
    "userfieldtype.add",
    "userfieldtype.list",
    "telephony.externalCall.register",
    "telephony.externalCall.finish",
)


def _refuse(_call: Call) -> Reply:
    raise ApiError(403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method")


def _info(call: Call) -> Reply:
    if not call.portal.access.by_app:
        raise ApiError(400, "ACCESS_DENIED", "Access denied! Application context required")
    return Reply(
        {
            "ID": 1,
            "CODE": call.portal.oauth.client_id,
            "VERSION": 1,
            "STATUS": "L",
            "INSTALLED": call.portal.oauth.finished,
            "PAYMENT_EXPIRED": "N",
            "DAYS": None,
            "LANGUAGE_ID": "ru",
            "LICENSE": "ru_pro100",
        }
    )


METHODS = {name: Method((), _refuse) for name in _NAMES} | {"app.info": Method((), _info)}
