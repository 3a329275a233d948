"""What a leak could depend on beside fill, as numbers, and the sets of predictors that are looked at."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from vpresearch.dictionary import columns

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


def with_covariates(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that only a regression needs.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns, the patient's repeated.

    Returns
    -------
    pandas.DataFrame, shape (n_vertebrae, n_columns + 4)
        With ``leaked``, ``female`` and ``lumbar`` (0 or 1) and ``level_number`` (from the first thoracic vertebra on).

    Examples
    --------
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
    >>> rows = with_covariates(load(RECONSTRUCTION).rows)
    >>> rows.loc[0, ["leaked", "female", "lumbar", "level_number"]].tolist()
    [0.0, 1.0, 0.0, 12.0]
    """
    number = {level.value: float(place) for place, level in enumerate(columns()["level"].levels, start=1)}
    return rows.assign(
        leaked=rows["leak"].eq("yes").astype(float),
        female=rows["sex"].eq("F").astype(float),
        lumbar=rows["region"].eq("lumbar").astype(float),
        level_number=rows["level"].map(number).astype(float),
    )


def by_patient(rows: pd.DataFrame) -> pd.DataFrame:
    """Collapse vertebrae to patients: any leak, and the mean of every number.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n_vertebrae, n_columns)
        From ``with_covariates``.

    Returns
    -------
    pandas.DataFrame, shape (n_patients, n_columns)
        ``patient_id``, ``leaked``, ``fill_percent``, ``vertebral_volume_cc``, ``age_years`` and ``female``.

    Examples
    --------
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
    >>> len(by_patient(with_covariates(load(RECONSTRUCTION).rows)))
    27
    """
    numbers = ["fill_percent", "vertebral_volume_cc", "age_years", "female"]
    grouped = rows.groupby("patient_id", sort=True)
    return grouped[numbers].mean().assign(leaked=grouped["leaked"].max()).reset_index()
