"""Read a paper's claims from YAML, and tell every fault of the file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, get_args

from vpresearch.core.dictionary import columns, fold
from vpresearch.core.entries import Entry, Items, read_entries, read_text
from vpresearch.core.errors import InputError, Problem, tell
from vpresearch.core.reported import Reported
from vpresearch.published.claims import (
    QUANTILES,
    Claim,
    Compute,
    Grid,
    Kind,
    Paper,
    PrintedTest,
    Recomputed,
    Sided,
    Statement,
    TestName,
    TestNumber,
)
from vpresearch.published.wide import Part, columns_of_groups, of_groups
from vpresearch.reading.file import OF_TABLES, read_bytes, read_delimited, read_sheets
from vpresearch.reading.raw import Percent, Sheet, Unreadable

CLAIM_KEYS = {"id", "printed", "kind", "unit", "places", "says", "compute", "test", "sided", "randomised"}
CLAIM_NEEDS = {"id", "printed", "kind", "places", "compute"}
STATEMENT_KEYS = {"id", "places", "says", "reason", "beside", "contradicted"}
COMPUTE_KEYS = {"statistic", "over", "variable", "variables", "group", "minus", "within", "fell"}
VARIABLE_KEYS = {"over", "step", "low", "high", "also", "most_equal", "ratio", "complete"}
STATISTIC_OF = {
    "count": "n",
    "percentage": "percent",
    "mean": "mean",
    "sd": "sd",
    "minimum": "min",
    "q1": "q1",
    "median": "median",
    "q3": "q3",
    "maximum": "max",
    "p": "p",
}
NEEDS = {name: {"variable"} for name in ("mean", "sd", *QUANTILES, "p")} | {
    "difference": {"variable", "minus"},
    "smallest_p": {"variables"},
}
_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:[.,][0-9]{1,20})?")
LANGUAGES = {"en", "es"}
_COUNT = re.compile(r"[0-9]{1,15}")
_ROWS = ("group", "minus", "within")
# How alike a column that stands once and one that stands more often are, where the first is taken for a slip.
_ALIKE = 0.7
# Units are as alike only by a slip: cases and cages are not.
_ALIKE_UNITS = 0.85
_COMPARED, _LONG_NAME = 300, 80
# More ends of a scale, and more claims, than any paper has.
_MOST_ENDS, _MOST_CLAIMS = 12, 5_000


class Fault(NamedTuple):
    """What is wrong in an entry: the key of its words, its line, and what the words leave open."""

    wording: str
    line: int
    values: Mapping[str, Any]


def _fault(wording: str, line: int, **values: object) -> Fault:
    return Fault(wording, line, values)


def _told(code: str, name: object, faults: Iterable[Fault]) -> list[Problem]:
    return [tell(code, wording=found.wording, line=found.line, name=name, **found.values) for found in faults]


def decimal(text: object) -> str | None:
    """Read a decimal number in quotes, with a comma or a point."""
    return text.replace(",", ".") if isinstance(text, str) and _DECIMAL.fullmatch(text) else None


def _is_share(step: object) -> bool:
    """Whether a step is that of a mean of several items, such as 1/3."""
    return isinstance(step, str) and re.fullmatch(r"[1-9][0-9]{0,5}/[1-9][0-9]{0,5}", step) is not None


# -- variables ---------------------------------------------------------------------------------------------------


def of_variable(name: object, entry: object, variables: Mapping[str, Any]) -> list[Problem]:
    """Find what is wrong with the grid of a variable, with its ratio, or with the word that it is complete."""
    if not isinstance(entry, Entry) or not isinstance(name, str):
        line = variables.line_of(str(name)) if isinstance(variables, Entry) else None
        return [tell("variable", wording="paper_variable", line=line, name=name)]
    faults = [
        *_keys(
            entry, VARIABLE_KEYS, {"over"} if "ratio" in entry or entry.get("complete") is True else {"over", "step"}
        )
    ]
    if not isinstance(entry.get("complete", False), bool):
        faults.append(_fault("paper_yes_or_no", entry.line_of("complete"), key="complete"))
    faults += _unit(entry)
    faults += _ratio(entry, variables) if "ratio" in entry else _grid_fault(entry)
    return _told("variable", name, faults)


def _told_of_none(variables: Mapping[str, Any], used: Mapping[str, Any]) -> Iterator[Problem]:
    """Find a column that is said to be complete, and of which no category is told: its name may be a slip."""
    for name, entry in variables.items():
        if isinstance(entry, Entry) and entry.get("complete") is True and name not in used:
            close = _near(str(name), list(used), 0.6)
            wording = f"paper_complete{'_near' if close else ''}"
            yield tell("variable", wording=wording, line=entry.line_of("complete"), name=name, near="".join(close))


def _ratio(entry: Entry, variables: Mapping[str, Any]) -> Iterator[Fault]:
    parts, line = entry["ratio"], entry.line_of("ratio")
    if not _is_list_of_text(parts) or len(set(parts)) != 2:
        yield _fault("paper_ratio", line)
        return
    for part in parts:
        yield from _unknown(part, variables, line)


def _grid_fault(entry: Entry) -> Iterator[Fault]:
    for key in ("step", "low", "high"):
        if key in entry and decimal(entry[key]) is None and not (key == "step" and _is_share(entry[key])):
            yield _fault("paper_number", entry.line_of(key), key=key)
    step = decimal(entry.get("step"))
    if step is not None and float(step) <= 0:
        yield _fault("paper_step", entry.line_of("step"))
    also = entry.get("also", [])
    if not isinstance(also, list) or any(decimal(low) is None for low in also):
        yield _fault("paper_numbers", entry.line_of("also"), key="also")
        also = []
    if len(also) > _MOST_ENDS:
        yield _fault("paper_many_ends", entry.line_of("also"), n=len(also), most=_MOST_ENDS)
        also = []
    high = decimal(entry.get("high"))
    for key, low in [("low", entry.get("low")), *(("also", low) for low in also)]:
        if high is not None and decimal(low) is not None and float(str(decimal(low))) > float(high):
            yield _fault("paper_above_high", entry.line_of(key), key=key)
    most = entry.get("most_equal", 1)
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        yield _fault("paper_most_equal", entry.line_of("most_equal"))


# -- claims ------------------------------------------------------------------------------------------------------


def columns_of(entries: list[Any]) -> Counter[str]:
    """Count how often each column tells which rows a claim is of."""
    found: Counter[str] = Counter()
    for entry in entries:
        compute = entry.get("compute") if isinstance(entry, Entry) else None
        rows = [compute.get(key) for key in _ROWS] if isinstance(compute, Entry) else []
        found.update(column for part in rows if isinstance(part, Entry) for column in part if isinstance(column, str))
    return found


def of_claim(entry: object, number: int, line: int, variables: Mapping[str, Any], used: Counter[str]) -> list[Problem]:
    """Find what is wrong with one claim."""
    if not isinstance(entry, Entry):
        return [tell("claim", wording="paper_claim", line=line, name=_name(entry, number))]
    compute = entry.get("compute")
    faults = [*_keys(entry, CLAIM_KEYS, CLAIM_NEEDS), *_parts(entry)]
    if isinstance(compute, Entry):
        faults += [*_of_compute(compute, str(entry.get("kind")), variables, used)]
    if "printed" in entry:
        faults += _of_printed(entry["printed"], str(entry.get("kind")), entry.line_of("printed"))
    return [*_told("claim", _name(entry, number), faults), *_of_test(entry, _name(entry, number))]


def of_statement(entry: object, number: int, line: int, claims: Container[object]) -> list[Problem]:
    """Find what is wrong with one statement."""
    name = _name(entry, number, "statements")
    if not isinstance(entry, Entry):
        return [tell("claim", wording="paper_claim", line=line, name=name)]
    faults = [*_keys(entry, STATEMENT_KEYS, STATEMENT_KEYS - {"beside", "contradicted"}), *_parts(entry)]
    one = [key for key in ("says", "reason") if isinstance(entry.get(key), Entry) and set(entry[key]) < LANGUAGES]
    faults += [_fault("paper_says", entry.line_of(key), key=key, languages="en, es") for key in one]
    if not isinstance(entry.get("contradicted", False), bool):
        faults.append(_fault("paper_yes_or_no", entry.line_of("contradicted"), key="contradicted"))
    beside = entry.get("beside", [])
    if not _is_list_of_text(beside):
        faults.append(_fault("paper_texts", entry.line_of("beside"), key="beside"))
    else:
        unknown = [each for each in beside if each not in claims]
        faults += [_fault("paper_beside", entry.line_of("beside"), claim=each) for each in unknown]
    return _told("claim", name, faults)


def _name(entry: object, number: int, section: str = "claims") -> str:
    """Name an entry by its id, or by its place where it has none that is text."""
    named = entry.get("id") if isinstance(entry, Entry) else None
    return named if isinstance(named, str) else f"{section}[{number}]"


def _of_test(entry: Entry, name: str) -> Iterator[Problem]:
    """Find a test that nobody knows, and one of what is no p."""
    for key, known in (("test", get_args(TestName)), ("sided", get_args(Sided))):
        if key not in entry:
            continue
        named = entry[key] if key == "test" and isinstance(entry[key], list) else [entry[key]]
        wrong = [value for value in named if value not in known]
        if wrong or not named:
            given = ", ".join(map(str, wrong))[:40]
            line = entry.line_of(key)
            yield tell("test_unknown", line=line, id=name, key=key, given=given, known=", ".join(known))
        if entry.get("kind") != "p":
            yield tell("test_of_no_p", line=entry.line_of(key), id=name, key=key)
    if "randomised" in entry and (entry.get("kind") != "p" or not isinstance(entry["randomised"], bool)):
        line = entry.line_of("randomised")
        yield tell("claim", wording="paper_yes_or_no", line=line, name=name, key="randomised")


def _parts(entry: Entry) -> Iterator[Fault]:
    yield from _not_one_of(entry, "kind", tuple(kind for kind in get_args(Kind) if kind != "test"))
    if not isinstance(entry.get("id", "-"), str) or not entry.get("id", "-"):
        yield _fault("paper_text", entry.line_of("id"), key="id")
    if not isinstance(entry.get("unit", ""), str):
        yield _fault("paper_text", entry.line_of("unit"), key="unit")
    if not _is_list_of_text(entry.get("places", [])):
        yield _fault("paper_texts", entry.line_of("places"), key="places")
    for key in ("says", "reason"):
        if not _is_text_by_text(entry.get(key, Entry())) or not set(entry.get(key, Entry())) <= LANGUAGES:
            yield _fault("paper_says", entry.line_of(key), key=key, languages=", ".join(sorted(LANGUAGES)))
    if "compute" in entry and not isinstance(entry["compute"], Entry):
        yield _fault("paper_keys", entry.line_of("compute"), key="compute")


def _of_compute(compute: Entry, kind: str, variables: Mapping[str, Any], used: Counter[str]) -> Iterator[Fault]:
    statistic = compute.get("statistic")
    needed = NEEDS.get(statistic, set()) if isinstance(statistic, str) else set()
    yield from _keys(compute, COMPUTE_KEYS | set(FURTHER), {"statistic", "over", *needed})
    yield from _unit(compute)
    amiss = [*_not_one_of(compute, "statistic", get_args(Recomputed))]
    yield from amiss
    if not amiss and statistic is not None and statistic != STATISTIC_OF.get(kind, statistic):
        line = compute.line_of("statistic")
        yield _fault("paper_statistic", line, kind_of=kind, needed=STATISTIC_OF[kind], statistic=statistic)
    # The p of a table is of a column that divides the rows.
    yield from _of_columns(compute, {**variables, **used})
    for key in _ROWS:
        if key in compute:
            yield from _of_rows(compute, key, used)
    amiss = [
        _fault(each.wording, compute.line_of(key), key=key, keys=_FROM_TO)
        for key, each in FURTHER.items()
        if key in compute and not (statistic in each.of and each.fits(compute[key]))
    ]
    yield from amiss
    if "by" in compute and not any(found.values["key"] == "by" for found in amiss):
        yield from _unknown(compute["by"], used, compute.line_of("by"))


def _of_columns(compute: Entry, variables: Mapping[str, Any]) -> Iterator[Fault]:
    """Find variables that nothing tells of."""
    if "variable" in compute:
        named, line = compute["variable"], compute.line_of("variable")
        if isinstance(named, str):
            yield from _unknown(named, variables, line)
        else:
            yield _fault("paper_text", line, key="variable")
    for key in ("variables", "fell"):
        named = compute.get(key, [])
        if not _is_list_of_text(named) or (key == "fell" and key in compute and len(named) != 2):
            yield _fault("paper_two_columns" if key == "fell" else "paper_columns", compute.line_of(key), key=key)
        else:
            for name in named:
                yield from _unknown(name, variables, compute.line_of(key))


def _of_rows(compute: Entry, key: str, used: Counter[str]) -> Iterator[Fault]:
    """Find a group whose value YAML took for true, false or a number, or that its column does not have."""
    rows = compute[key]
    if not isinstance(rows, Entry):
        yield _fault("paper_group", compute.line_of(key), key=key)
        return
    for column, value in rows.items():
        line = rows.line_of(str(column))
        if not isinstance(column, str) or not isinstance(value, str):
            yield _fault("paper_quotes", line, named=column, key=key)
        else:
            # Any text is a name; only a slip of the pen is told.
            often = [other for other, times in used.items() if times > 1 and abs(len(other) - len(column)) < 2]
            close = _near(column, often, _ALIKE) if used[column] == 1 else []
            if close and not _is_numbered(column, close[0]):
                yield _fault("paper_column_near", line, key=key, named=column, near=close[0])


def _is_numbered(column: str, other: str) -> bool:
    """Whether two columns differ in their numbers alone, as t1 and t2 do."""
    return re.sub("[0-9]+", "", column) == re.sub("[0-9]+", "", other)


def _of_printed(printed: object, kind: str, line: int) -> Iterator[Fault]:
    """Report what no printed number of its kind can be."""
    if not isinstance(printed, str):
        yield _fault("paper_printed_text", line, key="printed")
        return
    try:
        number = Reported(printed)
    except ValueError:
        yield _fault("paper_printed_number", line, key="printed", printed=printed[:40])
        return
    wrong = {
        "paper_negative": number.value < 0 and kind in {"sd", "count", "percentage", "p"},
        "paper_p_above": kind == "p" and (number.value > 1 or (number.bound == ">" and number.value == 1)),
        "paper_below_nought": number.bound == "<" and number.value == 0 and kind in {"p", "percentage"},
        "paper_percentage_above": number.value > 100 and kind == "percentage",
        "paper_count": kind == "count" and number.value >= 0 and not number.bound and not _COUNT.fullmatch(printed),
        "paper_bound": bool(number.bound) and kind not in {"p", "percentage", "verbal"},
    }
    yield from (_fault(code, line, kind_of=kind, printed=printed[:40]) for code, found in wrong.items() if found)


# -- claims together ---------------------------------------------------------------------------------------------


def of_ids(entries: list[Any]) -> Iterator[Problem]:
    """Find the ids that stand twice."""
    seen: set[str] = set()
    for entry in entries:
        name = entry.get("id") if isinstance(entry, Entry) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            yield tell("id_twice", wording="paper_id_twice", line=entry.line_of("id"), name=name)
        seen.add(name)


def of_sizes(entries: list[Any]) -> Iterator[Problem]:
    """Find a mean or a standard deviation whose group's size no claim tells, or tells as too few."""
    told = [
        (number, entry)
        for number, entry in enumerate(entries, 1)
        if isinstance(entry, Entry) and isinstance(entry.get("compute"), Entry)
    ]
    sizes: dict[object, object] = {}
    for _, entry in told:
        if entry.get("kind") == "count":
            sizes.setdefault((_rows(entry), repr(entry["compute"].get("variable"))), entry.get("printed"))
    for number, entry in told:
        needed = {"mean": 1, "sd": 2}.get(str(entry.get("kind")))
        if needed is None:
            continue
        about: dict[str, Any] = {"name": _name(entry, number), "line": entry.line_of("id")}
        # Where values are missing, a variable has a size of its own.
        keys = [(_rows(entry), repr(variable)) for variable in (entry["compute"].get("variable"), None)]
        n = next((sizes[key] for key in keys if key in sizes), None)
        if n is None:
            yield tell("no_size", wording="paper_no_size", **about)
        elif _is_below(n, needed):
            yield tell("too_small", wording="paper_too_small", n=n, kind_of=entry["kind"], **about)


