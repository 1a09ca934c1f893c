"""A trained recommender: vocabularies, fitted members, and how they came to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError, UnknownModelError
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Retriever
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.models.sequence.start import behaviour_vectors
from zhiyin.pipeline.content import Content
from zhiyin.pipeline.newcomers import KnownPeople
from zhiyin.pipeline.ranker.heads import ObjectiveHeads
from zhiyin.pipeline.ranker.stage import RANKER, RankerStage

_VECTOR_DIM = 64
_VECTOR_SEED = 7
_VECTOR_SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class Trained:
    """What `train` returns, an artifact holds and the engine serves.

    Attributes:
        users: Users known at training.
        items: Items known at training.
        blend: The fitted members and their weights.
        histories: What training saw, a row per user: later events come from the store.
        order: What ordered the events: "timestamp", "position", or None for arrival.
        last_seq: ``seq`` of the newest event seen; 0 where the data came from elsewhere.
        report: What was tried, chosen and skipped, why, and how long it took.
        as_of: The newest event seen, in milliseconds; 0 where times are unknown.
        content: What the items' attributes add; None where they tell nothing.
        people: What the users' attributes tell of those without a history; None: nothing.
        ranker: What puts the best candidates in order; None where the blend's order stays.
        heads: Estimates of what becomes of candidates; None where events do not tell.
    """

    users: Vocabulary
    items: Vocabulary
    blend: Blend
    histories: Histories
    report: dict[str, Any] = field(default_factory=dict[str, Any])
    as_of: int = 0
    order: str | None = None
    last_seq: int = 0
    content: Content | None = None
    people: KnownPeople | None = None
    ranker: RankerStage | None = None
    heads: ObjectiveHeads | None = None

    @cached_property
    def behaviour(self) -> csr_matrix:
        """Who liked what: ones, of shape (n_users, n_items)."""
        return self.histories.liked()

    @cached_property
    def popularity(self) -> NDArray[np.float32]:
        """Users who liked each item, float32 of shape (n_items,)."""
        counts = np.bincount(self.behaviour.indices, minlength=len(self.items))
        return counts.astype(np.float32)

    @cached_property
    def vectors(self) -> NDArray[np.float16]:
        """Items that the same users took are near one another: shape (n_items, at most 64).

        For the diversity of slates. Worked out when first asked for, which storing an
        artifact does; zeros where nobody took an item.
        """
        rng, deadline = np.random.default_rng(_VECTOR_SEED), Deadline(_VECTOR_SECONDS)
        dim = min(_VECTOR_DIM, max(1, min(self.behaviour.shape) - 1))
        found = behaviour_vectors(self.histories, dim=dim, rng=rng, deadline=deadline)
        found[self.popularity == 0] = 0.0
        return found.astype(np.float16)

    def weighed(self, weights: Mapping[str, float]) -> Trained:
        """The same models with other weights.

        Args:
            weights: By name of a member of the blend, or "ranker"; others stay.

        Raises:
            UnknownModelError: There is no such source.
        """
        known = [member.name for member in self.blend.members]
        known += [] if self.ranker is None else [RANKER]
        unknown = next((name for name in weights if name not in known), None)
        if unknown is not None:
            raise UnknownModelError(
                f"this model has no source {unknown[:80]!r}", hint=f"it has {', '.join(known)}"
            )
        members = [
            replace(member, weight=weights.get(member.name, member.weight))
            for member in self.blend.members
        ]
        ranker = self.ranker
        if ranker is not None and RANKER in weights:
            ranker = ranker.weighed(weights[RANKER])
        twin = replace(self, blend=Blend(members), ranker=ranker)
        for name in ("behaviour", "popularity", "vectors"):
            if name in self.__dict__:
                twin.__dict__[name] = self.__dict__[name]
        return twin

    def score(self, queries: Queries) -> Floats:
        """Scores of shape (q, n_items) with the best candidates in the ranker's order.

        Who has no history, and on whom the blend is silent, gets what everybody likes.
        """
        if self.ranker is None:
            return self.retrieve(queries)
        parts: dict[str, Floats] = {}
        scores = self.retrieve(queries, keep=parts)
        return self.ranker.apply(queries, scores, parts)

    def retrieve(
        self,
        queries: Queries,
        *,
        bridge: ContentBridge | None = None,
        expected: Floats | None = None,
        keep: dict[str, Floats] | None = None,
    ) -> Floats:
        """Scores of the blend and of content, of shape (q, n_items).

        Args:
            queries: Whom to score for.
            bridge: The content bridge with items newer than the model, which then have
                columns behind the others; None for the trained one.
            expected: What people like those without a history take, from `KnownPeople`;
                None for what everybody likes.
            keep: Takes what each member adds, by name.
        """
        scores = self.by_behaviour(queries, expected=expected, keep=keep)
        if bridge is None and self.content is not None:
            bridge = self.content.bridge
        return scores if bridge is None else bridge.apply(queries.histories, scores)

    def by_behaviour(
        self,
        queries: Queries,
        *,
        expected: Floats | None = None,
        keep: dict[str, Floats] | None = None,
    ) -> Floats:
        """Scores of the blend alone, of shape (q, n_items); arguments as in `retrieve`."""
        scores = self.blend.score(queries, keep=keep)
        silent = np.flatnonzero(queries.histories.lengths == 0)
        silent = silent[np.ptp(scores[silent], axis=1) == 0]
        if len(silent):
            scores[silent] = np.log1p(self.popularity) if expected is None else expected
        return scores

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array, by path."""
        arrays: dict[str, NDArray[Any]] = {
            "popularity": self.popularity,
            "vectors": self.vectors,
            "histories/indptr": self.histories.indptr,
            "histories/items": self.histories.items,
            "histories/weights": self.histories.weights,
        }
        if self.histories.times is not None:
            arrays["histories/times"] = self.histories.times
        for name, vocabulary in (("users", self.users), ("items", self.items)):
            arrays |= under(name, vocabulary.arrays())
        for i, member in enumerate(self.blend.members):
            arrays |= under(f"members/{i}", member.model.state())
        if self.content is not None:
            arrays |= under("content", self.content.arrays())
        if self.people is not None:
            arrays |= under("people", self.people.arrays())
        if self.ranker is not None:
            arrays |= under("ranker", self.ranker.arrays())
        if self.heads is not None:
            arrays |= under("heads", self.heads.arrays())
        return arrays

    def manifest(self) -> dict[str, Any]:
        """Everything that is not an array."""
        members = [
            {"name": m.name, "weight": m.weight, "config": m.model.config.model_dump(mode="json")}
            for m in self.blend.members
        ]
        return {
            "members": members,
            "report": self.report,
            "as_of": self.as_of,
            "order": self.order,
            "ordered": self.histories.ordered,
            "last_seq": self.last_seq,
            "content": None if self.content is None else self.content.manifest(),
            "people": None if self.people is None else self.people.manifest(),
            "ranker": None if self.ranker is None else self.ranker.manifest(),
            "heads": None if self.heads is None else self.heads.manifest(),
        }


