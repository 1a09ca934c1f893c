"""Answers from any endpoint that speaks OpenAI's chat protocol."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import httpx
import numpy as np
from pydantic import BaseModel, Field, ValidationError

from zhiyin.core.config import Config
from zhiyin.core.protocols import Form, Grammar
from zhiyin.llm.breaker import Breaker
from zhiyin.llm.budget import Budget
from zhiyin.llm.errors import ServiceRefusedError
from zhiyin.llm.guarded import GuardedModel, Guards
from zhiyin.llm.meter import Meter
from zhiyin.llm.patience import Endpoint
from zhiyin.llm.prompt_files import load_prompt
from zhiyin.llm.replies import ReplyCache
from zhiyin.llm.speaking import Messages, Said
from zhiyin.llm.sse import UsageReport, read_events

_SCHEMA = load_prompt("zhiyin.llm", "schema")
_WITHOUT_FORM = (400, 415, 422, 501)
"""Refusals that may mean: I do not know this form of answers."""

Structured = Literal["schema", "object", "none"]
"""What an endpoint can be held to: a JSON schema, any JSON object, nothing."""


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
    cooldown: float = Field(default=30.0, ge=0)
    """Seconds that an endpoint that is down is left alone."""
    concurrency: int = Field(default=4, ge=1, le=64)
    """Questions under way at once."""
    max_tokens: int = Field(default=400, ge=1)
    """Length of an answer at most."""
    temperature: float | None = Field(default=0.0, ge=0)
    """0 for the likeliest words; None where the endpoint takes no such setting."""
    structured: Structured = "schema"
    """What the endpoint can be held to; where it refuses, less is asked for."""
    length_field: str = "max_tokens"
    """Name of the field for the length of an answer."""
    grammar_field: str = ""
    """Name of the field for a grammar; "" where the endpoint takes none."""
    extra: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Further fields of each request, such as ``{"enable_thinking": false}``."""


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message


class _Answer(BaseModel):
    choices: list[_Choice]
    usage: UsageReport | None = None


class ChatSpeaker:
    """A model behind an endpoint, without guards.

    Args:
        config: The endpoint.
        endpoint: What speaks to it.
    """

    def __init__(self, config: ChatConfig, endpoint: Endpoint) -> None:
        self.config = config
        self._endpoint = endpoint
        self._structured: Structured = config.structured
        self._counts_streams = True

    @property
    def id(self) -> str:
        """The model's name."""
        return self.config.model

    @property
    def place(self) -> str:
        """Address, model and settings."""
        config = self.config
        extra = json.dumps(config.extra, sort_keys=True, default=str)
        settings = f"{config.max_tokens}|{config.temperature}|{extra}"
        return f"{self._endpoint.url}|{config.model}|{settings}"

    @property
    def max_tokens(self) -> int:
        """As configured."""
        return self.config.max_tokens

    @property
    def structured(self) -> Structured:
        """What the endpoint can be held to, as far as is known."""
        return self._structured

    @contextmanager
    def session(self) -> Generator[ChatSession]:
        """Opens a connection."""
        with self._endpoint.open() as http:
            yield ChatSession(self, http)

    def ask(self, http: httpx.Client, messages: Messages, form: Form) -> bytes:
        """The raw answer, in the strictest form that the endpoint knows."""
        level = self._structured
        try:
            return self._endpoint.post(http, self._body(messages, form, level))
        except ServiceRefusedError as error:
            free = form is None or isinstance(form, Grammar)
            if level == "none" or free or error.status not in _WITHOUT_FORM:
                raise
            # It may not know of schemas: then later questions ask for less, too.
            content = self._endpoint.post(http, self._body(messages, form, "none"))
            self._structured = "object" if level == "schema" else "none"
            return content

    def lines(self, http: httpx.Client, messages: Messages) -> Generator[str]:
        """The lines of a streamed answer; asked without a count of tokens where that is refused."""
        body = {**self._body(messages, None, "none"), "stream": True}
        if self._counts_streams:
            counted = {**body, "stream_options": {"include_usage": True}}
            try:
                yield from self._endpoint.lines(http, counted)
                return
            except ServiceRefusedError as error:
                if error.status not in _WITHOUT_FORM:
                    raise
        for line in self._endpoint.lines(http, body):
            self._counts_streams = False
            yield line

    def _body(self, messages: Messages, form: Form, level: Structured) -> dict[str, Any]:
        config = self.config
        body: dict[str, Any] = {"model": config.model, "messages": messages}
        body[config.length_field] = config.max_tokens
        if config.temperature is not None:
            body["temperature"] = config.temperature
        body |= config.extra
        if isinstance(form, Grammar):
            return body | ({config.grammar_field: form.gbnf} if config.grammar_field else {})
        if form is None:
            return body
        if level == "schema":
            named = {"name": "answer", "schema": form}
            return body | {"response_format": {"type": "json_schema", "json_schema": named}}
        told = _SCHEMA.fill(schema=json.dumps(form, ensure_ascii=False)).user
        first = {**messages[0], "content": f"{messages[0]['content']}\n\n{told}"}
        body["messages"] = [first, *messages[1:]]
        return body | ({"response_format": {"type": "json_object"}} if level == "object" else {})


class ChatSession:
    """An open connection to an endpoint.

    Args:
        speaker: Whose endpoint it is.
        http: The connection.
    """

    def __init__(self, speaker: ChatSpeaker, http: httpx.Client) -> None:
        self._speaker = speaker
        self._http = http

    def say(self, messages: Messages, form: Form) -> Said:
        """See `Session.say`."""
        return _read(self._speaker.ask(self._http, messages, form))

    def pieces(self, messages: Messages) -> Generator[str, None, Said]:
        """See `Session.pieces`."""
        lines = self._speaker.lines(self._http, messages)
        try:
            return (yield from read_events(lines))
        finally:
            lines.close()


class ChatClient(GuardedModel):
    """A language model somewhere else.

    Args:
        config: The endpoint.
        rng: Draws the waiting times.
        cache: Where accepted answers are remembered; None for nowhere.
        budget: What a day may cost; None for no limit.
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
        budget: Budget | None = None,
        environment: Mapping[str, str] = os.environ,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.config = config
        meter = Meter()
        self._endpoint = Endpoint(
            config,
            "/chat/completions",
            rng=rng,
            environment=environment,
            sleep=sleep,
            transport=transport,
            retried=lambda: meter.count("retries"),
        )
        self.speaker = ChatSpeaker(config, self._endpoint)
        guards = Guards(
            cache=cache,
            budget=budget,
            breaker=Breaker(cooldown=config.cooldown),
            meter=meter,
            concurrency=config.concurrency,
            patience=config.timeout,
        )
        super().__init__(self.speaker, guards)


def _read(content: bytes) -> Said:
    try:
        answer = _Answer.model_validate_json(content)
    except ValidationError:
        return Said(None)
    text = answer.choices[0].message.content if answer.choices else None
    return (answer.usage or UsageReport()).said(text)
