"""What the log and the catalogue hold, and what somebody did last."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from zhiyin.app.http.access import AtTenant
from zhiyin.app.http.documented import UserId, answers, new_router
from zhiyin.core.clock import system_clock
from zhiyin.core.messages import (
    Activity,
    Bucket,
    Counted,
    Deed,
    History,
    HourTraffic,
    Kind,
    Period,
    Reach,
    TopItem,
)

router = new_router("health")

_HOUR = 3_600_000
_HOURS = 48

_ACTIVITY = Activity(
    events_read=836_478,
    step="week",
    periods=[Period(start=1_789_948_800_000, events=5_120, users=840, new_users=61)],
    untimed=0,
    week=[[120] * 24] * 7,
    types=[Counted(name="purchase", count=836_478)],
    kinds=[Kind(name="outdoor", items=412, events=90_211)],
    item_buckets=[Bucket(least=1, most=1, count=141)],
    user_buckets=[Bucket(least=20, most=49, count=375)],
    reach=[Reach(items=0.1, events=0.427)],
    top_items=[TopItem(item_id="tent-1", title="Two-person tent", events=583)],
    hours=[HourTraffic(hour=1_789_988_400_000, shown=40, answered=4)],
)
_HISTORY = History(
    user_id="user-7",
    deeds=[
        Deed(
            type="purchase",
            item_id="tent-1",
            title="Two-person tent",
            timestamp=1_789_990_000_000,
            value=1.0,
        )
    ],
)


@router.get(
    "/v1/activity",
    summary="What the log and the catalogue hold, counted for charts",
    responses=answers(_ACTIVITY, says="As of the last minute."),
)
def read_activity(tenant: AtTenant) -> Activity:
    """Events over time, by weekday and hour, by item, by person and by category.

    The newest two million events are read; what is counted of them is kept for a minute.
    Slates are counted as of now.
    """
    now = system_clock()
    since = now - now % _HOUR - (_HOURS - 1) * _HOUR
    hours = [
        HourTraffic(hour=hour, shown=rate.shown, answered=rate.answered)
        for hour, rate in tenant.traffic.timeline(since=since, step=_HOUR).items()
        if rate.shown
    ]
    return tenant.activity.read().model_copy(update={"hours": hours})


@router.get(
    "/v1/history/{user_id:path}",
    summary="What somebody did last",
    responses=answers(_HISTORY, says="Newest first; nothing for somebody unknown."),
    tags=["users"],
)
def read_history(
    tenant: AtTenant,
    user_id: UserId,
    limit: Annotated[
        int, Query(ge=1, le=1000, description="How many events, at most.", examples=[10])
    ] = 10,
) -> History:
    """The last events of a person, with the titles of the items."""
    return tenant.activity.history(user_id, limit=limit)
