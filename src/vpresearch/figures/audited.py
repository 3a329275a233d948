"""The figure of the audit: what each test can give, and the printed p."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.markers import CARETLEFT, CARETRIGHT

from vpresearch import labels
from vpresearch.audit import Check
from vpresearch.figures.figure import COLOURS, Figure, drawn_once, panels
from vpresearch.reported import Reported

_LONE = ":"
# Where ranks alone bound p: the bar is no list of what can be attained.
_OUTER: dict[str, Any] = {"facecolor": "none", "hatch": "////", "linewidth": 0.8}
_COLOURS = {"possible": COLOURS["no"], "impossible": "#999999", "undecided": "#E69F00"}


@drawn_once
def audit_p(checks: Sequence[Check], language: str) -> Figure:
    """Draw, for each printed p, the range that each test can give and where the printed value lies.

    Parameters
    ----------
    checks : sequence of Check
    language : {"es", "en"}

    Returns
    -------
    Figure
    """
    tested = [check for check in checks if "test" in check.values]
    data = pd.DataFrame([_row(check) for check in tested])
    caption = labels.text("caption.audit_figure", language)
    by_p = {key: list(rows) for key, rows in groupby(tested, key=_printed_p)}
    # One line a test, under a heading for each printed p.
    height = 1.8 + 0.27 * (len(tested) + len(by_p))
    with panels(False, language, caption, 1, height) as (canvas, (axes,)):
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
        for verdict, colour in _COLOURS.items():
            axes.plot([], [], color=colour, linewidth=6, label=labels.text(f"audit_verdict.{verdict}", language))
        lone = labels.text("word.lone_values", language)
        axes.plot([], [], _LONE, color=_COLOURS["impossible"], linewidth=6, label=lone)
        outer = labels.text("word.outer_bounds", language)
        axes.barh(0, 0, 0, **_OUTER, edgecolor="black", label=outer)
        axes.plot([], [], "|", color="black", markersize=12, label=labels.text("word.printed", language))
        canvas.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=10)
    return Figure("audit_p", canvas, data, caption, False, language=language)


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
    }


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
    return f"{labels.variable(str(check.values['variable']), language)}{scale}, p = {check.values['printed']}"
