"""From text to tokens: one pass, no regular expressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from zhiyin.policy.expressions import words
from zhiyin.policy.expressions.leaves import Node, Text
from zhiyin.policy.expressions.numerals import starts_numeral, take_numeral
from zhiyin.policy.expressions.places import Place, Source, quoted

MAX_LENGTH = 10_000
"""Characters in an expression."""

_BLANKS = " \t\r\n"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ITSELF = "\\/\"'"


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a name in backticks, a sign, a constant, or the end.

    Attributes:
        kind: What it is.
        text: A word as it is written, a name without backticks, or a sign.
        place: Where it stands.
        constant: The node that a constant is.
    """

    kind: Literal["word", "name", "sign", "constant", "end"]
    text: str
    place: Place
    constant: Node | None = None


def scan(source: Source) -> list[Token]:
    """The tokens of an expression, the end included.

    Raises:
        ExpressionError: The text is too long, or holds what is no part of the language.
    """
    text = source.text
    if len(text) > MAX_LENGTH:
        raise source.error(
            f"the expression is {len(text):,} characters long; {MAX_LENGTH:,} are allowed",
            (MAX_LENGTH, MAX_LENGTH + 1),
        )
    _refuse_surrogates(source)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] in _BLANKS:
            at += 1
            continue
        token = _taker(text, at)(source, at)
        tokens.append(token)
        at = token.place[1]
    return [*tokens, Token("end", "", (at, at))]


def _refuse_surrogates(source: Source) -> None:
    try:
        source.text.encode("utf-8")
    except UnicodeEncodeError as error:
        place = (error.start, error.start + 1)
        raise source.error("half of a character: a lone surrogate", place) from None


def _taker(text: str, at: int) -> Callable[[Source, int], Token]:
    """What reads the token that begins at a character."""
    character = text[at]
    if words.starts_word(character):
        return _word
    if character in "\"'":
        return _string
    if character == "`":
        return _name
    return _numeral if starts_numeral(text, at) else _sign


def _word(source: Source, at: int) -> Token:
    text, end = source.text, at + 1
    while end < len(text) and words.continues_word(text[end]):
        end += 1
    return Token("word", text[at:end], (at, end))


def _numeral(source: Source, at: int) -> Token:
    node = take_numeral(source, at)
    return Token("constant", source.text[slice(*node.place)], node.place, node)


def _sign(source: Source, at: int) -> Token:
    text = source.text
    for sign in (text[at : at + 2], text[at]):
        place = (at, at + len(sign))
        if sign in words.SIGNS:
            return Token("sign", sign, place)
        if sign in words.OTHER_SIGNS:
            hint = words.did_you_mean(words.OTHER_SIGNS[sign])
            raise source.error(f"{quoted(sign)} is no operator", place, hint=hint)
    character = text[at]
    shown = quoted(character) if character.isprintable() else f"U+{ord(character):04X}"
    raise source.error(
        f"the character {shown} means nothing here",
        (at, at + 1),
        hint="texts stand in quotation marks, unusual names in backticks",
    )


def _name(source: Source, at: int) -> Token:
    text, end, parts = source.text, at + 1, list[str]()
    while True:
        stop = text.find("`", end)
        if stop < 0:
            raise source.error("the name in backticks is never closed", (at, at + 1))
        parts.append(text[end:stop])
        end = stop + 1
        if not text.startswith("`", end):
            break
        parts.append("`")
        end += 1
    name = "".join(parts)
    if not name:
        raise source.error("the name in backticks is empty", (at, end))
    return Token("name", name, (at, end))


def _string(source: Source, at: int) -> Token:
    text, mark, parts, end = source.text, source.text[at], list[str](), at + 1
    while end < len(text) and text[end] != mark:
        if text[end] == "\\":
            character, end = _escaped(source, end)
            parts.append(character)
        else:
            parts.append(text[end])
            end += 1
    if end == len(text):
        raise source.error("the text is never closed", (at, at + 1), hint=f"end it with {mark}")
    place = (at, end + 1)
    return Token("constant", text[slice(*place)], place, Text("".join(parts), place=place))


def _escaped(source: Source, at: int) -> tuple[str, int]:
    r"""The character that a backslash and what follows stand for, and where it goes on."""
    text = source.text
    following = text[at + 1 : at + 2]
    if following and following in _ITSELF:
        return following, at + 2
    if following in _ESCAPES:
        return _ESCAPES[following], at + 2
    digits = text[at + 2 : at + 6]
    if following == "u" and len(digits) == 4 and all(d in "0123456789abcdefABCDEF" for d in digits):
        character = chr(int(digits, 16))
        if "\ud800" <= character <= "\udfff":
            place = (at, at + 6)
            raise source.error("half of a character", place, hint="write the character itself")
        return character, at + 6
    raise source.error(
        f"{quoted(text[at : at + 2])} means nothing in a text",
        (at, at + 2),
        hint=r"write \\ for a backslash; \n, \t, \" and \u0041 are known",
    )
