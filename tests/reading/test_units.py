"""Whole columns in another unit are told once; one wrong cell is told as a wrong cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from vpresearch.core.errors import Problem
from vpresearch.data import examine
from vpresearch.reading.units import look_at_units

Rows = list[dict[str, str]]
Write = Callable[..., Path]
Refused = Callable[[Path], list[Problem]]


@pytest.mark.parametrize(
    ("name", "factor", "code"),
    [
        ("vertebral_volume_cc", 1000, "unit_mm3"),
        ("cement_volume_cc", 1000, "unit_mm3"),
        ("vas_pre", 10, "unit_of_100"),
        ("odi_pre", 0.01, "unit_fraction"),
        ("age_years", 27, "unit_year_of_birth"),
    ],
)
def test_a_column_in_another_unit_is_told_once(
    rows: Rows, write: Write, refused: Refused, name: str, factor: float, code: str
) -> None:
    for row in rows:
        row[name] = f"{float(row[name]) * factor:.10g}"
    problems = refused(write(rows))
    assert [(problem.code, problem.row, problem.column) for problem in problems] == [(code, None, name)]


def test_one_cell_in_another_unit_is_a_cell_out_of_range(rows: Rows, write: Write, refused: Refused) -> None:
    rows[2]["vertebral_volume_cc"] = "35600"
    assert [(problem.code, problem.row) for problem in refused(write(rows))] == [("out_of_range", 4)]


@pytest.mark.parametrize("scores", ["00000", "11111", "01011"])
def test_patients_without_disability_are_no_fractions(rows: Rows, write: Write, scores: str) -> None:
    for row in rows:
        row["odi_1y"] = scores[int(row["patient_id"][-1]) % 5]
    assert examine(write(rows)).problems == ()


def fill(row: dict[str, str], factor: float) -> str:
    return f"{factor * float(row['cement_volume_cc']) / float(row['vertebral_volume_cc']):.4f}".replace(".", ",")


@pytest.mark.parametrize(("factor", "code"), [(1, "computed_fraction"), (100, None), (130, "computed_differs")])
def test_the_file_s_own_fill_is_held_against_ours(rows: Rows, write: Write, factor: float, code: str | None) -> None:
    examined = examine(write([{**row, "Relleno (%)": fill(row, factor)} for row in rows], delimiter=";"))
    assert examined.problems == ()
    assert [note.code for note in examined.notes] == ["computed_column", *([code] if code else [])]


def test_a_single_fraction_of_a_percentage_is_told_at_its_row() -> None:
    scores = pd.DataFrame({"odi_pre": [54.0, 0.54, 0.0, 2.0]}, index=[2, 3, 4, 5])
    assert [(each.code, each.row) for each in look_at_units(scores, {})] == [("fraction", 3)]


@pytest.mark.parametrize(("scores", "told"), [([0.7, 0.4, 1], True), ([0, 1, 1], False), ([0.7, 0.4, 2], False)])
def test_pain_from_nought_to_one_is_told(scores: list[float], told: bool) -> None:
    table = pd.DataFrame({"vas_pre": scores}, index=[2, 3, 4])
    assert [problem.code for problem in look_at_units(table, {})] == (["unit_of_1"] if told else [])


def test_codes_of_missing_values_are_no_other_unit() -> None:
    table = pd.DataFrame(
        {"vas_1y": [999.0, 999.0, 999.0, 3.0, 4.0, 2.0], "odi_1y": [-99.0, -99.0, 99.0, 12.0, 14.0, 8.0]}
    )
    assert look_at_units(table, {}) == []
    assert [p.code for p in look_at_units(pd.DataFrame({"vas_1y": [90.0, 80.0, 999.0, 70.0]}), {})] == ["unit_of_100"]
