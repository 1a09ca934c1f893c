"""The console is found by whoever starts it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from zhiyin.app.console.starting import has_desktop, open_when_ready


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "darwin", False),
        ({"DISPLAY": ":0", "CI": "true"}, "linux", False),
    ],
)
def test_a_browser_is_opened_only_where_somebody_sits(
    environment: dict[str, str], platform: str, expected: bool
) -> None:
    assert has_desktop(environment, platform) is expected


def test_the_page_is_opened_once_it_answers_and_not_before() -> None:
    asked: list[int] = []

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(503 if len(asked) < 2 else 200)
            self.send_response(asked[-1])
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    opened: list[tuple[str, int]] = []
    with HTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/console/"
        open_when_ready(url, show=lambda told: opened.append((told, len(asked)))).join(30)
        server.shutdown()
    assert opened == [(url, 3)]


def test_what_never_answers_is_not_opened() -> None:
    opened: list[str] = []
    open_when_ready("http://127.0.0.1:9/", patience_s=0.5, show=opened.append).join(30)
    assert opened == []
