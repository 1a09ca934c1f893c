"""A language model that says what it was told to say: for tests and documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zhiyin.core.protocols import Prompt, Reply


class ScriptedModel:
    """Answers from a function; remembers what it was asked.

    Args:
        script: From a prompt to what is said.
        name: Its id.
    """

    def __init__(self, script: Callable[[Prompt], str], *, name: str = "scripted") -> None:
        self._script = script
        self._name = name
        self.asked: list[Prompt] = []

    @property
    def id(self) -> str:
        """As given."""
        return self._name

    def answer(
        self,
        prompts: Sequence[Prompt],
        *,
        schema: Mapping[str, Any],
        accept: Callable[[str], bool],
    ) -> list[Reply]:
        """See `LanguageModel.answer`."""
        self.asked += prompts
        said = [self._script(prompt) for prompt in prompts]
        return [Reply(text) if accept(text) else Reply(None, "refused") for text in said]
