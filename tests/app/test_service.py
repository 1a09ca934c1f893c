"""Who is let in, how much they may ask, and what is counted and logged of it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Message
from tests.pipeline.conftest import two_tastes

from zhiyin.app.http.access import OPEN_PATHS, scope_of
from zhiyin.app.http.keys import KEYS_FILE, KeyRing
from zhiyin.app.http.logs import JsonLines, log_error
from zhiyin.app.http.protocol import PatientProtocol
from zhiyin.app.http.rates import RateLimiter
from zhiyin.app.http.server import create_app
from zhiyin.app.http.tenants import check_address
from zhiyin.core.errors import ConfigError, UnknownEntityError
from zhiyin.pipeline.wiring import open_workspace


def served(*folders: Path) -> TestClient:
    return TestClient(create_app(folders), raise_server_exceptions=False)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def shop(trained_folder: Path) -> Path:
    return trained_folder


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    with open_workspace(folder) as workspace:
        workspace.record([{**event, "user_id": f"b-{event['user_id']}"} for event in two_tastes()])
        workspace.train(recipe="popularity")
    return folder


def test_a_key_is_kept_as_a_hash_and_refused_once_revoked(shop: Path) -> None:
    ring = KeyRing(shop)
    key, text = ring.create(scopes=["read"], name="site")
    secret = text.rpartition("_")[2] if text.count("_") == 2 else text[12:]
    stored = (shop / KEYS_FILE).read_text()
    assert secret not in stored
    assert (shop / KEYS_FILE).stat().st_mode & 0o077 == 0
    with served(shop) as client:
        assert client.get("/v1/recommend", headers=bearer(text)).status_code == 200
        assert client.get("/v1/recommend", headers={"X-Api-Key": text}).status_code == 200
        assert client.get("/v1/recommend").status_code == 401
        assert client.get("/v1/recommend", headers=bearer(text[:-1])).status_code == 401
        ring.revoke(key.id)
        # Nobody has a key any more, and this server may be asked without one.
        assert client.get("/v1/recommend", headers=bearer(text)).status_code == 401
        assert client.get("/v1/recommend").status_code == 200
    with pytest.raises(UnknownEntityError):
        ring.revoke(key.id)


def test_scopes_are_kept_apart(shop: Path) -> None:
    ring = KeyRing(shop)
    read, write, admin = (ring.create(scopes=[scope])[1] for scope in ("read", "write", "admin"))
    event = {"user_id": "u00", "item_id": "pan-1"}
    with served(shop) as client:
        asked = {
            "read": lambda key: client.get("/v1/recommend", headers=bearer(key)),
            "write": lambda key: client.post("/v1/events", json=event, headers=bearer(key)),
        }
        assert [asked["read"](key).status_code for key in (read, write, admin)] == [200, 403, 200]
        codes = [asked["write"](key).status_code for key in (read, write, admin)]
        assert codes == [403, 201, 201]
        refused = asked["write"](read)
        assert refused.headers["content-type"] == "application/problem+json"
        assert "'write'" in refused.json()["detail"]


def test_every_route_needs_a_scope_and_changes_need_more_than_reading(shop: Path) -> None:
    app = create_app(shop)
    paths = app.openapi()["paths"]
    assert "/v1/recommend" in paths
    asking = ("/v1/recommend", "/v1/rank", "/v1/search", "/v1/similar", "/v1/slates", "/v1/explain")
    for path, methods in paths.items():
        if path in OPEN_PATHS:
            continue
        for method in methods:
            scope = scope_of(method.upper(), path)
            if method != "get" and not path.startswith(asking):
                assert scope in ("write", "admin"), (method, path)
    assert scope_of("POST", "/v1/never-heard-of") == "write"
    assert scope_of("POST", "/v1/train") == scope_of("GET", "/v1/export") == "admin"


def test_a_key_of_another_workspace_sees_nothing(shop: Path, books: Path) -> None:
    shop_key = KeyRing(shop).create(scopes=["read", "write"])[1]
    books_key = KeyRing(books).create(scopes=["read", "write"])[1]
    with served(shop, books) as client:
        mine = client.get("/v1/recommend", params={"user_id": "u01"}, headers=bearer(shop_key))
        slate_id = mine.json()["slate_id"]
        theirs = client.get(f"/v1/slates/{slate_id}", headers=bearer(books_key))
        assert theirs.status_code == 404
        named = {**bearer(books_key), "X-Zhiyin-Workspace": "shop"}
        assert client.get("/v1/recommend", headers=named).status_code == 404
        event = {"user_id": "spy", "item_id": "pan-1"}
        assert client.post("/v1/events", json=event, headers=bearer(books_key)).status_code == 201
        metrics = client.get("/metrics", headers=bearer(books_key)).text
        assert 'workspace="books"' in metrics
        assert 'workspace="shop"' not in metrics
    with open_workspace(shop) as workspace:
        assert "spy" not in workspace.stores.entities.scan("user")["id"].to_list()


def test_without_keys_several_workspaces_are_told_apart_by_a_header(
    shop: Path, books: Path
) -> None:
    with served(shop, books) as client:
        assert client.get("/v1/recommend").status_code == 404
        named = {"X-Zhiyin-Workspace": "books"}
        slate = client.get("/v1/recommend", params={"n": 3}, headers=named)
        assert slate.status_code == 200
        assert client.get("/readyz").status_code == 200
        KeyRing(shop).create(scopes=["read"])
        # One key is enough: from now on everybody needs one.
        assert client.get("/v1/recommend", headers=named).status_code == 401


def test_an_address_that_others_reach_needs_a_key(shop: Path, books: Path) -> None:
    assert check_address("127.0.0.1", [shop])
    assert check_address("::1", [shop])
    with pytest.raises(ConfigError, match="zhiyin keys create"):
        check_address("0.0.0.0", [shop])
    KeyRing(shop).create(scopes=["read"])
    assert not check_address("0.0.0.0", [shop])
    with pytest.raises(ConfigError, match="books"):
        check_address("192.168.1.1", [shop, books])


def test_two_workspaces_of_one_name_are_refused(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rename"):
        create_app([shop, tmp_path / "elsewhere" / shop.name])


def test_a_key_may_ask_so_often_and_is_told_when_to_come_back(shop: Path) -> None:
    ring = KeyRing(shop)
    slow = ring.create(scopes=["read"], rate=0.5)[1]
    free = ring.create(scopes=["read"], rate=0)[1]
    with served(shop) as client:
        codes = [client.get("/v1/recommend", headers=bearer(slow)).status_code for _ in range(3)]
        assert codes == [200, 429, 429]
        refused = client.get("/v1/recommend", headers=bearer(slow))
        assert 1 <= int(refused.headers["Retry-After"]) <= 3
        assert client.get("/v1/recommend", headers=bearer(free)).status_code == 200


def test_a_bucket_fills_at_its_rate_and_is_shared_by_all_workers(tmp_path: Path) -> None:
    now = [1000.0]
    first = RateLimiter(tmp_path / "rates", now=lambda: now[0])
    second = RateLimiter(tmp_path / "rates", now=lambda: now[0])
    taken = [(first, second)[i % 2].wait("abcdefgh", rate=10, burst=1) for i in range(12)]
    assert taken[:10] == [0.0] * 10
    assert taken[10] == pytest.approx(0.1)
    now[0] += 0.1
    assert second.wait("abcdefgh", rate=10, burst=1) == 0.0
    assert first.wait("abcdefgh", rate=10, burst=1) > 0
    assert first.wait("another1", rate=10, burst=1) == 0.0
    now[0] = 5.0  # the machine was started again: its clock began anew
    assert first.wait("abcdefgh", rate=10, burst=1) == 0.0
    first.close()
    second.close()


def settings(folder: Path, text: str) -> None:
    (folder / "zhiyin.toml").write_text(text, encoding="utf-8")


def test_a_body_over_the_limit_is_refused_however_it_comes(shop: Path) -> None:
    settings(shop, "[http]\nmax_body_mb = 0.01\n")
    event = {"user_id": "u00", "item_id": "pan-1", "text": "x" * 20_000}
    chunks = [json.dumps(event).encode()[i : i + 1000] for i in range(0, 20_000, 1000)]

    def parts() -> Iterator[bytes]:
        yield from chunks

    with served(shop) as client, open_workspace(shop) as workspace:
        before = workspace.stores.events.count()
        whole = client.post("/v1/events", json=event)
        chunked = client.post(
            "/v1/events", content=parts(), headers={"Content-Type": "application/json"}
        )
        assert (whole.status_code, chunked.status_code) == (413, 413)
        assert whole.headers["content-type"] == "application/problem+json"
        assert workspace.stores.events.count() == before


def test_every_answer_carries_its_requests_id(shop: Path) -> None:
    with served(shop) as client:
        given = client.get("/v1/recommend", headers={"X-Request-Id": "order-17.b"})
        assert given.headers["X-Request-Id"] == "order-17.b"
        for odd in ("a b", "x" * 65, "é"):
            answer = client.get("/v1/recommend", headers={"X-Request-Id": odd.encode()})
            made = answer.headers["X-Request-Id"]
            assert len(made) == 32
        missing = client.get("/nowhere")
        assert missing.status_code == 404
        assert len(missing.headers["X-Request-Id"]) == 32


def test_pages_of_a_named_origin_may_ask_and_others_may_not(shop: Path) -> None:
    settings(shop, '[http]\ncors_origins = ["https://shop.example"]\n')
    KeyRing(shop).create(scopes=["read"])
    asked = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "Authorization",
    }
    with served(shop) as client:
        good = client.options("/v1/recommend", headers={"Origin": "https://shop.example", **asked})
        assert good.headers["access-control-allow-origin"] == "https://shop.example"
        bad = client.options("/v1/recommend", headers={"Origin": "https://evil.example", **asked})
        assert "access-control-allow-origin" not in bad.headers


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> Iterator[Lines]:
    lines = Lines()
    logger = logging.getLogger("zhiyin.http")
    before = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(lines)
    logger.setLevel(before)


def test_logs_are_json_and_hold_no_ids(shop: Path, log: Lines) -> None:
    key, text = KeyRing(shop).create(scopes=["read", "write"])
    with served(shop) as client:
        asks = bearer(text)
        client.get("/v1/recommend", params={"user_id": "alice@example.org"}, headers=asks)
        client.post(
            "/v1/events",
            json={"user_id": "alice@example.org", "item_id": "secret-item"},
            headers=asks,
        )
        client.get("/v1/similar/items/secret-item", headers=asks)
        client.get("/v1/similar/users/alice@example.org-unknown", headers=asks)
        client.get("/v1/profile/alice@example.org", headers=asks)
        client.get("/alice@example.org", headers=asks)
        client.post("/v1/events", json={"user_id": "", "item_id": "secret-item"}, headers=asks)
    written = "\n".join(log.lines)
    assert len(log.lines) >= 7
    for private in ("alice", "secret-item", text, text[-20:]):
        assert private not in written
    told = [json.loads(line) for line in log.lines]
    assert all(entry["key"] in (key.id, "") for entry in told if entry["event"] == "request")
    routes = {entry["route"] for entry in told if entry["event"] == "request"}
    assert "/v1/similar/items/{item_id}" in routes


def test_an_unexpected_error_is_told_by_its_place_and_not_by_its_words(log: Lines) -> None:
    try:
        raise ValueError("alice bought it")
    except ValueError as error:
        log_error(error, request_id="r1")
    entry = json.loads(log.lines[-1])
    assert entry["error"] == "ValueError"
    assert "test_service.py" in entry["places"][-1]
    assert "alice" not in log.lines[-1]


def test_metrics_tell_of_routes_models_answers_and_nobody(shop: Path) -> None:
    with served(shop) as client:
        slates = [
            client.get("/v1/recommend", params={"user_id": f"u{i:02}", "n": 3}).json()
            for i in range(4)
        ]
        event = {
            "user_id": "u00",
            "item_id": slates[0]["positions"][0]["item_id"],
            "context": {"slate_id": slates[0]["slate_id"]},
        }
        for _ in range(2):  # a slate is answered once, however often
            assert client.post("/v1/events", json=event).status_code == 201
        for tenant in client.app.state.tenants:  # type: ignore[attr-defined]
            tenant.traffic.flush()
        text = client.get("/metrics").text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    figures = dict(line.rsplit(" ", 1) for line in lines)
    place = 'arm="default",surface="home",version="v000001",workspace="shop"'
    found = {
        name: float(value) for name, value in figures.items() if name.startswith("zhiyin_slates")
    }
    shown = [value for name, value in found.items() if name.startswith("zhiyin_slates_total")]
    answered = [
        value for name, value in found.items() if name.startswith("zhiyin_slates_answered_total")
    ]
    assert (shown, answered) == ([4.0], [1.0]), place
    assert float(figures['zhiyin_model_info{version="v000001",workspace="shop"}']) == 1
    assert 0 < float(figures['zhiyin_coverage{workspace="shop"}']) <= 1
    assert 0 <= float(figures['zhiyin_popularity_share{workspace="shop"}']) <= 1
    assert any(name.startswith("zhiyin_http_seconds_bucket") for name in figures)
    assert "u00" not in text


def test_too_many_requests_at_once_are_told_to_come_again(shop: Path) -> None:
    settings(shop, "[http]\nmax_in_flight = 1\n")
    app = create_app(shop)
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/v1/recommend").status_code == 200
        gate = app.middleware_stack
        while not hasattr(gate, "_under_way"):
            gate = getattr(gate, "_app", None) or gate.app  # type: ignore[union-attr]
        gate._under_way = 1  # as if one request were under way
        refused = client.get("/v1/recommend")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert client.get("/healthz").status_code == 200
        gate._under_way = 0
        assert client.get("/v1/recommend").status_code == 200


def test_a_connection_ends_after_about_so_many_requests() -> None:
    class Short(PatientProtocol):
        most_requests = 4

    app = FastAPI()

    @app.get("/")
    def root() -> None: ...

    config = uvicorn.Config(app, http=Short, port=0, log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        told: list[str] = []
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            for _ in range(40):
                told.append(client.get("/").headers.get("connection", ""))
        ends = [i for i, word in enumerate(told) if word == "close"]
        gaps = np.diff([-1, *ends])
        assert gaps.min() >= 2
        assert gaps.max() <= 6
    finally:
        server.should_exit = True
        thread.join()


class _Panic(BaseException):
    """As polars throws where its Rust gives up: no Exception."""


@pytest.mark.parametrize("fault", [_Panic, RecursionError, MemoryError])
def test_any_fault_is_answered_counted_and_logged(
    shop: Path, log: Lines, monkeypatch: pytest.MonkeyPatch, fault: type[BaseException]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise fault("u00 is not told")

    with served(shop) as client:
        monkeypatch.setattr("zhiyin.pipeline.workspace.Workspace.export_user", broken)
        answer = client.get("/v1/export/users/u00")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert client.get("/v1/recommend").status_code == 200
        assert f'zhiyin_errors_total{{error="{fault.__name__}"' in client.get("/metrics").text
    told = [line for line in map(json.loads, log.lines) if line["event"] == "error"]
    assert [line["error"] for line in told] == [fault.__name__]
    assert not any("u00" in line for line in log.lines)


def test_who_leaves_in_the_middle_is_no_fault(shop: Path, log: Lines) -> None:
    asked: list[Message] = [
        {"type": "http.request", "body": b'{"user_id":"left","item_id"', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return asked.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    with served(shop) as client:
        for path in (b"/v1/events/stream", b"/v1/items"):
            left = [dict(message) for message in asked]
            scope = {
                "type": "http",
                "method": "POST",
                "path": path.decode(),
                "raw_path": path,
                "query_string": b"",
                "headers": [(b"content-type", b"application/x-ndjson")],
                "http_version": "1.1",
            }
            assert client.portal is not None
            client.portal.call(client.app, scope, receive, send)
            asked[:] = left
        told = client.get("/metrics").text
    assert 'error="ClientDisconnect"' not in told
    assert [line for line in map(json.loads, log.lines) if line["event"] == "error"] == []
    assert not any(message.get("status") == 500 for message in sent)
