"""Words for events, in the languages of logs, and the types we know them by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zhiyin.data.importing.names import normalised

_WORDS: dict[str, str] = {
    "view": (
        "view views viewed pv pageview pageviews browse browsing browsed detail "
        "productview itemview viewitem access accessed read 浏览 查看 访问 看 阅读"
    ),
    "click": "click clicks clicked clk 点击 点开",
    "impression": "impression impressions exposure exposed shown show 曝光 展示",
    "cart": "cart addtocart addcart tocart basket addtobasket 加购 加购物车 加入购物车",
    "purchase": (
        "purchase purchased purchases buy bought order ordered transaction checkout paid "
        "payment 购买 下单 成交 支付 买"
    ),
    "favourite": (
        "favourite favorite favourited favorited fav wishlist collect collected bookmark "
        "save saved 收藏 加收藏"
    ),
    "like": "like liked likes thumbsup upvote 点赞 赞 喜欢",
    "share": "share shared forward forwarded repost 分享 转发",
    "comment": "comment commented comments 评论",
    "review": "review reviewed 评价",
    "rating": "rating rate rated ratings 评分 打分",
    "play": "play played watch watched listen listened 播放 观看 收听",
    "complete": "complete completed finish finished 完播 看完 完成 学完",
    "skip": "skip skipped 跳过 切歌",
    "search": "search searched 搜索",
    "follow": "follow followed subscribe subscribed 关注 订阅",
    "enrol": "enrol enroll enrolled enrolment enrollment 报名 选课",
    "dislike": "dislike disliked thumbsdown downvote 不喜欢 踩 点踩 不感兴趣 notinterested",
    "hide": "hide hidden hid 隐藏 屏蔽",
    "block": "block blocked 拉黑",
    "return": "return returned refund refunded 退货 退款",
    "remove_from_cart": "removefromcart removecart uncart 移出购物车",
    "unfavourite": "unfavourite unfavorite unfav 取消收藏",
}

_TYPE_OF = {word: name for name, words in _WORDS.items() for word in words.split()}


def event_type(word: str, given: Mapping[str, str]) -> str:
    """Our type for a file's word; words that nobody knows stay as they are.

    Args:
        word: The file's word.
        given: Words that the caller has settled.
    """
    if word in given:
        return given[word]
    return _TYPE_OF.get(normalised(word), word)


def event_types(words: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The type of each word."""
    return {word: event_type(word, given) for word in words}
