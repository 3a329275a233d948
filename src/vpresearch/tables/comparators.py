"""The leak rate beside those of other series, as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from vpresearch import labels
from vpresearch.literature import Comparison
from vpresearch.load import Dataset
from vpresearch.regression.models import leak_design
from vpresearch.regression.proportion import clopper_pearson, korn_graubard
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
    own = {"study": "this study", "detection": "CT", "unit": "vertebrae", "leaks": study.events, "n": study.n}
    own |= {"percent": clustered.percent, "ci_low": exact[0], "ci_high": exact[1]}
    own |= {"clustered_low": clustered.low, "clustered_high": clustered.high}
    data = pd.DataFrame([own, *(_row(each) for each in comparisons)]).astype({"leaks": "Int64", "n": "Int64"})
    shown = pd.DataFrame(
        {
            _word("study", language): [
                _word("this_study", language),
                *(labels.series(each.comparator.study, language) for each in comparisons),
            ],
            _word("detection", language): [_word(f"detection_{kind}", language) for kind in data["detection"]],
            _word("counted", language): [_word(f"counted_{unit}", language) if unit else "–" for unit in data["unit"]],
            _word("rate", language): [
                _rate(percent, low, high, leaks, n, language)
                for (percent, low, high), leaks, n in zip(
                    data[["percent", "ci_low", "ci_high"]].to_numpy(float), data["leaks"], data["n"], strict=True
                )
            ],
            _word("rate_difference", language): [
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
            _word("verified", language): [
                "",
                *(_word(f"verified_{each.comparator.verified}", language) for each in comparisons),
            ],
        }
    )
    ends = {"low": labels.number(clustered.low, 1, language), "high": labels.number(clustered.high, 1, language)}
    notes = (_word("comparators_note", language), _word("clustered_note", language, **ends))
    caption = _word("comparators_caption", language)
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
        "verified": other.verified,
    }


def _rate(percent: float, low: float, high: float, leaks: object, n: object, language: str) -> str:
    rate = f"{labels.number(percent, 1, language)}%"
    if math.isnan(low):
        return rate
    return f"{leaks}/{n} = {rate} ({labels.number(low, 1, language)} – {labels.number(high, 1, language)})"


def _difference(difference: float, low: float, high: float, language: str) -> str:
    if math.isnan(low):
        return labels.number(difference, 1, language)
    ends = f"{labels.number(low, 1, language)} – {labels.number(high, 1, language)}"
    return f"{labels.number(difference, 1, language)} ({ends})"


def _word(key: str, language: str, **values: object) -> str:
    return labels.text(f"leak_table.{key}", language, **values)
