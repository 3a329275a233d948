"""The figure of the audit: what each test can give, and the printed p."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.markers import CARETLEFT, CARETRIGHT

from vpresearch.audit import Check
from vpresearch.core.reported import Reported
from vpresearch.figures.curves import name_rows, number_row
from vpresearch.parallel.cache import made_once
from vpresearch.render import labels
from vpresearch.render.figure import (
    COLOURS,
    Figure,
    apart,
    drawable,
    legend_below,
    localise,
    panels,
    say_why,
    stacked,
)
from vpresearch.results import Results

_LONE = ":"
# Inches for a close view of a gap, with its own axis and heading.
_NARROW = 1.5
_BAND = "#CCCCCC"
# Where ranks alone bound p: the bar is no list of what can be attained.
_OUTER: dict[str, Any] = {"facecolor": "none", "hatch": "////", "linewidth": 0.8}
# A picture of more would take the memory of the machine, and no reader would scroll through it.
_MOST_LINES = 120
_COLOURS = {"possible": COLOURS["no"], "impossible": "#999999", "undecided": "#E69F00"}


@made_once
def audit_p(checks: Sequence[Check], language: str) -> Figure:
    """Draw, for each printed p, the range that each test can give and where the printed value lies."""
    every = [check for check in checks if "test" in check.values]
    if not every:
        return _without_p(language)
    data = pd.DataFrame([_row(check) for check in every])
    caption = labels.text("caption.audit_figure", language)
    by_p = {key: list(rows) for key, rows in groupby(every, key=_printed_p)}
    n_drawn = sum(lines <= _MOST_LINES for lines in accumulate(len(rows) + 1 for rows in by_p.values()))
    if n_drawn < len(by_p):
        caption += labels.text("caption.audit_figure_part", language, n=n_drawn, of=len(by_p))
        by_p = dict(list(by_p.items())[:n_drawn])
    tested = [check for rows in by_p.values() for check in rows]
    # Where the printed p lies in a gap, the proof is too narrow to be seen on the whole axis.
    narrow = [check for check in tested if check.code == "p_between_steps"]
    # One line a test, under a heading for each printed p.
    lines = len(tested) + len(by_p)
    height = 1.8 + 0.27 * lines + _NARROW * len(narrow)
    shares = (0.27 * lines, *[_NARROW / 3] * len(narrow))
    with stacked(False, language, caption, shares, height, apart=True) as (canvas, (axes, *close)):
        ticks: list[tuple[int, str]] = []
        for number, rows in enumerate(by_p.values()):
            heading = len(ticks)
            ticks.append((heading, _heading(rows[0], language)))
            for check in rows:
                _draw(axes, len(ticks), check)
                ticks.append((len(ticks), _test(check, language)))
            if number % 2:
                axes.axhspan(heading - 0.5, len(ticks) - 0.5, color="#F2F2F2", zorder=0)
        axes.set_yticks(*zip(*ticks, strict=True), fontsize=9)
        for (_, words), label in zip(ticks, axes.get_yticklabels(), strict=True):
            label.set_fontweight("bold" if "p = " in words else "normal")
        axes.set_ylim(len(ticks) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(labels.text("word.p_value", language))
        axes.xaxis.set_major_formatter(lambda value, _: labels.number(value, 1, language))
        axes.spines[["top", "right"]].set_visible(False)
        # Only what is drawn is named.
        drawn = {check.verdict for check in tested}
        for verdict, colour in ((each, colour) for each, colour in _COLOURS.items() if each in drawn):
            axes.plot([], [], color=colour, linewidth=6, label=labels.text(f"audit_verdict.{verdict}", language))
        if any(check.code == "p_not_attained" for check in tested):
            lone = labels.text("word.lone_values", language)
            axes.plot([], [], _LONE, color=_COLOURS["impossible"], linewidth=6, label=lone)
        if any(check.values["known"] == "outer" and check.code != "p_not_attained" for check in tested):
            outer = labels.text("word.outer_bounds", language)
            axes.barh(0, 0, 0, **_OUTER, edgecolor="black", label=outer)
        axes.plot([], [], "|", color="black", markersize=12, label=labels.text("word.printed", language))
        if narrow:
            axes.barh(0, 0, 0, color=_BAND, label=labels.text("word.stands_for", language))
        for check, axes_close in zip(narrow, close, strict=True):
            _draw_close(axes_close, check, language)
        canvas.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=10)
    return Figure("audit_p", canvas, data, caption, False, language=language)


def _without_p(language: str) -> Figure:
    """Say that the paper prints no p to draw."""
    caption = labels.text("caption.audit_figure", language)
    with stacked(False, language, caption, (1,), 2) as (canvas, (axes,)):
        axes.set_axis_off()
        say_why(axes, labels.text("word.nothing", language))
    return Figure("audit_p", canvas, pd.DataFrame(columns=["claim"]), caption, False, language=language)


def _printed_p(check: Check) -> tuple[str, str]:
    return check.claims[0], str(check.values["scale"])


def _row(check: Check) -> dict[str, object]:
    return {
        "claim": check.claims[0],
        "test": check.values["test"],
        "scale": check.values["scale"],
        "printed": check.values["printed"],
        "verdict": check.verdict,
        "p_min": check.p_min,
        "p_max": check.p_max,
        "gap_low": check.values["low"] if check.code == "p_between_steps" else None,
        "gap_high": check.values["high"] if check.code == "p_between_steps" else None,
    }


def _draw_close(axes: Axes, check: Check, language: str) -> None:
    """Draw the gap between two steps of a test, and what the printed p stands for within it."""
    low, high, printed = float(check.values["low"]), float(check.values["high"]), Reported(str(check.values["printed"]))
    _draw(axes, 0, check)
    value, half = float(printed.value), float(printed.half_unit)
    axes.axvspan(value - half, value + half, color=_BAND, zorder=0)
    for end, side in ((low, "right"), (high, "left")):
        words = labels.number(end, printed.decimals + 1, language)
        axes.annotate(words, (end, 0), (0, 11), textcoords="offset points", ha=side, va="bottom", fontsize=9)
    axes.set_yticks([0], [_test(check, language)], fontsize=9)
    axes.set_title(_heading(check, language), fontsize=9, fontweight="bold")
    axes.set_ylim(0.5, -1)
    # A little of both steps is enough; the ends are round numbers.
    axes.set_xlim(math.floor(200 * low) / 200, math.ceil(200 * high) / 200)
    axes.tick_params(axis="y", length=0)
    localise(axes.xaxis, 5, language)
    axes.spines[["top", "right"]].set_visible(False)


def _draw(axes: Axes, position: int, check: Check) -> None:
    colour, printed = _COLOURS[check.verdict], Reported(str(check.values["printed"]))
    spans = [(check.p_min, check.p_max)]
    if check.code == "p_between_steps":
        # The steps on either side of the printed p; it lies in the gap.
        spans = [(0.0, float(check.values["low"])), (float(check.values["high"]), 1.0)]
    for low, high in spans:
        if check.values["known"] == "outer" and check.code != "p_not_attained":
            axes.barh(position, high - low, 0.45, low, **_OUTER, edgecolor=colour)
            continue
        # A p that a complete list lacks may lie between its values.
        style = _LONE if check.code == "p_not_attained" and low < printed.value < high else "-"
        axes.plot([low, high], [position, position], style, color=colour, linewidth=6, solid_capstyle="butt")
    # A bound points to where the p is said to be.
    marker = {"<": CARETLEFT, ">": CARETRIGHT}.get(printed.bound or "", "|")
    axes.plot([float(printed.value)], [position], marker=marker, color="black", markersize=14, markeredgewidth=2)


def _test(check: Check, language: str) -> str:
    """Name a test, with the condition under which alone it is excluded."""
    name = labels.text(f"test.{check.values['test']}", language)
    if check.code != "p_between_steps":
        return name
    return name + labels.text("word.at_most_equal", language, most_equal=check.values["most_equal"])


def _heading(check: Check, language: str) -> str:
    scale = f" ({check.values['scale']})" if check.values["scale"] else ""
    printed = labels.printed(str(check.values["printed"]), language)
    name = drawable(labels.variable(str(check.values["variable"]), language))
    return f"{name}{scale}, p = {printed}"


_BLACK, _BEYOND, _BEYOND_WORDS = "#1a1a1a", "#BBBBBB", "#6B6B6B"


@made_once
def identified_range(results: Results, language: str) -> Figure:
    """Draw the slope of leak on fill in every reconstruction, by unit, adjustment and model."""
    fits, implied = results.fits, results.implied
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
            names.append(_implied_heading(str(unit), str(adjustment), language))
            names += _draw_models(axes, len(names), part, implied, language)
        name_rows(axes, names, bold=headings)
        axes.set_xlabel(labels.text("leak_figure.range_slope", language))
        _set_reach(axes, implied)
        localise(axes.xaxis, 9, language)
        _explain_strips(axes, language)
    return Figure("identified_range", canvas, fits, caption, True, fitted=True, language=language)


def _set_reach(axes: Axes, implied: pd.DataFrame) -> None:
    """Set the axis to the slopes of the reconstructions; what goes on beyond it is told in the row's numbers."""
    low, high = min(0.0, implied["witnessed_least"].min()), max(0.0, implied["witnessed_greatest"].max())
    room = 0.15 * ((high - low) or 1.0)
    axes.set_xlim(low - room, high + room)


