"""How well the fill tells leaks from none, and how much of that is flattery by the data it was fitted to."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from vpresearch.core.frame import Framed
from vpresearch.regression.batched import batched_ml
from vpresearch.regression.design import Design, Floats, Ints
from vpresearch.regression.gee import why_too_few
from vpresearch.regression.precision import korn_graubard
from vpresearch.regression.resampling import Resampled, resampled
from vpresearch.regression.risk import log_odds

MEASURES = ("c", "brier", "calibration_in_the_large", "calibration_intercept", "calibration_slope")
RESAMPLES = 500
# Where more resamples than this have no number, what the others say of them all is withheld.
MOST_LOST = 0.1
_NOISE = 1e-12
_NEWTON, _SETTLED = 50, 1e-9


@dataclass(frozen=True)
class Performance(Framed):
    """One measure of how good the risks of the model are: of c with an interval, of optimism with its chance error."""

    measure: str
    apparent: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    optimism: float = math.nan
    optimism_error: float = math.nan
    corrected: float = math.nan
    resamples: int = 0
    separated: int = 0
    degenerate: int = 0
    reason: str = ""


def validate(design: Design, resamples: int = RESAMPLES, seed: int = 1) -> tuple[Performance, ...]:
    """Correct the performance of the logistic model for optimism by resampling patients.

    On every resample the model is fitted anew, and compared there and in the data. A resample that the fill separates
    has no finite model, but an order of risks, and so counts for c.

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
    Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387. Obuchowski NA. Biometrics 1997;53:567-578 (interval of c).

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
    whole = _surplus(rows.x, rows.y, once)[0]
    for drawn in rows.draw(resamples, np.random.default_rng(seed)):
        weights = rows.weights(drawn)
        fits = batched_ml(rows.x, rows.y, weights, fitted.coefficients.tolist())
        solved, apart = np.flatnonzero(fits.converged), np.char.endswith(fits.reason, "separation")
        excess = np.full((len(MEASURES), len(drawn)), np.nan)
        kept = fits.coef[solved]
        excess[:, solved] = _measures(rows, kept, weights[solved], kept) - _measures(
            rows, kept, once, fitted.coefficients
        )
        ordered = _surplus(rows.x, rows.y, weights[apart])
        excess[0, apart] = (np.abs(ordered) - np.sign(ordered) * whole) / 2
        excesses.append(excess)
        reasons.append(fits.reason)
    told, excess = np.concatenate(reasons), np.concatenate(excesses, axis=1)
    fit, separated = int((told == "").sum()), int(np.char.endswith(told, "separation").sum())
    found = []
    for measure, seen, values in zip(MEASURES, apparent.tolist(), excess, strict=True):
        used = fit + separated if measure == "c" else fit
        row = Performance(measure, seen, resamples=used, separated=separated, degenerate=resamples - fit - separated)
        if measure == "c":
            low, high = _interval_of_c(design, seen)
            row = replace(row, ci_low=low, ci_high=high)
        if resamples - used > MOST_LOST * resamples:
            found.append(replace(row, reason="too_many_lost"))
            continue
        # A model without a slope has no calibration, and is infinitely bad.
        numbers = values[told == ""] if measure != "c" else values[~np.isnan(values)]
        optimism, error = _average(np.nan_to_num(numbers, nan=np.inf), by_median=measure.startswith("calibration"))
        found.append(replace(row, optimism=optimism, optimism_error=error, corrected=seen - optimism))
    return tuple(found)


def _measures(rows: Resampled, coefficients: Floats, weights: Floats, refitted: Floats) -> Floats:
    """Return every measure, shape (5, m), of m models on weighted rows, to which a new fit is ``refitted``."""
    x, y = rows.x, rows.y
    odds = coefficients[:, :1] + coefficients[:, 1:] * x
    brier = (weights * (expit(odds) - y) ** 2).sum(axis=1) / weights.sum(axis=1)
    c = (1 + np.sign(coefficients[:, 1]) * _surplus(x, y, weights)) / 2
    # With one predictor, a line of the log odds of a model is a line of the predictor.
    steepness = coefficients[:, 1]
    slope = refitted[..., 1] / np.where(steepness == 0, np.nan, steepness)
    intercept = refitted[..., 0] - slope * coefficients[:, 0]
    return np.stack([c, brier, _in_the_large(odds, y, weights), intercept, slope])


def _in_the_large(odds: Floats, y: Floats, weights: Floats) -> Floats:
    """Return by how much log odds must be moved, their slope kept, for the mean risk to be the share of events."""
    moved = np.zeros(len(odds))
    for _ in range(_NEWTON):
        risk = expit(moved[:, None] + odds)
        step = (weights * (y - risk)).sum(axis=1) / (weights * risk * (1 - risk)).sum(axis=1)
        moved += np.clip(step, -1, 1)
        if np.abs(step).max(initial=0) < _NOISE:
            break
    # In the rows of the fit it is nought, whose last digits are the machine's.
    return np.where(np.abs(moved) < _SETTLED, 0.0, moved)


def _interval_of_c(design: Design, c: float, alpha: float = 0.05) -> tuple[float, float]:
    """Return an interval for c in which patients are the clusters, made on the logit scale; NaN where c is 0 or 1."""
    x, event, cluster = design.x[:, 1], design.y > 0, design.cluster
    if not 0 < c < 1:
        return math.nan, math.nan
    dry, leaking = np.sort(x[~event]), np.sort(x[event])
    noise = _NOISE * np.abs(x).max()
    # How much of the other outcome lies on the right side of each row.
    beside = np.where(event, _below(dry, x, noise), 1 - _below(leaking, x, noise))
    theta = beside[event].mean()
    sums = [np.bincount(cluster[kind], beside[kind] - theta, design.n_clusters) for kind in (event, ~event)]
    having = [len(np.unique(cluster[kind])) for kind in (event, ~event)]
    if min(having) < 2:
        return math.nan, math.nan
    variance = sum(
        n / (n - 1) * (own**2).sum() / kind.sum() ** 2
        for own, n, kind in zip(sums, having, (event, ~event), strict=True)
    )
    n = design.n_clusters
    variance += 2 * n / (n - 1) * (sums[0] * sums[1]).sum() / (event.sum() * (~event).sum())
    if variance <= 0:
        return math.nan, math.nan
    reach = norm.isf(alpha / 2) * math.sqrt(variance) / (c * (1 - c))
    return float(expit(logit(c) - reach)), float(expit(logit(c) + reach))


def _below(ranked: Floats, x: Floats, noise: float) -> Floats:
    """Return the share of some ranked values that lie below each of others, ties counting a half."""
    left, right = np.searchsorted(ranked, x - noise), np.searchsorted(ranked, x + noise, side="right")
    share: Floats = (left + right) / (2 * len(ranked))
    return share


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


def _average(values: Floats, *, by_median: bool) -> tuple[float, float]:
    """Average over resamples, with the error of chance.

    Calibration divides by slopes near nought and has no mean: of it the median, its error from the ranks beside it.
    """
    if not by_median:
        return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))
    ranked, n = np.sort(values), len(values)
    half = math.sqrt(n) / 2
    low, high = ranked[max(int(n / 2 - half), 0)], ranked[min(math.ceil(n / 2 + half), n - 1)]
    return float(np.median(values)), float(high - low) / 2


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
