"""A portal whose employees or deals get our fields: what tests of both kinds work with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.bitrix24 import record_field, user_field
from connectors.destination import AS_OF, COVERAGE, Target, text_of
from store import ledger
from tests.writeback.office import FIELDS, MONTHS, Office, open_office, settings
from writeback.desired import Desired, Value, Wanted

KINDS = ("user_fields", "record_fields")
_MAKE = {"user_fields": user_field.make_target, "record_fields": record_field.make_target}
_PREFIX = {"user_fields": "UF_USR_MERILO_", "record_fields": "UF_CRM_MERILO_"}
_KEY = {"user_fields": "user", "record_fields": "deal"}
_OWN = {"user_fields": (AS_OF, COVERAGE), "record_fields": ()}
UPDATES = {"user_fields": ("user.update",), "record_fields": ("crm.item.update", "crm.deal.update")}
ADD = {"user_fields": "user.userfield.add", "record_fields": "crm.deal.userfield.add"}
LISTING = {"user_fields": "user.get", "record_fields": "crm.deal.list"}


@dataclass
class RecordOffice(Office):
    """One destination of a portal; `values` is what its records should show, by the vendor's id."""

    values: dict[str, dict[str, Value]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.settings.kind

    @property
    def fields_made(self) -> int:
        return 3 + len(_OWN[self.kind])

    def target(self) -> Target:
        return _MAKE[self.kind](self.client, None)

    def desired(self) -> Desired:
        records = [self._wanted(ref, values) for ref, values in self.values.items()]
        return Desired(fields=self.fields, records=records, own=_OWN[self.kind])

    def code(self, name: str) -> str:
        return _PREFIX[self.kind] + name.upper()

    def stored(self, ref: str) -> dict[str, Any]:
        """The custom values of a record, by the portal's own names."""
        if self.kind == "user_fields":
            return self.box.portal.users[int(ref)].values
        return self.box.portal.deals.every[int(ref)].extra or {}

    def value(self, ref: str, name: str) -> Any:
        return self.stored(ref).get(self.code(name))

    def change(self, ref: str, name: str, value: Any) -> None:
        """A person edits our field by hand."""
        value = float(value) if value is not None and name != "calls_120s" else value
        if self.kind == "user_fields":
            self.stored(ref)[self.code(name)] = value
        else:
            self.box.portal.update_deal(int(ref), by=7, **{self.code(name): value})

    def is_right(self) -> bool:
        """Whether every record shows its values."""
        return all(
            self.value(ref, spec.name) == remote(spec.name, values.get(spec.name))
            for ref, values in self.values.items()
            for spec in FIELDS
        )

    def field_names(self) -> set[str]:
        ours = _PREFIX[self.kind]
        names = {each.name for each in self.box.portal.userfields.by_id.values()}
        return {name for name in names if name.startswith(ours)}

    def sent(self, *methods: str) -> int:
        return [write.method in methods for write in self.box.portal.writes].count(True)

    def remembered(self, ref: str) -> ledger.Known:
        with self.store.read() as tx:
            return ledger.load_items(tx, self.settings.name)[f"{_KEY[self.kind]}:{ref}"]

    def _wanted(self, ref: str, values: dict[str, Value]) -> Wanted:
        texts = {spec.name: text_of(spec.kind, values.get(spec.name)) for spec in self.fields}
        if self.kind == "user_fields":
            texts |= {AS_OF: self.now.isoformat(timespec="seconds"), COVERAGE: self.coverage}
        key = f"{_KEY[self.kind]}:{ref}"
        return Wanted(key=key, manager=ref, period=MONTHS[1], texts=texts)


def remote(name: str, value: Value) -> Any:
    """What the portal keeps for one of our values."""
    if value is None:
        return None
    return float(Decimal(value) * 100) if name == "win_rate" else float(value)


@contextmanager
def open_record_office(folder: Path, kind: str, **changes: Any) -> Iterator[RecordOffice]:
    """An office with two records that people made and a third that is not ours to touch."""
    metrics = ("talk_minutes",) if kind == "record_fields" else ("calls_120s",)
    with open_office(folder) as plain:
        office = RecordOffice(
            box=plain.box,
            store=plain.store,
            client=plain.client,
            clock=plain.clock,
            settings=settings(kind=kind, metrics=metrics, **changes),
        )
        portal = office.box.portal
        if kind == "user_fields":
            portal.add_user("Борис", "Орлов", user_id=70)
            refs = ["7", "70"]
        else:
            refs = [str(portal.create_deal(7, 100, title=f"Сделка {at}")) for at in range(3)][:2]
        office.values = {
            refs[0]: {"calls_120s": 12, "revenue": Decimal("0"), "win_rate": Decimal("0.375")},
            refs[1]: {"calls_120s": 0, "revenue": Decimal("99.90"), "win_rate": None},
        }
        yield office
