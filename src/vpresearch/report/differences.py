"""What differs from the paper, and what would give the printed number: another test, unit or rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from vpresearch import labels
from vpresearch.load import Dataset
from vpresearch.scorecard import Row
from vpresearch.tables import Table

Cause = Literal["test", "unit", "truncation", "impossible", "not_computable", "unexplained"]
CAUSES: tuple[Cause, ...] = ("test", "unit", "truncation", "impossible", "not_computable", "unexplained")
# What fits one page; the scorecard has them all.
_MOST = 18
_DIFFERENT = ("differs", "contradicted", "unattainable", "not computable")
# What a finding about the printed numbers themselves explains.
_OF_THE_PAPER = ("p_unattainable", "p_exchanged", "unit_forced", "denominator_forced", "printed_twice")


def cause(row: Row) -> Cause | None:
    """Tell what would give a printed number that the data do not give.

    Parameters
    ----------
    row : Row

    Returns
    -------
    str or None
        The first of ``CAUSES`` that applies; None where the number agrees.

    Examples
    --------
    >>> from vpresearch.load import load
    >>> from vpresearch.project import PUBLISHED, RECONSTRUCTION
    >>> from vpresearch.published import read_paper
    >>> from vpresearch.scorecard import scorecard
    >>> rows = scorecard(read_paper(PUBLISHED), load(RECONSTRUCTION))
    >>> [(row.claim.id, cause(row)) for row in rows if cause(row)]
    [('table3.vertebral_volume.p', 'impossible')]
    """
    if row.verdict not in _DIFFERENT:
        return None
    if row.verdict == "not computable":
        return "not_computable"
    codes = {note.code for note in row.reasons}
    if "other_test" in codes:
        return "test"
    if "other_unit" in codes:
        return "unit"
    if row.computed.value in row.claim.printed.interval("truncation"):
        return "truncation"
    return "impossible" if "p_unattainable" in codes else "unexplained"


def differences_table(rows: Sequence[Row], dataset: Dataset, language: str) -> Table:
    """Lay out on one page what differs from the paper and why that may be.

    Parameters
    ----------
    rows : sequence of Row
        The scorecard.
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Table
        Numbers with an explanation first; those that the page cannot hold are counted in a note.
    """
    different = sorted(
        ((row, found) for row in rows if (found := cause(row)) is not None), key=lambda pair: CAUSES.index(pair[1])
    )
    data = pd.DataFrame(
        [
            {"claim": row.claim.id, "printed": row.claim.printed.printed, "computed": row.computed.value, "cause": why}
            for row, why in different
        ],
        columns=["claim", "printed", "computed", "cause"],
    )
    heads = [labels.text(f"word.{word}", language) for word in ("place", "method", "printed", "computed", "reason")]
    shown = pd.DataFrame([_cells(row, why, language) for row, why in different[:_MOST]], columns=heads)
    notes = [labels.text("footnote.rule", language)]
    if len(different) > _MOST:
        notes.append(labels.text("report.more_differences", language, n=len(different) - _MOST))
    caption = labels.text("report.differences_caption", language, n=len(different))
    return Table("differences", data, shown, caption, language, dataset.reconstruction, tuple(notes))


def _cells(row: Row, why: Cause, language: str) -> tuple[str, ...]:
    # An extreme is one patient's value: no digit more of it than the paper prints.
    more = {"n": -row.claim.printed.decimals, "lead": -row.claim.printed.decimals, "min": 0, "max": 0}
    decimals = row.claim.printed.decimals + more.get(row.claim.compute.statistic, 2)
    return (
        "; ".join(labels.place(place, language) for place in row.claim.places),
        labels.method(row.computed.method, language),
        row.claim.printed.printed,
        labels.number(row.computed.value, decimals, language),
        _explanation(row, why, language),
    )


def _explanation(row: Row, why: Cause, language: str) -> str:
    telling = {"other_test", "other_unit", "no_column", "too_few", "test_not_done", *_OF_THE_PAPER}
    found = [labels.reason(note, language) for note in row.reasons if note.code in telling]
    if why in {"truncation", "unexplained"}:
        found.insert(0, labels.text(f"report.{why}", language))
    return " ".join(found)
