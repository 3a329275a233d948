"""The table in the file: the shipped data written out as a hand would write them are the same data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from vpresearch.dictionary import columns
from vpresearch.errors import InputError
from vpresearch.load import examine, load
from vpresearch.project import RECONSTRUCTION
from vpresearch.published import Paper
from vpresearch.reading.delimited import read_delimited
from vpresearch.reading.raw import Merged, Sheet
from vpresearch.reading.table import find_table
from vpresearch.scorecard import scorecard
from vpresearch.telling import line, told


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


def test_a_row_of_a_text_that_is_shorter_than_the_header_is_told_with_its_line() -> None:
    text = 'Notas;Nivel;Edad;Fuga;Tamaño\n"a\nb";T12;74;No;\nx;L1;70\ny;L2;70;No\n'
    (problem,) = find_table("study.csv", read_delimited("study.csv", text.encode())).problems
    # The last line lacks only a cell that may be empty.
    assert (problem.code, problem.row, problem.line) == ("short_row", 3, 4)
    assert line(problem, "es").startswith("línea 4: La línea tiene 3 celdas y el encabezado 5")


def test_a_row_cut_short_is_told_no_missing_cell(tmp_path: Path) -> None:
    lines = RECONSTRUCTION.read_text(encoding="utf-8").splitlines()
    lines[4] = ",".join(lines[4].split(",")[:6])
    lines[9] = lines[9].replace("F,", 'F,",', 1).replace("M,", 'M,",', 1)
    path = tmp_path / "study.csv"
    path.write_text("\n".join(lines[:8]), encoding="utf-8")
    assert [(problem.code, problem.line) for problem in examine(path).problems] == [("short_row", 5)]


@pytest.mark.parametrize("closed", ["", 'x"y,'])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_stray_quotation_mark_is_told_with_its_line(delimiter: str, closed: str) -> None:
    lines = ["Paciente,Nivel,Fuga,Edad", "P1,T12,No,70", 'P2,"L1,No,71', "P3,L2,No,72", f"P4,{closed}L3,No,73", ""]
    with pytest.raises(InputError) as caught:
        read_delimited("study.csv", "\n".join(lines).replace(",", delimiter).encode())
    (problem,) = caught.value.problems
    assert (problem.code, problem.line) == ("broken_csv", 3)


@pytest.mark.parametrize(("encoding", "named"), [("cp850", "MS-DOS"), ("cp437", "MS-DOS"), ("mac_roman", "Macintosh")])
@pytest.mark.parametrize(
    "text", ["Nivel;Localización;Edad (años)\n", "level;sex\nT12;Varón\n", "level;leak\nT1;Sí\nT2;Sí\n"]
)
def test_an_encoding_of_another_system_is_named(encoding: str, named: str, text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_delimited("study.csv", text.encode(encoding))
    (problem,) = caught.value.problems
    assert problem.code == "csv_encoding"
    for language in ("es", "en"):
        assert named in told(problem, language).message
        assert "CSV UTF-8" in told(problem, language).remedy


@pytest.mark.parametrize("text", ["Localización;Edad (años)\nx’s – y;1\n", "level;notes\nT1;the s’ form\n"])
def test_the_encoding_of_windows_is_read(text: str) -> None:
    assert len(read_delimited("study.csv", text.encode("cp1252"))) == 3


# -- two rows of headers -----------------------------------------------------------------------------------------

_UNDER = {"vas": ["Previa", "Post", "1 mes", "1 año"], "odi": ["Previo", "Post", "1 mes", "1 año"]}


def in_two_rows(path: Path, merged: bool, titles: int = 0) -> Path:
    """Write the reconstruction with the scores' names over their times."""
    rows = pd.read_csv(RECONSTRUCTION, dtype=str, keep_default_na=False)
    names = [name for name in rows if not str(name).startswith(("vas", "odi"))]
    scores = [name for name in rows if str(name).startswith(("vas", "odi"))]
    book = Workbook()
    sheet: Any = book.active
    for _ in range(titles):
        sheet.append(["Vertebroplastias"])
    times = [{"pre": 0, "post": 1, "1m": 2, "1y": 3}[str(name)[4:]] for name in scores]
    over = ["EAV" if str(name).startswith("vas") else "Oswestry" for name in scores]
    seen = [title if title not in over[:at] else None for at, title in enumerate(over)]
    sheet.append([*(columns()[str(name)].labels["es"] for name in names), *seen])
    sheet.append([*[None] * len(names), *(_UNDER[str(n)[:3]][time] for n, time in zip(scores, times, strict=True))])
    for _, row in rows[[*names, *scores]].iterrows():
        sheet.append([spanish(str(name), str(value)) for name, value in row.items()])
    for at in range(1, len(names) + 1) if merged else ():
        sheet.merge_cells(None, titles + 1, at, titles + 2, at)
    for title in ("EAV", "Oswestry") if merged else ():
        first, last = len(names) + 1 + over.index(title), len(names) + len(over) - over[::-1].index(title)
        sheet.merge_cells(None, titles + 1, first, titles + 1, last)
    book.save(path)
    return path


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("titles", [0, 2])
def test_two_rows_of_headers_are_one_problem(tmp_path: Path, merged: bool, titles: int) -> None:
    (problem,) = examine(in_two_rows(tmp_path / "estudio.xlsx", merged, titles)).problems
    assert (problem.code, problem.row) == ("two_header_rows", titles + 1)
    assert "EAV Previa" in problem.remedy
    assert "una sola fila de encabezados" in told(problem, "es").remedy


def test_titles_over_a_whole_header_are_no_second_row_of_it() -> None:
    records = {1: ("Datos del paciente", None, "Vértebra"), 2: ("Paciente", "Edad", "Nivel"), 3: ("P1", 70, "T12")}
    found = find_table("study.xlsx", [Sheet("Datos", records, (Merged(1, 1, 1, 2),))])
    assert (found.header_row, found.header, found.problems) == (2, ("Paciente", "Edad", "Nivel"), ())
