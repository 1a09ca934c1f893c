"""A ranker learned from slates that were shown: the impressions of news-mind-sample.

    .venv/bin/python benchmarks/impressions.py [--data DIR]

Impressions in order of time: the first 60 % teach, the next 20 % choose (is the ranker kept, by
the rule of `zhiyin.pipeline.ranker.learn`?), the last 20 % are scored once. Candidates are the
news that were shown; retrievers are item neighbours over the reading histories and the clicks
so far. Prints AUC and NDCG@10 within impressions, with 95 % intervals of the difference, and
writes benchmarks/results/impressions.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats, Histories, histories_from_columns
from zhiyin.core.protocols import RankingData
from zhiyin.core.registry import RANKERS, RETRIEVERS, load
from zhiyin.evaluation.bootstrap import BootstrapConfig, differences
from zhiyin.models.hybrid.blend import standardised
from zhiyin.pipeline.ranker.learn import RankerRecipe, gains
from zhiyin.ranking.features import Asked, FeatureSet, Known

RESULTS = Path(__file__).parent / "results" / "impressions.json"
LEARN, CHOOSE = 0.6, 0.8


def main() -> int:
    """Learns, chooses, scores once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/news-mind-sample"))
    arguments = parser.parse_args()
    asked, hits, clicks = impressions(arguments.data)
    features = FeatureSet.learn(Known(clicks, sources=("blend", "item-knn"), impressions=True))
    q = len(asked.items)
    cuts = int(LEARN * q), int(CHOOSE * q)
    parts = [slice(0, cuts[0]), slice(cuts[0], cuts[1]), slice(cuts[1], q)]
    told: dict[str, Any] = {"impressions": [len(range(q)[p]) for p in parts], "trials": {}}
    recipe = RankerRecipe()
    learn, choose, test = ((asked.take(p), hits[p]) for p in parts)
    best, kept = "", None
    for choice in recipe.scorers:
        cls = load(RANKERS, choice.name)
        scorer = cls(cls.Config(**choice.settings)).fit(
            data(features, *learn), rng=np.random.default_rng(0), deadline=Deadline(600)
        )
        before, after = quality(*choose), quality(*choose, scored(scorer, features, choose[0]))
        gain = after["ndcg@10"] - before["ndcg@10"]
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        told["trials"][choice.name] = {
            "blend": round(float(before["ndcg@10"].mean()), 5),
            "ranker": round(float(after["ndcg@10"].mean()), 5),
            "standard_error": round(float(error), 5),
        }
        wins = gain.mean() > recipe.certainty * error
        if wins and (not best or told["trials"][best]["ranker"] < after["ndcg@10"].mean()):
            best, kept = choice.name, scorer
    told["kept"] = best or None
    before = quality(*test)
    after = before if kept is None else quality(*test, scored(kept, features, test[0]))
    gaps = differences(after, before, BootstrapConfig())
    told["test"] = {
        metric: {
            "blend": round(float(np.nanmean(before[metric])), 5),
            "ranker": round(float(np.nanmean(after[metric])), 5),
            "difference": [round(v, 5) for v in (gap.mean, gap.low, gap.high)],
        }
        for metric, gap in gaps.items()
    }
    RESULTS.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    shown = Table(title=f"news-mind-sample, {told['impressions'][2]:,} impressions; kept: {best}")
    for column in ("metric", "blend", "ranker", "difference [95 %]"):
        shown.add_column(column)
    for metric, row in told["test"].items():
        mean, low, high = row["difference"]
        span = f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"
        shown.add_row(metric, f"{row['blend']:.4f}", f"{row['ranker']:.4f}", span)
    Console().print(shown)
    return 0


