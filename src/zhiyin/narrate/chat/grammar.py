"""What a message means, English and Chinese, without a language model."""

# ruff: noqa: E501 - patterns are read line by line

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from zhiyin.narrate.chat import commands as say
from zhiyin.narrate.chat.bounds import bounds_of
from zhiyin.narrate.chat.clauses import Clause, clauses, normal
from zhiyin.narrate.chat.lexicon import companions
from zhiyin.narrate.chat.pointing import (
    dropped_in,
    normal_quotes,
    other_in,
    places_in,
    same_in,
    titles_named,
    unsorted,
    without_titles,
)
from zhiyin.narrate.chat.ratings import for_children, rated
from zhiyin.narrate.chat.state import ChatState, Op, Wish
from zhiyin.narrate.chat.vocabulary import KINDS, Value, Vocabulary, key_of
from zhiyin.narrate.chat.words.content import content_words, is_plain
from zhiyin.narrate.grounding.lexicon import HAN

_OR = re.compile(r"\bor\b|\beither\b|或者?|还是(?=.)|/|都行|都可以|、")
_ALTERNATIVES = 40
"""Characters between two values that "or" joins, at most."""
_SHUNNED = 3
"""Words of a clause that become words that titles lack, at most."""


class Meaning(NamedTuple):
    """A message as acts over plain data."""

    act: str = "wish"
    """reset, refuse, explain, describe, compare, more, shorter, forget, wish or unclear."""
    reset: bool = False
    """Whether everything before is forgotten first."""
    wishes: tuple[Wish, ...] = ()
    """New wishes."""
    dropped: tuple[str, ...] = ()
    """Attributes about which nothing is wished any more."""
    change: tuple[tuple[str, Op], ...] = ()
    """Attributes in which the next slate must differ from the last or from the item meant."""
    order: tuple[str, str] | None = None
    """The attribute to order by."""
    places: tuple[int, ...] = ()
    """Which items of the last slate are meant; -1 for the last."""
    not_places: tuple[int, ...] = ()
    """The items of the last slate that are not wanted."""
    titles: tuple[str, ...] = ()
    """Ids of items that are named by their titles."""
    like: bool = False
    """Whether items like the one meant are asked for."""
    same: str = ""
    """The attribute that must be as that of the item meant."""
    other: str = ""
    """The attribute that must be another than of what was shown."""
    brief: bool = False
    """Whether short answers are asked for."""
    unknown: str = ""
    """A name that no item bears."""
    topic: tuple[tuple[str, ...], ...] = ()
    """What remains to be searched for: of each group one word is enough."""
    also: bool = False
    """Whether it comes on top of what was wished before."""
    only: bool = False
    """Whether it takes the place of what was wished before."""
    instead: bool = False
    """Whether it asks for something else instead."""
    unrecorded: tuple[str, ...] = ()
    """Attributes that are asked for and not in the catalogue."""
    remember: bool = False
    """Whether it asks to be remembered beyond this conversation."""
    clashes: bool = False
    """Whether it wants and does not want the same."""
    unread: str = ""
    """What no rule read."""
    about_others: bool = False
    """Whether it is about somebody else."""
    lasting: bool = False
    """Whether it says a lasting preference."""
    unseen: bool = False
    """Whether what was shown before is not wanted again."""
    released: tuple[tuple[str, str], ...] = ()
    """Attributes and values that need not be any more: "drop the comedy"."""
    how_many: int = 0
    """How many items are asked for; 0 where no number is named."""
    named: bool = False
    """Whether places of the slate are named, not taken to be meant."""
    either: bool = False
    """Whether what was wished before is enough, too."""


_LASTING = re.compile(
    r"\bi (?:really |absolutely |just )?(?:love|hate|like|adore|prefer|never|always|ca(?:n['’]?|nno)t stand|dislike|enjoy)\b|我(?:最|很|特别|一直|从来|平时)?(?:喜欢|爱|讨厌|不喝|不吃|不看|不喜欢|受不了|过敏)"
)


