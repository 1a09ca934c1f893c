"""Things that only set a scene: where, when or with whom something is done; they claim nothing."""

from __future__ import annotations

import re

from zhiyin.narrate.grounding.facts import OWN
from zhiyin.narrate.grounding.lexicon import HAN, scenes_chinese, scenes_english
from zhiyin.narrate.grounding.reading import Reading

_PLACES = frozenset(
    "on in at by before after during while when under over near beside behind across through "
    "along around between outside inside into onto toward towards past for to your my our every "
    "until till off from".split()
)
_OWNS = frozenset(
    "with has have had having feature features featuring include includes including contain "
    "contains comes made plus without no non not is are was and-a as of-a offers offer "
    "gives built support supports holds won".split()
)
_TOGETHER = re.compile(
    r"\b(?:pairs?|paired|goes|go|served?|enjoy\w*|curl\w*|shar\w*|eat|drink|read\w*|watch\w*|sit|"
    r"spend|start\w*|end\w*|along|together|evening|night|morning|afternoon|best|perfect|lovely|"
    r"great|good|nice|well)(?: \w+){0,3}$"
)
_SERVED = re.compile(
    r"with (?:a|your|another|some) (?:\w+ )?(?:cup|mug|pot|"
    r"glass|plate|bowl|slice|piece|bit) of (?:\w+ )?"
)
_ACT = re.compile(
    r"^\W*(?:(?:just|now|then|please|simply|so|and)\s+)?(?:add|bring|brew|build|carry|"
    r"catch|come|cook|"
    r"curl|cut|dip|drop|drizzle|enjoy|fill|find|fold|forget|get|give|go|grab|hang|have|hold|keep|"
    r"leave|let|lie|listen|look|make|measure|mix|open|pack|pair|pick|place|play|pour|press|pull|"
    r"put|reach|read|relax|rest|rinse|roll|scatter|serve|set|share|sip|sit|skip|slide|slip|spend|"
    r"spread|sprinkle|start|stay|step|stir|stop|stroll|swap|take|throw|toss|travel|treat|trim|try|"
    r"turn|unwind|wake|walk|wander|warm|wash|watch|wear|wrap|write)\b"
)
_SKIPPED = frozenset("the a an this that these those of and or own next".split())
_LOOK_BACK = 6
_TOKEN = re.compile(r"[a-z’'-]+")
_OWNS_ZH = re.compile(
    "(?:内置|内含|内有|附赠|附带|附送|附|赠送|赠|送|含有|含|设有|设|配有|配备|配套|配|带有|"
    "自带|随附|支持|采用|"
    "搭载|拥有|具有|具备|有|由|用|无|不含|没有|加|"
    "[一二两三四五六七八九十\\d]+[个件条只张把台层间座种])[^,，。！？；]{0,3}$"
)
_IN_ZH = re.compile("(?:上|里|中|下|边|旁|前|后|外|内|间|口|头|畔|和|与|跟|陪|同|在|到|去|从|往)$")
_QUESTION = re.compile(r"[?？]|[吗呢吧]$")
_LEAST = 2


def sets_scene(reading: Reading, match: re.Match[str], root: str) -> bool:
    """Whether an English word is a thing of a scene, told as a place, a time or an act."""
    if root not in scenes_english():
        return False
    start, end = reading.clause(match.start())
    sentence = reading.text[match.end() : reading.sentence(match.start())[1] + 1]
    before = reading.text[start : match.start()]
    words: list[str] = _TOKEN.findall(before)[-_LOOK_BACK:]
    for at in range(len(words) - 1, -1, -1):
        word = words[at]
        if word in _PLACES:
            return True
        if word == "with":
            cut = before.rfind("with")
            served = _SERVED.fullmatch(before, cut)
            return bool(served or _TOGETHER.search(before[:cut].rstrip()))
        if word in _OWNS:
            return False
    return bool(
        _QUESTION.search(sentence) or _ACT.match(before) or _ACT.match(reading.text[start:end])
    )


def sets_scene_chinese(reading: Reading, part: str, at: int) -> bool:
    """Whether a Chinese word is a thing of a scene, and not what the item has."""
    if part not in scenes_chinese():
        return False
    start, end = reading.clause(at)
    before = reading.text[start:at]
    if reading.facts.words[OWN].has_chinese(before[-2:]):
        return False
    if _OWNS_ZH.search(before) and not _IN_ZH.match(
        reading.text[at + len(part) : at + len(part) + 1]
    ):
        return False
    return sum(len(run[0]) for run in HAN.finditer(reading.text[start:end])) >= len(part) + _LEAST
