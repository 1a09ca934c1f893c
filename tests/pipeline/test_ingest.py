"""Events of many requests in one commit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from zhiyin.core.errors import DataError, StoreFullError
from zhiyin.core.protocols import Appended
from zhiyin.pipeline.workspace import Workspace


def together(workspace: Workspace, batches: list[list[dict[str, Any]]]) -> list[Any]:
    """Records batches from a thread each, all of them waiting for one commit."""
    ingest = workspace._ingest
    results: list[Any] = [None] * len(batches)

    def work(at: int) -> None:
        try:
            results[at] = workspace.record(batches[at])
        except Exception as error:
            results[at] = error

    with ingest._committing:
        threads = []
        for at in range(len(batches)):
            thread = threading.Thread(target=work, args=(at,))
            thread.start()
            threads.append(thread)
            while len(ingest._queue) <= at and thread.is_alive():
                thread.join(0.005)
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def commits(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of each append."""
    seen: list[int] = []
    append = shop.stores.events.append

    def counted(frame: Any) -> Appended:
        seen.append(frame.height)
        return append(frame)

    monkeypatch.setattr(shop.stores.events, "append", counted)
    return seen


def event(name: str, *, user: str = "u") -> dict[str, Any]:
    return {"user_id": user, "item_id": "book-1", "event_id": name}


def test_what_waits_together_is_stored_in_one_commit(shop: Workspace, commits: list[int]) -> None:
    before = shop.stores.events.count()
    batches = [[event(f"e{i}-{j}", user=f"n{i}") for j in range(3)] for i in range(8)]
    assert together(shop, batches) == [Appended(3, 0)] * 8
    assert sum(commits) == 24
    assert len(commits) == 1
    assert shop.stores.events.count() == before + 24
    assert len(shop.stores.entities.get("user", [f"n{i}" for i in range(8)])) == 8


def test_each_learns_how_many_of_its_own_were_new(shop: Workspace) -> None:
    shop.record([event("old")])
    results = together(
        shop, [[event("a"), event("old")], [event("a"), event("b")], [event("b"), event("c")]]
    )
    assert results == [Appended(1, 1), Appended(1, 1), Appended(1, 1)]


def test_a_malformed_batch_is_refused_alone(shop: Workspace) -> None:
    before = shop.stores.events.count()
    good, bad = together(shop, [[event("good")], [event("x"), {"user_id": ""}]])
    assert good == Appended(1, 0)
    assert isinstance(bad, DataError)
    assert shop.stores.events.count() == before + 1


def test_a_store_that_fails_fails_everybody_who_waited_and_nobody_later(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_frame: Any) -> Appended:
        raise StoreFullError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(shop.stores.events, "append", full)
        results = together(shop, [[event(f"f{i}")] for i in range(4)])
    assert all(isinstance(result, StoreFullError) for result in results)
    assert shop.record([event("f0")]) == Appended(1, 0)


def test_a_large_batch_does_not_wait_for_small_ones_to_fit(
    make_workspace: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhiyin.pipeline.ingest._MOST_ROWS", 5)
    workspace = make_workspace()
    batches = [[event(f"{i}-{j}") for j in range(n)] for i, n in enumerate([3, 3, 9, 1])]
    found = together(workspace, batches)
    assert found == [Appended(3, 0), Appended(3, 0), Appended(9, 0), Appended(1, 0)]
