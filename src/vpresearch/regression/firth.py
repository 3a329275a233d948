"""Logistic regression by Firth's penalised likelihood: the model ``firth``, and FLIC for predicted risks."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from scipy.special import expit, log_expit

from vpresearch.regression.design import Design, Estimate, Floats, Ints
from vpresearch.regression.logistic import gate, likelihood, maximise
from vpresearch.regression.profile import Likelihood, Maximum, Point, climb, climb_from, profiled

# Why not even a penalty gives a number.
IMPOSSIBLE = ("one_outcome", "constant", "collinear")
# About how many rows a profile's steps lie, by which log odds of theirs, and how many of them are climbed.
ROWS, NEAR, CLIMBS, NEARLY = 12, (-6.0, -3.0, -1.5, -0.5, 0.5, 1.5, 3.0, 6.0), 3, 2.0
# Steps that further climbs start from: log odds a standard deviation of a predictor, where along it, and how far below
# the first maximum they may begin.
STEEPNESS, QUANTILES, FALL = (1.5, -1.5, 4.0, -4.0, 12.0, -12.0), (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0), 10.0


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
        of all coefficients. Of several maxima the highest is taken. Numbers of separated rows, which only the penalty
        keeps finite, stand beside the reason that says so.

    References
    ----------
    Firth D. Biometrika 1993;80:27-38. Heinze G, Schemper M. Stat Med 2002;21:2409-2419. Kosmidis I, Firth D.
    Biometrika 2021;108:71-82 (finiteness).

    Examples
    --------
    >>> import vpresearch as vp
    >>> design = vp.leak_design(vp.load(vp.RECONSTRUCTION).rows)
    >>> _, slope = vp.fit_firth(design)
    >>> round(slope.estimate, 4), round(slope.ci_low, 4), round(slope.ci_high, 4)
    (0.0706, -0.0617, 0.2102)
    >>> round(slope.p_value, 4)
    0.2933
    """
    reason = gate(design)
    if reason in IMPOSSIBLE:
        return design.failed("firth", reason)
    kinds = ("penalised profile likelihood", "penalised likelihood ratio")
    best, *others = maxima(design.x, design.y)
    rivals = partial(places, design.x, design.y, best), np.array([other.coefficients for other in others])
    return profiled(design, "firth", (penalised(design.x, design.y), best), alpha, kinds, reason, rivals)


def summit(x: Floats, y: Floats) -> Maximum:
    """Climb to the highest maximum of the penalised likelihood."""
    return maxima(x, y)[0]


def maxima(x: Floats, y: Floats) -> list[Maximum]:
    """Climb to the maxima of the penalised likelihood, of which there can be several, the highest first.

    Outlying predictors and separated rows can give it more than one. The climbs start from 0, from maximum likelihood,
    and from those steps of several heights along each predictor that are not far below.
    """
    whole = penalised(x, y)
    nearest, free = climb(whole, x, np.zeros(len(y))), maximise(x, y)
    starts = [free.coefficients] if free.converged else []
    least = nearest.loglik - FALL if nearest.converged else -math.inf
    for term in range(1, x.shape[1]):
        sd = x[:, term].std()
        for slope in STEEPNESS:
            steps = np.zeros((len(QUANTILES), x.shape[1]))
            steps[:, 0], steps[:, term] = -slope * np.quantile(x[:, term], QUANTILES) / sd, slope / sd
            heights = _heights(x, y, steps)
            starts += [steps[heights.argmax()]] if heights.max() > least else []
    found = [nearest, *(climb_from(whole, x, start) for start in starts)]
    # Of heights that rounding alone tells apart, the first.
    return sorted(found, key=lambda top: -round(top.loglik, 9) if top.converged else math.inf)


def _fewest_amiss(along: Floats, y: Floats) -> Ints:
    """Return the rows about which a step up along a predictor leaves fewest outcomes amiss."""
    order = np.argsort(along, kind="stable")
    ones = np.cumsum(y[order])
    # Outcomes of 1 up to a row, and of 0 beyond it.
    amiss = ones + (len(y) - y.sum()) - (np.arange(1, len(y) + 1) - ones)
    return order[np.argsort(amiss, kind="stable")[:ROWS]]


def places(x: Floats, y: Floats, top: Maximum, term: int, value: float, known: float) -> Floats:
    """Return log odds to climb from with a term held at a value: the highest maxima among steps about likely rows.

    The profile of a steep slope has a maximum on either side of a gap between rows. There are none where the only
    maximum is no higher than what is known.
    """
    slopes = np.where(np.arange(x.shape[1]) == term, value, top.coefficients)
    moved = 0 if term else 1
    if term == 0 and x.shape[1] != 2:
        return np.empty((0, len(y)))
    slopes[moved] = 0.0
    rest, unit = x @ slopes, x[:, moved]
    up = rest if term else top.coefficients[1] * unit
    order = np.argsort(unit, kind="stable")
    rows = np.append(_fewest_amiss(up, y), order[np.rint(np.array(QUANTILES) * (len(y) - 1)).astype(int)])
    rows = rows[unit[rows] != 0]
    size = ((np.array(NEAR)[:, None] - rest[rows]) / unit[rows]).ravel()
    steps = np.tile(slopes, (len(size), 1))
    steps[:, moved] = np.sort(size)
    heights = np.nan_to_num(_heights(x, y, steps), nan=-np.inf)
    padded = np.pad(heights, 1, constant_values=-np.inf)
    summits = np.flatnonzero((heights >= padded[:-2]) & (heights > padded[2:]))
    if len(summits) == 1 and heights[summits[0]] <= known:
        return np.empty((0, len(y)))
    likely = summits[np.argsort(-heights[summits], kind="stable")[:CLIMBS]]
    likely = likely[heights[likely] > known - NEARLY]
    return steps[likely] @ x.T


def _heights(x: Floats, y: Floats, coefficients: Floats) -> Floats:
    """Return the penalised likelihood at many places at once; shapes (n_places, n_terms) to (n_places,)."""
    logit = coefficients @ x.T
    weight = expit(logit) * expit(-logit)
    sign, size = np.linalg.slogdet((x.T * weight[:, None, :]) @ x)
    heights: Floats = log_expit((2 * y - 1) * logit).sum(axis=1) + np.where(sign > 0, size / 2, -np.inf)
    return heights


def flic(design: Design) -> Floats:
    """Return Firth's coefficients with the intercept refitted, so that the mean predicted risk is the observed one.

    Firth's own intercept draws predicted risks towards one half.

    Puhr R, Heinze G, Nold M, Lusa L, Geroldinger A. Stat Med 2017;36:2302-2317.
    """
    if gate(design) in IMPOSSIBLE:
        return np.full(len(design.terms), np.nan)
    shape = summit(design.x, design.y)
    level = maximise(design.x[:, :1], design.y, design.x[:, 1:] @ shape.coefficients[1:])
    coefficients = np.append(level.coefficients, shape.coefficients[1:])
    return coefficients if shape.converged and level.converged else np.full(len(design.terms), np.nan)


def penalised(x: Floats, y: Floats) -> Likelihood:
    """Return the Bernoulli likelihood of an outcome of 0 and 1 under Jeffreys' penalty."""
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
