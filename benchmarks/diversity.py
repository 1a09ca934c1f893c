"""What diversity costs: NDCG@10 against intra-list diversity, as the knob goes from 0 to 1.

    .venv/bin/python benchmarks/diversity.py [--users 6040] [--data ../shared/data/ml-1m] [--pools]

EASE (query_decay 5) scores ml-1m, leave-one-out; the 500 best items of each user are re-ranked
to 10 by MMR and DPP over vectors of behaviour and over genres, and by xQuAD over genres.
Diversity is the mean cosine distance of the pairs of a list, in the vectors that were used.
The largest knob that costs at most 2 % of NDCG is chosen on every other user, and its cost is
told on the rest. Beside it: popularity debiasing, the time of one slate on one thread, and the
same with fewer candidates, as surfaces have it (--pools: this alone, the rest stays stored).
Writes benchmarks/results/diversity.json and diversity.svg.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.metrics import (
    concentration,
    coverage,
    diversity,
    exposure,
    hits,
    ndcg,
    novelty,
)
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.topk import TopK, bar, top_k
from zhiyin.models.sequence.start import behaviour_vectors
from zhiyin.pipeline.benchmark.folder import as_dataset, read_split
from zhiyin.policy.debiasing import DebiasConfig, debias
from zhiyin.policy.diversity import DppReranker, MmrReranker, XquadReranker

RESULTS = Path(__file__).parent / "results"
METHODS = {"mmr": MmrReranker, "dpp": DppReranker, "xquad": XquadReranker}
CURVES = [("behaviour", "mmr"), ("behaviour", "dpp")]
CURVES += [("genres", "mmr"), ("genres", "dpp"), ("genres", "xquad")]
KNOBS = [0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0]
STRENGTHS = [0.0, 0.1, 0.2, 0.5, 1.0, 2.0]
CANDIDATES, N, DIM, SEED = 500, 10, 64, 7
POOLS, SMALL_KNOBS = [30, 50, 100, 500], [0.02, 0.05, 0.1]
COST = 0.02
COLOURS = {"mmr": "#1f77b4", "dpp": "#d62728", "xquad": "#2ca02c"}


def main() -> int:
    """Draws the curves and stores them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=6040)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ml-1m"))
    parser.add_argument("--pools", action="store_true")
    arguments = parser.parse_args()
    console = Console()
    with threadpool_limits(1):
        world = prepared(arguments.data, arguments.users)
        if arguments.pools:
            document = json.loads((RESULTS / "diversity.json").read_text(encoding="utf-8"))
            document["pools"] = pools(world)
            console.print(document["pools"])
            text = json.dumps(document, indent=1) + "\n"
            (RESULTS / "diversity.json").write_text(text, encoding="utf-8")
            return 0
        document: dict[str, Any] = {
            "data": arguments.data.name,
            "users": len(world.truth),
            "candidates": CANDIDATES,
            "n": N,
            "load": round(os.getloadavg()[0], 2),
            "curves": {},
            "debiasing": debiasing(world),
            "pools": pools(world),
        }
        for features, method in CURVES:
            name = f"{method} over {features}"
            document["curves"][name] = curve(world, method, world.tables[features])
            show(console, name, document["curves"][name])
    console.print(document["debiasing"])
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(document, indent=1) + "\n"
    (RESULTS / "diversity.json").write_text(text, encoding="utf-8")
    (RESULTS / "diversity.svg").write_text(drawn(document["curves"]), encoding="utf-8")
    return 0


@dataclass(frozen=True, eq=False)
class World:
    """Candidates of some test users, and what is known of the items."""

    scores: Floats
    best: TopK
    truth: Histories
    tables: dict[str, Floats]
    takers: NDArray[np.int64]
    n_users: int

    def quality(self, lists: NDArray[np.int32]) -> NDArray[np.float64]:
        """NDCG@10 by user."""
        return ndcg(hits(lists, self.truth), N)