def of_units(variables: Mapping[object, Any], claims: list[Any], tests: list[Any]) -> Iterator[Problem]:
    """Find the units that differ from one told more often by case, by ending or by a letter."""
    named = [(name, entry, "variable") for name, entry in variables.items()]
    named += [
        (_name(entry, number), entry.get("compute") if isinstance(entry, Entry) else None, "claim")
        for number, entry in enumerate(claims, 1)
    ]
    named += [(_name(entry, number, "tests"), entry, "claim") for number, entry in enumerate(tests, 1)]
    told = [each for each in named if isinstance(each[1], Entry) and isinstance(each[1].get("over"), str)]
    near = _slips(Counter(entry["over"] for _, entry, _ in told))
    for name, entry, code in told:
        if entry["over"] in near:
            about = {"line": entry.line_of("over"), "name": name, "given": entry["over"], "near": near[entry["over"]]}
            yield tell(code, wording="paper_unit_near", **about)


def _slips(used: Counter[str]) -> dict[str, str]:
    """Return the units that look like a slip of one that is told more often."""
    ranked = [unit for unit, _ in used.most_common()][:_COMPARED]
    found: dict[str, str] = {}
    for place, unit in enumerate(ranked):
        often = [other for other in ranked[:place] if other not in found]
        close = [other for other in often if _is_same_unit(unit, other)]
        if not close and used[unit] == 1:
            alike = [other for other in often if abs(len(other) - len(unit)) < 2 and not _is_numbered(unit, other)]
            close = _near(unit, alike, _ALIKE_UNITS)
        if close:
            found[unit] = close[0]
    return found


