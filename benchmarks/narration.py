"""Does what is said about real catalogues hold? Explanations and copy, by provider.

zhiyin init ml-1m
zhiyin import -w ml-1m --events DATA/ml-1m/interactions.parquet --items DATA/ml-1m/items.parquet
zhiyin train -w ml-1m --recipe ease          # gives the same slates each time
python benchmarks/narration.py --workspace ml-1m --catalogue DATA/amazon-industrial
python benchmarks/narration.py --workspace ml-1m --catalogue ... --provider qwen2.5-0.5b
python benchmarks/narration.py --workspace ml-1m --catalogue ... --provider qwen2.5-0.5b \
    --endpoint http://127.0.0.1:8080/v1 --workers 4          # the same model in a server
python benchmarks/narration.py --workspace ml-1m --catalogue ... --provider qwen2.5-0.5b --recorded
python benchmarks/narration.py --workspace ml-1m --latency          # in a quiet machine

Explanations are of slates of the workspace; copy is half of its items, half of the items of another
catalogue. What a model answered is kept in benchmarks/narration/ (it tells of films and goods that
are for research only, so it is no part of the project): a run that was broken off goes on, and
``--recorded`` holds the same answers against the checker of today, without the model
(``unanswered`` counts questions of which no answer is there).
``invented`` counts texts that name an item, or claim a fact, that record and evidence do not hold,
by the checker, on what would be shown. ``template_share`` is the share of texts that fell back to a
template. ``seconds`` are the checker's alone where answers are recorded. Results of other providers
in the file stay as they are.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor as Pool
from pathlib import Path
from time import perf_counter
from typing import Any, get_args

import numpy as np
import polars as pl
from recorded_answers import RecordedModel
from rich.console import Console
from rich.progress import Progress, track

from zhiyin.core.messages import Copy, CopyKind, ExplainQuery, Explanation
from zhiyin.core.protocols import LanguageModel
from zhiyin.core.slate import Position
from zhiyin.narrate.copy.writing import write_copy
from zhiyin.narrate.explain import explain_slate
from zhiyin.narrate.explain.own_words import in_own_words
from zhiyin.narrate.explain.reasons import Records
from zhiyin.narrate.grounding import check
from zhiyin.pipeline.copywriting import evidence_of
from zhiyin.pipeline.explaining import Explainer
from zhiyin.pipeline.language_model import open_guarded_model
from zhiyin.pipeline.settings import LlmSettings
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace

HERE = Path(__file__).parent
RESULT = HERE / "results" / "narration.json"
ANSWERS = HERE / "narration"
KINDS: tuple[CopyKind, ...] = get_args(CopyKind)
SLATE = 10
LIMITS_MS = {"template_slate_of_10": 10, "shap_slate_of_10": 60}


def explanations(
    workspace: Workspace,
    n: int,
    rng: np.random.Generator,
    model: LanguageModel | None,
    workers: int = 1,
) -> dict[str, Any]:
    """Explanations of whole slates: every item that is cited must be in the evidence."""
    engine = workspace.engine()
    told: list[Explanation] = []
    invented, spent = 0, list[float]()
    users = iter(rng.permutation(len(engine.trained.users.ids)))

    def worded(text: Explanation, position: Position, records: Records) -> Explanation:
        if model is None:
            return text
        return in_own_words(text, position, records=records, model=model)

    with Progress(console=Console(stderr=True)) as progress, Pool(workers) as pool:
        task = progress.add_task("explanations", total=n)
        while len(told) < n:
            user = str(engine.trained.users.ids[next(users)])
            slate = engine.recommend(user, n=SLATE, explain=True, log=False)
            named = {f.item_id for p in slate.positions for f in p.evidence if f.item_id}
            records = workspace.stores.entities.get("item", [*slate.item_ids, *named])
            for language in ("en", "zh"):
                start = perf_counter()
                texts = explain_slate(slate.positions, records=records, language=language)
                spent.append(1000 * (perf_counter() - start))
                pairs = list(zip(texts, slate.positions, strict=True))[: n - len(told)]
                done = pool.map(lambda pair, known=records: worded(*pair, known), pairs)
                for (_, position), text in zip(pairs, done, strict=True):
                    known = {fact.item_id for fact in position.evidence}
                    titles = [str(records[i].get("title", i)) for i in known if i in records]
                    true = set(text.cites) <= known and _only(text.text, titles, records)
                    invented += not true
                    told.append(text)
                    progress.advance(task)
    return {
        "texts": len(told),
        "invented": invented,
        "without_a_reason": sum(not text.cites for text in told),
        "template_share": round(sum(text.made_by == "template" for text in told) / len(told), 4),
        "median_milliseconds_a_slate_of_10": round(float(np.median(spent)), 2),
    }


def _only(text: str, titles: list[str], records: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether no title of another record stands between quotation marks."""
    others = {str(record.get("title", "")) for record in records.values()} - set(titles)
    return not any(f"“{title}”" in text for title in others if title)


