"""The figure of the audit: what each test can give, and the printed p."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.markers import CARETLEFT, CARETRIGHT

from vpresearch import labels
from vpresearch.audit import Check
from vpresearch.figures.figure import COLOURS, Figure, panels
from vpresearch.reported import Reported

_COLOURS = {"possible": COLOURS["no"], "impossible": "#999999", "undecided": "#E69F00"}


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
    with panels(False, language, caption, 1, 1.6 + 0.3 * len(tested)) as (canvas, (axes,)):
        for position, (check, row) in enumerate(zip(tested, data.itertuples(), strict=True)):
            _draw(axes, position, check, Reported(str(row.printed)))
        axes.set_yticks(range(len(tested)), [_name(check, language) for check in tested], fontsize=9)
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.set_xlabel(labels.text("word.p_value", language))
        axes.xaxis.set_major_formatter(lambda value, _: labels.number(value, 1, language))
        axes.spines[["top", "right"]].set_visible(False)
        for verdict, colour in _COLOURS.items():
            axes.plot([], [], color=colour, linewidth=6, label=labels.text(f"audit_verdict.{verdict}", language))
        axes.plot([], [], "|", color="black", markersize=12, label=labels.text("word.printed", language))
        canvas.legend(loc="outside lower center", ncols=4, frameon=False)
    return Figure("audit_p", canvas, data, caption, False)


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


def _draw(axes: Axes, position: int, check: Check, printed: Reported) -> None:
    colour = _COLOURS[check.verdict]
    spans = [(check.p_min, check.p_max)]
    if check.code == "p_between_steps":
        # The steps on either side of the printed p; it lies in the gap.
        spans = [(0.0, float(check.values["low"])), (float(check.values["high"]), 1.0)]
    # A printed p that a complete list lacks lies between its values: the range is then drawn as the points that it is.
    style = ":" if check.code == "p_not_attained" else "-"
    for low, high in spans:
        axes.plot([low, high], [position, position], style, color=colour, linewidth=6, solid_capstyle="butt")
    # A bound points to where the p is said to be.
    marker = {"<": CARETLEFT, ">": CARETRIGHT}.get(printed.bound or "", "|")
    axes.plot([float(printed.value)], [position], marker=marker, color="black", markersize=14, markeredgewidth=2)


def _name(check: Check, language: str) -> str:
    variable = labels.variable(str(check.values["variable"]), language)
    test = labels.text(f"test.{check.values['test']}", language)
    scale = f" {check.values['scale']}" if check.values["scale"] else ""
    return f"{variable}{scale}: {test}"
