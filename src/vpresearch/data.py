"""A checked dataset: read, screened, held against the dictionary, with keys for it and for its patients."""

from __future__ import annotations

import hashlib
import operator
import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import ArrayLike, NDArray
from pandera.errors import SchemaErrors

from vpresearch import reading
from vpresearch.core.dictionary import (
    REGIONS,
    Column,
    columns,
    declaration_beside,
    declared,
    declaring,
    digest_with,
    follow_up,
)
from vpresearch.core.errors import InputError, Problem, grouped, retold, tell
from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.identifiers import identifies_nobody, kinds_of_file_name, screen
from vpresearch.parallel.cache import once
from vpresearch.reading.cells import is_code
from vpresearch.reading.raw import cell_at, is_blank, letter
from vpresearch.reading.units import compare_computed, look_at_units, without_dates

SUFFIX = ".fingerprints"
T = TypeVar("T")


def fingerprint(vertebral_volume_cc: ArrayLike, cement_volume_cc: ArrayLike, leaked: ArrayLike) -> str:
    """Summarise the measurements of a dataset, in any order of its vertebrae."""
    columns = [np.asarray(column, float) for column in (vertebral_volume_cc, cement_volume_cc, leaked)]
    rows = sorted(",".join(f"{value:.4f}" for value in row) for row in zip(*columns, strict=True))
    return hashlib.blake2b("\n".join(rows).encode(), digest_size=12).hexdigest()


def fingerprints_bytes(found: Iterable[str]) -> bytes:
    """Return the content of a file of fingerprints."""
    return "".join(f"{each}\n" for each in sorted(set(found))).encode()


def is_reconstruction(found: str) -> bool:
    """Return whether a fingerprint is that of a dataset that the compendium ships."""
    return found in _shipped()


@cache
def _shipped() -> frozenset[str]:
    files = sorted(RECONSTRUCTION.parent.glob(f"*{SUFFIX}"))
    return frozenset(line for file in files for line in file.read_text(encoding="ascii").split())


# A row that differs in so many of a patient's data is of another patient.
_ANOTHER_PATIENT = 3
# Of birth, instead of the age.
_YEARS = range(1880, 2100)


def check(table: pd.DataFrame, headers: dict[str, str]) -> list[Problem]:
    """Check a table of vertebrae against every rule at once."""
    failed = _failed(table, own=True)
    # What is wrong by itself is neither empty nor filled for any other rule: one cause, one problem.
    sound = table.copy()
    for name, row in failed:
        sound.loc[row, name.partition(":")[2]] = None
    wrong = {(name.partition(":")[2], row) for name, row in failed}
    failed |= {(name, row) for name, row in _failed(sound, own=False) if (name.partition(":")[2], row) not in wrong}
    both = {row for name, row in failed if name == "no_site_without_leak"} & {
        row for name, row in failed if name == "no_size_without_leak"
    }
    problems = [
        _problem(name, table, row, headers, both=row in both)
        for row, name in sorted((row, name) for name, row in failed)
    ]
    differing = Counter(problem.row for problem in problems if problem.wording == "constant")
    return [
        retold(problem, "constant_several")
        if problem.code == "constant" and differing[problem.row] >= _ANOTHER_PATIENT
        else problem
        for problem in problems
    ]


