"""A language model that one request asks for so long, and then no more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from zhiyin.core.errors import MissingExtraError
from zhiyin.core.protocols import Form, LanguageModel, Prompt, Reply
from zhiyin.llm.errors import ServiceError
from zhiyin.pipeline.own_model import OwnLanguageModel
from zhiyin.pipeline.settings import Settings


class Speaks(Protocol):
    """What of a workspace is asked."""

    language_model: OwnLanguageModel

    @property
    def settings(self) -> Settings:
        """Its settings."""
        ...


@dataclass(frozen=True, slots=True)
class HurriedModel:
    """A model that is asked for so long, and then no more.

    Attributes:
        model: What is asked; None where it could not be opened.
        until: Moment of the monotonic clock after which it is not.
        why: What is told then.
    """

    model: LanguageModel | None
    until: float
    why: str

    @property
    def id(self) -> str:
        """Which model answers."""
        return "none" if self.model is None else self.model.id

    def answer(
        self, prompts: Sequence[Prompt], *, schema: Form, accept: Callable[[str], bool]
    ) -> list[Reply]:
        """See `LanguageModel.answer`."""
        if self.model is None or time.monotonic() >= self.until:
            return [Reply(None, self.why)] * len(prompts)
        return self.model.answer(prompts, schema=schema, accept=accept)

    def stream(self, prompt: Prompt) -> Iterator[Reply]:
        """See `LanguageModel.stream`."""
        if self.model is None or time.monotonic() >= self.until:
            yield Reply(None, self.why)
            return
        yield from self.model.stream(prompt)

    def usage(self) -> dict[str, float]:
        """See `LanguageModel.usage`."""
        return {} if self.model is None else self.model.usage()


def hurried_model(workspace: Speaks, model: LanguageModel | None = None) -> LanguageModel | None:
    """What writes for one request: it is asked for ``patience`` of [narrate], and then no more.

    Args:
        workspace: The sections [narrate] and [llm].
        model: What writes; None for that of the section [llm].

    Returns:
        None where there is no model; one that cannot be opened says why when it is asked.

    Raises:
        ConfigError: The section [llm] names an address and no model.
    """
    patience = workspace.settings.narrate.patience
    try:
        found = model or workspace.language_model()
    except (ServiceError, MissingExtraError) as error:
        return HurriedModel(None, 0.0, str(error))
    if found is None:
        return None
    told = f"the request had taken {patience:g} s"
    return HurriedModel(found, time.monotonic() + patience, told)
