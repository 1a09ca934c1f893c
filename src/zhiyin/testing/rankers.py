"""The conformance suite of scorers: subclass it in a test, and a plug-in is measured.

::

    class TestMyScorer(RankerConformance):
        model = MyScorer
        margin = 0.4  # measured 0.45 above equal scores, which reach 0.41
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

from zhiyin.core.clock import Deadline
from zhiyin.core.described import descriptions
from zhiyin.core.errors import DataError, NotEnoughDataError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays, RankingData, Scorer
from zhiyin.ranking.graded import graded_ndcg

NAMES = ("match", "price", "rare", "noise", "hour")
"""Features of the planted data."""


def planted_rankings(*, queries: int = 160, seed: int = 0) -> RankingData:
    """Queries of 2 to 20 rows whose order is planted.

    "match" raises the label, "price" lowers it, "rare" raises it and is NaN in a third of the
    rows, "noise" says nothing, "hour" is the same for all rows of a query. Labels are 0 to 2; a
    row's label also depends on luck, so that no scorer reaches an NDCG of 1.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 21, queries)
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = int(indptr[-1])
    features = rng.normal(size=(rows, len(NAMES)))
    features[:, 4] = np.repeat(rng.integers(0, 24, queries), lengths)
    liking = features[:, 0] - 0.7 * features[:, 1] + 0.7 * features[:, 2]
    liking += 0.7 * rng.normal(size=rows)
    labels = np.digitize(liking, [0.8, 2.2])
    features[rng.random(rows) < 1 / 3, 2] = np.nan
    return RankingData(features.astype(np.float32), labels.astype(np.float32), indptr, NAMES)


def shuffled_within(data: RankingData, *, seed: int = 1) -> RankingData:
    """The same queries with their rows in another order."""
    rng = np.random.default_rng(seed)
    query = np.repeat(np.arange(len(data)), np.diff(data.indptr))
    order = np.lexsort((rng.random(len(query)), query))
    weights = None if data.weights is None else data.weights[order]
    return replace(data, features=data.features[order], labels=data.labels[order], weights=weights)


