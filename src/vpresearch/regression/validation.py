"""How well the fill tells leaks from none, and how much of that is flattery by the data it was fitted to."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit

from vpresearch.core.frame import Framed
from vpresearch.regression.batched import batched_ml
from vpresearch.regression.design import Design, Floats, Ints
from vpresearch.regression.gee import why_too_few
from vpresearch.regression.precision import korn_graubard
from vpresearch.regression.resampling import Resampled, resampled
from vpresearch.regression.risk import log_odds

MEASURES = ("c", "brier", "calibration_intercept", "calibration_slope")
RESAMPLES = 500
_NOISE = 1e-12


@dataclass(frozen=True)
class Performance(Framed):
    """One measure of how good the risks of the model are."""

    measure: str
    apparent: float = math.nan
    optimism: float = math.nan
    corrected: float = math.nan
    resamples: int = 0
    separated: int = 0
    degenerate: int = 0
    reason: str = ""


def validate(design: Design, resamples: int = RESAMPLES, seed: int = 1) -> tuple[Performance, ...]:
    """Correct the performance of the logistic model for optimism by resampling patients.

    On every resample the model is fitted anew, and compared there and in the data.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1 and the fill as its one predictor.
    resamples : int
        Of patients, with all their vertebrae.
    seed : int

    Returns
    -------
    tuple of Performance
        One for each of ``MEASURES``.

    Raises
    ------
    ValueError
        If the design has more than one predictor.

    References
    ----------
    Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387.

    Examples
    --------
    >>> import vpresearch as vp
    >>> design = vp.leak_design(vp.load(vp.RECONSTRUCTION).rows)
    >>> discrimination, *_ = vp.validate_model(design, resamples=50)
    >>> discrimination.measure, round(discrimination.apparent, 4)
    ('c', 0.6128)
    """
    if len(design.terms) != 2:
        raise ValueError("only a model with one predictor is validated")
    fitted = log_odds(design, "ml")
    patients, why_not = design.n_clusters, fitted.reason or why_too_few(design)
    if why_not:
        return tuple(Performance(measure, reason=why_not) for measure in MEASURES)
    rows, reasons, excesses = resampled(design), [], []
    once = rows.weights(np.ones((1, patients), np.int64))
    apparent = _measures(rows, fitted.coefficients[None], once, fitted.coefficients)[:, 0]
    for drawn in rows.draw(resamples, np.random.default_rng(seed)):
        weights = rows.weights(drawn)
        fits = batched_ml(rows.x, rows.y, weights, fitted.coefficients.tolist())
        kept = fits.coef[fits.converged]
        training = _measures(rows, kept, weights[fits.converged], kept)
        excesses.append(training - _measures(rows, kept, once, fitted.coefficients))
        reasons.append(fits.reason)
    told, excess = np.concatenate(reasons), np.concatenate(excesses, axis=1)
    optimism, fit = _average(excess), excess.shape[1]
    separated = int(np.char.endswith(told, "separation").sum())
    counts = fit, separated, resamples - fit - separated
    reason = "" if fit else "too_few_clusters"
    return tuple(
        Performance(measure, float(seen), float(excess), float(seen - excess), *counts, reason)
        for measure, seen, excess in zip(MEASURES, apparent, optimism, strict=True)
    )


def _measures(rows: Resampled, coefficients: Floats, weights: Floats, refitted: Floats) -> Floats:
    """Return every measure, shape (4, m), of m models on weighted rows, to which a new fit is ``refitted``."""
    x, y = rows.x, rows.y
    risk = expit(coefficients[:, :1] + coefficients[:, 1:] * x)
    brier = (weights * (risk - y) ** 2).sum(axis=1) / weights.sum(axis=1)
    c = (1 + np.sign(coefficients[:, 1]) * _surplus(x, y, weights)) / 2
    # With one predictor, a line of the log odds of a model is a line of the predictor.
    steepness = coefficients[:, 1]
    slope = refitted[..., 1] / np.where(steepness == 0, np.nan, steepness)
    intercept = refitted[..., 0] - slope * coefficients[:, 0]
    return np.stack([c, brier, intercept, slope])


def _surplus(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Return how much likelier a row with the outcome is to be above one without it than below, shape (m,)."""
    order = np.argsort(x, kind="stable")
    # Equal ratios may differ in their last digit.
    first = np.flatnonzero(np.diff(x[order], prepend=-np.inf) > _NOISE * np.abs(x).max())
    leaking, dry = (np.add.reduceat((weights * kind)[:, order], first, axis=1) for kind in (y > 0, y == 0))
    total = dry.sum(axis=1)
    # Those below, less those above.
    lead = 2 * np.cumsum(dry, axis=1) - dry - total[:, None]
    surplus: Floats = (leaking * lead).sum(axis=1) / (leaking.sum(axis=1) * total)
    return surplus


def _average(optimism: Floats) -> Floats:
    """Average over the resamples; the calibration, which divides by slopes near nought and has no mean, by medians."""
    if not optimism.shape[1]:
        return np.full(len(MEASURES), np.nan)
    # A slope of nought makes the calibration infinitely bad.
    finite = np.nan_to_num(optimism, nan=np.inf)
    return np.append(finite[:2].mean(axis=1), np.median(finite[2:], axis=1))


def risk_groups(risk: Floats, groups: int = 3) -> Ints:
    """Give each row the number of its group of rising risk."""
    return np.searchsorted(np.quantile(risk, np.arange(1, groups) / groups), risk)


def calibration(design: Design, groups: int = 3) -> pd.DataFrame:
    """Compare predicted risks with the shares of leaks, in groups of rising risk."""
    columns = ["predicted", "observed", "ci_low", "ci_high", "n", "events"]
    fitted = log_odds(design, "ml")
    if fitted.reason or why_too_few(design):
        return pd.DataFrame(columns=columns, dtype=float)
    risk = expit(design.x @ fitted.coefficients)
    group = risk_groups(risk, groups)
    rows = []
    for own in (group == number for number in np.unique(group)):
        patients = np.unique(design.cluster[own], return_inverse=True)[1]
        part = replace(design, y=design.y[own], x=design.x[own], cluster=patients)
        share = korn_graubard(part)
        rows.append([risk[own].mean(), part.y.mean(), share.low / 100, share.high / 100, part.n, part.events])
    return pd.DataFrame(rows, columns=columns)
