"""The attributes of a catalogue and their values, found in what people say."""

# ruff: noqa: E501 - patterns are read line by line

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from zhiyin.narrate.chat.lexicon import alike, names_of_people
from zhiyin.narrate.chat.state import PEOPLE, folded, parts_of
from zhiyin.narrate.chat.titles import TitleText
from zhiyin.narrate.grounding.lexicon import HAN, WORD, stem

TAGS = ("categories", "genres", "brand", "directors", "authors", "artist", "tags", "colour",
        "color", "material", "style", "series", "language", "actors", "writers", "mpaa")  # fmt: skip
"""Attributes with values that people name."""
NUMBERS = ("price", "year", "rating", "runtime_min", "pages", "weight_g", "weight_kg")
"""Attributes that are compared."""
KINDS = ("categories", "genres", "tags")
_UNSAID = frozenset("a an the i it is in on of for to and or at by no none other unknown".split())
"""Values that name nothing: in a message these are words of the sentence."""
_WORKS = 2
"""Who made more is found by the last name alone."""
_LONGEST_NAME = 6
_LONGEST_HAN = 12
_LONGEST_VALUE = 60
_TITLE_YEAR = re.compile(r"\s*\(\d{4}\)\s*$")
_ARTICLE = re.compile(r"^(.*), (the|a|an|les?|la|das|der|die|il)$")
_SLIPS = {"毛粮": "猫粮", "灌头": "罐头", "预酸": "预算", "耳几": "耳机", "键盆": "键盘", "鼠票": "鼠标",
          "枕投": "枕头", "口虹": "口红", "帐蓬": "帐篷", "帐逢": "帐篷", "睡代": "睡袋", "背色": "背包",
          "围金": "围巾", "手套": "手套", "洗衣夜": "洗衣液", "恐布": "恐怖", "喜巨": "喜剧", "科换": "科幻",
          "动话": "动画", "记录片": "纪录片", "爱晴": "爱情", "战挣": "战争", "便益": "便宜", "便易": "便宜",
          "价恪": "价格", "推建": "推荐", "台登": "台灯", "绘苯": "绘本", "玩俱": "玩具", "零石": "零食",
          "咖非": "咖啡", "咖菲": "咖啡", "护夫": "护肤", "猫凉": "猫粮", "狗凉": "狗粮"}  # fmt: skip
"""Slips of Chinese input that are common."""
_PLACES = frozenset("办公室 书房 书店 茶几 茶馆 玩具店 商店".split())
"""Words that begin as a kind's name does, and name none."""
_ORDINARY = frozenset(
    """black white green brown gray grey young king stone wood woods rose field fields hill hall
    page day may april june summer winter west east north south long short small little rich best
    good love hope grace joy cage fox wolf bird fish lane brook brooks banks ford cash cook baker
    hunt hunter fisher miller smith carpenter weaver mason marshall bishop priest knight price
    power powers street church""".split()
)
"""Ordinary words that are also last names."""
_THING = 0.3
"""Part of a word's places in titles that must be ends, where it says what thing an item is."""
_LONGEST_END = 6
_END = re.compile(
    r"[,;:(\[|/–]| - |\b(?:with|for|of|in|by|from|pack|set)\b|(?<=[a-z])\s+(?=#?\d)|\d+(?:\.\d+)?"
)
_AND = re.compile(r"\s*(?:&|/|,|\band\b|和|与|、|·)\s*")


class Value(NamedTuple):
    """A value of an attribute in a text."""

    start: int
    """Where it begins."""
    end: int
    """Where it ends."""
    field: str
    """The attribute."""
    value: str
    """The value as the catalogue writes it."""
    sure: bool = True
    """Whether the value itself is named, not only a part of it or something near."""


class _Meant(NamedTuple):
    field: str
    value: str
    sure: bool