def restore(manifest: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Trained:
    """The inverse of `Trained.arrays` and `Trained.manifest`.

    Raises:
        ArtifactError: Something that the manifest speaks of is not there.
    """
    try:
        members = [
            Member(
                m["name"], float(m["weight"]), _restore_member(m, group_of(arrays, f"members/{i}"))
            )
            for i, m in enumerate(manifest["members"])
        ]
        items = Vocabulary.from_arrays(group_of(arrays, "items"))
        past = group_of(arrays, "histories")
        trained = Trained(
            Vocabulary.from_arrays(group_of(arrays, "users")),
            items,
            Blend(members),
            Histories(
                past["indptr"],
                past["items"],
                past["weights"],
                len(items),
                past.get("times"),
                ordered=bool(manifest["ordered"]),
            ),
            manifest["report"],
            int(manifest["as_of"]),
            manifest["order"],
            int(manifest["last_seq"]),
            Content.restored(manifest["content"], group_of(arrays, "content"))
            if manifest.get("content")
            else None,
            KnownPeople.restored(manifest["people"], group_of(arrays, "people"))
            if manifest.get("people")
            else None,
            RankerStage.restored(manifest["ranker"], group_of(arrays, "ranker"))
            if manifest.get("ranker")
            else None,
            ObjectiveHeads.restored(manifest["heads"], group_of(arrays, "heads"))
            if manifest.get("heads")
            else None,
        )
        trained.__dict__["popularity"] = np.asarray(arrays["popularity"])
        if "vectors" in arrays:
            trained.__dict__["vectors"] = arrays["vectors"]
    except KeyError as error:
        raise ArtifactError(f"the artifact lacks {error}", hint="train again") from error
    return trained


def _restore_member(entry: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Retriever:
    cls = load(RETRIEVERS, entry["name"])
    return cls(cls.Config.model_validate(entry["config"])).restore(arrays)
