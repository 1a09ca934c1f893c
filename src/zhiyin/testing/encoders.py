"""The conformance suite of text encoders: subclass it in a test, and a plug-in is measured.

::

    class TestMyEncoder(TextEncoderConformance):
        def make(self) -> TextEncoder:
            return MyEncoder()
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import pytest

from zhiyin.core.protocols import TextEncoder

CATALOGUE = [
    "stainless steel kitchen knife",
    "wireless bluetooth headphones",
    "garden hose with spray nozzle",
    "science fiction film about space travel",
    "steel knife sharpener for the kitchen",
    "headphones with a microphone",
]
EMPTY = ["", "   ", "\n\t", "<p> </p>", "\u200b\ufeff", "<!-- nothing -->"]
ODD = [
    "a",
    "🎸🎸🎸",
    "mixed 科幻 and English text",
    "\uff46\uff55\uff4c\uff4c\u3000width",
    "\x00\x01\x02 control",
    "lone \ud800 surrogate",
    "e\u0301" * 2000,
    "x" * 1_000_000,
    "<div>" * 200_000,
]


class TextEncoderConformance(ABC):
    """What every text encoder does."""

    @abstractmethod
    def make(self) -> TextEncoder:
        """A fresh encoder, fitted on ``CATALOGUE`` where it learns at all."""

    @pytest.fixture
    def encoder(self) -> TextEncoder:
        """The encoder under test."""
        return self.make()

    def test_it_follows_the_protocol(self, encoder: TextEncoder) -> None:
        """By the names of its methods."""
        assert isinstance(encoder, TextEncoder)
        assert isinstance(encoder.config, encoder.Config)

    def test_vectors_are_float32_of_length_one(self, encoder: TextEncoder) -> None:
        """One row for each text."""
        encoded = encoder.encode(CATALOGUE)
        assert encoded.vectors.shape == (len(CATALOGUE), encoder.dim)
        assert encoded.vectors.dtype == np.float32
        assert bool(encoded.present.all())
        assert np.allclose(np.linalg.norm(encoded.vectors, axis=1), 1.0, atol=1e-4)

    def test_empty_text_has_no_vector_and_says_so(self, encoder: TextEncoder) -> None:
        """Also where only markup or invisible characters stand."""
        encoded = encoder.encode([*EMPTY, CATALOGUE[0]])
        assert encoded.present.tolist() == [False] * len(EMPTY) + [True]
        assert not encoded.vectors[:-1].any()

    def test_no_text_at_all(self, encoder: TextEncoder) -> None:
        """An empty batch is no error."""
        encoded = encoder.encode([])
        assert encoded.vectors.shape == (0, encoder.dim)
        assert encoded.present.shape == encoded.cut.shape == (0,)

    def test_odd_text_is_read_or_refused_by_the_mask(self, encoder: TextEncoder) -> None:
        """Emoji, markup, control characters and a megabyte: finite vectors, in order."""
        encoded = encoder.encode(ODD)
        assert np.isfinite(encoded.vectors).all()
        assert encoded.cut[-2:].all()
        assert not encoded.cut[:6].any()
        lengths = np.linalg.norm(encoded.vectors, axis=1)
        assert np.allclose(lengths, encoded.present.astype(np.float32), atol=1e-4)

    def test_company_does_not_matter(self, encoder: TextEncoder) -> None:
        """Alone, in another order, among repeats: the same vector."""
        together = encoder.encode(CATALOGUE).vectors
        backwards = encoder.encode(CATALOGUE[::-1] + CATALOGUE).vectors
        assert np.allclose(backwards[: len(CATALOGUE)][::-1], together, atol=1e-4)
        for row, text in enumerate(CATALOGUE):
            assert np.allclose(encoder.encode([text]).vectors[0], together[row], atol=1e-4)

    def test_shared_words_are_near(self, encoder: TextEncoder) -> None:
        """The least that a likeness of meaning must show."""
        vectors = encoder.encode(CATALOGUE).vectors
        assert vectors[0] @ vectors[4] > vectors[0] @ vectors[2]
        assert vectors[1] @ vectors[5] > vectors[1] @ vectors[3]

    def test_state_makes_an_equal_encoder(self, encoder: TextEncoder) -> None:
        """Ids and vectors survive an artifact."""
        before = encoder.encode(CATALOGUE).vectors
        again = self.make().restore(encoder.state())
        assert again.id == encoder.id
        assert np.allclose(again.encode(CATALOGUE).vectors, before, atol=1e-6)

    def test_queries_can_be_encoded(self, encoder: TextEncoder) -> None:
        """In the same space as documents."""
        assert encoder.encode(CATALOGUE[:1], role="query").vectors.shape == (1, encoder.dim)
