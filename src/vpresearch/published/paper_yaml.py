"""Read a paper's claims from YAML, and tell every fault of the file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import Any, NamedTuple, get_args

from vpresearch.core.dictionary import columns, fold
from vpresearch.core.entries import Entry, Items, read_entries
from vpresearch.core.errors import InputError, Problem, tell
from vpresearch.core.reported import Reported
from vpresearch.published.claims import (
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
)
from vpresearch.published.schema import (
    CLAIM_KEYS,
    CLAIM_NEEDS,
    COMPUTE_KEYS,
    FROM_TO,
    FURTHER,
    NEEDS,
    NUMBERS,
    OPTIONAL,
    ROWS,
    SECTIONS,
    STATEMENT_KEYS,
    STATEMENT_NEEDS,
    STATISTIC_OF,
    TEST_KEYS,
    VARIABLE_KEYS,
    Form,
    further,
    is_count,
    is_list_of_text,
)

_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:[.,][0-9]{1,20})?")
# How alike a column that stands once and one that stands more often are, where the first is taken for a slip.
_ALIKE = 0.7
# Units are as alike only by a slip: cases and cages are not.
_ALIKE_UNITS = 0.85
_COMPARED, _LONG_NAME = 300, 80
# More ends of a scale, and more claims, than any paper has.
_MOST_ENDS, MOST_CLAIMS = 12, 5_000


class Fault(NamedTuple):
    """What is wrong in an entry: the key of its words, its line, and what the words leave open."""

    wording: str
    line: int
    values: Mapping[str, Any]


def fault(wording: str, line: int = 0, **values: object) -> Fault:
    """Say what is wrong by its words, with what these leave open."""
    return Fault(wording, line, values)


def _told(code: str, name: object, faults: Iterable[Fault]) -> list[Problem]:
    return [tell(code, wording=found.wording, line=found.line, name=name, **found.values) for found in faults]


def decimal(text: object) -> str | None:
    """Read a decimal number in quotes, with a comma or a point."""
    return text.replace(",", ".") if isinstance(text, str) and _DECIMAL.fullmatch(text) else None


def _is_share(step: object) -> bool:
    """Whether a step is that of a mean of several items, such as 1/3."""
    return isinstance(step, str) and re.fullmatch(r"[1-9][0-9]{0,5}/[1-9][0-9]{0,5}", step) is not None


def _of_keys(entry: Entry, keys: Mapping[str, Form], needed: Collection[str]) -> Iterator[Fault]:
    """Find keys that nobody knows, keys that lack, and values of another form than their keys hold."""
    for key in sorted(set(map(str, entry)) - keys.keys()):
        yield fault("paper_key_unknown", entry.line_of(key), key=key, accepted=", ".join(sorted(keys)))
    for key in sorted(set(needed) - entry.keys()):
        yield fault("paper_key_missing", entry.line, key=key)
    for key, form in keys.items():
        if key in entry and not form.fits(entry[key]):
            yield fault(form.wording, entry.line_of(key), key=key, accepted=form.accepted, languages=form.accepted)


# -- variables ---------------------------------------------------------------------------------------------------


def of_variable(name: object, entry: object, variables: Any) -> list[Problem]:
    """Find what is wrong with the grid of a variable, with its ratio, or with the word that it is complete."""
    if not isinstance(entry, Entry) or not isinstance(name, str):
        return [tell("variable", wording="paper_variable", line=variables.line_of(str(name)), name=name)]
    needed = {"over"} if "ratio" in entry or entry.get("complete") is True else {"over", "step"}
    faults = [*_of_keys(entry, VARIABLE_KEYS, needed)]
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
    if not is_list_of_text(parts) or len(parts) != 2 or parts[0] == parts[1]:
        yield fault("paper_ratio", line)
        return
    for part in parts:
        yield from _unknown(part, variables, line)


def _grid_fault(entry: Entry) -> Iterator[Fault]:
    for key in ("step", "low", "high"):
        if key in entry and decimal(entry[key]) is None and not (key == "step" and _is_share(entry[key])):
            yield fault("paper_number", entry.line_of(key), key=key)
    step = decimal(entry.get("step"))
    if step is not None and float(step) <= 0:
        yield fault("paper_step", entry.line_of("step"))
    also = entry.get("also", [])
    if not isinstance(also, list) or any(decimal(low) is None for low in also):
        yield fault("paper_numbers", entry.line_of("also"), key="also")
        also = []
    if len(also) > _MOST_ENDS:
        yield fault("paper_many_ends", entry.line_of("also"), n=len(also), most=_MOST_ENDS)
        also = []
    high = decimal(entry.get("high"))
    for key, low in [("low", entry.get("low")), *(("also", low) for low in also)]:
        if high is not None and decimal(low) is not None and float(str(decimal(low))) > float(high):
            yield fault("paper_above_high", entry.line_of(key), key=key)
    most = entry.get("most_equal", 1)
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        yield fault("paper_most_equal", entry.line_of("most_equal"))


# -- claims ------------------------------------------------------------------------------------------------------


def columns_of(entries: list[Any]) -> Counter[str]:
    """Count how often each column tells which rows a claim is of."""
    found: Counter[str] = Counter()
    for entry in entries:
        compute = entry.get("compute") if isinstance(entry, Entry) else None
        rows = [compute.get(key) for key in ROWS] if isinstance(compute, Entry) else []
        found.update(column for part in rows if isinstance(part, Entry) for column in part if isinstance(column, str))
    return found


def of_claim(entry: Entry, name: str, variables: Mapping[str, Any], used: Counter[str]) -> Iterator[Problem]:
    """Find what is wrong with one claim."""
    compute, kind = entry.get("compute"), str(entry.get("kind"))
    faults = [*_of_keys(entry, CLAIM_KEYS, CLAIM_NEEDS)]
    if isinstance(compute, Entry):
        faults += _of_compute(compute, kind, variables, used)
    if "printed" in entry:
        faults += of_printed(entry["printed"], kind, entry.line_of("printed"))
    yield from _told("claim", name, faults)
    yield from _of_test(entry, name, kind)


def of_statement(entry: Entry, name: str, claims: Container[object]) -> list[Problem]:
    """Find what is wrong with one statement."""
    faults = [*_of_keys(entry, STATEMENT_KEYS, STATEMENT_NEEDS)]
    beside = entry.get("beside", []) if is_list_of_text(entry.get("beside")) else []
    unknown = [each for each in beside if each not in claims]
    faults += [fault("paper_beside", entry.line_of("beside"), claim=each) for each in unknown]
    return _told("claim", name, faults)


def _name(entry: object, number: int, section: str) -> str:
    """Name an entry by its id, or by its place where it has none that is text."""
    named = entry.get("id") if isinstance(entry, Entry) else None
    return named if isinstance(named, str) else f"{section}[{number}]"


def _of_test(entry: Entry, name: str, kind: str) -> Iterator[Problem]:
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
        if kind != "p":
            yield tell("test_of_no_p", line=entry.line_of(key), id=name, key=key)
    if "randomised" in entry and (kind != "p" or not isinstance(entry["randomised"], bool)):
        line = entry.line_of("randomised")
        yield tell("claim", wording="paper_yes_or_no", line=line, name=name, key="randomised")


def _of_compute(compute: Entry, kind: str, variables: Mapping[str, Any], used: Counter[str]) -> Iterator[Fault]:
    statistic = compute.get("statistic")
    needed = NEEDS.get(statistic, set()) if isinstance(statistic, str) else set()
    yield from _of_keys(compute, COMPUTE_KEYS, {"statistic", "over", *needed})
    if statistic in get_args(Recomputed) and statistic != STATISTIC_OF.get(kind, statistic):
        line = compute.line_of("statistic")
        yield fault("paper_statistic", line, kind_of=kind, needed=STATISTIC_OF[kind], statistic=statistic)
    for key in ("variable", "variables", "fell"):
        if key in compute and COMPUTE_KEYS[key].fits(compute[key]):
            for name in [compute[key]] if key == "variable" else compute[key]:
                # The p of a table is of a column that divides the rows.
                yield from _unknown(name, {**variables, **used}, compute.line_of(key))
    for key in ROWS:
        if isinstance(compute.get(key), Entry):
            yield from _of_rows(compute[key], key, used)
    for key, each in FURTHER.items():
        if key in compute and not (str(statistic) in each.of and each.fits(compute[key])):
            yield fault(each.wording, compute.line_of(key), key=key, keys=FROM_TO)
        elif key in compute and key == "by":
            yield from _unknown(compute["by"], used, compute.line_of("by"))


def _of_rows(rows: Entry, key: str, used: Counter[str]) -> Iterator[Fault]:
    """Find a group whose value YAML took for true, false or a number, or that its column does not have."""
    for column, value in rows.items():
        line = rows.line_of(str(column))
        if not isinstance(column, str) or not isinstance(value, str):
            yield fault("paper_quotes", line, named=column, key=key)
        else:
            # Any text is a name; only a slip of the pen is told.
            often = [other for other, times in used.items() if times > 1 and abs(len(other) - len(column)) < 2]
            close = _near(column, often, _ALIKE) if used[column] == 1 else []
            if close and not _is_numbered(column, close[0]):
                yield fault("paper_column_near", line, key=key, named=column, near=close[0])


def _is_numbered(column: str, other: str) -> bool:
    """Whether two columns differ in their numbers alone, as t1 and t2 do."""
    return re.sub("[0-9]+", "", column) == re.sub("[0-9]+", "", other)


def of_printed(printed: object, kind: str, line: int) -> Iterator[Fault]:
    """Report what no printed number of its kind can be."""
    if not isinstance(printed, str):
        yield fault("paper_printed_text", line, key="printed")
        return
    try:
        number = Reported(printed)
    except ValueError:
        yield fault("paper_printed_number", line, key="printed", printed=printed[:40])
        return
    wrong = {
        "paper_negative": number.value < 0 and kind in {"sd", "count", "percentage", "p"},
        "paper_p_above": kind == "p" and (number.value > 1 or (number.bound == ">" and number.value == 1)),
        "paper_below_nought": number.bound == "<" and number.value == 0 and kind in {"p", "percentage"},
        "paper_percentage_above": number.value > 100 and kind == "percentage",
        "paper_count": kind == "count" and number.value >= 0 and not number.bound and not is_count(printed),
        "paper_bound": bool(number.bound) and kind not in {"p", "percentage", "verbal"},
    }
    yield from (fault(code, line, kind_of=kind, printed=printed[:40]) for code, found in wrong.items() if found)


# -- claims together ---------------------------------------------------------------------------------------------


Named = list[tuple[str, Entry]]


def of_ids(named: Named) -> Iterator[Problem]:
    """Find the ids that stand twice."""
    seen: set[str] = set()
    for name, entry in named:
        if name == entry.get("id"):
            if name in seen:
                yield tell("id_twice", wording="paper_id_twice", line=entry.line_of("id"), name=name)
            seen.add(name)


def of_sizes(claims: Named) -> Iterator[Problem]:
    """Find a mean or a standard deviation whose group's size no claim tells, or tells as too few."""
    computed = [(name, entry) for name, entry in claims if isinstance(entry.get("compute"), Entry)]
    sizes: dict[object, object] = {}
    for _, entry in computed:
        if entry.get("kind") == "count":
            sizes.setdefault((_rows(entry), repr(entry["compute"].get("variable"))), entry.get("printed"))
    for name, entry in computed:
        needed = {"mean": 1, "sd": 2}.get(str(entry.get("kind")))
        if needed is None:
            continue
        # Where values are missing, a variable has a size of its own.
        keys = [(_rows(entry), repr(variable)) for variable in (entry["compute"].get("variable"), None)]
        n = next((sizes[key] for key in keys if key in sizes), None)
        line = entry.line_of("id")
        if n is None:
            yield tell("no_size", wording="paper_no_size", name=name, line=line)
        elif is_below(n, needed):
            yield tell("too_small", wording="paper_too_small", n=n, kind_of=entry["kind"], name=name, line=line)


