"""Risks and their differences against R, and what an interval built on the log odds must do."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.regression import gee
from vpresearch.regression.design import Design, design
from vpresearch.regression.risk import (
    FILLS,
    LogOdds,
    dose_risks,
    effect_of_one_point,
    log_odds,
    risk_curve,
    risk_difference,
    risks,
)

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_R: dict[str, Any] = json.loads((_HERE / "synthetic41.json").read_text(encoding="utf-8"))["R"]
_OTHERS: dict[str, Any] = json.loads((_HERE / "others.json").read_text(encoding="utf-8"))["risk"]
_SEPARATED = Design(
    "leak",
    np.array([0.0, 0.0, 1.0, 1.0]),
    np.column_stack([np.ones(4), [4.0, 5.0, 6.0, 7.0]]),
    ("intercept", "fill_percent"),
    ("", ""),
    np.arange(4),
)


@pytest.fixture(scope="module")
def study() -> Design:
    table = pd.read_csv(_HERE / "synthetic41.csv")
    rows = pd.DataFrame({"patient_id": table["patient"].astype(str), "fill_percent": 100 * table["fill"]})
    return design(rows, "leak", table["leak"])


@pytest.fixture(scope="module")
def robust(study: Design) -> LogOdds:
    """R's reference intervals are normal."""
    return replace(log_odds(study, "gee_robust"), df=math.inf)


# -- R -----------------------------------------------------------------------------------------------------------


def test_the_risk_curve_is_that_of_r(study: Design, robust: LogOdds) -> None:
    expected = _R["risk_at_fill_0.1_0.4"]
    table = risk_curve(study, robust, 100 * np.array(expected["fill"]))
    assert table["risk"].tolist() == pytest.approx(expected["risk"], rel=1e-9)
    assert table["se"].tolist() == pytest.approx(expected["se_clusterHC0"], rel=1e-7)
    assert table["ci_low"].tolist() == pytest.approx(expected["ci_logit_clusterHC0_lower"], rel=1e-7)
    assert table["ci_high"].tolist() == pytest.approx(expected["ci_logit_clusterHC0_upper"], rel=1e-7)


def test_the_standard_error_of_maximum_likelihood_is_that_of_r(study: Design) -> None:
    expected = _R["risk_at_fill_0.1_0.4"]
    table = risk_curve(study, log_odds(study, "ml"), 100 * np.array(expected["fill"]))
    assert table["se"].tolist() == pytest.approx(expected["se_model"], rel=1e-6)


def test_the_differences_are_those_of_r(study: Design, robust: LogOdds) -> None:
    found = {
        "from_5_to_10": risk_difference(study, robust),
        "from_10_to_30": risk_difference(study, robust, 10, 30),
        "one_point": effect_of_one_point(study, robust),
    }
    for name, estimate in found.items():
        assert estimate.estimate == pytest.approx(_OTHERS[name]["estimate"], rel=1e-9)
        assert estimate.se == pytest.approx(_OTHERS[name]["se"], rel=1e-7)
        assert estimate.ci_high - estimate.estimate == pytest.approx(1.959963985 * estimate.se)
        assert (estimate.n, estimate.events, estimate.clusters, estimate.converged) == (41, 15, 27, True)


# -- models ------------------------------------------------------------------------------------------------------


def test_every_model_is_that_of_its_own_module(study: Design) -> None:
    for name in ("gee_robust", "gee_kc"):
        fitted, expected = log_odds(study, name), gee.fit(study, model=name)
        assert fitted.coefficients.tolist() == pytest.approx([estimate.estimate for estimate in expected], rel=1e-9)
        assert np.sqrt(np.diag(fitted.covariance)).tolist() == pytest.approx([e.se for e in expected], rel=1e-9)
        assert fitted.df == 25


def test_flic_has_the_intercept_of_logistf_and_takes_patients_as_clusters(study: Design) -> None:
    fitted, expected = log_odds(study, "flic"), _R["flic"]
    assert fitted.coefficients.tolist() == pytest.approx([expected["(Intercept)"], expected["f10"] / 10], rel=1e-6)
    p = 1 / (1 + np.exp(-study.x @ fitted.coefficients))
    assert p.mean() == pytest.approx(15 / 41)
    assert fitted.df == 25


