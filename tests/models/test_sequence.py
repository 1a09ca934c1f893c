"""Sequence models: causality, padding, odd histories, states, serving without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError, ConfigError, TrainingError
from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.models.sequence.gru import GruConfig, GruRetriever
from zhiyin.models.sequence.network import LastState, SequenceNetwork, served
from zhiyin.models.sequence.recurrent import gru
from zhiyin.models.sequence.sasrec import SasrecConfig, SasrecRetriever
from zhiyin.models.sequence.transformer import sasrec
from zhiyin.neural.session import OnnxSession
from zhiyin.testing.planted import planted, queries_of, train

ITEMS = 30
LOOP: dict[str, Any] = {"epochs": 2, "learning_rate": 0.02, "warmup_steps": 4, "threads": 1}
SMALL: dict[str, Any] = {"dim": 8, "length": 6, "loop": LOOP}
MODELS = [SasrecRetriever, GruRetriever]


def networks() -> list[tuple[SequenceNetwork, Any]]:
    torch.manual_seed(0)
    plain = SasrecConfig(dim=8, length=6, block="plain")
    return [
        (sasrec(SasrecConfig(dim=8, length=6), ITEMS).eval(), SasrecConfig(dim=8, length=6)),
        (sasrec(plain, ITEMS).eval(), plain),
        (gru(GruConfig(dim=8, length=6, layers=2), ITEMS).eval(), GruConfig(dim=8, length=6)),
    ]


def rows(*histories: list[int], n_items: int = ITEMS) -> Histories:
    users = [user for user, row in enumerate(histories) for _ in row]
    items = [item for row in histories for item in row]
    return histories_from_columns(
        np.array(users, dtype=np.int64),
        np.array(items, dtype=np.int64),
        np.ones(len(items)),
        n_users=len(histories),
        n_items=n_items,
        order=np.arange(len(items)),
    )


def asked(*histories: list[int], n_items: int = ITEMS) -> Queries:
    made = rows(*histories, n_items=n_items)
    return Queries(made, np.full(len(made), -1, dtype=np.int32))


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.name)
def trained(request: pytest.FixtureRequest) -> Any:
    cls: Any = request.param
    return train(cls(cls.Config.model_validate(SMALL)), planted().data)


@pytest.mark.parametrize("kind", range(3))
def test_later_events_change_no_earlier_state(kind: int) -> None:
    network, _ = networks()[kind]
    before = torch.randn(2, 6, 8)
    after = before.clone()
    after[:, 4:] = torch.randn(2, 2, 8)
    with torch.no_grad():
        x, y = network.encode(before), network.encode(after)
    assert torch.equal(x[:, :4], y[:, :4])
    assert not torch.allclose(x[:, 4:], y[:, 4:])


@pytest.mark.parametrize("kind", range(3))
def test_padding_changes_nothing(kind: int) -> None:
    network, _ = networks()[kind]
    alone = torch.randn(1, 3, 8)
    wide = torch.cat([alone, torch.randn(1, 3, 8)], dim=1)
    last = torch.tensor([2])
    with torch.no_grad():
        for a, b in zip(
            LastState(network)(alone, last), LastState(network)(wide, last), strict=True
        ):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", range(3))
def test_graph_agrees_with_torch(kind: int) -> None:
    network, config = networks()[kind]
    arrays = served(network, config)
    session = OnnxSession(arrays["graph"])
    rng = np.random.default_rng(1)
    for b, t in [(1, 1), (4, 3), (7, 6)]:
        vectors = rng.normal(size=(b, t, 8)).astype(np.float32)
        last = rng.integers(0, t, b)
        with torch.no_grad():
            expected = LastState(network)(torch.from_numpy(vectors), torch.from_numpy(last))
        for found, tensor in zip(session.run(vectors=vectors, last=last), expected, strict=True):
            np.testing.assert_allclose(found, tensor.numpy(), atol=1e-4)
    assert arrays["items"].shape == (ITEMS, 8)
    assert len(arrays["graph"]) < 200_000, "the item table stays out of the graph"


def test_pooled_state_is_attention_of_the_last() -> None:
    network, _ = networks()[0]
    vectors = torch.randn(1, 5, 8)
    with torch.no_grad():
        states = network.encode(vectors)[0].numpy()
        last, pooled = LastState(network)(vectors, torch.tensor([3]))
    weights = np.exp(states[:4] @ states[3] / np.sqrt(8))
    np.testing.assert_allclose(last[0].numpy(), states[3], rtol=1e-6)
    np.testing.assert_allclose(pooled[0].numpy(), weights @ states[:4] / weights.sum(), rtol=1e-4)


def test_odd_lengths(trained: Any) -> None:
    long = np.random.default_rng(0).integers(0, 144, 10_000).tolist()
    queries = asked([], [7], long, long[-6:], [5] * 9, n_items=144)
    states = trained.user_state(queries)
    assert states.last.shape == states.pooled.shape == (5, 8)
    assert not states.last[0].any()
    assert not states.pooled[0].any()
    scores = trained.score(queries)
    assert np.isfinite(scores).all()
    assert not scores[0].any()
    np.testing.assert_allclose(scores[2], scores[3], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(states.pooled[1], states.last[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize(
    "histories", [[[3] * 50, [3] * 2, [3]], [[1], [2]], [list(range(30)) * 340, [], [0]]]
)
def test_odd_training(cls: Any, histories: list[list[int]]) -> None:
    data = TrainingData(rows(*histories))
    model = train(cls(cls.Config.model_validate(SMALL)), data)
    assert np.isfinite(model.score(queries_of(data.histories))).all()


def test_score_is_state_times_items(trained: Any) -> None:
    queries = asked([1, 2, 3], [4], n_items=144)
    expected = trained.user_state(queries).last @ trained.state()["items"].T
    np.testing.assert_allclose(trained.score(queries), expected, rtol=1e-6)


@pytest.mark.parametrize("cls", MODELS)
def test_vocabulary_too_large_is_refused(cls: Any) -> None:
    model = cls(cls.Config.model_validate({"memory_gb": 2.0}))
    data = TrainingData(rows([1, 2, 3], n_items=10_000_000))
    with pytest.raises(TrainingError, match=r"17\.9 GB to train 10,000,000 items"):
        train(model, data)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_loss_that_is_no_number_is_reported() -> None:
    loop = {**LOOP, "learning_rate": 1e38, "warmup_steps": 0}
    with pytest.raises(TrainingError, match="at learning rate"):
        train(SasrecRetriever(SasrecConfig.model_validate({**SMALL, "loop": loop})), planted().data)


@pytest.mark.parametrize("cls", MODELS)
def test_interrupted_training_ends_the_same(cls: Any, tmp_path: Path) -> None:
    config = cls.Config.model_validate({**SMALL, "loop": {**LOOP, "epochs": 4}})
    straight = train(cls(config), planted().data)

    def stop(stage: str, _share: float) -> None:
        if stage.startswith("epoch 3"):
            raise KeyboardInterrupt

    path = tmp_path / "checkpoint.npz"
    with pytest.raises(KeyboardInterrupt):
        train(cls(config, checkpoint=path, progress=stop), planted().data)
    told: list[str] = []
    again = cls(config, checkpoint=path, progress=lambda stage, _share: told.append(stage[:7]))
    train(again, planted().data)
    assert told == ["epoch 3", "epoch 4"]
    queries = queries_of(planted().data.histories)
    assert np.array_equal(again.score(queries), straight.score(queries))


def test_deadline_is_kept() -> None:
    config = SasrecConfig.model_validate({**SMALL, "loop": {**LOOP, "epochs": 10_000}})
    deadline = Deadline(2.0)
    model = SasrecRetriever(config)
    model.fit(planted().data, rng=np.random.default_rng(0), deadline=deadline)
    assert deadline.spent < 6  # the export comes after; measured 2.5
    assert "time was spent" in model.outcome.stopped or "no better" in model.outcome.stopped


def test_heads_divide_dim() -> None:
    with pytest.raises(ConfigError, match="cannot be divided among 3 heads"):
        train(SasrecRetriever(SasrecConfig.model_validate({**SMALL, "heads": 3})), planted().data)


def test_incomplete_state_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"sasrec lacks \['graph'\]"):
        SasrecRetriever().restore({"items": np.zeros((3, 8), dtype=np.float32)})


SERVE = """
import sys, json
import numpy as np
from zhiyin.core.candidates import Queries
from zhiyin.core.histories import Histories
from zhiyin.core.registry import RETRIEVERS, load
with np.load(sys.argv[1], allow_pickle=False) as file:
    arrays = {name: file[name] for name in file.files}
cls = load(RETRIEVERS, sys.argv[2])
model = cls(cls.Config.model_validate_json(sys.argv[3])).restore(arrays)
history = Histories(np.array([0, 3]), np.array([1, 2, 3], np.int32), np.ones(3, np.float32), 144)
scores = model.score(Queries(history, np.array([-1], np.int32)))
print(json.dumps([scores[0].tolist(), sorted({"torch", "onnx"} & sys.modules.keys())]))
"""


def test_serving_does_not_import_torch(trained: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "state.npz", allow_pickle=False, **trained.state())
    config = trained.config.model_dump_json()
    command = [sys.executable, "-c", SERVE, str(tmp_path / "state.npz"), trained.name, config]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    scores, heavy = json.loads(said)
    assert heavy == []
    expected = trained.score(asked([1, 2, 3], n_items=144))[0]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)
