"""The reconstruction as a hand would keep it in a Spanish workbook, read back: the same results to the last digit."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from vpresearch import tables
from vpresearch.core.dictionary import columns
from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.data import Dataset, load
from vpresearch.published import Paper
from vpresearch.regression.models import fit_models
from vpresearch.results import Results
from vpresearch.scorecard import scorecard


def by_hand(path: Path, *, merged: bool) -> Path:
    """Write the shipped rows under a title, in Spanish words, with decimal commas as text and blank rows below."""
    with RECONSTRUCTION.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    book = Workbook()
    book.active.title = "Notas"
    book.active["A1"] = "Base de datos de vertebroplastia"
    sheet = book.create_sheet("Base")
    sheet["A1"] = "Vertebroplastia percutánea. Servicio de Cirugía Ortopédica"
    names = list(rows[0])
    for place, name in enumerate(names, start=1):
        sheet.cell(3, place, f"  {columns()[name].labels['es'].upper()} ")
    for number, row in enumerate(rows, start=4):
        for place, name in enumerate(names, start=1):
            sheet.cell(number, place, spanish(row[name], name, number))
    if merged:
        merge_patients(sheet, rows, names)
    for place in (len(rows) + 6, len(rows) + 40):
        sheet.cell(place, 2, "  ")
    book.save(path)
    return path


def spanish(value: str, name: str, number: int) -> object:
    column = columns()[name]
    if column.kind == "category":
        words = {level.value: level.labels["es"] for level in column.levels}
        # Both ways of writing it, as hands do.
        return {"yes": "sí" if number % 2 else "S", "no": "NO" if number % 2 else "No"}.get(value, words.get(value))
    if column.kind == "number" and value:
        return value.replace(".", ",") if "." in value or number % 2 else int(value)
    return value or None


def merge_patients(sheet: object, rows: list[dict[str, str]], names: list[str]) -> None:
    first = 0
    for place in range(1, len(rows) + 1):
        if place == len(rows) or rows[place]["patient_id"] != rows[first]["patient_id"]:
            if place - first > 1:
                for name in ("patient_id", "age_years"):
                    at = names.index(name) + 1
                    sheet.merge_cells(  # type: ignore[attr-defined]
                        start_row=first + 4, end_row=place + 3, start_column=at, end_column=at
                    )
            first = place


@pytest.fixture(params=[False, True], ids=["plain", "merged"])
def read_back(request: pytest.FixtureRequest, tmp_path: Path) -> Dataset:
    return load(by_hand(tmp_path / "estudio.xlsx", merged=request.param))


def test_every_value_comes_back(read_back: Dataset, shipped: Dataset) -> None:
    pd.testing.assert_frame_equal(read_back.patients, shipped.patients, check_exact=True)
    pd.testing.assert_frame_equal(read_back.vertebrae, shipped.vertebrae, check_exact=True)
    assert read_back.reconstruction
    assert read_back.sha256 != shipped.sha256


def test_every_result_is_the_same_to_the_last_digit(read_back: Dataset, shipped: Dataset, paper: Paper) -> None:
    again, once = ([row.computed for row in scorecard(paper, dataset)] for dataset in (read_back, shipped))
    assert repr(again) == repr(once)
    assert repr(fit_models(read_back.rows)) == repr(fit_models(shipped.rows))
    for make in (tables.table1, tables.table2, tables.table3, tables.table4, tables.outcome, tables.comparisons):
        again_made = make(Results(read_back), "es").to_html()
        assert again_made == make(Results(replace(shipped, name=read_back.name)), "es").to_html()
