"""A cross-encoder over the first candidates of search, and over shown news: does it win?

    python benchmarks/cross_encoder.py [DATA] [--part search|news|all] [--backbone e5]
                                       [--groups 900] [--epochs 2]    (default ../shared/data)

Search: the 368 wishes of benchmarks/language. What is learned comes from the catalogues' own
text, never from the wishes: a clause is taken out of a description and searched for in a
catalogue that lacks it (inverse cloze); a group is the item it came from and the best of the
others. The weight beside the search's own score, and which student is kept, are chosen on
clauses held out; the wishes are scored once. News: Bing clicks of news-bing-dkn, in its own
split, a candidate's title read beside the titles that the user clicked.

Distilled: a student of two layers, and a linear one over cheap features, taught by the
probabilities of the large one. Writes benchmarks/results/cross-encoder.json, one part at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import polars as pl
import torch
from scipy.stats import rankdata

import zhiyin
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import RankingData
from zhiyin.encode.encoders.use.encoder import UseEncoder
from zhiyin.encode.text.passages import letters
from zhiyin.evaluation.bootstrap import BootstrapConfig, differences
from zhiyin.pipeline.search.service import Candidate
from zhiyin.pipeline.workspace import Workspace
from zhiyin.ranking.cross_encoder.budget import joined_scores
from zhiyin.ranking.cross_encoder.config import CrossEncoderConfig
from zhiyin.ranking.cross_encoder.distil import softened
from zhiyin.ranking.cross_encoder.model import CrossEncoder
from zhiyin.ranking.cross_encoder.pairs import JudgedPairs, judged
from zhiyin.ranking.linear import LinearScorer

HERE = Path(__file__).parent
RESULT = HERE / "results" / "cross-encoder.json"
TOP = 20
TAUGHT = 8
"""Candidates of a training query: what answers it, and the best of the others."""
K = 5
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
Item = dict[str, Any]
_CLAUSE = re.compile(r"(?<=[,.;:!?])\s+|(?<=[，。；：！？])")


def rows_of(path: Path) -> list[Item]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def workspace(items: Sequence[Item]) -> Workspace:
    folder = Path(tempfile.mkdtemp())
    (folder / "zhiyin.toml").write_text('[search]\nrerank = "off"\n', encoding="utf-8")
    opened = zhiyin.open(folder)
    opened.upsert_items(list(items))
    return opened


def clauses(text: str, rng: np.random.Generator) -> str:
    """A clause as somebody might ask for it: of an English one, some words in a row."""
    parts = [part.strip(" ，。；：！？,.;:!?") for part in _CLAUSE.split(text)]
    fit = [part for part in parts if 18 <= letters(part) <= 160]
    if not fit:
        return ""
    return str(rng.choice(fit))


def shortened(clause: str, rng: np.random.Generator) -> str:
    words = clause.split()
    if len(words) < 6:
        return clause
    size = int(rng.integers(4, min(11, len(words)) + 1))
    start = int(rng.integers(0, len(words) - size + 1))
    return " ".join(words[start : start + size])


def cloze(
    items: Sequence[Item], n: int, seed: int
) -> tuple[list[Item], list[tuple[str, set[str]]]]:
    """A catalogue that lacks n clauses, and the clauses with the items that they came from."""
    rng = np.random.default_rng(seed)
    texts = {str(item["item_id"]): str(item.get("text") or "") for item in items}
    asked: list[tuple[str, set[str]]] = []
    taken: set[str] = set()
    for item in rng.permutation(list(texts)).tolist():
        if len(asked) == n:
            break
        clause = "" if item in taken else clauses(texts[item], rng)
        owners = {i for i, text in texts.items() if clause and clause in text}
        if not owners or owners & taken:
            continue
        taken |= owners
        asked.append((shortened(clause, rng), owners))
        for owner in owners:
            texts[owner] = texts[owner].replace(clause, "").strip(" ，。；,.;")
    return [{**item, "text": texts[str(item["item_id"])]} for item in items], asked


class Asked:
    """Queries with their first candidates and what answers them."""

    def __init__(
        self, opened: Workspace, queries: Sequence[tuple[str, set[str]]], extra: bool
    ) -> None:
        search = opened.searcher()
        self.queries = [query for query, _ in queries]
        self.found: list[list[Candidate]] = [search.candidates(q, n=TOP) for q in self.queries]
        self.right = [
            np.array([c.item_id in wanted for c in found], dtype=np.float32)
            for found, (_, wanted) in zip(self.found, queries, strict=True)
        ]
        if not extra:
            return
        # A training group needs an answer even where search did not find it.
        for (_, wanted), found, right in zip(queries, self.found, self.right, strict=True):
            if not right.any():
                item = min(wanted)
                words = search.read(item)
                found[-1] = Candidate(item, words, found[-1].meaning, found[-1].keywords)
                right[-1] = 1.0

    def packed(self) -> dict[str, Any]:
        right = [each.tolist() for each in self.right]
        return {"queries": self.queries, "found": self.found, "right": right}

    def shorten(self, n: int) -> None:
        """Keeps n candidates of each query: the answers, then the first of the others."""
        for q, right in enumerate(self.right):
            kept = np.sort(np.argsort(-right, kind="stable")[:n])
            self.found[q] = [self.found[q][i] for i in kept.tolist()]
            self.right[q] = right[kept]

    def pairs(self) -> JudgedPairs:
        return judged(
            [
                (query, [c.text for c in found], right)
                for query, found, right in zip(self.queries, self.found, self.right, strict=True)
            ]
        )

    def base(self) -> list[Floats]:
        return [np.array([c.base for c in found], dtype=np.float32) for found in self.found]

    def features(self) -> Floats:
        rows = [
            [c.meaning, c.keywords, 1.0 / (1 + place), np.log1p(letters(c.text))]
            for found in self.found
            for place, c in enumerate(found)
        ]
        return np.array(rows, dtype=np.float32)


def unpacked(parts: Sequence[dict[str, Any]]) -> Asked:
    """What `Asked.packed` gave, of several catalogues, as one."""
    whole = object.__new__(Asked)
    whole.queries = [q for part in parts for q in part["queries"]]
    whole.found = [[Candidate(*c) for c in found] for part in parts for found in part["found"]]
    whole.right = [np.array(r, dtype=np.float32) for part in parts for r in part["right"]]
    return whole


def outcomes(asked: Asked, scores: list[Floats], weight: float) -> dict[str, Floats]:
    """hit@5 and the reciprocal rank (of the first 20) of each query."""
    hit, mrr = np.zeros(len(asked.queries)), np.zeros(len(asked.queries))
    for q, (base, score, right) in enumerate(zip(asked.base(), scores, asked.right, strict=True)):
        order = np.argsort(-joined_scores(base, score, weight=weight), kind="stable")
        places = np.flatnonzero(right[order] > 0)
        if len(places):
            hit[q], mrr[q] = float(places[0] < K), 1.0 / (1 + places[0])
    return {"hit@5": hit, "mrr@20": mrr}


def split_by_query(values: Floats, asked: Asked) -> list[Floats]:
    return np.split(values, np.cumsum([len(found) for found in asked.found])[:-1])


def best_weight(asked: Asked, scores: list[Floats]) -> tuple[float, dict[str, float]]:
    tried = {w: float(outcomes(asked, scores, w)["mrr@20"].mean()) for w in WEIGHTS}
    best = max(tried, key=lambda w: (tried[w], -w))
    return best, {str(w): round(v, 4) for w, v in tried.items()}


def settings(options: argparse.Namespace, layers: int | None, epochs: int) -> CrossEncoderConfig:
    loop = CrossEncoderConfig().loop.model_copy(update={"epochs": epochs, "device": "cpu"})
    return CrossEncoderConfig(
        backbone=options.backbone, layers=layers, frozen=0, group=6, loop=loop
    )


def fitted(
    config: CrossEncoderConfig, pairs: JudgedPairs, held: JudgedPairs, options: argparse.Namespace
) -> tuple[CrossEncoder, dict[str, Any]]:
    began, cpu = time.perf_counter(), time.process_time()
    model = CrossEncoder(config).fit(
        pairs,
        rng=np.random.default_rng(options.seed),
        deadline=Deadline(options.budget),
        validation=held,
        progress=lambda stage, share: print(f"  {stage} ({share:.0%})", flush=True),
    )
    return model, {
        "layers": config.layers,
        "wall_s": round(time.perf_counter() - began),
        "cpu_s": round(time.process_time() - cpu),
        "stopped": model.outcome,
        "epochs": [
            {k: None if v is None else round(v, 4) for k, v in epoch.items()}
            for epoch in model.epochs
        ],
        "graph_mb": round(len(model.state()["graph"]) / 1e6, 1),
    }


def latency(model: CrossEncoder, asked: Asked, n: int = 30) -> dict[str, float]:
    """Milliseconds and CPU milliseconds for the first 20 candidates of a query."""
    times: list[float] = []
    cpu = time.process_time()
    for query, found in list(zip(asked.queries, asked.found, strict=True))[:n]:
        start = time.perf_counter()
        model.score(query, [c.text for c in found])
        times.append(1e3 * (time.perf_counter() - start))
    cpu = 1e3 * (time.process_time() - cpu) / max(1, len(times))
    return {"p50_ms": round(float(np.median(times)), 1), "cpu_ms": round(cpu, 1)}


def compared(
    name: str,
    held: Asked,
    held_scores: Floats,
    test: Asked,
    test_scores: Floats,
    groups: dict[str, Floats],
) -> dict[str, Any]:
    """One reranker: its weight by the clauses held out, then the wishes, once."""
    weight, tried = best_weight(held, split_by_query(held_scores, held))
    first = outcomes(test, split_by_query(test_scores, test), 0.0)
    second = outcomes(test, split_by_query(test_scores, test), weight)
    alone = outcomes(test, split_by_query(test_scores, test), 1.0)
    gains = differences(second, first, BootstrapConfig())
    result = {
        "weight": weight,
        "validation_mrr@20_by_weight": tried,
        "wishes": {k: round(float(v.mean()), 4) for k, v in second.items()},
        "wishes_reranker_alone": {k: round(float(v.mean()), 4) for k, v in alone.items()},
        "difference": {
            k: [round(d.mean, 4), round(d.low, 4), round(d.high, 4)] for k, d in gains.items()
        },
        "by_group_hit@5": {
            group: round(float(second["hit@5"][mask].mean()), 4) for group, mask in groups.items()
        },
    }
    print(name, json.dumps(result["wishes"]), "weight", weight, flush=True)
    return result


def searched(options: argparse.Namespace) -> dict[str, Any]:
    """Clauses and wishes with what search finds for them; kept in a file where one is named."""
    if options.cache is not None and options.cache.exists():
        return json.loads(options.cache.read_text("utf-8"))
    films = pl.read_parquet(options.data / "ml-1m" / "items.parquet").to_dicts()
    pools = {"ml-1m": films, "shop-zh": rows_of(HERE / "language" / "shop_zh.jsonl")}
    kept: dict[str, Any] = {"train": [], "held": [], "test": [], "marks": []}
    wishes = [
        *rows_of(HERE / "language" / "queries.jsonl"),
        *rows_of(HERE / "language" / "queries_b.jsonl"),
    ]
    for name, items in pools.items():
        lacking, asked = cloze(items, options.groups, options.seed)
        stop = len(asked) - max(1, len(asked) // 5)
        with workspace(lacking) as opened:
            kept["train"].append(Asked(opened, asked[:stop], extra=True).packed())
            kept["held"].append(Asked(opened, asked[stop:], extra=False).packed())
        mine = [w for w in wishes if w["catalogue"] == name]
        with workspace(items) as opened:
            pairs = [(w["query"], {str(i) for i in w["relevant"]}) for w in mine]
            kept["test"].append(Asked(opened, pairs, extra=False).packed())
        kept["marks"] += [f"{w['language']} over {name}" for w in mine]
        print(name, len(asked), "clauses,", len(mine), "wishes", flush=True)
    if options.cache is not None:
        options.cache.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
    return kept


def search(options: argparse.Namespace) -> dict[str, Any]:
    kept = searched(options)
    learn, check, wish = (unpacked(kept[part]) for part in ("train", "held", "test"))
    learn.shorten(TAUGHT)
    marks = kept["marks"]
    groups = {m: np.array([m == each for each in marks]) for m in sorted(set(marks))}
    zero = [np.zeros(len(found), dtype=np.float32) for found in wish.found]
    reached = np.array([right.any() for right in wish.right])
    result: dict[str, Any] = {
        "clauses": {"train": len(learn.queries), "held_out": len(check.queries)},
        "wishes": len(wish.queries),
        "top": TOP,
        "search": {k: round(float(v.mean()), 4) for k, v in outcomes(wish, zero, 0.0).items()},
        "limit_hit@5": round(float(reached.mean()), 4),
    }
    print(json.dumps(result), flush=True)
    teacher, told = fitted(
        settings(options, options.layers, options.epochs), learn.pairs(), check.pairs(), options
    )
    scores = {
        "learn": teacher.score_pairs(learn.pairs()),
        "check": teacher.score_pairs(check.pairs()),
        "wish": teacher.score_pairs(wish.pairs()),
    }
    result["cross_encoder"] = {
        **told,
        **latency(teacher, wish),
        **compared("cross-encoder", check, scores["check"], wish, scores["wish"], groups),
    }
    soft = softened(scores["learn"], learn.pairs())
    student, told = fitted(settings(options, 2, options.epochs), soft, check.pairs(), options)
    result["student"] = {
        **told,
        **latency(student, wish),
        **compared(
            "student",
            check,
            student.score_pairs(check.pairs()),
            wish,
            student.score_pairs(wish.pairs()),
            groups,
        ),
    }
    names = ("meaning", "keywords", "reciprocal_rank", "log_letters")
    data = RankingData(learn.features(), soft.labels, soft.indptr, names)
    linear = LinearScorer().fit(data, rng=np.random.default_rng(0), deadline=Deadline(float("inf")))
    result["linear_student"] = {
        "coefficients": {k: round(v, 4) for k, v in linear.importances().items()},
        **compared(
            "linear student",
            check,
            linear.score(check.features()),
            wish,
            linear.score(wish.features()),
            groups,
        ),
    }
    return result


def clicked_titles(options: argparse.Namespace) -> dict[str, JudgedPairs]:
    """News shown to a user beside what the user clicked; train, held out (by user), test."""
    folder = options.data / "news-bing-dkn"
    titles = dict(pl.read_parquet(folder / "items.parquet").select("item_id", "title").iter_rows())
    frame = pl.read_parquet(folder / "interactions.parquet")
    rng = np.random.default_rng(options.seed)
    clicks: dict[str, list[str]] = {}
    shown: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for row in frame.iter_rows(named=True):
        user = row["user_id"]
        shown.setdefault((user, row["split"]), []).append((row["item_id"], row["value"]))
        if row["split"] == "train" and row["value"] > 0:
            clicks.setdefault(user, []).append(row["item_id"])
    users = sorted(clicks)
    late = set(rng.permutation(users)[: len(users) // 6].tolist())
    groups: dict[str, list[tuple[str, list[str], list[float]]]] = {
        "train": [],
        "held": [],
        "test": [],
    }
    for (user, split), rows in shown.items():
        part = "test" if split == "test" else "held" if user in late else "train"
        for start in range(0, len(rows), 8):
            some = rows[start : start + 8]
            mine = {item for item, _ in some}
            # What is asked about is never among what the user is known by.
            known = [item for item in clicks.get(user, []) if item not in mine]
            if not known:
                continue
            words = " . ".join(titles[i] for i in known[-6:])
            groups[part].append((words, [titles[i] for i, _ in some], [v for _, v in some]))
    return {part: judged(each) for part, each in groups.items()}


def pooled_auc(scores: Floats, labels: Floats) -> float:
    """Of all pairs of a clicked and another row, the share in the right order."""
    ranks = rankdata(scores)
    good = labels > 0
    n, m = int(good.sum()), int((~good).sum())
    return float((ranks[good].sum() - n * (n + 1) / 2) / (n * m))


def news(options: argparse.Namespace) -> dict[str, Any]:
    parts = clicked_titles(options)
    use = UseEncoder()

    def cosine(pairs: JudgedPairs) -> Floats:
        asked = use.encode(list(pairs.queries), role="query").vectors
        texts = use.encode(list(pairs.texts)).vectors
        return np.einsum("ij,ij->i", np.repeat(asked, np.diff(pairs.indptr), axis=0), texts)

    config = settings(options, options.layers, options.epochs).model_copy(
        update={"max_query": 72, "max_tokens": 96}
    )
    model, told = fitted(config, parts["train"], parts["held"], options)
    read, near = model.score_pairs(parts["test"]), cosine(parts["test"])
    labels, rng = parts["test"].labels, np.random.default_rng(0)
    drawn = []
    for _ in range(1000):
        rows = rng.integers(len(labels), size=len(labels))
        drawn.append(pooled_auc(read[rows], labels[rows]) - pooled_auc(near[rows], labels[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {
        "groups": {part: len(each) for part, each in parts.items()},
        "test_rows": len(labels),
        "auc_cross_encoder": round(pooled_auc(read, labels), 4),
        "auc_cosine": round(pooled_auc(near, labels), 4),
        "difference_95": [round(float(low), 4), round(float(high), 4)],
        "held_out_auc": {
            "cross_encoder": round(
                pooled_auc(model.score_pairs(parts["held"]), parts["held"].labels), 4
            ),
            "cosine": round(pooled_auc(cosine(parts["held"]), parts["held"].labels), 4),
        },
        **told,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=Path("../shared/data"))
    parser.add_argument("--part", choices=("search", "news", "all"), default="all")
    parser.add_argument("--backbone", default="e5")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--groups", type=int, default=900, help="Clauses of each catalogue.")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--budget", type=float, default=1500.0, help="Seconds of each training.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, help="File that keeps what search found.")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    parts: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
        "search": search,
        "news": news,
    }
    for name, run in parts.items():
        if options.part not in (name, "all"):
            continue
        found = run(options)
        found["backbone"] = Path(options.backbone).name
        found["load_average"] = [round(v, 1) for v in os.getloadavg()]
        kept = json.loads(options.out.read_text("utf-8")) if options.out.exists() else {}
        options.out.write_text(json.dumps({**kept, name: found}, indent=2) + "\n", "utf-8")
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
