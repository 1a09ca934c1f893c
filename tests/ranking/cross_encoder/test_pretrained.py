"""Finished rerankers from a folder: safetensors and ONNX, and folders that hold none."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from zhiyin.encode.errors import EncoderError, ModelFileError
from zhiyin.ranking.cross_encoder.pretrained import PretrainedReranker, PretrainedRerankerConfig

from .conftest import WORDS, bert_config, save_tokenizer

PAIRS = ["the fine knife", "a lamp", "the fine fine garden hose"]


@pytest.fixture(scope="module", params=[1, 2])
def reranker_folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A tiny BERT with a head for pairs, of one class or two."""
    folder = tmp_path_factory.mktemp("reranker")
    torch.manual_seed(3)
    model = transformers.BertForSequenceClassification(bert_config(num_labels=request.param))
    model.save_pretrained(folder)
    save_tokenizer(folder)
    return folder


def expected(folder: Path) -> np.ndarray:
    """What transformers says of each pair alone."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    found = []
    for text in PAIRS:
        words = ["[CLS]", "want", "a", "lamp", "[SEP]", *text.split(), "[SEP]"]
        ids = torch.tensor([[WORDS.index(word) for word in words]])
        segments = (torch.arange(len(words)) >= 5).long()[None]
        with torch.inference_mode():
            logits = model(input_ids=ids, token_type_ids=segments).logits[0]
        found.append(float(logits[1] - logits[0]) if len(logits) == 2 else float(logits[0]))
    return np.array(found)


def open_reranker(folder: Path, **more: int) -> PretrainedReranker:
    return PretrainedReranker(PretrainedRerankerConfig(model=str(folder), **more))


def test_safetensors_score_as_transformers_does(reranker_folder: Path) -> None:
    scorer = open_reranker(reranker_folder)
    assert scorer.score("want a lamp", PAIRS) == pytest.approx(expected(reranker_folder), abs=1e-5)
    assert scorer.score("want a lamp", []).shape == (0,)


def test_onnx_scores_alike_without_torch(reranker_folder: Path, tmp_path: Path) -> None:
    model = transformers.BertForSequenceClassification.from_pretrained(
        reranker_folder, attn_implementation="eager"
    ).eval()

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(
            self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor
        ) -> torch.Tensor:
            return self.model(input_ids=ids, attention_mask=mask, token_type_ids=kinds).logits

    names = ["input_ids", "attention_mask", "token_type_ids"]
    one = torch.ones(2, 7, dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the older exporter, which needs no further package
        torch.onnx.export(
            Logits(),
            (one, one, one * 0),
            str(tmp_path / "model.onnx"),
            input_names=names,
            output_names=["logits"],
            dynamic_axes={name: {0: "n", 1: "t"} for name in names},
            dynamo=False,
            opset_version=17,
        )
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(reranker_folder / name, tmp_path / name)
    scorer = open_reranker(tmp_path, batch=2)
    assert scorer.score("want a lamp", PAIRS) == pytest.approx(expected(reranker_folder), abs=1e-4)


def test_a_model_without_a_head_is_refused(bert_folder: Path) -> None:
    with pytest.raises(ModelFileError, match="head would be random"):
        open_reranker(bert_folder)


def test_long_texts_are_cut_to_what_the_model_reads(reranker_folder: Path) -> None:
    scores = open_reranker(reranker_folder).score("want a lamp", ["lamp " * 5000])
    assert np.isfinite(scores).all()


def test_three_classes_are_no_reranker(tmp_path: Path) -> None:
    transformers.BertForSequenceClassification(bert_config(num_labels=3)).save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    with pytest.raises(EncoderError, match="shape"):
        open_reranker(tmp_path).score("want", ["a"])


def test_an_absent_folder_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelFileError, match="lacks"):
        open_reranker(tmp_path / "empty")
