"""What is said about mistakes: each block of golden_errors.txt is an expression and its error."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhiyin.core.errors import ExpressionError, ZhiyinError
from zhiyin.policy.expressions import parse_boost, parse_filter, words

GOLDEN = Path(__file__).with_name("golden_errors.txt")
BLOCKS = GOLDEN.read_text(encoding="utf-8").rstrip("\n").split("\n\n")
PARSERS = {"filter": parse_filter, "boost": parse_boost}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0])
def test_errors_read_as_reviewed(block: str) -> None:
    first, _, wanted = block.partition("\n")
    kind, _, text = first.partition(": ")
    with pytest.raises(ExpressionError) as caught:
        PARSERS[kind](text)
    assert str(caught.value) == wanted


def test_every_mistake_that_is_known_is_in_the_list() -> None:
    assert len(BLOCKS) > 80
    assert len(set(BLOCKS)) == len(BLOCKS)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "expected a value, found the end\n\n  ^"),
        (" \n ", "expected a value, found the end\n\n   ^"),
        ("a = 1\nand b = = 2\nor c", 'expected a value, found "="\n  and b = = 2\n          ^'),
        ("a\t= =", 'expected a value, found "="\n  a = =\n      ^'),
        (
            "价格 = 价格 价格",
            'expected an operator or the end, found "价格"\n  价格 = 价格 价格\n              ^^^^',
        ),
        (
            "e\u0301 = = 1",
            'expected a value, found "="\n  e\u0301 = = 1\n      ^',
        ),
        (
            "a\x00",
            "the character U+0000 means nothing here\n  a\ufffd\n   ^\n"
            "(texts stand in quotation marks, unusual names in backticks)",
        ),
        ("\ud800", "half of a character: a lone surrogate\n  \ufffd\n  ^"),
        (
            "x" * 60 + " = = " + "y" * 60,
            'expected a value, found "="\n  …'
            + "x" * 37
            + " = = "
            + "y" * 30
            + "…\n"
            + " " * 43
            + "^",
        ),
    ],
)
def test_the_caret_stands_below_the_place(text: str, wanted: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_filter(text)
    assert str(caught.value) == wanted


def test_the_parts_of_an_error() -> None:
    with pytest.raises(ZhiyinError) as caught:
        parse_boost("price * lg1p(views)")
    error = caught.value
    assert isinstance(error, ExpressionError)
    assert error.message == 'unknown function "lg1p"\n  price * lg1p(views)\n          ^^^^'
    assert (error.position, error.hint) == (8, "did you mean log1p?")


@pytest.mark.parametrize("sign", words.OTHER_SIGNS)
def test_signs_of_others_lead_to_ours(sign: str) -> None:
    with pytest.raises(ExpressionError, match="is no operator") as caught:
        parse_filter(f"a {sign} b")
    assert caught.value.hint == f"did you mean {words.OTHER_SIGNS[sign]}?"


@pytest.mark.parametrize("word", [*words.OTHER_OPERATORS, "Contain", "AND_", "ore", "isnt"])
def test_operators_of_others_lead_to_ours(word: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_filter(f"a {word} b")
    assert caught.value.hint.startswith("did you mean")


@pytest.mark.parametrize("name", words.OTHER_FUNCTIONS)
def test_functions_of_others_lead_to_ours(name: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_boost(f"{name}(1)")
    assert caught.value.hint == f"did you mean {words.OTHER_FUNCTIONS[name]}?"


@pytest.mark.parametrize("unit", words.OTHER_UNITS)
def test_units_of_others_lead_to_ours(unit: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_filter(f"created > now - 3{unit}")
    assert caught.value.hint == f"did you mean {words.OTHER_UNITS[unit]}?"
