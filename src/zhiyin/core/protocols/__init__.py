"""The seams of the house: small protocols, each with a shipped conformance suite."""

from zhiyin.core.protocols.encoders import Encoded, TextEncoder, TextRole, VectorIndex
from zhiyin.core.protocols.language import Form, Grammar, LanguageModel, Prompt, Reply, Turn
from zhiyin.core.protocols.models import Arrays, Retriever
from zhiyin.core.protocols.online import OnlineState, owner_of
from zhiyin.core.protocols.policies import Odds, Policy, Selection
from zhiyin.core.protocols.recommender import Recommender
from zhiyin.core.protocols.scorers import RankingData, Scorer
from zhiyin.core.protocols.stores import (
    Appended,
    EdgeStore,
    EditAction,
    Enrichment,
    EnrichmentStore,
    EntityKind,
    EntityStore,
    EventStore,
    ExposureLog,
    PastEvent,
    ProfileEdit,
    ProfileStore,
    Shown,
)

__all__ = [
    "Appended",
    "Arrays",
    "EdgeStore",
    "EditAction",
    "Encoded",
    "Enrichment",
    "EnrichmentStore",
    "EntityKind",
    "EntityStore",
    "EventStore",
    "ExposureLog",
    "Form",
    "Grammar",
    "LanguageModel",
    "Odds",
    "OnlineState",
    "PastEvent",
    "Policy",
    "ProfileEdit",
    "ProfileStore",
    "Prompt",
    "RankingData",
    "Recommender",
    "Reply",
    "Retriever",
    "Scorer",
    "Selection",
    "Shown",
    "TextEncoder",
    "TextRole",
    "Turn",
    "VectorIndex",
    "owner_of",
]
