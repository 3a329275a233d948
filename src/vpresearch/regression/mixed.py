"""Logistic regression with a random intercept for every patient."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from vpresearch.regression.design import Design, Floats
from vpresearch.regression.logistic import maximise
from vpresearch.regression.quadrature import (
    Grouped,
    Rule,
    double_exponential,
    gauss_hermite,
    grouped,
    log_integrals,
    log_integrands,
    modes,
)
from vpresearch.regression.result import Estimate
from vpresearch.regression.scale import original_scale
from vpresearch.regression.separation import gate, standardised

# Of the coefficients of the standardised columns and then the deviation: the log likelihood and its gradient.
Ascent = Callable[[Floats], tuple[float, Floats]]

_STEP, _POLISHING, _FLAT, _LEVEL = 1e-4, 3, 1e-7, 1e-9
_QUADRATURE_ERROR, _FINE = 0.01, 0.1
# Least information about any direction of the log odds, a standard deviation of the predictor: an error of ten.
_LEAST_INFORMATION = 1e-2


def fit(design: Design, alpha: float = 0.05, points: int = 25) -> tuple[Estimate, ...]:
    """Fit a logistic regression with a normal random intercept for every patient, by maximum likelihood.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1.
    alpha : float
        One minus the coverage of the intervals.
    points : int
        Of the adaptive Gauss-Hermite quadrature.

    Returns
    -------
    tuple of Estimate
        The terms, conditional on the patient (odds of one patient, not over all), with standard errors from the
        observed information; then ``sd_patient``, the standard deviation of the intercepts, with neither interval nor
        p. Where the likelihood is highest at a deviation of 0, the terms are those of maximum likelihood, and the
        deviation has no standard error, and says why. A maximum that the information there hardly tells from endless
        odds is ``flat_likelihood``, whatever the climb says of itself. ``not_converged`` is also a maximum at which the
        quadrature is off, as where the deviation grows without end.

    References
    ----------
    Pinheiro JC, Bates DM. J Comput Graph Stat 1995;4:12-35. Bates D, Maechler M, Bolker B, Walker S. J Stat Softw
    2015;67(1).

    Examples
    --------
    >>> x = np.column_stack([np.ones(8), [1.0, 2.0, 3.0, 5.0, 2.0, 3.0, 4.0, 7.0]])
    >>> y, patient = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0]), np.arange(8) // 2
    >>> *_, fill, sd = fit(Design("leak", y, x, ("intercept", "fill"), ("", ""), patient))
    >>> round(fill.estimate, 3), sd.term, round(sd.estimate, 3)
    (0.44, 'sd_patient', 2.931)
    """
    # Without two vertebrae of one patient, nothing tells patients from vertebrae.
    few = "too_few_clusters" if design.n_clusters <= len(design.terms) else ""
    reason = gate(design) or few or ("one_row_a_cluster" if design.n_clusters == design.n else "")
    if reason:
        return _failed(design, reason)
    rows = grouped(standardised(design.x), design.y, design.cluster)
    rule, flat = gauss_hermite(points), maximise(rows.x, rows.y)
    if not flat.converged:
        return _failed(design, "not_converged")
    rise = partial(ascent, rows, rule)
    best, height, bend = _climb(rise, np.append(flat.coefficients, 1.0))
    if height < flat.loglik + _LEVEL and information(rise, np.append(flat.coefficients, 0.0))[-1, -1] >= 0:
        return _estimates(design, flat.coefficients, flat.covariance, (0.0, math.nan), alpha)
    if bend is None or _error(rows, best, rule) > _QUADRATURE_ERROR:
        return _failed(design, "not_converged")
    if np.linalg.eigvalsh(bend)[0] < _LEAST_INFORMATION:
        return _failed(design, "flat_likelihood")
    covariance = np.asarray(np.linalg.inv(bend), float)
    deviation = float(best[-1]), math.sqrt(covariance[-1, -1])
    return _estimates(design, best[:-1], covariance[:-1, :-1], deviation, alpha)


def _climb(ascent: Ascent, start: Floats) -> tuple[Floats, float, Floats | None]:
    """Climb by BFGS, settle by Newton's method; give no information where that does not end at a maximum."""

    def descent(at: Floats) -> tuple[float, Floats]:
        height, gradient = ascent(at)
        return -height, -gradient

    found = minimize(descent, start, jac=True, method="BFGS")
    # The likelihood is the same on either side of a deviation of 0.
    best = np.append(found.x[:-1], abs(found.x[-1]))
    for _ in range(_POLISHING):
        bend = information(ascent, best)
        if not np.linalg.eigvalsh(bend)[0] > 0:
            return best, ascent(best)[0], None
        best = best + np.linalg.solve(bend, ascent(best)[1])
    height, gradient = ascent(best)
    return best, height, bend if np.abs(gradient).max() < _FLAT else None


