"""The demo: everything from a log and a catalogue to slates, on real data."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.keys import id_key
from zhiyin.core.progress import Progress, silent
from zhiyin.core.slate import Slate
from zhiyin.data.importing import TableReport
from zhiyin.data.sources import fetch
from zhiyin.pipeline.assembly import load_dataset
from zhiyin.pipeline.batch import audience
from zhiyin.pipeline.evaluate import EvaluationSettings, evaluate
from zhiyin.pipeline.workspace import Workspace

DATASET = "ml-100k"
"""What the demo runs on: 100,000 ratings of films, with times, titles and genres."""
RIVALS = ("ease", "ials", "item-knn", "bpr")
"""Models that the demo's table shows beside ``auto`` and popularity."""
_LATELY = 5
NEW_FILM: dict[str, Any] = {
    "item_id": "new-film",
    "title": "Star Wars: Episode I - The Phantom Menace (1999)",
    "categories": ["Action", "Adventure", "Sci-Fi"],
}
"""A film of the year after the log ends."""
AMONG = 20
"""A new item reaches those among whose so many best it is."""
QUESTIONS = ("吸血鬼", "外星人入侵地球", "给孩子看的动画片")
"""Chinese over the English catalogue: vampires, aliens invading the earth, children's cartoons."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A person's slate, and what led there.

    Attributes:
        lately: Titles of the person's last events, newest first.
        slate: What is recommended, with evidence.
    """

    user_id: str
    lately: list[str]
    slate: Slate


@dataclass(frozen=True, slots=True)
class Changed:
    """What one event does to the next slate.

    Attributes:
        before: The slate until now.
        event: The event that was recorded.
        after: The next slate.
    """

    before: Slate
    event: dict[str, Any]
    after: Slate


@dataclass(frozen=True, slots=True)
class Launched:
    """A new item, and whom it reaches.

    Attributes:
        item: What was added.
        seconds: From adding it to the first slate that could hold it.
        reached: Users among whose `AMONG` best items it is now.
        users: All users.
        share_reached: Share of the item's categories in what they watched, on average.
        share_all: The same of everybody.
        slate: The next slate of the user who likes it most; None where nobody does.
    """

    item: dict[str, Any]
    seconds: float
    reached: int
    users: int
    share_reached: float
    share_all: float
    slate: Slate | None


def fill(
    workspace: Workspace, *, cache: Path | None = None, progress: Progress = silent
) -> dict[str, TableReport]:
    """Downloads the data set (or takes it from the cache) and imports it."""
    files = fetch(DATASET, cache=cache, progress=progress)
    return workspace.import_files(
        events=files.interactions, items=files.items, users=files.users, progress=progress
    )


def measure(
    workspace: Workspace, *, budget_s: float, progress: Progress = silent
) -> dict[str, Any]:
    """How good ``auto`` and its rivals are on the last film of everybody."""
    dataset = load_dataset(
        workspace.stores.events, workspace.stores.entities, settings=workspace.settings.events
    )
    settings = EvaluationSettings(beside=RIVALS, budget_s=budget_s, ks=(10, 20))
    return evaluate(dataset, settings, progress=progress)


def people(workspace: Workspace) -> list[str]:
    """Three users that differ in how much they have done: the quartiles of activity."""
    trained = workspace.engine().trained
    lengths = trained.histories.lengths
    order = lengths.argsort(kind="stable")
    quartiles = (order[len(order) * quarter // 4] for quarter in (1, 2, 3))
    return [trained.users.ids[int(row)] for row in quartiles]


def show(workspace: Workspace, user_id: str, *, n: int) -> Shown:
    """One person's slate, with what they did lately."""
    slate = workspace.recommend(user_id, n=n, explain=True)
    past = workspace.stores.events.history(id_key(user_id), limit=1_000)
    newest = sorted(past, key=lambda event: event.timestamp or 0, reverse=True)[:_LATELY]
    keys = [event.item_key for event in newest if event.item_key is not None]
    ids = workspace.stores.entities.ids("item", keys)
    titles = workspace.titles(list(ids.values()))
    lately = [titles.get(ids[key], ids[key]) for key in keys if key in ids]
    return Shown(user_id, lately, slate)


def act(workspace: Workspace, user_id: str, *, n: int) -> Changed:
    """The person watches the second item of the slate: the next slate knows."""
    before = workspace.recommend(user_id, n=n)
    event = {"user_id": user_id, "item_id": before.item_ids[1], "type": "rating"}
    workspace.record([event])
    return Changed(before, event, workspace.recommend(user_id, n=n))


def launch(workspace: Workspace, *, n: int) -> Launched:
    """Adds a film that no model has seen, and looks whose slates it enters."""
    engine = workspace.engine()
    started = time.perf_counter()
    workspace.upsert_items([NEW_FILM])
    workspace.recommend(engine.trained.users.ids[0], n=n)
    seconds = time.perf_counter() - started
    reached = audience(engine, NEW_FILM["item_id"], n=AMONG)
    best = next(iter(reached), None)
    shares = _shares(workspace, set(NEW_FILM["categories"]))
    rows = [engine.trained.users.index[user] for user in reached]
    return Launched(
        NEW_FILM,
        seconds,
        len(reached),
        len(shares),
        float(shares[rows].mean()) if rows else 0.0,
        float(shares.mean()),
        workspace.recommend(best, n=max(n, reached[best]), explain=True) if best else None,
    )


def _shares(workspace: Workspace, categories: set[str]) -> NDArray[np.float64]:
    """For each user, how many of the items they took are of some categories, as a share."""
    trained = workspace.engine().trained
    found = workspace.stores.entities.get("item", trained.items.ids)
    inside = np.array(
        [
            bool(categories & set(found.get(i, {}).get("categories") or []))
            for i in trained.items.ids
        ]
    )
    return np.asarray(trained.behaviour @ inside, dtype=np.float64) / np.maximum(
        np.diff(trained.behaviour.indptr), 1
    )
