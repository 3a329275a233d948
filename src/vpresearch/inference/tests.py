"""Tests of the protocol, each with its statistic and effect size: t, rank and contingency tests, Shapiro-Wilk."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc, gammaln, log_ndtr, nctdtr, ndtr, ndtri
from scipy.stats import binom, chi2, fisher_exact, ttest_ind_from_stats

from vpresearch.core.frame import Framed
from vpresearch.inference.describe import Summary, summarise

# A spread that is none: equal ratios can differ in their last bit.
_ROUNDING = 1e-12
# From here on the noncentrality is that of the spread alone, to 1e-6, and the library takes minutes.
_HUGE = 1e4


@dataclass(frozen=True)
class Effect(Framed):
    """Size of an effect."""

    kind: str
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class TestResult(Framed):
    """Result of one test.

    Attributes
    ----------
    test : str
        ``student``, ``welch``, ``kruskal``, ``mann_whitney``, ``chi_squared`` or ``fisher``.
    statistic : float
        NaN where the test could not be done.
    df : float
        Degrees of freedom; NaN for a test without them.
    p_value : float
        NaN where the test could not be done.
    effect : Effect or None
    reason : str
        Reason code where the test could not be done, or the empty string: ``group_empty``, ``too_few``,
        ``all_equal``, ``no_spread``, ``one_category`` or ``too_many_tables``.

    Examples
    --------
    >>> import vpresearch as vp
    >>> test = vp.student([1.0, 2.0], [1.0])
    >>> test.p_value, test.reason
    (nan, 'too_few')
    """

    # pytest collects classes called Test...; this is none of its own.
    __test__ = False

    test: str
    statistic: float
    df: float
    p_value: float
    effect: Effect | None = None
    reason: str = ""


def not_done(test: str, reason: str) -> TestResult:
    """Return the result of a test that could not be done."""
    return TestResult(test, math.nan, math.nan, math.nan, None, reason)


def student(first: ArrayLike, second: ArrayLike) -> TestResult:
    """Compare two means by Student's t test, variances taken as equal.

    Parameters
    ----------
    first, second : array_like of float, shapes (n_first,), (n_second,)
        Without missing values.

    Returns
    -------
    TestResult
        The effect is Hedges' g of first minus second with its exact noncentral-t interval.

    References
    ----------
    Student. Biometrika 1908;6:1-25. Hedges LV. J Educ Stat 1981;6:107-128.

    Examples
    --------
    >>> import vpresearch as vp
    >>> result = vp.student([1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0])
    >>> round(result.statistic, 4), result.df, round(result.p_value, 4)
    (-1.6599, 5, 0.1578)
    """
    a, b = summarise(first), summarise(second)
    reason = _why_not(a, b)
    if reason:
        return not_done("student", reason)
    test = ttest_ind_from_stats(a.mean, a.sd, a.n, b.mean, b.sd, b.n, equal_var=True)
    t = float(test.statistic)
    return TestResult("student", t, a.n + b.n - 2, float(test.pvalue), hedges_g(t, a.n, b.n))


def welch(first: ArrayLike, second: ArrayLike) -> TestResult:
    """Compare two means by Welch's t test, variances not taken as equal.

    Parameters
    ----------
    first, second : array_like of float, shapes (n_first,), (n_second,)
        Without missing values.

    Returns
    -------
    TestResult
        Without an effect size.

    References
    ----------
    Welch BL. Biometrika 1947;34:28-35.

    Examples
    --------
    >>> import vpresearch as vp
    >>> result = vp.welch([1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0])
    >>> round(result.statistic, 4), round(result.df, 4), round(result.p_value, 4)
    (-1.7321, 4.9592, 0.1443)
    """
    a, b = summarise(first), summarise(second)
    reason = _why_not(a, b)
    if reason:
        return not_done("welch", reason)
    test = ttest_ind_from_stats(a.mean, a.sd, a.n, b.mean, b.sd, b.n, equal_var=False)
    va, vb = a.sd**2 / a.n, b.sd**2 / b.n
    df = (va + vb) ** 2 / (va**2 / (a.n - 1) + vb**2 / (b.n - 1))
    return TestResult("welch", float(test.statistic), df, float(test.pvalue))


def hedges_g(t: float, n_first: int, n_second: int) -> Effect:
    """Return Hedges' g with its interval from Student's t."""
    df = n_first + n_second - 2
    scale = math.sqrt(1 / n_first + 1 / n_second)
    # The exact small-sample correction, by logarithms: gamma itself overflows at a few hundred rows.
    correction = math.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / math.sqrt(df / 2) if df > 1 else math.nan
    # Only a positive t is inverted: the noncentral distribution function fails far out on the negative side.
    low, high = (correction * scale * _noncentrality(abs(t), df, tail) for tail in (0.975, 0.025))
    if t < 0:
        low, high = -high, -low
    return Effect("hedges_g", correction * scale * t, low, high)


def _noncentrality(t: float, df: int, cumulative: float) -> float:
    """Find the noncentrality at which the observed t has this cumulative probability."""
    if t > _HUGE:
        return t * math.sqrt(float(chi2.isf(cumulative, df)) / df)

    def excess(ncp: float) -> float:
        # Of a t that is not negative, all but 1e-15 lies below it then; the library may give NaN.
        return (1.0 if ncp < -8 else float(nctdtr(df, ncp, t))) - cumulative

    spread = math.sqrt(1 + t**2 / (2 * df))
    for reach in (4, 8, 16, 32):
        # Near first: far from its centre the noncentral distribution function comes out as NaN.
        low, high = t - reach * spread, t + reach * spread
        if excess(low) * excess(high) < 0:
            return float(brentq(excess, low, high, xtol=1e-12, rtol=1e-12))
    return math.nan


def _why_not(a: Summary, b: Summary) -> str:
    if min(a.n, b.n) < 2:
        return "too_few"
    if max(a.sd, b.sd) <= _ROUNDING * max(abs(a.mean), abs(b.mean)):
        return "no_spread"
    return ""


# Equal ratios can differ in their last bit (0.3/3 and 0.1/1); a tie is decided on twelve digits.
_TIE_DIGITS = 12


def kruskal(first: ArrayLike, second: ArrayLike, *, corrected: bool = True) -> TestResult:
    """Compare two groups by the Kruskal-Wallis test against chi-squared.

    Parameters
    ----------
    first, second : array_like of float, shapes (n_first,), (n_second,)
        Without missing values.
    corrected : bool, default True
        For ties; some programs do not, such as ``scipy.stats.ranksums``, which is this test of two groups.

    Returns
    -------
    TestResult
        The effect is the probability that a value of the second group exceeds one of the first.

    References
    ----------
    Kruskal WH, Wallis WA. J Am Stat Assoc 1952;47:583-621.

    Examples
    --------
    >>> import vpresearch as vp
    >>> result = vp.kruskal([1, 2, 3, 4], [3, 4, 5, 6, 7])
    >>> round(result.statistic, 4), result.df, round(result.p_value, 4)
    (3.9051, 1, 0.0481)
    """
    x, y = _settle_ties(first), _settle_ties(second)
    reason = _why_not_ranks(x, y)
    if reason:
        return not_done("kruskal", reason)
    twice, ties = _twice_from_mean(x, y)
    squared = (twice / 2) ** 2 / _variance_of_u(len(x), len(y), ties if corrected else None)
    p = float(chdtrc(1, squared))
    if not corrected:
        return TestResult("kruskal_uncorrected", squared, 1, p)
    return TestResult("kruskal", squared, 1, p, probability_of_superiority(x, y))


def mann_whitney(first: ArrayLike, second: ArrayLike, *, corrected: bool = True) -> TestResult:
    """Compare two groups by the Mann-Whitney test, normal approximation with continuity correction.

    Parameters
    ----------
    first, second : array_like of float, shapes (n_first,), (n_second,)
        Without missing values.
    corrected : bool, default True
        For ties.

    Returns
    -------
    TestResult
        The statistic is U of the first group.

    References
    ----------
    Mann HB, Whitney DR. Ann Math Stat 1947;18:50-60.

    Examples
    --------
    >>> import vpresearch as vp
    >>> result = vp.mann_whitney([1, 2, 3, 4], [3, 4, 5, 6, 7])
    >>> result.statistic, round(result.p_value, 4)
    (2.0, 0.0639)
    """
    x, y = _settle_ties(first), _settle_ties(second)
    reason = _why_not_ranks(x, y)
    if reason:
        return not_done("mann_whitney", reason)
    twice, ties = _twice_from_mean(x, y)
    variance = _variance_of_u(len(x), len(y), ties if corrected else None)
    p = 2 * float(ndtr(-max(0.0, abs(twice) / 2 - 0.5) / math.sqrt(variance)))
    name = "mann_whitney" if corrected else "mann_whitney_uncorrected"
    return TestResult(name, (twice + len(x) * len(y)) / 2, math.nan, p)


def _twice_from_mean(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[int, NDArray[np.int64]]:
    """Return twice U of the first group less its mean, which midranks leave whole, and how often each value occurs."""
    values, ties = np.unique(np.concatenate([x, y]), return_counts=True)
    below, of_x = np.cumsum(ties) - ties, np.searchsorted(values, x)
    return int((2 * below[of_x] + ties[of_x] - len(x) - len(y)).sum()), ties


def _variance_of_u(n_first: int, n_second: int, ties: NDArray[np.int64] | None) -> float:
    n = n_first + n_second
    tied = 0.0 if ties is None else math.fsum(ties.astype(float) ** 3 - ties) / (n**3 - n)
    return n_first * n_second * (n + 1) / 12 * (1 - tied)


def rank_permutation(
    first: ArrayLike, second: ArrayLike, two_sided: Literal["doubled", "distance"] = "distance"
) -> TestResult:
    """Compare two groups by their rank sums over every division of the pooled values, which keeps the ties.

    Streitberg B, Rohmel J. Stat Softw Newsl 1986;12:10-17.
    """
    x, y = _settle_ties(first), _settle_ties(second)
    name, reason = f"permutation_{two_sided}", _why_not_ranks(x, y)
    if reason:
        return not_done(name, reason)
    deviation, pooled = _twice_from_mean(x, y)
    tails = permutation_tails(pooled[None], np.zeros(1, np.int64), np.array([deviation]), len(x))
    lower, upper, distance = tails[0, :3].tolist()
    u = (deviation + len(x) * len(y)) / 2
    return TestResult(name, u, math.nan, distance if two_sided == "distance" else min(1.0, 2 * min(lower, upper)))


def permutation_tails(
    pooled: NDArray[np.int64],
    pattern: NDArray[np.int64],
    deviation: NDArray[np.int64],
    n_first: int,
    *,
    means: bool = False,
) -> NDArray[np.float64]:
    """Find the exact tails of the rank sum of the first group, given how often each value occurs in both together."""
    n, half = int(pooled[0].sum()), pooled.shape[1] // 2
    # The smaller group is followed: its rank sum is as far from its mean, on the other side.
    n_small, sign = (n_first, 1) if 2 * n_first <= n else (n - n_first, -1)
    # Patterns that begin alike share the work: read from the end with fewer beginnings.
    if len(np.unique(pooled[:, :half], axis=0)) > len(np.unique(pooled[:, -half:], axis=0)):
        pooled, sign = pooled[:, ::-1], -sign
    order, asked = np.lexsort(pooled.T[::-1]), np.argsort(pattern, kind="stable")
    first = np.searchsorted(pattern[asked], np.arange(len(pooled) + 1))
    tails = np.empty((len(pattern), 5))
    middles = n_small * (pooled @ np.arange(pooled.shape[1]) if means else np.full(len(pooled), n - n_small))
    unit = n if means else 1
    for row, ways in _sums(pooled[order], n_small, means=means):
        which = asked[first[order[row]] : first[order[row] + 1]]
        middle, off = middles[order[row]], sign * deviation[which]
        place, far = (middle + off) // unit, np.abs(off)
        # Nought before the first, and beyond the last, which a mean may be nearer to than to the other end.
        up_to, from_on = np.append(0, np.cumsum(ways)), np.append(np.cumsum(ways[::-1])[::-1], 0)
        low, high = (middle - far) // unit, -(-(middle + far) // unit)
        as_far = np.where(far > 0, up_to[np.maximum(low + 1, 0)] + from_on[np.minimum(high, len(ways))], up_to[-1])
        ends = up_to[place + 1], from_on[place]
        other = (middle - off) // unit
        mirrored = ((middle - off) % unit == 0) & (other >= 0) & (other < len(ways)) & (far > 0)
        exactly = ways[place] + np.where(mirrored, ways[np.clip(other, 0, len(ways) - 1)], 0)
        tails[which] = np.stack([*ends[::sign], as_far, ways[place], exactly], axis=1) / up_to[-1]
    return tails


def _sums(pooled: NDArray[np.int64], n_small: int, *, means: bool) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Count the divisions of each sorted pattern by the smaller group's sum, of ranks twice and less its mean."""
    n, width = int(pooled[0].sum()), pooled.shape[1]
    start = 0 if means else n_small * (n - n_small)
    none = np.zeros((n_small + 1, 1 + (n_small * (width - 1) if means else 2 * start)))
    none[0, start] = 1

    def grow(
        rows: range, column: int, below: int, ways: NDArray[np.float64]
    ) -> Iterator[tuple[int, NDArray[np.float64]]]:
        copies = pooled[rows.start : rows.stop, column]
        ends = [0, *(1 + np.flatnonzero(np.diff(copies))).tolist(), len(rows)]
        for part in (rows[begin:end] for begin, end in pairwise(ends)):
            more = int(pooled[part.start, column])
            longer = _with_copies(ways, more, below, n, column if means else 2 * below + more - n) if more else ways
            if below + more == n:
                yield from ((row, longer[n_small]) for row in part)
            else:
                yield from grow(part, column + 1, below + more, longer)

    return grow(range(len(pooled)), 0, 0, none)


