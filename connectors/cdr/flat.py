"""Records that are whole calls already: Sipuni's and Rostelecom's exports, Kamailio's cdrs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from connectors.base import Context
from connectors.cdr.moment import is_number, local_seconds
from connectors.cdr.row import seconds
from connectors.cdr.rule import Rule
from connectors.cdr.zone import ServerClock
from connectors.field import senseless, short_ref, text_of
from store.fact import CallLeg, Direction, TalkQuality

_FORMATS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")
_LONGEST_REF = 120


class Flat(NamedTuple):
    """One call as a record tells it: `who` is an extension, "" if nobody is named; `started_s` in
    seconds of UTC. `direction` is None for a call among employees."""

    ref: str
    direction: Direction | None
    who: str
    number: str
    started_s: float
    talk_s: int
    ring_s: int | None
    lasted_s: int
    outcome: str
    quality: TalkQuality = TalkQuality.REPORTED


class FlatProfile(NamedTuple):
    """`columns` without which nothing can be counted (of several names any), the column that names
    the call, that of its start, and how a record is understood."""

    columns: Sequence[tuple[str, ...]]
    key: tuple[str, ...]
    time: str
    read: Callable[[Mapping[str, Any], Rule, ServerClock], Flat]


def flat_leg(found: Flat, context: Context) -> Iterator[CallLeg]:
    """The leg of a call; none for one among employees. A call nobody is named for is nobody's."""
    if found.direction is None:
        return
    phone = context.mark_phone(found.number)
    yield CallLeg(
        ref=f"{found.ref}#{found.who}" if found.who else found.ref,
        call_ref=found.ref,
        user_ref=found.who or None,
        direction=found.direction,
        started_at=datetime.fromtimestamp(found.started_s, UTC),
        talk_s=found.talk_s,
        outcome=found.outcome,
        client_hash=phone.hash,
        client_last4=phone.last4,
        client_ref=None,
        lasted_s=found.lasted_s,
        ring_s=found.ring_s,
        quality=found.quality,
    )


def _sipuni(row: Mapping[str, Any], rule: Rule, clock: ServerClock) -> Flat:
    """A row of /api/statistic/export: times are the cabinet's, the id begins with the second."""
    kind, source, target = text_of(row, "Тип"), text_of(row, "Откуда"), text_of(row, "Куда")
    direction = _SIPUNI_DIRECTION.get(kind.lower())
    if direction is None and kind.lower() != "внутренний":
        raise senseless("Тип", "is none of in, out and internal")
    talk_s = seconds(row.get("Длительность разговора, сек"), "Длительность разговора, сек")
    answered = text_of(row, "Статус").lower() == "отвечен"
    answerer = text_of(row, "Кто разговаривал") or text_of(row, "Кто ответил")
    who = source if direction is Direction.OUT else answerer
    lasted_s = seconds(row.get("Длительность звонка, сек"), "Длительность звонка, сек")
    waited_s = seconds(row.get("Время ответа, сек"), "Время ответа, сек")
    ref = text_of(row, "ID записи")
    local_s = _moment(row, "Время")
    started_s = clock.utc(local_s, ref)
    return Flat(
        ref or short_ref("\0".join((text_of(row, "Время"), source, target, str(lasted_s)))),
        direction,
        _extension(who, rule),
        target if direction is Direction.OUT else source,
        started_s,
        talk_s if answered else 0,
        waited_s if answered else lasted_s,
        lasted_s,
        "answered" if answered else "missed",
    )


_SIPUNI_DIRECTION = {"входящий": Direction.IN, "исходящий": Direction.OUT}


def _rostelecom(row: Mapping[str, Any], rule: Rule, clock: ServerClock) -> Flat:
    """A row of the call history (Integration API, table A.3.14): time in Moscow, or an epoch."""
    direction = _ROSTELECOM_DIRECTION.get(text_of(row, "direction"))
    if direction is None and text_of(row, "direction") != "3":
        raise senseless("direction", "is none of 1, 2 and 3")
    out = direction is Direction.OUT
    answered, voicemail = text_of(row, "state") == "1", text_of(row, "is_voicemail") == "1"
    duration_s = seconds(row.get("duration"), "duration")
    code = text_of(row, "status_code")
    outcome = "answered" if answered else _CODES.get(code, "missed" if not out else "cancelled")
    return Flat(
        _required(row, "session_id"),
        direction,
        "" if voicemail else _extension(text_of(row, "orig_pin" if out else "answering_pin"), rule),
        _sip_user(text_of(row, "dest_number" if out else "orig_number")),
        _rostelecom_start(row, clock),
        duration_s if answered and not voicemail else 0,
        None,
        duration_s,
        "voicemail" if voicemail else outcome,
    )


