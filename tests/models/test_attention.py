"""Attention over content: what is learned, formulas, cold items, odd input, serving."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import random_array

from zhiyin.core.attributes import Attribute
from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.contents import content_vectors, first_projection
from zhiyin.core.errors import ArtifactError, NotEnoughDataError
from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.models.attention.bilinear import BilinearRetriever
from zhiyin.models.attention.gated_dot import GatedDotConfig, GatedDotRetriever
from zhiyin.models.attention.moments import drawn_moments, held_out, last_moments, shuffled_sets
from zhiyin.models.attention.networks import BilinearNetwork, GatedDotNetwork, Read
from zhiyin.models.popularity.popularity import PopularityRetriever
from zhiyin.testing.planted import (
    GROUPS,
    N_ITEMS,
    PER_GROUP,
    described,
    hit_rate,
    planted,
    queries_of,
    train,
)

LOOP: dict[str, Any] = {"epochs": 4, "learning_rate": 0.02, "warmup_steps": 4, "threads": 1}
SMALL: dict[str, Any] = {"dim": 8, "length": 6, "batch_size": 64, "loop": LOOP}
MODELS = [GatedDotRetriever, BilinearRetriever]
both = pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.name)


def rows(*histories: list[int], n_items: int = N_ITEMS, ordered: bool = True) -> Histories:
    users = [user for user, row in enumerate(histories) for _ in row]
    items = [item for row in histories for item in row]
    return histories_from_columns(
        np.array(users, dtype=np.int64),
        np.array(items, dtype=np.int64),
        np.ones(len(items)),
        n_users=len(histories),
        n_items=n_items,
        order=np.arange(len(items)) if ordered else None,
    )


def asked(*histories: list[int], ordered: bool = True) -> Queries:
    made = rows(*histories, ordered=ordered)
    return Queries(made, np.full(len(made), -1, dtype=np.int32))


def fitted(cls: Any, data: TrainingData, **settings: Any) -> Any:
    return train(cls(cls.Config.model_validate({**SMALL, **settings})), data)


@pytest.fixture(scope="module", params=MODELS, ids=lambda cls: cls.name)
def trained(request: pytest.FixtureRequest) -> Any:
    return fitted(request.param, described(planted().data))


def without_order(data: TrainingData) -> TrainingData:
    return replace(data, histories=replace(data.histories, times=None, ordered=False))


# what is learned


@both
@pytest.mark.parametrize("ordered", [True, False])
def test_tastes_are_learned(cls: Any, ordered: bool) -> None:
    case = planted()
    if not ordered:
        case = replace(case, data=without_order(case.data))
    popular = hit_rate(train(PopularityRetriever(), case.data), case)
    data = described(case.data)
    found = fitted(cls, data, cuts=8)
    # Popularity .167; gated-dot .413, without order .417; bilinear .388, .417.
    assert hit_rate(found, case) > 2 * popular
    best = np.argsort(-found.score(asked([1, 2, 3], ordered=ordered)))[0, :5] // PER_GROUP
    assert (best == 0).mean() >= 0.8


@both
def test_training_beats_the_start(cls: Any) -> None:
    case = planted()
    data = described(case.data)
    start = train(cls(cls.Config.model_validate(SMALL)), data, seconds=0)
    assert (
        hit_rate(fitted(cls, data, cuts=8), case) > hit_rate(start, case) + 0.02
    )  # .413 > .313, .388 > .333


@pytest.mark.parametrize(
    ("cls", "parts"),
    [
        (GatedDotRetriever, ["gate", "openness"]),
        (GatedDotRetriever, ["openness"]),
        (BilinearRetriever, ["attention", "query"]),
        (BilinearRetriever, ["attention"]),
    ],
)
def test_gate_and_attention_decide(cls: Any, parts: list[str]) -> None:
    model = fitted(cls, described(planted().data))
    silent = {name: np.zeros_like(model.state()[name]) for name in parts}
    without = cls(model.config).restore({**model.state(), **silent})
    queries = queries_of(planted().data.histories)
    orders = [np.argsort(-each.score(queries), axis=1)[:, :10] for each in (model, without)]
    assert (orders[0] != orders[1]).any(axis=1).mean() > 0.5  # .98 and more, .75


def test_attention_answers_to_the_last_item() -> None:
    model = fitted(BilinearRetriever, described(planted().data))
    model.restore({**model.state(), "fade": np.zeros(1, dtype=np.float32)})
    one, other = model.score(asked([5, 30, 6], [6, 30, 5]))
    assert not np.allclose(one, other, atol=1e-4)
    model = fitted(BilinearRetriever, described(without_order(planted().data)))
    assert not model.state()["attention"].any()
    one, other = model.score(asked([5, 30, 6], [6, 30, 5]))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


# formulas


def test_gated_score_by_hand() -> None:
    model = fitted(GatedDotRetriever, described(planted().data))
    held = model.state()
    history = [3, 40, 7]
    shares = np.array([3.0, 2.0, 1.0]) ** -held["fade"]
    p = (shares / shares.sum()) @ held["history"][history]
    gate = 1 / (1 + np.exp(-(p @ held["gate"] + held["openness"])))
    expected = gate * (held["items"] @ p) / np.sqrt(8) + held["bias"]
    np.testing.assert_allclose(model.score(asked(history))[0], expected, rtol=1e-4, atol=1e-5)


def test_bilinear_score_by_hand() -> None:
    model = fitted(BilinearRetriever, described(planted().data))
    held = model.state()
    history = [3, 40, 7]
    x = held["history"][history]
    logits = x @ (held["attention"] @ x[-1] + held["query"]) / np.sqrt(8)
    shares = np.exp(logits) * np.array([3.0, 2.0, 1.0]) ** -held["fade"]
    expected = held["items"] @ ((shares / shares.sum()) @ x) + held["bias"]
    np.testing.assert_allclose(model.score(asked(history))[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(
    ("cls", "network"), [(GatedDotRetriever, GatedDotNetwork), (BilinearRetriever, BilinearNetwork)]
)
def test_serving_agrees_with_torch(cls: Any, network: Any, ordered: bool) -> None:
    rng = np.random.default_rng(0)
    contents = rng.normal(size=(N_ITEMS, 5)).astype(np.float32)
    config = cls.Config.model_validate(SMALL)
    start, bias = torch.zeros(8, 5), torch.zeros(N_ITEMS)
    made = network(torch.as_tensor(contents), start, bias, config).eval()
    torch.manual_seed(0)
    for each in made.parameters():
        torch.nn.init.normal_(each, std=0.5)
    weights = {name: each.detach().numpy().copy() for name, each in made.named_parameters()}
    weights["fade"] *= ordered
    model = cls(config)
    tables = model._tables(weights, contents, ordered=ordered)
    model.restore({**tables, "bias": weights["bias"]})
    ages = torch.tensor([[2.0, 1, 0], [0, 0, 0]]) * ordered
    read = Read(
        torch.tensor([[3, 4, 5], [9, 0, 0]]),
        torch.tensor([[1.0, 1, 1], [1, 0, 0]]),
        ages,
        torch.tensor([5, 9]) if ordered else None,
    )
    with torch.no_grad():
        expected = made.scores(read).numpy()
    found = model.score(asked([3, 4, 5], [9], ordered=ordered))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_sampled_entropy_estimates_that_over_all_items() -> None:
    generator = torch.Generator().manual_seed(0)
    contents = torch.randn(300, 5, generator=generator)
    start, bias = torch.randn(8, 5, generator=generator) * 0.3, torch.zeros(300)
    read = Read(torch.tensor([[1], [2]]), torch.ones(2, 1), torch.zeros(2, 1), torch.tensor([1, 2]))
    targets = torch.tensor([7, 1])
    values = {}
    for negatives in (0, 150):
        config = GatedDotConfig.model_validate({**SMALL, "negatives": negatives})
        network = GatedDotNetwork(contents, start, bias, config).eval()
        torch.manual_seed(0)
        with torch.no_grad():
            found = [network.entropy(read, targets, lower=False) for _ in range(40)]
        values[negatives] = float(torch.stack(found).mean())
    assert values[150] == pytest.approx(values[0], abs=0.05)


# items and users at the edges


@both
def test_cold_item_is_ranked_by_its_content(cls: Any) -> None:
    data = described(planted().data)
    cold = PER_GROUP + 5  # of the second taste
    kept = data.histories.where(data.histories.items != cold)
    model = fitted(cls, replace(data, histories=kept))
    bias = model.state()["bias"]
    assert bias[cold] == 0.0
    warm = np.unique(kept.items)
    assert bias[warm].mean() == pytest.approx(0.0, abs=1e-5)
    assert bias[warm].std() > 0.1
    mean = np.array(
        [model.score(asked([g * PER_GROUP + 4, g * PER_GROUP + 6]))[0, cold] for g in range(GROUPS)]
    )
    assert mean.argmax() == 1
    scores = model.score(asked([PER_GROUP + 4, PER_GROUP + 6, PER_GROUP + 7]))[0]
    assert (scores > scores[cold]).sum() < PER_GROUP  # of 144: 13, 18


@both
def test_item_without_content_scores_its_bias(cls: Any) -> None:
    data = described(planted().data)
    blank = np.arange(N_ITEMS) != 9
    kept = tuple(
        Attribute(
            a.name,
            np.asarray(
                a.take(np.arange(N_ITEMS)).values.toarray() if a.name == "tags" else a.values
            )
            * blank[:, None],
        )
        for a in data.attributes
    )
    model = fitted(cls, replace(data, attributes=kept))
    scores = model.score(queries_of(data.histories))
    np.testing.assert_allclose(scores[:, 9], model.state()["bias"][9], rtol=1e-5)
    assert np.isfinite(model.similar(np.array([9], dtype=np.int32))).all()


def test_empty_history_scores_the_biases(trained: Any) -> None:
    scores = trained.score(asked([], [3]))
    np.testing.assert_allclose(scores[0], trained.state()["bias"], rtol=1e-6)
    assert not np.allclose(scores[1], scores[0])
    events = replace(rows([3]), weights=np.array([-1.0], dtype=np.float32))
    disliked = trained.score(Queries(events, np.array([-1], dtype=np.int32)))
    np.testing.assert_allclose(disliked[0], scores[0], rtol=1e-6)


def test_only_the_latest_events_are_read(trained: Any) -> None:
    long = np.random.default_rng(0).integers(0, N_ITEMS, 70_000).tolist()
    scores = trained.score(asked(long, long[-6:], [5] * 20))
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-4, atol=1e-5)
    assert np.isfinite(scores).all()


@both
def test_no_attributes_are_refused(cls: Any) -> None:
    with pytest.raises(NotEnoughDataError, match="nothing is known of these") as caught:
        train(cls(), planted().data)
    assert "import the items with a title" in (caught.value.hint or "")


@both
@pytest.mark.parametrize("histories", [[[0]], [[0, 0, 0], [0], []], [[]]])
@pytest.mark.parametrize("ordered", [True, False])
def test_one_item(cls: Any, histories: list[list[int]], ordered: bool) -> None:
    made = rows(*histories, n_items=1, ordered=ordered)
    attribute = Attribute("text", np.ones((1, 3), dtype=np.float32))
    model = fitted(cls, TrainingData(made, attributes=(attribute,)))
    scores = model.score(queries_of(made))
    assert scores.shape == (len(made), 1)
    assert np.isfinite(scores).all()


def test_incomplete_state_is_refused(trained: Any) -> None:
    state = {name: array for name, array in trained.state().items() if name != "fade"}
    with pytest.raises(ArtifactError, match=rf"{trained.name} lacks \['fade'\]"):
        type(trained)().restore(state)


# training


@both
def test_interrupted_training_ends_the_same(cls: Any, tmp_path: Path) -> None:
    config, data = cls.Config.model_validate(SMALL), described(planted().data)
    straight = train(cls(config), data)

    def stop(stage: str, _share: float) -> None:
        if stage.startswith("epoch 3"):
            raise KeyboardInterrupt

    path = tmp_path / "checkpoint.npz"
    with pytest.raises(KeyboardInterrupt):
        train(cls(config, checkpoint=path, progress=stop), data)
    told: list[str] = []
    again = cls(config, checkpoint=path, progress=lambda stage, _share: told.append(stage[:7]))
    train(again, data)
    assert told == ["epoch 3", "epoch 4"]
    queries = queries_of(data.histories)
    assert np.array_equal(again.score(queries), straight.score(queries))


@both
def test_deadline_is_kept(cls: Any) -> None:
    config = cls.Config.model_validate({**SMALL, "loop": {**LOOP, "epochs": 10_000}})
    deadline = Deadline(1.5)
    model = cls(config)
    model.fit(described(planted().data), rng=np.random.default_rng(0), deadline=deadline)
    assert deadline.spent < 5  # measured 0.6, 1.5
    assert "time was spent" in model.outcome.stopped or "no better" in model.outcome.stopped


def test_moments_with_order_read_what_came_before() -> None:
    indptr = np.array([0, 1, 4, 24, 24])
    draws = {"cuts": 5, "length": 6, "ordered": True}
    rng = np.random.default_rng(0)
    moments = drawn_moments(indptr[:-1], indptr[1:], **draws, rng=rng)
    starts, lengths, targets = moments.windows.starts, moments.windows.lengths, moments.targets
    assert len(moments) == 2 + 5  # one fewer than the row has events, five at most
    assert np.array_equal(starts + lengths, targets)
    owner = np.searchsorted(indptr, targets, side="right")
    assert np.array_equal(owner, np.searchsorted(indptr, starts, side="right"))
    assert lengths.min() >= 1
    assert lengths.max() <= 6


def test_moments_without_order_leave_one_out() -> None:
    indptr = np.array([0, 1, 4, 24])
    rng = np.random.default_rng(0)
    moments = [
        drawn_moments(indptr[:-1], indptr[1:], cuts=5, length=6, ordered=False, rng=rng)
        for _ in range(200)
    ]
    starts = np.concatenate([m.windows.starts for m in moments])
    lengths = np.concatenate([m.windows.lengths for m in moments])
    targets = np.concatenate([m.targets for m in moments])
    assert ((starts <= targets) & (targets < starts + lengths)).all()
    assert (lengths == np.where(targets < 4, 3, 7)).all()
    assert (starts[targets >= 4] >= 4).all()
    assert ((starts + lengths)[targets >= 4] <= 24).all()
    assert set(targets) == set(range(1, 24))


def test_sets_are_shuffled_and_sequences_are_not() -> None:
    rng = np.random.default_rng(0)
    ordered, loose = rows([3, 4, 5, 6], [7, 8]), rows([3, 4, 5, 6], [7, 8], ordered=False)
    assert shuffled_sets(ordered, rng) is ordered
    found = [shuffled_sets(loose, rng).items for _ in range(20)]
    assert {tuple(sorted(each[:4])) for each in found} == {(3, 4, 5, 6)}
    assert len({tuple(each) for each in found}) > 5
    last = last_moments(np.array([0, 4]), np.array([4, 6]), length=2)
    assert last.targets.tolist() == [3, 5]
    assert last.windows.starts.tolist() == [1, 4]


def test_few_users_lose_an_event_to_validation() -> None:
    histories = rows(*[[1, 2, 3]] * 12, [1], [2, 3])
    held = held_out(histories, 100, np.random.default_rng(0))
    assert len(held) == 2
    assert held.max() < 12


# contents


def test_wide_attributes_are_reduced() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(40, 6)) @ rng.normal(size=(6, 300))
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    flat[7] = 0
    thin = random_array((40, 90), density=0.1, rng=rng, dtype=np.float32).tocsr()
    attributes = [
        Attribute("wide", flat.astype(np.float32)),
        Attribute("tags", thin),
        Attribute("narrow", np.eye(40, 3, dtype=np.float32)),
    ]
    made = {"model": "gated-dot", "rng": rng, "deadline": Deadline(60)}
    contents = content_vectors(attributes, width=8, **made)
    assert contents.shape == (40, 8 + 8 + 3)
    np.testing.assert_allclose(contents[:, :8] @ contents[:, :8].T, flat @ flat.T, atol=1e-3)
    assert not contents[7, :8].any()
    assert np.array_equal(contents[:, 16:], np.eye(40, 3))
    start = first_projection(contents, 32, rng=rng, deadline=Deadline(60))
    assert start.shape == (32, 19)
    inner = contents @ contents.T
    # The faint start points at random against the singular vectors, whose signs the machine picks.
    near = 0.02 * inner.max()
    np.testing.assert_allclose((contents @ start.T) @ (contents @ start.T).T, inner, atol=near)


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
heavy = sorted({"torch", "onnx", "onnxruntime"} & sys.modules.keys())
print(json.dumps([scores[0].tolist(), heavy]))
"""


def test_serving_does_not_import_torch(trained: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "state.npz", allow_pickle=False, **trained.state())
    config = trained.config.model_dump_json()
    command = [sys.executable, "-c", SERVE, str(tmp_path / "state.npz"), trained.name, config]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    scores, heavy = json.loads(said)
    assert heavy == []
    expected = trained.score(asked([1, 2, 3]))[0]
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)
