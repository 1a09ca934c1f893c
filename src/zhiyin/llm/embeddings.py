"""Embeddings from any endpoint that speaks OpenAI's protocol."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import numpy as np
from pydantic import BaseModel, Field, ValidationError

from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.llm.errors import BadReplyError
from zhiyin.llm.patience import Endpoint


class EmbeddingsConfig(Config):
    """An OpenAI-compatible embeddings endpoint: OpenAI, Qwen, vLLM, Ollama, llama.cpp."""

    base_url: str
    """Address before ``/embeddings``, such as ``http://localhost:11434/v1``."""
    model: str
    """The model's name at the endpoint."""
    key_variable: str = "ZHIYIN_EMBEDDINGS_KEY"
    """Environment variable that holds the key; unset for endpoints that want none."""
    timeout: float = Field(default=30.0, gt=0)
    """Seconds to wait for one answer."""
    attempts: int = Field(default=4, ge=1)
    """How often a request is tried before the endpoint counts as down."""
    backoff: float = Field(default=0.5, ge=0)
    """Seconds before the second attempt; doubled each time, and drawn between half and all."""
    batch: int = Field(default=64, ge=1)
    """Texts per request at most."""
    batch_characters: int = Field(default=100_000, ge=1)
    """Characters per request at most; a longer text goes alone."""
    send_dimensions: int | None = Field(default=None, ge=1)
    """Ask the model for vectors of this length, where it can shorten them."""


class _Row(BaseModel):
    index: int
    embedding: list[float]


class _Reply(BaseModel):
    data: list[_Row]


class EmbeddingsClient:
    """Asks an endpoint for the vectors of texts, patiently and within limits.

    Args:
        config: The endpoint.
        rng: Draws the waiting times.
        environment: Where the key is looked for.
        sleep: How to wait, in seconds.
        transport: How requests travel, for tests; None for the network.
    """

    def __init__(
        self,
        config: EmbeddingsConfig,
        *,
        rng: np.random.Generator,
        environment: Mapping[str, str] = os.environ,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.config = config
        self._endpoint = Endpoint(
            config,
            "/embeddings",
            rng=rng,
            environment=environment,
            sleep=sleep,
            transport=transport,
        )

    def embed(self, texts: Sequence[str]) -> Floats:
        """The vectors of texts, float32 of shape (n, dim); dim is 0 where there are none.

        Raises:
            ServiceDownError: No answer after all attempts.
            ServiceRefusedError: The endpoint refuses the request.
            BadReplyError: An answer lacks vectors, or they differ in length.
        """
        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        with self._endpoint.open() as http:
            parts = [self._one_batch(http, batch) for batch in self._batches(texts)]
        widths = {part.shape[1] for part in parts}
        if len(widths) > 1:
            raise BadReplyError(
                f"{self._endpoint.url} gave vectors of lengths {sorted(widths)} in one run",
                hint="check that the endpoint serves one model under this name",
            )
        return np.concatenate(parts)

    def _batches(self, texts: Sequence[str]) -> list[list[str]]:
        batches: list[list[str]] = []
        size = 0
        for text in texts:
            full = not batches or len(batches[-1]) >= self.config.batch
            if full or size + len(text) > self.config.batch_characters:
                batches.append([])
                size = 0
            batches[-1].append(text)
            size += len(text)
        return batches

    def _one_batch(self, http: httpx.Client, texts: list[str]) -> Floats:
        body: dict[str, Any] = {"model": self.config.model, "input": texts}
        if self.config.send_dimensions is not None:
            body["dimensions"] = self.config.send_dimensions
        content = self._endpoint.post(http, body)
        try:
            rows = sorted(_Reply.model_validate_json(content).data, key=lambda r: r.index)
        except ValidationError as error:
            raise BadReplyError(
                f"{self._endpoint.url} answered something that is no list of embeddings: "
                f"{content[:200].decode('utf-8', 'replace')!r}",
                hint="check that base_url ends where the endpoint's /embeddings begins",
            ) from error
        lengths = {len(row.embedding) for row in rows}
        if [row.index for row in rows] != list(range(len(texts))) or len(lengths) != 1:
            raise BadReplyError(
                f"{self._endpoint.url} gave {len(rows)} vectors of lengths {sorted(lengths)} "
                f"for {len(texts)} texts",
                hint="try a smaller batch; some endpoints drop what they cannot hold",
            )
        return np.array([row.embedding for row in rows], dtype=np.float32)
