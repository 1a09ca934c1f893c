"""Assertions in everyday words: "it never breaks", "you will lose weight", 会发光, 替您留了一件."""

from __future__ import annotations

import re

from zhiyin.narrate.grounding.facts import OWN
from zhiyin.narrate.grounding.lexicon import WORD, plain_english, stem
from zhiyin.narrate.grounding.reading import Reading

_SOFT = frozenset(
    stem(word) for word in
    "is was are were be been being seem look feel sound suit belong deserve make bring invite wait "
    "go come pair sit offer give take ask let mean need want call know tell say start begin end "
    "remain turn become add leave stay linger reward unfold follow move hold get got like love fit "
    "join meet share do did does have has had disappoint bore age matter happen help match "
    "pick put "
    "would will can may might could should must s re ve ll and or not also all both on in at for "
    "to of with from about by "
    "beside under over near between behind through along around into onto before "
    "after until across inside outside towards against "
    "as so too there here again yet either that which what when if than "
    "every any each next more less much just the a an your our my this up out over off away back "
    "together alone well better best first once twice".split()
)  # fmt: skip
_ITEM = re.compile(
    r"\b(?:it|this one|they|these)\s+"
    r"(?:(?:\w+ly|also|just|even|still|never|always|can|will|won[’']t|doesn[’']t|don[’']t|cannot|"
    r"can[’']t)\s+)*([a-z]+)"
)
_YOU_WILL = re.compile(
    r"\byou(?:[’']ll| will| won[’']t| can finally)\s+(?:\w+ly\s+|never\s+)?([a-z]+)"
)
_LIKED = frozenset(
    stem(word) for word in
    "love like enjoy want find need see feel be know remember forget appreciate meet wish think "
    "keep come get have recognise recognize notice thank probably smile hear read watch".split()
)  # fmt: skip
_MADE = re.compile(
    r"\b(?:written|recorded|filmed|shot|made|built|designed|cut|grown|picked|harvested|"
    r"brewed|baked|"
    r"carved|crafted|composed|painted|printed|stitched|sewn|woven|forged|cast|created|developed|"
    r"invented|tested|raised|caught|sourced|produced)\s+(?:in|by|on|at|over|from|of|during|"
    r"for|with|"
    r"between|under)\b([^.;!?,:—]*)"
)
_MADE_ZH = re.compile(
    "(?:产自|采自|出产于|录制?于|录音在|录制在|拍摄[于在]|写于|取材于?|选自|摘自|师从|酿自|取自)"
    "([^,，。;；!！?？]{1,8})"
)
_OTHERS = re.compile(
    r"\b(?:half|twice|double|three times|ten times) (?:the|as|more|less)\b|\b(?:other|"
    r"older|previous|earlier|"
    r"rival|competing) (?:models?|brands?|versions?|shops?|makers?|products?|editions?|"
    r"generations?)\b|"
    r"\b(?:no|any|every) other (?:shop|brand|model|one|film|book|course|store|maker|"
    r"place)\b|\bthan (?:before|ever)\b|"
    "上一代|上代|前代|同类|同价位|同级|别家|别的品牌|其他品牌|竞品|市面上|一般的|"
    "普通的?[^,，。]{0,4}(?:做不到|没有|更)|快一倍|省一半|翻倍"
)
_NEW = re.compile(
    r"\bnew(?:ly designed)? (?:colou?rs?|sizes?|packag\w+|design|version|formula|"
    r"flavou?rs?|edition|generation|"
    r"recipe|look|cover|model|features?)\b|新(?:增|包装|配方|版|口味|颜色|设计|封面|功能|"
    r"工艺|一代|升级)|全新|换新|改版"
)
_ONE = re.compile(
    r"\b(?:in|within|takes?|under|after)\s+(?:just |only |about |less than |under "
    r")*(?:(?:an?|one|half an) "
    r"(?:second|minute|hour)|seconds|minutes|hours)\b|\bone[- ]hand(?:ed)\b|"
    r"\b(?:opens?|closes?|folds?|works?|operated) with one hand\b|"
    r"\bin one (?:night|day|take|go|piece|sitting)\b"
)
_KEPT = re.compile(
    r"\b(?:reserved|kept|held|saved|put aside|set aside) (?:one |it |this |a \w+ )?(?:for "
    r"you|in your name)\b|"
    "(?:[替为给][您你])(?:预?留|保留|备好)|[预保]留(?:了|着)?[一两]"
)
_GATED = re.compile(
    r"\btrue (?:story|events)\b|\breal events\b|\bglows?\b|\bin the dark\b(?= |\.|$)|"
    r"\bnever (?:breaks?|fails?|fades?|"
    r"wears?|rusts?|leaks?|tears?)\b|\bwithout (?:a )?(?:sound|noise|pesticides?|chemicals)\b|"
    r"\bkeeps? its (?:shape|colou?r|edge)\b"
    "|发光|夜光|泡水|进水|淋雨|淋湿|浸水|沾水|下水也|摔|跌落|真人真事|真实(?:事件|故事)|"
    "会(?:说话|唱歌|发光|变色|动|走|跑|飞|响)|"
    "认得|听得懂|一键|秒(?:开|变|充)|插电|折起来|叠起来|当[^,，。]{0,3}用|见效|不胖|"
    "瘦[^,，。]{0,2}斤|不困"
)
_AUTHORITY = re.compile(
    "(?:老师|医生|专家|教练|编辑|店长|老板|大厨|明星|设计师|主播|博主|营养师|教授|达人)们?"
    "(?:亲自|都在?|都会|也在?|一致|强烈|鼎?力|亲手)*(?:推荐|挑选|用|同款|说|选|爱|夸|认可|"
    "研发|把关|监制)"
    r"|\b(?:teachers?|doctors?|experts?|coaches|editors?|chefs?|designers?|stylists?|"
    r"nutritionists?|"
    r"professionals|scientists?|engineers?|musicians?) (?:all |also |often )?(?:recommend|"
    r"choose|chose|"
    r"use|love|trust|agree|swear|approve|say|tested|picked|designed|developed)\w*\b"
)


