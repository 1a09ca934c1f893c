"""What of a model's text may be shown: all of it, the sentences that hold, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.narrate.grounding import check
from zhiyin.narrate.grounding.holding import Held, held
from zhiyin.narrate.language import Language

KETTLE: dict[str, Any] = {
    "item_id": "k1", "title": "Lumo Kettle", "brand": "Lumo", "categories": ["Kettles"],
    "price": 1299, "currency": "CNY", "colour": "green", "capacity_l": 1.5,
}  # fmt: skip


def test_a_text_that_holds_is_kept_letter_by_letter() -> None:
    text = "A green kettle by Lumo. It holds 1.5 litres!"
    assert held(text, limit=200, record=KETTLE) == Held(text)


def test_a_sentence_that_does_not_hold_is_left_out_and_named() -> None:
    result = held(
        "A green kettle by Lumo. It won an award. Have a look at the Lumo Kettle.",
        limit=200,
        record=KETTLE,
    )
    assert result.text == "A green kettle by Lumo. Have a look at the Lumo Kettle."
    assert "'won'" in result.problem


def test_chinese_sentences_need_no_space_between_them() -> None:
    result = held(
        "一款绿色的水壶，来自Lumo。获得过大奖。容量1.5升，来看看吧。",
        limit=200,
        record=KETTLE,
        language="zh",
    )
    assert result.text == "一款绿色的水壶，来自Lumo。容量1.5升，来看看吧。"
    assert result.problem


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("一款绿色的水壶，来自Lumo。双侧加热。", "不要出现“双侧加热”"),
        ("A green kettle by Lumo.", "用中文写"),
        ("<b>一款绿色的水壶</b>", "不要标记和网址"),
        ("一款绿色的水壶。" * 2 + "来自Lumo的一款绿色的水壶。" * 9, ""),
        ("一款绿色的水壶，来自Lumo，" * 30, "再短一些"),
    ],
)
def test_who_wrote_in_chinese_is_told_in_chinese_what_was_wrong(text: str, complaint: str) -> None:
    result = held(text, limit=200, record=KETTLE, language="zh")
    assert result.complaint("zh") == complaint
    assert result.complaint("en") == result.problem


@pytest.mark.parametrize(
    ("text", "language"),
    [("长了。", "zh"), ("没有写名称", "zh"), ("Have a look.", "en"), ("来看看吧！", "zh")],
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_text_that_says_nothing_of_the_item_is_refused(
    text: str, language: Language, whole: bool
) -> None:
    result = held(text, limit=200, record=KETTLE, language=language, whole=whole)
    assert result == Held("", "it tells nothing of the item")


def test_too_little_that_is_left_is_nothing() -> None:
    text = "A kettle. It won the award of the year, is used by experts, and never breaks."
    assert held(text, limit=200, record=KETTLE).text == ""


def test_whole_sentences_are_taken_while_they_fit() -> None:
    text = "A green kettle by Lumo. It holds 1.5 litres. Have a look at this green kettle."
    result = held(text, limit=50, record=KETTLE)
    assert result.text == "A green kettle by Lumo. It holds 1.5 litres."
    assert "longer than 50" in result.problem


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A green kettle by Lumo. It is a kettle that", "A green kettle by Lumo."),
        ("A green kettle by Lumo. Have a look at the...", "A green kettle by Lumo."),
        ("A green kettle by Lumo. A green kettle by Lumo.", "A green kettle by Lumo."),
    ],
)
def test_what_breaks_off_or_is_said_twice_is_left_out(text: str, kept: str) -> None:
    assert held(text, limit=200, record=KETTLE).text == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "A green kettle. <b>Look</b>",
        "A green kettle, see https://x.example",
        "绿色的水壶，值得一试。",
        "A green kettle that",
    ],
)
def test_of_some_texts_nothing_is_kept(text: str) -> None:
    limit = 15 if text.endswith("that") else 200
    result = held(text, limit=limit, record=KETTLE)
    assert result.text == ""
    assert result.problem


def test_a_phrase_is_kept_whole_or_not_at_all() -> None:
    text = "A green kettle. It won an award."
    assert held(text, limit=200, record=KETTLE, whole=True).text == ""
    assert held("Lumo Kettle", limit=5, record=KETTLE, whole=True).problem


def test_foreign_names_of_the_record_are_of_every_language() -> None:
    text = "这款 Lumo Kettle 是绿色的。"
    assert held(text, limit=200, record=KETTLE, language="zh").text == text


def test_banned_words_are_left_out_too() -> None:
    text = "A lovely kettle. A green kettle by Lumo for your kitchen."
    result = held(text, limit=200, record=KETTLE, banned=("lovely",))
    assert "lovely" not in result.text


SENTENCES = [
    "A green kettle by Lumo.", "It holds 1.5 litres.", "It costs 1299 yuan.", "Have a look!",
    "It is red.", "It won an award.", "Half price today.", "Everyone loves it.",
]  # fmt: skip


@given(st.lists(st.sampled_from(SENTENCES), max_size=6), st.integers(10, 150), st.booleans())
def test_what_is_kept_always_holds_and_fits(said: list[str], limit: int, whole: bool) -> None:
    text = " ".join(said)
    result = held(text, limit=limit, record=KETTLE, whole=whole)
    assert len(result.text) <= limit
    assert check(result.text, record=KETTLE).is_grounded
    assert result.problem or result.text == " ".join(dict.fromkeys(said))
    rest = result.text
    for sentence in SENTENCES:
        rest = rest.replace(sentence, "")
    assert not rest.strip()


def test_a_title_that_ends_like_a_sentence_is_not_cut() -> None:
    seen = {"kind": "event", "event": "rating", "item_id": "a", "title": "Airplane! (1980)"}
    text = "You rated “Airplane! (1980)”, and this one is “Comedy” too."
    record = {"item_id": "b", "title": "Who? Me. (1999)", "genres": ["Comedy"]}
    assert held(text, limit=200, record=record, evidence=[seen], whole=True).text == text
    own = "Who? Me. (1999) is a comedy. It won ten Oscars."
    assert held(own, limit=200, record=record).text == "Who? Me. (1999) is a comedy."


def test_names_between_quotation_marks_are_of_no_language() -> None:
    seen = {
        "kind": "event",
        "event": "rating",
        "item_id": "a",
        "title": "The Red Violin of Cremona",
    }
    record = {"item_id": "b", "title": "X"}
    text = "你给“The Red Violin of Cremona”打过分。"
    assert held(text, limit=200, record=record, evidence=[seen], language="zh").text == text
    wholly = "“The Red Violin of Cremona”"
    assert (
        held(wholly, limit=200, record=record, evidence=[seen], language="zh").problem
        == "not in Chinese"
    )
