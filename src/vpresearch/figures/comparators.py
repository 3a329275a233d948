"""The leak rate beside those of other series, as a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import pandas as pd
from matplotlib.axes import Axes

from vpresearch import labels
from vpresearch.figures.figure import COLOURS, Figure, as_printed, drawn_once, legend_below, localise, panels
from vpresearch.figures.forest import excuse_row, in_words, interval, name_rows, number_row
from vpresearch.literature import OWN_DETECTION, Comparator, Comparison
from vpresearch.load import Dataset
from vpresearch.regression.design import Design
from vpresearch.regression.models import leak_design
from vpresearch.regression.proportion import clopper_pearson, korn_graubard

_MARKERS = {"CT": "o", "radiograph": "s", "fluoroscopy": "^", "mixed": "P", "unknown": "D"}
_OWN_COLOUR, _COLOUR = COLOURS["yes"], COLOURS["no"]
_DECIMALS = 1


@drawn_once
def comparators_figure(comparisons: Sequence[Comparison], dataset: Dataset, language: str) -> Figure:
    """Draw the leak rate with its exact interval and that for vertebrae that share patients, and other series below.

    Parameters
    ----------
    comparisons : sequence of Comparison
        Of the rate of the same dataset.
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Figure
        The series that the paper cites come first, the highest rate on top.
    """
    study = leak_design(dataset.rows)
    exact, clustered = clopper_pearson(study.events, study.n), korn_graubard(study)
    own = {
        "detection": OWN_DETECTION,
        "unit": "vertebrae",
        "leaks": study.events,
        "n": study.n,
        "percent": clustered.percent,
    }
    ranked = sorted(comparisons, key=lambda each: (each.comparator.role != "cited_by_paper", -each.percent))
    ends = {"this study": exact, "this study, clustered": (clustered.low, clustered.high)}
    records = [{"study": name, **own, "ci_low": low, "ci_high": high} for name, (low, high) in ends.items()]
    data = pd.DataFrame([*records, *map(_row, ranked)]).astype({"leaks": "Int64", "n": "Int64"})
    caption = labels.text("leak_table.comparators_caption", language)
    with panels(dataset.reconstruction, language, caption, 1, 3.0 + 0.32 * len(data)) as (canvas, (axes,)):
        axes.set_xlim(0, 100)
        axes.axvspan(*exact, color=_OWN_COLOUR, alpha=0.12, linewidth=0, zorder=0)
        names = _draw_own(axes, study, OWN_DETECTION, list(ends.values()), language)
        if clustered.reason:
            excuse_row(axes, 1, labels.why_not(clustered.reason, language))
        headings = _draw_series(axes, names, ranked, language)
        name_rows(axes, names, bold=[0, *headings])
        localise(axes.xaxis, 6, language)
        axes.set_xlabel(labels.text("leak_figure.rate", language, level=95.0))
        unverified = any(each.comparator.verified != "yes" for each in comparisons)
        _explain(axes, list(dict.fromkeys(data["detection"])), unverified, language)
    return Figure("comparators", canvas, data, caption, dataset.reconstruction, fitted=True, language=language)


def _row(each: Comparison) -> dict[str, object]:
    other = each.comparator
    kind = {"study": other.study, "role": other.role, "detection": other.detection, "unit": other.unit}
    counts = {"verified": other.verified, "leaks": other.leaks, "n": other.n}
    return {**kind, **counts, "percent": each.percent, "ci_low": each.low, "ci_high": each.high}


def _draw_own(
    axes: Axes, study: Design, detection: str, ends: Sequence[tuple[float, float]], language: str
) -> list[str]:
    """Draw the rate of the study itself with either interval, and give the names of its rows."""
    percent, *_ = as_printed([100 * study.events / study.n], _DECIMALS)
    for place, (low, high) in enumerate(as_printed(ends, _DECIMALS).tolist()):
        if not math.isnan(low):
            interval(axes, place, percent, low, high, _OWN_COLOUR, _MARKERS[detection])
            number_row(
                axes, place, in_words(*labels.percents(percent, low, high, 1, language), language), bold=not place
            )
    counted = labels.text("leak_table.counted_vertebrae", language)
    own = f"{labels.text('leak_table.this_study', language)}: {study.events}/{study.n} {counted}"
    return [own, labels.text("leak_figure.clustered", language)]


def _draw_series(axes: Axes, names: list[str], ranked: Sequence[Comparison], language: str) -> list[int]:
    """Draw the other series under a heading for each role, and add their names; give the places of the headings."""
    headings = []
    for role, series in groupby(ranked, key=lambda each: each.comparator.role):
        headings.append(len(names))
        names.append(labels.text(f"leak_figure.{role}", language))
        for each in series:
            other = each.comparator
            ends = (each.percent, each.low, each.high)
            read = other.verified == "yes"
            interval(axes, len(names), *ends, _COLOUR, _MARKERS[other.detection], filled=read)
            decimals = 1 if other.printed is None or other.leaks is not None else other.printed.decimals
            number_row(axes, len(names), in_words(*labels.percents(*ends, decimals, language), language))
            names.append(_name(other, language))
    return headings


def _name(other: Comparator, language: str) -> str:
    leaks, n = (labels.count(value, language) if value is not None else "" for value in (other.leaks, other.n))
    counts = f"{leaks}/{n}" if leaks and n else f"n = {n}" if n else ""
    key = f"leak_table.counted_{other.unit}" if other.unit else "leak_figure.unit_unknown"
    counted = (" " if other.unit else ", ").join(filter(None, (counts, labels.text(key, language))))
    return f"{labels.series(other.study, language)}: {counted}"


def _explain(axes: Axes, detections: Sequence[str], unverified: bool, language: str) -> None:
    heading = labels.text("leak_table.detection", language)
    for detection in detections:
        name = f"{heading}: {labels.text(f'leak_table.detection_{detection}', language)}"
        axes.plot([], [], _MARKERS[detection], color=_COLOUR, markersize=7.5, label=name)
    if unverified:
        words = labels.text("leak_figure.unverified", language)
        axes.plot([], [], "o", color=_COLOUR, markerfacecolor="white", markersize=7.5, label=words)
    words = labels.text("leak_figure.own_interval", language)
    axes.fill_between([], [], [], color=_OWN_COLOUR, alpha=0.12, label=words)
    legend_below(axes, 2)
