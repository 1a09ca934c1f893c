"""Copy by a language model where there is one, checked, and by template where it will not do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from zhiyin.core.messages import Copy
from zhiyin.core.protocols import LanguageModel, Prompt
from zhiyin.llm.prompt_files import as_data, load_prompt
from zhiyin.narrate.copy.settings import PARTS, CopyConfig, Kind
from zhiyin.narrate.copy.templates import from_template
from zhiyin.narrate.grounding import check
from zhiyin.narrate.language import Language, language_of

_MARKUP = re.compile(r"<[^>]*>|https?://|www\.|!\[|\]\(", re.IGNORECASE)
_SPEAKS = {"en": "English", "zh": "Chinese"}
_READ = 4000
_FEW_LETTERS = 3


def write_copy(
    record: Mapping[str, Any],
    *,
    kind: Kind,
    evidence: Sequence[Mapping[str, Any]] = (),
    language: Language | None = None,
    model: LanguageModel | None = None,
    config: CopyConfig | None = None,
    segment: str = "",
    variant: int = 0,
) -> Copy:
    """A text about an item in which every claim is recorded.

    What a model writes is held against record and evidence, the lengths and the banned
    words; where it does not pass, a template takes its place, and the result says so.

    Args:
        record: Attributes of the item, with ``item_id``.
        kind: What is written.
        evidence: Facts beside the record, as the checker reads them.
        language: Of the words; None: that of the title.
        model: What writes; None: templates.
        config: Tone, banned words, lengths.
        segment: Whom it is for, in words for the model.
        variant: Which of several texts is asked for.
    """
    settings = config or CopyConfig()
    spoken = language or language_of(str(record.get("title") or ""))
    template = from_template(record, kind=kind, language=spoken, config=settings, variant=variant)
    refused: list[str] = []
    parts: dict[str, str] | None = None
    if model is not None:
        prompt = _prompt(record, evidence, kind, spoken, settings, segment, variant)
        parts = _asked(model, prompt, record, evidence, kind, spoken, settings, refused)
    return Copy(
        item_id=str(record.get("item_id") or ""),
        kind=kind,
        language=spoken,
        parts=parts or template,
        made_by=f"model:{model.id}" if parts and model is not None else "template",
        refused=refused,
        variant=variant,
    )


def write_variants(record: Mapping[str, Any], *, n: int, kind: Kind, **how: Any) -> list[Copy]:  # noqa: ANN401 - see write_copy
    """Up to n different texts, for the arms of a bandit; see `write_copy`."""
    texts = [write_copy(record, kind=kind, variant=variant, **how) for variant in range(n)]
    return list({tuple(text.parts.values()): text for text in reversed(texts)}.values())[::-1]


def problem_of(
    parts: Mapping[str, str],
    *,
    record: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    kind: Kind,
    language: Language,
    config: CopyConfig,
) -> str:
    """Why a text may not be shown; "" where it may."""
    for part in PARTS[kind]:
        text = parts[part].strip()
        if not text:
            return f"{part} is empty"
        if len(text) > config.limit(kind, part):
            return f"{part} is longer than {config.limit(kind, part)} characters"
        if _MARKUP.search(text):
            return f"{part} has markup or an address"
        rest = text.replace(str(record.get("title") or ""), "")
        if sum(map(str.isalpha, rest)) > _FEW_LETTERS and language_of(rest) != language:
            return f"{part} is not in {_SPEAKS[language]}"
        findings = check(text, record=record, evidence=evidence, banned=config.banned).findings
        if findings:
            first = findings[0]
            return f"{part}: {text[first.start : first.end]!r}: {first.kind}, {first.why}"
    return ""


def _asked(
    model: LanguageModel,
    prompt: Prompt,
    record: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    kind: Kind,
    language: Language,
    config: CopyConfig,
    refused: list[str],
) -> dict[str, str] | None:
    schema = {
        "type": "object",
        "properties": {
            part: {"type": "string", "maxLength": config.limit(kind, part)} for part in PARTS[kind]
        },
        "required": list(PARTS[kind]),
        "additionalProperties": False,
    }

    def accept(text: str) -> bool:
        parts = _read(text, kind)
        problem = (
            "no object of the schema"
            if parts is None
            else problem_of(
                parts, record=record, evidence=evidence, kind=kind, language=language,
                config=config,
            )
        )  # fmt: skip
        if problem:
            refused.append(problem)
        return not problem

    for _ in range(config.tries):
        reply = model.answer([prompt], schema=schema, accept=accept)[0]
        if reply.text is not None:
            return _read(reply.text, kind)
        if not refused:
            refused.append(reply.problem or "no answer")
            return None
    return None


def _read(text: str, kind: Kind) -> dict[str, str] | None:
    start, end = text.find("{"), text[:_READ].rfind("}")
    try:
        found: object = json.loads(text[start : end + 1], strict=False) if start >= 0 else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    said = cast("dict[str, object]", found)
    parts = {part: said.get(part) for part in PARTS[kind]}
    if not all(isinstance(value, str) for value in parts.values()):
        return None
    return {part: " ".join(str(value).split()) for part, value in parts.items()}


def _prompt(
    record: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    kind: Kind,
    language: Language,
    config: CopyConfig,
    segment: str,
    variant: int,
) -> Prompt:
    facts = {"record": dict(record), "evidence": [dict(fact) for fact in evidence]}
    limits = ", ".join(f"{part}: at most {config.limit(kind, part)}" for part in PARTS[kind])
    return load_prompt("zhiyin.narrate", "copy").fill(
        kind=kind,
        language=_SPEAKS[language],
        tone=config.tone,
        segment=segment or "everybody",
        limits=limits,
        variant=variant + 1,
        facts=as_data(json.dumps(facts, ensure_ascii=False, default=str), most=3000),
    )
