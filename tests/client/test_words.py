"""Explanations, copy, profiles and understood searches through both clients, from a live server."""

from __future__ import annotations

import asyncio
from typing import get_args

import pytest

from zhiyin.client import AsyncClient, Client
from zhiyin.client.errors import ServiceError
from zhiyin.core.messages import CopyKind, Method


@pytest.mark.parametrize("method", get_args(Method))
def test_an_explanation_by_every_method(shop: Client, address: str, method: Method) -> None:
    first, second = shop.recommend("u02", n=2, log=False).item_ids
    found = shop.explain(
        "u02", first, method=method, length="long", language="en", instead_of=second
    )
    assert (found.method, found.explanation.style) == (method, "contrast")
    assert found.explanation.item_id == first
    assert {event.item_id.split("-")[0] for event in found.events} <= {"book"}

    async def again() -> str:
        async with AsyncClient(address) as client:
            return (
                await client.explain(
                    "u02", first, method=method, length="long", language="en", instead_of=second
                )
            ).explanation.text

    assert asyncio.run(again()) == found.explanation.text


def test_what_cannot_be_explained_is_told(shop: Client) -> None:
    with pytest.raises(ServiceError, match="not among") as told:
        shop.explain("u02", "nowhere", model=True)
    assert told.value.status == 404
    assert told.value.hint


@pytest.mark.parametrize("kind", get_args(CopyKind))
def test_copy_of_every_kind(shop: Client, address: str, kind: CopyKind) -> None:
    found = shop.write_copy(["pan-1", "pan-2"], kind=kind, n=2, language="zh", user_id="u03")
    assert {text.item_id for text in found} == {"pan-1", "pan-2"}
    assert all(text.kind == kind and text.slate_id is None for text in found)

    async def again() -> list[str]:
        async with AsyncClient(address) as client:
            texts = await client.write_copy(
                ["pan-1", "pan-2"], kind=kind, n=2, language="zh", user_id="u03"
            )
            return [text.copy_id for text in texts]

    assert asyncio.run(again()) == [text.copy_id for text in found]


def test_a_shown_text_is_answered_like_a_slate(shop: Client) -> None:
    (text,) = shop.write_copy(["pan-3"], kind="push", n=3, surface="push", show=True)
    assert text.slate_id
    assert text.propensity
    slate = shop.slate(text.slate_id)
    assert (slate.policy, slate.arm, slate.item_ids) == ("copy", text.copy_id, ["pan-3"])
    said = {"slate_id": text.slate_id, "item_id": "pan-3", "user_id": "copy-1", "type": "click"}
    assert shop.give_feedback(said).accepted == 1
    (arm,) = [each for each in shop.read_overview().copies if each.copy_id == text.copy_id]
    assert (arm.surface, arm.shown, arm.answered) == ("push", 1, 1)


def test_a_profile_in_words(shop: Client, address: str) -> None:
    shop.edit_profile("words-1", pin=["category:pan"], mute=["category:book"])
    words = shop.read_profile("words-1", language="en").words
    assert "You said that you want category “pan”." in words
    assert "You said that you do not want category “book”." in words

    async def spoken() -> str:
        async with AsyncClient(address) as client:
            return (await client.read_profile("words-1", language="zh")).words

    assert "你说过想要类别“pan”。" in asyncio.run(spoken())
    assert shop.read_profile("words-1").words == ""


def test_a_search_says_what_it_understood(shop: Client) -> None:
    found = shop.search("no pans, only book number 3", understand=True, n=3)
    assert found.understood is not None
    assert found.understood.filters
    assert all(item.startswith("book") for item in found.item_ids)
    assert shop.search("book number 3").understood is None