def of_units(variables: Mapping[object, Any], claims: Named, tests: Named) -> Iterator[Problem]:
    """Find the units that differ from one told more often by case, by ending or by a letter."""
    named = [(name, entry, "variable") for name, entry in variables.items()]
    named += [(name, entry.get("compute"), "claim") for name, entry in claims]
    named += [(name, entry, "claim") for name, entry in tests]
    told = [each for each in named if isinstance(each[1], Entry) and isinstance(each[1].get("over"), str)]
    near = slips(Counter(entry["over"] for _, entry, _ in told))
    for name, entry, code in told:
        if unit := near.get(entry["over"]):
            line = entry.line_of("over")
            yield tell(code, wording="paper_unit_near", line=line, name=name, given=entry["over"], near=unit)


def slips(used: Counter[str]) -> dict[str, str]:
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


def is_below(printed: object, needed: int) -> bool:
    """Whether a printed size of a group is too small."""
    return is_count(printed) and int(str(printed)) < needed


def _rows(entry: Entry) -> tuple[str, ...]:
    """Which rows a claim is of, as a key, whatever stands in it."""
    compute = entry["compute"]
    group = compute.get("group")
    pairs = sorted(map(repr, group.items())) if isinstance(group, Entry) else []
    return (repr(compute.get("over")), *pairs)


