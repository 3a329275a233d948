"""Cells as people fill them, typed; what cannot be read is told at its place."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pandas as pd

from vpresearch.dictionary import Column, columns, fold
from vpresearch.errors import Problem
from vpresearch.reading.raw import LONGEST_WORD, Percent, RawTable, Unreadable, is_blank, letter
from vpresearch.telling import tell

EXAMPLE_IDS = {"es": "EJEMPLO", "en": "EXAMPLE"}
_NUMBER = re.compile(r"[-\u2212+]?[0-9]+(?:[.,][0-9]+)?")
_THOUSANDS = re.compile(r"[-\u2212+]?[1-9][0-9]{0,2}[.,][0-9]{3}")
# 1.234,5 and 1,234.5; and 30/5, 24/25 or 3-5-2020.
_GROUPED = re.compile(r"[-\u2212+]?[0-9]{1,3}(?:[.,][0-9]{3})+[.,][0-9]+")
_DATE_OR_FRACTION = re.compile(r"[0-9]{1,4}/[0-9]{1,4}(?:/[0-9]{1,4})?|[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,4}")
_LARGEST = 1e15
# The years 2000 to 2050, and of births from 1920, as Excel counts days.
_FIRST_DAY, _FIRST_BIRTH, _LAST_DAY = 36_526, 7_306, 55_153
# Signs that are no part of any accepted word, and change or doubt it.
_DOUBT = re.compile(r"[?¿±~<>=*#%&+|^/\\]|^\s*[-\u2212]")
# A text that a spreadsheet would run as a formula, wherever it is written out again.
_LIKE_A_FORMULA = re.compile(r"[=@+\-\t\r][\w\s(\[|'\"+=@-]")
_EXCEL_ERROR = re.compile(r"#(?:N/A|N/D|[A-Z0-9/¡¿]+[!?])", re.I)
# Vertebrae are also written T 12, D-12 and L.1.
_APART = re.compile(r"(?<=[a-z]) (?=\d+$)")
_DATES = (datetime.date, datetime.time, datetime.timedelta)

# (value, what to tell: reason code and the values of its words)
_Converted = tuple[object, tuple[str, dict[str, object]] | None]


def without_examples(raw: RawTable, positions: Mapping[str, int]) -> tuple[RawTable, list[Problem]]:
    """Take out the example row of the template, which is nobody's data, and tell that it stands there.

    Parameters
    ----------
    raw : RawTable
    positions : dict of str to int

    Returns
    -------
    RawTable
    list of Problem

    Examples
    --------
    >>> raw = RawTable(None, 1, ("Paciente",), {2: ("Ejemplo",), 3: ("P1",)})
    >>> kept, problems = without_examples(raw, {"patient_id": 0})
    >>> dict(kept.rows), problems[0].code
    ({3: ('P1',)}, 'example_row')
    """
    at = positions.get("patient_id")
    if at is None:
        return raw, []
    ids = {fold(name) for name in EXAMPLE_IDS.values()}
    examples = {
        number for number, cells in raw.rows.items() if at < len(cells) and fold(str(cells[at])[:LONGEST_WORD]) in ids
    }
    problems = [
        tell("example_row", sheet=raw.sheet, row=number, column=raw.header[at], cell=f"{letter(at)}{number}")
        for number in sorted(examples)
    ]
    rows = {number: cells for number, cells in raw.rows.items() if number not in examples}
    return replace(raw, rows=rows), problems


def type_cells(raw: RawTable, positions: Mapping[str, int]) -> tuple[pd.DataFrame, list[Problem]]:
    """Give the table its canonical columns, its cells typed.

    Parameters
    ----------
    raw : RawTable
    positions : dict of str to int
        Position of each column, by canonical name.

    Returns
    -------
    pandas.DataFrame, shape (n_rows, n_columns)
        Indexed by the file's row numbers; missing where a problem is told.
    list of Problem

    Examples
    --------
    >>> table, problems = type_cells(RawTable(None, 1, ("Edad",), {2: ("74,5",), 3: ("old",)}), {"age_years": 0})
    >>> table["age_years"].tolist(), [(problem.code, problem.row) for problem in problems]
    ([74.5, nan], [('not_a_number', 3)])
    """
    problems: list[Problem] = []
    data: dict[str, pd.Series[Any]] = {}
    for name, position in positions.items():
        column = columns()[name]
        values, known = [], dict[tuple[type, object], _Converted]()
        for number, cells in raw.rows.items():
            cell = cells[position] if position < len(cells) else None
            # The same few things stand in most cells; 1, 1.0 and True are one key without their type.
            key = (type(cell), cell)
            if key not in known:
                known[key] = convert(cell, column)
            value, fault = known[key]
            values.append(value)
            if fault is not None:
                problems.append(tell(fault[0], row=number, column=raw.header[position], **fault[1]))  # type: ignore[arg-type]
        if column.kind == "number":
            problems += _two_marks(raw, position)
            serials = _serials(column, values)
            numbers = [row for n, row in enumerate(raw.rows) if n in serials]
            problems += [tell("date", wording="date_serial", row=row, column=raw.header[position]) for row in numbers]
            values = [None if n in serials else value for n, value in enumerate(values)]
        dtype = float if column.kind == "number" else object
        data[name] = pd.Series(values, index=list(raw.rows), dtype=dtype)
    return pd.DataFrame(data, index=list(raw.rows)), problems


def _serials(column: Column, values: list[object]) -> set[int]:
    """Find the numbers that are days as Excel counts them, unless the whole column is in another unit."""
    largest = column.maximum or _LARGEST
    over = {n: value for n, value in enumerate(values) if isinstance(value, float) and value > largest}
    first = _FIRST_DAY if column.unit != "years" else _FIRST_BIRTH
    days = {n for n, value in over.items() if value.is_integer() and first <= value <= _LAST_DAY}
    # A column of dates of birth is one problem, which the look at units tells.
    alone = len(days) == len(over) and column.unit != "years"
    return days if alone or 2 * len(over) < len(values) else set()


def _two_marks(raw: RawTable, position: int) -> list[Problem]:
    """Tell the numbers of a column with both decimal marks that may have thousands: 1.234 beside 24,8."""
    texts = {
        row: cell.strip()
        for row, cells in raw.rows.items()
        if position < len(cells) and isinstance(cell := cells[position], str) and len(cell) <= LONGEST_WORD
    }
    if not all(any(mark in text for text in texts.values()) for mark in ".,"):
        return []
    return [
        tell("two_marks", row=row, column=raw.header[position])
        for row, text in texts.items()
        if _THOUSANDS.fullmatch(text)
    ]


def convert(cell: object, column: Column) -> _Converted:
    """Type one cell.

    Parameters
    ----------
    cell : object
    column : Column

    Returns
    -------
    object
        The value; None where a problem is told.
    tuple of str and dict, or None
        Reason code and the values of its words.

    Examples
    --------
    >>> convert("Sí", columns()["leak"]), convert("24,8", columns()["vertebral_volume_cc"])
    (('yes', None), (24.8, None))
    """
    if isinstance(cell, Unreadable):
        return None, (cell.code, {})
    if is_blank(cell):
        return None, None if column.may_be_empty else ("missing_value", {})
    if isinstance(cell, _DATES):
        return None, ("date", {})
    if isinstance(cell, str) and len(cell) > LONGEST_WORD:
        return None, ("too_long", {"limit": LONGEST_WORD})
    if isinstance(cell, str) and _EXCEL_ERROR.fullmatch(cell.strip()):
        return None, ("excel_error", {})
    if column.kind == "number":
        return _number(cell, column)
    if column.kind == "category":
        return _category(cell, column)
    return _text(cell, column)


def _number(cell: object, column: Column) -> _Converted:
    if isinstance(cell, Percent):
        return None, ("percent_format", {"unit": column.unit})
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        # Whole numbers of a workbook may have more digits than any float.
        if abs(cell) < _LARGEST:
            return float(cell), None
    elif isinstance(cell, str) and _NUMBER.fullmatch(cell.strip()):
        return float(cell.strip().replace(",", ".").replace("\u2212", "-")), None
    return None, ("not_a_number", {"unit": column.unit, **_seeming(cell)})


def _seeming(cell: object) -> dict[str, object]:
    """Choose the words that name what was written instead of a number."""
    written = cell.strip() if isinstance(cell, str) else ""
    if _GROUPED.fullmatch(written):
        return {"wording": "number_with_thousands"}
    return {"wording": "date_or_fraction"} if _DATE_OR_FRACTION.fullmatch(written) else {}


def _category(cell: object, column: Column) -> _Converted:
    written = fold(cell)
    value = _words(column.name).get(_APART.sub("", written) if column.name == "level" else written)
    if value is not None and not _DOUBT.search(str(cell)):
        return value, None
    accepted = ", ".join(
        label if (label := level.labels["es"]) == level.value else f"{label} ({level.value})" for level in column.levels
    )
    return None, ("unknown_category", {"accepted": accepted})


def _text(cell: object, column: Column) -> _Converted:
    if fold(cell) in _words(column.name):
        # The one level of a text column is its word for nothing to tell.
        return None, None
    text = str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip()
    if _LIKE_A_FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return None, ("like_a_formula", {})
    return text, None


@cache
def _words(name: str) -> dict[str, str]:
    """Give the category by its folded spellings."""
    return {fold(spelling): level.value for level in columns()[name].levels for spelling in level.spellings()}
