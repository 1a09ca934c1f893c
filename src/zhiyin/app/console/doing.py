"""What a surface does, in the language of the visitor.

The service tells it in English; the lines have fixed forms, and each form has its Chinese one.
A form that is not known stays as it is.
"""

from __future__ import annotations

import re

from zhiyin.app.console.words import Words

_FORMS: tuple[tuple[str, str], ...] = (
    (r"(\S+) items: what the user likes", r"\1 个物品：用户喜欢的"),
    (r"(\S+) items: what goes with the session", r"\1 个物品：与本次会话相配的"),
    (r"(\S+) items: what everybody likes", r"\1 个物品：大家都喜欢的"),
    (r"by utility: (.*)", r"按效用排序：\1"),
    (r"only where (.*)", r"只要 \1"),
    (r"scores times (.*)", r"得分乘以 \1"),
    (r"new items count (\S+) times, by (.*)", r"新物品按 \2 计 \1 倍"),
    (r"popularity is held against items, (\S+)", r"压低热门物品，强度 \1"),
    (r"diverse in (.*): (\S+), (\S+)", r"在 \1 上多样：\2，\3"),
    (r"each (.*) gets its part, times (\S+)", r"每个 \1 都有自己的份额，乘以 \2"),
    (r"drawn by (.*)", r"由 \1 抽取"),
    (r"never: (.*)", r"从不展示：\1"),
    (r"(.*) at place (\d+)", r"\1 固定在第 \2 位"),
    (r"at most (\S+) of one (.*)", r"同一 \2 最多 \1 个"),
    (r"(\S+) to (\S+) promoted, which are those where (.*)", r"推广占 \1 到 \2，即 \3 的物品"),
    (r"an item at most once to a user in (\S+) days", r"同一物品 \1 天内对一位用户最多展示一次"),
    (
        r"an item at most (\S+) times to a user in (\S+) days",
        r"同一物品 \2 天内对一位用户最多展示 \1 次",
    ),
    (r"an item that was shown loses (\S+) deviations each time", r"每展示一次，得分降 \1 个标准差"),
    (r"hidden for (\S+) days after (.*)", r"\2 之后隐藏 \1 天"),
    (r"without items of the history", "不含历史里的物品"),
    (r"also items of the history", "也含历史里的物品"),
)


def does(line: str, words: Words) -> str:
    """A line of what a surface does."""
    if words.language == "zh":
        for form, told in _FORMS:
            found = re.fullmatch(form, line, re.DOTALL)
            if found is not None:
                return found.expand(told)
    return line
