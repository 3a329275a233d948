"""From files as clinicians save them to one dataset; and files that are refused, with all that is wrong in them."""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from tests.parts import DECLARATION
from vpresearch.core.dictionary import Column, Level, columns
from vpresearch.core.errors import LANGUAGES, InputError, Problem, VPResearchError, line, told
from vpresearch.core.paths import PUBLISHED, RECONSTRUCTION
from vpresearch.data import Dataset, examine, load, write_rows
from vpresearch.regression.models import with_covariates, with_own
from vpresearch.report.values import _of_last, _of_table
from vpresearch.results import Results
from vpresearch.tables import outcome, table1, table4
from vpresearch.workbook.validation import report

Rows = list[dict[str, str]]
Write = Callable[..., Path]
Refused = Callable[[Path], list[Problem]]
Records = Sequence[Sequence[object]]

_SPANISH = {name: column.labels["es"] for name, column in columns().items()}
_NEVER_EMPTY = [name for name, column in columns().items() if not column.may_be_empty]
_ENGLISH = {name: column.labels["en"] for name, column in columns().items()}


@pytest.fixture
def write_book(tmp_path: Path) -> Callable[..., Path]:
    """Write an Excel workbook of one or more sheets."""

    def write_book(name: str = "study.xlsx", **sheets: Records) -> Path:
        book = Workbook()
        del book[book.sheetnames[0]]
        for title, records in sheets.items():
            sheet = book.create_sheet(title)
            for record in records:
                sheet.append(list(record))
        book.save(tmp_path / name)
        return tmp_path / name

    return write_book


def _assert_same(study: Dataset, canonical: Dataset) -> None:
    pd.testing.assert_frame_equal(study.patients, canonical.patients, check_exact=True)
    pd.testing.assert_frame_equal(study.vertebrae, canonical.vertebrae, check_exact=True)
    assert study.reconstruction == canonical.reconstruction


def _renamed(rows: Rows, headers: dict[str, str]) -> Rows:
    return [{headers.get(name, name): value for name, value in row.items()} for row in rows]


def _relabelled(rows: Rows, language: str) -> Rows:
    """Give headers and categories their labels."""
    labels = {
        name: {level.value: level.labels[language] for level in column.levels} for name, column in columns().items()
    }
    headers = {name: column.labels[language] for name, column in columns().items()}
    return _renamed([{name: labels[name].get(cell, cell) for name, cell in row.items()} for row in rows], headers)


def _decimal_comma(rows: Rows) -> Rows:
    return [{name: value.replace(".", ",") for name, value in row.items()} for row in rows]


def _typed(rows: Rows) -> list[list[object]]:
    """Give the rows as Excel holds them: numbers as numbers, empty cells as nothing."""
    numbers = {spelling for c in columns().values() if c.kind == "number" for spelling in c.spellings()}
    cells: list[list[object]] = [list(rows[0])]
    cells += [[(float(v) if k in numbers else v) if v else None for k, v in row.items()] for row in rows]
    return cells


# -- what a dataset holds ----------------------------------------------------------------------------------------


def test_patients_and_vertebrae(canonical: Dataset) -> None:
    assert canonical.patients.index.tolist() == ["Zubiri-77", "Quesada-31", "Iturbe-58"]
    assert canonical.patients["age_years"].tolist() == [74, 68, 81]
    assert canonical.patients["vas_1y"].isna().tolist() == [False, True, False]
    assert canonical.vertebrae["patient_id"].tolist() == ["Zubiri-77"] * 2 + ["Quesada-31"] + ["Iturbe-58"] * 2
    assert canonical.vertebrae["region"].tolist() == ["thoracic", "lumbar", "thoracic", "thoracic", "lumbar"]
    assert canonical.vertebrae["complication"].tolist() == [None, "transient_neuritis", None, None, None]
    assert canonical.rows["vas_pre"].tolist() == [8, 8, 9, 10, 10]
    assert set(canonical.patients) & set(canonical.vertebrae) == set()


def test_fill_ratio_is_cement_over_vertebra_in_percent(canonical: Dataset) -> None:
    expected = [100 * 3.7 / 24.8, 100 * 2.2 / 31.8, 100 * 1.9 / 35.6, 100 * 2.0 / 34.1, 100 * 4.5 / 38.7]
    assert canonical.vertebrae["fill_percent"].tolist() == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("header", ["fill_percent", "Llenado (%)", "Fill ratio", "region"])
def test_what_can_be_computed_is_never_read(rows: Rows, write: Write, canonical: Dataset, header: str) -> None:
    _assert_same(load(write([{**row, header: "97.25"} for row in rows])), canonical)


