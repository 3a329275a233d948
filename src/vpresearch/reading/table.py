"""The table in a sheet: where it begins and ends, which rows are vertebrae, merged cells and repeated ids."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

import pandas as pd

from vpresearch.core.dictionary import columns, fold
from vpresearch.core.errors import LANGUAGES, Problem, first_of, refused, runs, tell
from vpresearch.reading.cells import convert
from vpresearch.reading.headers import column_of, known_headers
from vpresearch.reading.raw import (
    LONGEST_WORD,
    MAX_COLUMNS,
    MAX_ROWS,
    Merged,
    RawTable,
    Sheet,
    Unreadable,
    cell_at,
    is_blank,
    letter,
)

_BLANK = re.compile(r"(?<!\d) | (?!\d)")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def look_at_ids(table: pd.DataFrame, headers: Mapping[str, str]) -> list[Problem]:
    """Find the ids that are another one but for case, accents, blanks, signs or leading zeros."""
    if "patient_id" not in table:
        return []
    first: dict[str, tuple[str, int]] = {}
    found: dict[str, Problem] = {}
    for row, written in table["patient_id"].dropna().drop_duplicates().items():
        known, where = first.setdefault(_key(written), (written, int(str(row))))
        if known != written:
            column = headers.get("patient_id")
            found.setdefault(written, tell("ids_alike", row=int(str(row)), column=column, first_row=where))
    return list(found.values())


def _key(written: str) -> str:
    return _ZEROS.sub("", _BLANK.sub("", fold(written)))


_MERGED = Unreadable("merged_cells")
_Rows = dict[int, list[object]]


def unmerge(raw: RawTable, positions: Mapping[str, int]) -> tuple[RawTable, list[Problem]]:
    """Undo the merging of cells in the columns that are read."""
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
    """Return whether a block is one column's value over rows of one patient, its value on the first of them."""
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


_SEARCHED_ROWS = 20
_LONGEST_HEADER = 80
# One known word may stand in any row of any text; two of them are a header.
_FEWEST_KNOWN = 2
# A table of fewer columns may hold rows of one cell.
_LEAST_WIDTH = 4
_MOST_VARIABLES = 60
_TURNED = 4
_SIGNS_BETWEEN = ";,\t|"
# Words that begin the label of a row of totals, and those that are the whole of it.
_SUMMARY = frozenset(
    {
        *("total", "totales", "subtotal", "suma", "sum", "media", "medias", "mean", "promedio", "average", "mediana"),
        *("median", "desviacion", "desv", "minimo", "minimum", "maximo", "maximum", "rango", "range", "varianza"),
        *("variance", "recuento", "count", "porcentaje", "percent"),
    }
)
_SUMMARY_WHOLE = frozenset({"n", "de", "sd", "ds", "std", "min", "max", "riq", "iqr", "cv"})
# Of a column, as under the headers of a form: 5, (5), V5, col. 5.
_NUMBER = re.compile(r"\W*(?:[^\W\d_]{1,3}\W*)?(\d+)\W*")
_UNITS = frozenset(
    {
        *("cc", "ml", "cm3", "mm3", "mm", "anos", "years", "puntos", "points", "percent", "porcentaje", "unidad"),
        *("unidades", "unit", "units", "codigo", "texto", "c c", "0 10", "0 100", "0 a 10", "0 a 100", "de 0 a 10"),
        *("si no", "yes no", "m f", "f m", "h m", "mujer varon"),
    }
)


def find_table(name: str, sheets: Sequence[Sheet]) -> RawTable:
    """Take the row, on any sheet, that holds the most known headers."""
    best = [_best_row(sheet) for sheet in sheets]
    known, row, chosen = max(
        ((known, row, sheet) for (known, row), sheet in zip(best, sheets, strict=True)),
        key=lambda found: found[0],
        default=(0, 0, Sheet(None, {})),
    )
    if known < _FEWEST_KNOWN and any(map(_is_turned, sheets)):
        raise refused(name, "no_header", wording="transposed")
    if known < _FEWEST_KNOWN and any(map(_is_unsplit, sheets)):
        raise refused(name, "no_header", wording="one_column")
    if known < _FEWEST_KNOWN:
        expected = {
            language: ", ".join(column.labels[language] for column in columns().values() if column.required)
            for language in LANGUAGES
        }
        raise refused(name, "no_header", expected=expected)
    above = chosen.records.get(row - 1)
    if above and known_headers(_joined(list(map(_header, above)), chosen.records[row])) >= known + _FEWEST_KNOWN:
        # The header begins in the row above, and this is its second row.
        row -= 1
    rows = {number: cells for number, cells in chosen.records.items() if number > row}
    _check_size(name, rows, chosen)
    header = tuple(_header(cell) for cell in chosen.records[row])
    problems = [_other(sheet, chosen) for sheet, own in zip(sheets, best, strict=True) if _could_be(sheet, own, chosen)]
    problems += _elsewhere(header, chosen, sheets, best)
    problems += _beyond(rows, header) if chosen.title is None else []
    notes = _unseen(rows, header, chosen)
    return RawTable(chosen.title, row, header, rows, chosen.merged, notes=notes, problems=tuple(problems))


