"""A language model that says what it was told to say: for tests and documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from zhiyin.core.protocols import Form, Prompt, Reply
from zhiyin.llm.meter import Meter
from zhiyin.llm.speaking import as_messages, guessed_tokens


class ScriptedModel:
    """Answers from a function; remembers what it was asked.

    Args:
        script: From a prompt to what is said.
        name: Its id.
    """

    def __init__(self, script: Callable[[Prompt], str], *, name: str = "scripted") -> None:
        self._script = script
        self._name = name
        self._meter = Meter()
        self.asked: list[Prompt] = []

    @property
    def id(self) -> str:
        """As given."""
        return self._name

    def answer(
        self, prompts: Sequence[Prompt], *, schema: Form, accept: Callable[[str], bool]
    ) -> list[Reply]:
        """See `LanguageModel.answer`."""
        said = [self._say(prompt) for prompt in prompts]
        return [Reply(text) if accept(text) else Reply(None, "refused") for text in said]

    def stream(self, prompt: Prompt) -> Iterator[Reply]:
        """See `LanguageModel.stream`; a few characters at a time."""
        text = self._say(prompt)
        for start in range(0, len(text), 4):
            yield Reply(text[start : start + 4])

    def usage(self) -> dict[str, float]:
        """See `LanguageModel.usage`; tokens are guessed."""
        return self._meter.snapshot()

    def _say(self, prompt: Prompt) -> str:
        self.asked.append(prompt)
        text = self._script(prompt)
        self._meter.count("calls")
        asked = [message["content"] for message in as_messages(prompt)]
        self._meter.count("tokens_in", guessed_tokens(asked))
        self._meter.count("tokens_out", guessed_tokens([text]))
        return text
