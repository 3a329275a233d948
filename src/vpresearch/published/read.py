"""Read a paper's printed numbers: from its YAML, or from tables in a CSV, in a workbook or pasted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, get_args

from vpresearch.core.dictionary import fold
from vpresearch.core.entries import Entry, read_text
from vpresearch.core.errors import InputError, Problem, tell
from vpresearch.core.reported import Reported
from vpresearch.published.claims import QUANTILES, Claim, Compute, Grid, Paper, PrintedTest, TestName
from vpresearch.published.paper_yaml import (
    MOST_CLAIMS,
    Fault,
    decimal,
    fault,
    is_below,
    of_printed,
    of_printed_test,
    printed_test,
    read_yaml,
    slips,
)
from vpresearch.published.schema import FROM_TO, FURTHER, NUMBERS, STATISTIC_OF, TEST_KEYS, further, is_count
from vpresearch.published.wide import Row, columns_of_groups, rows_of_groups
from vpresearch.reading.file import OF_TABLES, read_bytes, read_delimited, read_sheets
from vpresearch.reading.raw import Percent, Sheet, Unreadable

# Columns of a table of cells and of one of tests, with what else they may be called.
CELL_COLUMNS: dict[str, tuple[str, ...]] = {
    "variable": ("characteristic", "caracteristica"),
    "group": ("grupo", "arm", "brazo"),
    "category": ("categoria", "value", "valor"),
    "n": (),
    "count": ("recuento", "events", "casos", "frequency", "frecuencia"),
    "percent": ("porcentaje", "percentage", "%"),
    "of": ("denominator", "denominador"),
    "complete": ("completo",),
    "mean": ("media", "average", "promedio"),
    "sd": ("de", "ds", "dt", "std dev", "standard deviation", "desviacion estandar", "desviacion tipica"),
    "min": ("minimum", "minimo"),
    "q1": ("p25",),
    "median": ("mediana", "p50"),
    "q3": ("p75",),
    "max": ("maximum", "maximo"),
    "sum": ("suma",),
    "from": ("desde",),
    "to": ("hasta",),
    "items": (),
    "scale": ("escala",),
    "step": ("paso",),
    "over": ("unit of analysis", "unidad de analisis"),
    "place": ("lugar", "table", "tabla"),
}
TEST_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": (),
    "variable": ("characteristic", "caracteristica"),
    "group": ("grupo", "arm", "brazo"),
    "by": ("por",),
    "over": ("unit of analysis", "unidad de analisis"),
    "test": ("prueba",),
    "sided": ("colas",),
    "randomised": ("randomized", "aleatorizado"),
    "p": ("p value", "pvalue", "p valor", "valor p", "valor de p"),
    **dict.fromkeys(NUMBERS, ()),
    "chi2": ("chi squared", "chi square", "chi cuadrado", "ji cuadrado", "χ2", "x2"),
    "or": ("odds ratio",),
    "rr": ("relative risk", "risk ratio", "riesgo relativo"),
    "hr": ("hazard ratio",),
    "df": ("gl",),
    "df2": ("gl2",),
    "coefficient": ("coeficiente", "b", "beta"),
    "se": ("ee",),
    "low": ("inferior", "lower"),
    "high": ("superior", "upper"),
    "level": ("nivel",),
    "place": ("lugar", "table", "tabla"),
}
# What stands behind another number in one cell, as a header or the cell itself calls it.
_BEHIND = {
    **dict.fromkeys(("sd", *CELL_COLUMNS["sd"]), ("sd",)),
    **dict.fromkeys(("percent", *CELL_COLUMNS["percent"]), ("percent",)),
    **dict.fromkeys(("iqr", "ric", "q1 q3", "p25 p75", "interquartile range", "rango intercuartilico"), ("q1", "q3")),
    **dict.fromkeys(("range", "rango", "min max"), ("min", "max")),
    **dict.fromkeys(("n", "count", *CELL_COLUMNS["count"]), ("count",)),
}
# Tests by other names than their words; a t test that is not further named is one of two.
_CALLED: dict[str, tuple[TestName, ...]] = {
    **dict.fromkeys(("t", "t test", "ttest", "prueba t"), ("student", "welch")),
    **dict.fromkeys(("student s t", "student s t test", "student t test"), ("student",)),
    **dict.fromkeys(("t student", "t de student", "prueba t de student"), ("student",)),
    **dict.fromkeys(("welch s t test", "welch t test", "t de welch"), ("welch",)),
    **dict.fromkeys(("paired t test", "t pareada", "t de student pareada"), ("paired_t",)),
    **dict.fromkeys(("one way anova", "analysis of variance", "analisis de varianza"), ("anova",)),
    **dict.fromkeys(("kruskal wallis", "kruskal wallis test"), ("kruskal",)),
    **dict.fromkeys(("mann whitney u", "mann whitney u test", "u de mann whitney"), ("mann_whitney",)),
    **dict.fromkeys(("mann whitney test", "wilcoxon rank sum", "wilcoxon rank sum test"), ("mann_whitney",)),
    **dict.fromkeys(("wilcoxon signed rank", "wilcoxon signed rank test"), ("signed_rank",)),
    **dict.fromkeys(("chi square", "chi2", "chi square test", "chi squared test"), ("chi_squared",)),
    **dict.fromkeys(("chi cuadrado", "ji cuadrado"), ("chi_squared",)),
    **dict.fromkeys(("fisher exact", "fisher s exact", "fisher exact test"), ("fisher",)),
    **dict.fromkeys(("fisher s exact test", "exacta de fisher"), ("fisher",)),
}
# Words for a count where its percentage stands behind; alone they may number the rows.
_NUMBERS_OF = frozenset({"no", "n o", "nos", "num", "number", "numero"})
_BEFORE = {("sd",): ("mean",), ("percent",): ("count",), ("count",): ("percent",), ("q1", "q3"): ("median", "mean")}
_BEFORE[("min", "max")] = _BEFORE[("q1", "q3")]
_TWO_NAMES = re.compile(r"(.{1,40}?)\s*(?:±|\+/?-|[(\[,;/])\s*(.{1,40}?)[)\]\s]*")
_NUMBER = r"[-\u2212]?[0-9]+(?:[.,][0-9]+)?"
_TWO_NUMBERS = re.compile(
    rf"({_NUMBER}(?:\s*%)?)(?:\s*/\s*([0-9]+))?\s*(?:±|\+/?-|[(\[])\s*([^\W\d]*)\s*[:=]?\s*({_NUMBER}(?:\s*%)?)"
    rf"(?:\s*(?:[-–—\u2212;]|to|a|,\s)\s*({_NUMBER}))?\s*[)\]]?"
)
_TWO_ENDS = re.compile(rf"[(\[]?({_NUMBER})\s*(?:[-–—\u2212;]|to|a|,\s)\s*({_NUMBER})[)\]]?")
_PAIRS = (("q1", "q3"), ("min", "max"))
# A further column that tells groups, named behind the word.
_FURTHER_GROUP = re.compile(r"(?:group|grupo|arm|brazo)\s*:\s*(.{1,40})", re.I)
# Rows in which a header is looked for: titles may stand above it.
_TITLES = 10
# What a group is called that is all of them together.
_EVERYBODY = frozenset(
    {
        *("total", "all", "all patients", "overall", "everybody", "whole cohort", "whole sample", "entire cohort"),
        *("todos", "todas", "todos los pacientes", "global", "conjunto", "muestra total", "cohorte total"),
    }
)
_BEHIND_P = re.compile(r"(?:p\s*(?=[<>=≤≥]))?([<>=≤≥\s]*[-\u2212]?[0-9.,]+\s*%?)", re.I)
# Marks of footnotes end any cell; letters and raised figures are marks behind numbers alone: 3a may be a category.
_SIGNS_OF_NOTES = "*†‡§¶‖ᵃ-ᶻ"
_NOTED = re.compile(rf"(?<=[^\s{_SIGNS_OF_NOTES}])\s*[{_SIGNS_OF_NOTES}](?:[\s,]*[{_SIGNS_OF_NOTES}])*\s*$")
_NUMBERS_ONLY = re.compile(r"\s*(?:p\s*)?[0-9\s.,;:±+/%()\[\]<>=≤≥‐‑–—\u2212-]+", re.I)
_NOTED_NUMBERS = re.compile(
    rf"({_NUMBERS_ONLY.pattern}(?<=[0-9%)\]]))(?:[#¹²³⁰⁴-⁹]+|[a-h](?:,\s?[a-h])*|\s?\([a-h]\))\s*", re.I
)
# Papers print a minus as a dash; between two numbers it is one.
_DASH_FOR_MINUS = re.compile(r"(?:(?<=^)|(?<=[(\[±<>=≤≥])|(?<=[±;,] ))[‐‑–—](?=[0-9.,])")
_YES_OR_NO = {**dict.fromkeys(("yes", "si", "true", "x", "1"), True), **dict.fromkeys(("no", "false", "0"), False)}
_SCALE = re.compile(r"(-?[0-9]+(?:[.,][0-9]+)?)\s*(?:-|–|to|a)\s*(-?[0-9]+(?:[.,][0-9]+)?)")
_KIND_OF = {"count": "count"} | {statistic: kind for kind, statistic in STATISTIC_OF.items()}
_NUMBERS_OF_CELLS = ("count", "percent", "mean", "sd", *QUANTILES)
_Group = tuple[str | tuple[str, str], ...]


class Line(NamedTuple):
    """One row of a table as texts, by the name of its column, with its place."""

    sheet: str | None
    row: int
    cells: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def over(self) -> str:
        """Its unit of analysis."""
        return self.cells.get("over", "patients")

    @property
    def where(self) -> dict[str, str]:
        """Its group: its value in each column that tells groups."""
        groups = {key: text for key, text in self.cells.items() if key.partition(":")[0] == "group"}
        return {key.partition(":")[2] or key: text for key, text in groups.items() if fold(text) not in _EVERYBODY}

    @property
    def group(self) -> _Group:
        """Its group with its unit, as a key."""
        return self.over, *sorted(self.where.items())

    def told(self, name: object, key: str, found: Fault) -> Problem:
        """Report what is wrong in a cell, by what the table calls its columns."""
        called = {**self.headers, "printed": self.headers.get(key, key)}
        values = {each: called.get(value, value) if each == "key" else value for each, value in found.values.items()}
        place: dict[str, Any] = {"sheet": self.sheet, "row": self.row, "column": called["printed"]}
        return tell("claim", wording=found.wording, name=name, **place, **values)


def read_paper(path: Path | str) -> Paper:
    """Read a paper's YAML, or its numbers from a CSV or an Excel workbook with a row a cell.

    Parameters
    ----------
    path : pathlib.Path or str
        Beside ``table.csv``, ``table-tests.csv`` is read too where it is there.

    Returns
    -------
    Paper

    Raises
    ------
    InputError
        With every problem of the file at once, by line.

    Examples
    --------
    >>> import vpresearch as vp
    >>> paper = vp.read_paper(vp.PUBLISHED)
    >>> paper["table3.vertebral_volume.p"].printed.printed
    '0,466'
    """
    path = Path(path)
    return _table(path) if path.suffix.lower() in OF_TABLES else read_yaml(path.name, read_text(path))


def _table(path: Path) -> Paper:
    """Read the cells and the tests of a CSV or of a workbook."""
    paths = [path]
    beside = path.with_name(f"{path.stem}-tests{path.suffix}")
    if path.suffix.lower() == ".csv" and beside.is_file():
        paths.append(beside)
    sheets = [read_sheets(each, read_bytes(each)) for each in paths]
    return _of_sheets(path, [[_best(each)] if path.suffix.lower() == ".csv" else each for each in sheets])


def read_pasted(text: str, name: str) -> Paper:
    """Read a table that was copied from a sheet or a PDF, where runs of blanks part its columns.

    Raises ``InputError``, as for a file.
    """
    parted = "\n".join(re.sub(r"\t| {2,}", "\t", line.strip(" ")) for line in text.splitlines())
    cuts = [cut for each in dict.fromkeys((text, parted)) for cut in read_delimited(name, each.encode())]
    return _of_sheets(Path(name), [[_best(cuts)]])


def _best(cuts: list[Sheet]) -> Sheet:
    """Choose the cut of a text that gives most columns."""

    def columns(cut: Sheet) -> int:
        rows = list(cut.records.values())[:_TITLES]
        return len(_header(rows)[2]) + max((columns_of_groups(row) for row in rows), default=0)

    return max(cuts, key=columns)


def _titled(title: str) -> tuple[str, ...]:
    """Return the columns that a title stands for, or none."""
    return next((found[0] for of in (CELL_COLUMNS, TEST_COLUMNS) if (found := _places((title,), of))), ())


def _of_sheets(path: Path, sheets: Iterable[list[Sheet]]) -> Paper:
    cells: list[Line] = []
    tests: list[Line] = []
    problems: list[Problem] = []
    may_miss = False
    for sheet in (_as_typed(sheet) for each in sheets for sheet in each):
        printed = rows_of_groups(sheet, _titled, problems, _TITLES)
        for row in _rows(sheet, problems) if printed is None else printed:
            may_miss |= printed is not None and not row.of_tests
            texts = _texts(row, problems)
            if texts:
                (tests if row.of_tests else cells).append(Line(row.sheet, row.number, texts, row.headers))
    if not cells and not tests and not problems:
        problems.append(tell("no_table", columns=", ".join(CELL_COLUMNS), tests=", ".join(TEST_COLUMNS)))
    if (n := len(cells) + len(tests)) > MOST_CLAIMS:
        raise InputError(path.name, [tell("too_large", wording="paper_many_claims", n=n, most=MOST_CLAIMS)])
    grids: dict[str, Grid] = {}
    claims = list(_with_ids(_claims_of(cells, grids, problems)))
    columns = {column for claim in claims for column in (*claim.compute.group, *claim.compute.within)}
    ids: set[str] = set()
    found = [_test_of(line, number, columns, ids, problems) for number, line in enumerate(tests, 1)]
    complete = tuple(dict.fromkeys(_complete(cells, problems)))
    near = slips(Counter(line.over for line in [*cells, *tests]))
    for line in (line for line in [*cells, *tests] if line.over in near):
        slip = fault("paper_unit_near", given=line.over, near=near[line.over])
        problems.append(line.told(line.cells.get("variable", ""), "over", slip))
    if problems:
        raise InputError(path.name, problems)
    rows = tuple(filter(None, found))
    every = (*claims, *(claim for row in rows for claim in row.claims.values()))
    about = {"key": path.stem}
    return Paper(path.stem, about, grids, {}, every, tests=rows, complete=complete, may_miss=may_miss)


def _as_typed(sheet: Sheet) -> Sheet:
    return replace(sheet, records={number: tuple(map(_plain, row)) for number, row in sheet.records.items()})


def _rows(sheet: Sheet, problems: list[Problem]) -> Iterator[Row]:
    """Go through a sheet that has the columns of cells or of tests."""
    above, of, places = _header(list(sheet.records.values())[:_TITLES])
    if len(places) < 2:
        return
    (first, header), *records = list(sheet.records.items())[above:]
    headers = {name: str(header[position]) for position, names in places.items() for name in names}
    for position, name in enumerate(header):
        if position not in places and name is not None and str(name).strip():
            again = fold(name) in ("group", *CELL_COLUMNS["group"]) or _FURTHER_GROUP.fullmatch(str(name).strip())
            code = "table_column_twice" if again or str(name) in headers.values() else "table_column"
            at: dict[str, Any] = {"sheet": sheet.title, "row": first, "column": str(name)[:40]}
            problems.append(tell(code, accepted=", ".join(of), given=at["column"], **at))
    for number, values in _unmerged(sheet, records, places):
        cells = {names: values[position] for position, names in places.items() if position < len(values)}
        yield Row(sheet.title, number, cells, headers, of is TEST_COLUMNS)


def _texts(row: Row, problems: list[Problem]) -> dict[str, str]:
    """Write the cells of a row as texts, those of several numbers taken apart; none where one cannot be read."""

    def refuse(code: str, names: tuple[str, ...], **values: Any) -> None:
        problems.append(tell(code, sheet=row.sheet, row=row.number, column=row.headers[names[0]], **values))

    amiss = [(names, value.code) for names, value in row.cells.items() if isinstance(value, Unreadable)]
    for names, code in amiss:
        refuse(code, names)
    texts: dict[str, str] = {}
    for names, value in row.cells.items() if not amiss else ():
        text = _text_of(value)
        if text and names in _PAIRS and _TWO_ENDS.fullmatch(text) is None:
            refuse("table_two_ends", names, given=text[:40])
        elif text and names[1:] in _PAIRS and (two := _TWO_NUMBERS.fullmatch(text)) and two[5] is None:
            refuse("table_width", names, given=text[:40])
        elif text:
            texts |= _divided(names, text)
    return texts


def _unmerged(
    sheet: Sheet, records: list[tuple[int, tuple[object, ...]]], places: Mapping[int, tuple[str, ...]]
) -> Iterator[tuple[int, tuple[object, ...]]]:
    """Give each row the variable, group, category and n whose cell is merged with cells above it."""
    rows = dict(records)
    for number, values in records:
        row = list(values)
        for block in sheet.merged:
            position = block.left - 1
            named = places.get(position, ("",))[0].partition(":")[0] in {"variable", "group", "category", "n"}
            if named and block.top < number <= block.bottom and position < min(len(row), len(rows.get(block.top, ()))):
                row[position] = rows[block.top][position]
        yield number, tuple(row)


def _divided(names: tuple[str, ...], text: str) -> dict[str, str]:
    """Take the numbers of one cell apart, where its header or itself says what each is; else it is left as it is."""
    if names in _PAIRS and (ends := _TWO_ENDS.fullmatch(text)):
        return dict(zip(names, ends.groups(), strict=True))
    found = _TWO_NUMBERS.fullmatch(text)
    if names[0] == "count" and (share := re.fullmatch(r"([0-9]+)\s*/\s*([0-9]+)", text)):
        return {"count": share[1], "of": share[2]}
    if found is None:
        return {names[0]: text}
    first, of, called, second, third = found.groups()
    says = _BEHIND.get(fold(called)) if called else None
    if names == ("count",) and not called and second.endswith("%"):
        says = ("percent",)
    behind = names[1:] or says or ()
    known = names[0] in _BEFORE.get(behind, ()) and says in (None, behind) and len(behind) == 1 + (third is not None)
    if not known or (of and names[0] != "count") or (first.endswith("%") and names[0] != "percent"):
        return {names[0]: text}
    return dict(zip((names[0], *behind), (first, second, third), strict=False)) | ({"of": of} if of else {})


def _header(
    rows: list[tuple[object, ...]],
) -> tuple[int, Mapping[str, tuple[str, ...]], dict[int, tuple[str, ...]]]:
    """Find the row with most columns of cells or of tests, and how many rows, such as titles, stand above it."""
    found = [(above, *_matched(row)) for above, row in enumerate(rows)]
    return max(found, key=lambda each: len(each[2]), default=(0, CELL_COLUMNS, {}))


def _matched(header: tuple[object, ...]) -> tuple[Mapping[str, tuple[str, ...]], dict[int, tuple[str, ...]]]:
    """Match a header with the columns of cells or of tests, whichever has more of them."""
    return max(((of, _places(header, of)) for of in (CELL_COLUMNS, TEST_COLUMNS)), key=lambda each: len(each[1]))


def _places(header: tuple[object, ...], of: Mapping[str, tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
    """Match a header with columns, by position."""
    names = {fold(spelling) or spelling: name for name, spellings in of.items() for spelling in (name, *spellings)}
    written = [fold(cell) or str(cell).strip() if cell is not None else "" for cell in header]
    places: dict[int, tuple[str, ...]] = {}
    for position, spelling in enumerate(written):
        title, told = str(header[position]).strip(), {name for each in places.values() for name in each}
        several = _named_together(title, spelling, names) if of is CELL_COLUMNS else ()
        if several and told.isdisjoint(several):
            places[position] = several
        elif not several and spelling in names and _is_new(names[spelling], told):
            places[position] = (names[spelling],)
        elif (further := _FURTHER_GROUP.fullmatch(title)) and _is_new(f"group:{further[1]}", told):
            places[position] = (f"group:{further[1]}",)
    return places


def _is_new(name: str, told: set[str]) -> bool:
    """Whether no column has a name yet; group: group is another word for group."""
    alike = {"group", "group:group"}
    return told.isdisjoint(alike if name in alike else {name})


def _named_together(title: str, spelling: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Read a header of several numbers, such as mean ± SD, n (%), median [IQR] or range."""
    if len(both := _BEHIND.get(spelling, ())) > 1:
        return both
    found = _TWO_NAMES.fullmatch(title)
    if found is None:
        return ()
    first, behind = names.get(fold(found[1]) or found[1], ""), _BEHIND.get(fold(found[2]) or found[2], ())
    if behind == ("percent",) and (first == "n" or fold(found[1]) in _NUMBERS_OF):
        first = "count"
    return (first, *behind) if first in _BEFORE.get(behind, ()) else ()


