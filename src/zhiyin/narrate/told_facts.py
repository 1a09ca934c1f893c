"""What is recorded, as a few lines that a language model reads quickly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from zhiyin.narrate.language import shown

_FIRST = ("title", "brand", "categories", "genres", "price", "currency")
_LAST = ("description", "text")
_VALUE = 120
_LAST_VALUE = 400
_VALUES = 6
_MOST = 1000
_UNTOLD = ("_id", "_ids", "url", "image", "images", "asin", "hidden", "stock", "timestamp")


def told_facts(
    record: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]] = (),
    *,
    most: int = _MOST,
) -> str:
    """A record and its evidence, a line each, what is short and telling first.

    A model in this process reads a few dozen tokens a second, so ids, addresses and what is
    past ``most`` characters are left out: what a model has not read, it cannot say.

    Args:
        record: Attributes of the item.
        evidence: Facts beside it, each with a ``kind``.
        most: Characters at most.
    """
    told = list[str]()
    left = most
    for line in (*_of_record(record), *_of_evidence(evidence)):
        if len(line) <= left:
            told.append(line)
            left -= len(line) + 1
    return "\n".join(told)


def _of_record(record: Mapping[str, Any]) -> Iterator[str]:
    order = {name: at for at, name in enumerate(_FIRST)}
    names = [name for name in record if not name.endswith(_UNTOLD)]
    for name in sorted(names, key=lambda name: (name in _LAST, order.get(name, len(_FIRST)))):
        text = _value(record[name], _LAST_VALUE if name in _LAST else _VALUE)
        if text:
            yield f"{name}: {text}"


def _of_evidence(evidence: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for fact in evidence:
        words = [
            f"{name} {_value(value, _VALUE)}"
            for name, value in fact.items()
            if name != "kind" and not name.endswith(_UNTOLD) and not isinstance(value, Mapping)
        ]
        if words:
            yield f"{fact.get('kind', 'fact')}: {', '.join(words)}"


def _value(value: object, most: int) -> str:
    if value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, list | tuple):
        parts = cast("Sequence[object]", value)[:_VALUES]
        return shown(", ".join(str(part) for part in parts), most=most)
    return shown(value, most=most)
