"""Excel workbooks: the archive, what is struck through or hidden, and the cells."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries
from openpyxl.xml.functions import iterparse

from vpresearch.core.errors import refused
from vpresearch.reading.raw import MAX_BYTES, MAX_COLUMNS, MOST_RECORDS, Merged, Percent, Sheet, Unreadable, is_blank

_MOST_MEMBERS = 2_000
# Old workbooks and those with a password are OLE containers, whatever the name says.
_BOOK, _STRICT = "xl/workbook.xml", b"purl.oclc.org/ooxml"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def look_into(name: str, content: bytes) -> None:
    """Refuse an archive that is none, holds macros, or unpacks to more than a study can be."""
    if content.startswith(_OLE):
        raise refused(name, "locked_workbook")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            # The second of two formats that end in .xlsx, which no library here reads.
            strict = _BOOK in archive.namelist() and _STRICT in archive.read(_BOOK)
    except Exception:
        # A damaged directory fails in many ways, and all of them mean the same to its owner.
        raise refused(name, "not_a_workbook") from None
    if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > MAX_BYTES:
        raise refused(name, "too_large", megabytes=MAX_BYTES // 1024**2)
    if strict:
        raise refused(name, "strict_workbook")
    if any(member.filename.casefold().endswith("vbaproject.bin") for member in members):
        raise refused(name, "macros")


# Merged blocks that any hand could have made.
_MOST_MERGED = 5_000
# A reference to another file: [1]Sheet1!A1, or '[book.xlsx]Sheet 1'!A1; not a table's [Column].
# Or to another program, as cmd|'/C calc'!A0, or to the network.
_FOREIGN = re.compile(
    r"\[[^\]]*\][^\[\]!]*!|^[\w.]+\|[^!]*!|\b(?:WEBSERVICE|RTD|DDE|CALL|REGISTER\.ID)\(", re.IGNORECASE
)


@dataclass(frozen=True)
class Marks:
    """Rows and columns count from 1."""

    formulas: Mapping[int, tuple[int, ...]]
    foreign: frozenset[tuple[int, int]]
    merged: tuple[Merged, ...]
    hidden: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()


def read_marks(part: IO[bytes]) -> Marks:
    """Read the marks of one sheet, in memory that does not grow with its values."""
    formulas: dict[int, tuple[int, ...]] = {}
    foreign: set[tuple[int, int]] = set()
    foreign_shared: set[str] = set()
    merged: list[Merged] = []
    hidden: set[int] = set()
    columns: set[int] = set()
    rows = 0
    for tag, element, (row, column) in _elements(part):
        if tag == "c":
            formula = next((child for child in element if _local(child) == "f"), None)
            if formula is not None and column <= MAX_COLUMNS:
                formulas[row] = (*formulas.get(row, ()), column)
                shared = formula.get("si")
                # Of formulas that were filled down only the first is spelled out.
                if _FOREIGN.search(formula.text or "") or shared in foreign_shared:
                    foreign.add((row, column))
                    foreign_shared |= {shared} - {None}
        elif tag == "col":
            if _is_unseen(element, "width"):
                last = min(int(element.get("max", 0)), MAX_COLUMNS)
                columns |= set(range(int(element.get("min", 1)) - 1, last))
        elif tag == "mergeCell":
            merged.append(_block(element.get("ref")))
            if len(merged) > _MOST_MERGED:
                raise ValueError("too many merged blocks")
        elif any(len(cell) for cell in element):
            rows += 1
            if _is_unseen(element, "ht"):
                hidden.add(row)
            # No more of them is read, and the table, if this is it, will be refused.
            if rows > MOST_RECORDS:
                break
    return Marks(formulas, frozenset(foreign), tuple(sorted(merged)), frozenset(hidden), frozenset(columns))


def _is_unseen(element: Any, size: str) -> bool:
    """Return whether a row or a column is hidden, or has no height or width."""
    return element.get("hidden") in {"1", "true"} or element.get(size) in {"0", "0.0"}


def _block(reference: str) -> Merged:
    left, top, right, bottom = range_boundaries(reference)
    if left is None or top is None or right is None or bottom is None:
        raise ValueError("a block of merged cells has no end")
    return Merged(top, left, bottom, right)


def _elements(part: IO[bytes]) -> Iterator[tuple[str, Any, tuple[int, int]]]:
    """Return cells with their places, and merged blocks; rows and cells without a place follow the one before."""
    row = column = 0
    for event, element in iterparse(part, events=("start", "end")):
        tag = _local(element)
        if event == "start":
            if tag == "row":
                row, column = int(element.get("r") or row + 1), 0
        elif tag == "c":
            at = element.get("r")
            place = coordinate_to_tuple(at) if at else (row, column + 1)
            column = place[1]
            yield tag, element, place
        elif tag in {"row", "mergeCell", "col"}:
            yield tag, element, (row, 0)
            element.clear()


def _local(element: Any) -> str:
    """Return a tag without its namespace, of which workbooks have two."""
    return str(element.tag).rpartition("}")[2]


# As many rows as Excel has: a file that names a later one would be padded up to it without end.
_EXCEL_ROWS = 1_048_576
_MOST_SHEETS = 100
# A percent sign that is only written behind the number stands in quotation marks or behind a stroke.
_PERCENT = re.compile(r'^(?:[^"%\\]|"[^"]*"|\\.)*%')


def read_workbook(name: str, content: bytes) -> list[Sheet]:
    """Read every sheet of a workbook, within bounds of time and memory; nothing that it links to is opened."""
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
