"""Change the number of patients, and see what would settle the question."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import ipywidgets as widgets
import numpy as np

from vpresearch.explore import chart, show
from vpresearch.explore.chart import Plot
from vpresearch.explore.session import Session
from vpresearch.regression import gee
from vpresearch.regression.design import Estimate
from vpresearch.regression.models import leak_design
from vpresearch.regression.precision import TENTH, clusters_by_t, precision
from vpresearch.render.labels import count, number, odds_ratio, text, why_not

MOST = 2000
PATIENTS = [int(n) for n in np.unique(np.geomspace(10, MOST, 80).round())]
# Odds ratios that are drawn and can be supposed.
REACH = (0.5, 2.0)
# Not the estimate: a power computed of what was found says no more than its p.
SUPPOSED = 1.1


def supposed(slope: Estimate, ratio: float) -> Estimate:
    """Return the slope as if the true odds ratio of a percentage point were another; its error stays."""
    return replace(slope, estimate=math.log(ratio))


def told(slope: Estimate, ratio: float, patients: int, language: str) -> str:
    """Say how precise the study would be, and how many patients would settle it."""
    if slope.reason:
        return show.paragraph(text("explore.no_slope", language, why=why_not(slope.reason, language)), "vp-fault")
    at = precision(supposed(slope, ratio), [patients]).iloc[0]
    ends = [math.log(ratio) + side * float(at["half_width"]) for side in (-1, 1)]
    words = text(
        "explore.size_is",
        language,
        patients=count(patients, language),
        vertebrae=count(round(float(at["n"])), language),
        leaks=count(round(float(at["events"])), language),
        low=odds_ratio(ends[0], language),
        high=odds_ratio(ends[1], language),
        power=100 * float(at["power"]),
    )
    needed = {
        "power": whole(clusters_by_t(supposed(slope, ratio), power=0.8), language),
        "tenth": whole(clusters_by_t(slope, half_width=TENTH), language),
    }
    return show.paragraph(words, "vp-big") + show.paragraph(text("explore.size_needed", language, **needed))


def whole(patients: float, language: str) -> str:
    """Write a number of patients, endless where none would do."""
    return count(int(patients), language) if math.isfinite(patients) else "∞"


def draw(slope: Estimate, ratio: float, patients: int, language: str) -> dict[str, Any]:
    """Draw the interval of the odds ratio over the number of patients."""
    x = np.unique(np.geomspace(10, MOST, 60).round())
    found = precision(supposed(slope, ratio), x)
    low, high = (np.exp(math.log(ratio) + side * found["half_width"].to_numpy()) for side in (-1, 1))
    up = chart.axis(text("explore.odds_ratio_point", language), *REACH, language)
    # The axis is of doublings: from ten patients to two thousand.
    across = np.log2(x)
    places = [10, 27, 50, 100, 200, 500, 1000, 2000]
    axis = chart.Axis(
        text("explore.patients_axis", language),
        math.log2(10),
        math.log2(MOST),
        tuple((math.log2(at), count(at, language)) for at in places),
    )
    marks: list[chart.Mark] = []
    if not slope.reason:
        held = np.clip(low, up.low, up.high), np.clip(high, up.low, up.high)
        marks.append(chart.band(across, *held, chart.NO, text("explore.interval95", language)))
        marks.append(chart.line(across, np.full(len(x), ratio), chart.NO, text("explore.true_ratio_name", language)))
        at = math.log2(patients)
        marks.append(chart.line([at, at], [up.low, up.high], chart.YES, text("explore.your_size", language), "6 5"))
    marks.append(
        chart.line([math.log2(10), math.log2(MOST)], [1.0, 1.0], name=text("explore.no_effect", language), dash="2 5")
    )
    rows = (
        [
            [
                count(int(n), language),
                odds_ratio(float(np.log(a)), language),
                odds_ratio(float(np.log(b)), language),
                f"{number(100 * power, 0, language)} %",
            ]
            for n, a, b, power in zip(x[::6], low[::6], high[::6], found["power"].to_numpy()[::6], strict=True)
        ]
        if not slope.reason
        else []
    )
    heads = [text("word.patients", language), text("explore.low_end", language), text("explore.high_end", language)]
    heads.append(text("explore.power", language))
    return chart.chart(
        text("explore.size_chart", language),
        text("explore.size_says", language),
        (axis, up),
        marks,
        (heads, rows),
        language,
    )


def panel(session: Session) -> widgets.Widget:
    """Show sliders of patients and of the true effect over the interval."""
    study, language = session.study, session.language
    slope = gee.fit(leak_design(study.rows))[1]
    patients = show.made(widgets.SelectionSlider, options=PATIENTS, readout=False)
    patients.value = min(patients.options, key=lambda n: abs(n - len(study.patients)))
    ratio = show.slider(text("explore.true_ratio", language), SUPPOSED, (*REACH, 0.01), language, 2)
    session.keep("size.patients", patients)
    session.keep("size.ratio", ratio)
    said, code, plot = show.html(), show.html(), Plot()

    def update() -> None:
        patients.description = f"{text('explore.n_patients', language)}: {count(patients.value, language)}"
        said.value = told(slope, ratio.value, patients.value, language)
        code.value = show.python(
            session,
            "from dataclasses import replace",
            "from math import log",
            "from vpresearch.regression.precision import precision",
            "slope = vp.fit_gee(vp.leak_design(study.rows))[1]",
            f"precision(replace(slope, estimate=log({round(ratio.value, 2)})), [{patients.value}])",
        )
        plot.spec = draw(slope, ratio.value, patients.value, language)

    for control in (patients, ratio):
        session.on(control, update)
    update()
    return show.column(
        show.heading("size", language),
        show.row(show.half(patients, ratio, said, code, show.beside(study, language)), show.half(plot)),
    )
