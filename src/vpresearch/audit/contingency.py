"""Printed p-values of tables of counts against everything that the printed margins, cells and percentages allow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from vpresearch.audit.cells import Where, may_compare, pairs, several
from vpresearch.audit.check import Check, Verdict, inside
from vpresearch.audit.counts import fitting_counts
from vpresearch.audit.p_attained import STANDS_FOR
from vpresearch.audit.p_values import said_of, source, untried
from vpresearch.audit.witness import TABLE_TESTS, Floats
from vpresearch.core.reported import RoundingRule
from vpresearch.published import Claim, Compute, Paper, TestName

Table = NDArray[np.int64]

_BY = "leak"
_RATIO = "likelihood_ratio"
# Tests of two by two alone.
_OF_FOUR = frozenset({"chi_squared_yates", "fisher_mid", "wald"})
# Tables that are tried, and tables with the margins of one up to which Fisher's test of more than four cells is made.
_MOST_TABLES, _MOST_FISHER = 3000, 200_000
# Of the values of a group, those that may be missing before a p that needs it counts as impossible.
_MISSING = 0.1


@dataclass(frozen=True)
class _Counts:
    """What a paper prints of a column by another: counts that a cell can have, sizes of groups, sums of rows."""

    cells: tuple[tuple[tuple[int, ...] | None, ...], ...]
    sizes: tuple[int | None, ...]
    sums: tuple[int | None, ...]
    # Whether the last row is what the others leave of each group.
    by_rest: bool
    by: str


def check_contingency(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold the printed p of one column by another against each test; what missing values would explain is left open."""
    for check in check_tables(paper, rule):
        yield _excused(paper, check, rule) if check.check == "p_source" and check.verdict == "impossible" else check


def _excused(paper: Paper, found: Check, rule: RoundingRule) -> Check:
    claim = paper[found.claims[0]]
    printed = _printed(paper, claim, str(claim.compute.variable), rule)
    meant = str(found.values["impossible"]).split()
    if claim.compute.variable not in paper.complete and any(_left(counts) > _MISSING for counts in printed):
        return replace(found, verdict="undecided", code="p_if_rest")
    if any(_explains(counts, claim, meant, rule) for counts in printed):
        return replace(found, verdict="undecided", code="p_if_missing")
    return found


