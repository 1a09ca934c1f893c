"""Copy for the items of a workspace: records and events from its stores, words by its settings."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.keys import id_key
from zhiyin.core.messages import Copy, CopyQuery
from zhiyin.core.protocols import LanguageModel
from zhiyin.narrate.copy.writing import write_variants
from zhiyin.pipeline.hurried_model import Speaks, hurried_model
from zhiyin.pipeline.stores import Stores

_EVENTS = 5
"""Latest events of a user that a text may name."""
_SAID = {"impression", "search"}


class Opened(Speaks, Protocol):
    """What of a workspace is asked."""

    @property
    def stores(self) -> Stores:
        """Where items and events are."""
        ...


def write_in(
    workspace: Opened, query: CopyQuery, *, model: LanguageModel | None = None
) -> list[Copy]:
    """Texts about items of a workspace, item by item, in which every claim is recorded.

    A model is asked about several items at once (``concurrency`` of [llm]). One that cannot be
    opened, or takes longer than ``patience`` of [narrate] over all of them together, leaves the
    rest to templates; the texts say so.

    Args:
        workspace: Items, events, and the sections [narrate] and [llm].
        query: What is wanted.
        model: What writes; None for that of the section [llm], where there is one.

    Raises:
        UnknownEntityError: The catalogue has no such item.
        ConfigError: The section [llm] names an address and no model.
    """
    entities = workspace.stores.entities
    records = entities.get("item", query.item_ids)
    missing = [item for item in query.item_ids if item not in records]
    if missing:
        raise UnknownEntityError(
            f"no item has the id {missing[0]!r}", hint="check the id, or store the item first"
        )
    settings = workspace.settings
    writer = hurried_model(workspace, model) if query.model else None
    spoken = settings.narrate.language
    language = query.language or (None if spoken == "auto" else spoken)
    where = f"the surface {query.surface}"
    evidence = [] if query.user_id is None else evidence_of(workspace.stores, query.user_id)
    write = partial(
        write_variants,
        n=query.n,
        kind=query.kind,
        evidence=evidence,
        language=language,
        model=writer,
        config=settings.narrate,
        segment=f"{query.segment}, on {where}" if query.segment else where,
    )
    wanted = [{"item_id": item, **records[item]} for item in dict.fromkeys(query.item_ids)]
    # The first one alone finds out whether the model is there; then as many as it takes at once.
    threads = 1 if writer is None else settings.llm.concurrency
    with ThreadPoolExecutor(threads, thread_name_prefix="copy") as pool:
        texts = [write(wanted[0]), *pool.map(write, wanted[1:])]
    return [text for of_item in texts for text in of_item]


def evidence_of(stores: Stores, user_id: str) -> list[Mapping[str, Any]]:
    """The latest events of a user, as the checker of texts reads them."""
    past = stores.events.history(id_key(user_id), limit=4 * _EVENTS)
    done = [event for event in past if event.item_key is not None and event.type not in _SAID]
    names = stores.entities.ids("item", [event.item_key for event in done if event.item_key])
    latest = [event for event in reversed(done) if event.item_key in names][:_EVENTS]
    titles = stores.entities.get("item", [names[int(event.item_key or 0)] for event in latest])
    return [_fact(event.type, names[int(event.item_key or 0)], event.timestamp, titles)
            for event in latest]  # fmt: skip


def _fact(
    kind: str, item_id: str, timestamp: int | None, records: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    title = str(records.get(item_id, {}).get("title") or item_id)
    fact: dict[str, Any] = {"kind": "event", "event": kind, "item_id": item_id, "title": title}
    return fact if timestamp is None else {**fact, "timestamp": timestamp}