class Vocabulary:
    """Values by the words for them; grows with the catalogue."""

    def __init__(self) -> None:
        self.numbers: set[str] = set()
        self.fields: set[str] = set()
        self.title_words: Counter[str] = Counter()
        """In how many titles a word (English: its stem) stands."""
        self.titles = TitleText()
        """Folded titles in order of arrival, those of forgotten items too."""
        self._row_of: dict[str, int] = {}
        self._ends: Counter[str] = Counter()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._titles: dict[str, str] = {}
        self._own: Counter[tuple[str, str]] = Counter()

    def add(self, record: Mapping[str, Any]) -> None:
        """Takes in an item."""
        for field in TAGS:
            for part in parts_of(field, record.get(field)):
                name = part.strip()
                if 0 < len(name) <= _LONGEST_VALUE and name.lower() not in _UNSAID:
                    self._counts[field, name] += 1
                    self.fields.add(field)
        for field in NUMBERS:
            if isinstance(record.get(field), int | float):
                self.numbers.add(field)
        title = folded(record.get("title") or "")
        self._row_of[str(record.get("item_id"))] = len(self.titles)
        self.titles.append(title)
        words = set(words_of(title))
        self.title_words.update(words)
        brand = str(record.get("brand") or "").strip()
        self._ends.update(ends_of(title, folded(brand)))
        self._own.update((brand, word) for word in words if brand)
        for name in names_of(title):
            self._titles.setdefault(name, str(record.get("item_id")))
        for name in ("_meanings", "_kinds", "_han_titles"):
            self.__dict__.pop(name, None)

    def drop(self, item: str) -> None:
        """Forgets the title of an item."""
        self._row_of.pop(item, None)
        for name in [name for name, held in self._titles.items() if held == item]:
            del self._titles[name]

    def find(self, text: str) -> list[Value]:
        """The values that a text (in small letters) names, the longest where they overlap."""
        return [*self._latin(text), *self._han(text)]

    def near(self, word: str) -> str:
        """A known word that a mistyped one is; the word itself where there is none."""
        if len(word) < 4 or not word.isascii() or self.knows(word):
            return word
        for other in self._frequent:
            if other[0] == word[0] and is_one_slip(word, other):
                return other
        return word

    def knows(self, word: str) -> bool:
        """Whether a word stands in a title or for a value."""
        return bool(
            stem(word) in self._meanings or self.title_words[stem(word)] or word in self._plain
        )

    def mended_han(self, text: str) -> str:
        """A text where a Chinese word of two characters with one wrong one is put right."""
        for run in dict.fromkeys(HAN.findall(text)):
            for at in range(len(run) - 1):
                pair = run[at : at + 2]
                if pair in _SLIPS:
                    text = text.replace(pair, _SLIPS[pair])
        return text

    def title_words_of(self, word: str) -> int:
        """In how many titles a word stands, of one or more words the rarest."""
        if word[0].isdigit():
            return int(self.in_titles(word))
        parts = words_of(word)
        return min((self.title_words[part] for part in parts), default=0)

    def says_something(self, word: str) -> bool:
        """Whether a word may find something: it stands in titles, or is of another script."""
        if self.title_words_of(word) or word in self._plain:
            return True
        han = sum(n for w, n in self.title_words.items() if HAN.match(w))
        mostly_han = 2 * han > self.title_words.total()
        return mostly_han is word.isascii()

    def value_of(self, name: str) -> Value | None:
        """The value that a word stands for."""
        return next(iter(self.find(name)), None)

    def item_called(self, title: str) -> str | None:
        """The id of the item with a title, whatever the case, with the year or without."""
        return self._titles.get(folded(title))

    def in_titles(self, text: str) -> bool:
        """Whether a title holds a text."""
        rows: list[int] = self.titles.rows_with(folded(text)).tolist()
        if not rows or len(self._row_of) == len(self.titles):
            return bool(rows)
        alive = set(self._row_of.values())
        return any(row in alive for row in rows)

    @property
    def of_goods(self) -> bool:
        """Whether the catalogue is of goods, whose titles say what thing they are."""
        return "brand" in self.fields or "price" in self.numbers

    def is_thing(self, words: Sequence[str]) -> bool:
        """Whether one of words that mean the same says what thing an item is.

        Such a word ends what titles name: "digital caliper, stainless", 速开自动帐篷.
        """
        counts = [(self._ends[_end(word)], self.title_words_of(word)) for word in words]
        ends, titles = (sum(column) for column in zip(*counts, strict=True))
        return ends > 0 and ends >= _THING * titles

    def is_run(self, text: str) -> bool:
        """Whether some title writes these Chinese characters together."""
        return all(self.title_words[pair] for pair in words_of(text)) and self.in_titles(text)

    def titles_in(self, text: str) -> list[tuple[int, int, str]]:
        """The titles that a text names: where each begins and ends, and the item's id."""
        spans = [(m.start(), m.end()) for m in re.finditer(r"\w+|[^\w\s]", text)]
        found: list[tuple[int, int, str]] = []
        at = 0
        while at < len(spans):
            for to in range(min(len(spans), at + 12), at, -1):
                item = self._titles.get(text[spans[at][0] : spans[to - 1][1]])
                if item is not None:
                    found.append((spans[at][0], spans[to - 1][1], item))
                    at = to - 1
                    break
            at += 1
        for run in HAN.finditer(text):
            if run[0] not in self._titles:
                found += [
                    (run.start() + text_at, run.start() + text_at + len(title), self._titles[title])
                    for title in self._han_titles
                    if (text_at := run[0].find(title)) >= 0
                ]
        return found

    @cached_property
    def _han_titles(self) -> list[str]:
        return [title for title in self._titles if len(title) > 2 and HAN.fullmatch(title)]

    def _latin(self, text: str) -> list[Value]:
        spans = [(m.start(), m.end()) for m in WORD.finditer(text)]
        keys = [stem(text[a:b]) for a, b in spans]
        found: list[Value] = []
        at = 0
        while at < len(spans):
            for to in range(min(len(spans), at + _LONGEST_NAME), at, -1):
                meant = self._meanings.get(" ".join(keys[at:to]))
                if meant and not self._is_meant(meant, text, spans[at][0], spans[to - 1][1]):
                    meant = None
                if meant:
                    found.append(Value(spans[at][0], spans[to - 1][1], *meant))
                if meant or (to > at + 1 and " ".join(keys[at:to]) in self._phrases):
                    at = to - 1
                    break
            at += 1
        return found

    def _han(self, text: str) -> list[Value]:
        found: list[Value] = []
        for run in HAN.finditer(text):
            at = 0
            while at < len(run[0]):
                for to in range(min(len(run[0]), at + _LONGEST_HAN), at, -1):
                    if run[0][at:to] in _PLACES:
                        at = to - 1
                        break
                    meant = self._meanings.get(run[0][at:to])
                    if meant and not (to == at + 1 and self._is_part(run[0], at)):
                        found.append(Value(run.start() + at, run.start() + to, *meant))
                        at = to - 1
                        break
                at += 1
        return found

    def _is_part(self, run: str, at: int) -> bool:
        """Whether a character belongs to a word that titles have: 包 in 书包."""
        pairs = [run[max(0, at - 1) : at + 1], run[at : at + 2]]
        return any(
            len(pair) > 1 and (self.title_words[pair] or pair in self._plain) for pair in pairs
        )

    def _is_meant(self, meant: _Meant, text: str, start: int, end: int) -> bool:
        """Whether a word that is also an ordinary one stands for the value here."""
        word = text[start:end]
        if meant.field == "mpaa" and len(word) == 1:
            return bool(re.search(r"\b(?:rated|rating|mpaa)\b", text[:start]))
        if meant.field in PEOPLE and " " not in word and word in _ORDINARY:
            return bool(re.search(r"\b(?:by|with|from|starring|of|mr\.?|ms\.?)\s*$", text[:start]))
        if meant.field == "brand" and " " not in word:
            others = self.title_words[stem(word)] - self._own[meant.value, stem(word)]
            if others > self._counts["brand", meant.value]:
                return bool(
                    re.search(r"(?:\b(?:by|from|brand|only|or|nor|just)|牌子?)\s*$", text[:start])
                    or re.match(r"\s*(?:only|brand|牌)", text[end:])
                )
        return True

    @cached_property
    def _meanings(self) -> dict[str, _Meant]:
        """Values by stems or Chinese words, the commoner value where two share a word."""
        found: dict[str, _Meant] = {}
        parts: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        for (field, value), count in sorted(self._counts.items(), key=lambda pair: -pair[1]):
            found.setdefault(key_of(value), _Meant(field, value, True))
            for part in _parts_of(field, value, count):
                parts[part].add((field, value))
        _spread(found, sure=True)
        for key, values in parts.items():
            field, value = max(values, key=lambda pair: self._counts[pair])
            rest = sum(self._counts[pair] for pair in values) - self._counts[field, value]
            widest = len(values) == 1 or (field in KINDS and rest <= self._counts[field, value])
            if len(key) > 1 and (field in PEOPLE or widest):
                found.setdefault(key, _Meant(field, value, field in PEOPLE))
        _spread(found, sure=False)
        for chinese, english in names_of_people():
            hit = found.get(key_of(english))
            if hit is not None:
                found.setdefault(chinese, hit)
        found.pop("", None)
        return found

    @cached_property
    def _plain(self) -> frozenset[str]:
        return frozenset(word for group in alike() for word in group)

    @cached_property
    def _phrases(self) -> frozenset[str]:
        """Expressions of several words, as they are looked up: "cat litter"."""
        return frozenset(key_of(word) for word in self._plain if " " in word)

    @property
    def _frequent(self) -> Sequence[str]:
        """Words for kinds, in which slips are mended."""
        return self._kinds

    @cached_property
    def _kinds(self) -> list[str]:
        known = {folded(value) for (field, value) in self._counts if field in KINDS}
        words = known | {word for word in self._plain if key_of(word) in self._meanings}
        return sorted(word for word in words if word.isascii() and word.isalpha() and len(word) > 3)


