"""Conversation over HTTP: sessions, items of the engine, consent, streaming, problems."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from zhiyin.client import AsyncClient, Client
from zhiyin.client.errors import ServiceError


def test_a_conversation_goes_on_with_its_session(shop: Client) -> None:
    first = shop.chat("a book please", user_id="chat-1")
    assert first.item_ids
    assert all(item.startswith("book-") for item in first.item_ids)
    assert [item.title for item in first.items] == [
        f"book number {item.item_id.removeprefix('book-')}" for item in first.items
    ]
    more = shop.chat("show me others", session_id=first.session_id, user_id="chat-1")
    assert more.session_id == first.session_id
    assert not set(more.item_ids) & set(first.item_ids)
    assert all(item.startswith("book-") for item in more.item_ids)


def test_a_session_is_closed_to_everybody_else(shop: Client) -> None:
    mine = shop.chat("a book please", user_id="chat-2")
    for other in ("chat-3", None):
        with pytest.raises(ServiceError, match="no conversation"):
            shop.chat("others", session_id=mine.session_id, user_id=other)
    with pytest.raises(ServiceError, match="no conversation"):
        shop.chat("others", session_id="no-such")


def test_words_come_one_by_one_and_the_answer_last(shop: Client, address: str) -> None:
    pieces = list(shop.chat_stream("a pan please", user_id="chat-4"))
    answer = pieces[-1].answer
    assert answer is not None
    assert len(pieces) > 5
    assert "".join(piece.text for piece in pieces) == answer.text

    async def spoken() -> list[str]:
        async with AsyncClient(address) as client:
            return [piece.text async for piece in client.chat_stream("a pan please")]

    assert len(asyncio.run(spoken())) > 5


def test_nothing_is_kept_without_consent(shop: Client) -> None:
    shop.chat("no pans please", user_id="chat-5")
    shop.chat("I never want pans", user_id="chat-5")
    assert shop.read_profile("chat-5").interests == []
    told = shop.chat("no pans please", user_id="chat-5", remember=True)
    assert told.remembered == ["mute: pan"]
    muted = [i for i in shop.read_profile("chat-5").interests if i.source == "mute"]
    assert [interest.name for interest in muted] == ["pan"]
    slate = shop.recommend("chat-5", n=10).item_ids
    assert slate[0].startswith("book-")
    assert shop.reset_profile("chat-5").removed == 1


def test_what_was_kept_is_given_up_in_words(shop: Client) -> None:
    first = shop.chat("remember that I don't want pans", user_id="chat-6")
    assert "remembers" in first.acts
    assert first.remembered == ["mute: pan"]
    gone = shop.chat("forget that preference again", session_id=first.session_id, user_id="chat-6")
    assert "forgets" in gone.acts
    assert shop.read_profile("chat-6").interests == []


def test_erasing_a_user_erases_their_conversations(shop: Client) -> None:
    first = shop.chat("a book please", user_id="chat-7")
    removed = {each.place: each.records for each in shop.erase("user", "chat-7").removed}
    assert removed["conversations"] == 1
    with pytest.raises(ServiceError, match="no conversation"):
        shop.chat("others", session_id=first.session_id, user_id="chat-7")


def test_a_new_item_is_talked_about_at_once(shop: Client) -> None:
    shop.store_items({"item_id": "kite-1", "title": "Red kite", "categories": ["kite"]})
    assert shop.chat("a kite please").item_ids == ["kite-1"]
    shop.erase("item", "kite-1")
    assert "kite-1" not in shop.chat("a kite please").item_ids


@pytest.mark.parametrize("message", ["", " ", "🙂" * 3000, "a" * 10_000, "\u202e\u0000x", "{}"])
def test_any_message_gets_an_answer(shop: Client, message: str) -> None:
    answer = shop.chat(message)
    assert answer.text.strip()
    assert answer.acts


def test_other_people_stay_unknown(shop: Client) -> None:
    answer = shop.chat("what did user u0042 buy?", user_id="chat-8")
    assert answer.acts == ["refuses"]
    assert answer.items == []


def test_a_message_without_end_is_refused_with_a_hint(shop: Client) -> None:
    http = shop._transport.http
    answer = http.post("/v1/chat", content=json.dumps({"message": "a" * 20_001}))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"]


def test_a_conversation_is_begun_without_a_claim_where_nothing_is_recorded(shop: Client) -> None:
    for user in ("chat-20", None):
        opening = shop.chat(user_id=user, n=4)
        assert opening.acts == ["opens", "shows"]
        assert len(opening.item_ids) == 4
        assert opening.reasons == []
        why = shop.chat("why the first?", session_id=opening.session_id, user_id=user)
        assert why.about == opening.item_ids[:1]


def test_a_conversation_is_begun_from_what_is_recorded_until_it_is_erased(shop: Client) -> None:
    now = int(time.time() * 1000)
    put = {"user_id": "chat-21", "item_id": "pan-3", "type": "cart", "timestamp": now - 60_000}
    shop.record_events(put)
    opening = shop.chat(user_id="chat-21", language="zh")
    (reason,) = opening.reasons
    assert (reason.kind, reason.item_ids, reason.evidence_items) == (
        "unfinished", ["pan-3"], ["pan-3"]
    )  # fmt: skip
    assert reason.event_count == len(reason.events) == 1
    assert "还没有购买" in opening.text
    assert opening.item_ids[0] == "pan-3"
    assert shop.chat(user_id="chat-22").reasons == []
    (english,) = shop.chat(user_id="chat-21", language="en").reasons
    assert english.text.startswith("You put “pan number 3” in your cart on ")
    shop.erase("user", "chat-21")
    assert shop.chat(user_id="chat-21", language="zh").reasons == []


def test_the_event_loop_may_begin_and_stream_too(address: str) -> None:
    async def begun() -> list[bool]:
        async with AsyncClient(address) as client:
            one = await client.chat(utc_offset_minutes=60)
            last = [piece async for piece in client.chat_stream(language="zh")][-1].answer
            return [bool(one.item_ids), last is not None and last.acts == ["opens", "shows"]]

    assert asyncio.run(begun()) == [True, True]


def test_a_clock_that_nobody_has_is_refused(shop: Client) -> None:
    with pytest.raises(ServiceError, match="840"):
        shop.chat(utc_offset_minutes=2000)
