"""Proportional odds against R's clm, the logistic special case, and data without a maximum."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpresearch.data import Dataset
from vpresearch.regression import logistic
from vpresearch.regression.design import Design, design
from vpresearch.regression.ordinal import LEVELS, Limits, fit, limits, maximise, proportional_odds, severity

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_R: dict[str, Any] = json.loads((_HERE / "others.json").read_text(encoding="utf-8"))["ordinal"]


def _synthetic() -> Design:
    table = pd.read_csv(_HERE / "synthetic41.csv")
    rows = pd.DataFrame({"patient_id": table["patient"].astype(str), "fill_percent": 100 * table["fill"]})
    return design(rows, "severity", table["severity"])


def _study(x: list[float], y: list[float]) -> Design:
    columns = np.column_stack([np.ones(len(x)), x])
    return Design("severity", np.array(y, float), columns, ("intercept", "fill_percent"), ("", ""), np.arange(len(x)))


@pytest.fixture(params=list(_R))
def case(request: pytest.FixtureRequest, studies: dict[str, Dataset]) -> tuple[Design, dict[str, Any]]:
    if request.param == "synthetic41":
        return _synthetic(), _R[request.param]
    rows = studies[request.param].rows
    return design(rows, "severity", severity(rows)), _R[request.param]


# -- R -----------------------------------------------------------------------------------------------------------


def test_the_fit_is_that_of_clm(case: tuple[Design, dict[str, Any]]) -> None:
    study, expected = case
    estimates = fit(study)
    assert [estimate.term for estimate in estimates] == ["threshold_1", "threshold_2", "threshold_3", "fill_percent"]
    assert [estimate.estimate for estimate in estimates] == pytest.approx([*expected["coef"].values()], rel=1e-9)
    assert [estimate.se for estimate in estimates] == pytest.approx([*expected["se"].values()], rel=1e-9)
    slope = estimates[-1]
    assert [slope.ci_low, slope.ci_high] == pytest.approx(expected["profile"], rel=1e-9)
    assert slope.p_value == pytest.approx(expected["lr_p"], rel=1e-9)
    assert (slope.ci_kind, slope.p_kind, slope.converged) == ("profile likelihood", "likelihood ratio", True)
    assert math.isnan(estimates[0].ci_low)
    assert (estimates[0].ci_kind, estimates[0].p_kind) == ("", "")


def test_the_test_of_proportional_odds_is_that_of_clm(case: tuple[Design, dict[str, Any]]) -> None:
    study, expected = case
    result = proportional_odds(study)
    assert (result.df, result.reason) == (expected["nominal"]["df"], "")
    assert result.statistic == pytest.approx(expected["nominal"]["lr"], rel=1e-9)
    assert result.p_value == pytest.approx(expected["nominal"]["p"], rel=1e-9)


def test_the_interval_is_neither_walds_nor_that_of_another_confidence() -> None:
    wide, narrow = fit(_synthetic())[-1], fit(_synthetic(), alpha=0.1)[-1]
    wald = wide.estimate + 1.959964 * wide.se
    assert wide.ci_high == pytest.approx(0.23935448, rel=1e-6)
    assert wide.ci_high != pytest.approx(wald, rel=1e-3)
    assert wide.ci_low < narrow.ci_low < narrow.estimate < narrow.ci_high < wide.ci_high


# -- laws --------------------------------------------------------------------------------------------------------

_x = st.lists(st.integers(0, 30), min_size=12, max_size=25)


@settings(max_examples=25)
@given(x=_x, seed=st.integers(0, 1000), levels=st.integers(2, 4))
def test_turning_levels_and_predictor_turns_the_thresholds_only(x: list[float], seed: int, levels: int) -> None:
    y = np.random.default_rng(seed).integers(0, levels, len(x)).astype(float)
    y = np.unique(y, return_inverse=True)[1].astype(float)
    there, back = fit(_study(x, [*y])), fit(_study([-value for value in x], [*(y.max() - y)]))
    assert there[-1].reason == back[-1].reason
    if there[-1].reason:
        assert all(math.isnan(estimate.estimate) for estimate in there)
        return
    assert back[-1].estimate == pytest.approx(there[-1].estimate, rel=1e-6, abs=1e-9)
    assert [back[-1].ci_low, back[-1].ci_high] == pytest.approx([there[-1].ci_low, there[-1].ci_high], rel=1e-5)
    mirrored = [-estimate.estimate for estimate in back[-2::-1]]
    assert mirrored == pytest.approx([estimate.estimate for estimate in there[:-1]], rel=1e-6, abs=1e-8)


def test_two_levels_make_a_logistic_regression() -> None:
    study = _synthetic()
    leak = (study.y > 0).astype(float)
    study = Design("leak", leak, study.x, study.terms, study.units, study.cluster)
    (threshold, slope), (intercept, expected) = fit(study), logistic.fit(study)
    assert [-threshold.estimate, threshold.se] == pytest.approx([intercept.estimate, intercept.se], rel=1e-9)
    names = ("estimate", "se", "ci_low", "ci_high", "p_value")
    assert [getattr(slope, name) for name in names] == pytest.approx(
        [getattr(expected, name) for name in names], rel=1e-8
    )


@pytest.mark.parametrize("seed", range(6))
def test_one_leak_among_hundreds_is_a_logistic_regression_too(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # The last two have far outliers, whose log odds along the profile are beyond what floating-point odds can hold.
    x = rng.lognormal(2, 0.7, 484) if seed < 4 else 3 * rng.standard_cauchy(484)
    y = np.zeros(484)
    y[np.argsort(x)[[60, 400, 240, 300, 100, 380][seed]]] = 1
    study = _study([*x], [*(y if seed % 2 else 1 - y)])
    names = ("estimate", "se", "ci_low", "ci_high", "p_value")
    slope, expected = fit(study)[-1], logistic.fit(study)[-1]
    assert slope.reason == expected.reason == ""
    assert [getattr(slope, name) for name in names] == pytest.approx(
        [getattr(expected, name) for name in names], rel=1e-5
    )


def test_a_level_that_nobody_has_is_passed_over() -> None:
    study = _synthetic()
    gap = Design("severity", np.where(study.y == 3, 7, study.y), study.x, study.terms, study.units, study.cluster)
    assert [estimate.term for estimate in fit(gap)][2] == "threshold_7"
    assert [estimate.estimate for estimate in fit(gap)] == [estimate.estimate for estimate in fit(study)]


# -- fits that cannot be made ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([1, 2, 3, 4, 5, 6], [0, 0, 1, 1, 2, 2], "complete_separation"),
        ([1, 2, 3, 3, 5, 6], [0, 0, 0, 1, 2, 2], "quasi_complete_separation"),
        ([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1], "one_outcome"),
        ([2, 2, 2, 2, 2, 2], [0, 1, 2, 0, 1, 2], "constant"),
        ([], [], "one_outcome"),
    ],
)
def test_data_without_a_maximum(x: list[float], y: list[float], reason: str) -> None:
    estimates = fit(_study(x, y))
    assert {estimate.reason for estimate in estimates} == {reason}
    assert all(math.isnan(value) for e in estimates for value in (e.estimate, e.se, e.ci_low, e.ci_high, e.p_value))
    assert proportional_odds(_study(x, y)).reason == reason


def test_one_level_alone_may_overlap_without_a_test_of_proportional_odds() -> None:
    # The highest level lies apart, so that its own slope has no maximum, but the common one has.
    study = _study([1, 2, 3, 4, 5, 6, 8, 9], [0, 1, 0, 1, 0, 1, 2, 2])
    assert fit(study)[-1].reason == ""
    assert proportional_odds(study).reason == "quasi_complete_separation"
    assert proportional_odds(_study([1, 2, 3, 4], [0, 1, 0, 1])).reason == "two_levels"


def test_a_threshold_about_which_the_predictor_does_not_vary_has_no_slope_of_its_own() -> None:
    study = _study([1, 2, 3, 4, 5, 3, 3], [0, 0, 0, 0, 0, 1, 2])
    assert fit(study)[-1].reason == ""
    assert proportional_odds(study).reason == "constant"


def test_nearly_separated_data_are_fitted() -> None:
    x = [9.9, 10.4, 8.4, 10.6, 10.9, 12.4, 10.4, 11, 14, 7.3, 10.2, 11.4, 13.1, 9.8, 10.3, 9, 13.7, 9, 12.1]
    slope = fit(_study(x, [0, 1, 0, 1, 1, 2, 0, 1, 2, 0, 1, 1, 2, 0, 1, 0, 3, 0, 2]))[-1]
    assert 0 < slope.ci_low < slope.estimate < slope.ci_high < math.inf


def test_an_interval_with_a_fit_on_the_way_that_does_not_settle_is_not_given() -> None:
    x = [0.383, 0.626, 0.212, 0.791, 0.156, 0.007, 0.34, 0.037, 0.267, 0.007, 0.344, 0.054, 0.467, 0.395, 0.227, 0.675]
    y: list[float] = [1, 0, 2, 2, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 1, 2, 0, 0]
    assert {each.reason for each in fit(_study([*x, 0.24, 0.677, 0.124, 1e6], y))} == {"not_converged"}


def test_a_climb_that_is_where_limits_cross_is_given_up() -> None:
    model = limits(_study([1, 2, 3, 4, 5, 6], [0, 1, 2, 0, 1, 2]), parallel=True)
    assert maximise(model, np.array([0.5, 0.5, 0.0])) is None
    found = maximise(model, np.array([-0.5, 0.5, 0.0]))
    assert found is not None
    # It falls off after its first step.
    with patch.object(Limits, "log_likelihood", side_effect=lambda gamma: -9.0 if gamma[2] == 0 else -np.inf):
        assert maximise(model, np.array([-0.5, 0.5, 0.0])) is None


# -- the outcome -------------------------------------------------------------------------------------------------


def test_severity_of_every_level() -> None:
    rows = pd.DataFrame(
        {"leak": ["no", "yes", "yes", "yes", "yes", None], "leak_size": [None, *LEVELS[1:], None, None]}
    )
    assert severity(rows).tolist() == pytest.approx([0, 1, 2, 3, math.nan, math.nan], nan_ok=True)
