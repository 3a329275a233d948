"""Tables with one row a patient, whose further vertebrae stand in numbered columns: told, and written one row each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from vpresearch.dictionary import columns, fold, label
from vpresearch.errors import Problem
from vpresearch.reading.headers import column_of, meant
from vpresearch.reading.raw import RawTable, cell_at, is_blank, letter
from vpresearch.telling import tell

# What makes a numbered column one of a vertebra and not, say, of a second complication.
_CORE = ("level", "vertebral_volume_cc", "cement_volume_cc", "leak")
_OF_VERTEBRA = tuple(c.name for c in columns().values() if c.unit_of_observation == "vertebra")
# Where columns are numbered, the bare word is enough.
_SHORT = {
    **dict.fromkeys(("volumen", "volume", "vol"), "vertebral_volume_cc"),
    **dict.fromkeys(("localizacion", "sitio", "site"), "leak_site"),
    **dict.fromkeys(("tamano", "grado", "size"), "leak_size"),
}
_NUMBER = re.compile(r"(?<!\d)0?(\d{1,2})(?!\d)")
_LEVEL = re.compile(r"(?<![^\W_])((?:T|D|Th)(?:1[0-2]|[1-9])|L[1-5])(?![^\W_])", re.IGNORECASE)
_MOST_NAMED = 6


@dataclass(frozen=True)
class Wide:
    """Which column of which vertebra stands where.

    Attributes
    ----------
    groups : dict of str to dict of str to int
        Positions by canonical column, by the number or the level that the headers have; the empty string for none.
    of_patient : dict of str to int
        Positions of the columns that all of a patient's vertebrae share.
    """

    groups: Mapping[str, Mapping[str, int]]
    of_patient: Mapping[str, int]


def find_wide(raw: RawTable) -> Wide | None:
    """Find the groups of columns that are further vertebrae.

    Parameters
    ----------
    raw : RawTable

    Returns
    -------
    Wide or None
        None for a table with one row a vertebra.

    Examples
    --------
    >>> found = find_wide(RawTable(None, 1, ("Paciente", "Nivel 1", "Fuga 1", "Nivel 2", "Fuga 2"), {}))
    >>> found.groups
    {'1': {'level': 1, 'leak': 2}, '2': {'level': 3, 'leak': 4}}
    >>> find_wide(RawTable(None, 1, ("Paciente", "Nivel", "EAV 1 mes"), {})) is None
    True
    """
    groups: dict[str, dict[str, int]] = {}
    of_patient: dict[str, int] = {}
    if sum(column_of(header) == "patient_id" for header in raw.header) > 1:
        # Two tables side by side.
        return None
    for position, header in enumerate(raw.header):
        known = column_of(header)
        name, key = (known, "") if known else _numbered(header)
        if name is None:
            continue
        if name not in _OF_VERTEBRA:
            of_patient.setdefault(name, position)
            continue
        if name in groups.get(key, {}):
            # The same header again is the next vertebra.
            key = f"{1 + sum(name in group for group in groups.values())}"
        groups.setdefault(key, {}).setdefault(name, position)
    further = [key for key, group in groups.items() if key and any(name in group for name in _CORE)]
    repeated = sum("level" in group or "vertebral_volume_cc" in group for group in groups.values()) > 1
    return Wide(groups, of_patient) if further and (repeated or _is_numbered(raw, groups)) else None


def _is_numbered(raw: RawTable, groups: Mapping[str, Mapping[str, int]]) -> bool:
    """Tell a numbered header from two columns that hold the same by mistake."""
    at = [position for group in groups.values() for name, position in group.items() if name in _CORE]
    return any(column_of(raw.header[position]) is None for position in at)


def _numbered(header: str) -> tuple[str | None, str]:
    """Give the column of a vertebra that a numbered header means, and its number or level."""
    for pattern in (_LEVEL, _NUMBER):
        if match := pattern.search(header):
            rest = f"{header[: match.start()]} {header[match.end() :]}".replace("()", " ")
            name = column_of(rest) or _SHORT.get(fold(rest)) or meant(rest)
            if name in _OF_VERTEBRA:
                return name, match.group(1).upper()
    return None, ""


def look_at_shape(raw: RawTable) -> list[Problem]:
    """Tell that the rows of a table are not those of vertebrae, so that nothing else of it need be told.

    Parameters
    ----------
    raw : RawTable

    Returns
    -------
    list of Problem
        Empty for a table with one row a vertebra; else one.

    Examples
    --------
    >>> [found] = look_at_shape(RawTable(None, 1, ("record_id", "redcap_repeat_instance", "level"), {}))
    >>> found.code
    'redcap'
    """
    if any(header.casefold().startswith("redcap_repeat") for header in raw.header):
        return [tell("redcap", sheet=raw.sheet, row=raw.header_row)]
    wide = find_wide(raw)
    if wide is None:
        return []
    at = sorted(position for key, group in wide.groups.items() if key for position in group.values())
    named = ", ".join(raw.header[position] for position in at[:_MOST_NAMED]) + (" …" if at[_MOST_NAMED:] else "")
    return [tell("wide_table", sheet=raw.sheet, cell=f"{letter(at[0])}{raw.header_row}", named=named)]


def reshape(raw: RawTable, wide: Wide, language: str) -> list[list[object]]:
    """Write a table with one row a vertebra.

    Parameters
    ----------
    raw : RawTable
    wide : Wide
    language : {"es", "en"}
        Of the headers.

    Returns
    -------
    list of list of object
        The header, and a row for each group of columns of a patient that holds anything. What stands in no group,
        such as a complication, is on the first row of its patient.

    Examples
    --------
    >>> raw = RawTable(None, 1, ("Paciente", "Nivel 1", "Nivel 2"), {2: ("P1", "T12", "L1"), 3: ("P2", "L3")})
    >>> reshape(raw, find_wide(raw), "es")
    [['Paciente', 'Nivel'], ['P1', 'T12'], ['P1', 'L1'], ['P2', 'L3']]
    """
    groups = {key: group for key, group in wide.groups.items() if key or not group.keys().isdisjoint(_CORE)}
    loose = {} if "" in groups else wide.groups.get("", {})
    of_level = any(_LEVEL.fullmatch(key) for key in groups)
    present = {*wide.of_patient, *loose, *(name for group in groups.values() for name in group), "patient_id"}
    names = [name for name in columns() if name in present or (of_level and name == "level")]
    rows: list[list[object]] = [[label(name, language) for name in names]]
    for number, cells in enumerate(raw.rows.values(), start=1):
        first = True
        for key, group in groups.items():
            own = {name: cell_at(cells, position) for name, position in group.items()}
            if all(map(is_blank, own.values())):
                continue
            if _LEVEL.fullmatch(key):
                own.setdefault("level", key)
            own |= {name: cell_at(cells, position) for name, position in loose.items()} if first else {}
            own |= {name: cell_at(cells, position) for name, position in wide.of_patient.items()}
            own.setdefault("patient_id", number)
            rows.append([own.get(name) for name in names])
            first = False
    return rows
