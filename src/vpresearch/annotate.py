"""A copy of a workbook with its faulty cells coloured and commented, and a list of all that is wrong."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill

from vpresearch.errors import Problem
from vpresearch.labels import text
from vpresearch.reading import RawTable, find_table, read_bytes, read_sheets
from vpresearch.reading.raw import Percent, Unreadable
from vpresearch.telling import line, refused, told

_FAULT = PatternFill("solid", fgColor="FF9999")
# Each merged cell becomes an object in memory; a sheet that hands made has far fewer.
_MOST_MERGED_CELLS = 200_000
_MOST_COMMENTS = 2_000
_AUTHOR = "vpresearch"


def annotate(path: Path, problems: Sequence[Problem], language: str) -> bytes:
    """Copy a table and mark its faulty cells.

    Parameters
    ----------
    path : pathlib.Path
        The table, which could be read as one.
    problems : sequence of Problem
    language : {"es", "en"}
        Of the comments.

    Returns
    -------
    bytes
        An ``.xlsx`` with the rows of the table: as private as the table itself.

    Raises
    ------
    InputError
        If the workbook is too odd to be copied.
    """
    book = _copy(path, language)
    _clear(book, language)
    comments: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        if problem.cell:
            comments.setdefault((problem.sheet or book.active.title, problem.cell), []).append(problem)
    for (sheet, cell), own in list(comments.items())[:_MOST_COMMENTS]:
        _mark(book[sheet], cell, own, language)
    _list(book, problems, language)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


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


def _copy(path: Path, language: str) -> Any:
    content = read_bytes(path)
    sheets = read_sheets(path, content)
    if path.suffix.lower() == ".csv":
        return _book(find_table(path.name, sheets), language)
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


def table_bytes(raw: RawTable, language: str) -> bytes:
    """Write a table as a workbook."""
    buffer = io.BytesIO()
    _book(raw, language).save(buffer)
    return buffer.getvalue()


def _book(raw: RawTable, language: str) -> Any:
    book = Workbook()
    sheet = book.active
    sheet.title = raw.sheet or text("template.data", language)
    for number, cells in {raw.header_row: raw.header, **raw.rows}.items():
        for position, value in enumerate(cells, start=1):
            cell = sheet.cell(number, position)
            if isinstance(value, Unreadable):
                # It is told as an error again.
                cell.value = "#N/A"
            elif isinstance(value, str):
                # As text whatever it looks like: it must not become a formula.
                cell.value, cell.data_type = _clean(value), "s"
            else:
                cell.value = value
                cell.number_format = "0.##%" if isinstance(value, Percent) else cell.number_format
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
