"""Tables that have not one row a vertebra: several vertebrae beside one another, or patients in rows of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vpresearch.dictionary import columns, fold
from vpresearch.errors import Problem
from vpresearch.reading.headers import abbreviated, column_of, is_of_vertebra, level_of, numbered, unit_of
from vpresearch.reading.raw import RawTable, is_blank
from vpresearch.telling import tell

# Column of a vertebra and its position, by the number of the vertebra; the first may have none.
Groups = Mapping[str, Mapping[str, int]]
# A vertebra has more than one of these; a second complication alone is none.
_MAKE_A_VERTEBRA = {"level", "vertebral_volume_cc", "cement_volume_cc", "leak"}
_SAYS_NOTHING = {"", "no", "n", "0", "na", "n a", "n c", "nc", "nd", "n d", "s d", "sd", "ninguna", "ninguno", "none"}
_SAYS_NOTHING |= {"no procede", "no aplica", "not applicable", "false", "falso", "sin complicaciones"}
_REPEATED = {"redcap repeat instrument", "redcap repeat instance", "repeat instrument", "repeat instance"}
_EVENTS = {"redcap event name", "event name"}
_MOST_NAMED = 8
_TWICE = 2


@dataclass(frozen=True)
class Long:
    """A table with one row a vertebra.

    Attributes
    ----------
    table : RawTable
    without : tuple of int
        Rows of the file that hold no vertebra, and are not in the table.
    once : tuple of str
        Columns of a vertebra that stood once for several vertebrae: their value is on the first row alone.
    """

    table: RawTable
    without: tuple[int, ...]
    once: tuple[str, ...] = ()


def find_groups(header: Sequence[str]) -> Groups:
    """Find the columns of several vertebrae beside one another.

    Parameters
    ----------
    header : sequence of str

    Returns
    -------
    dict of str to dict of str to int
        Position of each column by its number or level, in the order of the sheet; empty if there is one vertebra a row.

    Examples
    --------
    >>> find_groups(["Paciente", "Nivel", "Fuga", "Nivel 2", "Fuga 2"])
    {'': {'level': 1, 'leak': 2}, '2': {'level': 3, 'leak': 4}}
    """
    groups: dict[str, dict[str, int]] = {}
    plain: dict[str, list[int]] = {}
    for position, written in enumerate(header):
        if found := numbered(written):
            groups.setdefault(found[1], {}).setdefault(found[0], position)
        elif name := column_of(written) or abbreviated(written):
            plain.setdefault(name, []).append(position)
    own = {name: places for name, places in plain.items() if is_of_vertebra(name)}
    counted = {name for group in groups.values() for name in group}
    if not groups and len(plain.get("patient_id", [])) < _TWICE:
        twice = {name: places for name, places in own.items() if len(places) >= _TWICE}
        exact = {name for name, places in twice.items() if all(column_of(header[at]) for at in places)}
        if len(_MAKE_A_VERTEBRA & (set(twice) if "level" in exact else exact)) > 1:
            most = max(map(len, twice.values()))
            groups = {str(n + 1): {name: at[n] for name, at in twice.items() if n < len(at)} for n in range(most)}
    elif "level" in own and "level" in counted:
        groups = {"": {name: places[0] for name, places in own.items() if name in counted}, **groups}
    elif "level" not in counted and all(map(str.isdigit, groups)) and len(_MAKE_A_VERTEBRA & counted & set(own)) > 1:
        groups = {"": {name: places[0] for name, places in own.items() if name in counted or name == "level"}, **groups}
    named = any("level" in group or level_of(key) for key, group in groups.items() if key)
    several = any(len(_MAKE_A_VERTEBRA & set(group)) > 1 for key, group in groups.items() if key)
    return groups if named or several else {}


def tell_groups(raw: RawTable, groups: Groups) -> Problem:
    """Tell that a row holds several vertebrae, and which columns say so."""
    further = [raw.header[at] for group in list(groups.values())[-1:] for at in group.values()]
    named = ", ".join(further[:_MOST_NAMED]) + (" …" if len(further) > _MOST_NAMED else "")
    return tell("several_vertebrae", n=len(groups), named=named)


def is_redcap(raw: RawTable) -> bool:
    """Tell whether an export of REDCap has rows of patients and rows of vertebrae, or rows of visits.

    Parameters
    ----------
    raw : RawTable

    Returns
    -------
    bool

    Examples
    --------
    >>> header = ("record_id", "redcap_repeat_instrument", "age_years", "level")
    >>> is_redcap(RawTable(None, 1, header, {2: ("1", "", "80", ""), 3: ("1", "vertebra", "", "L1")}))
    True
    """
    for position, header in enumerate(raw.header):
        if fold(header) in _REPEATED | _EVENTS:
            values = [cells[position] if position < len(cells) else None for cells in raw.rows.values()]
            # Rows of one form alone may already hold everything.
            repeats = "instance" not in fold(header) and len({fold(value or "") for value in values}) > 1
            if repeats or (any(map(is_blank, values)) and not all(map(is_blank, values))):
                return True
    return False


def lengthen(raw: RawTable, language: str) -> Long:
    """Write a table anew with one row a vertebra, the patient's columns repeated in each.

    Parameters
    ----------
    raw : RawTable
        With several vertebrae a row, or as REDCap exports it.
    language : {"es", "en"}
        Of the headers that change.

    Returns
    -------
    Long

    Examples
    --------
    >>> raw = RawTable(None, 1, ("Paciente", "Nivel 1", "Fuga 1", "Nivel 2"), {2: ("P1", "T12", "No", "L1")})
    >>> long = lengthen(raw, "es").table
    >>> long.header, list(long.rows.values())
    (('Paciente', 'Nivel', 'Fuga'), [('P1', 'T12', 'No'), ('P1', 'L1', None)])
    """
    return _of_groups(raw, groups, language) if (groups := find_groups(raw.header)) else _of_redcap(raw, language)


def _of_groups(raw: RawTable, groups: Groups, language: str) -> Long:
    names = sorted({name for group in groups.values() for name in group} | {"level"}, key=list(columns()).index)
    grouped = {position for group in groups.values() for position in group.values()}
    first = min(grouped)
    others = [at for at in range(len(raw.header)) if at not in grouped and _is_used(raw, at)]
    once = [at for at in others if (name := column_of(raw.header[at])) and is_of_vertebra(name)]
    before, behind = [at for at in others if at < first], [at for at in others if at > first]
    header = [raw.header[at] for at in before]
    header += [_header(raw, name, groups, language) for name in names]
    header += [raw.header[at] for at in behind]
    rows: list[tuple[object, ...]] = []
    without, moved = [], set[int]()
    for number, cells in raw.rows.items():
        found = [
            (key, group)
            for key, group in groups.items()
            if not all(_says_nothing(_cell(cells, at)) for at in group.values())
        ]
        for turn, (key, group) in enumerate(found):
            # What stands once a patient and says something belongs to a vertebra that nobody names.
            gone = {at for at in once if turn and not _says_nothing(_cell(cells, at))}
            moved |= gone
            known = {"level": key} if key and not key.isdigit() else {}
            values = [known.get(name) if name not in group else _cell(cells, group[name]) for name in names]
            ends = [[None if at in gone else _cell(cells, at) for at in side] for side in (before, behind)]
            rows.append((*ends[0], *values, *ends[1]))
        if not found:
            without.append(number)
    return Long(_table(raw, header, rows), tuple(without), tuple(raw.header[at] for at in sorted(moved)))


def _of_redcap(raw: RawTable, language: str) -> Long:
    """Join the rows of a patient's forms, which REDCap exports apart, to the rows of the patient's vertebrae."""
    at = {name: position for position, header in reversed(list(enumerate(raw.header))) if (name := column_of(header))}
    patient = at.get("patient_id", 0)
    kept = [p for p, header in enumerate(raw.header) if fold(header) not in _REPEATED | _EVENTS and _is_used(raw, p)]
    shared: dict[str, dict[int, object]] = {}
    for cells in raw.rows.values():
        own = shared.setdefault(fold(_cell(cells, patient) or ""), {})
        for position in kept:
            name = column_of(raw.header[position])
            if not is_blank(_cell(cells, position)) and not (name and is_of_vertebra(name)):
                own.setdefault(position, cells[position])
    rows: list[tuple[object, ...]] = []
    without: list[tuple[int, str]] = []
    treated: set[str] = set()
    for number, cells in raw.rows.items():
        who = fold(_cell(cells, patient) or "")
        own = shared[who]
        if all(is_blank(_cell(cells, position)) for name, position in at.items() if name in _MAKE_A_VERTEBRA):
            without.append((number, who))
            continue
        treated.add(who)
        filled = ((position, _cell(cells, position)) for position in kept)
        rows.append(tuple(own.get(position) if is_blank(cell) else cell for position, cell in filled))
    header = [columns()["patient_id"].labels[language] if p == patient else raw.header[p] for p in kept]
    return Long(_table(raw, header, rows), tuple(number for number, who in without if who not in treated))


def _table(raw: RawTable, header: Sequence[str], rows: Sequence[tuple[object, ...]]) -> RawTable:
    return replace(raw, header_row=1, header=tuple(header), rows=dict(enumerate(rows, start=2)), merged=())


def _header(raw: RawTable, name: str, groups: Groups, language: str) -> str:
    """Name a column as the dictionary does, but for a wrong unit, which must be seen again."""
    label = columns()[name].labels[language]
    units = [unit for group in groups.values() if name in group and (unit := unit_of(raw.header[group[name]]))]
    return f"{label.partition(' (')[0]} ({units[0]})" if units else label


def _cell(cells: Sequence[object], position: int) -> object:
    return cells[position] if position < len(cells) else None


def _is_used(raw: RawTable, position: int) -> bool:
    return bool(raw.header[position]) or any(not is_blank(_cell(cells, position)) for cells in raw.rows.values())


def _says_nothing(cell: object) -> bool:
    """Tell whether a cell is empty, or has a word or a sign for nothing, as of a vertebra that was not treated."""
    return is_blank(cell) or fold(cell) in _SAYS_NOTHING
