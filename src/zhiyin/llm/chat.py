"""Answers from any endpoint that speaks OpenAI's chat protocol."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx
import numpy as np
from pydantic import BaseModel, Field, ValidationError

from zhiyin.core.config import Config
from zhiyin.core.memory import memory_key
from zhiyin.core.protocols import Prompt, Reply
from zhiyin.llm.errors import ServiceDownError, ServiceError, ServiceRefusedError
from zhiyin.llm.patience import Endpoint
from zhiyin.llm.replies import ReplyCache

_AGAIN = "That was not a JSON object of the wanted shape. Answer with that object alone."


class ChatConfig(Config):
    """An OpenAI-compatible chat endpoint: OpenAI, DeepSeek, Qwen, vLLM, Ollama, llama.cpp."""

    base_url: str
    """Address before ``/chat/completions``, such as ``http://localhost:11434/v1``."""
    model: str
    """The model's name at the endpoint."""
    key_variable: str = "ZHIYIN_LLM_KEY"
    """Environment variable that holds the key; unset for endpoints that want none."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds to wait for one whole answer."""
    attempts: int = Field(default=3, ge=1)
    """How often a request is tried before the endpoint counts as down."""
    backoff: float = Field(default=0.5, ge=0)
    """Seconds before the second attempt; doubled each time, and drawn between half and all."""
    concurrency: int = Field(default=4, ge=1, le=64)
    """Questions under way at once."""
    max_tokens: int = Field(default=400, ge=1)
    """Length of an answer at most."""


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message


class _Answer(BaseModel):
    choices: list[_Choice]


class ChatClient:
    """A language model somewhere else.

    Args:
        config: The endpoint.
        rng: Draws the waiting times.
        cache: Where accepted answers are remembered; None for nowhere.
        environment: Where the key is looked for.
        sleep: How to wait, in seconds.
        transport: How requests travel, for tests; None for the network.
    """

    def __init__(
        self,
        config: ChatConfig,
        *,
        rng: np.random.Generator,
        cache: ReplyCache | None = None,
        environment: Mapping[str, str] = os.environ,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.config = config
        self._cache = cache
        self._plain = False
        self._has_answered = False
        self._endpoint = Endpoint(
            config,
            "/chat/completions",
            rng=rng,
            environment=environment,
            sleep=sleep,
            transport=transport,
        )

    @property
    def id(self) -> str:
        """The model's name."""
        return self.config.model

    def answer(
        self,
        prompts: Sequence[Prompt],
        *,
        schema: Mapping[str, Any],
        accept: Callable[[str], bool],
    ) -> list[Reply]:
        """See `LanguageModel.answer`; once the endpoint is down, the rest is not asked."""
        if not prompts:
            return []
        down = Event()
        with self._endpoint.open() as http, ThreadPoolExecutor(self.config.concurrency) as pool:

            def ask(prompt: Prompt) -> Reply:
                if down.is_set():
                    return Reply(None, "the endpoint is down")
                try:
                    return self._remembered(http, prompt, schema, accept)
                except ServiceError as error:
                    # One question may be refused for what it says; the first, for the key.
                    if isinstance(error, ServiceDownError) or not self._has_answered:
                        down.set()
                    return Reply(None, error.message)

            return list(pool.map(ask, prompts))

    def _remembered(
        self,
        http: httpx.Client,
        prompt: Prompt,
        schema: Mapping[str, Any],
        accept: Callable[[str], bool],
    ) -> Reply:
        place = f"{self._endpoint.url}|{self.config.model}|{self.config.max_tokens}"
        key = memory_key(place, json.dumps(schema, sort_keys=True), *prompt)
        known = None if self._cache is None else self._cache.get(key)
        if known is not None and accept(known):
            return Reply(known)
        messages = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        text = self._ask(http, messages, schema)
        if text is None or not accept(text):
            wrong = [{"role": "assistant", "content": text}] if text else []
            messages += [*wrong, {"role": "user", "content": _AGAIN}]
            text = self._ask(http, messages, schema)
        if text is None or not accept(text):
            return Reply(None, "the answer was not what was asked for, twice")
        if self._cache is not None:
            self._cache.put(key, text)
        return Reply(text)

    def _ask(
        self, http: httpx.Client, messages: list[dict[str, str]], schema: Mapping[str, Any]
    ) -> str | None:
        """What the model says; None where the endpoint does not speak the protocol."""
        body: dict[str, Any] = {
            "model": self.config.model,
            "messages": messages,
            "temperature": 0,
            "max_tokens": self.config.max_tokens,
        }
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        try:
            asked = body if self._plain else {**body, "response_format": form}
            content = self._endpoint.post(http, asked)
        except ServiceRefusedError:
            if self._plain:
                raise
            content = self._endpoint.post(http, body)  # it may not know of schemas
            self._plain = True
        self._has_answered = True
        try:
            choices = _Answer.model_validate_json(content).choices
        except ValidationError:
            return None
        return choices[0].message.content if choices else None
