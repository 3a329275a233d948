"""How far the datasets of an ensemble differ in what the claims leave free."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vpresearch.errors import VPResearchError
from vpresearch.reconstruct.ensemble import Ensemble

Floats = NDArray[np.float64]
Leaks = NDArray[np.bool_]

QUANTILES = (0.0, 0.025, 0.25, 0.5, 0.75, 0.975, 1.0)
_NEWTON_STEPS, _HALVINGS = 60, 30
_FLATTEST = 1e-9


def spread(ensemble: Ensemble) -> pd.DataFrame:
    """Give the quantiles of what the claims leave free over the datasets of an ensemble.

    Parameters
    ----------
    ensemble : Ensemble

    Returns
    -------
    pandas.DataFrame, shape (n_statistics * n_quantiles, 3)
        ``statistic``, ``quantile`` (0 and 1 are the extremes) and ``value``; fill in percent, slopes in log odds of a
        leak a percent of fill.

    Examples
    --------
    >>> from vpresearch.reconstruct.store import ENSEMBLE, read_ensemble
    >>> table = spread(read_ensemble(ENSEMBLE).take(range(3)))
    >>> table.columns.tolist(), len(table)
    (['statistic', 'quantile', 'value'], 56)
    """
    rows = [
        {"statistic": name, "quantile": quantile, "value": float(np.quantile(statistic(ensemble), quantile))}
        for name, statistic in STATISTICS.items()
        for quantile in QUANTILES
    ]
    return pd.DataFrame(rows)


def group_means(values: Floats, leak: Leaks) -> tuple[Floats, Floats]:
    """Give the means without and with a leak.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (n_datasets, n_vertebrae)
    leak : numpy.ndarray of bool, shape (n_datasets, n_vertebrae)

    Returns
    -------
    pair of numpy.ndarray of float, shape (n_datasets,)
    """
    without, with_leak = (np.where(kind, values, 0).sum(axis=1) / kind.sum(axis=1) for kind in (~leak, leak))
    return without, with_leak


def correlation(first: Floats, second: Floats) -> Floats:
    """Give Pearson's correlation in each row.

    Parameters
    ----------
    first, second : numpy.ndarray of float, shape (n_datasets, n_vertebrae)

    Returns
    -------
    numpy.ndarray of float, shape (n_datasets,)

    Examples
    --------
    >>> correlation(np.array([[1.0, 2.0, 3.0]]), np.array([[3.0, 2.0, 1.0]])).round(6).tolist()
    [-1.0]
    """
    x, y = (values - values.mean(axis=1, keepdims=True) for values in (first, second))
    r: Floats = (x * y).sum(axis=1) / np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return r


def logistic_slope(x: Floats, y: Leaks) -> Floats:
    """Fit the logistic regression of a yes or no on one number, by maximum likelihood, in each row.

    Newton's method on the standardised number; a step that would lower the likelihood is halved.

    Parameters
    ----------
    x : numpy.ndarray of float, shape (n_datasets, n)
    y : numpy.ndarray of bool, shape (n_datasets, n)

    Returns
    -------
    numpy.ndarray of float, shape (n_datasets,)
        Log odds a unit of ``x``; infinite where ``x`` separates the two kinds, so that no maximum exists.

    Raises
    ------
    VPResearchError
        If a row has one kind or one number only, or its fit does not settle.

    Examples
    --------
    >>> x, y = np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([[False, True, False, True]])
    >>> logistic_slope(x, y).round(4).tolist()
    [0.9082]
    """
    if (y.all(axis=1) | ~y.any(axis=1) | (np.ptp(x, axis=1) == 0)).any():
        raise VPResearchError("a row with one kind of outcome, or with one number, cannot be fitted")
    scale = x.std(axis=1, keepdims=True)
    z = (x - x.mean(axis=1, keepdims=True)) / scale
    rising = np.where(y, -np.inf, z).max(axis=1) <= np.where(y, z, np.inf).min(axis=1)
    falling = np.where(y, z, -np.inf).max(axis=1) <= np.where(y, np.inf, z).min(axis=1)
    beta, settled = np.zeros((len(z), 2)), rising | falling
    for _ in range(_NEWTON_STEPS):
        step, gradient = _newton_step(beta, z, y)
        settled |= np.abs(gradient).max(axis=1) < _FLATTEST
        if settled.all():
            break
        beta = _uphill(beta, np.where(settled[:, None], 0, step), z, y)
    if not settled.all():
        raise VPResearchError(f"{int((~settled).sum())} logistic fits did not settle")
    slope: Floats = beta[:, 1] / scale[:, 0]
    return np.where(rising, np.inf, np.where(falling, -np.inf, slope))


def _uphill(beta: Floats, step: Floats, z: Floats, y: Leaks) -> Floats:
    """Take a step, halved until it does not lower the likelihood by more than rounding does."""
    likelihood = _log_likelihood(beta, z, y)
    for _ in range(_HALVINGS):
        worse = _log_likelihood(beta + step, z, y) < likelihood - 1e-12
        if not worse.any():
            break
        step = np.where(worse[:, None], step / 2, step)
    return beta + step


def _log_likelihood(beta: Floats, z: Floats, y: Leaks) -> Floats:
    logit = beta[:, :1] + beta[:, 1:] * z
    total: Floats = (np.where(y, logit, 0) - np.logaddexp(0, logit)).sum(axis=1)
    return total


def _newton_step(beta: Floats, z: Floats, y: Leaks) -> tuple[Floats, Floats]:
    p = 1 / (1 + np.exp(-np.clip(beta[:, :1] + beta[:, 1:] * z, -500, 500)))
    residual, weight = y - p, p * (1 - p)
    gradient = np.stack([residual.sum(axis=1), (residual * z).sum(axis=1)], axis=1)
    a, b, c = weight.sum(axis=1), (weight * z).sum(axis=1), (weight * z * z).sum(axis=1)
    determinant = np.maximum(a * c - b * b, 1e-300)
    step = np.stack([c * gradient[:, 0] - b * gradient[:, 1], a * gradient[:, 1] - b * gradient[:, 0]], axis=1)
    return step / determinant[:, None], gradient


def slope_of_leak_on_fill(fill_percent: Floats, leak: Leaks) -> Floats:
    """Give the logistic slope of leak on fill, log odds a percent; shapes as in ``logistic_slope``."""
    return logistic_slope(fill_percent, leak)


def difference_of_mean_fill(fill_percent: Floats, leak: Leaks) -> Floats:
    """Give the mean fill with a leak minus that without, percent; shapes as in ``group_means``."""
    without, with_leak = group_means(fill_percent, leak)
    return with_leak - without


STATISTICS: Mapping[str, Callable[[Ensemble], Floats]] = {
    "mean fill without leak": lambda ensemble: group_means(ensemble.fill_percent, ensemble.leak)[0],
    "mean fill with leak": lambda ensemble: group_means(ensemble.fill_percent, ensemble.leak)[1],
    "difference of mean fill": lambda ensemble: difference_of_mean_fill(ensemble.fill_percent, ensemble.leak),
    "logistic slope of leak on fill": lambda ensemble: slope_of_leak_on_fill(ensemble.fill_percent, ensemble.leak),
    "correlation of cement and volume": lambda ensemble: correlation(ensemble.cement, ensemble.volumes),
    "correlation of volume and leak": lambda ensemble: correlation(ensemble.volumes, ensemble.leak.astype(float)),
    "patients with several vertebrae": lambda ensemble: (ensemble.n_vertebrae_of > 1).sum(axis=1).astype(float),
    "most vertebrae of a patient": lambda ensemble: ensemble.n_vertebrae_of.max(axis=1).astype(float),
}
