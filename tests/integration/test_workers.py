"""``zhiyin serve`` with two workers, spoken to over real sockets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.pipeline.conftest import two_tastes

from zhiyin.pipeline.wiring import open_workspace

pytestmark = [pytest.mark.integration, pytest.mark.slow]
PATIENCE_S = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = tmp_path_factory.mktemp("served") / "shop"
    with open_workspace(shop) as workspace:
        workspace.record(two_tastes())
        workspace.train(recipe="ease")
    (shop / "zhiyin.toml").write_text("[http]\nheader_s = 2.0\nbody_s = 2.0\n", encoding="utf-8")
    return shop


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[tuple[str, int, subprocess.Popen[bytes]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "zhiyin.app.cli.main", "serve", str(folder)]
    server = subprocess.Popen(
        [*command, "--workers", "2", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}", port, server
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=60) in (0, -signal.SIGTERM)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("the service did not come up")


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    found = [int(part) for part in text.split()]
    return [
        child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_both_workers_answer_with_what_was_just_written(
    served: tuple[str, int, subprocess.Popen[bytes]],
) -> None:
    base = served[0]
    for round_ in range(10):
        user = f"fresh-{round_}"
        taken = f"pan-{round_}"
        event = {"user_id": user, "item_id": taken}
        assert httpx.post(f"{base}/v1/events", json=event).status_code == 201
        item = {"item_id": f"new-{round_}", "title": f"a new pan {round_}"}
        assert httpx.post(f"{base}/v1/items", json=item).status_code == 201
        for _ in range(6):  # a connection each: either worker may take it
            slate = httpx.get(f"{base}/v1/recommend", params={"user_id": user, "n": 100}).json()
            ids = [position["item_id"] for position in slate["positions"]]
            assert taken not in ids
            assert f"new-{round_}" in ids


def test_metrics_sum_over_workers(served: tuple[str, int, subprocess.Popen[bytes]]) -> None:
    base = served[0]

    def slates() -> float:
        lines = httpx.get(f"{base}/metrics").text.splitlines()
        found = [line for line in lines if line.startswith("zhiyin_http_requests_total{")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found if '"/v1/recommend"' in line)

    before = slates()
    for _ in range(20):
        httpx.get(f"{base}/v1/recommend")
    assert [slates() - before for _ in range(4)] == [20.0] * 4


def test_a_killed_worker_is_started_again_and_loses_nothing(
    served: tuple[str, int, subprocess.Popen[bytes]], folder: Path
) -> None:
    base, port, server = served
    first = children(server.pid)
    assert len(first) == 2
    event = {"user_id": "u00", "item_id": "pan-1", "event_id": "before-the-kill"}
    assert httpx.post(f"{base}/v1/events", json=event).status_code == 201
    os.kill(first[0], signal.SIGKILL)
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and len(set(children(server.pid)) - {first[0]}) < 2:
        time.sleep(0.2)
    assert len(set(children(server.pid)) - {first[0]}) == 2
    wait_for(port)
    again = httpx.post(f"{base}/v1/events", json=event).json()
    assert (again["accepted"], again["duplicates"]) == (0, 1)


def sent_until_cut(connection: socket.socket) -> int:
    """How many kilobytes of header lines are taken."""
    for i in range(200):
        try:
            connection.sendall(f"X-{i}: {'y' * 1000}\r\n".encode())
        except OSError:
            return i
        time.sleep(0.005)
    return 200


def test_a_slow_head_and_an_endless_one_are_not_waited_for(
    served: tuple[str, int, subprocess.Popen[bytes]],
) -> None:
    port = served[1]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        started = time.monotonic()
        assert slow.recv(100) == b""
        assert time.monotonic() - started < 20
    with socket.create_connection(("127.0.0.1", port), timeout=30) as endless:
        endless.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert sent_until_cut(endless) < 200
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for(
    served: tuple[str, int, subprocess.Popen[bytes]],
) -> None:
    port = served[1]
    head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as slow:
        slow.sendall(head + b"Content-Length: 1000\r\n\r\n{")
        answer = slow.recv(200)
    assert b" 408 " in answer.split(b"\r\n")[0]


def test_workers_end_when_their_starter_is_killed(folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "zhiyin.app.cli.main", "serve", str(folder)]
    server = subprocess.Popen(
        [*command, "--workers", "2", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(port)
        workers = children(server.pid)
        server.kill()
        server.wait()
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and any(map(alive, workers)):
            time.sleep(0.2)
        assert not any(map(alive, workers))
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return False
