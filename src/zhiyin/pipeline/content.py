"""What a trained recommender knows of items through their attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.attributes import Attribute
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays, TextEncoder
from zhiyin.encode.attributes.catalogue import CatalogueReader
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.content.bridge_config import BridgeConfig


class Content:
    """The bridge, and how the catalogue was read, for items that come later.

    Args:
        bridge: Scores items by what they are.
        plan: What the reader of the catalogue makes of each column.
        learned: What it learned.
    """

    def __init__(
        self, bridge: ContentBridge, plan: Sequence[Mapping[str, Any]], learned: Arrays
    ) -> None:
        self.bridge = bridge
        self._plan = list(plan)
        self._learned = learned
        self._reader: CatalogueReader | None = None

    @classmethod
    def of(cls, bridge: ContentBridge, reader: CatalogueReader) -> Self:
        """With what a reader has learned."""
        return cls(bridge, reader.manifest(), reader.state())

    def with_items(
        self, items: Sequence[Mapping[str, Any]], *, encoder: TextEncoder | None
    ) -> ContentBridge:
        """The bridge with new items behind the known ones.

        Args:
            items: Attributes of each new item.
            encoder: The one that the catalogue was read with.

        Raises:
            ForeignVectorsError: It is another one.
        """
        return self.bridge.extended(self.read(items, encoder))

    def refitted(
        self,
        items: Sequence[Mapping[str, Any]],
        counts: NDArray[np.integer],
        *,
        encoder: TextEncoder | None,
    ) -> Self:
        """Fitted again, on a whole catalogue that is read as before.

        Args:
            items: Attributes of each item of the catalogue.
            counts: Users who liked each, shape (n_items,).
            encoder: The encoder that training used, where meaning was read.
        """
        bridge = ContentBridge(self.bridge.config, self.bridge.weights)
        bridge.fit(self.read(items, encoder), counts)
        return type(self)(bridge, self._plan, self._learned)

    def read(
        self, items: Sequence[Mapping[str, Any]], encoder: TextEncoder | None
    ) -> tuple[Attribute, ...]:
        """Items as the catalogue of the training was read; arguments as in `refitted`."""
        if self._reader is None:
            self._reader = CatalogueReader(encoder).restore(self._plan, self._learned)
        return self._reader.read_rows(items)

    def manifest(self) -> dict[str, Any]:
        """Everything that is not an array."""
        return {
            "bridge": self.bridge.config.model_dump(mode="json"),
            "weights": self.bridge.weights,
            "plan": self._plan,
        }

    def arrays(self) -> Arrays:
        """Every array, by path."""
        return under("bridge", self.bridge.state()) | under("reader", self._learned)

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """The inverse of `manifest` and `arrays`."""
        config = BridgeConfig.model_validate(manifest["bridge"])
        bridge = ContentBridge(config, dict(manifest["weights"]))
        bridge.restore(group_of(arrays, "bridge"))
        return cls(bridge, manifest["plan"], group_of(arrays, "reader"))
