"""What a slate is asked for, and what comes back before it gets its ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.errors import DataError
from zhiyin.core.json_text import json_text
from zhiyin.core.protocols import EntityStore, Odds
from zhiyin.core.slate import Slate, YieldedRule

_CONTEXT = 10_000
"""Characters of a context at most, as JSON."""


@dataclass(frozen=True, slots=True, eq=False)
class SlateQuery:
    """One request for a slate.

    Attributes:
        user_id: For whom; None for an anonymous session.
        surface: Where it will appear.
        now: The present, in milliseconds since the epoch.
        n: How many items; None: as many as the surface has.
        session: Items that the visitor has just looked at, oldest first.
        exclude: Items that must not appear.
        seed: Seed of the draw.
        filter: Which candidates may be shown, as an expression; "" for all.
        boost: What scores are multiplied with, as an expression; "" for 1.
        context: What is known of the moment: hour, device, place, query text, …
        page_of: The slate, or an earlier page of it, that this continues; "" for none.
    """

    user_id: str | None
    surface: str
    now: int
    n: int | None = None
    session: Sequence[str] = ()
    exclude: Sequence[str] = ()
    seed: int = 0
    filter: str = ""
    boost: str = ""
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])
    page_of: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Slated:
    """The places of a slate.

    Attributes:
        items: Item of each place, int32 of shape (n,).
        scores: What ranked it, after boosts and debiasing, shape (n,).
        propensities: Odds of each place given those before, float64 of shape (n,).
        policy: Name of the policy that drew.
        odds: How the propensities are known.
        lost: Rules that had to yield.
        fallbacks: Paths taken because the usual one was not open.
    """

    items: NDArray[np.int32]
    scores: NDArray[np.floating]
    propensities: NDArray[np.float64]
    policy: str
    odds: Odds
    lost: tuple[YieldedRule, ...] = ()
    fallbacks: tuple[str, ...] = ()


def checked_context(context: Mapping[str, Any]) -> dict[str, Any]:
    """A context as it may be kept with an exposure.

    Raises:
        DataError: It is too large, or holds what JSON does not.
    """
    if not context:
        return {}
    try:
        text = json_text(context)
    except ValueError as error:
        raise DataError(
            f"the context cannot be kept: {error}", hint="give texts, numbers, yes or no"
        ) from error
    if len(text) > _CONTEXT:
        raise DataError(
            f"the context has {len(text)} characters", hint=f"at most {_CONTEXT}, as JSON"
        )
    return json.loads(text)


def read_context(text: str) -> dict[str, Any]:
    """A context from the text of a JSON object; "" for none.

    Raises:
        DataError: It is something else.
    """
    try:
        found: object = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise DataError("the context is no JSON object", hint='write {"hour": 8}') from error
    if not isinstance(found, dict):
        raise DataError("the context is no JSON object", hint='write {"hour": 8}')
    return cast("dict[str, Any]", found)


def with_properties(slate: Slate, entities: EntityStore, names: Sequence[str] | bool) -> Slate:
    """A slate with attributes of its items, which the log of exposures goes without.

    Args:
        slate: The slate.
        entities: Where attributes are kept.
        names: Which; True and "*" ask for all.
    """
    if not names:
        return slate
    names = ("*",) if names is True else names
    found = entities.get("item", slate.item_ids)

    def properties(item_id: str) -> dict[str, Any]:
        plain = {k: v for k, v in (found.get(item_id) or {}).items() if not k.startswith("_")}
        return plain if "*" in names else {name: plain[name] for name in names if name in plain}

    positions = [
        position.model_copy(update={"properties": properties(position.item_id)})
        for position in slate.positions
    ]
    return slate.model_copy(update={"positions": positions})
