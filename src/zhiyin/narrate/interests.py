"""An interest profile in sentences, each of recorded facts, so that its user can correct it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from zhiyin.core.messages.profile import Interest, ProfileView
from zhiyin.narrate.explain.phrases import PHRASES
from zhiyin.narrate.language import Language, listed, quoted

MOST_TOLD = 10
"""Interests that the text of a whole profile tells; each has its own sentence besides."""


class _Words(NamedTuple):
    facets: dict[str, str]
    such: str
    once: str
    often: str
    verbs: dict[str, str]
    badly: str
    likes: str
    avoids: str
    because: str
    example: str
    against: str
    wish: str
    pin: str
    mute: str
    group: str
    unknown: str
    nothing: str
    gap: str


_EN = _Words(
    facets={
        "category": "category", "maker": "maker", "topic": "topic", "price": "price",
        "style": "style", "tag": "tag", "colour": "colour", "language": "language",
        "decade": "decade",
    },
    such="such items",
    once="{0} once",
    often="{0} {1} times",
    verbs={
        "search": "searched for it",
        "wish": "asked for it",
        "review": "wrote well of such items",
    },
    badly="wrote badly of such items",
    likes="You like {0}",
    avoids="You tend to leave {0} alone",
    because=": you {0}",
    example=", for example {0}",
    against="; against it, you {0}",
    wish="You asked for {0}.",
    pin="You said that you want {0}.",
    mute="You said that you do not want {0}.",
    group="People of {0} like {1}; of you this is a guess.",
    unknown="No item has {0} at present.",
    nothing="Nothing is known of your interests yet.",
    gap=" ",
)  # fmt: skip
_ZH = _Words(
    facets={
        "category": "类别", "maker": "厂商", "topic": "主题", "price": "价位", "style": "风格",
        "tag": "标签", "colour": "颜色", "language": "语言", "decade": "年代",
    },
    such="这类商品",
    once="{0}1次",
    often="{0}{1}次",
    verbs={"search": "搜索过", "wish": "说过想要", "review": "好评过这类商品"},
    badly="差评过这类商品",
    likes="你喜欢{0}",
    avoids="你不太选择{0}",
    because="：你{0}",
    example="，例如{0}",
    against="；但你也{0}",
    wish="你说过想要{0}。",
    pin="你说过想要{0}。",
    mute="你说过不想要{0}。",
    group="{0}的人喜欢{1}；对你来说这只是猜测。",
    unknown="目前没有商品带有{0}。",
    nothing="目前还不了解你的兴趣。",
    gap="",
)  # fmt: skip
_WORDS: dict[Language, _Words] = {"en": _EN, "zh": _ZH}


def told_profile(
    view: ProfileView, *, titles: Mapping[str, str], language: Language
) -> ProfileView:
    """A profile with its words: a sentence for each interest, and the whole as a text.

    Args:
        view: The profile.
        titles: Titles of the items that it cites, by id.
        language: Of the words.
    """
    words = _WORDS[language]
    interests = [
        interest.model_copy(update={"words": _sentence(interest, titles, language)})
        for interest in view.interests
    ]
    parts = [interest.words for interest in interests[:MOST_TOLD]]
    if view.unknown:
        named = listed([quoted(tag) for tag in view.unknown], language)
        parts.append(words.unknown.format(named))
    text = words.gap.join(parts) or words.nothing
    return view.model_copy(update={"interests": interests, "words": text})


def _sentence(interest: Interest, titles: Mapping[str, str], language: Language) -> str:
    words, facts = _WORDS[language], interest.evidence
    if interest.facet == "wish":
        return words.wish.format(quoted(interest.name))
    facet = words.facets.get(interest.facet, interest.facet)
    tag = f"{facet}{words.gap}{quoted(interest.name)}"
    if interest.source == "pin":
        return words.pin.format(tag)
    if interest.source == "mute":
        return words.mute.format(tag)
    if interest.source == "group" and facts.groups:
        return words.group.format(listed([quoted(group) for group in facts.groups], language), tag)
    likes = interest.weight >= 0
    own, other = facts.speaking_for, facts.speaking_against
    if not likes:
        own, other = other, own
    text = (words.likes if likes else words.avoids).format(tag)
    if own:
        text += words.because.format(_deeds(own, language, well=likes))
        examples = [*(titles.get(item) or item for item in facts.items), *facts.queries]
        if examples:
            text += words.example.format(quoted(examples[0]))
    if other:
        text += words.against.format(_deeds(other, language, well=not likes))
    return f"{text}{'。' if language == 'zh' else '.'}"


def _deeds(counts: Mapping[str, int], language: Language, *, well: bool) -> str:
    """What was done and how often, most often first: "looked at such items 9 times"."""
    words, verbs = _WORDS[language], PHRASES[language].verbs
    done: list[str] = []
    for kind, n in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        if kind == "review" and not well:
            deed = words.badly
        elif kind in words.verbs:
            deed = words.verbs[kind]
        elif kind not in verbs:
            deed = f"{quoted(kind)}: {words.such}"
        elif "{0}" in verbs[kind]:
            deed = verbs[kind].format(words.such)
        else:
            deed = f"{verbs[kind]}{words.gap}{words.such}"
        done.append(words.once.format(deed) if n == 1 else words.often.format(deed, n))
    return listed(done, language)
