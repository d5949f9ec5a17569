"""Telephone numbers as a keyed hash and four digits: enough to join calls, not to dial."""

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

from connectors.base import Context, PhoneMark

LONGEST_EXTENSION = 6
REMEMBERED = 16_384

_NOT_DIGIT = re.compile(r"\D+")
_WRITTEN = re.compile(r"[0-9 +()-]*")
_RUSSIAN = re.compile(r"[78]([3489]\d{9})")
"""A Russian number with its country code or trunk prefix: no library is needed to read it."""


def phone_marker(key: bytes, region: str = "RU") -> Callable[[str], PhoneMark]:
    """A function that marks numbers as people and PBXs write them; `region` for those without +.

    Up to six digits are an extension: no hash, since it would join strangers who share it. The
    hash is blake2b of the E.164 form under `key`; a number no plan knows is hashed by its digits.
    """

    @lru_cache(maxsize=REMEMBERED)
    def mark(raw: str) -> PhoneMark:
        digits = _NOT_DIGIT.sub("", raw)
        if len(digits) <= LONGEST_EXTENSION:
            return PhoneMark(None, digits[-4:] or None)
        number = _e164(raw, digits, region)
        digest = blake2b(number.encode(), key=key, digest_size=16).hexdigest()
        return PhoneMark(digest, number[-4:])

    return mark


def written_digits(text: str) -> str:
    """The digits of a number; a word has none, whatever digits it has."""
    return _NOT_DIGIT.sub("", text) if _WRITTEN.fullmatch(text) else ""


def mark_told(number: str, context: Context) -> PhoneMark:
    """Who hides their number has none: strangers must not be taken for one client."""
    is_told = written_digits(number).strip("0")
    return context.mark_phone(number) if is_told else PhoneMark(None, None)


def _e164(raw: str, digits: str, region: str) -> str:
    russian = _RUSSIAN.fullmatch(digits) if region == "RU" else None
    if russian and not (digits[0] == "8" and raw.lstrip().startswith("+")):
        return f"+7{russian[1]}"
    return _parsed(raw, region) or _parsed(f"+{digits}", region) or digits


def _parsed(raw: str, region: str) -> str | None:
    # Imported when the first foreign number appears: the metadata of all countries is large
    import phonenumbers

    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
