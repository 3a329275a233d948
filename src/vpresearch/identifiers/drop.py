"""Drop the direct identifiers of a raw table, and say which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from vpresearch.dictionary import label
from vpresearch.errors import Problem
from vpresearch.identifiers.find import Found, all_found, find
from vpresearch.identifiers.headers import Kind
from vpresearch.identifiers.table import RawTable, cell, counted, header_at, own_name, shown, width
from vpresearch.identifiers.values import as_text

_Table = TypeVar("_Table", bound=RawTable)
_REMOVED, _NUMBERED = "text removed", " (now running numbers)"
# What tells patients apart, the surest first; a name may be spread over columns.
_TELL_PATIENTS: tuple[Kind, ...] = ("record", "identity", "health_card", "name")


def screen(table: _Table, *, drop_identifiers: bool = False) -> tuple[_Table, tuple[str, ...], list[Problem]]:
    """Tell the direct identifiers of a table, or drop them.

    Parameters
    ----------
    table : RawTable
    drop_identifiers : bool, default False

    Returns
    -------
    table : RawTable
        The same, or one without them.
    dropped : tuple of str
        What was dropped, by column.
    problems : list of Problem
        What was found and not dropped.
    """
    if drop_identifiers:
        return *drop(table), []
    return table, (), find(table)


def drop(table: _Table) -> tuple[_Table, tuple[str, ...]]:
    """Drop every direct identifier of a table.

    Columns that the study does not know are left out whole, patient ids become running numbers, and cells of the
    study's own columns lose their text. Where a dropped column is all that tells patients apart, running numbers
    take its place.

    Parameters
    ----------
    table : RawTable
        A dataclass.

    Returns
    -------
    table : RawTable
    dropped : tuple of str
        What was dropped, by column.
    """
    found = all_found(table)
    own = [own_name(header_at(table, position)) for position in range(width(table))]
    gone = {each.position for each in found if own[each.position] is None}
    instead = [] if "patient_id" in own else _telling_patients(found, gone)
    new: dict[tuple[int, int], object] = {}
    told = [shown(table, position) + (_NUMBERED if position in instead else "") for position in sorted(gone)]
    for position in sorted({each.position for each in found} - gone):
        if own[position] == "patient_id":
            new |= {(row, position): number for row, number in _numbers(table, [position]).items()}
            told.append(shown(table, position) + _NUMBERED)
        else:
            blanked = sorted({row for each in found if each.position == position for row in each.rows})
            new |= {(row, position): _REMOVED for row in blanked}
            told.append(f"{shown(table, position)} (text of {counted(len(blanked), 'cell')})")
    kept = [position for position in range(width(table)) if position not in gone]
    header = tuple(header_at(table, position) for position in kept)
    rows = tuple(
        (row, tuple(new.get((row, position), cell(record, position)) for position in kept))
        for row, record in table.rows
    )
    if instead:
        numbers = _numbers(table, instead)
        header = (label("patient_id", "es"), *header)
        rows = tuple((row, (numbers.get(row), *record)) for row, record in rows)
    # The readers' tables are dataclasses, which a protocol cannot say.
    clean: Any = table
    return replace(clean, header=header, rows=rows), tuple(told)


def _telling_patients(found: Sequence[Found], gone: set[int]) -> list[int]:
    for kind in _TELL_PATIENTS:
        if positions := sorted({each.position for each in found if each.kind == kind} & gone):
            return positions if kind == "name" else positions[:1]
    return []


def _numbers(table: RawTable, positions: Sequence[int]) -> dict[int, str]:
    """Give every patient a number in the order of the file, by row; a row without a value has none."""
    numbers: dict[tuple[str, ...], int] = {}
    by_row = {}
    for row, record in table.rows:
        value = tuple(as_text(cell(record, position)).casefold() for position in positions)
        if any(value):
            by_row[row] = str(numbers.setdefault(value, len(numbers) + 1))
    return by_row
