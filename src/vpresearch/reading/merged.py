"""Merged cells: a patient's value over the rows of that patient is each row's value; all other blocks are told."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from vpresearch.dictionary import columns
from vpresearch.errors import Problem
from vpresearch.reading.raw import Merged, RawTable, Unreadable, is_blank, letter
from vpresearch.telling import tell

_MERGED = Unreadable("merged_cells")
_Rows = dict[int, list[object]]


def unmerge(raw: RawTable, positions: Mapping[str, int]) -> tuple[RawTable, list[Problem]]:
    """Undo the merging of cells in the columns that are read.

    Parameters
    ----------
    raw : RawTable
    positions : dict of str to int
        Position of each column, by canonical name.

    Returns
    -------
    RawTable
        With the value of a patient's block on each of its rows, and unreadable cells in all other blocks.
    list of Problem
        A note on each column where blocks were undone.

    Examples
    --------
    >>> raw = RawTable(None, 1, ("Paciente", "Edad"), {2: ("P1", 74), 3: (None, 74)}, (Merged(2, 1, 3, 1),))
    >>> undone, notes = unmerge(raw, {"patient_id": 0, "age_years": 1})
    >>> undone.rows[3], [note.code for note in notes]
    (('P1', 74), ['merged_filled'])
    """
    if not raw.merged:
        return raw, []
    numbers = sorted(raw.rows)
    rows: _Rows = {number: list(cells) + [None] * (len(raw.header) - len(cells)) for number, cells in raw.rows.items()}
    names = {position: name for name, position in positions.items()}
    covered: set[tuple[int, int]] = set()
    filled: dict[int, list[Merged]] = {}
    # The ids first: they say which rows are one patient.
    order = sorted(raw.merged, key=lambda block: (names.get(block.left - 1) != "patient_id", block))
    for block in order:
        within = numbers[bisect_left(numbers, block.top) : bisect_right(numbers, block.bottom)]
        at = [position for position in range(block.left - 1, min(block.right, len(raw.header))) if position in names]
        # Blocks never overlap in a workbook that Excel made.
        if not within or not at or (block.top, block.left) in covered:
            continue
        covered |= {(number, position + 1) for number in within for position in at}
        if _is_one_patient(block, names, rows, within, positions):
            for number in within:
                rows[number][at[0]] = rows[within[0]][at[0]]
            filled.setdefault(at[0], []).append(block)
        elif block.top > raw.header_row:
            for number in within:
                for position in at:
                    rows[number][position] = _MERGED
    undone = replace(raw, rows={number: tuple(cells) for number, cells in rows.items()})
    # Columns whose blocks are on the same rows are told as one.
    alike: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for position, blocks in filled.items():
        alike.setdefault(tuple((block.top, block.bottom) for block in blocks), []).append(position)
    return undone, [_note(raw, own, filled[own[0]]) for own in alike.values()]


def _is_one_patient(
    block: Merged, names: Mapping[int, str], rows: _Rows, within: Sequence[int], positions: Mapping[str, int]
) -> bool:
    """Tell whether a block is one column's value over rows of one patient, its value on the first of them."""
    name = names.get(block.left - 1, "")
    if block.left != block.right or block.top != within[0] or columns()[name].unit_of_observation != "patient":
        return False
    if name == "patient_id":
        return True
    at = positions.get("patient_id")
    ids = [None if at is None else rows[number][at] for number in within]
    return not any(is_blank(i) for i in ids) and len({str(i).strip() for i in ids}) == 1


def _note(raw: RawTable, positions: Sequence[int], blocks: Sequence[Merged]) -> Problem:
    at, headers = letter(positions[0]), tuple(raw.header[position] for position in positions)
    first, n = f"{at}{blocks[0].top}:{at}{blocks[0].bottom}", len(positions) * len(blocks)
    told = tell("merged_filled", sheet=raw.sheet, column=headers[0], n=n, first=first)
    return replace(told, columns=headers)
