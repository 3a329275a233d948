"""What the curves of risk share: the curve, its band, and the axes."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from vpresearch import labels
from vpresearch.figures.figure import as_printed, localise
from vpresearch.regression.design import Design, Floats

# Of a fill in percent.
FILL_DECIMALS = 1


def draw_curve(axes: Axes, curve: pd.DataFrame, colour: str, style: str, name: str) -> None:
    """Draw a curve of risk.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    curve : pandas.DataFrame
        ``fill_percent`` and ``risk``; where the fit failed there is no line, only its name.
    colour, style, name : str
    """
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


def one_of_many(identified: tuple[float, float] | None, language: str) -> str | None:
    """Say how far the odds ratio was seen to reach in other datasets with the published statistics.

    Parameters
    ----------
    identified : pair of float, or None
        Least and greatest slope, log odds; None for real data, of which nothing is said.
    language : {"es", "en"}

    Returns
    -------
    str or None
    """
    if identified is None:
        return None
    least, greatest = (math.exp(slope) for slope in identified)
    return labels.text("leak_figure.one_of_many", language, least=least, greatest=greatest)