def check_tables(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold the printed p of one column by another against each test on every table that the numbers allow."""
    # Where means of noughts and ones are printed, they tell more, and the tables are tested with them.
    by_means = {claim.id for claim, _, _ in pairs(paper)} | {claim.id for claim, _ in several(paper)}
    for claim in paper.claims:
        variable = claim.compute.variable
        if claim.kind != "p" or variable is None or claim.id in by_means or not may_compare(claim):
            continue
        printed = _printed(paper, claim, variable, rule)
        tables = [table for counts in printed for table in _tables(counts)]
        if not tables:
            continue
        fours = [table for table in tables if table.shape == (2, 2)]
        meant = _meant(claim.tests, four=bool(fours))
        columns = {variable, *claim.compute.group, *(counts.by for counts in printed)}
        used = [other.id for other in paper.claims if other.kind in {"count", "percentage"} and _is_of(other, columns)]
        checks = [
            _check(claim, (claim.id, *used), variable, test, fours if test in _OF_FOUR else tables, rule)
            for test in meant
        ]
        yield from checks
        yield source(checks, claim) if checks else untried(claim)


def tests_of(table: Table, named: Sequence[TestName], *, one_sided: bool) -> dict[str, Floats]:
    """Return the p of every test that a paper may have made of a table, or of those that it names."""
    meant = _meant(named, four=table.shape == (2, 2))
    found = {test: _p(test, table, one_sided=one_sided) for test in meant}
    return {test: p for test, p in found.items() if not np.isnan(p).all()}


def _meant(named: Sequence[TestName], *, four: bool) -> list[str]:
    known = [*TABLE_TESTS, _RATIO] if four else ["chi_squared", "fisher", _RATIO]
    meant = {test for name in named for test in STANDS_FOR.get(name, ())} if named else set(known)
    return [test for test in known if test in meant]


def _p(test: str, table: Table, *, one_sided: bool) -> Floats:
    """Return the p of a test of a table; NaN where there is none, or where it would take too long."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape) == 2 == max(table.shape) and test != _RATIO:
        return TABLE_TESTS[test](table, one_sided)
    found = np.array([math.nan])
    if min(table.shape) > 1 and test == "fisher":
        found = np.array([fisher_of_any(table)])
    elif min(table.shape) > 1 and test == _RATIO:
        found = np.array([chi2_contingency(table, correction=False, lambda_="log-likelihood").pvalue])
    elif min(table.shape) > 1 and test not in _OF_FOUR:
        # Of more than four cells no test has sides.
        found = TABLE_TESTS[test](table, False)
    return found


def fisher_of_any(table: Table) -> float:
    """Add up the chances of all tables with the margins of one that are no likelier; NaN where they are too many.

    Freeman GH, Halton JH. Biometrika 1951;38:141-149.
    """
    if table.shape[0] < table.shape[1]:
        table = table.T
    rows, columns = table.sum(axis=1), table.sum(axis=0).tolist()
    if math.prod(math.comb(columns[j] + len(rows) - 1, len(rows) - 1) for j in range(len(columns) - 1)) > 10**9:
        return math.nan
    # One column after another: what is left of the rows, and the logarithm of the chance so far.
    left, logs = rows[None, :], np.zeros(1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, table.sum() + 1)))])
    for size in columns[:-1]:
        ways = _compositions(size, tuple(rows.tolist()))
        if ways is None or len(ways) * len(left) > 20 * _MOST_FISHER:
            return math.nan
        after = left[:, None, :] - ways[None, :, :]
        fits = (after >= 0).all(axis=2)
        logs = (logs[:, None] - log_factorial[ways].sum(axis=1)[None, :])[fits]
        left = after[fits]
        if len(left) > _MOST_FISHER:
            return math.nan
    logs -= log_factorial[left].sum(axis=1)
    own = -log_factorial[table].sum()
    chances = np.exp(logs - logs.max())
    return float(chances[logs <= own + 1e-7].sum() / chances.sum())


def _compositions(total: int, most: tuple[int, ...]) -> Table | None:
    """List the ways to divide a number among places, no more into each than it holds."""
    found = np.zeros((1, 0), dtype=np.int64)
    for place, top in enumerate(most):
        left = total - found.sum(axis=1)
        rest = sum(most[place + 1 :])
        options = [np.arange(max(0, each - rest), min(top, each) + 1) for each in left]
        if sum(map(len, options)) > _MOST_FISHER:
            return None
        rows = np.repeat(found, [len(each) for each in options], axis=0)
        found = np.hstack([rows, np.concatenate(options)[:, None]]) if len(rows) else np.zeros((0, place + 1), np.int64)
    return found


def _is_of(claim: Claim, columns: set[str]) -> bool:
    """Whether a count or percentage is of nothing but the columns of a table."""
    of = {*claim.compute.group, *claim.compute.within}
    return bool(of) and claim.compute.variable is None and of <= columns


def _check(
    claim: Claim, ids: tuple[str, ...], variable: str, test: str, tables: list[Table], rule: RoundingRule
) -> Check:
    every = [_p(test, table, one_sided=claim.one_sided) for table in tables]
    # A table that has lost a row has fewer p; what it has is told again.
    p = np.array([np.resize(each, max(map(len, every))) for each in every])
    values: dict[str, str | float] = {"test": test, "variable": variable, "known": "list", **said_of(claim)}
    known = p[~np.isnan(p).any(axis=1)]
    fitting = np.flatnonzero(inside(p, claim.printed.interval(rule)).any(axis=1))
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if len(fitting):
        verdict: Verdict = "possible"
        code = "p_attained"
    else:
        verdict, code = ("impossible", "p_not_attained") if len(known) == len(p) else ("undecided", "p_undecided")
    witness = " / ".join(" ".join(map(str, row)) for row in tables[fitting[0]]) if len(fitting) else ""
    return Check(f"p_{test}", ids, verdict, code, values, len(fitting), low, high, witness)


