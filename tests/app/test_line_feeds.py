"""Line feeds in addresses: part of an id, and no way around a key's scope."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from zhiyin.app.http.access import scope_of
from zhiyin.app.http.keys import KeyRing
from zhiyin.app.http.server import create_app


@pytest.mark.parametrize("end", ["%0A", "%0D", "%0D%0A", "%0A%0A", "%00", "%20", "%2F", ";x", "//"])
def test_an_address_with_something_after_it_needs_no_less_than_the_address(
    trained_folder: Path, end: str
) -> None:
    ring = KeyRing(trained_folder)
    read = {"Authorization": f"Bearer {ring.create(scopes=['read'])[1]}"}
    write = {"Authorization": f"Bearer {ring.create(scopes=['read', 'write'])[1]}"}
    with TestClient(create_app(trained_folder), raise_server_exceptions=False) as client:
        for path in ("/v1/settings", "/v1/export/users"):
            answer = client.get(f"{path}{end}", headers=read)
            assert answer.status_code in (403, 404), path
        erase = {"kind": "user", "id": "u00"}
        for path, body in (("/v1/erase", erase), ("/v1/train", {}), ("/v1/models/rollback", {})):
            assert client.post(f"{path}{end}", json=body, headers=write).status_code in (403, 404)
            assert client.post(f"{path}{end}", json=body, headers=read).status_code in (403, 404)
        assert client.get("/v1/export/users/u00", headers=read).status_code == 403


def test_a_scope_is_that_of_the_path_whatever_follows() -> None:
    assert scope_of("GET", "/v1/settings\n") == "admin"
    assert scope_of("POST", "/v1/erase\n") == "admin"


@pytest.mark.parametrize("item_id", ["two\nlines", "\n", "end\n", "\r\n\t", "a/b\n/c"])
def test_an_id_may_hold_line_feeds(trained_folder: Path, item_id: str) -> None:
    with TestClient(create_app(trained_folder), raise_server_exceptions=False) as client:
        at = f"/v1/items/{quote(item_id, safe='')}"
        assert client.put(at, json={"title": "x"}).status_code == 201
        assert client.get(at).json()["item_id"] == item_id
        assert client.patch(f"/v1/profile/{quote(item_id, safe='')}", json={}).status_code == 200
        assert client.delete(at).status_code == 200
