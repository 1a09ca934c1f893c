"""A language model in this process: llama.cpp over a GGUF file; needs the extra ``llm``.

The text of a prompt up to where it differs from the one before is not read again, so a fixed
task in the system text costs its reading once (`LlamaModel.warm`).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, cast

import httpx
import xllamacpp
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.protocols import Form, Grammar, Prompt
from zhiyin.llm.breaker import Breaker
from zhiyin.llm.budget import Budget
from zhiyin.llm.errors import BadReplyError, ModelFileError, ServiceError, ServiceRefusedError
from zhiyin.llm.guarded import GuardedModel, Guards
from zhiyin.llm.replies import ReplyCache
from zhiyin.llm.speaking import Messages, Said, as_messages

_LLAMA: Any = xllamacpp
"""It ships no types."""
_MAGIC = b"GGUF"
_SHOWN = 300
_REMEMBERED_MIB = 256
"""Memory for what was read of fixed prompts that take turns."""
_QUIET = -1
_STARTING = 30.0


class LlamaConfig(Config):
    """A GGUF file and how it is run."""

    path: Path
    """The file."""
    name: str = ""
    """What the model is called; "" for the file's name without its ending."""
    threads: int = Field(default=1, ge=1)
    """Threads that compute."""
    context: int = Field(default=4096, ge=256)
    """Tokens of a question and its answer together at most; memory grows with it."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds after which an answer is cut off, once its question is read."""
    max_tokens: int = Field(default=400, ge=1)
    """Length of an answer at most."""


class LlamaSpeaker:
    """A model in this process, without guards; one question at a time.

    Args:
        config: The file and how it is run.

    Raises:
        ModelFileError: The file is absent, no GGUF, or one that llama.cpp cannot run.
    """

    def __init__(self, config: LlamaConfig) -> None:
        self.config = config
        self._server: Any = _open(config)

    @property
    def id(self) -> str:
        """The model's name."""
        return self.config.name or self.config.path.stem

    @property
    def place(self) -> str:
        """File, its size, and settings."""
        size = self.config.path.stat().st_size if self.config.path.exists() else 0
        return f"{self.config.path.name}|{size}|{self.config.max_tokens}"

    @property
    def max_tokens(self) -> int:
        """As configured."""
        return self.config.max_tokens

    @contextmanager
    def session(self) -> Generator[LlamaSpeaker]:
        """Itself: there is nothing to connect to."""
        yield self

    def say(self, messages: Messages, form: Form, *, max_tokens: int | None = None) -> Said:
        """See `Session.say`; cut off after ``timeout`` seconds."""
        heard = _Heard(self.config.timeout)
        self._run(_request(messages, form, max_tokens or self.max_tokens), heard)
        if heard.is_late:
            raise BadReplyError(
                f"{self.id} came to no end in {self.config.timeout:g} s",
                hint="raise timeout or threads in [llm], or lower max_tokens",
            )
        return heard.used("".join(heard.parts))

    def pieces(self, messages: Messages) -> Generator[str, None, Said]:
        """See `Session.pieces`; whoever stops reading stops the model."""
        queue: SimpleQueue[str | ServiceError | None] = SimpleQueue()
        heard = _Heard(self.config.timeout, tell=queue.put)

        def work() -> None:
            try:
                self._run(_request(messages, None, self.max_tokens), heard)
                queue.put(None)
            except ServiceError as error:
                queue.put(error)

        thread = Thread(target=work, name="llama", daemon=True)
        thread.start()
        try:
            while (piece := queue.get()) is not None:
                if isinstance(piece, ServiceError):
                    raise piece
                yield piece
        finally:
            heard.stop.set()
            thread.join()
        if heard.is_late:
            raise BadReplyError("the answer was cut off: it took too long", hint="raise timeout")
        return heard.used(None)

    def _run(self, request: dict[str, Any], heard: _Heard) -> None:
        try:
            answer = self._server.handle_chat_completions(request, heard)
        except (ValueError, RuntimeError, TypeError) as error:
            raise ServiceRefusedError(
                f"{self.id} refuses: {str(error)[:_SHOWN]}", hint="check the schema or grammar"
            ) from error
        problem = heard.problem or _problem(answer)
        if problem:
            raise ServiceRefusedError(
                f"{self.id} refuses: {problem[:_SHOWN]}",
                hint="shorten the question, or raise context in [llm]",
            )


