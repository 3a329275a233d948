"""The rules that a table of vertebrae must keep, and what to tell the author of one that breaks them."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable
from functools import partial

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from vpresearch.dictionary import Column, columns
from vpresearch.errors import Problem
from vpresearch.reading.cells import is_code
from vpresearch.telling import retold, tell

# A row that differs in so many of a patient's data is of another patient.
_ANOTHER_PATIENT = 3
# Of birth, instead of the age.
_YEARS = range(1880, 2100)


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
    failed = _failed(table, own=True)
    # What is wrong by itself is neither empty nor filled for any other rule: one cause, one problem.
    sound = table.copy()
    for name, row in failed:
        sound.loc[row, name.partition(":")[2]] = None
    wrong = {(name.partition(":")[2], row) for name, row in failed}
    failed |= {(name, row) for name, row in _failed(sound, own=False) if (name.partition(":")[2], row) not in wrong}
    both = {row for name, row in failed if name == "no_site_without_leak"} & {
        row for name, row in failed if name == "no_size_without_leak"
    }
    problems = [
        _problem(name, table, row, headers, both=row in both)
        for row, name in sorted((row, name) for name, row in failed)
    ]
    differing = Counter(problem.row for problem in problems if problem.wording == "constant")
    return [
        retold(problem, "constant_several")
        if problem.code == "constant" and differing[problem.row] >= _ANOTHER_PATIENT
        else problem
        for problem in problems
    ]


def _failed(table: pd.DataFrame, *, own: bool) -> set[tuple[str, int]]:
    """Give the rules that are broken, with the row: those of cells by themselves, or those across columns."""
    try:
        _schema(tuple(table.columns), own=own).validate(table, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases[["check", "index"]]
    else:
        return set()
    # Outside of the handler: pandera's error quotes whole rows, and must not be chained to any other.
    return {(str(name), int(row)) for name, row in cases.itertuples(index=False) if not pd.isna(row)}


def _first_row(table: pd.DataFrame, name: str, row: int) -> int:
    """Give the first row of the same patient that holds a value of a column."""
    own = table["patient_id"].eq(table["patient_id"][row])
    return int(str(table.index[own & table[name].notna()][0]))


# -- rules across columns ----------------------------------------------------------------------------------------


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
        # The first that is there, so that an empty cell is told where it is, also on the patient's first row.
        patient = table["patient_id"]
        first = patient.map(value.groupby(patient).first())
        same = (value == first) | (value.isna() & first.isna())
        return same | patient.isna()

    return rule


# name of the rule, which is its reason code: (columns it needs, rule, column it blames)
_Rule = tuple[tuple[str, ...], Callable[[pd.DataFrame], "pd.Series[bool]"], str]
_ACROSS: dict[str, _Rule] = {
    "no_site_without_leak": (("leak", "leak_site"), _no_site_without_leak, "leak_site"),
    "no_size_without_leak": (("leak", "leak_size"), _no_size_without_leak, "leak_size"),
    "level_once": (("patient_id", "level"), _level_once, "level"),
    "cement_below_volume": (("cement_volume_cc", "vertebral_volume_cc"), _cement_below_volume, "cement_volume_cc"),
}


def _schema(present: tuple[str, ...], *, own: bool) -> pa.DataFrameSchema:
    """Assemble the pandera schema of the columns that are present."""
    known = {name: column for name, column in columns().items() if name in present}
    if own:
        return pa.DataFrameSchema({name: _column(column) for name, column in known.items()})
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
    return pa.DataFrameSchema(checks=across)


def _column(column: Column) -> pa.Column:
    # Missing and mistyped cells are told by the reader, which knows what stood in them; pandera forgets the name of
    # its own comparisons, so these are spelled out.
    checks = []
    if column.minimum is not None:
        checks.append(pa.Check(partial(operator.le, column.minimum), name=f"minimum:{column.name}"))
    if column.maximum is not None:
        checks.append(pa.Check(partial(operator.ge, column.maximum), name=f"maximum:{column.name}"))
    return pa.Column(checks=checks, nullable=True, name=column.name)


def _problem(check_name: str, table: pd.DataFrame, row: int, headers: dict[str, str], *, both: bool) -> Problem:
    code, _, name = check_name.partition(":")
    if code in _ACROSS:
        wording = "kind_without_leak" if both and code.endswith("_without_leak") else code
        # Site and size of one leak that is not there are one cause.
        told_as = "no_site_without_leak" if wording == "kind_without_leak" else code
        name = _ACROSS[code][2]
        return tell(told_as, wording=wording, row=row, column=headers.get(name, name))
    column = columns()[name]
    header = headers.get(name, name)
    if code == "constant":
        # The patient's data stand in some of the rows alone.
        wording = "constant_empty" if table[name].isna()[row] else code
        return tell(code, wording=wording, row=row, column=header, first_row=_first_row(table, name, row))
    wording, limit = ("below_minimum", column.minimum) if code == "minimum" else ("above_maximum", column.maximum)
    if name == "cement_volume_cc" and table.loc[row, name] == 0:
        wording = "no_cement"
    elif name == "age_years" and table.loc[row, name] in _YEARS:
        wording = "year_of_birth"
    elif is_code(table.loc[row, name]):
        wording += "_code_or_empty" if column.may_be_empty else "_code"
    return tell("out_of_range", wording=wording, row=row, column=header, limit=limit, unit=column.unit)
