"""Move the dose and the size of the vertebra: fill, and the risk of a leak on the model of choice."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from vpresearch.data import Dataset
from vpresearch.explore import chart, show
from vpresearch.explore.chart import Plot
from vpresearch.explore.session import Session
from vpresearch.regression import firth, gee, logistic
from vpresearch.regression.design import Design, Estimate
from vpresearch.regression.models import PRIMARY, leak_design
from vpresearch.regression.risk import LogOdds, log_odds, risk_curve
from vpresearch.render.labels import in_brief, number, odds_ratio, p_value, text, why_not

MODELS = ("ml", "flic", "gee_kc")
# By the public library.
NAMES = {"ml": "fit_logistic", "flic": "fit_firth", "gee_kc": "fit_gee"}
FIT = {"ml": logistic.fit, "flic": firth.fit, "gee_kc": gee.fit}


_SEPARATED = (
    "from dataclasses import replace",
    'fullest = study.rows["fill_percent"].rank(method="first", ascending=False) <= design.events',
    "design = replace(design, y=fullest.to_numpy(float))",
)


class Fitted:
    """A study with its models, each fitted when it is first asked for."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self._log_odds: dict[str, LogOdds] = {}

    def log_odds(self, model: str) -> LogOdds:
        """Return the model of which risks are wanted."""
        if model not in self._log_odds:
            self._log_odds[model] = log_odds(self.design, model)
        return self._log_odds[model]

    @cached_property
    def slopes(self) -> dict[str, Estimate]:
        """The slope of leak on fill by each model; of ``flic`` it is Firth's."""
        return {model: fit(self.design)[1] for model, fit in FIT.items()}


def fitted(study: Dataset, *, separated: bool = False) -> Fitted:
    """Set up the models of a study."""
    design = leak_design(study.rows)
    if separated:
        fullest = design.x[:, 1].argsort(kind="stable")[::-1][: design.events]
        y = np.zeros(design.n)
        y[fullest] = 1
        design = replace(design, y=y)
    return Fitted(design)


def risk_at(fits: Fitted, model: str, cement_cc: float, vertebra_cc: float) -> pd.Series[Any]:
    """Return the risk of a leak at a dose."""
    return risk_curve(fits.design, fits.log_odds(model), [100 * cement_cc / vertebra_cc]).iloc[0]


def draw(fits: Fitted, model: str, at: pd.Series[Any], language: str) -> dict[str, Any]:
    """Draw the risk along the fill, with the dose on it."""
    low, high = float(fits.design.x[:, 1].min()), float(fits.design.x[:, 1].max())
    here = float(at["fill_percent"])
    axes = (
        chart.axis(text("variable.fill_percent", language), min(low, 2.0), max(high, 20.0), language),
        chart.axis(text("explore.risk_axis", language), 0.0, 100.0, language, most=5),
    )
    marks, rows = [], []
    if not fits.log_odds(model).reason:
        # Drawn over the whole axis: beyond the vertebrae the line is broken.
        curve = risk_curve(fits.design, fits.log_odds(model), np.linspace(axes[0].low, axes[0].high, 91))
        percent = 100 * curve[["risk", "ci_low", "ci_high"]]
        fill = curve["fill_percent"]
        inside = ~curve["extrapolated"]
        marks.append(
            chart.band(fill, percent["ci_low"], percent["ci_high"], chart.NO, text("explore.interval95", language))
        )
        marks.append(chart.line(fill, percent["risk"], chart.NO, text("explore.beyond", language), "3 7"))
        marks.append(chart.line(fill[inside], percent["risk"][inside], chart.NO, text("explore.risk", language)))
        rows = [
            [number(float(value), 1, language) for value in (fill[i], *percent.loc[i])] for i in range(0, len(fill), 10)
        ]
        dot = {"x": here, "y": 100 * float(at["risk"]), "label": text("explore.your_dose", language)}
        shown = axes[0].low <= here <= axes[0].high
        marks.append(
            chart.points([dot] if shown else [], chart.YES, "diamond", text("explore.your_dose", language), 10)
        )
    outcome = [
        {"x": round(float(x), 1), "y": 100.0 * y, "label": f"{number(float(x), 1, language)} %"}
        for x, y in zip(fits.design.x[:, 1], fits.design.y, strict=True)
    ]
    marks.append(chart.points(outcome, chart.LINE, "circle", text("explore.vertebrae_seen", language), 4))
    heads = [text(f"explore.{name}", language) for name in ("fill", "risk_axis", "low", "high")]
    title = text("explore.dose_chart", language, model=text(f"model.{model}", language))
    return chart.chart(title, text("explore.dose_says", language), axes, marks, (heads, rows), language)


