"""The auto recipe: rules by the data alone, choices by validation alone, weights that pay."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.core.progress import silent
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.topk import bar, top_k
from zhiyin.data.dataset import Dataset
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.models.hybrid.blend import Member, standardised
from zhiyin.pipeline.recipes import apart, auto
from zhiyin.pipeline.recipes.apart import Job, beside, cores, work
from zhiyin.pipeline.recipes.families import Facts, families
from zhiyin.pipeline.recipes.validation import Judge, Validation, hold_out
from zhiyin.pipeline.recipes.weights import search_weights
from zhiyin.pipeline.train import train

N_ITEMS = 40


def chains(*, ordered: bool, n_users: int = 120, seed: int = 3) -> Dataset:
    """Users walk round a circle of items, by steps of one mostly: order is everything."""
    rng = np.random.default_rng(seed)
    steps = 1 + (rng.random((n_users, 12)) < 0.1)
    walk = (rng.integers(0, N_ITEMS, (n_users, 1)) + np.cumsum(steps, axis=1)) % N_ITEMS
    users = np.repeat(np.arange(n_users), 12)
    order = np.tile(np.arange(12), n_users) if ordered else None
    histories = histories_from_columns(
        users,
        walk.ravel(),
        np.ones(users.size),
        n_users=n_users,
        n_items=N_ITEMS,
        order=order,
    )
    return Dataset(
        Vocabulary([f"u{i}" for i in range(n_users)]),
        Vocabulary([f"i{i}" for i in range(N_ITEMS)]),
        histories,
        titles={},
        categories=None,
        category_names=[],
        as_of=0,
    )


def test_held_out_events_are_in_no_fold_and_are_the_last_where_there_is_order() -> None:
    dataset = chains(ordered=True)
    validation = hold_out(dataset, seed=1)
    assert validation.tail
    assert validation.k == 10
    last = dataset.histories.items[dataset.histories.indptr[1:] - 1]
    np.testing.assert_array_equal(validation.truth.items, last[validation.queries.users])
    assert len(validation.train.items) == len(dataset.histories.items) - len(dataset.users)


def test_without_order_a_random_part_is_held_out() -> None:
    validation = hold_out(chains(ordered=False), seed=1)
    assert not validation.tail
    assert validation.k == 20


def test_a_protocol_that_fixes_the_held_out_events_is_obeyed() -> None:
    dataset = chains(ordered=True)
    mask = np.zeros(len(dataset.histories.items), dtype=np.bool_)
    mask[dataset.histories.indptr[:-1]] = True
    validation = hold_out(replace(dataset, held_out=mask), seed=1)
    first = dataset.histories.items[dataset.histories.indptr[:-1]]
    assert set(validation.truth.items) <= set(first)
    assert not validation.tail, "the first event of each user is no tail"


def test_the_judge_agrees_with_ndcg_by_hand() -> None:
    truth = histories_from_columns(
        np.array([0, 0, 1]), np.array([2, 3, 0]), np.ones(3), n_users=2, n_items=4
    )
    seen = histories_from_columns(
        np.array([0, 1]), np.array([1, 3]), np.ones(2), n_users=2, n_items=4
    )
    queries = Queries(seen, np.arange(2, dtype=np.int32))
    judge = Judge(Validation(seen, queries, truth, truth, k=2, tail=False))
    scores = np.array([[0.1, 9.0, 0.5, 0.2], [0.3, 0.4, 0.1, 9.0]], dtype=np.float32)
    first = 1.0  # items 2, 3 once the seen item 1 is left out: both hits
    second = (1 / np.log2(3)) / 1.0  # items 1, 0: the hit is second
    assert judge.value(scores) == pytest.approx((first + second) / 2, abs=1e-6)


@given(seed=st.integers(0, 200))
def test_a_blend_is_never_worse_on_validation_than_its_best_member(seed: int) -> None:
    rng = np.random.default_rng(seed)
    validation = hold_out(chains(ordered=True, n_users=30), seed=1)
    judge = Judge(validation)
    shape = (len(validation.queries), N_ITEMS)
    members = [standardised(rng.normal(size=shape).astype(np.float32)) for _ in range(3)]
    alone = [judge.value(scores) for scores in members]
    best = int(np.argmax(alone))
    shortlist = judge.shortlist(members, size=N_ITEMS)
    weights, reached = search_weights(shortlist, best=best)
    assert reached >= alone[best] - 1e-6
    whole = sum(np.float32(w) * m for w, m in zip(weights, members, strict=True))
    assert judge.value(np.asarray(whole)) == pytest.approx(reached, abs=1e-6)


def test_rules_look_at_size_and_order_only() -> None:
    def names(**facts: object) -> set[str]:
        base = {"users": 1000, "items": 1000, "events": 10_000, "ordered": True, "tail": True}
        return {t.model for f in families(Facts(**{**base, **facts})) for t in f.trials}  # type: ignore[arg-type]

    assert "slit" in names()
    assert "slit" not in names(tail=False)
    assert "local-slit" in names(tail=False)
    assert "local-slit" not in names(tail=False, ordered=False)
    assert "ease" not in names(items=50_000)
    assert "dual-ease" in names(items=50_000)
    assert "dual-ease" not in names(items=50_000, users=500_000)
    assert names(items=1_000_000, users=5_000_000), "something is tried at any size"


def hit_rate(dataset: Dataset, recipe: str) -> float:
    """Hits among three when the last event of everybody is asked for."""
    histories = dataset.histories
    last = np.zeros(len(histories.items), dtype=np.bool_)
    last[histories.indptr[1:] - 1] = True
    known, asked = histories.where(~last), histories.items[last]
    trained = train(replace(dataset, histories=known), recipe=recipe, budget_s=60, seed=0)
    scores = trained.blend.score(Queries(known, np.arange(len(known), dtype=np.int32)))
    bar(scores, known)
    best = top_k(scores, k=3, tie_order=dataset.items.tie_order).items
    return float(np.mean((best == asked[:, None]).any(axis=1)))


def test_auto_learns_the_order_and_beats_what_ignores_it() -> None:
    """Measured: auto 1.00, EASE with an undecayed question .667, popularity .067."""
    dataset = chains(ordered=True)
    reached = hit_rate(dataset, "auto")
    assert reached >= 0.95
    assert reached >= hit_rate(dataset, "ease")
    assert hit_rate(dataset, "popularity") < 0.3


def test_without_the_family_that_it_chose_auto_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = chains(ordered=True)
    whole = train(dataset, recipe="auto", budget_s=60, seed=0)
    best = max(whole.blend.members, key=lambda m: m.weight).name
    table = auto.families

    def without(facts: Facts) -> list[object]:
        return [f for f in table(facts) if best not in {t.model for t in f.trials}]

    monkeypatch.setattr(auto, "families", without)
    poorer = train(dataset, recipe="auto", budget_s=60, seed=0)
    assert best not in {m.name for m in poorer.blend.members}
    (goal,) = (v for k, v in whole.report["goal"].items() if k.startswith("ndcg"))
    (less,) = (v for k, v in poorer.report["goal"].items() if k.startswith("ndcg"))
    assert less < goal


def test_a_blend_that_had_no_time_is_not_judged_by_what_it_would_have_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refit = auto.refit

    def late(choice: auto.Choice, *arguments: Any, **named: Any) -> list[Member]:
        slow = load(RETRIEVERS, "item-knn").Config()
        choice.members.append(("item-knn", slow, 0.5))
        choice.costs["item-knn"] = 1e9
        choice.goal = {"ndcg@10": 0.9, "best_member": 0.8}
        return refit(choice, *arguments, **named)

    monkeypatch.setattr("zhiyin.pipeline.train.refit", late)
    trained = train(chains(ordered=True), recipe="auto", budget_s=60, seed=0)
    assert "item-knn" not in {member.name for member in trained.blend.members}
    assert trained.report["goal"] == {"ndcg@10": 0.8, "best_member": 0.8}


def test_the_report_says_what_was_tried_chosen_and_skipped() -> None:
    report = train(chains(ordered=True), recipe="auto", budget_s=60, seed=0).report
    assert report["recipe"] == "auto"
    assert set(report["chosen"]) <= {t["model"] for t in report["trials"]}
    assert all(0 <= t["goal"] <= 1 for t in report["trials"])
    assert all(":" in reason for reason in report["skipped"])


def test_a_tiny_budget_still_gives_a_model_and_says_what_was_left_out() -> None:
    trained = train(chains(ordered=True), recipe="auto", budget_s=1e-6, seed=0)
    assert trained.blend.members
    assert any("no time left" in reason for reason in trained.report["skipped"])


@pytest.mark.parametrize("rows", [[(0, 0)], [(0, 0), (1, 0)], [(0, 0), (1, 1)]])
def test_too_little_to_choose_by_gives_popularity(rows: list[tuple[int, int]]) -> None:
    users, items = np.array(rows).T
    n_users, n_items = int(users.max()) + 1, int(items.max()) + 1
    histories: Histories = histories_from_columns(
        users, items, np.ones(len(rows)), n_users=n_users, n_items=n_items
    )
    dataset = replace(
        chains(ordered=True),
        users=Vocabulary([f"u{i}" for i in range(n_users)]),
        items=Vocabulary([f"i{i}" for i in range(n_items)]),
        histories=histories,
    )
    trained = train(dataset, recipe="auto", budget_s=60, seed=0)
    assert [m.name for m in trained.blend.members] == ["popularity"]
    assert any("held out" in reason for reason in trained.report["skipped"])


def test_the_same_seed_gives_the_same_model() -> None:
    one, two = (train(chains(ordered=False), recipe="auto", budget_s=600, seed=7) for _ in range(2))
    assert one.report["chosen"] == two.report["chosen"]
    queries = Queries(one.histories, np.arange(len(one.users), dtype=np.int32))
    np.testing.assert_allclose(one.blend.score(queries), two.blend.score(queries), atol=1e-5)


def test_a_member_without_time_for_its_refit_is_dropped_and_named() -> None:
    dataset = chains(ordered=True)
    choice = auto.Choice(
        members=[
            (name, load(RETRIEVERS, name).Config(), weight)
            for name, weight in (("slit", 1.0), ("ease", 0.5))
        ],
        costs={"slit": 99.0, "ease": 99.0},
    )
    members = auto.refit(
        choice, dataset.training_data(), deadline=Deadline(10.0), seed=0, progress=silent
    )
    assert [m.name for m in members] == ["slit"]
    assert list(choice.report()["chosen"]) == ["slit"]
    assert "ease: no time left" in choice.skipped[0]


@pytest.mark.integration
def test_models_that_take_minutes_are_trained_side_by_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(auto, "_LEAST_SLOW", 1.0)
    dataset = chains(ordered=True)
    told: list[str] = []
    recommender = train(
        dataset, recipe="auto", budget_s=25.0, seed=1, progress=lambda stage, _: told.append(stage)
    )
    tried = {trial["model"]: trial for trial in recommender.report["trials"]}
    names = {"hstu", "sasrec"} if cores() > 1 else {"hstu"}
    assert names <= tried.keys()
    assert all(tried[name]["goal"] > tried["recent-popularity"]["goal"] for name in names)
    assert any(stage.startswith("training hstu") for stage in told)


@pytest.mark.integration
def test_members_that_take_minutes_learn_what_was_held_out() -> None:
    dataset = chains(ordered=True)
    fresh = dataset.kept_out(seed=1)
    config = load(RETRIEVERS, "hstu").Config(dim=8, length=10, loop={"epochs": 4})
    validation = hold_out(dataset, seed=1)
    job = Job("hstu", config, dataset.training_data(validation.train), 1, Deadline(20))
    begun = beside([job], progress=silent, shares=(0.0, 1.0))[0]
    choice = auto.Choice(members=[("hstu", begun.config, 1.0)], begun={"hstu": begun.state})
    choice.fresh = fresh
    data = dataset.training_data()
    settings = {"seed": 1, "progress": silent}
    late = auto.refit(choice, data, deadline=Deadline(0.0), **settings)[0].model.state()
    assert np.array_equal(late["items"], begun.state["items"])
    more = auto.refit(choice, data, deadline=Deadline(60), **settings)[0].model.state()
    assert not np.array_equal(more["items"], begun.state["items"])
    assert not choice.skipped


def test_a_training_that_fails_is_reported_and_left_out() -> None:
    dataset = chains(ordered=False)
    config = load(RETRIEVERS, "sasrec").Config()
    done = work(Job("sasrec", config, dataset.training_data(), 1, Deadline(20)))
    assert "have no order" in done.fault
    assert not done.state


@pytest.mark.integration
def test_a_training_that_the_system_ends_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = chains(ordered=True)
    config = load(RETRIEVERS, "sasrec").Config()
    job = Job("doomed", config, dataset.training_data(), 1, Deadline(20))
    monkeypatch.setattr(apart, "work", lambda _job: os.kill(os.getpid(), signal.SIGKILL))
    done = beside([job], progress=silent, shares=(0.0, 1.0))[0]
    assert "out of memory, most likely" in done.fault


def test_without_the_extra_sequence_models_are_named_as_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(auto, "find_spec", lambda _name: None)
    report = train(chains(ordered=True), recipe="auto", budget_s=400.0, seed=1).report
    assert any("the extra neural is not installed" in line for line in report["skipped"])
