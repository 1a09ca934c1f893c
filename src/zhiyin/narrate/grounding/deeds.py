"""What a text says that the user did, likes or is, against recorded events and profile."""

from __future__ import annotations

import re

from zhiyin.narrate.grounding.facts import OWN, Deed
from zhiyin.narrate.grounding.reading import Mention, Reading

_BOUGHT = frozenset({"purchase", "buy", "order"})
_SEEN = frozenset({"complete", "play", "watch"})
_EVENTS: dict[str, frozenset[str]] = {
    "bought": _BOUGHT,
    "purchased": _BOUGHT,
    "ordered": _BOUGHT,
    "own": _BOUGHT,
    "owned": _BOUGHT,
    "picked up": _BOUGHT,
    "viewed": frozenset({"view", "click"}),
    "browsed": frozenset({"view", "click"}),
    "looked at": frozenset({"view", "click"}),
    "clicked": frozenset({"view", "click"}),
    "checked out": frozenset({"view", "click"}),
    "visited": frozenset({"view", "click"}),
    "watched": _SEEN,
    "saw": _SEEN,
    "seen": _SEEN,
    "read": frozenset({"read", "complete"}),
    "played": frozenset({"play", "complete"}),
    "heard": frozenset({"play", "complete", "listen"}),
    "listened to": frozenset({"play", "complete", "listen"}),
    "took": frozenset({"complete", "enroll"}),
    "finished": frozenset({"complete"}),
    "completed": frozenset({"complete"}),
    "rated": frozenset({"rating", "rate"}),
    "gave": frozenset({"rating", "rate"}),
    "liked": frozenset({"+"}),
    "loved": frozenset({"+"}),
    "enjoyed": frozenset({"+"}),
    "added": frozenset({"cart", "add_to_cart", "save"}),
    "searched": frozenset({"search"}),
    "looked for": frozenset({"search"}),
    "saved": frozenset({"save", "favorite", "bookmark"}),
    "booked": _BOUGHT | {"book"},
    "subscribed": frozenset({"subscribe"}),
    "tried": _BOUGHT,
}
_CHINESE: dict[str, frozenset[str]] = {
    **dict.fromkeys("买过 买了 买的 买下 购买 购入 入手 下单 下过单 订购".split(), _BOUGHT),
    **dict.fromkeys("浏览过 浏览了 点开 点击过 逛过 浏览".split(), frozenset({"view", "click"})),
    **dict.fromkeys("看过 看了".split(), _SEEN | {"view", "click", "read"}),
    **dict.fromkeys("看完 追完".split(), frozenset({"complete"})),
    **dict.fromkeys("读过 读了".split(), frozenset({"read", "complete"})),
    **dict.fromkeys("读完 听完 学完 完成了".split(), frozenset({"complete"})),
    **dict.fromkeys("听过 听了 播放过 播放了".split(), frozenset({"play", "complete", "listen"})),
    **dict.fromkeys("打了 打过 评过 评分过 给了".split(), frozenset({"rating", "rate"})),
    **dict.fromkeys(
        "加购 加入购物车 放进购物车 购物车里".split(), frozenset({"cart", "add_to_cart"})
    ),
    **dict.fromkeys("收藏了 收藏过".split(), frozenset({"save", "favorite", "bookmark"})),
    **dict.fromkeys("搜过 搜索过 搜索了 搜索 搜了".split(), frozenset({"search"})),
    **dict.fromkeys("喜欢过 爱看的 喜欢的".split(), frozenset({"+"})),
}  # fmt: skip
_CONDITIONAL = frozenset("学完 看完 读完 听完".split())
_THEN = re.compile("[后就即能可再有还会]")
_SURE = frozenset("bought purchased ordered viewed browsed watched searched clicked".split())
_VERB = re.compile(rf"\b({'|'.join(sorted(_EVENTS, key=len)[::-1])})\b")
_ZH_VERB = re.compile("|".join(sorted(_CHINESE, key=len)[::-1]))
_YOU = re.compile(
    r"\byou(?:[’']ve| have| had)?(?: (?:recently|once|just|also|already|have|both|really|"
    r"all|last \w+))*\s*$"
)
_OTHERS = re.compile(r"(?:people|readers|viewers|customers|shoppers|users|others|everyone|fans|who)"
                     r"(?: who)?(?: (?:also|have))*\s*$")  # fmt: skip
