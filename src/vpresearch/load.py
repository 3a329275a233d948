"""From a workbook or a CSV to a validated dataset of patients and vertebrae."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from vpresearch import reading
from vpresearch.dictionary import columns
from vpresearch.errors import InputError, Problem
from vpresearch.fingerprint import fingerprint, is_reconstruction
from vpresearch.identifiers import identifies_nobody, kinds_of_file_name, screen
from vpresearch.reading.raw import letter
from vpresearch.reading.units import compare_computed, look_at_units, without_dates
from vpresearch.schema import check
from vpresearch.sharing import once
from vpresearch.telling import grouped, retold, tell

# Words of the problems of cells that are empty, or say so.
_SAY_NOTHING = {
    *("missing_value", "missing_word", "missing_word_to_empty", "category_or_empty", "excel_error_or_empty"),
    "same_as_above",
}
RECONSTRUCTED_ID_PREFIX = "reconstructed-"


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
    notes : tuple of Problem
        What the author should know of the file and need not mend.
    dropped : tuple of Problem
        The direct identifiers that were dropped from the file, by column.
    """

    patients: pd.DataFrame
    vertebrae: pd.DataFrame
    name: str
    sha256: str
    reconstruction: bool
    notes: tuple[Problem, ...] = ()
    dropped: tuple[Problem, ...] = ()

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row a vertebra with every column, the patient's repeated; shape (n_vertebrae, n_columns)."""
        return self.vertebrae.join(self.patients, on="patient_id")


@dataclass(frozen=True)
class Examined:
    """A file that was looked at, whether it can be used or not.

    Attributes
    ----------
    name : str
        Name of the file, without its folder.
    problems : tuple of Problem
        All that must be mended, in reading order.
    notes : tuple of Problem
        What the author should know and need not mend.
    dataset : Dataset or None
        None if there is any problem.
    values : dict of str to object
        What stands in the faulty cells, by cell, as far as it can identify nobody: for the author alone, who asked
        what is wrong with the file; no error says it.
    """

    name: str
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    dataset: Dataset | None
    values: Mapping[str, object] = field(default_factory=dict, repr=False)


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
    examined = examine(path, drop_identifiers=drop_identifiers)
    if examined.dataset is None:
        raise InputError(examined.name, examined.problems)
    return examined.dataset


def examine(path: Path | str, *, drop_identifiers: bool = False) -> Examined:
    """Look at a table of vertebrae and tell all that is wrong with it, and all that is odd.

    Parameters
    ----------
    path : pathlib.Path or str
    drop_identifiers : bool, default False
        Whether direct identifiers are dropped instead of told as problems.

    Returns
    -------
    Examined

    Examples
    --------
    >>> [problem.code for problem in examine("nothing.csv").problems]
    ['no_file']
    """
    path = Path(path)
    kinds = kinds_of_file_name(path.stem)
    name = f"*{path.suffix}" if kinds else path.name
    if kinds and not drop_identifiers:
        return Examined(name, (tell("name_identifies", kind=kinds[0]),), (), None)
    try:
        content = reading.read_bytes(path)
    except InputError as error:
        return Examined(name, error.problems, (), None)
    # Every notebook loads the same file.
    return once(_examine, Path(path.name), name, content, drop_identifiers=drop_identifiers)


def _examine(path: Path, name: str, content: bytes, *, drop_identifiers: bool) -> Examined:
    try:
        raw = reading.find_table(path.name, reading.read_sheets(path, content))
    except InputError as error:
        return Examined(name, error.problems, (), None)
    raw, screened, identifying = screen(raw, drop_identifiers=drop_identifiers)
    table, problems, notes = _read(_unnamed(raw, identifying))
    # A date for a patient's code is one trouble, and its number is the answer to it.
    told = {problem.column for problem in identifying}
    problems = [p for p in problems if p.wording != "date_for_text" or p.column not in told]
    notes = (*screened, *notes)
    if problems or identifying:
        ordered = _in_order([*identifying, *problems], raw)
        return Examined(name, tuple(grouped(ordered)), notes, None, _values(raw, ordered))
    dataset = _normalise(table, name, hashlib.sha256(content).hexdigest())
    return Examined(name, (), notes, replace(dataset, notes=notes, dropped=screened if drop_identifiers else ()))


def _unnamed(raw: reading.RawTable, identifying: Iterable[Problem]) -> reading.RawTable:
    """Leave out the names of columns that must go, so that no note says that nothing need be done about them."""
    gone = {problem.column for problem in identifying if not reading.column_of(problem.column or "")}
    # A header that may be a name is told by its cell alone.
    cells = {problem.cell for problem in identifying if problem.column is None}
    kept = (
        "" if header in gone or f"{letter(position)}{raw.header_row}" in cells else header
        for position, header in enumerate(raw.header)
    )
    return replace(raw, header=tuple(kept))