def _failed(table: pd.DataFrame, *, own: bool) -> set[tuple[str, int]]:
    """Return the rules that are broken, with the row: those of cells by themselves, or those across columns."""
    try:
        _schema(tuple(table.columns), own=own).validate(table, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases[["check", "index"]]
    else:
        return set()
    # Outside of the handler: pandera's error quotes whole rows, and must not be chained to any other.
    return {(str(name), int(row)) for name, row in cases.itertuples(index=False) if not pd.isna(row)}


def _first_row(table: pd.DataFrame, name: str, row: int) -> int:
    """Return the first row of the same patient that holds a value of a column."""
    own = table["patient_id"].eq(table["patient_id"][row])
    return int(str(table.index[own & table[name].notna()][0]))


# -- rules across columns ----------------------------------------------------------------------------------------


def _no_site_without_leak(table: pd.DataFrame) -> pd.Series[bool]:
    return (table["leak"] != "no") | table["leak_site"].isna()


def _no_size_without_leak(table: pd.DataFrame) -> pd.Series[bool]:
    return (table["leak"] != "no") | table["leak_size"].isna()


def _level_once(table: pd.DataFrame) -> pd.Series[bool]:
    known = table["patient_id"].notna() & table["level"].notna()
    return ~(table.duplicated(["patient_id", "level"]) & known)


def _cement_below_volume(table: pd.DataFrame) -> pd.Series[bool]:
    known = table["cement_volume_cc"].notna() & table["vertebral_volume_cc"].notna()
    return (table["cement_volume_cc"] < table["vertebral_volume_cc"]) | ~known


def _constant(name: str) -> Callable[[pd.DataFrame], pd.Series[bool]]:
    def rule(table: pd.DataFrame) -> pd.Series[bool]:
        value = table[name].astype(object).where(table[name].notna(), None)
        cells = list(zip(table["patient_id"], value, strict=True))
        # The first that is there, so that an empty cell is told where it is, also on the patient's first row.
        first = dict(reversed([(patient, cell) for patient, cell in cells if cell is not None]))
        same = [pd.isna(patient) or cell == first.get(patient) for patient, cell in cells]
        return pd.Series(same, table.index, bool)

    return rule


# name of the rule, which is its reason code: (columns it needs, rule, column it blames)
_Rule = tuple[tuple[str, ...], Callable[[pd.DataFrame], "pd.Series[bool]"], str]
_ACROSS: dict[str, _Rule] = {
    "no_site_without_leak": (("leak", "leak_site"), _no_site_without_leak, "leak_site"),
    "no_size_without_leak": (("leak", "leak_size"), _no_size_without_leak, "leak_size"),
    "level_once": (("patient_id", "level"), _level_once, "level"),
    "cement_below_volume": (("cement_volume_cc", "vertebral_volume_cc"), _cement_below_volume, "cement_volume_cc"),
}


def _schema(present: tuple[str, ...], *, own: bool) -> pa.DataFrameSchema:
    """Assemble the pandera schema of the columns that are present."""
    known = {name: column for name, column in columns().items() if name in present}
    if own:
        return pa.DataFrameSchema({name: _column(column) for name, column in known.items()})
    across = [
        pa.Check(rule, name=name, ignore_na=False)
        for name, (needs, rule, *_) in _ACROSS.items()
        if set(needs) <= set(present)
    ]
    if "patient_id" in present:
        across += [
            pa.Check(_constant(name), name=f"constant:{name}", ignore_na=False)
            for name, column in known.items()
            if column.unit_of_observation == "patient" and name != "patient_id"
        ]
    return pa.DataFrameSchema(checks=across)


def _column(column: Column) -> pa.Column:
    # Missing and mistyped cells are told by the reader, which knows what stood in them; pandera forgets the name of
    # its own comparisons, so these are spelled out.
    checks = []
    if column.minimum is not None:
        checks.append(pa.Check(partial(operator.le, column.minimum), name=f"minimum:{column.name}"))
    if column.maximum is not None:
        checks.append(pa.Check(partial(operator.ge, column.maximum), name=f"maximum:{column.name}"))
    return pa.Column(checks=checks, nullable=True, name=column.name)


def _problem(check_name: str, table: pd.DataFrame, row: int, headers: dict[str, str], *, both: bool) -> Problem:
    code, _, name = check_name.partition(":")
    if code in _ACROSS:
        wording = "kind_without_leak" if both and code.endswith("_without_leak") else code
        # Site and size of one leak that is not there are one cause.
        told_as = "no_site_without_leak" if wording == "kind_without_leak" else code
        name = _ACROSS[code][2]
        return tell(told_as, wording=wording, row=row, column=headers.get(name, name))
    column = columns()[name]
    header = headers.get(name, name)
    if code == "constant":
        # The patient's data stand in some of the rows alone.
        wording = "constant_empty" if table[name].isna()[row] else code
        return tell(code, wording=wording, row=row, column=header, first_row=_first_row(table, name, row))
    wording, limit = ("below_minimum", column.minimum) if code == "minimum" else ("above_maximum", column.maximum)
    if name == "cement_volume_cc" and table.loc[row, name] == 0:
        wording = "no_cement"
    elif name == "age_years" and table.loc[row, name] in _YEARS:
        wording = "year_of_birth"
    elif is_code(table.loc[row, name]):
        wording += "_code_or_empty" if column.may_be_empty else "_code"
    return tell("out_of_range", wording=wording, row=row, column=header, limit=limit, unit=column.unit)


# Words of the problems of cells that are empty, or say so.
_SAY_NOTHING = {
    *("missing_value", "missing_word", "missing_word_to_empty", "category_or_empty", "excel_error_or_empty"),
    "same_as_above",
}
RECONSTRUCTED_ID_PREFIX = "reconstructed-"
_SCORES = ("vas_", "odi_")


@dataclass(frozen=True, repr=False)
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
    declaration : str
        What its YAML says of columns that the dictionary lacks.

    Examples
    --------
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> study
    <Dataset: 27 patients, 41 vertebrae, a reconstruction>
    >>> study.rows["leak"].value_counts().to_dict()
    {'no': 26, 'yes': 15}
    """

    patients: pd.DataFrame
    vertebrae: pd.DataFrame
    name: str
    sha256: str
    reconstruction: bool
    notes: tuple[Problem, ...] = ()
    dropped: tuple[Problem, ...] = ()
    declaration: str = ""

    def __repr__(self) -> str:
        # A notebook shows what stands last in a cell: never a patient's row, nor the name of the file.
        kind = "a reconstruction" if self.reconstruction else "real data"
        return f"<Dataset: {len(self.patients)} patients, {len(self.vertebrae)} vertebrae, {kind}>"

    @property
    def declared(self) -> tuple[Column, ...]:
        """The columns that the study declares, and of which anything was recorded."""
        return tuple(each for name, each in declared(self.declaration).items() if self.rows[name].notna().any())

    @property
    def followed(self) -> tuple[Column, ...]:
        """The scores at times that the dictionary has no column for, and of which anything was recorded."""
        found = (follow_up(str(name)) for name in self.patients if self.patients[name].notna().any())
        return tuple(filter(None, found))

    def awaits(self, name: str) -> bool:
        """Whether a column without any value was to have some: not a usual time, in a study with times of its own."""
        return not (self.followed and name.startswith(_SCORES) and not name.endswith("_pre"))

    @property
    def digest(self) -> str:
        """Checksum of the file and of what it declares."""
        return digest_with(self.sha256, self.declaration)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row a vertebra with every column, the patient's repeated; shape (n_vertebrae, n_columns)."""
        return self.vertebrae.join(self.patients, on="patient_id")

    @cached_property
    def _kept(self) -> dict[Hashable, Any]:
        return {}

    def keep(self, asked: Hashable, make: Callable[[], T]) -> T:
        """Return what was made of these rows before, or make it: a scorecard asks for the same claim after claim."""
        if asked not in self._kept:
            self._kept[asked] = make()
        kept: T = self._kept[asked]
        return kept

    def cells(self, name: str) -> NDArray[Any]:
        """Return a column of the rows, to be read only; numbers, or texts with None or NaN where nothing stands."""
        return self.keep(("cells", name), lambda: self._column(name))

    def _column(self, name: str) -> NDArray[Any]:
        found = column(self.rows, name)
        return found.to_numpy() if found.dtype.kind in "fiub" else found.to_numpy(dtype=object)


def column(rows: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a column, or say which ones there are that might have been meant."""
    if name in rows:
        return rows[name]
    names = [str(each) for each in rows]
    meant = [each for each in names if name.casefold() in each] or get_close_matches(name, names, 3, 0.5) or names
    raise KeyError(f"no column {name!r}; there is {', '.join(map(repr, meant))}")


@dataclass(frozen=True)
class Examined:
    """A file that was looked at, whether it can be used or not."""

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
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> len(study.patients), len(study.vertebrae), study.reconstruction
    (27, 41, True)
    """
    examined = examine(path, drop_identifiers=drop_identifiers)
    if examined.dataset is None:
        raise InputError(examined.name, examined.problems)
    return examined.dataset


def examine(path: Path | str, *, drop_identifiers: bool = False) -> Examined:
    """Look at a table of vertebrae and tell all that is wrong with it, and all that is odd."""
    path = Path(path)
    kinds = kinds_of_file_name(path.stem)
    name = f"*{path.suffix}" if kinds else path.name
    if kinds and not drop_identifiers:
        return Examined(name, (tell("name_identifies", kind=kinds[0]),), (), None)
    try:
        content = reading.read_bytes(path)
    except InputError as error:
        return Examined(name, error.problems, (), None)
    try:
        declaration = declaration_beside(path)
    except InputError as error:
        return Examined(error.source, error.problems, (), None)
    # Every notebook loads the same file.
    return once(_examine, Path(path.name), name, content, declaration, drop_identifiers=drop_identifiers)


def _examine(path: Path, name: str, content: bytes, declaration: str, *, drop_identifiers: bool) -> Examined:
    try:
        raw = reading.find_table(path.name, reading.read_sheets(path, content))
    except InputError as error:
        return Examined(name, error.problems, (), None)
    raw, screened, identifying = screen(raw, drop_identifiers=drop_identifiers)
    with declaring(declaration, reading.follow_ups(reading.join_headers(raw)[0])):
        return _understood(raw, screened, identifying, name, content, declaration, drop_identifiers=drop_identifiers)


def _understood(
    raw: reading.RawTable,
    screened: tuple[Problem, ...],
    identifying: tuple[Problem, ...],
    name: str,
    content: bytes,
    declaration: str,
    *,
    drop_identifiers: bool,
) -> Examined:
    table, problems, notes = _read(_unnamed(raw, identifying))
    # A date for a patient's code is one trouble, and its number is the answer to it.
    told = {problem.column for problem in identifying}
    problems = [p for p in problems if p.wording != "date_for_text" or p.column not in told]
    # What a row that must go seems to name goes with it.
    gone = {str(p.row) for p in problems if p.code == "no_vertebra"}
    identifying = tuple(p for p in identifying if p.values.get("rows") not in gone)
    notes = (*screened, *notes)
    if problems or identifying:
        ordered = _in_order([*identifying, *problems], raw)
        return Examined(name, tuple(grouped(ordered)), notes, None, _values(raw, ordered))
    dataset = normalise(table, name, hashlib.sha256(content).hexdigest(), declared(declaration))
    dropped = screened if drop_identifiers else ()
    return Examined(name, (), notes, replace(dataset, notes=notes, dropped=dropped, declaration=declaration))


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
    read = {name: at for name, at in matched.positions.items() if not columns()[name].none or _is_filled(raw, at)}
    raw, emptied = reading.said_empty(raw, read)
    table, faults = reading.type_cells(raw, read)
    faults = _of_single_vertebrae(faults, headers)
    table, dates = without_dates(table, headers)
    units = look_at_units(table, headers)
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


def _is_filled(raw: reading.RawTable, position: int) -> bool:
    """Return whether a column has anything: where none of its cells says "none", nobody may have asked."""
    return not raw.rows or any(not is_blank(cell_at(cells, position)) for cells in raw.rows.values())


def _of_patients(faults: list[Problem], table: pd.DataFrame, headers: Mapping[str, str]) -> list[Problem]:
    """Report as one thing that a row has nothing of its patient, who is named on a row above."""
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
    """Return what stands in the faulty cells of the study's own columns, but for ids and running text."""
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


def normalise(table: pd.DataFrame, name: str, checksum: str, own: Iterable[str] = ()) -> Dataset:
    """Split the table into patients and vertebrae, and compute what is never read."""
    # A column of the paper's analyses that a study lacks is one of which nothing was recorded.
    lacking = [name for name in (*reading.ANALYSED, *own) if name not in table]
    table = table.assign(**dict.fromkeys(lacking))
    table = table.astype({name: float if columns()[str(name)].kind == "number" else object for name in table})
    of_patient = [key for key, column in columns().items() if column.unit_of_observation == "patient" and key in table]
    patients = table[of_patient].drop_duplicates("patient_id").set_index("patient_id")
    vertebrae = table[["patient_id", *(key for key in table if key not in of_patient)]].reset_index(drop=True)
    vertebrae["region"] = vertebrae["level"].str[0].map(REGIONS)
    vertebrae["fill_percent"] = 100 * vertebrae["cement_volume_cc"] / vertebrae["vertebral_volume_cc"]
    # The marks are in the rows, so that they outlive a renamed, resaved or translated file, and new patient ids.
    leaked = vertebrae["leak"].eq("yes")
    measured = fingerprint(vertebrae["vertebral_volume_cc"], vertebrae["cement_volume_cc"], leaked)
    named = bool(patients.index.str.startswith(RECONSTRUCTED_ID_PREFIX).any())
    reconstruction = named or is_reconstruction(measured)
    return Dataset(patients, vertebrae, name, checksum, reconstruction)


def pseudonymise(dataset: Dataset) -> Dataset:
    """Replace the patient ids by numbers, and the order of the patients by a random one."""
    rows = dataset.vertebrae.join(dataset.patients, on="patient_id").to_csv(index=False).splitlines()
    # Keyed by the rows and not by the published checksum, from which anybody could count the order out.
    key = hashlib.blake2b("\n".join(sorted(rows)).encode(), person=b"order").digest()
    ids = sorted(dataset.patients.index)
    random.Random(key).shuffle(ids)
    digits = len(str(len(ids)))
    numbers = {patient: f"{number:0{digits}d}" for number, patient in enumerate(ids, start=1)}
    patients = dataset.patients.loc[ids].set_axis(pd.Index(list(numbers.values()), dtype=object, name="patient_id"))
    vertebrae = dataset.vertebrae.assign(patient_id=dataset.vertebrae["patient_id"].map(numbers).astype(object))
    vertebrae = vertebrae.sort_values("patient_id", kind="stable", ignore_index=True)
    return replace(dataset, patients=patients, vertebrae=vertebrae)


def write_rows(dataset: Dataset, path: Path) -> None:
    """Write a dataset as a CSV that ``load`` reads back to the last digit."""
    rows: pd.DataFrame = dataset.rows.drop(columns=["region", "fill_percent"])
    # In words: an M without an F beside it is refused, for it may stand for mujer.
    rows["sex"] = rows["sex"].map({level.value: level.labels["en"] for level in columns()["sex"].levels})
    for name, column in columns().items():
        if column.none and name in rows:
            rows[name] = rows[name].fillna(column.none.value)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(rows.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="\n")
    if dataset.declaration:
        path.with_suffix(".yaml").write_text(dataset.declaration, encoding="utf-8", newline="\n")


def without_declared(dataset: Dataset) -> Dataset:
    """Leave out the columns that a study declares."""
    names = list(declared(dataset.declaration))
    kept = [table.drop(columns=names, errors="ignore") for table in (dataset.patients, dataset.vertebrae)]
    return replace(dataset, patients=kept[0], vertebrae=kept[1], declaration="")
