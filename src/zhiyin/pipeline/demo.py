"""The demo: everything from a log and a catalogue to slates, on real data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhiyin.core.keys import id_key
from zhiyin.core.progress import Progress, silent
from zhiyin.core.slate import Slate
from zhiyin.data.importing import TableReport
from zhiyin.data.sources import fetch
from zhiyin.pipeline.assembly import load_dataset
from zhiyin.pipeline.evaluate import EvaluationSettings, evaluate
from zhiyin.pipeline.workspace import Workspace

DATASET = "ml-100k"
"""What the demo runs on: 100,000 ratings of films, with times, titles and genres."""
RIVALS = ("ease", "ials", "item-knn", "bpr")
"""Models that the demo's table shows beside ``auto`` and popularity."""
_LATELY = 5


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
