"""The conformance suite of language models: subclass it in a test, and a provider is measured."""

from __future__ import annotations

from abc import abstractmethod

from zhiyin.core.protocols import LanguageModel, Prompt

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


class LanguageModelConformance:
    """What every language model does."""

    @abstractmethod
    def make(self, said: dict[str, str]) -> LanguageModel:
        """A model that answers each prompt's user text as told."""

    def test_is_a_language_model(self) -> None:
        """It has every method of the protocol, and a name."""
        model = self.make({})
        assert isinstance(model, LanguageModel)
        assert model.id

    def test_answers_in_order(self) -> None:
        """One reply per prompt, in their order; none for none."""
        said = {f"q{i}": f'{{"n": {i}}}' for i in range(20)}
        model = self.make(said)
        prompts = [Prompt("count", question) for question in said]
        replies = model.answer(prompts, schema=SCHEMA, accept=lambda text: True)
        assert [reply.text for reply in replies] == list(said.values())
        assert model.answer([], schema=SCHEMA, accept=lambda text: True) == []

    def test_what_is_refused_is_no_answer(self) -> None:
        """A text that will not do is not passed on; the others are."""
        model = self.make({"good": '{"n": 1}', "bad": "I cannot do that"})
        prompts = [Prompt("count", "good"), Prompt("count", "bad")]
        replies = model.answer(prompts, schema=SCHEMA, accept=lambda text: text.startswith("{"))
        assert replies[0].text == '{"n": 1}'
        assert replies[1].text is None
        assert replies[1].problem
