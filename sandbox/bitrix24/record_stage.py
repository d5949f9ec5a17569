"""Stages of leads and quotes, as crm.status.list tells them in STATUS and QUOTE_STATUS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LETTER = {"process": None, "success": "S", "failure": "F", "apology": "F"}
_SHADES = {"process": "#39A8EF", "success": "#7BD500", "failure": "#FF5752", "apology": "#FF5752"}


@dataclass(frozen=True, slots=True)
class RecordStage:
    """A stage; `meaning` as in EXTRA of crm.status.list."""

    id: str
    name: str
    sort: int
    meaning: str
    system: bool

    @property
    def semantic(self) -> str:
        """P in work, S success, F failure."""
        return _LETTER[self.meaning] or "P"


def _stages(*rows: tuple[str, str, str, bool]) -> dict[str, RecordStage]:
    return {
        code: RecordStage(code, name, 10 * (index + 1), meaning, system)
        for index, (code, name, meaning, system) in enumerate(rows)
    }


LEAD_STAGES = _stages(
    ("NEW", "Не обработан", "process", True),
    ("IN_PROCESS", "В работе", "process", False),
    ("PROCESSED", "Обработан", "process", False),
    ("CONVERTED", "Качественный лид", "success", True),
    ("JUNK", "Некачественный лид", "failure", True),
    ("UC_DOUBLE", "Дубль", "apology", False),
)
QUOTE_STAGES = _stages(
    ("DRAFT", "Черновик", "process", True),
    ("SENT", "Отправлено клиенту", "process", False),
    ("APPROVED", "Принято", "success", True),
    ("DECLAINED", "Отклонено", "failure", True),
)
"""The vendor spells it so (crm-status-entity-types.md)."""


def record_status_rows() -> list[dict[str, Any]]:
    """The stages as rows of crm.status.list."""
    return [*_rows("STATUS", LEAD_STAGES, 301), *_rows("QUOTE_STATUS", QUOTE_STAGES, 401)]


def _rows(directory: str, stages: Mapping[str, RecordStage], first: int) -> list[dict[str, Any]]:
    return [
        {
            "ID": str(first + 2 * index),
            "ENTITY_ID": directory,
            "STATUS_ID": stage.id,
            "NAME": stage.name,
            "NAME_INIT": stage.name if stage.system else "",
            "SORT": str(stage.sort),
            "SYSTEM": "Y" if stage.system else "N",
            "CATEGORY_ID": None,
            "COLOR": _SHADES[stage.meaning],
            "SEMANTICS": _LETTER[stage.meaning],
            "EXTRA": {"SEMANTICS": stage.meaning, "COLOR": _SHADES[stage.meaning]},
        }
        for index, stage in enumerate(stages.values())
    ]