def test_the_file_is_named_and_fingerprinted(rows: Rows, write: Write) -> None:
    path = write(rows, "Estudio final (2).CSV")
    study = load(str(path))
    assert (study.name, study.sha256) == ("Estudio final (2).CSV", hashlib.sha256(path.read_bytes()).hexdigest())


def test_sizes_of_the_reference_workbooks(studies: dict[str, Dataset], oracle: dict[str, Any], book: str) -> None:
    study, expected = studies[book], oracle[book]
    assert (len(study.patients), len(study.vertebrae)) == (expected["n_patients"], expected["n_vertebrae"])
    assert not study.reconstruction


# -- good files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("comma", [False, True], ids=["point", "comma"])
def test_every_usual_csv_is_the_same_dataset(
    rows: Rows, write: Write, canonical: Dataset, delimiter: str, encoding: str, comma: bool
) -> None:
    relabelled = _relabelled(_decimal_comma(rows) if comma else rows, "es")
    _assert_same(load(write(relabelled, delimiter=delimiter, encoding=encoding)), canonical)


def test_english_headers_and_words(rows: Rows, write: Write, canonical: Dataset) -> None:
    _assert_same(load(write(_relabelled(rows, "en"))), canonical)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_line_ending(rows: Rows, write: Write, canonical: Dataset, newline: str) -> None:
    path = write(rows)
    path.write_bytes(path.read_bytes().replace(b"\r\n", newline.encode()))
    _assert_same(load(path), canonical)


@pytest.mark.parametrize(
    "spoil",
    [
        str.upper,
        str.lower,
        lambda header: header.translate(str.maketrans("áéíóúñÁÉÍÓÚ", "aeiounAEIOU")),
        lambda header: f"  {header.replace(' ', '   ')} ",
        lambda header: header.replace(" ", "_"),
        lambda header: header.replace("(", "").replace(")", ""),
    ],
    ids=["upper", "lower", "accents", "blanks", "underscores", "brackets"],
)
def test_headers_are_forgiven(rows: Rows, write: Write, canonical: Dataset, spoil: Callable[[str], str]) -> None:
    headers = {name: spoil(header) for name, header in _SPANISH.items()}
    _assert_same(load(write(_renamed(rows, headers))), canonical)


@pytest.mark.parametrize("turn", range(max(len(column.spellings()) for column in columns().values())))
def test_every_spelling_of_a_header_and_of_a_word(rows: Rows, write: Write, canonical: Dataset, turn: int) -> None:
    def spelling(of: Column | Level) -> str:
        return of.spellings()[turn % len(of.spellings())]

    words = {name: {level.value: spelling(level) for level in column.levels} for name, column in columns().items()}
    spelt = [{name: words[name].get(cell, cell) for name, cell in row.items()} for row in rows]
    _assert_same(load(write(_renamed(spelt, {name: spelling(columns()[name]) for name in rows[0]}))), canonical)


@pytest.mark.parametrize("level", columns()["level"].levels, ids=lambda level: level.value)
def test_every_level_of_the_spine(rows: Rows, write: Write, level: Level) -> None:
    for word in level.spellings():
        rows[2]["level"] = word
        vertebra = load(write(rows)).vertebrae.loc[2]
        assert vertebra["level"] == level.value
        assert vertebra["region"] == ("thoracic" if level.value.startswith("T") else "lumbar")


def test_columns_in_any_order_and_columns_of_no_interest(rows: Rows, write: Write, canonical: Dataset) -> None:
    turned = [{"Hospital": "xyzzy", "": "", **dict(reversed(row.items())), "Notas": "a, b\nc"} for row in rows]
    study = load(write(turned))
    patients, vertebrae = study.patients[list(canonical.patients)], study.vertebrae[list(canonical.vertebrae)]
    _assert_same(replace(study, patients=patients, vertebrae=vertebrae), canonical)


def test_optional_columns_may_be_absent(rows: Rows, write: Write, canonical: Dataset) -> None:
    optional = {name for name, column in columns().items() if not column.required}
    study = load(write([{name: cell for name, cell in row.items() if name not in optional} for row in rows]))
    for kept, whole in ((study.patients, canonical.patients), (study.vertebrae, canonical.vertebrae)):
        given = [name for name in whole if name not in optional]
        # What every analysis asks for is there, empty.
        assert list(kept.dropna(axis=1, how="all")) == given
        assert set(kept) <= set(whole)


