"""A message that the grammar does not understand, worded anew by a language model."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from zhiyin.core.protocols import LanguageModel
from zhiyin.llm.prompt_files import as_data, load_prompt
from zhiyin.llm.structured import read_object
from zhiyin.narrate.chat.grammar import Meaning
from zhiyin.narrate.chat.state import Wish, folded
from zhiyin.narrate.chat.vocabulary import KINDS, Vocabulary

WISH_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "search": {"type": "string", "maxLength": 100},
        "wanted": {"type": "array", "maxItems": 4, "items": {"type": "string", "maxLength": 40}},
        "unwanted": {"type": "array", "maxItems": 4, "items": {"type": "string", "maxLength": 40}},
    },
    "required": ["search", "wanted", "unwanted"],
    "additionalProperties": False,
}
"""The form that answers are asked to follow."""


class Worded(BaseModel):
    """An answer of the model, as `WISH_SCHEMA` asks for it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    search: str = Field(default="", max_length=300)
    """Words to search for."""
    wanted: list[str] = Field(default_factory=list[str], max_length=10)
    """Kinds that are wanted."""
    unwanted: list[str] = Field(default_factory=list[str], max_length=10)
    """Kinds that are not wanted."""


class Reworded(NamedTuple):
    """What came of asking a model."""

    meaning: Meaning
    """The meaning, as it was where nothing was added."""
    used: bool = False
    """Whether the model added something."""
    problem: str = ""
    """Why there is no answer of the model; "" where there is one."""


def reworded(meaning: Meaning, *, words: Vocabulary, model: LanguageModel) -> Reworded:
    """A meaning with what a model made of the part that no rule read.

    The model adds to the grammar and takes nothing back: where it names one kind that the
    catalogue has, that becomes a wish; what else it says is left alone, and the topic stays
    the user's. So it can name no item.

    Returns:
        The meaning; where the model fails or its answer fails the schema, the grammar's as it
        was, and why.
    """
    prompt = load_prompt("zhiyin.narrate", "wish").fill(message=as_data(meaning.unread, most=500))
    reply = model.answer(
        [prompt], schema=WISH_SCHEMA, accept=lambda said: read_object(said, Worded) is not None
    )[0]
    said = read_object(reply.text, Worded) if reply.text is not None else None
    if said is None:
        return Reworded(meaning, problem=reply.problem or "its answer was not what was asked for")
    wishes = [
        Wish(field=value.field, op="has", value=value.value)
        for name in said.wanted
        for value in words.find(folded(name))[:1]
        if value.sure and value.field in KINDS
    ]
    if len(wishes) != 1:
        return Reworded(meaning)
    return Reworded(meaning._replace(act="wish", wishes=tuple(wishes)), used=True)
