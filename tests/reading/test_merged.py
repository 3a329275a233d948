"""Merged cells: a patient's block is each row's value, and said; every other block is a problem."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vpresearch.core.errors import Problem
from vpresearch.data import examine, load

Book = Callable[..., Path]
Refused = Callable[[Path], list[Problem]]


def merge(*blocks: str) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        for block in blocks:
            sheet.merge_cells(block)

    return change


# In the table rows 2 and 3 are one patient, row 4 another, rows 5 and 6 a third.
def test_a_patient_s_merged_cells_are_the_value_of_each_row(workbook: Book) -> None:
    plain = load(workbook())
    path = workbook(merge("A2:A3", "B2:B3", "C2:C3", "K2:K3", "A5:A6", "C5:C6"), "merged.xlsx")
    examined = examine(path)
    assert examined.dataset is not None
    pd.testing.assert_frame_equal(examined.dataset.rows, plain.rows)
    # Columns with blocks on the same rows are told together.
    assert [(note.code, note.columns) for note in examined.notes] == [
        ("merged_filled", ("Paciente", "Edad")),
        ("merged_filled", ("Sexo", "EAV previa")),
    ]
    assert "4 merged blocks (first: A2:A3)" in examined.notes[0].message


@pytest.mark.parametrize(
    ("block", "cells"),
    [
        ("C3:C4", ["C3", "C4"]),
        ("C2:C4", ["C2", "C3", "C4"]),
        ("F2:F3", ["F2", "F3"]),
        ("H2:H3", ["H2", "H3"]),
        ("B4:C4", ["B4", "C4"]),
        ("B5:C6", ["B5", "B6", "C5", "C6"]),
    ],
)
def test_any_other_block_is_told_at_each_cell(workbook: Book, refused: Refused, block: str, cells: list[str]) -> None:
    problems = [problem for problem in refused(workbook(merge(block))) if problem.code == "merged_cells"]
    assert sorted(cell for problem in problems for cell in problem.cells) == cells


def test_an_id_merged_over_two_patients_does_not_pass(workbook: Book, refused: Refused) -> None:
    assert {problem.code for problem in refused(workbook(merge("A2:A4")))} >= {"constant"}


def test_blocks_beside_and_above_the_table_are_nobody_s_concern(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet.insert_rows(1, 2)
        sheet["A1"] = "Vertebroplastias"
        sheet.merge_cells("A1:T2")
        sheet["V5"] = "Nota"
        sheet.merge_cells("V5:X9")

    examined = examine(workbook(change))
    assert examined.dataset is not None
    assert [note.code for note in examined.notes] == []
