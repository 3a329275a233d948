"""The leak rate beside those of other series, as a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullLocator

from vpresearch.figures.curves import (
    FILL_DECIMALS,
    as_independent,
    draw_band,
    draw_curve,
    draw_limits,
    drawn_fills,
    excuse_row,
    in_words,
    interval,
    name_rows,
    number_row,
    one_of_many,
    set_axes,
)
from vpresearch.parallel.cache import made_once
from vpresearch.published.comparators import Comparator, Comparison, Rate
from vpresearch.regression.design import Estimate, Floats
from vpresearch.regression.gee import why_too_few
from vpresearch.regression.models import PRIMARY
from vpresearch.render import labels
from vpresearch.render.figure import (
    BEYOND,
    COLOURS,
    WITNESSED,
    Figure,
    as_printed,
    legend_below,
    localise,
    many,
    panels,
    stacked,
)
from vpresearch.results import RISK_MODELS, Results

_MARKERS = {"CT": "o", "radiograph": "s", "fluoroscopy": "^", "mixed": "P", "unknown": "D"}
_OWN_COLOUR, _COLOUR = COLOURS["yes"], COLOURS["no"]
_DECIMALS = 1


@made_once
def comparators_figure(results: Results, language: str) -> Figure:
    """Draw the leak rate with its exact interval and that for vertebrae that share patients, and other series below."""
    comparisons, rate, reconstruction = results.series, results.rate, results.dataset.reconstruction
    exact, clustered = rate.exact, rate.clustered
    own = {"detection": results.detection, "unit": "vertebrae", "leaks": rate.leaks, "n": rate.n}
    own |= {"percent": clustered.percent}
    ranked = sorted(comparisons, key=lambda each: (each.comparator.role != "cited_by_paper", -each.percent))
    ends = {"this study": exact, "this study, clustered": (clustered.low, clustered.high)}
    records = [{"study": name, **own, "ci_low": low, "ci_high": high} for name, (low, high) in ends.items()]
    data = pd.DataFrame([*records, *map(_row, ranked)]).astype({"leaks": "Int64", "n": "Int64"})
    caption = labels.text("leak_table.comparators_caption", language)
    with panels(reconstruction, language, caption, 1, 3.0 + 0.32 * len(data)) as (canvas, (axes,)):
        axes.set_xlim(0, 100)
        axes.axvspan(*exact, color=_OWN_COLOUR, alpha=0.12, linewidth=0, zorder=0)
        names = _draw_own(axes, rate, results.detection, list(ends.values()), language)
        if clustered.reason:
            excuse_row(axes, 1, labels.why_not(clustered.reason, language))
        if results.free_rate is not None:
            words = labels.text("leak_figure.free_clustered", language)
            axes.hlines(1, *results.free_rate, color=BEYOND, linewidth=9, zorder=0.5, label=words)
        headings = _draw_series(axes, names, ranked, language)
        name_rows(axes, names, bold=[0, *headings])
        localise(axes.xaxis, 6, language)
        axes.set_xlabel(labels.text("leak_figure.rate", language, level=95.0))
        unverified = any(each.comparator.verified != "yes" for each in comparisons)
        _explain(axes, list(dict.fromkeys(data["detection"])), unverified, language)
    return Figure("comparators", canvas, data, caption, reconstruction, fitted=True, language=language)


def _row(each: Comparison) -> dict[str, object]:
    other = each.comparator
    kind = {"study": other.study, "role": other.role, "detection": other.detection, "unit": other.unit}
    counts = {"verified": other.verified, "leaks": other.leaks, "n": other.n}
    return {**kind, **counts, "percent": each.percent, "ci_low": each.low, "ci_high": each.high}


def _draw_own(axes: Axes, rate: Rate, detection: str, ends: Sequence[tuple[float, float]], language: str) -> list[str]:
    """Draw the rate of the study itself with either interval, and give the names of its rows."""
    percent, *_ = as_printed([100 * rate.leaks / rate.n], _DECIMALS)
    for place, (low, high) in enumerate(as_printed(ends, _DECIMALS).tolist()):
        if not math.isnan(low):
            interval(axes, place, percent, low, high, _OWN_COLOUR, _MARKERS[detection])
            number_row(
                axes, place, in_words(*labels.percents(percent, low, high, 1, language), language), bold=not place
            )
    counted = labels.text("leak_table.counted_vertebrae", language)
    own = f"{labels.text('leak_table.this_study', language)}: {rate.leaks}/{rate.n} {counted}"
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
            names.append(_series_name(other, language))
    return headings


def _series_name(other: Comparator, language: str) -> str:
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


# Odds ratios beyond these leave the axis to the others.
_LEAST, _MOST = 1 / 20, 20.0
# Of log odds and of shares, as the tables of them have.
_LOG_DECIMALS = _SHARE_DECIMALS = 3


@made_once
def leak_models(results: Results, language: str) -> Figure:
    """Draw the odds ratio of a leak per percentage point of fill by every model, the primary one on top."""
    slopes, identified, reconstruction = _slopes(results.estimates), results.identified, results.dataset.reconstruction
    doubled = [each for each in results.estimates if each.model == "gee_kc_logs" and each.term != "intercept"]
    data = _odds_ratios(slopes)
    ratios = _as_drawn(data)
    caption = labels.text("leak_figure.models", language)
    height = 2.2 + 0.34 * len(data) + 0.5 * (identified is not None) + 2.2 * bool(doubled)
    shares = (len(slopes), len(doubled))[: 1 + bool(doubled)]
    with stacked(reconstruction, language, caption, shares, height, apart=True) as (canvas, (axes, *others)):
        for below in others:
            below_ratios = _as_drawn(_odds_ratios(doubled))
            _set_odds_axis(below, below_ratios, language)
            below.set_xlabel(labels.text("leak_figure.doubling", language))
            _draw_free(below, doubled, results.free_terms)
            _draw_models(below, doubled, below_ratios, language)
        witnessed = np.exp(identified) if identified is not None else np.array([])
        primary = np.array([each.model == PRIMARY for each in slopes], bool)
        _set_odds_axis(axes, np.append(ratios, witnessed), language, always=ratios[primary, 0])
        if identified is not None:
            least, greatest = (float(ratio) for ratio in witnessed)
            data["witnessed_least"], data["witnessed_greatest"] = least, greatest
            words = labels.text("leak_figure.identified", language, least=least, greatest=greatest)
            axes.axvspan(least, greatest, color=WITNESSED, alpha=0.22, linewidth=0, zorder=0, label=words)
        if _draw_free(axes, slopes, results.free_terms):
            axes.fill_between([], [], [], color=BEYOND, label=labels.text("leak_figure.free_term", language))
        _draw_models(axes, slopes, ratios, language)
        _explain_models(axes, data, language)
    data = pd.concat([data, _odds_ratios(doubled)], ignore_index=True)
    if reconstruction:
        data = data.join(results.free_terms.apply(np.exp), on="term")
    return Figure("leak_models", canvas, data, caption, reconstruction, fitted=True, language=language)


def _draw_free(axes: Axes, shown: Sequence[Estimate], free: pd.DataFrame) -> bool:
    """Draw how far terms with a range of their own reach over the reconstructions, and tell whether there are any."""
    rows = [(place, free.loc[each.term]) for place, each in enumerate(shown) if each.term in free.index]
    for place, ends in rows:
        axes.plot(np.exp(ends), [place] * 2, color=BEYOND, linewidth=9, solid_capstyle="butt", zorder=0.5)
    return bool(rows)


def _names(shown: Sequence[Estimate], language: str) -> list[str]:
    """Name each row by its model, or where a model has several by its term."""
    keys = [f"model.{each.model}" if each.term == "fill_percent" else f"leak_table.term_{each.term}" for each in shown]
    return [labels.text(key, language) for key in keys]


def _as_drawn(data: pd.DataFrame) -> Floats:
    with np.errstate(divide="ignore", over="ignore"):
        return np.exp(as_printed(np.log(data[["odds_ratio", "ci_low", "ci_high"]]), _LOG_DECIMALS))


def _draw_models(axes: Axes, shown: Sequence[Estimate], ratios: Floats, language: str) -> None:
    """Draw a row for each odds ratio, and where there is no effect."""
    axes.axvline(1, color="#1a1a1a", linewidth=1, zorder=1)
    for place, each in enumerate(shown):
        _draw_model(axes, place, each, ratios[place].tolist(), language)
    bold = [place for place, each in enumerate(shown) if each.model == PRIMARY]
    name_rows(axes, _names(shown, language), bold=bold)


def _slopes(estimates: Sequence[Estimate]) -> list[Estimate]:
    terms = ("fill_percent", "fill_between", "fill_within")
    shown = [each for each in estimates if each.term in terms and each.model != "spline"]
    return sorted(shown, key=lambda each: each.model != PRIMARY)


def _odds_ratios(shown: Sequence[Estimate]) -> pd.DataFrame:
    with np.errstate(over="ignore"):
        ends = np.array([[each.estimate, each.ci_low, each.ci_high] for each in shown]).reshape(-1, 3)
        estimate, low, high = np.exp(ends).T
    return pd.DataFrame(
        {
            "model": [each.model for each in shown],
            "outcome": [each.outcome for each in shown],
            "term": [each.term for each in shown],
            "odds_ratio": estimate,
            "ci_low": low,
            "ci_high": high,
            "ci_kind": [each.ci_kind for each in shown],
            "p_value": [each.p_value for each in shown],
            "reason": [each.reason for each in shown],
        }
    )


def _draw_model(axes: Axes, place: int, slope: Estimate, ratios: Sequence[float], language: str) -> None:
    if math.isnan(slope.estimate):
        excuse_row(axes, place, labels.in_brief(slope.reason, language))
        return
    colour, marker = (COLOURS["yes"], "D") if slope.model == PRIMARY else (COLOURS["no"], "o")
    # Some models give a number on separated data, and the reason beside it.
    estimate, low, high = ratios
    interval(axes, place, estimate, low, high, colour, marker, filled=not slope.reason)
    ends = [labels.odds_ratio(end, language) for end in (slope.estimate, slope.ci_low, slope.ci_high)]
    words = in_words(ends[0], ends[1], ends[2], language)
    number_row(axes, place, words, bold=slope.model == PRIMARY)


def _explain_models(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Name what is drawn, and nothing else."""
    told = data["odds_ratio"].notna()
    if (told & (data["model"] == PRIMARY)).any():
        words = labels.text("leak_figure.primary", language)
        axes.plot([], [], "D", color=COLOURS["yes"], markersize=7.5, label=words)
    for reason in dict.fromkeys(data.loc[told & (data["reason"] != ""), "reason"]):
        words = labels.text("leak_figure.hollow", language, why=labels.why_not(reason, language))
        axes.plot([], [], "o", color=COLOURS["no"], markerfacecolor="white", markersize=7.5, label=words)
    if axes.get_legend_handles_labels()[0]:
        legend_below(axes, 1, title=as_independent(language))


