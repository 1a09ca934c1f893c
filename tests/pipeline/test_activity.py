"""What the log and the catalogue hold, counted for charts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zhiyin.core.messages.ids import LAST_INSTANT
from zhiyin.pipeline.activity import ActivityReader
from zhiyin.pipeline.live import LiveEvent, event_frame
from zhiyin.pipeline.traffic import MINUTE, Traffic
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace

HOUR = 3_600_000
DAY = 24 * HOUR
MONDAY = 1_699_833_600_000  # 2023-11-13 00:00 UTC


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "shop") as workspace:
        yield workspace


def reader(workspace: Workspace, now: int = 0) -> ActivityReader:
    return ActivityReader(workspace.stores.events, workspace.stores.entities, clock=lambda: now)


def event(user: str, item: str, at: int | None, kind: str = "view") -> dict[str, object]:
    found: dict[str, object] = {"user_id": user, "item_id": item, "type": kind}
    return found if at is None else {**found, "timestamp": at}


def test_an_empty_workspace_has_nothing_to_count(shop: Workspace) -> None:
    found = reader(shop).read()
    assert found.events_read == found.outside == found.untimed == 0
    for charted in (found.periods, found.week, found.kinds, found.top_items, found.reach):
        assert not charted


def test_events_are_counted_by_time_item_person_and_kind(shop: Workspace) -> None:
    shop.upsert_items(
        [
            {"item_id": "a", "title": "A", "categories": ["red", "round"]},
            {"item_id": "b", "title": "B", "categories": ["red"]},
            {"item_id": "c"},
        ]
    )
    shop.record(
        [
            event("u", "a", MONDAY + HOUR),
            event("v", "a", MONDAY + HOUR),
            event("u", "b", MONDAY + 4 * DAY, "buy"),
        ]
    )
    found = reader(shop).read()
    assert found.step == "day"
    assert [one.events for one in found.periods] == [2, 0, 0, 0, 1]
    assert [one.users for one in found.periods] == [2, 0, 0, 0, 1]
    assert [one.new_users for one in found.periods] == [2, 0, 0, 0, 0]
    assert found.periods[0].start == MONDAY
    assert found.week[0][1] == 2
    assert found.week[4][0] == 1
    assert sum(map(sum, found.week)) == 3
    assert [(one.name, one.count) for one in found.types] == [("view", 2), ("buy", 1)]
    assert [(k.name, k.items, k.events) for k in found.kinds] == [("red", 2, 3), ("round", 1, 2)]
    assert [(one.title, one.events) for one in found.top_items] == [("A", 2), ("B", 1)]
    assert sum(bucket.count for bucket in found.item_buckets) == 3
    assert sum(bucket.count for bucket in found.user_buckets) == 2
    assert found.reach[-1].events == 1.0


def test_a_live_event_years_later_does_not_flatten_the_chart(shop: Workspace) -> None:
    shop.record([event(f"u{k}", "a", MONDAY + k * HOUR) for k in range(30)])
    shop.record([event("late", "a", MONDAY + 9000 * DAY)])
    found = reader(shop).read()
    assert found.outside == 1
    assert len(found.periods) <= 30
    assert sum(one.events for one in found.periods) == 30


def test_an_erased_item_is_gone_from_an_answer_that_is_kept(shop: Workspace) -> None:
    shop.upsert_items([{"item_id": "a", "title": "A"}, {"item_id": "b", "title": "B"}])
    shop.record([event("u", "a", MONDAY), event("u", "b", MONDAY)])
    kept = reader(shop)
    assert {one.item_id for one in kept.read().top_items} == {"a", "b"}
    shop.erase("item", "a")
    assert {one.item_id for one in kept.read().top_items} == {"b"}


def test_a_look_is_kept_for_a_minute(shop: Workspace) -> None:
    now = [0]
    kept = ActivityReader(shop.stores.events, shop.stores.entities, clock=lambda: now[0])
    assert kept.read().events_read == 0
    shop.record([event("u", "a", MONDAY)])
    assert kept.read().events_read == 0
    now[0] = 61_000
    assert kept.read().events_read == 1


def test_a_history_is_newest_first_and_names_items(shop: Workspace) -> None:
    shop.upsert_items([{"item_id": "a", "title": "A"}])
    shop.record([event("u", "a", MONDAY), event("u", "b", MONDAY + DAY)])
    deeds = reader(shop).history("u", limit=5).deeds
    assert [(deed.item_id, deed.title) for deed in deeds] == [("b", ""), ("a", "A")]
    assert reader(shop).history("u", limit=1).deeds == deeds[:1]
    assert reader(shop).history("nobody", limit=5).deeds == []


def test_slates_are_counted_by_hour(tmp_path: Path) -> None:
    traffic = Traffic(tmp_path, clock=lambda: MONDAY)
    slate = dict.fromkeys(("model_version", "surface", "arm", "policy"), "a") | {"positions": []}
    for minute in (0, 59, 60):
        traffic.shown({**slate, "created": MONDAY + minute * MINUTE})
    traffic.flush()
    found = traffic.timeline(since=MONDAY, step=HOUR)
    assert [(at, rate.shown) for at, rate in found.items()] == [(MONDAY, 2), (MONDAY + HOUR, 1)]
    assert traffic.timeline(since=MONDAY + HOUR, step=HOUR).keys() == {MONDAY + HOUR}
    traffic.close()


@pytest.mark.parametrize("far", [2**53, -(2**53), LAST_INSTANT + 1])
def test_times_of_no_calendar_count_as_none(shop: Workspace, far: int) -> None:
    shop.record([event("u", "a", MONDAY), event("u", "a", LAST_INSTANT), event("u", "b", 0)])
    row = LiveEvent.model_validate(event("v", "a", 1)).model_copy(update={"timestamp": far})
    shop.stores.events.append(event_frame([row], 0))  # as a file may bring it
    found = reader(shop).read()
    assert (found.events_read, found.untimed) == (4, 1)
