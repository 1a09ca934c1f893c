"""Cleaning: what it makes of what people write, and that it takes no time over it."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.encode.text.cleaning import CleaningConfig, clean, simplify


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("  two\t words\n", "two words"),
        ("\uff46\uff55\uff4c\uff4c\u3000width\uff01", "full width!"),
        ("\uff76\uff9e half-width kana", "ガ half-width kana"),
        ("<p>Hello<br/>big <b>wo</b>rld</p>", "Hello big world"),
        ("<style>p {color: red}</style>seen<script>alert('<b>')</script>", "seen"),
        ("a <!-- hidden --> b", "a b"),
        ("&lt;p&gt;escaped &amp; safe&lt;/p&gt;", "escaped & safe"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("H<sub>2</sub>O", "H2O"),
        ("zero\u200bwidth \ufeffmark\u00ad", "zerowidth mark"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("\x00nul\x7f", "nul"),
        ("👩\u200d🚀 stays", "👩\u200d🚀 stays"),
        ("科幻电影", "科幻电影"),
        ("", ""),
        ("<p> </p>", ""),
    ],
)
def test_examples(raw: str, plain: str) -> None:
    assert clean(raw) == (plain, False)


def test_traditional_becomes_simplified_when_asked() -> None:
    assert simplify("後來發現鼠標") == "后来发现鼠标"
    assert clean("後來", CleaningConfig(simplified=True))[0] == "后来"
    assert clean("後來")[0] == "後來"


def test_long_text_is_cut_and_says_so() -> None:
    config = CleaningConfig(max_characters=10)
    assert clean("x" * 10, config) == ("x" * 10, False)
    assert clean("x" * 11, config) == ("x" * 10, True)


@pytest.mark.parametrize(
    "unit",
    ["word ", "<b", "<script>", "<!--", "&lt;", "&", "<p>", "e\u0301\u0323", "\u0301\u0316", "的",
     "\ufdfa", "<a href='", "-", "\u200b", "🎸"],
)  # fmt: skip
def test_a_megabyte_takes_no_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    plain, cut = clean(text)
    assert len(plain) <= 4000
    assert cut
    assert time.process_time() - started < 1.0  # measured below .05


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_becomes_one_clean_line(text: str) -> None:
    plain, _ = clean(text)
    plain.encode("utf-8")
    assert plain == " ".join(plain.split())
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} for c in plain)


@given(st.text("ab <>&;/p科é\u0301", max_size=60))
def test_cleaning_is_safe_to_repeat_on_plain_text(text: str) -> None:
    plain, _ = clean(text)
    if "<" not in plain and "&" not in plain:
        assert clean(plain)[0] == plain
