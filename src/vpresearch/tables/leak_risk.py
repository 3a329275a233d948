"""The regression of leak on fill as tables: every model, risks, doses and what it would take to know."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import repeat

import pandas as pd

from vpresearch import labels
from vpresearch.disclosure import is_small
from vpresearch.implied import identified
from vpresearch.load import Dataset
from vpresearch.regression.design import Design
from vpresearch.regression.log_odds import log_odds
from vpresearch.regression.models import PRIMARY, leak_design
from vpresearch.regression.precision import (
    clusters_for_half_width,
    clusters_for_power,
    design_effect,
    minimum_sample_size,
    precision,
    r2_of_c,
)
from vpresearch.regression.result import Estimate
from vpresearch.regression.risk import FILLS, dose_risks, effect_of_one_point, risk_curve, risk_difference
from vpresearch.regression.validation import Performance
from vpresearch.tables.table import Table, hidden_note, hide, steady

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
_SHOWN_TERMS = ("fill_percent", "cement_volume_cc", "vertebral_volume_cc", "sd_patient")
_RISK_MODELS = (PRIMARY, "flic")
_TIMES_AS_MANY = (1, 2, 4, 8, 16)
# Half-widths of the interval of the slope, log odds a percentage point: an odds ratio known to a fifth or to a tenth.
_HALF_WIDTHS = (0.2, 0.1)
# An odds ratio beyond this says no more than that it is large.
_LARGE = 1000


def models_table(estimates: Sequence[Estimate], dataset: Dataset, language: str) -> Table:
    """Lay out every model of a leak on fill.

    Parameters
    ----------
    estimates : sequence of Estimate
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Table
        Its data have every term, those shown the slopes.
    """
    data = pd.DataFrame([asdict(estimate) for estimate in estimates])[list(MODEL_COLUMNS)]
    of_interest = [estimate for estimate in estimates if estimate.term in _SHOWN_TERMS]
    shown = pd.DataFrame(
        {
            _word("model", language): [labels.text(f"model.{each.model}", language) for each in of_interest],
            _word("term", language): [_term(each.term, language) for each in of_interest],
            _word("estimate", language): [_interval(each, 3, language) for each in of_interest],
            _word("odds_ratio", language): [_odds_ratio(each, language) for each in of_interest],
            labels.text("word.p_value", language): [labels.p_value(each.p_value, language) for each in of_interest],
            _word("counts", language): [f"{each.n} / {each.events} / {each.clusters}" for each in of_interest],
            labels.text("word.reason", language): [_reason(each.reason, language) for each in of_interest],
        }
    )
    notes = (_word("exploratory", language), _word("models_note", language), *one_of_many(dataset, language))
    primary = tuple(place for place, each in enumerate(of_interest) if each.model == PRIMARY)
    caption = _word("models_caption", language)
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


def leak_risk_table(dataset: Dataset, language: str) -> Table:
    """Lay out the risk of a leak at a few fills, and how far fill moves it.

    Parameters
    ----------
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Table
    """
    study, parts = leak_design(dataset.rows), []
    for model in _RISK_MODELS:
        fitted = log_odds(study, model)
        curve = risk_curve(study, fitted, FILLS).rename(columns={"risk": "estimate"})
        moved = pd.DataFrame([asdict(risk_difference(study, fitted)), asdict(effect_of_one_point(study, fitted))])
        moved["quantity"], moved["extrapolated"] = ["difference_10_5", "one_point"], False
        parts.append(pd.concat([curve.assign(quantity="risk"), moved]).assign(model=model))
    data = pd.concat(parts)[["model", "quantity", "fill_percent", "estimate", "ci_low", "ci_high", "extrapolated"]]
    by_model = [data[data["model"] == model] for model in _RISK_MODELS]
    fills = [f"{fill:g}".replace(".", labels.text("decimal_mark", language)) for fill in by_model[0]["fill_percent"]]
    quantities = [
        _word(f"quantity_{quantity}", language, fill=fill) + ("*" if beyond else "")
        for quantity, fill, beyond in zip(by_model[0]["quantity"], fills, by_model[0]["extrapolated"], strict=True)
    ]
    shown = pd.DataFrame(
        {_word("quantity", language): quantities}
        | {
            labels.text(f"model.{model}", language): _percents(rows, ("estimate", "ci_low", "ci_high"), language)
            for model, rows in zip(_RISK_MODELS, by_model, strict=True)
        }
    )
    notes = (_word("exploratory", language), _word("extrapolated", language), *_failure(study, language))
    notes += one_of_many(dataset, language)
    return Table(
        "leak_risk", steady(data), shown, _word("risk_caption", language), language, dataset.reconstruction, notes
    )


def dose_table(dataset: Dataset, language: str) -> Table:
    """Lay out the risk of a leak by cement and size of the vertebra, by the primary model.

    Parameters
    ----------
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Table
    """
    study = leak_design(dataset.rows)
    data = dose_risks(study, log_odds(study, PRIMARY))
    shown = pd.DataFrame({_word("cement", language): [f"{cc:g} cc" for cc in data["cement_cc"].unique()]})
    for vertebra, rows in data.groupby("vertebra_cc"):
        fills = [labels.number(float(fill), 1, language) for fill in rows["fill_percent"]]
        risks = _percents(rows, ("risk", "ci_low", "ci_high"), language)
        shown[_word("vertebra", language, cc=f"{vertebra:g}")] = [
            f"{fill}%: {risk}" + ("*" if beyond else "")
            for fill, risk, beyond in zip(fills, risks, rows["extrapolated"], strict=True)
        ]
    notes: tuple[str, ...]
    notes = (_word("exploratory", language), _word("dose_note", language), _word("extrapolated", language))
    notes += (*_failure(study, language), *one_of_many(dataset, language))
    return Table("dose", steady(data), shown, _word("dose_caption", language), language, dataset.reconstruction, notes)


def precision_table(estimates: Sequence[Estimate], dataset: Dataset, language: str) -> Table:
    """Lay out how precise the slope would be with more patients, and how many would settle the question.

    Parameters
    ----------
    estimates : sequence of Estimate
        With those of the primary model and of maximum likelihood.
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Table
    """
    slopes = {each.model: each for each in estimates if each.term == "fill_percent"}
    primary = slopes[PRIMARY]
    data = precision(primary, [times * primary.clusters for times in _TIMES_AS_MANY])
    shown = pd.DataFrame(
        {
            _word("patients", language): [labels.count(int(row), language) for row in data["clusters"]],
            _word("vertebrae", language): [labels.count(int(row), language) for row in data["n"]],
            _word("leaks", language): [labels.count(int(row), language) for row in data["events"]],
            _word("half_width", language): [labels.number(row, 3, language) for row in data["half_width"]],
            _word("power", language): [
                labels.number(100 * row, 0, language) + ("" if math.isnan(row) else "%") for row in data["power"]
            ],
        }
    )
    needed = {
        "power": _patients(clusters_for_power(primary), language),
        "fifth": _patients(clusters_for_half_width(primary, _HALF_WIDTHS[0]), language),
        "tenth": _patients(clusters_for_half_width(primary, _HALF_WIDTHS[1]), language),
        "effect": labels.number(design_effect(primary, slopes["ml"]), 2, language),
    }
    notes = (
        _word("exploratory", language),
        _word("precision_note", language, **needed),
        *one_of_many(dataset, language),
    )
    caption = _word("precision_caption", language)
    return Table("precision", steady(data), shown, caption, language, dataset.reconstruction, notes)


def validation_table(performance: Sequence[Performance], dataset: Dataset, language: str) -> Table:
    """Lay out how well the fill alone tells the vertebrae that leak.

    Parameters
    ----------
    performance : sequence of Performance
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Table
    """
    data = pd.DataFrame([asdict(each) for each in performance])
    shown = pd.DataFrame(
        {_word("measure", language): [_word(f"measure_{each.measure}", language) for each in performance]}
        | {
            _word(column, language): [labels.number(value, 3, language) for value in data[column]]
            for column in ("apparent", "optimism", "corrected")
        }
    )
    first = performance[0]
    study = leak_design(dataset.rows)
    prevalence = study.events / study.n
    needed = minimum_sample_size(r2_of_c(first.apparent, prevalence), prevalence).n if not first.reason else math.nan
    told = {"n": labels.count(first.resamples, language), "separated": first.separated + first.degenerate}
    notes = [_word("exploratory", language)]
    notes.append(_word("validation_note", language, needed=_patients(needed, language), **told))
    notes += [_reason(first.reason, language)] if first.reason else []
    notes += one_of_many(dataset, language)
    caption = _word("validation_caption", language)
    return Table("validation", steady(data), shown, caption, language, dataset.reconstruction, tuple(notes))


def one_of_many(dataset: Dataset, language: str) -> tuple[str, ...]:
    """Say, of a reconstruction, how far the slope was seen to reach in others.

    Parameters
    ----------
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    tuple of str
        One note; none for real data.
    """
    witnessed = identified(dataset)
    if witnessed is None:
        return ()
    least, most = (labels.number(end, 3, language) for end in witnessed)
    return (_word("identified", language, least=least, most=most),)


def _word(key: str, language: str, **values: object) -> str:
    return labels.text(f"leak_table.{key}", language, **values)


def _term(name: str, language: str) -> str:
    return _word("term_sd_patient", language) if name == "sd_patient" else labels.variable(name, language)


def _failure(study: Design, language: str) -> tuple[str, ...]:
    """Tell why the primary model has no number, if it has none."""
    reason = log_odds(study, PRIMARY).reason
    return (_reason(reason, language),) if reason else ()


def _reason(code: str, language: str) -> str:
    return labels.text(f"fit_reason.{code}", language) if code else ""


def _interval(found: Estimate, decimals: int, language: str) -> str:
    if math.isnan(found.estimate):
        return "–"
    if math.isnan(found.ci_low) and math.isnan(found.ci_high):
        return _end(found.estimate, decimals, language)
    ends = " – ".join(_end(end, decimals, language) for end in (found.ci_low, found.ci_high))
    return f"{_end(found.estimate, decimals, language)} ({ends})"


def _odds_ratio(found: Estimate, language: str) -> str:
    if math.isnan(found.estimate) or found.term == "sd_patient":
        return "–"
    ratios = [_end(_exp(end), 2, language) for end in (found.estimate, found.ci_low, found.ci_high)]
    return f"{ratios[0]} ({ratios[1]} – {ratios[2]})"


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


def _end(value: float, decimals: int, language: str) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value > _LARGE:
        return f"> {labels.count(_LARGE, language)}"
    return labels.number(value, decimals, language)


def _percents(data: pd.DataFrame, columns: Sequence[str], language: str) -> list[str]:
    """Write shares, each with its interval, as percentages."""
    return [
        "–"
        if math.isnan(share[0])
        else "{}% ({} – {})".format(*(labels.number(100 * float(value), 0, language) for value in share))
        for share in data[list(columns)].to_numpy(float)
    ]


def _patients(number: float, language: str) -> str:
    return labels.count(int(number), language) if math.isfinite(number) else "–"
