"""Drop the direct identifiers of a raw table, and say which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vpresearch.dictionary import label
from vpresearch.errors import Problem
from vpresearch.identifiers.find import Found, all_found, find
from vpresearch.identifiers.headers import Kind
from vpresearch.identifiers.persons import may_be_a_name
from vpresearch.identifiers.quoted import may_name_somebody
from vpresearch.identifiers.table import header_at, shown, width
from vpresearch.identifiers.values import as_text, kinds_of_value
from vpresearch.reading.headers import column_of
from vpresearch.reading.raw import RawTable, cell_at, letter
from vpresearch.telling import tell

_REMOVED = "text removed"
# What tells patients apart, the surest first; a name may be spread over columns.
_TELL_PATIENTS: tuple[Kind, ...] = ("record", "identity", "health_card", "name")


def screen(
    table: RawTable, *, drop_identifiers: bool = False
) -> tuple[RawTable, tuple[Problem, ...], tuple[Problem, ...]]:
    """Tell the direct identifiers of a table, or drop them.

    Parameters
    ----------
    table : RawTable
    drop_identifiers : bool, default False

    Returns
    -------
    table : RawTable
        The same, or one without them; in neither does the name of a column or of the sheet identify anybody.
    notes : tuple of Problem
        What was dropped, by column, or what is in doubt: to know, not to mend.
    problems : tuple of Problem
        What was found and not dropped.

    Examples
    --------
    >>> table = RawTable(None, 1, ("Nivel", "Tfno."), {2: ("T12", 612345678)})
    >>> [problem.cell for problem in screen(table)[2]], screen(table, drop_identifiers=True)[0].rows
    (['B1'], {2: ('T12', None)})
    """
    if drop_identifiers:
        clean, dropped = drop(table)
        return _nameless(clean), dropped, ()
    clean = _nameless(table)
    problems = [replace(problem, sheet=clean.sheet) for problem in find(table)]
    doubtful = tuple(problem for problem in problems if problem.code == "doubtful")
    return clean, doubtful, tuple(problem for problem in problems if problem.code != "doubtful")


def drop(table: RawTable) -> tuple[RawTable, tuple[Problem, ...]]:
    """Drop every direct identifier of a table.

    Columns that the study does not know are emptied, patient ids become running numbers, and cells of the study's own
    columns lose their text. Where such a column is all that tells patients apart, running numbers stand in it. Every
    other cell keeps its place.

    Parameters
    ----------
    table : RawTable

    Returns
    -------
    table : RawTable
    dropped : tuple of Problem
        What was dropped, by column.

    Examples
    --------
    >>> clean, dropped = drop(RawTable(None, 1, ("Nivel", "Nombre"), {2: ("T12", "Ana Ruiz")}))
    >>> clean.header, clean.rows, [problem.column for problem in dropped]
    (('Nivel', 'Paciente'), {2: ('T12', '1')}, ['Nombre'])
    """
    found = all_found(table)
    own = [column_of(header_at(table, position)) for position in range(width(table))]
    gone = {each.position for each in found if own[each.position] is None}
    instead = [] if "patient_id" in own else _telling_patients(found, gone)
    named = max([len(table.header), *(place + 1 for place in instead)])
    header = ["" if place in gone else header_at(table, place) for place in range(named)]
    new: dict[tuple[int, int], object] = {(row, place): None for row in table.rows for place in gone}
    told = []
    for place in sorted({each.position for each in found}):
        if own[place] == "patient_id" or instead[:1] == [place]:
            numbers = _numbers(table, instead or [place])
            new |= {(row, place): numbers.get(row) for row in table.rows}
            header[place] = header_at(table, place) if own[place] else label("patient_id", "es")
            told.append(_told(table, place, "dropped_numbered"))
        elif place in gone:
            told.append(_told(table, place, "dropped_column"))
        else:
            rows = {row for each in found if each.position == place for row in each.rows}
            new |= {(row, place): _REMOVED for row in rows}
            told.append(_told(table, place, "dropped_text", n=len(rows)))
    records = {
        row: tuple(new.get((row, place), value) for place, value in enumerate(record))
        for row, record in table.rows.items()
    }
    return replace(table, header=tuple(header), rows=records), tuple(told)


def _told(table: RawTable, place: int, wording: str, **values: object) -> Problem:
    at = f"{letter(place)}{table.header_row}"
    return tell("identifier_dropped", wording=wording, column=shown(table, place), cell=at, **values)  # type: ignore[arg-type]


def _nameless(table: RawTable) -> RawTable:
    """Leave out names of columns and sheets that identify somebody: they would be quoted in messages."""
    header = tuple(_quotable(name, place) for place, name in enumerate(table.header))
    sheet = None if table.sheet and may_name_somebody(table.sheet) else table.sheet
    problems = tuple(map(_unnamed, table.problems))
    notes = tuple(replace(note, sheet=sheet) for note in table.notes)
    return replace(table, header=header, sheet=sheet, problems=problems, notes=notes)


def _quotable(header: str, place: int) -> str:
    """Give a header that may be told: none for an identifier, the column's letter for what is written as a name is."""
    if kinds_of_value(header):
        return ""
    return f"[col. {letter(place)}]" if column_of(header) is None and may_be_a_name(header, several=True) else header


def _unnamed(problem: Problem) -> Problem:
    """Take names of sheets that may be those of persons out of a problem, and tell it in words that need none."""
    names = [each for each in (problem.sheet, *problem.values.values()) if isinstance(each, str)]
    if problem.code not in {"other_table", "split_table"} or not any(map(may_name_somebody, names)):
        return problem
    wording = "split_table_unnamed" if problem.code == "split_table" else "other_table_unnamed"
    return tell(problem.code, wording=wording, **problem.values)  # type: ignore[arg-type]


def _telling_patients(found: Sequence[Found], gone: set[int]) -> list[int]:
    for kind in _TELL_PATIENTS:
        if positions := sorted({each.position for each in found if each.kind == kind} & gone):
            return positions if kind == "name" else positions[:1]
    return []


def _numbers(table: RawTable, positions: Sequence[int]) -> dict[int, str]:
    """Give every patient a number in the order of the file, by row; a row without a value has none."""
    numbers: dict[tuple[str, ...], int] = {}
    by_row = {}
    for row, record in table.rows.items():
        value = tuple(as_text(cell_at(record, position)).casefold() for position in positions)
        if any(value):
            by_row[row] = str(numbers.setdefault(value, len(numbers) + 1))
    return by_row
