"""The engine: live histories, honest slates, items newer than the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.pipeline.conftest import two_tastes

from zhiyin.core.errors import UnknownEntityError
from zhiyin.pipeline.workspace import Workspace


def kinds(items: list[str]) -> set[str]:
    return {item.split("-")[0] for item in items}


def taken(user: str) -> set[object]:
    return {event["item_id"] for event in two_tastes() if event["user_id"] == user}


def test_people_get_what_their_like_take_and_nothing_they_had(shop: Workspace) -> None:
    slate = shop.recommend("u00", n=5)
    assert kinds(slate.item_ids) == {"book"}
    assert not set(slate.item_ids) & taken("u00")
    assert slate.fallbacks == []
    assert [p.propensity for p in slate.positions] == [1.0] * 5


def test_an_event_changes_the_next_slate_of_its_user(shop: Workspace) -> None:
    first = shop.recommend("u01", n=3).item_ids
    shop.record([{"user_id": "u01", "item_id": first[0], "type": "view"}])
    second = shop.recommend("u01", n=3).item_ids
    assert first[0] not in second


def test_a_stranger_gets_popular_items_and_the_slate_says_so(shop: Workspace) -> None:
    slate = shop.recommend("nobody", n=4)
    assert len(slate.positions) == 4
    assert slate.fallbacks == ["no history: popular items"]
    counts = [
        shop.engine().trained.popularity[shop.engine().items.index[i]] for i in slate.item_ids
    ]
    assert counts == sorted(counts, reverse=True)


def test_a_session_is_enough_for_a_personal_slate(shop: Workspace) -> None:
    slate = shop.recommend(None, session=["pan-1", "pan-2"], n=5)
    assert kinds(slate.item_ids) == {"pan"}
    assert not {"pan-1", "pan-2"} & set(slate.item_ids)
    assert slate.user_id is None


def test_a_new_user_is_served_from_the_first_event(shop: Workspace) -> None:
    shop.record([{"user_id": "fresh", "item_id": "pan-3", "type": "view"}])
    assert kinds(shop.recommend("fresh", n=4).item_ids) == {"pan"}


def test_an_item_newer_than_the_model_reaches_the_right_people(shop: Workspace) -> None:
    takers = [f"u{n:02}" for n in range(0, 40, 2)]
    shop.record([{"user_id": u, "item_id": "book-new", "type": "view"} for u in takers])
    reader = shop.recommend("u50", n=21).item_ids
    cook = shop.recommend("u51", n=21).item_ids
    assert reader.index("book-new") < 5
    assert cook.index("book-new") > 4
    assert "book-new" not in shop.recommend("u00", n=21).item_ids, "a taker has it already"
    assert kinds([n.id for n in shop.engine().similar_items("book-new", n=5)]) == {"book"}


def test_an_item_stored_by_another_process_is_found_within_a_second(
    shop: Workspace, make_workspace: Callable[..., Workspace], clock: Callable[[], int]
) -> None:
    shop.recommend("u50", n=1)
    other = make_workspace()
    other.record([{"user_id": f"u{n:02}", "item_id": "book-x", "type": "view"} for n in (0, 2, 4)])
    clock.now += 1_001  # type: ignore[attr-defined]
    assert "book-x" in shop.recommend("u50", n=21).item_ids


def test_the_exposure_is_logged_whole(shop: Workspace) -> None:
    slate = shop.recommend("u02", n=3, surface="email", seed=9)
    stored = shop.stores.exposures.find(slate.slate_id)
    assert stored == slate.model_dump(mode="json")
    assert shop.stores.exposures.find("no-such-slate") is None


def test_more_than_the_catalogue_gives_the_catalogue(shop: Workspace) -> None:
    slate = shop.recommend("u00", n=10_000)
    assert len(slate.positions) == 15, "20 items less the 5 that u00 has"
    assert len(set(slate.item_ids)) == 15


def test_excluded_items_stay_out(shop: Workspace) -> None:
    first = shop.recommend("u00", n=2).item_ids
    assert first[0] not in shop.recommend("u00", n=20, exclude=[first[0], "unknown"]).item_ids


def test_evidence_names_events_that_happened(shop: Workspace) -> None:
    slate = shop.recommend("u00", n=3, explain=True)
    had = taken("u00")
    for position in slate.positions:
        assert position.evidence
        assert position.sources.keys() == {"ease"}
        for fact in position.evidence:
            assert (fact.kind, fact.event) == ("event", "view")
            assert fact.item_id in had
            assert 0 < fact.share <= 1


def test_without_history_the_evidence_is_popularity(shop: Workspace) -> None:
    facts = shop.recommend("nobody", n=1, explain=True).positions[0].evidence
    assert [fact.kind for fact in facts] == ["popular"]
    assert facts[0].text.endswith(" users")


def test_neighbours_share_the_taste(shop: Workspace) -> None:
    engine = shop.engine()
    assert kinds([n.id for n in engine.similar_items("pan-1", n=5)]) == {"pan"}
    likes = engine.similar_users("u00", n=10)
    assert all(int(n.id[1:]) % 2 == 0 for n in likes)
    assert "u00" not in [n.id for n in likes]


def test_unknown_ids_are_told_apart_from_empty_answers(shop: Workspace) -> None:
    with pytest.raises(UnknownEntityError, match="book-99"):
        shop.engine().similar_items("book-99")
    with pytest.raises(UnknownEntityError, match="nobody"):
        shop.engine().similar_users("nobody")


def test_negative_feedback_pushes_away(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace("[events.weights]\nview = 1.0\ndislike = -1.0\n")
    workspace.record(two_tastes())
    workspace.train(recipe="ease")
    workspace.record(
        [
            {"user_id": "x", "item_id": "book-1", "type": "dislike"},
            {"user_id": "x", "item_id": "pan-1", "type": "view"},
        ]
    )
    slate = workspace.recommend("x", n=30)
    assert "book-1" not in slate.item_ids
    assert kinds(slate.item_ids[:9]) == {"pan"}
    assert kinds(slate.item_ids[-5:]) == {"book"}


def test_the_same_query_and_seed_give_the_same_slate(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace('[serve]\npolicy = "boltzmann"\n')
    workspace.record(two_tastes())
    workspace.train(recipe="ease")
    one, two, other = (workspace.recommend("u00", n=5, seed=s) for s in (3, 3, 4))
    assert [(p.item_id, p.propensity) for p in one.positions] == [
        (p.item_id, p.propensity) for p in two.positions
    ]
    assert one.item_ids != other.item_ids
    assert all(0 < p.propensity < 1 for p in one.positions)
    assert one.policy == "boltzmann"


def test_old_tastes_still_speak_after_years_under_a_half_life(
    make_workspace: Callable[..., Workspace], clock: Callable[[], int]
) -> None:
    workspace = make_workspace("[events]\nhalf_life_days = 30\n")
    workspace.record(two_tastes())
    workspace.train(recipe="ease")
    clock.now += 30 * 365 * 86_400_000  # type: ignore[attr-defined]
    slate = workspace.recommend("u00", n=5)
    assert kinds(slate.item_ids) == {"book"}
    assert len({p.score for p in slate.positions}) > 1
    workspace.record([{"user_id": "u00", "item_id": f"pan-{i}", "type": "view"} for i in (1, 2)])
    assert kinds(workspace.recommend("u00", n=5).item_ids) == {"pan"}, "what is new outweighs it"


def test_a_catalogue_item_without_events_is_served_last(
    shop: Workspace, make_workspace: Callable[..., Workspace], tmp_path: Path
) -> None:
    items = tmp_path / "new.csv"
    items.write_text("item_id,title\nbook-quiet,A quiet book\n", encoding="utf-8")
    shop.import_items(items)
    slate = make_workspace().recommend("u00", n=50)
    assert slate.item_ids[-1] == "book-quiet"
    assert len(slate.item_ids) == 16


def test_settings_reach_the_policy(make_workspace: Callable[..., Workspace]) -> None:
    """At a temperature close to 0 the drawn slate is the greedy one."""
    workspace = make_workspace(
        '[serve]\npolicy = "boltzmann"\n[serve.boltzmann]\ntemperature = 0.0001\n'
    )
    workspace.record(two_tastes())
    workspace.train(recipe="ease")
    scores = [p.score for p in workspace.recommend("u00", n=5, seed=1).positions]
    assert scores == sorted(scores, reverse=True)


def test_a_catalogue_without_events_is_served_whole(
    make_workspace: Callable[..., Workspace], tmp_path: Path
) -> None:
    users, items = tmp_path / "users.csv", tmp_path / "items.csv"
    users.write_text("user_id,behavior\n1,浏览\n2,购买\n3,收藏\n", encoding="utf-8")
    items.write_text("item_id,category\n101,图书\n102,电子设备\n103,家居用品\n", encoding="utf-8")
    workspace = make_workspace()
    workspace.import_users(users)
    workspace.import_items(items)
    workspace.train()
    for user in ("1", "2", "3", "unknown", None):
        assert sorted(workspace.recommend(user).item_ids) == ["101", "102", "103"]