_ZH_OTHERS = re.compile("的(?:人|读者|用户|顾客|观众|朋友|网友|买家)|人也?$")
_LIKES = re.compile(
    r"\byou(?: (?:really|always|clearly|also|do))* (love|like|prefer|adore|enjoy|are|own)\b"
    r"|\byour (favourite|favorite|love|fondness|taste|passion|size|job|dog|cat|kids?|"
    r"child|children|"
    r"baby|wife|husband|partner|birthday|skin|budget|allergy|degree)\b"
    r"|(?<![a-z])as an? (?=[a-z]+)|(?:你|您)(?:一直|最|总是|很|特别|平时|非常|都)*(喜欢|"
    r"爱|偏爱|钟爱|热爱|偏好|是一)"
    r"|(?:你|您)(?:常|总|老|一直|平时|经常|习惯|向来)+(?:穿|用|喝|吃|买|去|玩|戴|做|看|听|读)(?![完到])"
    r"|(?:你|您)(?:家)?的?(最爱|孩子|宝宝|狗|猫|爱犬|爱猫|太太|先生|生日|肤质|皮肤|尺码|"
    r"预算)|作为一?[名位个]?"
)
_IF = re.compile(r"(?:\bif|\bwhen|\bwhether|\bwho|\bthat|\bwhat|\bshould|\bwill|\bmay|"
    r"\bdo|\bthink|\bhope|\bjust as|\bsomeone|\banyone|\bwherever|\bwhenever|\bhowever)\s*$"
                 r"|(?:如果|若|要是|假如|只要|当|是否|也许|或许|希望|要|让|愿|祝|会|"
                     r"猜)(?:你|您)?$")  # fmt: skip
_ALL_OF = re.compile(r"^都?$|\s*(?:都|均|全)\w{0,2}$")
_LIKED_FROM = 3.0
_OFTEN = 5
"""Plays from which on someone likes what was played."""
_VALUE = re.compile(r"[\s,:(]*(?:is |是)?\s*([a-z0-9.]{1,4})(?![a-z0-9])")
_CART = re.compile(r"\b(?:in|to) your (?:cart|basket|bag)\b")


def check_deeds(reading: Reading) -> None:
    """Finds deeds and tastes of the user that are not recorded."""
    for match in _VERB.finditer(reading.text):
        if not reading.is_covered(*match.span()):
            _english(reading, match)
    for match in _ZH_VERB.finditer(reading.text):
        if not reading.is_covered(*match.span()):
            _chinese(reading, match)
    for match in _CART.finditer(reading.text):
        _deed(reading, match, frozenset({"cart", "add_to_cart"}))
    for match in _LIKES.finditer(reading.text):
        _taste(reading, match)


def _english(reading: Reading, match: re.Match[str]) -> None:
    before = reading.text[: match.start()]
    if _OTHERS.search(before) and not _YOU.search(before):
        return
    start, _ = reading.sentence(match.start())
    yours = _YOU.search(before) or re.search(r"\byou\b.*\band\s*$", before[start:])
    if yours or match[1] in _SURE:
        _deed(reading, match, _EVENTS[match[1]])


def _chinese(reading: Reading, match: re.Match[str]) -> None:
    start, _ = reading.sentence(match.start())
    before = reading.text[start : match.start()]
    if _ZH_OTHERS.match(reading.text, match.end()) or before.endswith(("人", "者", "用户", "顾客")):
        return
    if match[0] in _CONDITIONAL and _THEN.match(reading.text, match.end()):
        reading.cover(*match.span())
        return
    if re.search("你|您", before) or match[0] in ("买过", "看过", "读过", "听过"):
        _deed(reading, match, _CHINESE[match[0]])


