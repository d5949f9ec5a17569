"""What an account tells of itself: whether lists can be filtered, its currency, its stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.amocrm.classify import as_list, as_map
from connectors.amocrm.client import AmocrmClient
from connectors.base import Record

UNSORTED = 1
"""`type` of a stage where leads lie that nobody has accepted yet."""

_EXTRAS = "is_api_filter_enabled,task_types,users_groups,datetime_settings"


@dataclass(frozen=True, kw_only=True)
class Account:
    """`has_filter`: lists of leads can be filtered (a paid option). `currency` "": not told.

    `user`: whose token it is. `customers`: the mode of periodical sales. `zone`: where its days
    begin, UTC where it is not told. `groups`: of users.
    """

    id: str
    user: str
    has_filter: bool
    currency: str
    customers: str
    zone: ZoneInfo
    groups: Sequence[Record]

    @property
    def has_customers(self) -> bool:
        """Whether customers are in use; asking for what is theirs is refused otherwise."""
        return self.customers in ("segments", "dynamic", "periodicity")


def account_of(client: AmocrmClient) -> Account:
    """The account, asked once a pass."""
    if "account" not in client.notes:
        client.notes["account"] = _read(client)
    found: Account = client.notes["account"]
    return found


def _read(client: AmocrmClient) -> Account:
    told = client.get("api/v4/account", (("with", _EXTRAS),)).data
    return Account(
        id=str(told.get("id") or ""),
        user=str(told.get("current_user_id") or ""),
        has_filter=told.get("is_api_filter_enabled") is True,
        currency=str(told.get("currency") or client.settings.currency),
        customers=str(told.get("customers_mode") or ""),
        zone=_zone(as_map(as_map(told.get("_embedded")).get("datetime_settings"))),
        groups=[as_map(row) for row in as_list(as_map(told.get("_embedded")).get("users_groups"))],
    )


def _zone(settings: Mapping[str, object]) -> ZoneInfo:
    try:
        return ZoneInfo(str(settings.get("timezone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def pipelines_of(client: AmocrmClient) -> list[Record]:
    """The pipelines with their stages, asked once a pass."""
    if "pipelines" not in client.notes:
        client.notes["pipelines"] = client.get("api/v4/leads/pipelines").rows("pipelines")
    found: list[Record] = client.notes["pipelines"]
    return found


def unsorted_stages(client: AmocrmClient) -> set[tuple[int, int]]:
    """(pipeline, stage) of what nobody has accepted yet."""
    return {
        (pipeline["id"], stage["id"])
        for pipeline in pipelines_of(client)
        for stage in stages_of(pipeline)
        if stage.get("type") == UNSORTED
    }


def stage_of(lead: Record) -> tuple[Any, Any]:
    """(pipeline, stage) of a lead, as it tells them."""
    return lead.get("pipeline_id"), lead.get("status_id")


def stages_of(pipeline: Mapping[str, object]) -> list[Record]:
    """The stages within a pipeline."""
    stages = as_map(pipeline.get("_embedded")).get("statuses")
    return [stage for stage in stages if isinstance(stage, dict)] if stages else []
