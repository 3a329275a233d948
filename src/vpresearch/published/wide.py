"""A table as papers print it, with a column a group and a row a variable, as tables with a row a cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from vpresearch.core.errors import Problem, tell
from vpresearch.reading.raw import Sheet, is_blank

# A column of a group says how many it has: Treated (n = 15), Control, n=1,234; what its cells hold may stand behind.
_OF_GROUP = re.compile(
    r"(?P<name>.*?)[\s,;:]*[(\[]?\s*(?<!\w)n\s*=\s*"
    r"(?P<n>[0-9]{1,3}(?:[ ,.][0-9]{3})+|[0-9]+)\s*[)\]]?[\s,;:]*(?P<holds>.*)",
    re.IGNORECASE,
)
_LONGEST_HEAD = 200
_SHARE = re.compile(r"[0-9]+(?:\s*/\s*[0-9]+)?\s*[(\[]\s*[0-9.,]+\s*%\s*[)\]]")
_COUNT = re.compile(r"\s*([0-9]+)\b")
_MEAN_SD, _COUNT_PERCENT = "mean ± sd", "n (%)"
_ENDS = " ,;:-–—"
# Words of what the cells of a row hold, at the end of its name: at most so many.
_MOST_WORDS = 5
# What every row of a variable may say beside, and what its test may.
_OF_CELLS, _OF_TESTS = ("category", "scale", "step", "items", "over", "complete"), ("test", "sided", "randomised")
# Columns that may stand in either kind of table.
_NO_NUMBERS = frozenset({*_OF_CELLS, *_OF_TESTS, "p", "variable", "group", "by", "place", "id"})

Titled = Callable[[str], str]


class Part(NamedTuple):
    """A table with a row a cell, and the column of the printed one that its numbers stand in, if it is of one."""

    sheet: Sheet
    column: str | None = None


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


def of_groups(sheet: Sheet, titled: Titled, problems: list[Problem], most: int) -> list[Part]:
    """Take a table with a column a group apart; any other is left as it is.

    ``titled`` returns the name of the column that a title stands for, several joined, or an empty text.
    """
    for above, (number, header) in enumerate(list(sheet.records.items())[:most]):
        before = list(sheet.records.values())[above - 1] if above else ()
        groups = [
            _Group(position, str(cell).strip(), *_called(found, before, position))
            for position, cell in enumerate(header)
            if position and (found := _head(cell))
        ]
        if groups:
            return list(_Wide(sheet, number, header, groups, titled, problems).parts())
        if any({*titled(str(cell)).split()} - _NO_NUMBERS for cell in header if cell is not None):
            # The header of a table with a row a cell; what is said of n below it is of its rows.
            break
    return [Part(sheet)]


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


@dataclass
class _Wide:
    sheet: Sheet
    header_row: int
    header: tuple[object, ...]
    groups: list[_Group]
    titled: Titled
    problems: list[Problem]

    def parts(self) -> Iterator[Part]:
        """Yield a table of each group and of each kind of numbers in it, and one of tests."""
        rows = {number: row for number, row in self.sheet.records.items() if number > self.header_row}
        named = self._named()
        tables: dict[tuple[_Group, str], dict[int, tuple[object, ...]]] = {}
        tests: dict[int, tuple[object, ...]] = {}
        beside = [position for position, name in named.items() if name in _OF_CELLS and name != "category"]
        of_tests = [position for position, name in named.items() if name in ("p", *_OF_TESTS)]
        for number, (variable, category, holds) in self._told(rows, named).items():
            row = rows[number]
            for group in self.groups:
                text = _cell(row, group.position)
                if text.strip("-–— "):
                    kind = self._kind(number, group, text, holds)
                    of_kind = self.titled(kind).startswith("count") if kind else False
                    told = category or ("yes" if of_kind else None)
                    cells = (variable, group.name, told, group.n, row[group.position])
                    if kind:
                        tables.setdefault((group, kind), {})[number] = (*cells, *(_at(row, each) for each in beside))
            if any(_cell(row, position) for position, name in named.items() if name == "p"):
                tests[number] = (variable, *(_at(row, position) for position in of_tests))
        more = tuple(self.header[position] for position in beside)
        for (group, kind), records in tables.items():
            top = {self.header_row: ("variable", "group", "category", "n", kind, *more)}
            yield Part(Sheet(self.sheet.title, {**top, **records}), group.title)
        if tests:
            top = {self.header_row: ("variable", *(self.header[position] for position in of_tests))}
            yield Part(Sheet(self.sheet.title, {**top, **tests}))

    def _named(self) -> dict[int, str]:
        """Return the columns that are of no group, by name; what has none is told."""
        found: dict[int, str] = {}
        taken = {group.position for group in self.groups}
        for position, cell in enumerate(self.header[1:], 1):
            if position in taken or cell is None or is_blank(cell):
                continue
            name = self.titled(str(cell))
            if name in (*_OF_CELLS, "p", *_OF_TESTS) and name not in found.values():
                found[position] = name
            else:
                at = {"sheet": self.sheet.title, "row": self.header_row, "column": str(cell)[:40]}
                self.problems.append(tell("table_column_wide", given=at["column"], **at))  # type: ignore[arg-type]
        return found

    def _told(
        self, rows: Mapping[int, tuple[object, ...]], named: Mapping[int, str]
    ) -> dict[int, tuple[str, str, str]]:
        """Return the variable and the category of every row with numbers, and what its cells hold."""
        found: dict[int, tuple[str, str, str]] = {}
        section, name = _Section(), ""
        column = next((position for position, each in named.items() if each == "category"), None)
        for number, row in rows.items():
            label, holds = self._label(_cell(row, 0))
            texts = [_cell(row, group.position) for group in self.groups]
            name = label or name
            if column is not None:
                found[number] = name, _cell(row, column), holds
            elif not any(texts):
                self._close(section, found)
                section = _Section(label, holds, [number])
                found[number] = label, "", holds
            elif section.heading and not section.closed and self._takes(section, texts):
                section.rows.append(number)
                found[number] = section.heading, label, holds or section.holds
            else:
                self._close(section, found)
                section = _Section()
                found[number] = label, "", holds
        self._close(section, found)
        return found

    def _takes(self, section: _Section, texts: list[str]) -> bool:
        """Add the counts of a row to those of a section, where they leave no group more than it has."""
        counts = [int(match[1]) if (match := _COUNT.match(text)) else 0 for text in texts]
        if not all(_SHARE.match(text) or text.isdecimal() or not text.strip("-–— ") for text in texts):
            return False
        sums = [one + other for one, other in zip(section.counts or [0] * len(counts), counts, strict=True)]
        sizes = [int(group.n) for group in self.groups]
        if any(total > n for total, n in zip(sums, sizes, strict=True)):
            return False
        section.counts, section.closed = sums, sums == sizes
        return True

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
            holds = " ".join(words[first:]).strip(_ENDS)
            if holds and first and self.titled(holds) and self.titled(holds) not in {"category", "variable", "group"}:
                return " ".join(words[:first]).strip(_ENDS), holds
        return text.strip(_ENDS), ""

    def _kind(self, number: int, group: _Group, text: str, holds: str) -> str:
        """Return what a cell holds: as its row says, its column, or the cell itself."""
        for kind in (holds, group.holds):
            if self.titled(kind):
                return "count" if self.titled(kind) == "n" else kind
        if "±" in text:
            return _MEAN_SD
        if _SHARE.match(text):
            return _COUNT_PERCENT
        if not any(each.code == "table_holds" and each.row == number for each in self.problems):
            at = {"sheet": self.sheet.title, "row": number, "column": group.title[:40]}
            self.problems.append(tell("table_holds", given=text[:40], **at))  # type: ignore[arg-type]
        return ""


def _at(row: tuple[object, ...], position: int) -> object:
    return row[position] if position < len(row) else None


def _cell(row: tuple[object, ...], position: int) -> str:
    value = _at(row, position)
    return "" if value is None else str(value).strip()
