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

    The function returns the message's text, or (status, raw body), or (status, raw body,
    headers). A text is streamed where the request asks for that, three characters at a time;
    a stream breaks off after ``cut`` events.
    """

    def __init__(self) -> None:
        self.script: Callable[[dict[str, Any]], Any] = lambda body: "{}"
        self.cut: int | None = None
        self.usage: dict[str, int] = {"prompt_tokens": 11, "completion_tokens": 5}
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
            if body.get("stream"):
                said = 200, self._events(said, "stream_options" in body)
            else:
                answer = {"choices": [{"message": {"content": said}}], "usage": self.usage}
                said = 200, json.dumps(answer).encode()
        with self._lock:
            self.at_once -= 1
        try:
            request.send_response(said[0])
            request.send_header("Content-Length", str(len(said[1])))
            for name, value in (said[2] if len(said) > 2 else {}).items():
                request.send_header(name, value)
            request.end_headers()
            for at in range(0, len(said[1]), 8 if self.drip else len(said[1]) or 1):
                request.wfile.write(said[1][at : at + (8 if self.drip else len(said[1]))])
                time.sleep(self.drip)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _events(self, text: str, counted: bool) -> bytes:
        deltas = [{"role": "assistant", "content": None}]
        deltas += [{"content": text[at : at + 3]} for at in range(0, len(text), 3)]
        events: list[dict[str, Any]] = [{"choices": [{"delta": delta}]} for delta in deltas]
        events.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        events += [{"choices": [], "usage": self.usage}] if counted else []
        lines = [": a comment", *(f"data: {json.dumps(event)}" for event in events)]
        if self.cut is not None:
            return "\n\n".join(lines[: self.cut]).encode() + b"\n\n"
        return ("\n\n".join([*lines, "data: [DONE]"]) + "\n\n").encode()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    server = ChatServer()
    yield server
    server.close()
