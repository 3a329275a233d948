"""Which sheet, and which row of it, holds the header of the table."""

from __future__ import annotations

from collections.abc import Sequence

from vpresearch.dictionary import columns
from vpresearch.errors import Problem
from vpresearch.reading.headers import column_of, is_of_vertebra, known_headers, numbered
from vpresearch.reading.raw import LONGEST_WORD, MAX_COLUMNS, MAX_ROWS, RawTable, Sheet, Unreadable, is_blank
from vpresearch.telling import refused, tell

_SEARCHED_ROWS = 20
_LONGEST_HEADER = 80
# One known word may stand in any row of any text; two of them are a header.
_FEWEST_KNOWN = 2
_MOST_NAMED = 10


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
    upper, lower, header = _headers(chosen, row)
    rows = {number: cells for number, cells in chosen.records.items() if number > lower}
    _check_size(name, rows, chosen)
    problems = [_other(sheet, chosen) for sheet, own in zip(sheets, best, strict=True) if _could_be(sheet, own, chosen)]
    problems += [_two_rows(chosen, upper, lower, header)] if upper < lower else []
    problems += _unlike_the_header(rows, header, chosen) if chosen.title is None else []
    return RawTable(
        chosen.title, lower, header, rows, chosen.merged, notes=_odd(rows, chosen), problems=tuple(problems)
    )


def _best_row(sheet: Sheet) -> tuple[int, int]:
    """Give the most headers that any row holds, and the first such row."""
    found = ((known_headers(cells), row) for row, cells in sheet.records.items() if row <= _SEARCHED_ROWS)
    return max(found, key=lambda known: known[0], default=(0, 0))


def _headers(sheet: Sheet, row: int) -> tuple[int, int, tuple[str, ...]]:
    """Give the rows of the header and its columns; two rows, one under the other, where only both name them."""
    alone = tuple(_header(cell) for cell in sheet.records[row])
    numbers = list(sheet.records)
    at = numbers.index(row)
    pairs = [pair for pair in (numbers[at : at + 2], numbers[max(at - 1, 0) : at + 1]) if len(pair) > 1]
    for upper, lower in pairs:
        if all(isinstance(cell, str) and not _is_number(cell) for n in (upper, lower) for cell in _written(sheet, n)):
            joined = _joined(sheet, upper, lower)
            if len(_meant(joined)) > len(_meant(alone)):
                return upper, lower, joined
    return row, row, alone


def _written(sheet: Sheet, row: int) -> list[object]:
    return [cell for cell in sheet.records[row] if not is_blank(cell)]


def _is_number(text: str) -> bool:
    return text.strip().replace(",", ".").replace(".", "", 1).isdecimal()


def _meant(header: Sequence[str]) -> set[object]:
    """Give the columns that a header names, those of further vertebrae included."""
    return {meant for written in header if (meant := column_of(written) or numbered(written))}


def _joined(sheet: Sheet, upper: int, lower: int) -> tuple[str, ...]:
    """Join two rows of headers; what stands over several columns belongs to each of them."""
    above, below = sheet.records[upper], sheet.records[lower]
    tops = {block.left - 1: block.right for block in sheet.merged if block.top == upper}
    header, over, until = [], "", 0
    for position in range(max(len(above), len(below))):
        top, bottom = (_header(cells[position]) if position < len(cells) else "" for cells in (above, below))
        if top:
            # Without merged cells what stands over a column reaches to the next one that has its own.
            over, until = top, tops.get(position, MAX_COLUMNS if bottom else 0)
        own = over if bottom and position < until else top
        choices = [f"{own} {bottom}".strip(), bottom, top]
        header.append(next((choice for choice in choices if _meant([choice])), choices[0]))
    return tuple(header)


def _two_rows(sheet: Sheet, upper: int, lower: int, header: Sequence[str]) -> Problem:
    above = {_header(cell) for row in (upper, lower) for cell in sheet.records[row]}
    named = [written for written in header if _meant([written])]
    example = next((written for written in named if written not in above), named[0])
    return tell("two_header_rows", sheet=sheet.title, row=upper, first=upper, second=lower, example=example)


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


def _odd(rows: dict[int, tuple[object, ...]], sheet: Sheet) -> tuple[Problem, ...]:
    """Note what the author may not see, or may have meant to take out, and what is read all the same."""
    hidden, struck = len(sheet.hidden.intersection(rows)), sorted(sheet.struck.intersection(rows))
    notes = [] if sheet.shown else [tell("hidden_sheet", sheet=sheet.title)]
    notes += [tell("hidden_rows", sheet=sheet.title, n=hidden)] if hidden else []
    if struck:
        named = ", ".join(map(str, struck[:_MOST_NAMED])) + (" …" if len(struck) > _MOST_NAMED else "")
        notes.append(tell("struck_rows", sheet=sheet.title, n=len(struck), rows=named))
    return tuple(notes)


def _unlike_the_header(rows: dict[int, tuple[object, ...]], header: tuple[str, ...], sheet: Sheet) -> list[Problem]:
    """Tell the rows of a text that have more or fewer cells than the header: a value may be cut in two, or lost."""
    problems = []
    for row, cells in rows.items():
        if any(_holds_a_row(cell, len(header)) for cell in cells):
            problems.append(tell("swallowed_row", row=row, line=sheet.lines.get(row, row)))
        elif not all(map(is_blank, cells[len(header) :])):
            problems.append(tell("cells_beyond", row=row, line=sheet.lines.get(row, row)))
        elif any(_may_not_end(written) for written in header[len(cells) :]):
            line = sheet.lines.get(row, row)
            problems.append(tell("short_row", row=row, line=line, n=len(cells), expected=len(header)))
    return problems


def _may_not_end(header: str) -> bool:
    """Tell whether a column is read whose cells must not be left off: empty cells at the end of a line often are."""
    name = column_of(header)
    return name is not None and not (is_of_vertebra(name) and columns()[name].may_be_empty)


def _holds_a_row(cell: object, width: int) -> bool:
    """Tell whether quotation marks that nobody closed have made one cell of a line and the next."""
    text = str(cell)
    return ("\n" in text or "\r" in text) and 2 * max(map(text.count, ";,\t")) >= width


def _other(sheet: Sheet, chosen: Sheet) -> Problem:
    return tell("other_table", sheet=sheet.title, chosen=chosen.title)
