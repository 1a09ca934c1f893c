"""The tokens of an expression, taken one after the other, and what is wrong with the next."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from zhiyin.core.errors import ExpressionError
from zhiyin.policy.expressions import words
from zhiyin.policy.expressions.leaves import Node
from zhiyin.policy.expressions.places import Source, quoted
from zhiyin.policy.expressions.scanner import Token, scan

MAX_NODES = 1_000
"""Names, constants and operators in an expression."""

AnyNode = TypeVar("AnyNode", bound=Node)


def is_keyword(token: Token) -> bool:
    """Whether a token is a word with a meaning of its own."""
    return token.kind == "word" and token.text.lower() in words.KEYWORDS


class Reader:
    """A place in the tokens of an expression.

    Attributes:
        source: The text.
        next: The token that comes next.
        last: The one that was taken last.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._tokens = scan(source)
        self._at = 0
        self._nodes = 0
        self.next = self.last = self._tokens[0]

    def take(self) -> Token:
        """Goes on to the token after the next, which it returns."""
        self.last = self.next
        self._at = min(self._at + 1, len(self._tokens) - 1)
        self.next = self._tokens[self._at]
        return self.last

    def counted(self, node: AnyNode) -> AnyNode:
        """A new node of the tree, unless there are too many."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            message = f"too many parts: {MAX_NODES:,} names, constants and operators are allowed"
            raise self.source.error(message, node.place)
        return node

    def is_sign(self, *signs: str) -> bool:
        """Whether one of some signs comes next."""
        return self.next.kind == "sign" and self.next.text in signs

    def follows(self, sign: str) -> bool:
        """Whether a sign comes after the next token."""
        after = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        return after.kind == "sign" and after.text == sign

    def takes(self, sign: str) -> bool:
        """Whether a sign comes next; if so, it is taken."""
        found = self.is_sign(sign)
        if found:
            self.take()
        return found

    def takes_word(self, word: str) -> bool:
        """Whether a keyword comes next; if so, it is taken."""
        found = is_keyword(self.next) and self.next.text.lower() == word
        if found:
            self.take()
        return found

    def expect_word(self, *allowed: str) -> str:
        """Takes one of some keywords."""
        for word in allowed:
            if self.takes_word(word):
                return word
        wanted = " or ".join(f'"{word}"' for word in allowed)
        guess = self._guessed(allowed)
        raise self.unexpected(wanted, hint=words.did_you_mean(guess if guess in allowed else None))

    def expect_closing(self, closing: str, *, opening: Token, separator: bool = False) -> None:
        """Takes a closing bracket; a separator might have stood in its place."""
        if self.takes(closing):
            return
        wanted = f'"{closing}" to close the "{opening.text}" at character {opening.place[0] + 1}'
        if separator:
            raise self.unexpected(f'"," or {wanted}', hint=self._guessed_operator())
        listing = self.is_sign(",") and closing == ")"
        hint = "a list is written in [ ]" if listing else self._guessed_operator()
        raise self.unexpected(wanted, hint=hint)

    def expect_end(self) -> None:
        """Refuses whatever comes after a whole expression."""
        if self.next.kind != "end":
            closing = self.is_sign(")", "]")
            hint = "nothing is open here" if closing else self._guessed_operator()
            raise self.unexpected("an operator or the end", hint=hint)

    def unexpected(self, wanted: str, *, hint: str = "") -> ExpressionError:
        """The error that something else was expected next."""
        found = "the end" if self.next.kind == "end" else self._found()
        return self.source.error(f"expected {wanted}, found {found}", self.next.place, hint=hint)

    def _found(self) -> str:
        text = self.source.text[slice(*self.next.place)]
        return text if text[0] == '"' and len(text) < 30 and text.isprintable() else quoted(text)

    def _guessed_operator(self) -> str:
        """The hint about a word that stands where an operator should."""
        return words.did_you_mean(self._guessed(words.OPERATOR_WORDS))

    def _guessed(self, allowed: Collection[str]) -> str | None:
        if self.next.kind != "word":
            return None
        return words.nearest(self.next.text, allowed, others=words.OTHER_OPERATORS)