class _Heard:
    """Takes the pieces as llama.cpp hands them over.

    Args:
        seconds: When to stop, after the first of them.
        tell: Told of each piece.
    """

    def __init__(self, seconds: float, tell: Callable[[str], None] | None = None) -> None:
        self.parts: list[str] = []
        self.problem = ""
        self.stop = Event()
        self.is_late = False
        self._timings: dict[str, Any] = {}
        self._seconds = seconds
        self._deadline: float | None = None
        self._tell = tell

    def __call__(self, chunk: Any) -> bool:  # noqa: ANN401 - whatever comes from C
        """Takes one piece; True stops the model."""
        known = _as_dict(chunk)
        if self._deadline is None:
            self._deadline = time.monotonic() + self._seconds
        self.problem = self.problem or _problem(known)
        self._timings = known.get("timings") or self._timings
        for found in cast("list[Any]", known.get("choices") or []):
            choice = _as_dict(found)
            if text := _as_dict(choice.get("delta")).get("content"):
                self.parts.append(text)
                if self._tell is not None:
                    self._tell(text)
            self.is_late = not choice.get("finish_reason") and time.monotonic() > self._deadline
        return self.is_late or self.stop.is_set()

    def used(self, text: str | None) -> Said:
        """What was said, and its tokens."""
        known = int(self._timings.get("cache_n", 0))
        read = int(self._timings.get("prompt_n", 0))
        return Said(text, known + read, int(self._timings.get("predicted_n", 0)), known)


class LlamaModel(GuardedModel):
    """A language model in this process, behind the same guards as one elsewhere.

    Args:
        config: The file and how it is run.
        cache: Where accepted answers are remembered; None for nowhere.
        budget: What a day may cost; None for no limit.

    Raises:
        ModelFileError: The file is absent, no GGUF, or one that llama.cpp cannot run.
    """

    def __init__(
        self,
        config: LlamaConfig,
        *,
        cache: ReplyCache | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.config = config
        self.speaker = LlamaSpeaker(config)
        # A question that takes too long says nothing about the next one.
        guards = Guards(
            cache=cache,
            budget=budget,
            breaker=Breaker(failures=20, cooldown=1.0),
            patience=4 * config.timeout,
        )
        super().__init__(self.speaker, guards)

    def warm(self, system: str) -> int:
        """Reads a fixed task ahead of the first question; returns its tokens.

        Raises:
            ServiceRefusedError: It is longer than the context.
        """
        said = self.speaker.say(as_messages(Prompt(system, "")), None, max_tokens=1)
        return said.tokens_in


def _open(config: LlamaConfig) -> Any:  # noqa: ANN401 - a class without types
    _check(config.path)
    params = _LLAMA.CommonParams()
    params.model.path = str(config.path)
    params.n_ctx = config.context
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.fit_params = False
    params.warmup = False
    params.verbosity = _QUIET
    params.cache_ram_mib = _REMEMBERED_MIB
    for place in (params.cpuparams, params.cpuparams_batch):
        place.n_threads = config.threads
    # The library also listens on a port of this machine: nobody else has the key to it.
    params.api_keys = [secrets.token_urlsafe(32)]
    params.cors_origins = ""
    params.ui = False
    try:
        server = _LLAMA.Server(params)
        _await(server)
    except (RuntimeError, ValueError, httpx.HTTPError) as error:
        raise ModelFileError(
            f"llama.cpp cannot run {config.path}: {error}",
            hint="its file may be damaged, or its kind newer than the installed xllamacpp; "
            "zhiyin llm pull gets one that runs",
        ) from error
    return server


def _await(server: Any) -> None:  # noqa: ANN401 - a class without types
    """Waits until its threads run: closed before that, it would wait for itself for ever."""
    httpx.get(f"{server.listening_address}/health", timeout=_STARTING, trust_env=False)
    server.handle_completions({"prompt": "a", "n_predict": 1, "cache_prompt": False})


def _check(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_MAGIC))
    except OSError as error:
        raise ModelFileError(
            f"{path} cannot be read: {error.strerror or error}",
            hint="zhiyin llm list shows what is there; zhiyin llm pull NAME gets a model",
        ) from error
    if start != _MAGIC:
        raise ModelFileError(
            f"{path} is no GGUF file", hint="name a .gguf file; zhiyin llm pull NAME gets one"
        )


def _request(messages: Messages, form: Form, max_tokens: int) -> dict[str, Any]:
    request: dict[str, Any] = {
        "messages": messages,
        "temperature": 0,
        "max_tokens": max_tokens,
        "cache_prompt": True,
        "stream": True,
    }
    if isinstance(form, Grammar):
        request["grammar"] = form.gbnf
    elif form is not None:
        schema = json.loads(json.dumps(dict(form)))
        request["response_format"] = {"type": "json_schema", "json_schema": {"schema": schema}}
    return request


def _problem(answer: Any) -> str:  # noqa: ANN401 - whatever comes from C
    error = _as_dict(answer).get("error")
    return str(_as_dict(error).get("message", error)) if error else ""


def _as_dict(value: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever comes from C
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
