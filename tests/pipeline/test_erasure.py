"""Erasure: nothing of a person or an item is left, in files or in answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.pipeline.conftest import two_tastes

from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.keys import id_key
from zhiyin.pipeline.tombstones import Tombstone
from zhiyin.pipeline.workspace import Workspace

PERSON = "u00-unmistakable"
ITEM = "book-unmistakable"
TFIDF = '[text]\nencoder = "tfidf"\n'


@pytest.fixture
def known(make_workspace: Callable[..., Workspace]) -> Workspace:
    """A workspace in which everything knows of one person and one item."""
    workspace = make_workspace(TFIDF)
    workspace.record(two_tastes())
    workspace.upsert_items(
        [
            {"item_id": ITEM, "title": "Wholly singular title", "text": "Peculiarissimum."},
            {"item_id": "book-0", "title": "Zero", "text": "An ordinary volume."},
        ]
    )
    workspace.upsert_users([{"user_id": PERSON, "city": "Atlantis-sur-Mer"}])
    workspace.record(
        [
            {"user_id": PERSON, "item_id": item, "type": "view", "text": "loved it, Hermenegilde"}
            for item in ("book-0", "book-1", "book-2", ITEM)
        ]
    )
    workspace.record([{"user_id": f"u{i:02}", "item_id": ITEM} for i in range(0, 20, 2)])
    workspace.profiles.edit(PERSON, {"wish": ["something for Hermenegilde"]})
    rejected = workspace.folder / "rows.csv"
    rejected.write_text(f"user_id,item_id,timestamp\n{PERSON},,yesterday\nx,,never\n")
    workspace.import_events(rejected)
    rejected.unlink()
    workspace.train(recipe="ease")
    workspace.train(recipe="user-knn")
    workspace.recommend(PERSON, n=3, explain=True)
    workspace.search("singular title")
    return workspace


def files_with(folder: Path, *words: str) -> list[str]:
    """Files below a folder that hold one of some words, as bytes."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found += [f"{path.name}: {w}" for w in words if w.encode() in data]
    return found


def test_a_person_is_gone_from_every_file_and_answer(known: Workspace) -> None:
    assert files_with(known.folder, PERSON)
    served = known.engine()
    assert served.trained.users.index[PERSON] >= 0
    assert PERSON in [n.id for n in known.engine().similar_users("u00", n=60)]
    certificate = known.erase("user", PERSON)
    assert certificate.found
    gone = {each.place: each.records for each in certificate.removed}
    assert gone["store: events"] == 4
    assert gone["store: exposures"] == 1
    assert gone["model v000001"] >= 5
    assert gone["model v000002"] >= 9  # its id, its history, and its row of user-knn
    assert gone["quarantine of imports"] >= 1
    assert not files_with(known.folder, PERSON, "Hermenegilde", "Atlantis-sur-Mer")
    slate = known.recommend(PERSON, n=3)
    assert any("no history" in told for told in slate.fallbacks)
    assert PERSON not in [n.id for n in known.engine().similar_users("u00", n=60)]
    with pytest.raises(UnknownEntityError):
        known.engine().similar_users(PERSON)
    known.artifacts.check("v000001")
    known.artifacts.check("v000002")


def test_erasing_again_finds_nothing(known: Workspace) -> None:
    known.erase("user", PERSON)
    again = known.erase("user", PERSON)
    assert not again.found
    assert all(each.records == 0 for each in again.removed)


def test_another_process_forgets_at_once_and_after_a_restart(
    known: Workspace, make_workspace: Callable[..., Workspace]
) -> None:
    other = make_workspace()
    assert not other.recommend(PERSON, n=3).fallbacks
    known.erase("user", PERSON)
    assert any("no history" in told for told in other.recommend(PERSON, n=3).fallbacks)
    restarted = make_workspace()
    assert any("no history" in told for told in restarted.recommend(PERSON, n=3).fallbacks)


def test_who_comes_back_begins_anew(known: Workspace) -> None:
    known.erase("user", PERSON)
    known.record([{"user_id": PERSON, "item_id": "pan-1"}])
    slate = known.recommend(PERSON, n=3)
    assert {i.split("-")[0] for i in slate.item_ids} == {"pan"}
    known.train(recipe="user-knn")
    assert {i.split("-")[0] for i in known.recommend(PERSON, n=3).item_ids} == {"pan"}
    assert known.engine().trained.users.index[PERSON] >= 0


def test_a_training_that_read_before_the_erasure_publishes_nothing_of_it(
    known: Workspace,
) -> None:
    with known.publishing() as (_, publish):
        trained = known.engine().trained  # as read before
        arrays, manifest = trained.arrays(), trained.manifest()
        known.erase("user", PERSON)
        known.artifacts.store("v000009", manifest=manifest, arrays=arrays)
    assert publish is not None
    assert not files_with(known.folder / "models", PERSON)


def test_an_item_is_gone_from_every_file_and_answer(known: Workspace) -> None:
    assert ITEM in known.recommend("u22", n=8).item_ids
    assert known.search("Peculiarissimum").item_ids[:1] == [ITEM]
    certificate = known.erase("item", ITEM)
    gone = {each.place: each.records for each in certificate.removed}
    assert gone["store: events"] == 11
    assert gone["store: entities"] == 1
    assert gone["search index"] == 1
    assert not files_with(known.folder, ITEM, "Peculiarissimum", "Wholly singular")
    slate = known.recommend("u22", n=30, explain=True)
    assert ITEM not in slate.item_ids
    cited = [e.item_id for p in slate.positions for e in p.evidence if e.item_id]
    assert cited
    assert not [item for item in cited if item == ITEM or item.startswith("\x00")]
    assert ITEM not in known.search("Peculiarissimum").item_ids
    with pytest.raises(UnknownEntityError):
        known.similar(ITEM)
    known.upsert_items([{"item_id": ITEM, "title": "Zero again", "text": "An ordinary volume."}])
    assert ITEM in known.recommend("u22", n=30).item_ids


def test_tombstones_are_told_once_and_survive(tmp_path: Path, known: Workspace) -> None:
    erased = known.artifacts.erased
    stone = Tombstone("user", id_key("x"), 5, 1)
    erased.fresh()
    erased.add(stone)
    assert erased.fresh() == [stone]
    assert erased.fresh() == []
    assert erased.all()[-1] == stone
