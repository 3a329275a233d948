"""The likelihood of a random intercept: integrals over every patient's intercept by adaptive quadrature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from vpresearch.regression.design import Floats, Ints

# Where the nodes lie, in widths of the integrand about its mode, and what each counts.
Rule = tuple[Floats, Floats]

_SETTLED, _STEPS = 1e-12, 200
_REACH, _CAP, _PART = 5.0, 700.0, 1_500


@dataclass(frozen=True)
class Grouped:
    """Rows patient by patient.

    Attributes
    ----------
    x : numpy.ndarray of float, shape (n, n_terms)
    y : numpy.ndarray of float, shape (n,)
        0 or 1.
    own : numpy.ndarray of int, shape (n,)
        Number of the patient; ascends.
    starts : numpy.ndarray of int, shape (n_clusters,)
        First row of each patient.
    """

    x: Floats
    y: Floats
    own: Ints
    starts: Ints

    def total(self, rows: Floats) -> Floats:
        """Sum over the rows of each patient: from shape (..., n) to (..., n_clusters)."""
        sums: Floats = np.add.reduceat(rows, self.starts, axis=-1)
        return sums

    @cached_property
    def layers(self) -> tuple[Ints, ...]:
        """The first row of each patient, the patient with most rows first; their second rows; and so on."""
        sizes = np.diff(self.starts, append=len(self.y))
        order = np.argsort(-sizes, kind="stable")
        return tuple(self.starts[order[sizes[order] > rank]] + rank for rank in range(sizes.max()))

    @cached_property
    def parts(self) -> tuple[Grouped, ...]:
        """The same patients in parts of some thousand rows, whose integrands stay in the processor's cache."""
        if len(self.y) <= _PART:
            return (self,)
        first = np.unique(np.searchsorted(self.starts, np.arange(0, len(self.y), _PART)))
        patients = zip(first, [*first[1:], len(self.starts)], strict=True)
        return tuple(self._of(int(start), int(end)) for start, end in patients if start < end)

    def _of(self, start: int, end: int) -> Grouped:
        rows = slice(int(self.starts[start]), int(np.append(self.starts, len(self.y))[end]))
        return Grouped(
            self.x[rows], self.y[rows], self.own[rows] - self.own[rows.start], self.starts[start:end] - rows.start
        )


def grouped(x: Floats, y: Floats, cluster: Ints) -> Grouped:
    """Sort rows by patient.

    Parameters
    ----------
    x : numpy.ndarray of float, shape (n, n_terms)
    y : numpy.ndarray of float, shape (n,)
    cluster : numpy.ndarray of int, shape (n,)
        Number of the patient, from 0 without gaps.

    Returns
    -------
    Grouped

    Examples
    --------
    >>> rows = grouped(np.ones((3, 1)), np.array([0.0, 1.0, 1.0]), np.array([1, 0, 1]))
    >>> rows.y.tolist(), rows.total(rows.y).tolist()
    ([1.0, 0.0, 1.0], [1.0, 1.0])
    """
    order = np.argsort(cluster, kind="stable")
    own = cluster[order]
    return Grouped(x[order], y[order], own, np.searchsorted(own, np.arange(own[-1] + 1)))


def gauss_hermite(points: int) -> Rule:
    """Give the rule that is exact for a normal curve times a polynomial of degree up to ``2 * points - 1``.

    Parameters
    ----------
    points : int

    Returns
    -------
    nodes, weights : numpy.ndarray of float, shape (points,)

    References
    ----------
    Liu Q, Pierce DA. Biometrika 1994;81:624-9.

    Examples
    --------
    >>> nodes, weights = gauss_hermite(9)
    >>> float(((np.exp(-(nodes**2) / 2) * nodes**2) @ weights).round(12))
    1.0
    """
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    return np.sqrt(2) * nodes, weights * np.exp(nodes**2) / np.sqrt(np.pi)


