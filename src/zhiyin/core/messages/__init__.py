"""What travels between programs and the service: one definition for both ends."""

from __future__ import annotations

from zhiyin.core.messages.chat import (
    LONGEST_MESSAGE,
    ChatAnswer,
    ChatItem,
    ChatMessage,
    ChatPiece,
    ChatWish,
)
from zhiyin.core.messages.copies import Copy, CopyKind, CopyQuery
from zhiyin.core.messages.entities import (
    EntitiesAccepted,
    EntityDeleted,
    ItemPage,
    ItemRecord,
    LiveItem,
    LiveUser,
    UserPage,
    UserRecord,
)
from zhiyin.core.messages.erasure import (
    ErasureCertificate,
    ErasureRequest,
    ExportedEvent,
    Removed,
    UserExport,
)
from zhiyin.core.messages.events import EventsAccepted, Feedback, LineFault, LiveEvent, StreamReport
from zhiyin.core.messages.explanations import (
    EventInfluence,
    Explained,
    ExplainQuery,
    Explanation,
    FeatureContribution,
    Method,
)
from zhiyin.core.messages.figures import (
    CopyTraffic,
    DayTraffic,
    ItemMap,
    MapPoint,
    Overview,
    Traffic,
)
from zhiyin.core.messages.ids import LONGEST_ID, EntityId, EventType, Finite, Instant
from zhiyin.core.messages.models import MemberInfo, ModelVersion, TrainingJob, TrainRequest
from zhiyin.core.messages.neighbour import Neighbour
from zhiyin.core.messages.problem import Fault, Problem
from zhiyin.core.messages.profile import Interest, ProfileView, Source, TagEvidence
from zhiyin.core.messages.queries import (
    LONGEST_QUERY,
    MOST_CANDIDATES,
    Health,
    ItemIds,
    Length,
    ProfileChange,
    ProfileReset,
    RankQuery,
    RecommendQuery,
    SearchQuery,
    Seed,
    Surface,
)
from zhiyin.core.messages.search import SearchHit, SearchResult
from zhiyin.core.messages.surfaces import SettingsView, SurfaceRemoved, SurfaceView

__all__ = [
    "LONGEST_ID",
    "LONGEST_MESSAGE",
    "LONGEST_QUERY",
    "MOST_CANDIDATES",
    "ChatAnswer",
    "ChatItem",
    "ChatMessage",
    "ChatPiece",
    "ChatWish",
    "Copy",
    "CopyKind",
    "CopyQuery",
    "CopyTraffic",
    "DayTraffic",
    "EntitiesAccepted",
    "EntityDeleted",
    "EntityId",
    "ErasureCertificate",
    "ErasureRequest",
    "EventInfluence",
    "EventType",
    "EventsAccepted",
    "ExplainQuery",
    "Explained",
    "Explanation",
    "ExportedEvent",
    "Fault",
    "FeatureContribution",
    "Feedback",
    "Finite",
    "Health",
    "Instant",
    "Interest",
    "ItemIds",
    "ItemMap",
    "ItemPage",
    "ItemRecord",
    "Length",
    "LineFault",
    "LiveEvent",
    "LiveItem",
    "LiveUser",
    "MapPoint",
    "MemberInfo",
    "Method",
    "ModelVersion",
    "Neighbour",
    "Overview",
    "Problem",
    "ProfileChange",
    "ProfileReset",
    "ProfileView",
    "RankQuery",
    "RecommendQuery",
    "Removed",
    "SearchHit",
    "SearchQuery",
    "SearchResult",
    "Seed",
    "SettingsView",
    "Source",
    "StreamReport",
    "Surface",
    "SurfaceRemoved",
    "SurfaceView",
    "TagEvidence",
    "Traffic",
    "TrainRequest",
    "TrainingJob",
    "UserExport",
    "UserPage",
    "UserRecord",
]