def _set_odds_axis(axes: Axes, ratios: Floats, language: str, always: Floats | None = None) -> None:
    """Set the axis to the odds ratios that can be shown, some wherever they lie, and 1."""
    near = np.append(ratios.clip(_LEAST, _MOST), [] if always is None else always)
    finite = np.append(near[np.isfinite(near) & (near > 0)], 1.0)
    finite = np.append(finite, [] if np.ptp(finite) else [0.5, 2.0])
    low, high = np.log(finite.min()), np.log(finite.max())
    room = 0.06 * (high - low) + 0.01
    axes.set_xscale("log")
    axes.set_xlim(math.exp(low - room), math.exp(high + room))
    wide = high - low > math.log(4)
    if wide:
        # Ticks that stand apart, however wide the intervals.
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high - low < math.log(40) else (1,)))
        axes.xaxis.set_major_formatter(lambda value, _: labels.number(value, 2, language))
    else:
        localise(axes.xaxis, 8, language)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(axis="x", labelsize=10.5)
    axes.set_xlabel(labels.text("leak_figure.odds_ratio", language))


@made_once
def risk_curve(results: Results, language: str) -> Figure:
    """Draw the risk of a leak along the fill by the primary model and by FLIC, and the vertebrae."""
    design, reconstruction = results.design, results.dataset.reconstruction
    fill = drawn_fills(design)
    free = results.free_risk(fill)
    curves = {model: results.risk_curve(model, fill).assign(shown=model) for model in RISK_MODELS}
    names = {model: _name(model, results.risk_fits[model].reason, language) for model in RISK_MODELS}
    vertebrae = pd.DataFrame({"fill_percent": design.x[:, 1], "leak": np.where(design.y > 0, "yes", "no")})
    vertebrae = vertebrae.assign(shown="vertebra").sort_values(["leak", "fill_percent"])
    caption, level = labels.text("leak_figure.risk", language, n=design.n), 95.0
    with panels(reconstruction, language, caption, 1, 5.6) as (canvas, (axes,)):
        if free is not None:
            draw_band(axes, free, "#777777", labels.text("leak_figure.free_band", language))
        draw_curve(axes, curves[PRIMARY], COLOURS["no"], "-", names[PRIMARY])
        draw_band(axes, curves[PRIMARY], COLOURS["no"], labels.text("leak_figure.band", language, level=level))
        draw_curve(axes, curves["flic"], "#1a1a1a", "--", names["flic"])
        draw_limits(axes, curves["flic"], "#1a1a1a", labels.text("leak_figure.limits", language, level=level))
        for group, height in (("yes", 104), ("no", -4)):
            own = as_printed(vertebrae.loc[vertebrae["leak"] == group, "fill_percent"], FILL_DECIMALS)
            name = f"{labels.text(f'leak_group.{group}', language)} (n = {len(own)})"
            (rug,) = axes.plot(own, [height] * len(own), "|", color=COLOURS[group], alpha=0.8, label=name)
            rug.set(markersize=9, markeredgewidth=1.5, clip_on=False, rasterized=many(len(own)))
        set_axes(axes, fill, language)
        legend_below(axes, 2, title=one_of_many(results, language))
    others = [] if free is None else [free.assign(shown="reconstructions")]
    data = pd.concat([*curves.values(), *others, vertebrae], ignore_index=True)
    data = data[["shown", "fill_percent", "risk", "ci_low", "ci_high", "leak"]]
    return Figure("risk_curve", canvas, data, caption, reconstruction, fitted=True, row_level=True, language=language)


