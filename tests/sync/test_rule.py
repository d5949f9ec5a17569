"""Settings by which records are understood: when they change, everything is read again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from store import stream as stored_stream
from store.store import Store
from sync.rule import apply_rules
from tests.sync.scripted import DEALS, Remote, source

Asked = datetime | None


class Reader:
    """A stream that was read to its end, under settings that may change."""

    def __init__(self, store: Store, **rules: object) -> None:
        self.store = store
        self.stream = replace(DEALS, **rules)  # type: ignore[arg-type]
        self.source = source(store, Remote(), streams=(self.stream,))
        self.state = stored_stream.StreamState(
            source_id=1, name="deals", since=self.source.since, watermark=self.source.clock()
        )

    def asked(self, fields: Mapping[str, Mapping[str, str]], currency: str = "RUB") -> Asked:
        """From when everything is asked for under these settings; None if it is not."""
        context = replace(self.source.context, fields=fields, currency=currency)
        changed = replace(self.source, context=context)
        with self.store.write() as tx:
            return apply_rules(tx, changed, self.stream, self.state).full_from


@pytest.fixture
def reader(store: Store) -> Reader:
    reader = Reader(store, fields_of="contact", rules=lambda context: context.currency)
    with store.write() as tx:
        tx.exec_driver_sql("INSERT INTO source (id, name, is_telephony) VALUES (1, 'main', false)")
    reader.asked({})
    return reader


def test_another_field_asks_for_everything_once(reader: Reader) -> None:
    assert reader.asked({"contact": {"role": "A"}}) == reader.source.since
    assert reader.asked({"contact": {"role": "A"}}) is None
    assert reader.asked({"contact": {"role": "B"}}) == reader.source.since
    assert reader.asked({}) == reader.source.since


def test_a_field_of_another_kind_of_record_asks_for_nothing(reader: Reader) -> None:
    assert reader.asked({"deal": {"role": "A"}}) is None


def test_fields_do_not_hide_the_other_rules_of_a_stream(reader: Reader) -> None:
    assert reader.asked({}, currency="USD") == reader.source.since
    assert reader.asked({"contact": {"role": "A"}}, currency="USD") == reader.source.since


def test_a_stream_without_such_settings_is_never_asked_for_again(store: Store) -> None:
    assert Reader(store).asked({"deal": {"role": "A"}}) is None
