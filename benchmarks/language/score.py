"""Score the test pairs: our search, BM25 alone, and baselines tuned on other text.

    python benchmarks/language/score.py --films ../shared/data/ml-1m/items.parquet

Writes ../results/language.json; the first run of our own search is kept there under
"first_run" for ever. hit@5 over the whole pool, nothing filtered (see README.md). With
`--encoder both` (or e5) our own search reads with that encoder, and the figures go under
"with_both", beside those of the default.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import polars as pl

import zhiyin
from zhiyin.core.histories import Floats
from zhiyin.encode.encoders.use.encoder import UseEncoder
from zhiyin.encode.text.keywords import KeywordIndex
from zhiyin.encode.whitening import Whitening, WhiteningConfig

HERE = Path(__file__).parent
RESULT = HERE.parent / "results" / "language.json"
K = 5
Row = dict[str, Any]
Rank = Callable[[str], list[str]]


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def pools(films: Path) -> dict[str, list[Row]]:
    """The items of both catalogues, with their attributes."""
    shop = rows(HERE / "shop_zh.jsonl")
    return {"shop-zh": shop, "ml-1m": pl.read_parquet(films).to_dicts()}


def ours(items: list[Row], encoder: str = "auto") -> Rank:
    """The search that a workspace has, over a workspace of its own."""
    folder = Path(tempfile.mkdtemp())
    (folder / "zhiyin.toml").write_text(f'[text]\nencoder = "{encoder}"\n', encoding="utf-8")
    shop = zhiyin.open(folder)
    shop.upsert_items(items)
    return lambda query: shop.search(query, n=K).item_ids


def whole(item: Row) -> str:
    """An item as one text."""
    categories = " ".join(item.get("categories") or [])
    return f"{item.get('title') or ''}. {categories}. {item.get('text') or ''}"


def top(ids: list[str], scores: Floats) -> list[str]:
    return [ids[i] for i in np.argsort(-scores, kind="stable")[:K]]


def bm25(items: list[Row]) -> Rank:
    """BM25 with word segmentation over title, categories and text."""
    ids = [item["item_id"] for item in items]
    index = KeywordIndex().build([whole(item) for item in items])
    return lambda query: top(ids, index.scores(query))


def semantic(items: list[Row], *, dim: int, title: float, fuse: str = "") -> Rank:
    """One vector per item: title and text weighed, whitened; alone, or fused with BM25.

    Dimension, weights and ways to fuse are those that were best on other text: sentences
    of film plots searched for their film, dictionary entries across languages.
    """
    ids = [item["item_id"] for item in items]
    encoder = UseEncoder()
    titles = encoder.encode([item.get("title") or "" for item in items]).vectors
    texts = encoder.encode([item.get("text") or "" for item in items]).vectors
    apply: Callable[[Floats], Floats] = lambda rows: rows  # noqa: E731
    if dim:
        both = np.concatenate([titles, texts])
        config = WhiteningConfig(dim=dim, strength=0.5)
        apply = Whitening(config).fit(both, both.any(axis=1)).apply
    joined = title * apply(titles) + apply(texts)
    joined /= np.maximum(np.linalg.norm(joined, axis=1, keepdims=True), 1e-9)
    index = KeywordIndex().build([whole(item) for item in items])

    def rank(query: str) -> list[str]:
        vector = apply(encoder.encode([query], role="query").vectors)[0]
        scores = joined @ vector
        if fuse == "sum":
            scores = scores + np.float32(0.04) * index.scores(query)
        elif fuse == "rrf":
            words = index.scores(query)
            scores = 1.0 / (10 + places(scores)) + np.where(words > 0, 1 / (10 + places(words)), 0)
        return top(ids, np.asarray(scores, dtype=np.float32))

    return rank


def places(scores: Floats) -> Floats:
    """1 for the largest score, 2 for the next."""
    result = np.empty(len(scores), dtype=np.float32)
    result[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return result


SYSTEMS: dict[str, Callable[[list[Row]], Rank]] = {
    "ours": ours,
    "bm25": bm25,
    "semantic_raw": lambda items: semantic(items, dim=0, title=0.3),
    "semantic_tuned": lambda items: semantic(items, dim=192, title=0.3),
    "semantic_tuned_rrf": lambda items: semantic(items, dim=192, title=0.3, fuse="rrf"),
    "semantic_tuned_sum": lambda items: semantic(items, dim=192, title=0.3, fuse="sum"),
}


def score(make: Callable[[list[Row]], Rank], pairs: list[Row], pool: dict[str, Any]) -> Row:
    """hit@5 over all pairs, by group, by author and by kind."""
    hits: defaultdict[str, list[int]] = defaultdict(list)
    for name, items in pool.items():
        rank = make(items)
        for pair in (each for each in pairs if each["catalogue"] == name):
            hit = int(bool(set(rank(pair["query"])) & set(pair["relevant"])))
            group = f"{pair['language']} -> {name}"
            for key in ("all", group, f"author {pair['author']}", f"kind {pair['kind']}"):
                hits[key].append(hit)
    return {key: {"hit@5": round(mean(each), 4), "pairs": len(each)} for key, each in hits.items()}


def commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE).stdout[:-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=Path, required=True, help="items.parquet of ml-1m")
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--encoder", help="an encoder for our own search, and nothing else")
    options = parser.parse_args()
    pairs = [row for path in sorted(HERE.glob("queries*.jsonl")) for row in rows(path)]
    pool = pools(options.films)
    result: Row = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {}
    if options.encoder:
        found = score(lambda items: ours(items, options.encoder), pairs, pool)
        result = json.loads(RESULT.read_text("utf-8"))
        result[f"with_{options.encoder}"] = {"commit": commit(), **found}
        print(options.encoder, json.dumps(found, indent=1))
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        return
    for name in options.systems.split(","):
        found = score(SYSTEMS[name], pairs, pool)
        if name == "ours":
            run = {"commit": commit(), **found}
            result.setdefault("first_run", run)
            result["ours"] = run
        else:
            result.setdefault("baselines", {})[name] = found
        print(name, json.dumps(found, indent=1))
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