class RankerConformance:
    """What every registered scorer does; a subclass says which one it is about."""

    model: ClassVar[type[Any]]
    """The class under test."""
    settings: ClassVar[dict[str, Any]] = {}
    """Its configuration, where the defaults are too large for 160 queries."""
    margin: ClassVar[float] = 0.1
    """How far the NDCG@5 of unseen planted queries exceeds that of equal scores, at least."""

    def fresh(self) -> Scorer:
        """A scorer that has not been trained."""
        return self.model(self.model.Config(**self.settings))

    def fitted(
        self,
        data: RankingData,
        *,
        seed: int = 0,
        seconds: float = 60,
        validation: RankingData | None = None,
    ) -> Scorer:
        """A trained scorer."""
        rng = np.random.default_rng(seed)
        deadline = Deadline(seconds)
        return self.fresh().fit(data, rng=rng, deadline=deadline, validation=validation)

    # configuration

    def test_is_a_scorer(self) -> None:
        """The class has every method of the protocol, and builds without a config."""
        assert isinstance(self.model(), Scorer)

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

    # what it learns

    def test_learns_the_planted_order(self) -> None:
        """On queries that it has not seen, it beats equal scores by ``margin``."""
        model = self.fitted(planted_rankings())
        gained = _ndcg(model, planted_rankings(seed=1)) - _chance(planted_rankings(seed=1))
        assert gained >= self.margin, f"{gained:.3f} < {self.margin}"

    def test_learns_with_validation(self) -> None:
        """With later queries to stop by, it beats equal scores as well."""
        held = planted_rankings(queries=60, seed=2)
        model = self.fitted(planted_rankings(), validation=held)
        gained = _ndcg(model, planted_rankings(seed=1)) - _chance(planted_rankings(seed=1))
        assert gained >= self.margin, f"{gained:.3f} < {self.margin}"

    def test_importances_name_what_was_planted(self) -> None:
        """Every feature has a number, "match" the largest, "noise" a small one."""
        model = self.fitted(planted_rankings())
        assert model.names == NAMES
        found = {name: abs(value) for name, value in model.importances().items()}
        assert list(found) == list(NAMES)
        assert np.isfinite(list(found.values())).all()
        assert max(found, key=found.__getitem__) == "match"
        assert found["noise"] < 0.5 * found["match"]

    def test_weights_count(self) -> None:
        """Rows that weigh nothing teach nothing, and would otherwise."""
        right = planted_rankings()
        odd = np.repeat(np.arange(len(right)) % 2 == 1, np.diff(right.indptr))
        wrong = replace(right, labels=np.where(odd, 2 - right.labels, right.labels))
        weights = np.where(odd, 0, 1).astype(np.float32)
        mute = [replace(data, weights=weights) for data in (right, wrong)]
        scores = [self.fitted(data).score(right.features) for data in (right, wrong, *mute)]
        np.testing.assert_allclose(scores[3], scores[2], rtol=1e-3, atol=1e-3)
        assert np.abs(scores[1] - scores[0]).mean() > 0.1 * scores[0].std()

    # what does not matter

    def test_order_of_rows_does_not_matter(self) -> None:
        """Whoever shuffles the rows of each query trains the same scorer."""
        data, test = planted_rankings(), planted_rankings(seed=1)
        plain = self.fitted(data, validation=test).score(test.features)
        again = self.fitted(shuffled_within(data), validation=shuffled_within(test))
        np.testing.assert_allclose(again.score(test.features), plain, rtol=1e-4, atol=1e-5)

    def test_company_does_not_matter(self) -> None:
        """A row scores alone as it does among others."""
        model = self.fitted(planted_rankings())
        features = planted_rankings(seed=1).features
        together = _checked(model, features)
        for row in range(0, len(features), 97):
            alone = _checked(model, features[row : row + 1])
            np.testing.assert_allclose(alone, together[row : row + 1], rtol=1e-5, atol=1e-6)
        _checked(model, features[:0])

    def test_same_seed_same_scorer(self) -> None:
        """Two trainings with one seed give the same bits."""
        data = planted_rankings()
        scores = [self.fitted(data, seed=7).score(data.features) for _ in range(2)]
        assert np.array_equal(scores[0], scores[1])

    # hard data

    def test_queries_of_one_row(self) -> None:
        """A query of one row has nothing to compare, and harms nothing."""
        data = planted_rankings()
        single = replace(data, indptr=np.arange(len(data.labels) + 1))
        _checked(self.fitted(single), data.features)

    def test_queries_without_rows(self) -> None:
        """Queries for which there was no candidate are passed over."""
        data = planted_rankings()
        gaps = np.concatenate([[0], np.repeat(data.indptr, 2), data.indptr[-1:]]).astype(np.int64)
        plain = self.fitted(data).score(data.features)
        again = self.fitted(replace(data, indptr=gaps)).score(data.features)
        np.testing.assert_allclose(again, plain, rtol=1e-4, atol=1e-5)

    def test_one_query(self) -> None:
        """A log of a single query."""
        data = planted_rankings(queries=1)
        _checked(self.fitted(data), data.features)

    def test_one_row(self) -> None:
        """A log of a single row."""
        data = planted_rankings()
        row = RankingData(data.features[:1], data.labels[:1], np.array([0, 1]), data.names)
        _checked(self.fitted(row), data.features)

    @pytest.mark.parametrize("label", [0.0, 1.0])
    def test_all_labels_equal(self, label: float) -> None:
        """Nobody clicked, or everybody did: nothing to learn, and no failure."""
        data = planted_rankings()
        data = replace(data, labels=np.full(len(data.labels), label, dtype=np.float32))
        _checked(self.fitted(data, validation=data), data.features)

    def test_validation_that_says_nothing(self) -> None:
        """Validation without a single click does not end the training early."""
        data, test = planted_rankings(), planted_rankings(seed=1)
        mute = replace(test, labels=np.zeros_like(test.labels))
        model = self.fitted(data, validation=mute)
        assert _ndcg(model, test) - _chance(test) >= self.margin

    def test_labels_between_whole_numbers(self) -> None:
        """Labels may be any amount: seconds, or money."""
        data = planted_rankings()
        rng = np.random.default_rng(5)
        amounts = data.labels * rng.uniform(0.8, 1.2, len(data.labels)).astype(np.float32)
        model = self.fitted(replace(data, labels=amounts))
        test = planted_rankings(seed=1)
        assert _ndcg(model, test) - _chance(test) >= self.margin

    def test_no_rows(self) -> None:
        """Without a row there is nothing to learn from."""
        data = planted_rankings().take(slice(0, 0))
        with pytest.raises(NotEnoughDataError, match="no row"):
            self.fitted(data)

    def test_features_never_known(self) -> None:
        """A feature that is NaN everywhere, or the same everywhere, is no obstacle."""
        data = planted_rankings()
        features = data.features.copy()
        features[:, 3], features[:, 4] = np.nan, 7.0
        model = self.fitted(replace(data, features=features))
        test = planted_rankings(seed=1)
        scores = _checked(model, test.features)
        assert _mean(graded_ndcg(scores, test.labels, test.indptr, k=5)) > _chance(test)

    def test_nothing_known(self) -> None:
        """No feature is known of any row."""
        data = planted_rankings()
        model = self.fitted(replace(data, features=np.full_like(data.features, np.nan)))
        _checked(model, data.features)

    def test_unknown_and_infinite_features(self) -> None:
        """Rows of NaN, of infinities and of huge numbers have finite scores."""
        model = self.fitted(planted_rankings())
        values = np.array([np.nan, np.inf, -np.inf, 3e38, -3e38], dtype=np.float32)
        _checked(model, np.repeat(values[:, None], len(NAMES), axis=1))

    def test_other_features_are_refused(self) -> None:
        """A matrix of another width says so."""
        model = self.fitted(planted_rankings())
        with pytest.raises(DataError, match="features have shape"):
            model.score(np.zeros((3, len(NAMES) - 1), dtype=np.float32))

    # state

    def test_state_restores_from_memory_maps(self, tmp_path: Path) -> None:
        """Saved arrays, mapped read-only, give the very same scores."""
        data = planted_rankings()
        model = self.fitted(data)
        again = self.fresh().restore(_mapped(model.state(), tmp_path))
        assert np.array_equal(again.score(data.features), model.score(data.features))
        assert again.importances() == model.importances()
        assert again.names == model.names

    # manners

    def test_inputs_stay_as_they_were(self) -> None:
        """Training and scoring write to nothing that they were given."""
        data = replace(planted_rankings(), weights=np.ones(len(planted_rankings().labels), "f4"))
        for array in (data.features, data.labels, data.indptr, data.weights):
            assert array is not None
            array.flags.writeable = False
        self.fitted(data, validation=data).score(data.features)

    def test_prints_nothing(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Neither Python nor what it calls writes to the terminal."""
        data = planted_rankings()
        self.fitted(data, validation=data).score(data.features)
        written = capfd.readouterr()
        assert (written.out, written.err) == ("", "")

    def test_spent_deadline_still_gives_a_scorer(self) -> None:
        """With no time left, training ends early and the scorer can be asked."""
        data = planted_rankings()
        _checked(self.fitted(data, seconds=0, validation=data), data.features)


def _ndcg(model: Scorer, data: RankingData) -> float:
    return _mean(graded_ndcg(_checked(model, data.features), data.labels, data.indptr, k=5))


def _chance(data: RankingData) -> float:
    """The expected NDCG of a random order, which is what equal scores have."""
    return _mean(graded_ndcg(np.zeros(len(data.labels)), data.labels, data.indptr, k=5))


def _mean(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float(np.nanmean(values))


def _checked(model: Scorer, features: Floats) -> Floats:
    scores = model.score(features)
    assert scores.shape == (len(features),)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    before = scores.copy()
    scores[:] = -np.inf
    assert np.array_equal(model.score(features), before), "scoring twice differs"
    return before


def _mapped(arrays: Arrays, folder: Path) -> Arrays:
    mapped: Arrays = {}
    for name, array in arrays.items():
        assert array.dtype != object, f"{name} would need pickle"
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
        mapped[name] = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    return mapped