_PHRASES = (
    (_NEW, "property"), (_ONE, "property"), (_KEPT, "event"), (_GATED, "property"),
    (_AUTHORITY, "popularity"),
)  # fmt: skip


def check_assertions(reading: Reading) -> None:
    """Finds assertions without any recorded word in them; runs after numbers are looked up."""
    _subjects(reading)
    for pattern in (_MADE, _MADE_ZH):
        for match in pattern.finditer(reading.text):
            if not _is_anchored(reading, *match.span(1)):
                reading.find(*match.span(), "property", "the record does not say how it was made")
    others = any(number.owner not in (OWN, "") for number in reading.facts.numbers)
    for pattern, kind in (*_PHRASES, *(() if others else ((_OTHERS, "comparison"),))):
        for match in pattern.finditer(reading.text):
            _gate(reading, match, kind)


def _subjects(reading: Reading) -> None:
    """What the item is said to do, and what the user is promised."""
    for pattern, free in ((_ITEM, _SOFT), (_YOU_WILL, _LIKED | _SOFT)):
        for match in pattern.finditer(reading.text):
            clause = reading.clause(match.start())
            if stem(match[1]) not in free and not _is_anchored(reading, *clause):
                reading.find(*match.span(1), "property", "nothing recorded bears this out")


def _gate(reading: Reading, match: re.Match[str], kind: str) -> None:
    """Finds a phrase unless it is accounted for or stands in the record."""
    if any(reading.covered[match.start() : match.end()]):
        return
    words = reading.facts.words[OWN]
    said = [stem(word) for word in WORD.findall(match[0])]
    content = [root for root in said if root not in _GRAMMAR]
    if content and all(root in words.english for root in content):
        return
    if not match[0].isascii() and words.has_chinese(match[0]):
        return
    reading.find(*match.span(), kind, "nothing recorded bears this out")


_GRAMMAR = frozenset(
    stem(word) for word in "a an the in on at of for with it its you your than under within".split()
)


def _is_anchored(reading: Reading, start: int, end: int) -> bool:
    """Whether a recorded number, name or word beyond the everyday ones stands there."""
    if any(reading.covered[start:end]):
        return True
    words = reading.facts.words
    known = words[OWN].english.union(*(w.english for owner, w in words.items() if owner != OWN))
    for match in WORD.finditer(reading.text, start, end):
        root = stem(match[0])
        if root in known and root not in plain_english():
            return True
    text = reading.text[start:end]
    return any(
        words[OWN].has_chinese(text[at : at + 2])
        for at in range(max(0, len(text) - 1))
        if not text[at : at + 2].isascii()
    )