def understand(message: str, state: ChatState, words: Vocabulary) -> Meaning:
    """What a message means, given what was said before.

    Args:
        message: Anything; the first 2000 characters are read.
        state: The conversation so far.
        words: The attributes of the catalogue.
    """
    text = normal(message)
    about_others = bool(say.OTHERS.search(text))
    if about_others or (state.declined and _goes_on_about_them(text, words)):
        return Meaning(act="refuse", about_others=True)
    if say.FORGET.search(text) and state.remembered:
        return Meaning(act="forget")
    orders = bool(say.OBEY.search(say.OWN_LIMIT.sub(" ", text)))
    parts = clauses(text)
    if orders:
        parts = [part for part in parts if not say.OBEY.search(part.text)]
        kept = " ".join(part.text for part in parts)
        if say.OBEY.search(kept) or not _wished(parts, state, words)[0]:
            return Meaning(act="refuse")
        text = kept
    reset = bool(say.RESET.search(text))
    if reset:
        parts = clauses(say.RESET.sub(" , ", text))
        state = ChatState(user_id=state.user_id, language=state.language)
        text = " , ".join(part.text for part in parts)
    found = _asked(message, text, state, words)
    if found is not None:
        return found
    found = _wish(message, text, parts, state, words)
    if reset:
        told = found.wishes or found.topic or found.order
        return found._replace(reset=True, act="wish" if told else "reset")
    return found


def _besides(
    topic: Sequence[tuple[str, ...]], text: str, words: Vocabulary
) -> list[tuple[str, ...]]:
    """What a message with a need is about, where it names a thing beside the need's own words."""
    asked = say.ASKS_FOR_ONE.search(text)
    text = text[asked.end() :] if asked else ""
    for pattern, _ in say.NEEDS:
        text = re.sub(pattern, " ", text)
    rest = [group for group in topic if group[0] in text]
    return rest if words.of_goods and any(words.is_thing(group) for group in rest) else []


def _goes_on_about_them(text: str, words: Vocabulary) -> bool:
    return bool(say.ABOUT_THEM.search(text)) and not any(
        value.field in KINDS and value.sure for value in words.find(text)
    )


def _asked(message: str, text: str, state: ChatState, words: Vocabulary) -> Meaning | None:
    """A question about items that were shown or are named, if it is one."""
    places = places_in(unsorted(text))
    titles = titles_named(message, text, words)
    named = bool(places)
    said = [(word,) for word in content_words(say.WHY.sub(" ", text), words)] if not named else []
    meant = bool(places or titles or (state.slate and state.explained))
    if say.BRIEF.search(text) and not words.find(text):
        return Meaning(act="shorter", brief=True)
    if say.COMPARE.search(text) and state.slate and len(places) != 1:
        return Meaning(act="compare", places=places or (0, 1), titles=titles)
    if say.WHY.search(text) and (state.slate or titles):
        return Meaning(
            act="explain", places=places or (0,), titles=titles, named=named, topic=tuple(said)
        )
    if say.DESCRIBE.search(text) and meant and not say.ASKS_FOR_ONE.match(text):
        missing = tuple(
            field
            for field, pattern in say.FIELDS.items()
            if re.search(pattern, text) and field not in words.fields | words.numbers
        )
        return Meaning(
            act="describe",
            places=places or (0,),
            titles=titles,
            named=named,
            topic=tuple(said),
            unrecorded=missing,
        )
    return None


