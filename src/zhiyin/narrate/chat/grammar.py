"""What a message means, English and Chinese, without a language model."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from zhiyin.narrate.chat.state import ChatState, Op, Wish
from zhiyin.narrate.chat.vocabulary import Vocabulary
from zhiyin.narrate.grounding.numerals import claims

_READ = 2000
_RESET = re.compile(r"\b(?:start over|reset|start again|forget (?:everything|it all|"
    r"all that)|clear (?:all|everything))\b|重新开始|重来|从头(?:来|开始)|清空|全部忘掉|"
        r"重置")  # fmt: skip
_OTHERS = re.compile(
    r"\b(?:user|customer|account|member)[ #:_-]*(?:id )?[#]?[a-z]*\d+\b|\b(?:other|"
        r"another|different|someone else|somebody else)(?:'s|s)? ?(?:user|people|person|"
            r"customer|account|history)?s?(?:'s?|’s?)? (?:history|data|purchases?|orders?|"
                r"profile|account|address|email)"
    r"|\b(?:my (?:wife|husband|boss|neighbou?r|friend|ex|sister|brother|colleague|partner|"
        r"girlfriend|boyfriend|roommate|mother|father|mom|dad)|[a-z]+)['’]s (?:history|"
            r"purchases?|orders?|profile|account|data|viewing|watch(?:ing)? history)\b"
    r"|(?:其他|别的|另一个|另外)(?:用户|人|顾客|账号)|用户\s*[a-z]*\d+|(?:老婆|老公|同事|朋友|邻居|老板|前任|女友|男友|室友|妈妈|爸爸)(?:的|最近)?(?:记录|购买|订单|看了|买了|历史|账号)|(?:别人|他人)(?:的|买|看)"
)  # fmt: skip
_OBEY = re.compile(
    r"\b(?:ignore|disregard|forget|override) (?:all |any |the |your |my )*(?:previous|"
        r"prior|above|earlier|rules|instructions|system)|system prompt|developer mode|"
            r"\bjailbreak|you are now|act as (?:an? )?(?:admin|system|root)|(?:delete|"
                r"drop|erase) (?:all|the|every)|"
    r"(?:忽略|无视|忘记|忘掉)(?:之前|以上|前面|所有|一切|你的)*(?:的)?(?:指令|规则|提示|设定|要求)|系统提示|开发者模式|管理员(?:模式|权限)|你现在是"
)  # fmt: skip
_WHY = re.compile(r"\bwhy\b|\bhow come\b|\breason\b|\bexplain\b|为什么|为何|为啥|理由|原因|解释")
_MORE = re.compile(r"\b(?:more like (?:this|these)|show me more|more please|other ones|"
    r"others|something else|next|different ones|another batch|what else)\b|换一批|换一换|"
        r"还有吗|还有别的|再来|其他的|别的|下一批|换几个|换一个")  # fmt: skip
_BRIEF = re.compile(r"\b(?:shorter|briefly|brief|keep it short|in short|fewer words)\b|"
    r"简短|短一点|短点|少说|长话短说|简单点说")  # fmt: skip
_NEGATOR = re.compile(
    r"(?P<neg>\b(?:no|not|without|except|but not|don['’]?t (?:want|like|show|"
        r"give)(?: me)?|hate|avoid|exclude|never|nothing|less|skip|anything but|"
            r"other than|instead of)\b|n['’]t (?:want|like)\b"
    r"|不要|不想要?|不看|不喜欢|别给?|除了|不是|讨厌|排除|不含|不买|不用|去掉|别再)[^,.;，。；!！?？]*$"
)  # fmt: skip
_TURN_BACK = re.compile(
    r"\b(?:but|only|just|rather|want|prefer|with|show)\b(?! not)|要(?!不)|只看|换成|改成|"
    r"来(?:点|些)"
)
_DROP = re.compile(
    r"\b(?:any|never mind(?: the)?|forget(?: about)?(?: the)?|doesn['’]?t matter|drop the|"
    r"don['’]?t care about(?: the)?|regardless of|whatever)\b|不限|无所谓|都行|都可以|"
    r"不管|随便|不用管|取消|算了|不考虑"
)
_FIELDS = {
    "price": "price|budget|cost|expensive|价格|价位|预算|多少钱|价钱",
    "year": "year|age|era|decade|old|年份|年代|新旧",
    "categories": "genre|category|kind|type|类型|类别|题材|分类",
    "brand": "brand|maker|品牌|牌子", "directors": "director|导演",
    "rating": "rating|stars|score|reviews?|评分|打分|好评", "runtime_min": "runtime|"
        "length|片长|时长",
}  # fmt: skip
_ORDINAL = re.compile(
    r"\b(first|second|third|fourth|fifth|last|1st|2nd|3rd|4th|5th)\b(?! time)|#(\d)|"
    r"\bnumber (\d|one|two|three|four|five)\b"
    r"|第([一二三四五1-5])[个部本款件只张首条项]?|(最后一)[个部本款件]"
)
_PLACES = {
    **{w: i for i, w in enumerate("first second third fourth fifth".split())},
    **{w: i for i, w in enumerate("1st 2nd 3rd 4th 5th".split())},
    **{w: i for i, w in enumerate("one two three four five".split())},
    **{w: i for i, w in enumerate("一二三四五")}, **{w: i for i, w in enumerate("12345")},
    "last": -1, "最后一": -1,
}  # fmt: skip
_CHANGE: list[tuple[str, str, Op]] = [
    (
        r"\b(?:cheaper|less expensive|lower price)\b|(?:再|更)?便宜(?:一?[点些])|更便宜|太贵",
        "price",
        "<",
    ),
    (r"\bmore expensive\b|贵一?[点些]|更贵|更高档", "price", ">"),
    (r"\b(?:newer|more recent|more modern)\b|新一?[点些]|更新的|太老|太旧", "year", ">"),
    (
        r"\b(?:older|earlier|more classic)\b|老一?[点些]|旧一?[点些]|更老|更早|早一?[点些]",
        "year",
        "<",
    ),
]
_SORT: list[tuple[str, str, str]] = [
    (r"\b(?:cheapest|lowest price)\b|price low|最便宜|价格从低|从便宜", "price", "asc"),
    (r"\b(?:priciest|most expensive|dearest)\b|price high|最贵|价格从高", "price", "desc"),
    (r"\b(?:newest|latest|most recent)\b|最新|从新到旧", "year", "desc"),
    (r"\b(?:oldest|earliest)\b|最老|最早|从旧到新|从老到新", "year", "asc"),
]
_LIKE = re.compile(
    r"\b(?:like|similar to)\b (?:the |that |this )?|像|类似|跟.{0,8}(?:差不多|一样|类似)"
)
_TITLE = re.compile(r"[“\"《「]([^”\"》」]{1,100})[”\"》」]")
_EMPTY = re.compile(
    r"^(?:\W|hi|hello|hey|help|please|something|anything|good|nice|recommend|suggest|show|me|some|a|an|for|to|"
    r"watch|read|buy|get|what|should|i|can|you|do|have|want|like|give|idk|hmm|ok|thanks?|随便|推荐|一下|点|什么|好的?|"
    r"给我|我|想|要|看|买|个|你好|嗨|请|有|吗|呢|帮|东西|些|来|不知道|谢谢)*$"
)
_BETWEEN = re.compile(
    r"\b(?:between|from) [$€£¥]?(\d+(?:\.\d+)?) (?:and|to) [$€£¥]?(\d+(?:\.\d+)?)|"
    r"(\d+)\s*(?:到|至|-|~)\s*(\d+)"
)
_UPPER = re.compile(r"(?:under|below|less than|at most|up to|max(?:imum)?|cheaper than|"
    r"before|older than|no more than|within|until|不超过|低于|少于|最多|不到|"
        r"小于)\s*(?:the )?[$€£¥]?\s*$")  # fmt: skip
_LOWER = re.compile(
    r"(?:over|above|more than|at least|from|after|since|newer than|min(?:imum)?|超过|高于|"
    r"至少|大于|不低于)\s*(?:the )?[$€£¥]?\s*$"
)
_UPPER_AFTER = re.compile(r"\s*(?:以内|以下|之前|以前|之内|内)|\s*or (?:less|older|earlier)")
_LOWER_AFTER = re.compile(r"\s*(?:以上|以后|之后|后|起)|\s*or (?:more|newer|later)")
_DECADE = re.compile(r"\b(?:(\d{3})0s|(?:the )?['’]?([2-9]0)s|(?:the )?(twenties|thirties|"
    r"forties|fifties|sixties|seventies|eighties|nineties))\b|"
        r"([一二三四五六七八九\d])[十0]年代")  # fmt: skip
_TENS: tuple[str, ...] = (
    "twenties",
    "thirties",
    "forties",
    "fifties",
    "sixties",
    "seventies",
    "eighties",
    "nineties",
)


class Meaning(NamedTuple):
    """A message as acts over plain data."""

    act: str = "wish"
    """reset, refuse, explain, more, unknown_item, wish, or unclear."""
    wishes: tuple[Wish, ...] = ()
    """New wishes."""
    dropped: tuple[str, ...] = ()
    """Attributes about which nothing is wished any more."""
    change: tuple[tuple[str, Op], ...] = ()
    """Attributes in which the next slate must differ from the last or from the item meant."""
    order: tuple[str, str] | None = None
    """The attribute to order by."""
    place: int | None = None
    """Which item of the last slate is meant; -1 for the last."""
    like: bool = False
    """Whether items like the one meant are asked for."""
    brief: bool = False
    """Whether short answers are asked for."""
    title: str = ""
    """An item that is asked for by a name in quotation marks."""
    topic: str = ""
    """What remains to be searched for."""
    unrecorded: tuple[str, ...] = ()
    """Attributes that are asked for and not in the catalogue."""


def understand(message: str, state: ChatState, words: Vocabulary) -> Meaning:
    """What a message means, given what was said before.

    Args:
        message: Anything; the first 2000 characters are read.
        state: The conversation so far.
        words: The attributes of the catalogue.
    """
    text = normal(message)
    if _OTHERS.search(text) or _OBEY.search(text):
        return Meaning(act="refuse")
    if _RESET.search(text):
        return Meaning(act="reset", topic="")
    place = _place(text)
    if _WHY.search(text) and state.slate:
        return Meaning(act="explain", place=place if place is not None else 0)
    wishes, covered = _wishes(text, words)
    change: list[tuple[str, Op]] = [
        (field, op) for pattern, field, op in _CHANGE if re.search(pattern, text)
    ]
    order = next(((f, d) for pattern, f, d in _SORT if re.search(pattern, text)), None)
    asked = {wish.field for wish in wishes} | {field for field, _ in change}
    asked |= {order[0]} if order else set()
    unrecorded = sorted(field for field in asked & {"price", "year"} if field not in words.numbers)
    title = _TITLE.search(text)
    found = Meaning(
        wishes=tuple(wish for wish in wishes if wish.field not in unrecorded),
        dropped=tuple(_dropped(text)),
        change=tuple(pair for pair in change if pair[0] not in unrecorded),
        order=order if order and order[0] not in unrecorded else None,
        place=place,
        like=bool(_LIKE.search(text)) and place is not None,
        brief=bool(_BRIEF.search(text)),
        title=title[1] if title else "",
        unrecorded=tuple(unrecorded),
    )
    return _acted(found, text, covered)


def normal(message: str) -> str:
    """A message in small letters and half-width marks, without hidden characters."""
    folded = unicodedata.normalize("NFKC", message[:_READ]).casefold()
    kept = "".join(c for c in folded if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())


def _acted(found: Meaning, text: str, covered: list[tuple[int, int]]) -> Meaning:
    told = found.wishes or found.change or found.order or found.dropped or found.like
    if told or found.unrecorded:
        return found
    if found.brief:
        return found._replace(act="more" if not found.brief else "wish")
    if _MORE.search(text):
        return found._replace(act="more")
    if found.title:
        return found._replace(act="wish")
    rest = "".join(" " if any(a <= i < b for a, b in covered) else c for i, c in enumerate(text))
    if _EMPTY.match(rest) or not any(c.isalpha() for c in rest):
        return found._replace(act="unclear")
    return found._replace(topic=rest.strip())


def _place(text: str) -> int | None:
    found = _ORDINAL.search(text)
    return _PLACES.get(next(part for part in found.groups() if part)) if found else None


def _dropped(text: str) -> list[str]:
    if not (drop := _DROP.search(text)):
        return []
    near = text[max(0, drop.start() - 20) : drop.end() + 20]
    return [field for field, names in _FIELDS.items() if re.search(names, near)]


def _wishes(text: str, words: Vocabulary) -> tuple[list[Wish], list[tuple[int, int]]]:
    found: list[Wish] = []
    covered: list[tuple[int, int]] = []
    for value in words.find(text):
        before = _NEGATOR.search(text[: value.start])
        denied = before is not None and not _TURN_BACK.search(text, before.end("neg"), value.start)
        found.append(Wish(field=value.field, op="lacks" if denied else "has", value=value.value))
        covered.append((value.start, value.end))
    found += _numbers(text)
    return found, covered


def _numbers(text: str) -> list[Wish]:
    if decade := _DECADE.search(text):
        start = _decade(decade)
        return [
            Wish(field="year", op=">=", value=start),
            Wish(field="year", op="<=", value=start + 9),
        ]
    if between := _BETWEEN.search(text):
        low, high = (float(part) for part in between.groups() if part)
        field = "year" if 1900 <= low <= 2100 else "price"
        return [Wish(field=field, op=">=", value=low), Wish(field=field, op="<=", value=high)]
    found: list[Wish] = []
    for claim in claims(text):
        year = claim.value / 12 if claim.unit == "年" else claim.value
        is_year = 1900 <= year <= 2100 and claim.dimension in ("count", "months")
        field = "year" if is_year else "runtime_min" if claim.dimension == "time" else "price"
        value = year if is_year else claim.value / 60 if field == "runtime_min" else claim.value
        if op := _op(text, claim.start, claim.end, is_year=is_year, sense=claim.sense):
            found.append(Wish(field=field, op=op, value=value))
    return found


def _op(text: str, start: int, end: int, *, is_year: bool, sense: str) -> Op | None:
    before = text[:start]
    if _UPPER.search(before) or _UPPER_AFTER.match(text, end) or sense == "under":
        return "<" if is_year else "<="
    if _LOWER.search(before) or _LOWER_AFTER.match(text, end) or sense == "over":
        return ">" if re.search(r"(?:after|newer than)\s*$", before) else ">="
    return "==" if is_year else None


def _decade(found: re.Match[str]) -> int:
    if found[1]:
        return int(found[1]) * 10
    if found[3]:
        return 1920 + 10 * _TENS.index(found[3])
    tens = found[2][0] if found[2] else found[4]
    return 1900 + 10 * ("一二三四五六七八九".find(tens) + 1 if not tens.isdigit() else int(tens))
