"""A table as it stands in a file, before anything in it is understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vpresearch.core.errors import Problem

# A study has one row a vertebra; a file beyond these is not one, and the whole job is measured up to half of the rows.
MAX_ROWS = 100_000
MAX_COLUMNS = 200
# A workbook with everything this study could hold is a hundredth of this.
MAX_BYTES = 64 * 1024 * 1024
# No accepted word or header is longer; a cell of megabytes is not looked at letter by letter.
LONGEST_WORD = 200
# Of a sheet so many rows are read that a table of too many is seen to be one.
MOST_RECORDS = MAX_ROWS + 100


@dataclass(frozen=True)
class Unreadable:
    """Stands in a cell that holds something of which no value may be taken."""

    code: str


class Percent(float):
    """A number that Excel shows as a percentage: the cell holds 0.54 where its owner sees 54%."""


@dataclass(frozen=True, order=True)
class Merged:
    """A block of merged cells; rows and columns count from 1, the ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Sheet:
    """One sheet of a file, or its only one."""

    title: str | None
    records: Mapping[int, tuple[object, ...]]
    merged: tuple[Merged, ...] = ()
    hidden: frozenset[int] = frozenset()
    struck: frozenset[int] = frozenset()
    concealed: bool = False
    hidden_columns: frozenset[int] = frozenset()


@dataclass(frozen=True)
class RawTable:
    """A header and its cells, with the file's own row numbers."""

    sheet: str | None
    header_row: int
    header: tuple[str, ...]
    rows: Mapping[int, tuple[object, ...]]
    merged: tuple[Merged, ...] = ()
    notes: tuple[Problem, ...] = field(default=())
    problems: tuple[Problem, ...] = field(default=())


def is_blank(cell: object) -> bool:
    """Return whether a cell holds nothing that can be seen."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def cell_at(cells: Sequence[object], position: int) -> object:
    """Return a cell of a row; a short row has none."""
    return cells[position] if position < len(cells) else None


def letter(position: int) -> str:
    """Name a column as spreadsheets do."""
    letters, rest = "", position + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters
