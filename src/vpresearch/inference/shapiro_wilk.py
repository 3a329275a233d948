"""The Shapiro-Wilk test of normality."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, ndtri

# Coefficients of Royston (1995), table 1 and section 3, lowest power first.
_LAST_WEIGHT = (0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056)
_SECOND_LAST_WEIGHT = (0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633)
_SMALL_GAMMA = (-2.273, 0.459)
_SMALL_MEAN = (0.5440, -0.39978, 0.025054, -6.714e-4)
_SMALL_LOG_SD = (1.3822, -0.77857, 0.062767, -0.0020322)
_LARGE_MEAN = (-1.5861, -0.31082, -0.083751, 0.0038915)
_LARGE_LOG_SD = (-0.4803, -0.082676, 0.0030302)
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Normality:
    """Result of a test of normality.

    Attributes
    ----------
    n : int
    w : float
        NaN where the test cannot be done.
    p_value : float
        NaN where the test cannot be done.
    reason : str
        Reason code where it could not be done (``too_few``, ``too_many``, ``all_equal``), or the empty string.
    """

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
    >>> result = shapiro_wilk([148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236])
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
    """Approximate the weights of the order statistics.

    Parameters
    ----------
    n : int
        At least 3.

    Returns
    -------
    numpy.ndarray of float, shape (n,)
        Antisymmetric, ascending.

    Examples
    --------
    >>> weights(3).round(4).tolist()
    [-0.7071, 0.0, 0.7071]
    """
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
    """Give the p-value of an observed 1 - W.

    Parameters
    ----------
    shortfall : float
        1 - W.
    n : int

    Returns
    -------
    float

    Examples
    --------
    >>> round(p_value_of_shortfall(0.05, 26), 3)
    0.232
    """
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
