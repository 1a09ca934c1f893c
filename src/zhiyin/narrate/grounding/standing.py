"""Availability, offers, ranks and roles: what only certain evidence lets a text say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import cast

from zhiyin.narrate.grounding.facts import OWN
from zhiyin.narrate.grounding.lexicon import HAN, phrase, stem
from zhiyin.narrate.grounding.reading import Reading

_IN = r"\bin stock\b|\bavailable(?: now| today)?\b|有货|现货|有库存|在售|库存充足"
_OUT = r"\b(?:sold out|out of stock|unavailable)\b|缺货|售罄|无货|断货|卖完"
_FEW = (
    r"\b(?:only a few|last few|a few|few)(?: \w+)? (?:left|remain(?:ing)?)\b|\bselling out\b|"
    r"\bwhile stocks? lasts?\b|所剩不多|即将售罄|库存不多|库存紧张|手慢无|"
    r"最后几[件个只本台]|[仅只还]?剩(?!多少|余电|下的)"
)
_LEFT = r"\b(?:left|remaining)(?: in stock)?\b|库存"
_BACK = r"\b(?:back in stock|restock(?:ed|s|ing)?|back on)\b|到货|补货|重新上架|再次上架"
_DEAL = (
    r"\b(?:discount(?:ed)?|on sale|special offer|deals?|bargain|reduced|price drop|sale|"
    r"off|save|saving|"
    r"limited[- ]time|offer ends|offers?|markdown|was|ends?|until)\b|打折|折扣|优惠|特价|"
    r"促销|降价|立减|直降|省下?|"
    r"限时|截止|结束|折|减"
)
_TOP = (
    r"\b(?:best|most|top|no\.? ?1|number one|first place|highest|#1|leading)\b|最|第一|"
    r"榜首|冠军|排名|位列|位居|"
    r""
    r"榜单?"
)
_BEST = (
    r"\bbest\b(?!\s+(?:used|with|served|for|if|when|suited|results|enjoyed|kept|eaten|read|of)\b)"
)
_FIT_FOR = re.compile(
    r"\b(?:suitable|designed|intended|approved|safe) for (?:the |your |any )?([a-z]+) use\b"
    r"|\bfor use (?:in|on|with|at) (?:the |your |any )?([a-z]+)"
    "|适(?:合|用于?)(?:各种|各类|任何|所有)?([\u3400-\u9fff]{2,4})使用"
)
_RANKED = r"\b(?:rank(?:s|ed|ing)?|chart|place|position|top)\b|排名|排在|位列|位居|榜单?|前|名"
_SELLING = (
    r"\b(?:best[- ]?sell(?:er|ers|ing)|sales|sold|selling|bought)\b|畅销|热销|热卖|销量|卖得|销售"
)
_CROWD = (
    r"\b(?:users|customers|shoppers|buyers|people|readers|viewers|listeners|students|"
    r"guests|times|popular|"
    r"bought|chose|chosen|watched|read|viewed|purchases|orders)\b|用户|顾客|买家|人购买|"
    r"人买过|人选择|位|人|次|购买|售出|卖出|受欢迎|热门"
)
_ROLES = {
    "directors": r"\b(?:directed by|director|directs|film by)\b|导演|执导",
    "actors": r"\b(?:starring|stars|actors?|cast|played by)\b|主演|出演|演员",
    "authors": r"\b(?:written by|author|writer|novel by|book by)\b|作者|所著|著",
    "artist": r"\b(?:performed by|sung by|artist)\b|演唱|歌手|演奏",
    "instructor": r"\b(?:taught by|instructor|teacher)\b|讲师|主讲",
    "publisher": r"\b(?:published by|publisher)\b|出版",
    "translator": r"\btranslated by\b|译",
}
_SAME = {"author": "authors", "director": "directors", "writer": "authors", "artists": "artist"}
_FEW_ARE = 10
_MANY = (
    r"(?<!for )(?<!\bif )\b(?:everyone|everybody|many|most(?: people)?|people|thousands|"
    r"others|shoppers|"
    r"customers|buyers|users|families|professionals|experts|critics|fans|everyone at the "
    r"\w+|(?:our|most|many) \w+s)\s+"
    r"(?:\w+ly\s+|also\s+|just\s+|already\s+|have\s+|keep\s+|is\s+|are\s+|can[’']t stop\s+)?"
    r"(?:love|loves|adore|like|likes|buy|buys|buying|bought|chose|choose|chooses|swear|rave|raving|"
    r"recommend|recommends|trust|agree|prefer|rely|talking|talks?|pick|picked|rated|say|says)\b|"
    "(?:很多|不少|许多|大量|无数|众多|越来越多|好多|多数|老顾客|回头客|老客|新老|朋友圈|"
    "网友|同行|业内)的?"
    "[^,，。！？]{0,6}?(?:都|在|也|已|会)*(?:买|用|看|读|听|说|夸|赞|爱|选|推荐|回购|喜欢|"
    "收藏|追|抢|囤|认可|下单|入手)|"
    "(?:大家|人人|所有人|全家|身边[^,，。！？]{0,4}|邻居们?|同事们?|朋友们?|"
    "谁)(?:们)?都(?:在|会|已)*"
    "(?:买|用|看|读|听|说|夸|赞|爱|选|推荐|回购|喜欢|收藏|追|抢|囤|认可|下单|入手)"
)
_FAME = (
    r"\b(?:viral|buzz\w*|sensation|must-have|hype\w*|talk of the town|internet[- ]famous|"
    r"(?:fan|crowd|customer|reader|staff) favou?rites?|crowd[- ]pleas\w+|word of mouth|"
    r"sell(?:s|ing)? out|off the shelves|by popular demand|sought[- ]after|in demand)\b|"
    "出圈|破圈|封神|刷屏|圈粉|霸榜|霸屏|屠榜|断货王|网红|种草|安利|热搜|现象级|神作|"
    "有口皆碑|口口相传|"
    "走红|大火|很火|正火|超火|火爆|爆火|火遍|抢手|抢购|疯抢|脱销|一抢而空|供不应求|人气|"
    "热议|追捧|青睐|力荐|盛赞|口碑|好评"
)
_PROMISE = (
    r"\bmoney[- ]back\b|\blifetime\b|\brisk[- ]free\b|\bno risk\b|\bguaranteed?\b(?! month)|"
    r"\bforever\b|\bfor life\b|包(?:就业|教|学会|会|过|退|换|赔|分配|满意)|假一赔|无效退|"
    r"终身|永久|零风险|稳赚|必过|保过|速成"
)
_MOVED = re.compile(
    r"\b(?:prices?|fares?|rates?|fees?|rents?|taxes|costs|tickets?)\s+(?:will |are |is |to "
    r"|have |has )?"
    r"(rise|rises|rising|risen|rose|fall|falls|falling|fell|drop|drops|dropped|increase\w*|"
    r"decrease\w*|double\w*|halve\w*|go up|goes up|go down|goes down|cut|frozen|freeze)\b"
    r"|(?:票价|价格|房价|油价|费用|租金|税)(?:将|会|要)?(上调|下调|上涨|下降|翻倍|涨|降|减半)"
)


def check_standing(reading: Reading) -> None:
    """Finds what is said of stock, offers and ranks without a fact; covers what has one."""
    facts, record = reading.facts, reading.facts.record
    stock = _stock(record.get("stock", record.get("available")))
    _gate(reading, _BACK, "availability", holds=bool(record.get("restock")))
    _gate(reading, _OUT, "availability", holds=stock == 0)
    _gate(reading, _FEW, "availability", holds=stock is not None and 0 < stock <= _FEW_ARE)
    _gate(reading, _IN, "availability", holds=stock is not None and stock > 0)
    if stock is not None and stock > 0:
        _gate(reading, _LEFT, "availability", holds=True)
    if facts.discounts() or facts.of("offer"):
        _cover(reading, _DEAL)
    _gate(reading, _PROMISE, "property", holds=False)
    crowd = bool(facts.of("count") or facts.of("rank") or facts.kinds & {"popular"})
    if not crowd:
        _gate(reading, _MANY, "popularity", holds=False)
        _gate(reading, _FAME, "popularity", holds=False)
    _prices_move(reading)
    ranks = facts.of("rank")
    texts = [text for text in facts.words[OWN].texts if "best" in text]
    if texts and not ranks and not any(re.search(_BEST, text) for text in texts):
        _gate(reading, _BEST, "property", holds=False)  # "best used with" makes nothing the best
    if ranks:
        _cover(reading, _RANKED)
        if any(rank.get("position") == 1 for rank in ranks):
            _cover(reading, _TOP)
        if re.search("sale|sold|销|卖", " ".join(str(rank.get("by")) for rank in ranks).lower()):
            _cover(reading, _SELLING)
    if facts.of("count") or facts.kinds & {"popular"}:
        _cover(reading, _CROWD)
    _roles(reading)
    _fitness(reading)


def check_banned(reading: Reading, banned: Iterable[str]) -> None:
    """Finds words that are never to be read, whether they are true or not."""
    said = [w for f in reading.facts.of("policy") for w in f.get("banned_claims") or ()]
    for words in (*said, *banned):
        parts = [re.escape(mark) for mark in str(words).lower() if not mark.isspace()]
        if parts:
            for match in re.finditer(r"[\s-]*".join(parts), reading.text):
                reading.find(*match.span(), "banned-claim", "these words are banned")


def _stock(value: object) -> float | None:
    if isinstance(value, bool):
        return 99.0 if value else 0.0
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        low = value.lower()
        if re.search(r"out|no|sold|缺|无|罄", low):
            return 0.0
        if re.search(r"few|low|少|紧", low):
            return 5.0
        return 99.0 if re.search(r"in|yes|avail|有|现", low) else None
    return None


def _fitness(reading: Reading) -> None:
    """Of "suitable for kitchen use", 适合厨房使用: what an item is fit for is a property."""
    own = reading.facts.words[OWN]
    for match in _FIT_FOR.finditer(reading.text):
        said = next(part for part in match.groups() if part)
        if not (own.has_chinese(said) if HAN.match(said) else stem(said) in own.english):
            at = reading.text.index(said, match.start())
            reading.find(at, at + len(said), "property", "the record does not say so")


def _gate(reading: Reading, pattern: str, kind: str, *, holds: bool) -> None:
    for match in re.finditer(pattern, reading.text):
        if reading.is_covered(*match.span()):
            continue
        if holds:
            reading.cover(*match.span())
        else:
            reading.find(*match.span(), kind, "the record does not say so")


def _cover(reading: Reading, pattern: str) -> None:
    for match in re.finditer(pattern, reading.text):
        reading.cover(*match.span())


def _prices_move(reading: Reading) -> None:
    """Of "fares rise": the record must say so."""
    words = reading.facts.words[OWN]
    for match in _MOVED.finditer(reading.text):
        word = match[1] or match[2]
        said = phrase(word).split() if match[1] else []
        if not (words.english.issuperset(said) if said else words.has_chinese(word)):
            reading.find(*match.span(), "negation", "the record does not say so")


def _roles(reading: Reading) -> None:
    """Of "starring X" where X is recorded as the director."""
    record = reading.facts.record
    people: dict[str, set[str]] = {}
    for field in (*_ROLES, *_SAME):
        value = record.get(field)
        many = isinstance(value, list | tuple)
        names = cast("Sequence[object]", value) if many else [value]
        for name in names:
            if isinstance(name, str) and len(name) > 1:
                people.setdefault(name.lower(), set()).add(_SAME.get(field, field))
    for name, fields in people.items():
        for match in re.finditer(re.escape(name), reading.text):
            _role(reading, match, fields)


def _role(reading: Reading, match: re.Match[str], fields: set[str]) -> None:
    start, end = reading.clause(match.start())
    said = {role for role, pattern in _ROLES.items() if re.search(pattern, reading.text[start:end])}
    if len(said) == 1 and not said & fields:
        reading.find(*match.span(), "name", "the record gives them another part")
