"""The marked copy: the faulty cells and no others are marked, and everything else is as it was."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from vpresearch.annotate import annotate
from vpresearch.errors import InputError
from vpresearch.load import examine

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


def test_a_row_that_must_go_and_a_header_are_marked(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet.append([None, None, "Media", None, None, 33.0])
        sheet["H1"] = "Fugas"

    assert set(marked(copy(workbook(change)))) == {"Datos!C7"}
