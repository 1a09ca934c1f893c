"""A data set ready for learning: vocabularies, histories, categories."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.candidates import TrainingData
from zhiyin.core.histories import Floats, Histories
from zhiyin.data.slates import Slates
from zhiyin.data.splits import Fold, fold, validation_mask
from zhiyin.data.vocabulary import Vocabulary

Categories = tuple[NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """What every training and every evaluation starts from.

    Attributes:
        users: One id per row of ``histories``.
        items: The catalogue.
        histories: Behaviour, a row per user.
        titles: A title per item, where the catalogue has one.
        categories: Pairs (category index, item index), or None.
        category_names: Name of each category.
        as_of: The newest event's time in milliseconds, 0 where times are unknown.
        dropped: Rows left out, by reason.
        order: What ordered the events: "timestamp", "position", or None for row order.
        last_seq: ``seq`` of the newest stored event; 0 where rows came from a file.
        held_out: Which events are for choosing among models, bool of shape (events,), where
            a protocol fixes that; None leaves it to `validation`.
        item_attributes: What else is known of items: a row per item of the catalogue, in its
            order, a column per attribute (title, text, categories, brand, price, …); None
            where nothing is.
        user_attributes: The same of users.
        facts: What each event tells beside, a row per event of ``histories``, in their order;
            columns as in `zhiyin.data.facts`. None where nothing is known.
        slates: The slates that were shown; None where nobody kept them.
        item_values: What a conversion of each item is worth by the catalogue, float32 of shape
            (items,), NaN for unknown; None where the catalogue does not say.
    """

    users: Vocabulary
    items: Vocabulary
    histories: Histories
    titles: dict[str, str]
    categories: Categories | None
    category_names: list[str]
    as_of: int
    dropped: dict[str, int] = field(default_factory=dict[str, int])
    order: str | None = None
    last_seq: int = 0
    held_out: NDArray[np.bool_] | None = None
    item_attributes: pl.DataFrame | None = None
    user_attributes: pl.DataFrame | None = None
    facts: pl.DataFrame | None = None
    slates: Slates | None = None
    item_values: Floats | None = None

    def without(self, held: NDArray[np.bool_], train: Histories) -> Dataset:
        """The data set as it stands without some events, and without the slates they answer.

        Args:
            held: Which events go, bool of shape (events,).
            train: The histories without them.
        """
        facts, slates = self.facts, self.slates
        if facts is not None:
            if slates is not None:  # whoever answered them is not known any more
                gone = set(facts.filter(pl.Series(held))["slate"].drop_nulls())
                slates = slates.keep(np.array([i not in gone for i in slates.ids], dtype=np.bool_))
            facts = facts.filter(pl.Series(~held))
        return replace(self, histories=train, facts=facts, slates=slates, held_out=None)

    def validation(self, *, seed: int) -> Fold:
        """The events divided for choosing: what the protocol holds out, else the default.

        The default is the last event of every user where order means time, a random part
        of each user's events where it does not.
        """
        return fold(self.histories, self.kept_out(seed=seed))

    def kept_out(self, *, seed: int) -> NDArray[np.bool_]:
        """The events that `validation` keeps out of training, bool of shape (events,).

        Where events tell of conversions, everything that a user did with a held-out item is
        held out with it: who viewed and then bought is asked for as somebody who did neither.
        All answers to a slate are held out together, too.
        """
        if self.held_out is not None:
            return self.held_out
        if self.facts is None:
            return validation_mask(self.histories, seed=seed)
        mask = (
            self._by_pairs(seed)
            if self.facts["converted"].any()
            else validation_mask(self.histories, seed=seed)
        )
        slates = self.facts["slate"]
        if slates.count():
            held = slates.filter(pl.Series(mask)).drop_nulls().unique()
            mask = mask | slates.is_in(held.implode()).fill_null(value=False).to_numpy()
        return mask

    def _by_pairs(self, seed: int) -> NDArray[np.bool_]:
        """The default over users and items, not over events: purchases are held out as often."""
        pairs = self.histories.rows * np.int64(self.histories.n_items) + self.histories.items
        first = np.zeros(len(pairs), dtype=np.bool_)
        first[np.unique(pairs, return_index=True)[1]] = True
        held = validation_mask(self.histories.where(first), seed=seed)
        return np.isin(pairs, pairs[first][held])

    def training_data(self, histories: Histories | None = None) -> TrainingData:
        """What a retriever sees: these histories, or the part of them given."""
        return TrainingData(
            self.histories if histories is None else histories,
            self.categories,
            len(self.category_names),
            self.as_of,
        )


def category_pairs(items: Vocabulary, frame: pl.DataFrame) -> tuple[Categories | None, list[str]]:
    """Pairs (category, item) from a frame with ``id`` and a list column ``categories``."""
    rows = (
        frame.select(pl.col("id"), pl.col("categories").alias("category"))
        .explode("category")
        .drop_nulls()
        .filter(pl.col("category") != "")
        .unique(maintain_order=True)
    )
    if not rows.height:
        return None, []
    names = sorted(rows["category"].unique().to_list())
    code = {name: i for i, name in enumerate(names)}
    index = items.index
    pairs = [(code[category], index[item]) for item, category in rows.iter_rows() if item in index]
    if not pairs:
        return None, []
    columns = np.asarray(sorted(pairs), dtype=np.int32)
    return (columns[:, 0].copy(), columns[:, 1].copy()), names
