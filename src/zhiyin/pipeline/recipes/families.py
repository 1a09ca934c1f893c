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
_NEGATIVES = 1024
"""Beyond those catalogues sequence models compare with so many items, not with all: on
amazon-beauty's 12,101 a step over all takes several times as long, and learns no more."""
_LONG_HISTORY = 20
"""Mean events of a history from which sequence models are deep and read far back."""

_BM25: dict[str, Any] = {"weighting": "bm25", "neighbours": 100}
_PLAIN: tuple[dict[str, Any], ...] = ({},)
_DECAYS: tuple[dict[str, Any], ...] = tuple(
    {"query_decay": decay} for decay in (3.0, 5.0, 10.0, 20.0, None)
)
_SHORT_DECAYS: tuple[dict[str, Any], ...] = tuple(
    {"query_decay": decay} for decay in (1.0, 3.0, 5.0, 10.0)
)


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
        return cls(
            len(train),
            train.n_items,
            len(train.items),
            train.ordered,
            validation.tail,
        )


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
    table = _next_item(facts) if facts.tail else _missing_item(facts)
    return [family for family in table if all(t.model in known for t in family.trials)]


def slow_families(facts: Facts) -> list[Family]:
    """The families that take minutes: neural sequence models, where the task is what comes next."""
    if not facts.tail:
        return []
    short = facts.events < _LONG_HISTORY * facts.users
    sizes: dict[str, Any] = {"blocks": 1, "length": 50, "dropout": 0.5} if short else {}
    if facts.items > _DENSE_ITEMS:
        sizes |= {"negatives": _NEGATIVES}
    names = ("hstu", "sasrec")
    known = set(registered(RETRIEVERS))
    return [Family(name, _trials(name, sizes)) for name in names if name in known]


def _next_item(facts: Facts) -> list[Family]:
    """What comes next: transitions matter, and old events fade from the question."""
    table = [Family("popularity", _trials("recent-popularity", {}))]
    if facts.items <= _DENSE_ITEMS:
        blocks = (2.0, 10.0) if facts.items <= _BLOCK_ITEMS else (3.0,)
        table.append(Family("next item", _trials("slit", {"decays": blocks})))
        table.append(Family("linear", _trials("ease", {"l2": 300.0, "dropout": 0.33}), _DECAYS))
    else:
        table.append(Family("next item", _trials("markov", {"decay": 3.0}), _SHORT_DECAYS))
        if facts.users <= _DUAL_USERS:
            grid = {"l2": 300.0, "dropout": 0.33}
            table.append(Family("linear", _trials("dual-ease", grid), _DECAYS))
    table.append(Family("item neighbours", _trials("item-knn", _BM25), _DECAYS))
    return table


def _missing_item(facts: Facts) -> list[Family]:
    """What else belongs to a history: the whole of it speaks."""
    table = [Family("popularity", _trials("popularity", {}))]
    grid: tuple[dict[str, Any], ...] = (
        {"l2": 300.0, "dropout": 0.33, "user_power": 0.25},
        {"l2": 100.0, "dropout": 0.33, "user_power": 0.25},
        {"l2": 600.0, "dropout": 0.41, "user_power": 0.2},
    )
    if facts.items <= _DENSE_ITEMS:
        table.append(Family("linear", _trials("ease", *grid)))
    elif facts.users <= _DUAL_USERS:
        table.append(
            Family("linear", _trials("dual-ease", *grid[:2], {"l2": 30.0, "dropout": 0.17}))
        )
    if facts.ordered and facts.items <= _DENSE_ITEMS:
        table.append(Family("neighbourhood in time", _trials("local-slit", {})))
    table.append(Family("factors", _trials("ials", {})))
    table.append(Family("item neighbours", _trials("item-knn", _BM25)))
    if facts.users <= _USER_KNN_USERS:
        table.append(Family("user neighbours", _trials("user-knn", {})))
    return table


def _trials(model: str, *settings: dict[str, Any]) -> tuple[Trial, ...]:
    return tuple(Trial(model, s) for s in settings)
