"""Words that praise and words that blame, in Chinese and English, and what turns them round.

Used beside the anchors: a sentence encoder knows that *broke* is bad news without being
told, and a list knows that *not bad* is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PRAISE_ZH = (
    "满意 喜欢 推荐 好评 好用 好吃 好喝 好看 好听 好闻 好玩 不错 很好 太好 真好 超好 完美 惊喜 "
    "舒服 舒适 耐用 实用 方便 精彩 感动 感人 优秀 出色 漂亮 精致 细腻 值得 划算 实惠 超值 "
    "物超所值 性价比高 给力 放心 合身 正好 合适 回购 真香 棒 赞 爱不释手 开心 高兴 贴心 耐心 "
    "热情 顺滑 清晰 结实 扎实 牢固 轻便 安静 香浓 浓郁 好喜欢 五星 超出预期 有趣 不后悔 没得挑 "
    "挑不出 无可挑剔 正品 周到"
).split()
_BLAME_ZH = (
    "失望 差评 后悔 垃圾 难用 难吃 难喝 难看 难听 难闻 无聊 糟糕 恶心 劣质 粗糙 异味 太差 很差 "
    "真差 差劲 差远 太烂 烂片 破烂 烂尾 坏了 坏的 开裂 开胶 掉色 掉漆 褪色 起球 缩水 变形 漏水 "
    "漏电 破损 划痕 生锈 卡顿 死机 骗 假货 虚假 虚标 虚高 不符 不值 太贵 偏贵 浪费 退货 退款 "
    "投诉 敷衍 拖沓 尴尬 一塌糊涂 塑料感 刺鼻 吵 噪音大 没用 无效 白买 上当 坑 糟心 气人 生气 "
    "讨厌 再也不 千万别 别买 不建议 爱答不理 没人理 瑕疵 翻车 不敢 难受 鸡肋 二手 拉胯 踩雷 "
    "看不下去 读不下去"
).split()
_NOT_ZH = "不太 不是 不算 不够 不怎么 并不 并没有 没有 没 不 毫无 无 未 从不 谈不上 别"
_PRAISE_EN = (
    "good great excellent perfect perfectly love loved loves lovely best better amazing awesome "
    "wonderful fantastic superb brilliant beautiful beautifully happy pleased satisfied delighted "
    "recommend recommended recommends comfortable comfy sturdy durable reliable worth enjoy "
    "enjoyed enjoyable nice favourite favorite smooth solid impressive impressed helpful friendly "
    "fast quick quiet delicious tasty gripping moving touching charming fun funny easy useful "
    "bargain flawless pleasant surprised glad adore thrilled stunning crisp soft fine"
).split()
_BLAME_EN = (
    "bad worse worst terrible awful horrible poor poorly disappointed disappointing disappointment "
    "waste wasted useless broken broke breaks defective faulty garbage trash junk rubbish hate "
    "hated regret regretted refund returned returning cheap flimsy uncomfortable ugly boring dull "
    "bland disgusting noisy loud slow rude ignored misleading fake scam cheated overpriced "
    "underwhelming unreadable unusable unhappy annoying annoyed leaks leaked leaking cracked torn "
    "tore scratched peeled peeling peels faded smells stinks stopped fails failed failure crashed "
    "problem problems issue issues fault faults worthless mediocre tasteless cardboard bin wooden"
).split()
_NOT_EN = (
    "not no never nothing none cannot cant without hardly barely neither nor dont doesnt didnt "
    "isnt wasnt wont wouldnt couldnt arent aint havent hasnt"
).split()
_REACH = 3
"""English words after a negation that it turns round."""
_SETTLED = 2.0
"""Words of one kind, less those of the other, at which the judgement is two thirds full."""


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_ZH = re.compile(
    f"(?P<praise>{_either(_PRAISE_ZH)})|(?P<blame>{_either(_BLAME_ZH)})"
    f"|(?P<no>{_either(_NOT_ZH.split())})|(?P<stop>[，。！？；,.!?;])|(?P<other>[\u4e00-\u9fff])"
)
_WORDS_EN: dict[str, int] = {word: 1 for word in _PRAISE_EN} | {word: -1 for word in _BLAME_EN}
_NEGATIONS_EN = frozenset(_NOT_EN)
_EN = re.compile(r"[a-z]+(?:['’][a-z]+)?|[.!?;]")


def judge_words(text: str) -> float:
    """What the words of a text say, from -1 (blame) to 1 (praise); 0 where they are silent.

    Args:
        text: Cleaned text; lower and upper case are alike.
    """
    total = _chinese(text) + _english(text.casefold())
    return total / (abs(total) + _SETTLED / 2) if total else 0.0


def _chinese(text: str) -> int:
    """Praise less blame; a negation turns the word that follows within two characters."""
    total = since = 0
    negated = False
    for found in _ZH.finditer(text):
        if found.lastgroup == "no":
            negated, since = not negated, 0
        elif found.lastgroup == "stop":
            negated = False
        elif found.lastgroup == "other":
            since += 1
            negated = negated and since <= _REACH - 1
        else:
            value = 1 if found.lastgroup == "praise" else -1
            total += -value if negated else value
            negated = False
    return total


def _english(text: str) -> int:
    """Praise less blame; a negation turns what stands up to three words after it."""
    total, reach = 0, 0
    for word in _EN.findall(text):
        plain = word.replace("'", "").replace("’", "")
        if not plain.isalpha():
            reach = 0
        elif plain in _NEGATIONS_EN:
            reach = _REACH + 1
        elif value := _WORDS_EN.get(plain, 0):
            total += -value if reach > 0 else value
        reach -= 1
    return total
