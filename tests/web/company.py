"""A made-up company for the pages: deterministic, with every kind of cell the page must show."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from web.board import (
    UNKNOWN,
    Board,
    Cell,
    Column,
    Evidence,
    Explanation,
    Pace,
    Row,
    Section,
    SourceAge,
)

NOW = datetime(2026, 11, 21, 11, 32, 10, tzinfo=UTC)
MONTH, BEFORE = date(2026, 11, 1), date(2026, 10, 1)
CALLS = (
    "calls_in",
    "calls_out",
    "calls_answered",
    "calls_missed",
    "calls_reached",
    "talk_time",
    "calls_120s",
)
PEOPLE = (
    "Анна Петрова",
    "Борис Климов",
    "Вера Соколова",
    "Глеб Ярцев",
    "Дарья Ким",
    "Егор Мельниченко",
    "Жанна Орлова",
    "Игорь Лаптев",
    "Константин Верещагин",
    "Ольга Смирнова-Белозёрская",
)
COLUMNS = tuple(
    Column(metric=metric, title=title, meaning=meaning, category=group, unit=unit)
    for metric, title, meaning, group, unit in (
        ("calls_in", "Входящие звонки", "Звонки клиентов, сколько бы раз их ни "
         "переводили: один разговор — один звонок.", "activity", "calls"),
        ("calls_out", "Исходящие звонки", "Звонки клиентам, включая обратные.",
         "activity", "calls"),
        ("calls_answered", "Принятые звонки", "Входящие, на которых поговорили.",
         "activity", "calls"),
        ("calls_missed", "Пропущенные звонки", "Входящие, на которых никто не "
         "разговаривал.", "activity", "calls"),
        ("calls_reached", "Дозвоны", "Исходящие, на которых клиент говорил.",
         "activity", "calls"),
        ("talk_time", "Время разговоров", "Секунды разговора без гудков.",
         "activity", "seconds"),
        ("calls_120s", "Разговоры от 2 минут", "Звонки с разговором от 120 с.",
         "activity", "calls"),
        ("win_rate", "Доля выигранных сделок", "Выиграно / (выиграно + проиграно).",
         "conversion", "ratio"),
        ("deals_created", "Созданные сделки", "По дате создания.", "result", "deals"),
        ("deals_won", "Выигранные сделки", "Сейчас выигранные, по дню последнего "
         "перехода в эту стадию.", "result", "deals"),
        ("deals_lost", "Проигранные сделки", "То же для проигранных.", "result",
         "deals"),
        ("revenue", "Выручка", "Сумма выигранных сделок.", "result", "money"),
        ("average_deal", "Средняя сделка", "Выручка / выигранные сделки.", "result",
         "money"),
    )
)  # fmt: skip


def person(rng: random.Random, share: float) -> dict[str, Cell]:
    """KPIs of one person for `share` of a month."""
    calls = int(rng.randint(160, 520) * share)
    won, lost = int(rng.randint(0, 14) * share), int(rng.randint(2, 18) * share)
    revenue = Decimal(sum(rng.randint(4_000_000, 62_000_000) for _ in range(won))) / 100
    counts = {
        "calls_in": calls // 3,
        "calls_out": calls * 2 // 3,
        "calls_answered": calls // 3 - calls // 25,
        "calls_missed": calls // 25,
        "calls_reached": calls // 2,
        "talk_time": calls * rng.randint(70, 170),
        "calls_120s": calls // 4,
        "deals_created": int(rng.randint(8, 40) * share),
        "deals_won": won,
        "deals_lost": lost,
    }
    cells = {metric: Cell(value=Decimal(value)) for metric, value in counts.items()}
    cells["revenue"] = Cell(value=revenue)
    cells["average_deal"] = ratio(revenue, won)
    cells["win_rate"] = ratio(Decimal(won), won + lost)
    return cells


def ratio(part: Decimal, whole: int) -> Cell:
    """A quotient with its parts; nothing to measure without cases."""
    parts = (part, Decimal(whole))
    return Cell(value=part / whole if whole else None, parts=parts)


def team(rows: list[dict[str, Cell]]) -> dict[str, Cell]:
    """The team's line, near enough for a picture."""
    total = {
        metric: Cell(value=sum((row[metric].value or Decimal(0) for row in rows), Decimal(0)))
        for metric in rows[0]
    }
    won, lost = (int(total[key].value or 0) for key in ("deals_won", "deals_lost"))
    total["win_rate"] = ratio(Decimal(won), won + lost)
    total["average_deal"] = ratio(total["revenue"].value or Decimal(0), won)
    return total


