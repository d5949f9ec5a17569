"""Leads and quotes with every version they ever had, kept by id and by time of change."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import RLock
from typing import Any, NamedTuple

from sandbox.bitrix24.deal import kopecks
from sandbox.bitrix24.record_stage import RecordStage
from sandbox.bitrix24.shelf import Shelf
from sandbox.bitrix24.user import ADMIN_ID
from sandbox.moment import seconds
from sandbox.version import Versioned


class RecordVersion(NamedTuple):
    """The state of a lead or quote from `at` on; `amount` in kopecks, `deal` only of a quote."""

    at: float
    updated_at: float
    by: int
    owner: int
    stage: str
    moved_at: float
    moved_by: int
    title: str
    amount: int = 0
    deal: int | None = None
    deleted: bool = False


class Record(Versioned[RecordVersion]):
    """A lead or a quote; `versions` is never empty and ascends by `at`."""

    __slots__ = ("created_at", "created_by", "currency", "id")

    def __init__(self, record_id: int, first: RecordVersion) -> None:
        super().__init__([first])
        self.id = record_id
        self.created_at = first.at
        self.created_by = first.by
        self.currency = "RUB"


class Records(Shelf[Record]):
    """Every record of one kind. Mutators take aware moments."""

    id_field = "id"
    time_field = "updatedTime"

    def __init__(
        self, stages: Mapping[str, RecordStage], now: Callable[[], float], lock: RLock
    ) -> None:
        super().__init__()
        self.stages = stages
        self._now = now
        self._lock = lock

    def create(
        self,
        owner: int,
        *,
        title: str = "Обращение",
        stage: str | None = None,
        amount: Any = 0,
        deal: int | None = None,
        by: int | None = None,
        at: datetime | None = None,
    ) -> int:
        """A new record in the first stage, or in `stage`; `amount` in roubles."""
        with self._lock:
            moment = self._moment(at)
            stage = self._stage(stage or next(iter(self.stages)))
            maker = owner if by is None else by
            first = RecordVersion(
                moment, moment, maker, owner, stage, moment, maker, title, kopecks(amount), deal
            )
            record = Record(max(self.every, default=0) + 1, first)
            self.bring([record])
            return record.id

    def update(
        self, record_id: int, *, by: int | None = None, at: datetime | None = None, **values: Any
    ) -> bool:
        """Changes owner, stage, title, amount (roubles) or deal; says whether anything changed."""
        with self._lock:
            record = self._found(record_id)
            before, moment = record.now, max(self._moment(at), record.now.at)
            if "amount" in values:
                values["amount"] = kopecks(values["amount"])
            if "stage" in values:
                values["stage"] = self._stage(values["stage"])
            wanted = {key: value for key, value in values.items() if getattr(before, key) != value}
            if not wanted:
                return False
            actor = before.owner if by is None else by
            after = before._replace(at=moment, updated_at=moment, by=actor, **wanted)
            if "stage" in wanted:
                after = after._replace(moved_at=moment, moved_by=actor)
            record.versions.append(after)
            self.note_change(record)
            return True

    def delete(self, record_id: int, *, by: int = ADMIN_ID, at: datetime | None = None) -> int:
        """Deletes a record; no list tells of it."""
        with self._lock:
            record = self._found(record_id)
            moment = max(self._moment(at), record.now.at)
            record.versions.append(record.now._replace(at=moment, by=by, deleted=True))
            self.hide(record_id)
            return record_id

    def restore(self, record_id: int) -> int:
        """Brings a deleted record back; its time of change does not move."""
        with self._lock:
            record = self.every[record_id]
            record.versions.append(record.now._replace(at=self._now(), deleted=False))
            self.reveal(record_id)
            return record_id

    def sample(self, rng: random.Random, *, final: bool = False) -> Record | None:
        """Some living record, in a final stage or not; None when none was found."""
        for _ in range(30 if self._living else 0):
            record = self.every[rng.choice(self._living)]
            if (self.semantic(record.now.stage) != "P") == final:
                return record
        return None

    def semantic(self, stage: str) -> str:
        """P in work, S success, F failure."""
        return self.stages[stage].semantic

    def _found(self, record_id: int) -> Record:
        record = self.living(record_id)
        if record is None:
            raise KeyError(f"no record {record_id}")
        return record

    def _stage(self, stage: str) -> str:
        if stage not in self.stages:
            raise ValueError(f"there is no stage {stage}")
        return stage

    def _moment(self, at: datetime | None) -> float:
        return self._now() if at is None else seconds(at)
