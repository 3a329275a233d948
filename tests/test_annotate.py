"""The marked copy: the faulty cells and no others are marked, and everything else is as it was."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment

from vpresearch.core.errors import InputError
from vpresearch.data import examine
from vpresearch.workbook.template import annotate, write_copy

Book = Callable[..., Path]


def marked(book: Any) -> dict[str, str]:
    return {
        f"{sheet.title}!{cell.coordinate}": cell.comment.text
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment
    }


def copy(path: Path, language: str = "es") -> Any:
    return load_workbook(BytesIO(annotate(path, examine(path).problems, language)))


def spoil(sheet: Any) -> None:
    sheet["C4"], sheet["K2"], sheet["K3"], sheet["H5"] = 130, 11, 11, "quizá"
    sheet["S2"] = "=1+1"
    sheet.merge_cells("F5:F6")


def test_the_faulty_cells_are_coloured_and_commented(workbook: Book) -> None:
    book = copy(workbook(spoil))
    comments = marked(book)
    # Of a merged block only the first cell can be seen.
    assert set(comments) == {f"Datos!{cell}" for cell in ("C4", "K2", "K3", "H5", "S2", "F5")}
    assert "120 años" in comments["Datos!C4"]
    for place in comments:
        assert book["Datos"][place.split("!")[1]].fill.fgColor.rgb == "00FF9999"
    assert book["Datos"]["C5"].fill.fill_type is None


def test_values_and_formulas_are_as_they_were(workbook: Book) -> None:
    path = workbook(spoil)
    before, after = load_workbook(path)["Datos"], copy(path)["Datos"]
    assert list(before.values) == list(after.values)
    assert after["S2"].value == "=1+1"
    assert [str(block) for block in after.merged_cells.ranges] == ["F5:F6"]


def test_every_problem_is_on_the_first_sheet(workbook: Book) -> None:
    path = workbook(spoil)
    sheet = copy(path).worksheets[0]
    assert sheet.title == "Problemas"
    assert sheet.max_row == 1 + len(examine(path).problems)
    assert "hoja Datos, celda C4, columna Edad" in [row[0] for row in sheet.values]


def test_a_mended_copy_loads_and_an_old_mark_does_not_stay(workbook: Book, tmp_path: Path) -> None:
    book = copy(workbook(lambda sheet: sheet.__setitem__("C4", 130)))
    book["Datos"]["C4"], book["Datos"]["K4"] = 68, 11
    book.save(tmp_path / "again.xlsx")
    again = copy(tmp_path / "again.xlsx")
    assert set(marked(again)) == {"Datos!K4"}
    assert again["Datos"]["C4"].fill.fill_type is None
    assert again.sheetnames == ["Problemas", "Datos"]
    again["Datos"]["K4"] = 9
    again.save(tmp_path / "good.xlsx")
    assert examine(tmp_path / "good.xlsx").problems == ()


def test_a_csv_becomes_a_workbook_of_texts(rows: list[dict[str, str]], write: Book) -> None:
    rows[2]["complication"] = "=cmd|' /C calc'!A0"
    rows[3]["complication"] = "a\x07b"
    sheet = copy(write([{"Notas": "=1+1", **row} for row in rows]))["Datos"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}
    assert sheet["A2"].value == "=1+1"
    assert sheet["A2"].comment is None
    assert "fórmula" in sheet["T4"].comment.text


def test_a_text_like_a_formula_stays_a_text(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet["S4"] = "=cmd|' /C calc'!A0"
        sheet["S4"].data_type = "s"

    assert copy(workbook(change))["Datos"]["S4"].data_type == "s"


def test_a_header_like_a_formula_is_only_quoted(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet["U1"] = sheet["C1"] = "=EDAD()"
        sheet["U1"].data_type = sheet["C1"].data_type = "s"

    sheet = copy(workbook(change)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}


def test_a_block_merged_over_everything_is_not_copied(workbook: Book) -> None:
    path = workbook()
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    merged = b'</sheetData><mergeCells><mergeCell ref="A2:XFD1048576"/></mergeCells>'
    parts[sheet] = parts[sheet].replace(b"</sheetData>", merged)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match="cannot be copied"):
        copy(path)


PLANTED = (
    "zabaltegi",
    "GOIKOETXEA",
    "Iratxe",
    "12345678Z",
    "ana@example.org",
    "612345678",
    "Ionescu",
    "48291377",
    "Benali",
    "ES91",
)


def plant(sheet: Any) -> None:
    for row, patient in ((2, "P1"), (3, "P1"), (4, "Ionescu Andreea"), (5, "P3"), (6, "P3")):
        sheet.cell(row, 1).value = patient
    sheet["C4"] = 130
    for column, (header, value) in enumerate(
        {
            "Nombre": "GOIKOETXEA ZABALA",
            "DNI": "12345678Z",
            "Notas": "612345678, ana@example.org",
            "NHC": 48291377,
        }.items(),
        21,
    ):
        sheet.cell(1, column).value, sheet.cell(3, column).value = header, value
    sheet["S3"] = "neuritis, avisada Iratxe Goikoetxea"
    sheet["C3"].comment = Comment("hija: Fátima Benali", "Benali")
    # A lone word beside the table, of which no form tells that it is a name.
    sheet["AD3"] = "zabaltegi"
    sheet.oddHeader.center.text = "Benali"
    sheet.parent.properties.creator = "Benali"
    sheet.parent.create_sheet("Ionescu").append(["ES91 2100 0418 4502 0005 1332"])


def test_a_copy_of_what_was_cleaned_holds_nothing_that_was_dropped(workbook: Book, tmp_path: Path) -> None:
    path, out = workbook(plant), tmp_path / "copy.xlsx"
    examined = examine(path, drop_identifiers=True)
    told = write_copy(path, examined, out, "es", drop_identifiers=True)
    assert "sin lo descartado" in told
    with zipfile.ZipFile(out) as parts:
        content = " ".join(parts.read(name).decode("utf-8") for name in parts.namelist())
    assert not [secret for secret in PLANTED if secret.casefold() in content.casefold()]
    book = load_workbook(out)
    assert "120 años" in marked(book)["Datos!C4"]
    # Every other cell keeps its place and its kind.
    assert [book["Datos"][cell].value for cell in ("A2", "A4", "C2", "E2", "S3")] == [
        "1",
        "2",
        74,
        "T12",
        "text removed",
    ]
    # Without dropping, the copy is that of the author's own workbook.
    plain = load_workbook(BytesIO(annotate(path, examine(path).problems, "es")))
    assert plain["Datos"]["U3"].value == "GOIKOETXEA ZABALA"


def test_every_cell_of_a_problem_of_many_is_marked(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        for row in range(2, 7):
            sheet[f"N{row}"] = sheet[f"R{row}"] = "NA"

    path = workbook(change)
    assert len(examine(path).problems) == 1
    assert set(marked(copy(path))) == {f"Datos!{column}{row}" for column in "NR" for row in range(2, 7)}
