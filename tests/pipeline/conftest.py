"""A tiny workspace with two tastes: people who read, and people who cook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace

DAY = 86_400_000
START = 1_700_000_000_000


class SteppingClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = START + 100 * DAY

    def __call__(self) -> int:
        return self.now


def two_tastes(seed: int = 5) -> list[dict[str, object]]:
    """60 users; even ones take from book-0..9, odd ones from pan-0..9, 5 items each."""
    rng = np.random.default_rng(seed)
    events: list[dict[str, object]] = []
    for user in range(60):
        kind = "book" if user % 2 == 0 else "pan"
        events += [
            {
                "user_id": f"u{user:02}",
                "item_id": f"{kind}-{item}",
                "type": "view",
                "timestamp": START + (user * 10 + place) * 60_000,
            }
            for place, item in enumerate(rng.permutation(10)[:5])
        ]
    return events


@pytest.fixture
def clock() -> SteppingClock:
    """The workspace's clock."""
    return SteppingClock()


@pytest.fixture
def make_workspace(tmp_path: Path, clock: SteppingClock) -> Iterator[Callable[..., Workspace]]:
    """Opens (again) the workspace in a folder, with settings written first."""
    opened: list[Workspace] = []

    def make(settings: str = "", *, folder: str = "shop") -> Workspace:
        root = tmp_path / folder
        root.mkdir(exist_ok=True)
        if settings:
            (root / "zhiyin.toml").write_text(settings, encoding="utf-8")
        workspace = open_workspace(root, clock=clock)
        opened.append(workspace)
        return workspace

    yield make
    for workspace in opened:
        workspace.close()


@pytest.fixture
def shop(make_workspace: Callable[..., Workspace]) -> Workspace:
    """A workspace with the two tastes recorded and EASE trained."""
    workspace = make_workspace()
    workspace.record(two_tastes())
    workspace.train(recipe="ease")
    return workspace
