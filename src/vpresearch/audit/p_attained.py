"""What each test can give for two printed groups: every p where they can be listed, bounds where not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, stdtr

from vpresearch.audit.t_bounds import t_bounds
from vpresearch.audit.table_tests import TABLE_TESTS, table_p
from vpresearch.audit.witness import Ints
from vpresearch.lattice import Cell, Joint, joint_rows, t_p_distribution
from vpresearch.reported import RoundingRule

Floats = NDArray[np.float64]
T_TESTS = ("student", "welch")
# Taken off the excess of U.
CONTINUITY = {"kruskal": 0.0, "mann_whitney": 0.5}
# Pairs of datasets that are looked at for a rank test.
RANK_PAIRS = 10_000
# Values that are ranked for them in all.
_RANKED = 5_000_000
# Above this size of a group programs do not take the exact test (R's wilcox.test: under 50).
_EXACT_SIZE = 49


@dataclass(frozen=True)
class Attained:
    """What one test can give.

    Attributes
    ----------
    low, high : float
        Every attainable p is between them.
    values : numpy.ndarray of float, shape (n_values,)
        p-values of datasets: all of them where ``pairs`` counts them, else those that were looked at.
    pairs : numpy.ndarray of int, shape (n_values,), or None
        Pairs of datasets that give each.
    only : numpy.ndarray of float, shape (n_only,), or None
        No p is attainable that is not among these; None where only the bounds are known.
    """

    low: float
    high: float
    values: Floats
    pairs: NDArray[np.int64] | None = None
    only: Floats | None = None


def listed(joint: Joint) -> dict[str, Attained]:
    """List every attainable p of every test.

    t tests depend on the sums and the sums of squares alone, rank tests on U and the ties.

    Parameters
    ----------
    joint : Joint

    Returns
    -------
    dict of str to Attained
        By test.
    """
    found = {}
    for test, equal_var in (("student", True), ("welch", False)):
        t = t_p_distribution(joint, equal_var)
        found[test] = _complete(t.p, t.pairs)
    rows, sizes = joint_rows(joint), (joint.a.n, joint.b.n)
    keys, n_pairs = rows.tally()
    deviation, ties = rows.split(keys)
    for test in (*CONTINUITY, *_exact_test(sizes)):
        found[test] = _complete(_rank_test(test, deviation, ties, sizes), n_pairs)
    return found


def _exact_test(sizes: tuple[int, int]) -> tuple[str, ...]:
    return ("mann_whitney_exact",) if max(sizes) <= _EXACT_SIZE else ()


def _complete(p: Floats, n_pairs: NDArray[np.int64]) -> Attained:
    known = ~np.isnan(p)
    low, high = (float(p[known].min()), float(p[known].max())) if known.any() else (math.nan, math.nan)
    return Attained(low, high, p[known], n_pairs[known], p[known])


def bounded(
    first: Cell, second: Cell, pools: tuple[Ints, Ints], rule: RoundingRule, rng: np.random.Generator
) -> dict[str, Attained]:
    """Bound what every test can give, with the p of a pool of datasets for the witnesses.

    Parameters
    ----------
    first, second : Cell
    pools : pair of numpy.ndarray of int, shapes (n_datasets, n)
        Datasets of the two groups, as positions on the lattice.
    rule : {"any", "half-up", "half-even", "truncation"}
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to Attained
        By test.
    """
    means, sds, sizes = (first.mean, second.mean), (first.sd, second.sd), (first.n, second.n)
    found = {}
    for test in (*T_TESTS, *CONTINUITY, *_exact_test(sizes)):
        values = _pool_p(test, *pools, rng) if len(pools[0]) and len(pools[1]) else np.empty(0)
        only = None
        if test in T_TESTS:
            low, high = t_bounds(means, sds, sizes, equal_var=test == "student", rule=rule)
        elif test == "mann_whitney_exact":
            # Whatever the ties, the exact test looks its p up by U.
            only = _exact_table(*sizes)
            low, high = float(only.min()), 1.0
        else:
            # H is n - 1 times the share of the ranks' variance that is between the groups.
            low, high = float(chdtrc(1, sum(sizes) - 1)), 1.0
        found[test] = Attained(low, high, values, only=only)
    return found


def tabled(pools: tuple[Ints, Ints]) -> dict[str, Attained]:
    """List every attainable p of the tests of two-by-two tables.

    Parameters
    ----------
    pools : pair of numpy.ndarray of int, shapes (n_datasets, n)
        Every dataset of the two groups, of noughts and ones.

    Returns
    -------
    dict of str to Attained
        By test; empty where a group has no dataset.
    """
    if not len(pools[0]) or not len(pools[1]):
        return {}
    p = {test: table_p(*pools, test).ravel() for test in TABLE_TESTS}
    return {test: _complete(values, np.ones(values.shape, dtype=np.int64)) for test, values in p.items()}


def exact_p(deviation: NDArray[np.int64], n_a: int, n_b: int) -> Floats:
    """Look the two-sided exact p of the Mann-Whitney test up, as programs print it: as if there were no ties.

    Parameters
    ----------
    deviation : numpy.ndarray of int
        U of one group minus that of the other.
    n_a, n_b : int

    Returns
    -------
    numpy.ndarray of float, of the same shape
        A U that falls between two whole numbers counts as the one nearer to the middle.

    References
    ----------
    Mann HB, Whitney DR. Ann Math Stat 1947;18:50-60.

    Examples
    --------
    >>> exact_p(np.array([6, 2]), 3, 2).tolist()
    [0.2, 0.8]
    """
    smaller = -((np.abs(deviation) - n_a * n_b) // 2)
    p: Floats = _exact_table(n_a, n_b)[smaller]
    return p


@cache
def _exact_table(n_a: int, n_b: int) -> Floats:
    """Two-sided p of every U up to its middle, no ties: the last value taken is of one group or of the other."""
    most = n_a * n_b
    ways = [np.zeros(most + 1) for _ in range(n_b + 1)]
    for row in ways:
        row[0] = 1
    for _ in range(n_a):
        # ways[m] becomes the count for one more value of the first group, above k of the m of the second.
        for m in range(1, n_b + 1):
            longer = ways[m - 1].copy()
            longer[m:] += ways[m][: most + 1 - m]
            ways[m] = longer
    cumulative = np.cumsum(ways[n_b]) / ways[n_b].sum()
    p: Floats = np.minimum(1.0, 2 * cumulative[: most // 2 + 2])
    return p


def _pool_p(test: str, first: Ints, second: Ints, rng: np.random.Generator) -> Floats:
    """P-values of pairs from two pools: all pairs for a t test, a sample of them for a rank test."""
    if test in T_TESTS:
        return t_p(first, second, equal_var=test == "student").ravel()
    size = min(RANK_PAIRS, _RANKED // (first.shape[1] + second.shape[1]))
    chosen = rng.integers(len(first), size=size), rng.integers(len(second), size=size)
    blocks = np.array_split(np.arange(size), 20)
    return np.concatenate([rank_p(first[chosen[0][block]], second[chosen[1][block]], test) for block in blocks])


def t_p(first: Ints, second: Ints, *, equal_var: bool) -> Floats:
    """Test every dataset of one group against every one of the other.

    Parameters
    ----------
    first, second : numpy.ndarray of int, shapes (n_first, n_a) and (n_second, n_b)
    equal_var : bool
        Student's test; otherwise Welch's.

    Returns
    -------
    numpy.ndarray of float, shape (n_first, n_second)
    """
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


def rank_p(first: Ints, second: Ints, test: str) -> Floats:
    """Test datasets of one group against those of the other, row by row.

    Parameters
    ----------
    first, second : numpy.ndarray of int, shapes (n_pairs, n_a) and (n_pairs, n_b)
    test : {"kruskal", "mann_whitney", "mann_whitney_exact"}

    Returns
    -------
    numpy.ndarray of float, shape (n_pairs,)
    """
    return _rank_test(test, *_ranked(first, second), (first.shape[1], second.shape[1]))


def _rank_test(test: str, deviation: Ints, ties: Ints, sizes: tuple[int, int]) -> Floats:
    """P-values from U of one group minus that of the other, and the sum of t^3 - t over the ties."""
    if test == "mann_whitney_exact":
        return exact_p(deviation, *sizes)
    n = sum(sizes)
    variance = math.prod(sizes) / 12 * (n + 1 - ties / (n * (n - 1)))
    # Of two groups the Kruskal-Wallis test is that of Mann and Whitney without the correction for continuity.
    excess = np.maximum(0, np.abs(deviation) / 2 - CONTINUITY[test])
    # Where all values are equal there is no test.
    with np.errstate(divide="ignore", invalid="ignore"):
        p: Floats = 2 * ndtr(-excess / np.sqrt(variance))
    return p


def _ranked(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """U of the first group minus that of the second, and the sum of t^3 - t over the ties, row by row."""
    n_a, n = first.shape[1], first.shape[1] + second.shape[1]
    # The group in the lowest bit: one sort, and values stand together in either group.
    line = np.sort(np.concatenate([2 * first, 2 * second + 1], axis=1), axis=1)
    value, begins = line >> 1, np.ones(line.shape, dtype=np.bool_)
    np.not_equal(value[:, 1:], value[:, :-1], out=begins[:, 1:])
    start = np.flatnonzero(begins)
    equal, of_second = np.append(start[1:], line.size) - start, np.add.reduceat((line & 1).ravel(), start)
    place = start % n
    row = np.flatnonzero(place == 0)
    rank_sum = np.add.reduceat((equal - of_second) * (2 * place + equal + 1), row)
    return rank_sum - n_a * (n + 1), np.add.reduceat(equal**3 - equal, row)
