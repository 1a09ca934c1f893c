"""What answers in words: language models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable


class Prompt(NamedTuple):
    """A question."""

    system: str
    """What the model is to do."""
    user: str
    """What it is to do it with: data, never trusted."""


class Reply(NamedTuple):
    """An answer that was accepted, or why there is none."""

    text: str | None
    """The answer; None where none was accepted."""
    problem: str = ""
    """Why there is none."""


@runtime_checkable
class LanguageModel(Protocol):
    """Answers questions with JSON objects; never raises on what it is answered with."""

    @property
    def id(self) -> str:
        """Which model answers."""
        ...

    def answer(
        self,
        prompts: Sequence[Prompt],
        *,
        schema: Mapping[str, Any],
        accept: Callable[[str], bool],
    ) -> list[Reply]:
        """One reply per prompt, in their order.

        Args:
            prompts: The questions.
            schema: The JSON schema that answers are asked to follow.
            accept: Says whether a text will do; what it refuses is asked for once more,
                and never remembered.
        """
        ...
