"""How a conversation begins: a slate, and the recorded reasons for what is on it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from zhiyin.core.messages.chat import ChatReason
from zhiyin.core.slate import Frozen
from zhiyin.narrate.chat.occasions import Deed, Occasion, occasions, slot_of
from zhiyin.narrate.chat.tools import Tools
from zhiyin.narrate.explain.reasons import title_of
from zhiyin.narrate.language import Language, language_of_records, listed, quoted

_MOST_EVIDENCE = 20
_PART = 2
"""Items of a series or kind that was begun."""
_DAYS: dict[Language, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}
_BANDS: dict[Language, tuple[str, ...]] = {
    "en": ("before dawn", "morning", "afternoon", "evening"),
    "zh": ("凌晨", "上午", "下午", "晚上"),
}
_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "time": "Because it is {time}: {count} of your {of} earlier visits at this time went to "
        "{what}, and {elsewhere} of {elsewhere_of} at other times.",
        "cart": "You put {what} in your cart on {date} and have not bought it.",
        "play": "You began {what} on {date} and have not finished it.",
        "enrol": "You enrolled in {what} on {date} and have not finished it.",
        "begun": "You recently began {what}: {count} so far, the first on {date}.",
        "return": "Your last visit was {count} days ago; usually {of} pass between two.",
        "slate": "Here is something for you: {0}.",
        "none": "The catalogue has nothing to show yet.",
    },
    "zh": {
        "time": "因为现在是{time}：你以往在这个时段来过{of}次，其中{count}次选了{what}；其他时候"
        "{elsewhere_of}次里有{elsewhere}次。",
        "cart": "你在{date}把{what}加入了购物车，还没有购买。",
        "play": "你在{date}开始了{what}，还没有看完。",
        "enrol": "你在{date}报名了{what}，还没有完成。",
        "begun": "你最近开始接触{what}：到现在{count}个，第一个在{date}。",
        "return": "你上次来是{count}天前，平时大约隔{of}天。",
        "slate": "这些也许适合你：{0}。",
        "none": "目录里还没有可以展示的。",
    },
}


class Opening(Frozen):
    """How a conversation begins."""

    text: str
    """The words."""
    item_ids: list[str] = Field(default_factory=list[str])
    """The slate, by id."""
    reasons: list[ChatReason] = Field(default_factory=list[ChatReason])
    """Why some of it; empty where nothing is recorded."""
    tools: list[str] = Field(default_factory=list[str])
    """Names of the tools that were used."""
    language: Language
    """Of the words."""


def begin(
    user_id: str | None,
    deeds: Sequence[Deed],
    *,
    tools: Tools,
    n: int,
    now: int,
    offset: int = 0,
    language: Language | None = None,
) -> Opening:
    """Begins a conversation.

    What was left unfinished comes first, then what was recently begun, then what the user goes
    for at this time of the week, then the engine's own slate. A reason without an item that is
    shown is not told, except that of a visit after a long while.

    Args:
        user_id: For whom; None for somebody unknown, of whom nothing is claimed.
        deeds: What they did, in order of arrival.
        tools: What recommends.
        n: Length of the slate.
        now: The present, in milliseconds since the epoch.
        offset: Minutes that the user's clock is ahead of UTC.
        language: Of the words; None: that of most titles that are shown.
    """
    touched = {deed.item_id for deed in deeds}
    records = tools.records(sorted(touched))
    found = occasions(deeds, records, now=now, offset=offset)
    slate: list[str] = []
    shown: list[tuple[Occasion, list[str]]] = []
    for occasion in found:
        offered = _offered(occasion, user_id, tools, n, touched | set(slate))[: n - len(slate)]
        slate += offered
        if offered or occasion.kind == "return":
            shown.append((occasion, offered))
    if len(slate) < n:
        more = tools.recommend(user_id, wishes=[], n=n + len(slate))
        slate += [item for item in more if item not in slate][: n - len(slate)]
    records = {**records, **tools.records(slate)}
    spoken = language or language_of_records([records.get(item, {}) for item in slate])
    reasons = [_told(*each, records, now, offset, spoken) for each in shown]
    titles = listed([quoted(title_of(item, records)) for item in slate], spoken)
    words = _WORDS[spoken]
    said = [reason.text for reason in reasons]
    said.append(words["slate"].format(titles) if slate else words["none"])
    text = ("" if spoken == "zh" else " ").join(said)
    return Opening(text=text, item_ids=slate, reasons=reasons, tools=["recommend"], language=spoken)


def _offered(
    occasion: Occasion, user_id: str | None, tools: Tools, n: int, taken: set[str]
) -> list[str]:
    """The items that are suggested for a reason, best first."""
    if occasion.wish is None:
        return [item for item in occasion.item_ids if item in tools.table.row_of]
    found = tools.recommend(user_id, wishes=[occasion.wish], n=n + len(taken))
    fresh = [item for item in found if item not in taken]
    return fresh[:_PART] if occasion.kind == "begun" else fresh[: max(1, n - _PART)]


def _told(
    occasion: Occasion,
    offered: list[str],
    records: Mapping[str, Mapping[str, Any]],
    now: int,
    offset: int,
    language: Language,
) -> ChatReason:
    """A reason in words, with its evidence."""
    deeds = occasion.deeds
    _, weekday, band = slot_of(now, offset)
    gap = "" if language == "zh" else " "
    wish = occasion.wish
    what = quoted(wish.value if wish else title_of(deeds[0].item_id, records))
    phrase = deeds[0].type if occasion.kind == "unfinished" else occasion.kind
    text = _WORDS[language][phrase].format(
        time=f"{_DAYS[language][weekday]}{gap}{_BANDS[language][band]}",
        what=what,
        date=_date(deeds[0].at, offset),
        count=occasion.counted,
        of=occasion.of,
        elsewhere=occasion.elsewhere,
        elsewhere_of=occasion.elsewhere_of,
    )
    latest = deeds[-_MOST_EVIDENCE:]
    return ChatReason(
        kind=occasion.kind,
        text=text,
        item_ids=offered,
        events=[deed.seq for deed in latest],
        event_count=len(deeds),
        evidence_items=list(dict.fromkeys(deed.item_id for deed in latest)),
    )


def _date(at: int | None, offset: int) -> str:
    local = datetime.fromtimestamp((at or 0) / 1000, tz=UTC) + timedelta(minutes=offset)
    return local.date().isoformat()
