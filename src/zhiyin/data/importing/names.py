"""Which column is which: the names that logs and catalogues give to the same thing."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from zhiyin.core.errors import DataError

_USER = (
    "userid user uid userno userkey customerid customer memberid member accountid "
    "buyerid visitorid viewerid reviewerid profileid learnerid studentid 用户id 用户 "
    "用户编号 会员id 会员 会员编号 买家id 买家 客户id 客户 读者id 学生id 学员id"
)
_ITEM = (
    "itemid item iid skuid sku productid product goodsid goods spuid asin parentasin "
    "movieid movie filmid videoid songid trackid musicid albumid artistid bookid book "
    "isbn newsid articleid postid courseid contentid docid listingid 商品id 商品 "
    "商品编号 物品id 物品 物品编号 产品id 产品 电影id 电影 影片id 视频id 歌曲id "
    "图书id 书籍id 新闻id 文章id 课程id 内容id"
)
_TIME = (
    "timestamp timestampms time ts datetime eventtime createdat created date "
    "unixreviewtime unixtime reviewtime visittime clicktime 时间戳 时间 发生时间 "
    "行为时间 操作时间 创建时间 日期"
)
_BEHAVIOUR = (
    "eventtype event behavior behaviour behaviortype behaviourtype actiontype action "
    "feedbacktype interactiontype eventname 行为 行为类型 用户行为 事件 事件类型 操作 "
    "操作类型 动作"
)
_VALUE = "value rating score stars overall bookrating 评分 分数 打分 星级 得分"

EVENT_ROLES: dict[str, str] = {
    "user": _USER,
    "item": _ITEM,
    "type": f"{_BEHAVIOUR} type 类型",
    "timestamp": _TIME,
    "value": _VALUE,
    "text": "text review reviewtext reviewbody comment content 评论 评论内容 评价 评价内容",
    "query": "query search searchquery searchterm keyword keywords 搜索 搜索词 查询 查询词 关键词",
    "event_id": "eventid eventuuid interactionid 事件id",
    "position": "position sequence seq 顺序 序号",
    "context": "context 上下文",
    "surface": "surface channel scene 场景 渠道 版面",
    "device": "device devicetype 设备 设备类型",
    "place": "place location 地点 位置",
    "session": "sessionid session 会话id 会话",
}
"""For each role of an event the names it is known by, in order of preference."""

ITEM_ROLES: dict[str, str] = {
    "id": f"{_ITEM} id",
    "title": (
        "title itemtitle producttitle movietitle booktitle songtitle name itemname "
        "productname 标题 名称 商品名称 商品名 商品标题 物品名称 电影名 片名 书名 歌名 "
        "课程名称 comment"
    ),
    "text": (
        "text description desc summary overview plot abstract body 描述 商品描述 简介 "
        "详情 介绍 正文 摘要"
    ),
    "categories": (
        "categories category genres genre tags tag class classes 类别 分类 品类 类目 类型 标签"
    ),
    "price": "price 价格 售价 单价",
    "brand": "brand 品牌",
    "hidden": "hidden ishidden 下架",
}
"""Roles of an item's columns."""

USER_ROLES: dict[str, str] = {
    "id": f"{_USER} id",
    "gender": "gender sex 性别",
    "age": "age 年龄",
    "city": "city 城市",
    "occupation": "occupation job 职业",
}
"""Roles of a user's columns."""

USER_EVENT_ROLES: dict[str, str] = {
    "type": _BEHAVIOUR,
    "item": _ITEM,
    "timestamp": "timestamp timestampms ts eventtime 时间戳 行为时间 发生时间",
}
"""What makes a row of a table of users an event too: a column of behaviour, and its company."""

EDGE_ROLES: dict[str, str] = {
    "source": f"source sourceid from fromid follower followerid user1 usera {_USER} 关注者",
    "target": (
        "target targetid to toid friend friendid followee followeeid followed user2 userb "
        "好友 好友id 被关注者"
    ),
    "kind": "kind type relation relationship 关系 类型",
    "weight": "weight strength 权重 强度",
    "timestamp": _TIME,
}
"""Roles of a tie between two users."""


def normalised(name: str) -> str:
    """A column name without case, width, spaces, underscores and RecBole's ``:token``."""
    text = unicodedata.normalize("NFKC", name).casefold().partition(":")[0]
    return "".join(c for c in text if c.isalnum())


def recognise(
    columns: Sequence[str],
    roles: Mapping[str, str],
    *,
    given: Mapping[str, str],
    required: Sequence[str] = (),
    where: str = "",
) -> dict[str, str]:
    """Finds the column of each role; no column serves two.

    Args:
        columns: The file's columns.
        roles: Names by role, in order of preference.
        given: Roles that the caller has settled.
        required: Roles that must be found.
        where: The file, for the message.

    Returns:
        The column of each role that was found.

    Raises:
        DataError: A given column is not there, or a required role is not found.
    """
    found = {role: column for role, column in given.items() if role in roles}
    absent = [column for column in found.values() if column not in columns]
    if absent:
        raise DataError(
            f"{where} has no column {absent[0]!r}",
            hint=f"its columns are: {', '.join(columns)}; "
            "a column of one table only is named like events.user=NAME",
        )
    free = {normalised(c): c for c in reversed(columns) if c not in found.values()}
    for role, names in roles.items():
        if role not in found:
            name = next((n for n in names.split() if n in free), None)
            if name is not None:
                found[role] = free.pop(name)
    missing = [role for role in required if role not in found]
    if missing:
        raise DataError(
            f"{where}: no column was recognised as the {missing[0]}",
            hint=f"name it with --columns {missing[0]}=NAME; its columns are: {', '.join(columns)}",
        )
    return found


def settled(columns: Mapping[str, str], table: str) -> dict[str, str]:
    """The caller's columns that speak of one table, by the table's own names of roles.

    ``user`` and ``events.user`` both name the user of an event; only the first is also the
    id in the table of users.
    """
    own_id = {"users": ("user", "user_id"), "items": ("item", "item_id")}.get(table, ())
    found: dict[str, str] = {}
    for name, column in columns.items():
        scope, _, role = name.rpartition(".")
        if scope in ("", table):
            role = "id" if role in own_id else _SYNONYMS.get(role, role)
            if role not in found or scope:
                found[role] = column
    return found


_SYNONYMS = {"user_id": "user", "item_id": "item", "event": "type", "event_type": "type"}
