"""The words of explanations, in English and Chinese."""

from __future__ import annotations

from typing import NamedTuple

from zhiyin.narrate.language import Language


class Phrases(NamedTuple):
    """Sentences with places for names and numbers."""

    verbs: dict[str, str]
    """What a user did, by type of event."""
    other_verb: str
    """For types of event that have no verb of their own."""
    fields: dict[str, str]
    """Names of attributes."""
    deeds: str
    similar: str
    in_common: str
    aspect: str
    tags: str
    users: str
    share: str
    ranker: str
    features: str
    nothing: str
    opening: str
    rather: str
    nearer: str
    only_one: str
    cheaper: str
    higher: str
    gap: str
    """What stands between sentences."""


_EN = Phrases(
    verbs={
        "purchase": "bought", "buy": "bought", "order": "ordered", "view": "looked at",
        "click": "looked at", "cart": "put {0} in your cart", "add_to_cart": "put {0} in your cart",
        "rating": "rated", "rate": "rated", "like": "liked", "read": "read", "play": "played",
        "watch": "watched", "listen": "listened to", "complete": "finished", "save": "saved",
        "favorite": "saved", "favourite": "saved", "bookmark": "saved", "share": "shared",
        "enroll": "enrolled in", "book": "booked", "download": "downloaded",
    },
    other_verb="have {0} in your history",
    fields={
        "series": "series", "directors": "director", "director": "director",
        "authors": "author", "author": "author", "artists": "artist", "artist": "artist",
        "actors": "actor", "instructor": "instructor", "brand": "brand",
        "publisher": "publisher", "categories": "category", "genres": "genre", "tags": "tag",
        "material": "material", "colour": "colour", "style": "style", "language": "language",
    },
    deeds="Because you {0}.",
    similar="It is similar to {0}.",
    in_common="It has in common with {1}: {0}.",
    aspect="{0} {1}",
    tags="It fits your interest in {0}.",
    users="{0} users chose it.",
    share="Of what speaks for it in your history, {0} counts for {1}%.",
    ranker="The ranking model moved it further up.",
    features="The ranking model looked most at: {0}.",
    nothing="No recorded fact speaks for this one yet.",
    opening="{0}:",
    rather="{0} rather than {1}.",
    nearer="Unlike {1}, it shares with {2}: {0}.",
    only_one="No event in your history is cited for {0}.",
    cheaper="It costs less.",
    higher="It has the higher score of the two.",
    gap=" ",
)  # fmt: skip
_ZH = Phrases(
    verbs={
        "purchase": "买过", "buy": "买过", "order": "订过", "view": "看过", "click": "看过",
        "cart": "把{0}加入过购物车", "add_to_cart": "把{0}加入过购物车", "rating": "给{0}打过分",
        "rate": "给{0}打过分", "like": "喜欢过", "read": "读过", "play": "播放过", "watch": "看过",
        "listen": "听过", "complete": "完整看过", "save": "收藏过", "favorite": "收藏过",
        "favourite": "收藏过", "bookmark": "收藏过", "share": "分享过", "enroll": "报名过",
        "book": "预订过", "download": "下载过",
    },
    other_verb="的记录里有{0}",
    fields={
        "series": "系列", "directors": "导演", "director": "导演", "authors": "作者",
        "author": "作者", "artists": "艺人", "artist": "艺人", "actors": "演员",
        "instructor": "讲师", "brand": "品牌", "publisher": "出版方", "categories": "类别",
        "genres": "类型", "tags": "标签", "material": "材质", "colour": "颜色", "style": "风格",
        "language": "语言",
    },
    deeds="因为你{0}。",
    similar="它和{0}相似。",
    in_common="它和{1}的共同点：{0}。",
    aspect="{0}{1}",
    tags="它符合你对{0}的兴趣。",
    users="有{0}位用户选择了它。",
    share="在你的记录里支持它的部分中，{0}占{1}%。",
    ranker="排序模型把它的位置提前了。",
    features="排序模型最看重的是：{0}。",
    nothing="目前还没有记录能说明推荐它的原因。",
    opening="{0}：",
    rather="推荐{0}，而不是{1}。",
    nearer="与{1}不同，它和{2}的共同点：{0}。",
    only_one="你的历史记录中没有一条是为{0}引用的。",
    cheaper="它更便宜。",
    higher="两者之中它的得分更高。",
    gap="",
)  # fmt: skip
PHRASES: dict[Language, Phrases] = {"en": _EN, "zh": _ZH}
"""By language."""