def copies(
    items: list[dict[str, Any]],
    evidence: list[Mapping[str, Any]],
    n: int,
    model: LanguageModel | None,
    workers: int = 1,
) -> dict[str, Any]:
    """Copy of each kind in turn, in both languages; what would be shown is checked again."""
    made, findings = Counter[tuple[str, str]](), Counter[str]()
    invented = 0
    start = perf_counter()

    def written(at: int) -> Copy:
        kind, language = KINDS[at % len(KINDS)], "zh" if at // len(KINDS) % 2 else "en"
        record = items[at % len(items)]
        return write_copy(record, kind=kind, language=language, model=model, evidence=evidence)

    with Pool(workers) as pool:
        texts = pool.map(written, range(n))
        for at, text in enumerate(track(texts, "copy", total=n, console=Console(stderr=True))):
            made[text.language, text.made_by.partition(":")[0]] += 1
            parts, record = "\n".join(text.parts.values()), items[at % len(items)]
            verdict = check(parts, record=record, evidence=evidence)
            invented += not verdict.is_grounded
            findings.update(finding.kind for finding in verdict.findings)
    return {
        "texts": n,
        "invented": invented,
        "findings": dict(findings),
        "template_share": round((made["en", "template"] + made["zh", "template"]) / n, 4),
        "template_share_by_language": {
            language: round(made[language, "template"] / of, 4)
            for language in ("en", "zh")
            if (of := made[language, "template"] + made[language, "model"])
        },
        "seconds": round(perf_counter() - start, 1),
    }


