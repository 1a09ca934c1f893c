"""Languages told apart, and tokens that a search can meet."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.encode.text.language import detect_language
from zhiyin.encode.text.tokens import TokenConfig, Tokeniser


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("科幻电影", "zh"),
        ("Sony 无线蓝牙降噪耳机", "zh"),
        ("これは映画です", "ja"),
        ("영화를 봤다", "ko"),
        ("научная фантастика", "ru"),
        ("science fiction", "en"),
        ("the cat and the dog", "en"),
        ("der Hund und die Katze", "de"),
        ("le chat et la souris dans la maison", "fr"),
        ("el perro y el gato en la casa", "es"),
        ("🎸 !!! 123", "other"),
        ("", "other"),
    ],
)
def test_languages(text: str, code: str) -> None:
    assert detect_language(text) == code


def test_a_default_stands_for_latin_text_without_small_words() -> None:
    assert detect_language("Werkzeug", default="de") == "de"


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The running dogs", ["run", "dog"]),
        ("我来到北京清华大学", ["来到", "北京", "清华", "华大", "大学", "清华大学"]),
        ("SPP-6 Wi-Fi 2.4GHz", ["spp", "spp6", "wi", "fi", "wifi", "2.4ghz"]),
        ("The Who", ["the", "who"]),
        ("guitar 🎸", ["guitar", "🎸"]),
        ("<b>蓝牙</b> headphones", ["蓝牙", "headphon"]),
        ("", []),
        ("...", []),
    ],
)
def test_examples(text: str, tokens: list[str]) -> None:
    assert Tokeniser().tokens(text) == tokens


def test_what_is_off_does_nothing() -> None:
    plain = Tokeniser(TokenConfig(stem=False, stop_words=False))
    assert plain.tokens("The running dogs") == ["the", "running", "dogs"]


def test_another_language_is_stemmed_by_its_own_rules() -> None:
    assert Tokeniser(TokenConfig(language="de")).tokens("Häuser") == ["haus"]


@pytest.mark.parametrize("unit", ["a-", "我爱北京", "word ", "🎸", "x"])
def test_a_megabyte_takes_no_time(unit: str) -> None:
    started = time.process_time()
    tokens = Tokeniser().tokens(unit * (1_000_000 // len(unit)))
    assert len(tokens) <= 4096
    assert time.process_time() - started < 2.0  # measured below .1, dictionary included


@given(st.text(max_size=100))
def test_any_text_has_tokens_without_spaces(text: str) -> None:
    for token in Tokeniser().tokens(text):
        assert token
        assert not any(c.isspace() for c in token)
