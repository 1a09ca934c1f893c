"""The chat client against a scripted server on loopback: patience, limits, nonsense."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.llm.conftest import ChatServer

from zhiyin.core.protocols import LanguageModel, Prompt
from zhiyin.llm.budget import Budget, BudgetConfig
from zhiyin.llm.chat import ChatClient, ChatConfig
from zhiyin.llm.replies import ReplyCache
from zhiyin.llm.scripted import ScriptedModel
from zhiyin.llm.structured import read_object
from zhiyin.testing.language import SCHEMA, LanguageModelConformance


class Count(BaseModel):
    n: int


def good(text: str) -> bool:
    return read_object(text, Count) is not None


def user(body: dict[str, Any]) -> str:
    """The question, whatever was said before and after it."""
    texts = [m["content"] for m in body["messages"] if m["role"] == "user"]
    asked = [text for text in texts if not text.startswith("That was not")]
    return asked[-1]


def client(server: ChatServer, **settings: Any) -> ChatClient:
    cache, budget = settings.pop("cache", None), settings.pop("budget", None)
    environment = settings.pop("environment", {})
    config = ChatConfig(base_url=server.url, model="m", **{"backoff": 0.0, **settings})
    return ChatClient(
        config, rng=np.random.default_rng(0), cache=cache, budget=budget, environment=environment,
        sleep=lambda seconds: None,
    )  # fmt: skip


def ask(made: ChatClient, *questions: str) -> list[Any]:
    return made.answer([Prompt("count", q) for q in questions], schema=SCHEMA, accept=good)


class TestChatClient(LanguageModelConformance):
    """Over real HTTP."""

    @pytest.fixture(autouse=True)
    def _server(self, chat_server: ChatServer) -> None:
        self.server = chat_server

    def make(self, said: dict[str, str]) -> LanguageModel:
        self.server.script = lambda body: said[user(body)]
        return client(self.server)


class TestBehindEveryGuard(LanguageModelConformance):
    """With a cache and a budget, and an endpoint that knows no form."""

    @pytest.fixture(autouse=True)
    def _server(self, chat_server: ChatServer, tmp_path: Path) -> Iterator[None]:
        self.server = chat_server
        self.cache = ReplyCache(tmp_path / "replies.sqlite")
        budget = BudgetConfig(tokens_per_day=10**7, price_in=1.0)
        self.budget = Budget(budget, tmp_path / "spent.sqlite", model="m")
        yield
        self.cache.close()
        self.budget.close()

    def make(self, said: dict[str, str]) -> LanguageModel:
        self.server.script = lambda body: (
            (400, b"what?") if "response_format" in body else said[user(body)]
        )
        return client(self.server, cache=self.cache, budget=self.budget)


class TestScriptedModel(LanguageModelConformance):
    def make(self, said: dict[str, str]) -> LanguageModel:
        return ScriptedModel(lambda prompt: said[prompt.user])


def test_the_request_is_what_endpoints_expect(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: '{"n": 1}'
    made = client(chat_server, key_variable="K", environment={"K": "s"}, max_tokens=9)
    assert ask(made, "q")[0].text == '{"n": 1}'
    body = chat_server.requests[0]
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("m", 9, 0)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert chat_server.keys == ["Bearer s"]


def test_answers_are_remembered_between_runs(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.script = lambda body: '{"n": 1}' if user(body) == "a" else "nonsense"
    for _ in range(2):
        cache = ReplyCache(tmp_path / "replies.sqlite")
        replies = ask(client(chat_server, cache=cache), "a", "b")
        cache.close()
        assert [reply.text for reply in replies] == ['{"n": 1}', None]
    assert sorted(map(user, chat_server.requests)) == ["a", "b", "b", "b", "b"]


def test_nonsense_is_asked_for_once_more(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: '{"n": 2}' if len(body["messages"]) == 4 else "Sure! Here"
    assert ask(client(chat_server), "q")[0].text == '{"n": 2}'
    assert len(chat_server.requests) == 2


@pytest.mark.parametrize(
    "raw", [b"", b"<html>", b"{}", b'{"choices": []}', b"\xff\xfe", b"[" * 10**5]
)
def test_an_answer_of_another_protocol_is_a_problem_told(
    chat_server: ChatServer, raw: bytes
) -> None:
    chat_server.script = lambda body: (200, raw)
    reply = ask(client(chat_server), "q")[0]
    assert reply.text is None
    assert reply.problem


def test_an_endpoint_without_schemas_is_asked_plainly(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: (400, b"what?") if "response_format" in body else '{"n": 3}'
    made = client(chat_server, concurrency=1)
    assert [r.text for r in ask(made, "a", "b", "c")] == ['{"n": 3}'] * 3
    # With a schema, without; with "any object", without; from then on without.
    assert ["response_format" in r for r in chat_server.requests] == [True, False] * 2 + [False]
    assert '"required": ["n"]' in chat_server.requests[-1]["messages"][0]["content"]


def test_trouble_is_waited_out(chat_server: ChatServer) -> None:
    failing = iter([503, 429])
    chat_server.script = lambda body: (status, b"") if (status := next(failing, 0)) else '{"n": 1}'
    assert ask(client(chat_server), "q")[0].text == '{"n": 1}'


def test_a_refusal_of_everything_stops_the_asking(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: (401, b"bad key")
    replies = ask(client(chat_server, concurrency=1), *"abcdef")
    assert all(reply.text is None for reply in replies)
    assert "bad key" in replies[0].problem
    assert len(chat_server.requests) == 1


def test_one_refused_question_does_not_stop_the_others(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: (400, b"policy") if user(body) == "b" else '{"n": 1}'
    replies = ask(client(chat_server, concurrency=1), "a", "b", "c")
    assert [reply.text is None for reply in replies] == [False, True, False]


def test_who_is_gone_is_told_at_once() -> None:
    config = ChatConfig(base_url="http://127.0.0.1:9/v1", model="m", attempts=2, backoff=0)
    made = ChatClient(config, rng=np.random.default_rng(0))
    start = time.monotonic()
    replies = ask(made, *map(str, range(50)))
    assert all(reply.text is None and reply.problem for reply in replies)
    assert time.monotonic() - start < 5


def test_who_sends_drop_by_drop_is_cut_off(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: '{"n": 1}' + " " * 400
    chat_server.drip = 0.1
    start = time.monotonic()
    reply = ask(client(chat_server, timeout=0.3, attempts=1), "q")[0]
    assert "no end after" in reply.problem
    assert time.monotonic() - start < 3


def test_only_so_many_at_once(chat_server: ChatServer) -> None:
    def slowly(body: dict[str, Any]) -> str:
        time.sleep(0.02)
        return '{"n": 1}'

    chat_server.script = slowly
    assert len(ask(client(chat_server, concurrency=3), *map(str, range(24)))) == 24
    assert 1 < chat_server.most_at_once <= 3


@pytest.mark.parametrize(
    "text",
    ['{"n": 4}', 'Sure!\n```json\n{"n": 4}\n```', '{"n": 4,}', '{"n": 4', '{"n": 4, "x": ["a", ',
     '{"n": 4, "why": "because', '{"n": 4} {"n": 5}', '{"n": 4, "s": "a\nb"}', '{"n": "4"}'],
)  # fmt: skip
def test_objects_are_found_and_mended(text: str) -> None:
    assert read_object(text, Count) == Count(n=4)


@pytest.mark.parametrize(
    "text", ["", "no", "{", "[1]", '{"m": 1}', "}{", "{" * 10**5, '{"n": "x"}']
)
def test_what_is_no_object_is_refused(text: str) -> None:
    assert read_object(text, Count) is None


@given(st.text(max_size=300) | st.text(alphabet='{}[]",:\\n1 ', max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_object(text, Count)
