"""Logistic regression by maximum likelihood, and the gate that refuses separated data."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import OptimizeResult, linprog
from scipy.special import expit, log_expit

from vpresearch.core.errors import failure
from vpresearch.regression.design import Design, Estimate, Floats
from vpresearch.regression.profile import Likelihood, Maximum, Point, climb, profiled


def original_scale(x: Floats) -> Floats:
    """Give the linear map from coefficients of the standardised columns to those of the columns themselves."""
    centre, spread = x[:, 1:].mean(axis=0), x[:, 1:].std(axis=0)
    back = np.diag(np.append(1.0, 1 / spread))
    back[0, 1:] = -centre / spread
    return back


_TOLERANCE = 1e-7
# Steps to look for a proof in, and a weight that is no rounding error.
_LOOKS, _WEIGHT = 8, 1e-6


def gate(design: Design) -> str:
    """Tell why a logistic model has no finite maximum of its likelihood.

    Albert A, Anderson JA. Biometrika 1984;71:1-10. Konis K. Linear programming algorithms for detecting separated
    data in binary logistic regression models. DPhil thesis, Oxford, 2007.
    """
    if design.events in (0, design.n):
        return "one_outcome"
    x = standardised(design.x)
    return dependent(x) or separated(np.where(design.y > 0, 1.0, -1.0)[:, None] * x)


def dependent(x: Floats) -> str:
    """Tell why the columns of a design do not tell their coefficients apart."""
    if not x[:, 1:].any(axis=0).all():
        return "constant"
    return "collinear" if np.linalg.matrix_rank(x) < x.shape[1] else ""


def separated(signed: Floats) -> str:
    """Look for a direction in which no row of a matrix is negative and one is positive."""
    if _overlaps(signed):
        return ""
    n, n_terms = signed.shape
    # The most that the smallest row can be: positive only where some direction separates completely.
    margin = linprog(
        np.append(np.zeros(n_terms), -1.0),
        A_ub=np.column_stack([-signed, np.ones(n)]),
        b_ub=np.zeros(n),
        bounds=[(-1, 1)] * n_terms + [(0, 1)],
        method="highs",
    )
    if _reached(margin) > _TOLERANCE:
        return "complete_separation"
    total = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(n), bounds=[(-1, 1)] * n_terms, method="highs")
    return "quasi_complete_separation" if _reached(total) > _TOLERANCE * n else ""


def _overlaps(signed: Floats) -> bool:
    """Look for positive weights with which the rows add up to nothing: a proof that no direction separates them.

    At the maximum of the likelihood the chances of the other outcome are such weights; on the way there, what is left
    of them beside the columns often is. Without any, nothing is proved.
    """
    gram, coefficients = signed.T @ signed, np.zeros(signed.shape[1])
    for _ in range(_LOOKS):
        miss = expit(-signed @ coefficients)
        score = signed.T @ miss
        weights = miss - signed @ np.linalg.solve(gram, score)
        if weights.min() > _WEIGHT and np.abs(signed.T @ weights).max() < _WEIGHT * _TOLERANCE * len(signed):
            return True
        information = signed.T @ ((miss * (1 - miss))[:, None] * signed)
        try:
            coefficients = coefficients + np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            return False
    return False


def _reached(solution: OptimizeResult) -> float:
    """Give what a programme reaches; nought is always a solution."""
    if solution.fun is None:
        raise failure("no_solution", said=solution.message)
    return -float(solution.fun)


def standardised(x: Floats) -> Floats:
    """Centre and scale every column but the first, so that solvers meet numbers of one size."""
    spread = x[:, 1:].std(axis=0)
    # A column of equal numbers has a spread of rounding noise.
    real = spread > 1e-12 * np.abs(x[:, 1:]).max(axis=0, initial=1e-300)
    scaled = np.where(real, (x[:, 1:] - x[:, 1:].mean(axis=0)) / np.where(real, spread, 1.0), 0.0)
    return np.column_stack([x[:, :1], scaled])


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
    beta, settled = np.zeros(basis.shape[::2]), np.zeros(len(basis), bool)
    for _ in range(_STEPS):
        miss = expit(-np.clip(_along(signed, beta), -_FAR, _FAR))
        turned = np.swapaxes(signed, 1, 2)
        information = (turned * (miss * (1 - miss))[:, None, :]) @ signed
        step = np.linalg.solve(information, turned @ miss[..., None])[..., 0]
        # Who has settled stays, so that no digit depends on whom a fit shares its block with.
        beta = np.where(settled[:, None], beta, beta + step)
        settled |= np.abs(step).max(axis=1, initial=0) <= _SETTLED
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
    (0.0752, -0.0636, 0.2217)
    >>> round(slope.p_value, 4)
    0.2864
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