def _printed(paper: Paper, claim: Claim, variable: str, rule: RoundingRule) -> list[_Counts]:
    """Collect what is printed of a column by the column that the claim names, or each that it may be of."""
    asked = claim.compute
    counts: dict[Where, int] = {}
    shares: dict[Where, Claim] = {}
    # Where values are missing, the sizes of the groups among those that are known.
    known: dict[Where, int] = {}
    unsure: set[Where] = set()
    for other in paper.claims:
        of = {**other.compute.within, **other.compute.group}
        if (
            other.compute.over != asked.over
            or other.compute.variable not in (None, variable)
            or not asked.group.items() <= of.items()
        ):
            continue
        # Of some rows, a table of those alone.
        where = tuple(sorted(of.items() - asked.group.items()))
        if other.kind == "count" and other.compute.variable is not None:
            known[where] = int(other.printed.value)
        elif other.kind == "count":
            counts[where] = int(other.printed.value)
            unsure |= {where} if other.inferred else set()
        elif (
            other.kind == "percentage"
            and variable in other.compute.group
            and len(other.compute.within.items() - asked.group.items()) == 1
            and not other.compute.of
        ):
            shares[where] = other
    # A size that most rows tell stands beside what those of the variable tell, not in its place.
    counts = {where: n for where, n in counts.items() if where not in unsure or where in known}
    cells = [where for where in (*counts, *shares) if len(where) == 2 and variable in dict(where)]
    by = list(dict.fromkeys(column for where in cells for column, _ in where if _may_be_by(column, asked)))
    if not by:
        # Without cells the margins alone tell: of several columns, the paper compares by leak or does not say.
        margins = _levels(counts, 1)
        others = [column for column, levels in margins.items() if len(levels) > 1 and _may_be_by(column, asked)]
        by = [_BY] if _BY in others else others if len(others) == 1 else []
        halved = all(len(margins.get(column, [])) == 2 for column in (variable, *by))
        by = by if halved else []
        if by and len({sum(counts[((column, level),)] for level in margins[column]) for column in (variable, *by)}) > 1:
            by = []
    found = [
        _by(sizes, shares, variable, column, rule)
        for sizes in ([counts | known, counts] if known else [counts])
        for column in ([_BY] if _BY in by else by)
    ]
    # What the printed rows leave of the groups may be missing, or one more row of the table.
    return [*found, *(_with_rest(each) for each in found if _left(each) > 0)]


def _may_be_by(column: str, asked: Compute) -> bool:
    return column != asked.variable and asked.by in (None, column)


def _levels(counts: Mapping[Where, object], size: int) -> dict[str, list[str]]:
    levels: dict[str, list[str]] = {}
    for where in counts:
        for column, value in where if len(where) == size else ():
            if value not in levels.setdefault(column, []):
                levels[column].append(value)
    return levels


def _by(
    counts: Mapping[Where, int],
    shares: Mapping[Where, Claim],
    variable: str,
    by: str,
    rule: RoundingRule,
) -> _Counts:
    known: dict[str, list[str]] = {variable: [], by: []}
    for where in (*counts, *shares):
        if set(dict(where)) <= {variable, by}:
            for column, value in where:
                if value not in known[column]:
                    known[column].append(value)
    rows, columns = known[variable], known[by]
    sizes = [counts.get(((by, value),)) for value in columns]
    sums = [counts.get(((variable, value),)) for value in rows]
    cells: list[list[tuple[int, ...] | None]] = []
    for row in rows:
        line: list[tuple[int, ...] | None] = []
        for column, size in zip(columns, sizes, strict=True):
            where = tuple(sorted(((variable, row), (by, column))))
            share = shares.get(where)
            if where in counts:
                line.append((counts[where],))
            else:
                line.append(
                    tuple(fitting_counts(share, size, rule)) if share is not None and size is not None else None
                )
        cells.append(line)
    found = _Counts(tuple(map(tuple, cells)), tuple(sizes), tuple(sums), False, by)
    return _with_rest(found) if len(rows) == 1 else found


