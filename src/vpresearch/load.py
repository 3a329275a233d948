"""From a workbook or a CSV to a validated dataset of patients and vertebrae."""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from vpresearch.dictionary import Column, columns, fold
from vpresearch.errors import InputError, Problem
from vpresearch.fingerprint import fingerprint, is_reconstruction
from vpresearch.identifiers import screen
from vpresearch.schema import check

RECONSTRUCTED_ID_PREFIX = "reconstructed-"

_HEADER_SEARCH_ROWS = 20
_NUMBER = re.compile(r"[-\u2212+]?\d+(?:[.,]\d+)?")


@dataclass(frozen=True)
class Dataset:
    """The study, normalised.

    Attributes
    ----------
    patients : pandas.DataFrame, shape (n_patients, n_columns)
        One row a patient, indexed by ``patient_id``.
    vertebrae : pandas.DataFrame, shape (n_vertebrae, n_columns)
        One row a vertebra, with ``patient_id``, the region and the fill ratio (``fill_percent``, percent).
    name : str
        Name of the file, without its folder.
    sha256 : str
        Checksum of the file.
    reconstruction : bool
        Whether the rows were made by this project to satisfy published statistics.
    dropped : tuple of str
        The direct identifiers that were dropped from the file, by column.
    """

    patients: pd.DataFrame
    vertebrae: pd.DataFrame
    name: str
    sha256: str
    reconstruction: bool
    dropped: tuple[str, ...] = ()

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row a vertebra with every column, the patient's repeated; shape (n_vertebrae, n_columns)."""
        return self.vertebrae.join(self.patients, on="patient_id")


_Sheets = Sequence[tuple[str | None, Sequence[Sequence[object]]]]


@dataclass(frozen=True)
class _RawTable:
    """A table as it stands in the file: a header and its cells, with the file's own row numbers."""

    sheet: str | None
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[object, ...]], ...]


def load(path: Path | str, *, drop_identifiers: bool = False) -> Dataset:
    """Load and validate a table of vertebrae.

    Parameters
    ----------
    path : pathlib.Path or str
        A ``.csv`` (comma or semicolon, decimal point or comma, UTF-8 or Latin-1) or an ``.xlsx``.
    drop_identifiers : bool, default False
        Whether direct identifiers are dropped instead of refused.

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        With every problem of the file at once, by row and column.

    Examples
    --------
    >>> from vpresearch.project import RECONSTRUCTION
    >>> study = load(RECONSTRUCTION)
    >>> len(study.patients), len(study.vertebrae), study.reconstruction
    (27, 41, True)
    """
    path = Path(path)
    content = _read_bytes(path)
    raw = _read_workbook(path.name, content) if path.suffix.lower() == ".xlsx" else _read_csv(path.name, content)
    raw, dropped, identifying = screen(raw, drop_identifiers=drop_identifiers)
    table, headers, problems = _canonical(raw)
    problems = identifying + _without_echoes(problems + check(table, headers), table)
    if not raw.rows:
        problems.append(Problem("no_rows", "The table has a header but no rows.", "Enter one row a vertebra."))
    if problems:
        placed = [Problem(p.code, p.message, p.remedy, raw.sheet, p.row, p.column) for p in problems]
        raise InputError(path.name, sorted(placed, key=lambda problem: (problem.row or 0, problem.column or "")))
    checksum = hashlib.sha256(content).hexdigest()
    return replace(_normalise(table, path.name, checksum), dropped=dropped)


# -- the file ----------------------------------------------------------------------------------------------------


def _read_bytes(path: Path) -> bytes:
    if not path.is_file():
        raise _refused(path.name, "no_file", "There is no such file.", "Look at the folder and the name.")
    if path.suffix.lower() not in {".csv", ".xlsx"}:
        message = f"Files ending in {path.suffix or 'nothing'} are not read."
        raise _refused(path.name, "file_type", message, "Save the table as .xlsx or .csv.")
    content = path.read_bytes()
    if not content.strip():
        raise _refused(path.name, "empty_file", "The file is empty.", "Save the table again.")
    return content


