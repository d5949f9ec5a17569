"""Which time zones and currencies exist."""

from zoneinfo import ZoneInfo, available_timezones

from config.value import nearest


def check_timezone(name: str) -> str:
    """`name` if it is an IANA zone; else ValueError with the nearest one."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError("no such time zone" + nearest(name, available_timezones())) from None
    return name


def check_currency(code: str) -> str:
    """`code` if ISO 4217 has it in use today; else ValueError with the nearest one."""
    from babel.core import get_global

    history = get_global("territory_currencies").values()
    current = {code for spans in history for code, _, end, tender in spans if tender and not end}
    if code not in current:
        raise ValueError("no such currency in use (ISO 4217)" + nearest(code, current))
    return code
