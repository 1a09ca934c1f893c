"""A profile in words says what is recorded, and can be corrected tag by tag."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.messages.profile import Interest, ProfileView, Source, TagEvidence
from zhiyin.narrate.interests import told_profile
from zhiyin.narrate.language import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh")
TITLES = {"tent-1": "Two-person tent"}


def interest(name: str = "outdoor", weight: float = 0.7, source: Source = "behaviour",
             **facts: object) -> Interest:  # fmt: skip
    evidence = TagEvidence.model_validate(facts)
    return Interest(facet="category", name=name, weight=weight, source=source, evidence=evidence)


def told(*interests: Interest, language: Language = "en", **more: list[str]) -> ProfileView:
    known = {"wishes": [], "unknown": [], **more}
    view = ProfileView(user_id="u", events=9, interests=list(interests), **known)
    return told_profile(view, titles=TITLES, language=language)


def test_what_was_done_is_counted_and_an_example_named() -> None:
    one = interest(speaking_for={"view": 9, "purchase": 1}, items=["tent-1"])
    assert told(one).words == (
        "You like category “outdoor”: you looked at such items 9 times and bought such items "
        "once, for example “Two-person tent”."
    )
    assert told(one, language="zh").words == (
        "你喜欢类别“outdoor”：你看过这类商品9次和买过这类商品1次，例如“Two-person tent”。"
    )


@pytest.mark.parametrize(
    ("one", "english", "chinese"),
    [
        (interest(source="pin"), "You said that you want", "你说过想要类别"),
        (interest(source="mute", weight=-1), "You said that you do not want", "你说过不想要类别"),
        (
            Interest(facet="wish", name="a quiet weekend", weight=1, source="wish"),
            "You asked for “a quiet weekend”.",
            "你说过想要“a quiet weekend”。",
        ),
        (
            interest(speaking_for={"search": 2, "wish": 1}, queries=["a dry tent"]),
            "you searched for it 2 times and asked for it once, for example “a dry tent”.",
            "你搜索过2次和说过想要1次，例如“a dry tent”。",
        ),
        (interest(source="group", groups=["city: 北京"]), "this is a guess", "只是猜测"),
        (
            interest(weight=-0.4, speaking_against={"review": 2}, speaking_for={"view": 1}),
            "leave category “outdoor” alone: you wrote badly of such items 2 times; against it, "
            "you looked at such items once.",
            "差评过这类商品2次；但你也看过这类商品1次。",
        ),
        (interest(speaking_for={"cart": 1}), "put such items in your cart once", "加入过购物车1次"),
        (interest(speaking_for={"wave": 3}), "“wave”: such items 3 times", "“wave”"),
    ],
)
def test_every_source_has_its_sentence(one: Interest, english: str, chinese: str) -> None:
    assert english in told(one).words
    assert chinese in told(one, language="zh").words


def test_unknown_tags_are_told_and_nobody_is_told_so() -> None:
    found = told(interest(source="pin"), unknown=["category:gone"])
    assert found.words.endswith(" No item has “category:gone” at present.")
    assert told().words == "Nothing is known of your interests yet."
    assert told(language="zh").words == "目前还不了解你的兴趣。"


@given(
    name=st.text(max_size=30),
    kind=st.text(min_size=1, max_size=10),
    n=st.integers(1, 5),
    query=st.text(max_size=60),
    source=st.sampled_from(["behaviour", "wish", "pin", "mute", "group"]),
    weight=st.floats(-1, 1),
    language=st.sampled_from(LANGUAGES),
)
def test_hostile_tags_stay_between_their_marks(
    name: str, kind: str, n: int, query: str, source: Source, weight: float, language: Language
) -> None:
    one = interest(
        name, weight, source, speaking_for={kind: n}, queries=[query], groups=[query], items=[name]
    )
    words = told(one, language=language, unknown=[query]).words
    assert words
    assert not any(mark in words for mark in "<>\u202e\u200b\n\r\x00")
    assert words.count("“") == words.count("”")
