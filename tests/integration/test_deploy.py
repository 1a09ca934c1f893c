"""The examples of deployment: they parse, refer to what exists, and their commands run."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from zhiyin.app.cli.main import app
from zhiyin.app.http.server import create_app
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.testing.servers import PostgresServer, RedisServer
from zhiyin.testing.stores import make_events

# From the Compose Specification: what a file and a service may say, as far as ours say it.
COMPOSE = {"name", "services", "volumes"}
SERVICE = {
    "image", "build", "environment", "volumes", "depends_on", "profiles", "entrypoint", "command",
    "restart", "deploy", "ports", "healthcheck",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(repo_root: Path) -> Path:
    return repo_root / "examples" / "deploy"


@pytest.fixture(scope="module")
def compose(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def objects(folder: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((folder / "kubernetes.yaml").read_text(encoding="utf-8")))


def pods(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The specifications of every pod."""
    found = []
    for each in objects:
        if each["kind"] == "Deployment":
            found.append(each["spec"]["template"]["spec"])
        if each["kind"] == "CronJob":
            found.append(each["spec"]["jobTemplate"]["spec"]["template"]["spec"])
    return found


def containers(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        each for pod in pods(objects) for each in pod["containers"] + pod.get("initContainers", [])
    ]


def test_compose_says_only_what_the_specification_knows(compose: dict[str, Any]) -> None:
    assert {key for key in compose if not key.startswith("x-")} <= COMPOSE
    for name, service in compose["services"].items():
        assert set(service) <= SERVICE, name
        assert "image" in service or "build" in service
        assert set(service.get("depends_on", ())) <= compose["services"].keys()
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source.startswith("./") or source in compose["volumes"], volume


def test_compose_waits_only_for_services_that_tell_their_health(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        waits = service.get("depends_on", {})
        for other in waits if isinstance(waits, dict) else ():
            assert waits[other]["condition"] == "service_healthy"
            assert "healthcheck" in compose["services"][other]


def test_compose_refers_to_files_that_exist(compose: dict[str, Any], folder: Path) -> None:
    build = compose["services"]["zhiyin"]["build"]
    context = folder / build["context"]
    assert (context / "pyproject.toml").exists()
    assert (context / build["dockerfile"]).exists()
    assert (folder / "nginx.conf").exists()


def test_the_image_copies_and_installs_what_exists(folder: Path, repo_root: Path) -> None:
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    copied = [name for line in re.findall(r"^COPY (.+)$", text, re.M) for name in line.split()[:-1]]
    assert copied
    assert all((repo_root / name).exists() for name in copied)
    (extras,) = re.findall(r"'\.\[(.+)\]'", text)
    project = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(extras.split(",")) <= project["project"]["optional-dependencies"].keys()
    assert {"serve", "postgres", "redis"} <= set(extras.split(","))


def test_kubernetes_objects_refer_to_one_another(objects: list[dict[str, Any]]) -> None:
    named = {(each["kind"], each["metadata"]["name"]) for each in objects}
    assert len(named) == len(objects)
    assert all({"apiVersion", "kind", "metadata", "spec"} <= each.keys() for each in objects)
    labels = next(e for e in objects if e["kind"] == "Deployment")["spec"]["template"]["metadata"]
    for each in objects:
        selector = each["spec"].get("selector")
        if selector:
            wanted = selector.get("matchLabels", selector)
            assert wanted.items() <= labels["labels"].items()
    for pod in pods(objects):
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        for volume in volumes.values():
            claim = volume["persistentVolumeClaim"]["claimName"]
            assert ("PersistentVolumeClaim", claim) in named
        for each in pod["containers"] + pod.get("initContainers", []):
            assert {mount["name"] for mount in each["volumeMounts"]} <= volumes.keys()


def test_ports_and_probes_lead_somewhere(objects: list[dict[str, Any]], tmp_path: Path) -> None:
    open_workspace(tmp_path).close()
    paths = create_app(tmp_path).openapi()["paths"]
    (server,) = [each for each in containers(objects) if "ports" in each]
    ports = {port["name"]: str(port["containerPort"]) for port in server["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert server[probe]["httpGet"]["path"] in paths
        assert server[probe]["httpGet"]["port"] in ports
    assert server["args"][server["args"].index("--port") + 1] in ports.values()
    service = next(each for each in objects if each["kind"] == "Service")
    assert service["spec"]["ports"][0]["targetPort"] in ports


def test_variables_are_those_that_the_settings_read(
    compose: dict[str, Any], objects: list[dict[str, Any]]
) -> None:
    known = {Settings().store.url_variable, Settings().online.url_variable}
    assert set(compose["services"]["zhiyin"]["environment"]) == known
    for each in containers(objects):
        assert {variable["name"] for variable in each.get("env", ())} <= known


def commands(compose: dict[str, Any], objects: list[dict[str, Any]], folder: Path) -> list[str]:
    """Every call of zhiyin in the examples, without what the shell does around it."""
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    (command,) = re.findall(r"^CMD \[(.+)\]$", text, re.M)
    found = ["zhiyin " + " ".join(shlex.split(command.replace(",", " ")))]
    scripts = [*compose["services"]["setup"]["command"]]
    for each in containers(objects):
        if "command" in each:
            scripts += each["args"]
        else:
            found.append("zhiyin " + " ".join(each["args"]))
    for script in scripts:
        found += re.findall(r"zhiyin (?:init|keys|train|serve)[^&;>}]*", script)
    return found


def test_every_command_is_understood(
    compose: dict[str, Any], objects: list[dict[str, Any]], folder: Path
) -> None:
    found = commands(compose, objects, folder)
    assert len(found) >= 6
    for line in found:
        command, words = get_command(app), shlex.split(line)[1:]
        context = command.make_context("zhiyin", list(words), resilient_parsing=True)
        while hasattr(command, "commands"):
            name, *words = words
            command = command.commands[name]  # type: ignore[attr-defined]
        context = command.make_context(command.name, list(words), parent=context)
        assert context.params


@pytest.mark.integration
def test_replicas_answer_alike(
    tmp_path: Path,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two folders of different machines over one Postgres and one Redis: one workspace."""
    monkeypatch.setenv("ZHIYIN_STORE_URL", postgres_server.url)
    monkeypatch.setenv("ZHIYIN_ONLINE_URL", redis_server.url)
    settings = '[store]\nschema_name = "replicas"\n[online]\nprefix = "replicas"\n'
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "zhiyin.toml").write_text(settings)
    with open_workspace(tmp_path / "one") as one, open_workspace(tmp_path / "two") as two:
        assert one.stores.events.append(make_events(5)).accepted == 5
        assert two.stores.events.append(make_events(6)).duplicates == 5
        assert one.stores.online is not None
        assert two.stores.online is not None
        assert one.stores.online.put("key:1", "claim", b"x", new=True) is True
        assert two.stores.online.put("key:1", "claim", b"y", new=True) is False
        assert not list(tmp_path.rglob("*.db"))
