"""Calls and letters of the simulated company: notes on contacts, on deals, mostly on both."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from sandbox.amocrm.contact import EMAIL_ID, PHONE_ID, Client
from sandbox.amocrm.customer import Customer
from sandbox.amocrm.lead import Lead
from sandbox.amocrm.note import MAIL, Letter, Note, PhoneCall, call_type
from sandbox.amocrm.staff import Managers
from sandbox.amocrm.user import ADMIN_ID
from sandbox.hours import Hours

Placed = tuple[str, Note]
_KINDS = ("usual", "one_author", "by_name", "no_responsible", "no_uniq", "loose", "voicemail")
_WEIGHTS = list(accumulate((66, 9, 5, 6, 6, 5, 3)))
_SOURCES = ("Mango Office", "UIS")
_SOMEBODY = "Сотрудник"
_SUBJECTS = ("Коммерческое предложение", "Договор", "Счёт на оплату", "Уточнение сроков")


@dataclass(slots=True)
class _Author:
    """What a switchboard tells of who called: the note's author and holder, and its own word."""

    by: int
    owner: int
    responsible: int | str | None


class NoteWriter:
    """Writes calls and letters of managers of `staff` within `hours`, with `contacts`."""

    def __init__(
        self,
        rng: random.Random,
        staff: Managers,
        hours: Hours,
        contacts: list[Client],
        leads: list[Lead],
    ) -> None:
        self._rng = rng
        self._staff = staff
        self._hours = hours
        self._contacts = contacts
        self._customers: dict[int, Customer] = {}
        self._leads_of: dict[int, list[Lead]] = {}
        for lead in leads:
            self._leads_of.setdefault(lead.contact, []).append(lead)

    def know_customers(self, customers: Iterable[Customer]) -> None:
        """Some calls of their contacts stand beside these customers as well."""
        self._customers = {customer.contact: customer for customer in customers}

    def calls(self, number: int) -> list[Placed]:
        """The notes of that many calls."""
        return [
            note for _ in range(number) for note in self._call(int(self._hours.moment(self._rng)))
        ]

    def letters(self, number: int) -> list[Placed]:
        """The notes of that many letters."""
        return [
            note for _ in range(number) for note in self._letter(int(self._hours.moment(self._rng)))
        ]

    def _call(self, at: int) -> list[Placed]:
        rng = self._rng
        contact = self._contacts[int(rng.random() * len(self._contacts))]
        kind = rng.choices(_KINDS, cum_weights=_WEIGHTS)[0]
        user = self._staff.known(rng, at) if kind == "one_author" else self._staff.pick(rng, at)
        incoming = rng.random() < 0.44
        duration, status = self._outcome(kind, incoming)
        author = self._author(kind, user)
        uniq = "" if kind == "no_uniq" else f"{rng.getrandbits(96):024x}"
        phone = str(contact.values[PHONE_ID][0]["value"])
        call = PhoneCall(
            uniq, _SOURCES[int(rng.random() * 2)], incoming, phone, duration, status,
            author.responsible, "Разговор состоялся" if status == 4 else None,
        )  # fmt: skip
        return self._places(call_type(call), contact, at, author, call)

    def _outcome(self, kind: str, incoming: bool) -> tuple[Any, Any]:
        """(duration, call_status) as loosely typed as switchboards send them."""
        rng = self._rng
        if kind == "voicemail":
            return 5 + int(rng.random() * 25), 1
        if rng.random() > (0.78 if incoming else 0.62):
            status = rng.choice((6, 6, 7, 3, None))
            return (None, "6") if kind == "loose" else (0, status)
        talk = self._talk()
        if kind == "loose":
            return str(talk), rng.choice(("4", None))
        return talk, rng.choice((4, 4, 4, 4, 2, None))

    def _talk(self) -> int:
        rng = self._rng
        if rng.random() < 0.05:
            return 118 + int(rng.random() * 4)
        return max(2, min(3600, int(rng.lognormvariate(4.4, 1.0))))

    def _author(self, kind: str, user: int) -> _Author:
        """Whose call it is: the switchboard's word if that is a user, else the note's holder."""
        if kind == "one_author":
            return _Author(ADMIN_ID, self._staff.known(self._rng, self._hours.now), user)
        if kind == "by_name":
            return _Author(user, user, self._name(user))
        if kind == "no_responsible":
            return _Author(ADMIN_ID, user, None)
        return _Author(user, user, str(user) if kind == "loose" else user)

    def _name(self, user: int) -> str:
        found = self._staff.find(user)
        return found.name if found else _SOMEBODY

    def _mailbox(self, user: int) -> tuple[str, str]:
        found = self._staff.find(user)
        return self._name(user), found.email if found else "old@severny-veter.example"

    def _letter(self, at: int) -> list[Placed]:
        rng = self._rng
        contact = self._contacts[int(rng.random() * len(self._contacts))]
        user = self._staff.known(rng, at)
        mails = contact.values.get(EMAIL_ID)
        address = str(mails[0]["value"]) if mails else "info@client.example"
        incoming = rng.random() < 0.45
        letter = Letter(
            f"<{rng.getrandbits(64):016x}@severny-veter.example>", int(rng.random() * 10**7),
            incoming, self._mailbox(user), (contact.name, address), rng.choice(_SUBJECTS),
        )  # fmt: skip
        return self._places(MAIL, contact, at, _Author(0 if incoming else user, user, None), letter)

    def _places(
        self, kind: str, contact: Client, at: int, author: _Author, body: PhoneCall | Letter
    ) -> list[Placed]:
        """On the contact mostly; on a deal of theirs that is open at the moment; or on both."""
        rng = self._rng
        chance = rng.random()
        places = [("contacts", contact.id)] if chance < 0.85 else []
        lead = self._lead(contact, at)
        if lead is not None and chance > 0.35:
            places.append(("leads", lead.id))
        customer = self._customers.get(contact.id)
        if customer is not None and customer.created_at <= at and chance < 0.2:
            places.append(("customers", customer.id))
        if not places:
            places = (
                [("companies", contact.company)] if contact.company else [("contacts", contact.id)]
            )
        lag = int(rng.random() * 3) if isinstance(body, PhoneCall) and body.uniq else 0
        moments = [at + lag * index for index in range(len(places))]
        return [
            (
                entity,
                Note(kind, entity_id, min(moment, self._hours.now), author.by, author.owner, body),
            )
            for (entity, entity_id), moment in zip(places, moments, strict=True)
        ]

    def _lead(self, contact: Client, at: int) -> Lead | None:
        found = [
            lead
            for lead in self._leads_of.get(contact.id, ())
            if lead.created_at <= at and not lead.now.deleted
        ]
        return self._rng.choice(found) if found else None
