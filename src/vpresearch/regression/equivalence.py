"""Change of pain and disability since before the treatment: patients, not vertebrae."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t

from vpresearch.regression import outcome
from vpresearch.regression.design import Design

FOLLOW_UPS = ("post", "1m", "1y")
PREDICTORS = {"fill_percent": "points per percentage point", "leak": "points"}


def changes(patients: pd.DataFrame, vertebrae: pd.DataFrame, score: str) -> pd.DataFrame:
    """Give every patient's change from before the treatment at every follow-up that the table has.

    Parameters
    ----------
    patients : pandas.DataFrame, shape (n_patients, n_columns)
        Indexed by ``patient_id``.
    vertebrae : pandas.DataFrame, shape (n_vertebrae, n_columns)
    score : str
        ``vas`` (points, 0 to 10) or ``odi`` (points, 0 to 100).

    Returns
    -------
    pandas.DataFrame, shape (n_patients * n_follow_ups, 6)
        ``patient_id``; ``time``; ``baseline``; ``change``, later minus baseline, so that relief is negative; the
        patient's mean ``fill_percent``; ``leak``, 1 if any vertebra leaked. NaN where a score is missing.

    Examples
    --------
    >>> from vpresearch.data import load
    >>> from vpresearch.core.paths import RECONSTRUCTION
    >>> study = load(RECONSTRUCTION)
    >>> changes(study.patients, study.vertebrae, "odi")["time"].unique().tolist()
    ['1y']
    """
    patient = vertebrae["patient_id"]
    about = pd.DataFrame(
        {
            "baseline": patients[f"{score}_pre"],
            "fill_percent": vertebrae["fill_percent"].groupby(patient).mean(),
            "leak": vertebrae["leak"].eq("yes").groupby(patient).max().astype(float),
        }
    ).rename_axis("patient_id")
    present = [time for time in FOLLOW_UPS if f"{score}_{time}" in patients]
    parts = [about.assign(time=time, change=patients[f"{score}_{time}"] - about["baseline"]) for time in present]
    columns = ["patient_id", "time", "baseline", "change", "fill_percent", "leak"]
    return pd.concat(parts).reset_index()[columns]


def change_design(table: pd.DataFrame, predictor: str, score: str) -> Design:
    """Set up the regression of the change on a predictor, the baseline and the time, of what is not missing.

    Parameters
    ----------
    table : pandas.DataFrame
        From ``changes``, or its rows of one follow-up. How many have no NaN is the ``n`` of the design.
    predictor : str
        ``fill_percent`` or ``leak``.
    score : str
        ``vas`` or ``odi``, for the name of the outcome.

    Returns
    -------
    Design
        Of the outcome ``vas_change``, or ``vas_change_1y`` where there is that follow-up only; the last column is the
        predictor.

    Examples
    --------
    >>> from vpresearch.data import load
    >>> from vpresearch.core.paths import RECONSTRUCTION
    >>> study = load(RECONSTRUCTION)
    >>> change_design(changes(study.patients, study.vertebrae, "odi"), "leak", "odi").terms
    ('intercept', 'baseline', 'leak')
    """
    rows = table.dropna()
    first, *later = [time for time in FOLLOW_UPS if (rows["time"] == time).any()] or [""]
    times = [(rows["time"] == time).to_numpy(float) for time in later]
    x = np.column_stack([np.ones(len(rows)), *times, rows["baseline"].to_numpy(float), rows[predictor].to_numpy(float)])
    terms = ("intercept", *(f"time_{time}" for time in later), "baseline", predictor)
    units = ("points", *("points" for _ in later), "points per point", PREDICTORS[predictor])
    cluster = np.unique(rows["patient_id"].to_numpy(str), return_inverse=True)[1].astype(np.int64)
    outcome = f"{score}_change_{first}" if first and not later else f"{score}_change"
    return Design(outcome, rows["change"].to_numpy(float), x, terms, units, cluster)


# Least changes that matter to patients (Ostelo RW, Deyo RA, Stratford P, et al. Spine 2008;33:90-94): 15 of 100 on a
# visual scale, 2 of 10 on a numeric one, 10 on the Oswestry index.
MARGINS: Mapping[str, tuple[float, ...]] = {"vas": (1.5, 2.0), "odi": (10.0,)}
# What is compared: a leak with none, and five percentage points of fill.
CONTRASTS: Mapping[str, float] = {"leak": 1.0, "fill_percent": 5.0}


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of a difference against a margin.

    Attributes
    ----------
    outcome, term : str
    contrast : float
        Units of the predictor that are compared.
    margin : float
        Points; the difference is too small to matter if it lies between minus this and this.
    estimate : float
        Points by which the change is larger; NaN where the model could not be fitted.
    ci_low, ci_high : float
        Interval of confidence one minus twice alpha, 90% as a rule: within the margins if, and only if, both tests
        reject.
    p_value : float
        The larger of the two.
    p_difference : float
        Of the two-sided test of no difference.
    verdict : str
        ``equivalent`` where both one-sided tests reject, whatever the test of no difference says; otherwise
        ``different`` where that rejects, or ``inconclusive``. Empty where there is no estimate.
    reason : str
        One of ``REASONS`` where a number is missing, or the empty string.
    """

    outcome: str
    term: str
    contrast: float
    margin: float
    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    p_difference: float
    verdict: str
    reason: str = ""


