"""Content: what attributes say of items that nobody took."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from zhiyin.core.attributes import Attribute
from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.models.content.alignment import attribute_weights
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.content.bridge_config import BridgeConfig
from zhiyin.models.content.carrier import Carrier
from zhiyin.models.content.kernel import likeness, sharpened
from zhiyin.models.content.retriever import ContentConfig, ContentRetriever

GROUPS, PER_GROUP, USERS = 4, 15, 200
N = GROUPS * PER_GROUP


def group_of(item: int) -> int:
    return item // PER_GROUP


def planted(seed: int = 0, *, cold: bool = True) -> tuple[Histories, list[Attribute]]:
    """Users of one taste each; "genre" tells the taste, "noise" tells nothing.

    The last item of each group is taken by nobody where ``cold``.
    """
    rng = np.random.default_rng(seed)
    users, items = [], []
    for user in range(USERS):
        group = user % GROUPS
        picked = rng.choice(PER_GROUP - int(cold), 6, replace=False) + group * PER_GROUP
        users += [user] * len(picked)
        items += picked.tolist()
    histories = histories_from_columns(
        np.array(users), np.array(items), np.ones(len(items)), n_users=USERS, n_items=N
    )
    genre = np.zeros((N, GROUPS), dtype=np.float32)
    genre[np.arange(N), [group_of(i) for i in range(N)]] = 1
    noise = rng.standard_normal((N, 8)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return histories, [Attribute("genre", csr_matrix(genre)), Attribute("noise", noise)]


def ones(histories: Histories) -> csr_matrix:
    matrix = histories.matrix()
    matrix.data[:] = 1
    return matrix


def fitted(config: BridgeConfig | None = None, **options: bool) -> tuple[ContentBridge, Histories]:
    histories, attributes = planted(**options)
    counts = np.bincount(histories.items, minlength=N)
    weights = {"genre": 0.9, "noise": 0.1}
    return ContentBridge(config or BridgeConfig(), weights).fit(attributes, counts), histories


def warm_scores(histories: Histories) -> np.ndarray:
    """What a model of behaviour would say: items of the taste, by their number."""
    matrix = ones(histories)
    return np.asarray((matrix @ (matrix.T @ matrix)).toarray(), dtype=np.float32)


def test_attributes_that_tell_who_likes_what_get_the_weight() -> None:
    histories, attributes = planted()
    weights = attribute_weights(
        attributes, ones(histories), trust=10.0, rng=np.random.default_rng(0)
    )
    assert sum(weights.values()) == pytest.approx(1)
    assert weights["genre"] > 0.7


def test_nothing_known_gives_no_weights() -> None:
    histories, _ = planted()
    blank = [Attribute("blank", np.zeros((N, 3), dtype=np.float32))]
    assert attribute_weights([], ones(histories), trust=1.0, rng=np.random.default_rng(0)) == {}
    assert attribute_weights(blank, ones(histories), trust=1.0, rng=np.random.default_rng(0)) == {}


@pytest.mark.parametrize("power", [1, 3])
def test_leave_one_out_is_what_leaving_out_gives(power: int) -> None:
    """Against the plain definition: each point predicted by a ridge fitted without it."""
    rng = np.random.default_rng(3)
    _, attributes = planted()
    rows = np.sort(rng.choice(N, 20, replace=False))
    points = [a.take(rows) for a in attributes]
    every = np.arange(20)
    kernel = sharpened(
        likeness(points, {"genre": 1.0, "noise": 1.0}, every, points), scale=2.0, power=power
    )
    trusted = rng.uniform(0.2, 1, 20).astype(np.float32)
    columns = Carrier.fit(kernel.copy(), trusted=trusted, l2=0.5).columns(kernel.copy(), own=every)
    ridge = 0.5 * np.mean(np.diag(kernel)) / trusted
    y = rng.standard_normal((1, 20))
    for j in range(20):
        rest = np.delete(every, j)
        matrix = kernel[np.ix_(rest, rest)].astype(np.float64) + np.diag(ridge[rest])
        solved = np.linalg.solve(matrix, np.column_stack([y[0, rest], np.ones(19)]))
        mean = solved[:, 0].sum() / solved[:, 1].sum()
        wanted = mean + kernel[j, rest] @ (solved[:, 0] - mean * solved[:, 1])
        assert y @ columns[:, j] == pytest.approx(wanted, abs=2e-3)


def test_the_mean_goes_over_unshrunk() -> None:
    bridge, _ = fitted()
    assert bridge.state()["carry"].sum(axis=0) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("part", ["carried", "past", "near"])
def test_a_cold_item_goes_to_those_who_like_its_like(part: str) -> None:
    bridge, histories = fitted(BridgeConfig(parts={part: 1.0}, scale=2.0))
    scores = bridge.apply(histories, warm_scores(histories))
    cold = [PER_GROUP - 1 + g * PER_GROUP for g in range(GROUPS)]
    best = np.argmax(scores[:, cold], axis=1)
    assert (best == np.arange(USERS) % GROUPS).mean() > 0.95


def test_items_with_users_keep_their_order_where_content_has_no_say() -> None:
    bridge, histories = fitted(BridgeConfig(beside=0.0))
    before = warm_scores(histories)
    after = bridge.apply(histories, before.copy())
    warm = bridge.state()["counts"] > 0
    assert np.array_equal(
        np.argsort(-after[:, warm], kind="stable"), np.argsort(-before[:, warm], kind="stable")
    )


def test_a_bridge_without_work_changes_nothing() -> None:
    bridge, histories = fitted(cold=False)
    assert bridge.idle
    before = warm_scores(histories)
    assert bridge.apply(histories, before) is before


def test_one_query_scores_as_in_a_batch() -> None:
    bridge, histories = fitted(BridgeConfig(beside=0.5, parts={"carried": 1.0, "near": 0.5}))
    scores = warm_scores(histories)
    batch = bridge.apply(histories, scores)
    one = bridge.apply(histories.take(np.array([7])), scores[7:8])
    assert one[0] == pytest.approx(batch[7], abs=1e-4)


def test_new_items_stand_where_known_cold_ones_would() -> None:
    bridge, histories = fitted()
    _, attributes = planted()
    cold = np.array([PER_GROUP - 1, 3 * PER_GROUP - 1])
    extended = bridge.extended([a.take(cold) for a in attributes])
    scores = extended.apply(histories, warm_scores(histories))
    assert extended.n_items == N + 2
    assert scores[:, N:] == pytest.approx(scores[:, cold], abs=1e-3)


def test_a_saved_bridge_scores_alike() -> None:
    bridge, histories = fitted(BridgeConfig(parts={"carried": 1.0, "near": 1.0}))
    again = ContentBridge(bridge.config, bridge.weights).restore(bridge.state())
    scores = warm_scores(histories)
    assert np.array_equal(bridge.apply(histories, scores), again.apply(histories, scores))
    _, attributes = planted()
    new = [a.take(np.array([0])) for a in attributes]
    assert np.array_equal(
        bridge.extended(new).state()["carry"], again.extended(new).state()["carry"]
    )


def test_ties_name_the_items_that_speak_for_a_cold_one() -> None:
    bridge, _ = fitted()
    ties = bridge.ties(np.arange(PER_GROUP * 2), np.array([PER_GROUP - 1]))
    assert ties[:PER_GROUP].mean() > ties[PER_GROUP:].mean()


@pytest.mark.parametrize("similarity", ["cosine", "pearson", "euclidean"])
def test_content_finds_the_taste_by_every_measure(similarity: str) -> None:
    histories, attributes = planted()
    data = TrainingData(histories, attributes=tuple(attributes))
    model = ContentRetriever(ContentConfig(similarity=similarity))  # type: ignore[arg-type]
    model.fit(data, rng=np.random.default_rng(0), deadline=Deadline(60))
    scores = model.score(Queries(histories, np.arange(USERS, dtype=np.int32)))
    best = np.argsort(-scores, axis=1)[:, :PER_GROUP] // PER_GROUP
    assert (best == (np.arange(USERS) % GROUPS)[:, None]).mean() > 0.9


def test_cosine_pearson_and_euclid_are_what_they_are_called() -> None:
    histories, attributes = planted()
    noise = (attributes[1],)
    asked = np.array([3, 4], dtype=np.int32)
    rows = np.asarray(attributes[1].values)
    centred = rows - rows.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    wanted = {
        "cosine": rows[asked] @ rows.T,
        "pearson": unit[asked] @ unit.T,
        "euclidean": -np.linalg.norm(rows[asked][:, None] - rows[None], axis=2),
    }
    for similarity, expected in wanted.items():
        model = ContentRetriever(ContentConfig(similarity=similarity))  # type: ignore[arg-type]
        data = TrainingData(histories, attributes=noise)
        model.fit(data, rng=np.random.default_rng(0), deadline=Deadline(60))
        assert model.similar(asked) == pytest.approx(expected, abs=2e-3)
