"""What a metric needs: streams, and settings that name funnel stages or custom fields."""

import re

_FIELD = re.compile(r"fields\.(deal|contact)\.([a-z][a-z0-9_]*)")
_ROLE = re.compile(r"funnels\.([a-z][a-z0-9_]*)")
STREAM_OF_FIELDS = {"deal": "deals", "contact": "contacts"}
"""The stream that reads the custom fields of a kind of record."""


def is_setting(need: object) -> bool:
    """Whether it names a key of [fields.SOURCE.KIND] or [funnels.SOURCE], not a stream."""
    return isinstance(need, str) and bool(_FIELD.fullmatch(need) or _ROLE.fullmatch(need))


def is_field(need: str) -> bool:
    """Whether it names a key of [fields.SOURCE.KIND]."""
    return _FIELD.fullmatch(need) is not None


def stream_of(need: str) -> str:
    """The stream of which a setting tells more; sources without it need no such setting."""
    field = _FIELD.fullmatch(need)
    return STREAM_OF_FIELDS[field[1]] if field else "deals"


def setting_of(need: str, source: str = "SOURCE") -> str:
    """The line of the settings that feeds the need."""
    if field := _FIELD.fullmatch(need):
        return f'[fields.{source}.{field[1]}] {field[2]} = "..."'
    if role := _ROLE.fullmatch(need):
        return f'[funnels.{source}] {role[1]} = ["..."]'
    return f"[sources.{source}]"
