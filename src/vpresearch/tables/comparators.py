"""The leak rate beside those of other series, as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from vpresearch import labels
from vpresearch.literature import OWN_DETECTION, Comparison
from vpresearch.load import Dataset
from vpresearch.regression.models import leak_design
from vpresearch.regression.proportion import clopper_pearson, korn_graubard
from vpresearch.tables.leak_words import word
from vpresearch.tables.table import Table, steady


def comparators_table(comparisons: Sequence[Comparison], dataset: Dataset, language: str) -> Table:
    """Lay out the leak rate beside those of other series.

    Parameters
    ----------
    comparisons : sequence of Comparison
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Table
    """
    study = leak_design(dataset.rows)
    exact, clustered = clopper_pearson(study.events, study.n), korn_graubard(study)
    own = {
        "study": "this study",
        "detection": OWN_DETECTION,
        "unit": "vertebrae",
        "leaks": study.events,
        "n": study.n,
    }
    own |= {"percent": clustered.percent, "ci_low": exact[0], "ci_high": exact[1]}
    own |= {"clustered_low": clustered.low, "clustered_high": clustered.high, "reason": clustered.reason}
    data = pd.DataFrame([own, *(_row(each) for each in comparisons)]).astype({"leaks": "Int64", "n": "Int64"})
    shown = pd.DataFrame(
        {
            word("study", language): [
                word("this_study", language),
                *(labels.series(each.comparator.study, language) for each in comparisons),
            ],
            word("detection", language): [word(f"detection_{kind}", language) for kind in data["detection"]],
            word("counted", language): [word(f"counted_{unit}", language) if unit else "–" for unit in data["unit"]],
            word("rate", language): [
                _rate(percent, low, high, leaks, n, language)
                for (percent, low, high), leaks, n in zip(
                    data[["percent", "ci_low", "ci_high"]].to_numpy(float), data["leaks"], data["n"], strict=True
                )
            ],
            word("rate_difference", language): [
                "",
                *(
                    _difference(each.difference, each.difference_low, each.difference_high, language)
                    for each in comparisons
                ),
            ],
            labels.text("word.p_value", language): [
                "",
                *(labels.p_value(each.p_value, language) for each in comparisons),
            ],
            word("no_p", language): ["", *(word(each.reason, language) if each.reason else "" for each in comparisons)],
            word("verified", language): [
                "",
                *(word(f"verified_{each.comparator.verified}", language) for each in comparisons),
            ],
        }
    )
    _, low, high = labels.percents(clustered.percent, clustered.low, clustered.high, 1, language)
    why_not = labels.why_not(clustered.reason, language)
    allowing = (
        word("not_clustered_note", language, why=why_not)
        if why_not
        else word("clustered_note", language, low=low, high=high)
    )
    notes = (word("comparators_note", language), allowing)
    caption = word("comparators_caption", language)
    return Table("comparators", steady(data), shown, caption, language, dataset.reconstruction, notes, (0,))


def _row(each: Comparison) -> dict[str, object]:
    other = each.comparator
    return {
        "study": other.study,
        "doi": other.doi,
        "detection": other.detection,
        "unit": other.unit,
        "leaks": other.leaks,
        "n": other.n,
        "percent": each.percent,
        "ci_low": each.low,
        "ci_high": each.high,
        "difference": each.difference,
        "difference_low": each.difference_low,
        "difference_high": each.difference_high,
        "p_value": each.p_value,
        "inside_own_interval": each.inside,
        "reason": each.reason,
        "verified": other.verified,
    }


def _rate(percent: float, low: float, high: float, leaks: object, n: object, language: str) -> str:
    rate, *ends = labels.percents(percent, low, high, 1, language)
    if math.isnan(low):
        return f"{rate}%"
    return f"{leaks}/{n} = {rate}% ({labels.limits(ends[0], ends[1], language)})"


def _difference(difference: float, low: float, high: float, language: str) -> str:
    if math.isnan(low):
        return labels.number(difference, 1, language)
    ends = labels.limits(labels.number(low, 1, language), labels.number(high, 1, language), language)
    return f"{labels.number(difference, 1, language)} ({ends})"