def _is_same_unit(unit: str, other: str) -> bool:
    """Whether two units differ by case, accents or the ending of the plural alone."""
    first, second = sorted((fold(each) or each for each in (unit, other)), key=len)
    return second in {first, f"{first}s", f"{first}es", f"{first}e"}


def _is_below(printed: object, needed: int) -> bool:
    return isinstance(printed, str) and _COUNT.fullmatch(printed) is not None and int(printed) < needed


def _rows(entry: Entry) -> tuple[str, ...]:
    """Which rows a claim is of, as a key, whatever stands in it."""
    compute = entry["compute"]
    group = compute.get("group")
    pairs = sorted(map(repr, group.items())) if isinstance(group, Entry) else []
    return (repr(compute.get("over")), *pairs)


# -- forms -------------------------------------------------------------------------------------------------------


def _unknown(name: str, variables: Mapping[str, Any], line: int) -> Iterator[Fault]:
    if name in columns() or name in variables:
        return
    close = _near(name, [*columns(), *variables], 0.6)
    yield _fault(f"paper_unknown{'_near' if close else ''}", line, variable=name, near="".join(close))


def _near(name: str, names: list[str], alike: float) -> list[str]:
    """Find the name that is most alike, among no more than can be compared in a moment."""
    if len(names) > _COMPARED or len(name) > _LONG_NAME:
        return []
    return get_close_matches(name, [other for other in names if len(other) <= _LONG_NAME], 1, alike)


