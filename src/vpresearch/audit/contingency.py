"""Printed p-values of two-by-two tables against everything that the printed margins and cells allow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vpresearch.audit.cells import pairs
from vpresearch.audit.check import Check, Verdict, inside
from vpresearch.audit.p_attained import STANDS_FOR
from vpresearch.audit.p_values import said_of, source, untried
from vpresearch.audit.witness import TABLE_TESTS
from vpresearch.core.reported import RoundingRule
from vpresearch.published import Claim, Paper

Table = NDArray[np.int64]

_BY = "leak"


def check_contingency(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold the printed p of a two-valued variable by another against each test on every table that the counts allow."""
    # Where means of noughts and ones are printed, they tell more, and the tables are tested with them.
    by_means = {claim.id for claim, _, _ in pairs(paper)}
    for claim in paper.claims:
        variable = claim.compute.variable
        if claim.kind != "p" or variable is None or claim.id in by_means:
            continue
        tables = _tables(paper, claim, variable)
        if not tables:
            continue
        meant = {test for name in claim.tests for test in STANDS_FOR[name]} if claim.tests else set(TABLE_TESTS)
        checks = [_check(claim, variable, test, tables, rule) for test in TABLE_TESTS if test in meant]
        yield from checks
        yield source(checks, claim) if checks else untried(claim)


def _check(claim: Claim, variable: str, test: str, tables: list[Table], rule: RoundingRule) -> Check:
    p = np.array([TABLE_TESTS[test](table, claim.one_sided) for table in tables])
    fitting = np.flatnonzero(inside(p, claim.printed.interval(rule)).any(axis=1))
    values = {"test": test, "variable": variable, "known": "list", **said_of(claim)}
    witness = " / ".join(" ".join(map(str, row)) for row in tables[fitting[0]]) if len(fitting) else ""
    verdict: Verdict = "possible" if len(fitting) else "impossible"
    code = "p_attained" if len(fitting) else "p_not_attained"
    low, high = float(p.min()), float(p.max())
    return Check(f"p_{test}", (claim.id,), verdict, code, values, len(fitting), low, high, witness)


def _tables(paper: Paper, claim: Claim, variable: str) -> list[Table]:
    """List the two-by-two tables with the printed margins and cells; none where a margin is not printed."""
    counts = {
        (other.compute.over, tuple(sorted(other.compute.group.items()))): int(other.printed.value)
        for other in paper.claims
        if other.kind == "count" and other.compute.variable is None
    }
    over = claim.compute.over
    margins: dict[str, list[tuple[str, int]]] = {}
    for (unit, where), n in counts.items():
        if unit == over and len(where) == 1:
            margins.setdefault(where[0][0], []).append((where[0][1], n))
    halved = [column for column, margin in margins.items() if len(margin) == 2]
    others = [column for column, margin in margins.items() if len(margin) > 1 and column != variable]
    # Where several columns could be the other side, the paper compares by leak or does not say.
    by = _BY if _BY in others else (others[0] if len(others) == 1 else None)
    if variable not in halved or by not in halved:
        return []
    (first, rows), (second, _) = margins[variable]
    (one, columns), (two, _) = margins[by]
    total = sum(n for _, n in margins[variable])
    if total != sum(n for _, n in margins[by]):
        return []
    pairs = [{variable: row, by: column} for row in (first, second) for column in (one, two)]
    printed = [counts.get((over, tuple(sorted(pair.items())))) for pair in pairs]
    found = []
    for corner in range(max(0, rows + columns - total), min(rows, columns) + 1):
        table = np.array([[corner, rows - corner], [columns - corner, total - rows - columns + corner]])
        if all(cell in (None, n) for cell, n in zip(printed, table.ravel(), strict=True)):
            found.append(table)
    return found
