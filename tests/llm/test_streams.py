"""Streams of the chat client against a server on loopback: whole, cut off, nonsense, late."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.llm.conftest import ChatServer
from tests.llm.test_chat import client

from zhiyin.core.protocols import Prompt
from zhiyin.llm.errors import BadReplyError
from zhiyin.llm.replies import ReplyCache
from zhiyin.llm.sse import read_events

PROMPT = Prompt("speak", "q")


def heard(server: ChatServer, **settings: Any) -> tuple[str, str]:
    """The text that came, and the problem at the end."""
    pieces = list(client(server, **settings).stream(PROMPT))
    return "".join(piece.text or "" for piece in pieces), pieces[-1].problem


def test_pieces_come_before_the_end(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: "word " * 20
    chat_server.drip = 0.002
    made = client(chat_server)
    start = time.monotonic()
    times = [time.monotonic() - start for _ in made.stream(PROMPT)]
    assert times[0] < 0.5 * times[-1]
    usage = made.usage()
    assert usage["first_piece_p50_s"] < usage["latency_p50_s"]
    assert (usage["tokens_in"], usage["tokens_out"]) == (11, 5)


def test_a_stream_that_is_cut_off_ends_with_a_problem(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: "abcdef"
    chat_server.cut = 3
    text, problem = heard(chat_server)
    assert text == "abc"
    assert "broke off" in problem


def test_a_stream_that_takes_too_long_is_cut_off(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: "a" * 3000
    chat_server.drip = 0.01
    start = time.monotonic()
    text, problem = heard(chat_server, timeout=0.3, attempts=1)
    assert text
    assert "no end after" in problem
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    "raw",
    [b"data: {\n\n", b"data: nonsense\n\n", b'data: {"error": "overloaded"}\n\n', b"",
     b'{"choices": []}', b"\xff\xfe", b"data: [1]\n\n"],
)  # fmt: skip
def test_nonsense_in_a_stream_is_a_problem(chat_server: ChatServer, raw: bytes) -> None:
    chat_server.script = lambda body: (200, raw)
    text, problem = heard(chat_server)
    assert (text, bool(problem)) == ("", True)


def test_trouble_before_the_first_piece_is_waited_out(chat_server: ChatServer) -> None:
    failing = iter([503, 429])
    chat_server.script = lambda body: (status, b"") if (status := next(failing, 0)) else "fine"
    assert heard(chat_server) == ("fine", "")


def test_a_refused_stream_says_why(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: (401, b"bad key")
    text, problem = heard(chat_server)
    assert not text
    assert "bad key" in problem


def test_endpoints_that_count_no_tokens_are_asked_without(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: (400, b"what?") if "stream_options" in body else "fine"
    made = client(chat_server)
    for _ in range(2):
        assert "".join(reply.text or "" for reply in made.stream(PROMPT)) == "fine"
    assert ["stream_options" in r for r in chat_server.requests] == [True, False, False]
    assert made.usage()["tokens_out"] == 2 * 2  # guessed: three bytes each, rounded up


def test_a_whole_stream_is_remembered_and_a_broken_one_is_not(
    chat_server: ChatServer, tmp_path: Path
) -> None:
    cache = ReplyCache(tmp_path / "replies.sqlite")
    chat_server.script = lambda body: "abcdef"
    chat_server.cut = 3
    heard(chat_server, cache=cache)
    chat_server.cut = None
    assert heard(chat_server, cache=cache) == ("abcdef", "")
    assert heard(chat_server, cache=cache) == ("abcdef", "")
    assert len(chat_server.requests) == 2
    cache.close()


def test_who_stops_reading_has_used_what_was_read(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: "abcdef" * 100
    made = client(chat_server)
    assert [reply.text for reply in islice(made.stream(PROMPT), 2)] == ["abc", "def"]
    stream = made.stream(PROMPT)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    usage = made.usage()
    assert usage["calls"] == 2
    assert 0 < usage["tokens_out"] < 20
    assert made.guards.breaker.state == "closed"


@given(st.lists(st.text(max_size=40) | st.sampled_from(["data: {}", "data: [DONE]", "data:{"])))
def test_any_lines_are_read_or_refused(lines: list[str]) -> None:
    try:
        list(read_events(lines))
    except BadReplyError:
        pass