def _with_copies(ways: NDArray[np.float64], copies: int, below: int, n: int, score: int) -> NDArray[np.float64]:
    """Let the smaller group take every number of copies of the next value: ways by members and by their sum."""
    n_small = len(ways) - 1
    # Fewer members than these can no longer be made up, more than those are not yet there.
    least, most = max(0, n_small - (n - below - copies)), min(n_small, below + copies)
    longer = np.zeros_like(ways)
    for taken in range(min(copies, n_small) + 1):
        shift, rows = taken * score, slice(max(least, taken), most + 1)
        before = ways[rows.start - taken : rows.stop - taken] * math.comb(copies, taken)
        if shift > 0:
            longer[rows, shift:] += before[:, :-shift]
        elif shift < 0:
            longer[rows, :shift] += before[:, -shift:]
        else:
            longer[rows] += before
    return longer


def probability_of_superiority(first: ArrayLike, second: ArrayLike) -> Effect:
    """Return the probability that a value of the second group exceeds one of the first, ties counted half.

    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845.
    """
    x, y = _settle_ties(first), _settle_ties(second)
    if min(len(x), len(y)) < 1:
        return Effect("probability_of_superiority")
    # Placements: the share of the other group that each value beats, or is beaten by.
    beaten_by_y, beats_x = _beaten(x, y), 1 - _beaten(y, x)
    area = math.fsum(beaten_by_y) / len(y)
    if not 0 < area < 1 or min(len(x), len(y)) < 2:
        return Effect("probability_of_superiority", area)
    variance = _variance(beats_x) / len(x) + _variance(beaten_by_y) / len(y)
    centre, half = math.log(area / (1 - area)), -ndtri(0.025) * math.sqrt(variance) / (area * (1 - area))
    low, high = (1 / (1 + math.exp(-limit)) for limit in (centre - half, centre + half))
    return Effect("probability_of_superiority", area, low, high)


