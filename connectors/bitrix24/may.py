"""What a login may do in a portal, by its kind: what needs an administrator, a scope, or an app.

Rights: crm-type-add.md, userfieldconfig-add.md, user-userfield-add.md, event-offline-get.md.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from connectors.base import Check


@dataclass(frozen=True, kw_only=True)
class Ability:
    """Something Merilo does for a kind of destination, and what it takes."""

    name: str
    kind: str
    scopes: tuple[str, ...]


ABILITIES = (
    Ability(name="write a scorecard", kind="scorecard", scopes=("crm", "userfieldconfig")),
    Ability(name="write employees' fields", kind="user_fields", scopes=("user", "user.userfield")),
    Ability(name="write deals' fields", kind="record_fields", scopes=("crm",)),
)
"""All of them make fields first, which takes an administrator; a webhook will do as well as an
application."""


def may(
    wanted: Collection[str], scopes: Collection[str], is_admin: bool, entry: str
) -> Iterator[Check]:
    """One line for each ability; lacking one is a fault only where a destination needs it."""
    for each in ABILITIES:
        missing = [f"the scope `{scope}`" for scope in each.scopes if scope not in scopes]
        if not is_admin:
            missing.insert(0, "an administrator")
        detail = f"no: it takes {', '.join(missing)}" if missing else "yes"
        needed = each.kind in wanted
        if not needed:
            detail += " (no destination asks for it)"
        yield Check(
            name=f"may {each.name}",
            ok=not (missing and needed),
            detail=detail,
            todo=_todo(missing, entry) if needed else "",
        )
    yield _hears(is_admin, entry)


def _hears(is_admin: bool, entry: str) -> Check:
    """The portal's queue of events: without it removals are found by the sweep alone."""
    missing = [] if entry == "application" else ["an application"]
    missing += [] if is_admin else ["an administrator"]
    detail = f"no: it takes {' and '.join(missing)}; the sweep finds them" if missing else "yes"
    return Check(name="may hear of removals at once", ok=True, detail=detail)


def _todo(missing: Collection[str], entry: str) -> str:
    if not missing:
        return ""
    return f"Give the {entry} {', '.join(missing)}, or take the destination out of the settings."
