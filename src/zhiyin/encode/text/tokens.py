"""Text as tokens for keyword search, in Chinese, English and mixtures of both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

import rjieba
import snowballstemmer
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.encode.text.cleaning import CleaningConfig, clean
from zhiyin.encode.text.language import SMALL_WORDS, detect_language

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff"
_RUN = re.compile(
    f"(?P<han>[{_HAN}]+)"
    f"|(?P<word>(?:(?![{_HAN}_])\\w)+(?:['’\\-./](?:(?![{_HAN}_])\\w)+)*)"
    "|(?P<symbol>[\u2600-\u27bf\U0001f000-\U0001faff])"
)
_PARTS = re.compile("['’\\-/]|(?<!\\d)[.]|[.](?!\\d)")
_STEMMERS = {
    "en": "english", "de": "german", "fr": "french", "es": "spanish", "it": "italian",
    "pt": "portuguese", "nl": "dutch", "ru": "russian",
}  # fmt: skip
_CHINESE_STOP_WORDS = frozenset(
    "的 了 着 过 和 与 及 或 是 在 有 这 那 这个 那个 一个 一种 一款 我 你 他 她 它 我们 你们 他们 "
    "也 都 就 还 而 并 但 被 把 让 给 对 从 到 为 以 于 之 其 等 很 更 最 吗 呢 吧 啊 哦".split()
)
_NONE: frozenset[str] = frozenset()
_MOST_TOKENS = 4096
_LONGEST_TOKEN = 64


class TokenConfig(Config):
    """How text is cut into tokens."""

    cleaning: CleaningConfig = Field(default_factory=CleaningConfig)
    """How texts are cleaned, and how much of each is read."""
    stem: bool = True
    """Reduce words to their stems, by the language of the text."""
    stop_words: bool = True
    """Leave out words that say little, by the language of the text."""
    language: str | None = None
    """ISO 639-1 code of the Latin-script language, where the text does not show it; None: en."""


class Tokeniser:
    """Cuts text into tokens.

    Chinese is segmented by jieba, whose long words come with the words inside them; other
    words are lower-cased and stemmed; a compound such as ``wi-fi`` or ``SPP-6`` comes
    whole and in parts; emoji and symbols stand for themselves.
    """

    Config = TokenConfig

    def __init__(self, config: TokenConfig | None = None) -> None:
        self.config = config or TokenConfig()

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text, in order, at most 4096.

        A text of nothing but small words ("The Who") keeps them.
        """
        cleaned, _ = clean(text, self.config.cleaning)
        language = detect_language(cleaned, default=self.config.language or "en")
        found = self._cut(cleaned, language, self.config.stop_words)
        return found or self._cut(cleaned, language, False)

    def batch(self, texts: Sequence[str]) -> list[list[str]]:
        """The tokens of each text."""
        return [self.tokens(text) for text in texts]

    def _cut(self, text: str, language: str, stop: bool) -> list[str]:
        found: list[str] = []
        for run in _RUN.finditer(text):
            if run.lastgroup == "han":
                words: list[str] = rjieba.cut_for_search(run[0])
                found += [w for w in words if not (stop and w in _CHINESE_STOP_WORDS)]
            elif run.lastgroup == "word":
                found += self._words(run[0].casefold(), language, stop)
            else:
                found.append(run[0])
            if len(found) >= _MOST_TOKENS:
                break
        return found[:_MOST_TOKENS]

    def _words(self, word: str, language: str, stop: bool) -> list[str]:
        parts = [part for part in _PARTS.split(word) if part]
        whole = ["".join(parts)] if len(parts) > 1 else []
        small = SMALL_WORDS.get(language, _NONE) if stop else _NONE
        kept = [part for part in parts if part not in small and (len(part) > 1 or not whole)]
        stem = language if self.config.stem and language in _STEMMERS else ""
        return [_stem(each[:_LONGEST_TOKEN], stem) for each in [*kept, *whole]]


_stemming = Lock()
"""A stemmer keeps the word it works on: one thread at a time."""


@lru_cache(maxsize=16)
def _stemmer(language: str) -> Any:  # noqa: ANN401 - snowballstemmer ships no types
    make: Any = vars(snowballstemmer)["stemmer"]
    return make(_STEMMERS[language])


@lru_cache(maxsize=100_000)
def _stem(word: str, language: str) -> str:
    if not language or not word.isalpha():
        return word
    with _stemming:
        return str(_stemmer(language).stemWord(word))