def prepared(folder: Path, n_users: int) -> World:
    """Trains EASE, and finds the best candidates of users drawn at random."""
    split = read_split(folder, protocol="leave-one-out", seed=42)
    data = as_dataset(split, folder)
    history, truth = split.train, split.tests["metrics"].test
    users = np.sort(
        np.random.default_rng(SEED).permutation(np.flatnonzero(truth.lengths))[:n_users]
    )
    cls = load(RETRIEVERS, "ease")
    rng, deadline = np.random.default_rng(SEED), Deadline(900)
    model = cls(cls.Config(query_decay=5)).fit(TrainingData(history), rng=rng, deadline=deadline)
    seen = history.take(users)
    scores = model.score(Queries(seen, users.astype(np.int32)))
    bar(scores, seen)
    best = top_k(scores, k=CANDIDATES, tie_order=split.items.tie_order)
    genre, item = data.categories
    genres = np.zeros((history.n_items, len(data.category_names)), dtype=np.float32)
    genres[item, genre] = 1
    vectors = behaviour_vectors(history, dim=DIM, rng=rng, deadline=deadline)
    takers = np.bincount(history.items, minlength=history.n_items)
    tables = {"behaviour": vectors, "genres": genres}
    return World(scores, best, truth.take(users), tables, takers, len(history))


def curve(world: World, method: str, table: Floats) -> dict[str, Any]:
    """Quality and diversity at every knob, and the largest knob that is cheap."""
    vectors, cls = csr_matrix(table), METHODS[method]
    quality: list[NDArray[np.float64]] = []
    points: list[dict[str, float]] = []
    for knob in KNOBS:
        reranker = cls(cls.Config(diversity=knob))
        began = time.perf_counter()
        places = reranker.rerank_all(world.best.scores, world.best.items, table, n=N)
        spent = time.perf_counter() - began
        lists = np.take_along_axis(world.best.items, places, axis=1)
        quality.append(world.quality(lists))
        points.append(
            {
                "knob": knob,
                "ndcg@10": round(float(quality[-1].mean()), 5),
                "diversity@10": round(float(np.nanmean(diversity(lists, vectors, k=N))), 5),
                "genres@10": round(genres_of(lists, world.tables["genres"]), 3),
                "batch_ms": round(1e3 * spent / len(lists), 3),
            }
        )
    half = np.array([each[::2].mean() for each in quality])
    rest = np.array([each[1::2].mean() for each in quality])
    cheap = int(np.flatnonzero(half >= (1 - COST) * half[0]).max())
    first, second = points[0], points[cheap]
    return {
        "points": points,
        "cheapest_loss": {
            "knob": KNOBS[cheap],
            "cost_where_chosen": round(float(1 - half[cheap] / half[0]), 4),
            "cost_on_the_rest": round(float(1 - rest[cheap] / rest[0]), 4),
            "diversity_gain": round(second["diversity@10"] / first["diversity@10"] - 1, 4),
        },
        "one_slate_ms": one_slate(world, method, table),
    }


def pools(world: World) -> dict[str, Any]:
    """The change of NDCG and of diversity where only the best few candidates are re-ranked."""
    table = world.tables["behaviour"]
    vectors, plain = csr_matrix(table), world.best.items[:, :N]
    quality, spread = world.quality(plain), float(np.nanmean(diversity(plain, vectors, k=N)))
    rows: list[dict[str, Any]] = []
    for pool, method, knob in itertools.product(POOLS, ("mmr", "dpp"), SMALL_KNOBS):
        reranker = METHODS[method](METHODS[method].Config(diversity=knob))
        scores, items = world.best.scores[:, :pool], world.best.items[:, :pool]
        lists = np.take_along_axis(items, reranker.rerank_all(scores, items, table, n=N), axis=1)
        change = world.quality(lists) - quality
        error = float(change.std() / np.sqrt(len(change)))
        rows.append(
            {
                "pool": pool,
                "method": method,
                "knob": knob,
                "ndcg_change": round(float(change.mean() / quality.mean()), 4),
                "ndcg_error": round(float(error / quality.mean()), 4),
                "diversity_change": round(
                    float(np.nanmean(diversity(lists, vectors, k=N))) / spread - 1, 4
                ),
            }
        )
    return {"users": len(quality), "load": round(os.getloadavg()[0], 2), "rows": rows}


