"""Search through an encoder that is elsewhere: gone, slow, wrong, and back again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from zhiyin.pipeline.doctor import examine
from zhiyin.pipeline.workspace import Workspace

Make = Callable[..., Workspace]
ITEMS = [
    {"item_id": "jaws", "title": "Jaws", "text": "A giant shark terrorises a beach town."},
    {"item_id": "ship", "title": "Titanic", "text": "A liner hits an iceberg and sinks."},
]


class Endpoint(BaseHTTPRequestHandler):
    """Embeds a text as its length, in as many dimensions as the server says."""

    def do_POST(self) -> None:
        server: Any = self.server
        time.sleep(server.delay)
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        data = [
            {"index": i, "embedding": [1.0, *[float(len(t))] * (server.dim - 1)]}
            for i, t in enumerate(body["input"])
        ]
        answer = json.dumps({"data": data}).encode()
        self.send_response(server.status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def endpoint() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.daemon_threads = True
    server.dim, server.delay, server.status = 4, 0.0, 200
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def settings(port: int, *, retry: float = 0.2) -> str:
    return f"""
[text]
encoder = "remote"
[text.options]
dim = 4
[text.options.endpoint]
base_url = "http://127.0.0.1:{port}/v1"
model = "m"
backoff = 0.05
attempts = 2
[search]
patience = 1.0
retry = {retry}
"""


def test_a_remote_encoder_is_used(make_workspace: Make, endpoint: Any) -> None:
    workspace = make_workspace(settings(endpoint.server_port))
    workspace.upsert_items(ITEMS)
    found = workspace.search("shark")
    assert found.fallbacks == []
    assert found.encoder.startswith("remote/")
    assert set(found.item_ids) == {"jaws", "ship"}


def test_a_vanished_endpoint_leaves_words(make_workspace: Make) -> None:
    workspace = make_workspace(settings(9, retry=60))
    workspace.upsert_items(ITEMS)
    start = time.perf_counter()
    found = workspace.search("a shark")
    again = workspace.search("iceberg")
    assert time.perf_counter() - start < 8
    assert found.item_ids == ["jaws"]
    assert again.item_ids == ["ship"]
    assert found.encoder == ""
    assert found.fallbacks[0].startswith("meaning was not searched: ")
    assert any("meaning was not searched" in finding.detail for finding in examine(workspace))


def test_a_slow_endpoint_is_not_waited_for(make_workspace: Make, endpoint: Any) -> None:
    workspace = make_workspace(settings(endpoint.server_port, retry=60))
    workspace.upsert_items(ITEMS)
    assert workspace.search("shark").fallbacks == []
    endpoint.delay = 12.0
    start = time.perf_counter()
    found = workspace.search("a liner")
    assert time.perf_counter() - start < 10
    assert found.item_ids == ["ship"]
    assert "no answer in 1 s" in found.fallbacks[0]


@pytest.mark.parametrize(("dim", "status"), [(7, 200), (4, 401), (4, 500)])
def test_a_wrong_answer_leaves_words_until_it_is_right(
    make_workspace: Make, endpoint: Any, dim: int, status: int
) -> None:
    endpoint.dim, endpoint.status = dim, status
    workspace = make_workspace(settings(endpoint.server_port))
    workspace.upsert_items(ITEMS)
    found = workspace.search("shark")
    assert found.item_ids == ["jaws"]
    assert found.fallbacks
    if dim == 7:
        assert "length 7" in found.fallbacks[0]
    endpoint.dim, endpoint.status = 4, 200
    time.sleep(0.3)
    workspace.searcher().expire()
    workspace.search("shark")
    assert workspace.search("shark").fallbacks == []
    assert set(workspace.search("shark").item_ids) == {"jaws", "ship"}
