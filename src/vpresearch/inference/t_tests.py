"""Student's and Welch's t tests of two independent groups."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import gammaln
from scipy.stats import chi2, nct, ttest_ind_from_stats

from vpresearch.describe import Summary, summarise
from vpresearch.inference.result import Effect, TestResult, not_done

# A spread that is none: equal ratios can differ in their last bit.
_ROUNDING = 1e-12
# From here on the noncentrality is that of the spread alone, to 1e-6, and the library takes minutes.
_HUGE = 1e4


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
    >>> result = student([1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0])
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
    >>> result = welch([1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0])
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
    """Give Hedges' g with its interval from Student's t.

    Parameters
    ----------
    t : float
        Student's statistic.
    n_first, n_second : int

    Returns
    -------
    Effect

    Examples
    --------
    >>> effect = hedges_g(2.0, 26, 15)
    >>> round(effect.estimate, 3), round(effect.low, 3), round(effect.high, 3)
    (0.636, -0.007, 1.271)
    """
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
        return (1.0 if ncp < -8 else float(nct.cdf(t, df, ncp))) - cumulative

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
