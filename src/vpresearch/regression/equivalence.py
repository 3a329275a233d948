"""Change of pain and disability since before the treatment: patients, not vertebrae."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.stats import t

from vpresearch.regression import outcome
from vpresearch.regression.design import Design

FOLLOW_UPS = ("post", "1m", "1y")
PREDICTORS = {"fill_percent": "points per percentage point", "leak": "points"}


def changes(patients: pd.DataFrame, vertebrae: pd.DataFrame, score: str) -> pd.DataFrame:
    """Return every patient's change from before the treatment at every follow-up that the table has."""
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
    """Set up the regression of the change on a predictor, the baseline and the time, of what is not missing."""
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
    """Two one-sided tests of a difference against a margin."""

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

    Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680.
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
    """Test whether a difference lies between minus a margin and the margin."""
    if math.isnan(estimate):
        return math.nan, math.nan, math.nan, math.nan, ""
    p = float(max(t.sf((estimate + margin) / se, df), t.cdf((estimate - margin) / se, df)))
    p_difference = float(2 * t.sf(abs(estimate) / se, df))
    verdict = "equivalent" if p < alpha else "different" if p_difference < alpha else "inconclusive"
    reach = float(t.isf(alpha, df)) * se
    return estimate - reach, estimate + reach, p, p_difference, verdict


def relief(patients: pd.DataFrame, vertebrae: pd.DataFrame) -> pd.DataFrame:
    """Test whether relief depends on fill or on leaks, for either score, with the difference at one year beside."""
    rows = []
    for score in MARGINS:
        table = changes(patients, vertebrae, score)
        for predictor, contrast in CONTRASTS.items():
            study = change_design(table, predictor, score)
            last = outcome.ancova(change_design(table[table["time"] == "1y"], predictor, score))[-1]
            beside: dict[str, object] = {"patients": study.n_clusters, "ancova_1y": contrast * last.estimate}
            beside |= {"ancova_1y_p_value": last.p_value, "ancova_1y_reason": last.reason}
            rows += [asdict(tested) | beside for tested in equivalence(study)]
    return pd.DataFrame(rows)
