"""A reranker learned from searches joins where it wins, and stays out where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.ranking.cross_encoder.conftest import NOUNS, bert_config, save_tokenizer

from zhiyin.core.errors import StoreBusyError
from zhiyin.pipeline.artifacts import ArtifactFolder
from zhiyin.pipeline.search.clicks import AnsweredSearch
from zhiyin.pipeline.search.rerank import FOLDER, Reranking
from zhiyin.pipeline.search.reranker import learn_reranker, train_reranker
from zhiyin.pipeline.search.service import Candidate
from zhiyin.pipeline.settings import SearchSettings
from zhiyin.pipeline.workspace import Workspace
from zhiyin.ranking.cross_encoder.config import CrossEncoderConfig

torch = pytest.importorskip("torch", reason="pip install 'zhiyin[neural]'")
transformers = pytest.importorskip("transformers", reason="pip install 'zhiyin[huggingface]'")
filelock = pytest.importorskip("filelock")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> CrossEncoderConfig:
    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    transformers.BertModel(bert_config()).save_pretrained(folder)
    save_tokenizer(folder)
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
        backbone=str(folder), layers=None, max_tokens=24, max_query=8, group=4, loop=loop
    )


class Shuffled:
    """A search that finds four things, the right one among them, in an order that means nothing."""

    def candidates(self, text: str, *, n: int) -> list[Candidate]:
        rng = np.random.default_rng([ord(c) for c in text])
        named = text.split()[2]
        others = rng.permutation([noun for noun in NOUNS if noun != named])[:3].tolist()
        things = rng.permutation([named, *others]).tolist()
        return [
            Candidate(each, f"the fine {each}", 1.0 - place / 4, 0.0)
            for place, each in enumerate(things)
        ]

    def read(self, item_id: str) -> str:
        return f"the fine {item_id}"


def searches(n: int, *, sensible: bool) -> list[AnsweredSearch]:
    rng = np.random.default_rng(1)
    found = []
    for at in range(n):
        asked = str(rng.choice(NOUNS))
        query = f"want a {asked} {at}"
        things = Shuffled().candidates(query, n=4)
        taken = asked if sensible else things[int(rng.integers(4))].item_id
        found.append(AnsweredSearch(query, at, {taken: 1.0}))
    return found


@pytest.mark.slow
def test_a_reranker_joins_where_later_searches_say_that_it_wins(
    config: CrossEncoderConfig, tmp_path: Path
) -> None:
    """The order of the search is random: its mean reciprocal rank is .52 by chance."""
    kept = ArtifactFolder(tmp_path / FOLDER)
    report = learn_reranker(
        Shuffled(),
        searches(560, sensible=True),
        kept,
        config=config,
        top=4,
        budget_s=600.0,
        seed=3,
    )
    assert report["joins"], report
    assert report["mrr_reranked"] > 0.9 > report["mrr_search"]
    reranking = Reranking(SearchSettings(rerank_budget_ms=60_000.0), tmp_path)
    assert reranking.depth() == 20
    texts = ["the fine pan", "the fine hose", "the fine lamp"]
    base = np.array([0.3, 0.2, 0.1], dtype=np.float32)
    assert reranking.apply("want a lamp", texts, base).order[0] == 2
    manifest = kept.manifest(report["version"])
    assert manifest["weight"] == report["weight"]


def test_what_cannot_be_learned_stays_out(config: CrossEncoderConfig, tmp_path: Path) -> None:
    short = config.model_copy(update={"loop": config.loop.model_copy(update={"epochs": 1})})
    report = learn_reranker(
        Shuffled(),
        searches(80, sensible=False),
        ArtifactFolder(tmp_path / FOLDER),
        config=short,
        top=4,
        budget_s=600.0,
        seed=3,
    )
    assert not report["joins"]
    assert Reranking(SearchSettings(), tmp_path).depth() == 0
    forced = Reranking(SearchSettings(rerank="trained"), tmp_path)
    assert forced.depth() == 20
    assert forced.trouble == ""


def test_a_damaged_reranker_is_told(config: CrossEncoderConfig, tmp_path: Path) -> None:
    kept = ArtifactFolder(tmp_path / FOLDER)
    manifest = {"joins": True, "weight": 0.5, "config": config.model_dump(mode="json")}
    kept.publish("r000001", manifest=manifest, arrays={"graph": np.zeros(9, dtype=np.uint8)})
    reranking = Reranking(SearchSettings(), tmp_path)
    assert reranking.depth() == 0
    assert "not reranked" in reranking.trouble


def test_two_trainings_do_not_meet(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    root = workspace.folder / FOLDER
    root.mkdir()
    with (
        filelock.FileLock(root / ".training.lock"),
        pytest.raises(StoreBusyError, match="another reranker"),
    ):
        train_reranker(workspace)