@made_once
def calibration(results: Results, language: str) -> Figure:
    """Draw the observed share of leaks on the predicted risk, in groups of rising risk."""
    data, free, reconstruction = results.calibration, results.free_calibration, results.dataset.reconstruction
    caption = labels.text("leak_figure.calibration", language)
    with panels(reconstruction, language, caption, 1, 5.8) as (canvas, (axes,)):
        axes.plot([0, 100], [0, 100], "--", color="#777777", label=labels.text("leak_figure.ideal", language))
        if free is not None:
            _draw_free_groups(axes, free, labels.text("leak_figure.free_group", language))
        if data.empty:
            why_not = results.risk_fits["ml"].reason or why_too_few(results.design)
            axes.text(50, 75, labels.in_brief(why_not, language), ha="center", fontsize=12)
        else:
            _draw_groups(axes, data, labels.text("leak_figure.group", language))
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 100)
        axes.set_xlabel(labels.text("leak_figure.predicted", language))
        axes.set_ylabel(labels.text("leak_figure.observed", language))
        axes.spines[["top", "right"]].set_visible(False)
        legend_below(axes, 2, title=one_of_many(results, language))
    told = tuple(int(n) for n in [*data["events"], *(data["n"] - data["events"])])
    data = data if free is None else pd.concat([data, free], axis=1)
    return Figure("calibration", canvas, data, caption, reconstruction, fitted=True, counts=told, language=language)


