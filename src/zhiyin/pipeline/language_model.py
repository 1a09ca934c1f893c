"""The workspace's language model, where one is configured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from zhiyin.core.errors import ConfigError
from zhiyin.core.protocols import LanguageModel
from zhiyin.core.registry import load_path
from zhiyin.data.sources.fetching import cache_folder
from zhiyin.llm.budget import Budget
from zhiyin.llm.chat import ChatClient, ChatConfig
from zhiyin.llm.guarded import GuardedModel
from zhiyin.llm.presets import preset_settings
from zhiyin.llm.replies import ReplyCache
from zhiyin.llm.weights.catalogue import KNOWN_MODELS
from zhiyin.pipeline.own_model import REPLIES_FILE
from zhiyin.pipeline.settings import LlmSettings

SPENT_FILE = "spent.sqlite"
_OF_ENDPOINT = {
    "model", "timeout", "attempts", "cooldown", "concurrency", "max_tokens", "extra",
}  # fmt: skip
_OF_FILE = {"threads", "context", "timeout", "max_tokens"}


def weights_folder() -> Path:
    """Where ``zhiyin llm pull`` keeps the files of models."""
    return cache_folder() / "llm"


def open_language_model(settings: LlmSettings, *, folder: Path) -> LanguageModel | None:
    """The model behind the section [llm]; None where neither an address nor a file is given.

    Args:
        settings: The section [llm].
        folder: Where answers and what they cost are remembered between runs.

    Raises:
        ConfigError: An address is given and no model, or both an address and a file.
        ModelFileError: The file is absent, damaged or unknown to llama.cpp.
        MissingExtraError: A file is given, and the extra ``llm`` is not installed.
    """
    return open_guarded_model(settings, folder=folder)


def open_guarded_model(
    settings: LlmSettings, *, folder: Path, remember: bool = True
) -> GuardedModel | None:
    """`open_language_model`, with its guards in sight.

    Args:
        settings: The section [llm].
        folder: Where answers and what they cost are remembered between runs.
        remember: Whether answers are.

    Raises:
        ConfigError: As in `open_language_model`, and so for the other errors.
    """
    if not settings.is_given:
        return None
    if settings.gguf and (settings.base_url or settings.preset):
        raise ConfigError(
            "[llm] names a file and an endpoint",
            hint="leave gguf empty, or base_url and preset",
        )
    cache = ReplyCache(folder / REPLIES_FILE, settings.cache) if remember else None
    name = settings.gguf or settings.model
    budget = Budget(settings.budget, folder / SPENT_FILE, model=name)
    if settings.gguf:
        values = settings.model_dump(include=_OF_FILE) | {"path": gguf_path(settings.gguf)}
        config = load_path("zhiyin.llm.llama:LlamaConfig")(**values)
        model: GuardedModel = load_path("zhiyin.llm.llama:LlamaModel")(
            config, cache=cache, budget=budget
        )
        return model
    # Processes on one machine must not try again at the same moment.
    rng = np.random.default_rng(os.getpid())
    return ChatClient(chat_config(settings), rng=rng, cache=cache, budget=budget)


def chat_config(settings: LlmSettings) -> ChatConfig:
    """The endpoint behind the section [llm]: the preset, and what is set otherwise.

    Raises:
        ConfigError: The preset is unknown, or no model is named.
    """
    if not settings.model:
        raise ConfigError(
            "[llm] gives an endpoint and no model", hint="name the model as the endpoint knows it"
        )
    values: dict[str, Any] = preset_settings(settings.preset) if settings.preset else {}
    for name in ("base_url", "key_variable"):
        if given := getattr(settings, name):
            values[name] = given
    return ChatConfig.model_validate(values | settings.model_dump(include=_OF_ENDPOINT))


def gguf_path(named: str) -> Path:
    """The file behind ``gguf`` in [llm]: of a known model's name, or a path."""
    known = KNOWN_MODELS.get(named)
    return Path(named).expanduser() if known is None else weights_folder() / known.file
