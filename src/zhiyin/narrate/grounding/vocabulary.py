"""The words that a record supports, and those that mean the same."""

from __future__ import annotations

from collections.abc import Iterator

from zhiyin.narrate.grounding.lexicon import HAN, groups, meanings, phrase
from zhiyin.narrate.language import plain_marks

_LONGEST_PHRASE = 4
_LONGEST_WORD = 8
_SINGLE = frozenset("桥山河江海湖岛雪茶酒灯书画猫狗鱼马层楼树花")
"""Words of one mark that mean the same within a longer row."""


class Words:
    """Words that are supported, in both languages."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.english: set[str] = set()
        self.chinese: list[str] = []
        self.short: set[str] = set()
        self._runs = ""

    def add(self, text: str) -> None:
        """Adds a text of a record."""
        low = plain_marks(text)
        self.texts.append(low)
        self.chinese += HAN.findall(low)

    def close(self) -> None:
        """Adds what means the same as what is there."""
        whole = {text.strip() for text in self.texts} & set(self.chinese)
        found: set[int] = set()
        english, chinese = meanings()
        for text in self.texts:
            stems = phrase(text).split()
            self.english.update(stems)
            for part in _parts(stems):
                found.update(english.get(part, ()))
        for run in self.chinese:
            for start in range(len(run)):
                for length in range(2, min(_LONGEST_WORD, len(run) - start) + 1):
                    found.update(chinese.get(run[start : start + length], ()))
        for word in whole | (_SINGLE & set("".join(self.chinese))):
            found.update(chinese.get(word, ()))
        for at in found:
            group = groups()[at]
            for part in group.english:
                self.english.update(part.split())
            self.chinese += [part for part in group.chinese if len(part) > 1]
            self.short.update(part for part in group.chinese if len(part) == 1)
        self._runs = "|".join(dict.fromkeys(self.chinese))

    def has_chinese(self, part: str) -> bool:
        """Whether a Chinese expression is supported, once all is added."""
        return part in self.short or (len(part) > 1 and part in self._runs)

    def has_mark(self, mark: str) -> bool:
        """Whether a single Chinese mark is anywhere in what is supported."""
        return mark in self.short or mark in self._runs


def _parts(stems: list[str]) -> Iterator[str]:
    """Every row of one to four stems."""
    for length in range(1, _LONGEST_PHRASE + 1):
        for start in range(len(stems) - length + 1):
            yield " ".join(stems[start : start + length])
