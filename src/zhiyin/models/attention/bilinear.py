"""Attention of the last item over the history, by a bilinear form."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from zhiyin.core.histories import Floats, Histories
from zhiyin.core.protocols import Arrays
from zhiyin.models.attention.base import AttentionRetriever
from zhiyin.models.attention.config import AttentionConfig


class BilinearConfig(AttentionConfig):
    """Hyperparameters of bilinear attention."""


class BilinearRetriever(AttentionRetriever):
    """The last item looks back over the history and says which of it counts now.

    With v_j the content of item j, x_j = E v_j, and l the last item of the history::

        s_j = x_j . (W x_l + w) / sqrt(dim)
        share of event j = its weight (1 + age)^-fade exp(s_j), divided by the sum
        u = sum over j of share_j x_j
        score(i) = u' O x_i + bias_i

    E, W, w, O, fade and the biases are learned. The softmax of the scores over all items is
    the predicted distribution of the next item. Without order there is no last item: w alone
    asks, and the distribution is that of the missing item.

    The form x' W y is the "general" score of Luong, Pham and Manning ("Effective approaches
    to attention-based neural machine translation", EMNLP 2015, eq. 8); a learned query over
    the contents of a history is how NAML and NRMS pool users, there with additive attention
    and networks over words (Wu et al., IJCAI 2019 and EMNLP 2019). Here the contents are fixed
    vectors and only what is named above is learned; it reproduces none of them.
    """

    Config = BilinearConfig
    name: ClassVar[str] = "bilinear"
    network: ClassVar[str] = "zhiyin.models.attention.networks:BilinearNetwork"
    arrays: ClassVar[frozenset[str]] = AttentionRetriever.arrays | {"attention", "query"}

    def _tables(self, weights: Arrays, contents: Floats, *, ordered: bool) -> Arrays:
        history = contents @ weights["items"].T
        return {
            "history": history,
            "items": history @ weights["output"].T,
            "fade": weights["fade"],
            "attention": weights["attention"] * np.float32(ordered),
            "query": weights["query"],
        }

    def _logits(self, events: Histories) -> Floats:
        held = self._arrays
        queries = np.tile(held["query"], (len(events), 1))
        if events.ordered and len(events.items):
            some = np.flatnonzero(events.lengths)
            last = events.items[events.indptr[1:][some] - 1]
            queries[some] += held["history"][last] @ held["attention"].T
        vectors = held["history"][events.items]
        dots = np.einsum("ek,ek->e", vectors, queries[events.rows])
        return super()._logits(events) + dots / np.float32(np.sqrt(len(held["query"])))

    def _scores(self, users: Floats) -> Floats:
        return users @ self._arrays["items"].T + self._arrays["bias"]
