"""A language model behind guards: cache, budget, breaker, limits, a second question, a meter."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore

from zhiyin.core.errors import StoreError
from zhiyin.core.memory import memory_key
from zhiyin.core.protocols import Form, Grammar, Prompt, Reply
from zhiyin.llm.breaker import Breaker
from zhiyin.llm.budget import Budget, Reserved
from zhiyin.llm.errors import BadReplyError, BudgetExceededError, ServiceDownError, ServiceError
from zhiyin.llm.meter import Meter
from zhiyin.llm.prompt_files import load_prompt
from zhiyin.llm.replies import ReplyCache
from zhiyin.llm.speaking import (
    Messages,
    Said,
    Session,
    Speaker,
    as_messages,
    guessed_tokens,
    most_tokens,
    without_thoughts,
)

_AGAIN = load_prompt("zhiyin.llm", "again")


@dataclass(frozen=True)
class Guards:
    """What stands between a provider and whoever asks it.

    Attributes:
        cache: Where accepted answers are remembered; None for nowhere.
        budget: What a day may cost; None for no limit.
        breaker: Leaves a service alone that does not answer.
        meter: Counts.
        concurrency: Questions under way at once, over all callers.
        patience: Seconds that a question waits for its turn.
    """

    cache: ReplyCache | None = None
    budget: Budget | None = None
    breaker: Breaker = field(default_factory=Breaker)
    meter: Meter = field(default_factory=Meter)
    concurrency: int = 1
    patience: float = 60.0


class GuardedModel:
    """A language model made of a provider and its guards.

    Args:
        speaker: The provider.
        guards: What stands before it.
    """

    def __init__(self, speaker: Speaker, guards: Guards | None = None) -> None:
        self.guards = guards or Guards()
        self._speaker = speaker
        self._turns = BoundedSemaphore(self.guards.concurrency)
        self._count = self.guards.meter.count

    @property
    def id(self) -> str:
        """The model's name."""
        return self._speaker.id

    def usage(self) -> dict[str, float]:
        """See `Meter.snapshot`; with a budget, also what today cost in all processes."""
        result = self.guards.meter.snapshot()
        result["breaker_opened"] = self.guards.breaker.opened
        if self.guards.budget is not None:
            try:
                today = self.guards.budget.today()
            except StoreError:
                return result
            result["today_tokens"] = today.tokens_in + today.tokens_out
            result["today_money"] = today.money
        return result

    def answer(
        self, prompts: Sequence[Prompt], *, schema: Form, accept: Callable[[str], bool]
    ) -> list[Reply]:
        """See `LanguageModel.answer`; once the service is down, the rest is not asked."""
        if not prompts:
            return []

        def ask(prompt: Prompt) -> Reply:
            try:
                return self._reply(session, prompt, schema, accept)
            except ServiceError as error:
                return Reply(None, error.message)

        threads = min(self.guards.concurrency, len(prompts))
        try:
            with self._speaker.session() as session:
                if threads == 1:  # here: the end of a process waits for the threads of pools
                    return [ask(prompt) for prompt in prompts]
                with ThreadPoolExecutor(threads) as pool:
                    return list(pool.map(ask, prompts))
        except ServiceError as error:
            return [Reply(None, error.message)] * len(prompts)

    def stream(self, prompt: Prompt) -> Iterator[Reply]:
        """See `LanguageModel.stream`; what was streamed whole is remembered."""
        key = self._key(prompt, None)
        known = self._recall(key)
        if known is not None:
            self._count("cache_hits")
            yield Reply(known)
            return
        parts: list[str] = []
        try:
            with self._speaker.session() as session:
                for piece in self._pieces(session, as_messages(prompt)):
                    parts.append(piece)
                    yield Reply(piece)
        except ServiceError as error:
            yield Reply(None, error.message)
            return
        self._remember(key, "".join(parts))

    def _reply(
        self, session: Session, prompt: Prompt, form: Form, accept: Callable[[str], bool]
    ) -> Reply:
        key = self._key(prompt, form)
        known = self._recall(key)
        if known is not None and accept(known):
            self._count("cache_hits")
            return Reply(known)
        self._count("cache_misses", self.guards.cache is not None)
        messages = as_messages(prompt)
        for last in (False, True):
            text = self._say(session, messages, form)
            if text is not None and accept(text):
                self._remember(key, text)
                return Reply(text)
            self._count("not_accepted")
            if not last:
                wrong = [{"role": "assistant", "content": text}] if text else []
                messages = [*messages, *wrong, {"role": "user", "content": _again(form)}]
        return Reply(None, "the answer was not what was asked for, twice")

    def _say(self, session: Session, messages: Messages, form: Form) -> str | None:
        with self._call(messages) as call:
            call.said = session.say(messages, form)
        text = call.said.text
        return None if text is None else without_thoughts(text)

    def _pieces(self, session: Session, messages: Messages) -> Generator[str]:
        with self._call(messages) as call:
            pieces = session.pieces(messages)
            try:
                while True:
                    try:
                        piece = next(pieces)
                    except StopIteration as end:
                        call.said = end.value
                        return
                    if not call.heard:
                        self.guards.meter.began(time.monotonic() - call.began)
                    call.heard.append(piece)
                    yield piece
            finally:
                pieces.close()

    @contextmanager
    def _call(self, messages: Messages) -> Generator[_Call]:
        """One call: its turn, its budget, the breaker, the meter."""
        breaker = self.guards.breaker
        with self._turn(), self._paid(messages) as call:
            try:
                breaker.enter()
            except ServiceDownError:
                self._count("refused_by_breaker")
                raise
            call.asked = True
            self._count("calls")
            try:
                yield call
            except ServiceError as error:
                self._count("failed")
                breaker.failed(error)
                raise
            except BaseException:
                breaker.left()
                raise
            if call.said.text is None and not call.heard:
                breaker.failed(BadReplyError(f"{self.id} does not speak its protocol"))
            else:
                breaker.succeeded()
            self.guards.meter.took(time.monotonic() - call.began)

    @contextmanager
    def _turn(self) -> Generator[None]:
        if not self._turns.acquire(timeout=self.guards.patience):
            raise ServiceDownError(
                f"{self.id} is busy: no turn came in {self.guards.patience:g} s",
                hint="raise concurrency in [llm], or ask less at once",
            )
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def _paid(self, messages: Messages) -> Generator[_Call]:
        """Puts tokens aside before a call, and counts what it took after it."""
        reserved = self._reserve(messages)
        call = _Call(time.monotonic())
        try:
            yield call
        finally:
            used_in, used_out = call.tokens(messages)
            self._count("tokens_in", used_in)
            self._count("tokens_out", used_out)
            self._count("tokens_cached", call.said.tokens_cached)
            if self.guards.budget is not None and reserved is not None:
                try:
                    self.guards.budget.settle(reserved, used_in, used_out)
                except StoreError:
                    self._count("failed")  # what was put aside stays spent: the safe side

    def _reserve(self, messages: Messages) -> Reserved | None:
        if self.guards.budget is None:
            return None
        try:
            return self.guards.budget.reserve(most_tokens(messages), self._speaker.max_tokens)
        except BudgetExceededError:
            self._count("refused_by_budget")
            raise
        except StoreError as error:
            self._count("refused_by_budget")
            raise ServiceDownError(error.message, hint=error.hint) from error

    def _key(self, prompt: Prompt, form: Form) -> bytes:
        shape = form.gbnf if isinstance(form, Grammar) else json.dumps(form, sort_keys=True)
        turns = [part for turn in prompt.turns for part in turn]
        return memory_key(self._speaker.place, shape, prompt.system, prompt.user, *turns)

    def _recall(self, key: bytes) -> str | None:
        try:
            return None if self.guards.cache is None else self.guards.cache.get(key)
        except StoreError:
            return None  # a broken cache costs a call, no answer

    def _remember(self, key: bytes, text: str) -> None:
        try:
            if self.guards.cache is not None and text:
                self.guards.cache.put(key, text)
        except StoreError:
            self._count("failed")


class _Call:
    """A call under way."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.asked = False
        self.heard: list[str] = []
        self.said = Said(None)

    def tokens(self, messages: Messages) -> tuple[int, int]:
        """Tokens of the question and of the answer, guessed where the service does not say."""
        heard = self.heard or ([self.said.text] if self.said.text else [])
        if not self.asked or not (heard or self.said.tokens_in):
            return 0, 0
        asked = [message["content"] for message in messages]
        return (
            self.said.tokens_in or guessed_tokens(asked),
            self.said.tokens_out or guessed_tokens(["".join(heard)]),
        )


def _again(form: Form) -> str:
    free = form is None or isinstance(form, Grammar)
    return _AGAIN.fill(kind="an answer" if free else "a JSON object").user