def double_exponential(spacing: float) -> Rule:
    """Give the trapezoidal rule after a substitution by the hyperbolic sine.

    It holds where Gauss and Hermite's fails: intercepts that differ so much that the integrand is a normal curve cut
    off by a step.

    Parameters
    ----------
    spacing : float
        Of the trapezoidal rule.

    Returns
    -------
    nodes, weights : numpy.ndarray of float, shape (n_nodes,)

    References
    ----------
    Takahasi H, Mori M. Publ RIMS Kyoto Univ 1974;9:721-41.

    Examples
    --------
    >>> nodes, weights = double_exponential(0.15)
    >>> float(((np.exp(-(nodes**2) / 2) * nodes**2) @ weights).round(9))
    1.0
    """
    steps = round(_REACH / spacing)
    along = spacing * np.arange(-steps, steps + 1)
    return np.sinh(along), spacing * np.cosh(along) / np.sqrt(2 * np.pi)


def modes(rows: Grouped, logit: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Find where each patient's integrand is highest, and how wide it is there.

    The unit is the standard deviation of the intercepts. Newton's method between limits that close in: the log
    integrand is concave.

    Parameters
    ----------
    rows : Grouped
    logit : numpy.ndarray of float, shape (..., n)
        Log odds of a patient with intercept 0.
    sd : numpy.ndarray of float, shape (..., 1)
        Standard deviation of the intercepts.

    Returns
    -------
    mode, width : numpy.ndarray of float, shape (..., n_clusters)
        The width is the standard deviation of the normal curve that bends as sharply.
    """
    ends = -sd * rows.total(1 - rows.y), sd * rows.total(rows.y)
    low, high = np.minimum(*ends), np.maximum(*ends)
    mode, longest = np.zeros(low.shape), np.full(low.shape, np.inf)
    for _ in range(_STEPS):
        p = expit(logit + sd * mode[..., rows.own])
        slope, curvature = sd * rows.total(rows.y - p) - mode, 1 + sd**2 * rows.total(p * (1 - p))
        low, high = np.where(slope > 0, mode, low), np.where(slope < 0, mode, high)
        step = slope / curvature
        # Newton's steps can go to and fro for ever, unless each is shorter than half of that before.
        astray = (mode + step < low) | (mode + step > high) | (np.abs(step) > longest)
        step = np.where(astray & (np.abs(step) > _SETTLED), (low + high) / 2 - mode, step)
        mode, longest = mode + step, np.abs(step) / 2
        if longest.max() < _SETTLED:
            break
    return mode, 1 / np.sqrt(curvature)


def log_integrals(rows: Grouped, logit: Floats, sd: Floats, rule: Rule) -> Floats:
    """Integrate the random intercept out of every patient's likelihood.

    Parameters
    ----------
    rows, logit, sd
        As in ``modes``; a double exponential rule may lie well off the mode.
    rule : Rule

    Returns
    -------
    numpy.ndarray of float, shape (..., n_clusters)
        Natural logarithms; their sum is the log likelihood.

    Examples
    --------
    >>> rows = grouped(np.ones((2, 1)), np.array([0.0, 1.0]), np.array([0, 0]))
    >>> without, wide = (log_integrals(rows, np.zeros(2), np.array([sd]), gauss_hermite(25)) for sd in (0.0, 3.0))
    >>> np.exp(without).round(6).tolist(), np.exp(wide).round(4).tolist()
    ([0.25], [0.1148])
    """
    mode, width = modes(rows, logit, sd)
    height = log_integrands(rows, logit, sd, mode[..., None] + width[..., None] * rule[0])
    top = height.max(axis=-1)
    integrals: Floats = np.log(np.exp(height - top[..., None]) @ rule[1] * width) + top
    return integrals


def log_integrands(rows: Grouped, logit: Floats, sd: Floats, at: Floats) -> Floats:
    """Give each patient's likelihood times the normal density, in logarithms but for the density's constant.

    Parameters
    ----------
    rows, logit, sd
        As in ``modes``.
    at : numpy.ndarray of float, shape (..., n_clusters, n_nodes)
        Intercepts in standard deviations.

    Returns
    -------
    numpy.ndarray of float, of the shape of ``at``
    """
    away = 1 - 2 * rows.y
    odds = at[..., rows.own, :] * (sd * away)[..., None]
    odds += (logit * away)[..., None]
    # Beyond this cap the exponential would overflow. In place, for arrays of this size cost more to make than to fill.
    np.minimum(odds, _CAP, out=odds)
    unlikeliness = np.log1p(np.exp(odds, out=odds), out=odds)
    heights: Floats = -np.add.reduceat(unlikeliness, rows.starts, axis=-2) - at**2 / 2
    return heights
