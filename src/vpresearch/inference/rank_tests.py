"""Rank tests of two independent groups."""

from __future__ import annotations

import math

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from vpresearch.inference.result import Effect, TestResult, not_done

# Equal ratios can differ in their last bit (0.3/3 and 0.1/1); a tie is decided on twelve digits.
_TIE_DIGITS = 12


def kruskal(first: ArrayLike, second: ArrayLike) -> TestResult:
    """Compare two groups by the Kruskal-Wallis test, corrected for ties, against chi-squared.

    Parameters
    ----------
    first, second : array_like of float, shapes (n_first,), (n_second,)
        Without missing values.

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
    test = scipy.stats.kruskal(x, y)
    return TestResult("kruskal", float(test.statistic), 1, float(test.pvalue), probability_of_superiority(x, y))


def mann_whitney(first: ArrayLike, second: ArrayLike) -> TestResult:
    """Compare two groups by the Mann-Whitney test, normal approximation with continuity correction.

    Parameters
    ----------
    first, second : array_like of float, shapes (n_first,), (n_second,)
        Without missing values.

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
    return TestResult("mann_whitney", float(test.statistic), math.nan, float(test.pvalue))


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
