"""Check the test pairs: fields, ids, kinds, and that no query stands twice.

The film ids are checked only where ``--films`` names the research-only catalogue.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
FIELDS = {"query_id", "catalogue", "query", "language", "relevant", "kind", "author"}
KINDS = {"paraphrase", "topic", "use-case", "synonym", "cross-language"}

Row = dict[str, object]


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def faults(row: Row, pools: dict[str, set[str]]) -> list[str]:
    """Say what is wrong with one test pair."""
    relevant = row.get("relevant")
    if set(row) != FIELDS or not isinstance(relevant, list):
        return [f"fields are {sorted(row)}"]
    found = []
    if row["kind"] not in KINDS or row["language"] not in {"zh", "en"}:
        found.append(f"kind {row['kind']!r}, language {row['language']!r}")
    if not relevant or len(set(relevant)) != len(relevant):
        found.append("relevant is empty or repeats an item")
    pool = pools.get(str(row["catalogue"]))
    if pool is not None:
        found += [f"no item {item!r}" for item in relevant if item not in pool]
    return found


def main() -> None:
    """Print the faults, then the counts; end with 1 where there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=Path, help="items.parquet of ml-1m")
    films = parser.parse_args().films
    shop = rows(HERE / "shop_zh.jsonl")
    pools = {"shop-zh": {str(item["item_id"]) for item in shop}}
    if films is not None:
        pools["ml-1m"] = set(pl.read_parquet(films, columns=["item_id"])["item_id"])
    pairs = [row for path in sorted(HERE.glob("queries*.jsonl")) for row in rows(path)]
    wrong = [f"{r.get('query_id')}: {f}" for r in pairs for f in faults(r, pools)]
    for field in ("query_id", "query"):
        seen = Counter(str(r.get(field)) for r in pairs)
        wrong += [f"{field} {text!r} stands {n} times" for text, n in seen.items() if n > 1]
    print("\n".join(wrong) or "no faults")
    for group, n in sorted(
        Counter((r["author"], r["catalogue"], r["language"]) for r in pairs).items()
    ):
        print(n, *group)
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