def _draw_free_groups(axes: Axes, free: pd.DataFrame, name: str) -> None:
    shares = 100 * as_printed(free, _SHARE_DECIMALS)
    for place, (left, below, right, above) in enumerate(shares.tolist()):
        box = Rectangle((left, below), right - left, above - below, color="#777777", alpha=0.16, linewidth=0)
        box.set_label("" if place else name)
        axes.add_patch(box)


def _draw_groups(axes: Axes, data: pd.DataFrame, name: str) -> None:
    columns = ("predicted", "observed", "ci_low", "ci_high")
    predicted, observed, low, high = (100 * as_printed(data[column], _SHARE_DECIMALS) for column in columns)
    # Where none or all leak there is no interval, and no whisker.
    whiskers = np.nan_to_num([observed - low, high - observed])
    axes.errorbar(
        predicted,
        observed,
        yerr=whiskers,
        fmt="o",
        color=COLOURS["no"],
        capsize=4,
        markersize=8,
        clip_on=False,
        label=name,
    )
    counts = [f"{events:.0f}/{n:.0f}" for events, n in zip(data["events"], data["n"], strict=True)]
    # Groups may have nearly the same risk: the outer ones are named outwards, those between above.
    sides = ["right", *["center"] * (len(data) - 2), "left"][-len(data) :]
    for words, side, x, y, top in zip(counts, sides, predicted, observed, np.fmax(observed, high), strict=True):
        place, shift = ((x, top), (0, 9)) if side == "center" else ((x, y), (-10 if side == "right" else 10, 0))
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axes.annotate(words, place, shift, textcoords="offset points", ha=side, va="center", fontsize=10.5, bbox=box)


def _name(model: str, reason: str, language: str) -> str:
    name = labels.text(f"model.{model}", language)
    return f"{name} – {labels.in_brief(reason, language)}" if reason else name