def catalogue(folder: Path, n: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Items of a data folder, as records."""
    rows = pl.read_parquet(folder / "items.parquet")
    rows = rows.filter(pl.col("title").is_not_null())
    picked = rows[rng.permutation(len(rows))[:n].tolist()]
    return [{k: v for k, v in row.items() if v is not None} for row in picked.to_dicts()]


def of_workspace(workspace: Workspace, n: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Items of the workspace, as records."""
    ids = [str(i) for i in workspace.engine().trained.items.ids]
    picked = [ids[at] for at in rng.permutation(len(ids))[:n]]
    found = workspace.stores.entities.get("item", picked)
    return [{"item_id": item, **record} for item, record in found.items() if record.get("title")]


def latency(workspace: Workspace, rng: np.random.Generator) -> dict[str, Any]:
    """Milliseconds of the words of a slate of ten, and of Shapley values.

    ``shap_slate_of_10`` is the words and what each feature of the ranker adds to each of the ten,
    where a ranker serves; ``one_item_shap`` is what each event of the history adds to one item,
    worked out through the whole recommender.
    """
    engine = workspace.engine()
    explainer = Explainer(engine, workspace.stores, workspace.settings)
    users = [str(engine.trained.users.ids[at]) for at in rng.integers(0, 900, 20)]
    parts: dict[str, list[float]] = defaultdict(list)
    for user in users:
        slate = engine.recommend(user, n=SLATE, explain=True, log=False)
        named = [f.item_id for p in slate.positions for f in p.evidence if f.item_id]
        records = workspace.stores.entities.get("item", [*slate.item_ids, *named])
        start = perf_counter()
        explain_slate(slate.positions, records=records)
        words = perf_counter() - start
        parts["template_slate_of_10"].append(words)
        if engine.trained.ranker is not None:
            items = np.array([engine.items.index[item_id] for item_id in slate.item_ids])
            start = perf_counter()
            found = explainer.features(user, items)
            parts["shap_slate_of_10"].append(words + perf_counter() - start)
            assert found is not None
            assert found.values.shape[0] == len(slate.item_ids)
        for name, method in (("one_item", "likeness"), ("one_item_shap", "shap")):
            start = perf_counter()
            explainer.explain(
                ExplainQuery(user_id=user, item_id=slate.item_ids[0], method=method)  # type: ignore[arg-type]
            )
            parts[name].append(perf_counter() - start)
    ranker = engine.trained.ranker
    return {
        "ranker": type(ranker.scorer).__name__ if ranker else None,
        "limits_ms": LIMITS_MS,
        "median_ms": {k: round(1000 * float(np.median(v)), 2) for k, v in parts.items()},
    }


def _model(told: argparse.Namespace, folder: Path) -> RecordedModel:
    """A pulled model in this process, or the same one behind an address, or what it once said."""
    if told.recorded:
        settings = LlmSettings()
    elif told.endpoint:
        settings = LlmSettings(
            base_url=told.endpoint, model=told.provider, concurrency=told.workers, timeout=600.0
        )
    else:
        settings = LlmSettings(gguf=told.provider)
    model = open_guarded_model(settings, folder=folder, remember=False)
    return RecordedModel(ANSWERS / f"{told.provider}.jsonl", name=told.provider, model=model)


def main() -> None:
    """Runs one provider and stores its figures beside the others'."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--workspace", type=Path, required=True, help="with a trained model")
    parser.add_argument("--catalogue", type=Path, help="another folder with items.parquet")
    parser.add_argument("--provider", default="templates", help="templates, or a pulled model")
    parser.add_argument("--endpoint", default="", help="where that model is served")
    parser.add_argument("--recorded", action="store_true", help="ask nobody; answers of before")
    parser.add_argument("--workers", type=int, default=1, help="questions at once")
    parser.add_argument("--n", type=int, default=500, help="texts of each sort")
    parser.add_argument("--only-copy", action="store_true", help="no explanations")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--latency", action="store_true", help="only the timings")
    told = parser.parse_args()
    rng = np.random.default_rng(told.seed)
    picks = np.random.default_rng(told.seed)
    stored: dict[str, Any] = (
        json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    )
    with open_workspace(told.workspace) as workspace:
        if told.latency:
            stored.setdefault("latency", {})[workspace.folder.name] = latency(workspace, rng)
        else:
            model = None if told.provider == "templates" else _model(told, workspace.folder)
            found: dict[str, Any] = {}
            if not told.only_copy:
                found["explanations"] = explanations(workspace, told.n, rng, model, told.workers)
            user = str(workspace.engine().trained.users.ids[0])
            n = told.n // 2 if told.catalogue else told.n
            own = of_workspace(workspace, n, picks)
            found[workspace.folder.name] = copies(
                own, evidence_of(workspace.stores, user), n, model, told.workers
            )
            if told.catalogue:
                items = catalogue(told.catalogue, n, picks)
                found[told.catalogue.name] = copies(items, [], n, model, told.workers)
            if model is not None:
                found["unanswered"] = model.unanswered
            stored.setdefault(told.provider, {}).update(found)
    RESULT.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(stored, indent=1))


if __name__ == "__main__":
    main()