def test_blank_rows_and_short_rows_of_a_csv(rows: Rows, write: Write, canonical: Dataset) -> None:
    # The last column is one that may be empty, and is so on the last row.
    for row in rows:
        row["leak_size"] = row.pop("leak_size")
    path = write(rows)
    lines = path.read_text(encoding="utf-8").splitlines()
    spread = [lines[0], "", *lines[1:3], "," * 20, *lines[3:-1], lines[-1].removesuffix(","), " , ,", ""]
    path.write_text("\n".join(spread), encoding="utf-8")
    study = load(path)
    _assert_same(replace(study, vertebrae=study.vertebrae[list(canonical.vertebrae)]), canonical)


@pytest.mark.parametrize(
    "spoil", [str.upper, str.lower, lambda word: f"  {word} ", lambda word: word.replace("í", "i")]
)
def test_words_are_forgiven(rows: Rows, write: Write, canonical: Dataset, spoil: Callable[[str], str]) -> None:
    words = {level.labels["es"] for column in columns().values() for level in column.levels}
    relabelled = _relabelled(rows, "es")
    assert any(row["Complicación"] == "Ninguna" for row in relabelled)
    spelt = [{name: spoil(cell) if cell in words else cell for name, cell in row.items()} for row in relabelled]
    _assert_same(load(write(spelt)), canonical)


def test_an_excel_workbook(rows: Rows, write_book: Write, canonical: Dataset) -> None:
    _assert_same(load(write_book(Datos=_typed(rows))), canonical)


def test_an_excel_workbook_with_all_that_people_add(rows: Rows, write_book: Write, canonical: Dataset) -> None:
    spanish = _relabelled(_decimal_comma(rows), "es")
    table: list[list[object]] = [["Vertebroplastias 2019-2021", None, None], []]
    table += [[None, *record] for record in [list(spanish[0]), *(list(row.values()) for row in spanish)]]
    table += [[None] * 21, ["  "], [""]]
    summary = [["Edad", "media", 71], ["Sexo", "Mujer", 18]]
    _assert_same(load(write_book("Datos.XLSX", Resumen=summary, Datos=table)), canonical)


def test_whole_numbers_are_ids_and_words_however_excel_types_them(rows: Rows, write: Write, write_book: Write) -> None:
    ids = {"Zubiri-77": 1, "Quesada-31": 2, "Iturbe-58": 3}
    coded = [{**row, "patient_id": str(ids[row["patient_id"]]), "leak": str(int(row["leak"] == "yes"))} for row in rows]
    by_text = load(write(coded))
    assert by_text.patients.index.tolist() == ["1", "2", "3"]
    assert by_text.vertebrae["leak"].tolist() == [row["leak"] for row in rows]
    records = _typed(coded)
    for kind in (int, float):
        typed = [[kind(cell) if isinstance(cell, str) and cell.isdigit() else cell for cell in row] for row in records]
        _assert_same(load(write_book(Datos=typed)), by_text)
    booleans = [
        [c == "1" if h == "leak" and i else c for h, c in zip(records[0], row, strict=True)]
        for i, row in enumerate(records)
    ]
    _assert_same(load(write_book(Datos=booleans)), by_text)


def test_the_fullest_header_wins(rows: Rows, write_book: Write, canonical: Dataset) -> None:
    decoy = [["Sexo", "Edad", "Fuga"], ["Mujer", 74, "No"]]
    table = [["Paciente", "Sexo"], *_typed(rows)]
    _assert_same(load(write_book(Otra=decoy, Datos=table, Copia=decoy)), canonical)


def test_of_two_full_tables_neither_is_taken_for_all(rows: Rows, write_book: Write, refused: Refused) -> None:
    (problem,) = refused(write_book(Enero=_typed(rows), Febrero=_typed(rows[:2])))
    assert (problem.code, problem.sheet) == ("other_table", "Febrero")


def test_a_header_without_rows_on_another_sheet_is_no_table(rows: Rows, write_book: Write, canonical: Dataset) -> None:
    _assert_same(load(write_book(Datos=_typed(rows), Modelo=_typed(rows)[:1])), canonical)


