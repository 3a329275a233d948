"""Workbooks that are written: the template, the annotated copy and the long table."""

from __future__ import annotations

import datetime
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from vpresearch.core.dictionary import Column, columns, declaration_beside, declaring
from vpresearch.core.errors import Problem, line, refused, told
from vpresearch.core.files import put
from vpresearch.core.paths import shown
from vpresearch.data import Examined
from vpresearch.identifiers import screen
from vpresearch.published.read import CELL_COLUMNS, TEST_COLUMNS
from vpresearch.reading import RawTable, find_table, follow_ups, join_headers, read_bytes, read_sheets, reshape
from vpresearch.reading.cells import EXAMPLE_IDS
from vpresearch.reading.raw import Percent, Unreadable
from vpresearch.render.labels import number, text

# Rows that are checked while they are filled in.
_ROWS = 1_000
_HEADER = PatternFill("solid", fgColor="DDE6F0")
_EXAMPLE = PatternFill("solid", fgColor="EEEEEE")
_EXAMPLE_VALUES: dict[str, object] = {
    "sex": "F",
    "age_years": 74,
    "cause": "osteoporosis",
    "level": "T12",
    "vertebral_volume_cc": 24.8,
    "cement_volume_cc": 3.7,
    "leak": "yes",
    "leak_site": "posterior",
    "leak_size": "moderate",
    "vas_pre": 8,
    "vas_post": 4,
    "vas_1m": 3,
    "odi_pre": 54,
    "odi_1y": 40,
    "complication": "none",
    "new_fracture_1y": "no",
}


def template(language: str) -> bytes:
    """Make an empty workbook."""
    book = Workbook()
    sheet = book.active
    sheet.title = text("template.data", language)
    for position, column in enumerate(columns().values(), start=1):
        _head(sheet, position, column, language)
        sheet.add_data_validation(_rule(column, position, language))
    sheet["A2"].comment = Comment(text("template.example", language), "vpresearch")
    sheet.freeze_panes = "B2"
    _codebook(book.create_sheet(text("template.codebook", language)), language)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _head(sheet: Any, position: int, column: Column, language: str) -> None:
    header = sheet.cell(1, position, _label(column, language))
    header.font, header.fill = Font(bold=True), _HEADER
    header.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions[get_column_letter(position)].width = 16
    example = EXAMPLE_IDS[language] if column.name == "patient_id" else _EXAMPLE_VALUES.get(column.name)
    words = {level.value: level.labels[language] for level in column.levels}
    cell = sheet.cell(2, position, words.get(str(example), example))
    cell.font, cell.fill = Font(italic=True, color="777777"), _EXAMPLE


def _label(column: Column, language: str) -> str:
    """Return the header with its unit, unless it already says it."""
    label = column.labels[language]
    unit = {"years": text("unit.years", language), "percent": "%", "points": "0-10"}.get(column.unit)
    return f"{label} ({unit})" if unit else label


def _rule(column: Column, position: int, language: str) -> DataValidation:
    rule = DataValidation(allow_blank=True, showErrorMessage=True, showInputMessage=True)
    if column.kind == "category":
        rule.type = "list"
        rule.formula1 = f'"{",".join(level.labels[language] for level in column.levels)}"'
        rule.error = rule.prompt = text("template.choose", language)
    elif column.kind == "number":
        rule.type, rule.operator = "decimal", "between"
        rule.formula1, rule.formula2 = f"{column.minimum:g}", f"{column.maximum:g}"
        unit = text(f"unit.{column.unit}", language)
        rule.error = rule.prompt = text("template.enter", language, range=_range(column, language), unit=unit)
    else:
        rule.prompt = text("template.id" if column.name == "patient_id" else "template.free", language)
    rule.errorTitle = text("template.fault", language)
    rule.promptTitle = column.labels[language][:32]
    place = get_column_letter(position)
    rule.add(f"{place}2:{place}{_ROWS + 1}")
    return rule


def _range(column: Column, language: str) -> str:
    # Both ends of a range are short decimals.
    least, greatest = (number(end or 0.0, 1, language) for end in (column.minimum, column.maximum))
    return text("template.range", language, least=_short(least), greatest=_short(greatest))


def _short(written: str) -> str:
    return re.sub(r"[.,]0$", "", written)


def _codebook(sheet: Any, language: str) -> None:
    heads = ("header", "variable", "unit", "allowed", "belongs", "required", "empty")
    sheet.append([text(f"template.{head}", language) for head in heads])
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), _HEADER
    for column in columns().values():
        sheet.append([_label(column, language), column.name, *_described(column, language)])
    for position, width in enumerate((28, 22, 20, 60, 44, 14, 20), start=1):
        sheet.column_dimensions[get_column_letter(position)].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"


