"""Relief of pain and disability against fill and leaks, and whether a difference could matter, as a table."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from vpresearch import labels
from vpresearch.disclosure import hides_relief
from vpresearch.implied_relief import read_relief
from vpresearch.load import Dataset
from vpresearch.regression import outcome
from vpresearch.regression.change import change_design, changes
from vpresearch.regression.equivalence import CONTRASTS, Equivalence, equivalence
from vpresearch.tables.leak_words import word
from vpresearch.tables.table import HIDDEN, Table, hidden_note, steady

_SCORES = ("vas", "odi")


def relief_table(dataset: Dataset, language: str) -> Table:
    """Lay out how much less relief there is with more fill or with a leak, against the least that matters.

    Parameters
    ----------
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Table
        Over patients. By a mixed model over every follow-up and, for one year alone, by analysis of covariance.
    """
    results: list[Equivalence] = []
    beside = []
    for score in _SCORES:
        table = changes(dataset.patients, dataset.vertebrae, score)
        for predictor, contrast in CONTRASTS.items():
            study = change_design(table, predictor, score)
            last = outcome.ancova(change_design(table[table["time"] == "1y"], predictor, score))[-1]
            tested = equivalence(study)
            results += tested
            beside += [(study.n_clusters, contrast * last.estimate, last.p_value, last.reason)] * len(tested)
    data = pd.DataFrame([asdict(result) for result in results])
    data[["patients", "ancova_1y", "ancova_1y_p_value", "ancova_1y_reason"]] = pd.DataFrame(beside)
    shown = pd.DataFrame(
        {
            word("score", language): [word(f"score_{each.outcome.split('_')[0]}", language) for each in results],
            word("contrast", language): [word(f"contrast_{each.term}", language) for each in results],
            labels.text("word.n", language): [str(n) for n in data["patients"]],
            word("difference", language): [_interval(each, language) for each in results],
            word("margin", language): ["±" + labels.number(each.margin, 1, language) for each in results],
            word("p_equivalence", language): [labels.p_value(each.p_value, language) for each in results],
            word("p_difference", language): [labels.p_value(each.p_difference, language) for each in results],
            labels.text("word.verdict", language): [
                word(f"verdict_{each.verdict}", language) if each.verdict else "–" for each in results
            ],
            labels.text("word.reason", language): [labels.why_not(each.reason, language) for each in results],
            word("ancova", language): [
                labels.why_not(reason, language) or labels.number(value, 2, language)
                for value, reason in zip(data["ancova_1y"], data["ancova_1y_reason"], strict=True)
            ],
        }
    )
    notes: tuple[str, ...] = (word("exploratory", language), word("relief_note", language))
    if dataset.reconstruction:
        seen = read_relief()
        data = data.merge(seen, how="left", on=["outcome", "term", "margin"])
        shown[word("seen", language)] = [_seen(row, language) for row in data.to_dict("records")]
        notes += (word("seen_note", language, n=int(seen["n"].max())),)
    caption = word("relief_caption", language)
    laid_out = Table("relief", steady(data), shown, caption, language, dataset.reconstruction, notes)

    def public(min_cell: int) -> Table:
        masked = shown.copy()
        for place, (each, n) in enumerate(zip(results, data["patients"], strict=True)):
            if hides_relief(dataset, each.outcome.split("_")[0], n, min_cell):
                # The interval and either p go by degrees of freedom, which tell n.
                masked.iloc[place, 2] = masked.iloc[place, 5] = masked.iloc[place, 6] = HIDDEN
                if not math.isnan(each.estimate):
                    masked.iloc[place, 3] = f"{labels.number(each.estimate, 2, language)} ({HIDDEN})"
        return replace(laid_out, shown=masked, notes=(*notes, hidden_note(min_cell, language)))

    return replace(laid_out, public=public)


def _seen(row: Mapping[Hashable, Any], language: str) -> str:
    """Write how far the difference reaches over the ensemble, and how often each verdict falls."""
    low, high = (labels.number(row[end], 2, language) for end in ("least", "greatest"))
    verdicts = ("equivalent", "inconclusive", "different")
    counts = ", ".join(f"{word(f'verdict_{name}', language)}: {row[name]}" for name in verdicts if row[name])
    return f"{counts} ({labels.limits(low, high, language)})"


def _interval(result: Equivalence, language: str) -> str:
    if math.isnan(result.estimate):
        return "–"
    low, high = (labels.number(end, 2, language) for end in (result.ci_low, result.ci_high))
    return f"{labels.number(result.estimate, 2, language)} ({labels.limits(low, high, language)})"
