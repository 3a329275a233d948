"""The figures of how far the slope of leak on fill hangs on the analyst, and on the line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.markers import CARETDOWN, CARETUP

from vpresearch.figures.curves import (
    FILL_DECIMALS,
    as_independent,
    draw_band,
    draw_curve,
    drawn_fills,
    name_rows,
    one_of_many,
    set_axes,
)
from vpresearch.parallel.cache import made_once
from vpresearch.regression import assumptions
from vpresearch.regression.models import PRIMARY, Specification
from vpresearch.render import labels
from vpresearch.render.figure import (
    COLOURS,
    WITNESSED,
    Figure,
    as_printed,
    legend_below,
    localise,
    panels,
    stacked,
)
from vpresearch.results import Results

_BLACK, _GREY = "#1a1a1a", "#777777"
# Log odds a percentage point, beyond which nothing is drawn but the primary slope.
_FURTHEST, _ROOM = 3.0, 1.05
_DECIMALS = 3


@made_once
def specification_figure(results: Results, language: str) -> Figure:
    """Draw the slope of leak on fill under every choice by its size, and below it the choices."""
    specifications, reconstruction = results.specifications, results.dataset.reconstruction
    data = _by_size(specifications)
    caption = labels.text("leak_figure.specification", language, n=len(data))
    furthest = max([_FURTHEST, *(_ROOM * data.loc[data["primary"], "estimate"].abs().dropna())])
    with stacked(reconstruction, language, caption, (4, 5), 9.6) as (canvas, (above, below)):
        _draw_slopes(above, data, furthest, language)
        _draw_choices(below, data, specifications, language)
        for axes in (above, below):
            for place in np.flatnonzero(data["primary"]).tolist():
                axes.axvspan(place - 0.5, place + 0.5, color=_GREY, alpha=0.3, linewidth=0, zorder=0)
        above.set_xlim(-1, len(data))
        _explain_slopes(below, data, furthest, language)
        if reconstruction:
            data = data.join(results.free_slopes, on=["unit", "adjustment"])
            ends = as_printed(data[["free_least", "free_greatest"]].clip(-furthest, furthest), _DECIMALS)
            above.bar(
                data.index, np.diff(ends)[:, 0], 1, ends[:, 0], color=WITNESSED, alpha=0.35, linewidth=0, zorder=1
            )
            words = labels.text("leak_figure.free_slopes", language)
            below.fill_between([], [], [], color=WITNESSED, alpha=0.35, label=words)
        legend_below(below, 2, inches=0.15, title=as_independent(language))
    return Figure("specification", canvas, data, caption, reconstruction, fitted=True, language=language)


def _by_size(specifications: Sequence[Specification]) -> pd.DataFrame:
    rows = [
        {"unit": each.unit, "adjustment": each.adjustment, "model": each.slope.model}
        | {"estimate": each.slope.estimate, "ci_low": each.slope.ci_low, "ci_high": each.slope.ci_high}
        | {"p_value": each.slope.p_value, "reason": each.slope.reason}
        | {"primary": (each.unit, each.adjustment, each.slope.model) == ("vertebrae", "none", PRIMARY)}
        for each in specifications
    ]
    # Slopes that differ by rounding alone keep their order.
    order = np.argsort([round(each.slope.estimate, 9) for each in specifications], kind="stable")
    return pd.DataFrame(rows).loc[order].reset_index(drop=True)


def _draw_slopes(axes: Axes, data: pd.DataFrame, furthest: float, language: str) -> None:
    failed = data["estimate"].isna()
    excludes = (data["ci_low"] > 0) | (data["ci_high"] < 0)
    numbers = data[["ci_low", "ci_high", "reason"]].copy()
    numbers[["ci_low", "ci_high"]] = numbers[["ci_low", "ci_high"]].clip(-furthest, furthest)
    # A point that is out of sight is not drawn where it is not.
    numbers["estimate"] = data["estimate"].where(data["estimate"].abs() <= furthest)
    drawn = ["ci_low", "ci_high", "estimate"]
    numbers[drawn] = as_printed(numbers[drawn], _DECIMALS)
    axes.axhline(0, color=_BLACK, linewidth=1)
    for rows, colour in ((numbers[~excludes & ~failed], COLOURS["no"]), (numbers[excludes], COLOURS["yes"])):
        axes.vlines(rows.index, rows["ci_low"], rows["ci_high"], color=colour, linewidth=1.6)
        for told, face in ((rows["reason"] == "", colour), (rows["reason"] != "", "white")):
            if told.any():
                own = rows.loc[told, "estimate"]
                axes.plot(own.index, own, "o", color=colour, markerfacecolor=face, markersize=5)
                _draw_arrows(axes, data.loc[own.index], furthest, colour, face)
    axes.plot(data.index[failed], [0] * int(failed.sum()), "x", color=_GREY, markersize=6)
    axes.set_ylabel(labels.text("leak_figure.slope", language), fontsize=10.5)
    localise(axes.yaxis, 7, language)
    axes.tick_params(axis="y", labelsize=10.5)
    axes.tick_params(axis="x", length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _draw_arrows(axes: Axes, rows: pd.DataFrame, furthest: float, colour: str, face: str) -> None:
    """Mark at the edge what goes on beyond it."""
    for end, edge, arrow in (("ci_low", -furthest, CARETDOWN), ("ci_high", furthest, CARETUP)):
        beyond = rows.index[_beyond(rows, end, furthest)]
        (drawn,) = axes.plot(beyond, [edge] * len(beyond), linestyle="", marker=arrow, color=colour, markersize=6)
        drawn.set_markerfacecolor(face)


def _beyond(data: pd.DataFrame, end: str, furthest: float) -> pd.Series[bool]:
    """Tell which intervals, or estimates without one, go on below or above what is drawn."""
    sign = -1 if end == "ci_low" else 1
    return (sign * data[end] > furthest) | (sign * data["estimate"] > furthest)


def _draw_choices(axes: Axes, data: pd.DataFrame, specifications: Sequence[Specification], language: str) -> None:
    """Mark by dots which choices every slope is of, under a heading for each kind."""
    units, adjustments, models = (
        dict.fromkeys(options)
        for options in zip(*((each.unit, each.adjustment, each.slope.model) for each in specifications), strict=True)
    )
    rows = [("", "", labels.text("leak_table.unit", language))]
    rows += [("unit", unit, labels.text(f"word.{unit}", language)) for unit in units]
    rows += [("", "", labels.text("leak_table.adjusted_for", language))]
    rows += [("adjustment", name, labels.adjustment(name, language)) for name in adjustments]
    rows += [("", "", labels.text("leak_table.model", language))]
    rows += [("model", name, labels.text(f"model.{name}", language)) for name in models]
    for height, (kind, option, _) in enumerate(rows):
        if kind:
            places = data.index[data[kind] == option]
            axes.plot(places, [height] * len(places), "o", color=_BLACK, markersize=3.6)
    name_rows(axes, [name for *_, name in rows], bold=[place for place, (kind, *_) in enumerate(rows) if not kind])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.grid(axis="y", color="#E5E5E5", linewidth=0.8)


def _explain_slopes(axes: Axes, data: pd.DataFrame, furthest: float, language: str) -> None:
    fitted = data[data["estimate"].notna()]
    excludes = (fitted["ci_low"] > 0) | (fitted["ci_high"] < 0)
    for name, drawn, colour in (("includes", ~excludes, COLOURS["no"]), ("excludes", excludes, COLOURS["yes"])):
        if drawn.any():
            axes.plot([], [], "o-", color=colour, markersize=5, label=labels.text(f"leak_figure.{name}", language))
    if (fitted["reason"] != "").any():
        words = labels.text("leak_figure.no_likelihood", language)
        axes.plot([], [], "o", color=_GREY, markerfacecolor="white", markersize=5, label=words)
    if any(_beyond(fitted, end, furthest).any() for end in ("ci_low", "ci_high")):
        words = labels.text(
            "leak_figure.beyond", language, most=labels.number(furthest, int(furthest > _FURTHEST), language)
        )
        axes.plot([], [], marker=CARETUP, linestyle="", color=_GREY, markersize=6, label=words)
    if data["estimate"].isna().any():
        codes = data.loc[data["estimate"].isna(), "reason"].unique()
        why_not = ";\n".join(labels.in_brief(code, language) for code in codes)
        words = labels.text("leak_figure.no_fit", language, why=why_not)
        axes.plot([], [], "x", color=_GREY, markersize=6, label=words)
    axes.fill_between([], [], [], color=_GREY, alpha=0.3, label=labels.text("leak_figure.primary", language))


@made_once
def spline_figure(results: Results, language: str) -> Figure:
    """Draw the risk of a leak along the fill by a restricted cubic spline, and by the straight line."""
    design, bend, straight = results.design, results.spline, results.risk_fits["ml"]
    knots, fill, reconstruction = assumptions.knots(design), drawn_fills(design), results.dataset.reconstruction
    curves = {"spline": results.spline_curve(fill), "ml": results.risk_curve("ml", fill)}
    free = results.free_spline(fill)
    why_not = labels.in_brief(bend.reason or str(curves["spline"]["reason"].iloc[0]), language)
    p = labels.text("leak_figure.p_of_curvature", language, p=labels.p_value(bend.p_value, language))
    caption = labels.text("leak_figure.spline", language, n=design.n)
    with panels(reconstruction, language, caption, 1, 5.6) as (canvas, (axes,)):
        if free is not None:
            draw_band(axes, free, _GREY, labels.text("leak_figure.free_curve", language))
        name = f"{labels.text('model.spline', language)} – {why_not or p}"
        draw_curve(axes, curves["spline"], COLOURS["no"], "-", name)
        draw_band(axes, curves["spline"], COLOURS["no"], labels.text("leak_figure.band", language, level=95.0))
        name = " – ".join(
            filter(None, (labels.text("leak_figure.line", language), labels.in_brief(straight.reason, language)))
        )
        draw_curve(axes, curves["ml"], _BLACK, "--", name)
        if not bend.reason:
            axes.vlines(
                as_printed(knots, FILL_DECIMALS),
                -6,
                106,
                color=_GREY,
                linestyle=":",
                label=labels.text("leak_figure.knots", language),
            )
        set_axes(axes, fill, language)
        legend_below(axes, 2, title=one_of_many(results, language))
    parts = [curve.assign(shown=model) for model, curve in curves.items()]
    parts += [] if free is None else [free.assign(shown="reconstructions")]
    data = pd.concat([*parts, pd.DataFrame({"fill_percent": knots, "shown": "knot"})], ignore_index=True)
    data = data[["shown", "fill_percent", "risk", "ci_low", "ci_high"]]
    # The ends of the curves and the knots are those of single vertebrae.
    return Figure("spline", canvas, data, caption, reconstruction, True, fitted=True, language=language)
