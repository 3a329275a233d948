"""What a regression returns."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Why a fit gives no number, or one that the likelihood alone does not give.
REASONS = (
    "complete_separation",
    "quasi_complete_separation",
    "one_outcome",
    "constant",
    "collinear",
    "too_few_clusters",
    "too_few_outcomes",
    "one_row_a_cluster",
    "no_spread_between",
    "not_converged",
    "flat_likelihood",
    "too_large",
    "conditioned_out",
    "not_one_predictor",
    "knots_coincide",
)


@dataclass(frozen=True)
class Estimate:
    """One coefficient of one model.

    Attributes
    ----------
    model : str
        Such as ``ml``, ``firth`` or ``gee_kc``.
    outcome : str
        Canonical name of what is explained.
    term : str
        ``intercept``, ``fill_percent``, ...
    unit : str
        Unit of the estimate, such as ``log odds per percentage point``.
    estimate, se : float
        NaN where the fit failed.
    ci_low, ci_high : float
        Confidence or credible interval; NaN where there is none.
    ci_kind : str
        How the interval was made, such as ``profile likelihood`` or ``t(25)``; empty where there is none.
    p_value : float
        NaN where there is none.
    p_kind : str
        The test behind it, such as ``likelihood ratio``; empty where there is none.
    n, events, clusters : int
        Vertebrae, leaks (or, of an ordered outcome, vertebrae above its lowest level) and patients in the fit.
    converged : bool
    reason : str
        One of ``REASONS`` where a number is missing or, the rows being separated, hangs on a penalty, a prior or
        conditioning; otherwise the empty string.
    """

    model: str
    outcome: str
    term: str
    unit: str
    estimate: float = math.nan
    se: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    ci_kind: str = ""
    p_value: float = math.nan
    p_kind: str = ""
    n: int = 0
    events: int = 0
    clusters: int = 0
    converged: bool = False
    reason: str = ""
