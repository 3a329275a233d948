"""The unpenalised logistic regression on any number of predictors, of many datasets at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit

from vpresearch.regression.design import Design, Estimate, Floats
from vpresearch.regression.profile import Likelihood, Maximum, Point, climb, profiled
from vpresearch.regression.separation import gate

# Log odds beyond which a row's weight is taken for no smaller, so that no information vanishes.
_FAR = 30.0
_STEPS, _SETTLED = 25, 1e-6


def maximise_each(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Maximise logistic likelihoods by Newton's method from nought."""
    coefficients, heights = np.full(x.shape[::2], np.nan), np.full(len(x), np.nan)
    able = np.linalg.matrix_rank(x) == x.shape[2]
    basis, triangle = np.linalg.qr(x[able])
    # Towards each row's own outcome, and the log odds of it.
    signed = basis * (2 * y[able] - 1)[..., None]
    beta = np.zeros(basis.shape[::2])
    for _ in range(_STEPS):
        miss = expit(-np.clip(_along(signed, beta), -_FAR, _FAR))
        turned = np.swapaxes(signed, 1, 2)
        information = (turned * (miss * (1 - miss))[:, None, :]) @ signed
        step = np.linalg.solve(information, turned @ miss[..., None])[..., 0]
        beta += step
        settled = np.abs(step).max(axis=1, initial=0) <= _SETTLED
        if settled.all():
            break
    found = np.flatnonzero(able)[settled]
    coefficients[found] = np.linalg.solve(triangle, beta[..., None])[settled, :, 0]
    heights[found] = log_expit(_along(signed, beta))[settled].sum(axis=1)
    return coefficients, heights


def _along(x: Floats, beta: Floats) -> Floats:
    odds: Floats = (x @ beta[..., None])[..., 0]
    return odds


def fit(design: Design, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit a logistic regression by maximum likelihood, vertebrae taken as independent.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1.
    alpha : float
        One minus the coverage of the intervals.

    Returns
    -------
    tuple of Estimate
        Standard errors from the information, intervals by profile likelihood, p by likelihood ratio. Wherever the
        maximum exists the likelihood falls without bound in every direction, so that both limits are finite.

    References
    ----------
    Venzon DJ, Moolgavkar SH. Appl Stat 1988;37:87-94.

    Examples
    --------
    >>> import vpresearch as vp
    >>> design = vp.leak_design(vp.load(vp.RECONSTRUCTION).rows)
    >>> _, slope = vp.fit_logistic(design)
    >>> round(slope.estimate, 4), round(slope.ci_low, 4), round(slope.ci_high, 4)
    (0.0648, -0.0708, 0.2097)
    >>> round(slope.p_value, 4)
    0.3436
    """
    reason = gate(design)
    if reason:
        return design.failed("ml", reason)
    peak = likelihood(design.y), maximise(design.x, design.y)
    return profiled(design, "ml", peak, alpha, ("profile likelihood", "likelihood ratio"))


def maximise(x: Floats, y: Floats, offset: ArrayLike = 0.0) -> Maximum:
    """Maximise the likelihood of a logistic regression; on separated rows it does not converge."""
    return climb(likelihood(y), x, np.broadcast_to(np.asarray(offset, float), len(y)))


def likelihood(y: Floats) -> Likelihood:
    """Return the Bernoulli likelihood of an outcome of 0 and 1."""
    sign = 2 * y - 1

    def at(logit: Floats) -> Point:
        # The chance of the other outcome, not one minus that of this one: it must not vanish while the climb goes on.
        miss = expit(-sign * logit)
        weight = miss * expit(sign * logit)
        return Point(float(log_expit(sign * logit).sum()), sign * miss, weight, weight, np.empty((len(y), 0)))

    return at
