"""The client against a real server, and against servers that fail."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from zhiyin.client import (
    AsyncClient,
    ChangedError,
    Client,
    InvalidError,
    NotFoundError,
    Retries,
    ServiceError,
    UnavailableError,
    UnreachableError,
)
from zhiyin.core.errors import DataError, UnknownEntityError
from zhiyin.core.messages import LiveEvent

ODD_IDS = [
    "a/b",
    "..",
    ".",
    "名 片",
    "x?y#z",
    "100%",
    "%2F",
    "'; DROP TABLE items; --",
    "../../etc",
]


@pytest.mark.parametrize("item_id", ODD_IDS)
def test_any_id_can_be_stored_read_found_and_deleted(shop: Client, item_id: str) -> None:
    stored = shop.put_item(item_id, {"title": "odd"})
    assert stored.item_id == item_id
    assert shop.read_item(item_id) == stored
    shop.record_events({"user_id": item_id, "item_id": item_id})
    assert shop.export_user(item_id).events[0].item_id == item_id
    assert isinstance(shop.read_profile(item_id).events, int)
    assert shop.delete_item(item_id).deleted
    with pytest.raises(NotFoundError) as raised:
        shop.read_item(item_id)
    assert raised.value.hint
    assert shop.erase("user", item_id).found
    shop.erase("item", item_id)


def test_events_change_the_next_slate_and_feedback_names_it(shop: Client) -> None:
    first = shop.recommend("u02", n=3)
    assert (
        shop.record_events(
            LiveEvent(user_id="u02", item_id=first.item_ids[0], type="view")
        ).accepted
        == 1
    )
    assert first.item_ids[0] not in shop.recommend("u02", n=3).item_ids
    click = {"slate_id": first.slate_id, "item_id": first.item_ids[1], "type": "click"}
    assert shop.give_feedback({**click, "position": 2}).accepted == 1
    last = shop.export_user("u02").events[-1]
    assert last.type == "click"
    assert last.context == {"slate_id": first.slate_id, "position": 2, "surface": "home"}
    assert shop.slate(first.slate_id) == first
    for wrong in ({"position": 1}, {"item_id": "nowhere"}, {"user_id": "u04"}):
        with pytest.raises(InvalidError):
            shop.give_feedback({**click, **wrong})
    with pytest.raises(NotFoundError):
        shop.give_feedback({**click, "slate_id": "none"})
    anonymous = shop.recommend(None, session=["pan-1"], n=2)
    told = {"slate_id": anonymous.slate_id, "item_id": anonymous.item_ids[0]}
    with pytest.raises(InvalidError, match="anonymous"):
        shop.give_feedback(told)
    assert shop.give_feedback({**told, "user_id": "visitor-1"}).accepted == 1


def test_the_same_key_stores_once_and_other_content_is_kept(shop: Client) -> None:
    event = {"user_id": "k", "item_id": "pan-1"}
    for accepted in (2, 0):
        stored = shop.record_events([event, event], idempotency_key="order-1")
        assert stored.accepted == accepted
    assert shop.record_events([{**event, "value": 2.0}], idempotency_key="order-1").accepted == 1
    assert shop.record_events([event]).accepted == 1


def test_a_stream_is_stored_line_by_line_with_a_report(shop: Client, address: str) -> None:
    events = [{"user_id": "s", "item_id": f"pan-{i % 10}", "value": i} for i in range(2500)]
    report = shop.stream_events(iter(events), idempotency_key="s1")
    assert (report.lines, report.accepted, report.rejected) == (2500, 2500, 0)
    again = shop.stream_events(iter(events), idempotency_key="s1")
    assert (again.accepted, again.duplicates) == (0, 2500)
    body = b'{"user_id":"s"}\n\nnonsense\n{"item_id":"x"}\n{"user_id":"s","value":NaN}\n'
    answer = httpx.post(
        f"{address}/v1/events/stream",
        content=body,
        headers={"Content-Type": "application/x-ndjson"},
    ).json()
    assert (answer["lines"], answer["accepted"], answer["rejected"]) == (4, 1, 3)
    assert [fault["line"] for fault in answer["faults"]] == [3, 4, 5]
    shop.erase("user", "s")


def test_changes_are_made_only_to_what_was_seen(shop: Client) -> None:
    seen = shop.put_item("lamp", {"title": "Lamp", "price": 3.0, "brand": "Lux"})
    changed = shop.patch_item("lamp", {"price": 4.0, "brand": None}, if_match=seen.etag)
    assert changed.attributes == {"title": "Lamp", "price": 4.0}
    for late in (
        lambda: shop.patch_item("lamp", {"price": 5.0}, if_match=seen.etag),
        lambda: shop.put_item("lamp", {}, if_match=seen.etag),
        lambda: shop.put_item("lamp", {}, only_new=True),
        lambda: shop.delete_item("lamp", if_match=seen.etag),
    ):
        with pytest.raises(ChangedError):
            late()
    assert shop.read_item("lamp") == changed
    assert shop.patch_item("lamp", {"名称": "灯"}).attributes["title"] == "灯"
    with pytest.raises(NotFoundError):
        shop.patch_item("no-lamp", {"price": 1.0})
    with pytest.raises(InvalidError):
        shop.patch_item("lamp", {"price": "cheap"})
    shop.delete_item("lamp")


def test_pages_are_stable_under_writes(shop: Client) -> None:
    shop.store_users([{"user_id": f"page-{i}", "n": i} for i in range(25)])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = shop.list_users(limit=10, cursor=cursor)
        seen += [user.user_id for user in page.users]
        shop.store_users({"user_id": f"between-{len(seen)}"})
        shop.delete_user(seen[0])
        if page.cursor is None:
            break
        cursor = page.cursor
    assert len(seen) == len(set(seen))
    assert {f"page-{i}" for i in range(25)} <= set(seen)
    for broken in ("nonsense", "aTEyMzQ1Ng", "!!"):
        with pytest.raises(InvalidError, match="cursor"):
            shop.list_users(cursor=broken)


def test_hidden_sold_out_and_deleted_items_are_in_no_slate(shop: Client) -> None:
    before = shop.recommend("u06", n=5).item_ids
    shop.patch_item(before[0], {"hidden": True})
    shop.patch_item(before[1], {"available": False})
    kept = shop.read_item(before[2]).attributes
    shop.delete_item(before[2])
    after = shop.recommend("u06", n=5).item_ids
    assert not set(after) & set(before[:3])
    assert len(after) == 5
    assert before[0] not in [
        h.item_id for h in shop.search(before[0].replace("-", " number ")).hits
    ]
    near = [n.id for item in after for n in shop.similar_items(item, n=20)]
    assert not set(near) & set(before[:3])
    shop.patch_item(before[0], {"hidden": None})
    shop.patch_item(before[1], {"available": True})
    shop.put_item(before[2], kept)
    assert shop.recommend("u06", n=5).item_ids == before


def test_candidates_of_the_caller_are_ranked_whole(shop: Client) -> None:
    asked = ["book-1", "pan-1", "unheard-of", "book-2", "pan-1"]
    ranked = shop.rank("u01", asked)
    assert sorted(ranked.item_ids) == sorted(set(asked))
    assert ranked.item_ids[-1] == "unheard-of"
    scores = [p.score for p in ranked.positions]
    assert scores == sorted(scores, reverse=True)
    with pytest.raises(NotFoundError):
        shop.slate(ranked.slate_id)
    logged = shop.rank("u01", asked, log=True)
    assert shop.slate(logged.slate_id).item_ids == logged.item_ids
    with pytest.raises(InvalidError):
        shop.rank("u01", [])


def test_models_are_listed_published_and_rolled_back(shop: Client, folder: Path) -> None:
    first = shop.list_models()[0]
    assert first.serving
    assert first.members[0].name == "user-knn"
    assert shop.publish_model(first.version) == first
    with pytest.raises(NotFoundError):
        shop.publish_model("v999999")
    with pytest.raises(ServiceError) as raised:
        shop.rollback_model()
    assert raised.value.status == 409
    with pytest.raises(NotFoundError):
        shop.read_training("t999999")
    with pytest.raises(InvalidError):
        shop.start_training(budget="soon")


def test_a_training_runs_in_the_background_and_publishes(shop: Client) -> None:
    job = shop.start_training(recipe="popularity", gate=False)
    with pytest.raises(ServiceError, match="running"):
        shop.start_training(recipe="popularity")
    for _ in range(600):
        job = shop.read_training(job.id)
        if job.ended:
            break
        asyncio.run(asyncio.sleep(0.1))
    assert job.state == "published", job
    assert job in shop.list_trainings()
    assert any(shop.recommend("u01").model_version == job.version for _ in range(500))
    assert shop.rollback_model().version == "v000001"
    assert shop.cancel_training(job.id).state == "published"


def test_everything_is_exported(shop: Client) -> None:
    events = list(shop.export_all_events())
    assert [e.seq for e in events] == sorted(e.seq for e in events)
    assert events[0].user_id == "u00"
    assert list(shop.export_all_events(after=events[-2].seq)) == events[-1:]
    assert {i.item_id for i in shop.export_all_items()} >= {"book-1", "pan-9"}
    assert "u00" in {u.user_id for u in shop.export_all_users()}
    with pytest.raises(NotFoundError):
        shop.export_user("nobody-at-all")


def test_the_asynchronous_client_does_the_same(shop: Client, address: str) -> None:
    async def ask() -> None:
        async with AsyncClient(address) as other:
            assert (await other.recommend("u03", n=3)).item_ids == shop.recommend(
                "u03", n=3
            ).item_ids
            assert (await other.record_events({"user_id": "async"})).accepted == 1
            streamed = ({"user_id": "async", "item_id": f"pan-{i}"} for i in range(5))
            assert (await other.stream_events(streamed)).accepted == 5
            users = [u.user_id async for u in other.export_all_users()]
            assert "async" in users
            with pytest.raises(NotFoundError):
                await other.read_item("none")

    asyncio.run(ask())


def answering(*statuses: int) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A server that answers with these, one after the other; 0 stands for a broken line."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        status = statuses[min(len(asked), len(statuses)) - 1]
        if status == 0:
            raise httpx.ReadError("cut off")
        if status == -1:
            raise httpx.ConnectError("refused")
        counted = {"accepted": 1, "duplicates": 0}
        body = {"status": "ok"} if request.method == "GET" else counted
        problem = {
            "title": "X",
            "status": status,
            "detail": "it is so (do that)",
            "hint": "do that",
        }
        return httpx.Response(status, json=body if status < 300 else problem)

    return httpx.MockTransport(answer), asked


Asking = Callable[[Client], object]


@pytest.mark.parametrize(
    ("statuses", "ask", "tries", "fails"),
    [
        ((503, 503, 201), lambda c: c.record_events({"user_id": "u"}), 3, None),
        ((0, 200), lambda c: c.healthy(), 2, None),
        ((503,), lambda c: c.healthy(), 4, UnavailableError),
        ((0,), lambda c: c.recommend("u"), 1, UnreachableError),
        ((-1,), lambda c: c.recommend("u"), 4, UnreachableError),
        ((503,), lambda c: c.rollback_model(), 1, UnavailableError),
        ((404,), lambda c: c.healthy(), 1, NotFoundError),
        ((422,), lambda c: c.record_events({"user_id": ""}), 1, InvalidError),
        ((500,), lambda c: c.healthy(), 1, ServiceError),
        ((0,), lambda c: c.stream_events([{"user_id": "u"}]), 1, UnreachableError),
    ],
)
def test_what_may_be_repeated_is_tried_again(
    statuses: tuple[int, ...], ask: Asking, tries: int, fails: type[Exception] | None
) -> None:
    transport, asked = answering(*statuses)
    quick = Retries(first_s=0.001, longest_s=0.001)
    with Client("http://x", retries=quick, rng=random.Random(1), transport=transport) as client:
        if fails is None:
            ask(client)
        else:
            with pytest.raises(fails) as raised:
                ask(client)
            assert raised.value.hint  # type: ignore[attr-defined]
    assert len(asked) == tries
    keys = {request.headers.get("Idempotency-Key") for request in asked}
    assert len(keys) == 1


def test_errors_are_those_of_the_engine_and_say_what_to_do() -> None:
    transport, _ = answering(404)
    with Client("http://x", transport=transport) as client:
        with pytest.raises(UnknownEntityError) as raised:
            client.read_item("x")
        assert str(raised.value) == "it is so (do that)"
    assert issubclass(InvalidError, DataError)
    proxy = httpx.MockTransport(lambda _request: httpx.Response(502, text="<html>bad gateway"))
    with Client("http://x", transport=proxy) as client, pytest.raises(ServiceError, match="502"):
        client.healthy()


def test_waits_grow_spread_and_heed_the_service() -> None:
    rng, retries = random.Random(3), Retries()
    waits = [[retries.wait(k, None, rng) for _ in range(50)] for k in (1, 2, 3, 20)]
    for k, found in enumerate(waits):
        usual = min(5.0, 0.1 * 2 ** (k if k < 3 else 19))
        assert 0.5 * usual <= min(found) < max(found) <= 1.5 * usual
        assert max(found) > 1.2 * min(found)
    assert retries.wait(1, "3", rng) >= 3.0
