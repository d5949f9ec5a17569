"""Charts as inline SVG made here: they print, mail and need no script."""

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

_WIDTH, _HEIGHT = 240, 48


def cumulate(days: Sequence[Decimal | None]) -> list[Decimal]:
    """Running sums; an unknown day ends the line, since what follows would be a guess."""
    sums: list[Decimal] = []
    total = Decimal(0)
    for value in days:
        if value is None:
            break
        total += value
        sums.append(total)
    return sums


def pace(now: Sequence[Decimal | None], before: Sequence[Decimal | None], label: str) -> Markup:
    """Two running sums over the days of a month: the month before behind, this one in front.

    Empty when there is no line to draw.
    """
    front, back = cumulate(now), cumulate(before)
    top = max([*front, *back], default=Decimal(0))
    if top <= 0 or not front:
        return Markup("")
    days = max(len(front), len(back), 28)
    end_x, end_y = _point(len(front), front[-1], days, top)
    return Markup(
        '<svg class="pace" viewBox="0 0 {w} {h}" role="img" aria-label="{label}" '
        'preserveAspectRatio="none"><path class="pace-before" d="{back}"/>'
        '<path class="pace-area" d="{area}"/><path class="pace-now" d="{front}"/>'
        '<path class="pace-dot" d="M{x},{y}h0"/></svg>'
    ).format(
        w=_WIDTH,
        h=_HEIGHT,
        label=label,
        back=_path(back, days, top),
        area=f"{_path(front, days, top)}L{end_x},{_HEIGHT}L4,{_HEIGHT}Z",
        front=_path(front, days, top),
        x=end_x,
        y=end_y,
    )


def bullet(now: Decimal | None, before: Decimal | None, top: Decimal) -> Markup:
    """A thin bar for this month with a tick where the whole month before ended.

    `top` is the column's greatest value; decoration only, since the numbers stand above it.
    """
    if top <= 0:
        return Markup("")
    tick = ""
    if before is not None and before > 0:
        tick = Markup('<rect class="bullet-tick" x="{x}" width="1.5" height="6"/>').format(
            x=_share(before, top)
        )
    return Markup(
        '<svg class="bullet" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="bullet-back" y="1.5" width="100" height="3"/>'
        '<rect class="bullet-now" y="1.5" width="{now}" height="3"/>{tick}</svg>'
    ).format(now=_share(now or Decimal(0), top), tick=tick)


def _share(value: Decimal, top: Decimal) -> float:
    return round(float(min(max(value / top, Decimal(0)), Decimal(1))) * 98.5, 1)


def _point(day: int, value: Decimal, days: int, top: Decimal) -> tuple[float, float]:
    x = 4 + (_WIDTH - 8) * day / days
    y = _HEIGHT - 4 - (_HEIGHT - 8) * float(value / top)
    return round(x, 1), round(y, 1)


def _path(sums: Sequence[Decimal], days: int, top: Decimal) -> str:
    points = [_point(0, Decimal(0), days, top)]
    points += [_point(day, value, days, top) for day, value in enumerate(sums, start=1)]
    return "M" + "L".join(f"{x},{y}" for x, y in points)
