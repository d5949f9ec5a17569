"""How large a simulated company is, and how its history is built without needless waiting."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

_MANY = 100_000


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is: sales people (of them `dismissed`), deals, calls, days."""

    managers: int
    dismissed: int
    deals: int
    calls: int
    days: int


def find_scale(scales: Mapping[str, Scale], name: str) -> Scale:
    """The scale of that name; ValueError for an unknown one."""
    if name not in scales:
        raise ValueError(f"unknown scale {name}; known: {', '.join(scales)}")
    return scales[name]


@contextmanager
def uncollected(size: Scale) -> Iterator[None]:
    """Millions of records that live as long as the company are nothing to search for garbage."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if size.calls >= _MANY:
            gc.freeze()
        if collecting:
            gc.enable()
