"""Rows of a table that are no vertebrae: sums and means, notes, units, the header once more, lines drawn by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from vpresearch.dictionary import fold
from vpresearch.errors import Problem
from vpresearch.reading.headers import level_of, words_of
from vpresearch.reading.raw import LONGEST_WORD, RawTable, Unreadable, is_blank, letter
from vpresearch.telling import tell

# What no id and no word of the study begins with, and what only counts where there is no level.
_SUMMARIES = words_of(
    "total totales totals subtotal subtotales suma sumas sum media medias promedio promedios mean means average"
    " averages mediana median desviacion desv standard error varianza variance minimo maximo minimum maximum rango"
    " range recuento conteo count porcentaje percentage percentil cuartil"
)
_SHORT_SUMMARIES = words_of("de dt ds sd std se sem ee iqr ric n min max moda mode ic ci percent")
_UNITS = words_of(
    "cc ml cm3 mm3 c anos years ano a y percent puntos points 0 1 2 10 100 f m h v si no s n yes texto text numero"
    " number codigo code categorica categorical numerica numeric mujer varon male female t1 l5 d1"
    " cualitativa cuantitativa continua continuous unidad unidades unit units"
)
_FEW_CELLS = 2
_VITAL = ("level", "leak", "vertebral_volume_cc", "cement_volume_cc")


def without_strangers(
    raw: RawTable, positions: Mapping[str, int], further: Collection[int] = ()
) -> tuple[RawTable, list[Problem]]:
    """Take out the rows that are no vertebrae, and tell each of them once.

    Parameters
    ----------
    raw : RawTable
    positions : dict of str to int
        Position of each column, by canonical name.
    further : collection of int, optional
        Positions of the columns of several vertebrae beside one another.

    Returns
    -------
    RawTable
    list of Problem

    Examples
    --------
    >>> raw = RawTable(None, 1, ("Paciente", "Nivel"), {2: ("P1", "T12"), 3: ("Media", None), 4: ("* un pie",)})
    >>> kept, problems = without_strangers(raw, {"patient_id": 0, "level": 1})
    >>> list(kept.rows), [(problem.row, problem.wording) for problem in problems]
    ([2], [(3, 'row_of_summary'), (4, 'row_of_notes')])
    """
    vital = {positions[name] for name in _VITAL if name in positions} | set(further)
    level, read = positions.get("level"), {*positions.values(), *further}
    # What stands beside the table, as a second one there, is no row of this one.
    raw = replace(raw, rows={number: cells for number, cells in raw.rows.items() if _reaches(cells, read)})
    headers = {fold(header) for header in raw.header} - {""}
    # Nearly every row names its level, and need not be looked at any further.
    wordings = {
        number: "" if _is_level(level, cells) else _kind(raw, number, positions, vital, headers)
        for number, cells in raw.rows.items()
    }
    problems = [
        tell("no_vertebra", wording=wording, sheet=raw.sheet, row=number, cell=f"{letter(_first(raw, number))}{number}")
        for number, wording in wordings.items()
        if wording
    ]
    return replace(raw, rows={number: cells for number, cells in raw.rows.items() if not wordings[number]}), problems


def _reaches(cells: Sequence[object], read: Collection[int]) -> bool:
    return any(not is_blank(cell) for at, cell in enumerate(cells) if at in read)


def _first(raw: RawTable, number: int) -> int:
    return next(at for at, cell in enumerate(raw.rows[number]) if not is_blank(cell))


def _kind(raw: RawTable, number: int, positions: Mapping[str, int], vital: set[int], headers: Collection[str]) -> str:
    """Give the wording of the problem that a row is; the empty string for a row that could be a vertebra."""
    cells = {at: cell for at, cell in enumerate(raw.rows[number]) if not is_blank(cell)}
    if not vital or any(isinstance(cells.get(at), Unreadable) for at in _at(positions, "level", "leak")):
        return ""
    words = [fold(cell) for cell in cells.values() if isinstance(cell, str) and len(cell) <= LONGEST_WORD]
    texts = [cell for cell in cells.values() if isinstance(cell, str)]
    if not any(words) and len(texts) == len(cells) and all(len(cell) <= LONGEST_WORD for cell in texts):
        return "row_of_signs"
    if len(cells) > 1 and 2 * sum(word in headers for word in words) > len(cells):
        return "row_of_headers"
    if _is_summary(words, "level" in positions and not set(_at(positions, "level", "leak")) & set(cells)):
        return "row_of_summary"
    if len(cells) > 1 and len(words) == len(cells) and _are_units(words, texts):
        return "row_of_units"
    if vital & set(cells):
        asks = _at(positions, "patient_id", "level", "leak", "sex")
        return "row_without_patient" if len(asks) > _FEW_CELLS and not set(asks) & set(cells) else ""
    return "row_of_notes" if len(cells) <= _FEW_CELLS else "row_without_vertebra"


def _at(positions: Mapping[str, int], *names: str) -> list[int]:
    return [positions[name] for name in names if name in positions]


def _is_level(at: int | None, cells: Sequence[object]) -> bool:
    """Tell whether a row names a level of the spine."""
    return at is not None and at < len(cells) and level_of(str(cells[at])[:LONGEST_WORD]) is not None


def _is_summary(words: list[str], has_no_level: bool) -> bool:
    """Tell whether the first word of a row names a sum, a mean or the like, and is no patient's N 1 or SD 12."""
    first = words[0].partition(" ")[0] if words else ""
    return first in _SUMMARIES or (first in _SHORT_SUMMARIES and (has_no_level or first == words[0]))


def _are_units(words: list[str], texts: list[str]) -> bool:
    """Tell whether most cells of a row are units or codes, or stand in brackets."""
    said = [
        text.strip()[:1] in {"(", "["} or (set(word.split()) <= _UNITS and not word.isdigit())
        for word, text in zip(words, texts, strict=True)
    ]
    return 2 * sum(said) > len(said)
