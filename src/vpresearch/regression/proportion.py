"""The share of vertebrae that leak: exact intervals, also for vertebrae that share patients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t
from statsmodels.stats.proportion import proportion_confint

from vpresearch.regression.design import Design, Floats, Ints


@dataclass(frozen=True)
class ClusteredProportion:
    """A share of vertebrae, with an interval for vertebrae that share patients.

    Attributes
    ----------
    percent, low, high : float
        Percent; the interval is NaN where ``reason`` is given.
    icc : float
        Correlation within patients, by one-way analysis of variance; it may be negative.
    design_effect : float
        How many times larger the variance is than that of independent vertebrae; at least 1.
    n_effective : float
        Independent vertebrae that would tell as much.
    reason : str
        ``one_outcome``, ``too_few_clusters`` or empty.
    """

    percent: float
    low: float = math.nan
    high: float = math.nan
    icc: float = math.nan
    design_effect: float = math.nan
    n_effective: float = math.nan
    reason: str = ""


def clopper_pearson(events: float, n: float, alpha: float = 0.05) -> tuple[float, float]:
    """Give the exact interval of a proportion.

    Parameters
    ----------
    events, n : float
        Counts; an effective size need not be whole.
    alpha : float

    Returns
    -------
    tuple of float
        Ends, percent.

    Raises
    ------
    ValueError
        If not 0 <= events <= n, or n is 0.

    References
    ----------
    Clopper CJ, Pearson ES. Biometrika 1934;26:404-413.

    Examples
    --------
    >>> low, high = clopper_pearson(15, 41)
    >>> round(low, 1), round(high, 1)
    (22.1, 53.1)
    """
    if not 0 <= events <= n or n == 0:
        raise ValueError(f"{events} of {n} is not a proportion")
    low, high = proportion_confint(events, n, alpha=alpha, method="beta")
    return 100 * float(low), 100 * float(high)


def korn_graubard(design: Design, alpha: float = 0.05) -> ClusteredProportion:
    """Give the exact interval of the share of events, at the sample size that clustering leaves.

    The effective size is n over the design effect, times the squared ratio of the quantiles of t with n - 1 and with
    patients - 1 degrees of freedom. The design effect is 1 + (sum of squared cluster sizes / n - 1) times the
    correlation within patients, and a negative correlation counts as none. The paper does not print how its leaks
    fall on its patients, so on a reconstruction the adjustment is made up.

    Parameters
    ----------
    design : Design
        Its predictors play no part.
    alpha : float

    Returns
    -------
    ClusteredProportion

    References
    ----------
    Korn EL, Graubard BI. Surv Methodol 1998;24:193-201. Donner A, Koval JJ. Biometrics 1980;36:19-25.

    Examples
    --------
    >>> y, patients = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]), np.array([0, 0, 1, 1, 2, 3])
    >>> share = korn_graubard(Design("leak", y, np.ones((6, 1)), ("intercept",), ("",), patients))
    >>> round(share.icc, 4), share.design_effect, round(share.n_effective, 2)
    (0.1875, 1.125, 3.48)
    """
    n, clusters = design.n, design.n_clusters
    share = design.events / n if n else math.nan
    if clusters < 2 or share in (0, 1):
        return ClusteredProportion(100 * share, reason="too_few_clusters" if clusters < 2 else "one_outcome")
    sizes = np.bincount(design.cluster)
    icc = _icc((design.y > 0).astype(float), design.cluster, sizes)
    design_effect = 1 + (float((sizes**2).sum()) / n - 1) * max(icc, 0.0)
    quantiles = float(t.isf(alpha / 2, n - 1)) / float(t.isf(alpha / 2, clusters - 1))
    n_effective = n / design_effect * quantiles**2
    low, high = clopper_pearson(share * n_effective, n_effective, alpha)
    return ClusteredProportion(100 * share, low, high, icc, design_effect, n_effective)


def _icc(y: Floats, cluster: Ints, sizes: Ints) -> float:
    """Estimate the correlation within clusters by one-way analysis of variance; 0 where each has one row."""
    n, clusters = len(y), len(sizes)
    if n == clusters:
        return 0.0
    means = np.bincount(cluster, y) / sizes
    between = float((sizes * (means - y.mean()) ** 2).sum()) / (clusters - 1)
    within = float(((y - means[cluster]) ** 2).sum()) / (n - clusters)
    typical = (n - float((sizes**2).sum()) / n) / (clusters - 1)
    return (between - within) / (between + (typical - 1) * within)