def _with_rest(counts: _Counts) -> _Counts:
    """Take the rest of each group as one more row."""
    cells, sums = (*counts.cells, (None,) * len(counts.sizes)), (*counts.sums, None)
    return replace(counts, cells=cells, sums=sums, by_rest=True)


def _left(counts: _Counts) -> float:
    """Return which share of the groups the printed rows leave, where all of them are printed."""
    if counts.by_rest:
        return 0.0
    most = [max(cell) for row in counts.cells for cell in row if cell]
    sizes = [size for size in counts.sizes if size is not None]
    whole, n = len(most) == len(counts.sizes) * len(counts.cells), sum(sizes)
    return 1 - sum(most) / n if whole and n and len(sizes) == len(counts.sizes) else 0.0


def _tables(counts: _Counts) -> list[Table]:
    """List the tables with the printed cells, sizes and sums; none where they are too many or a size is not printed."""
    if min(len(counts.cells), len(counts.sizes)) < 2:
        return []
    columns = []
    for place, size in enumerate(counts.sizes):
        listed = _columns([row[place] for row in counts.cells], size)
        if not listed or len(listed) > _MOST_TABLES:
            return []
        columns.append(listed)
    if math.prod(map(len, columns)) > 100 * _MOST_TABLES:
        return []
    known = [place for place, total in enumerate(counts.sums) if total is not None]
    found = [
        np.array(chosen, dtype=np.int64).T
        for chosen in product(*columns)
        if all(sum(column[place] for column in chosen) == counts.sums[place] for place in known)
    ]
    if not found and known:
        # A sum of everybody may be of more groups, or of other rows, than are compared here.
        return _tables(replace(counts, sums=(None,) * len(counts.sums)))
    return found if len(found) <= _MOST_TABLES else []


def _columns(cells: Sequence[tuple[int, ...] | None], size: int | None) -> list[tuple[int, ...]]:
    """List what one group can have in each row: all of its size where a row is not printed."""
    open_rows = sum(cell is None for cell in cells)
    if open_rows and size is None:
        return []
    found: list[tuple[int, ...]] = []
    for fixed in product(*(cell if cell is not None else (0,) for cell in cells)):
        left = 0 if size is None else size - sum(fixed)
        if left < 0:
            continue
        if not open_rows:
            found.append(fixed)
            continue
        if math.comb(left + open_rows - 1, open_rows - 1) > _MOST_TABLES:
            return []
        ways = _compositions(left, (left,) * open_rows)
        for way in () if ways is None else ways.tolist():
            rest = iter(way)
            found.append(tuple(next(rest) if cell is None else value for cell, value in zip(cells, fixed, strict=True)))
    return found


def _explains(counts: _Counts, claim: Claim, meant: Sequence[str], rule: RoundingRule) -> bool:
    """Whether a few missing values would give p, where the last row was taken as the rest of each group."""
    if not counts.by_rest or any(size is None for size in counts.sizes):
        return False
    fewer = [range(math.ceil((1 - _MISSING) * size), size + 1) for size in counts.sizes if size is not None]
    printed = claim.printed.interval(rule)
    if math.prod(map(len, fewer)) > _MOST_TABLES:
        return True
    for sizes in product(*fewer):
        for table in _tables(replace(counts, sizes=tuple(sizes))):
            if any(inside(_p(test, table, one_sided=claim.one_sided), printed).any() for test in meant):
                return True
    return False
