"""Conversation: wishes, corrections and questions, answered with items of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Body
from fastapi.responses import StreamingResponse

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import answers, new_router
from zhiyin.core.messages import ChatAnswer, ChatItem, ChatMessage, ChatPiece, ChatReason, ChatWish
from zhiyin.pipeline.chatting.pieces import pieces_of

router = new_router("chat")

_SESSION = "0f8fad5bd9cb469fa16570867728950e"
_ANSWER = ChatAnswer(
    session_id=_SESSION,
    user_id="u-7",
    text="Here is what I found: “Two-person tent”.",
    items=[ChatItem(item_id="tent-1", title="Two-person tent")],
    acts=["shows"],
    wishes=[
        ChatWish(field="categories", op="has", value="camping"),
        ChatWish(field="price", op="<", value=200),
    ],
    topic="tent",
    tools=["search"],
)
_OPENED = ChatAnswer(
    session_id=_SESSION,
    user_id="u-7",
    text="You put “Two-person tent” in your cart on 2026-11-03 and have not bought it. "
    "Here is something for you: “Two-person tent” and “Head torch”.",
    items=[
        ChatItem(item_id="tent-1", title="Two-person tent"),
        ChatItem(item_id="torch-4", title="Head torch"),
    ],
    acts=["opens", "shows"],
    reasons=[
        ChatReason(
            kind="unfinished",
            text="You put “Two-person tent” in your cart on 2026-11-03 and have not bought it.",
            item_ids=["tent-1"],
            events=[48213],
            event_count=1,
            evidence_items=["tent-1"],
        )
    ],
    tools=["recommend"],
)
_SAID: dict[str, Any] = {
    "wish": {
        "summary": "A wish, with what must not be",
        "value": {"message": "A tent under 200 euros, not a heavy one", "user_id": "u-7"},
    },
    "opening": {
        "summary": "No message: the conversation is begun from what is recorded of the user",
        "value": {"user_id": "u-7", "utc_offset_minutes": 60, "language": "en"},
    },
    "consent": {
        "summary": "A preference that the user wants to be kept",
        "value": {"message": "no garden furniture for me", "user_id": "u-7", "remember": True},
    },
}
_STREAM = "text/event-stream"
_PIECES = (
    'event: words\ndata: {"text":"Here"}\n\n'
    f"event: answer\ndata: {ChatPiece(answer=_ANSWER).model_dump_json()}\n\n"
)
Said = Annotated[ChatMessage, Body(openapi_examples=_SAID)]


@router.post(
    "/v1/chat",
    summary="Say something, and get an answer with items",
    responses=answers(_ANSWER, 404, 413, says="Words, items by id, and what is in force now."),
)
def chat(workspace: Opened, message: Said) -> ChatAnswer:
    """Reads wishes, corrections and questions, and answers with items of the engine.

    A conversation goes on with its ``session_id`` and the same ``user_id``. Items come from the
    engine by id; neither a message nor the text of an item can name one that is not there.
    Without a ``message`` the conversation is begun: a slate, and ``reasons`` for it that rest on
    recorded events of the user alone; where nothing is recorded there are none.

    Nothing that is said enters the profile without consent: ``remember``, or a message that
    asks for it.
    """
    return workspace.chats.say(message)


@router.post(
    "/v1/chat/stream",
    summary="The same, word by word",
    responses=answers(
        _PIECES,
        404,
        413,
        says="Server-sent events: `words` with further text, then one `answer` with the whole.",
        media_type=_STREAM,
    ),
    response_class=StreamingResponse,
)
def chat_stream(workspace: Opened, message: Said) -> StreamingResponse:
    """As `/v1/chat`, as server-sent events; the last one carries the whole answer."""
    answer = workspace.chats.say(message)  # its problems come before the first byte
    return StreamingResponse(_events(answer), media_type=_STREAM)


def _events(answer: ChatAnswer) -> Iterator[bytes]:
    for piece in pieces_of(answer):
        kind = "words" if piece.answer is None else "answer"
        data = piece.model_dump_json(exclude_none=True)
        yield f"event: {kind}\ndata: {data}\n\n".encode()
