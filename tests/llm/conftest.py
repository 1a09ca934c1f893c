"""A chat endpoint on loopback that does what it is told, good or bad."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class ChatServer:
    """Answers chat requests from a function of the request's body.

    The function returns the message's text, or (status, raw body).
    """

    def __init__(self) -> None:
        self.script: Callable[[dict[str, Any]], str | tuple[int, bytes]] = lambda body: "{}"
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.drip = 0.0
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                server.handle(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self._lock:
            self.requests.append(body)
            self.keys.append(request.headers.get("Authorization"))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        said = self.script(body)
        if isinstance(said, str):
            said = 200, json.dumps({"choices": [{"message": {"content": said}}]}).encode()
        with self._lock:
            self.at_once -= 1
        try:
            request.send_response(said[0])
            request.send_header("Content-Length", str(len(said[1])))
            request.end_headers()
            for at in range(0, len(said[1]), 8 if self.drip else len(said[1]) or 1):
                request.wfile.write(said[1][at : at + (8 if self.drip else len(said[1]))])
                time.sleep(self.drip)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    server = ChatServer()
    yield server
    server.close()