def test_the_header_is_looked_for_in_the_first_twenty_rows(rows: Rows, write_book: Write, refused: Refused) -> None:
    title = [["Informe"]]
    assert len(load(write_book(Datos=title * 19 + _typed(rows))).rows) == len(rows)
    assert [problem.code for problem in refused(write_book(Datos=title * 20 + _typed(rows)))] == ["no_header"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("title", ["Vertebroplastias", "Toledo, 2022", "Vertebroplastias{0}{0}{0}"])
def test_a_title_row_above_the_header_of_a_csv(
    rows: Rows, write: Write, canonical: Dataset, delimiter: str, title: str
) -> None:
    path = write(rows, delimiter=delimiter)
    path.write_text(title.format(delimiter) + "\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    _assert_same(load(path), canonical)


# -- reconstructions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("marked", [0, 2, "all"])
def test_a_reconstruction_is_known_by_its_rows(rows: Rows, write: Write, write_book: Write, marked: object) -> None:
    ids = {row["patient_id"] for row in rows}
    chosen = ids if marked == "all" else {rows[int(str(marked))]["patient_id"]}
    names = {name: f"reconstructed-{name}" if name in chosen else name for name in ids}
    made = [{**row, "patient_id": names[row["patient_id"]]} for row in rows]
    assert load(write(made, "pacientes reales.csv")).reconstruction
    assert load(write(_relabelled(made, "es"), "x.csv", delimiter=";", encoding="latin-1")).reconstruction
    assert load(write_book("real.xlsx", Hoja1=_typed(made))).reconstruction


@pytest.mark.parametrize("name", ["reconstructed-1.csv", "study.csv"])
def test_a_study_is_no_reconstruction_whatever_its_name(rows: Rows, write: Write, name: str) -> None:
    for row in rows:
        row["patient_id"] = f"not-reconstructed-{row['patient_id']}"
    assert not load(write(rows, name)).reconstruction


def test_the_shipped_reconstruction_says_so(shipped: Dataset) -> None:
    assert shipped.reconstruction
    assert shipped.patients.index.str.startswith("reconstructed-").all()


# -- files that cannot be read -----------------------------------------------------------------------------------


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("study.csv", b"", "empty_file"),
        ("study.csv", b" \r\n\t\n", "empty_file"),
        ("study.csv", b"\xef\xbb\xbf", "empty_file"),
        ("study.csv", b"\xef\xbb\xbf\r\n", "empty_file"),
        ("study.csv", "\u00a0\n".encode(), "empty_file"),
        ("study.xlsx", b"", "empty_file"),
        ("study.csv", "Paciente;Sexo\n".encode("utf-16-le"), "not_text"),
        ("study.csv", "Paciente\0;Sexo\n".encode("utf-16"), "not_text"),
        ("study.csv", b"\xff\xfeP\x00a", "not_text"),
        ("study.csv", b"Paciente,Sexo\nxyzzy\x00,F\n", "not_text"),
        ("study.csv", b"xyzzy,F,74\nxyzzy,M,68\n", "no_header"),
        ("study.xlsx", b"Paciente,Sexo\nxyzzy,F\n", "not_a_workbook"),
        ("study.xlsx", b"PK\x03\x04xyzzy", "not_a_workbook"),
        ("study.xlsx", _zip(), "not_a_workbook"),
        ("study.xlsx", _zip(notes=b"xyzzy"), "not_a_workbook"),
        ("study.xlsx", _zip(**{"[Content_Types].xml": b"<xyzzy"}), "not_a_workbook"),
        ("study.ods", b"xyzzy", "file_type"),
        ("study.xls", b"xyzzy", "file_type"),
        ("study", b"xyzzy", "file_type"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    tmp_path: Path, refused: Refused, name: str, content: bytes, code: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert [(problem.code, problem.row) for problem in refused(path)] == [(code, None)]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nothing.csv", "no_file"),
        ("nothing.xlsx", "no_file"),
        (".", "folder_in_the_way"),
        ("pipe.csv", "not_a_file"),
        ("lost.csv", "dead_link"),
        ("circle.csv", "dead_link"),
    ],
)
def test_a_missing_file_is_refused(tmp_path: Path, refused: Refused, name: str, code: str) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "lost.csv").symlink_to("gone.csv")
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    assert [problem.code for problem in refused(tmp_path / name)] == [code]


@pytest.mark.parametrize("position", range(5))
def test_a_damaged_workbook_is_refused(rows: Rows, write_book: Write, refused: Refused, position: int) -> None:
    path = write_book(Datos=_typed(rows) * 20)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        sheet = archive.getinfo("xl/worksheets/sheet1.xml")
    start = sheet.header_offset + 30 + len(sheet.filename) + sheet.compress_size * position // 5
    content[start : start + 8] = b"\xff\x00\xff\x00\xff\x00\xff\x00"
    path.write_bytes(bytes(content))
    assert [problem.code for problem in refused(path)] == ["not_a_workbook"]