def _best_row(sheet: Sheet) -> tuple[int, int]:
    """Return the most headers that any row holds, and the first such row."""
    found = ((known_headers(cells), row) for row, cells in sheet.records.items() if row <= _SEARCHED_ROWS)
    return max(found, key=lambda known: known[0], default=(0, 0))


def _is_turned(sheet: Sheet) -> bool:
    """Return whether the headers of a sheet stand below one another."""
    first = list(islice(sheet.records.values(), _MOST_VARIABLES))
    return any(known_headers(cell_at(cells, place) for cells in first) > _TURNED for place in range(_LEAST_WIDTH))


def _is_unsplit(sheet: Sheet) -> bool:
    """Return whether the headers of a sheet stand in one cell, with signs between them."""
    first = [str(cells[0]) for cells in islice(sheet.records.values(), _SEARCHED_ROWS) if cells]
    return any(known_headers(text.split(sign)) > _FEWEST_KNOWN for text in first for sign in _SIGNS_BETWEEN)


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
    """Return whether somebody could have meant this sheet: it has rows, and most of the columns that must be there."""
    row = found[1]
    required = {column.name for column in columns().values() if column.required}
    there = required.intersection(map(column_of, map(_header, sheet.records.get(row, ()))))
    if sheet is chosen or sheet.title is None or 4 * len(there) < 3 * len(required):
        return False
    return any(number > row for number in sheet.records)


def _elsewhere(
    header: Sequence[str], chosen: Sheet, sheets: Sequence[Sheet], best: Sequence[tuple[int, int]]
) -> list[Problem]:
    """Report the columns that must be there and stand on another sheet, as of vertebrae beside a sheet of patients."""
    missing = set(columns()) - set(map(column_of, header))
    found = []
    for sheet, (_, row) in zip(sheets, best, strict=True):
        written = {column_of(text): text for cell in sheet.records.get(row, ()) if (text := _header(cell))}
        # What the sheets share says which rows belong together.
        there = {name: written[name] for name in columns() if name in missing & written.keys()}
        if sheet is not chosen and "patient_id" in written and there:
            words = {"other": sheet.title, "named": ", ".join(there.values()), "columns": tuple(there)}
            found.append(tell("split_table", sheet=chosen.title, **words))  # type: ignore[arg-type]
    return found


def _unseen(rows: dict[int, tuple[object, ...]], header: tuple[str, ...], sheet: Sheet) -> tuple[Problem, ...]:
    """Note what is read that the author may not see, or may have crossed out."""
    unseen = ", ".join(header[at] for at in sorted(sheet.hidden_columns) if at < len(header) and header[at])
    hidden, struck = len(sheet.hidden.intersection(rows)), sorted(sheet.struck.intersection(rows))
    notes = [tell("hidden_sheet", sheet=sheet.title)] if sheet.concealed else []
    notes += [tell("hidden_rows", sheet=sheet.title, n=hidden)] if hidden else []
    notes += [tell("hidden_columns", sheet=sheet.title, named=unseen)] if unseen else []
    notes += [tell("struck_rows", sheet=sheet.title, rows=first_of(runs(struck)))] if struck else []
    return tuple(notes)


def _beyond(rows: dict[int, tuple[object, ...]], header: tuple[str, ...]) -> list[Problem]:
    """Report the rows of a text that have more cells than the header, or fewer: a number or the row was cut in two."""
    longer = [row for row, cells in rows.items() if not all(map(is_blank, cells[len(header) :]))]
    swallowed = [row for row, cells in rows.items() if any(_holds_a_row(cell, len(header)) for cell in cells)]
    # Programs leave out the last cells of a row where they are empty; one that every whole row fills was cut off.
    whole = [cells for cells in rows.values() if len(cells) >= len(header)]
    always = max(
        (place for place in range(len(header)) if whole and not any(is_blank(c[place]) for c in whole)), default=-1
    )
    shorter = [row for row, cells in rows.items() if len(cells) <= always]
    return [
        *(tell("cells_beyond", row=row) for row in longer),
        *(tell("cells_missing", row=row) for row in shorter),
        *(tell("swallowed_row", row=row) for row in swallowed),
    ]


def _holds_a_row(cell: object, width: int) -> bool:
    """Return whether quotation marks that nobody closed have made one cell of a line and the next."""
    text = str(cell)
    return ("\n" in text or "\r" in text) and 2 * max(map(text.count, ";,\t")) >= width


def _other(sheet: Sheet, chosen: Sheet) -> Problem:
    return tell("other_table", sheet=sheet.title, chosen=chosen.title)