def _read(raw: reading.RawTable) -> tuple[pd.DataFrame, list[Problem], tuple[Problem, ...]]:
    """Understand a table: its columns, its cells, and the rules that these must keep."""
    raw, joined = reading.join_headers(raw)
    if shape := reading.look_at_shape(raw):
        return pd.DataFrame(), [*raw.problems, *shape], raw.notes
    matched = reading.match_headers(raw)
    # Of a row that was cut in two nothing else is told.
    cut = {problem.row for problem in raw.problems if problem.row}
    raw = replace(raw, rows={number: cells for number, cells in raw.rows.items() if number not in cut})
    raw, strays = reading.set_aside(raw, matched.positions)
    headers = {name: raw.header[position] for name, position in matched.positions.items()}
    raw, filled = reading.unmerge(raw, matched.positions)
    raw, examples = reading.without_examples(raw, matched.positions)
    raw, emptied = reading.said_empty(raw, matched.positions)
    table, faults = reading.type_cells(raw, matched.positions)
    faults = _of_single_vertebrae(faults, headers)
    units = look_at_units(table, headers)
    table, dates = without_dates(table, headers)
    odd = [*units, *reading.look_at_ids(table, headers), *reading.look_at_sex(raw, matched.positions, table)]
    # A header that names a wrong unit says enough of its column.
    named = {problem.column for problem in matched.problems if problem.code == "header_unit"}
    problems = [*raw.problems, *joined, *strays, *matched.problems]
    problems += [problem for problem in [*dates, *odd] if problem.row or problem.column not in named]
    faults = _of_no_leak(_of_patients(faults, table, headers), table, headers)
    problems += _without_echoes(faults, check(table, headers), table, [*dates, *odd])
    if not raw.rows and not examples and not strays and not cut:
        problems.append(tell("no_rows"))
    notes = (*raw.notes, *matched.notes, *filled, *emptied, *compare_computed(raw, table))
    return table, [*problems, *examples], notes


def _of_patients(faults: list[Problem], table: pd.DataFrame, headers: Mapping[str, str]) -> list[Problem]:
    """Tell as one thing that a row has nothing of its patient, who is named on a row above."""
    own = [name for name in map(str, table) if columns()[name].unit_of_observation == "patient"]
    if "patient_id" not in own:
        return faults
    named = table["patient_id"].ffill()
    empty = {headers[name] for name in own}
    bare = table[own].isna().all(axis=1) & named.notna()
    bare &= ~table.index.isin([p.row for p in faults if p.wording != "missing_value" and p.column in empty])
    if not bare.any():
        return faults
    # What the patient has on the row above, also where it may be empty.
    lost = table[own].groupby(named).transform("first").assign(patient_id=named)[bare].notna()
    rest = [p for p in faults if p.row not in lost.index or p.wording != "missing_value" or p.column not in empty]
    told = [(row, name) for row in lost.index for name in own if lost.loc[row, name]]
    return [
        *rest,
        *(tell("missing_value", wording="patient_once", row=row, column=headers[name]) for row, name in told),
    ]


def _of_single_vertebrae(faults: list[Problem], headers: Mapping[str, str]) -> list[Problem]:
    """Leave out what else is wrong of a vertebra on a row that has several: each row will have its own."""
    own = {header for name, header in headers.items() if columns()[name].unit_of_observation == "vertebra"}
    several = {problem.row for problem in faults if problem.wording == "several_levels"}
    return [p for p in faults if p.row not in several or p.wording == "several_levels" or p.column not in own]


def _of_no_leak(faults: list[Problem], table: pd.DataFrame, headers: Mapping[str, str]) -> list[Problem]:
    """Advise to empty what is no word for the kind of a leak where there is none."""
    kinds = {headers[name] for name in ("leak_site", "leak_size") if name in headers}
    none = set(table.index[table["leak"].eq("no")]) if "leak" in table else set()
    return [
        retold(p, "word_without_leak") if p.code == "unknown_category" and p.column in kinds and p.row in none else p
        for p in faults
    ]


def _without_echoes(
    faults: list[Problem], broken: list[Problem], table: pd.DataFrame, odd: list[Problem]
) -> list[Problem]:
    """Leave out the rules that are broken only because a whole column, or a cell, is wrong by itself."""
    whole = {problem.column for problem in odd if problem.row is None}
    broken = [p for p in broken if p.column not in whole or p.code not in {"out_of_range", "cement_below_volume"}]
    if "patient_id" not in table:
        return faults + broken
    patient = table["patient_id"].to_dict()
    # An empty cell is told as one of a patient whose other rows have the value.
    untold = {(p.row, p.column) for p in broken if p.wording == "constant_empty"}
    empty = {(p.row, p.column) for p in faults if p.wording in _SAY_NOTHING} & untold
    faulty = {
        (patient.get(p.row), p.column)
        for p in [*faults, *broken, *odd]
        if p.row is not None and p.code != "constant" and (p.row, p.column) not in empty
    }
    broken = [p for p in broken if p.code != "constant" or (patient.get(p.row), p.column) not in faulty]
    told = {(p.row, p.column) for p in broken if p.code == "constant"}
    return [p for p in faults if (p.row, p.column) not in told] + broken


def _in_order(problems: list[Problem], raw: reading.RawTable) -> list[Problem]:
    """Place the problems on the sheet, in reading order."""
    at = {header: letter(position) for position, header in reversed(list(enumerate(raw.header)))}
    placed = [
        replace(
            p,
            sheet=p.sheet or raw.sheet,
            cell=p.cell or (f"{at[p.column]}{p.row}" if p.row and p.column in at else None),
        )
        for p in problems
    ]
    order = {header: position for position, header in reversed(list(enumerate(raw.header)))}
    order |= {name: len(order) + place for place, name in enumerate(columns()) if name not in order}
    return sorted(placed, key=lambda problem: (problem.row or 0, order.get(problem.column or "", -1)))


def _values(raw: reading.RawTable, problems: Iterable[Problem]) -> dict[str, object]:
    """Give what stands in the faulty cells of the study's own columns, but for ids and running text."""
    at = {
        header: position
        for position, header in reversed(list(enumerate(raw.header)))
        if (name := reading.column_of(header)) and columns()[name].kind != "text"
    }
    values: dict[str, object] = {}
    for problem in problems:
        cells = raw.rows.get(problem.row or 0, ())
        position = at.get(problem.column or "", len(cells))
        if problem.cell and position < len(cells) and identifies_nobody(cells[position]):
            values[problem.cell] = cells[position]
    return values


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
