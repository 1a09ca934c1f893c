"""A simulated shop with real structure: for tests, documentation and a demo without a network.

People have tastes for departments, brands and traits, and a sense of price; they search in
their own language, look around, put into the cart, buy, come back for what goes with it,
review and complain. What they do can therefore be learned, and how well can be measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.config import Config
from zhiyin.core.rng import derive_rng
from zhiyin.data.simulated.catalogue import Language, items_frame, make_items
from zhiyin.data.simulated.visits import Act, Visitor, visits
from zhiyin.data.simulated.words import CATEGORIES, CITIES


class ShopConfig(Config):
    """Size and seed of a simulated shop."""

    users: int = 300
    """How many people."""
    items: int = 300
    """How many items."""
    days: int = 60
    """Over how many days they come."""
    visits_per_user: float = 8.0
    """How often each comes on average."""
    language: Language = "both"
    """Language of titles and texts: zh, en, or both, three Chinese items to two English."""
    start: int = 1_735_689_600_000
    """First day, in milliseconds since the epoch: 2025-01-01."""
    seed: int = 7
    """The same seed makes the same shop."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedShop:
    """The tables of a simulated shop, as a shop's own export would hold them.

    Attributes:
        events: user_id, item_id, event, timestamp (ms), value, text, query, surface, device.
        items: item_id, title, text, categories, brand, price, language, title_zh, title_en.
        users: user_id, name, city, age, language.
        edges: source, target, kind: friends, who have tastes alike.
    """

    events: pl.DataFrame
    items: pl.DataFrame
    users: pl.DataFrame
    edges: pl.DataFrame

    def write(self, folder: Path) -> dict[str, Path]:
        """Writes the tables as Parquet; returns the path of each, as the import takes them."""
        folder.mkdir(parents=True, exist_ok=True)
        paths: dict[str, Path] = {}
        for name in ("events", "items", "users", "edges"):
            paths[name] = folder / f"{name}.parquet"
            frame: pl.DataFrame = getattr(self, name)
            frame.write_parquet(paths[name])
        return paths


def simulate_shop(config: ShopConfig | None = None) -> SimulatedShop:
    """Makes a shop, its people and what they did; the same config, the same shop."""
    config = config or ShopConfig()
    items = make_items(config.items, language=config.language, rng=derive_rng(config.seed, "items"))
    people = [
        _visitor(config, number, derive_rng(config.seed, "user", str(number)))
        for number in range(config.users)
    ]
    acts: list[Act] = []
    for number, person in enumerate(people):
        rng = derive_rng(config.seed, "visits", str(number))
        n = max(1, int(rng.poisson(config.visits_per_user)))
        times = np.sort(rng.integers(0, config.days * 86_400_000, n)) + config.start
        acts += visits(person, items, times=times.tolist(), rng=rng)
    acts.sort(key=lambda act: (act.timestamp, act.user_id))
    return SimulatedShop(
        _events_frame(acts), items_frame(items), _users_frame(people), _edges(people, config.seed)
    )


def _visitor(config: ShopConfig, number: int, rng: np.random.Generator) -> Visitor:
    tastes = rng.dirichlet(np.full(len(CATEGORIES), 0.25))
    brands = {b[0]: float(rng.normal()) for c in CATEGORIES for b in c.brands}
    traits = {t[0]: float(rng.normal()) for c in CATEGORIES for t in c.traits}
    return Visitor(
        id=f"u{number + 1:04}",
        tastes=tastes,
        brands=brands,
        traits=traits,
        thrift=float(rng.normal(0.4, 0.4)),
        language={"zh": 0, "en": 1}.get(config.language, int(rng.random() < 0.4)),
        city=int(rng.integers(len(CITIES))),
        age=int(np.clip(rng.normal(35, 11), 16, 80)),
        phone=bool(rng.random() < 0.7),
    )


def _events_frame(acts: list[Act]) -> pl.DataFrame:
    columns = {
        "user_id": [act.user_id for act in acts],
        "item_id": [act.item_id for act in acts],
        "event": [act.event for act in acts],
        "timestamp": [act.timestamp for act in acts],
        "value": [act.value for act in acts],
        "text": [act.text for act in acts],
        "query": [act.query for act in acts],
        "surface": [act.surface for act in acts],
        "device": [act.device for act in acts],
    }
    return pl.DataFrame(columns, schema_overrides={"value": pl.Float64, "timestamp": pl.Int64})


def _users_frame(people: list[Visitor]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "user_id": [p.id for p in people],
            "city": [CITIES[p.city][p.language] for p in people],
            "age": [p.age for p in people],
            "language": [("zh", "en")[p.language] for p in people],
        }
    )


def _edges(people: list[Visitor], seed: int) -> pl.DataFrame:
    """Everybody's two friends: the most alike among thirty they happen to know."""
    rng = derive_rng(seed, "edges")
    tastes: NDArray[np.float64] = np.stack([person.tastes for person in people])
    ties: list[tuple[str, str, str]] = []
    for number, person in enumerate(people):
        known = rng.permutation(len(people))[:30]
        known = known[known != number]
        likeness = tastes[known] @ person.tastes
        closest: list[int] = known[np.argsort(-likeness, kind="stable")[:2]].tolist()
        ties += [(person.id, people[other].id, "friend") for other in closest]
    return pl.DataFrame(ties, schema=["source", "target", "kind"], orient="row")