def equivalence(design: Design, alpha: float = 0.05) -> tuple[Equivalence, ...]:
    """Test the last predictor of the model of change for equivalence, at every margin of the score.

    Parameters
    ----------
    design : Design
        From ``change_design``.
    alpha : float
        Of each one-sided test.

    Returns
    -------
    tuple of Equivalence
        One a margin.

    References
    ----------
    Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680.

    Examples
    --------
    >>> from vpresearch.data import load
    >>> from vpresearch.core.paths import RECONSTRUCTION
    >>> from vpresearch.regression.equivalence import change_design, changes
    >>> study = load(RECONSTRUCTION)
    >>> table = changes(study.patients, study.vertebrae, "vas")
    >>> [result.margin for result in equivalence(change_design(table, "leak", "vas"))]
    [1.5, 2.0]
    """
    found = outcome.fit(design)[-1]
    contrast, margins = CONTRASTS[found.term], MARGINS[design.outcome.split("_")[0]]
    estimate, se, df = contrast * found.estimate, contrast * found.se, outcome.between_df(design)
    return tuple(
        Equivalence(
            design.outcome,
            found.term,
            contrast,
            margin,
            estimate,
            *two_one_sided(estimate, se, df, margin, alpha),
            found.reason,
        )
        for margin in margins
    )


def two_one_sided(
    estimate: float, se: float, df: float, margin: float, alpha: float = 0.05
) -> tuple[float, float, float, float, str]:
    """Test whether a difference lies between minus a margin and the margin.

    Parameters
    ----------
    estimate, se : float
        NaN where there is none.
    df : float
        Degrees of freedom of t.
    margin : float
    alpha : float
        Of each one-sided test.

    Returns
    -------
    tuple of (float, float, float, float, str)
        ``ci_low``, ``ci_high``, ``p_value``, ``p_difference`` and ``verdict`` of ``Equivalence``.

    Examples
    --------
    >>> low, high, p, p_difference, verdict = two_one_sided(0.2, 0.5, 25, 1.5)
    >>> round(low, 3), round(high, 3), round(p, 4), verdict
    (-0.654, 1.054, 0.0077, 'equivalent')
    """
    if math.isnan(estimate):
        return math.nan, math.nan, math.nan, math.nan, ""
    p = float(max(t.sf((estimate + margin) / se, df), t.cdf((estimate - margin) / se, df)))
    p_difference = float(2 * t.sf(abs(estimate) / se, df))
    verdict = "equivalent" if p < alpha else "different" if p_difference < alpha else "inconclusive"
    reach = float(t.isf(alpha, df)) * se
    return estimate - reach, estimate + reach, p, p_difference, verdict
