"""The methods of the portal, one module a family; each offers its own `METHODS`."""

from sandbox.bitrix24.envelope import Reply
from sandbox.bitrix24.method import Call, Method
from sandbox.bitrix24.methods import (
    activity,
    application,
    client,
    deal,
    directory,
    event,
    item,
    own_field,
    product,
    record,
    smart_process,
    stage_history,
    system,
    task,
    telephony,
    user,
    userfield,
)


def _methods(call: Call) -> Reply:
    scope = call.any_case("scope")
    granted = call.portal.access.scopes
    return Reply(
        [
            name
            for name, method in METHODS.items()
            if (
                scope in method.scopes if scope else not method.scopes or granted & {*method.scopes}
            )
        ]
    )


METHODS: dict[str, Method] = {
    **application.METHODS,
    **system.METHODS,
    **user.METHODS,
    **directory.METHODS,
    **deal.METHODS,
    **item.METHODS,
    **record.METHODS,
    **client.METHODS,
    **product.METHODS,
    **task.METHODS,
    **event.METHODS,
    **smart_process.METHODS,
    **userfield.METHODS,
    **own_field.METHODS,
    **telephony.METHODS,
    **activity.METHODS,
    **stage_history.METHODS,
    "methods": Method((), _methods),
}
