"""Tables that are not one row a vertebra under one row of headers: each is one problem, with what to do about it."""

from __future__ import annotations

import datetime
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.styles import Font

from vpresearch import cli
from vpresearch.core.dictionary import columns
from vpresearch.core.errors import Problem
from vpresearch.data import examine, load
from vpresearch.reading.raw import letter

Rows = list[dict[str, str]]
Write = Callable[..., Path]
Book = Callable[..., Path]
Refused = Callable[[Path], list[Problem]]
OF_VERTEBRA = ("level", "vertebral_volume_cc", "cement_volume_cc", "leak", "leak_site", "leak_size")
SPANISH = {
    "level": "Nivel",
    "vertebral_volume_cc": "Volumen vertebral",
    "cement_volume_cc": "Cemento",
    "leak": "Fuga",
    "leak_site": "Localización",
    "leak_size": "Tamaño",
}


def widened(rows: Rows, named: Callable[[str, int], str]) -> Rows:
    """One row a patient, the columns of its vertebrae named by a rule."""
    of: dict[str, Rows] = {}
    for row in rows:
        of.setdefault(row["patient_id"], []).append(row)
    most = max(map(len, of.values()))
    return [
        {name: cell for name, cell in own[0].items() if name not in OF_VERTEBRA}
        | {
            named(name, number): own[number - 1][name] if number <= len(own) else ""
            for number in range(1, most + 1)
            for name in OF_VERTEBRA
        }
        for own in of.values()
    ]


NAMINGS: list[Callable[[str, int], str]] = [
    lambda name, number: f"{SPANISH[name]} {number}",
    lambda name, number: f"{SPANISH[name]}_{number}",
    lambda name, number: f"{number}. {SPANISH[name]}",
    lambda name, number: f"{SPANISH[name]} ({number})",
    lambda name, number: f"{SPANISH[name]}{number}",
    lambda name, number: f"{name}_{number}",
    lambda name, number: f"{SPANISH[name]} de la {number}.ª vértebra",
    lambda name, number: f"Vértebra {number} - {SPANISH[name]}",
    lambda name, number: f"{('Primera', 'Segunda', 'Tercera')[number - 1]} vértebra: {SPANISH[name]}",
    lambda name, number: f"V{number}_{SPANISH[name]}",
    lambda name, number: f"{SPANISH[name]} {'I' * number}",
    lambda name, number: f"{SPANISH[name]} ({'ABC'[number - 1]})",
    lambda name, number: f"{SPANISH[name]}.{number - 1}" if number > 1 else SPANISH[name],
    lambda name, number: f"Otra {SPANISH[name]} {number}" if number > 2 else ("Otra " * (number - 1)) + SPANISH[name],
    # The first vertebra without a number.
    lambda name, number: f"{name}{number}" if number > 1 else name,
]


@pytest.mark.parametrize("naming", range(len(NAMINGS)))
def test_numbered_columns_are_further_vertebrae_and_can_be_written_as_rows(
    naming: int, rows: Rows, write: Write, refused: Refused, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row | {"EVA 3 meses": "4"} for row in rows]
    path, out = write(widened(rows, NAMINGS[naming]), "wide.csv"), tmp_path / "long.xlsx"
    (problem,) = refused(path)
    assert problem.code == "wide_table"
    assert "one row a vertebra" in problem.remedy
    assert "rename" not in problem.remedy
    assert cli.main(["validate", str(path), "--reshape", str(out)]) == cli.BAD_INPUT
    assert "5 filas" in capsys.readouterr().out
    assert stat.S_IMODE(out.stat().st_mode) & 0o077 == 0
    long, narrow = load(out), load(write(rows))
    for name in OF_VERTEBRA:
        assert long.vertebrae[name].fillna("").tolist() == narrow.vertebrae[name].fillna("").tolist(), name
    for name in ("age_years", "vas_3m"):
        assert long.patients[name].tolist() == narrow.patients[name].tolist()
    # Never over a file that is there.
    assert cli.main(["validate", str(path), "--reshape", str(out)]) == cli.BAD_INPUT
    assert "Ya existe" in capsys.readouterr().err


