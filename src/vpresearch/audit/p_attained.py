"""Outer bounds of a t test's p over everything that the printed means and standard deviations stand for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc, ndtr, stdtr, stdtrit

from vpresearch.audit.cells import Group, moments
from vpresearch.audit.check import Range, ends_of, inside, meets, sides_of
from vpresearch.audit.witness import TABLE_TESTS, Ints, one_or_both, table_p
from vpresearch.core.reported import Interval, Reported, RoundingRule
from vpresearch.inference import permutation_tails
from vpresearch.lattice import Cell, Joint, joint_rows, t_p_distribution
from vpresearch.published import TestName


def t_bounds(
    means: tuple[Reported, Reported],
    sds: tuple[Reported | None, Reported | None],
    sizes: tuple[int, int],
    *,
    equal_var: bool,
    rule: RoundingRule = "any",
) -> tuple[float, float]:
    """Bound the p of Student's or Welch's test.

    |t| grows with the distance of the means and falls with either standard deviation; p falls with |t|, and at a given
    |t| with the degrees of freedom. Welch's degrees of freedom depend on the ratio of the two variances alone: they
    are largest where both groups weigh alike, and smallest at an end of the ratio's range. Taking each at its own
    extreme gives bounds that hold everywhere in the rounding box.
    """
    if sds[0] is None or sds[1] is None:
        return 0.0, 1.0
    a, b = (ends_of(mean.interval(rule)) for mean in means)
    s, r = (ends_of(sd.interval(rule)) for sd in (sds[0], sds[1]))
    if not np.isfinite([a, b, s, r]).all():
        raise ValueError("a printed bound has no rounding interval")
    t = t_range(apart(a, b), (s, r), sizes, equal_var=equal_var)
    df = _df(s, r, sizes, equal_var=equal_var)
    return p_of_t(t[1], df[1]), p_of_t(t[0], df[0])


def apart(first: Range, second: Range) -> Range:
    """Bound how far two means lie from each other."""
    ends = first[0] - second[1], first[1] - second[0]
    return max(0.0, ends[0], -ends[1]), max(ends[1], -ends[0])


def over(gap: float, error: float) -> float:
    """Return t; where nothing varies it is infinite, or 0 of no difference."""
    return gap / error if error > 0 else (math.inf if gap > 0 else 0.0)


def p_of_t(t: float, df: float) -> float:
    """Return the two-sided p of t."""
    return float(2 * stdtr(df, -t))


def t_range(gap: Range, sds: tuple[Range, Range], sizes: tuple[int, int], *, equal_var: bool) -> Range:
    """Bound the size of t of two independent groups by their distance and their SDs."""
    errors = [_error(first, second, sizes, equal_var=equal_var) for first, second in zip(*sds, strict=True)]
    return over(gap[0], errors[1]), over(gap[1], errors[0])


def _error(first: float, second: float, sizes: tuple[int, int], *, equal_var: bool) -> float:
    first, second = max(0.0, first), max(0.0, second)
    n, m = sizes
    if equal_var:
        return math.sqrt(((n - 1) * first**2 + (m - 1) * second**2) / (n + m - 2) * (1 / n + 1 / m))
    return math.sqrt(first**2 / n + second**2 / m)


def _df(
    first: tuple[float, float], second: tuple[float, float], sizes: tuple[int, int], *, equal_var: bool
) -> tuple[float, float]:
    n, m = sizes
    if equal_var:
        return n + m - 2, n + m - 2
    ends = [_welch_df(max(0.0, first[i]) ** 2 / n, max(0.0, second[1 - i]) ** 2 / m, sizes) for i in (0, 1)]
    weights = [(max(0.0, first[i]) ** 2 / n / (n - 1), max(0.0, second[1 - i]) ** 2 / m / (m - 1)) for i in (0, 1)]
    alike = weights[0][0] <= weights[0][1] and weights[1][0] >= weights[1][1]
    return min(ends), (n + m - 2 if alike else max(ends))


def _welch_df(first: float, second: float, sizes: tuple[int, int]) -> float:
    """Welch-Satterthwaite degrees of freedom of two variances of a mean."""
    if first + second == 0:
        return float(sum(sizes) - 2)
    return (first + second) ** 2 / (first**2 / (sizes[0] - 1) + second**2 / (sizes[1] - 1))


@dataclass(frozen=True)
class AttainableP:
    """What a test can give, held against a printed p-value."""

    test: str
    low: float
    high: float
    nearest: float
    possible: bool


def student_from_printed(
    p: Reported, means: tuple[Reported, Reported], sds: tuple[Reported, Reported], sizes: tuple[int, int]
) -> AttainableP:
    """Bound Student's p over everything that the printed means and standard deviations stand for."""
    low, high = t_bounds(means, sds, sizes, equal_var=True)
    printed = p.interval()
    possible = meets(printed, (low, high))
    nearest = float(p.value) if possible else min((low, high), key=lambda end: abs(end - float(p.value)))
    return AttainableP("student", low, high, nearest, possible)


