"""Every printed p-value against what each test can give for the printed means and standard deviations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from vpresearch.audit.attainable import kruskal_without_contrived_ties
from vpresearch.audit.cells import Group, aligned, cell, grids, is_binary, is_too_fine, pairs
from vpresearch.audit.check import Check, Verdict, inside
from vpresearch.audit.p_attained import (
    NORMAL,
    PAIRED,
    PERMUTATION,
    T_TESTS,
    Attained,
    bounded,
    candidate_tests,
    listed,
    permuted,
    tabled,
)
from vpresearch.audit.p_witness import both_witness, p_witness
from vpresearch.audit.table_tests import TABLE_TESTS
from vpresearch.audit.witness import Ints, datasets, is_coarse
from vpresearch.lattice import Cell, Joint, count
from vpresearch.published import Claim, Grid, Paper
from vpresearch.reported import Interval, Reported, RoundingRule

PROTOCOL = ("student", "kruskal", "kruskal_uncorrected")
_POOL = 120
_MOST_PAIRS = 50_000_000


@dataclass(frozen=True)
class Row:
    """One printed p-value with what every test can give in its place.

    Attributes
    ----------
    claim : Claim
    compared : pair of Group
    grid : Grid
    attained : dict of str to Attained
        By test.
    cells : pair of Cell
        The two groups, as a witness must be.
    pools : pair of numpy.ndarray of int, shapes (n_datasets, n)
        Datasets of the two groups, as positions on the lattice, from which a witness is taken.
    joint : Joint or None
        Both groups, where all their datasets can be listed.
    """

    claim: Claim
    compared: tuple[Group, Group]
    grid: Grid
    attained: Mapping[str, Attained]
    cells: tuple[Cell, Cell]
    pools: tuple[Ints, Ints]
    joint: Joint | None = None


def check_p_values(paper: Paper, rule: RoundingRule, rng: np.random.Generator) -> Iterator[Check]:
    """Hold every printed p-value against each test, in its own row and in the others.

    Parameters
    ----------
    paper : Paper
    rule : {"any", "half-up", "half-even", "truncation"}
    rng : numpy.random.Generator
        Of the searches for witnesses.

    Yields
    ------
    Check
        One a test and stated scale; then what two p-values of a table, one of which does not fit its row, could be.
    """
    first_scale: dict[str, Row] = {}
    yield from _noughts(paper)
    for claim, first, second in pairs(paper):
        for grid, stated in grids(paper, first.variable):
            row = _row(paper, claim, (first, second), grid, rule, rng) if stated else None
            if row is None:
                continue
            first_scale.setdefault(claim.id, row)
            if not row.attained:
                yield from [untried(claim)] if all(map(len, row.pools)) else []
                continue
            checks: list[Check] = []
            for test in row.attained:
                unexplained = not any(check.verdict == "possible" for check in checks)
                checks.append(_check(row, test, rule, rng, unexplained=unexplained))
            yield from checks
            yield source(checks, claim)
    yield from _readings(list(first_scale.values()), rule, rng)


def _noughts(paper: Paper) -> Iterator[Check]:
    """Remark on a p that is printed as nothing: no p is, and < 0.001 says what is meant."""
    for claim in paper.claims:
        printed = claim.printed
        if claim.kind == "p" and not printed.bound and printed.value == 0:
            least = f"0.{'0' * (printed.decimals - 1)}1" if printed.decimals else "1"
            yield Check("p_nought", (claim.id,), "possible", "p_nought", {"printed": printed.printed, "least": least})


def _row(
    paper: Paper, claim: Claim, compared: tuple[Group, Group], grid: Grid, rule: RoundingRule, rng: np.random.Generator
) -> Row | None:
    """Set a row on a grid; None where its groups cannot be set on it together."""
    if any(is_too_fine(group, grid) for group in compared):
        return None
    relaxed, strict = (
        [cell(paper, group, grid, rule, strict=exactly) for group in compared] for exactly in (False, True)
    )
    loose = aligned(*relaxed)
    if loose is None:
        return None
    first, second = loose
    cells = aligned(*strict) or loose
    pools = [datasets(group, rng, _POOL) for group in cells]
    sizes = (first.n, second.n)
    tests = candidate_tests(sizes, claim.tests, binary=is_binary(grid), one_sided=claim.one_sided)
    of_tables = [test for test in tests if test in TABLE_TESTS]
    joint, attained = None, {}
    if is_coarse(first) and is_coarse(second) and count(first) * count(second) <= _MOST_PAIRS:
        joint = Joint(first, second)
        attained = listed(joint, tests, one_sided=claim.one_sided)
    rest = [test for test in tests if test not in (*attained, *of_tables)]
    attained |= bounded(first, second, (pools[0], pools[1]), rest, rule, rng, one_sided=claim.one_sided)
    attained |= tabled((pools[0], pools[1]), of_tables, one_sided=claim.one_sided)
    return Row(claim, compared, grid, attained, cells, (pools[0], pools[1]), joint)


# -- verdicts ----------------------------------------------------------------------------------------------------


def _check(row: Row, test: str, rule: RoundingRule, rng: np.random.Generator, *, unexplained: bool) -> Check:
    claim, grid = row.claim, row.grid
    printed = claim.printed.interval(rule)
    verdict, code, values = _judge(claim.printed, row, test, rule)
    witness = "" if verdict == "impossible" else _witness(row, test, printed, rng)
    if verdict != "impossible":
        verdict, code = ("possible", "p_attained") if witness else ("undecided", "p_undecided")
    if verdict == "undecided" and test in PERMUTATION and row.joint is not None and unexplained:
        # All of them take seconds, which is worth it only where no other test gives the p.
        all_of_them = permuted(row.joint, test, one_sided=claim.one_sided)
        if all_of_them is not None:
            row = replace(row, attained={**row.attained, test: all_of_them})
            verdict, code, values = _judge(claim.printed, row, test, rule)
            witness = "" if verdict == "impossible" else _witness(row, test, printed, rng, every=True)
    found = row.attained[test]
    n_datasets = None if found.pairs is None else int(found.pairs[inside(found.values, printed)].sum())
    ids = (claim.id, *row.compared[0].ids, *row.compared[1].ids)
    values |= {"test": test, "variable": row.compared[0].variable, "known": found.known}
    values |= said_of(claim, f"{grid.low} – {grid.high}" if grid.low is not None and grid.high is not None else "")
    return Check(f"p_{test}", ids, verdict, code, values, n_datasets, found.low, found.high, witness)


def said_of(claim: Claim, scale: str = "") -> dict[str, str | float]:
    """Give what a sentence says of a printed p: its scale, its sides, and whether the paper names its test."""
    return {
        "printed": claim.printed.printed,
        "scale": scale,
        "one_sided": "one_sided" if claim.one_sided else "",
        "named": "tests_named" if claim.tests else "",
    }


def _witness(row: Row, test: str, printed: Interval, rng: np.random.Generator, *, every: bool = False) -> str:
    return p_witness(test, row.cells, row.pools, printed, rng, one_sided=row.claim.one_sided, every=every)


def untried(claim: Claim) -> Check:
    """Tell that the tests which the paper names are of pairs, or none for the kind of numbers that it prints."""
    values = {**said_of(claim), "test_names": " ".join(claim.tests)}
    code = "p_untried" if PAIRED.isdisjoint(claim.tests) else "p_paired"
    return Check("p_source", (claim.id,), "undecided", code, values)


def source(checks: Sequence[Check], claim: Claim) -> Check:
    """Name every test that can give a printed p, and those that may.

    Parameters
    ----------
    checks : sequence of Check
        Of one printed p, one a test.
    claim : Claim

    Returns
    -------
    Check
    """
    by_verdict = {
        verdict: [str(check.values["test"]) for check in checks if check.verdict == verdict]
        for verdict in ("possible", "undecided", "impossible")
    }
    verdict: Verdict = next(name for name in ("possible", "undecided", "impossible") if by_verdict[name])
    values: dict[str, str | float] = {name: " ".join(tests) for name, tests in by_verdict.items()}
    values |= said_of(claim, str(checks[0].values["scale"]))
    # A proof that supposes few equal values holds under that condition alone.
    conditions = [check.values["most_equal"] for check in checks if check.code == "p_between_steps"]
    code = f"p_source_{verdict}"
    if conditions:
        code, values["most_equal"] = f"{code}_if", conditions[0]
        values["supposed"] = " ".join(str(check.values["test"]) for check in checks if check.code == "p_between_steps")
    witness = next((check.witness for check in checks if check.verdict == "possible"), "")
    return Check("p_source", checks[0].claims, verdict, code, values, witness=witness)


def _judge(printed: Reported, row: Row, test: str, rule: RoundingRule) -> tuple[Verdict, str, dict[str, str | float]]:
    """Tell a proof of impossibility from a witness, and both from neither."""
    interval, found, most_equal = printed.interval(rule), row.attained[test], row.grid.most_equal
    ends: dict[str, str | float] = {"low": found.low, "high": found.high}
    if inside(found.values, interval).any():
        return "possible", "p_attained", ends
    if found.only is not None and not inside(found.only, interval).any():
        return "impossible", "p_not_attained", ends
    if not any(_meets(interval, low, high) for low, high in found.ranges):
        if test not in T_TESTS:
            return "impossible", "p_beyond_ranks", ends
        if len(found.ranges) == 1:
            return "impossible", "p_out_of_reach", ends
        other, (ends["low"], ends["high"]) = found.ranges[1], found.ranges[0]
        return "impossible", "p_out_of_reach_one", ends | {"other_low": other[0], "other_high": other[1]}
    continuity, corrected = NORMAL.get(test, (0.0, False))
    if corrected and most_equal is not None and not printed.bound and not row.claim.one_sided:
        sizes = (row.compared[0].n, row.compared[1].n)
        steps = kruskal_without_contrived_ties(printed, sizes, most_equal, continuity, rule)
        if not steps.possible:
            values = {"low": steps.low, "high": steps.high, "most_equal": float(most_equal)}
            return "impossible", "p_between_steps", dict(values)
    return "undecided", "p_undecided", ends


def _meets(interval: Interval, low: float, high: float) -> bool:
    return (interval.high is None or interval.high >= low) and (interval.low is None or interval.low <= high)


def _readings(rows: Sequence[Row], rule: RoundingRule, rng: np.random.Generator) -> Iterator[Check]:
    """Read two p-values of one table, not both of which their tests can give, as exchanged, and as both of one row."""
    for first, second in permutations(rows, 2):
        if first.claim.id.split(".")[0] != second.claim.id.split(".")[0]:
            continue
        in_order = rows.index(first) < rows.index(second)
        if in_order and not all(_by(row, row.claim.printed, rule) for row in (first, second)):
            yield from _exchange(first, second, rule, rng)
        if not _by(first, first.claim.printed, rule):
            yield from _copy(first, second, rule, rng)


def _exchange(first: Row, second: Row, rule: RoundingRule, rng: np.random.Generator) -> Iterator[Check]:
    """Each p in the other's row: two cells are exchanged."""
    crossed = [_by(first, second.claim.printed, rule), _by(second, first.claim.printed, rule)]
    if not all(crossed):
        return
    ids = (first.claim.id, second.claim.id)
    values = _variables(first, second)
    values |= {"first_tests": " ".join(crossed[0]), "second_tests": " ".join(crossed[1])}
    limits = [row.grid.most_equal for row in (first, second) if row.grid.most_equal is not None]
    code = "p_exchanged_if" if limits else "p_exchanged"
    values |= {"most_equal": float(min(limits))} if limits else {}
    witnesses = [
        _first_witness(row, tests, other.printed.interval(rule), rng)
        for row, other, tests in ((first, second.claim, crossed[0]), (second, first.claim, crossed[1]))
    ]
    verdict: Verdict = "possible" if all(witnesses) else "undecided"
    yield Check("p_exchange", ids, verdict, code, values, witness=" || ".join(filter(None, witnesses)))


def _variables(first: Row, second: Row) -> dict[str, str | float]:
    return {"first_variable": first.compared[0].variable, "second_variable": second.compared[0].variable}


def _copy(wrong: Row, right: Row, rule: RoundingRule, rng: np.random.Generator) -> Iterator[Check]:
    """Both p-values of one row, by two tests: one cell is wrong."""
    own, copied = _by(right, right.claim.printed, rule), _by(right, wrong.claim.printed, rule)
    two = next(((one, other) for one in copied for other in own if other != one), None)
    if two is None:
        return
    ids = (wrong.claim.id, right.claim.id)
    values = _variables(wrong, right) | {"first_tests": two[0], "second_tests": two[1]}
    values["printed"] = wrong.claim.printed.printed
    printed = wrong.claim.printed.interval(rule), right.claim.printed.interval(rule)
    witness = both_witness(two, right.cells, right.pools, printed, rng)
    yield Check("p_copy", ids, "possible" if witness else "undecided", "p_copied", values, witness=witness)


def _first_witness(row: Row, tests: Sequence[str], printed: Interval, rng: np.random.Generator) -> str:
    return next(filter(None, (_witness(row, test, printed, rng) for test in tests)), "")


def _by(row: Row, printed: Reported, rule: RoundingRule) -> list[str]:
    """List the tests of the protocol, or those that the paper names, that are not excluded from giving a p in a row."""
    tests = row.attained if row.claim.tests else [test for test in PROTOCOL if test in row.attained]
    return [test for test in tests if _judge(printed, row, test, rule)[0] != "impossible"]
