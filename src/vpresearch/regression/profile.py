"""Climb to the maximum of a likelihood, and follow its profiles down to where the intervals end."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

from vpresearch.regression.design import Design, Floats
from vpresearch.regression.result import Estimate


class Point(NamedTuple):
    """What a likelihood tells of the log odds of n rows, and so of every coefficient behind them.

    Attributes
    ----------
    height : float
        Log-likelihood.
    slope : numpy.ndarray of float, shape (n,)
        Its derivative by each row's log odds.
    weight : numpy.ndarray of float, shape (n,)
        Of each row in the information, which is ``x' diag(weight) x``.
    bend : numpy.ndarray of float, shape (n,)
    shared : numpy.ndarray of float, shape (n, any)
        The second derivative is minus ``x' (diag(bend) + shared shared') x``.
    """

    height: float
    slope: Floats
    weight: Floats
    bend: Floats
    shared: Floats


Likelihood = Callable[[Floats], Point]

_STEPS, _HALVINGS, _SEARCH = 100, 40, 60
_LONGEST_STEP, _SETTLED, _FOUND, _ROUNDING, _SECOND = 8.0, 1e-6, 1e-6, 1e-12, 1e-8
_SINGULAR = 1e-13


@dataclass(frozen=True)
class Maximum:
    """Where a likelihood is highest.

    Attributes
    ----------
    coefficients : numpy.ndarray of float, shape (n_terms,)
    covariance : numpy.ndarray of float, shape (n_terms, n_terms)
        Inverse of the information.
    loglik : float
        Natural logarithm of the likelihood.
    converged : bool
        Where this is false, nothing else means anything.
    """

    coefficients: Floats
    covariance: Floats
    loglik: float
    converged: bool


def climb(likelihood: Likelihood, x: Floats, start: Floats) -> Maximum:
    """Climb to the maximum of a likelihood by Newton's method on orthonormal columns, with step halving.

    Parameters
    ----------
    likelihood : callable
        As ``likelihood`` gives it.
    x : numpy.ndarray of float, shape (n, n_terms)
        Directions in which the log odds may move.
    start : numpy.ndarray of float, shape (n,)
        Log odds to begin with.

    Returns
    -------
    Maximum
        Coefficients count from ``start``; not converged where the columns depend on each other.
    """
    basis, triangle = np.linalg.qr(x)
    logit, point, settled = _ascend(likelihood, basis, start)
    information = (basis.T * point.weight) @ basis
    if not settled or _singular(triangle) or _singular(information):
        terms = x.shape[1]
        return Maximum(np.full(terms, np.nan), np.full((terms, terms), np.nan), math.nan, converged=False)
    inverse = np.linalg.inv(triangle)
    covariance = inverse @ np.linalg.inv(information) @ inverse.T
    return Maximum(inverse @ basis.T @ (logit - start), covariance, point.height, converged=True)


def _singular(matrix: Floats) -> bool:
    """Tell whether columns, scaled alike, depend on each other but for rounding."""
    lengths = np.maximum(np.linalg.norm(matrix, axis=0), np.finfo(float).tiny)
    values = np.linalg.svd(matrix / lengths, compute_uv=False)
    return bool(values.min(initial=1.0) <= _SINGULAR)


def _ascend(likelihood: Likelihood, basis: Floats, start: Floats) -> tuple[Floats, Point, bool]:
    """Give the log odds at the maximum, what the likelihood tells there, and whether the climb has settled."""
    logit, point, settled = start, likelihood(start), False
    for _ in range(_STEPS):
        try:
            step = _newton(basis, point)
        except np.linalg.LinAlgError:
            # The information has vanished: the climb has left for infinity.
            return logit, point, False
        length, size = float(np.abs(step).max()), float(np.abs(logit).max())
        settled = length <= _SETTLED
        logit, point = _uphill(likelihood, logit, step / max(1.0, length / (_LONGEST_STEP + size)), point.height)
        if settled:
            break
    return logit, point, settled


def _newton(basis: Floats, point: Point) -> Floats:
    """Give Newton's step of the log odds; where the likelihood is not concave, that of the information."""
    shared = basis.T @ point.shared
    curvature = (basis.T * point.bend) @ basis + shared @ shared.T
    if np.linalg.eigvalsh(curvature).min(initial=1.0) <= 0:
        curvature = (basis.T * point.weight) @ basis
    step: Floats = basis @ np.linalg.solve(curvature, basis.T @ point.slope)
    return step