_ROSTELECOM_DIRECTION = {"1": Direction.IN, "2": Direction.OUT}
_CODES = {"486": "busy", "600": "busy", "404": "wrong_number", "480": "unavailable",
          "503": "unavailable"}  # fmt: skip
"""SIP's answers (RFC 3261, section 21); 487 is a call that was given up."""


def _rostelecom_start(row: Mapping[str, Any], clock: ServerClock) -> float:
    value = text_of(row, "start_call_date")
    if is_number(value):
        return local_seconds(value, "start_call_date")
    return clock.utc(_moment(row, "start_call_date"), "")


def _kamailio(row: Mapping[str, Any], rule: Rule, clock: ServerClock) -> Flat:
    """A row of the table cdrs (acc module): the length runs from the INVITE unless
    cdr_start_on_confirmed is set, so it may hold the ringing."""
    source, target = _sip_user(text_of(row, "src")), _sip_user(text_of(row, "dst"))
    ours, theirs = rule.is_extension(source), rule.is_extension(target)
    lasted_s = _half_up(row.get("duration"))
    local_s = local_seconds(row.get("start_time"), "start_time")
    call_id = _required(row, "call_id")
    direction = Direction.OUT if ours else Direction.IN
    return Flat(
        call_id if len(call_id) <= _LONGEST_REF and call_id.isascii() else short_ref(call_id),
        None if ours and theirs else direction,
        _extension(source if ours else target, rule),
        target if ours else source,
        clock.utc(local_s, ""),
        lasted_s,
        None,
        lasted_s,
        "answered" if lasted_s else "missed",
        TalkQuality.UPPER_BOUND,
    )


PROFILES: Mapping[str, FlatProfile] = {
    "sipuni": FlatProfile(
        (("Тип",), ("Статус",), ("Время",), ("Откуда",), ("Куда",),
         ("Кто ответил", "Кто разговаривал"), ("Длительность разговора, сек",)),
        ("ID записи",), "Время", _sipuni,
    ),
    "rostelecom": FlatProfile(
        (("session_id",), ("direction",), ("state",), ("orig_number",), ("dest_number",),
         ("start_call_date",), ("duration",)),
        ("session_id",), "start_call_date", _rostelecom,
    ),
    "kamailio": FlatProfile(
        (("start_time",), ("duration",), ("src",), ("dst",), ("call_id",)),
        ("call_id",), "start_time", _kamailio,
    ),
}  # fmt: skip

ROSTELECOM_COLUMNS = (
    "session_id", "call_type", "direction", "state", "orig_number", "orig_pin", "dest_number",
    "answering_sipuri", "answering_pin", "start_call_date", "duration", "is_voicemail",
    "is_record", "is_fax", "status_code", "status_string",
)  # fmt: skip
"""Of a file without a header, which comes now and then."""


def _required(row: Mapping[str, Any], name: str) -> str:
    if value := text_of(row, name):
        return value
    raise senseless(name, "is empty")


def _moment(row: Mapping[str, Any], name: str) -> float:
    text = text_of(row, name)
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return local_seconds(text, name)


def _half_up(value: Any) -> int:
    try:
        return seconds(float(value or 0) + 0.5, "duration")
    except (TypeError, ValueError):
        raise senseless("duration", "is no number of seconds") from None


def _extension(number: str, rule: Rule) -> str:
    """The employee's own number; of their mobile, if the settings know whose it is."""
    if rule.is_extension(number):
        return number
    mobile = rule.of_mobile(number)
    return mobile.name if mobile else ""


def _sip_user(address: str) -> str:
    """The number in `sip:79161234567@host`."""
    return address.removeprefix("sip:").partition("@")[0]