def _wished(
    parts: Sequence[Clause], state: ChatState, words: Vocabulary
) -> tuple[list[Wish], list[tuple[str, ...]], bool]:
    """The wishes of clauses, the topic, and whether they contradict themselves."""
    positive: list[Value] = []
    negative: list[Value] = []
    bounds: list[Wish] = []
    wanted: list[str] = []
    shunned: list[str] = []
    joined: list[bool] = []
    for part in parts:
        for text, values, kept, denied in (
            (part.wanted, positive, wanted, False), (part.unwanted, negative, shunned, True),
        ):  # fmt: skip
            if not text.strip():
                continue
            mended = _mended(say.RO_COM.sub("romance" if denied else "romance comedy", text), words)
            years = "year" in words.numbers or "price" not in words.numbers
            set_ = bounds_of(mended, denied=denied, years=years)
            bounds += set_.wishes
            clean = _blank(mended, set_.spans)
            found = _without_subjects(words.find(clean), clean)
            values += found
            if not denied:
                joined += [bool(_OR.search(mended))] * len(found)
            taken = [
                (v.start, v.end)
                for v in found
                if v.sure and (v.field != "brand" or HAN.match(v.value))
            ]
            if denied:
                taken = [(v.start, v.end) for v in found if v.sure]
            kept += content_words(_blank(clean, taken), words)
    return _settled(positive, joined, negative, bounds, wanted, shunned, state, words)


def _without_subjects(found: list[Value], text: str) -> list[Value]:
    """Values without those that another kind is about: "documentaries about music"."""
    kinds = [value for value in found if value.field in KINDS and value.sure]
    return [
        value
        for value in found
        if not (
            value.field in KINDS
            and any(kind.end <= value.start for kind in kinds)
            and say.ABOUT.search(text[: value.start])
        )
    ]


def _settled(
    positive: list[Value],
    joined: list[bool],
    negative: list[Value],
    bounds: list[Wish],
    wanted: list[str],
    shunned: list[str],
    state: ChatState,
    words: Vocabulary,
) -> tuple[list[Wish], list[tuple[str, ...]], bool]:
    alike = companions()
    denied_words = {w for word in shunned for w in alike.get(word, (word,))}
    clash = bool({(v.field, v.value) for v in positive if v.sure}
                 & {(v.field, v.value) for v in negative if v.sure})  # fmt: skip
    found: list[Wish] = []
    groups: dict[str, list[str]] = {}
    for value, either in zip(positive, joined, strict=True):
        if not value.sure and value.value in {v.value for v in negative}:
            continue
        key = f"{value.field}|{'or' if either else value.value}"
        held = groups.setdefault(key, [])
        if value.value not in held:
            held.append(value.value)
    for key, values in groups.items():
        field = key.partition("|")[0]
        found.append(Wish(field=field, op="has", value=values[0], or_else=tuple(values[1:])))
    wished = {v for w in found if w.op == "has" for v in w.values}
    in_force = wished | {v for w in state.wishes if w.op == "has" for v in w.values}
    for value in negative:
        if value.sure and value.value not in wished:
            found.append(Wish(field=value.field, op="lacks", value=value.value))
    for word in _shunned(shunned, wanted, in_force, state, words):
        others = alike.get(word, (word,))
        named = [
            w for w in others if words.title_words_of(w) or (len(w) == 1 and words.in_titles(w))
        ]
        if named or not word.isascii():
            texts = named or [word]
            found.append(Wish(field="title", op="lacks", value=texts[0], or_else=tuple(texts[1:])))
    topic = [alike.get(word, (word,)) for word in dict.fromkeys(wanted) if word not in denied_words]
    return [*found, *bounds], list(dict.fromkeys(topic)), clash


def _shunned(
    shunned: Sequence[str],
    wanted: Sequence[str],
    in_force: set[str],
    state: ChatState,
    words: Vocabulary,
) -> list[str]:
    """Words that titles are to lack: of "not the latex gloves" not the gloves that are sought."""
    found = [word for word in dict.fromkeys(shunned) if word and word not in wanted]
    sought = {word for group in state.topic for word in group}
    others = [
        word
        for word in found
        if word not in sought and not any(v.value in in_force for v in words.find(word))
    ]
    return (others or found)[:_SHUNNED]


