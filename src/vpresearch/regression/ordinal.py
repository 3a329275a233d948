"""The likelihood of cumulative logistic models, its maximum and its profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, log_expit, logit
from scipy.stats import chi2

from vpresearch.inference.tests import TestResult, not_done
from vpresearch.regression.design import Design, Estimate, Floats, Ints
from vpresearch.regression.logistic import dependent, original_scale, separated, standardised

_STEPS, _HALVINGS, _FLATTEST, _ROUNDING = 100, 40, 1e-9, 1e-12
# Least curvature, for where the likelihood is as good as flat, and how far a limit may move from near nought.
_LEAST, _LONGEST_STEP = 1e-12, 8.0


@dataclass(frozen=True)
class Limits:
    """The two limits between which each row's level lies."""

    upper: Floats
    lower: Floats
    highest: NDArray[np.bool_]
    lowest: NDArray[np.bool_]
    codes: Ints

    @property
    def n_thresholds(self) -> int:
        """Levels but one."""
        return int(self.codes.max(initial=0))

    def log_likelihood(self, gamma: Floats) -> float:
        """Return the log-likelihood; minus infinity where a row's limits cross."""
        above, below = self._ends(gamma)
        if not (below < above).all():
            return -np.inf
        return float((log_expit(above) + log_expit(-below) + np.log1p(-np.exp(below - above))).sum())

    def derivatives(self, gamma: Floats) -> tuple[Floats, Floats]:
        """Return the gradient of the log-likelihood and the observed information."""
        above, below = self._ends(gamma)
        # What the limits' nearness adds to the pull on each of them; no difference of near numbers is taken.
        near = np.exp(below - above) / -np.expm1(below - above)
        score = (expit(-above) + near) @ self.upper - (expit(below) + near) @ self.lower
        weights = expit(above) * expit(-above), expit(below) * expit(-below), near * (1 + near)
        parts = zip(weights, (self.upper, self.lower, self.upper - self.lower), strict=True)
        return score, np.sum([(x.T * weight) @ x for weight, x in parts], axis=0)

    def farthest(self, gamma: Floats) -> float:
        """Return the finite limit that is farthest from nought."""
        return float(max(np.abs(end @ gamma).max() for end in (self.upper, self.lower)))

    def _ends(self, gamma: Floats) -> tuple[Floats, Floats]:
        above = np.where(self.highest, np.inf, self.upper @ gamma)
        return above, np.where(self.lowest, -np.inf, self.lower @ gamma)


def limits(design: Design, parallel: bool) -> Limits:
    """Set up a cumulative logistic model."""
    codes = np.unique(design.y, return_inverse=True)[1].astype(np.int64)
    n_thresholds = int(codes.max(initial=0))
    z = standardised(design.x)[:, 1:]

    def rows(threshold: Ints) -> Floats:
        indicator = (threshold[:, None] == np.arange(n_thresholds)).astype(float)
        if parallel:
            return np.column_stack([indicator, -z * indicator.any(axis=1)[:, None]])
        return np.column_stack([indicator, *(-z[:, [k]] * indicator for k in range(z.shape[1]))])

    return Limits(rows(codes), rows(codes - 1), codes == n_thresholds, codes == 0, codes)


def start(model: Limits, n_slopes: int) -> Floats:
    """Return the fit without predictors: thresholds at the logits of the cumulative shares, slopes of nought."""
    shares = np.bincount(model.codes) / len(model.codes)
    return np.append(logit(np.cumsum(shares)[:-1]), np.zeros(n_slopes))


def maximise(model: Limits, start: Floats, held: int | None = None) -> tuple[Floats, float] | None:
    """Climb by Newton's method with halved steps."""
    free = np.delete(np.arange(len(start)), [] if held is None else held)
    gamma, likelihood = start, model.log_likelihood(start)
    for _ in range(_STEPS):
        # Where limits cross, at the start or after a step, no direction leads back.
        if likelihood == -np.inf:
            break
        gradient, information = model.derivatives(gamma)
        if np.abs(gradient[free]).max(initial=0.0) < _FLATTEST:
            return gamma, likelihood
        step = np.zeros_like(gamma)
        sizes, axes = np.linalg.eigh(information[np.ix_(free, free)])
        step[free] = axes @ (axes.T @ gradient[free] / np.maximum(sizes, _LEAST))
        step /= max(1.0, model.farthest(step) / (_LONGEST_STEP + model.farthest(gamma)))
        for _ in range(_HALVINGS):
            if model.log_likelihood(gamma + step) >= likelihood - _ROUNDING * max(1.0, abs(likelihood)):
                break
            step /= 2
        gamma, likelihood = gamma + step, model.log_likelihood(gamma + step)
    return None


def profile(model: Limits, gamma: Floats, held: int, value: float) -> float:
    """Return the most that the log-likelihood reaches with one slope held at a value."""
    # The climb begins at the best of three: as at the maximum, all as much steeper, all but the slope flat.
    steeper = max(value / gamma[held], 0.0) if gamma[held] else 1.0
    flat = start(model, len(gamma) - model.n_thresholds)
    begins = np.array([gamma, gamma * steeper, flat])
    begins[:, held] = value
    found = maximise(model, max(begins, key=model.log_likelihood), held)
    return np.nan if found is None else found[1]


def profile_ends(model: Limits, found: tuple[Floats, float], held: int, drop: float, stride: float) -> Iterator[float]:
    """Find where twice the log-likelihood, maximised over the rest, has fallen by a drop."""
    gamma, top = found

    def excess(value: float) -> float:
        return 2 * (top - profile(model, gamma, held, value)) - drop

    for side in (-1.0, 1.0):
        reach = side * stride
        while excess(gamma[held] + reach) < 0:
            reach *= 2
        try:
            yield float(brentq(excess, gamma[held], gamma[held] + reach, xtol=1e-12))
        except ValueError:
            # A fit on the way did not settle, or at the end.
            yield np.nan


LEVELS = ("none", "punctate", "moderate", "massive")


def severity(rows: pd.DataFrame) -> Floats:
    """Order the leaks by their size."""
    size = rows["leak_size"].map({name: float(level) for level, name in enumerate(LEVELS)})
    without = rows["leak"].eq("no").to_numpy(bool)
    return np.where(without, 0.0, np.where(rows["leak"].eq("yes"), size.to_numpy(float), np.nan))


def fit(design: Design, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit the proportional-odds model by maximum likelihood, with profile intervals of the slopes.

    The log odds of a level below j are threshold j minus the predictors times their slopes, so that a positive slope
    goes with worse leaks. Levels that no vertebra has are passed over. The thresholds, named by the level above them
    (``threshold_1``, ...), have standard errors only; these are from the observed information.

    McCullagh P. J R Stat Soc B 1980;42:109-142.
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

    Peterson B, Harrell FE. Appl Stat 1990;39:205-217.
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
    """Return why the likelihood has no finite maximum, as ``gate`` does for two levels.

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
    """Return the matrix that takes coefficients of standardised columns to those of the columns as they are."""
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
