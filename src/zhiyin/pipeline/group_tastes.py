"""What people of a kind like: the first guess about a user who has done nothing yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import EntityStore
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.encode.attributes.kinds import Kind, kind_of, number_of, tags_of

_LEAST_USERS = 10
_MOST_GROUPS = 200
_PRIOR = 10.0
"""Users at which a group's own share counts as much as everybody's."""
_HALF = 0.5
_AGES = {"age", "年龄"}
OWN_WORDS = frozenset(
    "interests interest likes wishes bio about favourites favorites favourite_genres "
    "favorite_genres hobbies 兴趣 爱好 喜好 简介".split()
)
"""Attributes of users that say in words what they like; these are read as wishes."""


class GroupTastes:
    """Tags that the people of a group take more than others do.

    Args:
        entities: Where users' attributes are.
        users: Users with behaviour.
        behaviour: Who took what, shape (n_users, n_items).
        item_tags: Tags of the same items, shape (n_items, n_tags).
    """

    def __init__(
        self,
        entities: EntityStore,
        *,
        users: Vocabulary,
        behaviour: csr_matrix,
        item_tags: csr_matrix,
    ) -> None:
        rows = _attributes(entities)
        self._lift: dict[tuple[str, str], Floats] = {}
        members = _members(rows, users)
        if not members:
            return
        sizes = np.maximum(np.diff(behaviour.indptr), 1)
        each = csr_matrix(behaviour.multiply((1.0 / sizes)[:, None]))
        everybody = _tags_of_people(each, np.arange(len(users)), item_tags)
        for group, people in members.items():
            n = len(people)
            share = _tags_of_people(each, np.array(people), item_tags)
            share = (n * share + _PRIOR * everybody) / (n + _PRIOR)
            bits = share * np.log2(np.maximum(share, 1e-9) / np.maximum(everybody, 1e-9))
            self._lift[group] = (bits / (np.abs(bits) + _HALF)).astype(np.float32)

    def of(self, attributes: Mapping[str, Any]) -> dict[str, Floats]:
        """By group that a user belongs to ("city: 北京"): weights of tags, shape (n_tags,)."""
        return {
            f"{name}: {value}": self._lift[name, value]
            for name, value in _groups(attributes)
            if (name, value) in self._lift
        }


def _tags_of_people(
    each: csr_matrix, people: NDArray[np.integer], item_tags: csr_matrix
) -> NDArray[np.float64]:
    """Share of each tag in what some people take, every one of them counting alike."""
    items = np.asarray(each[people].mean(axis=0)).ravel()
    return np.asarray(item_tags.T @ items, dtype=np.float64)


def own_words(attributes: Mapping[str, Any]) -> list[str]:
    """What a user's attributes say in words of what they like."""
    found = [attributes[name] for name in sorted(attributes) if name.casefold() in OWN_WORDS]
    return [text for value in found for text in tags_of(value)]


def _groups(attributes: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in sorted(attributes.items()):
        if name.casefold() in _AGES and (age := number_of(value)) is not None:
            pairs.append((name, f"{int(age // 10) * 10} to {int(age // 10) * 10 + 9}"))
        elif name.casefold() not in OWN_WORDS and not isinstance(value, dict):
            pairs += [(name, tag) for tag in tags_of(value)[:10]]
    return pairs


def _members(
    rows: Mapping[str, Mapping[str, Any]], users: Vocabulary
) -> dict[tuple[str, str], list[int]]:
    """Indices of the users of each group that is large enough."""
    names = dict.fromkeys(name for row in rows.values() for name in row)
    told = {n for n in names if n.casefold() in _AGES or _sorts([r.get(n) for r in rows.values()])}
    members: dict[tuple[str, str], list[int]] = {}
    for user_id, attributes in rows.items():
        index = users.index.get(user_id)
        if index is not None:
            for group in _groups({n: v for n, v in attributes.items() if n in told}):
                members.setdefault(group, []).append(index)
    large = [group for group, people in members.items() if len(people) >= _LEAST_USERS]
    large.sort(key=lambda group: (-len(members[group]), group))
    return {group: sorted(members[group]) for group in large[:_MOST_GROUPS]}


def _sorts(values: list[Any]) -> bool:
    """Whether an attribute sorts users into groups rather than naming each."""
    return kind_of("", values) is Kind.TAGS


def _attributes(entities: EntityStore) -> dict[str, dict[str, Any]]:
    frame = entities.scan("user", columns=["id", "attributes"])
    return {i: json.loads(text) for i, text in frame.iter_rows() if text}
