"""Everybody's list at once says what each list says alone."""

from __future__ import annotations

import numpy as np

from zhiyin.core.topk import EMPTY
from zhiyin.pipeline.batch import recommend_all
from zhiyin.pipeline.workspace import Workspace


def test_everybodys_list_is_the_one_each_would_get(shop: Workspace) -> None:
    trained = shop.engine().trained
    best = recommend_all(trained, n=4)
    assert len(best.items) == len(trained.users)
    for row, user in enumerate(trained.users.ids):
        wanted = shop.recommend(user, n=4, surface="detail").item_ids
        assert [trained.items.ids[i] for i in best.items[row] if i != EMPTY] == wanted


def test_what_was_seen_may_be_shown_again(shop: Workspace) -> None:
    trained = shop.engine().trained
    seen = set(trained.histories.take(np.array([0])).items.tolist())
    hidden = recommend_all(trained, n=len(trained.items))
    shown = recommend_all(trained, n=len(trained.items), hide_seen=False)
    assert not seen & set(hidden.items[0].tolist())
    assert seen <= set(shown.items[0].tolist())