def _refused(name: str, code: str, message: str, remedy: str) -> InputError:
    return InputError(name, [Problem(code, message, remedy)])


def _read_csv(name: str, content: bytes) -> _RawTable:
    if b"\x00" in content:
        raise _refused(name, "not_text", "The file is not a CSV text.", "Save the table as CSV (UTF-8).")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if not text.strip():
        raise _refused(name, "empty_file", "The file is empty.", "Save the table again.")
    readings, problem = [], None
    for delimiter in ";,\t":
        try:
            readings.append(list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)))
        except csv.Error as error:
            problem = Problem("broken_csv", f"The CSV cannot be read: {error}.", "Save the table again.")
    if problem is not None and not readings:
        raise InputError(name, [problem])
    # The delimiter that makes the most headers known is the one that the table was written with.
    return _find_header(name, [(None, records) for records in readings])


def _read_workbook(name: str, content: bytes) -> _RawTable:
    # Lazy: openpyxl is slow to import, and a CSV needs none of it.
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            # openpyxl warns of drop-down lists and styles that it drops; none of them is read here.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheets = [(sheet.title, [tuple(row) for row in sheet.values]) for sheet in book.worksheets]
    except Exception:
        # A damaged archive fails in as many ways as it has parts, and all of them mean the same to its owner.
        message = "The file ends in .xlsx but cannot be read as an Excel workbook."
        raise _refused(name, "not_a_workbook", message, "Open it in Excel and save it as .xlsx.") from None
    return _find_header(name, sheets)


def _find_header(name: str, sheets: _Sheets) -> _RawTable:
    """Take the row, on any sheet, that holds the most known headers."""
    spellings = _header_spellings()
    best: tuple[int, str | None, int, Sequence[Sequence[object]]] = (0, None, 0, [])
    for sheet, records in sheets:
        for position, record in enumerate(records[:_HEADER_SEARCH_ROWS]):
            known = sum(fold(cell) in spellings for cell in record if cell is not None)
            if known > best[0]:
                best = (known, sheet, position, records)
    known, sheet, position, records = best
    if known == 0:
        expected = ", ".join(column.labels["es"] for column in columns().values() if column.required)
        raise _refused(name, "no_header", "No row holds the expected headers.", f"Name the columns: {expected}.")
    header = tuple("" if cell is None else str(cell).strip() for cell in records[position])
    rows = tuple(
        (number, tuple(record))
        for number, record in enumerate(records[position + 1 :], start=position + 2)
        if not all(_is_blank(cell) for cell in record)
    )
    return _RawTable(sheet, header, rows)


def _is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


# -- headers and cells -------------------------------------------------------------------------------------------


def _header_spellings() -> dict[str, str]:
    return {fold(spelling): column.name for column in columns().values() for spelling in column.spellings()}


def _canonical(raw: _RawTable) -> tuple[pd.DataFrame, dict[str, str], list[Problem]]:
    """Rename the columns and type the cells, telling what could not be."""
    positions, problems = _match_headers(raw.header)
    numbers = [number for number, _ in raw.rows]
    data: dict[str, pd.Series[Any]] = {}
    for name, position in positions.items():
        column = columns()[name]
        values = []
        for number, record in raw.rows:
            cell = record[position] if position < len(record) else None
            value, problem = _convert(cell, column)
            values.append(value)
            if problem is not None:
                code, message, remedy = problem
                problems.append(Problem(code, message, remedy, row=number, column=raw.header[position]))
        dtype = float if column.kind == "number" else object
        data[name] = pd.Series(values, index=numbers, dtype=dtype)
    headers = {name: raw.header[position] for name, position in positions.items()}
    return pd.DataFrame(data, index=numbers), headers, problems


def _match_headers(header: tuple[str, ...]) -> tuple[dict[str, int], list[Problem]]:
    spellings = _header_spellings()
    positions: dict[str, int] = {}
    problems: list[Problem] = []
    unknown: list[str] = []
    for position, cell in enumerate(header):
        name = spellings.get(fold(cell))
        if name is None:
            unknown.append(cell)
        elif name in positions:
            message = f"Two columns hold the same thing: {header[positions[name]]} and {cell}."
            problems.append(Problem("column_twice", message, "Delete or rename one of them.", column=cell))
        else:
            positions[name] = position
    problems += [
        _missing_column(column, unknown)
        for column in columns().values()
        if column.required and column.name not in positions
    ]
    return positions, problems


