"""Find and drop what may identify a patient."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from vpresearch.core.dictionary import columns, fold, label
from vpresearch.core.errors import Problem, first_of, runs, tell
from vpresearch.identifiers.headers import Kind, kind_of_header, words
from vpresearch.identifiers.persons import is_name_alone, may_be_a_name, names_by_capitals, without_words_of_the_field
from vpresearch.identifiers.values import as_text, kinds_of_value
from vpresearch.reading.headers import OF_REDCAP, column_of
from vpresearch.reading.raw import RawTable, cell_at, letter


def width(table: RawTable) -> int:
    """Return the number of columns, those without a header included."""
    return max([len(table.header), *(len(record) for record in table.rows.values())])


def header_at(table: RawTable, position: int) -> str:
    """Return a header; a column beyond the last one has none."""
    return table.header[position] if position < len(table.header) else ""


def shown(table: RawTable, position: int) -> str | None:
    """Name a column by its header, unless that is empty, an identifier itself or written as a name is."""
    header = header_at(table, position)
    return None if not header or kinds_of_value(header) or _is_written_as_a_name(header) else header


def _is_written_as_a_name(header: str) -> bool:
    return column_of(header) is None and fold(header) not in OF_REDCAP and may_be_a_name(header, several=True)


_LONGEST = 30
# Digits enough to be the number of a record, a telephone or a document.
_NUMBER_OF_SOMEBODY = re.compile(r"\d{6}")
# No list of names is complete: a word that may be one is not quoted.
_WORD = re.compile(r"[^\W\d_]{4}|(?<![^\W\d_])[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{2}")
_ERROR_OF_EXCEL = re.compile(r"#[\w¡¿/]+[!?]?")


def identifies_nobody(cell: object) -> bool:
    """Return whether a cell may be quoted to the owner of the file."""
    if not isinstance(cell, str | int | float) or isinstance(cell, bool):
        return False
    text = as_text(cell)
    if not 0 < len(text) <= _LONGEST or not text.isprintable():
        return False
    if _ERROR_OF_EXCEL.fullmatch(text):
        return True
    return not any((kinds_of_value(text), is_name_alone(text), _NUMBER_OF_SOMEBODY.search(text), _WORD.search(text)))


def kinds_of_file_name(stem: str) -> tuple[Kind, ...]:
    """Return which identifiers the name of a file holds; the date of a version is none."""
    return tuple(kind for kind in kinds_of_value(stem.replace("_", " ")) if kind != "date")


def may_name_somebody(name: str) -> bool:
    """Return whether the name of a file, folder or sheet may be that of a person, so that nothing is named after it."""
    words = [word for word in re.split(r"[\W_]+", name) if not word.isdecimal()]
    return bool(kinds_of_file_name(name)) or may_be_a_name(" ".join(without_words_of_the_field(words)), several=True)


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
    """One kind of identifier in one column."""

    position: int
    kind: Kind
    rows: tuple[int, ...] = ()
    sure: bool = True


def find(table: RawTable) -> list[Problem]:
    """Find every direct identifier of a table."""
    return [_problem(table, found) for found in all_found(table)]


def all_found(table: RawTable) -> list[Found]:
    """Find every direct identifier of a table, as places."""
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
    """Return the values of a column that nobody needs which may be names, and whether the column is mostly of such.

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
    """Return what stands in a column, in the order of the rows, and where: each value is looked at once."""
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
    """Return the rule for a column of ids, where a long number is that of a record unless the numbers are running."""
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
        if said := kinds_of_value(value):
            return said
        if _NEAR_IDENTITY.fullmatch(text.upper()) and not (codes and len(texts) > 1 and text[:2].isalpha()):
            return ("identity",)
        named = initials or (
            may_be_a_name(text.title() if text.islower() else text) and not (codes and text[-1:].isdecimal())
        )
        return ("name",) if is_name_alone(text) or (of_patients and named) else ()

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


_REMOVED = "text removed"
# What tells patients apart, the surest first; a name may be spread over columns.
_TELL_PATIENTS: tuple[Kind, ...] = ("record", "identity", "health_card", "name")


