"""The empty workbook: what it asks for is what is read, and its example is nobody."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook

from vpresearch.core.dictionary import columns
from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.data import examine, load
from vpresearch.workbook.template import template

pytestmark = pytest.mark.parametrize("language", ["es", "en"])


def sheet_of(language: str) -> Any:
    return load_workbook(BytesIO(template(language))).worksheets[0]


def saved(sheet: Any, tmp_path: Path) -> Path:
    sheet.parent.save(tmp_path / "study.xlsx")
    return tmp_path / "study.xlsx"


def rules(sheet: Any) -> dict[str, Any]:
    return {str(rule.sqref).split("2:")[0]: rule for rule in sheet.data_validations.dataValidation}


def test_the_empty_workbook_is_refused_for_its_example_alone(language: str, tmp_path: Path) -> None:
    examined = examine(saved(sheet_of(language), tmp_path))
    assert [(problem.code, problem.cell) for problem in examined.problems] == [("example_row", "A2")]
    assert examined.notes == ()


def test_without_its_example_it_has_no_rows(language: str, tmp_path: Path) -> None:
    sheet = sheet_of(language)
    sheet.delete_rows(2)
    assert [problem.code for problem in examine(saved(sheet, tmp_path)).problems] == ["no_rows"]


def test_a_filled_template_is_the_same_dataset(language: str, tmp_path: Path) -> None:
    shipped = load(RECONSTRUCTION)
    sheet = sheet_of(language)
    sheet.delete_rows(2)
    for _, row in pd.read_csv(RECONSTRUCTION, dtype={"patient_id": str}).iterrows():
        cells = []
        for name, column in columns().items():
            value = None if name not in row or pd.isna(row[name]) else row[name]
            cells.append({level.value: level.labels[language] for level in column.levels}.get(str(value), value))
        sheet.append(cells)
    study = load(saved(sheet, tmp_path))
    for ours, theirs in ((study.patients, shipped.patients), (study.vertebrae, shipped.vertebrae)):
        pd.testing.assert_frame_equal(ours[list(theirs)], theirs, check_exact=True)
    assert study.reconstruction


def test_the_example_would_be_a_good_row(language: str, tmp_path: Path) -> None:
    sheet = sheet_of(language)
    sheet["A2"] = "P1"
    assert examine(saved(sheet, tmp_path)).problems == ()


def test_every_list_and_range_is_that_of_the_dictionary(language: str) -> None:
    sheet = sheet_of(language)
    found = rules(sheet)
    for cell, column in zip(sheet[1], columns().values(), strict=True):
        rule = found[cell.column_letter]
        assert rule.prompt
        if column.kind == "category":
            assert rule.type == "list"
            assert rule.formula1.strip('"').split(",") == [level.labels[language] for level in column.levels]
            assert len(rule.formula1) <= 255
        elif column.kind == "number":
            assert (rule.type, float(rule.formula1), float(rule.formula2)) == (
                "decimal",
                column.minimum,
                column.maximum,
            )


def test_the_codebook_names_every_column(language: str) -> None:
    book = load_workbook(BytesIO(template(language)))
    rows = list(book.worksheets[1].values)
    assert [row[1] for row in rows[1:]] == list(columns())
    assert all(all(row) for row in rows)
    headers = [cell.value for cell in book.worksheets[0][1]]
    assert [row[0] for row in rows[1:]] == headers
