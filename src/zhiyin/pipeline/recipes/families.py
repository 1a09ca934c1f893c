"""What is tried, in which order, on which kind of data: all rules of ``auto`` in one table.

The rules look at the size of the data and at whether there is an order, never at its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zhiyin.core.registry import RETRIEVERS, registered
from zhiyin.pipeline.recipes.validation import Validation

_DENSE_ITEMS = 8_000
"""Catalogues up to this size get the closed-form item-to-item models."""
_BLOCK_ITEMS = 4_500
"""Catalogues up to this size get those with two blocks of weights."""
_DUAL_USERS = 6_000
"""Audiences up to this size get EASE through its users."""
_USER_KNN_USERS = 20_000
"""Audiences up to this size get user neighbours."""

_DECAYS: tuple[dict[str, Any], ...] = tuple(
    {"query_decay": decay} for decay in (None, 3.0, 5.0, 10.0, 20.0, 50.0)
)
_PLAIN: tuple[dict[str, Any], ...] = ({},)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at.

    Attributes:
        users: Users with training events.
        items: Size of the catalogue.
        events: Training events.
        ordered: Whether the order inside a history means time.
        tail: Whether the task is what comes next, rather than what is missing.
    """

    users: int
    items: int
    events: int
    ordered: bool
    tail: bool

    @classmethod
    def of(cls, validation: Validation) -> Facts:
        """The facts about one validation's training rows."""
        train = validation.train
        return cls(len(train), train.n_items, len(train.items), train.ordered, validation.tail)


@dataclass(frozen=True, slots=True)
class Trial:
    """One model with one setting of what is fixed at fitting."""

    model: str
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Family:
    """Trials of which the best joins the blend.

    Attributes:
        name: What the family is called in reports.
        trials: Settings to fit.
        queries: Settings to ask each fitted model with; cheap, nothing is refitted.
    """

    name: str
    trials: tuple[Trial, ...]
    queries: tuple[dict[str, Any], ...] = _PLAIN


def families(facts: Facts) -> list[Family]:
    """The families to try, cheapest evidence first; models that are not registered are left out."""
    known = set(registered(RETRIEVERS))
    decays = _DECAYS if facts.tail else _PLAIN
    found = [
        Family("popularity", _trials("popularity", {})),
        _ease(facts, decays),
        _transitions(facts),
        Family(
            "item neighbours", _trials("item_knn", {"weighting": "bm25", "neighbours": 100}), decays
        ),
        _slit(facts),
        _user_neighbours(facts),
        _states(facts),
        _factors(facts),
        Family("graph", _trials("gfcf", {}), decays) if facts.items > _DENSE_ITEMS else None,
    ]
    present = [family for family in found if family is not None]
    return [family for family in present if all(t.model in known for t in family.trials)]


def _trials(model: str, *settings: dict[str, Any]) -> tuple[Trial, ...]:
    return tuple(Trial(model, s) for s in settings)


def _ease(facts: Facts, decays: tuple[dict[str, Any], ...]) -> Family | None:
    grid: tuple[dict[str, Any], ...] = (
        {"l2": 300.0, "dropout": 0.33, "user_power": 0.25},
        {"l2": 300.0, "dropout": 0.33},
        {"l2": 100.0, "dropout": 0.33, "user_power": 0.25},
        {"l2": 1000.0},
        {"l2": 30.0, "dropout": 0.17},
    )
    if facts.items <= _DENSE_ITEMS:
        return Family("linear", _trials("ease", *grid), decays)
    if facts.users <= _DUAL_USERS:
        return Family("linear", _trials("dual_ease", *grid), decays)
    return None


def _transitions(facts: Facts) -> Family | None:
    if not facts.ordered:
        return None
    if facts.tail:
        queries = tuple({"query_decay": decay} for decay in (1.0, 3.0, 5.0, 10.0))
        return Family("transitions", _trials("markov", {"decay": 3.0}), queries)
    return Family("transitions", _trials("markov", {"decay": 10.0, "symmetric": True}))


def _slit(facts: Facts) -> Family | None:
    if not facts.tail or facts.items > _DENSE_ITEMS:
        return None
    grid: tuple[dict[str, Any], ...] = ({"decays": (3.0,)},)
    if facts.items <= _BLOCK_ITEMS:
        grid = ({"decays": (2.0, 10.0)}, {"decays": (0.5, 3.0, 20.0)})
    return Family("next item", _trials("slit", *grid))


def _user_neighbours(facts: Facts) -> Family | None:
    if facts.tail or facts.users > _USER_KNN_USERS:
        return None
    return Family("user neighbours", _trials("user_knn", {}))


def _states(facts: Facts) -> Family | None:
    if not facts.tail:
        return None
    return Family("states", _trials("state_knn", {}))


def _factors(facts: Facts) -> Family | None:
    if facts.tail:
        return None
    return Family("factors", _trials("ials", {}))
