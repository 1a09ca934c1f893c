"""The seams of the house: small protocols, each with a shipped conformance suite."""

from zhiyin.core.protocols.encoders import Encoded, TextEncoder, TextRole, VectorIndex
from zhiyin.core.protocols.language import LanguageModel, Prompt, Reply
from zhiyin.core.protocols.models import Arrays, Retriever
from zhiyin.core.protocols.policies import Policy, Selection
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
    "LanguageModel",
    "PastEvent",
    "Policy",
    "ProfileEdit",
    "ProfileStore",
    "Prompt",
    "RankingData",
    "Reply",
    "Retriever",
    "Scorer",
    "Selection",
    "TextEncoder",
    "TextRole",
    "VectorIndex",
]
