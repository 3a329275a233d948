"""Statistics of many candidate datasets at once, for the searches; results are checked by other code."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chdtri

from vpresearch.inference.shapiro_wilk import p_value_of_shortfall, weights
from vpresearch.reported import Reported

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def mean_and_sd(values: Floats) -> tuple[Floats, Floats]:
    """Give the means and standard deviations (divisor n - 1) of rows.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (n_chains, n)

    Returns
    -------
    pair of numpy.ndarray of float, shape (n_chains,)
    """
    return values.mean(axis=1), values.std(axis=1, ddof=1)


def rank_excess(first: Ints, second: Ints) -> Ints:
    """Give twice the excess of the first group's rank sum over its expectation.

    Parameters
    ----------
    first, second : numpy.ndarray of int, shapes (n_chains, n_first), (n_chains, n_second)

    Returns
    -------
    numpy.ndarray of int, shape (n_chains,)

    Examples
    --------
    >>> rank_excess(np.array([[1, 2]]), np.array([[2, 3, 4]])).tolist()
    [-5]
    """
    excess: Ints = np.sign(first[:, :, None] - second[:, None, :]).sum(axis=(1, 2))
    return excess


def tie_sum(values: Ints) -> Ints:
    """Give the sum of t^3 - t over the groups of equal values.

    Parameters
    ----------
    values : numpy.ndarray of int, shape (n_chains, n)

    Returns
    -------
    numpy.ndarray of int, shape (n_chains,)

    Examples
    --------
    >>> tie_sum(np.array([[1, 1, 2, 3, 3, 3]])).tolist()
    [30]
    """
    # Over all values, t of the t equal ones each see t equals: the sum of (t^2 - 1) is the sum of t^3 - t.
    equals = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    ties: Ints = (equals**2 - 1).sum(axis=1)
    return ties


def excess_range(p: Reported, n: int, n_first: int, ties: Ints) -> tuple[Floats, Floats]:
    """Give the doubled rank-sum excesses whose Kruskal-Wallis p prints as a given number.

    Parameters
    ----------
    p : Reported
        Printed p-value.
    n, n_first : int
        Values in all, and in the first group.
    ties : numpy.ndarray of int, shape (n_chains,)
        ``tie_sum`` of all values.

    Returns
    -------
    pair of numpy.ndarray of float, shape (n_chains,)
        Smallest and largest absolute doubled excess.
    """
    interval = p.interval()
    variance = n_first * (n - n_first) * (n + 1) / 12 * (1 - ties / (n**3 - n))
    least, most = (
        math.inf if end is None else float(chdtri(1, min(1.0, max(0.0, float(end)))))
        for end in (interval.high, interval.low)
    )
    return 2 * np.sqrt(least * variance), 2 * np.sqrt(most * variance)


class ShapiroW:
    """Shapiro-Wilk's W of rows, with the W below which p is less than a level.

    Parameters
    ----------
    n : int
        Values in a row.
    level : float
        Level of the test.
    """

    def __init__(self, n: int, level: float) -> None:
        self._weights = weights(n)
        self.critical = 1 - brentq(lambda shortfall: p_value_of_shortfall(shortfall, n) - level, 1e-9, 0.9)

    def __call__(self, values: Floats) -> Floats:
        """Give W of each row of ``values``, shape (n_chains, n)."""
        ordered = np.sort(values, axis=1)
        spread = ((ordered - ordered.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        w: Floats = (ordered @ self._weights) ** 2 / (self._weights @ self._weights) / np.maximum(spread, 1e-12)
        return w
