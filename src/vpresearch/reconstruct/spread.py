"""How far the datasets of an ensemble differ in what the claims leave free."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vpresearch.reconstruct.ensemble import Ensemble
from vpresearch.regression.batched_firth import batched_ml

Floats = NDArray[np.float64]
Leaks = NDArray[np.bool_]

QUANTILES = (0.0, 0.025, 0.25, 0.5, 0.75, 0.975, 1.0)


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
        {"statistic": name, "quantile": quantile, "value": float(value)}
        for name, statistic in STATISTICS.items()
        for quantile, value in zip(QUANTILES, np.quantile(statistic(ensemble), QUANTILES), strict=True)
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


def slope_of_leak_on_fill(fill_percent: Floats, leak: Leaks) -> Floats:
    """Give the logistic slope of leak on fill by maximum likelihood, log odds a percent.

    Parameters
    ----------
    fill_percent : numpy.ndarray of float, shape (n_datasets, n_vertebrae)
    leak : numpy.ndarray of bool, shape (n_datasets, n_vertebrae)

    Returns
    -------
    numpy.ndarray of float, shape (n_datasets,)
        NaN where there is no maximum.

    Examples
    --------
    >>> fill, leak = np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([[False, True, False, True]])
    >>> slope_of_leak_on_fill(fill, leak).round(4).tolist()
    [0.9082]
    """
    slope: Floats = batched_ml(fill_percent, leak).coef[:, 1]
    return slope


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