@lru_cache(maxsize=64)
def kruskal_without_contrived_ties(
    p: Reported, sizes: tuple[int, int], most_equal: int, continuity: float = 0.0, rule: RoundingRule = "any"
) -> AttainableP:
    """Find the Kruskal-Wallis p-values next to a printed one, when no value occurs more than a few times.

    The rank sum moves in halves, so p moves in steps; equal values shrink the variance by a factor that is
    smallest when all values come in groups of ``most_equal``. A printed p between the reach of one step and the
    next cannot occur.

    Kruskal WH, Wallis WA. J Am Stat Assoc 1952;47:583-621.
    """
    n = sum(sizes)
    variance = math.prod(sizes) * (n + 1) / 12
    # All n values equal leave no rank test.
    most_equal = min(most_equal, n - 1)
    groups, rest = divmod(n, most_equal)
    tied = groups * (most_equal**3 - most_equal) + rest**3 - rest
    least_variance = variance * (1 - tied / (n**3 - n))
    printed = p.interval(rule)
    below, above = 0.0, 1.0
    for doubled in range(math.prod(sizes) + 1):
        excess2 = max(0.0, doubled / 2 - continuity) ** 2
        # Half a rank needs a tie across the groups, so only whole excesses reach the variance without ties.
        high, low = float(chdtrc(1, excess2 / variance)), float(chdtrc(1, excess2 / least_variance))
        if meets(printed, (low, high)):
            return AttainableP("kruskal", low, high, float(p.value), True)
        if high < float(p.value):
            below = max(below, high)
        else:
            above = min(above, low)
    # Zero is where the steps were counted from, and no p that they attain.
    attained = [end for end in (below, above) if end > 0]
    nearest = min(attained, key=lambda end: abs(end - float(p.value)))
    return AttainableP("kruskal", below, above, nearest, False)


Floats = NDArray[np.float64]
# R's coin takes the permutation of the means by the normal distribution, which is Student's t on another scale.
ON_STUDENT = "permutation_normal"
T_TESTS = ("student", "welch", ON_STUDENT)
# Of the tests by the normal distribution, what is taken off the excess of U, and whether ties shrink its variance.
NORMAL = {
    "kruskal": (0.0, True),
    "kruskal_uncorrected": (0.0, False),
    "mann_whitney": (0.5, True),
    "mann_whitney_uncorrected": (0.5, False),
}
MEANS = "permutation_means"
# Over every division of the pooled values, which keeps the ties; one-sided there is but one such test.
PERMUTATION = ("permutation_distance", "permutation_doubled", "permutation_mid", MEANS)
_LOOKED_UP = "mann_whitney_exact"
# What the name of a test in a paper can stand for.
STANDS_FOR: dict[TestName, tuple[str, ...]] = {
    "student": ("student",),
    "welch": ("welch",),
    "kruskal": ("kruskal", "kruskal_uncorrected"),
    "mann_whitney": (*NORMAL, _LOOKED_UP, *(test for test in PERMUTATION if test != MEANS)),
    "permutation": (*PERMUTATION, ON_STUDENT),
    "chi_squared": ("chi_squared", "chi_squared_yates"),
    "fisher": ("fisher", "fisher_mid"),
    "likelihood_ratio": ("likelihood_ratio",),
    # Of two groups they are the t tests.
    "anova": ("student", "anova"),
    "welch_anova": ("welch", "welch_anova"),
    # Of an estimate over its standard error: of groups, the difference of two proportions.
    "wald": ("wald",),
}
# Names of tests of pairs: none is one of independent groups.
PAIRED = frozenset({"paired", "paired_t", "signed_rank"})
# Pairs of datasets that are looked at for a rank test.
RANK_PAIRS = 10_000
# Values that are ranked for them in all.
_RANKED = 5_000_000
# Above this size of a group programs do not take the exact tests (R's wilcox.test: under 50).
_EXACT_SIZE = 49
# Pairs of datasets, and sums of ranks over their patterns of ties, up to which exact permutation tests are listed.
_PERMUTED_PAIRS, _PERMUTED = 400_000, 100_000_000


