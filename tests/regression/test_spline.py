"""The spline against R's rcs, the shape of its basis, and data that cannot bear it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import t

from vpresearch.data import Dataset
from vpresearch.regression import logistic
from vpresearch.regression.assumptions import basis, curve, fit, knots, with_spline
from vpresearch.regression.design import Design, design
from vpresearch.regression.models import leak_design
from vpresearch.regression.risk import log_odds, risk_curve

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_R: dict[str, Any] = json.loads((_HERE / "others.json").read_text(encoding="utf-8"))["spline"]
_RMS: dict[str, Any] = json.loads((_HERE / "synthetic41.json").read_text(encoding="utf-8"))["R"]["lrm_rcs3"]


def _synthetic() -> Design:
    table = pd.read_csv(_HERE / "synthetic41.csv")
    rows = pd.DataFrame({"patient_id": table["patient"].astype(str), "fill_percent": 100 * table["fill"]})
    return design(rows, "leak", table["leak"])


def _study(x: list[float], y: list[float]) -> Design:
    columns = np.column_stack([np.ones(len(x)), x])
    return Design("leak", np.array(y, float), columns, ("intercept", "fill_percent"), ("", ""), np.arange(len(x)))


# -- R -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(_R))
def test_the_fit_is_that_of_r(name: str, studies: dict[str, Dataset]) -> None:
    rows = None if name == "synthetic41" else studies[name].rows
    study = _synthetic() if rows is None else design(rows, "leak", rows["leak"].eq("yes"))
    estimates, expected = fit(study), _R[name]
    assert knots(study) == pytest.approx(expected["knots"], rel=1e-12)
    assert [estimate.term for estimate in estimates] == ["intercept", "fill_percent", "fill_percent_spline"]
    assert {estimate.model for estimate in estimates} == {"spline"}
    assert [estimate.estimate for estimate in estimates] == pytest.approx(expected["coef"], rel=1e-8)
    assert [estimate.se for estimate in estimates] == pytest.approx(expected["se"], rel=1e-6)
    assert estimates[-1].p_value == pytest.approx(expected["p"], rel=1e-6)


def test_the_fit_is_that_of_lrm() -> None:
    coefficients = [estimate.estimate for estimate in fit(_synthetic())]
    assert [10 * knot for knot in _RMS["knots"]] == pytest.approx(knots(_synthetic()))
    expected = [_RMS["coef"][name] for name in ("Intercept", "f10", "f10'")]
    assert [coefficients[0], *(10 * slope for slope in coefficients[1:])] == pytest.approx(expected, rel=1e-6)


# -- the basis ---------------------------------------------------------------------------------------------------


@given(st.tuples(*[st.integers(0, 100)] * 3).filter(lambda three: three[0] < three[1] < three[2]))
def test_the_curve_rises_between_straight_tails(three: tuple[int, int, int]) -> None:
    low, middle, high = (float(knot) for knot in three)
    below, beyond = np.linspace(low - 50, low, 9), np.linspace(high, high + 50, 9)
    assert basis(below, (low, middle, high)).tolist() == [0.0] * 9
    tail = basis(beyond, (low, middle, high))
    assert np.abs(np.diff(tail, 2)).max() < 1e-8 * tail.max()
    assert (np.diff(basis(np.linspace(low, high, 50), (low, middle, high))) > 0).all()


def test_knots_that_coincide_bend_nothing() -> None:
    for tied in ((5.0, 5.0, 9.0), (1.0, 5.0, 5.0), (5.0, 5.0, 5.0)):
        assert basis([1.0, 5.0, 9.0], tied).tolist() == [0.0, 0.0, 0.0]
    study = _study([5.0] * 8 + [7, 9], [0.0, 1.0] * 5)
    assert {estimate.reason for estimate in fit(study)} == {"knots_coincide"}


# -- the curve ---------------------------------------------------------------------------------------------------


def test_the_curve_is_that_of_r() -> None:
    table, expected = curve(_synthetic()).iloc[[0, 25, 50, 100]], _R["synthetic41"]["curve"]
    for column in ("fill_percent", "risk"):
        assert table[column].tolist() == pytest.approx(expected[column], rel=1e-6)


@pytest.mark.parametrize("name", ["plain", "normal", "large"])
@pytest.mark.parametrize("model", ["spline", "flic"])
def test_the_bands_take_patients_as_clusters(name: str, model: str, studies: dict[str, Dataset]) -> None:
    study = leak_design(studies[name].rows)
    by_flic = risk_curve(study, log_odds(study, "flic"), [5, 10, 15])
    table = curve(study, [5, 10, 15]) if model == "spline" else by_flic
    logit, se = np.reshape(
        json.loads((_HERE / "ratio.json").read_text(encoding="utf-8"))[name][f"curve_{model}"], (2, 3)
    )
    reach = t.isf(0.025, study.n_clusters - (3 if model == "spline" else 2)) * se
    for column, expected in (("risk", logit), ("ci_low", logit - reach), ("ci_high", logit + reach)):
        assert table[column].tolist() == pytest.approx(expit(expected).tolist(), rel=1e-7)


def test_the_spline_fits_no_worse_than_the_line() -> None:
    study = _synthetic()
    line = logistic.maximise(study.x, study.y)
    bent = logistic.maximise(with_spline(study, knots(study)).x, study.y)
    assert 2 * (bent.loglik - line.loglik) == pytest.approx(_R["synthetic41"]["lr"], rel=1e-8)


# -- fits that cannot be made ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1], "complete_separation"),
        ([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0], "one_outcome"),
        # The line alone overlaps, the curve does not.
        ([1, 2, 3, 4, 5, 6], [1, 0, 0, 0, 1, 1], "complete_separation"),
    ],
)
def test_data_without_a_maximum(x: list[float], y: list[float], reason: str) -> None:
    estimates = fit(_study(x, y))
    assert {estimate.reason for estimate in estimates} == {reason}
    assert all(math.isnan(estimate.estimate) for estimate in estimates)
    assert curve(_study(x, y))[["risk", "se", "ci_low", "ci_high"]].isna().all(axis=None)
