"""What the part of a sheet says beside its values: which cells are formulas, and which are merged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries
from openpyxl.xml.functions import iterparse

from vpresearch.reading.raw import MAX_COLUMNS, MOST_RECORDS, Merged

# Merged blocks that any hand could have made.
_MOST_MERGED = 5_000
# A reference to another file: [1]Sheet1!A1, or '[book.xlsx]Sheet 1'!A1; not a table's [Column].
# Or to another program, as cmd|'/C calc'!A0, or to the network.
_FOREIGN = re.compile(
    r"\[[^\]]*\][^\[\]!]*!|^[\w.]+\|[^!]*!|\b(?:WEBSERVICE|RTD|DDE|CALL|REGISTER\.ID)\(", re.IGNORECASE
)


@dataclass(frozen=True)
class Marks:
    """Rows and columns count from 1.

    Attributes
    ----------
    formulas : dict of int to tuple of int
        Columns of the formulas, by row.
    foreign : frozenset of tuple of int
        Row and column of the formulas that take from another file.
    merged : tuple of Merged
    hidden : frozenset of int
        Rows that are not shown.
    hidden_columns : frozenset of int
        Positions of the columns that are not shown.
    """

    formulas: Mapping[int, tuple[int, ...]]
    foreign: frozenset[tuple[int, int]]
    merged: tuple[Merged, ...]
    hidden: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()


def read_marks(part: IO[bytes]) -> Marks:
    """Read the marks of one sheet, in memory that does not grow with its values.

    Parameters
    ----------
    part : file of bytes
        The XML of a worksheet.

    Returns
    -------
    Marks

    Raises
    ------
    ValueError
        If there are more merged blocks than a hand could have made.

    Examples
    --------
    >>> from io import BytesIO
    >>> read_marks(BytesIO(b'<w><row r="2"><c r="C2"><f>1+1</f></c></row><mergeCell ref="A2:A3"/></w>')).merged
    (Merged(top=2, left=1, bottom=3, right=1),)
    """
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
    """Tell whether a row or a column is hidden, or has no height or width."""
    return element.get("hidden") in {"1", "true"} or element.get(size) in {"0", "0.0"}


def _block(reference: str) -> Merged:
    left, top, right, bottom = range_boundaries(reference)
    if left is None or top is None or right is None or bottom is None:
        raise ValueError("a block of merged cells has no end")
    return Merged(top, left, bottom, right)


def _elements(part: IO[bytes]) -> Iterator[tuple[str, Any, tuple[int, int]]]:
    """Give cells with their places, and merged blocks; rows and cells without a place follow the one before."""
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
    """Give a tag without its namespace, of which workbooks have two."""
    return str(element.tag).rpartition("}")[2]
