"""A table as papers print it, with a column a group and a row a variable, as rows with a cell each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import NamedTuple, TypeAlias

from vpresearch.core.dictionary import fold
from vpresearch.core.errors import Problem, tell
from vpresearch.reading.raw import Sheet, cell_at, is_blank

# A column of a group says how many it has: Treated (n = 15), Control, n=1,234; what its cells hold may stand behind.
_OF_GROUP = re.compile(
    r"(?P<name>.*?)[\s,;:]*[(\[]?\s*(?<!\w)n\s*=\s*"
    r"(?P<n>[0-9]{1,3}(?:[ ,.][0-9]{3})+|[0-9]+)\s*[)\]]?[\s,;:]*(?P<holds>.*)",
    re.IGNORECASE,
)
_LONGEST_HEAD = 200
_SHARE = re.compile(r"[0-9]+(?:\s*/\s*[0-9]+)?\s*[(\[]\s*[0-9.,]+\s*%\s*[)\]]")
_PERCENT_FIRST = re.compile(r"[0-9.,]+\s*%\s*[(\[]\s*(?:n\s*=\s*)?[0-9]+\s*[)\]]", re.IGNORECASE)
_COUNT = re.compile(r"\s*([0-9]+)(?![0-9.,/])")
# What is read as nothing else: a pair such as right/left, thousands where points are decimal, errors and intervals.
_PAIR = re.compile(r"[0-9]+\s*/\s*[0-9]+")
_THOUSANDS, _POINT = re.compile(r"(?<![0-9.,])[0-9]{1,3},[0-9]{3}(?![0-9])"), re.compile(r"[0-9]\.[0-9]")
_ERRORS = re.compile(r"\b(?:SEM?|EEM?|CI|IC)\b|(?i:standard errors?|error(?:es)? est[aá]ndar)")
_MISSING = frozenset({"", "na", "n/a", "n.a.", "nd", "n.d.", "nr", "n.r."})
# What the words at the end of a row's name may stand for; one alone stands behind a comma, as it may be a unit.
_HELD = frozenset({"n", "count", "percent", "mean", "sd", "min", "q1", "median", "q3", "max"})
_UNITS = frozenset({"percent", "min", "max"})
_ENDS = " ,;:-–—"
# Words of what the cells of a row hold, at the end of its name: at most so many.
_MOST_WORDS = 5
# What every row of a variable may say beside, and what its test may.
_OF_CELLS, _OF_TESTS = ("category", "scale", "step", "items", "over", "complete"), ("test", "sided", "randomised")
_TESTED = ("p", "t", "F", "chi2", "z", "df", "df2")
# Columns that may stand in either kind of table.
_NO_NUMBERS = frozenset({*_OF_CELLS, *_OF_TESTS, *_TESTED, "variable", "group", "by", "place", "id"})
# A row of numbers of patients below the names of the groups.
_SIZES = frozenset({"n", "patients", "number of patients", "pacientes", "numero de pacientes"})

Titled = Callable[[str], tuple[str, ...]]


_Cells: TypeAlias = dict[tuple[str, ...], object]
_Titles: TypeAlias = dict[tuple[str, ...], str]


class Row(NamedTuple):
    """A row with a cell, or one of tests: its cells by what each holds, and what the table calls its columns."""

    sheet: str | None
    number: int
    cells: Mapping[tuple[str, ...], object]
    headers: Mapping[str, str]
    of_tests: bool


class _Group(NamedTuple):
    position: int
    title: str
    name: str
    n: str
    holds: str


@dataclass
class _Section:
    """Rows below a heading without numbers, which are its categories as far as their counts make up every n."""

    heading: str = ""
    holds: str = ""
    rows: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    closed: bool = False


def rows_of_groups(sheet: Sheet, titled: Titled, problems: list[Problem], most: int) -> list[Row] | None:
    """Take a table with a column a group apart; None where it is another.

    ``titled`` returns the names of the columns that a title stands for.
    """
    records = list(sheet.records.items())
    for above, (number, header) in enumerate(records[:most]):
        before = records[above - 1][1] if above else ()
        groups = [
            _Group(position, str(cell).strip(), *_called(found, before, position))
            for position, cell in enumerate(header)
            if position and (found := _head(cell) or _size(header, before, position))
        ]
        if groups:
            # A title may stand in the row above as well, or in the one below.
            whole = tuple(cell_at(before, k) if k and is_blank(cell) else cell for k, cell in enumerate(header))
            last, below = records[above + 1] if len(records) > above + 1 else (number, ())
            parted = _parted(groups, whole, below, titled)
            if parted is not None:
                return list(_Wide(sheet, last, *parted, titled, problems).rows())
            return list(_Wide(sheet, number, whole, groups, titled, problems).rows())
        if any({*titled(str(cell))} - _NO_NUMBERS for cell in header if cell is not None):
            # The header of a table with a row a cell; what is said of n below it is of its rows.
            break
    return None


def _size(row: tuple[object, ...], above: tuple[object, ...], position: int) -> re.Match[str] | None:
    """Read how many a group has whose name stands above, in a row that says n once for all."""
    says, name = fold(row[0]), str(cell_at(above, position) or "").strip()
    return _head(f"n = {row[position]}") if says in _SIZES and name[:1].isalpha() else None


def columns_of_groups(header: tuple[object, ...]) -> int:
    """Count the columns of groups, each of which says how many it has."""
    return sum(_head(cell) is not None for cell in header[1:])


def _head(cell: object) -> re.Match[str] | None:
    text = "" if cell is None else " ".join(str(cell)[:_LONGEST_HEAD].split())
    return _OF_GROUP.fullmatch(text)


def _called(found: re.Match[str], before: tuple[object, ...], position: int) -> tuple[str, str, str]:
    """Return the name of a group, which may stand in the row above, how many it has, and what its cells hold."""
    above = str(before[position] or "").strip() if position < len(before) else ""
    return found["name"].strip() or above or "all", re.sub("[ ,.]", "", found["n"]), found["holds"].strip(_ENDS)


def _parted(
    groups: list[_Group], header: tuple[object, ...], below: tuple[object, ...], titled: Titled
) -> tuple[tuple[object, ...], list[_Group]] | None:
    """Part groups into the columns that the row below their heads names, such as n and %; None where it names none."""
    if not is_blank(cell_at(below, 0)) and titled(str(below[0])) != ("variable",):
        return None
    parts, heads = [], [*header, *[None] * (len(below) - len(header))]
    of = {group.position: group for group in groups}
    group = None
    for position, cell in enumerate(below):
        group = of.get(position, group if is_blank(heads[position]) else None)
        if position == 0 or is_blank(cell):
            continue
        word = str(cell).strip()
        names = {*titled(word)}
        if group is not None and names and names <= _HELD:
            parts.append(group._replace(position=position, title=f"{group.title}, {word}", holds=word))
        elif names and names <= _NO_NUMBERS and is_blank(heads[position]):
            heads[position] = word
        else:
            return None
    return (tuple(heads), parts) if {(part.name, part.n) for part in parts} == {(g.name, g.n) for g in groups} else None


@dataclass
class _Wide:
    sheet: Sheet
    header_row: int
    header: tuple[object, ...]
    groups: list[_Group]
    titled: Titled
    problems: list[Problem]

    def rows(self) -> Iterator[Row]:
        """Yield the cells of each group and of each kind of numbers in it, and the tests."""
        rows = {number: row for number, row in self.sheet.records.items() if number > self.header_row}
        named = self._named()
        found: dict[tuple[object, ...], list[Row]] = {}
        tests: list[Row] = []
        beside = {position: name for position, name in named.items() if name in _OF_CELLS and name != "category"}
        of_tests = {position: name for position, name in named.items() if name in (*_TESTED, *_OF_TESTS)}
        headers = {"variable": "variable", **{name: str(self.header[position]) for position, name in of_tests.items()}}
        for number, (variable, category, holds) in self._told(rows, named).items():
            row = rows[number]
            for group, held, called in self._held(number, row, holds):
                told = category or ("yes" if any("count" in kind for kind in held) else None)
                cells: _Cells = {("variable",): variable, ("group",): group.name, ("category",): told}
                cells |= {("n",): group.n, **held}
                cells |= {(name,): cell_at(row, position) for position, name in beside.items()}
                titles = {name: called.get(names, group.title) for names in cells for name in names}
                found.setdefault((group, *held), []).append(Row(self.sheet.title, number, cells, titles, False))
            if any(not _is_missing(_cell(row, position)) for position, name in of_tests.items() if name in _TESTED):
                tested: _Cells = {("variable",): variable}
                tested |= {(name,): cell_at(row, position) for position, name in of_tests.items()}
                tests.append(Row(self.sheet.title, number, tested, headers, True))
        yield from (row for rows in found.values() for row in rows)
        yield from tests

    def _held(self, number: int, row: tuple[object, ...], holds: str) -> Iterator[tuple[_Group, _Cells, _Titles]]:
        """Yield what a row holds of each group, from all of its columns together, with their titles."""
        for _, of_group in groupby(self.groups, lambda group: (group.name, group.n)):
            columns = list(of_group)
            # Beside a mean, n says of how many it is known.
            described = {"mean", "median"} & {name for each in columns for name in self.titled(each.holds)}
            first, held, called = columns[0], _Cells(), _Titles()
            for column in columns:
                text = _cell(row, column.position)
                kind = () if _is_missing(text) else self._kind(number, column, text, holds if len(columns) == 1 else "")
                kind = ("n",) if described and self.titled(column.holds) == ("n",) else kind
                if kind in held:
                    yield first, held, called
                    first, held, called = column, {}, {}
                if kind:
                    held[kind], called[kind] = row[column.position], column.title
            if held:
                yield first, held, called

    def _named(self) -> dict[int, str]:
        """Return the columns that are of no group, by name; what has none is told."""
        found: dict[int, str] = {}
        taken = {group.position for group in self.groups}
        below = [row for number, row in self.sheet.records.items() if number > self.header_row]
        for position in range(1, max(map(len, [self.header, *below]))):
            cell = cell_at(self.header, position)
            if position in taken or (is_blank(cell) and all(is_blank(cell_at(row, position)) for row in below)):
                continue
            name, *more = ("",) if cell is None else self.titled(str(cell)) or ("",)
            if not more and name in (*_OF_CELLS, *_TESTED, *_OF_TESTS) and name not in found.values():
                found[position] = name
            else:
                title = str(position + 1) if is_blank(cell) else str(cell)[:40]
                self._tell("table_column_wide", self.header_row, title, title)
        return found

    def _tell(self, code: str, row: int, column: str, given: str) -> None:
        self.problems.append(tell(code, sheet=self.sheet.title, row=row, column=column, given=given))

    @staticmethod
    def _has_p(row: tuple[object, ...], named: Mapping[int, str]) -> bool:
        return any(not _is_missing(_cell(row, position)) for position, name in named.items() if name == "p")

    def _told(
        self, rows: Mapping[int, tuple[object, ...]], named: Mapping[int, str]
    ) -> dict[int, tuple[str, str, str]]:
        """Return the variable and the category of every row with numbers, and what its cells hold."""
        found: dict[int, tuple[str, str, str]] = {}
        section, name, heading = _Section(), "", ""
        seen: set[tuple[str, str]] = set()
        column = next((position for position, each in named.items() if each == "category"), None)
        for number, row in rows.items():
            label, holds = self._label(_cell(row, 0))
            texts = [_cell(row, group.position) for group in self._counting]
            name = label or name
            if column is not None:
                found[number] = name, _cell(row, column), holds
            elif not any(texts):
                self._close(section, found)
                section, heading = _Section(label, holds, [number]), label
                found[number] = label, "", holds
            elif section.heading and not section.closed and self._has_p(row, named):
                # With a p of its own a row is no category of another.
                found[number] = f"{heading}: {label}", "", holds or section.holds
            elif section.heading and not section.closed and self._takes(section, texts, holds):
                section.rows.append(number)
                found[number] = section.heading, label, holds or section.holds
            else:
                self._close(section, found)
                section = _Section()
                # What is described before and after stands below two headings.
                again = (label, holds) in seen
                found[number] = f"{heading}: {label}" if again and heading else label, "", holds
            seen.add((label, holds))
        self._close(section, found)
        return found

    def _takes(self, section: _Section, texts: list[str], holds: str) -> bool:
        """Add the counts of a row to those of a section, where they leave no group more than it has."""
        held = [self.titled(holds or section.holds or group.holds)[:1] for group in self._counting]
        said = [names in {("count",), ("n",)} for names in held]
        counts = [int(match[1]) if (match := _COUNT.match(text)) else 0 for text in texts]
        seen = [
            _SHARE.match(text) or text.isdecimal() or (of and _COUNT.match(text))
            for of, text in zip(said, texts, strict=True)
        ]
        if not all(each or _is_missing(text) for each, text in zip(seen, texts, strict=True)):
            return False
        sums = [one + other for one, other in zip(section.counts or [0] * len(counts), counts, strict=True)]
        sizes = [int(group.n) for group in self._counting]
        if any(total > n for total, n in zip(sums, sizes, strict=True)):
            return False
        section.counts, section.closed = sums, sums == sizes
        return True

    @cached_property
    def _counting(self) -> list[_Group]:
        """The columns that can count: all but those of percentages beside them."""
        return [group for group in self.groups if self.titled(group.holds) != ("percent",)] or self.groups

    @staticmethod
    def _close(section: _Section, found: dict[int, tuple[str, str, str]]) -> None:
        """Make variables of their own of rows that do not make up every n: which of them are categories is not told."""
        if not section.closed:
            for number in section.rows[1:]:
                variable, category, holds = found[number]
                found[number] = f"{variable}: {category}", "", holds

    def _label(self, text: str) -> tuple[str, str]:
        """Part the name of a row from the words at its end for what its cells hold, such as mean ± SD or n (%)."""
        words = text.split(" ")
        for first in range(max(0, len(words) - _MOST_WORDS), len(words)):
            holds, before = " ".join(words[first:]).strip(_ENDS), " ".join(words[:first])
            names = self.titled(holds)
            alone = len(names) == 1 and (before[-1:] not in set(",;:") or {*names} & _UNITS)
            if names and before and {*names} <= _HELD and not alone:
                return before.strip(_ENDS), holds
        return text.strip(_ENDS), ""

    def _kind(self, number: int, group: _Group, text: str, holds: str) -> tuple[str, ...]:
        """Return what a cell holds: as its row says, itself, or its column."""
        said = self.titled(holds)
        if _THOUSANDS.search(text) and self._has_points:
            return self._refuse("table_thousands", number, group, text)
        if _PAIR.fullmatch(text) or (not said and "±" in text and self._has_errors(number)):
            return self._refuse("table_pair" if _PAIR.fullmatch(text) else "table_errors", number, group, text)
        if not said and "±" in text:
            return "mean", "sd"
        if not said and _SHARE.match(text):
            return "count", "percent"
        if not said and _PERCENT_FIRST.match(text):
            return "percent", "count"
        of_column = self.titled(group.holds)
        if not said and {*of_column} <= _HELD and not self._has_errors(number):
            said = of_column
        if not said:
            return self._refuse("table_errors" if self._has_errors(number) else "table_holds", number, group, text)
        return ("count",) if said == ("n",) else said

    def _refuse(self, code: str, number: int, group: _Group, text: str) -> tuple[str, ...]:
        """Tell once a row what cannot be read."""
        if not any(each.code == code and each.row == number for each in self.problems):
            self._tell(code, number, group.title[:40], text[:40])
        return ()

    def _has_errors(self, number: int) -> bool:
        """Whether a row, or a note that is no row of numbers, speaks of standard errors or intervals."""
        return bool(_ERRORS.search(_cell(self.sheet.records[number], 0))) or self._notes_errors

    @cached_property
    def _notes_errors(self) -> bool:
        notes = [row for row in self.sheet.records.values() if all(map(is_blank, row[1:]))]
        return any(_ERRORS.search(_cell(row, 0)) for row in notes)

    @cached_property
    def _has_points(self) -> bool:
        rows = [row for number, row in self.sheet.records.items() if number > self.header_row]
        return any(_POINT.search(_cell(row, group.position)) for row in rows for group in self.groups)


def _is_missing(text: str) -> bool:
    return text.strip("-–—− ").casefold() in _MISSING


def _cell(row: tuple[object, ...], position: int) -> str:
    value = cell_at(row, position)
    return "" if value is None else str(value).strip()