def _keys(entry: Entry, known: set[str], needed: set[str]) -> Iterator[Fault]:
    for key in sorted(set(map(str, entry)) - known):
        yield _fault("paper_key_unknown", entry.line_of(key), key=key, accepted=", ".join(sorted(known)))
    for key in sorted(needed - set(entry)):
        yield _fault("paper_key_missing", entry.line, key=key)


def _not_one_of(entry: Entry, key: str, accepted: tuple[str, ...]) -> Iterator[Fault]:
    if key in entry and not (isinstance(entry[key], str) and entry[key] in accepted):
        yield _fault("paper_not_one_of", entry.line_of(key), key=key, accepted=", ".join(accepted))


def _unit(entry: Entry) -> Iterator[Fault]:
    """Find a unit of analysis that is no name: any text is one."""
    if "over" in entry and not (isinstance(entry["over"], str) and entry["over"].strip()):
        yield _fault("paper_text", entry.line_of("over"), key="over")


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def _is_text_by_text(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for pair in value.items() for part in pair)


def _is_count(text: object) -> bool:
    return isinstance(text, str) and _COUNT.fullmatch(text) is not None


def _is_size(text: object) -> bool:
    return _is_count(text) and int(str(text)) > 0


def _is_name(text: object) -> bool:
    return isinstance(text, str) and bool(text)


def _is_from_to(value: object) -> bool:
    return _is_text_by_text(value) and value.keys() == {"from", "to"}  # type: ignore[attr-defined]


class Further(NamedTuple):
    """What may be told of some statistics beside which rows they are of: how it is refused, and how it is read."""

    of: frozenset[str]
    fits: Callable[[object], bool]
    wording: str
    read: Callable[[Any], Any]


_FROM_TO = "from, to"
FURTHER = {
    "change": Further(frozenset({"mean", "sd"}), _is_from_to, "paper_change", lambda ends: (ends["from"], ends["to"])),
    "of": Further(frozenset({"percent"}), _is_size, "paper_of", int),
    "sum": Further(frozenset({"mean"}), _is_count, "paper_sum", int),
    "by": Further(frozenset({"p"}), _is_name, "paper_by", str),
}


def _further(told: Mapping[str, Any], statistic: str) -> dict[str, Any]:
    """Read what is told of a statistic beside which rows it is of."""
    return {key: each.read(told[key]) for key, each in FURTHER.items() if key in told and statistic in each.of}


# -- tests -------------------------------------------------------------------------------------------------------


NUMBERS = tuple(name for name in get_args(TestNumber) if name != "table")
TEST_KEYS = {
    "id",
    "places",
    "test",
    "sided",
    "randomised",
    "over",
    "variable",
    "group",
    "by",
    "p",
    "level",
    "table",
    *NUMBERS,
}
_STATISTICS, _RATIOS = ("t", "F", "chi2", "r", "z"), ("or", "rr", "hr")


def of_printed_test(entry: object, number: int, line: int) -> list[Problem]:
    """Find what is wrong with one row of tests."""
    name = _name(entry, number, "tests")
    if not isinstance(entry, Entry):
        return [tell("claim", wording="paper_claim", line=line, name=name)]
    faults = [*_keys(entry, TEST_KEYS, {"id"}), *_unit(entry)]
    empty = [
        key for key in ("id", "variable", "by") if not isinstance(entry.get(key, "-"), str) or not entry.get(key, "-")
    ]
    faults += [_fault("paper_text", entry.line_of(key), key=key) for key in empty]
    if not _is_list_of_text(entry.get("places", [])):
        faults.append(_fault("paper_texts", entry.line_of("places"), key="places"))
    if not _is_text_by_text(entry.get("group", {})):
        faults.append(_fault("paper_group", entry.line_of("group"), key="group"))
    for key in ("p", "level", *NUMBERS):
        if key in entry:
            found = _of_number(entry[key], key, entry.line_of(key))
            faults += [each._replace(values={**each.values, "key": key}) for each in found]
    if "table" in entry and not _is_table(entry["table"]):
        faults.append(_fault("paper_table", entry.line_of("table")))
    if not {"p", "table", *NUMBERS} & set(entry):
        faults.append(_fault("paper_no_numbers", entry.line, numbers=", ".join(("p", *NUMBERS))))
    for keys in (_STATISTICS, (*_RATIOS, "coefficient")):
        several = [key for key in keys if key in entry]
        if len(several) > 1:
            faults.append(_fault("paper_several", entry.line_of(several[1]), keys=", ".join(several)))
    asked = Entry({**entry, "kind": "p"})
    asked.line, asked.lines = entry.line, entry.lines
    return [*_told("claim", name, faults), *_of_test(asked, name)]


