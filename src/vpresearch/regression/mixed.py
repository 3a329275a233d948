"""The likelihood of a random intercept: integrals over every patient's intercept by adaptive quadrature."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit
from scipy.stats import chi2, norm

from vpresearch.regression.design import Design, Estimate, Floats, Ints
from vpresearch.regression.logistic import gate, maximise, original_scale, standardised

# Where the nodes lie, in widths of the integrand about its mode, and what each counts.
Rule = tuple[Floats, Floats]

_SETTLED, _STEPS = 1e-12, 200
_NODES_REACH, _CAP, _PART = 5.0, 700.0, 1_500


@dataclass(frozen=True)
class Grouped:
    """Rows patient by patient."""

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
    """Sort rows by patient."""
    order = np.argsort(cluster, kind="stable")
    own = cluster[order]
    return Grouped(x[order], y[order], own, np.searchsorted(own, np.arange(own[-1] + 1)))


def gauss_hermite(points: int) -> Rule:
    """Return the rule that is exact for a normal curve times a polynomial of degree up to ``2 * points - 1``.

    Liu Q, Pierce DA. Biometrika 1994;81:624-9.
    """
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    return np.sqrt(2) * nodes, weights * np.exp(nodes**2) / np.sqrt(np.pi)


def double_exponential(spacing: float) -> Rule:
    """Return the trapezoidal rule after a substitution by the hyperbolic sine.

    It holds where Gauss and Hermite's fails: intercepts that differ so much that the integrand is a normal curve cut
    off by a step.

    Takahasi H, Mori M. Publ RIMS Kyoto Univ 1974;9:721-41.
    """
    steps = round(_NODES_REACH / spacing)
    along = spacing * np.arange(-steps, steps + 1)
    return np.sinh(along), spacing * np.cosh(along) / np.sqrt(2 * np.pi)


def modes(rows: Grouped, logit: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Find where each patient's integrand is highest, and how wide it is there.

    The unit is the standard deviation of the intercepts. Newton's method between limits that close in: the log
    integrand is concave.
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
    """Integrate the random intercept out of every patient's likelihood."""
    mode, width = modes(rows, logit, sd)
    height = log_integrands(rows, logit, sd, mode[..., None] + width[..., None] * rule[0])
    top = height.max(axis=-1)
    integrals: Floats = np.log(np.exp(height - top[..., None]) @ rule[1] * width) + top
    return integrals


def log_integrands(rows: Grouped, logit: Floats, sd: Floats, at: Floats) -> Floats:
    """Return each patient's likelihood times the normal density, in logarithms but for the density's constant."""
    away = 1 - 2 * rows.y
    odds = at[..., rows.own, :] * (sd * away)[..., None]
    odds += (logit * away)[..., None]
    # Beyond this cap the exponential would overflow. In place, for arrays of this size cost more to make than to fill.
    np.minimum(odds, _CAP, out=odds)
    unlikeliness = np.log1p(np.exp(odds, out=odds), out=odds)
    heights: Floats = -np.add.reduceat(unlikeliness, rows.starts, axis=-2) - at**2 / 2
    return heights


# In standard deviations of the intercepts, how far the nodes reach; in widths of the narrowest integrand, their steps.
_MANY_REACH, _MANY_STEP = 7.0, 0.9
# Numbers of one block, which stay in the processor's cache; an exponential that is not infinite.
_BLOCK, _MANY_CAP = 40_000, 700.0


def log_likelihoods(rows: Grouped, at: Floats) -> Floats:
    """Integrate the random intercepts out of the likelihood by the trapezoidal rule.

    Its nodes are the same for every patient and every place of one deviation, so that no mode is looked for; chances
    are multiplied, so that only their integrals are taken to logarithms. The error falls exponentially with the steps
    of the nodes, and stays below 1e-4 a patient whose outcomes are likelier than 1e-9.

    Trefethen LN, Weideman JAC. SIAM Rev 2014;56:385-458.
    """
    heights = np.empty(len(at))
    for sd in np.unique(at[:, -1]):
        nodes, weights = _rule(float(sd), len(rows.layers))
        places = np.flatnonzero(at[:, -1] == sd)
        size = max(1, _BLOCK // (len(rows.starts) * len(nodes)))
        for start in range(0, len(places), size):
            block = places[start : start + size]
            heights[block] = _block(rows, at[block, :-1], sd * nodes, weights)
    return heights


def _rule(sd: float, most_rows: int) -> tuple[Floats, Floats]:
    """Return nodes, in standard deviations of the intercepts, and their weights; shapes (n_nodes,)."""
    # Each row of a patient bends the log integrand by a quarter of the variance at most.
    step = _MANY_STEP / np.sqrt(1 + most_rows * sd**2 / 4)
    ends = np.ceil(_MANY_REACH / step)
    nodes = step * np.arange(-ends, ends + 1)
    return nodes, step * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)


def _block(rows: Grouped, coefficients: Floats, intercepts: Floats, weights: Floats) -> Floats:
    away = (1 - 2 * rows.y)[:, None]
    by_layer = _odds(away * (rows.x @ coefficients.T), away * intercepts, rows.layers)
    with np.errstate(over="ignore", divide="ignore"):
        # One over the chance of each patient's outcomes, row after row of all patients that have as many.
        rarity = 1 + next(by_layer)
        for layer in by_layer:
            rarity[: len(layer)] *= 1 + layer
        likelihoods: Floats = np.log((1 / rarity) @ weights).sum(axis=0)
    return likelihoods