def information(ascent: Ascent, at: Floats) -> Floats:
    """Differentiate a gradient by central differences, and turn the sign.

    Parameters
    ----------
    ascent : callable
        From a place to the height and the gradient there.
    at : numpy.ndarray of float, shape (n_parameters,)

    Returns
    -------
    numpy.ndarray of float, shape (n_parameters, n_parameters)

    Examples
    --------
    >>> information(lambda at: (float(-at @ at), -2 * at), np.array([1.0, 3.0])).round(6).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    rows = np.array([ascent(at - step)[1] - ascent(at + step)[1] for step in _STEP * np.eye(len(at))])
    symmetric: Floats = (rows + rows.T) / (4 * _STEP)
    return symmetric


def _error(rows: Grouped, at: Floats, rule: Rule) -> float:
    """Measure how far a quadrature is from a finer one of another kind."""
    rules, total = (rule, double_exponential(_FINE)), 0.0
    for part in rows.parts:
        rough, fine = (log_integrals(part, part.x @ at[:-1], at[-1:], each) for each in rules)
        total += float(np.abs(rough - fine).sum())
    return total


def ascent(rows: Grouped, rule: Rule, at: Floats) -> tuple[float, Floats]:
    """Give the log likelihood and its gradient.

    It is the gradient of the quadrature, whose nodes move with the parameters, not that of the integral.

    Parameters
    ----------
    rows : Grouped
    rule : Rule
    at : numpy.ndarray of float, shape (n_terms + 1,)
        Coefficients, and the standard deviation of the intercepts.

    Returns
    -------
    height : float
    gradient : numpy.ndarray of float, shape (n_terms + 1,)
    """
    heights, gradients = zip(*(_ascent(part, rule, at) for part in rows.parts), strict=True)
    return sum(heights), np.sum(gradients, axis=0)


def _ascent(rows: Grouped, rule: Rule, at: Floats) -> tuple[float, Floats]:
    logit, sd = rows.x @ at[:-1], at[-1:]
    mode, width = modes(rows, logit, sd)
    mode_moves, width_moves = _moves(rows, logit, float(sd[0]), mode, width)
    nodes = mode[:, None] + width[:, None] * rule[0]
    height = log_integrands(rows, logit, sd, nodes)
    top = height.max(axis=1, keepdims=True)
    mass = np.exp(height - top) * rule[1]
    integral = mass.sum(axis=1, keepdims=True)
    share = mass / integral
    residual = rows.y[:, None] - expit(logit[:, None] + sd * nodes[rows.own])
    total = np.add.reduceat(residual, rows.starts, axis=0)
    fixed = ((share[rows.own] * residual).sum(axis=1) @ rows.x, (share * total * nodes).sum())
    slope = share * (sd * total - nodes)
    moved = slope.sum(axis=1) @ mode_moves + (slope @ rule[0] + 1 / width) @ width_moves
    return float((np.log(integral * width[:, None]) + top).sum()), np.append(*fixed) + moved


def _moves(rows: Grouped, logit: Floats, sd: float, mode: Floats, width: Floats) -> tuple[Floats, Floats]:
    """Give how modes and widths move with the parameters, each of shape (n_clusters, n_terms + 1)."""
    p = expit(logit + sd * mode[rows.own])
    weight = p * (1 - p)
    along = np.column_stack([rows.x, mode[rows.own]])
    moves = -sd * np.add.reduceat(weight[:, None] * along, rows.starts, axis=0)
    moves[:, -1] += rows.total(rows.y - p)
    moves *= width[:, None] ** 2
    third = (weight * (1 - 2 * p))[:, None] * (along + sd * moves[rows.own])
    bends = sd**2 * np.add.reduceat(third, rows.starts, axis=0)
    bends[:, -1] += 2 * sd * rows.total(weight)
    return moves, -0.5 * width[:, None] ** 3 * bends


def _estimates(
    design: Design, coefficients: Floats, covariance: Floats, deviation: tuple[float, float], alpha: float
) -> tuple[Estimate, ...]:
    back = original_scale(design.x)
    estimate, se = back @ coefficients, np.sqrt(np.diag(back @ covariance @ back.T))
    reach = norm.ppf(1 - alpha / 2) * se
    interval = estimate - reach, estimate + reach, "Wald, conditional on the patient"
    terms = design.fitted("mixed", estimate, se, interval, (2 * norm.sf(np.abs(estimate / se)), "Wald z"))
    reason = "" if deviation[0] else "no_spread_between"
    spread = replace(_spread(design), estimate=deviation[0], se=deviation[1], converged=True, reason=reason)
    return *terms, spread


def _failed(design: Design, reason: str) -> tuple[Estimate, ...]:
    return *design.failed("mixed", reason), replace(_spread(design), reason=reason)


def _spread(design: Design) -> Estimate:
    return replace(design.failed("mixed", "")[0], term="sd_patient")
