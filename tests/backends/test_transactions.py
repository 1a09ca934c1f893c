"""Large imports: one transaction over several stores of one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from zhiyin.backends.stores import SqliteStore, open_sqlite
from zhiyin.core.errors import StoreBusyError, StoreError
from zhiyin.data.importing import ImportOptions
from zhiyin.pipeline.importing import import_tables
from zhiyin.pipeline.stores import Stores
from zhiyin.testing.stores import BULK, all_events, make_entities, make_events


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_sqlite(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def stores(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> Stores:
    """Stores that take a hundred rows for many."""
    monkeypatch.setattr("zhiyin.backends.stores.sqlite.BULK_ROWS", 100)
    return Stores(
        store.events,
        store.entities,
        store.exposures,
        edges=store.edges,
        transaction=store.transaction,
    )


def test_everything_or_nothing(store: SqliteStore) -> None:
    store.events.append(make_events(3))
    strange = make_events(10, start=100).with_columns(type=pl.lit("new type"))

    def broken_off() -> None:
        with store.transaction(BULK):
            store.entities.upsert("user", make_entities(["a"], ["{}"]))
            store.events.append(strange)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert store.events.count() == 3
    assert store.entities.scan("user").height == 0
    with store.transaction(BULK):
        store.entities.upsert("user", make_entities(["a"], ["{}"]))
        for start, kind in ((100, "one"), (110, "two"), (120, "one"), (130, "three")):
            batch = make_events(10, start=start).with_columns(type=pl.lit(kind))
            assert store.events.append(batch).accepted == 10
        again = store.events.append(make_events(15, start=95))
        assert (again.accepted, again.duplicates) == (5, 10)
    assert store.events.count() == 48
    assert store.entities.scan("user")["id"].to_list() == ["a"]
    kinds = all_events(store.events)["type"].cast(pl.String).to_list()
    assert kinds[3:43] == ["one"] * 10 + ["two"] * 10 + ["one"] * 10 + ["three"] * 10
    store.events.append(make_events(1, start=999).with_columns(type=pl.lit("four")))
    assert all_events(store.events)["type"].to_list()[-1] == "four"


def test_a_load_into_a_table_that_is_larger_keeps_its_indexes(store: SqliteStore) -> None:
    store.events.append(make_events(BULK + 50_000))
    with store.transaction(BULK):
        added = store.events.append(make_events(1000, start=BULK + 49_500))
    assert (added.accepted, added.duplicates) == (500, 500)
    assert store.events.append(make_events(1, start=3)).duplicates == 1
    assert len(store.events.history(3, limit=10)) == 10


def test_readers_go_on_and_writers_wait(tmp_path: Path, store: SqliteStore) -> None:
    """During a load others read what was there; a writer that does not wait is told so."""
    other = open_sqlite(tmp_path)
    store.events.append(make_events(5))
    with store.transaction(BULK):
        store.events.append(make_events(50, start=100))
        assert other.events.count() == 5
        assert len(other.events.history(3, limit=5)) == 1
        with other.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        with pytest.raises(StoreBusyError, match="locked"):
            other.events.append(make_events(1, start=900))
    assert other.events.count() == 55
    other.close()


def test_a_statement_that_fails_takes_all_back(store: SqliteStore) -> None:
    broken = make_events(5, start=50).with_columns(user_key=pl.lit(None, pl.Int64))

    def load() -> None:
        with store.transaction(BULK):
            store.events.append(make_events(20))
            store.events.append(broken)

    with pytest.raises(StoreError, match="NOT NULL"):
        load()
    assert store.events.count() == 0
    assert store.events.append(make_events(20)).accepted == 20


def test_an_import_is_stored_whole(
    store: SqliteStore, stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that breaks off leaves nothing; whole, it is stored in several frames."""
    monkeypatch.setattr(
        "zhiyin.data.importing.gathering.EventGatherer.__init__.__kwdefaults__", {"rows": 100}
    )
    monkeypatch.setattr("zhiyin.data.importing.lines.blocks.__kwdefaults__", {"size": 2_000})
    path = tmp_path / "log.csv"
    rows = [
        f"u{i % 9},i{i % 5},{'view' if i < 600 else 'buy'},{1_600_000_000 + i}" for i in range(1000)
    ]
    path.write_text("user,item,event,ts\n" + "\n".join(rows) + "\n")
    calls = 0
    append = type(store.events).append

    def third_fails(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StoreError("no room left")
        return append(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(store.events), "append", third_fails)
        with pytest.raises(StoreError, match="no room left"):
            import_tables(stores, events=path, quarantine=tmp_path / "q")
    assert store.events.count() == 0
    assert store.entities.scan("user").height == 0
    report = import_tables(stores, events=path, quarantine=tmp_path / "q")["events"]
    assert (report.accepted, report.duplicates) == (1000, 0)
    events = all_events(store.events)
    assert events["timestamp"].to_list() == [(1_600_000_000 + i) * 1000 for i in range(1000)]
    assert events["type"].cast(pl.String).to_list() == ["view"] * 600 + ["purchase"] * 400
    assert store.entities.scan("user").height == 9
    again = import_tables(
        stores, events=path, quarantine=tmp_path / "q", options=ImportOptions(strict=True)
    )
    assert (again["events"].accepted, again["events"].duplicates) == (0, 1000)
