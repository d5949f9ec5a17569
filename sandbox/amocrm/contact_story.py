"""The people and firms that the simulated company sells to."""

import random

from sandbox.amocrm.contact import ROLE_ID, Client
from sandbox.amocrm.deed import put_addresses
from sandbox.amocrm.field import FIRST_ROLE
from sandbox.amocrm.staff import Managers
from sandbox.amocrm.user import ADMIN_ID
from sandbox.client_role import ROLES, choose_role
from sandbox.hours import DAY_S, Hours
from sandbox.person import latin, people, phones

_FIRMS = (
    "Вектор", "Гранит", "Веста", "Альтаир", "Промснаб", "Техноград", "Рубин", "Меркурий",
    "Ладога", "Каскад", "Агротех", "Полюс", "Орион", "Кедр", "Монолит", "Эталон",
)  # fmt: skip


def write_clients(
    rng: random.Random, staff: Managers, hours: Hours, number: int, ids: list[int]
) -> tuple[list[Client], list[Client]]:
    """(contacts, companies), known since before the period; `ids` has one for each of them."""
    at = int(hours.start - 30 * DAY_S)
    names = people(rng, 400)
    numbers = phones(rng, number)
    companies: list[Client] = []
    for index in range(number * 2 // 3):
        owner = staff.known(rng, at)
        firm = f"ООО «{_FIRMS[index % len(_FIRMS)]}{f'-{index}' if index >= len(_FIRMS) else ''}»"
        companies.append(Client(ids.pop(), firm, owner, ADMIN_ID, at + index))
    contacts: list[Client] = []
    for index in range(number):
        first, last, _ = names[rng.randrange(len(names))]
        contact = Client(ids.pop(), f"{first} {last}", staff.known(rng, at), ADMIN_ID, at + index)
        if rng.random() < 0.8 and companies:
            contact.company = rng.choice(companies).id
        mail = f"{latin(last)}{index}@client.example" if rng.random() < 0.7 else ""
        put_addresses(contact, numbers[index][index % 3], mail)
        contacts.append(contact)
    # Their own chance: what else there is does not depend on them.
    _give_roles(random.Random(f"roles {number}"), contacts)
    return contacts, companies


def _give_roles(chance: random.Random, contacts: list[Client]) -> None:
    """Notes for most of them which part they play."""
    for contact in contacts:
        chosen = choose_role(chance)
        if chosen is not None:
            one = {"value": ROLES[chosen], "enum_id": FIRST_ROLE + 2 * chosen, "enum_code": None}
            contact.values[ROLE_ID] = [one]


def clients_needed(number: int) -> int:
    """How many ids `write_clients` takes."""
    return number + number * 2 // 3
