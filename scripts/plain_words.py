"""Writes the lists of everyday words that the checker of texts lets pass.

python scripts/plain_words.py --wordnet DIR --vader FILE --jieba FILE

English: words of WordNet 3.0 that mostly mean a time, feeling, thought, attribute, relation, or
an act of thinking, speaking, perceiving, moving, living together (Debian's ``wordnet-base`` has
DIR, usr/share/wordnet), and words of praise of VADER (``vader_lexicon.txt`` of the package
vaderSentiment). Chinese: verbs, adjectives, adverbs, idioms and frequent nouns of jieba's
dictionary (``dict.txt`` of the package jieba). To both the lists ``scripts/words/general-*`` are
added; what the lists ``claims-*`` name is left out: words that state what a record can refute.
WordNet is under the WordNet licence of Princeton University, VADER and jieba under MIT.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections import Counter, defaultdict
from pathlib import Path

from zhiyin.narrate.grounding.lexicon import (
    plain_chinese,
    plain_english,
    scenes_chinese,
    stem,
)

HERE = Path(__file__).parent / "words"
TARGET = Path(__file__).parents[1] / "src" / "zhiyin" / "narrate" / "grounding" / "words"
CLASSES = (
    "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute "
    "noun.body noun.cognition noun.communication noun.event noun.feeling noun.food noun.group "
    "noun.location noun.motive noun.object noun.person noun.phenomenon noun.plant "
    "noun.possession noun.process noun.quantity noun.relation noun.shape noun.state "
    "noun.substance noun.time verb.body verb.change verb.cognition verb.communication "
    "verb.competition verb.consumption verb.contact verb.creation verb.emotion verb.motion "
    "verb.perception verb.possession verb.social verb.stative verb.weather adj.ppl"
).split()
"""WordNet's lexicographer files, by number."""
OPEN = frozenset(
    "adv.all noun.Tops noun.attribute noun.cognition noun.event noun.feeling noun.motive "
    "noun.relation noun.time verb.cognition verb.communication verb.consumption verb.emotion "
    "verb.motion verb.perception verb.social verb.stative".split()
)
"""Those whose words mostly claim nothing of an item."""
SHARE, SEEN, PRAISE = 0.34, 1, 1.0
FREQUENT = {
    "v": 3, "vn": 3, "a": 3, "ad": 3, "an": 3, "d": 3, "i": 3, "l": 3, "z": 3, "t": 50,
    "m": 50, "q": 50, "n": 300, "p": 3, "c": 3, "r": 3, "u": 3, "y": 3, "o": 3, "f": 3, "e": 3,
    "vd": 3, "vi": 3, "vq": 3, "df": 3,
}  # fmt: skip
"""Least frequency in jieba's dictionary, by part of speech."""
CLOSED_LENGTH, CLOSED_SEEN = 3, 10
_NUMERAL = re.compile("[一二三四五六七八九十百千万亿两几数半零第年月日]")
_HEAD = {
    "common-en": "# Everyday words that claim nothing of an item, by scripts/plain_words.py"
    " from WordNet\n"
    "# 3.0 (Copyright 2006 by Princeton University, all rights reserved, WordNet licence) and\n"
    "# VADER (MIT).\n",
    "common-zh": "# 泛泛之词, by scripts/plain_words.py from the dictionary of jieba (MIT).\n",
    "closed-zh": "# 不可拆开的名词, by scripts/plain_words.py"
    " from the dictionary of jieba (MIT).\n",
}


def words_of(path: Path) -> list[str]:
    """The words of a list."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


def english(wordnet: Path, vader: Path) -> list[str]:
    """One word for each stem that claims nothing."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for line in (wordnet / "cntlist.rev").read_text(encoding="latin-1").splitlines():
        key, _, count = line.split()
        word, _, sense = key.partition("%")
        counts[word][CLASSES[int(sense.split(":")[1])]] += int(count)
    found = set(words_of(HERE / "general-en.txt"))
    for word, classes in counts.items():
        total = sum(classes.values())
        kept = sum(n for name, n in classes.items() if name in OPEN)
        if re.fullmatch("[a-z]{3,}", word) and total >= SEEN and kept >= SHARE * total:
            found.add(word)
    for line in vader.read_text(encoding="utf-8").splitlines():
        word, value, *_ = line.split("\t")
        told = word in counts or word.endswith(("ing", "ed"))
        if float(value) >= PRAISE and told and re.fullmatch("[a-z]{3,}", word):
            found.add(word)
    claims = {stem(word) for word in words_of(HERE / "claims-en.txt")}
    by_stem = {stem(word): word for word in sorted(found, reverse=True)}
    left_out = claims | plain_english()
    return sorted(word for root, word in by_stem.items() if root not in left_out)


def chinese(jieba: Path) -> list[str]:
    """Words of two to four characters that claim nothing."""
    claims = words_of(HERE / "claims-zh.txt")
    found = set(words_of(HERE / "general-zh.txt"))
    for line in jieba.read_text(encoding="utf-8").splitlines():
        word, count, kind = line.split()
        if not re.fullmatch("[一-鿿]{2,4}", word) or int(count) < FREQUENT.get(kind, 10**9):
            continue
        if kind in ("m", "q", "t") and _NUMERAL.search(word):
            continue
        if not any(claim in word for claim in claims):
            found.add(word)
    return sorted(found - plain_chinese() - scenes_chinese())


def closed(jieba: Path, known: frozenset[str]) -> list[str]:
    """Nouns that fall apart into words that claim nothing: 风水, 雪花, 门将."""
    found: list[str] = []
    for line in jieba.read_text(encoding="utf-8").splitlines():
        word, count, kind = line.split()
        if word in known or not 2 <= len(word) <= CLOSED_LENGTH or int(count) < CLOSED_SEEN:
            continue
        if kind in ("n", "nz", "b", "nt") and _falls_apart(word, known):
            found.append(word)
    return sorted(found)


def _falls_apart(word: str, known: frozenset[str]) -> bool:
    reached = {0}
    for end in range(1, len(word) + 1):
        if any(start in reached and word[start:end] in known for start in range(end)):
            reached.add(end)
    return len(word) in reached


def main() -> None:
    """Writes both lists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--vader", type=Path, required=True)
    parser.add_argument("--jieba", type=Path, required=True)
    told = parser.parse_args()
    common = chinese(told.jieba)
    known = frozenset(common) | plain_chinese()
    lists = {
        "common-en": english(told.wordnet, told.vader),
        "common-zh": common,
        "closed-zh": closed(told.jieba, known),
    }
    for name, words in lists.items():
        body = "\n".join(textwrap.wrap(" ".join(words), 110, break_long_words=False))
        (TARGET / f"{name}.txt").write_text(f"{_HEAD[name]}{body}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