def impressions(folder: Path) -> tuple[Asked, NDArray[np.bool_], Histories]:
    """The impressions in order of time, what was clicked, and all clicks by user."""
    rows = pl.read_parquet(folder / "interactions.parquet").with_columns(
        pl.col("timestamp") * 1000, pl.int_range(pl.len()).over("impression_id").alias("place")
    )
    slates = rows.group_by("impression_id").agg("timestamp", "item_id", "value", "user_id")
    slates = slates.with_columns(pl.col("timestamp").list.first()).sort("timestamp")
    past = pl.read_parquet(folder / "histories.parquet").select("impression_id", "history")
    slates = slates.join(past, on="impression_id", how="left", maintain_order="left")
    read: list[list[str]] = [h or [] for h in slates["history"].to_list()]
    names = sorted({i for ids in [*slates["item_id"], *read] for i in ids})
    index = {name: at for at, name in enumerate(names)}
    histories = _rows([[index[i] for i in ids] for ids in read], len(names))
    width = max(len(ids) for ids in slates["item_id"])
    items = np.full((len(slates), width), -1, dtype=np.int32)
    hits = np.zeros(items.shape, dtype=np.bool_)
    for at, (ids, values) in enumerate(zip(slates["item_id"], slates["value"], strict=True)):
        items[at, : len(ids)] = [index[i] for i in ids]
        hits[at, : len(ids)] = np.asarray(values) > 0
    now = slates["timestamp"].to_numpy()
    clicked = np.argwhere(hits)
    clicks = histories_from_columns(
        clicked[:, 0],
        items[hits],
        np.ones(len(clicked)),
        n_users=len(slates),
        n_items=len(names),
        order=now[clicked[:, 0]],
        order_is_time=True,
    )
    taught = int(LEARN * len(slates))
    cls = load(RETRIEVERS, "item-knn")
    knn = cls(cls.Config()).fit(
        TrainingData(histories.take(np.arange(taught))),
        rng=np.random.default_rng(0),
        deadline=Deadline(600),
    )
    said = np.empty(items.shape, dtype=np.float32)
    for start in range(0, len(items), 256):
        part = slice(start, start + 256)
        asked = Queries(histories.take(np.arange(len(items))[part]), np.full(len(items[part]), -1))
        scores = standardised(knn.score(asked))
        said[part] = np.take_along_axis(scores, np.maximum(items[part], 0), axis=1)
    places = np.broadcast_to(np.arange(1, width + 1, dtype=np.float32), items.shape)
    asked = Asked(histories, items, {"item-knn": said}, now, places.copy())
    lately = FeatureSet.learn(Known(clicks), wanted=("popularity day",))
    popular = np.full(items.shape, np.nan, dtype=np.float32)
    popular[asked.present] = lately.compute(asked)[:, 0]
    spread = float(popular[asked.present].std())
    blend = said + popular / spread  # both in standard deviations
    return replace(asked, sources={"blend": blend, "item-knn": said}), hits, clicks


def _rows(rows: list[list[int]], n_items: int) -> Histories:
    lengths = np.array([len(row) for row in rows])
    return Histories(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array([item for row in rows for item in row], dtype=np.int32),
        np.ones(int(lengths.sum()), dtype=np.float32),
        n_items,
    )


def data(features: FeatureSet, asked: Asked, hits: NDArray[np.bool_]) -> RankingData:
    """Impressions as a scorer learns from them."""
    indptr = np.concatenate([[0], np.cumsum(asked.present.sum(axis=1))]).astype(np.int64)
    labels = hits[asked.present].astype(np.float32)
    return RankingData(features.compute(asked), labels, indptr, features.names)


def scored(scorer: Any, features: FeatureSet, asked: Asked) -> Floats:  # noqa: ANN401 - a Scorer
    """Scores of the candidates as serving computes them: every place is the first."""
    scores = np.full(asked.items.shape, -np.inf, dtype=np.float32)
    scores[asked.present] = scorer.score(features.compute(replace(asked, places=None)))
    return scores


def quality(
    asked: Asked, hits: NDArray[np.bool_], scores: Floats | None = None
) -> dict[str, NDArray[np.float64]]:
    """AUC and NDCG@10 within each impression; NaN where all or nothing was clicked."""
    if scores is None:
        scores = np.where(asked.present, asked.sources["blend"], -np.inf).astype(np.float32)
    auc = np.full(len(hits), np.nan)
    for at, (hit, score, there) in enumerate(zip(hits, scores, asked.present, strict=True)):
        good, bad = score[hit & there], score[~hit & there]
        if len(good) and len(bad):
            wins = (good[:, None] > bad).mean() + 0.5 * (good[:, None] == bad).mean()
            auc[at] = wins
    ndcg = gains(hits, hits.sum(axis=1), scores, k=10)
    return {"ndcg@10": ndcg, "auc": auc}


if __name__ == "__main__":
    sys.exit(main())
