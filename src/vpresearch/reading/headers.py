"""Headers as people write them, and the columns that they mean; a near miss is suggested, never guessed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from vpresearch.dictionary import Column, columns, fold
from vpresearch.errors import Problem
from vpresearch.reading.raw import LONGEST_WORD, RawTable, letter
from vpresearch.telling import tell

# What may stand behind a header, folded: the same unit by another name, and units that would be read wrongly.
_SAME = {
    "cc": ("cc", "ml", "cm3", "c c"),
    "years": ("anos", "years", "en anos", "in years"),
    "points": ("puntos", "points", "0 10", "0 a 10", "de 0 a 10", "cm"),
    "percent": ("percent", "porcentaje", "por ciento", "0 100", "0 a 100", "de 0 a 100"),
}
_WRONG = {
    "cc": ("mm3", "mm", "l", "litros", "dl", "dm3", "m3", "ul", "cm", "porcentaje", "percent"),
    "years": ("meses", "months", "dias", "days"),
    "points": ("0 100", "0 a 100", "de 0 a 100", "mm", "0 1", "porcentaje", "percent"),
    "percent": ("0 1", "0 a 1", "0 50", "0 a 50", "sobre 50", "fraccion", "fraction", "tanto por uno"),
}
_COMPUTED = ("fill percent", "llenado", "relleno", "porcentaje de llenado", "porcentaje de relleno", "fill ratio")
_COMPUTED_TOO = ("fill", "fill percentage", "ratio de llenado", "region", "region vertebral", "spinal region")
_ALIKE = 0.8
# Fewer begin too many words.
_LEAST_LETTERS = 5
_DIGITS = re.compile(r"\d+")
_MOST_NAMED = 20


@dataclass(frozen=True)
class Matched:
    """Which column stands where.

    Attributes
    ----------
    positions : dict of str to int
        By canonical name, in the order of the file.
    problems, notes : tuple of Problem
    """

    positions: Mapping[str, int]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def _folded(header: object) -> str:
    """Fold a header; its percent sign is a unit, and no punctuation."""
    return fold(str(header).replace("%", " percent "))


@cache
def _names() -> dict[str, tuple[str, str]]:
    """Give column and wrong unit by folded header; a header as the dictionary has it goes before one with a unit."""
    known = {_folded(spelling): (column.name, "") for column in columns().values() for spelling in column.spellings()}
    for column in columns().values():
        stems = {_folded(spelling) for spelling in column.spellings()}
        stems |= {stem.removesuffix(f" {unit}") for stem in stems for unit in _SAME.get(column.unit, ())}
        for stem in sorted(stems):
            for unit in ("", *_SAME.get(column.unit, ())):
                known.setdefault(f"{stem} {unit}".strip(), (column.name, ""))
            for unit in _WRONG.get(column.unit, ()):
                known.setdefault(f"{stem} {unit}", (column.name, unit))
    return known


def column_of(header: str) -> str | None:
    """Give the column of the study that a header means.

    Parameters
    ----------
    header : str

    Returns
    -------
    str or None

    Examples
    --------
    >>> column_of("Edad (años)"), column_of("Hospital")
    ('age_years', None)
    """
    return _names().get(_folded(header), (None, ""))[0]


def known_headers(cells: Iterable[object]) -> int:
    """Count the cells of a row that are headers.

    Parameters
    ----------
    cells : iterable of object

    Returns
    -------
    int

    Examples
    --------
    >>> known_headers(["Sexo", "EDAD (años)", "Volumen vertebral [ml]", "Cirujano", None])
    3
    """
    return sum(_folded(cell) in _names() for cell in cells if cell is not None and len(str(cell)) <= LONGEST_WORD)


def match_headers(raw: RawTable) -> Matched:
    """Find the columns of a table.

    Parameters
    ----------
    raw : RawTable

    Returns
    -------
    Matched

    Examples
    --------
    >>> found = match_headers(RawTable(None, 1, ("Nivel", "Volumen vertebral (mm3)"), {}))
    >>> dict(found.positions), [problem.code for problem in found.problems][:2]
    ({'level': 0, 'vertebral_volume_cc': 1}, ['header_unit', 'missing_column'])
    """
    positions: dict[str, int] = {}
    problems: list[Problem] = []
    unknown: list[int] = []
    for position, header in enumerate(raw.header):
        name, unit = _names().get(_folded(header), (None, ""))
        cell = f"{letter(position)}{raw.header_row}"
        if name is None:
            unknown.append(position)
        elif name in positions:
            first = raw.header[positions[name]]
            problems.append(tell("column_twice", column=header, cell=cell, first=first, second=header))
        else:
            positions[name] = position
            if unit:
                problems.append(tell("header_unit", column=header, cell=cell, unit=columns()[name].unit))
    near = _near(raw, unknown, positions)
    problems += [
        _missing_column(column, near.get(column.name))
        for column in columns().values()
        if column.required and column.name not in positions
    ]
    return Matched(positions, tuple(problems), _ignored(raw, unknown, near))


# Words of a header by what they stand for, and headers that name a column only where nothing else does.
_SHORT_FOR = {
    "fx": "fractura",
    "vol": "volumen",
    "cem": "cemento",
    "loc": "localizacion",
    "m": "meses",
    "iny": "inyectado",
    "vert": "vertebral",
    "preop": "previa",
    "postop": "post",
}
_BESIDE_HINTS = frozenset({"de", "la", "fuga", "paciente"})
_HINTS = {
    "patient_id": "n no num numero caso case sujeto record registro codigo pac pte",
    "leak_size": "grado grade severidad cuantia gravedad",
    "leak_site": "sitio via",
    "cement_volume_cc": "pmma",
}


def _near(raw: RawTable, unknown: list[int], positions: Mapping[str, int]) -> dict[str, str]:
    """Give the unknown header that is most like each column that is not there; a header is meant for one only."""
    near: dict[str, str] = {}
    for position in unknown:
        header = raw.header[position]
        name = meant(header, [name for name in columns() if name not in positions and name not in near])
        if name is not None:
            near[name] = header
    return near


def meant(header: str, among: Iterable[str] | None = None) -> str | None:
    """Guess which column a header that is none of the known ones is meant for, to suggest it.

    Parameters
    ----------
    header : str
    among : iterable of str, optional
        The columns in question; all where not given.

    Returns
    -------
    str or None
        For a slip of the hand, an abbreviation, or a word that hints at one.

    Examples
    --------
    >>> meant("Vol. vertebral"), meant("Complic."), meant("EVA 12m"), meant("Grado"), meant("Cirujano")
    ('vertebral_volume_cc', 'complication', 'vas_1y', 'leak_size', None)
    """
    key = _folded(header)
    if not key:
        return None
    names = list(columns() if among is None else among)
    spelled = {_folded(spelling): name for name in reversed(names) for spelling in columns()[name].spellings()}
    # One month is no slip for twelve.
    alike = [spelling for spelling in spelled if _DIGITS.findall(spelling) == _DIGITS.findall(key)]
    if like := difflib.get_close_matches(key, alike, 1, _ALIKE):
        return spelled[like[0]]
    apart = re.sub(r"(?<=\d)(?=[^\W\d])", " ", key).split()
    words = " ".join(_SHORT_FOR.get(word, word) for word in apart).split()
    shortened = [spelling for spelling in spelled if _is_short_for(words, spelling.split())]
    if shortened:
        return spelled[min(shortened, key=len)]
    hints = set(key.split()) - _BESIDE_HINTS
    return next((name for name in names if hints and hints <= set(_HINTS.get(name, "").split())), None)


def _is_short_for(words: list[str], spelling: list[str]) -> bool:
    """Tell whether every word is the beginning of one of a spelling's, in order; numbers are whole."""
    if sum(map(len, words)) < _LEAST_LETTERS or len(words) > len(spelling):
        return False
    rest = iter(spelling)
    return all(any(own == word or (own.startswith(word) and not word.isdigit()) for own in rest) for word in words)


