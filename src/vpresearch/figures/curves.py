"""What forest plots share: rows of intervals, with words on the left and numbers on the right."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.markers import CARETLEFT, CARETRIGHT
from matplotlib.transforms import ScaledTranslation

from vpresearch.regression.design import Design, Floats
from vpresearch.render import labels
from vpresearch.render.figure import as_printed, localise
from vpresearch.results import Results

_REASON_COLOUR = "#555555"


def interval(
    axes: Axes, position: float, estimate: float, low: float, high: float, colour: str, marker: str, filled: bool = True
) -> None:
    """Draw an estimate with its interval; an end beyond the axis becomes an arrow."""
    left, right = axes.get_xlim()
    face = colour if filled else "white"
    if not math.isnan(low):
        ends = [max(low, left), min(high, right)]
        axes.plot(ends, [position, position], color=colour, linewidth=1.8, solid_capstyle="butt", zorder=3)
    for beyond, edge, arrow in ((low < left, left, CARETLEFT), (high > right, right, CARETRIGHT)):
        if beyond:
            axes.plot(
                [edge],
                [position],
                marker=arrow,
                color=colour,
                markerfacecolor=face,
                markersize=8,
                clip_on=False,
                zorder=3,
            )
    if left <= estimate <= right:
        axes.plot([estimate], [position], marker, color=colour, markerfacecolor=face, markersize=7.5, zorder=4)


def name_rows(axes: Axes, names: Sequence[str], bold: Sequence[int] = ()) -> None:
    """Name the rows from above on the left."""
    axes.set_yticks(range(len(names)), names, fontsize=9.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    layout = axes.figure.get_layout_engine()
    if isinstance(layout, ConstrainedLayoutEngine):
        # Printed letters are a little wider than those on the screen, for which the figure is laid out.
        layout.set(w_pad=0.3)
    for row in bold:
        axes.get_yticklabels()[row].set_fontweight("bold")


def number_row(axes: Axes, position: float, words: str, colour: str = "black", *, bold: bool = False) -> None:
    """Write the numbers of a row to the right of the axes."""
    weight = "bold" if bold else "normal"
    place = axes.get_yaxis_transform() + ScaledTranslation(0.12, 0, axes.figure.dpi_scale_trans)
    axes.text(1, position, words, transform=place, va="center", fontsize=9.5, fontweight=weight, color=colour)


def excuse_row(axes: Axes, position: float, words: str) -> None:
    """Write into a row why it has no number."""
    axes.text(
        0.5,
        position,
        words,
        transform=axes.get_yaxis_transform(),
        ha="center",
        va="center",
        fontsize=9.5,
        style="italic",
        color=_REASON_COLOUR,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        zorder=5,
    )


def in_words(estimate: str, low: str, high: str, language: str) -> str:
    """Join an estimate with the ends of its interval, which are dashes where there is none."""
    return estimate if low == high == "–" else f"{estimate} ({labels.limits(low, high, language)})"


# Of a fill in percent.
FILL_DECIMALS = 1


def draw_curve(axes: Axes, curve: pd.DataFrame, colour: str, style: str, name: str) -> None:
    """Draw a curve of risk."""
    drawn = curve["risk"].notna().any()
    axes.plot(
        curve["fill_percent"], 100 * curve["risk"], style if drawn else " ", color=colour, linewidth=2, label=name
    )


def draw_band(axes: Axes, curve: pd.DataFrame, colour: str, name: str) -> None:
    """Draw the pointwise interval of a curve, ``ci_low`` and ``ci_high``, if it has one."""
    if curve["ci_low"].isna().all():
        return
    low, high = 100 * curve["ci_low"], 100 * curve["ci_high"]
    axes.fill_between(curve["fill_percent"], low, high, color=colour, alpha=0.16, linewidth=0, label=name)


def draw_limits(axes: Axes, curve: pd.DataFrame, colour: str, name: str) -> None:
    """Draw the ends of that interval alone, where another curve has the band."""
    if curve["ci_low"].notna().any():
        ends = 100 * curve[["ci_low", "ci_high"]]
        axes.plot(curve["fill_percent"], ends, ":", color=colour, linewidth=1.4, label=[name, "_"])


def drawn_fills(design: Design) -> Floats:
    """Give the fills that a curve is drawn at: between the ends as printed, which are single vertebrae's own."""
    low, high = as_printed([design.x[:, 1].min(), design.x[:, 1].max()], FILL_DECIMALS)
    return np.linspace(low, high, 101)


def set_axes(axes: Axes, fill_percent: Floats, language: str) -> None:
    """Set the axes to all of the risk and to the fills that there are."""
    low, high = float(fill_percent.min()), float(fill_percent.max())
    room = 0.03 * (high - low) + 0.01
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(-6, 106)
    axes.set_yticks(range(0, 101, 20))
    localise(axes.xaxis, 8, language)
    axes.set_xlabel(labels.variable("fill_percent", language))
    axes.set_ylabel(labels.text("leak_figure.risk_axis", language))
    axes.spines[["top", "right"]].set_visible(False)


def as_independent(language: str) -> str:
    """Say which models take vertebrae as independent, in lines as short as a legend."""
    return textwrap.fill(labels.text("leak_table.independent", language), 64)


def one_of_many(results: Results, language: str) -> str | None:
    """Say how far the odds ratio was seen to reach in other datasets with the published statistics."""
    if results.identified is None or results.identified_any_fill is None:
        return None
    least, greatest, any_least, any_greatest = map(math.exp, (*results.identified, *results.identified_any_fill))
    ends = {"least": least, "greatest": greatest, "any_least": any_least, "any_greatest": any_greatest}
    return labels.text("leak_figure.one_of_many", language, **ends)
