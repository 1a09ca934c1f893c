"""One round trip with a language model: how fast it is, and what it can be held to."""

from __future__ import annotations

import json
import time
from typing import Any

from pydantic import BaseModel

from zhiyin.core.config import Config
from zhiyin.core.protocols import Grammar, LanguageModel, Prompt
from zhiyin.llm.prompt_files import load_prompt
from zhiyin.llm.structured import read_object

_WORD = "知音"
_FIRST, _SECOND = 17, 25
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"sum": {"type": "integer"}, "word": {"type": "string", "maxLength": 20}},
    "required": ["sum", "word"],
    "additionalProperties": False,
}
_GRAMMAR = Grammar('root ::= "yes" | "no"')


class TrialReport(Config):
    """What a model can do, as it was seen just now."""

    model: str
    """Its name."""
    answers: bool
    """Whether it answered at all."""
    follows_schema: bool
    """Whether an answer had the wanted form."""
    is_right: bool
    """Whether that answer was also true (17 + 25, and a Chinese word repeated)."""
    follows_grammar: bool
    """Whether it can be held to a grammar."""
    streams: bool
    """Whether an answer came in more than one piece."""
    answer: str | None
    """The answer to the first question."""
    problems: list[str]
    """Why questions were not answered."""
    latency_s: float
    """Seconds for the first question."""
    first_piece_s: float | None
    """Seconds to the first piece of a streamed answer; None where none came."""
    tokens_per_s: float | None
    """Tokens a second between the first piece and the last, as far as can be told."""
    usage: dict[str, float]
    """What these questions used."""


class _Sum(BaseModel):
    sum: int
    word: str


def try_model(model: LanguageModel) -> TrialReport:
    """Asks three small questions; never raises on what comes back."""
    prompt = load_prompt("zhiyin.llm", "trial").fill(first=_FIRST, second=_SECOND, word=_WORD)
    began = time.monotonic()
    reply = model.answer([prompt], schema=_SCHEMA, accept=bool)[0]
    latency = time.monotonic() - began
    found = read_object(reply.text or "", _Sum)
    problems = [reply.problem] if reply.problem else []
    held = model.answer(
        [Prompt("Answer the question.", "Is 1 + 1 = 2?")],
        schema=_GRAMMAR,
        accept=lambda text: text in ("yes", "no"),
    )[0]
    before = model.usage().get("tokens_out", 0)
    pieces, times, problem = _streamed(model)
    problems += [problem] if problem else []
    tokens = model.usage().get("tokens_out", 0) - before
    lasted = times[-1] - times[0] if len(times) > 1 else 0.0
    return TrialReport(
        model=model.id,
        answers=reply.text is not None or bool(pieces),
        follows_schema=found is not None,
        is_right=found is not None and (found.sum, found.word) == (_FIRST + _SECOND, _WORD),
        follows_grammar=held.text is not None,
        streams=len(pieces) > 1,
        answer=reply.text,
        problems=problems,
        latency_s=latency,
        first_piece_s=times[0] if times else None,
        tokens_per_s=(tokens - 1) / lasted if lasted > 0 and tokens > 1 else None,
        usage=model.usage(),
    )


def _streamed(model: LanguageModel) -> tuple[list[str], list[float], str]:
    """Pieces, when each came, and what went wrong."""
    pieces: list[str] = []
    times: list[float] = []
    began = time.monotonic()
    question = Prompt("Answer in one sentence.", f"Which colours has the sky? {json.dumps(_WORD)}")
    for reply in model.stream(question):
        if reply.text is None:
            return pieces, times, reply.problem
        pieces.append(reply.text)
        times.append(time.monotonic() - began)
    return pieces, times, ""
