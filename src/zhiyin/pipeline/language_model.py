"""The workspace's language model, where one is configured."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from zhiyin.core.errors import ConfigError
from zhiyin.core.protocols import LanguageModel
from zhiyin.llm.chat import ChatClient, ChatConfig
from zhiyin.llm.replies import ReplyCache
from zhiyin.pipeline.settings import LlmSettings

CACHE_FILE = "replies.sqlite"


def open_language_model(settings: LlmSettings, *, folder: Path) -> LanguageModel | None:
    """The model behind the section [llm]; None where no address is given.

    Args:
        settings: The section [llm].
        folder: Where answers are remembered between runs.

    Raises:
        ConfigError: An address is given and no model.
    """
    if not settings.base_url:
        return None
    if not settings.model:
        raise ConfigError(
            "[llm] gives base_url and no model", hint="name the model as the endpoint knows it"
        )
    config = ChatConfig.model_validate(settings.model_dump())
    # Processes on one machine must not try again at the same moment.
    rng = np.random.default_rng(os.getpid())
    return ChatClient(config, rng=rng, cache=ReplyCache(folder / CACHE_FILE))
