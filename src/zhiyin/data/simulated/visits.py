"""What a visitor of the simulated shop does, from one visit to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zhiyin.data.simulated.catalogue import Item
from zhiyin.data.simulated.words import COMPLAINTS, PRAISE

_MINUTE = 60_000
_LOOKS = 4.0
_TYPICAL = 150.0


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person and what they like.

    Attributes:
        id: Their id.
        tastes: Share of interest in each category, summing to 1.
        brands: Liking of each brand.
        traits: Liking of each trait.
        thrift: How much a high price puts them off.
        language: 0 for Chinese, 1 for English.
        city: Index of their city.
        age: In years.
        phone: Whether they come by phone rather than on the web.
    """

    id: str
    tastes: NDArray[np.float64]
    brands: dict[str, float]
    traits: dict[str, float]
    thrift: float
    language: int
    city: int
    age: int
    phone: bool

    def utility(self, item: Item) -> float:
        """How much they like an item, apart from its category; about -2..2."""
        liked = 0.7 * self.brands[item.brand[0]]
        liked += 0.7 * sum(self.traits[trait[0]] for trait in item.traits) / len(item.traits)
        return liked - self.thrift * float(np.log(item.price / _TYPICAL)) / 2


@dataclass(frozen=True, slots=True)
class Act:
    """One event."""

    user_id: str
    item_id: str | None
    event: str
    timestamp: int
    value: float | None = None
    text: str | None = None
    query: str | None = None
    surface: str = "home"
    device: str = "web"


def visits(
    person: Visitor, items: Sequence[Item], *, times: Sequence[int], rng: np.random.Generator
) -> list[Act]:
    """All that a person does, visit by visit.

    Args:
        person: Who.
        items: The catalogue.
        times: When each visit begins, in milliseconds, ascending.
        rng: The only source of randomness.
    """
    acts: list[Act] = []
    bought: list[Item] = []
    liking = np.asarray([person.utility(item) for item in items])
    for time in times:
        wanted = bought[-1].product.goes_with if bought and rng.random() < 0.5 else ""
        shown = _choice(person, items, liking, wanted, rng)
        if not shown:
            continue
        acts += _visit(person, shown, time, bought, rng)
    return [replace(act, device="phone" if person.phone else "web") for act in acts]


def _choice(
    person: Visitor,
    items: Sequence[Item],
    liking: NDArray[np.float64],
    wanted: str,
    rng: np.random.Generator,
) -> list[Item]:
    """What they look at: what goes with the last purchase, else a department of their taste."""
    pool = [i for i, item in enumerate(items) if wanted and item.product.name[1] == wanted]
    if not pool:
        category = int(rng.choice(len(person.tastes), p=person.tastes))
        pool = [i for i, item in enumerate(items) if item.category == category]
    if not pool:
        return []
    scores = liking[pool]
    odds = np.exp(1.2 * (scores - scores.max()))
    n = min(len(pool), 1 + int(rng.poisson(_LOOKS)))
    picked = rng.choice(np.asarray(pool), size=n, replace=False, p=odds / odds.sum())
    return [items[i] for i in picked.tolist()]


def _visit(
    person: Visitor, shown: Sequence[Item], time: int, bought: list[Item], rng: np.random.Generator
) -> list[Act]:
    acts: list[Act] = []
    surface = "home"
    if rng.random() < 0.35:
        surface = "search"
        acts.append(
            Act(
                person.id,
                None,
                "search",
                time,
                query=_query(person, shown[0], rng),
                surface=surface,
            )
        )
    for item in shown:
        time += int(rng.integers(_MINUTE // 2, 4 * _MINUTE))
        acts += _look(person, item, time, surface, bought, rng)
    return acts


def _query(person: Visitor, item: Item, rng: np.random.Generator) -> str:
    name, trait = item.product.name[person.language], item.traits[0][person.language]
    use = item.product.use[person.language]
    return (name, f"{trait} {name}", f"{name} {use}", use)[int(rng.integers(4))]


def _look(
    person: Visitor,
    item: Item,
    time: int,
    surface: str,
    bought: list[Item],
    rng: np.random.Generator,
) -> list[Act]:
    """A view, and what follows from it."""
    liking = person.utility(item) + float(rng.normal(0, 0.6))
    acts = [Act(person.id, item.id, "view", time, surface=surface)]

    def add(event: str, minutes: int, **more: float | str | None) -> None:
        at = time + minutes * _MINUTE
        acts.append(replace(Act(person.id, item.id, event, at, surface="detail"), **more))  # type: ignore[arg-type]

    if liking < -1.3 and rng.random() < 0.4:
        add("dislike", 1)
    if liking > 0.6 and rng.random() < 0.3:
        add("favourite", 1)
    if liking > 0.5 and rng.random() < 0.6:
        add("cart", 2)
        if rng.random() < 0.6:
            add("purchase", 4, value=item.price)
            bought.append(item)
            if rng.random() < 0.4:
                happy = liking + float(rng.normal(0, 0.8)) > 0.3
                stars = float(np.clip(round(3.4 + liking + (0.4 if happy else -2.0)), 1, 5))
                add("review", 3 * 24 * 60, value=stars, text=_review(person, item, happy, rng))
    return acts


def _review(person: Visitor, item: Item, happy: bool, rng: np.random.Generator) -> str:
    phrases = PRAISE if happy else COMPLAINTS
    phrase = phrases[int(rng.integers(len(phrases)))][person.language]
    return phrase.format(
        name=item.product.name[person.language],
        use=item.product.use[person.language],
        trait=item.traits[0][person.language],
    )