def told(fits: Fitted, model: str, at: pd.Series[Any], language: str) -> str:
    """Say the fill and the risk, or why there is none."""
    reason = fits.log_odds(model).reason
    fill = text("explore.fill_is", language, fill=float(at["fill_percent"]))
    if reason:
        return show.paragraph(f"{fill} {text('explore.no_risk', language, why=why_not(reason, language))}", "vp-fault")
    numbers = {name: 100 * float(at[name]) for name in ("risk", "ci_low", "ci_high")}
    words = f"{fill} {text('explore.risk_is', language, **numbers)}"
    if at["extrapolated"]:
        words += " " + text("explore.extrapolated", language)
    return show.paragraph(words, "vp-big")


def slopes_table(fits: Fitted, chosen: str, language: str) -> str:
    """Write the odds ratio of a percentage point of fill by every model."""
    rows = []
    for model in MODELS:
        slope = fits.slopes[model]
        interval = text(
            "explore.from_to",
            language,
            low=odds_or_none(slope.ci_low, language),
            high=odds_or_none(slope.ci_high, language),
        )
        if np.isnan(slope.ci_low) and np.isnan(slope.ci_high):
            interval = odds_or_none(slope.ci_low, language)
        name = text(f"explore.slope_{model}", language)
        numbers = [odds_or_none(slope.estimate, language), interval, p_value(slope.p_value, language)]
        rows.append([name, *numbers, reason_of(slope, language)])
    heads = [text(f"explore.{name}", language) for name in ("model", "odds_ratio", "interval95")]
    heads += ["p", text("explore.why", language)]
    return show.table(text("explore.slopes", language), heads, rows, chosen=[MODELS.index(chosen)])


def reason_of(slope: Estimate, language: str) -> str:
    """Say why there is no odds ratio, or what one depends on that the likelihood alone does not give."""
    if slope.reason and not np.isnan(slope.estimate):
        return text("explore.penalised", language, why=in_brief(slope.reason, language))
    return why_not(slope.reason, language)


def odds_or_none(log_odds: float, language: str) -> str:
    """Write an odds ratio, a dash where there is none."""
    return number(log_odds, 2, language) if np.isnan(log_odds) else odds_ratio(log_odds, language)


def model_choice(session: Session, name: str, **first: str) -> widgets.Dropdown:
    """Make the list of models."""
    options = [(text(f"explore.slope_{each}", session.language), each) for each in MODELS]
    return show.choice(session, name, options, text("explore.model", session.language), **first)


def panel(session: Session) -> widgets.Widget:
    """Show sliders of cement and volume over the risk curve."""
    study, language = session.study, session.language
    fits = lru_cache(lambda separated: fitted(study, separated=separated))
    cement = show.slider(text("variable.cement_volume_cc", language), 2.0, (0.5, 6.0, 0.1), language, 1)
    volume = show.slider(text("variable.vertebral_volume_cc", language), 26.0, (10.0, 50.0, 0.5), language, 1)
    session.keep("dose.cement", cement)
    session.keep("dose.volume", volume)
    model = model_choice(session, "dose.model", value=PRIMARY)
    separated = show.tick(session, "dose.separated", text("explore.separated", language))
    said, slopes, code, plot = show.html(), show.html(), show.html(), Plot()

    def update() -> None:
        found = fits(separated.value)
        at = risk_at(found, model.value, cement.value, volume.value)
        said.value = told(found, model.value, at, language)
        plot.spec = draw(found, model.value, at, language)
        slopes.value = slopes_table(found, model.value, language)
        fill = f"100 * {round(cement.value, 1)} / {round(volume.value, 1)}"
        code.value = show.python(
            session,
            "from vpresearch.regression.risk import log_odds, risk_curve",
            "design = vp.leak_design(study.rows)",
            *(_SEPARATED if separated.value else ()),
            f"slope = vp.{NAMES[model.value]}(design)[1]",
            f'risk_curve(design, log_odds(design, "{model.value}"), [{fill}])',
        )

    for control in (cement, volume, model, separated):
        session.on(control, update)
    update()
    controls = show.half(cement, volume, model, separated, said, slopes, code, show.beside(study, language))
    return show.column(show.heading("dose", language), show.row(controls, show.half(plot)))
