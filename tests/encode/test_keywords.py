"""BM25: against its formula, and as people use it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from zhiyin.core.errors import ArtifactError
from zhiyin.encode.text.keywords import KeywordConfig, KeywordIndex
from zhiyin.encode.text.tokens import Tokeniser

TEXTS = [
    "stainless steel kitchen knife",
    "knife sharpener, steel rod",
    "蓝牙无线降噪耳机",
    "wireless headphones with a long cable for running",
    "",
    "the the the",
]


def by_hand(texts: list[str], query: str, *, k1: float = 1.2, b: float = 0.75) -> list[float]:
    """Lucene's BM25: idf = ln(1 + (n - df + .5) / (df + .5)), without the constant k1 + 1."""
    documents = [Tokeniser().tokens(text) for text in texts]
    mean = sum(map(len, documents)) / len(documents)
    scores = [0.0] * len(texts)
    for word in Tokeniser().tokens(query):
        df = sum(word in document for document in documents)
        idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
        for row, document in enumerate(documents):
            tf = document.count(word)
            scores[row] += idf * tf / (tf + k1 * (1 - b + b * len(document) / mean))
    return scores


@pytest.mark.parametrize("query", ["steel knife", "knives", "耳机", "running cable 耳机", "zebra"])
def test_scores_are_those_of_the_formula(query: str) -> None:
    assert KeywordIndex().build(TEXTS).scores(query) == pytest.approx(
        by_hand(TEXTS, query), rel=1e-5
    )


def test_search_finds_what_shares_a_word() -> None:
    index = KeywordIndex().build(TEXTS)
    assert index.search("STEEL knife!", k=6).items[0].tolist() == [0, 1, -1, -1, -1, -1]
    assert index.search("耳机", k=1).items[0].tolist() == [2]
    assert index.search("zebra", k=2).items[0].tolist() == [-1, -1]
    assert index.search("", k=1).items[0].tolist() == [-1]


def test_search_within_allowed_items() -> None:
    index = KeywordIndex().build(TEXTS)
    allowed = np.array([True, False])
    assert index.search("steel knife", k=3, allowed=allowed).items[0].tolist() == [0, -1, -1]


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_nothing_to_index(texts: list[str], tmp_path: Path) -> None:
    index = KeywordIndex().build(texts)
    assert index.search("knife", k=3).items.shape == (1, len(texts))
    index.save(tmp_path)
    assert len(KeywordIndex.load(tmp_path)) == len(texts)


def test_queries_are_stemmed_in_the_language_of_the_catalogue() -> None:
    texts = ["das Haus und der Garten", "die Häuser in der Stadt", "ein Hund für die Familie"]
    assert set(KeywordIndex().build(texts).search("Haus", k=2).items[0].tolist()) == {0, 1}


@pytest.mark.parametrize("method", ["lucene", "bm25+", "bm25l"])
def test_it_survives_a_folder(method: str, tmp_path: Path) -> None:
    index = KeywordIndex(KeywordConfig.model_validate({"method": method})).build(TEXTS)
    index.save(tmp_path / "keywords")
    again = KeywordIndex.load(tmp_path / "keywords")
    for query in ("steel knife", "耳机", "running"):
        assert np.array_equal(again.scores(query), index.scores(query))


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no keyword index"):
        KeywordIndex.load(tmp_path)
    KeywordIndex().build(TEXTS).save(tmp_path)
    np.save(tmp_path / "data.npy", np.zeros(1, dtype=np.float32))
    with pytest.raises(ArtifactError, match="different lengths"):
        KeywordIndex.load(tmp_path)
