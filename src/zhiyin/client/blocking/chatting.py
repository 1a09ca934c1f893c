"""Conversation: a message at a time, or word by word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from zhiyin.client.blocking.base import Connected
from zhiyin.client.calls import Call, Lines, body_of, given
from zhiyin.client.errors import error_from
from zhiyin.core.messages import ChatAnswer, ChatPiece

Language: TypeAlias = Literal["en", "zh"]
"""A language that a conversation is begun in."""
_DATA = b"data: "


class Chatting(Connected):
    """Conversation: a message at a time, or word by word."""

    def chat(
        self,
        message: str | None = None,
        *,
        session_id: str | None = None,
        user_id: str | None = None,
        n: int = 5,
        remember: bool = False,
        language: Language | None = None,
        utc_offset_minutes: int | None = None,
    ) -> ChatAnswer:
        """Says something, and gets an answer with items of the engine.

        Args:
            message: What is said, in any words; None: the conversation is begun from what is
                recorded of the user.
            session_id: The conversation, as the answer before named it; None: a new one.
            user_id: Who speaks; None for somebody unknown.
            n: How many items a slate has.
            remember: The user's consent that what is wished enters their profile.
            language: Of the words that begin a conversation; None: that of the titles.
            utc_offset_minutes: Minutes that the user's clock is ahead of UTC.
        """
        body = given(
            message=message,
            session_id=session_id,
            user_id=user_id,
            n=n,
            remember=remember or None,
            language=language,
            utc_offset_minutes=utc_offset_minutes,
        )
        return self._transport.send(Call("POST", "/v1/chat", ChatAnswer, body=body_of(body)))

    def chat_stream(
        self,
        message: str | None = None,
        *,
        session_id: str | None = None,
        user_id: str | None = None,
        n: int = 5,
        remember: bool = False,
        language: Language | None = None,
        utc_offset_minutes: int | None = None,
    ) -> Iterator[ChatPiece]:
        """The same word by word; the last piece carries the whole answer.

        Args:
            message: What is said, in any words; None: the conversation is begun from what is
                recorded of the user.
            session_id: The conversation, as the answer before named it; None: a new one.
            user_id: Who speaks; None for somebody unknown.
            n: How many items a slate has.
            remember: The user's consent that what is wished enters their profile.
            language: Of the words that begin a conversation; None: that of the titles.
            utc_offset_minutes: Minutes that the user's clock is ahead of UTC.
        """
        body = given(
            message=message,
            session_id=session_id,
            user_id=user_id,
            n=n,
            remember=remember or None,
            language=language,
            utc_offset_minutes=utc_offset_minutes,
        )
        with self._transport.http.stream(
            "POST",
            "/v1/chat/stream",
            content=body_of(body),
            headers={"Content-Type": "application/json"},
        ) as response:
            if not response.is_success:
                raise error_from(response.status_code, response.read())
            lines = Lines()
            for chunk in response.iter_bytes():
                for line in lines.of(chunk):
                    if line.startswith(_DATA):
                        yield ChatPiece.model_validate_json(line[len(_DATA) :])