def _described(column: Column, language: str) -> list[str]:
    if column.kind == "category":
        kind, allowed = text("template.category", language), ", ".join(lv.labels[language] for lv in column.levels)
    elif column.kind == "number":
        kind, allowed = text(f"unit.{column.unit}", language), _range(column, language)
    else:
        kind = text("template.text", language)
        allowed = text("template.id" if column.name == "patient_id" else "template.free", language)
    belongs = text(f"template.{column.unit_of_observation}", language)
    said = [text("template.yes_word" if yes else "template.no_word", language) for yes in _rights(column)]
    return [kind, allowed, belongs, *said]


def _rights(column: Column) -> tuple[bool, bool]:
    return column.required, column.may_be_empty


_FAULT = PatternFill("solid", fgColor="FF9999")
# Each merged cell becomes an object in memory; a sheet that hands made has far fewer.
_MOST_MERGED_CELLS = 200_000
_MOST_COMMENTS = 2_000
_AUTHOR = "vpresearch"


def annotate(path: Path, problems: Sequence[Problem], language: str, *, drop_identifiers: bool = False) -> bytes:
    """Copy a table and mark its faulty cells."""
    book = _copy(path, language, drop_identifiers=drop_identifiers)
    _clear(book, language)
    comments: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        for cell in problem.cells:
            comments.setdefault((problem.sheet or book.active.title, cell), []).append(problem)
    for (sheet, cell), own in list(comments.items())[:_MOST_COMMENTS]:
        _mark(book[sheet], cell, own, language)
    _list(book, problems, language)
    return _saved(book)


def _mark(sheet: Any, place: str, problems: Sequence[Problem], language: str) -> None:
    cell = sheet[place]
    if isinstance(cell, MergedCell):
        # Only the first cell of a merged block can be seen.
        block = next(block for block in sheet.merged_cells.ranges if place in block)
        cell = sheet.cell(block.min_row, block.min_col)
    words = [f"{own.message} {own.remedy}" for own in (told(problem, language) for problem in problems)]
    before = [cell.comment.text] if cell.comment else []
    cell.fill = _FAULT
    cell.comment = Comment("\n".join([*words, *before]), _AUTHOR, width=320, height=120)


def _list(book: Any, problems: Sequence[Problem], language: str) -> None:
    sheet = book.create_sheet(text("validation.list", language), 0)
    sheet.append([text(f"validation.{name}", language) for name in ("where", "what", "how")])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for problem in problems:
        said = told(problem, language)
        place = line(problem, language).removesuffix(f"{said.message} {said.remedy}").removesuffix(": ")
        sheet.append([_clean(place), _clean(said.message), _clean(said.remedy)])
    for name, width in (("A", 44), ("B", 60), ("C", 60)):
        sheet.column_dimensions[name].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            # A header of the file may look like a formula; here it is only quoted.
            cell.data_type = "s"
    book.active = 0


def _copy(path: Path, language: str, *, drop_identifiers: bool) -> Any:
    content = read_bytes(path)
    sheets = read_sheets(path, content)
    if drop_identifiers:
        clean = screen(find_table(path.name, sheets), drop_identifiers=True)[0]
        # A column without a name is no part of the table, and no form tells a lone word there from a name.
        rows = {
            row: [
                cell if place < len(clean.header) and clean.header[place] else None for place, cell in enumerate(cells)
            ]
            for row, cells in clean.rows.items()
        }
        return _of_rows({clean.header_row: clean.header, **rows}, clean.sheet, language)
    if path.suffix.lower() == ".csv":
        return _of_table(find_table(path.name, sheets), language)
    areas = (
        (block.bottom - block.top + 1) * (block.right - block.left + 1) for sheet in sheets for block in sheet.merged
    )
    if sum(areas) > _MOST_MERGED_CELLS:
        raise refused(path.name, "cannot_annotate")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load_workbook(io.BytesIO(content), keep_links=False)
    except Exception:
        # The table could be read, but some other part of the workbook cannot be carried over.
        raise refused(path.name, "cannot_annotate") from None


def as_workbook(rows: Sequence[Sequence[object]], language: str) -> bytes:
    """Write rows as a workbook of one sheet; numbers stay numbers, and nothing becomes a formula."""
    return _saved(_of_rows(dict(enumerate(rows, start=1)), None, language))


def _saved(book: Any) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _of_table(raw: RawTable, language: str) -> Any:
    return _of_rows({raw.header_row: raw.header, **raw.rows}, raw.sheet, language)


def _of_rows(rows: Mapping[int, Sequence[object]], title: str | None, language: str) -> Any:
    book = Workbook()
    sheet = book.active
    sheet.title = title or text("template.data", language)
    for row, cells in rows.items():
        for position, value in enumerate(cells, start=1):
            if isinstance(value, int | float | datetime.date | datetime.time):
                sheet.cell(row, position, value)
            elif value is not None and not isinstance(value, Unreadable):
                # As text whatever it looks like: a cell of a CSV must not become a formula.
                sheet.cell(row, position, _clean(str(value))).data_type = "s"
            if isinstance(value, Percent):
                sheet.cell(row, position).number_format = "0.0%"
    return book