@dataclass(frozen=True)
class Attained:
    """What one test can give."""

    ranges: tuple[Range, ...]
    values: Floats
    pairs: NDArray[np.int64] | None = None
    only: Floats | None = None
    known: Literal["list", "range", "outer"] = "outer"

    @property
    def low(self) -> float:
        """Least attainable p, or a bound on it."""
        return min(low for low, _ in self.ranges)

    @property
    def high(self) -> float:
        """Greatest attainable p, or a bound on it."""
        return max(high for _, high in self.ranges)


def candidate_tests(
    sizes: tuple[int, int], named: Sequence[TestName], *, binary: bool = False, one_sided: bool = False
) -> tuple[str, ...]:
    """List the tests that a printed p of two groups can come from."""
    if not PAIRED.isdisjoint(named):
        return ()
    exact = (_LOOKED_UP, *PERMUTATION[one_sided:]) if max(sizes) <= _EXACT_SIZE else ()
    known = (*T_TESTS, *NORMAL, *exact, *(TABLE_TESTS if binary else ()))
    meant = {test for name in named for test in STANDS_FOR[name]} if named else set(known)
    return tuple(test for test in known if test in meant)


def listed(joint: Joint, tests: Sequence[str], *, one_sided: bool = False) -> dict[str, Attained]:
    """List every attainable p of the tests of means and of those of ranks whose p depends on U and the ties alone."""
    found = {}
    for test in (test for test in tests if test in T_TESTS):
        t = t_p_distribution(joint, test != "welch")
        p = _on_its_scale(t.p, test, joint.a.n + joint.b.n)
        found[test] = _complete(one_or_both(p, one_sided=one_sided), t.pairs)
    ranks = [test for test in tests if test in NORMAL or test == _LOOKED_UP]
    if ranks:
        rows = joint_rows(joint)
        keys, n_pairs = rows.tally()
        ranked, sizes = rows.split(keys), (joint.a.n, joint.b.n)
        found |= {test: _complete(_rank_test(test, *ranked, sizes, one_sided), n_pairs) for test in ranks}
    return found


def _complete(p: Floats, n_pairs: NDArray[np.int64]) -> Attained:
    """Take p-values as all there are, a row a kind of pair; one-sided, a pair has two."""
    known = ~np.isnan(p).any(axis=1)
    every, pairs = p[known].ravel(), n_pairs[known] if p.shape[1] == 1 else None
    ends = (float(every.min()), float(every.max())) if known.any() else (math.nan, math.nan)
    return Attained((ends,), every, pairs, every, "list")


def permuted(joint: Joint, test: str, *, one_sided: bool = False) -> Attained | None:
    """List every attainable p of an exact permutation test, which depends on where the ties are."""
    known = _permuted(joint, means=test == MEANS)
    return None if known is None else _complete(_permutation_p(test, known[0], one_sided), known[1])


@lru_cache(maxsize=2)
def _permuted(joint: Joint, *, means: bool) -> tuple[Floats, NDArray[np.int64]] | None:
    """Tails of the sum of ranks, or of values, of every pair of datasets, and how many pairs have them."""
    rows = joint_rows(joint)
    if not 0 < len(rows.a) * len(rows.b) <= _PERMUTED_PAIRS:
        return None
    pooled, which = np.unique(
        (rows.a[:, None] + rows.b[None]).astype(np.int16).reshape(-1, joint.a.size), axis=0, return_inverse=True
    )
    most, n_small = joint.a.n * joint.b.n, min(joint.a.n, joint.b.n)
    if len(pooled) * n_small * (n_small * joint.a.size if means else 2 * most) > _PERMUTED:
        return None
    places = np.arange(joint.a.size)
    if means:
        most *= joint.a.size
        deviation = joint.b.n * (rows.a @ places)[:, None] - joint.a.n * (rows.b @ places)[None]
    else:
        deviation = (rows.a @ np.sign(places[:, None] - places)) @ rows.b.T
    keys, n_pairs = np.unique(which.ravel() * (2 * most + 1) + deviation.ravel() + most, return_counts=True)
    pattern, deviation = np.divmod(keys, 2 * most + 1)
    return permutation_tails(pooled.astype(np.int64), pattern, deviation - most, joint.a.n, means=means), n_pairs


