"""What people say when they look for something, in Chinese and in English.

An encoder's vectors share a direction that tells of the language, and another that tells a
short wish from a long description. The mean of these phrases holds both, so a query is
compared with a catalogue after its own language's mean has been taken from it.
"""

from __future__ import annotations

PHRASES: tuple[tuple[str, str], ...] = (
    ("我想找一部电影", "I am looking for a movie"),
    ("有没有适合送给妈妈的礼物", "a gift for my mother"),
    ("一个人在家吃饭", "eating alone at home"),
    ("孩子睡不着觉", "the child cannot sleep"),
    ("讲友情的故事", "a story about friendship"),
    ("轻便的旅行包", "a light travel bag"),
    ("夏天太热了怎么办", "what to do when summer is too hot"),
    ("战争中的爱情", "love in wartime"),
    ("学习编程的书", "a book to learn programming"),
    ("厨房里用的刀", "a knife for the kitchen"),
    ("警察追捕逃犯", "police chase a fugitive"),
    ("男人失去了记忆", "a man lost his memory"),
    ("老房子里有鬼", "a ghost in the old house"),
    ("两个人在火车上相遇", "two people meet on a train"),
    ("清洁地板的工具", "a tool for cleaning floors"),
    ("手机没电了", "the phone is out of battery"),
    ("给狗洗澡", "washing the dog"),
    ("皮肤很干", "dry skin"),
    ("外星人来到地球", "aliens come to earth"),
    ("她决定离开家乡", "she decides to leave her hometown"),
    ("下雨天穿的鞋", "shoes for rainy days"),
    ("办公室里坐久了腰疼", "back pain from sitting in the office"),
    ("国王和他的儿子", "the king and his sons"),
    ("治愈系的音乐", "healing music"),
    ("最便宜的耳机", "the cheapest headphones"),
    ("银行抢劫", "a bank robbery"),
    ("冬天的外套", "a winter coat"),
    ("怎么做蛋糕", "how to bake a cake"),
    ("医生救了很多人", "a doctor who saved many people"),
    ("周末去爬山", "hiking at the weekend"),
    ("登山鞋", "hiking boots"),
    ("防水", "waterproof"),
    ("家庭露营", "family camping"),
    ("电饭煲", "rice cooker"),
    ("容易清洗", "easy to clean"),
    ("煮饭煲粥", "rice and porridge"),
    ("降噪", "noise-cancelling"),
    ("通勤路上听歌", "music on the way to work"),
    ("婴儿车", "pram"),
    ("科幻小说", "science fiction"),
    ("睡前故事", "bedtime stories"),
    ("猫粮", "cat food"),
)
"""Chinese, and the same in English."""


def phrases(language: str) -> list[str]:
    """The phrases in a language; in both where it is neither Chinese nor English."""
    chinese, english = zip(*PHRASES, strict=True)
    return {"zh": list(chinese), "en": list(english)}.get(language, [*chinese, *english])
