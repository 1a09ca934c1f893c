"""A trained recommender: vocabularies, fitted members, and how they came to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.errors import ArtifactError
from zhiyin.core.protocols import Retriever
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.models.hybrid.blend import Blend, Member


@dataclass(frozen=True, eq=False)
class Trained:
    """What `train` returns, an artifact holds and the engine serves.

    Attributes:
        users: Users known at training.
        items: Items known at training.
        blend: The fitted members and their weights.
        behaviour: Who took what, a sparse matrix of shape (n_users, n_items); only its
            pattern means anything.
        order: What ordered the events: "timestamp", "position", or None for arrival.
        last_seq: ``seq`` of the newest event seen; 0 where the data came from elsewhere.
        report: What was tried, chosen and skipped, why, and how long it took.
        as_of: The newest event seen, in milliseconds; 0 where times are unknown.
    """

    users: Vocabulary
    items: Vocabulary
    blend: Blend
    behaviour: csr_matrix
    report: dict[str, Any] = field(default_factory=dict[str, Any])
    as_of: int = 0
    order: str | None = None
    last_seq: int = 0

    @cached_property
    def popularity(self) -> NDArray[np.float32]:
        """Users per item, float32 of shape (n_items,)."""
        counts = np.bincount(self.behaviour.indices, minlength=len(self.items))
        return counts.astype(np.float32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array, by path."""
        arrays: dict[str, NDArray[Any]] = {
            "behaviour/indptr": self.behaviour.indptr,
            "behaviour/indices": self.behaviour.indices,
        }
        for name, vocabulary in (("users", self.users), ("items", self.items)):
            arrays |= {f"{name}/{key}": a for key, a in vocabulary.arrays().items()}
        for i, member in enumerate(self.blend.members):
            arrays |= {f"members/{i}/{key}": a for key, a in member.model.state().items()}
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
            "last_seq": self.last_seq,
        }


def restore(manifest: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Trained:
    """The inverse of `Trained.arrays` and `Trained.manifest`.

    Raises:
        ArtifactError: Something that the manifest speaks of is not there.
    """
    try:
        members = [
            Member(m["name"], float(m["weight"]), _restore_member(m, _under(arrays, f"members/{i}/")))
            for i, m in enumerate(manifest["members"])
        ]
        return Trained(
            Vocabulary.from_arrays(_under(arrays, "users/")),
            Vocabulary.from_arrays(_under(arrays, "items/")),
            Blend(members),
            _pattern(arrays, n_items=len(arrays["items/ends"])),
            manifest["report"],
            int(manifest["as_of"]),
            manifest["order"],
            int(manifest["last_seq"]),
        )
    except KeyError as error:
        raise ArtifactError(f"the artifact lacks {error}", hint="train again") from error


def _restore_member(entry: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Retriever:
    cls = load(RETRIEVERS, entry["name"])
    return cls(cls.Config.model_validate(entry["config"])).restore(arrays)


def _pattern(arrays: dict[str, NDArray[Any]], *, n_items: int) -> csr_matrix:
    indices, indptr = arrays["behaviour/indices"], arrays["behaviour/indptr"]
    ones = np.broadcast_to(np.float32(1), indices.shape)
    return csr_matrix((ones, indices, indptr), shape=(len(indptr) - 1, n_items))


def _under(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}
