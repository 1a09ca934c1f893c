"""The catalogue of the simulated shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from zhiyin.data.simulated.words import CATEGORIES, Category, Pair, Product

Language = Literal["zh", "en", "both"]


@dataclass(frozen=True, slots=True)
class Item:
    """One item and what it is made of, for those who simulate its buyers.

    Attributes:
        id: Its id, with leading zeros.
        category: Index of its category.
        product: What kind of product it is.
        brand: Who makes it.
        traits: What distinguishes it, one or two.
        price: In yuan.
        language: 0 for Chinese, 1 for English: the language of its title and text.
    """

    id: str
    category: int
    product: Product
    brand: Pair
    traits: tuple[Pair, ...]
    price: float
    language: int

    def title(self, language: int) -> str:
        """Its title in a language."""
        words = [
            self.brand[language],
            *(t[language] for t in self.traits),
            self.product.name[language],
        ]
        return " ".join(words)

    def text(self, language: int) -> str:
        """Its description in a language."""
        brand, name, use = (
            pair[language] for pair in (self.brand, self.product.name, self.product.use)
        )
        traits = [trait[language] for trait in self.traits]
        if language == 0:
            return f"{brand}{'、'.join(traits)}{name}，适合{use}。"
        return f"A {' and '.join(traits)} {name} by {brand}, made for {use}."


def make_items(n: int, *, language: Language, rng: np.random.Generator) -> list[Item]:
    """N items over all categories; the kinds of product are spread evenly."""
    kinds = [(c, product) for c, cat in enumerate(CATEGORIES) for product in cat.products]
    order: list[int] = rng.permutation(len(kinds)).tolist()
    items: list[Item] = []
    seen: set[tuple[str, str, tuple[Pair, ...]]] = set()
    while len(items) < n:
        category, product = kinds[order[len(items) % len(kinds)]]
        brand, traits = _make(CATEGORIES[category], rng)
        known = (product.name[0], brand[0], traits)
        if known in seen and len(seen) < len(kinds) * 30:
            continue
        seen.add(known)
        price = round(product.price * float(rng.lognormal(0.0, 0.25)), 1)
        spoken = {"zh": 0, "en": 1}.get(language, int(rng.random() < 0.4))
        items.append(Item(f"{len(items) + 1:05}", category, product, brand, traits, price, spoken))
    return items


def _make(category: Category, rng: np.random.Generator) -> tuple[Pair, tuple[Pair, ...]]:
    brand = category.brands[int(rng.integers(len(category.brands)))]
    picked: list[int] = sorted(
        rng.permutation(len(category.traits))[: int(rng.integers(1, 3))].tolist()
    )
    return brand, tuple(category.traits[i] for i in picked)


def items_frame(items: list[Item]) -> pl.DataFrame:
    """The catalogue as a table of items."""
    return pl.DataFrame(
        {
            "item_id": [item.id for item in items],
            "title": [item.title(item.language) for item in items],
            "text": [item.text(item.language) for item in items],
            "categories": [
                [CATEGORIES[item.category].name[item.language], item.product.name[item.language]]
                for item in items
            ],
            "brand": [item.brand[item.language] for item in items],
            "price": [item.price for item in items],
            "language": [("zh", "en")[item.language] for item in items],
            "title_zh": [item.title(0) for item in items],
            "title_en": [item.title(1) for item in items],
        }
    )
