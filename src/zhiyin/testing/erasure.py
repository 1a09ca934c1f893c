"""The conformance suite of erasure; used as those of `stores`, for stores with ``erase``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from zhiyin.core import schema
from zhiyin.core.keys import id_key, id_keys
from zhiyin.core.protocols import Enrichment, EntityKind, ProfileEdit
from zhiyin.testing.stores import StoreConformance, all_events, make_entities

USERS = [f"person-{i:03d}-here" for i in range(60)]
ITEMS = [f"thing-{i:03d}-图" for i in range(20)]


def fill(store: Any) -> None:  # noqa: ANN401 - any store
    """Something of every user and item, in every table."""
    users, items = id_keys(USERS), id_keys(ITEMS)
    n = 600
    frame = pl.DataFrame(
        {
            "event_key": range(1, n + 1),
            "user_key": [users[i % 60] for i in range(n)],
            "item_key": [items[i % 20] for i in range(n)],
            "type": ["view"] * n,
            "text": [f"said by {USERS[i % 60]}, {i}" * (1 + i % 90) for i in range(n)],
            "query": [f"wanted by {USERS[i % 60]}" for i in range(n)],
        },
        schema_overrides=schema.EVENTS,
    )
    for start in range(0, n, 50):
        store.events.append(frame[start : start + 50])
    store.entities.upsert("user", make_entities(USERS, [f'{{"called":"{u}"}}' for u in USERS]))
    store.entities.upsert("item", make_entities(ITEMS, [f'{{"title":"{i}"}}' for i in ITEMS]))
    ties = [(users[i], users[(i + 1) % 60], "friend", 1.0, None) for i in range(60)]
    store.edges.add_edges(pl.DataFrame(ties, schema=schema.EDGES, orient="row"))
    for i, user in enumerate(USERS):
        store.profiles.edit(int(users[i]), ProfileEdit("wish", f"wished by {user} " * 30, i))
        store.exposures.record(slate(f"slate-{i}-of-{user}", user, i))
    store.enrichments.put(
        [Enrichment(id_key(item), 1, "statistics", f'{{"summary":"{item}"}}') for item in ITEMS]
    )


def slate(slate_id: str, user: str, number: int) -> dict[str, Any]:
    """A slate of five places with evidence."""
    shown = [ITEMS[(number + i) % 20] for i in range(5)]
    because = ITEMS[(number + 9) % 20]
    return {
        "slate_id": slate_id,
        "user_id": user,
        "surface": "home",
        "created": number,
        "positions": [
            {
                "item_id": item,
                "score": 0.5,
                "evidence": [{"kind": "event", "item_id": because, "text": f"{because} liked"}],
                "properties": {"title": item},
            }
            for item in shown
        ],
    }


class ErasureConformance(StoreConformance):
    """What every store does when a user or an item is to be gone."""

    def test_erases_a_user_entirely(self, tmp_path: Path) -> None:
        """Events, slates, edits, ties and the user; nothing of the others; twice is once."""
        key = id_key(USERS[7])
        with self.opened(tmp_path) as store:
            fill(store)
            newest = store.events.last_seq()
            assert store.erase("user", USERS[7]) == {
                "events": 10,
                "exposures": 1,
                "profile_edits": 1,
                "edges": 2,
                "entities": 1,
            }
            assert store.events.history(key, limit=5) == []
            assert store.exposures.of_user(key) == []
            assert store.profiles.edits(key) == []
            assert store.entities.get("user", [USERS[7]]) == {}
            assert key not in store.edges.edges()["source_key"]
            assert store.events.count() == 590
            assert store.events.last_seq() == newest
            assert len(store.exposures.of_user(id_key(USERS[8]))) == 1
            assert set(store.erase("user", USERS[7]).values()) == {0}

    def test_erases_an_item_entirely(self, tmp_path: Path) -> None:
        """Events, enrichment, the item, and its place and evidence in every slate."""
        item, key = ITEMS[4], id_key(ITEMS[4])
        with self.opened(tmp_path) as store:
            fill(store)
            before = store.exposures.find(f"slate-0-of-{USERS[0]}")
            assert store.erase("item", item) == {
                "events": 30,
                "exposures": 18,
                "enrichments": 1,
                "entities": 1,
            }
            assert key not in all_events(store.events)["item_key"]
            assert store.entities.get("item", [item]) == {}
            assert key not in {row.item_key for row in store.enrichments.all()}
            assert store.exposures.count() == 60
            after = store.exposures.find(f"slate-0-of-{USERS[0]}")
            assert after["positions"] == before["positions"][:4]
            shown = store.exposures.recent(id_key(USERS[0]), since=0, limit=1)[0]
            assert shown.item_ids == tuple(ITEMS[:4])
            for user in USERS:
                assert item not in str(store.exposures.of_user(id_key(user)))
            assert set(store.erase("item", item).values()) == {0}

    def test_ids_that_look_like_patterns(self, tmp_path: Path) -> None:
        """An id is compared letter by letter, also one with quotes and wildcards."""
        with self.opened(tmp_path) as store:
            for i, odd in enumerate(['%"_\\', "a", "%"]):
                store.exposures.record(
                    {
                        "slate_id": f"s{i}",
                        "user_id": None,
                        "surface": "home",
                        "created": 1,
                        "positions": [{"item_id": odd}, {"item_id": "stays"}],
                    }
                )
            assert store.erase("item", '%"_\\')["exposures"] == 1
            assert store.exposures.find("s0")["positions"] == [{"item_id": "stays"}]
            assert len(store.exposures.find("s2")["positions"]) == 2
            assert store.erase("item", "stay")["exposures"] == 0


def traces(kind: EntityKind, entity_id: str) -> list[bytes]:
    """Bytes that would betray one of whom nothing should be left."""
    found = [entity_id.encode(), id_key(entity_id).to_bytes(8, "big", signed=True)]
    if kind == "user":
        words = (f"said by {entity_id}", f"wanted by {entity_id}", f"wished by {entity_id}")
        found += [word.encode() for word in words]
    return found
