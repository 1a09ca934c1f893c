"""Does the checker let an invented fact pass? Scores it on the planted sets, by author.

python benchmarks/grounding.py                     # prints and stores the figures
python benchmarks/grounding.py --show planted-1    # and the cases of one set that went wrong

The sets named ``development`` are what the checker is worked on with: they stand beside the others
and are no part of ``together``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

from zhiyin.narrate.grounding import Verdict, check

HERE = Path(__file__).parent
SETS = ("planted-1", "planted-2", "planted-3")
DEVELOPMENT = ("development", "development-2")
FIRST = HERE / "results" / "grounding-first-run.json"
LATEST = HERE / "results" / "grounding.json"


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of a set."""
    lines = (HERE / "grounding" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def verdict(case: dict[str, Any]) -> Verdict:
    """What the checker says, which sees only record, evidence and text."""
    return check(case["text"], record=case["record"], evidence=case["evidence"])


def score(judged: list[tuple[dict[str, Any], Verdict]]) -> dict[str, Any]:
    """Unsupported texts that pass, clean ones refused, words named rightly."""
    planted = [(case, said) for case, said in judged if not case["supported"]]
    clean = [(case, said) for case, said in judged if case["supported"]]
    passed = [case for case, said in planted if said.is_grounded]
    refused = [case for case, said in clean if not said.is_grounded]
    named = sum(overlaps(case, said) for case, said in planted)
    return {
        "unsupported": len(planted),
        "unsupported_passed": len(passed),
        "passed_by_error": dict(Counter(case["error"] for case in passed)),
        "clean": len(clean),
        "clean_refused": len(refused),
        "clean_refused_share": round(len(refused) / max(1, len(clean)), 4),
        "clean_refused_by_language": dict(Counter(case["lang"] for case in refused)),
        "clean_refused_by_kind": dict(
            Counter(kind for _, said in clean for kind in sorted({f.kind for f in said.findings}))
        ),
        "words_named_share": round(named / max(1, len(planted)), 4),
    }


def overlaps(case: dict[str, Any], said: Verdict) -> bool:
    """Whether a finding touches the planted words."""
    start = case["text"].find(case["span"])
    end = start + len(case["span"])
    return any(finding.start < end and start < finding.end for finding in said.findings)


def main() -> None:
    """Scores both sets together and each alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--show", choices=(SETS[0], *DEVELOPMENT), help="print the cases that went wrong"
    )
    parser.add_argument("--errors", action="store_true", help="crashes instead of scores")
    shown = parser.parse_args().show
    texts = {name: cases(name) for name in (*SETS, *DEVELOPMENT)}
    start = perf_counter()
    verdict(texts[DEVELOPMENT[0]][0])
    loaded = perf_counter()
    judged = {name: [(case, verdict(case)) for case in texts[name]] for name in texts}
    n = sum(map(len, judged.values()))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    result: dict[str, Any] = {
        "commit": commit,
        "milliseconds_a_text": round(1000 * (perf_counter() - loaded) / n, 2),
        "milliseconds_of_the_first": round(1000 * (loaded - start), 1),
        "together": score([pair for name in SETS for pair in judged[name]]),
        **{name: score(pairs) for name, pairs in judged.items()},
    }
    print(json.dumps(result, indent=1))
    target = LATEST if FIRST.exists() else FIRST
    target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for case, said in judged.get(shown or "", []):
        if case["supported"] != said.is_grounded:
            words = [(case["text"][f.start : f.end], f.kind) for f in said.findings]
            print(case["id"], case["error"], case["text"], "|", case["span"], "|", words)


if __name__ == "__main__":
    main()