def pace(rng: random.Random, now: Decimal, before: Decimal) -> Pace:
    """Days of two months whose sums are the given values."""
    days = [_spread(rng, now, 21), _spread(rng, before, 31)]
    return Pace(
        now=days[0], before=days[1], before_to_day=Cell(value=sum(days[1][:21], Decimal(0)))
    )


def _spread(rng: random.Random, total: Decimal, days: int) -> list[Decimal]:
    weights = [rng.random() if day % 7 not in (0, 1) else 0.04 for day in range(days)]
    days_ = [Decimal(int(total * Decimal(each / sum(weights)))) for each in weights[:-1]]
    return [*days_, total - sum(days_)]


def board(people: int = 10, *, troubled: bool = True, seed: int = 7) -> Board:
    """A board of this month; `troubled`: with unknown, partial and unmeasurable cells."""
    rng = random.Random(seed)
    names = [PEOPLE[i] if i < len(PEOPLE) else f"Менеджер {i:03}" for i in range(people)]
    now = [person(rng, 0.68) for _ in names]
    before = [person(rng, 1) for _ in names]
    whole_now, whole_before = team(now), team(before)
    if troubled:
        _trouble(now, before)
    return Board(
        month=MONTH,
        before=BEFORE,
        today=NOW.date(),
        columns=COLUMNS,
        team=Row(manager_id=None, name="", now=whole_now, before=whole_before),
        rows=[
            Row(manager_id=i, name=name, now=now[i - 1], before=before[i - 1])
            for i, name in enumerate(names, start=1)
        ],
        pace={
            metric: pace(
                rng, whole_now[metric].value or Decimal(0), whole_before[metric].value or Decimal(0)
            )
            for metric in ("revenue", "deals_won", "calls_120s")
        },
        sources=[
            SourceAge(name="main", as_of=NOW - timedelta(minutes=1, seconds=8), stale=False),
            SourceAge(name="pbx", as_of=NOW - timedelta(seconds=40), stale=False),
        ],
        currency="RUB",
        timezone="Europe/Moscow",
        made_at=NOW,
        links=frozenset({"revenue", "deals_won", "calls_120s"}),
    )


def _trouble(now: list[dict[str, Cell]], before: list[dict[str, Cell]]) -> None:
    for metric in CALLS:
        before[2][metric] = UNKNOWN
        now[2][metric] = UNKNOWN
        value = now[5][metric].value
        now[5][metric] = Cell(value=value, state="partial", covered_at=NOW - timedelta(hours=5))
    now[7]["deals_won"] = Cell(value=Decimal(0))
    now[7]["revenue"] = Cell(value=Decimal(0))
    now[7]["average_deal"] = ratio(Decimal(0), 0)
    now[7]["win_rate"] = ratio(Decimal(0), 0)


class FakeReader:
    """A reader of a given board, whatever the month."""

    def __init__(self, shown: Board) -> None:
        self.shown = shown

    def board(self, month: date | None = None) -> Board:
        return self.shown

    def explain(self, manager_id: int | None, metric: str, month: date) -> Explanation:
        column = {each.metric: each for each in self.shown.columns}[metric]
        row = next(
            row for row in [self.shown.team, *self.shown.rows] if row.manager_id == manager_id
        )
        return Explanation(
            name=row.name or None,
            column=column,
            month=self.shown.month,
            cell=row.now[metric],
            sections=[
                Section(
                    column=column,
                    total=row.now[metric].value or Decimal(0),
                    records=[
                        Evidence(
                            at=NOW - timedelta(hours=7 * i),
                            fact="deal",
                            ref=str(4100 + i),
                            amount=Decimal(120_000 + i * 317) if i != 3 else None,
                            url=f"https://example.bitrix24.ru/crm/deal/details/{4100 + i}/",
                        )
                        for i in range(5)
                    ],
                    count=5,
                )
            ],
        )
