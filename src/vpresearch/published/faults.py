"""What is wrong with the entries of a paper's YAML, each fault with its line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, TypeAlias, get_args

from vpresearch.dictionary import columns
from vpresearch.errors import Problem
from vpresearch.published.claims import Kind, Sided, Statistic, TestName, Unit
from vpresearch.published.entries import Entry
from vpresearch.reported import Reported
from vpresearch.telling import tell

# A fault in words, and its line.
Fault: TypeAlias = tuple[str, int]

_CLAIM_KEYS = {"id", "printed", "kind", "unit", "places", "says", "compute", "test", "sided"}
_COMPUTE_KEYS = {"statistic", "over", "variable", "variables", "group", "minus", "within", "fell"}
_VARIABLE_KEYS = {"over", "step", "low", "high", "also", "most_equal", "ratio"}
_STATISTIC_OF = {
    "count": "n",
    "percentage": "percent",
    "mean": "mean",
    "sd": "sd",
    "minimum": "min",
    "maximum": "max",
    "p": "p",
}
_NEEDS = {name: {"variable"} for name in ("mean", "sd", "min", "max", "p")} | {
    "difference": {"variable", "minus"},
    "smallest_p": {"variables"},
}
_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:[.,][0-9]{1,20})?")
_LANGUAGES = {"en", "es"}
_COUNT = re.compile(r"[0-9]{1,15}")
_ROWS = ("group", "minus", "within")
# How alike a column that stands once and one that stands more often are, where the first is taken for a slip.
_ALIKE = 0.7


def decimal(text: object) -> str | None:
    """Read a decimal number in quotes, with a comma or a point.

    Parameters
    ----------
    text : object

    Returns
    -------
    str or None
        With a point; None where it is none.

    Examples
    --------
    >>> decimal("0,5"), decimal(0.5)
    ('0.5', None)
    """
    return text.replace(",", ".") if isinstance(text, str) and _DECIMAL.fullmatch(text) else None


# -- variables ---------------------------------------------------------------------------------------------------


def of_variable(name: object, entry: object, variables: Mapping[str, Any]) -> list[Problem]:
    """Find what is wrong with the grid of a variable, or with its ratio.

    Parameters
    ----------
    name, entry : object
    variables : dict of str to object
        All of them.

    Returns
    -------
    list of Problem
    """
    if not isinstance(entry, Entry) or not isinstance(name, str):
        line = variables.line_of(str(name)) if isinstance(variables, Entry) else None
        return [
            Problem("variable", f"{name}: it is not a name with keys and values.", "Write over and step.", line=line)
        ]
    faults = [*_keys(entry, _VARIABLE_KEYS, {"over"} if "ratio" in entry else {"over", "step"})]
    faults += _not_one_of(entry, "over", get_args(Unit))
    faults += _ratio(entry, variables) if "ratio" in entry else _grid(entry)
    return [Problem("variable", f"{name}: {fault}.", "Correct the variable.", line=line) for fault, line in faults]


def _ratio(entry: Entry, variables: Mapping[str, Any]) -> Iterator[Fault]:
    parts, line = entry["ratio"], entry.line_of("ratio")
    if not _is_list_of_text(parts) or len(set(parts)) != 2:
        yield "ratio is not two columns, numerator and denominator", line
        return
    yield from ((fault, line) for part in parts for fault in _unknown(part, variables))


def _grid(entry: Entry) -> Iterator[Fault]:
    for key in ("step", "low", "high"):
        if key in entry and decimal(entry[key]) is None:
            yield f"{key} is not a number in quotes", entry.line_of(key)
    step = decimal(entry.get("step"))
    if step is not None and float(step) <= 0:
        yield "step must be above 0", entry.line_of("step")
    also = entry.get("also", [])
    if not isinstance(also, list) or any(decimal(low) is None for low in also):
        yield "also is not a list of numbers in quotes", entry.line_of("also")
        also = []
    high = decimal(entry.get("high"))
    for key, low in [("low", entry.get("low")), *(("also", low) for low in also)]:
        if high is not None and decimal(low) is not None and float(str(decimal(low))) > float(high):
            yield f"{key} is above high", entry.line_of(key)
    most = entry.get("most_equal", 1)
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        yield "most_equal is not a whole number from 1", entry.line_of("most_equal")


# -- claims ------------------------------------------------------------------------------------------------------


def columns_of(entries: list[Any]) -> Counter[str]:
    """Count how often each column tells which rows a claim is of.

    Parameters
    ----------
    entries : list of object
        Claims, whatever stands in them.

    Returns
    -------
    collections.Counter of str
    """
    found: Counter[str] = Counter()
    for entry in entries:
        compute = entry.get("compute") if isinstance(entry, Entry) else None
        rows = [compute.get(key) for key in _ROWS] if isinstance(compute, Entry) else []
        found.update(column for part in rows if isinstance(part, Entry) for column in part if isinstance(column, str))
    return found


def of_claim(entry: object, line: int, variables: Mapping[str, Any], used: Counter[str]) -> list[Problem]:
    """Find what is wrong with one claim.

    Parameters
    ----------
    entry : object
    line : int
        Where it begins.
    variables : dict of str to object
        What the file tells of its variables.
    used : collections.Counter of str
        How often each column tells rows in the file.

    Returns
    -------
    list of Problem
    """
    if not isinstance(entry, Entry):
        remedy = "Write id, printed, kind, places, compute."
        return [Problem("claim", "A claim is not keys and values.", remedy, line=line)]
    compute = entry.get("compute")
    faults = [*_keys(entry, _CLAIM_KEYS, {"id", "printed", "kind", "places", "compute"}), *_parts(entry)]
    if isinstance(compute, Entry):
        faults += [*_of_compute(compute, str(entry.get("kind")), variables, used)]
    if "printed" in entry:
        line = entry.line_of("printed")
        faults += [(fault, line) for fault in _of_printed(entry["printed"], str(entry.get("kind")))]
    name = entry.get("id", "a claim without an id")
    told = [Problem("claim", f"{name}: {fault}.", "Correct the claim.", line=line) for fault, line in faults]
    return [*told, *_of_test(entry, str(name))]


def _of_test(entry: Entry, name: str) -> Iterator[Problem]:
    """Find a test that nobody knows, and one of what is no p."""
    for key, known in (("test", get_args(TestName)), ("sided", get_args(Sided))):
        if key not in entry:
            continue
        named = entry[key] if key == "test" and isinstance(entry[key], list) else [entry[key]]
        wrong = [value for value in named if value not in known]
        if wrong or not named:
            given = ", ".join(map(str, wrong))[:40]
            problem = tell("test_unknown", id=name, key=key, given=given, known=", ".join(known))
            yield replace(problem, line=entry.line_of(key))
        if entry.get("kind") != "p":
            yield replace(tell("test_of_no_p", id=name, key=key), line=entry.line_of(key))


def _parts(entry: Entry) -> Iterator[Fault]:
    yield from _not_one_of(entry, "kind", get_args(Kind))
    if not isinstance(entry.get("id", "-"), str) or not entry.get("id", "-"):
        yield "the id is not text", entry.line_of("id")
    if not isinstance(entry.get("unit", ""), str):
        yield "unit is not text", entry.line_of("unit")
    if not _is_list_of_text(entry.get("places", [])):
        yield "places is not a list of texts", entry.line_of("places")
    if not _is_text_by_text(entry.get("says", Entry())) or not set(entry.get("says", Entry())) <= _LANGUAGES:
        yield f"says is not a text by language ({', '.join(sorted(_LANGUAGES))})", entry.line_of("says")
    if "compute" in entry and not isinstance(entry["compute"], Entry):
        yield "compute is not keys and values", entry.line_of("compute")


def _of_compute(compute: Entry, kind: str, variables: Mapping[str, Any], used: Counter[str]) -> Iterator[Fault]:
    statistic = compute.get("statistic")
    needed = _NEEDS.get(statistic, set()) if isinstance(statistic, str) else set()
    yield from _keys(compute, _COMPUTE_KEYS, {"statistic", "over", *needed})
    yield from _not_one_of(compute, "over", get_args(Unit))
    amiss = [*_not_one_of(compute, "statistic", get_args(Statistic))]
    yield from amiss
    if not amiss and statistic is not None and statistic != _STATISTIC_OF.get(kind, statistic):
        yield (
            f"a {kind} is printed of the statistic {_STATISTIC_OF[kind]}, not {statistic}",
            compute.line_of("statistic"),
        )
    # The p of a table is of a column that divides the rows.
    yield from _of_columns(compute, {**variables, **used})
    for key in _ROWS:
        if key in compute:
            yield from _of_rows(compute, key, used)


def _of_columns(compute: Entry, variables: Mapping[str, Any]) -> Iterator[Fault]:
    """Find variables that nothing tells of."""
    if "variable" in compute:
        named = compute["variable"]
        faults = _unknown(named, variables) if isinstance(named, str) else ["variable is not text"]
        yield from ((fault, compute.line_of("variable")) for fault in faults)
    for key in ("variables", "fell"):
        named = compute.get(key, [])
        if not _is_list_of_text(named) or (key == "fell" and key in compute and len(named) != 2):
            yield f"{key} is not a list of {'two ' if key == 'fell' else ''}columns", compute.line_of(key)
        else:
            yield from ((fault, compute.line_of(key)) for name in named for fault in _unknown(name, variables))


def _of_rows(compute: Entry, key: str, used: Counter[str]) -> Iterator[Fault]:
    """Find a group whose value YAML took for true, false or a number, or that its column does not have."""
    rows = compute[key]
    if not isinstance(rows, Entry):
        yield f"{key} is not a value by column", compute.line_of(key)
        return
    for column, value in rows.items():
        line = rows.line_of(str(column))
        if not isinstance(column, str) or not isinstance(value, str):
            yield f"the value of {column} in {key} must be in quotes", line
        elif column not in columns():
            # Other papers have groups of their own; only a slip of the pen is told.
            often = [other for other, times in used.items() if times > 1 and abs(len(other) - len(column)) < 2]
            close = get_close_matches(column, often, 1, _ALIKE) if used[column] == 1 else []
            if close:
                yield f"{key} has a column {column}; {close[0]} may be meant, or give it a name less alike", line
        elif columns()[column].levels and value not in {level.value for level in columns()[column].levels}:
            yield f"{column} has no category {value}", line


def _of_printed(printed: object, kind: str) -> Iterator[str]:
    """Tell what no printed number of its kind can be."""
    if not isinstance(printed, str):
        yield "printed is not text; write the number in quotes, as the paper prints it"
        return
    try:
        number = Reported(printed)
    except ValueError:
        yield f"printed is not one number: {printed[:40]}"
        return
    if number.value < 0 and kind in {"sd", "count", "percentage", "p"}:
        yield f"a {kind} cannot be negative"
    if kind == "p" and (number.value > 1 or (number.bound == ">" and number.value == 1)):
        yield "a p-value cannot be above 1"
    if number.bound == "<" and number.value == 0 and kind in {"p", "percentage"}:
        yield f"a {kind} cannot be below 0"
    if number.value > 100 and kind == "percentage":
        yield "a percentage of a group cannot be above 100"
    if kind == "count" and number.value >= 0 and not number.bound and not _COUNT.fullmatch(printed):
        yield "a count must be a whole number, in digits alone"
    if number.bound and kind not in {"p", "percentage", "verbal"}:
        yield f"a {kind} must be one number, not less or more than one"


# -- claims together ---------------------------------------------------------------------------------------------


def of_ids(entries: list[Any]) -> Iterator[Problem]:
    """Find the ids that stand twice.

    Parameters
    ----------
    entries : list of object

    Yields
    ------
    Problem
        At every repetition.
    """
    seen: set[str] = set()
    for entry in entries:
        name = entry.get("id") if isinstance(entry, Entry) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            message = f"{name}: the id stands twice."
            yield Problem("id_twice", message, "Give each claim an id of its own.", line=entry.line_of("id"))
        seen.add(name)


def of_sizes(entries: list[Any]) -> Iterator[Problem]:
    """Find a mean or a standard deviation whose group's size no claim tells, or tells as too few.

    Parameters
    ----------
    entries : list of object

    Yields
    ------
    Problem
    """
    told = [entry for entry in entries if isinstance(entry, Entry) and isinstance(entry.get("compute"), Entry)]
    sizes: dict[object, object] = {}
    for entry in told:
        if entry.get("kind") == "count" and "variable" not in entry["compute"]:
            sizes.setdefault(_rows(entry), entry.get("printed"))
    for entry in told:
        needed = {"mean": 1, "sd": 2}.get(str(entry.get("kind")))
        if needed is None:
            continue
        name, line = entry.get("id", "a claim without an id"), entry.line_of("id")
        if _rows(entry) not in sizes:
            message = f"{name}: no claim tells the n of its group."
            yield Problem("no_size", message, "Add the count as a claim.", line=line)
        elif _is_below(sizes[_rows(entry)], needed):
            message = f"{name}: a group of n = {sizes[_rows(entry)]} has no {entry['kind']}."
            yield Problem("too_small", message, "Correct the count or remove the claim.", line=line)


def _is_below(printed: object, needed: int) -> bool:
    return isinstance(printed, str) and _COUNT.fullmatch(printed) is not None and int(printed) < needed


def _rows(entry: Entry) -> tuple[str, ...]:
    """Which rows a claim is of, as a key, whatever stands in it."""
    compute = entry["compute"]
    group = compute.get("group")
    pairs = sorted(map(repr, group.items())) if isinstance(group, Entry) else []
    return (repr(compute.get("over")), *pairs)


# -- forms -------------------------------------------------------------------------------------------------------


def _unknown(name: str, variables: Mapping[str, Any]) -> list[str]:
    if name in columns() or name in variables:
        return []
    close = get_close_matches(name, [*columns(), *variables], 1, 0.6)
    meant = f"; {close[0]} may be meant" if close else ""
    return [f"the variable {name} is neither in the data dictionary nor under variables{meant}"]


def _keys(entry: Entry, known: set[str], needed: set[str]) -> Iterator[Fault]:
    for key in sorted(set(map(str, entry)) - known):
        yield f"the key {key} is unknown", entry.line_of(key)
    for key in sorted(needed - set(entry)):
        yield f"the key {key} is missing", entry.line


def _not_one_of(entry: Entry, key: str, accepted: tuple[str, ...]) -> Iterator[Fault]:
    if key in entry and not (isinstance(entry[key], str) and entry[key] in accepted):
        yield f"{key} is not one of {', '.join(accepted)}", entry.line_of(key)


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def _is_text_by_text(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for pair in value.items() for part in pair)
