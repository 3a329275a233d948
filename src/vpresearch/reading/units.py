"""Whole columns that look as if they were kept in another unit: told once, instead of in every cell."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import Problem, tell
from vpresearch.reading.cells import is_code
from vpresearch.reading.headers import is_computed
from vpresearch.reading.raw import RawTable

# Two printed digits of a percentage may differ by so much from the exact ratio.
_TOLERANCE = 0.5
_FEWEST = 3
# Days since 1900 of the years 1954 to 2064, and since 1908 of births.
_SERIALS, _BORN = (20_000, 60_000), (3_000, 60_000)


def look_at_units(table: pd.DataFrame, headers: Mapping[str, str]) -> list[Problem]:
    """Find the columns whose values would be right in another unit."""
    found = []
    for name in table:
        values = table[name].dropna() if columns()[str(name)].kind == "number" else table[name].iloc[:0]
        beyond = values[~values.between(0, columns()[str(name)].maximum or np.inf)]
        # Codes of missing values are in no unit.
        values = values.drop([row for row, value in beyond.items() if is_code(value)])
        code = _suspect(str(name), values.to_numpy(float)) if len(values) >= _FEWEST else ""
        header = headers.get(str(name), str(name))
        if code:
            found.append(tell(code, column=header))
        elif columns()[str(name)].unit == "percent":
            # The least score above 0 is one point of fifty.
            few = values[(values > 0) & (values < 1)]
            found += [tell("fraction", row=int(str(row)), column=header) for row in few.index]
    return found


def _suspect(name: str, values: np.ndarray) -> str:
    unit, maximum = columns()[name].unit, columns()[name].maximum or np.inf
    middle = float(np.median(values))
    if unit == "cc":
        return "unit_mm3" if middle > maximum else ""
    if unit == "points":
        # Pain of less than one point in everybody, and not in whole points.
        of_one = values.max() <= 1 and bool(np.any(values % 1 > 0))
        return "unit_of_100" if middle > maximum else "unit_of_1" if of_one else ""
    if unit == "years":
        return "unit_year_of_birth" if middle > maximum else ""
    if unit != "percent":
        return ""
    # A score of a few points of a hundred is a recovered patient; one that is no whole number and below 1 is not.
    return "unit_fraction" if values.max() <= 1 and bool(np.any(values % 1 > 0)) else ""


def compare_computed(raw: RawTable, table: pd.DataFrame) -> list[Problem]:
    """Hold the file's own fill ratio, which is never read, against the one computed here."""
    if not {"cement_volume_cc", "vertebral_volume_cc"} <= set(table):
        return []
    computed = (100 * table["cement_volume_cc"] / table["vertebral_volume_cc"]).to_numpy(float)
    notes = []
    for position, header in enumerate(raw.header):
        if not is_computed(header):
            continue
        cells = [cells[position] if position < len(cells) else None for cells in raw.rows.values()]
        own = np.array([_as_number(cell) for cell in cells], dtype=float)
        known = np.isfinite(own) & np.isfinite(computed)
        if known.sum() < _FEWEST:
            continue
        if np.median(np.abs(100 * own - computed)[known]) < _TOLERANCE:
            notes.append(tell("computed_fraction", sheet=raw.sheet, column=header))
        elif differing := int((np.abs(own - computed)[known] > _TOLERANCE).sum()):
            notes.append(tell("computed_differs", sheet=raw.sheet, column=header, n=differing))
    return notes


def _as_number(cell: object) -> float:
    text = str(cell).replace("%", "").replace(",", ".").strip()
    try:
        return float(text)
    except ValueError:
        return float("nan")


def without_dates(table: pd.DataFrame, headers: Mapping[str, str]) -> tuple[pd.DataFrame, list[Problem]]:
    """Take out the numbers that Excel keeps for a date, and tell them."""
    problems = []
    for name in table:
        if columns()[str(name)].kind != "number":
            continue
        values = table[name].astype(float)
        serial = values.between(*(_BORN if columns()[str(name)].unit == "years" else _SERIALS))
        # Where most volumes are like that, all are in mm³.
        if serial.any() and (name != "vertebral_volume_cc" or serial.sum() <= values.notna().sum() / 2):
            table = table.assign(**{str(name): values.mask(serial)})
            column = headers.get(str(name), str(name))
            # A volume of 35600 may also be one in mm³.
            code, wording = {
                "vertebral_volume_cc": ("out_of_range", "date_or_mm3"),
                "age_years": ("date", "date_of_birth"),
            }.get(str(name), ("date", "date_serial"))
            problems += [tell(code, wording=wording, row=int(str(row)), column=column) for row in values[serial].index]
    return table, problems
