"""Prompts in files: placeholders, versions, and the texts that are shipped, word by word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.errors import ConfigError
from zhiyin.core.protocols import Prompt, Turn
from zhiyin.llm.prompt_files import as_data, load_prompt, parse_prompt

TEXT = "<!-- note -->\n# System\nBe {{tone}}.\n\n# User\nFacts: {{ facts }}\n"


def test_placeholders_are_filled() -> None:
    prompt = parse_prompt("p", TEXT)
    assert prompt.placeholders == {"tone", "facts"}
    turns = (Turn("user", "before"),)
    filled = prompt.fill(tone="brief", facts=3, turns=turns)
    assert filled == Prompt("Be brief.", "Facts: 3", turns)


def test_data_cannot_ask_for_other_data() -> None:
    prompt = parse_prompt("p", TEXT)
    assert prompt.fill(tone="brief", facts="{{tone}} \\1").user == "Facts: {{tone}} \\1"


@pytest.mark.parametrize("values", [{"tone": 1}, {"tone": 1, "facts": 2, "more": 3}, {}])
def test_missing_and_needless_values_are_told(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="differ in"):
        parse_prompt("p", TEXT).fill(**values)


def test_the_version_changes_with_the_text() -> None:
    first, other = parse_prompt("p", TEXT), parse_prompt("p", TEXT.replace("Facts", "Fact"))
    assert first.version == parse_prompt("q", TEXT.replace("\n", "\r\n")).version
    assert first.version != other.version


@pytest.mark.parametrize("name", ["none", "../again"])
def test_prompts_that_are_not_there_are_told(name: str) -> None:
    with pytest.raises(ConfigError, match="has no prompt"):
        load_prompt("zhiyin.llm", name)


def test_a_file_without_a_question_is_told() -> None:
    with pytest.raises(ConfigError, match="# User"):
        parse_prompt("p", "# System\nx")


@given(st.text(alphabet="<>/dat \n", max_size=60) | st.text(max_size=60))
def test_data_never_ends_its_own_block(text: str) -> None:
    block = as_data(text, most=50)
    assert block.startswith("<data>\n")
    assert block.endswith("\n</data>")
    assert block.lower().count("</data") == 1
    assert len(block) <= 50 + 1 + len("<data>\n\n</data>")


GOLDEN = {
    "again": ("", "That was not {{kind}} of the wanted form. Answer with that alone, without any"
              " other words."),
    "schema": ("", "Answer in JSON, with one object that follows this JSON schema:\n{{schema}}",
              ),
    "trial": ('You answer with one JSON object and nothing else. Its key "sum" holds the sum of'
              ' the two numbers, its key "word" repeats the given word.',
              "Numbers: {{first}} and {{second}}. Word: {{word}}"),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLDEN)
def test_shipped_prompts_change_on_purpose_only(name: str) -> None:
    prompt = load_prompt("zhiyin.llm", name)
    assert (prompt.system, prompt.user) == GOLDEN[name]
