"""What sequence models make of histories."""

from __future__ import annotations

from dataclasses import dataclass

from zhiyin.core.histories import Floats


@dataclass(frozen=True, slots=True, eq=False)
class UserStates:
    """What a model makes of q histories, for other parts to build on.

    Attributes:
        last: The state after the last event, float32 of shape (q, dim): its product with an
            item's vector is the item's score.
        pooled: The mean of all states of the history, each weighed by softmax of its product
            with the last over sqrt(dim), float32 of shape (q, dim). Both are zeros for an
            empty history.
    """

    last: Floats
    pooled: Floats