def _uphill(likelihood: Likelihood, logit: Floats, step: Floats, height: float) -> tuple[Floats, Point]:
    """Take a step, halved until it does not lower the likelihood by more than rounding does."""
    lowest = height - _ROUNDING * max(1.0, abs(height))
    for _ in range(_HALVINGS):
        reached = likelihood(logit + step)
        if reached.height >= lowest:
            break
        step = step / 2
    return logit + step, reached


def profiled(
    design: Design, model: str, likelihood: Likelihood, alpha: float, kinds: tuple[str, str]
) -> tuple[Estimate, ...]:
    """Fit a likelihood with profile intervals and likelihood-ratio tests of every coefficient.

    Parameters
    ----------
    design : Design
    model : str
    likelihood : callable
        As ``likelihood`` gives it.
    alpha : float
        One minus the coverage of the intervals.
    kinds : pair of str
        Of the interval and of the test.

    Returns
    -------
    tuple of Estimate
        A limit or p that is not found is NaN, for the reason ``not_converged``.
    """
    best = climb(likelihood, design.x, np.zeros(design.n))
    if not best.converged:
        return design.failed(model, "not_converged")
    critical = float(chi2.ppf(1 - alpha, 1))
    rows = np.array([_inference(likelihood, design.x, best, term, critical) for term in range(len(design.terms))])
    se, low, high, p = rows.T
    estimates = design.fitted(model, best.coefficients, se, (low, high, kinds[0]), (p, kinds[1]))
    return tuple(
        replace(estimate, reason="not_converged" if math.isnan(row.sum()) else "")
        for estimate, row in zip(estimates, rows, strict=True)
    )


def _inference(likelihood: Likelihood, x: Floats, best: Maximum, term: int, critical: float) -> tuple[float, ...]:
    """Give the standard error of one coefficient, its limits, and p of its being nought."""
    se = math.sqrt(best.covariance[term, term])
    low, high = (_limit(_Profile(likelihood, x, best, term), side, se, critical) for side in (-1, 1))
    fall = _Profile(likelihood, x, best, term).fall(-best.coefficients[term])[0]
    centre = float(best.coefficients[term])
    return se, centre + low, centre + high, float(chi2.sf(fall, 1))


class _Profile:
    """A likelihood where one coefficient is held away from its maximum and the others follow."""

    def __init__(self, likelihood: Likelihood, x: Floats, best: Maximum, term: int) -> None:
        self._likelihood, self._height = likelihood, best.loglik
        self._free = np.linalg.qr(np.delete(x, term, axis=1))[0]
        self._top = x @ best.coefficients
        # How the log odds move as the coefficient moves: at first as at the maximum, then as at the last value.
        self._course = x @ best.covariance[:, term] / best.covariance[term, term]

    def fall(self, away: float) -> tuple[float, float]:
        """Give twice the fall of the likelihood, and its derivative; NaN where the climb does not settle."""
        if away == 0:
            return 0.0, 0.0
        logit, point, settled = _ascend(self._likelihood, self._free, self._top + away * self._course)
        fall = 2 * (self._height - point.height)
        # A held coefficient that is likelier than the best one would tell of a second maximum.
        if not settled or fall < -_SECOND:
            return math.nan, math.nan
        steepness = -2 * float(point.slope @ self._course)
        self._course = (logit - self._top) / away
        return max(0.0, fall), steepness


def _limit(profile: _Profile, side: int, se: float, critical: float) -> float:
    """Find how far away on one side the likelihood has fallen to the critical value.

    Newton's method on the root of the fall, which is nearly straight, between the last values inside and outside.
    """
    away, inside, outside = se * math.sqrt(critical), 0.0, math.inf
    for _ in range(_SEARCH):
        fall, steepness = profile.fall(side * away)
        if math.isnan(fall) or steepness == 0:
            break
        newton = away - 2 * math.sqrt(fall) * (math.sqrt(fall) - math.sqrt(critical)) / (side * steepness)
        if abs(newton - away) <= _FOUND * away:
            return side * newton
        inside, outside = (away, outside) if fall < critical else (inside, away)
        cautious = (inside + outside) / 2 if math.isfinite(outside) else 2 * away
        away = newton if inside < newton < min(outside, 2 * away) else cautious
    return math.nan
