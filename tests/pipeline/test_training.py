"""Training under bad luck: little data, two at once, a kill in the middle, a full disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from tests.pipeline.conftest import DAY, START, two_tastes

from zhiyin.core.errors import NotEnoughDataError, StoreBusyError, StoreFullError
from zhiyin.pipeline.artifacts import ArtifactFolder
from zhiyin.pipeline.workspace import Workspace

Make = Callable[..., Workspace]


def view(user: str, item: str, timestamp: int | None = START) -> dict[str, object]:
    return {"user_id": user, "item_id": item, "type": "view", "timestamp": timestamp}


@pytest.mark.parametrize(
    ("events", "offered"),
    [
        ([view("u", "i")], []),
        ([view("u", "a"), view("u", "b"), view("u", "c")], []),
        ([view("u", "i"), view("v", "i"), view("w", "i")], []),
        ([view("u", "a"), view("v", "b")], ["b"]),
        ([view(f"u{n}", f"i{n % 3}") for n in range(30)], ["i1", "i2"]),
    ],
    ids=["one event", "one user", "one item", "two strangers", "equal timestamps"],
)
def test_the_smallest_logs_train_and_serve(
    make_workspace: Make, events: list[dict[str, object]], offered: list[str]
) -> None:
    workspace = make_workspace()
    workspace.record(events)
    workspace.train(budget="20s")
    user = str(events[0]["user_id"])
    assert sorted(workspace.recommend(user, n=10).item_ids) == offered
    everything = sorted({str(e["item_id"]) for e in events})
    assert sorted(workspace.recommend("a stranger", n=10).item_ids) == everything


def test_an_empty_workspace_says_what_to_import(make_workspace: Make) -> None:
    with pytest.raises(NotEnoughDataError, match="zhiyin import"):
        make_workspace().train()


def test_events_without_times_keep_their_order(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.record(two_tastes())
    trained = workspace.train(recipe="ease")
    assert trained.order == "timestamp"
    assert trained.as_of < START + DAY


def test_two_trainings_at_once_are_refused_and_the_model_stays(shop: Workspace) -> None:
    before = shop.artifacts.current()
    with (
        FileLock(shop.folder / "models" / ".training.lock"),
        pytest.raises(StoreBusyError, match="another training"),
    ):
        shop.train()
    assert shop.artifacts.current() == before
    shop.train(recipe="popularity")
    assert shop.artifacts.current() != before


_STALL = """
import sys, time
from pathlib import Path
import zhiyin
from zhiyin.pipeline import artifacts
write = artifacts._write
def stall(path, array):
    digest = write(path, array)
    Path(sys.argv[2]).touch()
    time.sleep(60)
    return digest
artifacts._write = stall
zhiyin.open(sys.argv[1]).train(recipe="ease")
"""


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_training_killed_while_it_publishes_leaves_the_old_model(
    shop: Workspace, tmp_path: Path, blow: signal.Signals
) -> None:
    """The child stops after the first file of its artifact is written, and dies there."""
    before, reached = shop.artifacts.current(), tmp_path / "reached"
    command = [sys.executable, "-c", _STALL, str(shop.folder), str(reached)]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not reached.exists():
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.02)
    os.kill(child.pid, blow)
    child.wait(timeout=30)
    reopened = ArtifactFolder(shop.folder / "models")
    assert reopened.current() == before
    assert reopened.versions() == [before]
    assert len(shop.recommend("u00", n=3).positions) == 3
    shop.train(recipe="ease")
    assert shop.artifacts.current() not in (None, before)
    assert [p.name for p in reopened.root.iterdir() if p.name.endswith(".draft")] == []


def test_a_full_disk_refuses_events_whole_and_keeps_what_was_there(shop: Workspace) -> None:
    before = shop.stores.events.count()
    database = shop.stores.events._database  # type: ignore[attr-defined]
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    database.engine.dispose()

    def limit(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    from sqlalchemy import event  # noqa: PLC0415

    event.listen(database.engine, "connect", limit)
    many = [view(f"new-{n}", f"item-{n}" * 20) for n in range(5_000)]
    with pytest.raises(StoreFullError, match="no room"):
        shop.record(many)
    event.remove(database.engine, "connect", limit)
    database.engine.dispose()
    assert shop.stores.events.count() == before
    assert shop.record(many).accepted == 5_000
