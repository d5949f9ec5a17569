"""Which addresses are ours, and whose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.imap.settings import ImapSettings


@dataclass(frozen=True)
class Company:
    """The addresses of one source's settings. `people`: by address, the mailbox it is of."""

    domains: frozenset[str]
    people: Mapping[str, str] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    by_subject: bool = True
    mass: int = 20

    def is_ours(self, address: str) -> bool:
        """Whether a letter from there is a letter of ours."""
        known = address in self.people or address in self.shared
        return known or address.rpartition("@")[2] in self.domains

    def person(self, address: str) -> str | None:
        """Whose address it is: a mailbox, or the address itself if it is of none that is read;
        None for a group's and for a client's."""
        if address in self.shared or not self.is_ours(address):
            return None
        return self.people.get(address, address)

    def persons(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """The people of ours among addresses, each once, in order."""
        found = dict.fromkeys(self.person(each) for each in addresses)
        return tuple(each for each in found if each is not None)


def company_of(settings: ImapSettings) -> Company:
    """The company as the settings tell it."""
    people: dict[str, str] = {}
    shared = set(settings.shared)
    for address, mailbox in settings.mailboxes.items():
        if mailbox.shared:
            shared.update((address, *mailbox.aliases))
        else:
            people.update(dict.fromkeys((address, *mailbox.aliases), address))
    return Company(
        domains=settings.own_domains,
        people=people,
        shared=frozenset(shared),
        by_subject=settings.thread_by_subject,
        mass=settings.mass,
    )