def _text_of(value: object) -> str:
    """Write a cell as it would be printed: a number that Excel holds has lost its last noughts, which widens it."""
    if value is None or isinstance(value, Unreadable):
        return ""
    if isinstance(value, Percent):
        return f"{100 * value:.10g}%"
    text = f"{value:.12g}" if isinstance(value, float) else str(value).strip()
    number = _BEHIND_P.fullmatch(text)
    return number[1].strip() if number else text.strip("-–—") and text


def _plain(cell: object) -> object:
    """Take the marks of footnotes from a cell, and give its numbers a minus."""
    if not isinstance(cell, str):
        return cell
    text = _NOTED.sub("", cell)
    noted = _NOTED_NUMBERS.fullmatch(text)
    text = noted[1] if noted and re.search("[.,%)±]", noted[1]) else text
    return _DASH_FOR_MINUS.sub("\u2212", text) if _NUMBERS_ONLY.fullmatch(text) else text


def _claims_of(lines: list[Line], grids: dict[str, Grid], problems: list[Problem]) -> Iterator[Claim]:
    """Turn rows of cells into claims, and their scales into grids."""
    sizes: dict[_Group, Counter[str]] = {}
    for line in lines:
        if "n" in line.cells:
            sizes.setdefault(line.group, Counter())[line.cells["n"]] += 1
    usual = {group: counted.most_common(1)[0][0] for group, counted in sizes.items()}
    stated = {line.group: line.cells["n"] for line in lines if "n" in line.cells and "variable" not in line.cells}
    usual |= stated
    # Where rows tell of several numbers values are missing, perhaps in those that agree as well.
    inferred = {group for group, counted in sizes.items() if len(counted) > 1 and group not in stated}
    told: set[_Group] = set()
    seen: dict[tuple[str, _Group, str], dict[str, str]] = {}
    for line in lines:
        cells, where, group = line.cells, line.where, line.group
        variable, category = cells.get("variable", ""), cells.get("category", "")
        name = " / ".join(filter(None, (variable, *where.values(), category, cells.get("over"))))
        numbers = {key: cells[key] for key in _NUMBERS_OF_CELLS if key in cells}
        before = seen.setdefault((variable, group, category), {})
        if any(before.get(key, text) != text for key, text in numbers.items()):
            problems.append(line.told(name, "variable", fault("table_twice")))
        yield from _size(line, name, usual.get(group, ""), told, inferred=group in inferred)
        _scale(line, name, grids, problems)
        between = {key: cells[key] for key in ("from", "to") if key in cells}
        beside: dict[str, Any] = {**cells, **({"change": between} if between else {})}
        amiss = [key for key, each in FURTHER.items() if key in beside and not each.fits(beside[key])]
        amiss += ["sum"] if "sum" in cells and "mean" not in cells else []
        if amiss:
            found = fault(FURTHER[amiss[0]].wording, keys=FROM_TO)
            problems.append(line.told(name, next(iter(between)) if amiss[0] == "change" else amiss[0], found))
            continue
        for key in ("n", *numbers):
            if key not in cells or key in before:
                continue
            faults = list(of_printed(cells[key], _KIND_OF[key], 0))
            if key in {"mean", "sd"} and "n" not in cells and group not in usual:
                faults.append(fault("paper_no_size"))
            elif key == "sd" and is_below(cells.get("n", usual.get(group)), 2):
                faults.append(fault("paper_too_small", n=cells.get("n", usual.get(group)), kind_of="sd"))
            if key not in {"n", "count", "percent"} and not variable:
                faults.append(fault("paper_key_missing", key="variable"))
            if key in {"count", "percent"} and not (variable and category):
                faults.append(fault("paper_key_missing", key="category"))
            problems += [line.told(name, key, found) for found in faults]
            if faults or key == "n":
                continue
            asked = further(beside, key)
            compute = Compute(key, line.over, variable, group=where, **asked)  # type: ignore[arg-type]
            if key == "count":
                compute = Compute("n", line.over, group={**where, variable: category})
            elif key == "percent":
                compute = Compute("percent", line.over, group={variable: category}, within=where, **asked)
            place = (cells["place"],) if "place" in cells else ()
            yield Claim(f"{name}.{key}", Reported(cells[key]), _KIND_OF[key], place, compute)  # type: ignore[arg-type]
        before |= numbers


