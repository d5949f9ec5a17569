"""`python -m benchmarks.fetch_client NAME BOX IDS`: one client lists all deals of a portal.

Prints rows, seconds and memory as JSON, and writes the ids it got into a file.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.memory import peak_mib, resident_mib

COLUMNS = (
    "ID", "CATEGORY_ID", "STAGE_ID", "STAGE_SEMANTIC_ID", "OPPORTUNITY", "CURRENCY_ID",
    "ASSIGNED_BY_ID", "COMPANY_ID", "CONTACT_ID", "DATE_CREATE", "DATE_MODIFY", "MOVED_TIME",
)  # fmt: skip

Box = dict[str, Any]
Lister = Callable[[], Iterable[Any]]


def ours(box: Box) -> Lister:
    """The stream as a first run reads it, page by page."""
    from config.secret_ref import SecretRef
    from connectors.base import ClientOptions, Since
    from connectors.bitrix24 import CONNECTOR
    from connectors.bitrix24.settings import Bitrix24Settings

    settings = Bitrix24Settings(
        connector="bitrix24", url=box["url"], webhook=SecretRef("env", "WEBHOOK"),
        ca_bundle=box["ca_bundle"],
    )  # fmt: skip
    options = ClientOptions(
        source="main", secret=lambda _: box["webhook"], clock=lambda: datetime.now(UTC),
        sleep=time.sleep, data_dir=None,
    )  # fmt: skip
    client = CONNECTOR.client(settings, options)
    (deals,) = (stream for stream in CONNECTOR.streams if stream.name == "deals")

    def list_all() -> Iterable[Any]:
        for page in deals.pages(client, Since(changed_from=datetime(2015, 1, 1, tzinfo=UTC))):
            yield from page.records

    return list_all


def fast_bitrix24(box: Box) -> Lister:
    """get_all with the client's own defaults."""
    from fast_bitrix24 import Bitrix  # type: ignore[import-untyped]

    client = Bitrix(f"{box['url']}/rest/{box['webhook']}/", verbose=False)
    return lambda: client.get_all("crm.deal.list", {"select": list(COLUMNS)})


def b24pysdk(box: Box) -> Lister:
    """The fast list with the client's own defaults."""
    from b24pysdk import BitrixWebhook, Client  # type: ignore[import-untyped]

    domain = box["url"].removeprefix("https://")
    client = Client(BitrixWebhook(domain=domain, webhook_token=box["webhook"]))
    return lambda: client.crm.deal.list(select=list(COLUMNS)).as_list_fast().result


LISTERS = {"merilo": ours, "fast-bitrix24": fast_bitrix24, "b24pysdk": b24pysdk}


def main(name: str, box: Box, path: Path) -> None:
    """Lists once; rows are let go of at once where the client lets them."""
    list_all = LISTERS[name](box)
    gc.collect()
    before, began, cpu = resident_mib(), time.monotonic(), time.process_time()
    ids = [int(row.get("id") or row["ID"]) for row in list_all()]
    wall_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
    path.write_text(json.dumps(ids))
    print(
        json.dumps(
            {"rows": len(ids), "wall_s": wall_s, "cpu_s": cpu_s, "growth_mb": peak_mib() - before}
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]))
