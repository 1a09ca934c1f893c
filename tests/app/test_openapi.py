"""The OpenAPI document: complete, with examples that the service would accept and send."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from zhiyin.app.http.server import create_app
from zhiyin.client import AsyncClient, Client

METHODS = {
    "recommend_by_address": "recommend",
    "search_by_address": "search",
    "read_slate": "slate",
    "healthz": "healthy",
    "readyz": "ready",
    "read_metrics": "metrics",
}
"""Client methods of operations that are named otherwise."""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return create_app(tmp_path_factory.mktemp("shop")).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def faults(name: str, operation: dict[str, Any]) -> list[str]:
    """What is missing from the description of an operation."""
    found = [
        f"{name} has no {part}"
        for part in ("summary", "description", "tags", "operationId")
        if not operation.get(part)
    ]
    for parameter in operation.get("parameters", ()):
        for part in ("description", "schema"):
            if not parameter.get(part):
                found.append(f"{name}: {parameter['name']} has no {part}")
        if not (parameter.get("example") or parameter["schema"].get("examples")):
            found.append(f"{name}: {parameter['name']} has no example")
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        if not examples(media):
            found.append(f"{name}: the body {kind} has no example")
    return found + answer_faults(name, operation)


def answer_faults(name: str, operation: dict[str, Any]) -> list[str]:
    found: list[str] = []
    answers = operation["responses"]
    if not any(code.startswith("2") for code in answers):
        found.append(f"{name} has no good answer")
    missing = {"400", "401", "422", "503"} - answers.keys()
    if name.startswith(tuple(f"{m} /v1" for m in ("GET", "POST", "PUT", "PATCH", "DELETE"))):
        found += [f"{name} does not say what {code} means" for code in sorted(missing)]
    for code, answer in answers.items():
        if not answer.get("description"):
            found.append(f"{name}: {code} has no description")
        for kind, media in answer.get("content", {}).items():
            if not examples(media):
                found.append(f"{name}: {code} {kind} has no example")
            if code[0] in "45" and kind != "application/problem+json":
                found.append(f"{name}: {code} is no problem+json")
    return found


def examples(media: dict[str, Any]) -> list[Any]:
    if "example" in media:
        return [media["example"]]
    return [each["value"] for each in media.get("examples", {}).values()]


def test_every_operation_is_described_with_examples(document: dict[str, Any]) -> None:
    found = list(operations(document))
    assert len(found) > 35
    assert not [fault for name, operation in found for fault in faults(name, operation)]


def test_missing_descriptions_are_seen() -> None:
    bare = {
        "operationId": "x",
        "parameters": [{"name": "n", "schema": {}}],
        "requestBody": {"content": {"application/json": {}}},
        "responses": {"200": {"description": "", "content": {"application/json": {}}}},
    }
    found = faults("GET /v1/x", bare)
    for missing in ("summary", "description", "tags", "n has no example", "body", "422", "200 has"):
        assert any(missing in fault for fault in found), missing


def test_operations_have_names_of_their_own_and_known_tags(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    known = {tag["name"] for tag in document["tags"]}
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}
    assert used == known


def test_examples_are_what_their_schemas_say(document: dict[str, Any]) -> None:
    checked = 0
    for name, operation in operations(document):
        medias = [("body", m) for m in operation.get("requestBody", {}).get("content", {}).items()]
        for code, answer in operation["responses"].items():
            medias += [(code, m) for m in answer.get("content", {}).items()]
        for place, (kind, media) in medias:
            if "json" not in kind or kind.endswith("ndjson") or "schema" not in media:
                continue
            schema = {**media["schema"], "components": document["components"]}
            validator = jsonschema_rs.Draft202012Validator(schema)
            for example in examples(media):
                validator.validate(example), f"{name} {place}"
                checked += 1
    assert checked > 150


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_the_client_has_a_method_for_every_operation(
    document: dict[str, Any], client: type[Client | AsyncClient]
) -> None:
    for name, operation in operations(document):
        method = METHODS.get(operation["operationId"], operation["operationId"])
        assert callable(getattr(client, method, None)), f"{name}: no {client.__name__}.{method}"


def test_the_two_clients_are_alike() -> None:
    def offered(cls: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(member).parameters)
            for name, member in inspect.getmembers(cls, callable)
            if not name.startswith("_")
        }

    assert offered(Client) == offered(AsyncClient)


def test_the_document_is_served(tmp_path: Path, document: dict[str, Any]) -> None:
    assert document["info"]["title"] == "Zhiyin"
    assert document["components"]["schemas"]["Problem"]["required"] == ["title", "status", "detail"]