def _of_number(printed: object, key: str, line: int) -> Iterator[Fault]:
    yield from _of_printed(printed, "p" if key == "p" else "test", line)
    with suppress(ValueError):
        number = Reported(printed) if isinstance(printed, str) else None
        if number is None:
            return
        below = number.value < 0 and key in {"F", "chi2", "df", "df2", "n", "se", *_RATIOS}
        beyond = (key == "r" and abs(number.value) > 1) or (key == "level" and not 50 <= number.value < 100)
        if below or beyond or (number.bound and key != "p"):
            yield _fault("paper_number_cannot", line, key=key, printed=str(printed)[:40])


def _is_table(table: object) -> bool:
    rows = table if isinstance(table, list) else []
    sized = len(rows) > 1 and all(_is_list_of_text(row) and len(row) == len(rows[0]) > 1 for row in rows)
    return sized and all(re.fullmatch("[0-9]{1,7}", cell) for row in rows for cell in row)


def _printed_test(entry: Entry) -> PrintedTest:
    name, over, variable = entry["id"], entry.get("over", "patients"), entry.get("variable")
    named = entry.get("test", [])
    about: dict[str, Any] = {"tests": (named,) if isinstance(named, str) else tuple(named)}
    of_p = {"one_sided": entry.get("sided") == "one", "randomised": entry.get("randomised", False)}
    claims = {}
    for key in ("p", *NUMBERS):
        if key in entry:
            kind: Kind = "p" if key == "p" else "test"
            more = about | (of_p if key == "p" else {})
            compute = Compute(key, over, variable, group=dict(entry.get("group", {})), by=entry.get("by"))
            places = tuple(entry.get("places", ()))
            claims[key] = Claim(f"{name}.{key}", Reported(entry[key]), kind, places, compute, **more)
    level = float(Reported(entry["level"]).value) / 100 if "level" in entry else 0.95
    table = tuple(tuple(map(int, row)) for row in entry.get("table", ()))
    return PrintedTest(name, claims, level, entry.get("sided"), table)


# -- tables ------------------------------------------------------------------------------------------------------

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
    "chi2": ("chi squared", "chi square", "chi cuadrado", "ji cuadrado"),
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
_BEFORE = {("sd",): ("mean",), ("percent",): ("count",), ("q1", "q3"): ("median", "mean")}
_BEFORE[("min", "max")] = _BEFORE[("q1", "q3")]
_TWO_NAMES = re.compile(r"(.{1,40}?)\s*(?:±|\+/?-|[(\[,;/])\s*(.{1,40}?)[)\]\s]*")
_NUMBER = r"[-\u2212]?[0-9]+(?:[.,][0-9]+)?"
_TWO_NUMBERS = re.compile(
    rf"({_NUMBER})(?:\s*/\s*([0-9]+))?\s*(?:±|\+/?-|[(\[])\s*([^\W\d]*)[:=]?\s*({_NUMBER}(?:\s*%)?)"
    rf"(?:\s*(?:[-–—\u2212;]|to|a|,\s)\s*({_NUMBER}))?\s*[)\]]?\s*[*†‡§¶]*"
)
_TWO_ENDS = re.compile(rf"[(\[]?({_NUMBER})\s*(?:[-–—\u2212;]|to|a|,\s)\s*({_NUMBER})[)\]]?\s*[*†‡§¶]*")
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
# A number behind "p" or before the marks of footnotes.
_MARKED = re.compile(r"(?:p\s*(?=[<>=≤≥]))?([<>=≤≥\s]*[-\u2212]?[0-9.,]+\s*%?)\s*[*†‡§¶]*", re.I)
_YES_OR_NO = {**dict.fromkeys(("yes", "si", "true", "x", "1"), True), **dict.fromkeys(("no", "false", "0"), False)}
_SCALE = re.compile(r"(-?[0-9]+(?:[.,][0-9]+)?)\s*(?:-|–|to|a)\s*(-?[0-9]+(?:[.,][0-9]+)?)")
_KIND_OF = {"count": "count"} | {statistic: kind for kind, statistic in STATISTIC_OF.items()}


class Line(NamedTuple):
    """One row of a table as texts, by the name of its column, with its place."""

    sheet: str | None
    row: int
    cells: dict[str, str]
    headers: dict[str, str]

    def told(self, name: object, key: str, found: Fault) -> Problem:
        """Report what is wrong in a cell, by what the table calls its columns."""
        called = {**self.headers, "printed": self.headers.get(key, key)}
        values = {each: called.get(value, value) if each == "key" else value for each, value in found.values.items()}
        place: dict[str, Any] = {"sheet": self.sheet, "row": self.row, "column": called["printed"]}
        return tell("claim", wording=found.wording, name=name, **place, **values)


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


def _titled(title: str) -> str:
    """Return the columns that a title stands for, joined, or an empty text."""
    places = next((found for of in (CELL_COLUMNS, TEST_COLUMNS) if (found := _places((title,), of))), {})
    return " ".join(places.get(0, ()))