def _missing_column(column: Column, unknown: list[str]) -> Problem:
    folded = {fold(cell): cell for cell in unknown if cell}
    spellings = [fold(spelling) for spelling in column.spellings()]
    near = [cell for key, cell in folded.items() if difflib.get_close_matches(key, spellings, n=1, cutoff=0.8)]
    hint = f" If it is the column {near[0]}, rename that." if near else ""
    message = f"The column {column.labels['es']} ({column.name}) is missing."
    return Problem("missing_column", message, f"Add it under that name.{hint}", column=column.name)


_Converted = tuple[object, tuple[str, str, str] | None]


def _convert(cell: object, column: Column) -> _Converted:
    """Type one cell; the value is missing where a problem is told."""
    if _is_blank(cell):
        if column.may_be_empty:
            return None, None
        return None, ("missing_value", "The cell is empty.", "Enter the value.")
    if column.kind == "number":
        return _convert_number(cell, column)
    if column.kind == "category":
        return _convert_category(cell, column)
    if fold(cell) in {fold(spelling) for level in column.levels for spelling in level.spellings()}:
        # The one level of a text column is its word for nothing to tell.
        return None, None
    return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip(), None


def _convert_number(cell: object, column: Column) -> _Converted:
    unit = f" in {column.unit}"
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if math.isfinite(cell):
            return float(cell), None
    elif isinstance(cell, str) and _NUMBER.fullmatch(cell.strip()):
        return float(cell.strip().replace(",", ".").replace("\u2212", "-")), None
    return None, ("not_a_number", "The cell does not hold a number.", f"Enter one number{unit}, without text or unit.")


def _convert_category(cell: object, column: Column) -> _Converted:
    spellings = {fold(spelling): level.value for level in column.levels for spelling in level.spellings()}
    value = spellings.get(fold(cell))
    if value is not None:
        return value, None
    accepted = ", ".join(dict.fromkeys(f"{level.labels['es']} ({level.value})" for level in column.levels))
    return None, ("unknown_category", "The cell holds none of the accepted words.", f"Enter one of: {accepted}.")


def _without_echoes(problems: list[Problem], table: pd.DataFrame) -> list[Problem]:
    """Leave out that a patient's cells differ, where one of them is told to be wrong in itself."""
    if "patient_id" not in table:
        return problems
    patient = table["patient_id"].to_dict()
    faulty = {(patient.get(p.row), p.column) for p in problems if p.row is not None and p.code != "constant"}
    return [p for p in problems if p.code != "constant" or (patient.get(p.row), p.column) not in faulty]


# -- the dataset -------------------------------------------------------------------------------------------------


def _normalise(table: pd.DataFrame, name: str, checksum: str) -> Dataset:
    """Split the table into patients and vertebrae, and compute what is never read."""
    of_patient = [key for key, column in columns().items() if column.unit_of_observation == "patient" and key in table]
    patients = table[of_patient].drop_duplicates("patient_id").set_index("patient_id")
    vertebrae = table[["patient_id", *(key for key in table if key not in of_patient)]].reset_index(drop=True)
    vertebrae["region"] = vertebrae["level"].str[0].map({"T": "thoracic", "L": "lumbar"})
    vertebrae["fill_percent"] = 100 * vertebrae["cement_volume_cc"] / vertebrae["vertebral_volume_cc"]
    # The marks are in the rows, so that they outlive a renamed, resaved or translated file, and new patient ids.
    leaked = vertebrae["leak"].eq("yes")
    measured = fingerprint(vertebrae["vertebral_volume_cc"], vertebrae["cement_volume_cc"], leaked)
    named = bool(patients.index.str.startswith(RECONSTRUCTED_ID_PREFIX).any())
    reconstruction = named or is_reconstruction(measured)
    return Dataset(patients, vertebrae, name, checksum, reconstruction)
