"""The conformance suites of stores: subclass them in a test, and a driver is measured.

::

    class TestMyEvents(EventStoreConformance):
        factory = "my_package.stores:open_store"

``factory`` names a function that opens the store of a folder, and whose result has
``events``, ``entities``, ``exposures``, ``edges`` and ``close``. It is a name and not the
function itself, because some tests open the store in a process of their own, and kill it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest

from zhiyin.core import schema
from zhiyin.core.errors import StoreError
from zhiyin.core.keys import id_keys
from zhiyin.core.protocols import EdgeStore, EntityStore, EventStore
from zhiyin.core.registry import load_path
from zhiyin.testing.together import together

BULK = 150_000
"""Enough rows for a driver to take its path for many."""


class StoreConformance:
    """What the suites share."""

    factory: ClassVar[str]
    """``"package.module:function"``, which opens the store of a folder."""

    @contextmanager
    def opened(self, folder: Path) -> Generator[Any]:
        """The store of a folder, closed at the end."""
        store = load_path(self.factory)(folder)
        try:
            yield store
        finally:
            store.close()


def make_events(n: int, *, start: int = 0, users: int = 50) -> pl.DataFrame:
    """N distinct events of ``users`` users, numbered from ``start``."""
    numbers = np.arange(start, start + n, dtype=np.int64)
    return pl.DataFrame(
        {
            "event_key": numbers * 7 + 1,
            "user_key": numbers % users,
            "item_key": numbers % 9,
            "type": pl.Series(["view", "purchase"]).gather(numbers % 2),
            "timestamp": 1_700_000_000_000 + numbers,
        }
    )


def make_entities(ids: list[str], attributes: list[str | None]) -> pl.DataFrame:
    """Entities with their keys."""
    columns = {"key": id_keys(ids), "id": ids, "attributes": attributes}
    return pl.DataFrame(columns, schema=schema.ENTITIES)


def all_events(store: EventStore) -> pl.DataFrame:
    """Everything, in order of arrival."""
    batches = list(store.scan())
    return pl.concat(batches) if batches else pl.DataFrame()


class EventStoreConformance(StoreConformance):
    """What every event store does."""

    def test_is_an_event_store(self, tmp_path: Path) -> None:
        """It has every method of the protocol."""
        with self.opened(tmp_path) as store:
            assert isinstance(store.events, EventStore)

    def test_empty(self, tmp_path: Path) -> None:
        """An empty store answers everything."""
        with self.opened(tmp_path) as store:
            assert store.events.count() == 0
            assert store.events.last_seq() == 0
            assert list(store.events.scan()) == []
            assert store.events.history(1, limit=5) == []
            assert store.events.delete("user", 1) == 0
            appended = store.events.append(make_events(0))
            assert (appended.accepted, appended.duplicates) == (0, 0)

    def test_several_open_a_new_one_at_once(self, tmp_path: Path) -> None:
        """The tables are made once, and whoever else comes finds them whole."""

        def write(number: int) -> None:
            with self.opened(tmp_path) as store:
                store.events.append(make_events(10, start=10 * number))

        together(write, 6)
        with self.opened(tmp_path) as store:
            assert store.events.count() == 60

    @pytest.mark.parametrize("n", [1, 100, BULK])
    def test_keeps_every_value_in_order(self, tmp_path: Path, n: int) -> None:
        """What comes out is what went in, few rows or many."""
        events = make_events(n).with_columns(
            pl.when(pl.col("event_key") % 3 == 0).then("item_key").alias("item_key"),
            (pl.col("event_key") / 2).alias("value"),
            pl.lit('好 "good"\n').alias("text"),
            pl.lit(None, pl.String).alias("query"),
            pl.lit('{"surface":"home"}').alias("context"),
        )
        with self.opened(tmp_path) as store:
            assert store.events.append(events).accepted == n
            found = all_events(store.events)
            assert store.events.last_seq() == found["seq"][-1]
        assert found["seq"].is_sorted()
        assert found["seq"].n_unique() == n
        assert found["position"].null_count() == n
        columns = events.columns
        assert found.select(columns).with_columns(pl.col("type").cast(pl.String)).equals(events)

    @pytest.mark.parametrize("n", [100, BULK])
    def test_duplicates_are_counted_and_not_added(self, tmp_path: Path, n: int) -> None:
        """Within a frame, between frames, and when a part is new."""
        with self.opened(tmp_path) as store:
            first = store.events.append(pl.concat([make_events(n), make_events(n // 2)]))
            assert (first.accepted, first.duplicates) == (n, n // 2)
            again = store.events.append(make_events(n))
            assert (again.accepted, again.duplicates) == (0, n)
            more = store.events.append(make_events(n, start=n - 10))
            assert (more.accepted, more.duplicates) == (n - 10, 10)
            assert store.events.count() == 2 * n - 10
            assert all_events(store.events)["event_key"].n_unique() == 2 * n - 10

    def test_many_more_than_there_were(self, tmp_path: Path) -> None:
        """A load much larger than the table keeps what was there, and its order."""
        with self.opened(tmp_path) as store:
            store.events.append(make_events(10))
            appended = store.events.append(make_events(BULK))
            assert (appended.accepted, appended.duplicates) == (BULK - 10, 10)
            assert all_events(store.events)["event_key"][:11].to_list() == [
                7 * i + 1 for i in range(11)
            ]
            assert len(store.events.history(3, limit=BULK)) == BULK // 50

    def test_scan_after_and_columns(self, tmp_path: Path) -> None:
        """A reader goes on from where it was, and gets what it asks for."""
        with self.opened(tmp_path) as store:
            store.events.append(make_events(20))
            seen = all_events(store.events)["seq"][9]
            store.events.append(make_events(5, start=20))
            rest = pl.concat(list(store.events.scan(after=seen, columns=["type", "event_key"])))
        assert rest.columns == ["type", "event_key"]
        assert rest["event_key"].to_list() == [7 * i + 1 for i in range(10, 25)]

    def test_scan_of_one_user(self, tmp_path: Path) -> None:
        """Everything of one person, and nothing of the others."""
        with self.opened(tmp_path) as store:
            store.events.append(make_events(30, users=3))
            found = pl.concat(list(store.events.scan(user_key=2)))
            assert found["event_key"].to_list() == [7 * i + 1 for i in range(2, 30, 3)]
            rest = list(store.events.scan(user_key=2, after=found["seq"][3], columns=["timestamp"]))
            assert pl.concat(rest)["timestamp"].to_list() == found["timestamp"][4:].to_list()
            assert list(store.events.scan(user_key=99)) == []

    def test_history(self, tmp_path: Path) -> None:
        """The last events of one user, oldest first; or those after some point."""
        with self.opened(tmp_path) as store:
            store.events.append(make_events(60, users=3))
            past = store.events.history(1, limit=4)
            assert [event.timestamp for event in past] == [
                1_700_000_000_000 + i for i in (49, 52, 55, 58)
            ]
            assert {event.type for event in past} == {"view", "purchase"}
            assert store.events.history(1, limit=4, after=past[2].seq) == past[3:]
            assert store.events.history(99, limit=4) == []

    def test_history_with_words(self, tmp_path: Path) -> None:
        """Reviews and searches come where they are asked for, and only there."""
        said = make_events(1).with_columns(text=pl.lit("很好 😀"), query=pl.lit("a 'b\""))
        with self.opened(tmp_path) as store:
            store.events.append(said)
            event = store.events.history(0, limit=1, words=True)[0]
            assert (event.text, event.query) == ("很好 😀", "a 'b\"")
            event = store.events.history(0, limit=1)[0]
            assert (event.text, event.query) == (None, None)

    def test_new_types_of_events(self, tmp_path: Path) -> None:
        """A type that nobody has seen is stored under its name, also beside another reader."""
        with self.opened(tmp_path) as store, self.opened(tmp_path) as other:
            store.events.append(make_events(2))
            assert len(all_events(other.events)) == 2
            odd = make_events(1, start=5).with_columns(type=pl.lit("看了又看"))
            store.events.append(odd)
            assert all_events(other.events)["type"].to_list()[-1] == "看了又看"

    def test_delete(self, tmp_path: Path) -> None:
        """Erasing a user or an item leaves the rest, and numbers are not used twice."""
        with self.opened(tmp_path) as store:
            store.events.append(make_events(30, users=3))
            newest = store.events.last_seq()
            assert store.events.delete("user", 2) == 10
            assert store.events.delete("item", 0) == 4
            assert store.events.history(2, limit=9) == []
            assert store.events.count() == 16
            assert store.events.last_seq() == newest
            store.events.append(make_events(1, start=100))
            assert store.events.last_seq() > newest
            assert store.events.count() == 17
            assert sum(batch.height for batch in store.events.scan(after=newest)) == 1
            newest = store.events.last_seq()
            store.events.delete("user", 100 % 50)
            store.events.append(make_events(BULK, start=200))
            added = pl.concat(list(store.events.scan(after=newest)))
            assert added.height == BULK

    @pytest.mark.parametrize("n", [100, BULK])
    def test_all_or_nothing(self, tmp_path: Path, n: int) -> None:
        """A frame with a row that cannot be stored is refused whole."""
        late = pl.int_range(n) == n - 1
        broken = make_events(n, start=1000).with_columns(
            user_key=pl.when(late).then(None).otherwise("user_key")
        )
        with self.opened(tmp_path) as store:
            store.events.append(make_events(5))
            with pytest.raises(StoreError):
                store.events.append(broken)
            assert store.events.count() == 5
            assert store.events.append(make_events(n, start=1000)).accepted == n

    def test_survives_the_death_of_the_process(self, tmp_path: Path) -> None:
        """What was acknowledged is there after kill -9."""
        with self.opened(tmp_path):
            pass
        ready = _run_and_kill(self.factory, tmp_path, "store.events.append(make_events(100))")
        assert ready == "done"
        with self.opened(tmp_path) as store:
            assert store.events.count() == 100
            assert len(store.events.history(7, limit=9)) == 2

    def test_killed_in_the_middle(self, tmp_path: Path) -> None:
        """Death during a load leaves all of it or nothing, and a store that works."""
        with self.opened(tmp_path) as store:
            store.events.append(make_events(10, start=10_000_000))
        for delay in (0.3, 0.9, 1.5):
            code = f"print('go', flush=True); store.events.append(make_events({BULK}))"
            _run_and_kill(self.factory, tmp_path, code, delay=delay)
            _wait_until_free(self, tmp_path)
            with self.opened(tmp_path) as store:
                assert store.events.count() in (10, 10 + BULK)
        with self.opened(tmp_path) as store:
            store.events.append(make_events(BULK))
            assert store.events.count() == 10 + BULK

    def check_full_disk(self, folder: Path) -> None:
        """For a folder on a disk of a few megabytes: an error, and nothing is lost.

        Not a test by itself, because it takes a small disk: call it from one.
        """
        with self.opened(folder) as store:
            store.events.append(make_events(500))
            for n in (20_000, 2 * BULK):
                with pytest.raises(StoreError):
                    _fill(store.events, n)
                assert store.events.count() >= 500
        with self.opened(folder) as store:
            kept = all_events(store.events)["event_key"].to_list()
            assert kept[:500] == make_events(500)["event_key"].to_list()


class EntityStoreConformance(StoreConformance):
    """What every store of users and items does."""

    def test_is_an_entity_store(self, tmp_path: Path) -> None:
        """It has every method of the protocol."""
        with self.opened(tmp_path) as store:
            assert isinstance(store.entities, EntityStore)

    def test_upsert_get_scan(self, tmp_path: Path) -> None:
        """Attributes come back; users and items do not mix; the scan forgets the arrival."""
        rows = make_entities(["b", "007", "a"], ['{"title":"名"}', None, '{"n":1.5}'])
        with self.opened(tmp_path) as store:
            assert store.entities.upsert("item", rows) == 3
            assert store.entities.get("item", ["b", "007", "?"]) == {
                "b": {"title": "名"},
                "007": {},
            }
            assert store.entities.get("user", ["b"]) == {}
            scanned = store.entities.scan("item")
            assert scanned.columns == list(schema.ENTITIES)
            assert scanned.sort("id").equals(rows.sort("id"))
            store.entities.upsert("user", rows)
            store.entities.upsert("user", rows[::-1])
            assert store.entities.scan("user")["id"].to_list() == scanned["id"].to_list()
            assert store.entities.scan("item", columns=["id"]).columns == ["id"]

    def test_overwrites_but_never_with_nothing(self, tmp_path: Path) -> None:
        """New attributes replace old ones; a row without any leaves them."""
        with self.opened(tmp_path) as store:
            for attributes in ('{"a":1}', '{"b":2}', None):
                store.entities.upsert("item", make_entities(["x"], [attributes]))
            assert store.entities.get("item", ["x"]) == {"x": {"b": 2}}

    def test_many(self, tmp_path: Path) -> None:
        """Many at once, and more ids than a statement takes parameters."""
        ids = [f"item-{i}" for i in range(BULK)]
        with self.opened(tmp_path) as store:
            store.entities.upsert("item", make_entities(ids, ["{}"] * BULK))
            assert len(store.entities.get("item", ids[:40_000])) == 40_000
            assert store.entities.scan("item").height == BULK

    def test_pages_by_key_under_writes(self, tmp_path: Path) -> None:
        """Who was there all the time comes exactly once, whoever comes and goes meanwhile."""
        ids = [f"u{i}" for i in range(25)]
        with self.opened(tmp_path) as store:
            store.entities.upsert("user", make_entities(ids, ['{"a":1}'] * 25))
            seen: list[str] = []
            after: int | None = None
            while True:
                page = store.entities.page("user", after=after, limit=4)
                assert page.columns == list(schema.ENTITIES)
                assert page["key"].is_sorted()
                seen += page["id"].to_list()
                if page.height < 4:
                    break
                after = int(page["key"][-1])
                new = [f"n{len(seen)}-{i}" for i in range(3)]
                store.entities.upsert("user", make_entities(new, [None] * 3))
                store.entities.delete("user", seen[0])
            assert len(set(seen)) == len(seen)
            assert set(ids) <= set(seen)
            assert store.entities.page("item", after=None, limit=3).height == 0

    def test_pages_of_those_that_contain_a_text(self, tmp_path: Path) -> None:
        """In the id or the attributes, as it is: neither patterns nor capitals matter."""
        told = ['{"title":"Red 帐篷"}', '{"title":"100%"}', '{"title":"a \\"b\\" c"}', None]
        with self.opened(tmp_path) as store:
            store.entities.upsert("item", make_entities(["x1", "x2", "x3", "Red-4"], told))

            def found(text: str, *, after: int | None = None, limit: int = 9) -> list[str]:
                page = store.entities.page("item", after=after, limit=limit, containing=text)
                return page["id"].to_list()

            assert set(found("rEd")) == {"x1", "Red-4"}
            assert found("帐篷") == ["x1"]
            assert found("%") == ["x2"]
            assert found('"b"') == ["x3"]
            assert found("_") == []
            first = store.entities.page("item", after=None, limit=1, containing="x")
            assert found("x", after=int(first["key"][0])) == found("x")[1:]

    def test_ids_of_keys(self, tmp_path: Path) -> None:
        """Keys lead back to ids."""
        with self.opened(tmp_path) as store:
            store.entities.upsert("user", make_entities(["007"], [None]))
            key = int(id_keys(["007"])[0])
            assert store.entities.ids("user", [key, 5]) == {key: "007"}

    def test_delete(self, tmp_path: Path) -> None:
        """Erased once; said whether it was there."""
        with self.opened(tmp_path) as store:
            store.entities.upsert("user", make_entities(["a", "b"], [None, "{}"]))
            assert store.entities.delete("user", "a") is True
            assert store.entities.delete("user", "a") is False
            assert store.entities.scan("user")["id"].to_list() == ["b"]

    def test_persists(self, tmp_path: Path) -> None:
        """What was stored is there when the store is opened again."""
        with self.opened(tmp_path) as store:
            store.entities.upsert("item", make_entities(["a"], ['{"t":"x"}']))
        with self.opened(tmp_path) as store:
            assert store.entities.get("item", ["a"]) == {"a": {"t": "x"}}

    def test_edges(self, tmp_path: Path) -> None:
        """Ties are kept once; a newer one of the same kind replaces the older."""
        tie = {"source_key": 1, "target_key": 2, "kind": "friend", "weight": 1.0, "timestamp": None}
        with self.opened(tmp_path) as store:
            if not isinstance(store.edges, EdgeStore):
                pytest.skip("optional: this store keeps no ties")
            for weight in (1.0, 2.0):
                store.edges.add_edges(pl.DataFrame([tie | {"weight": weight}], schema=schema.EDGES))
            store.edges.add_edges(pl.DataFrame([tie | {"kind": "follows"}], schema=schema.EDGES))
            found = store.edges.edges()
            assert found.columns == list(schema.EDGES)
            assert sorted(found.select("kind", "weight").rows()) == [
                ("follows", 1.0),
                ("friend", 2.0),
            ]


def _fill(store: EventStore, n: int) -> None:
    for start in range(1_000_000, 100_000_000, n):
        store.append(make_events(n, start=start))


def _run_and_kill(factory: str, folder: Path, code: str, *, delay: float = 0.0) -> str:
    """Runs code over a store in another process and kills it; returns its last word."""
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from zhiyin.core.registry import load_path\n"
        "from zhiyin.testing.stores import make_events\n"
        f"store = load_path({factory!r})(Path({str(folder)!r}))\n"
        f"{code}\n"
        "print('done', flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    word = process.stdout.readline().strip()
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return word


def _wait_until_free(suite: StoreConformance, folder: Path) -> None:
    """Waits for what the killed process has started to notice that it is alone."""
    time.sleep(0.5)
    with suite.opened(folder) as store:
        store.events.append(make_events(10, start=10_000_000))
