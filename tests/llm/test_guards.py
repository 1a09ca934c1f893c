"""The guards: breaker, budget, cache, turns; each alone, and in front of a server."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.llm.conftest import ChatServer
from tests.llm.test_chat import ask, client

from zhiyin.core.errors import ConfigError, StoreError
from zhiyin.core.protocols import Prompt, Turn
from zhiyin.llm.breaker import Breaker
from zhiyin.llm.budget import Budget, BudgetConfig
from zhiyin.llm.chat import ChatClient, ChatConfig
from zhiyin.llm.errors import (
    BadReplyError,
    BudgetExceededError,
    ServiceDownError,
    ServiceRefusedError,
)
from zhiyin.llm.patience import retry_after
from zhiyin.llm.replies import CacheConfig, ReplyCache

DAY = 86_400_000


class Time:
    """A clock that is set by hand."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class TestBreaker:
    def test_failures_in_a_row_open_it_and_successes_between_do_not(self) -> None:
        breaker = Breaker(failures=2, clock=Time())
        for _ in range(5):
            breaker.failed(BadReplyError("x"))
            breaker.succeeded()
        assert breaker.state == "closed"
        breaker.failed(BadReplyError("x"))
        breaker.failed(BadReplyError("x"))
        assert breaker.state == "open"
        with pytest.raises(ServiceDownError, match="not asked: x"):
            breaker.enter()

    @pytest.mark.parametrize(
        ("error", "opens"),
        [(ServiceDownError("gone"), True), (ServiceRefusedError("key", status=401), True),
         (ServiceRefusedError("policy", status=400), False), (BadReplyError("x"), False)],
    )  # fmt: skip
    def test_only_what_concerns_everything_opens_it_at_once(
        self, error: ServiceDownError, opens: bool
    ) -> None:
        breaker = Breaker(clock=Time())
        breaker.failed(error)
        assert (breaker.state == "open") is opens

    def test_half_open_lets_one_question_pass(self) -> None:
        clock = Time()
        breaker = Breaker(cooldown=10, clock=clock)
        breaker.failed(ServiceDownError("gone"))
        clock.now = 11
        assert breaker.state == "half-open"
        breaker.enter()
        with pytest.raises(ServiceDownError):
            breaker.enter()
        breaker.failed(ServiceDownError("gone"))
        clock.now = 11 + 19
        assert breaker.state == "open"  # twice as long
        clock.now = 11 + 21
        breaker.enter()
        breaker.succeeded()
        assert breaker.state == "closed"
        breaker.enter()

    def test_it_waits_as_long_as_the_service_asks(self) -> None:
        clock = Time()
        breaker = Breaker(cooldown=10, clock=clock)
        breaker.failed(ServiceDownError("busy", retry_after=100))
        clock.now = 99
        assert breaker.state == "open"


@pytest.fixture
def spent(tmp_path: Path) -> Path:
    return tmp_path / "spent.sqlite"


def budget(path: Path, now: int = 0, **limits: Any) -> Budget:
    return Budget(BudgetConfig(**limits), path, model="m", clock=lambda: now)