def _unknown(name: str, variables: Mapping[str, Any], line: int) -> Iterator[Fault]:
    if name in columns() or name in variables:
        return
    close = _near(name, [*columns(), *variables], 0.6)
    yield fault(f"paper_unknown{'_near' if close else ''}", line, variable=name, near="".join(close))


def _near(name: str, names: list[str], alike: float) -> list[str]:
    """Find the name that is most alike, among no more than can be compared in a moment."""
    if len(names) > _COMPARED or len(name) > _LONG_NAME:
        return []
    return get_close_matches(name, [other for other in names if len(other) <= _LONG_NAME], 1, alike)


# -- tests -------------------------------------------------------------------------------------------------------


_STATISTICS, _RATIOS = ("t", "F", "chi2", "r", "z"), ("or", "rr", "hr")


def of_printed_test(entry: Entry, name: str) -> Iterator[Problem]:
    """Find what is wrong with one row of tests."""
    faults = [*_of_keys(entry, TEST_KEYS, {"id"})]
    for key in ("p", "level", *NUMBERS):
        if key in entry:
            found = _of_number(entry[key], key, entry.line_of(key))
            faults += [each._replace(values={**each.values, "key": key}) for each in found]
    if not {"p", "table", *NUMBERS} & set(entry):
        faults.append(fault("paper_no_numbers", entry.line, numbers=", ".join(("p", *NUMBERS))))
    for keys in (_STATISTICS, (*_RATIOS, "coefficient")):
        several = [key for key in keys if key in entry]
        if len(several) > 1:
            faults.append(fault("paper_several", entry.line_of(several[1]), keys=", ".join(several)))
    yield from _told("claim", name, faults)
    yield from _of_test(entry, name, "p")


