"""Who says what they like, in words: is the film that they watched next on the slate?

python benchmarks/described_taste.py --data ../shared/data [--shops FOLDER]

Users of ml-1m, each without their last film, which is to be found. What they like is said
mechanically: the two genres that they watched most beyond what everybody watches, the decade of
most of their films, and one title, the latest that they rated 5. Somebody without a history says
it; films of the history are left out of every list. Recall@10 against popularity and against a
plain semantic search of the same words; results go beside the dialogues.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import zhiyin
from zhiyin.core.messages import ChatMessage

RESULT = Path(__file__).parent / "results" / "dialogues.json"
K = 10
SEED = 7
BUDGET = "120s"
"""Of the training: items are like one another by what people did, too."""


def held_out(data: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Interactions without each user's last one, and those."""
    rows = pl.read_parquet(data / "ml-1m" / "interactions.parquet").sort("user_id", "position")
    last = rows.group_by("user_id", maintain_order=True).last()
    return rows.join(last.select("user_id", "item_id"), on=["user_id", "item_id"], how="anti"), last


def workspace(folder: Path, data: Path, known: pl.DataFrame, shops: Path | None) -> Any:  # noqa: ANN401 - what zhiyin.open gives
    """A workspace that never saw the last films."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = shops / "ml-1m" / "search" if shops else None
    if ready is not None and ready.exists() and not (folder / "search").exists():
        shutil.copytree(ready, folder / "search")
    shop = zhiyin.open(folder)
    if not (folder / ".done").exists():
        events = folder / "known.parquet"
        known.write_parquet(events)
        shop.import_files(events=events, items=data / "ml-1m" / "items.parquet")
        shop.train(budget=BUDGET)
        (folder / ".done").touch()
    return shop


def said(films: list[dict[str, Any]], usual: Counter[str], favourite: str) -> str:
    """What somebody likes, made of their films."""
    genres = Counter(genre for film in films for genre in film["categories"] or [])
    total, all_of = max(1, genres.total()), max(1, usual.total())
    lift = {g: n / total - usual[g] / all_of for g, n in genres.items()}
    best = sorted(lift, key=lambda g: (-lift[g], g))[:2]
    decade = Counter(film["year"] // 10 * 10 for film in films if film["year"]).most_common(1)
    when = f" from the {decade[0][0]}s" if decade else ""
    liked = f", like “{favourite}”" if favourite else ""
    return f"I like {' or '.join(best)} films{when}{liked}"


def main() -> None:
    """Prints and stores the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--shops", type=Path, help="where workspaces are kept between runs")
    parser.add_argument("--users", type=int, default=300)
    options = parser.parse_args()
    known, last = held_out(options.data)
    folder = (options.shops or Path(tempfile.mkdtemp())) / "ml-1m-known"
    shop = workspace(folder, options.data, known, options.shops)
    items = pl.read_parquet(options.data / "ml-1m" / "items.parquet")
    films = {row["item_id"]: row for row in items.iter_rows(named=True)}
    usual = Counter(g for i in known["item_id"] for g in films[i]["categories"] or [])
    popular = known["item_id"].value_counts(sort=True)["item_id"].to_list()
    users = np.random.default_rng(SEED).permutation(last["user_id"].to_numpy())[: options.users]
    target = dict(last.select("user_id", "item_id").iter_rows())
    hits: Counter[str] = Counter()
    example = ""
    for user in users.tolist():
        rows = known.filter(pl.col("user_id") == user)
        seen = set(rows["item_id"])
        loved = rows.filter(pl.col("value") == 5)["item_id"].to_list()
        text = said([films[i] for i in seen], usual, films[loved[-1]]["title"] if loved else "")
        example = example or text
        answer = shop.chats.say(ChatMessage(message=text, n=50))
        found = [hit.item_id for hit in shop.search(text, n=K + len(seen)).hits]
        session, lists = answer.session_id, list(answer.item_ids)
        for _ in range(8):  # films of the history come first: ask for more
            if len([i for i in lists if i not in seen]) >= K or not answer.item_ids:
                break
            answer = shop.chats.say(ChatMessage(message="show me more", session_id=session, n=50))
            lists += answer.item_ids
        for name, ids in (("conversation", lists), ("popularity", popular), ("search", found)):
            hits[name] += target[user] in [i for i in ids if i not in seen][:K]
    n = len(users)
    result = {
        "catalogue": "ml-1m",
        "users": n,
        "said": example,
        "recall@10": {
            name: round(hits[name] / n, 4) for name in ("conversation", "popularity", "search")
        },
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))
    stored: dict[str, Any] = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {}
    stored["described_taste"] = result
    RESULT.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
