"""The share of vertebrae that leak: exact intervals, also for vertebrae that share patients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import log_expit, logit
from scipy.stats import nct, norm, t
from statsmodels.stats.proportion import proportion_confint

from vpresearch.core.frame import Framed
from vpresearch.regression.design import Design, Estimate, Floats, Ints


@dataclass(frozen=True)
class ClusteredProportion:
    """A share of vertebrae, with an interval for vertebrae that share patients."""

    percent: float
    low: float = math.nan
    high: float = math.nan
    icc: float = math.nan
    design_effect: float = math.nan
    n_effective: float = math.nan
    reason: str = ""


def clopper_pearson(events: float, n: float, alpha: float = 0.05) -> tuple[float, float]:
    """Return the exact interval of a proportion.

    Clopper CJ, Pearson ES. Biometrika 1934;26:404-413.
    """
    if not 0 <= events <= n or n == 0:
        raise ValueError(f"{events} of {n} is not a proportion")
    low, high = proportion_confint(events, n, alpha=alpha, method="beta")
    return 100 * float(low), 100 * float(high)


def korn_graubard(design: Design, alpha: float = 0.05) -> ClusteredProportion:
    """Return the exact interval of the share of events, at the sample size that clustering leaves.

    The effective size is n over the design effect, times the squared ratio of the quantiles of t with n - 1 and with
    patients - 1 degrees of freedom. The design effect is 1 + (sum of squared cluster sizes / n - 1) times the
    correlation within patients, and a negative correlation counts as none. The paper does not print how its leaks
    fall on its patients, so on a reconstruction the adjustment is made up.

    Korn EL, Graubard BI. Surv Methodol 1998;24:193-201. Donner A, Koval JJ. Biometrics 1980;36:19-25.
    """
    n, clusters = design.n, design.n_clusters
    share = design.events / n if n else math.nan
    if clusters < 2 or share in (0, 1):
        return ClusteredProportion(100 * share, reason="too_few_clusters" if clusters < 2 else "one_outcome")
    icc, design_effect = clustering((design.y > 0).astype(float), design.cluster)
    quantiles = float(t.isf(alpha / 2, n - 1)) / float(t.isf(alpha / 2, clusters - 1))
    n_effective = n / design_effect * quantiles**2
    low, high = clopper_pearson(share * n_effective, n_effective, alpha)
    return ClusteredProportion(100 * share, low, high, icc, design_effect, n_effective)


def clustering(y: Floats, cluster: Ints) -> tuple[float, float]:
    """Return the correlation of an outcome of 0 and 1 within clusters, and the design effect."""
    sizes = np.bincount(cluster)
    icc = _icc(y, cluster, sizes)
    return icc, 1 + (float((sizes**2).sum()) / len(y) - 1) * max(icc, 0.0)


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


# Half-widths of the interval of the slope, log odds a percentage point: an odds ratio known to a fifth or to a tenth.
FIFTH, TENTH = 0.2, 0.1
_NODES = 100
_MOST_PATIENTS = 999_999


@dataclass(frozen=True)
class SampleSize(Framed):
    """What a prediction model with a yes or no outcome needs at the least."""

    n: float
    n_shrinkage: float
    n_optimism: float
    n_risk: float
    events: float
    events_per_parameter: float


def minimum_sample_size(r2: float, prevalence: float, parameters: int = 1, shrinkage: float = 0.9) -> SampleSize:
    """Return the sample size that a prediction model needs, observations taken as independent.

    Parameters
    ----------
    r2 : float
        Cox and Snell's R squared that the model is expected to have.
    prevalence : float
        Share of the observations with the outcome.
    parameters : int
        Coefficients beside the intercept.
    shrinkage : float
        The least factor that the slopes may have to be multiplied by.

    Returns
    -------
    SampleSize

    References
    ----------
    Riley RD, Snell KIE, Ensor J, et al. Stat Med 2019;38:1276-1296. Riley RD, Ensor J, Snell KIE, et al. BMJ
    2020;368:m441.

    Examples
    --------
    >>> import vpresearch as vp
    >>> vp.minimum_sample_size(0.288, 0.174, parameters=24).n
    662.0
    """
    largest = largest_r2(prevalence)
    if not 0 < r2 < largest:
        return SampleSize(*[math.nan] * 6)
    optimism = r2 / (r2 + 0.05 * largest)
    by_shrinkage, by_optimism = (
        math.ceil(parameters / ((factor - 1) * math.log1p(-r2 / factor))) for factor in (shrinkage, optimism)
    )
    by_risk = math.ceil((norm.isf(0.025) / 0.05) ** 2 * prevalence * (1 - prevalence))
    n = max(by_shrinkage, by_optimism, by_risk)
    events = n * prevalence
    return SampleSize(float(n), float(by_shrinkage), float(by_optimism), float(by_risk), events, events / parameters)


def largest_r2(prevalence: float) -> float:
    """Return the largest Cox and Snell R squared that an outcome of this prevalence allows."""
    return -math.expm1(2 * _null(prevalence))


def r2_of_c(c: float, prevalence: float) -> float:
    """Return the Cox and Snell R squared that goes with a concordance statistic.

    Riley RD, Van Calster B, Collins GS. Stat Med 2021;40:859-864.
    """
    distance = math.sqrt(2) * float(norm.ppf(c))
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    # With one variance the true log odds are linear in the predictor.
    level = float(logit(prevalence)) - distance**2 / 2
    with_outcome = weights @ log_expit(level + distance * (nodes + distance))
    without = weights @ log_expit(-level - distance * nodes)
    return -math.expm1(-2 * (prevalence * with_outcome + (1 - prevalence) * without - _null(prevalence)))


def _null(prevalence: float) -> float:
    """Return the mean log-likelihood without a predictor."""
    return prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)


def design_effect(clustered: Estimate, independent: Estimate) -> float:
    """Return by how much the patients' having several vertebrae multiplies the variance of a coefficient."""
    return (clustered.se / independent.se) ** 2