def _of_sheets(path: Path, sheets: Iterable[list[Sheet]]) -> Paper:
    cells: list[Line] = []
    tests: list[Line] = []
    problems: list[Problem] = []
    printed = [part for each in sheets for sheet in each for part in of_groups(sheet, _titled, problems, _TITLES)]
    for of, found in _lines(printed, problems):
        (tests if of is TEST_COLUMNS else cells).extend(found)
    if not cells and not tests and not problems:
        problems.append(tell("no_table", columns=", ".join(CELL_COLUMNS), tests=", ".join(TEST_COLUMNS)))
    if (n := len(cells) + len(tests)) > _MOST_CLAIMS:
        raise InputError(path.name, [tell("too_large", wording="paper_many_claims", n=n, most=_MOST_CLAIMS)])
    grids: dict[str, Grid] = {}
    claims = list(_with_ids(_claims_of(cells, grids, problems)))
    columns = {column for claim in claims for column in (*claim.compute.group, *claim.compute.within)}
    ids: set[str] = set()
    rows = [
        row
        for number, line in enumerate(tests, 1)
        if (row := _test_of(line, number, columns, ids, problems)) is not None
    ]
    complete = tuple(dict.fromkeys(_complete(cells, problems)))
    near = _slips(Counter(map(_over, [*cells, *tests])))
    for line in (line for line in [*cells, *tests] if _over(line) in near):
        slip = _fault("paper_unit_near", 0, given=_over(line), near=near[_over(line)])
        problems.append(line.told(line.cells.get("variable", ""), "over", slip))
    if problems:
        raise InputError(path.name, problems)
    every = (*claims, *(claim for row in rows for claim in row.claims.values()))
    may_miss = any(part.column for part in printed)
    about = {"key": path.stem}
    return Paper(path.stem, about, grids, {}, every, tests=tuple(rows), complete=complete, may_miss=may_miss)


def _lines(parts: list[Part], problems: list[Problem]) -> Iterator[tuple[Mapping[str, tuple[str, ...]], list[Line]]]:
    """Read each sheet that has the columns of cells or of tests."""
    for sheet, printed in parts:
        above, of, places = _header(list(sheet.records.values())[:_TITLES])
        if len(places) < 2:
            continue
        (first, header), *records = list(sheet.records.items())[above:]
        headers = {name: printed or str(header[position]) for position, names in places.items() for name in names}
        for position, name in enumerate(header):
            if position not in places and name is not None and str(name).strip():
                again = fold(name) in ("group", *CELL_COLUMNS["group"]) or _FURTHER_GROUP.fullmatch(str(name).strip())
                code = "table_column_twice" if again or str(name) in headers.values() else "table_column"
                at: dict[str, Any] = {"sheet": sheet.title, "row": first, "column": str(name)[:40]}
                problems.append(tell(code, accepted=", ".join(of), given=at["column"], **at))
        lines = []
        for number, values in _unmerged(sheet, records, places):
            cells = {names: values[position] for position, names in places.items() if position < len(values)}
            amiss = [(names[0], value.code) for names, value in cells.items() if isinstance(value, Unreadable)]
            if amiss:
                problems += [tell(code, sheet=sheet.title, row=number, column=headers[name]) for name, code in amiss]
                continue
            texts: dict[str, str] = {}
            for names, value in cells.items():
                if not (text := _text_of(value)):
                    continue
                if names in _PAIRS and _TWO_ENDS.fullmatch(text) is None:
                    at = {"sheet": sheet.title, "row": number, "column": headers[names[0]]}
                    problems.append(tell("table_two_ends", given=text[:40], **at))
                    continue
                texts |= _divided(names, text)
            if texts:
                lines.append(Line(sheet.title, number, texts, headers))
        yield of, lines


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
    if not known or (of and names[0] != "count"):
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
    first, behind = names.get(fold(found[1]), ""), _BEHIND.get(fold(found[2]) or found[2], ())
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
    marked = _MARKED.fullmatch(text)
    return marked[1].strip() if marked else text.strip("-–—") and text


def _claims_of(lines: list[Line], grids: dict[str, Grid], problems: list[Problem]) -> Iterator[Claim]:
    """Turn rows of cells into claims, and their scales into grids."""
    sizes: dict[tuple[str, ...], Counter[str]] = {}
    for line in lines:
        if "n" in line.cells:
            sizes.setdefault(_of_group(line), Counter())[line.cells["n"]] += 1
    usual = {group: counted.most_common(1)[0][0] for group, counted in sizes.items()}
    stated = {_of_group(line): line.cells["n"] for line in lines if "n" in line.cells and "variable" not in line.cells}
    usual |= stated
    # Where rows tell of several numbers values are missing, perhaps in those that agree as well.
    inferred = {group for group, counted in sizes.items() if len(counted) > 1 and group not in stated}
    told: set[tuple[str, ...]] = set()
    seen: dict[tuple[str, tuple[str, ...], str], dict[str, str]] = {}
    for line in lines:
        cells, over = line.cells, _over(line)
        variable, where, category = cells.get("variable", ""), _where(line), cells.get("category", "")
        group = _of_group(line)
        name = " / ".join(filter(None, (variable, *where.values(), category, cells.get("over"))))
        numbers = {key: cells[key] for key in ("count", "percent", "mean", "sd", *QUANTILES) if key in cells}
        before = seen.setdefault((variable, group, category), {})
        if any(before.get(key, text) != text for key, text in numbers.items()):
            problems.append(line.told(name, "variable", _fault("table_twice", 0)))
        yield from _size(line, name, usual.get(group, ""), told, inferred=group in inferred)
        _scale(line, name, grids, problems)
        between = {key: cells[key] for key in ("from", "to") if key in cells}
        further: dict[str, Any] = {**cells, **({"change": between} if between else {})}
        amiss = [key for key in ("change", "of", "sum") if key in further and not FURTHER[key].fits(further[key])]
        amiss += ["sum"] if "sum" in cells and "mean" not in cells else []
        if amiss:
            found = _fault(FURTHER[amiss[0]].wording, 0, keys=_FROM_TO)
            problems.append(line.told(name, next(iter(between)) if amiss[0] == "change" else amiss[0], found))
            continue
        for key in ("n", "count", "percent", "mean", "sd", *QUANTILES):
            if key not in cells or key in before:
                continue
            faults = list(_of_printed(cells[key], _KIND_OF[key], 0))
            if key in {"mean", "sd"} and "n" not in cells and group not in usual:
                faults.append(_fault("paper_no_size", 0))
            elif key == "sd" and _is_below(cells.get("n", usual.get(group)), 2):
                faults.append(_fault("paper_too_small", 0, n=cells.get("n", usual.get(group)), kind_of="sd"))
            if key not in {"n", "count", "percent"} and not variable:
                faults.append(_fault("paper_key_missing", 0, key="variable"))
            if key in {"count", "percent"} and not (variable and category):
                faults.append(_fault("paper_key_missing", 0, key="category"))
            problems += [line.told(name, key, found) for found in faults]
            if faults or key == "n":
                continue
            asked = _further(further, key)
            compute = Compute(key, over, variable, group=where, **asked)  # type: ignore[arg-type]
            if key == "count":
                compute = Compute("n", over, group={**where, variable: category})
            elif key == "percent":
                compute = Compute("percent", over, group={variable: category}, within=where, **asked)
            place = (cells["place"],) if "place" in cells else ()
            yield Claim(f"{name}.{key}", Reported(cells[key]), _KIND_OF[key], place, compute)  # type: ignore[arg-type]
        before |= numbers


