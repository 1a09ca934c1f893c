"""Text as people wrote it, made fit for reading by machines, in bounded time."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from typing import Any

from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.registry import load_path

_MARKUP_ALLOWANCE = 8
"""Raw characters looked at per character kept: pages are mostly markup."""

_HIDDEN = [
    (re.compile(rf"<{tag}\b", re.IGNORECASE), re.compile(rf"</{tag}\s*>", re.IGNORECASE))
    for tag in ("script", "style")
]
_COMMENT = (re.compile("<!--"), re.compile("-->"))
_INLINE = re.compile(
    r"</?(?:a|abbr|b|em|font|i|mark|s|small|span|strong|sub|sup|u)(?:\s[^<>]{0,1000})?>",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,2000}>|<![^<>]{0,2000}>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_MARKS = re.compile("([\u0300-\u036f]{4})[\u0300-\u036f]+")
"""Towers of accents: they mean nothing, and normalising them takes quadratic time."""


class CleaningConfig(Config):
    """How text is cleaned before anything reads it."""

    max_characters: int = Field(default=4000, ge=1, le=1_000_000)
    """Of each text, only this many characters are read (after cleaning)."""
    simplified: bool = False
    """Turn traditional Chinese characters into simplified ones."""


def clean(text: str, config: CleaningConfig | None = None) -> tuple[str, bool]:
    """One line of plain text: NFKC, without HTML, control characters and invisible ones.

    Full-width letters and digits become half-width, half-width katakana full-width, by
    NFKC. Time and memory are bounded by ``max_characters``, whatever comes in.

    Returns:
        The text, empty where nothing readable is left, and whether it was cut.
    """
    config = config or CleaningConfig()
    limit = config.max_characters
    raw = text[: limit * _MARKUP_ALLOWANCE]
    if "<" in raw or "&" in raw:
        raw = _without_markup(html.unescape(_without_markup(raw)))
    if not raw.isascii():
        raw = unicodedata.normalize("NFKC", _MARKS.sub(r"\1", _INVISIBLE.sub("", raw)))
    raw = " ".join(_CONTROL.sub(" ", raw).split())
    cut = len(raw) > limit or len(text) > limit * _MARKUP_ALLOWANCE
    raw = raw[:limit]
    if config.simplified and not raw.isascii():
        raw = simplify(raw)
    return raw, cut


def simplify(text: str) -> str:
    """Traditional Chinese characters as simplified ones; needs the extra ``text``."""
    return str(_converter().convert(text))


@cache
def _converter() -> Any:  # noqa: ANN401 - opencc ships no types
    return load_path("opencc:OpenCC")("t2s")


def _without_markup(text: str) -> str:
    if "<" not in text:
        return text
    for opening, closing in [_COMMENT, *_HIDDEN]:
        text = _without_spans(text, opening, closing)
    return _TAG.sub(" ", _INLINE.sub("", text))


def _without_spans(text: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    """Without what stands between two marks; each character is looked at once."""
    kept: list[str] = []
    position = 0
    while start := opening.search(text, position):
        end = closing.search(text, start.end())
        if end is None:
            break
        kept += [text[position : start.start()], " "]
        position = end.end()
    return "".join([*kept, text[position:]])
