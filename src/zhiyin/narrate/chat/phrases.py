"""What the conversation says, in English and Chinese."""

from __future__ import annotations

from zhiyin.narrate.language import Language

PHRASES: dict[Language, dict[str, str]] = {
    "en": {
        "slate": "Here is what I found: {0}.",
        "short": "{0}.",
        "asks": "What are you in the mood for? Tell me a kind, a maker, a year or a price.",
        "refuse": "I cannot do that. I only search and recommend items of the catalogue.",
        "refuse_others": "I cannot tell you about other people. I only search for you.",
        "clash": "You want it and do not want it: which of the two do you mean?",
        "remembers": "I keep in your profile: {0}.",
        "forgets": "I no longer keep: {0}.",
        "only_that": "Nothing more is recorded.",
        "why_fits": "{0} fits what you asked for: {1}.",
        "why_short": "{0}: {1}.",
        "why_none_short": "{0} fits your words.",
        "title_names": "its title has {0}",
        "described": "{0}: {1}.",
        "described_none": "{0}: nothing but the title is recorded.",
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
        "refuse": "这个我做不到。我只能搜索和推荐目录里的商品。",
        "refuse_others": "我不能透露其他人的信息。我只能为你搜索和推荐。",
        "clash": "同一样东西你又要又不要，到底要不要？",
        "remembers": "已记入你的资料：{0}。",
        "forgets": "不再记：{0}。",
        "only_that": "没有更多记录了。",
        "why_fits": "{0}符合你提出的要求：{1}。",
        "why_short": "{0}：{1}。",
        "why_none_short": "{0}符合你的话。",
        "title_names": "标题里有{0}",
        "described": "{0}：{1}。",
        "described_none": "{0}：只有标题。",
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
    "en": {"runtime_min": "length", "categories": "category", "genres": "genre",
           "mpaa": "rated", "directors": "director", "title": "title"},
    "zh": {"price": "价格", "year": "年份", "categories": "类别", "genres": "类型", "brand": "品牌",
           "directors": "导演", "series": "系列", "actors": "演员", "authors": "作者",
           "rating": "评分",
           "runtime_min": "时长", "mpaa": "评定", "colour": "颜色", "material": "材质",
           "size": "尺寸", "weight": "重量", "battery": "续航", "availability": "库存",
           "title": "标题"},
}  # fmt: skip
"""Names of attributes."""
UNITS: dict[Language, dict[str, str]] = {
    "en": {"runtime_min": " minutes"},
    "zh": {"runtime_min": "分钟", "price": "元", "year": "年"},
}
"""What stands behind numbers."""
