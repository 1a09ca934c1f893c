"""The words of a message that say something, the rest left out."""

# ruff: noqa: E501 - patterns are read line by line

from __future__ import annotations

import re
from functools import cache

from zhiyin.narrate.chat.lexicon import companions
from zhiyin.narrate.chat.vocabulary import Vocabulary
from zhiyin.narrate.grounding.lexicon import HAN, WORD, plain_chinese, plain_english, stem

_MORE_EN = frozenset(
    stem(word)
    for word in """
    i i'd i'm i've i'll me my you your it its that's a an the this that these those some any something
    anything thing things stuff one ones want wants wanted need needs like feel feeling mood show give
    get find see seen look looking watch watching read buy buying please pls thanks thank hi hello hey
    ok okay so then well oh hmm um dunno idk fine sorry too bad alright sure yes no yeah good nice great
    best decent recommend recommendation suggest suggestion film films movie movies picture flick title
    titles item items product products option options kind kinds type sort genre can could would should
    may might do does did have has had got is are was were be been being am will shall must let lets for
    of to in on at by with without from about into over under as and or but not only just also really
    very quite more most less least much many few little lot lots bit what which who whom whose where
    when why how there here now today tonight tomorrow evening night weekend other others another else
    different next again all every each both either neither if because than made make makes come came
    go goes going went time times year years old new recent era decade list slate top first second
    third fourth fifth last together stick use using used work works working help try trying maybe
    perhaps possibly someone somebody me's us we our they them their he him his she her put keep drop
    change changed actually rather instead mean meant say said tell says think know budget price cheap
    expensive cost costs around about roughly most max minimum maximum least up down off out yuan rmb
    dollar dollars bucks euro euros money brand maker director directed starring rated rating exactly
    wrapped present popcorn face joy tears birthday cake smiling eyes artist palette sign heart party
    popper grinning rolling laughing crying folded hands thumbs sparkles red-heart released set
    starting matter matters length any-length prefer preferably ideally absolutely definitely totally
    mum mom mommy dad daddy girlfriend boyfriend wife husband friend friends son daughter nephew niece
    aunt uncle grandma grandpa grandmother grandfather colleague colleagues boss parents family pre
    black-and-white lines dunno surprise also
    later earlier newer older number skip two three four five six seven eight nine ten hundred couple
    directed directing selection version versions colour color size one's preferred
    workshop office home house room gift night plus mins minutes minute hour hours
    """.split()
)
_MORE_ZH = frozenset(
    """想 想要 要 看 买 找 来 给 我 你 点 些 个 一个 一些 什么 啥 吧 吗 呢 啊 呀 的 了 有 没有 有没有 推荐 推荐点 便宜
    贵 新 老 部 本 款 件 电影 片 片子 影片 东西 用 用的 穿 穿的 吃 适合 送 送给 女朋友 男朋友 朋友 妈妈 爸爸 预算 大概
    左右 上下 以内 以下 以上 之间 块 元 钱 块钱 元钱 装备 类 相关 相关的 之类 系列 别 再 更 最 都 也 还 还是 换 换成 改成 只 只要 只看
    看看 几 几本 几个 一下 帮我 帮忙 请 谢谢 你好 您好 好 好的 好看 不错 随便 可以 能 会 学 想学 拍 拍的 牌子 品牌 以外 之外
    爸妈 父母 老爸 老妈 老公 老婆 男友 女友 闺蜜 同事 客户 领导 老师 亲戚 对象 女儿 儿子 侄子 外甥 宿舍 小区 楼下
    顺便 机器 家里 太多 怕 不好用 太 那 那个 这个 这 些 里 上 下 中 和 跟 与 或 或者 热 热的 想喝 喝 晚上 早上 中午 今天 现在 最近
    算了 其实 刚才 以后 记 记一下 一点 年 年代 时候 有什么 有哪些 哪些 导演 演员 主演 价格 价位 办公室 人 人用 用品""".split()
)
_UNITS = (
    ("寸", "英寸", "inches", "inch", "in"), ("升", "l", "liters", "litres", "liter", "litre"),
    ("毫升", "ml"), ("公斤", "千克", "kg"), ("斤",), ("克", "g", "grams", "gram"), ("毫米", "mm"),
    ("厘米", "公分", "cm"), ("米", "m", "meters", "metres", "meter"), ("瓦", "w", "watts", "watt"),
    ("t", "tb"), ("gb", "g"), ("k",), ("支",), ("片",), ("码",), ("度",), ("档",), ("层",),
    ("ounces", "ounce", "oz"), ("feet", "foot", "ft"), ("yards", "yard", "yds"), ("lbs", "lb"),
    ("gauge", "awg"), ("gallons", "gallon"), ("grit",), ("volts", "volt", "v"), ("count", "ct"),
)  # fmt: skip
"""Units that mean the same, as titles write them."""
_MEASURE = re.compile(
    r"(?<![\d.a-z/-])(\d+(?:\.\d+)?)[ -]?("
    + "|".join(sorted((unit for group in _UNITS for unit in group), key=len, reverse=True))
    + r")(?![a-z])"
)
_FOR_SOMEBODY = re.compile(
    r"(?:送|给|帮|替|为)(?:我|咱|家里)?(?:的)?(?:长辈|老人|孩子他?爸|婆婆|丈母娘|岳父|公公|爷爷|奶奶|外公|外婆|姥姥|姥爷|"
    r"哥哥|姐姐|弟弟|妹妹|朋友|客户)|\bblack and white\b"
)
"""Whom something is for, and what says nothing of it."""
_NO_NOUN = frozenset(companions()) & {"present"}