def test_columns_of_levels_are_further_vertebrae(tmp_path: Path) -> None:
    path, out = tmp_path / "wide.csv", tmp_path / "long.xlsx"
    path.write_text(
        "Paciente,Sexo,Volumen L1,Cemento L1,Volumen T12,Cemento T12\nP1,F,24.8,3,22,2\nP2,M,,,21,2\n", "utf-8"
    )
    assert [problem.code for problem in examine(path).problems] == ["wide_table"]
    cli.main(["validate", str(path), "--reshape", str(out)])
    written = [[cell.value for cell in row[:4]] for row in load_workbook(out).active.iter_rows(min_row=2)]
    assert [(row[0], row[2]) for row in written] == [("P1", "L1"), ("P1", "T12"), ("P2", "T12")]


def test_a_table_of_rows_is_not_written_again(
    rows: Rows, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "long.xlsx"
    assert cli.main(["validate", str(write(rows)), "--reshape", str(out)]) == cli.OK
    assert "no se ha escrito otro libro" in capsys.readouterr().out
    assert not out.exists()


@pytest.mark.parametrize(
    ("cells", "wording"),
    [
        (["Media", None, 69.1, None, None, 26.1, 2], "row_of_totals"),
        (["TOTAL", 41], "row_of_totals"),
        ([None, None, 69.1, None, None, 26.1, 2, 15], "row_of_totals"),
        (["Media ± DE", None, "69 ± 8", None, None, "26 ± 7"], "row_of_totals"),
        (["* EAV: escala visual analógica"], "row_of_notes"),
        (["P9", "F", 70], "row_without_vertebra"),
        ([None, "20 mujeres", 69.1, None, None, 26.1, 2, "15 (37%)"], "row_of_totals"),
        (["N válidos", None, None, None, None, 41, 41], "row_without_level"),
        (["n = 27", None, None, None, "n = 41"], "row_without_vertebra"),
        (["Gran total", None, None, None, None, 1034], "row_without_level"),
        ([None, None, None, None, "Nota: D es dorsal"], "row_of_notes"),
        ([None, None, None, None, None, "revisar con radiología"], "row_of_notes"),
        ([None, "categórica", "numérica", None, None, "numérica", "numérica", "dicotómica"], "row_without_vertebra"),
        (["", "H/M", "(a)", None, None, "(cc)", "(cc)", "S/N"], "row_without_vertebra"),
    ],
)
def test_a_row_that_is_no_vertebra_is_one_problem(
    cells: list[object], wording: str, workbook: Book, refused: Refused
) -> None:
    (problem,) = refused(workbook(lambda sheet: sheet.append(cells)))
    assert (problem.code, problem.wording, problem.row) == ("no_vertebra", wording, 7)
    assert problem.remedy.startswith("Delete the row")


@pytest.mark.parametrize(("level", "leak"), [("L6", ""), ("", "No"), ("", "parcial"), ("L-3 y L4", "parcial")])
def test_a_vertebra_with_wrong_words_is_no_row_of_another_kind(
    level: str, leak: str, rows: Rows, write: Write, refused: Refused
) -> None:
    # P25 is a percentile too.
    rows[2] |= {"patient_id": "P25", "level": level, "leak": leak}
    assert {problem.code for problem in refused(write(rows))}.isdisjoint({"no_vertebra"})


def test_a_row_of_units_and_a_header_again_are_one_problem_each(workbook: Book, refused: Refused) -> None:
    def change(sheet: Any) -> None:
        header = [cell.value for cell in sheet[1]]
        sheet.insert_rows(2)
        for place, unit in enumerate(["código", "M/F", "años", "", "", "cc", "cc", "Sí/No"], start=1):
            sheet.cell(2, place).value = unit
        sheet.append(header)

    assert [(problem.wording, problem.row) for problem in refused(workbook(change))] == [
        ("row_of_units", 2),
        ("row_of_headers", 8),
    ]


@pytest.mark.parametrize("written", ["{}", "({})", "V{}", "col. {}"])
def test_a_row_of_numbers_of_columns_is_one_problem(written: str, workbook: Book, refused: Refused) -> None:
    def change(sheet: Any) -> None:
        sheet.insert_rows(2)
        for place in range(sheet.max_column):
            sheet.cell(2, place + 1).value = written.format(place)

    (problem,) = refused(workbook(change))
    assert (problem.wording, problem.row) == ("row_of_numbers", 2)
    assert "one row of headers" in problem.remedy


def test_a_header_of_two_rows_is_one_problem(workbook: Book, refused: Refused) -> None:
    def change(sheet: Any) -> None:
        sheet.insert_rows(2)
        for first, group, words in (
            (11, "EAV", ("previa", "post", "1 mes", "1 año")),
            (15, "Oswestry", ("previo", "post", "1 mes", "1 año")),
        ):
            sheet.merge_cells(start_row=1, start_column=first, end_row=1, end_column=first + 3)
            sheet.cell(1, first).value = group
            for place, word in enumerate(words, start=first):
                sheet.cell(2, place).value = word

    (problem,) = refused(workbook(change))
    assert (problem.code, problem.row) == ("two_headers", 2)
    assert "one row of headers" in problem.remedy


@pytest.mark.parametrize("named", ["record_id,redcap_repeat_instrument", "Record ID,Repeat Instrument"])
def test_an_export_of_redcap_is_one_problem(named: str, tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "export.csv"
    path.write_text(f"{named},sex,level,leak\n1,,2,,\n1,vertebra,,L1,0\n", "utf-8")
    (problem,) = refused(path)
    assert problem.code == "redcap"
    assert "labels" in problem.remedy
    cli.main(["validate", str(path), "--reshape", str(tmp_path / "long.xlsx")])
    written = [list(row) for row in load_workbook(tmp_path / "long.xlsx").worksheets[0].values]
    assert written == [["Paciente", "sex", "level", "leak"], ["1", "2", "L1", "0"]]


@pytest.mark.parametrize(
    ("further", "wordings"),
    [
        (["Nivel 2"], ["wide_table"]),
        (["Cemento 2"], ["wide_beside"]),
        (["EVA 2 meses", "Volumen 1 mes", "Volumen 12 meses", "Nivel de dolor", "T12", "Grado 2", "Cirujano 1"], []),
        (["Fuga lateral", "Fuga anterior", "Cemento derecho", "Cemento izquierdo"], []),
        (["Marca de cemento 1", "Marca de cemento 2", "Sexo del cirujano", "Edad 2", "Tipo de cemento"], []),
        (["Nivel de dolor 1", "Nivel de dolor 2", "Volumen de sangre 1", "Volumen de sangre 2", "Pain level 3"], []),
        (["Fuga n.º 2"], ["wide_beside"]),
        (["Cemento adicional 1", "Nivel adicional 1"], ["wide_table"]),
        # Of an earlier treatment: history, and no vertebrae of the study.
        (["Nivel previo", "Cemento previo", "Previous level", "Previous leak"], []),
        (["Nivel vertebroplastia anterior", "Cemento vertebroplastia anterior"], []),
        (["Otro nivel", "Otro cemento"], ["wide_table"]),
        (["Nivel 2", "Cemento 2", "Nivel previo"], ["wide_table"]),
    ],
)
def test_what_may_be_a_vertebra_is_not_passed_over(
    further: list[str], wordings: list[str], rows: Rows, write: Write
) -> None:
    problems = examine(write([row | dict.fromkeys(further, "1") for row in rows])).problems
    assert [problem.wording for problem in problems] == wordings


@pytest.mark.parametrize("encoding", ["cp850", "cp437", "mac_roman"])
def test_an_old_encoding_is_told(encoding: str, tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "study.csv"
    path.write_bytes("Paciente;Edad (años);Tamaño de la fuga;Fuga\n1;70;;Sí\n".encode(encoding))
    (problem,) = refused(path)
    assert problem.code == "other_encoding"
    assert "CSV UTF-8" in problem.remedy


def test_a_strict_workbook_is_told(workbook: Book, refused: Refused, tmp_path: Path) -> None:
    made, path = workbook(), tmp_path / "strict.xlsx"
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(
                name,
                content.replace(
                    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                    b"http://purl.oclc.org/ooxml/spreadsheetml/main",
                ),
            )
    (problem,) = refused(path)
    assert problem.code == "strict_workbook"


@pytest.mark.parametrize("number", ["43954", "45352.5"])
def test_a_date_kept_as_a_number_is_called_one(number: str, rows: Rows, write: Write, refused: Refused) -> None:
    rows[1]["cement_volume_cc"] = number
    assert [(problem.code, problem.row) for problem in refused(write(rows))] == [("date", 3)]


@pytest.mark.parametrize(("name", "number", "code"), [("vas_1y", 45000, "date"), ("age_years", 15000, "date")])
def test_a_column_of_dates_kept_as_numbers_is_in_no_other_unit(
    name: str, number: int, code: str, rows: Rows, write: Write, refused: Refused
) -> None:
    for place, row in enumerate(rows):
        row[name] = str(number + place)
    assert {problem.code for problem in refused(write(rows))} == {code}


def test_a_date_of_a_patient_has_no_echo(rows: Rows, write: Write, refused: Refused) -> None:
    rows[0]["age_years"] = "45352.25"
    assert [problem.wording for problem in refused(write(rows))] == ["date_of_birth"]


def test_a_date_for_the_code_of_a_patient_is_one_problem(workbook: Book, refused: Refused) -> None:
    def change(sheet: Any) -> None:
        sheet["A4"] = datetime.datetime(2020, 3, 1)

    assert [problem.code for problem in refused(workbook(change))] == ["identifier"]


def test_a_line_cut_short_and_an_open_quotation_mark_are_told_with_their_line(
    rows: Rows, write: Write, refused: Refused
) -> None:
    path = write(rows)
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines[:3], lines[3][:40].rpartition(",")[0], *lines[4:]]), "utf-8")
    assert ("cells_missing", 4) in [(problem.code, problem.row) for problem in refused(path)]
    for change in (',"', ',"a"b'):
        path.write_text("\n".join([*lines[:3], lines[3].replace(",", change, 1), *lines[4:]]), "utf-8")
        assert [(problem.code, problem.row) for problem in refused(path)] == [("stray_quote", 4)]


