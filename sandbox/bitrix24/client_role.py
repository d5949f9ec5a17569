"""The custom field «Роль» of contacts, a list of which one is chosen."""

import random

from sandbox.bitrix24.portal import Portal
from sandbox.client_role import FIELD, ROLES, choose_role

ENTITY, NAME = "CRM_CONTACT", "UF_CRM_ROLE"


def give_roles(portal: Portal, chance: random.Random) -> None:
    """Adds the field, and fills it in for most of the contacts there are."""
    role = portal.userfields.add(
        {
            "entityId": ENTITY,
            "fieldName": NAME,
            "userTypeId": "enumeration",
            "editFormLabel": FIELD,
            "enum": [{"value": each} for each in ROLES],
        }
    )
    for entry in portal.contacts.every.values():
        chosen = choose_role(chance)
        if chosen is not None:
            custom = {NAME: int(role.options[chosen]["id"])}
            entry.versions[:] = [each._replace(extra=custom) for each in entry.versions]