def _wish(
    message: str, text: str, parts: Sequence[Clause], state: ChatState, words: Vocabulary
) -> Meaning:
    """Everything that is no question."""
    titles = titles_named(message, text, words)
    example = bool(titles and (say.LIKE.search(text) or say.LOVED.search(text)))
    if example:
        text = without_titles(message, text, words)
        parts = clauses(text)
    dropped = [f for f in dropped_in(parts) if not _is_bounded(parts, f)]
    parts, released = _released(parts, words)
    shown = [
        part
        for part in parts
        if not (say.DROP.search(part.text) and set(dropped_in([part])) & set(dropped))
    ]
    plain = unsorted(text)
    places = places_in(plain)
    not_places = tuple(
        place
        for part in parts
        for place in places_in(unsorted(part.text if say.SEEN.search(part.text) else part.unwanted))
        if not say.LIKE.search(part.text)
    )
    places = tuple(place for place in places if place not in not_places)
    hidden = [_without_commands(part, places=bool(places or not_places)) for part in shown]
    wishes, topic, clash = _wished(hidden, state, words)
    needs = [alike for pattern, alike in say.NEEDS if re.search(pattern, text)]
    beside = _besides(topic, text, words) if needs else []
    if beside:
        topic = beside
    elif needs and not any(w.op == "has" for w in wishes):
        topic = [companions().get(need, (need,)) for need in needs]
    bounded = {wish.field for wish in wishes if wish.op not in ("has", "lacks")}
    change: list[tuple[str, Op]] = [
        (field, op)
        for pattern, field, op in say.CHANGE
        if field not in bounded and re.search(pattern, text)
    ]
    order = next(((f, d) for pattern, f, d in say.SORT if re.search(pattern, text)), None)
    same = same_in(text, words) if places else ""
    other = other_in(text, words)
    wishes += for_children(" , ".join(part.wanted for part in parts), words, wishes)
    wishes = rated(text, wishes, words)
    asked = {wish.field for wish in wishes} | {field for field, _ in change}
    asked |= {order[0]} if order else set()
    asked -= set(dropped)
    questions = {f for f, pattern in say.FIELDS.items() if re.search(pattern, text)}
    known = words.numbers | words.fields | {"title"}
    about = questions if say.DESCRIBE.search(text) else set[str]()
    unrecorded = sorted(field for field in asked | about if field not in known)
    found = Meaning(
        wishes=tuple(
            w
            for w in wishes
            if w.field not in unrecorded and not (w.op == "has" and w.field in dropped)
        ),
        dropped=tuple(dropped),
        change=tuple(pair for pair in change if pair[0] not in unrecorded),
        order=order if order and order[0] not in unrecorded else None,
        places=places,
        not_places=not_places,
        like=example or bool(places and (other or say.LIKE.search(text))),
        same=same,
        other=other,
        titles=titles,
        topic=() if example else tuple(topic),
        also=bool(say.ALSO.search(text)),
        only=bool(say.ONLY.search(text)),
        instead=bool(say.INSTEAD.search(text)),
        unrecorded=tuple(unrecorded),
        remember=bool(say.REMEMBER.search(text)),
        clashes=clash,
        lasting=bool(_LASTING.search(text)),
        unseen=bool(state.slate and say.UNSEEN.search(text)),
        released=tuple(released),
        how_many=_count(text),
        either=bool(say.EITHER.search(text)),
    )
    return _acted(found, message, text, parts, state, words)


def _names_another(found: Meaning, state: ChatState, words: Vocabulary) -> bool:
    """Whether a message names a thing that was not spoken of: "再来个鼠标"."""
    sought = {key_of(word) for group in state.topic for word in group}
    new = [group for group in found.topic if not sought & {key_of(word) for word in group}]
    return words.of_goods and any(words.is_thing(group) for group in new)