def test_what_may_not_be_seen_or_is_crossed_out_is_remarked(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet.parent.create_sheet("Notas")
        sheet.sheet_state = "hidden"
        sheet["D4"].font = Font(strike=True)
        sheet.column_dimensions["C"].hidden = True

    notes = {note.code: note for note in load(workbook(change)).notes}
    assert {"hidden_sheet", "hidden_columns", "struck_rows"} <= set(notes)
    assert "(rows: 4)" in notes["struck_rows"].message


def test_problems_of_a_row_stand_in_the_order_of_its_columns(workbook: Book, refused: Refused) -> None:
    def change(sheet: Any) -> None:
        sheet["B4"], sheet["C4"], sheet["H4"] = "quizá", "vieja", "tal vez"

    assert [problem.cell for problem in refused(workbook(change))] == ["B4", "C4", "H4"]


@pytest.mark.parametrize("change", ["cut", "longer"])
def test_a_row_cut_in_two_has_no_echo(change: str, rows: Rows, write: Write, refused: Refused) -> None:
    path = write(rows)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[2] = lines[2].rsplit(",", 6)[0] if change == "cut" else lines[2].replace(",", ",1,", 3)
    path.write_text("\n".join(lines), encoding="utf-8")
    codes = [problem.code for problem in refused(path)]
    assert codes == ["cells_missing" if change == "cut" else "cells_beyond"]


def test_two_tables_side_by_side_are_one_problem(workbook: Book, refused: Refused) -> None:
    def change(sheet: Any) -> None:
        width = sheet.max_column
        for row in sheet.iter_rows(max_row=4):
            for cell in row:
                sheet.cell(cell.row, cell.column + width + 1).value = cell.value

    assert [problem.wording for problem in refused(workbook(change))] == ["tables_beside"]


def test_a_unit_in_the_header_and_in_its_column_is_one_problem(workbook: Book, refused: Refused) -> None:
    def change(sheet: Any) -> None:
        (at,) = (cell.column for cell in sheet[1] if cell.value == columns()["vertebral_volume_cc"].labels["es"])
        sheet.cell(1, at).value = "Volumen vertebral (mm³)"
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, at).value *= 1000

    assert [problem.code for problem in refused(workbook(change))] == ["header_unit"]


