"""Every printed p-value against what each test can give for the printed means and standard deviations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from vpresearch.audit.attainable import kruskal_without_contrived_ties
from vpresearch.audit.cells import Group, aligned, cell, grids, is_binary, is_too_fine, pairs
from vpresearch.audit.check import Check, Verdict, inside
from vpresearch.audit.p_attained import CONTINUITY, T_TESTS, Attained, bounded, listed, tabled
from vpresearch.audit.p_witness import p_witness
from vpresearch.audit.witness import Ints, datasets, is_coarse
from vpresearch.lattice import Cell, Joint, count
from vpresearch.published import Claim, Grid, Paper
from vpresearch.reported import Interval, Reported, RoundingRule

PROTOCOL = ("student", "kruskal")
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
    """

    claim: Claim
    compared: tuple[Group, Group]
    grid: Grid
    attained: Mapping[str, Attained]
    cells: tuple[Cell, Cell]
    pools: tuple[Ints, Ints]


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
        One a test and stated scale; then one for each pair of p-values that fit each other's row and not their own.
    """
    first_scale: dict[str, Row] = {}
    for claim, first, second in pairs(paper):
        for grid, stated in grids(paper, first.variable):
            row = _row(paper, claim, (first, second), grid, rule, rng) if stated else None
            if row is None:
                continue
            first_scale.setdefault(claim.id, row)
            checks = [_check(row, test, rule, rng) for test in row.attained]
            yield from checks
            yield source(checks)
    yield from _exchanges(list(first_scale.values()), rule, rng)


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
    if is_coarse(first) and is_coarse(second) and count(first) * count(second) <= _MOST_PAIRS:
        attained = listed(Joint(first, second))
    else:
        attained = bounded(first, second, (pools[0], pools[1]), rule, rng)
    if is_binary(grid):
        attained |= tabled((pools[0], pools[1]))
    return Row(claim, compared, grid, attained, cells, (pools[0], pools[1]))


# -- verdicts ----------------------------------------------------------------------------------------------------


def _check(row: Row, test: str, rule: RoundingRule, rng: np.random.Generator) -> Check:
    claim, found, grid = row.claim, row.attained[test], row.grid
    printed = claim.printed.interval(rule)
    verdict, code, values = _judge(claim.printed, row, test, rule)
    witness = "" if verdict == "impossible" else p_witness(test, row.cells, row.pools, printed, rng)
    if verdict != "impossible":
        verdict, code = ("possible", "p_attained") if witness else ("undecided", "p_undecided")
    n_datasets = None if found.pairs is None else int(found.pairs[inside(found.values, printed)].sum())
    scale = f"{grid.low} – {grid.high}" if grid.low is not None and grid.high is not None else ""
    ids = (claim.id, *row.compared[0].ids, *row.compared[1].ids)
    values |= {"test": test, "variable": row.compared[0].variable, "printed": claim.printed.printed, "scale": scale}
    # How the attainable p are known: all of them, their exact range, or only what ranks allow.
    values["known"] = "list" if found.pairs is not None else ("range" if test in T_TESTS else "outer")
    return Check(f"p_{test}", ids, verdict, code, values, n_datasets, found.low, found.high, witness)


def source(checks: Sequence[Check]) -> Check:
    """Name every test that can give a printed p, and those that may.

    Parameters
    ----------
    checks : sequence of Check
        Of one printed p, one a test.

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
    values |= {"printed": checks[0].values["printed"], "scale": checks[0].values["scale"]}
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
    if (interval.high is not None and interval.high < found.low) or (
        interval.low is not None and interval.low > found.high
    ):
        return "impossible", "p_out_of_reach" if test in T_TESTS else "p_beyond_ranks", ends
    if test in CONTINUITY and most_equal is not None and not printed.bound:
        sizes = (row.compared[0].n, row.compared[1].n)
        steps = kruskal_without_contrived_ties(printed, sizes, most_equal, CONTINUITY[test], rule)
        if not steps.possible:
            values = {"low": steps.low, "high": steps.high, "most_equal": float(most_equal)}
            return "impossible", "p_between_steps", dict(values)
    return "undecided", "p_undecided", ends


def _exchanges(rows: Sequence[Row], rule: RoundingRule, rng: np.random.Generator) -> Iterator[Check]:
    """Find two p-values of one table that the protocol cannot both give where they stand, but can exchanged."""
    for first, second in combinations(rows, 2):
        if first.claim.id.split(".")[0] != second.claim.id.split(".")[0]:
            continue
        straight = [_by(row, row.claim.printed, rule) for row in (first, second)]
        crossed = [_by(first, second.claim.printed, rule), _by(second, first.claim.printed, rule)]
        if all(straight) or not all(crossed):
            continue
        ids = (first.claim.id, second.claim.id)
        values: dict[str, str | float] = {"first": ids[0], "second": ids[1]}
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


def _first_witness(row: Row, tests: Sequence[str], printed: Interval, rng: np.random.Generator) -> str:
    found = (p_witness(test, row.cells, row.pools, printed, rng) for test in tests)
    return next(filter(None, found), "")


def _by(row: Row, printed: Reported, rule: RoundingRule) -> list[str]:
    """List the tests of the protocol that are not excluded from giving a p in a row."""
    return [test for test in PROTOCOL if _judge(printed, row, test, rule)[0] != "impossible"]