def test_t_makes_wider_intervals_than_the_normal_distribution(study: Design) -> None:
    corrected = log_odds(study, "gee_kc")
    by_t, normal = (risk_curve(study, fitted, FILLS) for fitted in (corrected, replace(corrected, df=math.inf)))
    assert (by_t["ci_low"] < normal["ci_low"]).all()
    assert (by_t["ci_high"] > normal["ci_high"]).all()
    assert risk_difference(study, corrected).ci_kind == "delta method, t(25)"


# -- laws --------------------------------------------------------------------------------------------------------


@given(fill=st.floats(-50, 150), alpha=st.sampled_from([0.01, 0.05, 0.5]))
def test_an_interval_of_a_risk_stays_between_nought_and_one(fill: float, alpha: float) -> None:
    fitted = LogOdds("ml", np.array([-3.55, 0.121]), np.array([[1.44, -0.051], [-0.051, 0.002]]))
    row = risks(fitted, np.array([[1.0, fill]]), alpha).iloc[0]
    assert 0 <= row["ci_low"] <= row["risk"] <= row["ci_high"] <= 1


def test_the_mean_over_the_rows_is_not_the_risk_of_the_mean_row(study: Design) -> None:
    age = np.linspace(-6, 6, 41)
    wider = Design("leak", study.y, np.column_stack([study.x, age]), (*study.terms, "age"), ("",) * 3, study.cluster)
    fitted = LogOdds("ml", np.array([-2.0, 0.2, 1.0]), np.diag([0.1, 0.001, 0.1]))
    by_hand = (1 / (1 + np.exp(-age)) - 1 / (1 + np.exp(1 - age))).mean()
    assert risk_difference(wider, fitted, 5, 10).estimate == pytest.approx(by_hand, rel=1e-9)
    curve = risk_curve(wider, fitted, [5, 10])["risk"]
    assert curve.tolist() == pytest.approx([1 / (1 + math.e), 0.5])
    assert curve[1] - curve[0] > 1.5 * by_hand


# -- the range, and fits that failed -----------------------------------------------------------------------------


def test_the_curve_covers_the_observed_fill_and_tells_what_lies_beyond(study: Design, robust: LogOdds) -> None:
    curve = risk_curve(study, robust)
    assert curve["fill_percent"].iloc[[0, -1]].tolist() == pytest.approx([9.4, 45.0])
    assert not curve["extrapolated"].any()
    assert risk_curve(study, robust, FILLS)["extrapolated"].tolist() == [True, True, False, False]


def test_doses_are_fills(study: Design, robust: LogOdds) -> None:
    table = dose_risks(study, robust)
    assert len(table) == 12
    assert table["fill_percent"].tolist() == pytest.approx((100 * table["cement_cc"] / table["vertebra_cc"]).tolist())
    half = table[(table["vertebra_cc"] == 16) & (table["cement_cc"] == 4)].iloc[0]
    assert half["fill_percent"] == 25
    assert half["risk"] == pytest.approx(risk_curve(study, robust, [25.0])["risk"][0])


@pytest.mark.parametrize("model", ["ml", "gee_robust", "gee_kc"])
def test_without_a_fit_there_is_no_risk(model: str) -> None:
    fitted = log_odds(_SEPARATED, model)
    assert fitted.reason == "complete_separation"
    assert risk_curve(_SEPARATED, fitted, FILLS)[["risk", "se", "ci_low", "ci_high"]].isna().all(axis=None)
    difference = risk_difference(_SEPARATED, fitted)
    assert (difference.reason, difference.ci_kind, difference.converged) == ("complete_separation", "", False)
    assert math.isnan(difference.estimate)


def test_no_model_gives_a_risk_on_separated_rows_or_for_one_outcome() -> None:
    fitted = log_odds(_SEPARATED, "flic")
    assert fitted.reason == "complete_separation"
    assert risk_curve(_SEPARATED, fitted)[["risk", "se", "ci_low", "ci_high"]].isna().all(axis=None)
    moved = risk_difference(_SEPARATED, fitted)
    assert (moved.reason, math.isnan(moved.estimate), math.isnan(moved.ci_high)) == ("complete_separation", True, True)
    assert log_odds(replace(_SEPARATED, y=np.zeros(4)), "flic").reason == "one_outcome"


def test_no_difference_of_risks_is_more_than_all() -> None:
    for slope in (0.5, -0.5):
        wide = LogOdds("ml", np.array([-7.5 * slope, slope]), np.diag([4.0, 4.0]))
        moved = risk_difference(_SEPARATED, wide)
        assert (moved.ci_low, moved.ci_high) == (-1.0, 1.0)
