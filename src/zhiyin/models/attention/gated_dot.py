"""A dot product of user and item that a gate lets through."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import expit

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.models.attention.base import AttentionRetriever
from zhiyin.models.attention.config import AttentionConfig


class GatedDotConfig(AttentionConfig):
    """Hyperparameters of the gated dot product."""


class GatedDotRetriever(AttentionRetriever):
    """Inner products of user and item, each pair let through by a learned gate.

    With v_i the content of item i and u the mean of the contents of the history's items, an
    event's share growing with its weight and falling with its age as (1 + age)^-fade::

        p = P u,  q_i = Q v_i
        g(u, i) = sigmoid(a . p + b . q_i + c)
        score(u, i) = g(u, i) (p . q_i) / sqrt(dim) + bias_i

    P, Q, a, b, c, fade and the biases are learned. The softmax of the scores over all items
    is the predicted distribution of the next item (of the missing one, without order).

    A plain form of what several papers have: users as means of the contents they took, in
    the space of the items (a baseline of Okura, Tagami, Ono and Tajima, "Embedding-based news
    recommendation for millions of users", KDD 2017); a sigmoid gate times a linear score
    (gated linear units: Dauphin, Fan, Auli and Grangier, "Language modeling with gated
    convolutional networks", ICML 2017); weights on dot products that depend on the pair, of
    which the mixture of logits has several and this one (Zhai et al., "Revisiting neural
    retrieval on accelerators", KDD 2023). It reproduces none of them.
    """

    Config = GatedDotConfig
    name: ClassVar[str] = "gated-dot"
    network: ClassVar[str] = "zhiyin.models.attention.networks:GatedDotNetwork"
    arrays: ClassVar[frozenset[str]] = AttentionRetriever.arrays | {"gate", "openness"}

    def _tables(self, weights: Arrays, contents: Floats, *, ordered: bool) -> Arrays:
        items = contents @ weights["items"].T
        return {
            "history": contents @ weights["users"].T,
            "items": items,
            "fade": weights["fade"],
            "gate": weights["gate"],
            "openness": items @ weights["item_gate"] + weights["ajar"],
        }

    def _scores(self, users: Floats) -> Floats:
        held = self._arrays
        gate = expit((users @ held["gate"])[:, None] + held["openness"][None])
        dots = users @ held["items"].T
        dots *= gate / np.float32(np.sqrt(users.shape[1]))
        return dots + held["bias"]
