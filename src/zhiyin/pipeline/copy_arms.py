"""Texts as the arms of a bandit: one of each item's is drawn, logged, and counted by its answers.

A drawn text is an exposure of its own: a slate of one item, whose policy is "copy", whose arm is
the text's ``copy_id`` and whose propensity is that of the draw. Feedback that names its
``slate_id`` counts for the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.keys import id_key
from zhiyin.core.messages import Copy, CopyQuery
from zhiyin.core.protocols import ExposureLog
from zhiyin.core.rng import derive_rng, fresh_id
from zhiyin.core.slate import Position, Slate
from zhiyin.narrate.copy.settings import CopyConfig
from zhiyin.pipeline.traffic import COPY_POLICY, CopyRate
from zhiyin.policy.selection import EpsilonGreedyConfig, EpsilonGreedyPolicy


class Counts(Protocol):
    """What of `zhiyin.pipeline.traffic.Traffic` is asked."""

    def copies(self, *, item_key: int, surface: str, kind: str) -> list[CopyRate]:
        """Texts about an item that were shown on a surface, with their answers."""
        ...


def draw_shown(
    texts: Sequence[Copy],
    query: CopyQuery,
    *,
    counts: Counts,
    exposures: ExposureLog,
    config: CopyConfig,
    clock: Clock = system_clock,
) -> list[Copy]:
    """Draws one text of each item, and logs that it is shown.

    Epsilon-greedy (Sutton and Barto, Reinforcement Learning, 2nd edition, 2018, section 2.2) on
    (answers + 1) / (showings + 1): a text that was never shown comes before any other, and of
    equal ones the first.

    Args:
        texts: One or several of each item.
        query: What they were written for.
        counts: How often they were shown and answered.
        exposures: Where showings are logged.
        config: How often any text is drawn.
        clock: Source of the present.

    Returns:
        One text of each item, with its ``slate_id`` and the odds of the draw.
    """
    policy = EpsilonGreedyPolicy(EpsilonGreedyConfig(epsilon=config.explore))
    of_item: dict[str, list[Copy]] = {}
    for text in texts:
        of_item.setdefault(text.item_id, []).append(text)
    shown: list[Copy] = []
    for item_id, arms in of_item.items():
        known = counts.copies(item_key=id_key(item_id), surface=query.surface, kind=query.kind)
        rates = {each.copy_id: (each.answered + 1) / (each.shown + 1) for each in known}
        values = np.array([rates.get(arm.copy_id, 1.0) for arm in arms])
        slate_id = fresh_id()
        seed = id_key(slate_id) % 2**53
        drawn = policy.select(values, n=1, rng=derive_rng(seed, COPY_POLICY))
        arm, odds = arms[int(drawn.picked[0])], float(drawn.propensities[0])
        slate = Slate(
            slate_id=slate_id,
            user_id=query.user_id,
            surface=query.surface,
            positions=[
                Position(
                    item_id=item_id, score=float(values[int(drawn.picked[0])]), propensity=odds
                )
            ],
            policy=COPY_POLICY,
            arm=arm.copy_id,
            seed=seed,
            model_version="",
            created=clock(),
            context={"kind": arm.kind, "variant": arm.variant, "made_by": arm.made_by},
        )
        exposures.record(slate.model_dump(mode="json"))
        shown.append(arm.model_copy(update={"slate_id": slate_id, "propensity": odds}))
    return shown