def _of_number(printed: object, key: str, line: int) -> Iterator[Fault]:
    yield from of_printed(printed, "p" if key == "p" else "test", line)
    with suppress(ValueError):
        number = Reported(printed) if isinstance(printed, str) else None
        if number is None:
            return
        below = number.value < 0 and key in {"F", "chi2", "df", "df2", "n", "se", *_RATIOS}
        beyond = (key == "r" and abs(number.value) > 1) or (key == "level" and not 50 <= number.value < 100)
        if below or beyond or (number.bound and key != "p"):
            yield fault("paper_number_cannot", line, key=key, printed=str(printed)[:40])


def printed_test(entry: Entry) -> PrintedTest:
    """Turn a row of tests without faults into claims."""
    name, over, variable = entry["id"], entry.get("over", "patients"), entry.get("variable")
    about: dict[str, Any] = {"tests": _tests(entry)}
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


# -- the file ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def read_yaml(source: str, text: str) -> Paper:
    """Read the same text once in a process, and in those that are forked from it."""
    content, problems = read_entries(source, text)
    whole = content if isinstance(content, Entry) else Entry()
    kinds = SECTIONS | {name: kind for name, kind in OPTIONAL.items() if name in whole}
    sections = {name: _section(content, name, kind, problems) for name, kind in kinds.items()}
    about, variables, claims = (sections[name] for name in SECTIONS)
    statements, tests = (sections.get(name, Items()) for name in OPTIONAL)
    if isinstance(about, Entry) and not isinstance(about.get("key"), str):
        problems.append(tell("missing_key", wording="paper_no_key", line=about.line))
    for name, entry in variables.items():
        problems += of_variable(name, entry, variables)
    if len(claims) > MOST_CLAIMS:
        too_many = tell("too_large", wording="paper_many_claims", n=len(claims), most=MOST_CLAIMS)
        raise InputError(source, [too_many])
    used = columns_of(claims)
    named_claims = _each(claims, "claims", partial(of_claim, variables=variables, used=used), problems)
    ids = [entry.get("id") for _, entry in named_claims]
    named_statements = _each(statements, "statements", partial(of_statement, claims=ids), problems)
    named_tests = _each(tests, "tests", of_printed_test, problems)
    problems += of_ids([*named_claims, *named_tests, *named_statements])
    problems += [*of_sizes(named_claims), *of_units(variables, named_claims, named_tests)]
    problems += _told_of_none(variables, used)
    if problems:
        raise InputError(source, sorted(problems, key=lambda problem: problem.line or 0))
    ratios = {name: tuple(entry["ratio"]) for name, entry in variables.items() if "ratio" in entry}
    grids = {name: _grid(entry) for name, entry in variables.items() if "step" in entry and name not in ratios}
    complete = tuple(name for name, entry in variables.items() if entry.get("complete") is True)
    rows = tuple(map(printed_test, tests))
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


def _each(
    entries: Items, section: str, check: Callable[[Entry, str], Iterable[Problem]], problems: list[Problem]
) -> Named:
    """Name the entries of a list that are keys and values, and find what is wrong with each."""
    named: Named = []
    for number, entry in enumerate(entries, 1):
        name = _name(entry, number, section)
        if isinstance(entry, Entry):
            named.append((name, entry))
            problems += check(entry, name)
        else:
            problems.append(tell("claim", wording="paper_claim", line=entries.lines[number - 1], name=name))
    return named


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
    asked |= further(compute, compute["statistic"])
    return Claim(
        id=entry["id"],
        printed=Reported(entry["printed"]),
        kind=entry["kind"],
        places=tuple(entry["places"]),
        compute=Compute(compute["statistic"], compute["over"], compute.get("variable"), **asked),
        unit=entry.get("unit"),
        says=dict(entry.get("says", {})),
        tests=_tests(entry),
        one_sided=entry.get("sided") == "one",
        randomised=entry.get("randomised", False),
    )


def _tests(entry: Entry) -> tuple[Any, ...]:
    """Return the tests that a p may come of."""
    named = entry.get("test", [])
    return (named,) if isinstance(named, str) else tuple(named)
