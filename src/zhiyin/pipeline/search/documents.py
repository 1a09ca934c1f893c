"""What of an item is read: its title, its text, and the words that describe it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from zhiyin.data.importing.names import ITEM_ROLES, recognise
from zhiyin.encode.text.cleaning import clean
from zhiyin.encode.text.passages import letters, passages

_MOST_TITLE = 300
_MOST_WORDS = 600
_LONGEST = 400
"""Characters of any other attribute that are read: longer ones are no description."""
_NOT_READ = frozenset({"id", "price", "hidden"})
_WHOLE = 400
"""Letters of a description up to which it is also read together with its title."""
_LINKS = ("http://", "https://", "/", "data:")


@dataclass(frozen=True, slots=True)
class Document:
    """An item as text.

    Attributes:
        title: Its title with its categories, or "".
        passages: Its description: with the title where it is short, then in sentences;
            empty where it has none.
        words: Everything that keywords may meet.
        hidden: Whether it must not be found.
        categories: What it belongs to.
    """

    title: str
    passages: tuple[str, ...]
    words: str
    hidden: bool = False
    categories: tuple[str, ...] = ()


def document(attributes: Mapping[str, Any]) -> Document:
    """Reads the attributes of an item; names are recognised as the import does.

    Bounded: of the longest description only the beginning is read.
    """
    roles = recognise(list(attributes), _ROLES, given={})
    value = {role: attributes[name] for role, name in roles.items()}
    title = clean(_text(value.get("title"))[: 8 * _MOST_TITLE])[0][:_MOST_TITLE]
    body = _text(value.get("text"))
    categories = _text(value.get("categories"))
    others = [_text(value.get("brand")), *_others(attributes, set(roles.values()))]
    described = " ".join([categories, *others])[:_MOST_WORDS]
    named = f"{title}. {categories}" if title and categories else title or categories
    return Document(
        title=named,
        passages=tuple([*_whole(title, body), *passages(body)]),
        words=f"{title}\n{title}\n{clean(body)[0]}\n{described}".strip(),
        categories=tuple(_list(value.get("categories"))),
        hidden=str(value.get("hidden", "")).lower() in {"true", "1", "1.0", "yes", "是"},
    )


def _whole(title: str, body: str) -> list[str]:
    """Title and description as one text, where both are short.

    A short description leaves its subject to the title, and says little without it.
    """
    cleaned = clean(body[: 8 * _WHOLE])[0]
    if not title or not cleaned or letters(cleaned) > _WHOLE:
        return []
    return [f"{title}. {cleaned}"]


_ROLES = {**ITEM_ROLES, "id": "itemid"}
"""Attributes have no id among them: what is called so is a name of something else."""


def _others(attributes: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    """Texts of attributes without a role: makers, actors, colours; no numbers, no links."""
    for name, value in attributes.items():
        if name in known or name in _NOT_READ or name.endswith("_ids"):
            continue
        text = _text(value)
        if text and len(text) <= _LONGEST and not text.startswith(_LINKS):
            yield text


def _list(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(part) for part in cast("list[object]", value)]
    return [value] if isinstance(value, str) and value else []


def _text(value: object) -> str:
    return " ".join(_list(value))