def content_words(text: str, words: Vocabulary) -> list[str]:
    """The words of a text that something can be searched by.

    Args:
        text: In small letters; what is read already is blanks.
        words: The catalogue's own words.
    """
    found: list[str] = []
    text = _FOR_SOMEBODY.sub(lambda m: " " * len(m[0]), text)
    measures, text = _measures(text, words)
    for match in WORD.finditer(text):
        word = match[0].removesuffix("'s").removesuffix("’s")
        if len(word) < 2 or (word.isdigit() and len(word) < 5):
            continue
        if is_plain(word) and not _is_thing(word, words):
            continue
        found.append(_single(word))
    for phrase in _phrases():
        if phrase in text and re.search(rf"(?<![a-z]){re.escape(phrase)}(?:e?s)?(?![a-z])", text):
            found = [phrase, *(word for word in found if word not in re.split("[ -]", phrase))]
    for run in HAN.findall(text):
        found += _han(run, words)
    return list(dict.fromkeys([*found, *measures]))


def _measures(text: str, words: Vocabulary) -> tuple[list[str], str]:
    """Sizes that titles write, as they write them, and the text without them."""
    found: list[str] = []
    for match in _MEASURE.finditer(text):
        number, unit = match[1], match[2]
        units = next((group for group in _UNITS if unit in group), (unit,))
        forms = [f"{number}{gap}{each}" for each in units for gap in ("", " ", "-")]
        named = next((form for form in forms if words.in_titles(form)), None)
        if named is not None:
            found.append(named)
            text = f"{text[: match.start()]}{' ' * len(match[0])}{text[match.end() :]}"
    return found, text


def _is_thing(word: str, words: Vocabulary) -> bool:
    """Whether a word that says nothing elsewhere is a thing here: "fittings"."""
    return stem(word) not in _MORE_EN and words.of_goods and words.is_thing((word,))


def is_plain(word: str) -> bool:
    """Whether an English word, in small letters, says nothing that can be searched for."""
    return stem(word) in _MORE_EN or (stem(word) in plain_english() and word not in companions())


def _single(word: str) -> str:
    known = companions()
    for ending in ("", "s", "es"):
        if ending and word.endswith(ending) and word[: -len(ending)] in known:
            return word[: -len(ending)]
    return word


@cache
def _phrases() -> list[str]:
    return [word for word in companions() if (" " in word or "-" in word) and word.isascii()]


def _han(run: str, words: Vocabulary) -> list[str]:
    """Known words of a run of Chinese, the longest first; what is left between them in pairs."""
    known, plain = companions(), plain_chinese() | _MORE_ZH
    found: list[str] = []
    rest = ""
    at = 0
    while at < len(run):
        for to in range(min(len(run), at + 8), at, -1):
            part = run[at:to]
            if part in known or part in plain or (len(part) > 1 and words.is_run(part)):
                found += _left(rest, words)
                rest = ""
                if (part in known and part not in _MORE_ZH) or (
                    part not in plain and len(part) > 1
                ):
                    found.append(part)
                at = to
                break
        else:
            rest += run[at]
            at += 1
    return [*found, *_left(rest, words)]


def _left(rest: str, words: Vocabulary) -> list[str]:
    if len(rest) < 2:
        return [rest] if rest and words.title_words_of(rest) and rest not in _MORE_ZH else []
    return [rest]