@pytest.mark.parametrize(("offset", "value"), [(6, 0x41), (8, 0x63)], ids=["encrypted", "unknown-compression"])
def test_a_workbook_packed_in_another_way_is_refused(
    rows: Rows, write_book: Write, refused: Refused, offset: int, value: int
) -> None:
    path = write_book(Datos=_typed(rows))
    content = bytearray(path.read_bytes())
    # Every member has a header, and an entry in the directory at the end, which has the field two bytes later.
    for mark, shift in ((b"PK\x03\x04", offset), (b"PK\x01\x02", offset + 2)):
        for found in re.finditer(mark, bytes(content)):
            content[found.start() + shift] = value
    path.write_bytes(bytes(content))
    assert [problem.code for problem in refused(path)] == ["not_a_workbook"]


@pytest.mark.parametrize("name", ["study.ods", "STUDY.ODS", "study.xls", "an ods.xlsx"])
def test_a_workbook_of_another_program_is_to_be_saved_as_xlsx(tmp_path: Path, refused: Refused, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(_zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"))
    (problem,) = refused(path)
    for language, save in {"es": "guárdelo como libro de Excel (.xlsx)", "en": "save it as an Excel workbook"}.items():
        assert save in told(problem, language).remedy


def test_the_expected_headers_are_told(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "study.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    (problem,) = refused(path)
    for language in LANGUAGES:
        remedy = told(problem, language).remedy
        assert all(column.labels[language] in remedy for column in columns().values() if column.required)


def test_a_header_without_rows_is_refused(rows: Rows, write: Write, write_book: Write, refused: Refused) -> None:
    path = write(rows)
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n\n,,\n", encoding="utf-8")
    for empty in (path, write_book(Datos=_typed(rows)[:1])):
        assert [problem.code for problem in refused(empty)] == ["no_rows"]


# -- columns that are missing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, column in columns().items() if column.required])
def test_a_missing_column_is_told(rows: Rows, write: Write, refused: Refused, name: str) -> None:
    for row in rows:
        del row[name]
        row |= {"Hospital": "", "Cirujano": "", "Fecha de la intervención": ""}
    (problem,) = refused(write(rows))
    assert (problem.code, problem.row, problem.column) == ("missing_column", None, name)
    assert columns()[name].labels["en"] in problem.message
    assert columns()[name].labels["es"] in told(problem, "es").message
    assert problem.remedy.startswith("If you have it under another name")
    assert ("leave it empty" in problem.remedy) == columns()[name].may_be_empty


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("patient_id", "Pacientes"),
        ("vertebral_volume_cc", "Volumen vertebrla (cc)"),
        ("cement_volume_cc", "Cemento inyectdo"),
        # Optional, and not to be lost.
        ("leak_site", "Localizacion de las fugas"),
        ("vas_1m", "EAV 1 mess"),
    ],
)
def test_a_near_miss_of_a_header_is_suggested(
    rows: Rows, write: Write, refused: Refused, name: str, header: str
) -> None:
    (problem,) = refused(write(_renamed(rows, {name: header})))
    assert (problem.code, problem.column) == ("missing_column", name)
    assert f"the column {header}, rename" in problem.remedy


@pytest.mark.parametrize(
    ("name", "header", "cells"), [("leak_size", "leak_side", ("left", "right")), ("cause", "Causas", ("Osteoporosis",))]
)
def test_a_header_near_to_an_optional_one_is_noted_where_other_things_stand_below_it(
    rows: Rows, write: Write, name: str, header: str, cells: tuple[str, ...]
) -> None:
    others = [{key: cell for key, cell in row.items() if key != name} for row in rows]
    given = [{**row, header: cells[at % len(cells)]} for at, row in enumerate(others)]
    notes = {(note.code, note.column) for note in load(write(given)).notes}
    assert ("ignored_near", header) in notes


def test_a_column_that_stands_twice_is_told(rows: Rows, write: Write, refused: Refused) -> None:
    (problem,) = refused(write([{**row, "Edad": "97.25"} for row in rows]))
    assert (problem.code, problem.row, problem.column) == ("column_twice", None, "Edad")
    assert "age_years and Edad" in problem.message


# -- cells that cannot be read -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("vas_pre", "xyzzy", "not_a_number"),
        ("vas_pre", "8 xyzzy", "not_a_number"),
        ("vas_pre", "8/10", "not_a_number"),
        ("vas_pre", "7-8", "not_a_number"),
        ("vas_pre", "nan", "not_a_number"),
        ("vas_pre", "inf", "not_a_number"),
        ("age_years", "1.097,25", "not_a_number"),
        ("age_years", "6e1", "not_a_number"),
        ("cement_volume_cc", "#DIV/0!", "excel_error"),
        ("cement_volume_cc", "2.", "not_a_number"),
        ("sex", "H", "unknown_category"),
        ("sex", "xyzzy", "unknown_category"),
        ("sex", "Mujer?xyzzy", "unknown_category"),
        ("level", "L6", "unknown_category"),
        ("level", "T12-L1", "unknown_category"),
        ("leak", "xyzzy", "unknown_category"),
        ("leak_site", "xyzzy", "unknown_category"),
        ("leak_size", "xyzzy", "unknown_category"),
        ("cause", "xyzzy", "unknown_category"),
        *((name, blank, "missing_value") for name in _NEVER_EMPTY for blank in ("", "  ")),
    ],
)
def test_a_cell_that_cannot_be_read_is_told(
    rows: Rows, write: Write, refused: Refused, column: str, cell: str, code: str
) -> None:
    rows[2][column] = cell
    told = [(problem.code, problem.row, problem.column) for problem in refused(write(_renamed(rows, _SPANISH)))]
    assert told == [(code, 4, _SPANISH[column])]


