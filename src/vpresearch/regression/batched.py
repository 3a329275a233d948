"""Logistic likelihoods of many datasets at once: an intercept and one predictor, all algebra in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vpresearch.regression.design import Floats


@dataclass(frozen=True)
class Rows:
    """Rows of m datasets, ready for their likelihoods.

    Attributes
    ----------
    sign, z : numpy.ndarray of float, shape (m, n)
        1 where the outcome is 1, else -1; standardised predictor.
    even, odd : tuple of numpy.ndarray of float, shape (m, n)
        Powers of ``z`` from 0, by how often the row counts; the odd ones by its sign too.
    reach : numpy.ndarray of float, shape (m,)
        Largest ``z``, either way.
    penalised : bool
        Whether Jeffreys' penalty is on.
    """

    sign: Floats
    z: Floats
    even: tuple[Floats, ...]
    odd: tuple[Floats, ...]
    reach: Floats
    penalised: bool

    def take(self, at: NDArray[np.int64]) -> Rows:
        """Keep the datasets at these places."""
        if np.array_equal(at, np.arange(len(self.z))):
            return self
        even, odd = (tuple(power[at] for power in powers) for powers in (self.even, self.odd))
        return Rows(self.sign[at], self.z[at], even, odd, self.reach[at], self.penalised)


class Point(NamedTuple):
    """What m likelihoods tell of their two coefficients.

    Attributes
    ----------
    height : numpy.ndarray of float, shape (m,)
        Log-likelihood, but for a constant.
    slope : numpy.ndarray of float, shape (2, m)
        Its derivatives.
    information, curvature : numpy.ndarray of float, shape (3, m)
        First, mixed and last entry of the expected information, and of minus the second derivatives.
    """

    height: Floats
    slope: Floats
    information: Floats
    curvature: Floats


def rows_of(z: Floats, y: Floats, weights: Floats, penalised: bool) -> Rows:
    """Prepare rows.

    Parameters
    ----------
    z, y, weights : numpy.ndarray of float, shape (m, n)
        Standardised predictor, outcome of 0 and 1, how often the row counts.
    penalised : bool

    Returns
    -------
    Rows
    """
    sign = np.where(y > 0, 1.0, -1.0)
    even = [weights]
    for _ in range(4 if penalised else 2):
        even.append(even[-1] * z)
    odd = tuple(sign * power for power in even[:-1])
    return Rows(sign, z, tuple(even), odd, np.abs(z).max(axis=1), penalised)


def measure(rows: Rows, beta: Floats) -> Point:
    """Take the likelihoods at these coefficients.

    Parameters
    ----------
    rows : Rows
    beta : numpy.ndarray of float, shape (2, m)

    Returns
    -------
    Point
    """
    miss, weight, height = _by_row(rows, beta)
    slope = np.stack([_sum(power, miss) for power in rows.odd[:2]])
    information = np.stack([_sum(power, weight) for power in rows.even[:3]])
    if not rows.penalised:
        return Point(height, slope, information, information)
    penalty, pull, bend = _jeffreys(rows, information, miss, weight)
    # Where no row weighs anything the penalty is lost in rounding, and nobody should go there.
    height = np.where(np.isfinite(penalty), height + penalty, -np.inf)
    return Point(height, slope + pull, information, information - bend)


def height(rows: Rows, beta: Floats) -> Floats:
    """Take the heights of the likelihoods alone; parameters as of ``measure``."""
    _, weight, free = _by_row(rows, beta)
    if not rows.penalised:
        return free
    a, b, c = (_sum(power, weight) for power in rows.even[:3])
    whole = free + np.log(a * c - b * b) / 2
    return np.where(np.isfinite(whole), whole, -np.inf)


def _by_row(rows: Rows, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """Give each row's chance of the other outcome and its weight, and the likelihoods."""
    u = rows.sign * (beta[0][:, None] + beta[1][:, None] * rows.z)
    e = np.exp(-np.abs(u))
    sure = 1 / (1 + e)
    miss = np.where(u > 0, e, 1.0) * sure
    return miss, e * sure * sure, _sum(rows.even[0], np.minimum(u, 0) + np.log(sure))


def _sum(power: Floats, values: Floats) -> Floats:
    total: Floats = np.einsum("mn,mn->m", power, values)
    return total


def augmented(rows: Rows, beta: Floats, information: Floats) -> Floats:
    """Give the information with every row counted once more by its leverage.

    Parameters
    ----------
    rows : Rows
    beta : numpy.ndarray of float, shape (2, m)
    information : numpy.ndarray of float, shape (3, m)
        At these coefficients.

    Returns
    -------
    numpy.ndarray of float, shape (3, m)
    """
    weight = _by_row(rows, beta)[1]
    a, b, c = (entry[:, None] for entry in information)
    leverage = weight * (c - 2 * b * rows.z + a * rows.z**2) / (a * c - b * b)
    return np.stack([_sum(power, (1 + leverage) * weight) for power in rows.even[:3]])


def _jeffreys(rows: Rows, information: Floats, miss: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Give half the log determinant of the information, and its first and second derivatives."""
    a, b, c = information
    determinant = a * c - b * b
    # The weights' first and second derivatives by the log odds, summed over powers of the predictor.
    lean = weight * (1 - 2 * miss)
    first = [-_sum(power, lean) for power in rows.odd]
    bent = weight * (1 - 6 * weight)
    second = [_sum(power, bent) for power in rows.even]

    def trace(sums: list[Floats], at: int) -> Floats:
        """Trace of the inverse information by a matrix of such sums."""
        summed: Floats = (c * sums[at] - 2 * b * sums[at + 1] + a * sums[at + 2]) / determinant
        return summed

    # The inverse information by its derivative along either coefficient.
    left = [
        (c * first[k] - b * first[k + 1], c * first[k + 1] - b * first[k + 2],
         a * first[k + 1] - b * first[k], a * first[k + 2] - b * first[k + 1])
        for k in (0, 1)
    ]  # fmt: skip
    pairs = [(left[0], left[0]), (left[0], left[1]), (left[1], left[1])]
    bend = [
        trace(second, at) - (p[0] * q[0] + p[1] * q[2] + p[2] * q[1] + p[3] * q[3]) / determinant**2
        for at, (p, q) in enumerate(pairs)
    ]
    pull = [trace(first, at) for at in (0, 1)]
    return np.log(determinant) / 2, np.stack(pull) / 2, np.stack(bend) / 2