def bounded(
    first: Cell,
    second: Cell,
    pools: tuple[Ints, Ints],
    tests: Sequence[str],
    rule: RoundingRule,
    rng: np.random.Generator | None,
    *,
    one_sided: bool = False,
) -> dict[str, Attained]:
    """Bound what tests can give, with the p of a pool of datasets for the witnesses."""
    return {test: _bounded(test, first, second, pools, rule, rng, one_sided) for test in tests}


def _bounded(
    test: str,
    first: Cell,
    second: Cell,
    pools: tuple[Ints, Ints],
    rule: RoundingRule,
    rng: np.random.Generator | None,
    one_sided: bool,
) -> Attained:
    means, sds, sizes = (first.mean, second.mean), (first.sd, second.sd), (first.n, second.n)
    if test in PERMUTATION:
        # One division in all of them is the least; what else there is shows when a witness is looked for.
        least = (2 if test == "permutation_doubled" and not one_sided else 0.5 if test == "permutation_mid" else 1) / (
            math.comb(sum(sizes), sizes[0])
        )
        return Attained(((least, 1.0),), np.empty(0))
    values = np.empty(0) if rng is None or not all(map(len, pools)) else _pool_p(test, *pools, rng, one_sided)
    if test in T_TESTS:
        ends = t_bounds(means, sds, sizes, equal_var=test != "welch", rule=rule)
        low, high = _on_its_scale(np.array(ends), test, sum(sizes)).tolist()
        return Attained(sides_of((low, high), one_sided=one_sided), values, known="range")
    if NORMAL.get(test, (0.0, False))[1]:
        # H is n - 1 times the share of the ranks' variance that is between the groups.
        low = float(chdtrc(1, sum(sizes) - 1))
        return Attained(((low / 2 if one_sided else low, 1.0),), values)
    # Whatever the ties, a test that leaves them out has its p by U alone.
    every = np.arange(math.prod(sizes) + 1)
    only = _rank_test(test, every, np.zeros_like(every), sizes, one_sided).ravel()
    return Attained(((float(only.min()), float(only.max())),), values, only=only)


def tabled(pools: tuple[Ints, Ints], tests: Sequence[str], *, one_sided: bool = False) -> dict[str, Attained]:
    """List every attainable p of the tests of two-by-two tables."""
    if not len(pools[0]) or not len(pools[1]):
        return {}
    p = {test: table_p(*pools, test, one_sided=one_sided) for test in tests}
    return {
        test: _complete(values.reshape(-1, values.shape[-1]), np.ones(values[..., 0].size, dtype=np.int64))
        for test, values in p.items()
    }


