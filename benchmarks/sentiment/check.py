"""The judge of reviews against 76 labelled ones: prints and stores its accuracy.

python benchmarks/sentiment/check.py
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from zhiyin.encode.choose import default_encoder
from zhiyin.models.profile.sentiment import SentimentJudge

HERE = Path(__file__).parent
NEUTRAL_BELOW = 0.2
SIGNS = {"positive": 1, "negative": -1, "neutral": 0}


def measure(judge: SentimentJudge) -> dict[str, float]:
    """Accuracy of the sign, by language, and of three classes."""
    lines = (HERE / "reviews.jsonl").read_text(encoding="utf-8").splitlines()
    reviews = [json.loads(line) for line in lines]
    labels = np.array([SIGNS[review["label"]] for review in reviews])
    chinese = np.array([review["language"] == "zh" for review in reviews])
    scores = judge.judge([review["text"] for review in reviews])
    right = np.sign(scores) == labels
    felt = labels != 0
    three = np.where(np.abs(scores) < NEUTRAL_BELOW, 0, np.sign(scores)) == labels
    parts = {
        "sign": right[felt],
        "sign_zh": right[felt & chinese],
        "sign_en": right[felt & ~chinese],
        "three_way": three,
    }
    return {name: round(float(part.mean()), 3) for name, part in parts.items()}


def main() -> None:
    """Measures the judge with its encoder, and with words alone."""
    chosen = default_encoder()
    start = time.process_time()
    found = measure(SentimentJudge(chosen.encoder))
    seconds = time.process_time() - start
    path = HERE / "results.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    stored["now"] = {"encoder": chosen.name, **found, "cpu_s": round(seconds, 2)}
    stored["words_alone"] = measure(SentimentJudge(None))
    path.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(stored, indent=2))


if __name__ == "__main__":
    main()