def precision(slope: Estimate, clusters: ArrayLike, alpha: float = 0.05) -> pd.DataFrame:
    """Return how precise a coefficient would be with more patients like those there are, by t as GEE is reported.

    ``detectable`` is the least coefficient that would be told from 0 with a power of 80%; ``power`` is that to tell one
    of the size that ``slope`` has, and says nothing but the p-value again where that is the estimate.
    """
    patients = np.asarray(clusters)
    times, df = patients / slope.clusters, patients - 2
    se = slope.se / np.sqrt(times)
    away, far = abs(slope.estimate) / se, t.isf(alpha / 2, df)
    # Far out in the wrong direction scipy gives no number for what is next to nothing.
    power = nct.sf(far, df, away) + np.nan_to_num(nct.cdf(-far, df, away))
    columns = {
        "clusters": patients,
        "n": slope.n * times,
        "events": slope.events * times,
        "se": se,
        "half_width": far * se,
        "detectable": (far + t.ppf(0.8, df)) * se,
        "power": power,
    }
    return pd.DataFrame(columns)


def clusters_by_t(slope: Estimate, *, power: float = 0.0, half_width: float = math.inf) -> float:
    """Return the least number of patients, up to a million, with whom GEE's t gives a power and a half-width."""
    if math.isnan(slope.se):
        return math.nan
    if power and slope.estimate == 0:
        return math.inf

    low, high = 3, _MOST_PATIENTS
    while True:
        # All of a search's step at once: each call takes as long for many as for one.
        tried = np.unique(np.geomspace(low, high, 60).round())
        at = precision(slope, tried)
        enough = ((at["power"] >= power) & (at["half_width"] <= half_width)).to_numpy()
        if not enough.any():
            return math.inf
        first = int(enough.argmax())
        if first == 0 or tried[first] - tried[first - 1] == 1:
            return int(tried[first])
        low, high = int(tried[first - 1]) + 1, int(tried[first])


@dataclass(frozen=True)
class Needed:
    """What it would take to settle the slope: numbers of patients, and of vertebrae for a prediction model."""

    fifth: float
    tenth: float
    design_effect: float
    prediction: float


def needed(slope: Estimate, independent: Estimate, corrected: float, prevalence: float) -> Needed:
    """Return how many patients would pin the slope down, and how many vertebrae do for a prediction model.

    The latter by the c that is left after correction, times the design effect where that is above one.
    """
    effect = design_effect(slope, independent)
    # No c, or one that is no better than chance: there is nothing to predict with.
    told = corrected > 0.5 and not math.isnan(effect)
    alone = minimum_sample_size(r2_of_c(corrected, prevalence), prevalence).n if told else math.nan
    fifth, tenth = (clusters_by_t(slope, half_width=half_width) for half_width in (FIFTH, TENTH))
    return Needed(fifth, tenth, effect, float(np.ceil(alone * max(effect, 1.0))))
