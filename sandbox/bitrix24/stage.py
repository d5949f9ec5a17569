"""Funnels and stages of deals, as crm.category.list and crm.status.list tell them."""

from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24.record_stage import record_status_rows

CATEGORIES = ((0, "Общая"), (1, "Проекты"))
_SHADES = {"process": "#39A8EF", "success": "#7BD500", "failure": "#FF5752", "apology": "#FF5752"}
_LETTER = {"process": None, "success": "S", "failure": "F", "apology": "F"}


@dataclass(frozen=True, slots=True)
class Stage:
    """`id` carries the funnel's prefix (`C1:`) everywhere but in the default funnel."""

    id: str
    category: int
    name: str
    sort: int
    meaning: str
    system: bool = False

    @property
    def semantic(self) -> str:
        """P in work, S won, F lost."""
        return _LETTER[self.meaning] or "P"


_GENERAL = (
    ("NEW", "Новая", "process", True),
    ("PREPARATION", "Подготовка документов", "process", False),
    ("PREPAYMENT_INVOICE", "Счёт на предоплату", "process", False),
    ("EXECUTING", "В работе", "process", False),
    ("FINAL_INVOICE", "Финальный счёт", "process", False),
    ("WON", "Сделка успешна", "success", True),
    ("LOSE", "Сделка провалена", "failure", True),
    ("APOLOGY", "Анализ причины провала", "apology", False),
    ("UC_PRICE", "Дорого", "apology", False),
)
_PROJECTS = (
    ("NEW", "Заявка", "process", True),
    ("UC_SURVEY", "Обследование", "process", False),
    ("UC_OFFER", "Смета", "process", False),
    ("UC_CONTRACT", "Договор", "process", False),
    ("WON", "Проект сдан", "success", True),
    ("LOSE", "Отказ", "failure", True),
    ("UC_RIVAL", "Ушли к конкуренту", "apology", False),
)


def _stages(category: int, rows: tuple[tuple[str, str, str, bool], ...]) -> list[Stage]:
    prefix = f"C{category}:" if category else ""
    return [
        Stage(prefix + code, category, name, 10 * (index + 1), meaning, system)
        for index, (code, name, meaning, system) in enumerate(rows)
    ]


STAGES = {stage.id: stage for stage in _stages(0, _GENERAL) + _stages(1, _PROJECTS)}
PATHS = {
    category: [s.id for s in STAGES.values() if s.category == category and s.semantic == "P"]
    for category, _ in CATEGORIES
}
LOST = {
    category: [s.id for s in STAGES.values() if s.category == category and s.semantic == "F"]
    for category, _ in CATEGORIES
}


def won(category: int) -> str:
    """The won stage of a funnel."""
    return f"C{category}:WON" if category else "WON"


def semantic(stage_id: str) -> str:
    """P, S or F; a stage nobody knows counts as in work."""
    stage = STAGES.get(stage_id)
    return stage.semantic if stage else "P"


def stage_in(category: int, code: str) -> str:
    """The id of a stage given with or without its funnel's prefix."""
    if category == 0 or code.startswith(f"C{category}:"):
        return code
    return f"C{category}:{code.rpartition(':')[2]}"


def category_of(stage_id: str) -> int:
    """The funnel that a stage id names."""
    prefix, colon, _ = stage_id.partition(":")
    return int(prefix[1:]) if colon else 0


def status_rows() -> list[dict[str, Any]]:
    """The stages as rows of crm.status.list, ids in the portal's odd numbers."""
    own = [_status_row(101 + 2 * index, stage) for index, stage in enumerate(STAGES.values())]
    return [*own, *record_status_rows()]


def category_rows() -> list[dict[str, Any]]:
    """The funnels as crm.category.list shows them; only own funnels have origin keys."""
    rows = []
    for category, name in CATEGORIES:
        row: dict[str, Any] = {"id": category, "name": name, "sort": 100 * (category + 1)}
        row |= {"entityTypeId": 2, "isDefault": "N" if category else "Y"}
        rows.append(row | ({"originId": "", "originatorId": ""} if category else {}))
    return rows


def _status_row(row_id: int, stage: Stage) -> dict[str, Any]:
    shade = _SHADES[stage.meaning]
    return {
        "ID": str(row_id),
        "ENTITY_ID": f"DEAL_STAGE_{stage.category}" if stage.category else "DEAL_STAGE",
        "STATUS_ID": stage.id,
        "NAME": stage.name,
        "NAME_INIT": stage.name if stage.system else "",
        "SORT": str(stage.sort),
        "SYSTEM": "Y" if stage.system else "N",
        "CATEGORY_ID": str(stage.category) if stage.category else None,
        "COLOR": shade,
        "SEMANTICS": _LETTER[stage.meaning],
        "EXTRA": {"SEMANTICS": stage.meaning, "COLOR": shade},
    }
