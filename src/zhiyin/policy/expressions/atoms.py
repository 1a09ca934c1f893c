"""The parts of an expression that hold no other: keywords, names, constants in lists."""

from __future__ import annotations

from typing import cast

from zhiyin.policy.expressions import words
from zhiyin.policy.expressions.building import negative
from zhiyin.policy.expressions.leaves import (
    Attribute,
    Boolean,
    Constant,
    Duration,
    Node,
    Now,
    Null,
    Number,
)
from zhiyin.policy.expressions.reader import Reader, is_keyword


def take_keyword(reader: Reader) -> Node:
    """``true``, ``false``, ``null`` or ``now``."""
    token = reader.next
    match token.text.lower():
        case "true" | "false" as word:
            node: Node = Boolean(word == "true", place=token.place)
        case "null":
            node = Null(place=token.place)
        case "now":
            node = Now(place=token.place)
        case _:
            hint = f"an attribute of this name is written item.{token.text}"
            raise reader.unexpected("a value", hint=hint)
    reader.take()
    return node


def take_attribute(reader: Reader) -> Attribute:
    """A name, with or without whose it is."""
    first = reader.take()
    scope = words.scope(first.text) if first.kind == "word" else None
    if scope is None:
        _refuse_path(reader, words.nearest(first.text, words.SCOPES))
        return Attribute("item", first.text, place=first.place)
    if not reader.takes("."):
        hint = f"write {scope}.country, or item.{scope} for an attribute of the item"
        raise reader.unexpected(f'"." and a name after {scope}', hint=hint)
    if reader.next.kind not in ("word", "name"):
        hint = "unusual names stand in backticks"
        raise reader.unexpected(f"a name after {scope}.", hint=hint)
    name = reader.take()
    _refuse_path(reader, None)
    return Attribute(scope, name.text, place=(first.place[0], name.place[1]))


def _refuse_path(reader: Reader, guess: str | None) -> None:
    """Refuses a second dot, or one after what is no scope."""
    if reader.is_sign("."):
        hint = "names begin with item., user. or context.; one that has a dot stands in backticks"
        hint = words.did_you_mean(f"{guess}.") if guess else hint
        raise reader.source.error("no name goes on with a dot here", reader.next.place, hint=hint)


def take_options(reader: Reader) -> tuple[Constant, ...]:
    """The constants of a list that was just opened, its closing bracket included."""
    found: list[Constant] = []
    opening = reader.last
    while not reader.takes("]"):
        found.append(cast("Constant", reader.counted(_constant(reader))))
        if not reader.takes(","):
            reader.expect_closing("]", opening=opening, separator=True)
            break
    return tuple(found)


def _constant(reader: Reader) -> Node:
    start = reader.next
    minus = reader.takes("-")
    token = reader.next
    if minus and isinstance(token.constant, (Number, Duration)):
        reader.take()
        return negative(token.constant, place=(start.place[0], token.place[1]))
    if not minus and token.constant is not None:
        reader.take()
        return token.constant
    if not minus and is_keyword(token) and token.text.lower() in ("true", "false"):
        return take_keyword(reader)
    hint = "a list holds texts, numbers, dates, true and false"
    raise reader.unexpected("a constant", hint=hint)
