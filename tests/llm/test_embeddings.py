"""The embeddings client: patience, limits and clear errors, against a scripted transport."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import numpy as np
import pytest

from zhiyin.llm.embeddings import EmbeddingsClient, EmbeddingsConfig
from zhiyin.llm.errors import BadReplyError, ServiceDownError, ServiceRefusedError

Handler = Callable[[httpx.Request], httpx.Response]


def reply(texts: list[str], dim: int = 3) -> httpx.Response:
    rows = [{"index": i, "embedding": [float(len(t))] * dim} for i, t in enumerate(texts)]
    return httpx.Response(200, json={"data": rows[::-1]})


class Service:
    """Answers from a script, then rightly."""

    def __init__(self, *script: httpx.Response | Exception) -> None:
        self.script = list(script)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.script.pop(0) if self.script else reply(self.body(-1)["input"])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def body(self, place: int) -> dict:
        return json.loads(self.requests[place].content)

    def client(self, environment: dict[str, str] | None = None, **settings: object):
        config = {"base_url": "http://here/v1/", "model": "m", **settings}
        return EmbeddingsClient(
            EmbeddingsConfig.model_validate(config),
            rng=np.random.default_rng(0),
            environment=environment or {},
            sleep=self.waits.append,
            transport=httpx.MockTransport(self),
        )


def test_vectors_come_in_the_order_of_texts() -> None:
    service = Service()
    vectors = service.client().embed(["a", "bbb", "cc"])
    assert vectors.dtype == np.float32
    assert vectors[:, 0].tolist() == [1.0, 3.0, 2.0]
    assert str(service.requests[0].url) == "http://here/v1/embeddings"


def test_nothing_to_embed_asks_nothing() -> None:
    service = Service()
    assert service.client().embed([]).shape == (0, 0)
    assert not service.requests


def test_batches_keep_within_limits() -> None:
    service = Service()
    client = service.client(batch=3, batch_characters=10)
    client.embed(["x" * 4, "x" * 4, "x" * 4, "x" * 50, "x", "x", "x", "x"])
    sizes = [[len(t) for t in service.body(i)["input"]] for i in range(len(service.requests))]
    assert sizes == [[4, 4], [4], [50], [1, 1, 1], [1]]


def test_the_key_comes_from_the_environment() -> None:
    service = Service()
    service.client({"MY_KEY": "secret"}, key_variable="MY_KEY").embed(["a"])
    assert service.requests[0].headers["Authorization"] == "Bearer secret"
    service.client().embed(["a"])
    assert "Authorization" not in service.requests[1].headers


def test_dimensions_are_asked_for() -> None:
    service = Service()
    service.client(send_dimensions=256).embed(["a"])
    assert service.body(0)["dimensions"] == 256


@pytest.mark.parametrize(
    "trouble", [httpx.Response(503), httpx.Response(429), httpx.ConnectError("gone"),
                httpx.ReadTimeout("slow")],
)  # fmt: skip
def test_passing_trouble_is_waited_out(trouble: httpx.Response | Exception) -> None:
    service = Service(trouble, trouble)
    assert service.client(backoff=1.0).embed(["a"]).shape == (1, 3)
    assert len(service.waits) == 2
    assert 0.5 <= service.waits[0] <= 1.0 <= service.waits[1] <= 2.0


def test_lasting_trouble_is_told() -> None:
    service = Service(*[httpx.Response(500, text="boom")] * 9)
    with pytest.raises(ServiceDownError, match=r"3 attempts.*boom"):
        service.client(attempts=3).embed(["a"])
    assert len(service.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_is_not_repeated(status: int) -> None:
    service = Service(httpx.Response(status, text="no such model"))
    with pytest.raises(ServiceRefusedError, match="no such model"):
        service.client().embed(["a"])
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>hello</html>"),
        httpx.Response(200, json={"data": []}),
        httpx.Response(200, json={"data": [{"index": 0, "embedding": [1.0]}]}),
        httpx.Response(200, json={"data": [{"index": 0, "embedding": [1.0]}] * 2}),
        httpx.Response(
            200,
            json={"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2]}]},
        ),
        httpx.Response(200, json={"error": "none"}),
    ],
)
def test_a_wrong_answer_is_told(answer: httpx.Response) -> None:
    with pytest.raises(BadReplyError):
        Service(answer).client().embed(["a", "b"])


def test_one_model_has_one_dimension() -> None:
    service = Service(reply(["a"], dim=3), reply(["b"], dim=4))
    with pytest.raises(BadReplyError, match=r"lengths \[3, 4\]"):
        service.client(batch=1).embed(["a", "b"])
