"""Telephone numbers as the exchange writes them: bare digits, SIP addresses, extensions."""

import re

_SIP = re.compile(r"^sips?:([^@;]*)", re.IGNORECASE)
_ABROAD = "810"
_LONG = 11


def plain(number: str) -> str:
    """A number as people write one; the user's part of a SIP address; "" for what is hidden."""
    found = _SIP.match(number)
    text = found[1] if found else number
    if not text.isdecimal() or len(text) < _LONG or (text[0] == "8" and len(text) == _LONG):
        return text
    return f"+{text[3:]}" if text.startswith(_ABROAD) else f"+{text}"
