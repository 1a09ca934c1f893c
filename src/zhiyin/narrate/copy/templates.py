"""Copy without a language model: sentences with places for recorded values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhiyin.narrate.copy.settings import PARTS, CopyConfig, Kind
from zhiyin.narrate.explain.reasons import values_of
from zhiyin.narrate.language import Language, listed, quoted, shown

_SENTENCES: dict[Language, dict[str, tuple[str, ...]]] = {
    "en": {
        "title": ("{title}",),
        "text": ("{title}", "By {maker}.", "Category: {category}.", "Price: {price}."),
        "push": ("For you: {title}.", "Price: {price}."),
        "subject": ("For you: {title}",),
        "body": ("Hello,", "we picked {title} for you.", "By {maker}.", "Category: {category}.",
                 "Price: {price}.", "Take a look."),
        "headline": ("{title}",),
        "ad": ("{title}.", "By {maker}.", "Price: {price}."),
    },
    "zh": {
        "title": ("{title}",),
        "text": ("{title}", "品牌：{maker}。", "类别：{category}。", "价格：{price}。"),
        "push": ("为你推荐：{title}。", "价格：{price}。"),
        "subject": ("为你推荐：{title}",),
        "body": ("你好，", "我们为你挑选了{title}。", "品牌：{maker}。", "类别：{category}。",
                 "价格：{price}。", "来看看吧。"),
        "headline": ("{title}",),
        "ad": ("{title}。", "品牌：{maker}。", "价格：{price}。"),
    },
}  # fmt: skip
_VARIANTS: dict[Language, tuple[str, ...]] = {
    "en": ("For you: {title}.", "Worth a look: {title}.", "Have you seen {title}?"),
    "zh": ("为你推荐：{title}。", "值得一看：{title}。", "看看{title}吧。"),
}
_SIGNS = {"USD": "${}", "EUR": "€{}", "GBP": "£{}", "CNY": "{}元"}


def from_template(
    record: Mapping[str, Any],
    *,
    kind: Kind,
    language: Language,
    config: CopyConfig,
    variant: int = 0,
) -> dict[str, str]:
    """The parts of a text, from recorded values only; what is not recorded is left out.

    Args:
        record: Attributes of the item.
        kind: What is written.
        language: Of the words.
        config: Lengths.
        variant: Which opening is used, where the kind has several.
    """
    values = _values(record, language)
    return {
        part: _fitted(kind, part, values, language, config.limit(kind, part), variant)
        for part in PARTS[kind]
    }


def price_of(record: Mapping[str, Any]) -> str:
    """The price with its currency, or "" where it is not recorded."""
    price = record.get("price")
    if isinstance(price, bool) or not isinstance(price, int | float):
        return ""
    number = f"{price:.2f}".removesuffix(".00")
    currency = str(record.get("currency") or "").upper()
    return _SIGNS.get(currency, f"{{}} {shown(currency)}" if currency else "{}").format(number)


def _values(record: Mapping[str, Any], language: Language) -> dict[str, str]:
    categories = [shown(value) for value in values_of(record, "categories")[:2]]
    return {
        "title": quoted(shown(record.get("title") or "") or record.get("item_id") or "?"),
        "maker": shown(record.get("brand") or ""),
        "category": listed(categories, language),
        "price": price_of(record),
    }


def _fitted(
    kind: Kind, part: str, values: dict[str, str], language: Language, limit: int, variant: int
) -> str:
    """As many sentences, in order, as are short enough; at least the name, cut if need be."""
    key = kind if kind in ("title", "push") else "ad" if kind == "ad" and part == "body" else part
    sentences = list(_SENTENCES[language][key])
    if kind == "push":
        sentences[0] = _VARIANTS[language][variant % len(_VARIANTS[language])]
    gap = "" if language == "zh" else " "
    if kind == "title" or part == "headline":
        values = {**values, "title": values["title"][1:-1]}
    told = ""
    for sentence in sentences:
        if any(f"{{{name}}}" in sentence and not value for name, value in values.items()):
            continue
        longer = f"{told}{gap if told else ''}{sentence.format(**values)}"
        if len(longer) <= limit:
            told = longer
    title = values["title"].strip("“”")
    return told or shown(title, most=limit)