def _with_ids(claims: Iterable[Claim]) -> Iterator[Claim]:
    """Tell claims apart whose names come out the same, such as those of x in a / b and of x / a in b."""
    seen: Counter[str] = Counter()
    for claim in claims:
        seen[claim.id] += 1
        yield claim if seen[claim.id] == 1 else replace(claim, id=f"{claim.id} ({seen[claim.id]})")


def _where(line: Line) -> dict[str, str]:
    """Return the group of a row: its value in each column that tells groups."""
    groups = {key: text for key, text in line.cells.items() if key.partition(":")[0] == "group"}
    return {key.partition(":")[2] or key: text for key, text in groups.items() if fold(text) not in _EVERYBODY}


def _over(line: Line) -> str:
    return line.cells.get("over", "patients")


def _of_group(line: Line) -> tuple[str, ...]:
    return (_over(line), *(f"{column}={value}" for column, value in sorted(_where(line).items())))


def _size(line: Line, name: str, usual: str, told: set[tuple[str, ...]], *, inferred: bool) -> Iterator[Claim]:
    """Tell the size of a group once, and that of a variable of its own where values are missing."""
    n, group, where = line.cells.get("n", ""), _of_group(line), _where(line)
    if not _COUNT.fullmatch(n):
        return
    if group not in told and _COUNT.fullmatch(usual):
        told.add(group)
        yield Claim(
            f"{', '.join([*where.values(), *filter(None, [line.cells.get('over')])]) or 'all'}.n",
            Reported(usual),
            "count",
            (),
            Compute("n", _over(line), group=where),
            inferred=inferred,
        )
    if (inferred or n != usual) and "variable" in line.cells:
        own = Compute("n", _over(line), line.cells["variable"], group=where)
        yield Claim(f"{name}.n", Reported(n), "count", (), own)


def _scale(line: Line, name: str, grids: dict[str, Grid], problems: list[Problem]) -> None:
    """Read the grid of a variable from its scale, step and items."""
    cells = line.cells
    if "variable" not in cells or not {"scale", "step", "items"} & set(cells):
        return
    ends = _SCALE.fullmatch(cells.get("scale", "").replace("\u2212", "-"))
    step, items = decimal(cells.get("step", "1")), cells.get("items", "1")
    if "scale" in cells and (ends is None or float(str(decimal(ends[1]))) >= float(str(decimal(ends[2])))):
        problems.append(line.told(name, "scale", _fault("table_scale", 0, given=cells["scale"][:40])))
    elif step is None or float(step) <= 0:
        problems.append(line.told(name, "step", _fault("paper_step", 0)))
    elif not re.fullmatch("[1-9][0-9]{0,2}", items):
        problems.append(line.told(name, "items", _fault("table_items", 0, given=items[:40])))
    else:
        share = str(Fraction(step) / int(items))
        low, high = (decimal(ends[1]), decimal(ends[2])) if ends else (None, None)
        exact = step if items == "1" else share
        grids.setdefault(cells["variable"], Grid(_over(line), exact, low, high))


def _complete(lines: list[Line], problems: list[Problem]) -> Iterator[str]:
    """Go through the variables that a row says to be complete."""
    counted = {line.cells.get("variable") for line in lines if "category" in line.cells}
    for line in lines:
        said = _YES_OR_NO.get(fold(line.cells.get("complete", "no")) or "")
        if said is None:
            name = line.cells.get("variable", "")
            problems.append(line.told(name, "complete", _fault("paper_yes_or_no", 0, key="complete")))
        elif said and line.cells.get("variable") not in counted:
            name = line.cells.get("variable", "")
            problems.append(line.told(name, "complete", _fault("paper_complete", 0, near="")))
        elif said:
            yield line.cells["variable"]


