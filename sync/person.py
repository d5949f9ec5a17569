"""Who is who: joins the accounts of all sources into managers, by settings, then by e-mail, then by
the extension by which a telephone system knows them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from config.settings import ManagerEntry
from store.moment import day_number
from store.upsert import Place
from sync.same_person import KnownAccount, join_accounts

FIRST_DAY = 0
LAST_DAY = 99991231


class Span(NamedTuple):
    """Account `ref` is the manager with `key` on the local days `from_day`..`to_day`."""

    source_id: int
    ref: str
    from_day: int
    to_day: int
    key: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """A manager as it should be stored; `key` finds it again, so its id never changes.

    `former_key`: the key of someone named in the settings before any account of theirs was known.
    """

    key: str
    name: str
    listed: bool = False
    hidden: bool = False
    former_key: str | None = None


@dataclass
class Roster:
    """Everyone there is, and which account is whom on which days."""

    people: dict[str, Person] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)


def match_people(
    accounts: Sequence[KnownAccount],
    entries: Iterable[ManagerEntry],
    source_ids: Mapping[str, int],
    known_ids: Mapping[str, int],
    telephony: Collection[int] = (),
) -> Roster:
    """Joins accounts into people. `known_ids`: ids of the managers the store has, by key.

    `[[managers]]` wins on the days it names, by id or extension; elsewhere accounts of one e-mail
    are one person, an account of one of the sources `telephony` else belongs to whoever alone has
    its extension, and any other stands for itself.
    """
    roster = Roster()
    own_key = join_accounts(accounts, known_ids, telephony)
    names = {account.key: account.name for account in accounts}
    by_extension = {
        (each.source_id, each.extension): each.ref for each in accounts if each.extension
    }
    listed: dict[Place, list[Span]] = defaultdict(list)
    for entry in entries:
        aliases = _aliases(entry, source_ids, by_extension)
        person = _listed_person(entry, aliases, own_key, roster)
        roster.people[person.key] = person
        for source_id, ref in aliases:
            from_day, to_day = _days(entry.from_, FIRST_DAY), _days(entry.to, LAST_DAY)
            listed[source_id, ref].append(Span(source_id, ref, from_day, to_day, person.key))
    for place in sorted(set(listed) | set(own_key)):
        roster.spans += _cover(sorted(listed.get(place, [])), own_key.get(place), place)
    for span in roster.spans:
        if span.key not in roster.people:
            roster.people[span.key] = Person(key=span.key, name=names[span.key])
    return roster


def _listed_person(
    entry: ManagerEntry, aliases: Sequence[Place], own_key: Mapping[Place, str], roster: Roster
) -> Person:
    key = by_name = f"name:{entry.name}"
    # An entry for all time only names a person who is there already: the id must not change.
    if entry.from_ is None and entry.to is None and by_name not in roster.people:
        known = [own_key[place] for place in aliases if place in own_key]
        key = next((each for each in known if each not in roster.people), by_name)
    return Person(
        key=key,
        name=entry.name,
        listed=not entry.ignore,
        hidden=entry.ignore,
        former_key=None if key == by_name else by_name,
    )


def _aliases(
    entry: ManagerEntry,
    source_ids: Mapping[str, int],
    by_extension: Mapping[Place, str],
) -> list[Place]:
    """What the entry names; an extension with the account that has it."""
    found: list[Place] = []
    for source, ref in entry.aliases.items():
        if source in source_ids:
            place = (source_ids[source], ref)
            found += [place, (place[0], by_extension.get(place, ref))]
    return list(dict.fromkeys(found))


def _days(day: date | None, default: int) -> int:
    return default if day is None else day_number(day)


def _cover(spans: Sequence[Span], own_key: str | None, place: Place) -> list[Span]:
    """The entries' spans without overlap; on days no entry names, the account is itself."""
    covered, next_day = [], FIRST_DAY
    for span in spans:
        if span.from_day > next_day and own_key is not None:
            covered.append(Span(*place, next_day, span.from_day - 1, own_key))
        if span.to_day >= next_day:
            covered.append(span._replace(from_day=max(span.from_day, next_day)))
        next_day = max(next_day, span.to_day + 1)
    if next_day <= LAST_DAY and own_key is not None:
        covered.append(Span(*place, next_day, LAST_DAY, own_key))
    return covered
