"""The tools of a conversation over a workspace: search, recommend, more like one, explain."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock
from typing import Any, Protocol

from zhiyin.core.errors import ArtifactError, UnknownEntityError, ZhiyinError
from zhiyin.core.protocols import EntityStore
from zhiyin.narrate.chat import Wish, WishTable, fits
from zhiyin.narrate.chat.vocabulary import NUMBERS
from zhiyin.narrate.explain import Length
from zhiyin.narrate.language import Language
from zhiyin.pipeline.availability import is_listed
from zhiyin.pipeline.engine import Engine
from zhiyin.pipeline.explaining import explain_item
from zhiyin.pipeline.search.alike import Categories, by_ranks
from zhiyin.pipeline.search.service import CatalogueSearch, Taste
from zhiyin.pipeline.stores import Stores

_PERSONAL = 0.1
"""What a taste two deviations above the mean adds to a search score."""
_DEPTH = 1000
_STEEPNESS = 60
_FEW = 10
"""Items alike by behaviour and meaning before words are asked, too."""
TasteOf = Callable[[str | None], tuple[Taste | None, str]]
"""How a user's taste is asked for, and what to tell where it is not known."""


class Talked(Protocol):
    """What of a workspace a conversation asks."""

    stores: Stores

    def engine(self) -> Engine:
        """What answers queries."""
        ...

    def searcher(self) -> CatalogueSearch:
        """What searches the catalogue."""
        ...


class LiveTable:
    """The catalogue as wishes see it; items that are announced are read again.

    Args:
        entities: The store of items.
    """

    def __init__(self, entities: EntityStore) -> None:
        self._entities = entities
        self._lock = RLock()
        self._changed: dict[str, None] = {}
        self._table: WishTable | None = None

    def notice(self, item_ids: Iterable[str]) -> None:
        """Told of items that were just stored or erased."""
        with self._lock:
            self._changed.update(dict.fromkeys(item_ids))

    def expire(self) -> None:
        """Told that any number of items changed."""
        with self._lock:
            self._table = None

    def current(self) -> WishTable:
        """The table as of now."""
        with self._lock:
            if self._table is None:
                frame = self._entities.scan("item", columns=["id", "attributes"])
                self._table = WishTable(
                    (item, record)
                    for item, text in frame.iter_rows()
                    if is_listed(record := json.loads(text or "{}"))
                )
                self._changed.clear()
            elif self._changed:
                known = self._entities.get("item", list(self._changed))
                for item in self._changed:
                    if item in known and is_listed(known[item]):
                        self._table.put(item, known[item])
                    else:
                        self._table.drop(item)
                self._changed.clear()
            return self._table


