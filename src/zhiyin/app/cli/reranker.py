"""``zhiyin train --reranker``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zhiyin.app.cli.output import (
    console,
    known_workspace,
    print_json,
    progress_bar,
    table,
    teaching,
)
from zhiyin.pipeline.search.reranker import train_reranker
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.ranking.cross_encoder.config import CrossEncoderConfig


def learn(
    workspace: Path, *, backbone: str | None, budget: str | None, as_json: bool = False
) -> None:
    """Fine-tunes a reranker on what people turned to after their searches, and tells of it."""
    default = CrossEncoderConfig()
    config = default if backbone is None else default.model_copy(update={"backbone": backbone})
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        with progress_bar(quiet=as_json, first="reading the log") as listen:
            report = train_reranker(opened, config=config, budget=budget, progress=listen)
    if as_json:
        print_json(report)
        return
    tell(report)


def tell(report: dict[str, Any]) -> None:
    """Prints what came of it."""
    counts = report["searches"]
    rows = [
        ["search", report["mrr_search"]],
        [f"with the reranker ({report['weight']:g})", report["mrr_reranked"]],
    ]
    title = f"Reranker {report['version']}, on {counts['compared']} later searches"
    console.print(table(title, ["", "mean reciprocal rank"], rows))
    mean, low, high = report["difference"]
    console.print(
        f"difference {mean:+.4f} (95 %: {low:+.4f} to {high:+.4f}); learned from "
        f"{counts['learned']:,} searches in {report['train_s']:.0f} s"
    )
    joined = 'it joins search: [search] rerank = "auto"'
    apart = 'it does not join search, for it did not clearly win; rerank = "trained" takes it'
    console.print(joined if report["joins"] else apart, markup=False, highlight=False)