def set_aside(raw: RawTable, positions: Mapping[str, int]) -> tuple[RawTable, list[Problem]]:
    """Take out the rows that are no vertebrae: each is one problem, whatever stands in it."""
    core = [name for name in ("level", "vertebral_volume_cc", "cement_volume_cc", "leak") if name in positions]
    found: dict[int, str] = {}
    for place, (number, cells) in enumerate(raw.rows.items()):
        kind = _kind_of_row(raw, cells, core, positions, is_first=place == 0)
        if kind:
            found[number] = kind
    rows = {number: cells for number, cells in raw.rows.items() if number not in found}
    problems = [tell("no_vertebra", wording=kind, sheet=raw.sheet, row=row) for row, kind in found.items()]
    return replace(raw, rows=rows), problems


def _kind_of_row(
    raw: RawTable, cells: tuple[object, ...], core: list[str], positions: Mapping[str, int], *, is_first: bool
) -> str:
    """Name what a row is that is no vertebra; the empty string for a vertebra."""
    at = {name: cell_at(cells, position) for name, position in positions.items()}
    # Of nearly every row this is all that is looked at.
    if convert(at.get("level"), columns()["level"])[0] is not None:
        return ""
    filled = [cell for cell in cells if not is_blank(cell)]
    texts = [fold(cell) for cell in filled if isinstance(cell, str) and len(cell) <= LONGEST_WORD]
    if is_first and len(filled) > _LEAST_WIDTH and _is_numbering(cells):
        return "row_of_numbers"
    known = known_headers(filled)
    if known >= _FEWEST_KNOWN and 2 * known > len(filled):
        return "row_of_headers"
    # Words where a vertebra has a level and amounts are those of a note, of units or of a legend.
    unplaced = bool(core) and not any(_may_be_of_vertebra(at[name], name) for name in core)
    if not unplaced and "level" not in at:
        return ""
    if is_first and 2 * sum(text in _UNITS for text in texts) > len(filled):
        return "row_of_units"
    if any(map(_is_summary, texts[:_FEWEST_KNOWN])):
        return "row_of_totals"
    if unplaced:
        return "row_of_notes" if len(filled) == 1 and len(raw.header) > _LEAST_WIDTH else "row_without_vertebra"
    leak, is_bare = at.get("leak"), is_blank(at["level"]) and not _may_be_of_vertebra(at.get("leak"), "leak")
    if is_bare and is_blank(at.get("patient_id", "")) and (not isinstance(leak, str) or _has_digit(leak)):
        return "row_of_totals"
    return "row_without_level" if is_bare and "leak" in at and is_blank(leak) else ""


def _is_numbering(cells: Sequence[object]) -> bool:
    """Return whether the cells of a row say which column they are of, counted from any number."""
    found = [(at, _NUMBER.fullmatch(str(cell)[:LONGEST_WORD])) for at, cell in enumerate(cells) if not is_blank(cell)]
    starts = {match and int(match[1]) - place for place, match in found}
    return len(starts) == 1 and None not in starts


def _may_be_of_vertebra(cell: object, name: str) -> bool:
    """Return whether a cell has its column's value, or what may be meant for it: a number with words."""
    if convert(cell, columns()[name])[0] is not None:
        return True
    # "n = 41" is a count.
    return name != "leak" and not is_blank(cell) and _has_digit(cell) and "=" not in str(cell)


def _has_digit(cell: object) -> bool:
    return any(map(str.isdigit, str(cell)[:LONGEST_WORD]))


def _is_summary(text: str) -> bool:
    return text in _SUMMARY_WHOLE or not _SUMMARY.isdisjoint(text.split()[:1])


def join_headers(raw: RawTable) -> tuple[RawTable, list[Problem]]:
    """Read a header of two rows as one, and tell it."""
    number, below = next(iter(raw.rows.items()), (0, ()))
    texts = {place: _header(cell) for place, cell in enumerate(below) if not is_blank(cell)}
    if len(texts) < _FEWEST_KNOWN or not all(isinstance(below[place], str) for place in texts):
        return raw, []
    joined = _joined(raw.header, below)
    if known_headers(joined) < known_headers(raw.header) + _FEWEST_KNOWN:
        return raw, []
    rows = {row: cells for row, cells in raw.rows.items() if row != number}
    told = [tell("two_headers", sheet=raw.sheet, row=number)]
    return replace(raw, header=tuple(joined), rows=rows, merged=tuple(b for b in raw.merged if b.top > number)), told


def _joined(header: Sequence[str], below: Sequence[object]) -> list[str]:
    """Put a header of two rows together; what stands above several columns is said of each."""
    above, joined = "", []
    for place in range(max(len(header), len(below))):
        text = _header(cell_at(below, place))
        own = header[place] if place < len(header) else ""
        above = own or (above if text else "")
        both = f"{above} {text}".strip()
        joined.append(own if not text else text if known_headers([text]) and not known_headers([both]) else both)
    return joined
