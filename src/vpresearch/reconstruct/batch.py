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

# Over a range as narrow as this, counting every value is quicker than sorting.
_COUNTABLE = 64


def sums(values: Ints) -> tuple[Ints, Ints]:
    """Give the sums and the sums of squares of rows.

    Parameters
    ----------
    values : numpy.ndarray of int, shape (n_chains, n)

    Returns
    -------
    pair of numpy.ndarray of int, shape (n_chains,)
    """
    return values.sum(axis=1), np.einsum("ij,ij->i", values, values)


def mean_and_sd(n: int, total: Ints, squares: Ints) -> tuple[Floats, Floats]:
    """Give means and standard deviations (divisor n - 1) from sums.

    Parameters
    ----------
    n : int
        Values in a row.
    total, squares : numpy.ndarray of int, shape (n_chains,)
        From ``sums``.

    Returns
    -------
    pair of numpy.ndarray of float, shape (n_chains,)

    Examples
    --------
    >>> mean, sd = mean_and_sd(3, *sums(np.array([[1, 2, 3]])))
    >>> float(mean[0]), float(sd[0])
    (2.0, 1.0)
    """
    return total / n, np.sqrt((n * squares - total * total) / (n * (n - 1)))


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
    # Small integers: this is the inner loop of the search.
    x, y = first.astype(np.int16), second.astype(np.int16)
    excess: Ints = np.sign(x[:, :, None] - y[:, None, :]).reshape(len(x), -1).sum(axis=1)
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
    low, width = values.min(), int(np.ptp(values)) + 1
    if width <= _COUNTABLE:
        places = values - low + width * np.arange(len(values))[:, None]
        counts = np.bincount(places.ravel(), minlength=len(values) * width).reshape(len(values), width)
        tied: Ints = (counts**3 - counts).sum(axis=1)
        return tied
    ordered = np.sort(values.astype(np.int16), axis=1)
    ties = np.zeros(len(values), dtype=np.int64)
    # Of t equal values in a row, t - k have their equal k places on; t^3 - t is the sum of 6 k (t - k).
    for lag in range(1, values.shape[1]):
        equal = (ordered[:, lag:] == ordered[:, :-lag]).sum(axis=1)
        if not equal.any():
            break
        ties += 6 * lag * equal
    return ties


class ExcessRange:
    """The doubled rank-sum excesses whose Kruskal-Wallis p prints as a given number.

    Parameters
    ----------
    p : Reported
        Printed p-value.
    n, n_first : int
        Values in all, and in the first group.
    """

    def __init__(self, p: Reported, n: int, n_first: int) -> None:
        interval = p.interval()
        self._n, self._variance = n, n_first * (n - n_first) * (n + 1) / 12
        # Where a printed bound leaves an end open, p reaches from 0 to 1.
        least_p, most_p = (
            max(0.0, float(interval.low or 0)),
            min(1.0, float(1 if interval.high is None else interval.high)),
        )
        self._least, self._most = float(chdtri(1, most_p)), float(chdtri(1, least_p)) if least_p else math.inf

    def __call__(self, ties: Ints) -> tuple[Floats, Floats]:
        """Give the smallest and largest absolute doubled excess for each ``tie_sum``, shapes (n_chains,)."""
        variance = self._variance * (1 - ties / (self._n**3 - self._n))
        return 2 * np.sqrt(self._least * variance), 2 * np.sqrt(self._most * variance)


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
        self._norm2 = self._weights @ self._weights
        self.critical = 1 - brentq(lambda shortfall: p_value_of_shortfall(shortfall, n) - level, 1e-9, 0.9)

    def __call__(self, values: Ints) -> Floats:
        """Give W of each row of ``values``, shape (n_chains, n)."""
        total, squares = sums(values)
        spread = squares - total * total / values.shape[1]
        w: Floats = (np.sort(values, axis=1) @ self._weights) ** 2 / self._norm2 / np.maximum(spread, 1e-12)
        return w
