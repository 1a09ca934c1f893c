"""What there is to see at one look: counts, freshness, traffic, and the map of the items."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Query

from zhiyin.app.http.access import AtTenant, Opened
from zhiyin.app.http.documented import answers, new_router
from zhiyin.core.clock import system_clock
from zhiyin.core.errors import ZhiyinError
from zhiyin.core.messages import (
    CopyKind,
    CopyTraffic,
    DayTraffic,
    ItemMap,
    MapPoint,
    Overview,
    Traffic,
)
from zhiyin.pipeline.item_map import map_items
from zhiyin.pipeline.jobs import UNDER_WAY, list_jobs
from zhiyin.pipeline.traffic import Traffic as KeptTraffic
from zhiyin.pipeline.workspace import Workspace

router = new_router("health")

_DAY = 86_400_000
_DAYS = 14
_PREPARED = 50_000
"""Up to so many items, profiles are got ready when somebody looks at the overview."""
_COPIES = 100
_SHOWN = Overview(
    workspace="shop",
    events=836_478,
    items=3_883,
    users=6_040,
    model_version="v000003",
    published=1_790_000_000_000,
    as_of=1_789_990_000_000,
    events_since_training=12,
    coverage=0.31,
    popularity_share=0.42,
    traffic=[Traffic(version="v000003", surface="home", arm="default", shown=400, answered=38)],
    copies=[
        CopyTraffic(
            copy_id="0f4a1d9be2c35a77",
            item_id="tent-1",
            kind="push",
            surface="push",
            shown=80,
            answered=9,
        )
    ],
    days=[DayTraffic(day=1_789_948_800_000, shown=400, answered=38)],
)
_MAP = ItemMap(
    model_version="v000003",
    explained=0.34,
    items=3_706,
    points=[
        MapPoint(
            item_id="tent-1",
            title="Two-person tent",
            category="outdoor",
            x=0.12,
            y=-0.4,
            popularity=210,
        )
    ],
)


@router.get(
    "/v1/overview",
    summary="What is there, which model serves, what is shown and answered",
    responses=answers(_SHOWN, says="As of now."),
)
def read_overview(workspace: Opened, tenant: AtTenant) -> Overview:
    """Counts, the freshness of the model, and slates shown and answered.

    Works without a model too: then `trouble` says what is missing.
    """
    stores, now = workspace.stores, system_clock()
    found = Overview(
        workspace=tenant.name,
        events=stores.events.count(),
        items=stores.entities.scan("item", columns=["key"]).height,
        users=stores.entities.scan("user", columns=["key"]).height,
        trainings_under_way=sum(job.state in UNDER_WAY for job in list_jobs(workspace, limit=5)),
        traffic=[
            Traffic(
                version=version, surface=surface, arm=arm, shown=rate.shown, answered=rate.answered
            )
            for (version, surface, arm), rate in tenant.traffic.rates(
                by=("version", "surface", "arm")
            ).items()
        ],
        copies=_copies(workspace, tenant.traffic),
        days=_days(tenant.traffic, now),
    )
    if found.items <= _PREPARED:
        workspace.profiles.prepare()
    return found.model_copy(update=_serving(workspace, tenant.traffic, now))


@router.get(
    "/v1/map",
    summary="Where the items lie, by who takes them",
    responses=answers(_MAP, says="The items in the plane, most popular first."),
    tags=["similar"],
)
def read_map(
    workspace: Opened,
    limit: Annotated[
        int, Query(ge=1, le=100_000, description="How many items, at most.", examples=[10_000])
    ] = 10_000,
) -> ItemMap:
    """The first two principal components of the items' behaviour vectors.

    Items that nobody had taken at the training have no place.
    """
    engine = workspace.engine()
    return map_items(engine.trained, workspace.stores.entities, version=engine.version, limit=limit)


def _copies(workspace: Workspace, traffic: KeptTraffic) -> list[CopyTraffic]:
    """The texts that were shown most, of items that are still there."""
    found = traffic.copies(most=_COPIES)
    names = workspace.stores.entities.ids("item", [each.item_key for each in found])
    return [
        CopyTraffic(
            copy_id=each.copy_id,
            item_id=names[each.item_key],
            kind=cast("CopyKind", each.kind),
            surface=each.surface,
            shown=each.shown,
            answered=each.answered,
        )
        for each in found
        if each.item_key in names
    ]


def _days(traffic: KeptTraffic, now: int) -> list[DayTraffic]:
    """The last days on which something was shown."""
    today = now - now % _DAY
    found: list[DayTraffic] = []
    for day in range(today - (_DAYS - 1) * _DAY, today + 1, _DAY):
        rates = traffic.rates(since=day, until=day + _DAY).values()
        shown = sum(rate.shown for rate in rates)
        if shown:
            answered = sum(rate.answered for rate in rates)
            found.append(DayTraffic(day=day, shown=shown, answered=answered))
    return found


def _serving(workspace: Workspace, traffic: KeptTraffic, now: int) -> dict[str, object]:
    """What is to be said of the model that serves, or why there is none."""
    try:
        engine = workspace.engine()
    except ZhiyinError as error:
        return {"trouble": str(error)}
    written = now / 1000 - workspace.artifacts.age_s(engine.version)
    totals = traffic.totals()
    shown = totals.get("positions", 0)
    return {
        "model_version": engine.version,
        "published": int(written * 1000),
        "as_of": engine.trained.as_of or None,
        "events_since_training": workspace.stores.events.last_seq() - engine.trained.last_seq,
        "coverage": traffic.items_shown(since=now - _DAY) / max(1, len(engine.items)),
        "popularity_share": totals.get("popular", 0) / shown if shown else None,
    }
