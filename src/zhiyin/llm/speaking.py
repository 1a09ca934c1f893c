"""What every provider does, however it does it: says one thing, at once or in pieces."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, TypeAlias

from zhiyin.core.protocols import Form, Prompt

Messages: TypeAlias = list[dict[str, str]]
"""A conversation as OpenAI's protocol writes it: ``role`` and ``content``."""

_THOUGHTS = re.compile(r"^\s*<think>.*?</think>\s*", re.DOTALL)


class Said(NamedTuple):
    """What came of one call."""

    text: str | None
    """The words; None where the service does not speak its protocol."""
    tokens_in: int = 0
    """Tokens of the question; 0 where the service does not say."""
    tokens_out: int = 0
    """Tokens of the answer; 0 where the service does not say."""
    tokens_cached: int = 0
    """Tokens of the question that the service had read before."""


class Session(Protocol):
    """An open connection, which threads may share."""

    def say(self, messages: Messages, form: Form) -> Said:
        """One answer.

        Raises:
            ServiceError: There is none.
        """
        ...

    def pieces(self, messages: Messages) -> Generator[str, None, Said]:
        """One answer in pieces; the generator returns what was used (its text is None).

        Raises:
            ServiceError: It fails, or breaks off.
        """
        ...


class Speaker(Protocol):
    """A provider of a model, before guards are put around it."""

    @property
    def id(self) -> str:
        """The model's name."""
        ...

    @property
    def place(self) -> str:
        """Whatever the answer depends on beside the question: address, model, settings."""
        ...

    @property
    def max_tokens(self) -> int:
        """Length of an answer at most."""
        ...

    def session(self) -> AbstractContextManager[Session]:
        """Opens a connection."""
        ...


def as_messages(prompt: Prompt) -> Messages:
    """A prompt as a conversation; the system text comes first and whole, so it can be cached."""
    middle = [{"role": turn.role, "content": _sendable(turn.text)} for turn in prompt.turns]
    return [
        {"role": "system", "content": _sendable(prompt.system)},
        *middle,
        {"role": "user", "content": _sendable(prompt.user)},
    ]


def most_tokens(messages: Messages) -> int:
    """No fewer than the tokens of a conversation: none is shorter than a byte."""
    return sum(len(m["content"].encode("utf-8", "replace")) + 16 for m in messages)


def guessed_tokens(texts: Sequence[str]) -> int:
    """About how many tokens texts have, for services that do not say: three bytes each."""
    return sum(math.ceil(len(text.encode("utf-8", "replace")) / 3) for text in texts)


def without_thoughts(text: str) -> str:
    """An answer less the block ``<think>…</think>`` that some models put before it."""
    return _THOUGHTS.sub("", text, count=1)


def _sendable(text: str) -> str:
    """Without halves of characters and NUL, which no JSON reader takes."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
