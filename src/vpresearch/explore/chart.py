"""The one plot of the explorer: SVG in the browser, from a description in JSON."""

from __future__ import annotations

import math
import pathlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets
from numpy.typing import ArrayLike

from vpresearch.core.reported import Reported
from vpresearch.render.labels import number, printed, text

SCRIPT = pathlib.Path(__file__).with_name("plot.js")
_TABLE = {"summary": "as_table", "csv": "as_csv", "svg": "as_svg", "png": "as_png", "separator": "csv_separator"}
MOST_SEED = 999_999
_NOTHING: dict[str, Any] = {"selected": None, "related": []}


class Plot(anywidget.AnyWidget):
    """A plot whose points can be picked, and one of them dragged, by pointer and keyboard."""

    _esm = SCRIPT
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


Mark = dict[str, Any]
# Okabe and Ito's colours and a shape for each group, so that no reader depends on colour alone.
NO, YES, THIRD, LINE = "#0072B2", "#D55E00", "#009E73", "#444444"
SHAPES = {"no": "circle", "yes": "triangle"}
COLOURS = {"no": NO, "yes": YES}


@dataclass(frozen=True)
class Axis:
    """One axis."""

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as the browser reads it."""
        ticks = [{"at": at, "text": words} for at, words in self.ticks]
        return {"label": self.label, "low": self.low, "high": self.high, "ticks": ticks}


def axis(label: str, low: float, high: float, language: str, most: int = 7) -> Axis:
    """Make an axis of numbers, with ticks at even steps of 1, 2 or 5."""
    if high <= low:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * (1 - 1e-9))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    places = [round(place * step, 10) for place in range(first, last + 1)]
    return Axis(label, places[0], places[-1], tuple((at, number(at, decimals, language)) for at in places))


def whole(label: str, low: float, high: float) -> Axis:
    """Make an axis of whole numbers, with room beyond both ends."""
    places = range(math.floor(low), math.ceil(high) + 1)
    return Axis(label, places[0] - 0.6, places[-1] + 0.6, tuple((float(at), str(at)) for at in places))


def categories(label: str, names: Sequence[str]) -> Axis:
    """Make an axis of categories, at 0, 1, ... from below."""
    return Axis(label, -0.6, len(names) - 0.4, tuple((float(place), name) for place, name in enumerate(names)))


def points(points: Sequence[dict[str, Any]], colour: str, shape: str = "circle", name: str = "", size: int = 7) -> Mark:
    """Describe points: each with ``x``, ``y``, ``label`` and, where it can be picked, its ``id``."""
    return {"kind": "points", "points": list(points), "colour": colour, "shape": shape, "name": name, "size": size}


def line(x: ArrayLike, y: ArrayLike, colour: str = LINE, name: str = "", dash: str = "") -> Mark:
    """Describe a line."""
    places = [{"x": float(across), "y": float(up)} for across, up in zip(np.asarray(x), np.asarray(y), strict=True)]
    return {"kind": "line", "points": places, "colour": colour, "name": name, "dash": dash}


def band(x: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str, name: str = "") -> Mark:
    """Describe the area between two lines."""
    places = {name: np.asarray(each, float).tolist() for name, each in (("x", x), ("low", low), ("high", high))}
    return {"kind": "band", **places, "colour": colour, "name": name}


def interval(x: float, low: float, high: float, y: float, colour: str, shape: str = "square") -> Mark:
    """Describe a value with its interval, lying."""
    return {"kind": "interval", "x": x, "low": low, "high": high, "y": y, "colour": colour, "shape": shape, "name": ""}


def chart(
    title: str,
    description: str,
    axes: tuple[Axis, Axis],
    marks: Sequence[Mark],
    table: tuple[Sequence[str], Sequence[Sequence[str]]],
    language: str,
    *,
    pickable: bool = False,
    draggable: int | None = None,
    steps: tuple[float, float] = (0.1, 0.1),
    turn: int = 0,
    height: int = 400,
) -> dict[str, Any]:
    """Describe a plot; of one that is dragged, after which of its moves."""
    columns, rows = table
    return {
        "title": title,
        "description": description,
        "language": language,
        "x": axes[0].as_json(),
        "y": axes[1].as_json(),
        "marks": list(marks),
        "table": {
            "columns": list(columns),
            "rows": list(rows),
            **{name: text(f"explore.{key}", language) for name, key in _TABLE.items()},
        },
        "pickable": pickable,
        "draggable": draggable,
        "steps": {"x": steps[0], "y": steps[1]},
        "turn": turn,
        "height": height,
    }


class NumberBox(widgets.Text):  # type: ignore[misc]
    """A box to type a number into; the browser's own has the decimal mark of the browser, not that of the page."""

    number = traitlets.Float()

    def __init__(self, words: str, reach: tuple[float, float], language: str) -> None:
        super().__init__(description=words, continuous_update=False)
        self._reach, self._language = reach, language
        self.number = reach[0]
        self.observe(lambda _: self._read(), "value")
        self.observe(lambda _: self._write(), "number")
        self._write()

    @traitlets.validate("number")  # type: ignore[misc,unused-ignore]
    def _within(self, proposal: Any) -> float:
        low, high = self._reach
        return float(min(max(proposal["value"], low), high))

    def _read(self) -> None:
        try:
            typed = Reported(self.value.strip())
        except ValueError:
            typed = None
        if typed is not None and not typed.bound:
            self.number = float(typed.value)
        self._write()

    def _write(self) -> None:
        self.value = printed(str(self.number), self._language)


class SeedBox(widgets.Text):  # type: ignore[misc]
    """A box with the seed of what is drawn: another for each visitor, shown, and typed again it draws the same."""

    number = traitlets.Int()

    def __init__(self, language: str, first: int | None = None) -> None:
        super().__init__(description=text("explore.seed", language), continuous_update=False)
        self.observe(lambda _: self._read(), "value")
        self.anew(first)

    def anew(self, seed: int | None = None) -> None:
        """Take another seed, by lot unless it is told."""
        self.value = str(seed or secrets.randbelow(MOST_SEED) + 1)

    def _read(self) -> None:
        typed = self.value.strip()
        if typed.isdecimal() and 0 < int(typed) <= MOST_SEED:
            self.number = int(typed)
        self.value = str(self.number)
