"""Records that people made, as a place to write to: fields are ours, the records never."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.destination import Change, FieldSpec, Outcome
from connectors.error import RejectedError


@dataclass(frozen=True, kw_only=True)
class PeopleRecords(ABC):
    """What both vendors' containers of this sort share. `there`: our field names -> what the vendor
    calls those that are there with the right type."""

    fields: Sequence[FieldSpec]
    there: Mapping[str, str]
    ours: bool = True

    @property
    def missing(self) -> Sequence[FieldSpec]:
        """The asked fields that are not there with the right type."""
        return [spec for spec in self.fields if spec.name not in self.there]

    @abstractmethod
    def set_fields(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Sets our fields of records that are there, one outcome each."""

    @abstractmethod
    def absent(self, key: str) -> RejectedError:
        """What is said of a record that is not there."""

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Sets our fields in one request; a record that is not there is never made."""
        known = [change for change in changes if change.ref is not None]
        answers = self.set_fields(known) if known else ()
        outcomes = dict(zip((change.key for change in known), answers, strict=True))
        return [outcomes.get(change.key, self.absent(change.key)) for change in changes]

    def delete(self, refs: Sequence[str]) -> Sequence[Outcome]:
        """Refused: the records are people's."""
        return [self.absent(ref) for ref in refs]

    def is_empty(self) -> bool:
        """Never: the records are not ours to count."""
        return False

    def drop(self) -> None:  # noqa: B027 - not abstract: it is the whole of it
        """Nothing: the records stay."""


class PeoplePlace:
    """It is always there, only fields are made. `place`: the vendor's word for these records."""

    def __init__(self, place: str) -> None:
        self._place = place

    def adoptable(self) -> str | None:
        """The records themselves."""
        return self._place

    def choose(self, seed: str) -> str:
        """The records themselves, whatever the seed."""
        return self._place

    def create(self, container: str) -> None:
        """Nothing: people made the records."""
