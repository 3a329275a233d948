"""What screening needs of a table as it stands in a file."""

from __future__ import annotations

from vpresearch.identifiers.persons import may_be_a_name
from vpresearch.identifiers.values import kinds_of_value
from vpresearch.reading.headers import column_of
from vpresearch.reading.raw import RawTable


def width(table: RawTable) -> int:
    """Give the number of columns, those without a header included.

    Parameters
    ----------
    table : RawTable

    Returns
    -------
    int

    Examples
    --------
    >>> width(RawTable(None, 1, ("Edad",), {2: (70, "x")}))
    2
    """
    return max([len(table.header), *(len(record) for record in table.rows.values())])


def header_at(table: RawTable, position: int) -> str:
    """Give a header; a column beyond the last one has none.

    Parameters
    ----------
    table : RawTable
    position : int

    Returns
    -------
    str

    Examples
    --------
    >>> header_at(RawTable(None, 1, ("Edad",), {}), 1)
    ''
    """
    return table.header[position] if position < len(table.header) else ""


def shown(table: RawTable, position: int) -> str | None:
    """Name a column by its header, unless that is empty, an identifier itself or written as a name is.

    Parameters
    ----------
    table : RawTable
    position : int

    Returns
    -------
    str or None

    Examples
    --------
    >>> table = RawTable(None, 1, ("Edad", "Ana Ruiz"), {})
    >>> shown(table, 0), shown(table, 1)
    ('Edad', None)
    """
    header = header_at(table, position)
    named = bool(kinds_of_value(header)) or (column_of(header) is None and may_be_a_name(header, several=True))
    return None if not header or named else header
