"""The scorecard as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from vpresearch import labels
from vpresearch.disclosure import withhold
from vpresearch.load import Dataset
from vpresearch.scorecard import Row
from vpresearch.tables.table import Table


def scorecard_table(rows: Sequence[Row], dataset: Dataset, language: str) -> Table:
    """Lay out the scorecard.

    Parameters
    ----------
    rows : sequence of Row
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Table
        Its data are in English, whatever the language of the page, so that they can be compared.
    """

    def public(min_cell: int) -> Table:
        return _scorecard_table(withhold(rows, dataset, min_cell), dataset, language)

    return replace(_scorecard_table(rows, dataset, language), public=public)


def _scorecard_table(rows: Sequence[Row], dataset: Dataset, language: str) -> Table:
    data = pd.DataFrame(
        [
            {
                "claim": row.claim.id,
                "place": "; ".join(row.claim.places),
                "printed": row.claim.printed.printed,
                "computed": _value(row, dataset.reconstruction),
                "rounded": row.rounded,
                "verdict": row.verdict,
                "method": labels.method(row.computed.method, "en"),
                "reason": _reasons(row, "en"),
            }
            for row in rows
        ]
    )
    shown = pd.DataFrame(
        [
            {
                labels.text("word.claim", language): row.claim.id,
                labels.text("word.place", language): labels.places(row.claim.places, language),
                labels.text("word.printed", language): labels.printed(row.claim.printed.printed, language),
                labels.text("word.computed", language): _computed(row, language, dataset.reconstruction),
                labels.text("word.rounded", language): labels.rounded(row, language),
                labels.text("word.verdict", language): labels.text(f"verdict.{row.verdict}", language),
                labels.text("word.method", language): labels.method(row.computed.method, language),
                labels.text("word.reason", language): _reasons(row, language),
            }
            for row in rows
        ]
    )
    notes = (labels.text("footnote.rule", language), labels.text("footnote.bound", language, n=len(rows)))
    caption = labels.text("caption.scorecard", language)
    return Table("scorecard", data, shown, caption, language, dataset.reconstruction, notes)


def _is_single_value(row: Row, reconstruction: bool) -> bool:
    return row.claim.compute.statistic in {"min", "max"} and not reconstruction


def _value(row: Row, reconstruction: bool) -> float:
    """Give the computed value, no finer than the paper does where it is some patient's own."""
    value = row.computed.value
    return round(value, row.claim.printed.decimals) if _is_single_value(row, reconstruction) else value


def _computed(row: Row, language: str, reconstruction: bool) -> str:
    """Show two decimals more than are printed; a count has none to show, and what is public or a patient's no more."""
    if row.claim.compute.statistic in {"n", "lead"}:
        return labels.number(row.computed.value, 0, language)
    more = 0 if row.coarse or _is_single_value(row, reconstruction) else 2
    return labels.number(row.computed.value, row.claim.printed.decimals + more, language)


def _reasons(row: Row, language: str) -> str:
    says = row.claim.says.get(language)
    first = [labels.text("reason.says", language, says=says)] if says else []
    return " ".join(first + [labels.reason(note, language) for note in row.reasons])
