"""Every rule of a table of vertebrae: one broken cell, one problem, at the right place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import Problem
from vpresearch.data import check

Rows = list[dict[str, str]]
Write = Callable[..., Path]
Refused = Callable[[Path], list[Problem]]
# Position of a row in the table, its column, and what is put there.
Change = tuple[int, str, str]

_BROKEN: dict[str, tuple[list[Change], list[tuple[str, int, str]]]] = {
    "pain above the scale": ([(2, "vas_pre", "11")], [("out_of_range", 4, "vas_pre")]),
    "pain just above the scale": ([(2, "vas_1m", "10.1")], [("out_of_range", 4, "vas_1m")]),
    "negative pain": ([(2, "vas_post", "-1")], [("out_of_range", 4, "vas_post")]),
    "negative pain with a true minus": ([(2, "vas_1m", "\u22121")], [("out_of_range", 4, "vas_1m")]),
    "disability above 100": ([(2, "odi_pre", "100.5")], [("out_of_range", 4, "odi_pre")]),
    "negative age": ([(2, "age_years", "-97.25")], [("out_of_range", 4, "age_years")]),
    "age above 120": ([(2, "age_years", "121")], [("out_of_range", 4, "age_years")]),
    "no volume": (
        [(2, "vertebral_volume_cc", "0.9")],
        [("out_of_range", 4, "vertebral_volume_cc")],
    ),
    "volume in mm3": ([(2, "vertebral_volume_cc", "9725")], [("out_of_range", 4, "vertebral_volume_cc")]),
    "no cement": ([(3, "cement_volume_cc", "0")], [("out_of_range", 5, "cement_volume_cc")]),
    "cement equal to the volume": ([(3, "cement_volume_cc", "34.1")], [("cement_below_volume", 5, "cement_volume_cc")]),
    "cement above the volume": ([(3, "cement_volume_cc", "34.2")], [("cement_below_volume", 5, "cement_volume_cc")]),
    "site without leak": ([(1, "leak_site", "disc")], [("no_site_without_leak", 3, "leak_site")]),
    "size without leak": ([(4, "leak_size", "massive")], [("no_size_without_leak", 6, "leak_size")]),
    "level twice": ([(1, "level", "T12")], [("level_once", 3, "level")]),
    "level twice in another spelling": ([(4, "level", "D9")], [("level_once", 6, "level")]),
    "sex differs": ([(1, "sex", "M")], [("constant", 3, "sex")]),
    "age differs": ([(4, "age_years", "80")], [("constant", 6, "age_years")]),
    "cause differs": ([(1, "cause", "rheumatoid_arthritis")], [("constant", 3, "cause")]),
    "pain differs": ([(1, "vas_pre", "7")], [("constant", 3, "vas_pre")]),
    "optional score differs": ([(1, "odi_post", "42")], [("constant", 3, "odi_post")]),
    "score lost on the second row only": ([(1, "vas_1y", "")], [("constant", 3, "vas_1y")]),
    "score lost on the first row only": ([(3, "odi_1m", "")], [("constant", 5, "odi_1m")]),
    "cause told on the second row only": ([(0, "cause", "")], [("constant", 2, "cause")]),
    "new fracture differs": ([(4, "new_fracture_1y", "yes")], [("constant", 6, "new_fracture_1y")]),
}


@pytest.mark.parametrize(("changes", "expected"), _BROKEN.values(), ids=_BROKEN.keys())
def test_a_broken_rule_is_told_at_its_place(
    rows: Rows, write: Write, refused: Refused, changes: list[Change], expected: list[tuple[str, int, str]]
) -> None:
    for row, column, value in changes:
        rows[row][column] = value
    assert [(problem.code, problem.row, problem.column) for problem in refused(write(rows))] == expected


@pytest.mark.parametrize(
    "changes",
    [
        [(2, "vas_pre", "10"), (2, "vas_post", "0")],
        [(2, "odi_pre", "100"), (2, "odi_1y", "0")],
        [(2, "age_years", "120")],
        [(3, "vertebral_volume_cc", "200"), (3, "cement_volume_cc", "50")],
        [(3, "vertebral_volume_cc", "1"), (3, "cement_volume_cc", "0.1")],
        [(3, "vertebral_volume_cc", "2.1"), (3, "cement_volume_cc", "2.0")],
        [(0, "vas_1y", ""), (1, "vas_1y", "")],
        [(0, "cause", ""), (1, "cause", "")],
        [(1, "level", "T9")],
        [(1, "complication", ""), (2, "complication", "xyzzy")],
        [(0, "leak_site", ""), (2, "leak_size", "")],
    ],
    ids=lambda changes: "-".join(f"{column}={value}" for _, column, value in changes),
)
def test_the_edge_of_a_rule_is_allowed(rows: Rows, changes: list[Change]) -> None:
    for row, column, value in changes:
        rows[row][column] = value
    assert check(_table(rows), {}) == []


@pytest.mark.parametrize("name", ["cement_volume_cc", "vertebral_volume_cc"])
@pytest.mark.parametrize("wrong", ["99999", "-5", "0,0", "xyzzy"])
def test_a_cell_that_is_wrong_by_itself_breaks_no_rule_across_columns(
    rows: Rows, write: Write, refused: Refused, name: str, wrong: str
) -> None:
    rows[1][name] = wrong
    assert [(problem.row, problem.column) for problem in refused(write(rows))] == [(3, name)]


def test_site_and_size_without_a_leak_are_one_problem(rows: Rows, write: Write, refused: Refused) -> None:
    for row in (1, 4):
        rows[row] |= {"leak_site": "disc", "leak_size": "massive"}
    (problem,) = refused(write(rows))
    assert (problem.code, problem.rows, problem.columns) == ("no_site_without_leak", (3, 6), ("leak_site", "leak_size"))
    assert "empty both" in problem.remedy


@pytest.mark.parametrize(
    ("name", "value", "first"),
    [
        ("vas_1y", "99", "leave the cell empty"),
        ("odi_1y", "-9", "leave the cell empty"),
        ("odi_post", "999", "leave the cell empty"),
        ("vas_pre", "-1", "leave the cell empty"),
        ("age_years", "999", "Find the value"),
        ("vas_1y", "98", "Correct the value"),
    ],
)
def test_a_code_of_a_missing_value_is_told_as_such(
    rows: Rows, write: Write, refused: Refused, name: str, value: str, first: str
) -> None:
    rows[2][name] = value
    (problem,) = refused(write(rows))
    assert problem.code == "out_of_range"
    assert first in problem.remedy.partition(";")[0]


def test_every_problem_of_a_table_is_told_in_order(rows: Rows) -> None:
    for row, column, value in [(4, "leak_site", "disc"), (0, "vas_pre", "-3"), (3, "cement_volume_cc", "99")]:
        rows[row][column] = value
    told = [(problem.row, problem.code, problem.column) for problem in check(_table(rows), {})]
    assert told == [
        (2, "out_of_range", "vas_pre"),
        (5, "out_of_range", "cement_volume_cc"),
        (6, "no_site_without_leak", "leak_site"),
    ]


def test_a_problem_names_the_column_as_the_file_does(rows: Rows) -> None:
    rows[2]["vas_pre"] = "11"
    (problem,) = check(_table(rows), {"vas_pre": "EAV previa"})
    assert problem.column == "EAV previa"
    assert problem.message == "The value is above the maximum of 10 points."


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("cement_volume_cc", "0", "delete the row"),
        ("age_years", "1958", "Enter the age."),
        ("age_years", "130", "unit"),
    ],
)
def test_a_value_out_of_range_is_told_as_what_it_seems(rows: Rows, column: str, value: str, words: str) -> None:
    rows[2][column] = value
    (problem,) = check(_table(rows), {})
    assert words in problem.remedy


def test_a_minimum_is_told_as_such(rows: Rows) -> None:
    rows[2]["vertebral_volume_cc"] = "0.5"
    rows[2]["cement_volume_cc"] = "0.2"
    (problem,) = check(_table(rows), {})
    assert problem.message == "The value is below the minimum of 1 cc."


def test_a_third_row_is_held_against_the_first(rows: Rows) -> None:
    rows.append({**rows[3], "level": "L4", "vas_pre": "9"})
    rows.append({**rows[3], "level": "L5"})
    assert [(problem.code, problem.row) for problem in check(_table(rows), {})] == [("constant", 7)]


@pytest.mark.parametrize("column", ["patient_id", "level", "leak", "leak_site", "cement_volume_cc", "vas_pre"])
def test_cells_that_could_not_be_read_break_no_further_rule(rows: Rows, column: str) -> None:
    table = _table(rows)
    table[column] = None
    assert check(table, {}) == []


@pytest.mark.parametrize("column", [name for name in columns() if name != "patient_id"])
def test_columns_that_are_not_there_break_no_rule(rows: Rows, column: str) -> None:
    assert check(_table(rows).drop(columns=column), {}) == []


def test_without_patients_nothing_is_held_constant(rows: Rows) -> None:
    rows[1]["vas_pre"] = "3"
    assert check(_table(rows).drop(columns="patient_id"), {}) == []


def _table(rows: Rows) -> pd.DataFrame:
    """Give the rows as the reader would, numbered as in a file whose header is row 1."""
    table = pd.DataFrame(rows, index=range(2, len(rows) + 2), dtype=object).replace("", None)
    numbers = [name for name, column in columns().items() if column.kind == "number"]
    return table.astype(dict.fromkeys(numbers, float))
