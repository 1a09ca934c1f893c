"""The load of `benchmarks/service.py`: callers over keep-alive connections, plain asyncio.

Reads a plan as JSON on standard input, writes what it saw as JSON on standard output. With a
rate, requests are due at fixed times, and a late answer counts from when its request was due:
a server that stalls does not slow down the clock that it is measured with.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

BATCH = 500


@dataclass
class Seen:
    """What the callers saw."""

    ms: list[float] = field(default_factory=list)
    slates: int = 0
    events: int = 0
    errors: int = 0
    statuses: dict[int, int] = field(default_factory=dict)


class Requests:
    """Draws requests of a mix."""

    def __init__(self, plan: dict[str, Any], seed: int) -> None:
        self._plan = plan
        self._draw = random.Random(seed)
        self._n = 0

    def next(self) -> tuple[str, bytes, int, int]:
        """Name, bytes, and how many slates and events it asks for."""
        plan, draw, mix = self._plan, self._draw, self._plan["mix"]
        self._n += 1
        if mix == "path":
            return "path", self._get(plan["path"]), 0, 0
        if mix == "single" or (mix == "mixed" and self._n % 10 == 0):
            return "event", self._post([self._event()]), 0, 1
        if mix == "batch":
            return "batch", self._post([self._event() for _ in range(BATCH)]), 0, BATCH
        user = draw.choice(plan["users"])
        return "slate", self._get(f"/v1/recommend?user_id={user}&n=10"), 1, 0

    def _event(self) -> dict[str, Any]:
        return {
            "user_id": self._draw.choice(self._plan["users"]),
            "item_id": self._draw.choice(self._plan["items"]),
            "type": "view",
        }

    def _get(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    def _post(self, events: list[dict[str, Any]]) -> bytes:
        body = json.dumps(events if len(events) > 1 else events[0]).encode()
        head = (
            "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def call(plan: dict[str, Any], number: int, until: float, seen: Seen) -> None:
    """One caller: asks, reads the whole answer, asks again."""
    requests = Requests(plan, seed=number)
    gap = plan["callers"] / plan["rate"] if plan["rate"] else 0.0
    due = time.perf_counter() + gap * number / plan["callers"]
    opened = await asyncio.open_connection("127.0.0.1", plan["port"])
    reader: asyncio.StreamReader = opened[0]
    writer: asyncio.StreamWriter | None = opened[1]
    try:
        while time.perf_counter() < until:
            if gap:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            started = due if gap else time.perf_counter()
            due += gap
            _, data, slates, events = requests.next()
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", plan["port"])
            writer.write(data)
            status, closed = await answer(reader)
            if closed:
                writer.close()
                writer = None
            seen.statuses[status] = seen.statuses.get(status, 0) + 1
            seen.ms.append((time.perf_counter() - started) * 1000)
            good = status in (200, 201)
            seen.slates += slates * good
            seen.events += events * good
            seen.errors += not good
    finally:
        if writer is not None:
            writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Reads one answer; returns its status, and whether the connection ends with it."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
    await reader.readexactly(length)
    return int(lines[0].split(" ")[1]), "connection: close" in lines


def call_alone(plan: dict[str, Any], until: float, seen: Seen) -> None:
    """The only caller: a plain socket, which costs less than a loop that waits for many."""
    requests = Requests(plan, seed=0)
    with socket.create_connection(("127.0.0.1", plan["port"])) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < until:
            _, data, slates, events = requests.next()
            started = time.perf_counter()
            connection.sendall(data)
            found = received(connection)
            while (end := found.find(b"\r\n\r\n")) < 0:
                found += received(connection)
            head = found[:end].lower()
            at = head.index(b"content-length:") + 15
            whole = end + 4 + int(head[at : head.find(b"\r\n", at) % (end + 1)])
            while len(found) < whole:
                found += received(connection)
            seen.ms.append((time.perf_counter() - started) * 1000)
            status = int(found[9:12])
            seen.statuses[status] = seen.statuses.get(status, 0) + 1
            good = status in (200, 201)
            seen.slates += slates * good
            seen.events += events * good
            seen.errors += not good


def received(connection: socket.socket) -> bytes:
    """Some bytes; a service that ends the connection is an error here."""
    found = connection.recv(1 << 16)
    if not found:
        raise ConnectionError("the service ended the connection of the only caller")
    return found


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """All callers, side by side."""
    seen = Seen()
    started = time.perf_counter()
    until = started + plan["seconds"]
    if plan["callers"] == 1:
        call_alone(plan, until, seen)
        return told(seen, time.perf_counter() - started)
    results = await asyncio.gather(
        *(call(plan, number, until, seen) for number in range(plan["callers"])),
        return_exceptions=True,
    )
    seen.errors += sum(isinstance(result, BaseException) for result in results)
    return told(seen, time.perf_counter() - started)


def told(seen: Seen, spent: float) -> dict[str, Any]:
    """What was seen, in figures."""
    ms = sorted(seen.ms) or [0.0]
    at = {name: ms[min(len(ms) - 1, int(q * len(ms)))] for name, q in QUANTILES.items()}
    return {
        "ms": {name: round(value, 3) for name, value in at.items()},
        "requests_per_s": round(len(seen.ms) / spent, 1),
        "slates_per_s": round(seen.slates / spent, 1),
        "events_per_s": round(seen.events / spent, 1),
        "errors": seen.errors,
        "statuses": seen.statuses,
        "spent_s": round(spent, 4),
    }


QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