def _beaten(values: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of some values that each of others exceeds, ties counted half."""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, by, side) for side in ("left", "right"))
    return (below + up_to) / 2 / len(values)


def _why_not_ranks(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    if min(len(x), len(y)) < 1:
        return "group_empty"
    return "all_equal" if len(np.unique(np.concatenate([x, y]))) == 1 else ""


def _settle_ties(values: ArrayLike) -> NDArray[np.float64]:
    return np.array([float(f"{value:.{_TIE_DIGITS}g}") for value in np.asarray(values, dtype=float)])


def _variance(values: NDArray[np.float64]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((values - mean) ** 2) / (len(values) - 1)


# Table weights are exact in 64-bit integers up to here; of larger ones so many are told apart by their logs, but for
# rounding, and the logs of still more are counted in steps.
_LARGEST_WEIGHT, _MOST_WEIGHTS, _LOG_NOISE, _LOG_STEP = 2**62, 500_000, 1e-10, 0.005
_SMALL_EXPECTED = 5


@dataclass(frozen=True)
class Association(Framed):
    """Association of two categorical variables."""

    observed: pd.DataFrame
    expected: pd.DataFrame
    chi_squared: TestResult
    fisher: TestResult | None

    def records(self) -> list[dict[str, Any]]:
        """Return one row a test."""
        return [record for test in (self.chi_squared, self.fisher) if test for record in test.records()]


def associate(rows: pd.Series[str], columns: pd.Series[str]) -> Association:
    """Test the association of two categorical variables.

    Pearson K. Philos Mag 1900;50:157-175. Freeman GH, Halton JH. Biometrika 1951;38:141-149.
    """
    counts = pd.crosstab(rows, columns)
    if min(counts.shape) < 2:
        nothing = not_done("chi_squared", "one_category")
        return Association(counts, counts * math.nan, nothing, None)
    # Lazy: pingouin takes seconds to import, and no other test needs it.
    import pingouin

    with warnings.catch_warnings():
        # It warns of small expected counts; the exact test below answers them.
        warnings.simplefilter("ignore")
        # Older versions counted, in the size of the effect, rows that miss a value.
        table = pd.DataFrame({"rows": rows, "columns": columns}).dropna()
        expected, _, tests = pingouin.chi2_independence(table, "rows", "columns", correction=False)
    pearson = tests.set_index("test").loc["pearson"]
    cramers_v = Effect("cramers_v", float(pearson["cramer"]))
    chi_squared = TestResult(
        "chi_squared", float(pearson["chi2"]), float(pearson["dof"]), float(pearson["pval"]), cramers_v
    )
    small = (expected < _SMALL_EXPECTED).any(axis=None)
    return Association(counts, expected, chi_squared, fisher(counts.to_numpy(dtype=np.int64)) if small else None)


def fisher(counts: NDArray[np.int64]) -> TestResult:
    """Do Fisher's exact test, by the Freeman-Halton rule in a table of more than two rows.

    Parameters
    ----------
    counts : numpy.ndarray of int, shape (n_rows, 2) or (2, n_columns)

    Returns
    -------
    TestResult
        Without a statistic; not done for more than two rows and columns. Where the tables are too many to be weighed
        one by one, p comes of the distribution of their log weights and is right to four decimals.

    Examples
    --------
    >>> import vpresearch as vp
    >>> import numpy as np
    >>> round(vp.fisher(np.array([[3, 1], [1, 3], [0, 4]])).p_value, 4)
    0.2
    """
    counts = counts if counts.shape[1] == 2 else counts.T
    if counts.shape == (2, 2):
        return TestResult("fisher", math.nan, math.nan, float(fisher_exact(counts).pvalue))
    n, drawn = int(counts.sum()), int(counts[:, 1].sum())
    if counts.shape[1] != 2:
        return not_done("fisher", "too_many_tables")
    if math.comb(n, drawn) > _LARGEST_WEIGHT:
        return TestResult("fisher", math.nan, math.nan, _by_log_weights(counts))
    observed = math.prod(math.comb(int(a + b), int(b)) for a, b in counts)
    weights, tables = _weights_of_tables(counts.sum(axis=1), drawn)
    as_extreme = sum(int(w) * int(m) for w, m in zip(weights, tables, strict=True) if w <= observed)
    return TestResult("fisher", math.nan, math.nan, as_extreme / math.comb(n, drawn))


def _weights_of_tables(row_totals: NDArray[np.int64], drawn: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Weights of all tables with these margins, and how many tables have each weight."""
    one = np.ones(1, dtype=np.int64)
    by_sum = {0: (one, one)}
    left = int(row_totals.sum())
    for total in (int(total) for total in row_totals):
        left -= total
        grown: dict[int, list[tuple[NDArray[np.int64], NDArray[np.int64]]]] = {}
        for subtotal, (weights, tables) in by_sum.items():
            for count in range(max(0, drawn - subtotal - left), min(total, drawn - subtotal) + 1):
                grown.setdefault(subtotal + count, []).append((weights * math.comb(total, count), tables))
        by_sum = {subtotal: _merge(parts) for subtotal, parts in grown.items()}
    return by_sum[drawn]


_Column = TypeVar("_Column", np.int64, np.float64)


def _merge(parts: list[tuple[NDArray[_Column], NDArray[_Column]]]) -> tuple[NDArray[_Column], NDArray[_Column]]:
    weights, inverse = np.unique(np.concatenate([weights for weights, _ in parts]), return_inverse=True)
    tables = np.zeros(len(weights), dtype=weights.dtype)
    np.add.at(tables, inverse, np.concatenate([tables for _, tables in parts]))
    return weights, tables


def _by_log_weights(counts: NDArray[np.int64]) -> float:
    """Return p of Fisher's exact test of many tables, by their log weights.

    What the count of a row lacks of its likeliest one only adds up, row by row: a table that lacks as much as the
    observed one is as extreme, whatever follows.
    """
    totals, drawn = counts.sum(axis=1), int(counts[:, 1].sum())
    n = int(totals.sum())
    ways = [binom(int(total), drawn / n).logpmf(np.arange(total + 1)) for total in totals]
    lacking = sum(float(way.max() - way[b]) for way, (_, b) in zip(ways, counts, strict=True))
    likelier = _weighed_one_by_one(ways, lacking, drawn)
    if likelier is None:
        likelier = _weighed_on_a_grid(ways, lacking, drawn)
    return min(1.0, max(0.0, 1 - likelier / float(binom(n, drawn / n).pmf(drawn))))


_BySum = dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]]


