"""Good workbooks as hands keep them, and the same with faults: each fault comes with the codes that may tell it."""

from __future__ import annotations

import datetime
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from vpresearch.core.dictionary import columns

# No word of the study, so that a message that quotes a cell is seen to do so.
SECRET = "xyzzy"
PER_PATIENT = [name for name, column in columns().items() if column.unit_of_observation == "patient"]
NUMBERS = [name for name, column in columns().items() if column.kind == "number"]
LEVELS = [level.value for level in columns()["level"].levels]
_SITES, _SIZES = ([level.value for level in columns()[name].levels] for name in ("leak_site", "leak_size"))


@dataclass
class Book:
    """A table to be written: headers and cells by canonical name, and what stands around them."""

    headers: dict[str, str]
    rows: list[dict[str, object]]
    titles: int = 0
    sheet: str = "Datos"
    beside: list[tuple[str, list[object]]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    below: list[list[object]] = field(default_factory=list)
    copy: str = ""
    formats: dict[str, str] = field(default_factory=dict)
    parts: Callable[[str], str] | None = None

    def pick(self, rng: random.Random, *wanted: str) -> tuple[dict[str, object], str]:
        """Give a row, and one of the wanted columns."""
        return rng.choice(self.rows), rng.choice(wanted)

    def place(self, row: dict[str, object], name: str) -> str:
        """Name a cell as a spreadsheet does."""
        number = next(n for n, each in enumerate(self.rows) if each is row) + self.titles + 2
        return f"{get_column_letter(list(self.headers).index(name) + 1)}{number}"

    def first_of_two(self) -> tuple[dict[str, object], dict[str, object]]:
        """Give two rows of the first patient, who always has two."""
        return self.rows[0], self.rows[1]


def good(rng: random.Random) -> Book:
    """Make a good workbook: other patients, words, decimal marks and titles each time."""
    rows = [row for number in range(rng.randint(3, 7)) for row in _patient(rng, number)]
    leaks = [row for row in rows if row["leak"] == "yes"]
    if not leaks:
        rows[-1] |= {"leak": "yes", "leak_site": rng.choice(_SITES), "leak_size": rng.choice(_SIZES)}
    names = list(columns())
    headers = {name: _header(rng, name) for name in names}
    return Book(headers, [{name: _written(rng, name, row) for name in names} for row in rows], rng.randint(0, 3))


def _patient(rng: random.Random, number: int) -> list[dict[str, object]]:
    own: dict[str, object] = {
        "patient_id": f"P{number + 1}",
        "sex": rng.choice("FM") if number else "F",
        "age_years": rng.randint(55, 91),
    }
    own |= {"cause": "osteoporosis", "new_fracture_1y": rng.choice(["yes", "no"])}
    own |= {name: rng.randint(1, 10) for name in NUMBERS if name.startswith("vas")}
    own |= {name: rng.randint(10, 90) for name in NUMBERS if name.startswith("odi")}
    rows = []
    for level in rng.sample(LEVELS, 2 if number == 0 else rng.randint(1, 3)):
        leaked = rng.random() < 0.4
        row = own | {"level": level, "leak": "yes" if leaked else "no", "complication": None}
        row |= {
            "leak_site": rng.choice(_SITES) if leaked else None,
            "leak_size": rng.choice(_SIZES) if leaked else None,
        }
        row |= {"vertebral_volume_cc": rng.randint(150, 450) / 10, "cement_volume_cc": rng.randint(12, 60) / 10}
        rows.append(row)
    # A patient's words are written alike on every row only by value: the mark of decimals may differ.
    return rows


def _header(rng: random.Random, name: str) -> str:
    column = columns()[name]
    header = column.labels[rng.choice(["es", "en"])]
    return rng.choice([header, header.upper(), f" {header} ", header.replace("ó", "o").replace("á", "a")])


def _written(rng: random.Random, name: str, row: dict[str, object]) -> object:
    value, column = row[name], columns()[name]
    if value is None:
        return rng.choice([None, "", " "])
    if column.kind == "category":
        level = next(level for level in column.levels if level.value == value)
        return rng.choice(list(level.spellings()))
    if column.kind == "number":
        return rng.choice([value, str(value).replace(".", ","), str(value)])
    return value


def write(book: Book, path: Path) -> Path:
    """Write a workbook."""
    made = Workbook()
    sheet: Any = made.active
    sheet.title = book.sheet
    for number in range(book.titles):
        sheet.cell(number + 1, 1, f"Título {number}")
    for place, (name, header) in enumerate(book.headers.items(), start=1):
        for number, value in enumerate([header, *(row.get(name) for row in book.rows)]):
            sheet.cell(book.titles + 1 + number, place, value)
    for beside, (header, cells) in enumerate(book.beside, start=len(book.headers) + 1):
        for number, value in enumerate([header, *cells]):
            sheet.cell(book.titles + 1 + number, beside, value)
    for cells in book.below:
        sheet.append(cells)
    for cell, shown in book.formats.items():
        sheet[cell].number_format = shown
    for block in book.merged:
        sheet.merge_cells(block)
    if book.copy:
        made.copy_worksheet(sheet).title = book.copy
    made.save(path)
    if book.parts is not None:
        _rewrite(path, book.parts)
    return path


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Change the XML of the sheet behind openpyxl's back."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = change(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def as_number(cell: object) -> float:
    """Give the number of a cell, and any number for one that another fault has spoilt."""
    try:
        return float(str(cell).replace(",", "."))
    except ValueError:
        return 30.0


def secret_cells(book: Book) -> list[object]:
    """Give a column of notes that nobody may quote."""
    return [f"{SECRET} {number}" for number in range(len(book.rows))]


DATE = datetime.datetime(2019, 3, 12)
