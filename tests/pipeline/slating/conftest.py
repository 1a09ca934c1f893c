"""A shop whose items have brands, prices, tags and dates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.pipeline.conftest import DAY, START, clock, make_workspace, two_tastes

from zhiyin.pipeline.workspace import Workspace

__all__ = ["clock", "make_workspace"]

BRANDS = ("acme", "zeta", "nova")


def catalogue() -> list[dict[str, object]]:
    """20 items: brand and price by number, every fifth promoted."""
    return [
        {
            "item_id": f"{kind}-{i}",
            "title": f"{kind} number {i}",
            "brand": BRANDS[i % 3],
            "price": float(i * (1 if kind == "book" else 10)),
            "categories": [kind, "sale"] if i % 2 else [kind],
            "sponsored": i % 5 == 0,
            "created": START + (10 * i * DAY if kind == "book" else 0),
        }
        for kind in ("book", "pan")
        for i in range(10)
    ]


@pytest.fixture
def shop_with(make_workspace: Callable[..., Workspace]) -> Callable[..., Workspace]:
    """A trained shop with these settings; the history of users is not hidden."""

    def make(settings: str = "", *, hide_seen: bool = False) -> Workspace:
        head = "" if hide_seen else "[serve]\nhide_seen = false\n"
        workspace = make_workspace(head + settings)
        workspace.upsert_items(catalogue())
        workspace.record(two_tastes())
        workspace.train(recipe="ease")
        return workspace

    return make