@pytest.mark.parametrize("sign", ["|", ";"])
def test_a_table_in_one_column_is_told(sign: str, rows: Rows, tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "study.csv"
    path.write_text("\n".join(f'"{sign.join(cells)}"' for cells in [list(rows[0]), *(r.values() for r in rows)]))
    assert [problem.wording for problem in refused(path)] == ["one_column"]


def test_the_lock_of_an_open_workbook_is_told(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "~$study.xlsx"
    path.write_bytes(b"\x05Autor" + b" " * 160)
    assert [problem.wording for problem in refused(path)] == ["lock_file"]


def test_what_is_wrong_of_several_vertebrae_in_a_row_is_one_problem(rows: Rows, write: Write) -> None:
    rows[0] |= {"level": "L1-L2", "vertebral_volume_cc": "30 / 31", "cement_volume_cc": "2.1+1.9", "leak": "1 de 2"}
    (problem,) = examine(write(rows)).problems
    assert (problem.wording, problem.row) == ("several_levels", 2)
    assert "its cement" in problem.remedy


@pytest.mark.parametrize("title", ["Niveles", "María Pérez Ruiz"])
def test_vertebrae_beside_a_sheet_of_patients_are_one_problem(title: str, workbook: Book, refused: Refused) -> None:
    def change(sheet: Any) -> None:
        header = [cell.value for cell in sheet[1]]
        own = [columns()[name].labels["es"] for name in ("patient_id", *OF_VERTEBRA)]
        other = sheet.parent.create_sheet(title)
        for row in sheet.iter_rows(values_only=True):
            other.append([row[header.index(name)] for name in own])
        for name in own[1:]:
            sheet.delete_cols([cell.value for cell in sheet[1]].index(name) + 1)

    (problem,) = refused(workbook(change))
    assert problem.code == "split_table"
    # A sheet that may have a patient's name is not named.
    assert ("another sheet, Niveles: Nivel" if title == "Niveles" else "another sheet: Nivel") in problem.message
    assert "Pérez" not in str(problem)


def test_a_row_a_visit_is_one_problem(rows: Rows, write: Write, refused: Refused) -> None:
    scores = [name for name in rows[0] if name.startswith(("vas_", "odi_"))]
    kept = [{name: text for name, text in row.items() if name not in scores} for row in rows]
    visits = [row | {"Visita": visit, "EVA": "3"} for row in kept for visit in ("Pre", "1 mes")]
    (problem,) = refused(write(visits))
    assert (problem.code, problem.cell) == ("row_a_visit", f"{letter(len(kept[0]) + 1)}1")
    # Of a score alone nobody knows when it was taken.
    assert {note.code for note in examine(write([row | {"EVA": "3"} for row in kept])).notes} == {"ignored_columns"}


def test_boxes_of_sites_are_to_be_one_column(rows: Rows, write: Write, refused: Refused) -> None:
    for row in rows:
        site = row.pop("leak_site")
        row |= {f"Fuga {name}": "x" if name == site else "" for name in ("posterior", "disc", "vascular")}
    (problem,) = refused(write(rows))
    assert (problem.code, problem.values["named"]) == ("boxes", "Fuga posterior, Fuga disc, Fuga vascular")
