"""Write ``shop_zh.jsonl``, the simulated Chinese shop, from the hand-written vocabulary.

A vocabulary file opens with ``! department prefix``; ``# shelf | maker, maker`` opens a shelf;
``* name | description`` is a kind of product, and the line below it gives the axis on which its
variants differ: ``axis: label @price note; label @price note; ...``.

Ids are the department's prefix, the kind's place in its file and the variant's place in its
kind, so that a new kind at the end of a file renames nothing. Only the maker is drawn, from a
generator seeded with the kind's own id.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
SEED = 42
VARIANT = re.compile(r"(?P<label>[^@;]+?) @(?P<price>\d+)(?: (?P<note>[^@;]+))?")

Item = dict[str, object]


def variants(line: str) -> Iterator[tuple[str, int, str]]:
    """Yield label, price in yuan and the sentence that tells the variant apart."""
    axis, rest = line.split(":", 1)
    for part in rest.split(";"):
        found = VARIANT.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"not 'label @price note': {part!r} in {line!r}")
        label, note = found["label"], found["note"]
        yield label, int(found["price"]), f"{axis}：{label}{'，' + note if note else ''}。"


def read(path: Path) -> Iterator[Item]:
    """Yield the items of one vocabulary file, in order."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    department, prefix = lines[0].removeprefix("! ").split()
    shelf, makers, kind, name, description = "", [""], 0, "", ""
    for line in lines[1:]:
        if line.startswith("# "):
            shelf, listed = line[2:].split(" | ")
            makers = listed.split(", ")
        elif line.startswith("* "):
            name, description = line[2:].split(" | ")
            kind += 1
        else:
            key = f"{prefix}{kind:02d}"
            brand = random.Random(f"{SEED}:{key}").choice(makers)
            for number, (label, price, sentence) in enumerate(variants(line), 1):
                yield {
                    "item_id": f"{key}-{number}",
                    "title": f"{name} {label}"
                    if name.startswith("《")
                    else f"{brand} {name} {label}",
                    "text": f"{description}{sentence}",
                    "categories": [department, shelf],
                    "brand": brand,
                    "price": price,
                }


def main() -> None:
    """Write the shop and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "shop_zh.jsonl")
    out = parser.parse_args().out
    items = [item for path in sorted((HERE / "vocabulary").glob("*.txt")) for item in read(path)]
    out.write_text("".join(json.dumps(i, ensure_ascii=False) + "\n" for i in items), "utf-8")
    kinds = {str(i["item_id"]).split("-")[0] for i in items}
    print(f"{len(items)} items of {len(kinds)} kinds in {out}")


if __name__ == "__main__":
    main()
