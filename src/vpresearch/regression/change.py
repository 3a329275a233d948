"""Change of pain and disability since before the treatment: patients, not vertebrae."""

from __future__ import annotations

import numpy as np
import pandas as pd

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
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
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
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
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
