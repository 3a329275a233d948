"""The figures that stand behind tables 3 and 4."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from vpresearch.core.dictionary import days
from vpresearch.parallel.cache import made_once
from vpresearch.privacy import all_alike, score_counts
from vpresearch.render import labels
from vpresearch.render.figure import (
    BEYOND,
    COLOURS,
    Figure,
    apart,
    as_printed,
    many,
    panels,
    say_why,
    stacked,
)
from vpresearch.render.table import free_counts, free_mean, without_single_values
from vpresearch.results import Results

_SCALES = {"vas": 10, "odi": 100}
# The paper prints volumes, and means of scores, to one decimal.
_CC_DECIMALS = _MEAN_DECIMALS = 1
_BLACK = "#1a1a1a"
_LAST_MONTH, _ROOM = 12, 0.9


@made_once
def volumes(results: Results, language: str) -> Figure:
    """Draw the volume and the cement of every vertebra by leak."""
    dataset, free = results.dataset, results.free_volumes
    # With the decimals that the paper prints of the means by leak.
    shown = {"volume": ("vertebral_volume_cc", 1), "cement": ("cement_volume_cc", 2)}
    names = ["leak", *(column for column, _ in shown.values())]
    data = dataset.vertebrae[names].sort_values(names, ignore_index=True)
    caption = labels.text("caption.volumes", language, n=len(data))
    means = {
        column: dict(zip(("no", "yes"), results.comparisons[column].summaries, strict=True))
        for column, _ in shown.values()
    }
    with panels(dataset.reconstruction, language, caption, 2, 5) as (canvas, axes):
        for panel, (axis, (column, decimals)) in zip(axes, shown.items(), strict=True):
            for position, (group, summary) in enumerate(means[column].items()):
                # One order for both panels would tell which cement went into which vertebra.
                values = np.sort(as_printed(data.loc[data["leak"] == group, column], _CC_DECIMALS))
                mean = float(as_printed(summary.mean, decimals))
                _draw_points(panel, position, values, mean, COLOURS[group])
                if free is not None:
                    own = free[free["leak"] == group]
                    low, high = (own.loc[own["shown"] == end, column] for end in ("least", "greatest"))
                    panel.vlines(position + 0.5 * apart(len(low)), low, high, color=BEYOND, linewidth=2, zorder=0)
            counts = [int((data["leak"] == group).sum()) for group in ("no", "yes")]
            panel.set_xticks([0, 1], _group_names(counts, language))
            panel.set_xlim(-0.5, 1.5)
            highest = data[column].max() if free is None else max(data[column].max(), free[column].max())
            panel.set_ylim(0, 1.06 * float(as_printed(highest, _CC_DECIMALS)))
            panel.set_ylabel(labels.text(f"axis.{axis}", language))
            _localise(panel, language)
            panel.spines[["top", "right"]].set_visible(False)
        axes[0].plot([], [], color=_BLACK, linewidth=2, label=labels.text("word.mean", language))
        if free is not None:
            axes[0].plot([], [], color=BEYOND, linewidth=2, label=labels.text("word.free_rank", language))
            data = pd.concat([data.assign(shown="vertebra"), free], ignore_index=True)
        axes[0].legend(loc="lower center", frameon=False)
    return Figure("volumes", canvas, data, caption, dataset.reconstruction, row_level=True, language=language)


def _places(times: Iterable[str]) -> tuple[dict[str, float], bool]:
    """Place the times of scores by month, or evenly where they would stand on one another or far beyond a year."""
    # How long before the treatment the first score was taken, no column tells.
    months = {time: -1.0 if time == "pre" else round(days(time) * 12 / 365, 6) for time in sorted(set(times), key=days)}
    roomy = all(after - before >= _ROOM for before, after in pairwise(months.values()))
    if roomy and max(months.values(), default=0.0) <= _LAST_MONTH:
        return months, True
    return {time: float(order) for order, time in enumerate(months)}, False


@made_once
def outcome(results: Results, language: str) -> Figure:
    """Draw VAS and Oswestry over time, means with their 95% intervals."""
    dataset = results.dataset
    data = without_single_values(results.scores_with_range, dataset.reconstruction)
    caption = labels.text("caption.outcome_figure", language, n=len(dataset.patients))
    place, by_month = _places(data["time"])
    with stacked(dataset.reconstruction, language, caption, (1, 1), 7.6, apart=True) as (canvas, axes):
        for panel, (scale, top) in zip(axes, _SCALES.items(), strict=True):
            rows = data[data["scale"] == scale]
            places = np.array([place[time] for time in rows["time"]])
            mean, low, high = (as_printed(rows[name], _MEAN_DECIMALS) for name in ("mean", "mean_low", "mean_high"))
            whiskers = [mean - low, high - mean]
            panel.errorbar(places, mean, yerr=whiskers, fmt="o", color=COLOURS["no"], capsize=4, linewidth=1.8)
            there = dataset.patients[list(rows["variable"])].notna()
            for at, (before, after) in enumerate(pairwise(there)):
                # Means of others than those before tell of no course.
                if there[before].equals(there[after]):
                    both = slice(at, at + 2)
                    panel.plot(places[both], mean[both], color=COLOURS["no"], linewidth=1.8)
            if dataset.reconstruction and not rows.empty:
                least, most = (as_printed(rows[name], _MEAN_DECIMALS) for name in ("free_least", "free_greatest"))
                label = labels.text("word.free_mean", language)
                panel.vlines(places, least, most, color=BEYOND, linewidth=11, zorder=0, label=label)
                panel.legend(loc="upper right", frameon=False, fontsize=10)
                words = [free_mean(*ends, language) for ends in zip(least, most, strict=True)]
            else:
                words = [labels.number(value, 1, language) for value in mean]
            for across, value, top_of_whisker, number in zip(places, mean, high, words, strict=True):
                panel.annotate(
                    number,
                    # One patient has no interval, and a whisker may leave the scale; the number stays in sight.
                    (across, value if math.isnan(top_of_whisker) else min(top_of_whisker, top)),
                    (0, 5),
                    textcoords="offset points",
                    ha="center",
                    fontsize=11,
                    annotation_clip=False,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
                )
            if rows.empty:
                say_why(panel, labels.text("word.unrecorded", language))
            names = [f"{labels.time(time, language)}\nn = {n}" for time, n in zip(rows["time"], rows["n"], strict=True)]
            panel.set_xticks(places, names, fontsize=10)
            if by_month:
                panel.set_xticks(range(_LAST_MONTH + 1), minor=True)
                panel.set_xlim(-1.75, _LAST_MONTH + 0.7)
            else:
                panel.set_xlim(-0.6, len(place) - 0.4)
            panel.set_ylim(0, top)
            panel.set_ylabel(labels.text(f"axis.{scale}", language))
            panel.spines[["top", "right"]].set_visible(False)
        if by_month:
            axes[-1].set_xlabel(labels.text("axis.months", language), fontsize=11)
    told = tuple(count for variable in data["variable"] for count in score_counts(dataset, variable))
    alike = any(all_alike(dataset, variable, "patients") for variable in data["variable"])
    return Figure("outcome", canvas, data, caption, dataset.reconstruction, alike, counts=told, language=language)


@made_once
def leak_kinds(results: Results, language: str) -> Figure:
    """Draw how many leaks there are of each site and size."""
    data, reconstruction = results.leak_kinds_with_range, results.dataset.reconstruction
    sites, sizes = (list(data[name].unique()) for name in ("leak_site", "leak_size"))
    counts = data.pivot(index="leak_site", columns="leak_size", values="n").loc[sites, sizes]
    cells = data.assign(shown=free_counts(data, language)).pivot(index="leak_site", columns="leak_size", values="shown")
    cells = cells.loc[sites, sizes]
    recorded = int(data["n"].sum())
    caption = labels.text("caption.leak_kinds_figure", language, n=recorded)
    with panels(reconstruction, language, caption, 1, 4.4) as (canvas, (panel,)):
        sns.heatmap(
            counts,
            annot=cells,
            fmt="",
            cmap="Oranges",
            vmin=0,
            vmax=1.8 * data["n"].max(),
            # White letters on orange are hard to read.
            annot_kws={"color": _BLACK},
            cbar=False,
            linewidths=2,
            ax=panel,
        )
        panel.set_xticklabels([labels.category("leak_size", size, language) for size in sizes])
        panel.set_yticklabels([labels.category("leak_site", site, language) for site in sites], rotation=0)
        free = f"\n{labels.text('footnote.free_counts', language)}" if reconstruction else ""
        panel.set_xlabel(labels.variable("leak_size", language) + free)
        panel.set_ylabel(labels.variable("leak_site", language))
        panel.tick_params(length=0)
    # Beside the figure of the sites, how many have no size follows.
    unsized = results.site_shares.set_index("leak_site")["n"] - counts.sum(axis=1)
    told = (*data["n"].to_list(), *unsized.to_list(), results.leaks.count - recorded)
    return Figure("leak_kinds", canvas, data, caption, reconstruction, counts=told, language=language)


def _draw_points(axes: Axes, position: int, values: NDArray[np.float64], mean: float, colour: str) -> None:
    """Draw every value beside its likes, and their mean."""
    points = axes.scatter(position + 0.5 * apart(len(values)), values, color=colour, alpha=0.75, s=34, linewidth=0)
    points.set_rasterized(many(len(values)))
    axes.hlines(mean, position - 0.32, position + 0.32, color=_BLACK, linewidth=2)


def _group_names(counts: Sequence[int], language: str) -> list[str]:
    names = (labels.text(f"leak_group.{group}", language) for group in ("no", "yes"))
    return [f"{name} (n = {count})" for name, count in zip(names, counts, strict=True)]


def _localise(axes: Axes, language: str) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: labels.number(value, 0, language))