def _deed(reading: Reading, match: re.Match[str], events: frozenset[str]) -> None:
    deeds = [deed for deed in reading.facts.deeds if _is(deed, events)]
    objects = _objects(reading, match)
    owners = {_owner(reading, deed) for deed in deeds}
    if "+" in events and not objects and reading.facts.kinds & {"tag", "profile"}:
        reading.cover(*match.span())
    elif deeds and all(mention.owner in owners for mention in objects):
        reading.cover(*match.span())
    else:
        end = max([match.end(), *(mention.end for mention in objects)])
        reading.find(match.start(), end, "event", "no such event is recorded")


def _is(deed: Deed, events: frozenset[str]) -> bool:
    if "+" in events:
        return deed.event in ("like", "love", "favorite") or (
            deed.value is not None and deed.value > _LIKED_FROM
        )
    return deed.event in events


def _owner(reading: Reading, deed: Deed) -> str:
    own = deed.item_id and deed.item_id == str(reading.facts.record.get("item_id"))
    return "own" if own else deed.item_id or deed.title


def _objects(reading: Reading, match: re.Match[str]) -> list[Mention]:
    """The items that a verb is about: those behind it up to the next verb, else one before it."""
    text = reading.text
    start, end = reading.clause(match.start())
    _, last = reading.sentence(match.start())
    joined = re.compile(r"\s*(?:,|、|and|和|与|及|,\s*and)?\s*")
    found: list[Mention] = []
    for mention in reading.mentions:
        if mention.start < match.end() or mention.start >= last:
            continue
        near = found and joined.fullmatch(text, found[-1].end, mention.start)
        if (not found and mention.start <= end) or near:
            found.append(mention)
    if found and (other := _next_verb(text, match.end(), found[-1].end)):
        found = [mention for mention in found if mention.start < other]
    before = [m for m in reading.mentions if start <= m.start and m.end <= match.start()]
    if not found and before and _ALL_OF.search(text, before[-1].end, match.start()):
        return before
    which = re.search(
        r"(?:which|that|,)\s*(?:you[’'\w ]*)?$|[是,]\s*(?:你|您).*$", text[: match.start()]
    )
    return found or (before[-1:] if which else [])


def _next_verb(text: str, start: int, end: int) -> int | None:
    found = _VERB.search(text, start, end) or _ZH_VERB.search(text, start, end)
    return found.start() if found else None


def _told(reading: Reading, match: re.Match[str]) -> bool:
    """Whether what the profile holds is said in the same clause."""
    clause = reading.text[slice(*reading.clause(match.start()))]
    values = [str(f.get("value") or "").lower() for f in reading.facts.of("profile")]
    return any(
        value and re.search(rf"(?<![a-z0-9]){re.escape(value)}(?![a-z0-9])", clause)
        for value in values
    )


def _is_other_value(reading: Reading, match: re.Match[str]) -> bool:
    """Of "your size, L": whether the profile holds another size."""
    said = _VALUE.match(reading.text, match.end())
    told = [str(f.get("value")).lower() for f in reading.facts.of("profile")]
    values = {text.strip() for text in reading.facts.words[OWN].texts}
    return bool(said and told and said[1] in values and said[1] not in told)


def _taste(reading: Reading, match: re.Match[str]) -> None:
    if reading.is_covered(*match.span()) or _IF.search(reading.text[: match.start()]):
        return
    kinds = reading.facts.kinds
    if _is_other_value(reading, match):
        reading.find(match.start(), match.end(), "profile", "the user has told otherwise")
        return
    if match[0][-1:] in "穿用喝吃买去玩戴做看听读" and not _told(reading, match):
        reading.find(*match.span(), "profile", "the user has not told this")
        return
    liked = any(_is(deed, frozenset({"+"})) for deed in reading.facts.deeds)
    said = match[0].startswith(("as a", "作为")) or match[1] == "are" or match[3] == "是一"
    often = [deed.get("plays") for deed in reading.facts.of("event")]
    liked |= any(isinstance(plays, int) and plays >= _OFTEN for plays in often)
    facts = (
        {"profile"}
        if said
        or match[2] not in (None, "favourite", "favorite", "love", "taste", "fondness", "passion")
        else {"profile", "tag"}
    )
    if kinds & facts or (liked and not said):
        return
    reading.find(*match.span(), "profile", "the user has not told this")
