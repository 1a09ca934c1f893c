"""The seams of the house: small protocols, each with a shipped conformance suite."""

from zhiyin.core.protocols.encoders import Encoded, TextEncoder, TextRole, VectorIndex
from zhiyin.core.protocols.models import Arrays, Retriever
from zhiyin.core.protocols.policies import Policy, Selection
from zhiyin.core.protocols.stores import (
    Appended,
    EdgeStore,
    EntityKind,
    EntityStore,
    EventStore,
    ExposureLog,
    PastEvent,
)

__all__ = [
    "Appended",
    "Arrays",
    "EdgeStore",
    "Encoded",
    "EntityKind",
    "EntityStore",
    "EventStore",
    "ExposureLog",
    "PastEvent",
    "Policy",
    "Retriever",
    "Selection",
    "TextEncoder",
    "TextRole",
    "VectorIndex",
]
