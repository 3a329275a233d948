"""The likelihood of cumulative logistic models, its maximum and its profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, log_expit, logit

from vpresearch.regression.design import Design, Floats, Ints
from vpresearch.regression.separation import standardised

_STEPS, _HALVINGS, _FLATTEST, _ROUNDING = 100, 40, 1e-9, 1e-12
# Least curvature, for where the likelihood is as good as flat, and how far a limit may move from near nought.
_LEAST, _LONGEST_STEP = 1e-12, 8.0


@dataclass(frozen=True)
class Limits:
    """The two limits between which each row's level lies.

    Attributes
    ----------
    upper, lower : numpy.ndarray of float, shape (n, n_coefficients)
        Each limit is a row times the coefficients: the thresholds, then the slopes of the standardised predictors.
    highest, lowest : numpy.ndarray of bool, shape (n,)
        Rows whose upper or lower limit is infinite instead.
    codes : numpy.ndarray of int, shape (n,)
        Levels, from 0 without gaps.
    """

    upper: Floats
    lower: Floats
    highest: NDArray[np.bool_]
    lowest: NDArray[np.bool_]
    codes: Ints

    @property
    def n_thresholds(self) -> int:
        """Levels but one."""
        return int(self.codes.max(initial=0))

    def log_likelihood(self, gamma: Floats) -> float:
        """Give the log-likelihood; minus infinity where a row's limits cross."""
        above, below = self._ends(gamma)
        if not (below < above).all():
            return -np.inf
        return float((log_expit(above) + log_expit(-below) + np.log1p(-np.exp(below - above))).sum())

    def derivatives(self, gamma: Floats) -> tuple[Floats, Floats]:
        """Give the gradient of the log-likelihood and the observed information."""
        above, below = self._ends(gamma)
        # What the limits' nearness adds to the pull on each of them; no difference of near numbers is taken.
        near = np.exp(below - above) / -np.expm1(below - above)
        score = (expit(-above) + near) @ self.upper - (expit(below) + near) @ self.lower
        weights = expit(above) * expit(-above), expit(below) * expit(-below), near * (1 + near)
        parts = zip(weights, (self.upper, self.lower, self.upper - self.lower), strict=True)
        return score, np.sum([(x.T * weight) @ x for weight, x in parts], axis=0)

    def farthest(self, gamma: Floats) -> float:
        """Give the finite limit that is farthest from nought."""
        return float(max(np.abs(end @ gamma).max() for end in (self.upper, self.lower)))

    def _ends(self, gamma: Floats) -> tuple[Floats, Floats]:
        above = np.where(self.highest, np.inf, self.upper @ gamma)
        return above, np.where(self.lowest, -np.inf, self.lower @ gamma)


def limits(design: Design, parallel: bool) -> Limits:
    """Set up a cumulative logistic model.

    Parameters
    ----------
    design : Design
        With an outcome of levels.
    parallel : bool
        One slope for all thresholds, or one for each.

    Returns
    -------
    Limits
    """
    codes = np.unique(design.y, return_inverse=True)[1].astype(np.int64)
    n_thresholds = int(codes.max(initial=0))
    z = standardised(design.x)[:, 1:]

    def rows(threshold: Ints) -> Floats:
        indicator = (threshold[:, None] == np.arange(n_thresholds)).astype(float)
        if parallel:
            return np.column_stack([indicator, -z * indicator.any(axis=1)[:, None]])
        return np.column_stack([indicator, *(-z[:, [k]] * indicator for k in range(z.shape[1]))])

    return Limits(rows(codes), rows(codes - 1), codes == n_thresholds, codes == 0, codes)


def start(model: Limits, n_slopes: int) -> Floats:
    """Give the fit without predictors: thresholds at the logits of the cumulative shares, slopes of nought."""
    shares = np.bincount(model.codes) / len(model.codes)
    return np.append(logit(np.cumsum(shares)[:-1]), np.zeros(n_slopes))


def maximise(model: Limits, start: Floats, held: int | None = None) -> tuple[Floats, float] | None:
    """Climb by Newton's method with halved steps.

    Parameters
    ----------
    model : Limits
    start : numpy.ndarray of float, shape (n_coefficients,)
    held : int, optional
        A coefficient that stays.

    Returns
    -------
    tuple of (numpy.ndarray of float, shape (n_coefficients,), float), or None
        Coefficients and log-likelihood; None where the climb does not settle.
    """
    free = np.delete(np.arange(len(start)), [] if held is None else held)
    gamma, likelihood = start, model.log_likelihood(start)
    for _ in range(_STEPS):
        # Where limits cross, at the start or after a step, no direction leads back.
        if likelihood == -np.inf:
            break
        gradient, information = model.derivatives(gamma)
        if np.abs(gradient[free]).max(initial=0.0) < _FLATTEST:
            return gamma, likelihood
        step = np.zeros_like(gamma)
        sizes, axes = np.linalg.eigh(information[np.ix_(free, free)])
        step[free] = axes @ (axes.T @ gradient[free] / np.maximum(sizes, _LEAST))
        step /= max(1.0, model.farthest(step) / (_LONGEST_STEP + model.farthest(gamma)))
        for _ in range(_HALVINGS):
            if model.log_likelihood(gamma + step) >= likelihood - _ROUNDING * max(1.0, abs(likelihood)):
                break
            step /= 2
        gamma, likelihood = gamma + step, model.log_likelihood(gamma + step)
    return None


def profile(model: Limits, gamma: Floats, held: int, value: float) -> float:
    """Give the most that the log-likelihood reaches with one slope held at a value.

    Parameters
    ----------
    model : Limits
    gamma : numpy.ndarray of float, shape (n_coefficients,)
        The maximum.
    held : int
    value : float

    Returns
    -------
    float
        NaN where the climb does not settle.
    """
    # The climb begins at the best of three: as at the maximum, all as much steeper, all but the slope flat.
    steeper = max(value / gamma[held], 0.0) if gamma[held] else 1.0
    flat = start(model, len(gamma) - model.n_thresholds)
    begins = np.array([gamma, gamma * steeper, flat])
    begins[:, held] = value
    found = maximise(model, max(begins, key=model.log_likelihood), held)
    return np.nan if found is None else found[1]


def profile_ends(model: Limits, found: tuple[Floats, float], held: int, drop: float, stride: float) -> Iterator[float]:
    """Find where twice the log-likelihood, maximised over the rest, has fallen by a drop.

    Parameters
    ----------
    model : Limits
    found : tuple of (numpy.ndarray of float, float)
        The maximum, from ``maximise``.
    held : int
        The slope.
    drop, stride : float
        The fall, and how far the search strides at first.

    Yields
    ------
    float
        The lower end, then the upper; NaN where a fit on the way does not settle.
    """
    gamma, top = found

    def excess(value: float) -> float:
        return 2 * (top - profile(model, gamma, held, value)) - drop

    for side in (-1.0, 1.0):
        reach = side * stride
        while excess(gamma[held] + reach) < 0:
            reach *= 2
        try:
            yield float(brentq(excess, gamma[held], gamma[held] + reach, xtol=1e-12))
        except ValueError:
            # A fit on the way did not settle, or at the end.
            yield np.nan