class TestBudget:
    def test_what_was_put_aside_is_replaced_by_what_was_used(self, spent: Path) -> None:
        made = budget(spent, tokens_per_day=100, price_in=1e6, price_out=2e6)
        aside = made.reserve(50, 40)
        with pytest.raises(BudgetExceededError, match="90 are spent"):
            made.reserve(5, 6)
        made.settle(aside, 10, 5)
        assert made.today() == (1, 10, 5, 20.0)
        made.settle(made.reserve(40, 40), 0, 0)
        assert made.today() == (1, 10, 5, 20.0)
        made.close()

    def test_money_counts_too(self, spent: Path) -> None:
        made = budget(spent, money_per_day=1.0, price_in=1.0, price_out=4.0)
        made.reserve(600_000, 100_000)
        with pytest.raises(BudgetExceededError, match="money_per_day"):
            made.reserve(1, 1)
        made.close()

    def test_it_outlives_the_process_and_ends_with_the_day(self, spent: Path) -> None:
        for now, fits in ((0, True), (DAY - 1, False), (DAY, True)):
            made = budget(spent, now, tokens_per_day=100)
            if fits:
                made.reserve(60, 20)
            else:
                with pytest.raises(BudgetExceededError):
                    made.reserve(60, 20)
            made.close()

    def test_threads_never_overspend(self, spent: Path) -> None:
        several = [budget(spent, tokens_per_day=1000) for _ in range(4)]

        def work(made: Budget) -> int:
            used = 0
            for _ in range(40):
                try:
                    aside = made.reserve(10, 20)
                except BudgetExceededError:
                    continue
                made.settle(aside, 5, 10)
                used += 15
            return used

        with ThreadPoolExecutor(4) as pool:
            used = sum(pool.map(work, several))
        today = several[0].today()
        assert used == today.tokens_in + today.tokens_out <= 1000
        assert used > 900
        for made in several:
            made.close()

    def test_a_damaged_file_is_told(self, spent: Path) -> None:
        spent.write_bytes(b"nonsense" * 1000)
        with pytest.raises(StoreError, match="cannot be used"):
            budget(spent)


def test_a_spent_budget_is_a_problem_and_no_request(chat_server: ChatServer, spent: Path) -> None:
    chat_server.script = lambda body: '{"n": 1}'
    made = client(chat_server, budget=budget(spent, tokens_per_day=600), max_tokens=400)
    replies = ask(made, "a", "b" * 500)
    assert replies[0].text == '{"n": 1}'
    assert "budget" in replies[1].problem
    assert len(chat_server.requests) == 1
    usage = made.usage()
    assert (usage["today_tokens"], usage["refused_by_budget"]) == (16, 1)
    assert next(iter(made.stream(Prompt("s", "c" * 500)))).problem.startswith("the day")


class TestCache:
    def test_answers_grow_old(self, tmp_path: Path) -> None:
        now = Time(0)
        cache = ReplyCache(tmp_path / "r", CacheConfig(days=2), clock=lambda: int(now.now))
        cache.put(b"k", "v")
        now.now = 2 * DAY - 1
        assert cache.get(b"k") == "v"
        now.now = 2 * DAY
        assert cache.get(b"k") is None
        cache.put(b"other", "v")
        assert cache.size < 100
        cache.close()

    def test_the_oldest_go_first(self, tmp_path: Path) -> None:
        now = Time(0)
        cache = ReplyCache(tmp_path / "r", CacheConfig(megabytes=0.01), clock=lambda: int(now.now))
        for number in range(50):
            now.now = number
            cache.put(b"%d" % number, "x" * 1000)
            assert cache.size <= 10_000
        assert cache.get(b"49")
        assert cache.get(b"0") is None
        cache.put(b"huge", "x" * 20_000)
        assert cache.get(b"huge") is None
        assert cache.get(b"49")
        cache.close()

    def test_none_are_remembered_for_no_days(self, tmp_path: Path) -> None:
        cache = ReplyCache(tmp_path / "r", CacheConfig(days=0))
        cache.put(b"k", "v")
        assert cache.get(b"k") is None
        cache.close()

    def test_a_cache_that_breaks_costs_a_call_and_no_answer(
        self, chat_server: ChatServer, tmp_path: Path
    ) -> None:
        chat_server.script = lambda body: '{"n": 1}'
        cache = ReplyCache(tmp_path / "r")
        made = client(chat_server, cache=cache)
        (tmp_path / "other").write_bytes(b"")
        cache._connection.execute("DROP TABLE answers")
        assert ask(made, "a")[0].text == '{"n": 1}'
        cache.close()


def test_another_prompt_schema_or_length_is_another_question(
    chat_server: ChatServer, tmp_path: Path
) -> None:
    chat_server.script = lambda body: '{"n": 1}'
    cache = ReplyCache(tmp_path / "r")
    a, turned = Prompt("s", "a"), Prompt("s", "a", (Turn("user", "x"),))
    for prompt, tokens in ((a, 9), (a, 9), (Prompt("t", "a"), 9), (turned, 9), (a, 8)):
        made = client(chat_server, cache=cache, max_tokens=tokens)
        made.answer([prompt], schema={}, accept=bool)
    made.answer([Prompt("s", "a")], schema={"type": "object"}, accept=bool)
    assert len(chat_server.requests) == 5
    cache.close()