def _parts_of(field: str, value: str, count: int) -> list[str]:
    """What a value is also looked up by: parts of a kind's name, the last name of somebody."""
    if field in KINDS:
        return [key_of(part) for part in _parts_of_kind(folded(value))]
    if field in PEOPLE and count > _WORKS and " " in value:
        return [stem(folded(value).rpartition(" ")[2])]
    return []


def _spread(found: dict[str, _Meant], *, sure: bool) -> None:
    """Lets words that mean the same stand for the same value."""
    for group in alike():
        keys = [key_of(word) for word in group]
        hit = next((found[key] for key in keys if key in found), None)
        if hit is not None:
            for key in keys:
                found.setdefault(key, hit._replace(sure=hit.sure and sure))


def key_of(name: str) -> str:
    """A name as it is looked up: the stems of its words, or its Chinese characters."""
    text = folded(name)
    if any(HAN.match(c) for c in text):
        return text
    return " ".join(stem(word) for word in WORD.findall(text))


def words_of(text: str) -> list[str]:
    """The stems of a text's words, and the pairs of its Chinese characters."""
    pairs = [run[at : at + 2] for run in HAN.findall(text) for at in range(max(1, len(run) - 1))]
    return [*(stem(word) for word in WORD.findall(text)), *pairs]


def ends_of(title: str, brand: str = "") -> list[str]:
    """The words that end what a title names, as `_end` writes them.

    Chinese: of its longest run, which comes before the variant; English: of the parts before
    the first number, mark or "with".
    """
    text = title.removeprefix(brand) if brand else title
    runs = HAN.findall(text)
    found: list[str] = []
    if runs:
        run = max(runs, key=len)
        found += [run[-n:] for n in range(1, min(_LONGEST_END, len(run)) + 1)]
    parts = [part for part in map(WORD.findall, _END.split(text)) if part]
    found += [stem(part[-1]) for part in parts[:2]]
    return list(dict.fromkeys(found))


def _end(word: str) -> str:
    """A word as `ends_of` counts it."""
    latin = WORD.findall(word)
    return word if HAN.search(word) or not latin else stem(latin[-1])


def names_of(title: str) -> list[str]:
    """A title as people say it: with its year and without, the article in front."""
    bare = _TITLE_YEAR.sub("", title).strip()
    turned = _ARTICLE.sub(r"\2 \1", bare)
    return [name for name in dict.fromkeys([title, bare, turned]) if len(name) > 1]


def is_one_slip(word: str, other: str) -> bool:
    """Whether one letter is missing, too many, wrong, or two are swapped."""
    if abs(len(word) - len(other)) > 1 or word == other:
        return False
    same = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), None)
    if same is None:
        return True
    a, b = word[same:], other[same:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _parts_of_kind(value: str) -> list[str]:
    parts = [part for part in _AND.split(value) if part]
    if len(parts) == 1 and HAN.fullmatch(value) and len(value) == 4:
        return [value[:2], value[2:]]
    return [part for part in parts if part != value]
