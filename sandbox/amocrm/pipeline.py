"""The account's pipelines, their stages and the reasons why deals are lost.

142 is won and 143 lost in every pipeline, whatever their names; a stage of type 1 is Unsorted.
"""

from dataclasses import dataclass

WON = 142
LOST = 143
CLOSED = frozenset({WON, LOST})
_COLOURS = ("#c1c1c1", "#99ccff", "#ffff99", "#ffcc66", "#ffcccc")


@dataclass(slots=True)
class Status:
    """A stage; its key is (pipeline, id)."""

    id: int
    pipeline: int
    name: str
    sort: int
    type: int = 0

    @property
    def editable(self) -> bool:
        """Whether people may rename or remove it."""
        return self.type == 0 and self.id not in CLOSED

    @property
    def colour(self) -> str:
        """What the board paints it with."""
        if self.id in CLOSED:
            return "#CCFF66" if self.id == WON else "#D5D8DB"
        return _COLOURS[self.sort // 10 % len(_COLOURS)]


@dataclass(slots=True)
class Pipeline:
    """A funnel with its stages in order: Unsorted, the path, won, lost."""

    id: int
    name: str
    sort: int
    statuses: list[Status]
    archived: bool = False

    @property
    def unsorted(self) -> int:
        """The stage of what nobody has accepted yet."""
        return self.statuses[0].id

    @property
    def path(self) -> list[int]:
        """The stages of open deals, in order."""
        return [status.id for status in self.statuses if status.editable]


@dataclass(slots=True)
class LossReason:
    """Why deals are lost."""

    id: int
    name: str
    sort: int
    at: int


def first_pipelines() -> dict[int, Pipeline]:
    """The funnels of the simulated company."""
    sales = _pipeline(
        3177727, "Воронка", 1, 32392156,
        ("Первичный контакт", "Переговоры", "Принимают решение", "Согласование договора"),
        "Успешно реализовано", "Закрыто и не реализовано",
    )  # fmt: skip
    projects = _pipeline(
        3104455, "Проекты", 2, 31881112,
        ("Обследование", "Коммерческое предложение", "Договор"),
        "Проект сдан", "Отказ заказчика",
    )  # fmt: skip
    return {pipeline.id: pipeline for pipeline in (sales, projects)}


def _pipeline(
    pipeline_id: int, name: str, sort: int, first: int, path: tuple[str, ...], won: str, lost: str
) -> Pipeline:
    statuses = [Status(first, pipeline_id, "Неразобранное", 10, 1)]
    for index, stage in enumerate(path, 1):
        statuses.append(Status(first + 3 * index, pipeline_id, stage, 10 + 10 * index))
    statuses.append(Status(WON, pipeline_id, won, 10000))
    statuses.append(Status(LOST, pipeline_id, lost, 11000))
    return Pipeline(pipeline_id, name, sort, statuses)


def first_reasons(at: int) -> dict[int, LossReason]:
    """The reasons that the simulated company chose."""
    names = ("Пропала потребность", "Не устроила цена", "Выбрали других", "Не выходит на связь")
    return {
        4203748 + 3 * index: LossReason(4203748 + 3 * index, name, index, at)
        for index, name in enumerate(names)
    }
