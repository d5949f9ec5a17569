"""Activities as crm.activity.* shows them: strings, and what must be asked for by name."""

from collections.abc import Iterable
from typing import Any

from sandbox.bitrix24.activity import CALL, EMAIL, MEETING, OUTGOING, Activity
from sandbox.bitrix24.field import Field, by_upper, constant, show_old

_SIX_HOURS_S = 6 * 3600
_CONTACT = 3


def _now(name: str) -> Any:
    return lambda activity: getattr(activity.versions[-1], name)


def _second(name: str) -> Any:
    return lambda activity: int(getattr(activity.versions[-1], name))


def _kind(name: str) -> Any:
    return lambda activity: getattr(activity.kind, name)


def _completed(activity: Activity) -> str:
    return "Y" if activity.now.completed else "N"


def _end(activity: Activity) -> int:
    """A reminder of when to be done, hours off; never when a call or meeting really ended."""
    return int(activity.now.start) + (_SIX_HOURS_S if activity.kind.type != EMAIL else 0)


def _deadline(activity: Activity) -> int:
    starts = activity.kind.type in (CALL, MEETING)
    return int(activity.now.start) if starts else _end(activity)


def _communications(activity: Activity) -> list[dict[str, Any]]:
    mail = activity.kind.type == EMAIL
    return [
        {
            "ID": str(activity.id),
            "TYPE": "EMAIL" if mail else "PHONE",
            "VALUE": "client@client.example" if mail else "+74951234567",
            "ENTITY_ID": "15",
            "ENTITY_TYPE_ID": str(_CONTACT),
        }
    ]


def _settings(activity: Activity) -> Any:
    """What is kept of a letter's headers; of anything else an empty array, as PHP writes it."""
    told = activity.letter
    if told is None:
        return []
    address = told.author if activity.kind.direction == OUTGOING else told.to
    people = {"from": f"<{told.author}>", "replyTo": "", "to": told.to, "cc": "", "bcc": ""}
    shown: dict[str, Any] = {"EMAIL_META": {"__email": address, **people}}
    if told.is_own:
        shown["MESSAGE_HEADERS"] = {"Message-Id": told.message_id, "Reply-To": told.author}
    return shown


ACTIVITY_FIELDS = by_upper(
    Field(name, name, kind, get, "", name in ("ID", "CREATED", "LAST_UPDATED"))
    for name, kind, get in (
        ("ID", "integer", lambda activity: activity.id),
        ("OWNER_ID", "integer", lambda activity: activity.owner[1]),
        ("OWNER_TYPE_ID", "integer", lambda activity: activity.owner[0]),
        ("TYPE_ID", "integer", _kind("type")),
        ("PROVIDER_ID", "string", _kind("provider")),
        ("PROVIDER_TYPE_ID", "string", _kind("provider_type")),
        ("PROVIDER_GROUP_ID", "string", constant(None)),
        ("ASSOCIATED_ENTITY_ID", "integer", constant(0)),
        ("SUBJECT", "string", _now("subject")),
        ("CREATED", "datetime", lambda activity: int(activity.created_at)),
        ("LAST_UPDATED", "datetime", _second("updated_at")),
        ("START_TIME", "datetime", _second("start")),
        ("END_TIME", "datetime", _end),
        ("DEADLINE", "datetime", _deadline),
        ("COMPLETED", "boolean", _completed),
        ("STATUS", "integer", lambda activity: 2 if activity.now.completed else 1),
        ("RESPONSIBLE_ID", "user", _now("responsible")),
        ("PRIORITY", "integer", constant(2)),
        ("NOTIFY_TYPE", "integer", constant(1)),
        ("NOTIFY_VALUE", "integer", constant(15)),
        ("DESCRIPTION", "string", constant("")),
        ("DESCRIPTION_TYPE", "integer", constant(1)),
        ("DIRECTION", "integer", _kind("direction")),
        ("LOCATION", "string", constant("")),
        ("SETTINGS", "object", _settings),
        ("ORIGINATOR_ID", "string", constant(None)),
        ("ORIGIN_ID", "string", constant(None)),
        ("AUTHOR_ID", "user", lambda activity: activity.author),
        ("EDITOR_ID", "user", _now("by")),
        ("PROVIDER_PARAMS", "object", constant([])),
        ("PROVIDER_DATA", "string", constant(None)),
        ("RESULT_MARK", "integer", constant(0)),
        ("RESULT_VALUE", "double", constant(None)),
        ("RESULT_SUM", "double", constant(None)),
        ("RESULT_CURRENCY_ID", "string", constant(None)),
        ("RESULT_STATUS", "integer", constant(0)),
        ("RESULT_STREAM", "integer", constant(0)),
        ("RESULT_SOURCE_ID", "string", constant(None)),
        ("AUTOCOMPLETE_RULE", "integer", constant(0)),
    )
)
ON_REQUEST = by_upper(
    (
        Field("COMMUNICATIONS", "COMMUNICATIONS", "crm_activity_communication", _communications),
        Field("FILES", "FILES", "diskfile", lambda _activity: []),
        Field("CALENDAR_EVENT_ID", "CALENDAR_EVENT_ID", "integer", _now("event")),
    )
)
"""Shown only when named in `select`, never by `*`."""


def show_activity(activity: Activity, columns: Iterable[Field]) -> dict[str, Any]:
    """An activity as crm.activity.list shows it."""
    return {one.name: show_old(one.kind, one.get(activity)) for one in columns}