def _missing_column(column: Column, near: str | None) -> Problem:
    label = column.labels["es"]
    if near is None:
        return tell("missing_column", column=column.name, label=label, name=column.name)
    return tell(
        "missing_column", wording="missing_column_near", column=column.name, label=label, name=column.name, near=near
    )


def _ignored(raw: RawTable, unknown: list[int], near: Mapping[str, str]) -> tuple[Problem, ...]:
    """Note the columns that are not read: those that look like an optional one, those computed here, the rest."""
    notes = [
        tell("ignored_near", column=header, label=columns()[name].labels["es"])
        for name, header in near.items()
        if not columns()[name].required
    ]
    computed = [raw.header[position] for position in unknown if is_computed(raw.header[position])]
    notes += [tell("computed_column", column=header) for header in computed]
    told = {*near.values(), *computed, ""}
    others = [raw.header[position] for position in unknown if raw.header[position] not in told]
    if others:
        named = ", ".join(others[:_MOST_NAMED]) + (" …" if len(others) > _MOST_NAMED else "")
        notes.append(tell("ignored_columns", named=named))
    return tuple(notes)


def is_computed(header: str) -> bool:
    """Tell whether a header names what is computed and never read.

    Parameters
    ----------
    header : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_computed("Llenado (%)"), is_computed("Fuga")
    (True, False)
    """
    return fold(header) in {*_COMPUTED, *_COMPUTED_TOO}
