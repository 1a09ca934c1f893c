"""Erasure: a user or an item is gone from the store, the models, the index and the next slate.

The order is what makes it safe to be interrupted: first a tombstone, by which every model
forgets, then the store in one transaction, then the files of each version, then what else is on
disk. Erasing again finishes what was interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from zhiyin.core.clock import Clock
from zhiyin.core.errors import StoreError
from zhiyin.core.keys import id_key
from zhiyin.core.messages import ErasureCertificate, Removed
from zhiyin.core.protocols import EntityKind
from zhiyin.core.registry import load_path
from zhiyin.core.rng import fresh_id
from zhiyin.pipeline.artifacts import ArtifactFolder
from zhiyin.pipeline.own_model import REPLIES_FILE
from zhiyin.pipeline.scrubbing import STATES
from zhiyin.pipeline.stores import Stores
from zhiyin.pipeline.tombstones import Tombstone
from zhiyin.pipeline.wiping import wipe

_SHARED = (
    "weights that models learned from everybody together, in which no row is one person's: "
    "until the next training"
)
_MOMENTS = (
    f"moments of histories without ids in the member {STATES} of the model {{}}: "
    "until the next training"
)
_TALK: dict[EntityKind, str] = {"user": "forget_conversations", "item": "forget_talk_of"}


class Erasing(Protocol):
    """What of a workspace is needed."""

    folder: Path
    stores: Stores
    artifacts: ArtifactFolder
    forget: Callable[[], None]
    """Has the serving engine forget what was erased."""
    unlist: Callable[[str], int]
    """Takes an item out of the search index, on disk too; how many entries went."""


def erase_entity(
    workspace: Erasing, kind: EntityKind, entity_id: str, *, clock: Clock
) -> ErasureCertificate:
    """Erases a user or an item from everything.

    Args:
        workspace: Where from.
        kind: A user or an item.
        entity_id: Which.
        clock: Source of the present.

    Returns:
        What was removed from where; erasing what nobody knows finds nothing.

    Raises:
        StoreError: The store cannot erase, or something could not be written; erase again.
    """
    stores, artifacts = workspace.stores, workspace.artifacts
    if stores.erase is None:
        raise StoreError("this store cannot erase", hint="use the embedded store or Postgres")
    requested = clock()
    key = id_key(entity_id)
    versions = artifacts.versions()
    stone = Tombstone(kind, key, stores.events.last_seq(), requested)
    artifacts.erased.add(stone)
    removed = [
        Removed(place=f"store: {table}", records=n)
        for table, n in stores.erase(kind, entity_id).items()
    ]
    for version in versions:
        gone = artifacts.forget(version, [stone])
        removed.append(Removed(place=f"model {version}", records=gone))
    workspace.forget()
    if kind == "item":
        gone = workspace.unlist(entity_id)
        removed.append(Removed(place="search index", records=gone))
    forget = load_path(f"zhiyin.pipeline.chatting.sessions:{_TALK[kind]}")
    gone = forget(workspace.folder, entity_id)
    removed.append(Removed(place="conversations", records=gone))
    gone = _from_quarantine(workspace.folder / "quarantine", entity_id)
    removed.append(Removed(place="quarantine of imports", records=gone))
    found = any(each.records for each in removed)
    # Whom an answer of a language model was about is not written beside it: all of them go.
    gone = wipe(workspace.folder / REPLIES_FILE, "answers")
    removed.append(Removed(place="answers of the language model, everybody's", records=gone))
    return ErasureCertificate(
        certificate_id=fresh_id(),
        kind=kind,
        id=entity_id,
        requested=requested,
        completed=clock(),
        found=found,
        removed=removed,
        remains=_remains(artifacts),
    )


def _remains(artifacts: ArtifactFolder) -> list[str]:
    versions = artifacts.versions()
    if not versions:
        return []
    members = {v: [m["name"] for m in artifacts.manifest(v)["members"]] for v in versions}
    return [_SHARED, *(_MOMENTS.format(v) for v, names in members.items() if STATES in names)]


def _from_quarantine(folder: Path, entity_id: str) -> int:
    """Takes the rejected rows that name an id out of the files that imports left."""
    written = json.dumps(entity_id, ensure_ascii=False)[1:-1]
    gone = 0
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(True)
        kept = [line for line in lines if not _names(line, written)]
        if len(kept) < len(lines):
            gone += len(lines) - len(kept)
            draft = path.with_name(f".{path.name}.draft")
            draft.write_text("".join(kept), encoding="utf-8", errors="surrogateescape")
            draft.replace(path)
    return gone


def _names(line: str, written: str) -> bool:
    """Whether a line has an id as a value of its own, quoted or between commas."""
    if written not in line:
        return False
    try:
        row = json.loads(line)
    except ValueError:
        return True
    return _holds(row, json.loads(f'"{written}"'))


def _holds(value: object, entity_id: str) -> bool:
    if isinstance(value, Mapping):
        return any(_holds(part, entity_id) for part in value.values())  # type: ignore[arg-type]
    if isinstance(value, list):
        return any(_holds(part, entity_id) for part in value)  # type: ignore[arg-type]
    text = str(value)
    return text == entity_id or entity_id in text.replace(",", " ").replace("\t", " ").split()
