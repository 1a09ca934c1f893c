"""What answers in words: language models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable


class Turn(NamedTuple):
    """Something said before."""

    role: Literal["user", "assistant"]
    """Who said it."""
    text: str
    """What was said: data, never trusted."""


class Prompt(NamedTuple):
    """A question."""

    system: str
    """What the model is to do; kept equal from question to question, it is read only once."""
    user: str
    """What it is to do it with: data, never trusted."""
    turns: tuple[Turn, ...] = ()
    """What was said between the two, oldest first."""


class Grammar(NamedTuple):
    """A form that answers follow letter by letter, where the model can be held to one."""

    gbnf: str
    """The grammar, in llama.cpp's notation, with a rule ``root``."""


class Reply(NamedTuple):
    """An answer that was accepted, or why there is none."""

    text: str | None
    """The answer; None where none was accepted."""
    problem: str = ""
    """Why there is none."""


Form: TypeAlias = Mapping[str, Any] | Grammar | None
"""The form of an answer: a JSON schema, a grammar, or None for words as they come."""


@runtime_checkable
class LanguageModel(Protocol):
    """Answers questions; never raises on what it is answered with, or on a service's faults."""

    @property
    def id(self) -> str:
        """Which model answers."""
        ...

    def answer(
        self, prompts: Sequence[Prompt], *, schema: Form, accept: Callable[[str], bool]
    ) -> list[Reply]:
        """One reply per prompt, in their order.

        Args:
            prompts: The questions.
            schema: The form that answers are asked to follow: a JSON schema, a grammar, or
                None. Not every model can be held to it, so ``accept`` decides.
            accept: Says whether a text will do; what it refuses is asked for once more,
                and never remembered.
        """
        ...

    def stream(self, prompt: Prompt) -> Iterator[Reply]:
        """One answer in words, piece by piece as they come.

        The pieces' texts, joined, are the answer. Where it fails or breaks off, the last
        piece has no text and a problem. Whoever stops reading stops the answering.
        """
        ...

    def usage(self) -> dict[str, float]:
        """What was used since this object was made: ``calls``, ``tokens_in``, and so on."""
        ...
