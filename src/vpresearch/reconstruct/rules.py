"""What holds in every table of vertebrae, whatever a paper prints; counted anew, for the checker alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

import pandas as pd

from vpresearch.dictionary import columns
from vpresearch.published import Grid, Paper

Rows = list[dict[str, str]]


def read_rows(table: pd.DataFrame, paper: Paper) -> Rows:
    """Give the cells of a table as text, with the region and the ratios that follow from them.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_vertebrae, n_columns)
    paper : Paper
        It tells the ratios.

    Returns
    -------
    list of dict of str to str
        One a row; ratios as exact fractions in percent, missing cells empty.
    """
    cells = {str(name): ["" if pd.isna(cell) else str(cell) for cell in table[name].tolist()] for name in table}
    rows = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    for row in rows:
        row["region"] = {"T": "thoracic", "L": "lumbar"}[row["level"][0]]
        for name, (numerator, denominator) in paper.ratios.items():
            row[name] = str(100 * Fraction(row[numerator]) / Fraction(row[denominator]))
    return rows


def broken_rules(rows: Rows, paper: Paper) -> Iterator[tuple[str, str]]:
    """Find the rules that a table breaks.

    Parameters
    ----------
    rows : list of dict of str to str
        From ``read_rows``.
    paper : Paper
        Its grids are rules too.

    Yields
    ------
    tuple of str
        Name of the rule, and what breaks it.
    """
    for name, column in columns().items():
        if column.unit_of_observation == "patient" and name in rows[0]:
            values = {(row["patient_id"], row[name]) for row in rows}
            several = [patient for patient, n in Counter(patient for patient, _ in values).items() if n > 1]
            if several:
                yield f"one_value_a_patient.{name}", ", ".join(several)
    for (patient, level), n in Counter((row["patient_id"], row["level"]) for row in rows).items():
        if n > 1:
            yield "level_once", f"{patient} {level}"
    for number, row in enumerate(rows, start=1):
        if Fraction(row["cement_volume_cc"]) >= Fraction(row["vertebral_volume_cc"]):
            yield "cement_below_volume", f"row {number}"
        if (row["leak"] == "yes") != (row["leak_site"] != "") or (row["leak"] == "yes") != (row["leak_size"] != ""):
            yield "kind_of_leak", f"row {number}"
    for name, grid in paper.grids.items():
        yield from _off_grid(rows, name, grid)


def _off_grid(rows: Rows, name: str, grid: Grid) -> Iterator[tuple[str, str]]:
    values = [Fraction(row[name]) for row in rows if row[name] != ""]
    low, high = (Fraction(end) if end is not None else None for end in (grid.low, grid.high))
    for value in sorted(set(values)):
        outside = (low is not None and value < low) or (high is not None and value > high)
        if outside or (value / Fraction(grid.step)).denominator != 1:
            yield f"grid.{name}", str(value)
    if grid.most_equal is not None:
        for value, n in sorted(Counter(values).items()):
            if n > grid.most_equal:
                yield f"most_equal.{name}", f"{n} times {value}"
