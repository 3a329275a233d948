"""Find the direct identifiers of a raw table, and tell them without a value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vpresearch.dictionary import columns, fold
from vpresearch.errors import Problem, first_of, runs
from vpresearch.identifiers.headers import Kind, kind_of_header, words
from vpresearch.identifiers.persons import is_name_alone, may_be_a_name, names_by_capitals
from vpresearch.identifiers.table import header_at, shown, width
from vpresearch.identifiers.values import as_text, kinds_of_value
from vpresearch.reading.headers import column_of
from vpresearch.reading.raw import RawTable, cell_at, letter
from vpresearch.telling import tell

# Forms that no measurement and no category can have; a date there is a number that Excel took for one.
_NEVER_A_MEASUREMENT: frozenset[Kind] = frozenset({"identity", "health_card", "email"})
_NUMBERED_HEADERS = words("id codigo cod code numero num number n no ref referencia registro identificador")
_LEAST_DIGITS, _MOST_DIGITS = 6, 20
# A column of names has some, and little else.
_LEAST_NAMES, _MOSTLY = 3, 2 / 3
_BETWEEN_ITEMS = re.compile(r"\s*[,\n]\s*|\s[-–]\s|\s(?:y|e|o|and|or)\s")
_FIRST, _LATER = slice(1), slice(1, None)
# A DNI or NIE whatever its check letter, and a passport: an id that looks like one was meant as one.
_NEAR_IDENTITY = re.compile(r"(?:[XYZ][\s\-]?)?\d{7,8}[\s\-]?[A-Z]|[A-Z]{2,4}[\s\-]?\d{6,7}")
# Initials, and initials with a year: only where all ids of a study are such.
_INITIALS, _BORN = re.compile(r"[A-Z]{2,4}"), re.compile(r"[A-Z]{2,4}\d{2}")


@dataclass(frozen=True)
class Found:
    """One kind of identifier in one column.

    Attributes
    ----------
    position : int
        Of the column, from 0.
    kind : str
    rows : tuple of int
        Where it is; empty where the header tells it.
    sure : bool
        False for text of the study that only its capitals make look like a name.
    """

    position: int
    kind: Kind
    rows: tuple[int, ...] = ()
    sure: bool = True


def find(table: RawTable) -> list[Problem]:
    """Find every direct identifier of a table.

    Parameters
    ----------
    table : RawTable

    Returns
    -------
    list of Problem
        With the code ``identifier``, or ``doubtful`` for what may be a name and may be none; one a column and kind,
        and never a value.
    """
    return [_problem(table, found) for found in all_found(table)]


def all_found(table: RawTable) -> list[Found]:
    """Find every direct identifier of a table, as places.

    Parameters
    ----------
    table : RawTable

    Returns
    -------
    list of Found
        By column.
    """
    return [found for position in range(width(table)) for found in _of_column(table, position)]


def _of_column(table: RawTable, position: int) -> Iterator[Found]:
    header = header_at(table, position)
    cells = _by_value(table, position)
    name = column_of(header)
    if name == "patient_id":
        yield from _of_cells(position, cells, _kinds_of_ids([value for value, _ in cells], of_patients=True))
    elif name is not None:
        text = columns()[name].kind == "text"
        yield from _of_cells(position, cells, kinds_of_value if text else _kinds_of_measurement)
        doubtful = [row for value, rows in cells if text and _may_tell_a_name(value) for row in rows]
        if doubtful:
            yield Found(position, "name", tuple(sorted(doubtful)), sure=False)
    elif cells and (kind := kind_of_header(header)) is not None:
        yield Found(position, kind)
    else:
        numbered = bool(_NUMBERED_HEADERS & set(fold(header).split()))
        apart = _items_apart(cells)
        kinds = _kinds_of_ids([value for value, _ in cells]) if numbered else kinds_of_value
        names, mostly = _names_by_form(table, apart)
        items = {value for value, _ in apart}
        cells = [*apart, *(each for each in cells if each[0] not in items)]
        yield from _of_cells(position, cells, lambda value: _with_name(kinds(value), named=mostly and value in names))
        doubtful = [row for value, rows in apart if value in names and "name" not in kinds(value) for row in rows]
        if doubtful and not mostly:
            yield Found(position, "name", tuple(sorted(doubtful)), sure=False)


def _with_name(kinds: Sequence[Kind], *, named: bool) -> tuple[Kind, ...]:
    return (*kinds, "name") if named and "name" not in kinds else tuple(kinds)


def _names_by_form(table: RawTable, cells: Sequence[tuple[object, list[int]]]) -> tuple[set[object], bool]:
    """Give the values of a column that nobody needs which may be names, and whether the column is mostly of such.

    Each is of one patient, unlike a category; and the words of a category are often the same but for one.
    """
    ids = next((p for p in range(width(table)) if column_of(header_at(table, p)) == "patient_id"), None)
    of = {row: row if ids is None else as_text(cell_at(record, ids)) or row for row, record in table.rows.items()}
    own = [value for value, rows in cells if isinstance(value, str) and len({of[row] for row in rows}) == 1]
    alone = [value for value in own if may_be_a_name(value)]
    # A given name is not written small after a surname that is not.
    several = [
        value for value in alone if may_be_a_name(value, several=True) and not value.rpartition(",")[2].islower()
    ]
    firsts = Counter(fold(value).split(" ")[0] for value in several)
    apart = all(2 * times <= len(several) for times in firsts.values())
    least = max(_LEAST_NAMES, _MOSTLY * len(cells))
    found: set[object] = {value for value in own if names_by_capitals(value)}
    found |= set(alone) if len(alone) >= least else {value for value in alone if may_be_a_name(value, several=True)}
    return found, apart and len(several) >= least


def _items_apart(cells: Sequence[tuple[object, list[int]]]) -> list[tuple[object, list[int]]]:
    """Split lists, as of diseases, most of which have an item that stands elsewhere alone or in another place."""
    lists = {value: _BETWEEN_ITEMS.split(value) for value, _ in cells if isinstance(value, str)}
    lists = {value: items for value, items in lists.items() if len(items) > 1}
    alone = {fold(value) for value, _ in cells if value not in lists}
    first, later = ({fold(item) for items in lists.values() for item in items[part]} for part in (_FIRST, _LATER))
    mixed = {value for value, items in lists.items() if not (first & later | alone).isdisjoint(map(fold, items))}
    if 2 * len(mixed) <= len(lists):
        return list(cells)
    apart: dict[object, list[int]] = {}
    for value, rows in cells:
        for item in lists[value] if value in mixed else [value]:
            apart.setdefault(item, []).extend(rows)
    return list(apart.items())


def _may_tell_a_name(value: object) -> bool:
    if not isinstance(value, str) or "name" in kinds_of_value(value):
        return False
    return names_by_capitals(value) or may_be_a_name(value, several=True)


def _by_value(table: RawTable, position: int) -> list[tuple[object, list[int]]]:
    """Give what stands in a column, in the order of the rows, and where: each value is looked at once."""
    rows: dict[tuple[type, object], list[int]] = {}
    for row, record in table.rows.items():
        value = cell_at(record, position)
        rows.setdefault((type(value), value), []).append(row)
    return [(value, found) for (_, value), found in rows.items() if as_text(value)]


def _of_cells(
    position: int, cells: Sequence[tuple[object, list[int]]], kinds: Callable[[object], Sequence[Kind]]
) -> Iterator[Found]:
    rows: dict[Kind, list[int]] = {}
    for value, found in cells:
        for kind in kinds(value):
            rows.setdefault(kind, []).extend(found)
    for kind, where in rows.items():
        yield Found(position, kind, tuple(sorted({*where})))


def _kinds_of_measurement(value: object) -> tuple[Kind, ...]:
    if not isinstance(value, str):
        return ()
    return tuple(kind for kind in kinds_of_value(value) if kind in _NEVER_A_MEASUREMENT)


def _kinds_of_ids(values: Sequence[object], *, of_patients: bool = False) -> Callable[[object], tuple[Kind, ...]]:
    """Give the rule for a column of ids, where a long number is that of a record unless the numbers are running."""
    texts = [text for text in map(as_text, values) if not text.isdecimal()]
    letters = [re.sub(r"[\W\d_]", "", text).upper() for text in texts]
    # One prefix and a running number, as PAC-12, are no initials with a year; nor are letters that run, as AAA and AAB.
    codes = len(set(letters)) == 1
    apart = len(letters) >= _LEAST_NAMES and 2 * len({each[:1] for each in letters}) > len(letters)
    initials = apart and any(all(map(form.fullmatch, map(str.upper, texts))) for form in (_INITIALS, _BORN))
    numbers = {int(text) for text in map(as_text, values) if text.isdecimal() and len(text) < _MOST_DIGITS}
    running = len(numbers) > 1 and max(numbers) - min(numbers) < 20 * len(numbers)

    def kinds(value: object) -> tuple[Kind, ...]:
        text = as_text(value)
        if text.isdecimal():
            return () if running or len(text) < _LEAST_DIGITS else ("record",)
        if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", text) and isinstance(value, str):
            return ("record",)
        if _NEAR_IDENTITY.fullmatch(text.upper()) and not (codes and len(texts) > 1 and text[:2].isalpha()):
            return ("identity",)
        named = initials or (
            may_be_a_name(text.title() if text.islower() else text) and not (codes and text[-1:].isdecimal())
        )
        return ("name",) if is_name_alone(text) or (of_patients and named) else kinds_of_value(value)

    return kinds


def _problem(table: RawTable, found: Found) -> Problem:
    own, row = column_of(header_at(table, found.position)), found.rows[0] if found.rows else None
    if not found.sure:
        wording = "doubtful_name"
    elif row is None:
        wording = "identifier_column"
    elif own == "patient_id":
        wording = "identifier_ids"
    else:
        wording = "identifier_cells" if own is None else "identifier_text"
    return tell(
        "identifier" if found.sure else "doubtful",
        wording=wording,
        sheet=table.sheet,
        row=row,
        column=shown(table, found.position),
        cell=f"{letter(found.position)}{row or table.header_row}",
        kind=found.kind,
        rows=first_of(runs(found.rows)),
    )
