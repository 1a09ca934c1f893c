"""The conformance suite of online state: subclass it in a test, and a driver is measured.

::

    class TestMine(OnlineStateConformance):
        shared = True

        @pytest.fixture
        def factory(self, tmp_path):
            return lambda: MyState(tmp_path)

``factory`` opens the same state each time it is called. ``shared`` says whether two of them
see the same things, as they must for several processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from zhiyin.core.protocols.online import OnlineState
from zhiyin.testing.together import together

_SHORT = 0.25
_ODD = 'user:图 {a}:*"\n'


class OnlineStateConformance:
    """What every online state does."""

    shared: ClassVar[bool]

    @pytest.fixture
    def opened(self, factory: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
        """Opens states that are closed at the end; one state where they are not shared."""
        states = [factory()]

        def open_one() -> Any:  # noqa: ANN401 - any state
            if self.shared:
                states.append(factory())
            return states[-1]

        yield open_one
        for state in states:
            state.close()

    @pytest.fixture
    def state(self, opened: Callable[[], Any]) -> Any:  # noqa: ANN401 - any state
        """One of them."""
        return opened()

    def test_is_a_state(self, state: Any) -> None:  # noqa: ANN401
        """It has every method of the protocol."""
        assert isinstance(state, OnlineState)

    def test_empty(self, state: Any) -> None:  # noqa: ANN401
        """An empty state answers everything."""
        assert state.get("u", "a") is None
        assert state.recent("u", "a") == []
        assert state.increment("u", "a", 0) == 0
        assert state.forget("u") == 0

    def test_reads_what_was_written(self, opened: Callable[[], Any]) -> None:
        """At once, from every process, whatever the bytes and names are."""
        one, other = opened(), opened()
        for value in (b"", b"\x00\xff\n", b"x" * 100_000):
            assert one.put(_ODD, "a b", value) is True
            assert other.get(_ODD, "a b") == value
        assert other.get("user:", "a b") is None
        assert other.get(_ODD, "a") is None

    def test_kinds_are_apart(self, state: Any) -> None:  # noqa: ANN401
        """A value, a counter and a list of one name are three things."""
        state.put("u", "a", b"v")
        state.increment("u", "a", 3)
        state.push("u", "a", b"p", keep=2)
        assert (state.get("u", "a"), state.increment("u", "a", 0)) == (b"v", 3)
        assert state.recent("u", "a") == [b"p"]

    def test_values_expire(self, state: Any) -> None:  # noqa: ANN401
        """After their time, counted from the last put; without one they stay."""
        state.put("u", "short", b"1", ttl=_SHORT)
        state.put("u", "kept", b"2", ttl=_SHORT)
        state.put("u", "kept", b"3")
        assert state.get("u", "short") == b"1"
        time.sleep(_SHORT * 1.5)
        assert state.get("u", "short") is None
        assert state.get("u", "kept") == b"3"
        assert state.put("u", "short", b"4", new=True) is True

    def test_only_the_first_puts_a_new_value(self, opened: Callable[[], Any]) -> None:
        """Of many who claim a name exactly one gets it."""
        won: list[int] = []

        def claim(number: int) -> None:
            state = opened()
            for i in range(20):
                if state.put("key:1", f"idem-{i}", b"%d" % number, ttl=60, new=True):
                    won.append(i)

        together(claim, 4)
        assert sorted(won) == list(range(20))

    def test_no_step_of_a_counter_is_lost(self, opened: Callable[[], Any]) -> None:
        """Many count at once, up and down."""

        def count(number: int) -> None:
            state = opened()
            for _ in range(50):
                state.increment("u", "n", 3 if number % 2 else -1)

        together(count, 4)
        assert opened().increment("u", "n", 0) == 2 * 50 * (3 - 1)

    def test_a_budget_is_never_overspent(self, opened: Callable[[], Any]) -> None:
        """Steps that would pass the limit are refused, however many come at once."""
        spent: list[int] = []

        def spend(_number: int) -> None:
            state = opened()
            for _ in range(40):
                total = state.increment("campaign", "spent", 7, limit=100)
                if total is not None:
                    spent.append(total)

        together(spend, 4)
        assert sorted(spent) == list(range(7, 99, 7))
        state = opened()
        assert state.increment("campaign", "spent", 2, limit=100) == 100
        assert state.increment("campaign", "spent", 1, limit=100) is None
        assert state.increment("campaign", "spent", 0) == 100

    def test_counters_begin_again(self, state: Any) -> None:  # noqa: ANN401
        """A window is counted from its first step; later steps do not stretch it."""
        assert state.increment("k", "window", ttl=_SHORT) == 1
        time.sleep(_SHORT * 0.6)
        assert state.increment("k", "window", ttl=_SHORT) == 2
        time.sleep(_SHORT * 0.6)
        assert state.increment("k", "window", ttl=_SHORT) == 1

    def test_lists_keep_the_last(self, opened: Callable[[], Any]) -> None:
        """In order, bounded, seen by everybody."""
        one, other = opened(), opened()
        for i in range(7):
            one.push("u", "seen", b"%d" % i, keep=3)
        assert other.recent("u", "seen") == [b"4", b"5", b"6"]
        other.push("u", "seen", b"x", keep=2)
        assert one.recent("u", "seen") == [b"6", b"x"]

    def test_lists_expire_after_the_last_push(self, state: Any) -> None:  # noqa: ANN401
        """All at once; what comes afterwards begins a new list."""
        ttl = 4 * _SHORT  # so that a busy machine does not outlast it
        state.push("u", "seen", b"1", keep=5, ttl=ttl)
        time.sleep(ttl * 0.6)
        state.push("u", "seen", b"2", keep=5, ttl=ttl)
        time.sleep(ttl * 0.6)
        assert state.recent("u", "seen") == [b"1", b"2"]
        time.sleep(ttl * 0.6)
        assert state.recent("u", "seen") == []
        state.push("u", "seen", b"3", keep=5, ttl=_SHORT)
        assert state.recent("u", "seen") == [b"3"]

    def test_many_push_at_once(self, opened: Callable[[], Any]) -> None:
        """Nothing is lost, nothing doubled."""

        def push(number: int) -> None:
            state = opened()
            for i in range(25):
                state.push("u", "all", b"%d-%d" % (number, i), keep=1000)

        together(push, 4)
        assert len(set(opened().recent("u", "all"))) == 100

    def test_forgets_an_owner_whole(self, opened: Callable[[], Any]) -> None:
        """Everything of one, nothing of the others, and later writes stand."""
        state = opened()
        for owner in (_ODD, "user:7", "user:77"):
            state.put(owner, "v", b"1")
            state.put(owner, "short", b"1", ttl=60)
            state.increment(owner, "n", ttl=60)
            state.push(owner, "l", b"1", keep=3)
        assert state.forget("user:7") == 4
        assert state.forget("user:7") == 0
        other = opened()
        assert other.get("user:7", "v") is None
        assert other.increment("user:7", "n", 0) == 0
        assert other.recent("user:7", "l") == []
        assert (other.get("user:77", "v"), other.get(_ODD, "short")) == (b"1", b"1")
        other.put("user:7", "v", b"2")
        assert state.get("user:7", "v") == b"2"

    def test_forgets_what_outlives_what_came_later(self, state: Any) -> None:  # noqa: ANN401
        """A short-lived name does not make a long-lived one unknown."""
        state.put("u", "long", b"1")
        state.put("u", "short", b"1", ttl=_SHORT)
        time.sleep(_SHORT * 1.5)
        assert state.forget("u") == 1
        assert state.get("u", "long") is None
