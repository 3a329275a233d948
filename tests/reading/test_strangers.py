"""Rows that are no vertebrae: each is one problem, to delete it; a vertebra with a fault is never taken for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vpresearch.load import examine
from vpresearch.telling import LANGUAGES, line

Book = Callable[..., Path]
_NOTHING: list[object] = []


def below(*records: list[object]) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        for record in records:
            sheet.append(record)

    return change


def under_the_header(record: list[object]) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet.insert_rows(2)
        for at, cell in enumerate(record, start=1):
            sheet.cell(2, at, cell)

    return change


@pytest.mark.parametrize(
    ("record", "wording"),
    [
        (["Total", 5], "row_of_summary"),
        (["Media", None, 75.4, None, None, 33], "row_of_summary"),
        (["DE", None, 6.2], "row_of_summary"),
        (["Mean (SD)", None, "75 (6)"], "row_of_summary"),
        (["n = 5"], "row_of_summary"),
        ([None, None, None, None, "Promedio", 33.0, 2.9], "row_of_summary"),
        ([None, None, None, None, None, 165.0, 14.3], "row_without_patient"),
        (["* EAV: escala analógica visual"], "row_of_notes"),
        (["En rojo, excluidos", "2020"], "row_of_notes"),
        (["P9"], "row_of_notes"),
        (["P9", "F", 80, "Osteoporosis"], "row_without_vertebra"),
        (["-----", "____", "  "], "row_of_signs"),
        (["Paciente", "Sexo", "Edad", "Causa", "Nivel"], "row_of_headers"),
    ],
)
def test_a_row_that_is_no_vertebra_is_told_once(workbook: Book, record: list[object], wording: str) -> None:
    (problem,) = examine(workbook(below(_NOTHING, record))).problems
    assert (problem.code, problem.wording, problem.row) == ("no_vertebra", wording, 8)
    for language, words in zip(LANGUAGES, ("Borre la fila", "Delete the row"), strict=True):
        assert words in line(problem, language)


@pytest.mark.parametrize(
    "record",
    [
        [None, "F/M", "años", None, None, "cc", "cc", "sí/no", None, None, "0-10", "0-10"],
        ["(code)", "(F/M)", "(years)", "", "", "(mL)", "(mL)"],
    ],
)
def test_a_row_of_units_is_told_once(workbook: Book, record: list[object]) -> None:
    (problem,) = examine(workbook(under_the_header(record))).problems
    assert (problem.wording, problem.row) == ("row_of_units", 2)


def test_a_title_merged_over_the_table_is_one_row(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet["A7"] = "Segundo semestre"
        sheet.merge_cells("A7:T7")

    assert [problem.wording for problem in examine(workbook(change)).problems] == ["row_of_notes"]


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        ({"E4": "T13"}, ["unknown_category"]),
        ({"E4": None}, ["missing_value"]),
        ({"E4": None, "H4": "quizá"}, ["missing_value", "unknown_category"]),
        ({"A4": None, "B4": None, "C4": None}, ["missing_value"] * 3),
        ({"E4": "=1+1"}, ["formula_without_value"]),
        ({"A4": "DE"}, []),
        ({"A4": "N 1", "E4": None}, ["missing_value"]),
        ({"A4": "SD-12", "E4": "T13"}, ["unknown_category"]),
    ],
)
def test_a_vertebra_with_faults_is_told_its_faults(workbook: Book, cells: dict[str, object], codes: list[str]) -> None:
    def change(sheet: Any) -> None:
        for place, cell in cells.items():
            sheet[place] = cell

    problems = examine(workbook(change)).problems
    assert [
        p.code for p in problems if not p.code.endswith("with_leak") and not p.code.endswith("without_leak")
    ] == codes


def test_what_stands_beside_the_table_is_no_row_of_it(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        for number in range(1, 12):
            sheet.cell(number, 23, f"dato {number}")
            sheet.cell(number, 24, number)

    examined = examine(workbook(change))
    assert examined.dataset is not None
    assert len(examined.dataset.vertebrae) == 5
    assert [note.code for note in examined.notes] == ["ignored_columns"]
