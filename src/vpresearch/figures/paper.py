"""Figures 1 and 2: the paper's pies, and beside each a form that reads better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from vpresearch.parallel.cache import made_once
from vpresearch.render import labels
from vpresearch.render.figure import COLOURS, SITE_COLOURS, Figure, panels, say_why
from vpresearch.results import Results


@made_once
def figure1(results: Results, language: str) -> Figure:
    """Draw the vertebrae by leak."""
    counts = results.leak_shares
    names = [labels.text(f"leak_group.{group}", language) for group in counts["leak"]]
    return _pie_and_bars("figure1", results, language, counts, names, [COLOURS[group] for group in counts["leak"]])


@made_once
def figure2(results: Results, language: str) -> Figure:
    """Draw the leaks by site."""
    leaks, counts = results.leaks.count, results.site_shares
    counts = counts[counts["n"] > 0].sort_values("n", ascending=False, kind="stable")
    names = [labels.category("leak_site", site, language) for site in counts["leak_site"]]
    colours = [SITE_COLOURS[s] for s in counts["leak_site"]]
    nothing = "word.unrecorded" if leaks else "word.nothing"
    figure = _pie_and_bars("figure2", results, language, counts, names, colours, nothing)
    return replace(figure, counts=(*figure.counts, leaks - int(counts["n"].sum())))


def _pie_and_bars(
    name: str,
    results: Results,
    language: str,
    counts: pd.DataFrame,
    names: Sequence[str],
    colours: Sequence[str],
    nothing: str = "word.nothing",
) -> Figure:
    total = int(counts["n"].sum())
    caption = labels.text(f"caption.{name}", language, n=total)
    with panels(results.dataset.reconstruction, language, caption, 2, 4.2) as (canvas, (left, right)):
        if total:
            _draw_pie(left, counts, names, colours, language)
            _draw_bars(right, counts, names, colours, language)
        else:
            left.set_axis_off()
            right.set_axis_off()
            say_why(left, labels.text(nothing, language))
    data, told = counts.reset_index(drop=True), tuple(counts["n"].to_list())
    return Figure(name, canvas, data, caption, results.dataset.reconstruction, counts=told, language=language)


def _draw_pie(axes: Axes, counts: pd.DataFrame, names: Sequence[str], colours: Sequence[str], language: str) -> None:
    """Draw the slices that there are; one that is all of it has no seam."""
    slices = [
        (count, f"{name}\n{labels.percent(share, 0, language)}%", colour)
        for count, name, share, colour in zip(counts["n"], names, counts["percent"], colours, strict=True)
        if count
    ]
    sizes, words, fills = zip(*slices, strict=True)
    axes.pie(
        sizes,
        labels=words,
        colors=fills,
        startangle=90,
        counterclock=False,
        labeldistance=1.18,
        wedgeprops={"edgecolor": "white", "linewidth": 1.5 if len(slices) > 1 else 0},
    )


def _draw_bars(axes: Axes, counts: pd.DataFrame, names: Sequence[str], colours: Sequence[str], language: str) -> None:
    """Draw shares with their 95% intervals, which a pie cannot carry."""
    share = counts["percent"].to_numpy()
    # At 0 and 100% a limit is the share itself, but for the last bit.
    whiskers = np.maximum(0, [share - counts["low"].to_numpy(), counts["high"].to_numpy() - share])
    positions = range(len(counts))
    axes.barh(positions, share, color=list(colours), height=0.6)
    axes.errorbar(share, positions, xerr=whiskers, fmt="none", ecolor="#333333", elinewidth=1.4, capsize=4)
    axes.set_yticks(positions, [f"{name} (n = {n})" for name, n in zip(names, counts["n"], strict=True)])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel(labels.text("axis.share", language))
    axes.spines[["top", "right"]].set_visible(False)
