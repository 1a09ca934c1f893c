"""Copy by a language model where there is one, checked, and by template where it will not do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from zhiyin.core.messages import Copy
from zhiyin.core.protocols import LanguageModel, Prompt, Turn
from zhiyin.llm.prompt_files import PromptTemplate, as_data, load_prompt
from zhiyin.narrate.copy.settings import PARTS, CopyConfig, Kind
from zhiyin.narrate.copy.templates import from_template
from zhiyin.narrate.grounding.holding import SPEAKS, UNNAMED, Held, held
from zhiyin.narrate.language import Language, language_of, quoted
from zhiyin.narrate.told_facts import told_facts

_READ = 4000
_LETTERS = 8
"""Characters that a word takes, generously."""
_ROOM = 2
"""Times a part's limit that a model may write, so that it ends by itself and not in mid-word."""
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{4,}|[\u3400-\u9fff]{2}|[A-Z\d]{3,}")
_WHOLE = {"title.text", "email.subject", "ad.headline"}
"""Parts that are one phrase: of these no sentence is left out."""


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
    words. Sentences that do not hold are left out; where too little is left, the model is told
    what was wrong and asked again; a part that will not do in the end is the template's, and
    the result says so.

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
    parts = from_template(record, kind=kind, language=spoken, config=settings, variant=variant)
    order = _Order(record, evidence, kind, spoken, settings, segment, variant)
    made_by, refused = "template", list[str]()
    if model is not None:
        written, refused = _written(model, order)
        parts |= written
        # The last part is the text itself, what stands above it a heading.
        made_by = f"model:{model.id}" if PARTS[kind][-1] in written else made_by
    return Copy(
        item_id=str(record.get("item_id") or ""),
        kind=kind,
        language=spoken,
        parts=parts,
        made_by=made_by,
        refused=refused,
        variant=variant,
    )


def write_variants(record: Mapping[str, Any], *, n: int, kind: Kind, **how: Any) -> list[Copy]:  # noqa: ANN401 - see write_copy
    """Up to n different texts, for the arms of a bandit; see `write_copy`."""
    texts = [write_copy(record, kind=kind, variant=variant, **how) for variant in range(n)]
    return list({tuple(text.parts.values()): text for text in reversed(texts)}.values())[::-1]


class _Order(NamedTuple):
    """What a model is asked to write."""

    record: Mapping[str, Any]
    evidence: Sequence[Mapping[str, Any]]
    kind: Kind
    language: Language
    config: CopyConfig
    segment: str
    variant: int


def _written(model: LanguageModel, order: _Order) -> tuple[dict[str, str], list[str]]:
    """The parts that hold, by the last try that gave any; and why others were not used."""
    limits = {part: order.config.limit(order.kind, part) for part in PARTS[order.kind]}
    schema = {
        "type": "object",
        "properties": {part: _text_of(part, limit, order) for part, limit in limits.items()},
        "required": list(limits),
        "additionalProperties": False,
    }
    found, refused = dict[str, str](), list[str]()
    prompt = _prompt(order, limits)
    for _ in range(order.config.tries):
        reply = model.answer(
            [prompt], schema=schema, accept=lambda text: _read(text, order.kind) is not None
        )[0]
        said = None if reply.text is None else _read(reply.text, order.kind)
        if said is None:
            refused.append(reply.problem or "no object of the schema")
            break
        results = _named(_held(said, order, limits), order, limits)
        found |= {part: result.text for part, result in results.items() if result.text}
        wrong = {part: result for part, result in results.items() if result.problem}
        refused += _listed(wrong)
        if PARTS[order.kind][-1] in found:
            break
        prompt = _asked_again(prompt, said, wrong, order.language)
    return found, refused


def _text_of(part: str, limit: int, order: _Order) -> dict[str, Any]:
    """The schema of a part; a Chinese sentence begins in Chinese, as small models forget to."""
    if order.language == "zh" and f"{order.kind}.{part}" not in _WHOLE:
        pattern = f'^[\u4e00-\u9fff]{{2}}[^"\\\\]{{1,{_ROOM * limit}}}$'
        return {"type": "string", "pattern": pattern}
    return {"type": "string", "maxLength": _ROOM * limit}


def _held(said: Mapping[str, str], order: _Order, limits: Mapping[str, int]) -> dict[str, Held]:
    """What of each part may be shown."""
    return {
        part: held(
            said[part],
            limit=limit,
            record=order.record,
            evidence=order.evidence,
            language=order.language,
            banned=order.config.banned,
            whole=f"{order.kind}.{part}" in _WHOLE,
        )
        for part, limit in limits.items()
    }


def _named(results: dict[str, Held], order: _Order, limits: Mapping[str, int]) -> dict[str, Held]:
    """The parts, of which one at least calls the item by its name, if need be put before it."""
    title = str(order.record.get("title") or "")
    last = PARTS[order.kind][-1]
    text = results[last].text
    if not text or _names("\n".join(result.text for result in results.values()), title):
        return results
    colon = "：" if order.language == "zh" else ": "
    longer = f"{quoted(title)}{colon}{text}"
    if len(longer) > limits[last] or f"{order.kind}.{last}" in _WHOLE:
        return {**results, last: Held("", UNNAMED)}
    return {**results, last: results[last]._replace(text=longer)}


def _names(text: str, title: str) -> bool:
    """Whether a text has the title, or a long word of it."""
    words = {word.casefold() for word in _WORD.findall(title)}
    return not words or any(word in text.casefold() for word in words)


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


def _prompt(order: _Order, limits: Mapping[str, int]) -> Prompt:
    return _file("copy", order.language).fill(
        kind=order.kind,
        language=SPEAKS[order.language],
        tone=order.config.tone,
        segment=order.segment or "everybody",
        limits=", ".join(
            f"{part}: at most {_length(limit, order.language)}" for part, limit in limits.items()
        ),
        variant=order.variant + 1,
        facts=as_data(told_facts(order.record, order.evidence)),
    )


def _length(limit: int, language: Language) -> str:
    """A limit as models keep it: they count words better than characters."""
    return f"{limit // 2} 个字" if language == "zh" else f"{limit // _LETTERS} words"


def _listed(wrong: Mapping[str, Held]) -> list[str]:
    return [f"{part}: {result.problem}" for part, result in wrong.items()]


def _asked_again(
    prompt: Prompt, said: Mapping[str, str], wrong: Mapping[str, Held], language: Language
) -> Prompt:
    """The same question, what came of it, and why that cannot be shown."""
    turns = (
        *prompt.turns,
        Turn("user", prompt.user),
        Turn("assistant", json.dumps(said, ensure_ascii=False)),
    )
    if language == "zh":
        problem = "，".join(dict.fromkeys(result.complaint(language) for result in wrong.values()))
    else:
        problem = as_data("; ".join(_listed(wrong)), most=300)
    return Prompt(prompt.system, _file("copy_again", language).fill(problem=problem).user, turns)


def _file(name: str, language: Language) -> PromptTemplate:
    """A prompt in the language that is to be written: small models answer as they are asked."""
    return load_prompt("zhiyin.narrate", name if language == "en" else f"{name}_{language}")