def exact_p(deviation: NDArray[np.int64], n_a: int, n_b: int, *, one_sided: bool = False) -> Floats:
    """Look the exact p of the Mann-Whitney test up, as programs print it: as if there were no ties.

    Mann HB, Whitney DR. Ann Math Stat 1947;18:50-60.
    """
    cumulative, twice = _exact_table(n_a, n_b), n_a * n_b - np.abs(deviation)
    smaller = -(-twice // 2)
    if not one_sided:
        two_sided: Floats = np.minimum(1.0, 2 * cumulative[smaller])[..., None]
        return two_sided
    below = twice // 2 - 1
    return np.stack([cumulative[smaller], 1 - np.where(below < 0, 0.0, cumulative[below])], axis=-1)


@cache
def _exact_table(n_a: int, n_b: int) -> Floats:
    """Cumulative probability of every U, no ties: the last value taken is of one group or of the other."""
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
    cumulative: Floats = np.cumsum(ways[n_b]) / ways[n_b].sum()
    return cumulative


def _pool_p(test: str, first: Ints, second: Ints, rng: np.random.Generator, one_sided: bool) -> Floats:
    """P-values of pairs from two pools: all pairs for a t test, a sample of them for a rank test."""
    if test in T_TESTS:
        return t_p(first, second, test, one_sided=one_sided).ravel()
    size = min(RANK_PAIRS, _RANKED // (first.shape[1] + second.shape[1]))
    chosen = rng.integers(len(first), size=size), rng.integers(len(second), size=size)
    blocks = np.array_split(np.arange(size), 20)
    found = [
        rank_p(first[chosen[0][block]], second[chosen[1][block]], test, one_sided=one_sided).ravel() for block in blocks
    ]
    return np.concatenate(found)


def _on_its_scale(p: Floats, test: str, n: int) -> Floats:
    """Turn Student's p into that of the normal distribution where the test takes it: both rise with each other."""
    if test != ON_STUDENT:
        return p
    squared = stdtrit(n - 2, p / 2) ** 2
    # A p of nought has an infinite t, whose share of the variance is all.
    with np.errstate(over="ignore"):
        # And a p of one has none.
        share = 1 / (1 + (n - 2) / np.maximum(squared, np.finfo(float).tiny))
    normal: Floats = 2 * ndtr(-np.sqrt((n - 1) * share))
    return normal


def t_p(first: Ints, second: Ints, test: str, *, one_sided: bool = False) -> Floats:
    """Test every dataset of one group against every one of the other."""
    gap = first.mean(axis=1)[:, None] - second.mean(axis=1)[None, :]
    variances = first.var(axis=1, ddof=1)[:, None], second.var(axis=1, ddof=1)[None, :]
    return p_of_moments(gap, variances, (first.shape[1], second.shape[1]), test, one_sided=one_sided)


def p_of_moments(
    gap: Floats, variances: tuple[Floats, Floats], sizes: tuple[int, int], test: str, *, one_sided: bool = False
) -> Floats:
    """Test groups known by the distance of their means and by their variances."""
    (n_a, n_b), (var_a, var_b) = sizes, variances
    if test != "welch":
        df = np.full_like(gap, n_a + n_b - 2)
        error = ((n_a - 1) * var_a + (n_b - 1) * var_b) / df * (1 / n_a + 1 / n_b)
    else:
        error = var_a / n_a + var_b / n_b
        df = error**2 / ((var_a / n_a) ** 2 / (n_a - 1) + (var_b / n_b) ** 2 / (n_b - 1))
    p = _on_its_scale(2 * stdtr(df, -np.abs(gap) / np.sqrt(error)), test, n_a + n_b)
    return one_or_both(p, one_sided=one_sided)


def p_of_groups(test: str, means: np.ndarray, sds: np.ndarray, n: np.ndarray) -> np.ndarray:
    """P-values of analyses of variance, which of two groups are t tests, row by row."""
    k = means.shape[1]
    if test not in ("welch", "welch_anova"):
        centre = (means @ n / n.sum())[:, None]
        between, within = ((means - centre) ** 2) @ n, (sds**2) @ (n - 1)
        p = np.asarray(fdtrc(k - 1, n.sum() - k, between / (k - 1) / (within / (n.sum() - k))))
        return _on_its_scale(p, test, int(n.sum()))
    weights = n / sds**2
    share = weights / weights.sum(axis=1, keepdims=True)
    centre = (share * means).sum(axis=1, keepdims=True)
    lack = ((1 - share) ** 2 / (n - 1)).sum(axis=1)
    f = (weights * (means - centre) ** 2).sum(axis=1) / (k - 1) / (1 + 2 * (k - 2) / (k * k - 1) * lack)
    return np.asarray(fdtrc(k - 1, (k * k - 1) / 3 / lack, f))


def in_the_box(
    parts: Sequence[Group],
    test: str,
    printed: Interval,
    rule: RoundingRule,
    *,
    one_sided: bool = False,
    as_errors: bool = False,
) -> str:
    """Look for means and SDs, or standard errors, that print as claimed and give p, on no grid."""
    means, sds = (np.array(ranges) for ranges in moments(parts, rule))
    if as_errors:
        sds *= np.sqrt([[part.n] for part in parts])
    n, rng = np.array([part.n for part in parts], dtype=float), np.random.default_rng(1)
    middle = np.average(means.mean(axis=1), weights=n)
    near, far = (
        np.clip(middle, means[:, 0], means[:, 1]),
        np.where(means.mean(axis=1) < middle, means[:, 0], means[:, 1]),
    )
    way = np.linspace(0, 1, 2001)[:, None]
    rows = [near + (far - near) * way, means[:, 0] + (means[:, 1] - means[:, 0]) * rng.random((20_000, len(parts)))]
    spreads = [
        sds[:, 1] + (sds[:, 0] - sds[:, 1]) * way,
        sds[:, 0] + (sds[:, 1] - sds[:, 0]) * rng.random((20_000, len(parts))),
    ]
    every, spread = np.concatenate(rows), np.concatenate(spreads)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = one_or_both(p_of_groups(test, every, spread, n), one_sided=one_sided)
        fitting = np.flatnonzero(inside(p, printed).any(axis=-1))
    if not len(fitting):
        return ""
    return " | ".join(f"{m:.6g} ({s:.6g})" for m, s in zip(every[fitting[0]], spread[fitting[0]], strict=True))


def rank_p(first: Ints, second: Ints, test: str, *, one_sided: bool = False) -> Floats:
    """Test datasets of one group against those of the other, row by row."""
    if test == MEANS:
        return _permutation_p(test, _mean_tails(first, second), one_sided)
    deviation, ties, pooled = _ranked(first, second)
    if test in PERMUTATION:
        tails = permutation_tails(pooled, np.arange(len(pooled)), deviation, first.shape[1])
        return _permutation_p(test, tails, one_sided)
    return _rank_test(test, deviation, ties, (first.shape[1], second.shape[1]), one_sided)


def _permutation_p(test: str, tails: Floats, one_sided: bool) -> Floats:
    """From the tails, the p or both one-sided ones; two-sided, of mid-p and of means by either way of two sides."""
    one, both = tails[:, :2], tails[:, 2:3]
    if test == "permutation_mid":
        one, both = one - tails[:, 3:4] / 2, both - tails[:, 4:] / 2
    if one_sided:
        return one
    doubled = np.minimum(1.0, 2 * one.min(axis=1, keepdims=True))
    ways = {"permutation_distance": [both], "permutation_doubled": [doubled]}
    return np.concatenate(ways.get(test, [both, doubled]), axis=1)


def _mean_tails(first: Ints, second: Ints) -> Floats:
    """Tails of the first group's sum over every division of the values, row by row."""
    pooled, n_a, n_b = np.concatenate([first, second], axis=1), first.shape[1], second.shape[1]
    low = pooled.min()
    copies = np.zeros((len(pooled), int(pooled.max() - low) + 1), dtype=np.int64)
    np.add.at(copies, (np.arange(len(pooled))[:, None], pooled - low), 1)
    deviation = n_b * first.sum(axis=1) - n_a * second.sum(axis=1)
    return permutation_tails(copies, np.arange(len(copies)), deviation, n_a, means=True)


def _rank_test(test: str, deviation: Ints, ties: Ints, sizes: tuple[int, int], one_sided: bool) -> Floats:
    """P-values from U of one group minus that of the other, and the sum of t^3 - t over the ties."""
    if test == _LOOKED_UP:
        return exact_p(deviation, *sizes, one_sided=one_sided)
    n, (continuity, corrected) = sum(sizes), NORMAL[test]
    sd = np.sqrt(math.prod(sizes) / 12 * (n + 1 - corrected * ties / (n * (n - 1))))
    # Of two groups the Kruskal-Wallis test is that of Mann and Whitney without the correction for continuity.
    excess = np.abs(deviation) / 2
    # Where all values are equal there is no test.
    with np.errstate(divide="ignore", invalid="ignore"):
        if one_sided:
            return np.stack([ndtr((continuity - excess) / sd), ndtr((continuity + excess) / sd)], axis=-1)
        p: Floats = 2 * ndtr(-np.maximum(0, excess - continuity) / sd)[..., None]
    return p


def _ranked(first: Ints, second: Ints) -> tuple[Ints, Ints, Ints]:
    """U of the first group minus that of the second, the sum of t^3 - t over the ties, and every t, row by row."""
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
    pooled = np.zeros(line.shape, dtype=np.int64)
    pooled[start // n, np.arange(len(start)) - row[start // n]] = equal
    return rank_sum - n_a * (n + 1), np.add.reduceat(equal**3 - equal, row), pooled
