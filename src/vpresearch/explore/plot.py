"""The one plot of the explorer: SVG in the browser, from a description in JSON."""

from __future__ import annotations

import pathlib
from typing import Any

import anywidget
import traitlets

_HERE = pathlib.Path(__file__).parent
_NOTHING: dict[str, Any] = {"selected": None, "related": []}


class Plot(anywidget.AnyWidget):
    """A plot whose points can be picked, and one of them dragged, by pointer and keyboard.

    Attributes
    ----------
    spec : dict
        What is drawn, from ``chart.chart``.
    marked : dict
        ``selected``, the number of a point or None, and ``related``, the numbers of those that go with it.
    picked : dict
        ``id`` of the point that was picked last, and ``turn``, which counts.
    moved : dict
        ``id`` of the point that was dragged, and ``x`` and ``y`` where it now is.
    """

    _esm = _HERE / "plot.js"
    spec = traitlets.Dict().tag(sync=True)
    marked = traitlets.Dict(_NOTHING).tag(sync=True)
    picked = traitlets.Dict().tag(sync=True)
    moved = traitlets.Dict().tag(sync=True)

    def __repr__(self) -> str:
        # A notebook keeps it beside the output: it must not hold the data.
        return "<Plot>"

    def mark(self, selected: int | None, related: list[int]) -> None:
        """Mark a point, and those that go with it."""
        self.marked = {"selected": selected, "related": related}
