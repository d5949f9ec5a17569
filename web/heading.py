"""Short names of the core metrics for narrow columns; any other metric shows its full title."""

_RU = {
    "calls_in": "Входящие",
    "calls_out": "Исходящие",
    "calls_answered": "Принятые",
    "calls_missed": "Пропущено",
    "calls_reached": "Дозвоны",
    "talk_time": "Разговоры",
    "deals_created": "Создано",
    "deals_won": "Выиграно",
    "deals_lost": "Проиграно",
    "revenue": "Выручка",
    "average_deal": "Средняя сделка",
    "win_rate": "Доля выигранных",
}
_EN = {
    "calls_in": "Incoming",
    "calls_out": "Outgoing",
    "calls_answered": "Answered",
    "calls_missed": "Missed",
    "calls_reached": "Reached",
    "talk_time": "Talk",
    "deals_created": "Created",
    "deals_won": "Won",
    "deals_lost": "Lost",
    "revenue": "Revenue",
    "average_deal": "Average deal",
    "win_rate": "Win rate",
}


def short_title(metric: str, title: str, language: str) -> str:
    """What stands above the column of a metric."""
    talked = metric.removeprefix("calls_").removesuffix("s")
    if metric == f"calls_{talked}s" and talked.isdigit():
        return f"From {talked} s" if language == "en" else f"От {talked}\u202fс"
    return (_EN if language == "en" else _RU).get(metric, title)