def _acted(
    found: Meaning,
    message: str,
    text: str,
    parts: Sequence[Clause],
    state: ChatState,
    words: Vocabulary,
) -> Meaning:
    if found.clashes:
        return found._replace(act="unclear")
    unknown = _unknown_name(message, text, words)
    if unknown:
        return found._replace(act="unknown", unknown=unknown)
    firm = (
        found.wishes or found.change or found.order or found.dropped or found.like
        or found.unrecorded or found.same or found.other or found.not_places or found.released
    )  # fmt: skip
    if say.MORE.search(text) and not (
        found.wishes or found.same or found.other or _names_another(found, state, words)
    ):
        return found._replace(act="more", topic=())
    if firm or (state.slate and any(part.unwanted.strip() for part in parts) and not found.topic):
        return found
    if not any(words.says_something(word) for group in found.topic for word in group):
        return found._replace(act="unclear", unread=text if found.topic else "")
    return found._replace(unread=text)


def _unknown_name(message: str, text: str, words: Vocabulary) -> str:
    """A name in quotation marks, or in capitals after "do you have", that nothing bears."""
    quoted = say.QUOTED.search(normal_quotes(message))
    if quoted:
        known = words.in_titles(quoted[1]) or words.find(normal(quoted[1]))
        return "" if known else quoted[1]
    if not say.ASKS_FOR_ONE.search(text):
        return ""
    for match in re.finditer(
        r"(?<![.!?] )(?<!^)\b[A-Z][\w'’-]+(?:\s+(?:[A-Z0-9][\w'’-]*|of|the|and))*", message
    ):
        name = re.sub(r"\s+(?:of|the|and)$", "", match[0])
        parts = [part for part in re.findall(r"[A-Za-z][\w'’-]{2,}", name)]
        if parts and len(name) > 4 and not any(words.knows(part.casefold()) for part in parts):
            return name
    return ""


def _mended(text: str, words: Vocabulary) -> str:
    """A text with slips of the pen put right, of any length."""
    text = re.sub(r"[a-z]{4,}", lambda m: m[0] if is_plain(m[0]) else words.near(m[0]), text)
    return words.mended_han(text)


def _blank(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in spans:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def _without_commands(part: Clause, *, places: bool) -> Clause:
    """A clause without the words that were read as commands."""
    wanted, unwanted = part.wanted, part.unwanted
    patterns = [p for p, _, _ in say.CHANGE] + [p for p, _, _ in say.SORT]
    patterns.append(say.REMEMBER.pattern)
    if places:
        patterns += [say.FIRST_TWO.pattern, say.ORDINAL.pattern, say.LIKE.pattern, say.SAME.pattern]
    for each in patterns:
        pattern = rf"(?:{each})(?! than (?:the )?\W?[\d'’])"
        wanted = re.sub(pattern, lambda m: " " * len(m[0]), wanted)
        unwanted = re.sub(pattern, lambda m: " " * len(m[0]), unwanted)
    return Clause(part.text, wanted, unwanted)


def _is_bounded(parts: Sequence[Clause], field: str) -> bool:
    """Whether what lets go of an attribute bounds it: "any year before 2000"."""
    found = [wish for part in parts for wish in bounds_of(part.wanted).wishes]
    return any(wish.field == field for wish in found)


def _released(
    parts: Sequence[Clause], words: Vocabulary
) -> tuple[list[Clause], list[tuple[str, str]]]:
    """The clauses without values that need not be any more, and these."""
    kept: list[Clause] = []
    found: list[tuple[str, str]] = []
    for part in parts:
        match = say.RELEASE.search(part.text)
        values = words.find(part.text[match.end() :]) if match else []
        if match is None or not values:
            kept.append(part)
            continue
        found += [(value.field, value.value) for value in values if value.sure]
        size = len(part.text) - match.start()
        cut = part.text[: match.start()] + " " * size
        kept.append(Clause(cut, part.wanted[: match.start()] + " " * size, " " * len(cut)))
    return kept, found


def _count(text: str) -> int:
    match = say.COUNT.search(text)
    word = next((part for part in match.groups() if part), "") if match else ""
    return say.PLACES.get(word, -1) + 1
