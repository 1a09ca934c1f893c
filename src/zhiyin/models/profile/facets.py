"""From the columns of a catalogue to the tags of its items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhiyin.encode.attributes.kinds import TITLES, Kind, kind_of, number_of, tags_of
from zhiyin.models.profile.tags import Tag
from zhiyin.models.profile.topics import Topics

Columns = Mapping[str, Sequence[Any]]
"""Values by column, a row per item; None where unknown."""

_FACET_OF = {
    name: facet
    for facet, names in {
        "category": "category categories genre genres department class 类别 分类 类目 类型 品类",
        "maker": "maker brand manufacturer author authors artist artists director directors "
        "publisher studio creator band 品牌 作者 导演 歌手 出版社 厂商",
        "tag": "tag tags _tags keyword keywords labels 标签 关键词",
        "style": "style styles mood 风格",
        "colour": "colour color 颜色",
        "language": "language lang 语言",
    }.items()
    for name in names.split()
}
_WHOLE = {"brand", "maker", "manufacturer", "publisher", "studio", "band", "品牌", "出版社", "厂商"}
"""A comma in these names is a part of them: "Acme, Inc."."""
_PRICES = {"price", "价格", "售价"}
_YEARS = {"year", "release_year", "published_year", "年份", "上映年份"}
_TEXTS = frozenset(
    "text description summary body content overview plot synopsis abstract review "
    "描述 简介 介绍 正文 内容 详情".split()
)
"""Names of columns that hold sentences, however short."""
_BANDS = 5
_ENOUGH_PRICES = 20
_LONGEST_NAME = 60
_MOST_PER_COLUMN = 30
_READ = 1200


@dataclass(frozen=True, slots=True, eq=False)
class FacetReader:
    """How items are tagged, learned from a catalogue; new items are read the same way.

    Attributes:
        named: The facet of each column of tags.
        texts: The columns that topics are taken from.
        price: The column of prices and the edges between its bands, ascending.
        years: The columns that hold years.
        topics: Which words of the texts are topics.
    """

    named: dict[str, str]
    texts: tuple[str, ...]
    price: tuple[str, tuple[float, ...]] | None
    years: tuple[str, ...]
    topics: Topics

    def read(self, columns: Columns, n: int) -> list[list[Tag]]:
        """The tags of n items, each at most once."""
        rows = _named_tags(self.named, columns, n)
        for name in self.years:
            _add(rows, columns.get(name, ()), lambda value: _decade(value))
        if self.price is not None:
            name, edges = self.price
            _add(rows, columns.get(name, ()), lambda value: _band(value, edges))
        for row, words in zip(rows, self.topics.read(_texts(columns, self.texts, n)), strict=True):
            said = {tag.name.casefold() for tag in row}
            row += [Tag("topic", word) for word in words if word not in said]
        return rows

    def topics_of(self, attributes: Mapping[str, Any]) -> list[str]:
        """All topics of one item's texts, most telling first."""
        columns = {name: [attributes.get(name)] for name in self.texts}
        return self.topics.weigh(_texts(columns, self.texts, 1)[0])


def learn_facets(columns: Columns, n: int) -> FacetReader:
    """Decides what each column of a catalogue of n items is."""
    named: dict[str, str] = {}
    texts: list[str] = []
    price: tuple[str, tuple[float, ...]] | None = None
    years: list[str] = []
    for name, values in columns.items():
        plain = name.casefold()
        kind = kind_of(name, values)
        if plain in _YEARS:
            years.append(name)
        elif plain in _PRICES:
            edges = _edges(values)
            price = (name, edges) if edges else price
        elif plain in TITLES or plain in _TEXTS or kind is Kind.TEXT:
            texts.append(name)
        elif plain.endswith(("_id", "_ids", "url", "image")):
            continue
        elif plain in _FACET_OF or kind is Kind.TAGS:
            named[name] = _FACET_OF.get(plain, plain)
    topics = Topics.learn(_texts(columns, texts, n), known=_names(named, columns))
    return FacetReader(named, tuple(texts), price, tuple(years), topics)


def _names(named: Mapping[str, str], columns: Columns) -> set[str]:
    """What makers and categories are called: their names are no topics."""
    return {
        part.casefold()
        for name in named
        for value in columns.get(name, ())
        for part in _parts(name, value)
    }


def _named_tags(named: Mapping[str, str], columns: Columns, n: int) -> list[list[Tag]]:
    rows: list[list[Tag]] = [[] for _ in range(n)]
    for name, facet in named.items():
        for row, value in zip(rows, columns.get(name, ()), strict=False):
            for part in _parts(name, value):
                tag = Tag(facet, part)
                if tag not in row:
                    row.append(tag)
    return rows


def _parts(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a catalogue holds
    """The names in a value of a column, each of them short enough for a tag."""
    whole = name.casefold() in _WHOLE and isinstance(value, str)
    for part in tags_of([value] if whole else value)[:_MOST_PER_COLUMN]:
        plain = " ".join(part.split())
        if plain and len(plain) <= _LONGEST_NAME:
            yield plain


def _add(rows: list[list[Tag]], values: Sequence[Any], read: Callable[[Any], Tag | None]) -> None:
    for row, value in zip(rows, values, strict=False):
        tag = read(value)
        if tag is not None:
            row.append(tag)


def _decade(value: Any) -> Tag | None:  # noqa: ANN401 - whatever a catalogue holds
    year = number_of(value)
    return None if year is None or not 1000 <= year < 3000 else Tag("decade", f"{year // 10:.0f}0s")


def _band(value: Any, edges: tuple[float, ...]) -> Tag | None:  # noqa: ANN401
    price = number_of(value)
    if price is None:
        return None
    place = int(np.searchsorted(edges, price))
    if place == 0:
        return Tag("price", f"up to {edges[0]:g}")
    if place == len(edges):
        return Tag("price", f"over {edges[-1]:g}")
    return Tag("price", f"{edges[place - 1]:g} to {edges[place]:g}")


def _edges(values: Sequence[Any]) -> tuple[float, ...]:
    """Where a fifth of the prices ends and the next begins, to two digits."""
    known = [price for price in map(number_of, values) if price is not None]
    if len(known) < _ENOUGH_PRICES:
        return ()
    cuts: list[float] = np.quantile(known, np.arange(1, _BANDS) / _BANDS).tolist()
    return tuple(sorted({float(f"{cut:.2g}") for cut in cuts}))


def _texts(columns: Columns, names: Sequence[str], n: int) -> list[str]:
    """Title and text of each item, one after the other."""
    parts = [columns.get(name, [None] * n) for name in names]
    return [
        "\n".join(str(part[row])[:_READ] for part in parts if part[row] not in (None, ""))
        for row in range(n)
    ]
