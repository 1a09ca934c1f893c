"""Conversation about goods: which thing is meant, which of its properties, what gives way."""

from __future__ import annotations

from typing import Any

import pytest

from zhiyin.narrate.chat import CatalogueTools, ChatReply, ChatState, converse
from zhiyin.narrate.chat.vocabulary import Vocabulary

_TITLES = [
    ("键野 无线机械键盘 红轴", ["电子设备", "电脑外设"], "键野", 299),
    ("键野 无线机械键盘 茶轴", ["电子设备", "电脑外设"], "键野", 319),
    ("方舟 人体工学竖握鼠标 有线", ["电子设备", "电脑外设"], "方舟", 99),
    ("方舟 移动固态硬盘 1T", ["电子设备", "电脑外设"], "方舟", 499),
    ("方舟 移动固态硬盘 2T", ["电子设备", "电脑外设"], "方舟", 899),
    ("川岭 速开自动帐篷 两人", ["运动户外", "露营徒步"], "川岭", 299),
    ("川岭 速开自动帐篷 四人", ["运动户外", "露营徒步"], "川岭", 499),
    ("川岭 鹅绒睡袋 秋冬", ["运动户外", "露营徒步"], "川岭", 399),
    ("墨知 减负护脊书包 深蓝", ["玩具文具", "书写文具"], "墨知", 199),
    ("墨知 减负护脊书包 粉色", ["玩具文具", "书写文具"], "墨知", 209),
    ("北岬 《长夜航图》 平装", ["图书", "科幻小说"], "北岬", 42),
    ("北岬 《长夜航图》 有声书", ["图书", "科幻小说"], "北岬", 29),
    ("暖陶 加湿器 卧室", ["家电", "生活电器"], "暖陶", 129),
    ("暖陶 除湿机 12升", ["家电", "生活电器"], "暖陶", 699),
]
GOODS: dict[str, dict[str, Any]] = {
    f"g{at}": {"title": title, "categories": kinds, "brand": brand, "price": price}
    for at, (title, kinds, brand, price) in enumerate(_TITLES)
}
TOOLS = CatalogueTools(GOODS)


def talk(*messages: str) -> tuple[ChatReply, ChatState]:
    state, reply = ChatState(user_id="u1"), ChatReply(text="")
    for message in messages:
        reply, state = converse(message, state, tools=TOOLS)
    return reply, state


def titles(reply: ChatReply) -> list[str]:
    return [GOODS[item]["title"] for item in reply.item_ids]


@pytest.mark.parametrize(
    ("said", "word", "count"),
    [
        (["想要无线键盘"], "键盘", 2),
        (["想要无线键盘", "那再来个鼠标"], "鼠标", 1),
        (["两人的帐篷"], "两人", 1),
        (["帐篷", "睡袋也要看看"], "睡袋", 1),
        (["书包有没有护脊的"], "书包", 2),
        (["移动硬盘要2T的"], "2T", 1),
        (["移动硬盘要1T的", "换成2T的"], "2T", 1),
        (["家里太潮了，有抽湿的吗"], "除湿", 1),
        (["keyboard, wireless"], "键盘", 2),
        (["a dehumidifier, please"], "除湿", 1),
    ],
)
def test_every_item_is_the_thing_that_was_asked_for(said: list[str], word: str, count: int) -> None:
    found = titles(talk(*said)[0])
    assert len(found) == count
    assert all(word in title for title in found)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (["键盘", "红轴不要"], "红轴"), (["书包", "粉色以外的"], "粉色"),
        (["想买科幻小说，不要有声书"], "有声"), (["a schoolbag, not pink"], "粉色"),
    ],
)  # fmt: skip
def test_what_is_not_wanted_is_left_out_and_the_thing_stays(said: list[str], word: str) -> None:
    found = titles(talk(*said)[0])
    assert len(found) == 1
    assert word not in found[0]


def test_a_thing_that_the_wishes_rule_out_is_not_replaced_by_another() -> None:
    reply, _ = talk("帐篷，不要川岭的")
    assert reply.item_ids == []
    assert "admits" in reply.acts


@pytest.mark.parametrize(
    ("said", "bound"),
    [("两千以内的硬盘", 2000), ("硬盘，预算还是三百", 300), ("硬盘，别超过五百", 500),
     ("再便宜点的硬盘，三百块打住", 300)],
)  # fmt: skip
def test_amounts_in_words_are_prices_where_the_catalogue_has_no_years(
    said: str, bound: float
) -> None:
    wishes = talk("硬盘", said)[1].wishes
    assert ("price", "<=", bound) in [(wish.field, wish.op, wish.value) for wish in wishes]


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("我闺蜜上次买的书包是哪个", True), ("谁还买过这个", True), ("看看我自己的购买记录", False),
        ("who else bought this?", True), ("what are other people buying", True),
        ("what can I buy for my sister", False), ("show users manual books", False),
        ("list your users", True),
    ],
)  # fmt: skip
def test_only_questions_about_other_people_are_refused(said: str, refused: bool) -> None:
    assert (talk(said)[0].acts == ["refuses"]) is refused


def test_the_item_meant_is_found_by_a_word_of_its_title() -> None:
    reply, state = talk("硬盘")
    again, _ = converse("为什么推荐2T那个", state, tools=TOOLS)
    assert again.about == [item for item in reply.item_ids if "2T" in GOODS[item]["title"]]


def test_a_value_that_is_a_word_of_every_sentence_is_no_wish() -> None:
    tents = {
        "t1": {"title": "Dome Tent", "colour": "a", "price": 40.0},
        "t2": {"title": "Tunnel Tent", "colour": "green", "price": 45.0},
    }
    reply, state = converse("a tent under 50", ChatState(), tools=CatalogueTools(tents))
    assert set(reply.item_ids) == {"t1", "t2"}
    assert not [wish for wish in state.wishes if wish.field == "colour"]


@pytest.mark.parametrize("marks", ["12\" tyre, 3' cord", "12\u2033 tyre, 3\u2032 cord"])
def test_a_title_with_inches_is_known_as_it_is_recorded_and_as_it_is_shown(marks: str) -> None:
    words = Vocabulary()
    words.add({"item_id": "d", "title": "Dolly, 12\" tyre, 3' cord"})
    assert words.item_called(f"dolly, {marks}") == "d"
