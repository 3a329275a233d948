"""The scorecard as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from vpresearch import labels
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
    data = pd.DataFrame(
        [
            {
                "claim": row.claim.id,
                "place": "; ".join(row.claim.places),
                "printed": row.claim.printed.printed,
                "computed": row.computed.value,
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
                labels.text("word.place", language): "; ".join(
                    labels.place(place, language) for place in row.claim.places
                ),
                labels.text("word.printed", language): row.claim.printed.printed,
                labels.text("word.computed", language): _computed(row, language),
                labels.text("word.rounded", language): row.rounded,
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


def _computed(row: Row, language: str) -> str:
    """Show two decimals more than are printed; a count has none to show."""
    decimals = 0 if row.claim.compute.statistic in {"n", "lead"} else row.claim.printed.decimals + 2
    return labels.number(row.computed.value, decimals, language)


def _reasons(row: Row, language: str) -> str:
    says = row.claim.says.get(language)
    first = [labels.text("reason.says", language, says=says)] if says else []
    return " ".join(first + [labels.reason(note, language) for note in row.reasons])
