"""Which accounts are one person's: by e-mail, then by the extension a telephone system knows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from store.upsert import Place


class KnownAccount(NamedTuple):
    """An account of a source, as the store knows it."""

    source_id: int
    ref: str
    name: str
    email: str | None
    extension: str | None = None

    @property
    def place(self) -> Place:
        """By what it is told from all others."""
        return self.source_id, self.ref

    @property
    def key(self) -> str:
        """The key of the manager this account is when nothing joins it to another."""
        return f"account:{self.source_id}:{self.ref}"


def join_accounts(
    accounts: Sequence[KnownAccount], known_ids: Mapping[str, int], telephony: Collection[int]
) -> dict[Place, str]:
    """The manager key of every account, and of every extension of the sources `telephony`.

    Those of one person share the oldest key that `known_ids` has.
    """
    groups = _by_email(accounts)
    _join_by_extension(groups, telephony)
    keys: dict[Place, str] = {}
    for group in groups:
        eldest = min(
            group, key=lambda each: (known_ids.get(each.key, 1 << 62), each.source_id, each.ref)
        )
        keys.update({each.place: eldest.key for each in group})
    for source_id in telephony:
        for extension, key in _owners(accounts, source_id, keys).items():
            keys.setdefault((source_id, extension), key)
    return keys


def _by_email(accounts: Iterable[KnownAccount]) -> list[list[KnownAccount]]:
    groups: dict[str, list[KnownAccount]] = defaultdict(list)
    for account in accounts:
        groups[(account.email or "").strip().casefold() or account.key].append(account)
    return list(groups.values())


def _join_by_extension(groups: list[list[KnownAccount]], telephony: Collection[int]) -> None:
    """Adds each account of a telephone system that no e-mail joined to whoever has its extension
    elsewhere; not where several people have it."""
    elsewhere: dict[str, list[list[KnownAccount]]] = defaultdict(list)
    for group in groups:
        for extension in {each.extension for each in group if each.source_id not in telephony}:
            if extension:
                elsewhere[extension].append(group)
    for lonely in [each for each in groups if {one.source_id for one in each} <= {*telephony}]:
        found = {
            id(each): each for one in lonely for each in elsewhere.get(one.extension or "", ())
        }
        if len(found) == 1:
            groups.remove(lonely)
            next(iter(found.values())).extend(lonely)


def _owners(
    accounts: Iterable[KnownAccount], source_id: int, keys: Mapping[Place, str]
) -> dict[str, str]:
    """Whose each extension is for a telephone system: of its own account with it, else of the only
    person who has it elsewhere."""
    own: dict[str, set[str]] = defaultdict(set)
    others: dict[str, set[str]] = defaultdict(set)
    for each in accounts:
        if each.extension:
            side = own if each.source_id == source_id else others
            side[each.extension].add(keys[each.place])
    found = {**others, **own}
    return {extension: people.pop() for extension, people in found.items() if len(people) == 1}
