"""Topics: the words and phrases of a catalogue's texts that tell its items apart."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, groupby, pairwise
from typing import Self

from zhiyin.core.errors import MissingExtraError
from zhiyin.core.registry import load_path
from zhiyin.encode.text.cleaning import CleaningConfig, clean
from zhiyin.encode.text.language import SMALL_WORDS

_READ = CleaningConfig(max_characters=2000)
_LEAST = 2
_MOST_SHARE = 0.2
_MOST_TOPICS = 4000
_PHRASE_SHARE = 0.5
"""Two words are a phrase where this share of their items has them together (Dice)."""
_TITLE = 3
_RARE = 5
_SMALL: frozenset[str] = frozenset[str]().union(*SMALL_WORDS.values())
_HAN = re.compile("[\u3400-\u9fff]")
_RUN = re.compile("(?P<han>[\u3400-\u9fff]+)|(?P<word>(?:(?![\u3400-\u9fff_])[\\w'’-])+)|[^\\s]")
_ASCII_RUN = re.compile(r"[a-z0-9'-]+|\S")
"""The same as `_RUN` for ASCII in small letters, many times faster."""
_WORD = re.compile(r"[^\W\d_](?:[\w'’-]*[^\W_])?")


@dataclass(frozen=True, slots=True)
class Topics:
    """Which words and phrases count as topics.

    Attributes:
        items_of: How many items of the catalogue have each word or phrase.
        n: Size of the catalogue.
    """

    items_of: dict[str, int]
    n: int

    @classmethod
    def learn(cls, texts: Sequence[str], *, known: AbstractSet[str] = frozenset()) -> Self:
        """Takes what at least two and at most a fifth of the texts have in common.

        Args:
            texts: A text per item.
            known: Names, lower-cased, that are tags already.
        """
        most = max(_LEAST, _MOST_SHARE * len(texts))
        words: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for text in texts:
            runs = list(runs_of(text))
            words.update(set(chain.from_iterable(runs)))
            pairs.update(set(chain.from_iterable(map(pairwise, runs))))
        counts = {word: n for word, n in words.items() if _LEAST <= n <= most}
        counts |= {
            joined(first, second): n
            for (first, second), n in pairs.items()
            if _LEAST < n <= most
            and first != second
            and first not in known
            and second not in known
            and 2 * n >= _PHRASE_SHARE * (words[first] + words[second])
        }
        kept = [(n, word) for word, n in counts.items() if word not in known]
        kept = sorted(kept, key=lambda pair: (-pair[0], pair[1]))[:_MOST_TOPICS]
        return cls({word: n for n, word in kept}, len(texts))

    def read(self, texts: Sequence[str], *, most: int = 10) -> list[list[str]]:
        """The topics of each text, most telling first; a phrase stands for the words in it.

        Args:
            texts: A text per item; what its first line says counts three times.
            most: How many topics each has at most.
        """
        return [self.weigh(text)[:most] for text in texts]

    def weigh(self, text: str) -> list[str]:
        """All topics of a text by BM25's weight, k1 = 1 (Robertson and Zaragoza, 2009)."""
        counts: Counter[str] = Counter()
        for line, share in zip(text.split("\n", 1), (_TITLE, 1), strict=False):
            for run in runs_of(line):
                for topic in self._in(run):
                    counts[topic] += share
        weighed = [(-n / (n + 1) * self._telling(topic), topic) for topic, n in counts.items()]
        return [topic for _, topic in sorted(weighed)]

    def _in(self, run: list[str]) -> list[str]:
        """The topics of adjacent words, phrases before words."""
        known, found, last = self.items_of, list[str](), len(run) - 1
        at = 0
        while at <= last:
            phrase = joined(run[at], run[at + 1]) if at < last else ""
            if phrase in known:
                found.append(phrase)
                at += 2
                continue
            if run[at] in known:
                found.append(run[at])
            at += 1
        return found

    def _telling(self, topic: str) -> float:
        """Inverse document frequency; what is in fewer than five items gains no more."""
        return _rarity(self.n, max(_RARE, self.items_of[topic]))


@lru_cache(maxsize=10_000)
def _rarity(n: int, found: int) -> float:
    return math.log(1 + n / found)


def words_of(text: str) -> list[str]:
    """The words of a text as they are read, lower-cased, without small words and numbers.

    Chinese is segmented where the extra ``text`` is installed, and cut into pairs of
    characters otherwise.
    """
    return [word for run in runs_of(text) for word in run]


def runs_of(text: str) -> Iterator[list[str]]:
    """The same words, in runs: what stands between them is a small word, or a mark."""
    for says, run in groupby(_cut(clean(text, _READ)[0]), _says_something):
        if says:
            yield list(run)


def joined(first: str, second: str) -> str:
    """A phrase of two words, as it is written in their language."""
    if first.isascii() or second.isascii():
        return f"{first} {second}"
    return first + second if _HAN.search(first) and _HAN.search(second) else f"{first} {second}"


@lru_cache(maxsize=200_000)
def _says_something(word: str) -> bool:
    if _HAN.search(word):
        return len(word) > 1
    return len(word) > 2 and word not in _SMALL and _WORD.fullmatch(word) is not None


@cache
def _segment() -> Callable[[str], list[str]]:
    """How Chinese is cut into words."""
    try:
        return load_path("rjieba:cut")
    except MissingExtraError:
        return _pairs


def _pairs(run: str) -> list[str]:
    return [first + second for first, second in pairwise(run)]


def _cut(text: str) -> list[str]:
    """Words and marks, in order."""
    if text.isascii():
        return _ASCII_RUN.findall(text.casefold())
    words: list[str] = []
    for run in _RUN.finditer(text.casefold()):
        words += _segment()(run[0]) if run.lastgroup == "han" else [run[0]]
    return words
