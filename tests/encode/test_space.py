"""A space survives an artifact, and refuses the vectors of another encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zhiyin.core.errors import ArtifactError
from zhiyin.encode.encoders.tfidf import TfidfEncoder, TfidfEncoderConfig
from zhiyin.encode.errors import ForeignVectorsError
from zhiyin.encode.space import TextSpace
from zhiyin.encode.whitening import WhiteningConfig
from zhiyin.testing.encoders import CATALOGUE


def space(seed: int = 0) -> TextSpace:
    return TextSpace(TfidfEncoder(TfidfEncoderConfig(dim=16, seed=seed)), WhiteningConfig(dim=4))


def test_texts_become_whitened_unit_vectors() -> None:
    fitted = space()
    encoded = fitted.fit([*CATALOGUE, ""])
    assert encoded.vectors.shape == (len(CATALOGUE) + 1, fitted.dim) == (7, 4)
    assert np.allclose(np.linalg.norm(encoded.vectors, axis=1), encoded.present, atol=1e-4)
    again = fitted.encode(CATALOGUE, role="query")
    assert np.allclose(again.vectors, encoded.vectors[:-1], atol=1e-5)


def test_it_survives_a_folder(tmp_path: Path) -> None:
    fitted = space()
    before = fitted.fit(CATALOGUE).vectors
    for name, array in fitted.state().items():
        np.save(tmp_path / f"{name}.npy", array, allow_pickle=False)
    arrays = {p.stem: np.load(p, allow_pickle=False) for p in tmp_path.glob("*.npy")}
    assert np.allclose(space().restore(arrays).encode(CATALOGUE).vectors, before, atol=1e-6)


def test_another_encoder_is_refused() -> None:
    fitted = space()
    fitted.fit(CATALOGUE)
    with pytest.raises(ForeignVectorsError, match="train again"):
        space(seed=1).restore(fitted.state())


@pytest.mark.parametrize("lost", ["encoder_id", "whitening.mean"])
def test_a_state_that_lacks_parts_is_refused(lost: str) -> None:
    fitted = space()
    fitted.fit(CATALOGUE)
    arrays = fitted.state()
    del arrays[lost]
    with pytest.raises(ArtifactError):
        space().restore(arrays)
