"""What the conversation says, in English and Chinese."""

from __future__ import annotations

from zhiyin.narrate.language import Language

PHRASES: dict[Language, dict[str, str]] = {
    "en": {
        "slate": "Here is what I found: {0}.",
        "short": "{0}.",
        "asks": "What are you in the mood for? Tell me a kind, a maker, a year or a price.",
        "refuse": "I cannot help with that. I can only search and recommend items for you.",
        "reset": "All wishes are forgotten. What would you like?",
        "lacks": "The catalogue does not record this: {0}. The rest of your wish is kept.",
        "admits": "Nothing in the catalogue keeps all of these wishes: {0}.",
        "none": "I found nothing more.",
        "unknown_item": "There is no item called {0} in the catalogue.",
        "why_none": "No recorded fact explains {0}; it fits what you asked for.",
        "which": "Which one do you mean? I have shown nothing at that place.",
    },
    "zh": {
        "slate": "为你找到：{0}。",
        "short": "{0}。",
        "asks": "你想要什么样的？可以告诉我类型、品牌、年份或价格。",
        "refuse": "这个我不能帮忙。我只能为你搜索和推荐。",
        "reset": "之前的要求都清除了。你想要什么样的？",
        "lacks": "目录里没有记录这一项：{0}。其余的要求会保留。",
        "admits": "目录里没有能同时满足这些要求的：{0}。",
        "none": "没有找到更多了。",
        "unknown_item": "目录里没有叫{0}的。",
        "why_none": "没有记录能解释{0}；它符合你提出的要求。",
        "which": "你指的是哪一个？那个位置还没有展示过。",
    },
}
"""By language and act."""
FIELDS: dict[Language, dict[str, str]] = {
    "en": {"runtime_min": "length", "categories": "category"},
    "zh": {"price": "价格", "year": "年份", "categories": "类别", "brand": "品牌",
           "directors": "导演", "rating": "评分", "runtime_min": "时长"},
}  # fmt: skip
"""Names of attributes."""
