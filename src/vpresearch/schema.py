"""The rules that a table of vertebrae must keep, and what to tell the author of one that breaks them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from vpresearch.dictionary import Column, columns
from vpresearch.errors import Problem


def check(table: pd.DataFrame, headers: dict[str, str]) -> list[Problem]:
    """Check a table of vertebrae against every rule at once.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns, one row a vertebra, indexed by the row number in the user's file.
    headers : dict of str to str
        The header in the user's file, by canonical column.

    Returns
    -------
    list of Problem
        Empty if the table keeps every rule; else in order of row.
    """
    try:
        _schema(tuple(table.columns)).validate(table, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases[["index", "check"]]
    else:
        return []
    # Outside of the handler: pandera's error quotes whole rows, and must not be chained to any other.
    failed = {(int(row), str(name)) for row, name in cases.itertuples(index=False) if not pd.isna(row)}
    return [_problem(name, row, headers, _first_row(table, row)) for row, name in sorted(failed)]


def _first_row(table: pd.DataFrame, row: int) -> int:
    """Give the first row of the same patient."""
    if "patient_id" not in table:
        return row
    return int(table.index[table["patient_id"] == table.loc[row, "patient_id"]][0])


# -- rules across columns ----------------------------------------------------------------------------------------


def _site_with_leak(table: pd.DataFrame) -> pd.Series[bool]:
    return (table["leak"] != "yes") | table["leak_site"].notna()


def _size_with_leak(table: pd.DataFrame) -> pd.Series[bool]:
    return (table["leak"] != "yes") | table["leak_size"].notna()


def _no_site_without_leak(table: pd.DataFrame) -> pd.Series[bool]:
    return (table["leak"] != "no") | table["leak_site"].isna()


def _no_size_without_leak(table: pd.DataFrame) -> pd.Series[bool]:
    return (table["leak"] != "no") | table["leak_size"].isna()


def _level_once(table: pd.DataFrame) -> pd.Series[bool]:
    known = table["patient_id"].notna() & table["level"].notna()
    return ~(table.duplicated(["patient_id", "level"]) & known)


def _cement_below_volume(table: pd.DataFrame) -> pd.Series[bool]:
    known = table["cement_volume_cc"].notna() & table["vertebral_volume_cc"].notna()
    return (table["cement_volume_cc"] < table["vertebral_volume_cc"]) | ~known


def _constant(name: str) -> Callable[[pd.DataFrame], pd.Series[bool]]:
    def rule(table: pd.DataFrame) -> pd.Series[bool]:
        value = table[name].astype(object).where(table[name].notna(), None)
        first = value.groupby(table["patient_id"]).transform(lambda values: values.iloc[0])
        same = (value == first) | (value.isna() & first.isna())
        return same | table["patient_id"].isna()

    return rule


# name of the rule: (columns it needs, rule, column it blames, message, remedy)
_Rule = tuple[tuple[str, ...], Callable[[pd.DataFrame], "pd.Series[bool]"], str, str, str]
_ACROSS: dict[str, _Rule] = {
    "site_with_leak": (
        ("leak", "leak_site"),
        _site_with_leak,
        "leak_site",
        "A leak has no site.",
        "Enter the site of the leak, or correct the leak to no.",
    ),
    "size_with_leak": (
        ("leak", "leak_size"),
        _size_with_leak,
        "leak_size",
        "A leak has no size.",
        "Enter the size of the leak, or correct the leak to no.",
    ),
    "no_site_without_leak": (
        ("leak", "leak_site"),
        _no_site_without_leak,
        "leak_site",
        "There is a leak site but no leak.",
        "Empty this cell, or correct the leak to yes.",
    ),
    "no_size_without_leak": (
        ("leak", "leak_size"),
        _no_size_without_leak,
        "leak_size",
        "There is a leak size but no leak.",
        "Empty this cell, or correct the leak to yes.",
    ),
    "level_once": (
        ("patient_id", "level"),
        _level_once,
        "level",
        "The same patient has this level on an earlier row.",
        "Correct the patient or the level, or delete the row that stands twice.",
    ),
    "cement_below_volume": (
        ("cement_volume_cc", "vertebral_volume_cc"),
        _cement_below_volume,
        "cement_volume_cc",
        "The cement is not less than the vertebral volume.",
        "Correct one of the two; both are in cc.",
    ),
}


def _schema(present: tuple[str, ...]) -> pa.DataFrameSchema:
    """Assemble the pandera schema of the columns that are present."""
    known = {name: column for name, column in columns().items() if name in present}
    across = [
        pa.Check(rule, name=name, ignore_na=False)
        for name, (needs, rule, *_) in _ACROSS.items()
        if set(needs) <= set(present)
    ]
    if "patient_id" in present:
        across += [
            pa.Check(_constant(name), name=f"constant:{name}", ignore_na=False)
            for name, column in known.items()
            if column.unit_of_observation == "patient" and name != "patient_id"
        ]
    return pa.DataFrameSchema({name: _column(column) for name, column in known.items()}, checks=across)


def _column(column: Column) -> pa.Column:
    # Missing and mistyped cells are told by the reader, which knows what stood in them; pandera forgets the name of
    # its own comparisons, so these are spelled out.
    checks = []
    if column.minimum is not None:
        checks.append(pa.Check(partial(operator.le, column.minimum), name=f"minimum:{column.name}"))
    if column.maximum is not None:
        checks.append(pa.Check(partial(operator.ge, column.maximum), name=f"maximum:{column.name}"))
    return pa.Column(checks=checks, nullable=True, name=column.name)


def _problem(check_name: str, row: int, headers: dict[str, str], first_row: int) -> Problem:
    code, _, name = check_name.partition(":")
    if code in _ACROSS:
        _, _, name, message, remedy = _ACROSS[code]
    elif code == "constant":
        message = f"The value differs from the one on row {first_row}, of the same patient."
        remedy = "Give one patient the same value on every row."
    else:
        column = columns()[name]
        limit = column.minimum if code == "minimum" else column.maximum
        message = f"The value is {'below' if code == 'minimum' else 'above'} the {code} of {limit:g} {column.unit}."
        remedy = "Correct the value, and look whether its unit is right."
        code = "out_of_range"
    return Problem(code, message, remedy, row=row, column=headers.get(name, name))
