"""The conformance suite of retrievers: subclass it in a test, and a plug-in is measured.

::

    class TestMyRetriever(RetrieverConformance):
        model = MyRetriever
        floor = 0.5  # measured 0.62
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.described import descriptions
from zhiyin.core.errors import NotEnoughDataError
from zhiyin.core.histories import Floats, Histories, empty_histories, histories_from_columns
from zhiyin.core.protocols import Arrays, Retriever
from zhiyin.testing.planted import N_ITEMS, Planted, described, hit_rate, planted, queries_of, train

_RANDOM = 10 / N_ITEMS


class RetrieverConformance:
    """What every registered retriever does; a subclass says which one it is about."""

    model: ClassVar[type[Any]]
    """The class under test."""
    settings: ClassVar[dict[str, Any]] = {}
    """Its configuration, where the defaults are too large for 144 items."""
    floor: ClassVar[float] = 1.5 * _RANDOM
    """Least share of users whose next item is in the top 10 of the planted data."""
    needs_order: ClassVar[bool] = False
    """Whether histories without order are refused, with `NotEnoughDataError`."""
    needs_attributes: ClassVar[bool] = False
    """Whether items of which nothing is known are refused, with `NotEnoughDataError`; the suite
    describes its items then."""
    users_are_numbered: ClassVar[bool] = False
    """Whether the numbering of users matters: it feeds random draws, or breaks ties."""

    def fresh(self) -> Retriever:
        """A model that has not been trained."""
        return self.model(self.model.Config(**self.settings))

    def fitted(self, data: TrainingData, *, seed: int = 0, seconds: float = 60) -> Retriever:
        """A trained model."""
        if self.needs_attributes:
            data = described(data)
        return train(self.fresh(), data, seed=seed, seconds=seconds)

    # configuration

    def test_is_a_retriever(self) -> None:
        """The class has every method of the protocol, and builds without a config."""
        assert isinstance(self.model(), Retriever)

    def test_config_survives_json(self) -> None:
        """Written to an artifact and read back, a config is the same."""
        config = self.fresh().config
        assert type(config).model_validate_json(config.model_dump_json()) == config

    def test_config_refuses_unknown_keys(self) -> None:
        """A misspelt hyperparameter is an error."""
        with pytest.raises(ValidationError):
            self.model.Config(**self.settings, no_such_setting=1)

    def test_config_is_frozen_and_documented(self) -> None:
        """Hyperparameters cannot change after training, and each says what it means."""
        config = self.fresh().config
        for name in type(config).model_fields:
            assert name in descriptions(type(config)), f"{name} has no documentation"
            with pytest.raises(ValidationError):
                setattr(config, name, getattr(config, name))

    # shapes

    def test_scores_are_fresh_finite_floats(self) -> None:
        """Shape (q, n_items), float32, finite, and the caller's to write to."""
        case = planted()
        model = self.fitted(case.data)
        queries = queries_of(case.data.histories)
        scores = _checked(model, queries, N_ITEMS)
        before = scores.copy()
        scores[:] = -np.inf
        assert np.array_equal(model.score(queries), before), "scoring twice differs"

    def test_similar_gives_a_row_per_item(self) -> None:
        """Shape (asked items, n_items), float32, finite, fresh."""
        model = self.fitted(planted().data)
        asked = np.array([3, 3, 0, N_ITEMS - 1], dtype=np.int32)
        alike = model.similar(asked)
        assert alike.shape == (4, N_ITEMS)
        assert alike.dtype == np.float32
        assert np.isfinite(alike).all()
        assert np.array_equal(alike[0], alike[1])
        before = alike.copy()
        alike[:] = -np.inf
        assert np.array_equal(model.similar(asked), before), "asking twice differs"

    def test_no_queries(self) -> None:
        """A batch of none is answered with none."""
        model = self.fitted(planted().data)
        _checked(model, queries_of(empty_histories(0, N_ITEMS)), N_ITEMS)

    # who asks

    def test_unknown_users(self) -> None:
        """Users that training never saw are served from their history."""
        case = planted()
        nobody = np.full(len(case.data.histories), -1, dtype=np.int32)
        _checked(self.fitted(case.data), Queries(case.data.histories, nobody), N_ITEMS)

    def test_empty_history(self) -> None:
        """Somebody who has done nothing gets a defined answer, known or not."""
        model = self.fitted(planted().data)
        users = np.array([-1, 0], dtype=np.int32)
        _checked(model, Queries(empty_histories(2, N_ITEMS), users), N_ITEMS)

    def test_items_newer_than_the_model(self) -> None:
        """Events on items beyond the training vocabulary are passed over."""
        case = planted()
        model = self.fitted(case.data)
        later = _histories([[5, N_ITEMS + 3, 7], [N_ITEMS]], n_items=N_ITEMS + 9)
        known = _histories([[5, 7], []], n_items=N_ITEMS)
        users = np.full(2, -1, dtype=np.int32)
        scores = _checked(model, Queries(later, users), N_ITEMS)
        np.testing.assert_allclose(scores, model.score(Queries(known, users)), rtol=1e-4, atol=1e-5)

    def test_one_by_one_is_the_same_as_together(self) -> None:
        """A batch scores as its queries do alone."""
        case = planted()
        model = self.fitted(case.data)
        queries = queries_of(case.data.histories, as_of=case.data.as_of)
        together = model.score(queries)
        for row in range(0, len(queries), 37):
            alone = model.score(queries.take(slice(row, row + 1)))
            np.testing.assert_allclose(alone[0], together[row], rtol=2e-3, atol=1e-4)

    # hard data

    def test_repeats_and_negative_feedback(self) -> None:
        """Repeated items and weights below 0, in training and in the query."""
        data = _noisy()
        _checked(self.fitted(data), queries_of(data.histories), N_ITEMS)

    def test_negative_feedback_only(self) -> None:
        """Nobody liked anything: nothing to learn, and no failure."""
        histories = planted().data.histories
        data = TrainingData(replace(histories, weights=-histories.weights))
        _checked(self.fitted(data), queries_of(histories), N_ITEMS)

    def test_one_user(self) -> None:
        """A log of a single user."""
        data = planted(n_users=1).data
        _checked(self.fitted(data), queries_of(data.histories), N_ITEMS)

    def test_one_item(self) -> None:
        """A catalogue of a single item."""
        data = TrainingData(_histories([[0], [0], []], n_items=1))
        model = self.fitted(data)
        _checked(model, queries_of(data.histories), 1)
        assert model.similar(np.zeros(1, dtype=np.int32)).shape == (1, 1)

    def test_items_that_nobody_met(self) -> None:
        """Items of the catalogue without an event are scored like others."""
        histories = planted().data.histories
        data = TrainingData(histories.resized(N_ITEMS + 20))
        _checked(self.fitted(data), queries_of(data.histories), N_ITEMS + 20)

    def test_all_times_equal(self) -> None:
        """A log where everything happened at once."""
        data = planted().data
        times = np.zeros(len(data.histories.items), dtype=np.int64)
        data = replace(data, histories=replace(data.histories, times=times))
        _checked(self.fitted(data), queries_of(data.histories), N_ITEMS)

    def test_no_order(self) -> None:
        """Histories whose order means nothing are learned from, or refused in so many words."""
        data = planted().data
        data = replace(data, histories=replace(data.histories, times=None, ordered=False))
        if self.needs_order:
            with pytest.raises(NotEnoughDataError, match="no order"):
                self.fitted(data)
        else:
            _checked(self.fitted(data), queries_of(data.histories), N_ITEMS)

    def test_no_attributes(self) -> None:
        """A catalogue of which nothing is known is learned from, or refused in so many words."""
        data = replace(planted().data, categories=None, n_categories=0)
        if self.needs_attributes:
            with pytest.raises(NotEnoughDataError, match="nothing is known"):
                train(self.fresh(), data)
        else:
            _checked(self.fitted(data), queries_of(data.histories), N_ITEMS)

    # state

    def test_state_restores_from_memory_maps(self, tmp_path: Path) -> None:
        """Saved arrays, mapped read-only, give the very same scores."""
        case = planted()
        model = self.fitted(case.data)
        arrays = _mapped(model.state(), tmp_path)
        again = self.fresh().restore(arrays)
        queries = queries_of(case.data.histories, as_of=case.data.as_of)
        np.testing.assert_allclose(again.score(queries), model.score(queries), rtol=1e-5, atol=1e-6)
        items = np.arange(4, dtype=np.int32)
        np.testing.assert_allclose(again.similar(items), model.similar(items), rtol=1e-5, atol=1e-6)

    def test_same_seed_same_model(self) -> None:
        """Two trainings with one seed give the same bits."""
        data = planted().data
        queries = queries_of(data.histories)
        scores = [self.fitted(data, seed=7).score(queries) for _ in range(2)]
        assert np.array_equal(scores[0], scores[1])

    def test_numbering_of_users_does_not_matter(self) -> None:
        """The same log with its users in another order scores the same."""
        if self.users_are_numbered:
            return
        data = planted().data
        order = np.random.default_rng(1).permutation(len(data.histories))
        shuffled = replace(data, histories=data.histories.take(order))
        plain = self.fitted(data).score(queries_of(data.histories))
        renamed = self.fitted(shuffled).score(queries_of(shuffled.histories))
        np.testing.assert_allclose(renamed, plain[order], rtol=5e-3, atol=5e-3)

    # manners

    def test_inputs_stay_as_they_were(self) -> None:
        """Training and scoring write to nothing that they were given."""
        data = _noisy()
        for array in _arrays_of(data.histories):
            array.flags.writeable = False
        model = self.fitted(data)
        model.score(queries_of(data.histories))

    def test_prints_nothing(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Neither Python nor what it calls writes to the terminal."""
        case = planted()
        self.fitted(case.data).score(queries_of(case.data.histories))
        written = capfd.readouterr()
        assert (written.out, written.err) == ("", "")

    def test_spent_deadline_still_gives_a_model(self) -> None:
        """With no time left, training ends early and the model can be asked."""
        data = planted().data
        _checked(self.fitted(data, seconds=0), queries_of(data.histories), N_ITEMS)

    def test_finds_what_was_planted(self) -> None:
        """The next item is in the top 10 at least as often as ``floor`` says."""
        case: Planted = planted()
        found = hit_rate(self.fitted(case.data), case)
        assert found >= self.floor, f"{found:.3f} < {self.floor}"


def _checked(model: Retriever, queries: Queries, n_items: int) -> Floats:
    scores = model.score(queries)
    assert scores.shape == (len(queries), n_items)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    return scores


def _histories(rows: list[list[int]], *, n_items: int) -> Histories:
    users = [user for user, row in enumerate(rows) for _ in row]
    items = [item for row in rows for item in row]
    return histories_from_columns(
        np.array(users, dtype=np.int64),
        np.array(items, dtype=np.int64),
        np.ones(len(items)),
        n_users=len(rows),
        n_items=n_items,
        order=np.arange(len(items)),
    )


def _noisy() -> TrainingData:
    """Repeats in a third of the events, dislikes in a fifth."""
    rng = np.random.default_rng(3)
    data = planted().data
    items = data.histories.items.copy()
    again = np.flatnonzero(rng.random(len(items)) < 0.33)
    items[again[1:]] = items[np.maximum(again[1:] - 1, 0)]
    weights = rng.choice(np.array([-1.0, 0.3, 1.0, 2.5], dtype=np.float32), len(items))
    return replace(data, histories=replace(data.histories, items=items, weights=weights))


def _arrays_of(histories: Histories) -> list[NDArray[Any]]:
    arrays: list[NDArray[Any]] = [histories.indptr, histories.items, histories.weights]
    return arrays if histories.times is None else [*arrays, histories.times]


def _mapped(arrays: Arrays, folder: Path) -> Arrays:
    mapped: Arrays = {}
    for name, array in arrays.items():
        assert array.dtype != object, f"{name} would need pickle"
        path = folder / f"{name}.npy"  # names may have groups, as in an artifact
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, array, allow_pickle=False)
        mapped[name] = np.load(path, mmap_mode="r", allow_pickle=False)
    return mapped
