"""An Excel workbook into sheets: values as Excel last computed them, formulas and merged cells marked."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any

from openpyxl import load_workbook

from vpresearch.reading.archive import look_into
from vpresearch.reading.marks import Marks, read_marks
from vpresearch.reading.raw import MAX_COLUMNS, MOST_RECORDS, Percent, Sheet, Unreadable, is_blank
from vpresearch.telling import refused

# As many rows as Excel has: a file that names a later one would be padded up to it without end.
_EXCEL_ROWS = 1_048_576
_MOST_SHEETS = 100
# A percent sign that is only written behind the number stands in quotation marks or behind a stroke.
_PERCENT = re.compile(r'^(?:[^"%\\]|"[^"]*"|\\.)*%')


def read_workbook(name: str, content: bytes) -> list[Sheet]:
    """Read every sheet of a workbook, within bounds of time and memory; nothing that it links to is opened.

    Parameters
    ----------
    name : str
        Name of the file.
    content : bytes

    Returns
    -------
    list of Sheet

    Raises
    ------
    InputError
        If it is no workbook, has macros, or is far larger than a study.
    """
    look_into(name, content)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of drop-down lists and styles that it drops; none of them is read here.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            return [_read_sheet(sheet) for sheet in islice(book.worksheets, _MOST_SHEETS)]
    except Exception:
        # A damaged archive fails in as many ways as it has parts, and all of them mean the same to its owner.
        raise refused(name, "not_a_workbook") from None


def _read_sheet(sheet: Any) -> Sheet:
    # openpyxl keeps merged cells only where it reads without bounds; the part of the sheet is opened for them.
    with sheet.parent._archive.open(sheet._worksheet_path) as part:
        marks = read_marks(part)
    struck: set[int] = set()
    records = dict(islice(_records(sheet, marks, struck), MOST_RECORDS))
    concealed = sheet.sheet_state != "visible"
    title, struck_out = str(sheet.title), frozenset(struck)
    return Sheet(title, records, marks.merged, marks.hidden, struck_out, concealed, marks.hidden_columns)


def _records(sheet: Any, marks: Marks, struck: set[int]) -> Iterator[tuple[int, tuple[object, ...]]]:
    # The size that a sheet declares may be wrong, and rows beyond it would be lost without a word.
    sheet.reset_dimensions()
    padding = None
    book = sheet.parent
    lined = {place for place, style in enumerate(book._cell_styles) if book._fonts[style.fontId].strike}
    for number, row in enumerate(sheet.iter_rows(max_row=_EXCEL_ROWS, max_col=MAX_COLUMNS + 1), start=1):
        if row is padding:
            continue
        cells = [_value(cell) for cell in row]
        for column in marks.formulas.get(number, ()):
            if column <= len(row):
                cells[column - 1] = _computed(row[column - 1], (number, column), marks)
        while cells and is_blank(cells[-1]):
            cells.pop()
        if cells:
            if lined and any(getattr(cell, "_style_id", None) in lined and not is_blank(cell.value) for cell in row):
                struck.add(number)
            yield number, tuple(cells)
        else:
            # Missing rows are all one and the same tuple: a gap of a million of them costs nothing.
            padding = row


def _value(cell: Any) -> object:
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and _PERCENT.search(cell.number_format):
        return Percent(value)
    return value


def _computed(cell: Any, place: tuple[int, int], marks: Marks) -> object:
    if place in marks.foreign:
        return Unreadable("external_link")
    # A formula that gives an empty text says so by its type; one that was never computed has no type.
    if cell.value is None and cell.data_type != "str":
        return Unreadable("formula_without_value")
    return _value(cell)
