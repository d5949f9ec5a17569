"""Pipelines and stages. A stage is known by its id and its pipeline: 142, 143 are in all."""

from collections.abc import Iterable, Iterator, Sequence

from connectors.amocrm.account import UNSORTED, pipelines_of, stages_of
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.value import state_of
from connectors.base import Context, Page, Record, Since
from connectors.field import required_ref, text_of, whole
from store.fact import Fact, Pipeline, Stage

NAME = "funnels"


def pages(client: AmocrmClient, since: Since) -> Iterator[Page]:
    """All of them in one answer: names and order may change without a mark."""
    yield Page(records=pipelines_of(client), checkpoint="", served_at=client.now(), cursor="1")


def fetch(client: AmocrmClient, refs: Sequence[str]) -> Iterator[Page]:
    """The pipelines with these ids."""
    rows = [row for row in pipelines_of(client) if str(row.get("id")) in refs]
    yield Page(records=rows, checkpoint="", served_at=client.now())


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A pipeline and its stages (leads_pipelines), but for Unsorted, where no deal is yet."""
    ref = required_ref(record, "id")
    name = text_of(record, "name") or f"ID {ref}"
    yield Pipeline(ref=ref, name=name, sort=whole(record, "sort", 0))
    for stage in stages_of(record):
        if stage.get("type") == UNSORTED:
            continue
        number = required_ref(stage, "id")
        yield Stage(
            ref=number,
            pipeline_ref=ref,
            name=text_of(stage, "name") or number,
            sort=whole(stage, "sort", 0),
            state=state_of(number),
        )
