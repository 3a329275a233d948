"""The table of changes that the models of relief are fitted to."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from vpresearch.data import Dataset
from vpresearch.regression.outcome import change_designs, changes

_PATIENTS = pd.DataFrame(
    {
        "vas_pre": [8.0, 9.0, 7.0],
        "vas_post": [2.0, 3.0, math.nan],
        "vas_1m": [3.0, math.nan, 5.0],
        "vas_1y": [1.0, 4.0, 6.0],
        "odi_pre": [60.0, 50.0, 40.0],
        "odi_1y": [20.0, math.nan, math.nan],
    },
    index=pd.Index(["b", "a", "c"], name="patient_id"),
)
_VERTEBRAE = pd.DataFrame(
    {
        "patient_id": ["a", "b", "c", "a"],
        "fill_percent": [10.0, 5.0, 12.0, 20.0],
        "leak": ["no", "no", "yes", "yes"],
    }
)


def test_changes_are_later_minus_baseline_of_each_patient() -> None:
    table = changes(_PATIENTS, _VERTEBRAE, "vas")
    assert table.columns.tolist() == ["patient_id", "time", "baseline", "change", "fill_percent", "leak"]
    assert len(table) == 9
    of_a = table[table["patient_id"] == "a"].set_index("time")
    assert of_a["change"].tolist() == pytest.approx([-6, math.nan, -5], nan_ok=True)
    assert of_a[["baseline", "fill_percent", "leak"]].drop_duplicates().to_numpy().tolist() == [[9, 15, 1]]
    assert table[table["patient_id"] == "b"]["leak"].tolist() == [0, 0, 0]


def test_what_is_missing_is_left_out_row_by_row() -> None:
    _, study, _ = change_designs(changes(_PATIENTS, _VERTEBRAE, "vas"), "fill_percent", "vas")
    assert (study.outcome, study.n, study.n_clusters) == ("vas_change_1m", 7, 3)
    assert study.terms[:4] == ("intercept", "time_post", "time_1y", "baseline")
    assert study.terms[4:] == ("fill_percent_post", "fill_percent_1y", "fill_percent")
    assert study.units[3:] == ("points per point", *["points per percentage point"] * 3)
    assert sorted(study.x[study.cluster == 0, -1].tolist()) == [15, 15]
    assert study.x[:, 1:3].sum(axis=0).tolist() == [2, 3]
    assert study.x[:, 4:6].sum(axis=0).tolist() == [20, 32]


def test_follow_ups_that_nobody_has_are_no_terms() -> None:
    (study,) = change_designs(changes(_PATIENTS, _VERTEBRAE, "odi"), "leak", "odi")
    assert (study.outcome, study.terms, study.units[-1]) == (
        "odi_change_1y",
        ("intercept", "baseline", "leak"),
        "points",
    )
    assert (study.n, study.y.tolist()) == (1, [-40])
    (nobody,) = change_designs(changes(_PATIENTS.assign(odi_pre=math.nan), _VERTEBRAE, "odi"), "leak", "odi")
    assert nobody.n == 0


def test_every_score_of_a_study_is_used(studies: dict[str, Dataset]) -> None:
    study = studies["large"]
    table = changes(study.patients, study.vertebrae, "odi")
    scores = study.patients[["odi_post", "odi_1m", "odi_1y"]].sub(study.patients["odi_pre"], axis=0)
    assert len(table) == 900
    assert np.nansum(table["change"]) == pytest.approx(np.nansum(scores))
    assert {study.n for study in change_designs(table, "leak", "odi")} == {900 - 68}


def test_without_any_follow_up_there_is_nothing_to_fit() -> None:
    nobody = _PATIENTS.assign(vas_post=math.nan, vas_1m=math.nan, vas_1y=math.nan)
    (study,) = change_designs(changes(nobody, _VERTEBRAE, "vas"), "leak", "vas")
    assert (study.outcome, study.n) == ("vas_change", 0)
