"""Logistic regression by Firth's penalised likelihood: the model ``firth``, and FLIC for predicted risks."""

from __future__ import annotations

import math

import numpy as np

from vpresearch.regression.design import Design, Floats
from vpresearch.regression.logistic import likelihood, maximise
from vpresearch.regression.profile import Likelihood, Point, climb, profiled
from vpresearch.regression.result import Estimate
from vpresearch.regression.separation import gate

_IMPOSSIBLE = ("one_outcome", "collinear")


def fit(design: Design, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit a logistic regression by Firth's penalised likelihood, vertebrae taken as independent.

    The penalty is Jeffreys' prior, half the log determinant of the information, so that estimate and limits are finite
    on separated rows too. With one outcome only the penalty would speak of the slope: such rows are not fitted.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1.
    alpha : float
        One minus the coverage of the intervals.

    Returns
    -------
    tuple of Estimate
        Standard errors from the information augmented by the leverages, as in logistf and firthmodels (brglm2 takes
        the information of the unpenalised likelihood, which gives larger ones); intervals by penalised profile
        likelihood; p by penalised likelihood ratio, the coefficient held at 0 and the penalty still on the information
        of all coefficients. The maximum is the one that is reached from 0 and the profiles are followed from there.
        On separated rows there can be a second maximum farther out; where a profile climbs above the first one, its
        limit is NaN for the reason ``not_converged``.

    References
    ----------
    Firth D. Biometrika 1993;80:27-38. Heinze G, Schemper M. Stat Med 2002;21:2409-2419. Kosmidis I, Firth D.
    Biometrika 2021;108:71-82 (finiteness).

    Examples
    --------
    >>> x = np.column_stack([np.ones(6), np.arange(6.0)])
    >>> separated = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    >>> intercept, fill = fit(Design("leak", separated, x, ("intercept", "fill"), ("", ""), np.arange(6)))
    >>> round(fill.estimate, 4), round(fill.ci_low, 4), round(fill.ci_high, 4), round(fill.p_value, 4)
    (1.1289, 0.0017, 6.07, 0.0495)
    """
    reason = gate(design)
    if reason in _IMPOSSIBLE:
        return design.failed("firth", reason)
    kinds = ("penalised profile likelihood", "penalised likelihood ratio")
    return profiled(design, "firth", penalised(design.x, design.y), alpha, kinds)


def flic(design: Design) -> Floats:
    """Give Firth's coefficients with the intercept refitted, so that the mean predicted risk is the observed one.

    Firth's own intercept draws predicted risks towards one half.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1.

    Returns
    -------
    numpy.ndarray of float, shape (n_terms,)
        NaN where Firth's model cannot be fitted.

    References
    ----------
    Puhr R, Heinze G, Nold M, Lusa L, Geroldinger A. Stat Med 2017;36:2302-2317.

    Examples
    --------
    >>> x = np.column_stack([np.ones(6), np.arange(6.0)])
    >>> y = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0])
    >>> flic(Design("leak", y, x, ("intercept", "fill"), ("", ""), np.arange(6))).round(4).tolist()
    [-3.8669, 1.0747]
    """
    if gate(design) in _IMPOSSIBLE:
        return np.full(len(design.terms), np.nan)
    shape = climb(penalised(design.x, design.y), design.x, np.zeros(design.n))
    level = maximise(design.x[:, :1], design.y, design.x[:, 1:] @ shape.coefficients[1:])
    coefficients = np.append(level.coefficients, shape.coefficients[1:])
    return coefficients if shape.converged and level.converged else np.full(len(design.terms), np.nan)


def penalised(x: Floats, y: Floats) -> Likelihood:
    """Give the Bernoulli likelihood of an outcome of 0 and 1 under Jeffreys' penalty.

    Parameters
    ----------
    x : numpy.ndarray of float, shape (n, n_terms)
        Every column of the model, also those whose coefficients will be held.
    y : numpy.ndarray of float, shape (n,)

    Returns
    -------
    callable
        As ``likelihood`` gives it; its weights are those of the augmented information.
    """
    bernoulli = likelihood(y)
    basis, triangle = np.linalg.qr(x)
    scale = float(np.log(np.abs(np.diag(triangle))).sum())

    def at(logit: Floats) -> Point:
        free = bernoulli(logit)
        information = (basis.T * free.weight) @ basis
        try:
            factor = np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            # So far out that no row weighs anything.
            return free._replace(height=-math.inf)
        rows = basis @ np.linalg.inv(factor).T
        leverage = free.weight * (rows**2).sum(axis=1)
        # One minus twice the probability: by it the weights and the leverages change with the log odds.
        lean = 1 + 2 * (free.slope - y)
        pairs = (rows[:, :, None] * rows[:, None, :]).reshape(len(y), -1)
        return Point(
            free.height + scale + float(np.log(np.diag(factor)).sum()),
            free.slope + leverage * lean / 2,
            (1 + leverage) * free.weight,
            free.weight - leverage * (1 - 6 * free.weight) / 2,
            pairs * (free.weight * lean)[:, None] / np.sqrt(2),
        )

    return at
