"""What differs from the paper, and what would give the printed number: another test, unit or rounding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import pandas as pd

from vpresearch import labels
from vpresearch.describe import select
from vpresearch.dictionary import columns
from vpresearch.load import Dataset
from vpresearch.scorecard import Row
from vpresearch.tables import Table

Cause = Literal["test", "unit", "truncation", "impossible", "missing", "not_computable", "unexplained"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
_DIFFERENT = ("differs", "unattainable", "not computable")
# What a finding about the printed numbers themselves explains.
_OF_THE_PAPER = ("p_unattainable", "p_exchanged", "p_copied", "unit_forced", "denominator_forced", "printed_twice")
# Notes that say why a number differs; others say how it was computed, or that it differs.
_TELLING = {
    *("other_test", "other_unit", "no_column", "too_few", "test_not_done", "p_unattainable", "p_exchanged", "p_copied")
}


def cause(row: Row, dataset: Dataset) -> Cause | None:
    """Tell what would give a printed number that the data do not give.

    Parameters
    ----------
    row : Row
    dataset : Dataset
        What the row was computed from.

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
    >>> study = load(RECONSTRUCTION)
    >>> rows = scorecard(read_paper(PUBLISHED), study)
    >>> [(row.claim.id, found) for row in rows if (found := cause(row, study))]
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
    if "p_unattainable" in codes:
        return "impossible"
    return "missing" if _missing(row, dataset) else "unexplained"


def differences_table(rows: Sequence[Row], dataset: Dataset, language: str) -> Table:
    """Lay out what differs from the paper and why that may be.

    Parameters
    ----------
    rows : sequence of Row
        The scorecard.
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    Table
        Numbers with an explanation first; a note counts the causes that there are.
    """
    different = sorted(
        ((row, found) for row in rows if (found := cause(row, dataset)) is not None),
        key=lambda pair: CAUSES.index(pair[1]),
    )
    data = pd.DataFrame(
        [
            {"claim": row.claim.id, "printed": row.claim.printed.printed, "computed": row.computed.value, "cause": why}
            for row, why in different
        ],
        columns=["claim", "printed", "computed", "cause"],
    )
    heads = [labels.text(f"word.{word}", language) for word in ("place", "claim", "printed", "computed", "reason")]
    shown = pd.DataFrame([_cells(row, why, dataset, language) for row, why in different], columns=heads)
    notes = [labels.text("footnote.rule", language)]
    counts = Counter(why for _, why in different)
    if different:
        causes = [f"{labels.text(f'cause.{why}', language)}, {counts[why]}" for why in CAUSES if counts[why]]
        notes.append(labels.text("report.causes", language, list="; ".join(causes)))
    if counts["unexplained"]:
        notes.append(labels.text("report.unexplained", language))
    caption = labels.text("report.differences_caption", language, n=len(different))
    return Table("differences", data, shown, caption, language, dataset.reconstruction, tuple(notes))


def _cells(row: Row, why: Cause, dataset: Dataset, language: str) -> tuple[str, ...]:
    # An extreme is one patient's value: no digit more of it than the paper prints.
    more = {"n": -row.claim.printed.decimals, "lead": -row.claim.printed.decimals, "min": 0, "max": 0}
    decimals = row.claim.printed.decimals + more.get(row.claim.compute.statistic, 2)
    what = labels.claimed(replace(row.claim, places=()), language)
    if row.computed.method.code.startswith(("p_", "smallest_p_")):
        what = f"{what}: {labels.method(row.computed.method, language)}"
    return (
        labels.places(row.claim.places, language),
        what,
        labels.printed(row.claim.printed.printed, language),
        labels.number(row.computed.value, decimals, language),
        _explanation(row, why, dataset, language),
    )


def _explanation(row: Row, why: Cause, dataset: Dataset, language: str) -> str:
    found = [labels.reason(note, language) for note in row.reasons if note.code in _TELLING]
    if why == "truncation":
        found.insert(0, labels.text("report.truncation", language))
    if missing := _missing(row, dataset):
        found.append(labels.text("report.missing_one" if missing == 1 else "report.missing_many", language, n=missing))
    return " ".join(found) or labels.text("report.no_reason", language)


def _missing(row: Row, dataset: Dataset) -> int:
    """Count the values that are missing of the variable of a count or summary; an empty text is no gap."""
    spec = row.claim.compute
    if row.verdict == "not computable" or spec.variable is None or spec.statistic in {"p", "difference"}:
        return 0
    if (column := columns().get(spec.variable)) and column.kind == "text":
        # An empty cell of complications says that there was none.
        return 0
    return int(select(dataset, spec.over, {**spec.within, **spec.group})[spec.variable].isna().sum())
