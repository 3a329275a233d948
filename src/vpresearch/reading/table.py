"""Which sheet, and which row of it, holds the header of the table."""

from __future__ import annotations

from collections.abc import Sequence

from vpresearch.dictionary import columns
from vpresearch.errors import Problem
from vpresearch.reading.headers import known_headers
from vpresearch.reading.raw import LONGEST_WORD, MAX_COLUMNS, MAX_ROWS, RawTable, Sheet, Unreadable, is_blank
from vpresearch.telling import refused, tell

_SEARCHED_ROWS = 20
_LONGEST_HEADER = 80
# One known word may stand in any row of any text; two of them are a header.
_FEWEST_KNOWN = 2


def find_table(name: str, sheets: Sequence[Sheet]) -> RawTable:
    """Take the row, on any sheet, that holds the most known headers.

    Parameters
    ----------
    name : str
        Name of the file.
    sheets : sequence of Sheet

    Returns
    -------
    RawTable
        With a problem for every other sheet that could have been meant: half of a study must not be read for all.

    Raises
    ------
    InputError
        If there is no header, or the table is larger than a study can be.

    Examples
    --------
    >>> found = find_table("study.xlsx", [Sheet("Datos", {2: ("Nivel", "Fuga"), 3: ("T12", "No")})])
    >>> found.header_row, found.header, found.rows
    (2, ('Nivel', 'Fuga'), {3: ('T12', 'No')})
    """
    best = [_best_row(sheet) for sheet in sheets]
    known, row, chosen = max(
        ((known, row, sheet) for (known, row), sheet in zip(best, sheets, strict=True)),
        key=lambda found: found[0],
        default=(0, 0, Sheet(None, {})),
    )
    if known < _FEWEST_KNOWN:
        expected = ", ".join(column.labels["es"] for column in columns().values() if column.required)
        raise refused(name, "no_header", expected=expected)
    rows = {number: cells for number, cells in chosen.records.items() if number > row}
    _check_size(name, rows, chosen)
    header = tuple(_header(cell) for cell in chosen.records[row])
    problems = [_other(sheet, chosen) for sheet, own in zip(sheets, best, strict=True) if _could_be(sheet, own, chosen)]
    problems += _beyond(rows, header) if chosen.title is None else []
    notes = _hidden(rows, chosen)
    return RawTable(chosen.title, row, header, rows, chosen.merged, notes=notes, problems=tuple(problems))


def _best_row(sheet: Sheet) -> tuple[int, int]:
    """Give the most headers that any row holds, and the first such row."""
    found = ((known_headers(cells), row) for row, cells in sheet.records.items() if row <= _SEARCHED_ROWS)
    return max(found, key=lambda known: known[0], default=(0, 0))


def _check_size(name: str, rows: dict[int, tuple[object, ...]], sheet: Sheet) -> None:
    if len(rows) > MAX_ROWS:
        raise refused(name, "too_many_rows", sheet=sheet.title, limit=MAX_ROWS)
    if any(len(cells) > MAX_COLUMNS for cells in sheet.records.values()):
        raise refused(name, "too_many_columns", sheet=sheet.title, limit=MAX_COLUMNS)


def _header(cell: object) -> str:
    """Write a header in one line, without what a terminal would obey."""
    text = "" if cell is None or isinstance(cell, Unreadable) else str(cell)[:LONGEST_WORD]
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:_LONGEST_HEADER]


def _could_be(sheet: Sheet, found: tuple[int, int], chosen: Sheet) -> bool:
    """Tell whether somebody could have meant this sheet: it has rows, and most of the columns that must be there."""
    known, row = found
    required = sum(column.required for column in columns().values())
    if sheet is chosen or sheet.title is None or 4 * known < 3 * required:
        return False
    return any(number > row for number in sheet.records)


def _hidden(rows: dict[int, tuple[object, ...]], sheet: Sheet) -> tuple[Problem, ...]:
    """Note that rows are read which the author may not see."""
    hidden = len(sheet.hidden.intersection(rows))
    return (tell("hidden_rows", sheet=sheet.title, n=hidden),) if hidden else ()


def _beyond(rows: dict[int, tuple[object, ...]], header: tuple[str, ...]) -> list[Problem]:
    """Tell the rows of a text that have more cells than the header: a comma may have cut a number in two."""
    longer = [row for row, cells in rows.items() if not all(map(is_blank, cells[len(header) :]))]
    swallowed = [row for row, cells in rows.items() if any(_holds_a_row(cell, len(header)) for cell in cells)]
    return [tell("cells_beyond", row=row) for row in longer] + [tell("swallowed_row", row=row) for row in swallowed]


def _holds_a_row(cell: object, width: int) -> bool:
    """Tell whether quotation marks that nobody closed have made one cell of a line and the next."""
    text = str(cell)
    return ("\n" in text or "\r" in text) and 2 * max(map(text.count, ";,\t")) >= width


def _other(sheet: Sheet, chosen: Sheet) -> Problem:
    return tell("other_table", sheet=sheet.title, chosen=chosen.title)
