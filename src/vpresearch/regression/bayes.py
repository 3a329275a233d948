"""Bayesian logistic regression with a random intercept for every patient, integrated without drawing at random."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import logit

from vpresearch.regression.design import Design, Floats
from vpresearch.regression.firth import IMPOSSIBLE
from vpresearch.regression.mixed import ascent
from vpresearch.regression.posterior import Margin, explore
from vpresearch.regression.quadrature import Grouped, double_exponential, grouped, log_integrals
from vpresearch.regression.result import Estimate
from vpresearch.regression.scale import original_scale
from vpresearch.regression.separation import gate, standardised
from vpresearch.sharing import once

_RULE, _SETTLED = double_exponential(0.25), 0.02
# Steps of the lattice, in the least room that each axis gives the posterior.
_SPACING, _BLOCK = np.array([0.6, 0.6, 0.42]), 50_000
_WIDEST, _SCANNED = 6.0, 400
# Zeger SL, Liang KY, Albert PS. Biometrics 1988;44:1049-60.
_STRETCH = (16 * np.sqrt(3) / (15 * np.pi)) ** 2


@dataclass(frozen=True)
class Priors:
    """Standard deviations of independent normal priors with mean zero, in log odds.

    A slope of 2.5 moves the log odds by 5 from a predictor one standard deviation below its mean to one above, and
    so a risk from 0.01 to 0.5, or from 0.5 to 0.99; more is seldom seen. The prior of the spread between patients is
    half-normal: a half-t without its long tail, of which a few patients would say little. Of it 95% lies below 4.9, and
    an intraclass correlation of nearly any size remains possible.

    Attributes
    ----------
    intercept : float
        Of the log odds where every predictor is at its mean.
    slope : float
        Of the log odds a standard deviation of the predictor.
    sd_patient : float
        Of the normal curve whose right half is the prior of the standard deviation between patients.

    References
    ----------
    Gelman A, Jakulin A, Pittau MG, Su YS. Ann Appl Stat 2008;2:1360-83. Gelman A. Bayesian Anal 2006;1:515-34.
    """

    intercept: float = 2.5
    slope: float = 2.5
    sd_patient: float = 2.5


PRIORS = Priors()
ALTERNATIVES: tuple[tuple[str, Priors], ...] = (
    ("narrow", Priors(1.0, 1.0, 1.0)),
    ("wide", Priors(5.0, 5.0, 5.0)),
    ("little clustering", Priors(sd_patient=0.5)),
)


def fit(design: Design, alpha: float = 0.05, priors: Priors = PRIORS) -> tuple[Estimate, ...]:
    """Give the posterior of a logistic regression on one predictor with a normal random intercept for every patient.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1, and one predictor.
    alpha : float
        One minus the probability of the intervals.
    priors : Priors

    Returns
    -------
    tuple of Estimate
        Means, standard deviations and equal-tailed intervals of the posterior, without p, of the terms, conditional
        on the patient, and of ``sd_patient``, the standard deviation of the intercepts. On separated data the prior
        alone keeps the numbers finite, and of one vertebra a patient the prior alone tells how the intercepts spread;
        the numbers stand beside the reason that says so.

    Examples
    --------
    >>> x = np.column_stack([np.ones(8), [1.0, 2.0, 3.0, 5.0, 2.0, 3.0, 4.0, 7.0]])
    >>> y, patient = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0]), np.arange(8) // 2
    >>> *_, fill, sd = fit(Design("leak", y, x, ("intercept", "fill"), ("", ""), patient))
    >>> round(fill.estimate, 3), round(fill.ci_low, 3), round(fill.ci_high, 3), round(sd.estimate, 3)
    (0.297, -1.16, 1.835, 2.87)
    """
    return once(_fit, design, alpha, priors)


def _fit(design: Design, alpha: float, priors: Priors) -> tuple[Estimate, ...]:
    reason, margins = posterior(design, priors)
    if not margins:
        return tuple(replace(empty, reason=reason) for empty in _rows(design))
    return tuple(
        replace(
            empty,
            estimate=margin.moments()[0],
            se=margin.moments()[1],
            ci_low=margin.quantile(alpha / 2),
            ci_high=margin.quantile(1 - alpha / 2),
            ci_kind="equal-tailed credible, conditional on the patient",
            converged=True,
            reason=reason,
        )
        for empty, margin in zip(_rows(design), margins.values(), strict=True)
    )


def probability_of_rise(design: Design, priors: Priors = PRIORS) -> float:
    """Give the posterior probability that the odds rise with the predictor.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1, and one predictor.
    priors : Priors

    Returns
    -------
    float
        NaN where there is no posterior.

    Examples
    --------
    >>> x = np.column_stack([np.ones(8), [1.0, 2.0, 3.0, 5.0, 2.0, 3.0, 4.0, 7.0]])
    >>> y, patient = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0]), np.arange(8) // 2
    >>> round(probability_of_rise(Design("leak", y, x, ("intercept", "fill"), ("", ""), patient)), 3)
    0.66
    """
    margins = posterior(design, priors)[1]
    return 1 - margins[design.terms[1]].below(0.0) if margins else math.nan


def posterior(design: Design, priors: Priors = PRIORS, finer: float = 1.0) -> tuple[str, Mapping[str, Margin]]:
    """Integrate the posterior over a lattice in the coefficients and the standard deviation of the intercepts.

    Parameters
    ----------
    design : Design
    priors : Priors
    finer : float
        Factor by which the steps of the lattice are shorter than the usual ones.

    Returns
    -------
    reason : str
        One of ``REASONS`` where there is no posterior, or where only the prior keeps it finite; or empty.
    margins : mapping of str to Margin
        By term, ``sd_patient`` last; empty where there is no posterior.

    References
    ----------
    Trefethen LN, Weideman JAC. SIAM Rev 2014;56:385-458.
    """
    few = "too_few_clusters" if design.n_clusters < 2 else ""
    reason = "too_large" if len(design.terms) != 2 else gate(design) or few
    # One vertebra a patient says nothing of the intercepts: their spread is that of its prior.
    reason = reason or ("one_row_a_cluster" if design.n_clusters == design.n else "")
    if reason in ("too_large", "too_few_clusters", *IMPOSSIBLE):
        return reason, {}
    rows = grouped(standardised(design.x), design.y, design.cluster)
    top, room = _middle(rows, priors)
    steps = room * _SPACING / finer
    places, mass = explore(lambda at: _log_posterior(rows, at, priors), top, steps)
    if not len(mass):
        return "not_converged", {}
    back, stretch = original_scale(design.x), _stretch(places[:, 2])
    intercept, slope = back @ (places[:, :2] * stretch[:, None]).T
    sd, which = np.unique(places[:, 2], return_inverse=True)
    of_sd = np.bincount(which, mass).astype(float)
    return reason, {
        design.terms[0]: Margin(intercept, mass, steps[0] * stretch),
        design.terms[1]: Margin(slope, mass, steps[1] * stretch * back[1, 1]),
        "sd_patient": Margin(sd, of_sd, np.full(len(sd), steps[2]), folded=True),
    }


def _stretch(sd: Floats) -> Floats:
    """Give how much farther from 0 the log odds of one patient are than those over all patients.

    On a lattice in the latter and the deviation, the posterior hardly leans.
    """
    stretch: Floats = np.sqrt(1 + _STRETCH * sd**2)
    return stretch


def _sds(priors: Priors) -> Floats:
    return np.array([priors.intercept, priors.slope, priors.sd_patient])


def _middle(rows: Grouped, priors: Priors) -> tuple[Floats, Floats]:
    """Find a place near the top of the posterior, and how much room each axis of the lattice gives it there."""
    sds = _sds(priors)

    def descent(at: Floats) -> tuple[float, Floats]:
        height, gradient = ascent(rows, _RULE, at)
        return ((at / sds) ** 2).sum() / 2 - height, at / sds**2 - gradient

    top = minimize(descent, [logit(rows.y.mean()), 0.0, 1.0], jac=True, method="BFGS").x
    over_all = top[:2] / _stretch(top[2])
    sd = _WIDEST * priors.sd_patient * np.linspace(0, 1, _SCANNED) ** 2
    height = _log_posterior(rows, np.column_stack([np.tile(over_all, (len(sd), 1)), sd]), priors)
    share = np.exp(height - height.max()) * np.gradient(sd)
    mean = share @ sd / share.sum()
    room = np.sqrt(share @ (sd - mean) ** 2 / share.sum())
    # Log odds of nought are known the best: a row tells a quarter of them.
    coefficients = 1 / np.sqrt(len(rows.y) / 4 + 1 / sds[:2] ** 2)
    return np.append(over_all, sd[height.argmax()]), np.append(coefficients, room)


def _log_posterior(rows: Grouped, at: Floats, priors: Priors) -> Floats:
    """Give the log posterior, but for a constant, at places of shape (n_places, 3), block by block to spare memory."""
    stretch = _stretch(at[:, 2:])
    numbers = np.column_stack([at[:, :2] * stretch, at[:, 2]])
    parts = 1 + len(at) * len(rows.y) * len(_RULE[0]) // _BLOCK
    # No more blocks than points: of very many rows one point is a block already.
    blocks = np.array_split(numbers, min(parts, len(numbers)))
    sums = [log_integrals(rows, block[:, :2] @ rows.x.T, block[:, 2:], _RULE, _SETTLED).sum(axis=1) for block in blocks]
    prior = ((numbers / _sds(priors)) ** 2).sum(axis=1) / 2
    heights: Floats = np.concatenate(sums) - prior + 2 * np.log(stretch[:, 0])
    return heights


def _rows(design: Design) -> tuple[Estimate, ...]:
    """Give the rows of the result, still without a number."""
    terms = design.failed("bayes", "")
    return *terms, replace(terms[0], term="sd_patient")
