"""An encoder somewhere else: any OpenAI-compatible embeddings endpoint."""

from __future__ import annotations

import os

import numpy as np
from pydantic import Field

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import TextRole
from zhiyin.encode.encoders.base import EncoderConfig, PretrainedEncoder
from zhiyin.encode.errors import EncoderError
from zhiyin.llm.embeddings import EmbeddingsClient, EmbeddingsConfig


class RemoteEncoderConfig(EncoderConfig):
    """Settings of a remote encoder."""

    endpoint: EmbeddingsConfig
    """The endpoint and its model."""
    dim: int = Field(ge=1)
    """Length of its vectors: an answer of another length is an error."""
    query_prefix: str = ""
    """Put before a query, where the model wants it."""
    document_prefix: str = ""
    """Put before any other text, where the model wants it."""
    version: str = "1"
    """Change it when the endpoint serves another model under the same name."""


class RemoteEncoder(PretrainedEncoder[RemoteEncoderConfig]):
    """Texts travel to the endpoint, vectors come back; combine it with a cache.

    Args:
        config: The endpoint and what it promises.
        client: What speaks to it; made from the config by default.
    """

    Config = RemoteEncoderConfig

    def __init__(self, config: RemoteEncoderConfig, client: EmbeddingsClient | None = None) -> None:
        self.config = config
        self._client = client or EmbeddingsClient(
            config.endpoint,
            # Processes on one machine must not try again at the same moment.
            rng=np.random.default_rng(os.getpid()),
        )

    @property
    def id(self) -> str:
        """The model at the endpoint, its prefixes and the configured version."""
        settings = self.config
        prefixes = f"{settings.query_prefix!r},{settings.document_prefix!r}"
        where = settings.endpoint
        return f"remote/{where.base_url}/{where.model}/{settings.dim}/{prefixes}/{settings.version}"

    @property
    def dim(self) -> int:
        """As configured."""
        return self.config.dim

    def _vectors(self, texts: list[str], role: TextRole) -> Floats:
        settings = self.config
        prefix = settings.query_prefix if role == "query" else settings.document_prefix
        vectors = self._client.embed([prefix + text for text in texts])
        if vectors.shape[1] != settings.dim:
            raise EncoderError(
                f"{settings.endpoint.base_url} gave vectors of length {vectors.shape[1]} "
                f"from {settings.endpoint.model}, and {settings.dim} is configured",
                hint=f"set dim = {vectors.shape[1]}, or configure the model you meant, "
                "and train again",
            )
        return vectors
