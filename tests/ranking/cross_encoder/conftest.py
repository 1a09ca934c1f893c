"""A small BERT on disk, and questions that only reading both texts together answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from zhiyin.ranking.cross_encoder.config import CrossEncoderConfig
from zhiyin.ranking.cross_encoder.pairs import JudgedPairs, judged

torch = pytest.importorskip("torch", reason="pip install 'zhiyin[neural]'")
tokenizers = pytest.importorskip("tokenizers", reason="pip install 'zhiyin[text]'")
transformers = pytest.importorskip("transformers", reason="pip install 'zhiyin[huggingface]'")

NOUNS = "knife garden hose headphones film pan lamp tent bag book".split()
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "want", "a", "the", "fine", *NOUNS]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def save_tokenizer(folder: Path) -> None:
    """A tokenizer.json in BERT's manner, which knows pairs."""
    vocabulary = {word: place for place, word in enumerate(WORDS)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
    )
    tokenizer.save(str(folder / "tokenizer.json"))


def bert_config(**more: int) -> transformers.BertConfig:
    return transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        **more,
    )


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT as safetensors."""
    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    transformers.BertModel(bert_config()).save_pretrained(folder)
    save_tokenizer(folder)
    assert json.loads((folder / "config.json").read_text())["model_type"] == "bert"
    return folder


@pytest.fixture(scope="session")
def config(bert_folder: Path) -> CrossEncoderConfig:
    loop = CrossEncoderConfig().loop.model_copy(
        update={
            "epochs": 9,
            "patience": 9,
            "learning_rate": 1e-3,
            "warmup_steps": 10,
            "device": "cpu",
            "precision": "float32",
        }
    )
    return CrossEncoderConfig(
        backbone=str(bert_folder),
        layers=None,
        max_tokens=24,
        max_query=8,
        group=4,
        int8=False,
        loop=loop,
    )


def questions(n: int, seed: int) -> JudgedPairs:
    """Of four things the one that was named; which word is named decides, not the words alone."""
    rng = np.random.default_rng(seed)
    groups: list[tuple[str, list[str], list[float]]] = []
    for _ in range(n):
        things = rng.choice(NOUNS, 4, replace=False).tolist()
        right = int(rng.integers(4))
        labels = [float(i == right) for i in range(4)]
        groups.append((f"want a {things[right]}", [f"the fine {t}" for t in things], labels))
    return judged(groups)
