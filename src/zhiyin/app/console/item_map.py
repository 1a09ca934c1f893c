"""The map as an element: a canvas that the browser draws alone."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui.element import Element

COLOURS = (
    *("#0d9488", "#d97706", "#4f46e5", "#db2777", "#65a30d", "#0284c7", "#b91c1c", "#7c3aed"),
    *("#a16207", "#0891b2", "#64748b"),
)
"""Of the most common categories; the last one is for all others."""


class ItemMapView(Element, component="static/map.js"):
    """Points that can be moved, zoomed, pointed at and lit up.

    Emits ``chosen`` with the number of a point that was clicked.

    Args:
        points: Place, number of the colour and title of each point.
        label: What it is called for those who do not see it.
        lit: Numbers of the points that are lit up at first.
    """

    def __init__(
        self,
        points: Sequence[tuple[float, float, int, str]],
        *,
        label: str,
        lit: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.props["xs"] = [point[0] for point in points]
        self.props["ys"] = [point[1] for point in points]
        self.props["kinds"] = [point[2] for point in points]
        self.props["titles"] = [point[3] for point in points]
        self.props["colours"] = list(COLOURS)
        self.props["label"] = label
        self.props["lit"] = list(lit)

    def light(self, numbers: Sequence[int]) -> None:
        """Lights some points up; none takes the light away."""
        self.run_method("light", list(numbers))

    def reset(self) -> None:
        """Shows the whole map."""
        self.run_method("reset")
