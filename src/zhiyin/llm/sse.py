"""Server-sent events of OpenAI's chat protocol."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from pydantic import BaseModel, ValidationError

from zhiyin.llm.errors import BadReplyError
from zhiyin.llm.speaking import Said

_SHOWN = 200


class Details(BaseModel):
    """Parts of the tokens of a question."""

    cached_tokens: int | None = None


class UsageReport(BaseModel):
    """What a call used, as the endpoint says."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: Details | None = None

    def said(self, text: str | None) -> Said:
        """The same beside what was said."""
        details = self.prompt_tokens_details or Details()
        return Said(
            text,
            max(0, self.prompt_tokens or 0),
            max(0, self.completion_tokens or 0),
            max(0, details.cached_tokens or 0),
        )


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _Chunk(BaseModel):
    choices: list[_Choice] = []
    usage: UsageReport | None = None
    error: object = None


def read_events(lines: Iterable[str]) -> Generator[str, None, Said]:
    """The pieces of an answer; returns what was used.

    Args:
        lines: Lines of the body, without line ends.

    Raises:
        BadReplyError: An event is nonsense or an error, or the stream ends before its end.
    """
    used = UsageReport()
    ended = False
    for line in lines:
        field, _, data = line.partition(":")
        if field != "data" or not data.strip():
            continue
        if data.strip() == "[DONE]":
            return used.said(None)
        chunk = _read(data)
        used = chunk.usage or used
        for choice in chunk.choices[:1]:
            if choice.delta.content:
                yield choice.delta.content
            ended = ended or choice.finish_reason is not None
    if not ended:
        raise BadReplyError("the stream broke off before its end", hint="ask again")
    return used.said(None)


def _read(data: str) -> _Chunk:
    try:
        chunk = _Chunk.model_validate_json(data)
    except ValidationError as error:
        raise BadReplyError(
            f"the stream holds no answer: {data[:_SHOWN]!r}",
            hint="check that the endpoint speaks OpenAI's chat protocol",
        ) from error
    if chunk.error is not None:
        raise BadReplyError(f"the stream says: {str(chunk.error)[:_SHOWN]}", hint="ask again")
    return chunk