class WorkspaceTools:
    """`zhiyin.narrate.chat.Tools` over a workspace, for one turn.

    Args:
        workspace: Whose engine and search.
        table: The catalogue.
        user_id: Who speaks: their taste decides between near equals.
        taste_of: How that is asked for.
    """

    def __init__(
        self, workspace: Talked, table: WishTable, *, user_id: str | None, taste_of: TasteOf
    ) -> None:
        self._workspace = workspace
        self._table = table
        self._user_id = user_id
        self._taste_of = taste_of
        self.fallbacks: list[str] = []

    @property
    def table(self) -> WishTable:
        """See `Tools.table`."""
        return self._table

    def search(self, text: str, *, wishes: Sequence[Wish], n: int) -> dict[str, float]:
        """See `Tools.search`."""
        among = self._table.chosen(wishes) if wishes else None
        found = self._workspace.searcher().nearest(text, n=n, among=among)
        found = {item: score for item, score in found.items() if item in self._table.row_of}
        taste, _ = self._taste_of(self._user_id)
        if taste is None or not found:
            return found
        liked = taste(list(found)).clip(-2.0, 2.0) * (_PERSONAL / 2)
        total = {
            item: score + float(more)
            for (item, score), more in zip(found.items(), liked, strict=True)
        }
        return dict(sorted(total.items(), key=lambda pair: -pair[1]))

    def recommend(self, user_id: str | None, *, wishes: Sequence[Wish], n: int) -> list[str]:
        """See `Tools.recommend`: the engine's slate with the wishes as a filter."""
        try:
            engine = self._workspace.engine()
        except ArtifactError:
            self._note("not personalised: no model is trained")
            return self._table.chosen(wishes)[:n]
        slate = engine.recommend(user_id, n=min(n, _DEPTH), filter=as_filter(wishes), log=False)
        return [item for item in slate.item_ids if item in self._table.row_of]

    def similar(self, item_id: str, *, wishes: Sequence[Wish], n: int) -> list[str]:
        """See `Tools.similar`: by behaviour where there is a model, else by meaning.

        By behaviour: what goes with the item, and what its audience takes next; those that both
        name come first, so that wishes do not leave what hardly anybody knows.
        """
        allowed = set(self._table.chosen(wishes))
        found: list[str] = []
        try:
            engine = self._workspace.engine()
            near = [each.id for each in engine.similar_items(item_id, n=_DEPTH)]
            after = engine.recommend(
                None, session=[item_id], n=_DEPTH, filter=as_filter(wishes), log=False
            ).item_ids
            lists = [[i for i in ids if i in allowed] for ids in (near, after)]
            found = list(by_ranks(lists, steepness=_STEEPNESS))
        except (ArtifactError, UnknownEntityError):
            pass
        if len(found) < n:
            found += [item for item in self._alike(item_id, allowed) if item not in found]
        if len(found) < _FEW:
            text = self._workspace.searcher().read(item_id)
            more = self._workspace.searcher().nearest(text, n=n, among=list(allowed))
            found += [item for item in more if item not in found and item != item_id]
        return found[:n]

    def _alike(self, item_id: str, allowed: set[str]) -> list[str]:
        """Items that mean nearly the same, by the vectors that are kept of them."""
        try:
            near = self._workspace.searcher().similar(
                item_id, n=_DEPTH, likeness="cosine", categories=Categories()
            )
        except UnknownEntityError:
            return []
        return [each.id for each in near if each.id in allowed]

    def records(self, item_ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """See `Tools.records`."""
        return self._workspace.stores.entities.get("item", list(item_ids))

    def explain(
        self, user_id: str | None, item_id: str, *, language: Language, length: Length
    ) -> str:
        """See `Tools.explain`: from the engine's evidence, where this user has a history."""
        if user_id is None:
            return ""
        try:
            found = explain_item(
                self._workspace.engine(),
                self._workspace.stores.entities,
                user_id=user_id,
                item_id=item_id,
                language=language,
                length=length,
            )
        except ZhiyinError:  # no model, or an item that the slate does not reach
            return ""
        told = [fact for fact in found.position.evidence if fact.kind != "popular"]
        return found.explanation.text if told else ""

    def _note(self, text: str) -> None:
        if text not in self.fallbacks:
            self.fallbacks.append(text)


def as_filter(wishes: Sequence[Wish]) -> str:
    """Wishes as an expression of `zhiyin.policy.expressions`; words of titles are left out."""
    return " and ".join(f"({_expression(wish)})" for wish in wishes if wish.field.isidentifier())


def _expression(wish: Wish) -> str:
    if wish.op not in ("has", "lacks"):
        op = "=" if wish.op == "==" else wish.op
        return f"item.{wish.field} {op} {float(wish.value):.10g}"
    if wish.field in NUMBERS:
        parts = [f"item.{wish.field} = {value}" for value in wish.values]
    else:
        parts = [f"item.{wish.field} contains {json.dumps(value)}" for value in wish.values]
    together = " or ".join(parts)
    return f"not ({together})" if wish.op == "lacks" else together


__all__ = ["LiveTable", "Talked", "WorkspaceTools", "as_filter", "fits"]
