"""What a trained recommender knows of items through their attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zhiyin.core.protocols import Arrays, TextEncoder
from zhiyin.encode.attributes.catalogue import CatalogueReader
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.content.bridge_config import BridgeConfig


class Content:
    """The bridge, and the reader of attributes for items that come later.

    Args:
        bridge: Scores items by what they are.
        reader: Reads new items as the catalogue was read; None until it is needed.
        saved: Plan and state of a reader that was not restored yet.
    """

    def __init__(
        self,
        bridge: ContentBridge,
        reader: CatalogueReader | None = None,
        *,
        saved: tuple[Sequence[Mapping[str, Any]], Arrays] | None = None,
    ) -> None:
        self.bridge = bridge
        self._reader = reader
        self._saved = saved

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
        if self._reader is None:
            plan, arrays = self._saved or ((), {})
            self._reader = CatalogueReader(encoder).restore(plan, arrays)
        names = {column for read in self._reader.plan for column in read.columns}
        columns = {name: [item.get(name) for item in items] for name in sorted(names)}
        return self.bridge.extended(self._reader.read(columns))

    def manifest(self) -> dict[str, Any]:
        """Everything that is not an array."""
        plan = self._saved[0] if self._reader is None and self._saved else self._plan()
        return {
            "bridge": self.bridge.config.model_dump(mode="json"),
            "weights": self.bridge.weights,
            "plan": list(plan),
        }

    def _plan(self) -> list[dict[str, Any]]:
        return [] if self._reader is None else self._reader.manifest()

    def arrays(self) -> Arrays:
        """Every array, by path."""
        reader = self._reader.state() if self._reader is not None else (self._saved or ((), {}))[1]
        bridge = {f"bridge/{name}": array for name, array in self.bridge.state().items()}
        return bridge | {f"reader/{name}": array for name, array in reader.items()}


def restore_content(manifest: Mapping[str, Any], arrays: Arrays) -> Content:
    """The inverse of `Content.manifest` and `Content.arrays`."""
    parts: dict[str, Arrays] = {"bridge": {}, "reader": {}}
    for path, array in arrays.items():
        part, _, name = path.partition("/")
        parts[part][name] = array
    config = BridgeConfig.model_validate(manifest["bridge"])
    bridge = ContentBridge(config, dict(manifest["weights"])).restore(parts["bridge"])
    return Content(bridge, saved=(manifest["plan"], parts["reader"]))
