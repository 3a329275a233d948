"""What a leak could depend on beside fill, as numbers, and the sets of predictors that are looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from vpresearch.core.dictionary import Column, columns
from vpresearch.core.frame import Framed
from vpresearch.regression import bayes, exact, firth, gee, logistic, mixed, ordinal, resampling
from vpresearch.regression.design import Design, Estimate, design

# Fifteen leaks carry two predictors at most; whatever is added to fill is exploratory.
ADJUSTMENTS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "volume": ("vertebral_volume_cc",),
    "region": ("lumbar",),
    "level": ("level_number",),
    "age": ("age_years",),
    "sex": ("female",),
}
# Of a patient with several vertebrae, neither region nor level is one thing.
PATIENT_ADJUSTMENTS = ("none", "volume", "age", "sex")


def level_numbers() -> dict[str, float]:
    """Return the place of each level of the spine, from above."""
    return {level.value: float(place) for place, level in enumerate(columns()["level"].levels, start=1)}


def with_covariates(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that only a regression needs."""
    return rows.assign(
        leaked=rows["leak"].eq("yes").astype(float),
        female=rows["sex"].eq("F").astype(float),
        lumbar=rows["region"].eq("lumbar").astype(float),
        level_number=rows["level"].map(level_numbers()).astype(float),
    )


def by_patient(rows: pd.DataFrame, own: Sequence[str] = ()) -> pd.DataFrame:
    """Collapse vertebrae to patients: any leak, and the mean of every number."""
    numbers = ["fill_percent", "vertebral_volume_cc", "age_years", "female", *own]
    grouped = rows.groupby("patient_id", sort=True)
    return grouped[numbers].mean().assign(leaked=grouped["leaked"].max()).reset_index()


Fit = Callable[[Design, float], tuple[Estimate, ...]]
# One row a patient leaves nothing for a model of clusters.
_OF_PATIENTS: Mapping[str, Fit] = {"ml": logistic.fit, "firth": firth.fit}
_OF_VERTEBRAE: Mapping[str, Fit] = {
    **_OF_PATIENTS,
    **{name: partial(gee.fit, model=name) for name in ("gee_robust", "gee_kc", "gee_md", "gee_fg", "gee_exchangeable")},
    "mixed": mixed.fit,
}


@dataclass(frozen=True)
class Specification(Framed):
    """One way to ask how leaks depend on fill."""

    unit: str
    adjustment: str
    slope: Estimate


def specification_curve(
    rows: pd.DataFrame, alpha: float = 0.05, own: Sequence[Column] = ()
) -> tuple[Specification, ...]:
    """Estimate the slope of leak on fill under every choice of model, covariance, adjustment and unit.

    The choices are not equally good and their results not independent; their spread says how far the answer depends on
    the analyst, nothing more.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns, the patient's repeated.
    alpha : float
        One minus the coverage of the intervals.
    own : sequence of Column
        Columns that the study declares, to adjust for as well.

    Returns
    -------
    tuple of Specification

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD. Nat Hum Behav 2020;4:1208-1214.

    Examples
    --------
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> curve = vp.specification_curve(study.rows)
    >>> len(curve), curve[0].unit, curve[0].adjustment, curve[0].slope.model
    (56, 'vertebrae', 'none', 'ml')
    """
    vertebrae, terms = with_own(with_covariates(rows), own)
    of_patients = [each.name for each in own if each.unit_of_observation == "patient"]
    patients = by_patient(vertebrae, [term for name in of_patients for term in terms[name]])
    # In place: all 56 fits take a second, and starting a process to share them takes two.
    return tuple(
        Specification(unit, adjustment, fit(study, alpha)[1])
        for unit, table, adjustments, fits in (
            ("vertebrae", vertebrae, tuple(terms), _OF_VERTEBRAE),
            ("patients", patients, (*PATIENT_ADJUSTMENTS, *of_patients), _OF_PATIENTS),
        )
        for adjustment in adjustments
        for study in (design(table, "leak", table["leaked"], ("fill_percent", *terms[adjustment])),)
        for fit in fits.values()
    )


def with_own(table: pd.DataFrame, own: Sequence[Column]) -> tuple[pd.DataFrame, Mapping[str, tuple[str, ...]]]:
    """Add columns of a study's own as numbers, all categories but the most frequent as yes or no, with their terms."""
    terms = dict(ADJUSTMENTS)
    for each in own:
        values = table[each.name]
        seen = list(values.value_counts().index) if each.kind == "category" else []
        added = {f"{each.name}={value}": values.eq(value).astype(float).where(values.notna()) for value in seen[1:]}
        table = table.assign(**added)
        terms[each.name] = tuple(added) if each.kind == "category" else (each.name,)
    return table, terms


