"""Every printed p-value against what each test can give for the printed means and standard deviations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, stdtr

from vpresearch.audit.attainable import kruskal_without_contrived_ties
from vpresearch.audit.cells import Group, cell, grids, pairs
from vpresearch.audit.check import Check, Verdict, show_values
from vpresearch.audit.t_bounds import t_bounds
from vpresearch.audit.witness import datasets, is_coarse, on_scale, prints, shift_two
from vpresearch.inference import kruskal, mann_whitney, student, welch
from vpresearch.lattice import Cell, Joint, KruskalDistribution, count, kruskal_p_distribution, t_p_distribution
from vpresearch.published import Claim, Grid, Paper
from vpresearch.reported import Interval, Reported, RoundingRule

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TESTS = ("student", "welch", "kruskal", "mann_whitney", "mann_whitney_exact")
PROTOCOL = ("student", "kruskal")
_RUN = {"student": student, "welch": welch, "kruskal": kruskal, "mann_whitney": mann_whitney}
_CONTINUITY = {"kruskal": 0.0, "mann_whitney": 0.5}
_POOL = 120
_WALKS, _WALK = 40, 1500
_MOST_PAIRS = 50_000_000
_RANK_PAIRS = 10_000


@dataclass(frozen=True)
class Attained:
    """What one test can give.

    Attributes
    ----------
    low, high : float
        Every attainable p is between them.
    values : numpy.ndarray of float, shape (n_values,)
        The attainable p, or those of the datasets that were looked at.
    exact : bool
        Whether ``values`` is complete.
    pairs : numpy.ndarray of int, shape (n_values,), or None
        Pairs of datasets that give each, where they were counted.
    """

    low: float
    high: float
    values: Floats
    exact: bool
    pairs: NDArray[np.int64] | None = None


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
    relaxed, strict = (
        [cell(paper, group, grid, rule, strict=exactly) for group in compared] for exactly in (False, True)
    )
    first, second = relaxed
    if first is None or second is None or first.values != second.values:
        return None
    cells = (strict[0] or first, strict[1] or second)
    pools = [datasets(group, rng, _POOL) for group in cells]
    if is_coarse(first) and is_coarse(second) and count(first) * count(second) <= _MOST_PAIRS:
        attained = _listed(Joint(first, second))
    else:
        attained = _bounded(first, second, (pools[0], pools[1]), rule, rng)
    return Row(claim, compared, grid, attained, cells, (pools[0], pools[1]))


def _listed(joint: Joint) -> dict[str, Attained]:
    """Every attainable p, exact: t tests over the classes of sums and squares, rank tests over U and ties."""
    ranks = kruskal_p_distribution(joint)
    found = {
        "kruskal": _exactly(ranks.p, ranks.pairs),
        "mann_whitney": _exactly(_mann_whitney_p(ranks, joint), ranks.pairs),
    }
    for test, equal_var in (("student", True), ("welch", False)):
        t = t_p_distribution(joint, equal_var)
        found[test] = _exactly(t.p, t.pairs)
    return found


def _exactly(p: Floats, n_pairs: NDArray[np.int64] | None) -> Attained:
    known = ~np.isnan(p)
    low, high = (float(p[known].min()), float(p[known].max())) if known.any() else (math.nan, math.nan)
    return Attained(low, high, p[known], True, None if n_pairs is None else n_pairs[known])


def _mann_whitney_p(ranks: KruskalDistribution, joint: Joint) -> Floats:
    """P-values with the continuity correction, from the doubled excess of U and the tie sums."""
    n_a, n_b, n = joint.a.n, joint.b.n, joint.n
    variance = n_a * n_b / 12 * (n + 1 - ranks.ties / (n * (n - 1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.maximum(0, np.abs(ranks.deviation) / 2 - 0.5) / np.sqrt(variance)
    p: Floats = 2 * ndtr(-z)
    return p


def _bounded(
    first: Cell, second: Cell, pools: tuple[Ints, Ints], rule: RoundingRule, rng: np.random.Generator
) -> dict[str, Attained]:
    """Outer bounds, and the p of a pool of datasets for the witnesses."""
    means, sds, sizes = (first.mean, second.mean), (first.sd, second.sd), (first.n, second.n)
    found = {}
    for test in ("student", "welch", "kruskal", "mann_whitney"):
        values = _pool_p(test, *pools, rng) if len(pools[0]) and len(pools[1]) else np.empty(0)
        low, high = 0.0, 1.0
        if test in {"student", "welch"}:
            low, high = t_bounds(means, sds, sizes, equal_var=test == "student", rule=rule)
        found[test] = Attained(low, high, values, False)
    if first.size >= sum(sizes):
        # Without a tie, which this grid allows, the exact test takes one value for each U.
        found["mann_whitney_exact"] = _exactly(_exact_p(*sizes), None)
    return found


def _exact_p(n_a: int, n_b: int) -> Floats:
    """Two-sided exact p of the Mann-Whitney test for every U up to its middle, no ties."""
    ways = np.zeros(n_a * n_b + 1)
    ways[0] = 1
    for k in range(1, n_a + 1):
        # The Gaussian binomial coefficient, factor by factor: times (1 - q^(n_b + k)), over (1 - q^k).
        shifted = np.zeros_like(ways)
        shifted[n_b + k :] = ways[: len(ways) - n_b - k]
        ways = ways - shifted
        for place in range(k, len(ways)):
            ways[place] += ways[place - k]
    cumulative = np.cumsum(ways) / ways.sum()
    p: Floats = np.minimum(1.0, 2 * cumulative[: n_a * n_b // 2 + 1])
    return p


def _pool_p(test: str, first: Ints, second: Ints, rng: np.random.Generator) -> Floats:
    """P-values of pairs from two pools: all pairs for a t test, a sample of them for a rank test."""
    if test in {"student", "welch"}:
        return _t_p(first, second, equal_var=test == "student").ravel()
    chosen = rng.integers(len(first), size=_RANK_PAIRS), rng.integers(len(second), size=_RANK_PAIRS)
    blocks = np.array_split(np.arange(_RANK_PAIRS), 20)
    return np.concatenate([_rank_p(first[chosen[0][block]], second[chosen[1][block]], test) for block in blocks])


def _t_p(first: Ints, second: Ints, *, equal_var: bool) -> Floats:
    n_a, n_b = first.shape[1], second.shape[1]
    gap = first.mean(axis=1)[:, None] - second.mean(axis=1)[None, :]
    var_a, var_b = first.var(axis=1, ddof=1)[:, None], second.var(axis=1, ddof=1)[None, :]
    if equal_var:
        df = np.full_like(gap, n_a + n_b - 2)
        error = ((n_a - 1) * var_a + (n_b - 1) * var_b) / df * (1 / n_a + 1 / n_b)
    else:
        error = var_a / n_a + var_b / n_b
        df = error**2 / ((var_a / n_a) ** 2 / (n_a - 1) + (var_b / n_b) ** 2 / (n_b - 1))
    p: Floats = 2 * stdtr(df, -np.abs(gap) / np.sqrt(error))
    return p


def _rank_p(first: Ints, second: Ints, test: str) -> Floats:
    n_a, n_b = first.shape[1], second.shape[1]
    n = n_a + n_b
    both = np.hstack([first, second])
    equals = (both[:, :, None] == both[:, None, :]).sum(axis=2)
    variance = n_a * n_b / 12 * (n + 1 - (equals**2 - 1).sum(axis=1) / (n * (n - 1)))
    excess = np.abs(np.sign(both[:, :n_a, None] - both[:, None, n_a:]).sum(axis=(1, 2))) / 2
    if test == "mann_whitney":
        p: Floats = 2 * ndtr(-np.maximum(0, excess - 0.5) / np.sqrt(variance))
    else:
        p = chdtrc(1, excess**2 / variance)
    return p


# -- verdicts ----------------------------------------------------------------------------------------------------


def _check(row: Row, test: str, rule: RoundingRule, rng: np.random.Generator) -> Check:
    claim, found, grid = row.claim, row.attained[test], row.grid
    printed = claim.printed.interval(rule)
    verdict, code, values = _judge(claim.printed, row, test, rule)
    witness = "" if verdict == "impossible" else _witness(test, row, printed, rng)
    if verdict != "impossible":
        verdict, code = ("possible", "p_attained") if witness else ("undecided", "p_undecided")
    n_datasets = None if found.pairs is None else int(found.pairs[inside(found.values, printed)].sum())
    scale = f"{grid.low} – {grid.high}" if grid.low is not None and grid.high is not None else ""
    ids = (claim.id, *row.compared[0].ids, *row.compared[1].ids)
    values |= {"test": test, "variable": row.compared[0].variable, "printed": claim.printed.printed, "scale": scale}
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
    witness = next((check.witness for check in checks if check.verdict == "possible"), "")
    return Check("p_source", checks[0].claims, verdict, f"p_source_{verdict}", values, witness=witness)


def _judge(printed: Reported, row: Row, test: str, rule: RoundingRule) -> tuple[Verdict, str, dict[str, str | float]]:
    """Tell a proof of impossibility from a witness, and both from neither."""
    interval, found, most_equal = printed.interval(rule), row.attained[test], row.grid.most_equal
    ends: dict[str, str | float] = {"low": found.low, "high": found.high}
    if inside(found.values, interval).any():
        return "possible", "p_attained", ends
    if found.exact:
        return "impossible", "p_not_attained", ends | {"count": float(len(found.values))}
    if (interval.high is not None and interval.high < found.low) or (
        interval.low is not None and interval.low > found.high
    ):
        return "impossible", "p_out_of_reach", ends
    if test in _CONTINUITY and most_equal is not None and not printed.bound:
        sizes = (row.compared[0].n, row.compared[1].n)
        steps = kruskal_without_contrived_ties(printed, sizes, most_equal, _CONTINUITY[test])
        if not steps.possible:
            values = {"low": steps.low, "high": steps.high, "most_equal": float(most_equal)}
            return "impossible", "p_between_steps", dict(values)
    return "undecided", "p_undecided", ends


def inside(values: Floats, interval: Interval) -> NDArray[np.bool_]:
    """Tell which values lie in an interval, with an allowance for binary noise.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (n,)
    interval : Interval

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
    """
    low = -math.inf if interval.low is None else float(interval.low)
    high = math.inf if interval.high is None else float(interval.high)
    noise = 1e-12
    above = values >= low - noise if interval.low_closed else values > low + noise
    below = values <= high + noise if interval.high_closed else values < high - noise
    inside: NDArray[np.bool_] = above & below
    return inside


def _witness(test: str, row: Row, printed: Interval, rng: np.random.Generator) -> str:
    """Find two groups that give the printed p, and believe them only when the ordinary test says so too."""
    if test == "mann_whitney_exact":
        return _exact_witness(row.pools, printed)
    found = _candidates(test, row.pools, printed, rng)
    if test in _CONTINUITY and len(row.pools[0]) and len(row.pools[1]):
        found = chain(found, _walk(test, row, printed, rng))
    for first, second in found:
        if _RUN[test](first, second).p_value in printed:
            values = [on_scale(cell, positions) for cell, positions in zip(row.cells, (first, second), strict=True)]
            return " | ".join(map(show_values, values))
    return ""


def _exact_witness(pools: tuple[Ints, Ints], printed: Interval) -> str:
    """Give the rank-sum excess itself: any values in that order print so."""
    p = _exact_p(pools[0].shape[1], pools[1].shape[1])
    fitting = np.flatnonzero(inside(p, printed))
    return f"U = {fitting[0]}" if len(fitting) else ""


def _candidates(
    test: str, pools: tuple[Ints, Ints], printed: Interval, rng: np.random.Generator
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs from two pools whose p is in the interval, block by block."""
    first, second = pools
    order = rng.permutation(len(first))
    for block in np.array_split(order, max(1, len(first) * len(second) // _RANK_PAIRS)):
        if test in {"student", "welch"}:
            p = _t_p(first[block], second, equal_var=test == "student")
        else:
            rows, columns = np.repeat(block, len(second)), np.tile(np.arange(len(second)), len(block))
            p = _rank_p(first[rows], second[columns], test).reshape(len(block), len(second))
        for row, column in np.argwhere(inside(p, printed))[:5]:
            yield first[block[row]], second[column]


def _walk(test: str, row: Row, printed: Interval, rng: np.random.Generator) -> Iterator[tuple[Ints, Ints]]:
    """Walk from a pair towards the printed p by moves of two values apart or together, which keep the sum."""
    if printed.low is None or printed.high is None:
        return
    aim, reach = float(printed.low + printed.high) / 2, float(printed.high - printed.low) / 2
    for _ in range(_WALKS):
        groups = [pool[rng.integers(len(pool))] for pool in row.pools]
        best = math.inf
        for _ in range(_WALK):
            side = int(rng.integers(2))
            moved = list(groups)
            moved[side] = shift_two(row.cells[side].span, groups[side], rng)
            distance = abs(float(_rank_p(moved[0][None], moved[1][None], test)[0]) - aim)
            if distance > best + 0.003 * rng.exponential() or not prints(row.cells[side], moved[side]):
                continue
            groups, best = moved, distance
            if best <= reach:
                yield groups[0], groups[1]
                break


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
        witnesses = [
            next(filter(None, (_witness(test, row, p.printed.interval(rule), rng) for test in tests)), "")
            for row, p, tests in ((first, second.claim, crossed[0]), (second, first.claim, crossed[1]))
        ]
        verdict: Verdict = "possible" if all(witnesses) else "undecided"
        yield Check("p_exchange", ids, verdict, "p_exchanged", values, witness=" || ".join(filter(None, witnesses)))


def _by(row: Row, printed: Reported, rule: RoundingRule) -> list[str]:
    """List the tests of the protocol that are not excluded from giving a p in a row."""
    return [test for test in PROTOCOL if _judge(printed, row, test, rule)[0] != "impossible"]
