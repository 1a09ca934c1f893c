"""Background training: jobs, the gate before a model serves, the guard of what serves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.pipeline.conftest import DAY, START, SteppingClock, two_tastes

from zhiyin.core.errors import ArtifactError, StoreBusyError, UnknownEntityError, UnknownModelError
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline import guard, jobs
from zhiyin.pipeline.changes import Changes
from zhiyin.pipeline.gate import hold_back, judge
from zhiyin.pipeline.loop import Loop
from zhiyin.pipeline.service_settings import LoopSettings
from zhiyin.pipeline.traffic import Rate, Traffic
from zhiyin.pipeline.train import train
from zhiyin.pipeline.trained import Trained
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace


def ended(workspace: Workspace, job_id: str, *, within_s: float = 300) -> jobs.Job:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        job = jobs.status(workspace, job_id)
        if job.state not in jobs.UNDER_WAY:
            return job
        time.sleep(0.1)
    raise AssertionError(f"{job_id} did not end: {jobs.status(workspace, job_id)}")


def fresh_events(users: int = 60) -> list[dict[str, object]]:
    """One more item of their own kind for everybody."""
    rng = np.random.default_rng(9)
    seen = {(event["user_id"], event["item_id"]) for event in two_tastes()}
    events: list[dict[str, object]] = []
    for user in range(users):
        kind = "book" if user % 2 == 0 else "pan"
        free = [i for i in range(10) if (f"u{user:02}", f"{kind}-{i}") not in seen]
        item = f"{kind}-{rng.choice(free)}"
        when = START + 90 * DAY + user * 1000
        events.append({"user_id": f"u{user:02}", "item_id": item, "timestamp": when})
    return events


def upside_down(trained: Trained) -> Trained:
    """A model that ranks everything the other way."""
    members = [Member(m.name, -m.weight, m.model) for m in trained.blend.members]
    return replace(trained, blend=Blend(members), content=None)


def test_a_job_trains_and_publishes_and_tells_how_far_it_is(shop: Workspace) -> None:
    shop.record(fresh_events())
    job = jobs.start(shop, recipe="ease")
    with pytest.raises(StoreBusyError, match=job.id):
        jobs.start(shop)
    done = ended(shop, job.id)
    assert (done.state, done.version, done.share) == ("published", "v000002", 1.0), done.message
    assert done.gate is not None
    assert done.gate["beside"] == "v000001"
    assert done.peak_mb is None or done.peak_mb > 10
    assert shop.engine().version == "v000002"
    assert len(shop.engine().trained.histories.items) == shop.stores.events.count()
    assert [entry.id for entry in jobs.list_jobs(shop)] == [job.id]
    with pytest.raises(UnknownEntityError):
        jobs.status(shop, "t999999")
    with pytest.raises(UnknownEntityError):
        jobs.status(shop, "../keys")


def test_a_recipe_that_nobody_knows_is_refused_before_a_job_is_made(shop: Workspace) -> None:
    with pytest.raises(UnknownModelError, match="no-such-recipe"):
        jobs.start(shop, recipe="no-such-recipe")
    assert jobs.list_jobs(shop) == []


def test_a_cancelled_job_stops_and_leaves_the_old_model(shop: Workspace) -> None:
    job = jobs.start(shop, recipe="auto")
    jobs.cancel(shop, job.id)
    done = ended(shop, job.id)
    assert done.state == "cancelled"
    assert shop.artifacts.current() == "v000001"
    assert not list(shop.artifacts.root.glob(".*.draft"))


def test_a_job_over_its_memory_is_ended_and_says_so(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace("[loop]\nmemory_mb = 20\n")
    workspace.record(two_tastes())
    done = ended(workspace, jobs.start(workspace).id)
    assert done.state == "failed"
    assert "memory_mb" in done.message


def test_a_job_whose_process_was_killed_is_told_from_one_that_runs(shop: Workspace) -> None:
    folder = jobs.jobs_folder(shop.folder)
    now = time.time_ns() // 1_000_000
    jobs.write_job(folder, jobs.Job(id="t000001", state="running", created=now))
    with jobs.alive_lock(folder, "t000001"):
        assert jobs.status(shop, "t000001").state == "running"
    assert jobs.status(shop, "t000001").state == "failed"


def test_the_gate_lets_an_equal_model_pass_and_refuses_a_worse_one(shop: Workspace) -> None:
    serving = shop.engine().trained
    shop.record(fresh_events())
    with shop.publishing() as (dataset, _):
        trial = hold_back(dataset, serving, most_users=2000, seed=1)
        assert trial is not None
        assert trial.fresh
        held = len(dataset.histories.items) - len(trial.known.histories.items)
        assert held == len(trial.parts.test.items) == 20
        good = train(trial.known, recipe="ease", budget_s=60, seed=1)
        same = judge(trial, good, serving, version="v000001", tolerance=0.05, seed=1)
        assert same.passed
        assert same.users == 20
        worse = judge(trial, upside_down(good), serving, version="v000001", tolerance=0.05, seed=1)
        assert not worse.passed
        assert worse.new < worse.mark
        # The other way round a good model is a gain over a bad one.
        gain = judge(trial, good, upside_down(serving), version="v", tolerance=0.05, seed=1)
        assert gain.passed
        assert gain.lost < 0


def test_where_nothing_came_since_the_mark_is_popularity(shop: Workspace) -> None:
    serving = shop.engine().trained
    with shop.publishing() as (dataset, _):
        trial = hold_back(dataset, serving, most_users=2000, seed=1)
        assert trial is not None
        assert not trial.fresh
        good = train(trial.known, recipe="ease", budget_s=60, seed=1)
        assert (
            judge(trial, good, serving, version="v", tolerance=0.05, seed=1).beside == "popularity"
        )
        assert hold_back(dataset, None, most_users=2000, seed=1) is None


def test_a_refused_model_is_kept_and_never_rolled_back_to(shop: Workspace) -> None:
    trained = shop.engine().trained
    with shop.publishing() as (_, publish):
        assert publish(trained, serve=False, refusal="worse") == "v000002"
        assert publish(trained) == "v000003"
    assert shop.artifacts.refusal("v000002") == "worse"
    assert shop.artifacts.rollback() == "v000001"
    with pytest.raises(ArtifactError):
        shop.artifacts.rollback()


def test_old_versions_go_and_the_serving_one_stays(shop: Workspace) -> None:
    trained = shop.engine().trained
    with shop.publishing() as (_, publish):
        for _i in range(4):
            publish(trained, serve=False)
    assert shop.artifacts.prune(3) == ["v000002", "v000003"]
    assert shop.artifacts.versions() == ["v000001", "v000004", "v000005"]
    assert shop.artifacts.current() == "v000001"


def shown(traffic: Traffic, version: str, n: int, answered: int, *, at: int) -> None:
    for i in range(n):
        slate = {
            "slate_id": f"{version}-{i}",
            "created": at,
            "model_version": version,
            "surface": "home",
            "arm": "default",
            "policy": "greedy",
            "positions": [{"item_id": "book-1"}],
        }
        traffic.shown(slate)
        if i < answered:
            assert traffic.answered([slate, slate]) == 1
    traffic.flush()


@pytest.mark.parametrize(
    ("answered", "broken"), [((200, 60), True), ((200, 190), False), ((200, 158), False)]
)
def test_the_guard_acts_on_a_sure_loss_only(
    shop: Workspace, clock: SteppingClock, answered: tuple[int, int], broken: bool
) -> None:
    with shop.publishing() as (_, publish):
        publish(shop.engine().trained)
    traffic = Traffic(shop.folder, clock=clock)
    settings = LoopSettings(guard_slates=1000)
    shown(traffic, "v000001", 1000, answered[0], at=clock.now)
    shown(traffic, "v000002", 999, answered[1], at=clock.now)
    assert guard.examine(shop.artifacts, traffic, settings, clock=clock) is None  # too young
    clock.now += 10 * 60_000
    assert guard.examine(shop.artifacts, traffic, settings, clock=clock) is None  # one too few
    shown(traffic, "v000002", 1, 0, at=clock.now - 6 * 60_000)
    report = guard.examine(shop.artifacts, traffic, settings, clock=clock)
    assert report is not None
    assert report.broken == broken
    loop = Loop(shop, traffic, clock=clock)
    loop.look()
    assert shop.artifacts.current() == ("v000001" if broken else "v000002")
    assert shop.engine().version == shop.artifacts.current()
    assert bool(shop.artifacts.refusal("v000002")) == broken
    assert loop.look() == ""
    traffic.close()


def test_the_bound_holds_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    p_old, drop = 0.1, 0.2
    missed = 0
    for _ in range(4000):  # at the very edge of what is allowed
        new = Rate(2000, int(rng.binomial(2000, p_old * (1 - drop))))
        old = Rate(4000, int(rng.binomial(4000, p_old)))
        missed += guard.upper_bound(new, old, drop=drop, confidence=0.95) < 0
    assert 0.03 < missed / 4000 < 0.07


def test_a_training_is_due_after_so_many_events_or_so_much_time(
    make_workspace: Callable[..., Workspace], clock: SteppingClock
) -> None:
    workspace = make_workspace("[loop]\nevery = '1h'\nafter_events = 10\n")
    workspace.record(two_tastes())
    traffic = Traffic(workspace.folder, clock=clock)
    loop = Loop(workspace, traffic, clock=clock)
    assert loop.due() == "events"
    workspace.train(recipe="ease")
    assert loop.due() == ""
    workspace.record(fresh_events()[:9])
    jobs.write_job(
        jobs.jobs_folder(workspace.folder),
        jobs.Job(id="t000001", state="refused", created=clock.now, last_seq=300),
    )
    assert loop.due() == ""
    clock.now -= 3 * DAY  # the clock is set back: nothing happens that should not
    assert loop.due() in ("", "schedule")
    clock.now += 3 * DAY
    workspace.record(fresh_events()[9:11])
    assert loop.due() == "events"
    traffic.close()


def test_other_processes_learn_of_changed_items(tmp_path: Path) -> None:
    first, second = Changes(tmp_path), Changes(tmp_path)
    assert first.fresh() == second.fresh() == []
    first.note([1, -2])
    assert second.fresh() == [1, -2]
    assert second.fresh() == []
    second.note([3])
    assert sorted(first.fresh() or []) in ([3], [-2, 1, 3])
    (tmp_path / "changes.log").unlink()
    first.note([4])
    assert second.fresh() in (None, [4])


def test_an_item_added_by_another_process_is_recommendable_at_once(
    shop: Workspace, clock: SteppingClock
) -> None:
    shop.engine()
    with open_workspace(shop.folder, clock=clock) as other:
        other.upsert_items([{"item_id": "book-new", "title": "A new book"}])
    assert "book-new" in shop.engine().items.ids


def test_a_swap_drops_nobody_and_shows_only_whole_models(shop: Workspace) -> None:
    shop.following.patience_s = 0.05
    shop.engine()
    stop, faults, seen = threading.Event(), list[Exception](), set[str]()

    def hammer() -> None:
        while not stop.is_set():
            try:
                seen.add(shop.recommend("u01", n=3).model_version)
            except Exception as error:
                faults.append(error)

    threads = [threading.Thread(target=hammer) for _ in range(3)]
    for thread in threads:
        thread.start()
    with shop.publishing() as (_, publish):
        for _i in range(5):
            version = publish(shop.engine().trained)
            until = time.monotonic() + 20
            while version not in seen and time.monotonic() < until:
                time.sleep(0.01)
            assert version in seen
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults


def test_a_clock_that_jumps_harms_nothing(
    make_workspace: Callable[..., Workspace], clock: SteppingClock
) -> None:
    workspace = make_workspace()
    workspace.record(two_tastes())
    workspace.train(recipe="ease")
    for jump in (400 * DAY, -800 * DAY, 399 * DAY):
        clock.now += jump
        workspace.record([{"user_id": "u00", "item_id": f"new-{jump}"}])
        slate = workspace.recommend("u01", n=5)
        assert len(slate.positions) == 5
        own = workspace.recommend("u00", n=20)
        assert f"new-{jump}" not in own.item_ids