def _clear(book: Any, language: str) -> None:
    """Take away the marks of an earlier copy: a mended cell must not stay red."""
    title, heading = text("validation.list", language), text("validation.where", language)
    if title in book.sheetnames and len(book.sheetnames) > 1 and book[title]["A1"].value == heading:
        del book[title]
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.comment is not None and cell.comment.author == _AUTHOR:
                    cell.comment, cell.fill = None, PatternFill()


def _clean(words: str) -> str:
    return str(ILLEGAL_CHARACTERS_RE.sub("", words))


def write_template(out: Path, language: str) -> str:
    """Write the empty workbook, never over a file that is there: it may be the filled one."""
    _check_name(out)
    if out.exists():
        raise refused(out.name, "file_exists")
    put(out, template(language))
    sheet = text("template.data", language)
    return text("template.written", language, name=out.name, sheet=sheet, path=shown(out).as_posix())


_OF_TEXT = "@"
_EXAMPLE_CELLS = (
    {"variable": "score", "group": "treated", "n": "15", "mean": "2.5", "sd": "1.9", "scale": "0-10"},
    {"variable": "score", "group": "control", "n": "14", "mean": "3.4", "sd": "1.4"},
    {"variable": "leakage", "group": "treated", "category": "yes", "n": "15", "count": "3"},
    {"variable": "leakage", "group": "control", "category": "yes", "n": "14", "count": "5"},
)
_EXAMPLE_TESTS = ({"variable": "score", "p": "0.16"}, {"variable": "leakage", "test": "chi_squared", "p": "0.34"})


def audit_template(language: str) -> bytes:
    """Make an empty workbook of printed numbers: a sheet of cells, one of tests, and one that explains them."""
    book = Workbook()
    book.remove(book.active)
    for name, of, examples in (("cells", CELL_COLUMNS, _EXAMPLE_CELLS), ("tests", TEST_COLUMNS, _EXAMPLE_TESTS)):
        sheet = book.create_sheet(text(f"audit_template.{name}", language))
        for position, column in enumerate(of, start=1):
            head = sheet.cell(1, position, column)
            head.font, head.fill = Font(bold=True), _HEADER
            for row in range(2, _ROWS):
                # As text a number keeps its last noughts, which say how it was rounded.
                sheet.cell(row, position).number_format = _OF_TEXT
            for row, example in enumerate(examples, start=2):
                cell = sheet.cell(row, position, example.get(column))
                cell.fill = _EXAMPLE
        sheet.freeze_panes = "A2"
    sheet = book.create_sheet(text("audit_template.help", language))
    for row, column in enumerate(dict.fromkeys([*CELL_COLUMNS, *TEST_COLUMNS]), start=1):
        sheet.cell(row, 1, column).font = Font(bold=True)
        sheet.cell(row, 2, text(f"audit_template.of_{column}", language))
    sheet.column_dimensions["B"].width = 100
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def write_audit_template(out: Path, language: str) -> str:
    """Write the workbook for a paper's numbers, never over a file that is there."""
    _check_name(out)
    if out.exists():
        raise refused(out.name, "file_exists")
    put(out, audit_template(language))
    return text("audit_template.written", language, path=shown(out).as_posix())


def write_copy(path: Path, examined: Examined, out: Path, language: str, *, drop_identifiers: bool = False) -> str:
    """Write the copy with the faults marked, never over the file itself."""
    _check_name(out)
    if out.exists() and path.exists() and out.samefile(path):
        raise refused(out.name, "overwrites_input")
    if not any(problem.column or problem.row for problem in examined.problems):
        return text("validation.not_annotated", language)
    put(out, annotate(path, examined.problems, language, drop_identifiers=drop_identifiers), private=True)
    return text("validation.annotated_dropped" if drop_identifiers else "validation.annotated", language, name=out.name)


def write_long(path: Path, out: Path, language: str, *, drop_identifiers: bool = False) -> str:
    """Write a table that has not one row a vertebra as one that has, for its owner to check."""
    _check_name(out)
    if out.exists():
        raise refused(out.name, "file_exists")
    raw = find_table(path.name, read_sheets(path, read_bytes(path)))
    raw = join_headers(screen(raw, drop_identifiers=True)[0] if drop_identifiers else raw)[0]
    with declaring(declaration_beside(path), follow_ups(raw)):
        rows = reshape(raw, language)
    if rows is None:
        return text("validation.not_reshaped", language)
    put(out, as_workbook(rows, language), private=True)
    return text("validation.reshaped", language, name=out.name, rows=len(rows) - 1)


def _check_name(out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise refused(out.name, "not_xlsx")
