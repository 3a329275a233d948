"""Whether a difference in relief is too small to matter, rather than merely not seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.stats import t

from vpresearch.regression import outcome
from vpresearch.regression.design import Design

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
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
    >>> from vpresearch.regression.change import change_design, changes
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
