"""What a fit begins with: columns on one scale, and whether the rows are separated."""

from __future__ import annotations

import numpy as np
from scipy.optimize import OptimizeResult, linprog
from scipy.special import expit

from vpresearch.core.errors import failure
from vpresearch.regression.design import Design, Floats


def original_scale(x: Floats) -> Floats:
    """Return the linear map from coefficients of the standardised columns to those of the columns themselves."""
    centre, spread = x[:, 1:].mean(axis=0), x[:, 1:].std(axis=0)
    back = np.diag(np.append(1.0, 1 / spread))
    back[0, 1:] = -centre / spread
    return back


_TOLERANCE = 1e-7
# Steps to look for a proof in, and a weight that is no rounding error.
_STEPS, _WEIGHT = 8, 1e-6


def gate(design: Design) -> str:
    """Return why a logistic model has no finite maximum of its likelihood.

    Albert A, Anderson JA. Biometrika 1984;71:1-10. Konis K. Linear programming algorithms for detecting separated
    data in binary logistic regression models. DPhil thesis, Oxford, 2007.
    """
    if design.events in (0, design.n):
        return "one_outcome"
    x = standardised(design.x)
    return dependent(x) or separated(np.where(design.y > 0, 1.0, -1.0)[:, None] * x)


def dependent(x: Floats) -> str:
    """Return why the columns of a design do not tell their coefficients apart."""
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
    for _ in range(_STEPS):
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
    """Return what a programme reaches; nought is always a solution."""
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
