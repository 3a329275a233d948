"""Workbooks as hands leave them, and workbooks made to do harm: always a clear answer, soon and in little memory."""

from __future__ import annotations

import io
import re
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import Problem
from vpresearch.data import examine, load
from vpresearch.reading.workbook import read_workbook

Book = Callable[..., Path]
Refused = Callable[[Path], list[Problem]]
_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="Datos" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


def rewrite(path: Path, change: Callable[[str], str], part: str = "xl/worksheets/sheet1.xml") -> Path:
    """Change the XML of a workbook behind openpyxl's back."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    changed = change(parts[part].decode())
    assert changed.encode() != parts[part]
    parts[part] = changed.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def raw_book(path: Path, sheet: str, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        content = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{sheet}</worksheet>'
        for name, text in {**_PARTS, "xl/worksheets/sheet1.xml": content, **parts}.items():
            archive.writestr(name, text)
    return path


def cell(reference: str, value: object) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet[reference] = value

    return change


# -- formulas ----------------------------------------------------------------------------------------------------


def test_a_formula_without_a_result_is_told_at_its_cell(workbook: Book, refused: Refused) -> None:
    (problem,) = refused(workbook(cell("C4", "=60+8")))
    assert (problem.code, problem.sheet, problem.row, problem.cell) == ("formula_without_value", "Datos", 4, "C4")


def test_the_result_that_a_formula_had_last_is_read(workbook: Book) -> None:
    path = rewrite(workbook(cell("C4", "=60+8")), lambda xml: re.sub("<v ?/>|<v></v>", "<v>68</v>", xml))
    assert load(path).patients.loc["Quesada-31", "age_years"] == 68


def test_a_formula_that_gives_an_empty_text_is_an_empty_cell(workbook: Book) -> None:
    path = workbook(cell("N4", '=IF(1,"","")'))
    path = rewrite(path, lambda xml: xml.replace('<c r="N4">', '<c r="N4" t="str">'))
    assert load(path).patients["vas_1y"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("formula", ["[1]Hoja1!$A$1", "'[otro libro.xlsx]Hoja 1'!A1", "SUM([2]Datos!A1:A2)"])
def test_a_value_from_another_file_is_not_taken(workbook: Book, refused: Refused, formula: str) -> None:
    path = rewrite(workbook(cell("C4", f"={formula}")), lambda xml: re.sub("<v ?/>|<v></v>", "<v>68</v>", xml))
    (problem,) = refused(path)
    assert (problem.code, problem.cell) == ("external_link", "C4")


def test_a_formula_over_the_columns_of_a_table_is_no_link(workbook: Book) -> None:
    path = workbook(cell("C4", "=SUM(Tabla1[[#This Row],[Edad]])"))
    load(rewrite(path, lambda xml: re.sub("<v ?/>|<v></v>", "<v>68</v>", xml)))


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1+cmd", "-2+3+cmd|' /C calc'!A0", "=xyzzy"])
@pytest.mark.parametrize("column", ["A", "S"])
def test_a_text_that_a_spreadsheet_would_run_is_refused(
    workbook: Book, refused: Refused, text: str, column: str
) -> None:
    def change(sheet: Any) -> None:
        sheet[f"{column}4"] = text
        sheet[f"{column}4"].data_type = "s"

    (problem,) = refused(workbook(change))
    assert (problem.code, problem.cell) == ("like_a_formula", f"{column}4")
    assert "cmd" not in str(problem)


@pytest.mark.parametrize("text", ["-3", "#1", "<b>a</b>", "\\input{x}", "${1}", "$x_1$", "{x}", "%s"])
def test_a_text_of_markup_is_only_a_text(workbook: Book, text: str) -> None:
    assert load(workbook(cell("S4", text))).vertebrae["complication"].tolist()[2] == text.strip()


def test_ids_and_sheets_of_markup_are_only_names(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet.title = "<script>"
        sheet["A4"] = "<img src=x>\\write18{ls}&amp;"
        sheet["C4"] = 200

    examined = examine(workbook(change))
    assert [(p.code, p.sheet) for p in examined.problems] == [("out_of_range", "<script>")]


def test_an_error_of_excel_is_no_id(workbook: Book, refused: Refused) -> None:
    (problem,) = refused(workbook(cell("A4", "#N/A")))
    assert problem.code == "excel_error"


def test_a_date_is_no_number(workbook: Book, refused: Refused) -> None:
    import datetime

    (problem,) = refused(workbook(cell("F4", datetime.date(2021, 5, 3))))
    assert (problem.code, problem.cell) == ("date", "F4")


# -- sheets ------------------------------------------------------------------------------------------------------


def test_a_second_table_is_told(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet.parent.copy_worksheet(sheet).title = "Copia"
        sheet.parent.create_sheet("Notas").append(["Edad", "Sexo"])

    examined = examine(workbook(change))
    assert [(problem.code, problem.sheet) for problem in examined.problems] == [("other_table", "Copia")]
    assert "Datos" in examined.problems[0].message


def test_rows_beyond_the_size_that_a_sheet_declares_are_read(workbook: Book) -> None:
    path = rewrite(workbook(), lambda xml: re.sub('<dimension ref="[^"]*"', '<dimension ref="A1:T3"', xml))
    assert len(load(path).vertebrae) == 5


def test_the_markings_down_to_the_last_row_are_no_rows(workbook: Book) -> None:
    started = time.process_time()
    assert len(load(workbook(cell("T1048576", " "))).vertebrae) == 5
    assert time.process_time() - started < 10


# -- harm --------------------------------------------------------------------------------------------------------


def peak(path: Path, refused: Refused) -> tuple[list[str], float]:
    """Give the codes of a refused file, and the most memory that refusing it took, in MB."""
    # What is read once in a process, as the words of a language, is no part of it.
    refused(path)
    tracemalloc.start()
    codes = [problem.code for problem in refused(path)]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return codes, most / 1024**2


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, refused: Refused) -> None:
    path = raw_book(tmp_path / "study.xlsx", " " * 100_000_000)
    assert path.stat().st_size < 1_000_000
    codes, megabytes = peak(path, refused)
    assert codes == ["too_large"]
    assert megabytes < 10


def test_a_zip_bomb_that_lies_about_its_size_is_not_unpacked(tmp_path: Path, refused: Refused) -> None:
    path = raw_book(tmp_path / "study.xlsx", " " * 100_000_000)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(bytes(content).replace(size, (1000).to_bytes(4, "little")))
    codes, megabytes = peak(path, refused)
    assert codes == ["not_a_workbook"]
    assert megabytes < 20


def test_a_bomb_of_many_small_parts_is_not_unpacked(tmp_path: Path, refused: Refused) -> None:
    path = raw_book(tmp_path / "study.xlsx", "", **{f"xl/{number}": "" for number in range(3000)})
    assert peak(path, refused)[0] == ["too_large"]


def test_entities_are_not_multiplied(tmp_path: Path, refused: Refused) -> None:
    path = raw_book(tmp_path / "study.xlsx", "<sheetData/>")
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE worksheet [<!ENTITY a0 "ha">{laughs}]>'
    rewrite(
        path, lambda xml: doctype + xml.replace("<sheetData/>", "<sheetData><row><c><v>&a9;</v></c></row></sheetData>")
    )
    codes, megabytes = peak(path, refused)
    assert codes == ["not_a_workbook"]
    assert megabytes < 50


@pytest.mark.parametrize(
    "sheet",
    [
        '<sheetData><row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData>',
        '<sheetData/><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
        '<sheetData><row r="1"><c r="XFD1"><v>1</v></c></row></sheetData>',
        "<sheetData>"
        + "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 3000))
        + "</sheetData>",
        "<sheetData><row><c><v>1</v></c></row></sheetData>",
    ],
    ids=["row", "merged", "column", "columns", "unplaced"],
)
def test_cells_at_the_end_of_the_world_cost_nothing(tmp_path: Path, refused: Refused, sheet: str) -> None:
    started = time.process_time()
    codes, megabytes = peak(raw_book(tmp_path / "study.xlsx", sheet), refused)
    assert codes in (["no_header"], ["not_a_workbook"])
    assert megabytes < 50
    assert time.process_time() - started < 20


def test_a_block_merged_over_the_whole_sheet_is_told(workbook: Book, refused: Refused) -> None:
    merged = '</sheetData><mergeCells count="1"><mergeCell ref="A2:XFD1048576"/></mergeCells>'
    path = rewrite(workbook(), lambda xml: xml.replace("</sheetData>", merged))
    assert {problem.code for problem in refused(path)} == {"merged_cells"}


def test_more_merged_blocks_than_a_hand_makes_are_refused(workbook: Book, refused: Refused) -> None:
    blocks = "".join(f'<mergeCell ref="A{n}:A{n + 1}"/>' for n in range(10, 30_000, 2))
    path = rewrite(
        workbook(), lambda xml: xml.replace("</sheetData>", f"</sheetData><mergeCells>{blocks}</mergeCells>")
    )
    assert [problem.code for problem in refused(path)] == ["not_a_workbook"]


@pytest.mark.parametrize("name", ["study.xlsm", "STUDY.XLSM", "study.xlsb", "study.xltm"])
def test_a_workbook_with_macros_is_refused_by_its_name(tmp_path: Path, refused: Refused, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK")
    (problem,) = refused(tmp_path / name)
    assert (problem.code, ".xlsx" in problem.remedy) == ("macros", True)


def test_a_workbook_with_macros_is_refused_by_what_it_holds(workbook: Book, refused: Refused) -> None:
    path = workbook()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"Sub Auto_Open()")
    assert [problem.code for problem in refused(path)] == ["macros"]


def test_a_workbook_with_a_password_is_refused_as_such(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "study.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000))
    assert [problem.code for problem in refused(path)] == ["locked_workbook"]


def test_a_file_larger_than_any_study_is_not_read(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "study.csv"
    with path.open("wb") as file:
        file.truncate(100 * 1024**2)
    codes, megabytes = peak(path, refused)
    assert codes == ["too_large"]
    assert megabytes < 1


@pytest.mark.long
def test_a_workbook_of_200000_rows_is_refused_for_their_number(tmp_path: Path, refused: Refused) -> None:
    header = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in columns())
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row>" * 200_000
    path = raw_book(tmp_path / "study.xlsx", f"<sheetData><row>{header}</row>{rows}</sheetData>")
    # Rows beyond the most are not looked at: one problem, and not one a row.
    (problem,) = refused(path)
    assert (problem.code, problem.sheet) == ("too_many_rows", "Datos")


def test_a_csv_of_200000_rows_is_refused_soon(rows: list[dict[str, str]], write: Book, refused: Refused) -> None:
    path = write(rows)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:-1], *[lines[1]] * 200_000]), encoding="utf-8")
    started = time.process_time()
    assert [problem.code for problem in refused(path)] == ["too_many_rows"]
    assert time.process_time() - started < 10


def test_ten_thousand_faulty_rows_are_told_soon(rows: list[dict[str, str]], write: Book, refused: Refused) -> None:
    faulty = [{**rows[0], "patient_id": f"P{n}", "vas_pre": "xyzzy", "age_years": "130"} for n in range(2_000)]
    started = time.process_time()
    (problem,) = (problem for problem in refused(write([*faulty])) if problem.code == "not_a_number")
    assert problem.rows == tuple(range(2, 2_002))
    assert time.process_time() - started < 30


def test_a_formula_that_was_filled_down_from_another_file_is_told(workbook: Book, refused: Refused) -> None:
    def change(sheet: Any) -> None:
        sheet["C4"] = sheet["C5"] = "=1+1"

    def share(xml: str) -> str:
        xml = re.sub(
            '(<c r="C4">)<f>.*?</f><v ?/?>(</v>)?', r'\1<f t="shared" si="0" ref="C4:C5">[1]A!A1</f><v>68</v>', xml
        )
        return re.sub('(<c r="C5">)<f>.*?</f><v ?/?>(</v>)?', r'\1<f t="shared" si="0"/><v>81</v>', xml)

    (problem,) = refused(rewrite(workbook(change), share))
    assert (problem.code, problem.cells) == ("external_link", ("C4", "C5"))


def test_too_many_columns_are_refused(workbook: Book, refused: Refused) -> None:
    assert [problem.code for problem in refused(workbook(cell("GS3", 1)))] == ["too_many_columns"]


def test_bytes_that_are_no_archive_are_refused() -> None:
    for content in (b"PK\x05\x06" + bytes(18), io.BytesIO().getvalue(), b"xyzzy"):
        with pytest.raises(Exception, match="cannot be read"):
            read_workbook("study.xlsx", content)


@pytest.mark.parametrize(("shown", "told"), [("0%", True), ("0.0%;-0.0%", True), ('0"%"', False), (r"0\%", False)])
def test_a_percentage_of_excel_is_a_hundredth_of_what_is_seen(workbook: Book, shown: str, told: bool) -> None:
    def change(sheet: Any) -> None:
        at = next(cell.column_letter for cell in sheet[1] if cell.value == "Oswestry previo")
        sheet[f"{at}2"].number_format = sheet[f"{at}3"].number_format = shown

    found = [(problem.code, problem.rows) for problem in examine(workbook(change)).problems]
    assert found == ([("percent_format", (2, 3))] if told else [])


def test_rows_that_a_filter_hides_are_read_and_noted(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = sheet.row_dimensions[500].hidden = True

    examined = examine(workbook(change))
    assert examined.dataset is not None
    assert len(examined.dataset.vertebrae) == 5
    assert [note.values["n"] for note in examined.notes if note.code == "hidden_rows"] == [1]


@pytest.mark.parametrize("formula", ["cmd|'/C calc'!A0", 'WEBSERVICE("http://example.org")', 'RTD("x",,"y")'])
def test_a_value_from_a_program_or_the_network_is_not_taken(workbook: Book, refused: Refused, formula: str) -> None:
    path = workbook(cell("C2", "=1+1"))
    rewrite(path, lambda text: re.sub(r"<f>1\+1</f><v ?/>", f"<f>{formula}</f><v>70</v>", text))
    assert "external_link" in [problem.code for problem in refused(path)]
