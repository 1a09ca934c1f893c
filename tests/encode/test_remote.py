"""An encoder behind HTTP: a real server on loopback."""

from __future__ import annotations

import numpy as np
import pytest

from zhiyin.core.protocols import TextEncoder
from zhiyin.encode.encoders.remote import RemoteEncoder, RemoteEncoderConfig
from zhiyin.encode.errors import EncoderError
from zhiyin.llm.embeddings import EmbeddingsConfig
from zhiyin.llm.errors import ServiceDownError
from zhiyin.testing.encoders import TextEncoderConformance

from .conftest import Endpoint


def remote(endpoint: Endpoint, **settings: object) -> RemoteEncoder:
    where = EmbeddingsConfig(base_url=endpoint.url, model="words", backoff=0.0, attempts=2)
    config = {"endpoint": where, "dim": 32, **settings}
    return RemoteEncoder(RemoteEncoderConfig.model_validate(config))


class TestRemote(TextEncoderConformance):
    @pytest.fixture(autouse=True)
    def _endpoint(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def make(self) -> TextEncoder:
        return remote(self.endpoint)


def test_empty_and_repeated_texts_do_not_travel(endpoint: Endpoint) -> None:
    remote(endpoint).encode(["knife", "", " knife ", "<p></p>", "hose"])
    assert [body["input"] for body in endpoint.seen] == [["knife", "hose"]]


def test_prefixes_travel(endpoint: Endpoint) -> None:
    encoder = remote(endpoint, query_prefix="query: ", document_prefix="passage: ")
    encoder.encode(["knife"], role="query")
    encoder.encode(["knife"])
    assert [body["input"] for body in endpoint.seen] == [["query: knife"], ["passage: knife"]]


def test_another_dimension_is_refused(endpoint: Endpoint) -> None:
    with pytest.raises(EncoderError, match="set dim = 32"):
        remote(endpoint, dim=64).encode(["knife"])


def test_numbers_that_are_none_are_refused(endpoint: Endpoint) -> None:
    def spoil(reply: dict) -> dict:
        reply["data"][0]["embedding"][0] = float("nan")
        return reply

    endpoint.change = spoil
    with pytest.raises((EncoderError, Exception), match=r"not finite|no list"):
        remote(endpoint).encode(["knife"])


def test_a_vanished_endpoint_is_told(endpoint: Endpoint) -> None:
    encoder = remote(endpoint)
    assert np.isfinite(encoder.encode(["knife"]).vectors).all()
    endpoint.server.shutdown()
    endpoint.server.server_close()
    with pytest.raises(ServiceDownError, match="no answer in 2 attempts"):
        remote(endpoint).encode(["hose"])


def test_the_id_changes_with_what_the_vectors_depend_on(endpoint: Endpoint) -> None:
    ids = {
        remote(endpoint).id,
        remote(endpoint, version="2").id,
        remote(endpoint, query_prefix="q: ").id,
        remote(endpoint, dim=16).id,
    }
    assert len(ids) == 4