def screen(
    table: RawTable, *, drop_identifiers: bool = False
) -> tuple[RawTable, tuple[Problem, ...], tuple[Problem, ...]]:
    """Report the direct identifiers of a table, or drop them."""
    if drop_identifiers:
        clean, dropped = drop(table)
        return _nameless(clean), dropped, ()
    clean = _nameless(table)
    problems = [replace(problem, sheet=clean.sheet) for problem in find(table)]
    doubtful = tuple(problem for problem in problems if problem.code == "doubtful")
    return clean, doubtful, tuple(problem for problem in problems if problem.code != "doubtful")


def drop(table: RawTable) -> tuple[RawTable, tuple[Problem, ...]]:
    """Drop every direct identifier of a table.

    Columns that the study does not know are emptied, patient ids become running numbers, and cells of the study's own
    columns lose their text. Where such a column is all that tells patients apart, running numbers stand in it. Every
    other cell keeps its place.
    """
    found = all_found(table)
    own = [column_of(header_at(table, position)) for position in range(width(table))]
    gone = {each.position for each in found if own[each.position] is None}
    instead = [] if "patient_id" in own else _telling_patients(found, gone)
    named = max([len(table.header), *(place + 1 for place in instead)])
    header = ["" if place in gone else header_at(table, place) for place in range(named)]
    new: dict[tuple[int, int], object] = {(row, place): None for row in table.rows for place in gone}
    told = []
    for place in sorted({each.position for each in found}):
        if own[place] == "patient_id" or instead[:1] == [place]:
            numbers = _numbers(table, instead or [place])
            new |= {(row, place): numbers.get(row) for row in table.rows}
            header[place] = header_at(table, place) if own[place] else label("patient_id", "es")
            told.append(_told(table, place, "dropped_numbered"))
        elif place in gone:
            told.append(_told(table, place, "dropped_column"))
        else:
            rows = {row for each in found if each.position == place for row in each.rows}
            new |= {(row, place): _REMOVED for row in rows}
            told.append(_told(table, place, "dropped_text", n=len(rows)))
    records = {
        row: tuple(new.get((row, place), value) for place, value in enumerate(record))
        for row, record in table.rows.items()
    }
    return replace(table, header=tuple(header), rows=records), tuple(told)


def _told(table: RawTable, place: int, wording: str, **values: object) -> Problem:
    at = f"{letter(place)}{table.header_row}"
    return tell("identifier_dropped", wording=wording, column=shown(table, place), cell=at, **values)  # type: ignore[arg-type]


def _nameless(table: RawTable) -> RawTable:
    """Leave out names of columns and sheets that identify somebody: they would be quoted in messages."""
    header = tuple(_quotable(name, place) for place, name in enumerate(table.header))
    sheet = None if table.sheet and may_name_somebody(table.sheet) else table.sheet
    problems = tuple(map(_unnamed, table.problems))
    notes = tuple(replace(note, sheet=sheet) for note in table.notes)
    return replace(table, header=header, sheet=sheet, problems=problems, notes=notes)


def _quotable(header: str, place: int) -> str:
    """Return a header that may be told: none for an identifier, the column's letter for one written as a name is."""
    if kinds_of_value(header):
        return ""
    return f"[col. {letter(place)}]" if _is_written_as_a_name(header) else header


def _unnamed(problem: Problem) -> Problem:
    """Take names of sheets that may be those of persons out of a problem, and tell it in words that need none."""
    names = [each for each in (problem.sheet, *problem.values.values()) if isinstance(each, str)]
    if problem.code not in {"other_table", "split_table"} or not any(map(may_name_somebody, names)):
        return problem
    wording = "split_table_unnamed" if problem.code == "split_table" else "other_table_unnamed"
    return tell(problem.code, wording=wording, **problem.values)  # type: ignore[arg-type]


def _telling_patients(found: Sequence[Found], gone: set[int]) -> list[int]:
    for kind in _TELL_PATIENTS:
        if positions := sorted({each.position for each in found if each.kind == kind} & gone):
            return positions if kind == "name" else positions[:1]
    return []


def _numbers(table: RawTable, positions: Sequence[int]) -> dict[int, str]:
    """Give every patient a number in the order of the file, by row; a row without a value has none."""
    numbers: dict[tuple[str, ...], int] = {}
    by_row = {}
    for row, record in table.rows.items():
        value = tuple(as_text(cell_at(record, position)).casefold() for position in positions)
        if any(value):
            by_row[row] = str(numbers.setdefault(value, len(numbers) + 1))
    return by_row
