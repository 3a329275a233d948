"""Every model of a leak on fill, in the order in which they were fixed before looking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pandas as pd

from vpresearch.regression import bayes, cluster_bootstrap, exact, firth, gee, logistic, mixed, ordinal
from vpresearch.regression.covariates import with_covariates
from vpresearch.regression.design import Design, design
from vpresearch.regression.result import Estimate
from vpresearch.regression.specification import Fit
from vpresearch.sharing import once

# The analysis that was chosen beforehand: odds over all patients, errors for few clusters.
PRIMARY = "gee_kc"
LEAK_MODELS: Mapping[str, Fit] = {
    "gee_kc": gee.fit,
    "gee_kc_principal": partial(gee.fit, model="gee_kc_principal"),
    "gee_md": partial(gee.fit, model="gee_md"),
    "gee_fg": partial(gee.fit, model="gee_fg"),
    "gee_robust": partial(gee.fit, model="gee_robust"),
    "gee_exchangeable": partial(gee.fit, model="gee_exchangeable"),
    "ml": logistic.fit,
    "firth": firth.fit,
    "mixed": mixed.fit,
    "bayes": bayes.fit,
    "exact": exact.fit,
}


def leak_design(rows: pd.DataFrame, terms: tuple[str, ...] = ("fill_percent",)) -> Design:
    """Set up the regression of leak on fill, or on other predictors.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns, the patient's repeated.
    terms : tuple of str

    Returns
    -------
    Design

    Examples
    --------
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
    >>> leak_design(load(RECONSTRUCTION).rows).events
    15
    """
    table = with_covariates(rows)
    return design(table, "leak", table["leaked"], terms)


def severity_design(rows: pd.DataFrame) -> Design:
    """Set up the regression of the size of a leak, none to massive, on fill.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n_vertebrae, n_columns)

    Returns
    -------
    Design
    """
    return design(rows, "leak_severity", ordinal.severity(rows))


def fit_models(rows: pd.DataFrame, seed: int = 1, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit every model of a leak on fill.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns, the patient's repeated.
    seed : int
        Of the bootstrap.
    alpha : float
        One minus the coverage of the intervals.

    Returns
    -------
    tuple of Estimate
        Without a number, and with the reason, where a model cannot be fitted.

    Examples
    --------
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
    >>> found = fit_models(load(RECONSTRUCTION).rows)
    >>> sorted({estimate.outcome for estimate in found if estimate.term == "fill_percent"})
    ['leak', 'leak_severity']
    """
    return once(_fit_models, rows, seed, alpha)


def _fit_models(rows: pd.DataFrame, seed: int, alpha: float) -> tuple[Estimate, ...]:
    study = leak_design(rows)
    fitted = [estimate for fit in LEAK_MODELS.values() for estimate in fit(study, alpha)]
    fitted += cluster_bootstrap.fit(study, alpha, seed=seed)
    fitted += ordinal.fit(severity_design(rows), alpha)
    apart = logistic.fit(leak_design(rows, ("cement_volume_cc", "vertebral_volume_cc")), alpha)
    fitted += [replace(estimate, model="ml_cement_and_volume") for estimate in apart]
    return tuple(fitted)
