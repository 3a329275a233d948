"""The slope of leak on fill under every defensible choice of model, covariance, adjustment and unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from vpresearch.regression import firth, gee, logistic, mixed
from vpresearch.regression.covariates import ADJUSTMENTS, PATIENT_ADJUSTMENTS, by_patient, with_covariates
from vpresearch.regression.design import Design, design
from vpresearch.regression.result import Estimate
from vpresearch.sharing import once

Fit = Callable[[Design, float], tuple[Estimate, ...]]
# One row a patient leaves nothing for a model of clusters.
_OF_PATIENTS: Mapping[str, Fit] = {"ml": logistic.fit, "firth": firth.fit}
_OF_VERTEBRAE: Mapping[str, Fit] = {
    **_OF_PATIENTS,
    **{name: partial(gee.fit, model=name) for name in ("gee_robust", "gee_kc", "gee_md", "gee_fg", "gee_exchangeable")},
    "mixed": mixed.fit,
}


@dataclass(frozen=True)
class Specification:
    """One way to ask how leaks depend on fill.

    Attributes
    ----------
    unit : {"vertebrae", "patients"}
    adjustment : str
        Name in ``ADJUSTMENTS``.
    slope : Estimate
        Of fill.
    """

    unit: str
    adjustment: str
    slope: Estimate


def specification_curve(rows: pd.DataFrame, alpha: float = 0.05) -> tuple[Specification, ...]:
    """Estimate the slope of leak on fill under every choice of model, covariance, adjustment and unit.

    The choices are not equally good and their results not independent; their spread says how far the answer hangs on
    the analyst, nothing more.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns, the patient's repeated.
    alpha : float
        One minus the coverage of the intervals.

    Returns
    -------
    tuple of Specification

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD. Nat Hum Behav 2020;4:1208-1214.

    Examples
    --------
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
    >>> curve = specification_curve(load(RECONSTRUCTION).rows)
    >>> len(curve), curve[0].unit, curve[0].adjustment, curve[0].slope.model
    (56, 'vertebrae', 'none', 'ml')
    """
    return once(_curve, rows, alpha)


def _curve(rows: pd.DataFrame, alpha: float) -> tuple[Specification, ...]:
    vertebrae = with_covariates(rows)
    patients = by_patient(vertebrae)
    # In place: all 56 fits take a second, and starting a process to share them takes two.
    return tuple(
        Specification(unit, adjustment, fit(study, alpha)[1])
        for unit, table, adjustments, fits in (
            ("vertebrae", vertebrae, tuple(ADJUSTMENTS), _OF_VERTEBRAE),
            ("patients", patients, PATIENT_ADJUSTMENTS, _OF_PATIENTS),
        )
        for adjustment in adjustments
        for study in (_design(table, adjustment),)
        for fit in fits.values()
    )


def _design(table: pd.DataFrame, adjustment: str) -> Design:
    return design(table, "leak", table["leaked"], ("fill_percent", *ADJUSTMENTS[adjustment]))
