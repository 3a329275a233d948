"""How good and how precise the regression of leak on fill is, and what it would take to know, as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from vpresearch import labels
from vpresearch.load import Dataset
from vpresearch.regression.models import PRIMARY, leak_design
from vpresearch.regression.precision import (
    FIFTH,
    TENTH,
    clusters_for_half_width,
    clusters_for_power,
    design_effect,
    minimum_sample_size,
    precision,
    r2_of_c,
)
from vpresearch.regression.result import Estimate
from vpresearch.regression.validation import Performance
from vpresearch.tables.leak_words import one_of_many, reasons, word
from vpresearch.tables.table import Table, steady

_TIMES_AS_MANY = (1, 2, 4, 8, 16)


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
    data = precision(primary, [times * primary.clusters for times in _TIMES_AS_MANY]).assign(reason=primary.reason)
    shown = pd.DataFrame(
        {
            word("patients", language): [labels.count(int(row), language) for row in data["clusters"]],
            word("vertebrae", language): [labels.count(int(row), language) for row in data["n"]],
            word("leaks", language): [labels.count(int(row), language) for row in data["events"]],
            word("half_width", language): [labels.number(row, 3, language) for row in data["half_width"]],
            word("power", language): [
                labels.number(100 * row, 0, language) + ("" if math.isnan(row) else "%") for row in data["power"]
            ],
        }
    )
    needed = {
        "power": _patients(clusters_for_power(primary), language),
        "fifth": _patients(clusters_for_half_width(primary, FIFTH), language),
        "tenth": _patients(clusters_for_half_width(primary, TENTH), language),
        "effect": labels.number(design_effect(primary, slopes["ml"]), 2, language),
    }
    notes: tuple[str, ...] = (word("exploratory", language),)
    notes += reasons({PRIMARY: primary.reason}, language) or (word("precision_note", language, **needed),)
    notes += one_of_many(dataset, language)
    caption = word("precision_caption", language)
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
        {word("measure", language): [word(f"measure_{each.measure}", language) for each in performance]}
        | {
            word(column, language): [labels.number(value, 3, language) for value in data[column]]
            for column in ("apparent", "optimism", "corrected")
        }
    )
    first = performance[0]
    study = leak_design(dataset.rows)
    prevalence = study.events / study.n
    needed = minimum_sample_size(r2_of_c(first.apparent, prevalence), prevalence).n if not first.reason else math.nan
    told = {"n": labels.count(first.resamples, language), "separated": first.separated + first.degenerate}
    notes: tuple[str, ...] = (word("exploratory", language),)
    notes += reasons({"ml": first.reason}, language) or (
        word("validation_note", language, needed=_patients(needed, language), **told),
    )
    notes += one_of_many(dataset, language)
    caption = word("validation_caption", language)
    return Table("validation", steady(data), shown, caption, language, dataset.reconstruction, notes)


def _patients(number: float, language: str) -> str:
    return labels.count(int(number), language) if math.isfinite(number) else "–"