# The analysis that was chosen beforehand: odds over all patients, errors for few clusters.
PRIMARY = "gee_kc"
LEAK_MODELS: Mapping[str, Fit] = {
    "gee_kc": gee.fit,
    "gee_kc_satterthwaite": partial(gee.fit, model="gee_kc_satterthwaite"),
    "gee_kc_principal": partial(gee.fit, model="gee_kc_principal"),
    "gee_md": partial(gee.fit, model="gee_md"),
    "gee_fg": partial(gee.fit, model="gee_fg"),
    "gee_robust": partial(gee.fit, model="gee_robust"),
    "gee_exchangeable": partial(gee.fit, model="gee_exchangeable"),
    "ml": logistic.fit,
    "firth": firth.fit,
    "mixed": mixed.fit,
    "mixed_profile": mixed.fit_profiled,
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
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> vp.leak_design(study.rows)
    <Design: leak on fill_percent; 41 rows, 27 patients>
    >>> vp.leak_design(study.rows, ("fill_percent", "female")).terms
    ('intercept', 'fill_percent', 'female')
    """
    table = with_covariates(rows)
    return design(table, "leak", table["leaked"], terms)


def severity_design(rows: pd.DataFrame) -> Design:
    """Set up the regression of the size of a leak, none to massive, on fill."""
    return design(rows, "leak_severity", ordinal.severity(rows))


def ratio_models(rows: pd.DataFrame, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit a leak on the logarithms of cement and volume, and on a patient's mean fill and what departs from it.

    If the ratio alone counts, the coefficients of the two logarithms are opposite and their sum, ``log_both``, is
    nought: the log odds of doubling both. Its p by ``ml_logs`` is the likelihood-ratio test of that. ``fill_contrast``
    is between less within.

    Neuhaus JM, Kalbfleisch JD. Biometrics 1998;54:638-45. Begg MD, Parides MK. Stat Med 2003;22:2591-602.
    """
    leak = rows["leak"].map({"no": 0.0, "yes": 1.0})
    cement, volume = (np.log2(rows[f"{name}_volume_cc"].where(lambda cc: cc > 0)) for name in ("cement", "vertebral"))
    own = rows["fill_percent"].where(leak.notna())
    between = own.groupby(rows["patient_id"]).transform("mean")
    table = rows.assign(
        log_cement=cement,
        log_volume=volume,
        log_ratio=cement - volume,
        log_both=volume,
        fill_between=between,
        fill_within=own - between,
        fill_contrast=between,
    )
    logs = [design(table, "leak", leak, terms) for terms in (("log_cement", "log_volume"), ("log_ratio", "log_both"))]
    apart = [
        design(table, "leak", leak, terms)
        for terms in (("fill_between", "fill_within"), ("fill_percent", "fill_contrast"))
    ]
    by_ml, by_gee = ([fit(each, alpha) for each in logs] for fit in (logistic.fit, gee.fit))
    if apart[0].n == apart[0].n_clusters:
        within = [each.failed("gee_kc_within", "one_row_a_cluster") for each in apart]
    else:
        within = [gee.fit(each, alpha) for each in apart]
    models = {"ml_logs": by_ml, "gee_kc_logs": by_gee, "gee_kc_within": within}
    # Fitted in two coordinates: all the coefficients of the first, and the last one of the second.
    return tuple(replace(each, model=model) for model, (whole, other) in models.items() for each in (*whole, other[-1]))


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
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> found = vp.fit_models(study.rows)
    >>> slopes = [each for each in found if each.term == "fill_percent"]
    >>> sorted({slope.outcome for slope in slopes})
    ['leak', 'leak_severity']
    >>> slopes[0].model, round(slopes[0].estimate, 3)
    ('gee_kc', 0.075)
    """
    study = leak_design(rows)
    fitted = [estimate for fit in LEAK_MODELS.values() for estimate in fit(study, alpha)]
    fitted += resampling.fit(study, alpha, seed=seed)
    fitted += ordinal.fit(severity_design(rows), alpha)
    apart = logistic.fit(leak_design(rows, ("cement_volume_cc", "vertebral_volume_cc")), alpha)
    fitted += [replace(estimate, model="ml_cement_and_volume") for estimate in apart]
    return (*fitted, *ratio_models(rows, alpha))
