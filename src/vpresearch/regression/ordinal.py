"""Severity of the leak on fill: proportional-odds logistic regression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import chi2

from vpresearch.inference.result import TestResult, not_done
from vpresearch.regression.cumulative import limits, maximise, profile, profile_ends, start
from vpresearch.regression.design import Design, Floats
from vpresearch.regression.result import Estimate
from vpresearch.regression.scale import original_scale
from vpresearch.regression.separation import dependent, separated, standardised

LEVELS = ("none", "punctate", "moderate", "massive")


def severity(rows: pd.DataFrame) -> Floats:
    """Order the leaks by their size.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n_vertebrae, n_columns)
        With ``leak`` and ``leak_size``.

    Returns
    -------
    numpy.ndarray of float, shape (n_vertebrae,)
        0 (none) to 3 (massive), as in ``LEVELS``; NaN where a leak has no size.

    Examples
    --------
    >>> severity(pd.DataFrame({"leak": ["no", "yes", "yes"], "leak_size": [None, "massive", None]})).tolist()
    [0.0, 3.0, nan]
    """
    size = rows["leak_size"].map({name: float(level) for level, name in enumerate(LEVELS)})
    without = rows["leak"].eq("no").to_numpy(bool)
    return np.where(without, 0.0, np.where(rows["leak"].eq("yes"), size.to_numpy(float), np.nan))


def fit(design: Design, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit the proportional-odds model by maximum likelihood.

    The log odds of a level below j are threshold j minus the predictors times their slopes, so that a positive slope
    goes with worse leaks. Levels that no vertebra has are passed over.

    Parameters
    ----------
    design : Design
        With an outcome of levels from 0.
    alpha : float
        One minus the confidence of the profile intervals.

    Returns
    -------
    tuple of Estimate
        The thresholds, named by the level above them (``threshold_1``, ...), with standard errors only; then the
        slopes. Standard errors are from the observed information.

    References
    ----------
    McCullagh P. J R Stat Soc B 1980;42:109-142.

    Examples
    --------
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
    >>> from vpresearch.regression.design import design
    >>> rows = load(RECONSTRUCTION).rows
    >>> [estimate.term for estimate in fit(design(rows, "severity", severity(rows)))]
    ['threshold_1', 'threshold_2', 'threshold_3', 'fill_percent']
    """
    named, reason = _named(design), _gate(design, parallel=True)
    if reason:
        return named.failed("ordinal", reason)
    model = limits(design, parallel=True)
    found = maximise(model, start(model, design.x.shape[1] - 1))
    if found is None:
        return named.failed("ordinal", "not_converged")
    gamma, top = found
    back, covariance = _to_original_scale(design, model.n_thresholds), np.linalg.inv(model.derivatives(gamma)[1])
    low, high, p = (np.full(len(gamma), np.nan) for _ in range(3))
    for k in range(model.n_thresholds, len(gamma)):
        p[k] = chi2.sf(2 * (top - profile(model, gamma, k, 0.0)), 1)
        drop, stride = chi2.isf(alpha, 1), 2 * np.sqrt(covariance[k, k])
        low[k], high[k] = (back[k, k] * end for end in profile_ends(model, (gamma, top), k, drop, stride))
    if np.isnan([low, high, p])[:, model.n_thresholds :].any():
        return named.failed("ordinal", "not_converged")
    se = np.sqrt(np.diag(back @ covariance @ back.T))
    estimates = named.fitted("ordinal", back @ gamma, se, (low, high, "profile likelihood"), (p, "likelihood ratio"))
    thresholds = (replace(estimate, ci_kind="", p_kind="") for estimate in estimates[: model.n_thresholds])
    return (*thresholds, *estimates[model.n_thresholds :])


def proportional_odds(design: Design) -> TestResult:
    """Test whether the slope is the same at every threshold.

    Parameters
    ----------
    design : Design
        As for ``fit``.

    Returns
    -------
    TestResult
        Likelihood ratio against a slope of its own for every threshold. Not done, with the reason, where either model
        has no maximum, or for ``two_levels``.

    References
    ----------
    Peterson B, Harrell FE. Appl Stat 1990;39:205-217.

    Examples
    --------
    >>> x = np.column_stack([np.ones(9), [1.0, 2.0, 3.0, 2.0, 4.0, 5.0, 3.0, 1.0, 6.0]])
    >>> levels = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    >>> result = proportional_odds(Design("severity", levels, x, ("intercept", "fill"), ("", ""), np.arange(9)))
    >>> round(result.statistic, 4), result.df
    (1.841, 1)
    """
    reason = _gate(design, parallel=True)
    if not reason:
        reason = "two_levels" if len(np.unique(design.y)) == 2 else _gate(design, parallel=False)
    if reason:
        return not_done("proportional_odds", reason)
    parallel, free = limits(design, parallel=True), limits(design, parallel=False)
    n_slopes = design.x.shape[1] - 1
    one = maximise(parallel, start(parallel, n_slopes))
    own = None if one is None else maximise(free, _repeated(one[0], parallel.n_thresholds))
    if one is None or own is None:
        return not_done("proportional_odds", "not_converged")
    ratio, df = max(2 * (own[1] - one[1]), 0.0), (parallel.n_thresholds - 1) * n_slopes
    return TestResult("proportional_odds", ratio, df, float(chi2.sf(ratio, df)))


def _gate(design: Design, parallel: bool) -> str:
    """Tell why the likelihood has no finite maximum, as ``gate`` does for two levels.

    There is none where the coefficients can move without end so that no row's upper limit falls or lower limit rises
    (Kaufmann H. Metrika 1988;35:291-313).
    """
    if len(np.unique(design.y)) < 2:
        return "one_outcome"
    reason = dependent(standardised(design.x))
    if reason:
        return reason
    model = limits(design, parallel)
    signed = np.concatenate([model.upper[~model.highest], -model.lower[~model.lowest]])
    # About a threshold with a slope of its own the predictor may not vary.
    return separated(signed) if np.linalg.matrix_rank(signed) == signed.shape[1] else "constant"


def _repeated(gamma: Floats, n_thresholds: int) -> Floats:
    """Repeat every slope for each threshold."""
    return np.append(gamma[:n_thresholds], np.repeat(gamma[n_thresholds:], n_thresholds))


def _to_original_scale(design: Design, n_thresholds: int) -> Floats:
    """Give the matrix that takes coefficients of standardised columns to those of the columns as they are."""
    back = np.eye(n_thresholds + design.x.shape[1] - 1)
    # A threshold is an intercept with its sign turned.
    back[:n_thresholds, n_thresholds:] = -original_scale(design.x)[0, 1:]
    back[n_thresholds:, n_thresholds:] = original_scale(design.x)[1:, 1:]
    return back


def _named(design: Design) -> Design:
    """Put the thresholds in the place of the intercept."""
    above = np.unique(design.y)[1:]
    terms = (*(f"threshold_{level:.0f}" for level in above), *design.terms[1:])
    return replace(design, terms=terms, units=(*(design.units[:1] * len(above)), *design.units[1:]))
