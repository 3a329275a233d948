"""Designs of regressions, and the estimates that come of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from vpresearch.core.frame import Framed

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
    "too_many_lost",
    "few_bear_it",
)


@dataclass(frozen=True)
class Estimate(Framed):
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
        One of ``REASONS`` where a number is missing or, the rows being separated, depends on a penalty, a prior or
        conditioning; otherwise the empty string.

    Examples
    --------
    >>> import vpresearch as vp
    >>> design = vp.leak_design(vp.load(vp.RECONSTRUCTION).rows)
    >>> _, slope = vp.fit_firth(design)
    >>> slope.term, round(slope.estimate, 3), round(slope.p_value, 3), slope.p_kind
    ('fill_percent', 0.071, 0.293, 'penalised likelihood ratio')
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


Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class Design:
    """Outcome, predictors and clusters, without missing values.

    Attributes
    ----------
    outcome : str
    y : numpy.ndarray of float, shape (n,)
        0 or 1, or the level of an ordered outcome from 0.
    x : numpy.ndarray of float, shape (n, n_terms)
        The first column is one.
    terms : tuple of str
        Names of the columns; the first is ``intercept``.
    units : tuple of str
        Units of the coefficients.
    cluster : numpy.ndarray of int, shape (n,)
        Number of each row's patient, from 0 without gaps.

    Examples
    --------
    >>> import vpresearch as vp
    >>> design = vp.leak_design(vp.load(vp.RECONSTRUCTION).rows)
    >>> design
    <Design: leak on fill_percent; 41 rows, 27 patients>
    >>> design.events
    15
    """

    outcome: str
    y: Floats
    x: Floats
    terms: tuple[str, ...]
    units: tuple[str, ...]
    cluster: Ints

    def __repr__(self) -> str:
        # Without the rows, which are patients'.
        return f"<Design: {self.outcome} on {', '.join(self.terms[1:])}; {self.n} rows, {self.n_clusters} patients>"

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.y)

    @property
    def events(self) -> int:
        """Rows above the lowest level of the outcome."""
        return int((self.y > 0).sum())

    @property
    def n_clusters(self) -> int:
        """Patients."""
        return int(self.cluster.max(initial=-1)) + 1

    def failed(self, model: str, reason: str) -> tuple[Estimate, ...]:
        """Return the result of a fit that failed for one of ``REASONS``: a row a term, without a number."""
        return tuple(
            Estimate(
                model,
                self.outcome,
                term,
                unit,
                n=self.n,
                events=self.events,
                clusters=self.n_clusters,
                reason=reason,
            )
            for term, unit in zip(self.terms, self.units, strict=True)
        )

    def fitted(
        self,
        model: str,
        estimate: ArrayLike,
        se: ArrayLike,
        interval: tuple[ArrayLike, ArrayLike, str],
        p: tuple[ArrayLike, str],
    ) -> tuple[Estimate, ...]:
        """Return the result of a fit that converged, a row a term; intervals and p with their kind."""
        shape = (len(self.terms),)
        parts = (estimate, se, *interval[:2], p[0])
        numbers = zip(*(np.broadcast_to(np.asarray(part, float), shape) for part in parts), strict=True)
        return tuple(
            replace(
                empty,
                estimate=float(value),
                se=float(error),
                ci_low=float(low),
                ci_high=float(high),
                ci_kind=interval[2],
                p_value=float(p_value),
                p_kind=p[1],
                converged=True,
            )
            for empty, (value, error, low, high, p_value) in zip(self.failed(model, ""), numbers, strict=True)
        )


def design(
    rows: pd.DataFrame, outcome: str, y: ArrayLike, terms: Sequence[str] = ("fill_percent",), scale: str = "log odds"
) -> Design:
    """Set up a regression of an outcome, NaN where missing, on the rows in which nothing that it needs is missing."""
    predictors = rows[list(terms)].to_numpy(float)
    outcomes = np.asarray(y, dtype=float)
    complete = ~np.isnan(np.column_stack([predictors, outcomes])).any(axis=1)
    cluster = np.unique(rows["patient_id"].to_numpy(str)[complete], return_inverse=True)[1].astype(np.int64)
    x = np.column_stack([np.ones(int(complete.sum())), predictors[complete]])
    units = (scale, *(f"{scale} per {_UNITS.get(term, 'unit')}" for term in terms))
    return Design(outcome, outcomes[complete], x, ("intercept", *terms), units, cluster)


_UNITS = {
    "fill_percent": "percentage point",
    "vertebral_volume_cc": "cc",
    "cement_volume_cc": "cc",
    "age_years": "year",
    **dict.fromkeys(("fill_between", "fill_within", "fill_contrast"), "percentage point"),
    **dict.fromkeys(("log_cement", "log_volume", "log_ratio", "log_both"), "doubling"),
}
