"""An explanation in a language model's own words, held against the same evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from zhiyin.core.messages import Explanation
from zhiyin.core.protocols import LanguageModel
from zhiyin.core.slate import Position
from zhiyin.llm.prompt_files import as_data, load_prompt
from zhiyin.narrate.explain.reasons import Records, title_of
from zhiyin.narrate.grounding.holding import held
from zhiyin.narrate.language import shown

_NAME = re.compile(r"“[^”]*”|\"[^\"]*\"|《[^》]*》")
_AROUND = " .,，。"
_ROOM = 2
"""Times the template's length that a model may take."""
_SHORTEST = 120


def in_own_words(
    told: Explanation,
    position: Position,
    *,
    records: Records,
    model: LanguageModel,
) -> Explanation:
    """The same reasons, as a language model puts them.

    The model reads the template and nothing else, and what it makes of it is held against the
    position's evidence: it names the items that the template names and no other, and claims
    nothing that is not recorded. Where it does, the template stays. So does "rather than that
    one because", which says exactly what is recorded to differ.

    Args:
        told: The template; its language, length, style and citations are kept.
        position: Whose reasons these are.
        records: Attributes of the item, and of the items in its evidence.
        model: What words it.

    Returns:
        With ``made_by`` and, where the template stays, ``refused``.
    """
    if told.style == "contrast":
        return told
    name = "explain" if told.language == "en" else f"explain_{told.language}"
    prompt = load_prompt("zhiyin.narrate", name).fill(reason=as_data(told.text))
    reply = model.answer([prompt], schema=None, accept=lambda text: bool(text.strip()))[0]
    if reply.text is None:
        return told.model_copy(update={"refused": [reply.problem or "no answer"]})
    text = " ".join(reply.text.split())
    named = [item for item in told.cites if title_of(item, records) in text]
    problem = _invented(text, told.text)
    if told.cites and not named:
        problem = problem or "it names none of the items that speak for this one"
    if not problem:
        result = held(
            text,
            limit=max(_SHORTEST, _ROOM * len(told.text)),
            record={"item_id": position.item_id, **records.get(position.item_id, {})},
            evidence=list(_facts(position, records)),
            language=told.language,
            whole=True,
        )
        problem = "" if result.text else result.problem
    if problem:
        return told.model_copy(update={"refused": [problem]})
    changed = {"text": text, "cites": named, "made_by": f"model:{model.id}"}
    return told.model_copy(update=changed)


def _invented(text: str, template: str) -> str:
    """Which name between quotation marks its template does not have; "" where there is none."""
    known = _names(template)
    for name in _names(text):
        if name.strip(_AROUND) not in known:
            return f"it names {shown(name)}, which the reasons do not"
    return ""


def _names(text: str) -> set[str]:
    return {match[0][1:-1] for match in _NAME.finditer(text)}


def _facts(position: Position, records: Records) -> Iterator[Mapping[str, Any]]:
    """The evidence of a position as the checker of texts reads it."""
    yield _item(position.item_id, records)
    for fact in position.evidence:
        if fact.item_id is not None:
            title = title_of(fact.item_id, records)
            kind: dict[str, Any] = {"kind": fact.kind, "item_id": fact.item_id, "title": title}
            yield kind if fact.event is None else {**kind, "event": fact.event}
            yield _item(fact.item_id, records)
        elif fact.kind == "tag":
            yield {"kind": "tag", "tag": fact.text, "items": []}
        if fact.text and fact.kind != "tag":
            yield {"kind": "path", "path": [fact.text]}


def _item(item_id: str, records: Records) -> Mapping[str, Any]:
    return {"kind": "item", "record": {"item_id": item_id, **records.get(item_id, {})}}
