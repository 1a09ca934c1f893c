"""How fast a GGUF answers in this process: the first token after a cached prefix, and the rate.

    .venv/bin/python benchmarks/llm.py qwen2.5-0.5b [--threads 1] [--repeats 10]

MODEL is a .gguf file, or a name that ``zhiyin llm pull`` knows. A fixed task of about 300 tokens
is read once; then every repeat streams an answer to another question, of at most 80 tokens that
are not cached (exit code 1 where one has more). Prints the median and the 95th percentile of
the seconds to the first piece, the tokens that were read for it, tokens a second while reading
and while writing, and the load of the machine; writes benchmarks/results/llm.json, an entry for
each model and number of threads. Exit code 1 also where the 0.5B model on one thread needs more
than 1.5 s at the median.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from zhiyin.core.protocols import Prompt
from zhiyin.llm.llama import LlamaConfig, LlamaModel
from zhiyin.pipeline.language_model import gguf_path

RESULTS = Path(__file__).parent / "results" / "llm.json"
LIMITS = {"qwen2.5-coder-0.5b-instruct-q4_k_m": 1.5}
MOST_UNCACHED = 80
TASK = (
    "You explain to a reader why an item was recommended. You are given facts: the title, the "
    "tags that the reader likes, and the items that the reader liked before. Say only what the "
    "facts say; invent no names, numbers or properties; write one sentence of at most thirty "
    "words, in the language of the facts. "
) * 5
LIKED = ("Dune", "Solaris", "Neuromancer", "Hyperion", "Ubik", "Foundation", "Contact", "Kindred")
TAGS = ("slow and thoughtful", "first contact", "space travel", "artificial minds", "desert")


def main() -> int:
    """Measures one model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=10)
    arguments = parser.parse_args()
    found = measured(gguf_path(arguments.model), arguments.threads, arguments.repeats)
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    known[f"{found['model']}, {found['threads']} thread(s)"] = found
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    table = Table("what", "value", title=f"{found['model']}", title_justify="left")
    for name, value in found.items():
        table.add_row(name, f"{value:.3f}" if isinstance(value, float) else str(value))
    Console().print(table)
    limit = LIMITS.get(found["model"]) if found["threads"] == 1 else None
    slow = limit is not None and found["first_piece_p50_s"] > limit
    return int(slow or found["uncached_most"] > MOST_UNCACHED)


def measured(path: Path, threads: int, repeats: int) -> dict[str, Any]:
    """The figures of one model."""
    began = time.monotonic()
    model = LlamaModel(LlamaConfig(path=path, threads=threads, context=2048, max_tokens=40))
    loaded = time.monotonic()
    task_tokens = model.warm(TASK)
    warm = time.monotonic()
    first: list[float] = []
    reading: list[float] = []
    writing: list[float] = []
    uncached: list[int] = []
    for number in range(repeats):
        before = model.usage()
        start = time.monotonic()
        times = [time.monotonic() - start for _ in model.stream(Prompt(TASK, question(number)))]
        after = model.usage()
        used = {name: after[name] - before[name] for name in after if name.startswith("tokens")}
        new = int(used["tokens_in"] - used["tokens_cached"])
        uncached.append(new)
        first.append(times[0])
        reading.append(new / times[0])
        writing.append((used["tokens_out"] - 1) / max(times[-1] - times[0], 1e-9))
    return {
        "model": model.id,
        "threads": threads,
        "repeats": repeats,
        "load": os.getloadavg()[0],
        "open_s": loaded - began,
        "task_tokens": task_tokens,
        "task_s": warm - loaded,
        "uncached_median": float(np.median(uncached)),
        "uncached_most": max(uncached),
        "first_piece_p50_s": float(np.percentile(first, 50)),
        "first_piece_p95_s": float(np.percentile(first, 95)),
        "read_tokens_per_s": float(np.median(reading)),
        "written_tokens_per_s": float(np.median(writing)),
    }


def question(number: int) -> str:
    """Facts that differ from question to question."""
    liked = [LIKED[(number + step) % len(LIKED)] for step in (0, 2, 5)]
    tags = [TAGS[(number + step) % len(TAGS)] for step in (0, 1)]
    return (
        f"Title: {LIKED[(number + 7) % len(LIKED)]}, part {number + 2}\n"
        f"Tags: {', '.join(tags)}\nLiked before: {', '.join(liked)}\nWrite the sentence."
    )


if __name__ == "__main__":
    sys.exit(main())
