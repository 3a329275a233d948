"""The figure of what the published statistics allow: the slope of leak on fill in every reconstruction."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from vpresearch import labels
from vpresearch.figures.figure import COLOURS, Figure, apart, drawn_once, legend_below, localise, panels
from vpresearch.figures.forest import name_rows, number_row
from vpresearch.implied import ranges

_BLACK = "#1a1a1a"


@drawn_once
def identified_range(fits: pd.DataFrame, language: str) -> Figure:
    """Draw the slope of leak on fill in every reconstruction, by unit, adjustment and model.

    Parameters
    ----------
    fits : pandas.DataFrame
        From ``vpresearch.implied.fits``, with datasets that were drawn and that are extreme.
    language : {"es", "en"}

    Returns
    -------
    Figure
        Of reconstructions: it shows what is possible, and how likely nothing is.
    """
    n = len(fits[["source", "number"]].drop_duplicates())
    caption = labels.text("leak_figure.range", language, n=labels.count(n, language))
    kinds = list(fits.groupby(["unit", "adjustment"], sort=False))
    names: list[str] = []
    headings: list[int] = []
    rows = len(kinds) + sum(part["model"].nunique() for _, part in kinds)
    with panels(True, language, caption, 1, 2.5 + 0.36 * rows) as (canvas, (axes,)):
        axes.axvline(0, color=_BLACK, linewidth=1, zorder=1)
        for (unit, adjustment), part in kinds:
            headings.append(len(names))
            names.append(_heading(str(unit), str(adjustment), language))
            names += _draw_models(axes, len(names), part, language)
        name_rows(axes, names, bold=headings)
        axes.set_xlabel(labels.text("leak_figure.range_slope", language))
        localise(axes.xaxis, 9, language)
        _explain_strips(axes, language)
    return Figure("identified_range", canvas, fits, caption, True, fitted=True, language=language)


def _heading(unit: str, adjustment: str, language: str) -> str:
    name = labels.text(f"word.{unit}", language).capitalize()
    if adjustment == "none":
        return name
    words = labels.text(f"adjustment.{adjustment}", language).lower()
    return labels.text("leak_figure.adjusted", language, unit=name, adjustment=words)


def _draw_models(axes: Axes, first: int, part: pd.DataFrame, language: str) -> list[str]:
    """Draw the slopes of one unit and adjustment by model, from a row on, and give the names of the rows."""
    found = ranges(part)
    numbers = zip(found["model"], found["witnessed_least"], found["witnessed_greatest"], strict=True)
    for place, (model, *ends) in enumerate(numbers, start=first):
        own = part[part["model"] == model]
        _draw_strip(axes, place, own, ends)
        low, high = (labels.number(end, 3, language) for end in ends)
        words = labels.limits(low, high, language)
        failed = int(own["slope"].isna().sum())
        if failed:
            words = labels.text("leak_figure.without_fit", language, ends=words, failed=failed)
        number_row(axes, place, words)
    return [labels.text(f"model.{model}", language) for model in found["model"]]


def _draw_strip(axes: Axes, position: int, part: pd.DataFrame, ends: Sequence[float]) -> None:
    slopes, heights = part["slope"].to_numpy(float), position + 0.5 * apart(len(part))
    drawn, below = (part["source"] == "drawn").to_numpy(), (part["p_value"] < 0.05).to_numpy()
    for dots, colour in ((drawn & ~below, COLOURS["no"]), (drawn & below, COLOURS["yes"])):
        # Thousands of dots are a picture; as shapes they would make a file of half a million characters.
        (cloud,) = axes.plot(slopes[dots], heights[dots], "o", color=colour, alpha=0.3, rasterized=True)
        cloud.set(markersize=3, markeredgewidth=0)
    axes.plot(ends, [position, position], "-|", color=_BLACK, linewidth=0.8, markersize=15, markeredgewidth=1.6)
    axes.plot(
        slopes[~drawn], [position] * int((~drawn).sum()), "D", color=_BLACK, markerfacecolor="white", markersize=5
    )


def _explain_strips(axes: Axes, language: str) -> None:
    for name, colour in (("not_below_005", COLOURS["no"]), ("below_005", COLOURS["yes"])):
        axes.plot([], [], "o", color=colour, markersize=5, label=labels.text(f"leak_figure.{name}", language))
    words = labels.text("leak_figure.searched", language)
    axes.plot([], [], "D", color=_BLACK, markerfacecolor="white", markersize=5, label=words)
    words = labels.text("leak_figure.furthest", language)
    axes.plot([], [], "|", color=_BLACK, markersize=13, markeredgewidth=1.6, label=words)
    legend_below(axes, 2, title=labels.text("leak_figure.range_note", language))
