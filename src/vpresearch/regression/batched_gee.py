"""Independence estimating equations of one predictor, for many datasets at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit
from scipy.stats import t

from vpresearch.regression.batched_firth import Reasons, batched_ml
from vpresearch.regression.design import Floats, Ints
from vpresearch.regression.sandwich import KINDS, bell_mccaffrey, covariance, too_few, too_few_outcomes


@dataclass(frozen=True)
class GeeFits:
    """Slopes of m datasets.

    Attributes
    ----------
    slope : numpy.ndarray of float, shape (m,)
        Log odds a unit of the predictor; NaN where there is a reason.
    se : mapping of str to numpy.ndarray of float, shape (m,)
        Standard errors of the slope by the kind of covariance: ``robust``, ``kc``, ``kc_principal``, ``md`` and
        ``fg``, the last with the predictor centred at its mean.
    df : numpy.ndarray of int, shape (m,)
        Clusters beyond terms.
    reason : numpy.ndarray of str, shape (m,)
        One of ``REASONS``, or the empty string.
    """

    slope: Floats
    se: Mapping[str, Floats]
    df: Ints
    reason: Reasons

    def p_value(self, kind: str = "kc") -> Floats:
        """Test the slopes by t: shape (m,), NaN where there is a reason."""
        return np.asarray(2 * t.sf(np.abs(self.slope / self.se[kind]), np.maximum(self.df, 1)), float)


def batched_gee(x: ArrayLike, y: ArrayLike, cluster: ArrayLike) -> GeeFits:
    """Fit many datasets by generalised estimating equations; each is what ``gee.fit`` makes of it.

    Parameters
    ----------
    x, y : array_like of float, shapes that broadcast to (m, n)
        Predictor; outcome of 0 and 1.
    cluster : array_like of int, shape that broadcasts to (m, n)
        Number of each row's patient, from 0.

    Returns
    -------
    GeeFits

    Examples
    --------
    >>> fits = batched_gee(np.arange(8.0), [[0, 0, 1, 0, 1, 0, 1, 1], [0, 0, 0, 0, 1, 1, 1, 1]], np.arange(8) // 2)
    >>> fits.slope.round(4).tolist(), fits.se["kc"].round(4).tolist(), fits.reason.tolist()
    ([0.5941, nan], [0.4315, nan], ['', 'complete_separation'])
    """
    values, outcome, own = np.broadcast_arrays(*(np.atleast_2d(np.asarray(part)) for part in (x, y, cluster)))
    fits = batched_ml(values, outcome)
    df = np.array([len(np.unique(row)) for row in own], np.int64) - 2
    few = np.select(
        [df <= 0, too_few_outcomes(outcome, own, 2)], ["too_few_clusters", "too_few_outcomes"], np.full(len(df), "")
    )
    reason = np.where(fits.reason == "", few, fits.reason)
    able = np.flatnonzero(reason == "")
    scores, information, spread = _cluster_sums(values[able], outcome[able], own[able], fits.coef[able])
    flat = too_few(scores, information)
    reason[able[flat]] = "too_few_clusters"
    able = able[~flat]
    spreads = {kind: covariance(kind, scores[~flat], information[~flat]) for kind in KINDS}
    spreads["kc"] = _bell_mccaffrey(values[able], outcome[able], own[able], fits.coef[able])
    se = {kind: np.full(len(values), np.nan) for kind in spreads}
    for kind, found in spreads.items():
        se[kind][able] = np.sqrt(found[:, 1, 1]) / spread[~flat]
    return GeeFits(np.where(reason == "", fits.coef[:, 1], np.nan), se, df, reason)


def _bell_mccaffrey(x: Floats, y: Floats, own: Ints, coef: Floats) -> Floats:
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return bell_mccaffrey(np.stack([np.ones_like(z), z], axis=-1), y, expit(coef[:, :1] + coef[:, 1:] * x), own)


def _cluster_sums(x: Floats, y: Floats, own: Ints, coef: Floats) -> tuple[Floats, Floats, Floats]:
    """Give the scores and the information of every cluster, of the standardised predictor, and what it was divided by.

    Clusters that a dataset lacks have sums of nought.
    """
    spread = x.std(axis=1)
    z = (x - x.mean(axis=1, keepdims=True)) / spread[:, None]
    p = expit(coef[:, :1] + coef[:, 1:] * x)
    m, most = len(x), int(own.max(initial=-1)) + 1
    place = (own + most * np.arange(m)[:, None]).ravel()

    def total(rows: Floats) -> Floats:
        return np.asarray(np.bincount(place, rows.ravel(), minlength=m * most), float).reshape(m, most)

    weight = p * (1 - p)
    first, mixed, last = total(weight), total(weight * z), total(weight * z**2)
    scores = np.stack([total(y - p), total((y - p) * z)], axis=-1)
    information = np.stack([np.stack([first, mixed], axis=-1), np.stack([mixed, last], axis=-1)], axis=-2)
    return scores, information, spread