def _with_ids(claims: Iterable[Claim]) -> Iterator[Claim]:
    """Tell claims apart whose names come out the same, such as those of x in a / b and of x / a in b."""
    seen: Counter[str] = Counter()
    for claim in claims:
        seen[claim.id] += 1
        yield claim if seen[claim.id] == 1 else replace(claim, id=f"{claim.id} ({seen[claim.id]})")


def _size(line: Line, name: str, usual: str, told: set[_Group], *, inferred: bool) -> Iterator[Claim]:
    """Tell the size of a group once, and that of a variable of its own where values are missing."""
    n, group, where = line.cells.get("n", ""), line.group, line.where
    if not is_count(n):
        return
    if group not in told and is_count(usual):
        told.add(group)
        called = ", ".join([*where.values(), *filter(None, [line.cells.get("over")])]) or "all"
        of_all = Compute("n", line.over, group=where)
        yield Claim(f"{called}.n", Reported(usual), "count", (), of_all, inferred=inferred)
    if (inferred or n != usual) and "variable" in line.cells:
        own = Compute("n", line.over, line.cells["variable"], group=where)
        yield Claim(f"{name}.n", Reported(n), "count", (), own)


def _scale(line: Line, name: str, grids: dict[str, Grid], problems: list[Problem]) -> None:
    """Read the grid of a variable from its scale, step and items."""
    cells = line.cells
    if "variable" not in cells or not {"scale", "step", "items"} & set(cells):
        return
    ends = _SCALE.fullmatch(cells.get("scale", "").replace("\u2212", "-"))
    step, items = decimal(cells.get("step", "1")), cells.get("items", "1")
    if "scale" in cells and (ends is None or float(str(decimal(ends[1]))) >= float(str(decimal(ends[2])))):
        problems.append(line.told(name, "scale", fault("table_scale", given=cells["scale"][:40])))
    elif step is None or float(step) <= 0:
        problems.append(line.told(name, "step", fault("paper_step")))
    elif not re.fullmatch("[1-9][0-9]{0,2}", items):
        problems.append(line.told(name, "items", fault("table_items", given=items[:40])))
    else:
        share = str(Fraction(step) / int(items))
        low, high = (decimal(ends[1]), decimal(ends[2])) if ends else (None, None)
        exact = step if items == "1" else share
        grids.setdefault(cells["variable"], Grid(line.over, exact, low, high))