def _test_of(
    line: Line, number: int, columns: Container[str], ids: set[str], problems: list[Problem]
) -> PrintedTest | None:
    """Turn a row of tests into claims."""
    cells = line.cells
    name = cells.get("id") or cells.get("variable") or f"tests[{number}]"
    entry = Entry({key: text for key, text in cells.items() if key in TEST_KEYS - {"id"}})
    # Two rows of one name are told apart by where they stand.
    entry["id"] = name if cells.get("id") and name not in ids else f"{name} ({line.row})"
    ids.add(entry["id"])
    entry["places"] = [cells["place"]] if "place" in cells else []
    if "randomised" in entry:
        entry["randomised"] = _YES_OR_NO.get(fold(entry["randomised"]) or "", entry["randomised"])
    if where := _where(line):
        entry["group"] = Entry(where)
    if entry.get("by") not in columns and fold(entry.get("by", "")) in ("group", *CELL_COLUMNS["group"]):
        entry["by"] = "group"
    if "test" in entry:
        words = (word.strip() for word in re.split("[,;/]", entry["test"]))
        entry["test"] = [name for word in words for name in _tests_called(word)]
    entry.line, entry.lines = line.row, {}
    found = of_printed_test(entry, number, line.row)
    for each in found:
        column = line.headers.get(str(each.values.get("key")))
        problems.append(replace(each, line=None, sheet=line.sheet, row=line.row, column=column))
    return None if found else _printed_test(entry)


def _tests_called(word: str) -> tuple[str, ...]:
    """Return the tests that a word stands for, or the word where it stands for none."""
    plain = fold(word)
    name = plain.replace(" ", "_")
    return (name,) if name in get_args(TestName) else _CALLED.get(plain, (word,))


SECTIONS: dict[str, type] = {"paper": dict, "variables": dict, "claims": list}


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
    return _table(path) if path.suffix.lower() in OF_TABLES else _paper(path.name, read_text(path))


@lru_cache(maxsize=4)
def _paper(source: str, text: str) -> Paper:
    """Read the same text once in a process, and in those that are forked from it."""
    content, problems = read_entries(source, text)
    sections = {name: _section(content, name, kind, problems) for name, kind in SECTIONS.items()}
    about, variables, claims = sections["paper"], sections["variables"], sections["claims"]
    if isinstance(about, Entry) and not isinstance(about.get("key"), str):
        problems.append(tell("missing_key", wording="paper_no_key", line=about.line))
    for name, entry in variables.items():
        problems += of_variable(name, entry, variables)
    if len(claims) > _MOST_CLAIMS:
        too_many = tell("too_large", wording="paper_many_claims", n=len(claims), most=_MOST_CLAIMS)
        raise InputError(source, [too_many])
    used = columns_of(claims)
    for number, (entry, line) in enumerate(zip(claims, getattr(claims, "lines", []), strict=True), 1):
        problems += of_claim(entry, number, line, variables, used)
    # Only this section may be missing: most papers are audited for their numbers alone.
    statements = _section(content, "statements", list, problems) if "statements" in (content or ()) else []
    ids = [entry.get("id") for entry in claims if isinstance(entry, Entry)]
    for number, (entry, line) in enumerate(zip(statements, getattr(statements, "lines", []), strict=True), 1):
        problems += of_statement(entry, number, line, ids)
    tests = content.get("tests", []) if isinstance(content, dict) else []
    if not isinstance(tests, Items):
        line = content.line_of("tests") if isinstance(content, Entry) else 1
        problems += [] if tests == [] else [tell("missing_key", wording="paper_no_list", line=line, key="tests")]
        tests = Items()
    for number, (entry, line) in enumerate(zip(tests, getattr(tests, "lines", []), strict=True), 1):
        problems += of_printed_test(entry, number, line)
    problems += [*of_ids([*claims, *tests, *statements]), *of_sizes(claims), *of_units(variables, claims, tests)]
    problems += _told_of_none(variables, used)
    if problems:
        raise InputError(source, sorted(problems, key=lambda problem: problem.line or 0))
    ratios = {name: tuple(entry["ratio"]) for name, entry in variables.items() if "ratio" in entry}
    grids = {name: _grid(entry) for name, entry in variables.items() if "step" in entry and name not in ratios}
    complete = tuple(name for name, entry in variables.items() if entry.get("complete") is True)
    rows = tuple(map(_printed_test, tests))
    every = (*map(_claim, claims), *(claim for row in rows for claim in row.claims.values()))
    declared = tuple(map(_statement, statements))
    return Paper(about["key"], dict(about), grids, ratios, every, declared, rows, complete)


def _section(content: Any, name: str, kind: type, problems: list[Problem]) -> Any:
    section = content.get(name) if isinstance(content, dict) else None
    if not isinstance(section, kind):
        line = content.line_of(name) if isinstance(content, Entry) else 1
        wording = "paper_no_list" if kind is list else "paper_no_section"
        problems.append(tell("missing_key", wording=wording, line=line, key=name))
        return kind()
    return section


def _grid(entry: Entry) -> Grid:
    numbers = {key: decimal(entry[key]) or entry[key] for key in ("step", "low", "high") if key in entry}
    also = tuple(str(decimal(low)) for low in entry.get("also", ()))
    return Grid(entry["over"], also=also, most_equal=entry.get("most_equal"), **numbers)


def _statement(entry: Entry) -> Statement:
    said, reason = dict(entry["says"]), dict(entry["reason"])
    return Statement(
        entry["id"],
        tuple(entry["places"]),
        said,
        reason,
        tuple(entry.get("beside", ())),
        entry.get("contradicted", False),
    )


def _claim(entry: Entry) -> Claim:
    compute = entry["compute"]
    asked: dict[str, Any] = {key: dict(compute[key]) for key in ("group", "minus", "within") if key in compute}
    asked |= {key: tuple(compute[key]) for key in ("variables", "fell") if key in compute}
    asked |= _further(compute, compute["statistic"])
    named = entry.get("test", [])
    tests: tuple[Any, ...] = (named,) if isinstance(named, str) else tuple(named)
    return Claim(
        id=entry["id"],
        printed=Reported(entry["printed"]),
        kind=entry["kind"],
        places=tuple(entry["places"]),
        compute=Compute(compute["statistic"], compute["over"], compute.get("variable"), **asked),
        unit=entry.get("unit"),
        says=dict(entry.get("says", {})),
        tests=tests,
        one_sided=entry.get("sided") == "one",
        randomised=entry.get("randomised", False),
    )