def _weighed_one_by_one(ways: list[NDArray[np.float64]], lacking: float, drawn: int) -> float | None:
    """Return the chance of all tables that lack less than the observed one; None where they are too many.

    Either half of the rows is weighed alone, like rows in the same half, and each part of one joined to what of the
    other lacks little enough.
    """
    ordered, noise = sorted(ways, key=len), _LOG_NOISE * len(ways)
    one, other = (
        _sums_of_rows(half, lacking - noise, drawn) for half in (ordered[: len(ways) // 2], ordered[len(ways) // 2 :])
    )
    if one is None or other is None:
        return None
    likelier = 0.0
    for subtotal, (lacks, chances) in one.items():
        if drawn - subtotal in other:
            lacks_there, chances_there = other[drawn - subtotal]
            reached = np.append(0.0, np.cumsum(chances_there))
            likelier += float(chances @ reached[np.searchsorted(lacks_there, lacking - noise - lacks)])
    return likelier


def _sums_of_rows(ways: list[NDArray[np.float64]], most: float, drawn: int) -> _BySum | None:
    """Return what parts of tables lack less than the most, and their chances, by how many they draw."""
    by_sum: _BySum = {0: (np.zeros(1), np.ones(1))}
    for way in ways:
        grown: dict[int, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
        size = 0
        for subtotal, (lacks, chances) in by_sum.items():
            for count in range(min(len(way) - 1, drawn - subtotal) + 1):
                # In whole multiples of what rounding can do, so that equal weights are equal.
                lack = np.round((lacks + way.max() - way[count]) / _LOG_NOISE) * _LOG_NOISE
                kept = lack < most
                size += int(kept.sum())
                grown.setdefault(subtotal + count, []).append((lack[kept], chances[kept] * math.exp(way[count])))
        if size > _MOST_WEIGHTS:
            return None
        by_sum = {subtotal: _merge(parts) for subtotal, parts in grown.items()}
    return by_sum


def _weighed_on_a_grid(ways: list[NDArray[np.float64]], lacking: float, drawn: int) -> float:
    """Return the chance of all tables that lack less than the observed one, so many that they lie as close as a line.

    A lack between two steps of the grid is shared by both, so that the mean is kept; at the observed one the line is
    straight.
    """
    mass = np.zeros((drawn + 1, math.ceil(lacking / _LOG_STEP) + 2))
    mass[0, 0] = 1.0
    for way in ways:
        grown = np.zeros_like(mass)
        for count, lack in enumerate((way.max() - way[: drawn + 1]) / _LOG_STEP):
            whole = int(min(lack, mass.shape[1]))
            for step, part in ((whole, 1 - lack + whole), (whole + 1, lack - whole)):
                if step < mass.shape[1]:
                    added = mass[: drawn + 1 - count, : mass.shape[1] - step]
                    grown[count:, step:] += part * math.exp(way[count]) * added
        mass = grown
    end = lacking / _LOG_STEP + 0.5
    return float(mass[drawn, : int(end)].sum() + (end - int(end)) * mass[drawn, int(end)])


# Coefficients of Royston (1995), table 1 and section 3, lowest power first.
_LAST_WEIGHT = (0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056)
_SECOND_LAST_WEIGHT = (0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633)
_SMALL_GAMMA = (-2.273, 0.459)
_SMALL_MEAN = (0.5440, -0.39978, 0.025054, -6.714e-4)
_SMALL_LOG_SD = (1.3822, -0.77857, 0.062767, -0.0020322)
_LARGE_MEAN = (-1.5861, -0.31082, -0.083751, 0.0038915)
_LARGE_LOG_SD = (-0.4803, -0.082676, 0.0030302)


@dataclass(frozen=True)
class Normality(Framed):
    """Result of a test of normality."""

    n: int
    w: float
    p_value: float
    reason: str = ""


def shapiro_wilk(values: ArrayLike) -> Normality:
    """Test whether a sample comes from a normal distribution.

    ``scipy.stats.shapiro`` takes its normal quantiles from a seven-digit approximation, which leaves its p-value
    up to 1e-7 (relative) away from R's; with full-precision quantiles the two agree to 1e-11.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Without missing values.

    Returns
    -------
    Normality
        Not done for fewer than 3 or more than 5000 values, or if all are the same.

    References
    ----------
    Shapiro SS, Wilk MB. Biometrika 1965;52:591-611. Royston P. Algorithm AS R94. Appl Stat 1995;44:547-551.

    Examples
    --------
    >>> import vpresearch as vp
    >>> weights = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]
    >>> result = vp.shapiro_wilk(weights)
    >>> round(result.w, 2), round(result.p_value, 3)
    (0.79, 0.007)
    """
    sample = np.sort(np.asarray(values, dtype=float))
    n = len(sample)
    if not 3 <= n <= 5000:
        return Normality(n, math.nan, math.nan, "too_few" if n < 3 else "too_many")
    # Equal ratios can differ in their last bit.
    if sample[-1] - sample[0] <= _ROUNDING * abs(sample[-1]):
        return Normality(n, math.nan, math.nan, "all_equal")
    shortfall = _one_minus_w(sample, weights(n))
    return Normality(n, 1 - shortfall, p_value_of_shortfall(shortfall, n))


def weights(n: int) -> NDArray[np.float64]:
    """Approximate the weights of the order statistics."""
    half = n // 2
    if n == 3:
        upper = np.array([math.sqrt(0.5)])
    else:
        scores = -ndtri((np.arange(1, half + 1) - 0.375) / (n + 0.25))
        norm2 = 2 * math.fsum(scores**2)
        root = 1 / math.sqrt(n)
        fixed = [scores[0] / math.sqrt(norm2) + polyval(root, _LAST_WEIGHT)]
        if n > 5:
            fixed.append(scores[1] / math.sqrt(norm2) + polyval(root, _SECOND_LAST_WEIGHT))
        kept = len(fixed)
        rest2 = norm2 - 2 * math.fsum(scores[:kept] ** 2)
        scale = math.sqrt(rest2 / (1 - 2 * sum(weight**2 for weight in fixed)))
        upper = np.concatenate([fixed, scores[kept:] / scale])
    middle = np.zeros(n % 2)
    return np.concatenate([-upper, middle, upper[::-1]])


def _one_minus_w(sample: NDArray[np.float64], weighting: NDArray[np.float64]) -> float:
    """1 - W as a product of differences, which keeps its digits when W is near 1."""
    x = (sample - math.fsum(sample) / len(sample)) / (sample[-1] - sample[0])
    xx, aa, ax = math.fsum(x**2), math.fsum(weighting**2), math.fsum(weighting * x)
    norm = math.sqrt(aa * xx)
    return (norm - ax) * (norm + ax) / (aa * xx)


def p_value_of_shortfall(shortfall: float, n: int) -> float:
    """Return the p-value of an observed 1 - W."""
    if shortfall <= 0:
        return 1.0
    if n == 3:
        return max(0.0, 6 / math.pi * (math.asin(math.sqrt(1 - shortfall)) - math.asin(math.sqrt(0.75))))
    y = math.log(shortfall)
    if n <= 11:
        gamma = float(polyval(n, _SMALL_GAMMA))
        if y >= gamma:
            return 1e-99
        y = -math.log(gamma - y)
        mean, sd = float(polyval(n, _SMALL_MEAN)), math.exp(float(polyval(n, _SMALL_LOG_SD)))
    else:
        mean, sd = float(polyval(math.log(n), _LARGE_MEAN)), math.exp(float(polyval(math.log(n), _LARGE_LOG_SD)))
    return math.exp(float(log_ndtr(-(y - mean) / sd)))