def _complete(lines: list[Line], problems: list[Problem]) -> Iterator[str]:
    """Go through the variables that a row says to be complete."""
    counted = {line.cells["variable"] for line in lines if {"variable", "category"} <= line.cells.keys()}
    for line in lines:
        said, name = _YES_OR_NO.get(fold(line.cells.get("complete", "no")) or ""), line.cells.get("variable", "")
        if said is None:
            problems.append(line.told(name, "complete", fault("paper_yes_or_no", key="complete")))
        elif said and name not in counted:
            problems.append(line.told(name, "complete", fault("paper_complete", near="")))
        elif said:
            yield name


def _test_of(
    line: Line, number: int, columns: Container[str], ids: set[str], problems: list[Problem]
) -> PrintedTest | None:
    """Turn a row of tests into claims."""
    cells = line.cells
    name = cells.get("id") or cells.get("variable") or f"tests[{number}]"
    entry = Entry({key: text for key, text in cells.items() if key in TEST_KEYS.keys() - {"id"}})
    # Two rows of one name are told apart by where they stand.
    entry["id"] = name if cells.get("id") and name not in ids else f"{name} ({line.row})"
    ids.add(entry["id"])
    entry["places"] = [cells["place"]] if "place" in cells else []
    if "randomised" in entry:
        entry["randomised"] = _YES_OR_NO.get(fold(entry["randomised"]) or "", entry["randomised"])
    if line.where:
        entry["group"] = Entry(line.where)
    if entry.get("by") not in columns and fold(entry.get("by", "")) in ("group", *CELL_COLUMNS["group"]):
        entry["by"] = "group"
    if "test" in entry:
        words = (word.strip() for word in re.split("[,;/]", entry["test"]))
        entry["test"] = [name for word in words for name in _tests_called(word)]
    entry.line, entry.lines = line.row, {}
    found = list(of_printed_test(entry, entry["id"]))
    for each in found:
        column = line.headers.get(str(each.values.get("key")))
        problems.append(replace(each, line=None, sheet=line.sheet, row=line.row, column=column))
    return None if found else printed_test(entry)


def _tests_called(word: str) -> tuple[str, ...]:
    """Return the tests that a word stands for, or the word where it stands for none."""
    plain = fold(word)
    name = plain.replace(" ", "_")
    return (name,) if name in get_args(TestName) else _CALLED.get(plain, (word,))
