"""Age ratings: of what children may see, and after "rated"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zhiyin.narrate.chat import commands as say
from zhiyin.narrate.chat.state import Wish
from zhiyin.narrate.chat.vocabulary import KINDS, Vocabulary

_RATINGS = ("G", "PG", "PG-13", "R", "NC-17")
"""Age ratings of films, the mildest first."""
_RATED = re.compile(r"(?<![a-z])(g|pg|r|pg-13|nc-17)(?![a-z])")


def for_children(text: str, words: Vocabulary, wishes: Sequence[Wish]) -> list[Wish]:
    """What children must not see, where the catalogue has age ratings."""
    if not say.CHILDREN.search(text) or "mpaa" not in words.fields:
        return []
    grown = [Wish(field="mpaa", op="lacks", value=rating) for rating in ("R", "NC-17", "X")]
    child = any("hildren" in str(wish.value) for wish in wishes)
    kinds = any(wish.field in KINDS and wish.op == "has" for wish in wishes)
    value = words.value_of("children")
    if child or kinds or value is None:
        return grown
    return [*grown, Wish(field=value.field, op="has", value=value.value)]


def rated(text: str, wishes: list[Wish], words: Vocabulary) -> list[Wish]:
    """Age ratings after "rated": one of those that are named."""
    told = re.search(r"\b(?:rated|rating|mpaa|pg|pg-13|nc-17)\b|分级", text)
    if "mpaa" not in words.fields or not told:
        return wishes
    named = [rating.upper() for rating in dict.fromkeys(_RATED.findall(text))]
    if named and say.AT_MOST.search(text):
        named = list(_RATINGS[: max(map(_RATINGS.index, named)) + 1])
    rest = [wish for wish in wishes if wish.field != "mpaa" or wish.op == "lacks"]
    if not named:
        return wishes
    return [*rest, Wish(field="mpaa", op="has", value=named[0], or_else=tuple(named[1:]))]
