"""What the tables on leaks and fill share: words, and the notes that a reconstruction and a failed fit need."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import repeat

import pandas as pd

from vpresearch.privacy import few_as_far, is_small
from vpresearch.regression import exact
from vpresearch.regression.design import Design, Estimate
from vpresearch.regression.models import PRIMARY
from vpresearch.regression.risk import LogOdds
from vpresearch.render import labels
from vpresearch.render.table import Table, exhibit, hidden_note, hide, steady
from vpresearch.results import RISK_MODELS, Results


def word(key: str, language: str, **values: object) -> str:
    """Give the words of a table on leaks: ``labels.text`` under ``leak_table``."""
    return labels.text(f"leak_table.{key}", language, **values)


def one_of_many(results: Results, language: str) -> tuple[str, ...]:
    """Say, of a reconstruction, how far the slope and the primary interval were seen to reach in others."""
    witnessed, reach = results.identified, results.identified_intervals
    if witnessed is None or reach is None:
        return ()
    names = ("least", "most", "any_least", "any_most", "low", "high")
    found = (*witnessed, *(results.identified_any_fill or witnessed), reach.least, reach.greatest)
    ends = dict(zip(names, found, strict=True))
    numbers = {name: labels.number(end, 3, language) for name, end in ends.items()}
    return (word("identified", language, below=reach.below, n=reach.n, **numbers),)


def reasons(told: Mapping[str, str], language: str) -> tuple[str, ...]:
    """Say which models give no number, or one that hangs on more than the likelihood, and why."""
    return tuple(
        f"{labels.text(f'model.{model}', language)}: {labels.why_not(reason, language)}."
        for model, reason in told.items()
        if reason
    )


MODEL_COLUMNS = (
    "model",
    "outcome",
    "term",
    "unit",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "ci_kind",
    "p_value",
    "p_kind",
    "n",
    "events",
    "clusters",
    "reason",
)
_OF_RATIO = ("log_cement", "log_volume", "log_both", "fill_between", "fill_within", "fill_contrast")
_SHOWN_TERMS = ("fill_percent", "cement_volume_cc", "vertebral_volume_cc", "sd_patient", *_OF_RATIO)


@exhibit
def models_table(results: Results, language: str) -> Table:
    """Lay out every model of a leak on fill."""
    dataset, estimates = results.dataset, results.estimates
    data = pd.DataFrame([asdict(estimate) for estimate in estimates])[list(MODEL_COLUMNS)]
    of_interest = [estimate for estimate in estimates if estimate.term in _SHOWN_TERMS]
    shown = pd.DataFrame(
        {
            word("model", language): [labels.text(f"model.{each.model}", language) for each in of_interest],
            word("term", language): [_term(each.term, language) for each in of_interest],
            word("estimate", language): [_interval(each, 3, language) for each in of_interest],
            word("odds_ratio", language): [_odds_ratio(each, language) for each in of_interest],
            labels.text("word.p_value", language): [labels.p_value(each.p_value, language) for each in of_interest],
            word("counts", language): [f"{each.n} / {each.events} / {each.clusters}" for each in of_interest],
            labels.text("word.reason", language): [labels.why_not(each.reason, language) for each in of_interest],
        }
    )
    notes = tuple(word(each, language) for each in ("exploratory", "models_note", "independent"))
    notes += _rounded(estimates, language) + one_of_many(results, language)
    primary = tuple(place for place, each in enumerate(of_interest) if each.model == PRIMARY)
    caption = word("models_caption", language)
    table = Table("models", steady(data), shown, caption, language, dataset.reconstruction, notes, primary)

    def public(min_cell: int) -> Table:
        wholes = (len(dataset.vertebrae), int(dataset.vertebrae["leak"].eq("yes").sum()), len(dataset.patients))
        few = [
            place
            for place, each in enumerate(of_interest)
            if any(map(is_small, (each.n, each.events, each.clusters), wholes, repeat(min_cell)))
        ]
        return replace(table, shown=hide(shown, few, (5,)), notes=(*notes, hidden_note(min_cell, language)))

    return replace(table, public=public)


@exhibit
def leak_risk_table(results: Results, language: str) -> Table:
    """Lay out the risk of a leak at a few fills, and how far fill moves it."""
    return replace(_leak_risk_table(results, language), public=partial(_leak_risk_table, results, language))


def _leak_risk_table(results: Results, language: str, min_cell: int = 0) -> Table:
    data = _marked(results.leak_risks, results.design, min_cell)
    by_model = [data[data["model"] == model] for model in RISK_MODELS]
    fills = [f"{fill:g}".replace(".", labels.text("decimal_mark", language)) for fill in by_model[0]["fill_percent"]]
    quantities = [
        word(f"quantity_{quantity}", language, fill=fill) + ("*" if beyond else "")
        for quantity, fill, beyond in zip(by_model[0]["quantity"], fills, by_model[0]["extrapolated"], strict=True)
    ]
    shown = pd.DataFrame(
        {word("quantity", language): quantities}
        | {
            labels.text(f"model.{model}", language): _percents(rows, ("estimate", "ci_low", "ci_high"), language)
            for model, rows in zip(RISK_MODELS, by_model, strict=True)
        }
    )
    notes = (word("exploratory", language), *_beyond(data, language, min_cell))
    fits = [] if min_cell else [results.risk_fits[model] for model in RISK_MODELS]
    notes += tuple(_formula(fit, language) for fit in fits if not fit.reason)
    notes += reasons({model: results.risk_fits[model].reason for model in RISK_MODELS}, language)
    notes += one_of_many(results, language)
    caption, reconstruction = word("risk_caption", language), results.dataset.reconstruction
    return Table("leak_risk", steady(data), shown, caption, language, reconstruction, notes)


def _formula(fit: LogOdds, language: str) -> str:
    """Write the whole model, by which a reader computes a risk."""
    intercept, slope = (labels.number(float(value), 4, language) for value in fit.coefficients)
    model = labels.text(f"model.{fit.model}", language)
    return word("formula", language, model=model, intercept=intercept, slope=slope)


@exhibit
def dose_table(results: Results, language: str) -> Table:
    """Lay out the risk of a leak by cement and size of the vertebra, by the primary model."""
    return replace(_dose_table(results, language), public=partial(_dose_table, results, language))


def _dose_table(results: Results, language: str, min_cell: int = 0) -> Table:
    reason = results.risk_fits[PRIMARY].reason
    data = _marked(results.dose_risks, results.design, min_cell).assign(reason=reason)
    shown = pd.DataFrame({word("cement", language): [f"{cc:g} cc" for cc in data["cement_cc"].unique()]})
    for vertebra, rows in data.groupby("vertebra_cc"):
        fills = [labels.number(float(fill), 1, language) for fill in rows["fill_percent"]]
        risks = _percents(rows, ("risk", "ci_low", "ci_high"), language)
        shown[word("vertebra", language, cc=f"{vertebra:g}")] = [
            f"{fill}%: {risk}" + ("*" if beyond else "")
            for fill, risk, beyond in zip(fills, risks, rows["extrapolated"], strict=True)
        ]
    said = ("dose_note", "dose_recommended") if results.published else ("dose_note",)
    notes = (
        word("exploratory", language),
        " ".join(word(each, language) for each in said),
        *_beyond(data, language, min_cell),
    )
    notes += (*reasons({PRIMARY: reason}, language), *one_of_many(results, language))
    caption, reconstruction = word("dose_caption", language), results.dataset.reconstruction
    return Table("dose", steady(data), shown, caption, language, reconstruction, notes)


def _marked(curve: pd.DataFrame, study: Design, min_cell: int) -> pd.DataFrame:
    """Mark for the public the fills that few vertebrae reach: beyond all of them it would bracket the extremes."""
    if not min_cell:
        return curve
    beyond = few_as_far(study.x[:, 1], curve["fill_percent"], min_cell) & curve["fill_percent"].notna()
    return curve.assign(extrapolated=beyond)


def _beyond(data: pd.DataFrame, language: str, min_cell: int) -> tuple[str, ...]:
    """Say what the star means, if there is one."""
    meant = word("extrapolated_public", language, least=min_cell) if min_cell else word("extrapolated", language)
    return (meant,) if data["extrapolated"].any() else ()


def _rounded(estimates: Sequence[Estimate], language: str) -> tuple[str, ...]:
    """Say to what the exact model had to round the fill, if it did."""
    _, _, step = next((each.ci_kind for each in estimates if each.model == "exact" and each.ci_kind), "").partition(
        exact.ROUNDED
    )
    mark = labels.text("decimal_mark", language)
    return (word("exact_step", language, step=step.replace(".", mark)),) if step else ()


def _term(name: str, language: str) -> str:
    special = {name: f"leak_table.term_{name}" for name in ("sd_patient", *_OF_RATIO)} | {
        "vertebral_volume_cc": "axis.volume"
    }
    return labels.text(special[name], language) if name in special else labels.variable(name, language)


def _interval(found: Estimate, decimals: int, language: str) -> str:
    estimate, low, high = (
        labels.bounded(end, decimals, language) for end in (found.estimate, found.ci_low, found.ci_high)
    )
    without = math.isnan(found.ci_low) and math.isnan(found.ci_high)
    return estimate if without else f"{estimate} ({labels.limits(low, high, language)})"


def _odds_ratio(found: Estimate, language: str) -> str:
    if math.isnan(found.estimate) or found.term == "sd_patient":
        return "–"
    ratio, low, high = (labels.odds_ratio(end, language) for end in (found.estimate, found.ci_low, found.ci_high))
    return f"{ratio} ({labels.limits(low, high, language)})"


def _percents(data: pd.DataFrame, columns: Sequence[str], language: str) -> list[str]:
    """Write shares, each with its interval, as percentages; differences of shares as percentage points."""
    marks = ["%"] * len(data) if "quantity" not in data else ["%" if of == "risk" else "" for of in data["quantity"]]
    shares = (100 * data[list(columns)]).to_numpy(float).tolist()
    return [_percent(share, mark, language) for share, mark in zip(shares, marks, strict=True)]


def _percent(share: Sequence[float], mark: str, language: str) -> str:
    if math.isnan(share[0]):
        return "–"
    estimate, low, high = (
        labels.percents(share[0], share[1], share[2], 0, language)
        if mark
        else (labels.points(value, language) for value in share)
    )
    return f"{estimate}{mark} ({labels.limits(low, high, language)})"
