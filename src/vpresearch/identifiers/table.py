"""What screening needs of a table as it stands in a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol

from vpresearch.dictionary import columns, fold
from vpresearch.identifiers.values import kinds_of_value


class RawTable(Protocol):
    """A table as it stands in a file: a dataclass with at least these fields."""

    @property
    def sheet(self) -> str | None:
        """Worksheet, if there is one."""

    @property
    def header(self) -> tuple[str, ...]:
        """Headers as they are written."""

    @property
    def rows(self) -> tuple[tuple[int, tuple[object, ...]], ...]:
        """Cells by row, each row with the number that the user's own program gives it."""


def own_name(header: str) -> str | None:
    """Give the column of the study that a header means.

    Parameters
    ----------
    header : str

    Returns
    -------
    str or None

    Examples
    --------
    >>> own_name("Edad (años)"), own_name("Hospital")
    ('age_years', None)
    """
    return _spellings().get(fold(header))


@cache
def _spellings() -> dict[str, str]:
    return {fold(spelling): column.name for column in columns().values() for spelling in column.spellings()}


def width(table: RawTable) -> int:
    """Give the number of columns, those without a header included."""
    return max([len(table.header), *(len(record) for _, record in table.rows)])


def cell(record: Sequence[object], position: int) -> object:
    """Give a cell; a short row has none."""
    return record[position] if position < len(record) else None


def header_at(table: RawTable, position: int) -> str:
    """Give a header; a column beyond the last one has none."""
    return table.header[position] if position < len(table.header) else ""


def shown(table: RawTable, position: int) -> str:
    """Name a column by its header, or by its place where that is empty or an identifier itself."""
    header = header_at(table, position)
    return f"number {position + 1}" if not header or kinds_of_value(header) else header


def counted(number: int, thing: str) -> str:
    """Write a count of things.

    Examples
    --------
    >>> counted(1, "cell"), counted(2, "cell")
    ('1 cell', '2 cells')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"
