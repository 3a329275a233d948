"""How often each method errs: datasets of the study's design, drawn where the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtri, expit, logit
from scipy.stats import t

from vpresearch.project import SIMULATION
from vpresearch.regression import bayes, cluster_bootstrap, exact, mixed
from vpresearch.regression.batched_firth import batched_firth, batched_ml
from vpresearch.regression.batched_gee import batched_gee
from vpresearch.regression.design import Design, Floats, Ints
from vpresearch.regression.result import Estimate

# Vertebrae of each of 27 patients, 41 in all.
SIZES = (1,) * 17 + (2,) * 7 + (3, 3) + (4,)
_MEAN_FILL, _SD_FILL, _SHARED_FILL = 8.0, 3.0, 0.5
_LARGE = 400_000
_RESAMPLES = 500
_NEWTON, _COARSER = 25, 0.7
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Truth:
    """What the datasets are drawn from.

    Attributes
    ----------
    slope : float
        Log odds of a leak a percentage point of fill, within a patient.
    sd_patient : float
        Standard deviation of the patients' log odds.
    intercept : float
        Log odds at the mean fill in a middling patient.
    """

    slope: float = 0.0
    sd_patient: float = 2.0
    intercept: float = -0.9


class Drawn(NamedTuple):
    """Datasets: fill in percent, leaks of 0 and 1, shapes (m, n); whose vertebrae they are, shape (n,)."""

    fill_percent: Floats
    leak: Floats
    cluster: Ints


class Results(NamedTuple):
    """What a method makes of m datasets: 0 or 1, shape (m,); without a fit, 0 in both of the first."""

    rejected: Floats
    covered: Floats
    failed: Floats


def draw(truth: Truth, size: int, seed: int | np.random.SeedSequence) -> Drawn:
    """Draw datasets of 41 vertebrae in 27 patients.

    Half of the variance of fill, and the patients' own log odds, are shared by the vertebrae of a patient.

    Parameters
    ----------
    truth : Truth
    size : int
    seed : int or numpy.random.SeedSequence

    Returns
    -------
    Drawn

    Examples
    --------
    >>> drawn = draw(Truth(), 3, 1)
    >>> drawn.fill_percent.shape, int(drawn.cluster.max()) + 1
    ((3, 41), 27)
    """
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(len(SIZES)), SIZES)
    shared, own = rng.standard_normal((size, len(SIZES))), rng.standard_normal((size, len(cluster)))
    fill = _MEAN_FILL + _SD_FILL * (np.sqrt(_SHARED_FILL) * shared[:, cluster] + np.sqrt(1 - _SHARED_FILL) * own)
    patients = truth.sd_patient * rng.standard_normal((size, len(SIZES)))[:, cluster]
    risk = expit(truth.intercept + truth.slope * (fill - _MEAN_FILL) + patients)
    # To a tenth of a percentage point, so that an exact test has a lattice.
    return Drawn(np.round(fill, 1), (rng.random(fill.shape) < risk).astype(float), cluster)


def marginal_slope(truth: Truth, seed: int = 1) -> float:
    """Give the slope that a model over all patients aims at, from many vertebrae.

    Parameters
    ----------
    truth : Truth
    seed : int

    Returns
    -------
    float
        Log odds a percentage point.
    """
    if truth.slope == 0:
        return 0.0
    rows = draw(truth, _LARGE // sum(SIZES), seed)
    return float(batched_ml(rows.fill_percent.reshape(1, -1), rows.leak.reshape(1, -1)).coef[0, 1])


def batched_results(drawn: Drawn, slope: float) -> Mapping[str, Results]:
    """Try the methods that take all datasets at once.

    Parameters
    ----------
    drawn : Drawn
    slope : float
        That the methods aim at.

    Returns
    -------
    dict of str to Results
        By method: a model and, after a colon, what its test refers to.
    """
    fill, leak, cluster = drawn
    ml, firth, gee = batched_ml(fill, leak), batched_firth(fill, leak), batched_gee(fill, leak, cluster)
    with np.errstate(invalid="ignore"):
        df = float(gee.df.max(initial=1))
        found = {
            "ml:LR": _results(ml.p_value < 0.05, _ml_covers(drawn, ml.coef, slope), ml.coef[:, 1]),
            "firth:LR": _results(
                firth.p_value < 0.05, (firth.low[:, 1] <= slope) & (slope <= firth.high[:, 1]), firth.coef[:, 1]
            ),
            "gee_robust:z": _wald(gee.slope, gee.se["robust"], np.inf, slope),
        }
        clustered = {f"gee_{kind}:t": _wald(gee.slope, gee.se[kind], df, slope) for kind in gee.se}
    return found | clustered


def _results(rejected: Flags, covered: Flags, estimate: Floats) -> Results:
    failed = np.isnan(estimate)
    return Results((rejected & ~failed).astype(float), (covered & ~failed).astype(float), failed.astype(float))


def _wald(estimate: Floats, se: Floats, df: float, slope: float) -> Results:
    reach = t.isf(0.025, df) * se
    return _results(np.abs(estimate) > reach, np.abs(estimate - slope) <= reach, estimate)


def _ml_covers(drawn: Drawn, coef: Floats, slope: float) -> Flags:
    """Whether the likelihood-ratio interval has a slope: the intercept is fitted anew under it."""
    held = slope * drawn.fill_percent
    intercept = logit(drawn.leak.mean(axis=1)) - held.mean(axis=1)
    for _ in range(_NEWTON):
        p = expit(intercept[:, None] + held)
        intercept = intercept + np.clip((drawn.leak - p).sum(axis=1) / (p * (1 - p)).sum(axis=1), -2, 2)
    heights = [
        (drawn.leak * odds - np.logaddexp(0, odds)).sum(axis=1)
        for odds in (coef[:, :1] + coef[:, 1:] * drawn.fill_percent, intercept[:, None] + held)
    ]
    covers: Flags = 2 * (heights[0] - heights[1]) <= chdtri(1, 0.05)
    return covers


def _bayes(study: Design) -> tuple[Estimate, ...]:
    """Integrate on a coarser lattice: ends within a hundredth of their standard deviation, in half the time."""
    reason, margins = bayes.posterior(study, finer=_COARSER)
    slope = margins.get("fill_percent")
    if slope is None:
        return study.failed("bayes", reason)
    ends = slope.quantile(0.025), slope.quantile(0.975), "equal-tailed credible"
    return study.fitted("bayes", slope.moments()[0], slope.moments()[1], ends, (np.nan, ""))


_SINGLE: Mapping[str, Callable[[Design], tuple[Estimate, ...]]] = {
    "mixed:z": mixed.fit,
    "exact:exact": exact.fit,
    "bootstrap:percentile": partial(cluster_bootstrap.fit, resamples=_RESAMPLES),
    "bayes:posterior": _bayes,
}
SINGLE = tuple(_SINGLE)
# These aim at the slope within a patient.
CONDITIONAL = ("mixed:z", "bayes:posterior")


def single_results(drawn: Drawn, method: str, slope: float) -> Results:
    """Try a method on one dataset after the other.

    Parameters
    ----------
    drawn : Drawn
    method : str
        One of ``SINGLE``.
    slope : float
        That the method aims at.

    Returns
    -------
    Results
        A slope is told from 0 where the interval excludes it.
    """
    found = np.full((len(drawn.leak), 3), np.nan)
    for place, (fill, leak) in enumerate(zip(drawn.fill_percent, drawn.leak, strict=True)):
        x = np.column_stack([np.ones(len(fill)), fill])
        study = Design("leak", leak, x, ("intercept", "fill_percent"), ("", ""), drawn.cluster)
        estimate = _SINGLE[method](study)[1]
        if estimate.converged:
            found[place] = estimate.estimate, estimate.ci_low, estimate.ci_high
    estimates, low, high = found.T
    return _results((low > 0) | (high < 0), (low <= slope) & (slope <= high), estimates)


def summarise(nulls: Results, others: Results) -> dict[str, float]:
    """Count the errors of a method.

    Parameters
    ----------
    nulls, others : Results
        Of datasets without a slope, and with one.

    Returns
    -------
    dict of str to float
        ``n``; ``type_one`` (share of nulls told from 0), ``coverage`` (of the other slope) and ``power`` (share of
        the others told from 0), each with its Monte Carlo standard ``_error``; ``failed``, the share without a fit.
    """
    row: dict[str, float] = {"n": len(nulls.rejected)}
    for name, hits in (("type_one", nulls.rejected), ("coverage", others.covered), ("power", others.rejected)):
        share = float(hits.mean())
        row |= {name: share, f"{name}_error": float(np.sqrt(share * (1 - share) / len(hits)))}
    return row | {"failed": float(np.concatenate([nulls.failed, others.failed]).mean())}


def read_results() -> pd.DataFrame:
    """Read the results that the compendium ships.

    Returns
    -------
    pandas.DataFrame, shape (n_methods, 9)
        ``method`` and what ``summarise`` gives.
    """
    return pd.read_csv(SIMULATION)
