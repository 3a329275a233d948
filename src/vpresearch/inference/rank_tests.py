"""Rank tests of two independent groups."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from vpresearch.inference.result import Effect, TestResult, not_done

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
    >>> result = kruskal([1, 2, 3, 4], [3, 4, 5, 6, 7])
    >>> round(result.statistic, 4), result.df, round(result.p_value, 4)
    (3.9051, 1, 0.0481)
    """
    x, y = _settle_ties(first), _settle_ties(second)
    reason = _why_not(x, y)
    if reason:
        return not_done("kruskal", reason)
    if not corrected:
        plain = scipy.stats.ranksums(x, y)
        return TestResult("kruskal_uncorrected", float(plain.statistic) ** 2, 1, float(plain.pvalue))
    test = scipy.stats.kruskal(x, y)
    return TestResult("kruskal", float(test.statistic), 1, float(test.pvalue), probability_of_superiority(x, y))


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
    >>> result = mann_whitney([1, 2, 3, 4], [3, 4, 5, 6, 7])
    >>> result.statistic, round(result.p_value, 4)
    (2.0, 0.0639)
    """
    x, y = _settle_ties(first), _settle_ties(second)
    reason = _why_not(x, y)
    if reason:
        return not_done("mann_whitney", reason)
    test = scipy.stats.mannwhitneyu(x, y, use_continuity=True, method="asymptotic")
    if not corrected:
        excess = max(0.0, abs(float(test.statistic) - len(x) * len(y) / 2) - 0.5)
        p = 2 * float(ndtr(-excess / math.sqrt(len(x) * len(y) * (len(x) + len(y) + 1) / 12)))
        return TestResult("mann_whitney_uncorrected", float(test.statistic), math.nan, p)
    return TestResult("mann_whitney", float(test.statistic), math.nan, float(test.pvalue))


def rank_permutation(
    first: ArrayLike, second: ArrayLike, two_sided: Literal["doubled", "distance"] = "distance"
) -> TestResult:
    """Compare two groups by their rank sums over every division of the pooled values, which keeps the ties.

    Parameters
    ----------
    first, second : array_like of float, shapes (n_first,), (n_second,)
        Without missing values.
    two_sided : {"doubled", "distance"}
        Twice the smaller tail (``scipy.stats.permutation_test``), or all that is as far from the mean (R's ``coin``,
        and the exact Kruskal-Wallis test). They differ where ties leave the distribution skewed.

    Returns
    -------
    TestResult
        The statistic is U of the first group.

    References
    ----------
    Streitberg B, Rohmel J. Stat Softw Newsl 1986;12:10-17.

    Examples
    --------
    >>> tied = [1, 2, 2, 5, 8], [1, 3, 3, 5, 8, 8, 9]
    >>> [round(rank_permutation(*tied, way).p_value, 4) for way in ("doubled", "distance")]
    [0.3586, 0.3295]
    """
    x, y = _settle_ties(first), _settle_ties(second)
    name, reason = f"permutation_{two_sided}", _why_not(x, y)
    if reason:
        return not_done(name, reason)
    values, pooled = np.unique(np.concatenate([x, y]), return_counts=True)
    below, of_x = np.cumsum(pooled) - pooled, np.searchsorted(values, x)
    # Twice U less its mean, which midranks leave whole.
    deviation = int((2 * below[of_x] + pooled[of_x] - len(x) - len(y)).sum())
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
    """Find the exact tails of the rank sum of the first group, given how often each value occurs in both together.

    Parameters
    ----------
    pooled : numpy.ndarray of int, shape (n_patterns, n_values)
        Copies of each value, ascending; every pattern has the same sum.
    pattern : numpy.ndarray of int, shape (n_asked,)
        Row of ``pooled``.
    deviation : numpy.ndarray of int, shape (n_asked,)
        U of the first group minus that of the second; of means, how far the first group's sum is from its expectation,
        times the size of both groups.
    n_first : int
    means : bool, default False
        Whether to sum the values, which are the places in ``pooled``, and not their ranks.

    Returns
    -------
    numpy.ndarray of float, shape (n_asked, 5)
        Probability of a sum as small, of one as large, and of one as far from its mean; then of this very sum, and of
        one exactly as far, half of which a mid-p leaves out.

    Examples
    --------
    >>> permutation_tails(np.array([[3, 1, 3]]), np.array([0]), np.array([-8]), 3).round(4).tolist()
    [[0.1143, 0.9714, 0.2286, 0.0857, 0.1714]]
    """
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
    """Give the probability that a value of the second group exceeds one of the first, ties counted half.

    Parameters
    ----------
    first, second : array_like of float, shapes (n_first,), (n_second,)
        Without missing values.

    Returns
    -------
    Effect
        With the interval of DeLong's variance on the logit scale; NaN limits where the groups do not overlap.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845.

    Examples
    --------
    >>> effect = probability_of_superiority([1, 2, 3, 4], [3, 4, 5, 6, 7])
    >>> effect.estimate
    0.9
    """
    x, y = _settle_ties(first), _settle_ties(second)
    if min(len(x), len(y)) < 1:
        return Effect("probability_of_superiority")
    ranks = scipy.stats.rankdata(np.concatenate([x, y]))
    # Placements: the share of the other group that each value beats.
    beaten_by_y = (ranks[len(x) :] - scipy.stats.rankdata(y)) / len(x)
    beats_x = 1 - (ranks[: len(x)] - scipy.stats.rankdata(x)) / len(y)
    area = math.fsum(beaten_by_y) / len(y)
    if not 0 < area < 1 or min(len(x), len(y)) < 2:
        return Effect("probability_of_superiority", area)
    variance = _variance(beats_x) / len(x) + _variance(beaten_by_y) / len(y)
    centre, half = math.log(area / (1 - area)), -ndtri(0.025) * math.sqrt(variance) / (area * (1 - area))
    low, high = (1 / (1 + math.exp(-limit)) for limit in (centre - half, centre + half))
    return Effect("probability_of_superiority", area, low, high)


def _why_not(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    if min(len(x), len(y)) < 1:
        return "group_empty"
    return "all_equal" if len(np.unique(np.concatenate([x, y]))) == 1 else ""


def _settle_ties(values: ArrayLike) -> NDArray[np.float64]:
    return np.array([float(f"{value:.{_TIE_DIGITS}g}") for value in np.asarray(values, dtype=float)])


def _variance(values: NDArray[np.float64]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((values - mean) ** 2) / (len(values) - 1)