def test_accepted_words_are_told(rows: Rows, write: Write, refused: Refused) -> None:
    rows[2]["sex"] = "H"
    (problem,) = refused(write(rows))
    assert problem.remedy == "Enter one of: Female, Male."
    assert line(problem, "es").endswith("Escriba una de estas: Mujer, Varón.")


def test_the_unit_of_a_number_is_told(rows: Rows, write: Write, refused: Refused) -> None:
    rows[2]["cement_volume_cc"] = "xyzzy"
    (problem,) = refused(write(rows))
    assert "one number in cc" in problem.remedy


@pytest.mark.parametrize("cell", [True, "97,25 xyzzy"])
def test_a_cell_of_a_workbook_is_told_with_its_sheet_and_row(
    rows: Rows, write_book: Write, refused: Refused, cell: object
) -> None:
    table = _typed(_renamed(rows, _ENGLISH))
    table[3][list(rows[0]).index("vas_pre")] = cell
    (problem,) = refused(write_book(Notas=[["xyzzy"]], Datos=[["Informe"], [], *table]))
    assert problem == Problem(
        "not_a_number", problem.message, problem.remedy, sheet="Datos", row=6, column="VAS before"
    )


def test_rows_of_a_csv_are_numbered_as_a_spreadsheet_numbers_them(rows: Rows, write: Write, refused: Refused) -> None:
    rows[0]["Notas"] = "dos\nlíneas"
    rows[3]["vas_pre"] = rows[4]["vas_pre"] = "xyzzy"
    path = write([{"Notas": "", **row} for row in rows])
    path.write_text("\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert [problem.rows for problem in refused(path)] == [(6, 7)]


def test_a_byte_order_mark_is_no_part_of_the_first_header(rows: Rows, write: Write, refused: Refused) -> None:
    rows[0]["patient_id"] = ""
    told = [(problem.code, problem.column) for problem in refused(write(rows, encoding="utf-8-sig"))]
    assert told == [("missing_value", "patient_id")]


# -- many problems at once ---------------------------------------------------------------------------------------


def test_all_problems_are_told_at_once_in_reading_order(rows: Rows, write: Write, refused: Refused) -> None:
    for row in rows:
        del row["vertebral_volume_cc"]
        row["Género"] = "xyzzy"
    rows[0]["age_years"] = "xyzzy"
    rows[1]["leak_site"] = "disc"
    rows[2]["vas_pre"] = "97.25"
    rows[2]["sex"] = "H"
    rows[4]["level"] = "T9"
    told = [(problem.code, problem.row, problem.column) for problem in refused(write(rows))]
    assert told == [
        ("column_twice", None, "Género"),
        ("missing_column", None, "vertebral_volume_cc"),
        ("not_a_number", 2, "age_years"),
        ("no_site_without_leak", 3, "leak_site"),
        ("unknown_category", 4, "sex"),
        ("out_of_range", 4, "vas_pre"),
        ("level_once", 6, "level"),
    ]


def test_the_message_of_an_error_lists_its_problems() -> None:
    problems = [
        Problem("a", "It is wrong.", "Mend it."),
        Problem("b", "It is bad.", "Mend it too.", sheet="Hoja1", row=3, column="Edad"),
    ]
    error = InputError("study.xlsx", problems)
    assert isinstance(error, VPResearchError)
    assert error.problems == tuple(problems)
    assert str(error).splitlines() == [
        "study.xlsx: 2 problems",
        "  1. It is wrong. Mend it.",
        "  2. sheet Hoja1, row 3, column Edad: It is bad. Mend it too.",
    ]
    assert str(InputError("study.xlsx", problems[:1])).startswith("study.xlsx: 1 problem\n")


def test_one_wrong_cell_is_not_told_again_by_the_patient_s_other_rows(
    rows: Rows, write: Write, refused: Refused
) -> None:
    first = next(i for i, row in enumerate(rows) if row["patient_id"] == rows[i + 1]["patient_id"])
    for wrong in ("11", "dos"):
        spoilt = [dict(row) for row in rows]
        spoilt[first]["vas_pre"] = wrong
        (problem,) = refused(write(spoilt, "spoilt.csv"))
        assert problem.row == first + 2


def test_a_patient_s_odd_row_is_told_with_the_row_it_differs_from(rows: Rows, write: Write, refused: Refused) -> None:
    first = next(i for i, row in enumerate(rows) if row["patient_id"] == rows[i + 1]["patient_id"])
    spoilt = [dict(row) for row in rows]
    spoilt[first + 1]["age_years"] = str(int(spoilt[first]["age_years"]) + 1)
    (problem,) = refused(write(spoilt, "spoilt.csv"))
    assert (problem.code, problem.row) == ("constant", first + 3)
    assert f"row {first + 2}" in problem.message


def test_a_reconstruction_with_other_patient_ids_is_still_one(tmp_path: Path) -> None:
    lines = RECONSTRUCTION.read_text(encoding="utf-8").splitlines()
    renamed = [line.replace("reconstructed-", "P") for line in [lines[0], *reversed(lines[1:])]]
    path = tmp_path / "study.csv"
    path.write_text("\n".join(renamed), encoding="utf-8")
    assert load(path).reconstruction
    # One more tenth of a cc, and it is a dataset that nobody here made.
    path.write_text("\n".join(renamed).replace(",1.5,", ",1.6,", 1), encoding="utf-8")
    assert not load(path).reconstruction


@pytest.mark.parametrize("written", ["-", "NA", "No procede", "Ninguna", "0", "sin fuga"])
def test_words_for_no_leak_change_nothing(rows: Rows, write: Write, canonical: Dataset, written: str) -> None:
    for row in rows:
        if row["leak"] == "no":
            row |= {"leak_site": written, "leak_size": written}
    study = load(write(rows))
    pd.testing.assert_frame_equal(study.rows, canonical.rows)
    assert [note.code for note in study.notes] == ["taken_as_empty"] * 2


def test_a_leak_of_unknown_kind_is_loaded(rows: Rows, write: Write) -> None:
    rows[0]["leak_site"] = rows[2]["leak_size"] = ""
    study = load(write(rows))
    assert study.vertebrae["leak_site"].notna().sum() == study.vertebrae["leak_size"].notna().sum() == 1


# -- columns that a study declares ---------------------------------------------------------------------------------


def test_columns_that_are_declared_beside_the_file_are_read(rows: Rows, write: Write, refused: Refused) -> None:
    for place, row in enumerate(rows):
        row |= {"Lado": ("Izquierdo", "left", "Derecho")[place % 3], "t_score": "-2,5"}
    path = write(rows)
    assert "side" not in load(path).vertebrae
    path.with_suffix(".yaml").write_text(DECLARATION, encoding="utf-8")
    study = load(path)
    assert [each.name for each in study.declared] == ["side", "t_score"]
    assert set(study.vertebrae["side"]) == {"left", "right"}
    assert set(study.patients["t_score"]) == {-2.5}
    results = Results(study)
    assert "t_score" in results.comparisons
    assert "side" in results.associations
    assert with_own(with_covariates(study.rows), results.compared)[1]["t_score"] == ("t_score",)
    assert list(table1(results, "es").shown.iloc[-1, :2]) == ["Densidad ósea (T)", "media −2,5 (DE 0,0)"]
    rows[0]["t_score"] = "9"
    rows[1]["Lado"] = "Arriba"
    assert {problem.code for problem in refused(write(rows))} == {"out_of_range", "unknown_category"}
    # Whoever declares nothing has the dictionary alone.
    path.with_suffix(".yaml").unlink()
    assert "t_score" not in load(path).patients


def test_scores_are_read_at_whatever_times_the_study_names(rows: Rows, write: Write, refused: Refused) -> None:
    given = {"EVA 3 meses": "3", "Oswestry 2 años (%)": "20"}
    path = write([{name: cell for name, cell in row.items() if name != "vas_1y"} | given for row in rows])
    results = Results(load(path))
    assert [each.name for each in results.dataset.followed] == ["vas_3m", "odi_2y"]
    assert set(results.dataset.patients["vas_3m"]) == {3.0}
    assert list(results.scores["time"]) == ["pre", "post", "1m", "3m", "pre", "post", "1m", "1y", "2y"]
    assert {"vas_change_3m", "odi_change_2y"} <= set(results.relief["outcome"])
    assert "vas_3m" in results.comparisons
    # A score after the treatment explains no leak.
    assert "vas_3m" not in with_own(with_covariates(results.dataset.rows), results.compared)[1]
    assert table4(results, "en").shown.iloc[:, 0].tolist()[-1] == "VAS 3 months"
    told = _of_last(_of_table(outcome(results, "es"), ("variable",)), results, "es")
    assert (told["last.vas.mean"], told["last.vas.when"]) == (3.0, "a los 3 meses")
    assert (told["last.odi.mean"], told["last.odi.when"]) == (20.0, "a los 2 años")
    # A usual time that this study has not is not missed; of another study it is.
    assert not [note for note in outcome(results, "es").notes if "EAV un año" in note]
    assert "EAV un año" not in report(examine(path), "es")
    unnamed = write([{name: cell for name, cell in row.items() if name != "vas_1y"} for row in rows], "unnamed.csv")
    assert "EAV un año" in report(examine(unnamed), "es")
    assert [note for note in outcome(Results(load(unnamed)), "es").notes if "EAV un año" in note]
    copied = path.with_name("copy.csv")
    write_rows(results.dataset, copied)
    assert list(load(copied).patients["odi_2y"]) == list(results.dataset.patients["odi_2y"])
    twice = write([row | {"EVA 3 meses": "11", "VAS 3 months": "3"} for row in rows])
    assert {problem.code for problem in refused(twice)} == {"column_twice", "unit_of_100"}
    assert "vas_3m" not in columns()


@pytest.mark.parametrize(
    ("old", "new", "wording"),
    [
        ("columns:", "colums:", "no_declaration"),
        ("  side:", "  leak:", "declared_name"),
        ("  side:", "  vas_3m:", "declared_name"),
        ("type: number", "type: text", "declared_type"),
        ("range: [-8, 4]", "range: -8", "bad_declaration"),
        ("observation: patient", "observation: study", "bad_declaration"),
        ("columns:", "[", "not_yaml"),
        ("range: [-8, 4]", "range: [4, -8]", "bad_declaration"),
        ("range: [-8, 4]", "range: [.nan, 4]", "bad_declaration"),
        ("range: [-8, 4]", "range: [-.inf, 4]", "bad_declaration"),
        ("Densidad ósea (T)", "Edad", "declared_label"),
        ("Densidad ósea (T)", "Lado", "declared_label"),
        ("Derecho", "Izquierdo", "declared_value"),
        ("Derecho", "Left", "declared_value"),
        ("Derecho", "'+'", "bad_declaration"),
        ("unit: SD", "unit: [SD]", "bad_declaration"),
        ("unit: SD", "unit:", "bad_declaration"),
        ("unit: SD", "unit: SD\n    1: T\n    units: T", "bad_declaration"),
        ("type: number", "type: [number]", "declared_type"),
        ("observation: patient", "observation: [patient]", "bad_declaration"),
        ("range: [-8, 4]", "range: &a [*a, *a]", "entries_too_long"),
        ("range: [-8, 4]", "range: " + "[" * 5000, "endless_brackets"),
        ("range: [-8, 4]", "range: 2020-13-45", "not_yaml"),
        ("unit: SD", "unit: SD\n    unit: T", "key_twice"),
        ("columns:", "#" * 1_200_000 + "\ncolumns:", "entries_too_long"),
    ],
)
def test_a_faulty_declaration_is_told(rows: Rows, write: Write, old: str, new: str, wording: str) -> None:
    path = write(rows)
    path.with_suffix(".yaml").write_text(DECLARATION.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=r"study\.yaml") as caught:
        load(path)
    assert [problem.wording for problem in caught.value.problems] == [wording]


def test_yes_and_no_are_the_words_that_were_written(rows: Rows, write: Write) -> None:
    for place, row in enumerate(rows):
        row["side"] = ("yes", "Derecho")[place % 2]
    path = write(rows)
    words = DECLARATION.replace("{left:", "{yes:").replace("right:", "no:")
    path.with_suffix(".yaml").write_text(words, encoding="utf-8")
    assert set(load(path).vertebrae["side"]) == {"yes", "no"}


def test_a_papers_numbers_beside_a_workbook_of_its_name_declare_nothing(rows: Rows, write: Write) -> None:
    path = write(rows)
    path.with_suffix(".yaml").write_text(PUBLISHED.read_text(encoding="utf-8"), encoding="utf-8")
    assert load(path).declared == ()