def genres_of(lists: NDArray[np.int32], genres: Floats) -> float:
    """How many genres a list holds, on average."""
    return float((genres[lists].max(axis=1) > 0).sum(axis=1).mean())


def one_slate(world: World, method: str, table: Floats) -> dict[str, float]:
    """Milliseconds for one query's 500 candidates, vectors at hand."""
    reranker = METHODS[method](METHODS[method].Config(diversity=0.3))
    times: list[float] = []
    for row in range(min(220, len(world.best.items))):
        features, scores = table[world.best.items[row]], world.best.scores[row]
        began = time.perf_counter()
        reranker.rerank(scores, features, n=N)
        times.append(1e3 * (time.perf_counter() - began))
    p50, p95 = np.percentile(times[20:], [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}


def debiasing(world: World) -> list[dict[str, float]]:
    """What taking popularity out of all scores does to quality and to what is shown."""
    order, rows = np.arange(world.scores.shape[1], dtype=np.int32), []
    for strength in STRENGTHS:
        fair = debias(world.scores, world.takers, config=DebiasConfig(strength=strength))
        lists = top_k(fair, k=N, tie_order=order).items
        shown = exposure(lists, k=N, n_items=len(order))
        bits = novelty(lists, world.takers, k=N, n_users=world.n_users)
        rows.append(
            {
                "strength": strength,
                "ndcg@10": round(float(world.quality(lists).mean()), 5),
                "novelty@10": round(float(bits.mean()), 3),
                "coverage": round(coverage(shown), 4),
                "concentration": round(concentration(shown), 4),
            }
        )
    return rows


def show(console: Console, name: str, found: dict[str, Any]) -> None:
    """Prints one curve."""
    cheap = found["cheapest_loss"]
    table = Table(
        title=f"{name}: knob {cheap['knob']} costs {cheap['cost_on_the_rest']:.1%} of NDCG for "
        f"{cheap['diversity_gain']:+.1%} diversity; {found['one_slate_ms']['p50']} ms a slate",
        title_justify="left",
    )
    for column in found["points"][0]:
        table.add_column(column)
    for point in found["points"]:
        table.add_row(*(f"{value:g}" for value in point.values()))
    console.print(table)


def drawn(curves: dict[str, Any]) -> str:
    """Two panels of lines as SVG: diversity to the right, NDCG upwards."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 400" font-family="sans-serif" '
        'font-size="12"><rect width="920" height="400" fill="white"/>'
    ]
    for left, features in ((60, "behaviour"), (510, "genres")):
        mine = {n: c["points"] for n, c in curves.items() if n.endswith(features)}
        points = [point for each in mine.values() for point in each]
        low = min(point["diversity@10"] for point in points)
        high = max(point["diversity@10"] for point in points)
        top = 1.05 * max(point["ndcg@10"] for point in points)
        parts.append(axes(left, f"intra-list diversity in {features}", low, high, top))
        for place, (name, line) in enumerate(mine.items()):
            colour = COLOURS[name.partition(" ")[0]]
            right = [(p["diversity@10"] - low) / (high - low) for p in line]
            up = [p["ndcg@10"] / top for p in line]
            xy = [(left + 360 * x, 340 - 300 * y) for x, y in zip(right, up, strict=True)]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in xy)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}"/>')
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in xy]
            y = 300 - 18 * place
            parts.append(f'<text x="{left + 12}" y="{y}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def axes(left: int, title: str, low: float, high: float, top: float) -> str:
    """Axes of one panel with their ends in numbers."""
    return (
        f'<path d="M{left} 40V340H{left + 370}" fill="none" stroke="black"/>'
        f'<text x="{left + 180}" y="378" text-anchor="middle">{title}</text>'
        f'<text x="{left}" y="358">{low:.2f}</text>'
        f'<text x="{left + 360}" y="358" text-anchor="end">{high:.2f}</text>'
        f'<text x="{left - 6}" y="344" text-anchor="end">0</text>'
        f'<text x="{left - 6}" y="46" text-anchor="end">{top:.3f}</text>'
        f'<text x="{left}" y="26">NDCG@10</text>'
    )


if __name__ == "__main__":
    sys.exit(main())