def _odds(logit: Floats, moved: Floats, layers: Sequence[Ints]) -> Iterator[Floats]:
    """Give the odds of each layer's rows at every place and node; shapes (n_rows, n_places, n_nodes)."""
    if max(np.abs(logit).max(), np.abs(moved).max()) > _MANY_CAP / 2:
        yield from (np.exp(np.minimum(logit[layer, :, None] + moved[layer, None, :], _MANY_CAP)) for layer in layers)
        return
    # The exponential of each sum would take most of the time.
    fixed, drawn = np.exp(logit), np.exp(moved)
    yield from (fixed[layer, :, None] * drawn[layer, None, :] for layer in layers)


# Of the coefficients of the standardised columns and then the deviation: the log likelihood and its gradient.
Ascent = Callable[[Floats], tuple[float, Floats]]

_STEP, _POLISHING, _FLAT, _LEVEL = 1e-4, 3, 1e-7, 1e-9
_QUADRATURE_ERROR, _FINE = 0.01, 0.1
# Least information about any direction of the log odds, a standard deviation of the predictor: an error of ten.
_LEAST_INFORMATION = 1e-2
# How level a held likelihood is at its maximum, and how often a limit is looked for farther out.
_HELD, _DOUBLINGS = 1e-6, 8


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
    >>> import vpresearch as vp
    >>> design = vp.leak_design(vp.load(vp.RECONSTRUCTION).rows)
    >>> *_, slope, spread = vp.fit_mixed(design)
    >>> round(slope.estimate, 3), spread.term, spread.reason
    (0.075, 'sd_patient', 'no_spread_between')
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
        if np.linalg.eigvalsh(np.linalg.inv(flat.covariance))[0] < _LEAST_INFORMATION:
            return _failed(design, "flat_likelihood")
        return _estimates(design, flat.coefficients, flat.covariance, (0.0, math.nan), alpha)
    if bend is None or _error(rows, best, rule) > _QUADRATURE_ERROR:
        return _failed(design, "not_converged")
    if np.linalg.eigvalsh(bend)[0] < _LEAST_INFORMATION:
        return _failed(design, "flat_likelihood")
    covariance = np.asarray(np.linalg.inv(bend), float)
    deviation = float(best[-1]), math.sqrt(covariance[-1, -1])
    return _estimates(design, best[:-1], covariance[:-1, :-1], deviation, alpha)


def fit_profiled(design: Design, alpha: float = 0.05, points: int = 25) -> tuple[Estimate, ...]:
    """Fit the same model, with profile intervals and likelihood-ratio tests of the predictors for Wald's."""
    found = fit(design, alpha, points)
    terms = [replace(each, model="mixed_profile") for each in found]
    if not found[0].converged:
        return tuple(terms)
    x = standardised(design.x)
    rise = partial(ascent, grouped(x, design.y, design.cluster), gauss_hermite(points))
    scale = original_scale(design.x)
    top = np.append(np.linalg.solve(scale, [each.estimate for each in found[:-1]]), found[-1].estimate)
    critical = float(chi2.ppf(1 - alpha, 1))
    for term in range(1, len(design.terms)):
        profile, se = partial(_fall, rise, top, term), terms[term].se / scale[term, term]
        low, high = (top[term] + side * _reach(profile, side, se, critical) for side in (-1, 1))
        terms[term] = replace(
            terms[term],
            ci_low=scale[term, term] * low,
            ci_high=scale[term, term] * high,
            ci_kind="profile likelihood, conditional on the patient",
            p_value=float(chi2.sf(profile(-top[term]), 1)),
            p_kind="likelihood ratio",
            reason="not_converged" if math.isnan(low + high) else terms[term].reason,
        )
    return tuple(terms)


def _fall(rise: Ascent, top: Floats, term: int, away: float) -> float:
    """Return twice the fall of the likelihood where a coefficient is held away from its maximum."""

    def descent(free: Floats) -> tuple[float, Floats]:
        height, gradient = rise(np.insert(free, term, top[term] + away))
        return -height, -np.delete(gradient, term)

    start = np.delete(top, term)
    # A deviation of exactly nought is a place that no gradient leaves.
    starts = [np.append(start[:-1], deviation) for deviation in ({float(start[-1]), 1.0})]
    lowest = min(minimize(descent, each, jac=True, method="BFGS", options={"gtol": _HELD}).fun for each in starts)
    return max(0.0, 2 * (rise(top)[0] + float(lowest)))


def _reach(fall: Callable[[float], float], side: int, se: float, critical: float) -> float:
    """Find how far away on one side the likelihood has fallen to the critical value; NaN where it does not."""
    inside, away = 0.0, se * math.sqrt(critical)
    for _ in range(_DOUBLINGS):
        if fall(side * away) > critical:
            return float(brentq(lambda at: math.sqrt(fall(side * at)) - math.sqrt(critical), inside, away, rtol=1e-8))
        inside, away = away, 1.5 * away
    return math.nan


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
    """Differentiate a gradient by central differences, and turn the sign."""
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
    """Return the log likelihood and its gradient.

    It is the gradient of the quadrature, whose nodes move with the parameters, not that of the integral.
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
    """Return how modes and widths move with the parameters, each of shape (n_clusters, n_terms + 1)."""
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