def test_who_is_down_is_left_alone(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: (503, b"")
    made = client(chat_server, attempts=2)
    for _ in range(3):
        assert ask(made, "q")[0].text is None
    assert len(chat_server.requests) == 2
    usage = made.usage()
    assert (usage["refused_by_breaker"], usage["breaker_opened"], usage["retries"]) == (2, 1, 1)


@pytest.mark.parametrize(
    "asked", ["0.25", formatdate(time.time() + 1, usegmt=True)], ids=["seconds", "date"]
)
def test_the_wished_for_pause_is_kept(chat_server: ChatServer, asked: str) -> None:
    waits: list[float] = []
    failing = iter([(429, b"slow down", {"Retry-After": asked})])
    chat_server.script = lambda body: next(failing, '{"n": 1}')
    config = ChatConfig(base_url=chat_server.url, model="m", backoff=100)
    made = ChatClient(config, rng=np.random.default_rng(0), sleep=waits.append)
    assert ask(made, "q")[0].text == '{"n": 1}'
    assert len(waits) == 1
    assert waits[0] <= 1.0


def test_a_pause_that_is_too_long_is_not_waited_for(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: (429, b"", {"Retry-After": "3600"})
    made = client(chat_server, timeout=5)
    assert "3600 s" in ask(made, "q")[0].problem
    assert len(chat_server.requests) == 1
    with pytest.raises(ServiceDownError) as caught:
        made.guards.breaker.enter()
    assert (caught.value.retry_after or 0) > 3500


@given(st.text(max_size=40))
def test_any_wish_for_a_pause_is_read(text: str) -> None:
    seconds = retry_after(text, 0.0)
    assert seconds is None or seconds >= 0


def test_turns_hold_over_all_callers(chat_server: ChatServer) -> None:
    def slowly(body: dict[str, Any]) -> str:
        time.sleep(0.02)
        return '{"n": 1}'

    chat_server.script = slowly
    made = client(chat_server, concurrency=2)
    threads = [threading.Thread(target=ask, args=(made, "a", "b", "c")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(chat_server.requests) == 12
    assert chat_server.most_at_once <= 2


def test_no_turn_within_patience_is_a_problem(chat_server: ChatServer) -> None:
    release = threading.Event()

    def waits(body: dict[str, Any]) -> str:
        release.wait(5)
        return '{"n": 1}'

    chat_server.script = waits
    made = client(chat_server, concurrency=1, timeout=2.0)
    first = threading.Thread(target=ask, args=(made, "a"))
    first.start()
    while not chat_server.requests:
        time.sleep(0.01)
    object.__setattr__(made.guards, "patience", 0.05)
    assert "busy" in ask(made, "b")[0].problem
    release.set()
    first.join()


def test_another_language_is_asked_for_again_and_then_refused(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: "当然可以！这是您要的答案：一。"
    reply = ask(client(chat_server), "q")[0]
    assert reply.text is None
    assert "twice" in reply.problem


def test_thoughts_are_left_out(chat_server: ChatServer) -> None:
    chat_server.script = lambda body: '<think>{"n": 9} or so?</think>\n{"n": 1}'
    assert ask(client(chat_server), "q")[0].text == '{"n": 1}'


def test_a_key_that_no_header_carries_is_told() -> None:
    config = ChatConfig(base_url="http://127.0.0.1:9/v1", model="m", key_variable="K")
    with pytest.raises(ConfigError, match="key in K"):
        ChatClient(config, rng=np.random.default_rng(0), environment={"K": "sk-\nX"})


@pytest.mark.parametrize("url", ["nonsense", "http://[", "http://127.0.0.1:99999/v1", ""])
def test_an_address_that_is_none_is_a_problem(url: str) -> None:
    config = ChatConfig(base_url=url, model="m", attempts=1)
    made = ChatClient(config, rng=np.random.default_rng(0))
    assert ask(made, "q")[0].problem