def _implied_heading(unit: str, adjustment: str, language: str) -> str:
    name = labels.text(f"word.{unit}", language).capitalize()
    if adjustment == "none":
        return name
    words = labels.text(f"adjustment.{adjustment}", language).lower()
    return labels.text("leak_figure.adjusted", language, unit=name, adjustment=words)


def _draw_models(axes: Axes, first: int, part: pd.DataFrame, implied: pd.DataFrame, language: str) -> list[str]:
    """Draw the slopes of one unit and adjustment by model, from a row on, and give the names of the rows."""
    found = implied.merge(part[["unit", "adjustment"]].drop_duplicates())
    numbers = found[["witnessed_least", "witnessed_greatest", "any_fill_least", "any_fill_greatest"]].to_numpy(float)
    for place, (model, row) in enumerate(zip(found["model"], numbers.tolist(), strict=True), start=first):
        own, ends = part[part["model"] == model], row[:2]
        if not math.isnan(row[2]):
            axes.plot(row[2:], [place + 0.36] * 2, color=_BEYOND, linewidth=3, solid_capstyle="butt", zorder=0)
            low, high = (labels.number(end, 3, language) for end in row[2:])
            number_row(axes, place + 0.36, labels.limits(low, high, language), _BEYOND_WORDS)
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
    words = labels.text("leak_figure.any_fill", language)
    axes.plot([], [], color=_BEYOND, linewidth=3, label=words)
    legend_below(axes, 2, title=labels.text("leak_figure.range_note", language))
