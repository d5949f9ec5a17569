"""The three-way comparison: what we confirmed, what the CRM shows now, what it should show."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from connectors.destination import AS_OF, Item, Texts
from store.ledger import Known
from writeback.desired import Wanted

Policy = Literal["ask", "ours", "theirs"]
Held = list[str | None]
WHOLE = "*"
"""The name under which a record that a person deleted is held."""


class Action(StrEnum):
    """What happens to a record."""

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class HumanEdit:
    """A field (None: the whole record, deleted) that a person changed since we confirmed it.

    `kept`: theirs stays. `news`: nobody was told of it yet.
    """

    field: str | None
    theirs: str | None
    ours: str | None
    kept: bool
    news: bool


@dataclass(frozen=True, kw_only=True)
class Write:
    """A record to create (`ref` None) or change: `new` texts in place of `old`.

    `known`: what we remember of it should the write fail.
    """

    key: str
    action: str
    ref: str | None
    old: Texts
    new: Texts
    known: Known


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do about one record: `new` texts to send in place of `old`, and what to remember."""

    wanted: Wanted
    action: Action
    ref: str | None
    known: Known
    old: Texts = field(default_factory=dict)
    new: Texts = field(default_factory=dict)
    edits: tuple[HumanEdit, ...] = ()

    @property
    def write(self) -> Write:
        """The write of a decision with `new` texts."""
        return Write(
            key=self.wanted.key,
            action=self.action.value,
            ref=self.ref,
            old=self.old,
            new=self.new,
            known=self.known,
        )


def needs_attention(wanted: Wanted, known: Known | None, policy: Policy) -> bool:
    """Whether the record may differ from what it should be, judged without asking the CRM."""
    if known is None:
        return True
    held = {} if policy == "ours" else known.held
    if WHOLE in held:
        return held[WHOLE][1] != wanted.digest
    if known.ref is None:
        return True
    return any(
        text != known.shown.get(name) and not _is_held(held, name, text)
        for name, text in wanted.compared.items()
    )


def decide(wanted: Wanted, known: Known | None, item: Item | None, policy: Policy) -> Decision:
    """What to do about one record, given how the CRM shows it now (None: not there).

    A record nobody told us of is adopted if it shows anything: its values are ours, the store
    merely forgot them. Where a value is neither the confirmed nor the wanted one, a person edited
    it. `ask` leaves theirs and reports, also after ours changed; `theirs` leaves it until our value
    changes; `ours` overwrites.
    """
    known = known or Known(key=wanted.key)
    if item is None:
        return _absent(wanted, known, policy)
    is_new = known.ref is None
    if is_new:
        texts = {name: text for name, text in item.texts.items() if name != AS_OF}
        known = replace(known, ref=item.ref, shown=texts)
    fields = [
        _Field(name, text, item.texts.get(name), known, policy)
        for name, text in wanted.compared.items()
    ]
    new = {each.name: each.wanted for each in fields if each.is_sent}
    old = {name: item.texts.get(name) for name in new}
    if new and AS_OF in wanted.texts:
        new[AS_OF], old[AS_OF] = wanted.texts.get(AS_OF), item.texts.get(AS_OF)
    shown = {**known.shown, **{each.name: each.remote for each in fields if each.agrees}}
    held = {each.name: each.hold for each in fields if each.is_edited and policy != "ours"}
    action = Action.UPDATE if new else Action.NONE
    return Decision(
        wanted=wanted,
        action=Action.ADOPT if is_new and any(known.shown.values()) else action,
        ref=item.ref,
        known=replace(known, ref=item.ref, shown=shown, held=held),
        old=old,
        new=new,
        edits=tuple(each.edit for each in fields if each.is_edited),
    )


@dataclass(frozen=True)
class _Field:
    name: str
    wanted: str | None
    remote: str | None
    known: Known
    policy: Policy

    @property
    def agrees(self) -> bool:
        return self.remote == self.wanted

    @property
    def is_edited(self) -> bool:
        """Neither what we confirmed nor what we wanted when we told them of a conflict."""
        before = self.known.held.get(self.name)
        ours = {self.known.shown.get(self.name), before[1] if before else self.wanted}
        return not self.agrees and self.remote not in ours

    @property
    def is_sent(self) -> bool:
        return not self.agrees and not (self.is_edited and self._stays)

    @property
    def hold(self) -> Held:
        """Theirs, and ours at the time; under `theirs` ours stays as it was when they edited."""
        before = self.known.held.get(self.name)
        if self.policy == "theirs" and before and before[0] == self.remote:
            return before
        return [self.remote, self.wanted]

    @property
    def edit(self) -> HumanEdit:
        before = self.known.held.get(self.name)
        news = before is None or before[0] != self.remote
        return HumanEdit(
            field=self.name, theirs=self.remote, ours=self.wanted, kept=self._stays, news=news
        )

    @property
    def _stays(self) -> bool:
        before = self.known.held.get(self.name)
        changed = bool(before and before[0] == self.remote and before[1] != self.wanted)
        return self.policy == "ask" or (self.policy == "theirs" and not changed)


def _absent(wanted: Wanted, known: Known, policy: Policy) -> Decision:
    if known.ref is None or policy == "ours":
        new = {name: text for name, text in wanted.texts.items() if text is not None}
        blank = replace(known, ref=None, shown={}, held={})
        return Decision(wanted=wanted, action=Action.CREATE, ref=None, known=blank, new=new)
    edit = HumanEdit(field=None, theirs=None, ours=None, kept=True, news=WHOLE not in known.held)
    held = {**known.held, WHOLE: [None, wanted.digest]}
    return Decision(
        wanted=wanted,
        action=Action.NONE,
        ref=known.ref,
        known=replace(known, held=held),
        edits=(edit,),
    )


def _is_held(held: Mapping[str, Held], name: str, text: str | None) -> bool:
    return name in held and held[name][1] == text
