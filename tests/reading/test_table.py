"""The table in the file: the shipped data written out as a hand would write them are the same data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from vpresearch.core.dictionary import columns
from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.data import examine, load
from vpresearch.published import Paper
from vpresearch.reading.file import read_delimited
from vpresearch.reading.raw import Sheet
from vpresearch.reading.table import find_table
from vpresearch.scorecard import scorecard


def by_hand(path: Path, merged: bool) -> Path:
    """Write the reconstruction under a title, in Spanish, with decimal commas as text and each patient merged."""
    book = Workbook()
    notes: Any = book.active
    notes.append(["Pendiente de revisar"])
    sheet = book.create_sheet("Vértebras 2018-2020")
    sheet.append(["Vertebroplastias percutáneas"])
    sheet.append([])
    rows = pd.read_csv(RECONSTRUCTION, dtype=str, keep_default_na=False)
    sheet.append([None, *(f"{columns()[str(name)].labels['es']} " for name in rows)])
    for _, row in rows.iterrows():
        sheet.append([None, *(spanish(str(name), str(value)) for name, value in row.items())])
    if merged:
        of_patient = [i for i, name in enumerate(rows, 2) if columns()[str(name)].unit_of_observation == "patient"]
        for _, own in rows.groupby("patient_id", sort=False):
            for column in of_patient if len(own) > 1 else []:
                sheet.merge_cells(None, own.index[0] + 4, column, own.index[-1] + 4, column)
    for _ in range(3):
        sheet.append([None, " "])
    book.save(path)
    return path


def spanish(name: str, value: str) -> str | None:
    words = {level.value: level.labels["es"] for level in columns()[name].levels}
    return words.get(value, value.replace(".", ",")) or None


@pytest.mark.parametrize("merged", [False, True])
def test_the_shipped_data_by_hand_give_the_same_to_the_last_digit(tmp_path: Path, paper: Paper, merged: bool) -> None:
    shipped, study = load(RECONSTRUCTION), load(by_hand(tmp_path / "estudio.xlsx", merged))
    pd.testing.assert_frame_equal(study.rows, shipped.rows, check_exact=True)
    assert study.reconstruction
    assert {note.code for note in study.notes} == ({"merged_filled"} if merged else set())
    assert scorecard(paper, study, 0.05) == scorecard(paper, shipped, 0.05)


def test_a_cell_of_megabytes_is_not_looked_at_letter_by_letter(tmp_path: Path) -> None:
    huge = "x" * 5_000_000
    raw = find_table("study.csv", [Sheet(None, {1: (huge,), 2: ("Nivel", "Fuga", huge), 3: ("T1", "No", huge)})])
    assert len(raw.header[2]) == 80
    path = tmp_path / "study.csv"
    path.write_text("Nivel;Fuga\n" + "x" * 100_000 + ";No\n", encoding="utf-8")
    assert "too_long" in {problem.code for problem in examine(path).problems}


def test_a_row_of_a_text_that_is_longer_than_the_header_is_told() -> None:
    records = {1: ("Nivel", "Edad"), 2: ("T12", "74"), 3: ("L1", "24", "8"), 4: ("L2", "70", " ")}
    found = find_table("study.csv", [Sheet(None, records)])
    assert [(problem.code, problem.row) for problem in found.problems] == [("cells_beyond", 3)]


def test_quotation_marks_that_swallow_a_row_are_told() -> None:
    text = 'Paciente;Nivel;Fuga;Edad\nP1;T12;No;"70\nP2;L1;No;71\nP3;L2;No;72"\nP4;L3;No;73\n'
    found = find_table("study.csv", read_delimited("study.csv", text.encode()))
    assert [(problem.code, problem.row) for problem in found.problems] == [("swallowed_row", 2)]
