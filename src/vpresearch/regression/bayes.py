"""Bayesian logistic regression with a random intercept for every patient, integrated without drawing at random."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from vpresearch.regression.design import Design, Floats
from vpresearch.regression.firth import IMPOSSIBLE
from vpresearch.regression.posterior import Margin, explore
from vpresearch.regression.posterior_heights import Posteriors, Priors, stretch
from vpresearch.regression.quadrature import grouped
from vpresearch.regression.result import Estimate
from vpresearch.regression.scale import original_scale
from vpresearch.regression.separation import gate, standardised
from vpresearch.sharing import once

# Steps of the lattice, in the least room that each axis gives the posterior.
_SPACING = np.array([0.6, 0.6, 0.42])
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
    return fit_each(design, (priors,), alpha)[0]


def fit_each(design: Design, priors: Sequence[Priors], alpha: float = 0.05) -> list[tuple[Estimate, ...]]:
    """Give the posterior under several priors, of very many rows in hardly more time than under one.

    Parameters
    ----------
    design, alpha
        As of ``fit``.
    priors : sequence of Priors

    Returns
    -------
    list of tuple of Estimate
        As of ``fit``, one for each.
    """
    return once(_fit_each, design, tuple(priors), alpha)


def _fit_each(design: Design, priors: Sequence[Priors], alpha: float) -> list[tuple[Estimate, ...]]:
    return [_estimates(design, alpha, *found) for found in _posteriors(design, priors)]


def _estimates(design: Design, alpha: float, reason: str, margins: Mapping[str, Margin]) -> tuple[Estimate, ...]:
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
    return next(_posteriors(design, [priors], finer))


def _posteriors(
    design: Design, priors: Sequence[Priors], finer: float = 1.0
) -> Iterator[tuple[str, Mapping[str, Margin]]]:
    few = "too_few_clusters" if design.n_clusters < 2 else ""
    reason = "too_large" if len(design.terms) != 2 else gate(design) or few
    # One vertebra a patient says nothing of the intercepts: their spread is that of its prior.
    reason = reason or ("one_row_a_cluster" if design.n_clusters == design.n else "")
    if reason in ("too_large", "too_few_clusters", *IMPOSSIBLE):
        yield from ((reason, {}) for _ in priors)
        return
    found = Posteriors(grouped(standardised(design.x), design.y, design.cluster))
    for each in priors:
        heights = found.under(each)
        if heights is None:
            yield "too_large", {}
            continue
        steps = heights.room * _SPACING / finer
        places, mass = explore(heights.log_density, heights.top, steps)
        yield (reason, _margins(design, places, mass, steps)) if len(mass) else ("too_large", {})


def _margins(design: Design, places: Floats, mass: Floats, steps: Floats) -> Mapping[str, Margin]:
    back, farther = original_scale(design.x), stretch(places[:, 2])
    intercept, slope = back @ (places[:, :2] * farther[:, None]).T
    sd, which = np.unique(places[:, 2], return_inverse=True)
    of_sd = np.bincount(which, mass).astype(float)
    return {
        design.terms[0]: Margin(intercept, mass, steps[0] * farther),
        design.terms[1]: Margin(slope, mass, steps[1] * farther * back[1, 1]),
        "sd_patient": Margin(sd, of_sd, np.full(len(sd), steps[2]), folded=True),
    }


def _rows(design: Design) -> tuple[Estimate, ...]:
    """Give the rows of the result, still without a number."""
    terms = design.failed("bayes", "")
    return *terms, replace(terms[0], term="sd_patient")
