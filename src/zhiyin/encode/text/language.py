"""Which language a text is in, by its script and its small words."""

from __future__ import annotations

import re
from collections import Counter

_SCRIPTS = [
    ("ja", re.compile("[\u3040-\u30ff\u31f0-\u31ff]")),
    ("ko", re.compile("[\u1100-\u11ff\uac00-\ud7af]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("he", re.compile("[\u0590-\u05ff]")),
]
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_LATIN_WORD = re.compile("[a-z\u00c0-\u024f]+")
_LETTERS_PER_IDEOGRAPH = 3
"""A Chinese character says about as much as three letters."""
_ENOUGH = 3000
"""Characters looked at."""

SMALL_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        "a an and are as at be but by for from had has have he her his i in into is it its not of "
        "on or our she so that the their them then there they this to was we were what when which "
        "who will with you your".split()
    ),
    "de": frozenset(
        "aber als am an auch auf aus bei das dem den der des die ein eine einem einen einer es "
        "für hat ich im in ist mit nicht noch nur oder sich sie sind und von war wird zur".split()
    ),
    "fr": frozenset(
        "au aux avec ce cette ces dans de des du elle en est et il ils je la le les leur mais ne "
        "nous ou où par pas pour que qui sa se ses son sont sur un une vous".split()
    ),
    "es": frozenset(
        "al como con de del el ella en entre es esta este la las lo los más no o para pero por que "
        "se sin sobre son su sus también un una y ya".split()
    ),
    "it": frozenset(
        "al alla anche che chi con da dal del della dei di e gli ha il in io la le lo ma nel non "
        "per più quando se si sono sul un una uno".split()
    ),
    "pt": frozenset(
        "ao aos as até com como da das de do dos e ela ele em entre foi mais mas na no nas nos não "
        "o os ou para pela pelo por que se sem seu sua são um uma".split()
    ),
    "nl": frozenset(
        "aan als bij dat de den der die door een en er het hij ik in is maar met naar niet of om "
        "ook op te uit van voor was wat worden zijn zij".split()
    ),
}
"""Words that say little, by language: they tell languages apart and are not searched for."""


def detect_language(text: str, *, default: str = "en") -> str:
    """The ISO 639-1 code of the main language, or ``"other"`` where there are no letters.

    A script tells most languages; the Latin ones are told by their small words, with
    ``default`` where a text has none. Mixed text counts as what most of it is.
    """
    text = text[:_ENOUGH]
    counts = {code: len(pattern.findall(text)) for code, pattern in _SCRIPTS}
    if counts["ja"]:  # Japanese mixes kana and ideographs; Chinese has no kana
        counts["ja"] += counts.pop("zh")
    latin = len(_LATIN.findall(text))
    code = max(counts, key=lambda each: counts[each])
    weight = _LETTERS_PER_IDEOGRAPH if code in {"zh", "ja", "ko"} else 1
    if counts[code] * weight > latin:
        return code
    return _latin_language(text, default) if latin else "other"


def _latin_language(text: str, default: str) -> str:
    words = Counter(_LATIN_WORD.findall(text.lower()))
    votes = {code: sum(words[word] for word in small) for code, small in SMALL_WORDS.items()}
    best = max(votes, key=lambda code: (votes[code], code == default))
    return best if votes[best] else default
