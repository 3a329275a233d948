"""Maximum likelihood against R, closed forms and laws, and rows without a maximum."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit
from scipy.stats import chi2, norm

from vpresearch.data import Dataset
from vpresearch.regression import logistic, profile
from vpresearch.regression.design import Design, design
from vpresearch.regression.logistic import fit, gate, maximise

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_R: dict[str, Any] = json.loads((_HERE / "likelihood.json").read_text(encoding="utf-8"))["studies"]
_GLM: dict[str, Any] = json.loads((_HERE / "synthetic41.json").read_text(encoding="utf-8"))["R"]["glm_ml"]
_CRITICAL = float(chi2.ppf(0.95, 1))


def _study(name: str, studies: dict[str, Dataset]) -> Design:
    if name in studies:
        rows = studies[name].rows
        return design(rows, "leak", rows["leak"].eq("yes"))
    table = pd.read_csv(_HERE / f"{name}.csv")
    rows = pd.DataFrame({"patient_id": table["patient"].astype(str), "fill_percent": 100 * table["fill"]})
    return design(rows, "leak", table["leak"])


def _design(y: list[float], *columns: list[float]) -> Design:
    x = np.column_stack([np.ones(len(y)), *columns])
    terms = ("intercept", *"abc"[: len(columns)])
    return Design("leak", np.array(y, float), x, terms, ("",) * len(terms), np.arange(len(y)))


# -- R -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(_R))
def test_it_is_glm(name: str, studies: dict[str, Dataset]) -> None:
    for estimate, expected in zip(fit(_study(name, studies)), _R[name]["ml"], strict=True):
        assert (estimate.converged, estimate.reason) == (True, "")
        assert (estimate.ci_kind, estimate.p_kind) == ("profile likelihood", "likelihood ratio")
        assert estimate.estimate == pytest.approx(expected["coef"], rel=1e-10, abs=0)
        assert estimate.p_value == pytest.approx(expected["p"], rel=1e-10, abs=0)
        assert [estimate.ci_low, estimate.ci_high] == pytest.approx([expected["low"], expected["high"]], rel=1e-10)
        # glm takes the information one step before its maximum.
        assert estimate.se == pytest.approx(expected["se"], rel=1e-8, abs=0)


@pytest.mark.parametrize("name", list(_R))
def test_limits_are_those_of_the_deviance_and_not_of_a_spline_through_it(
    name: str, studies: dict[str, Dataset]
) -> None:
    for estimate, expected in zip(fit(_study(name, studies)), _R[name]["ml"], strict=True):
        spline = [expected["mass_low"], expected["mass_high"]]
        assert [estimate.ci_low, estimate.ci_high] == pytest.approx(spline, rel=5e-4)
        assert [estimate.ci_low, estimate.ci_high] != pytest.approx(spline, rel=1e-6)


def test_the_values_of_the_study_s_twin(studies: dict[str, Dataset]) -> None:
    intercept, fill = fit(_study("synthetic41", studies))
    # There the predictor is ten times the ratio, here it is a hundred times.
    for estimate, name, times in ((intercept, "(Intercept)", 1), (fill, "f10", 10)):
        assert times * estimate.estimate == pytest.approx(_GLM["coef"][name], rel=1e-10)
        assert times * estimate.se == pytest.approx(_GLM["se"][name], rel=1e-8)
        # The p there is Wald's.
        assert 2 * norm.sf(abs(estimate.estimate / estimate.se)) == pytest.approx(_GLM["p"][name], rel=1e-7)
        assert estimate.p_value != pytest.approx(_GLM["p"][name], rel=0.5)
    x = np.column_stack([np.ones(41), _study("synthetic41", studies).x[:, 1]])
    assert maximise(x, _study("synthetic41", studies).y).loglik == pytest.approx(_GLM["loglik"], rel=1e-12)


# -- closed forms ------------------------------------------------------------------------------------------------


def test_without_a_predictor_it_is_the_logit_of_the_share() -> None:
    (only,) = fit(_design([0, 0, 0, 1, 1, 0, 0, 0]))
    assert only.estimate == pytest.approx(math.log(2 / 6))
    assert only.se == pytest.approx(1 / math.sqrt(8 * 0.25 * 0.75))
    assert only.ci_low < only.estimate < only.ci_high


def test_a_predictor_of_0_and_1_gives_the_log_odds_ratio() -> None:
    a, b, c, d = 3, 5, 7, 2
    y, x = [0.0] * a + [1.0] * b + [0.0] * c + [1.0] * d, [0.0] * (a + b) + [1.0] * (c + d)
    intercept, slope = fit(_design(y, x))
    assert intercept.estimate == pytest.approx(math.log(b / a))
    assert slope.estimate == pytest.approx(math.log(d * a / (c * b)))
    assert slope.se == pytest.approx(math.sqrt(1 / a + 1 / b + 1 / c + 1 / d))


def test_an_offset_is_held() -> None:
    x, y = np.column_stack([np.ones(6), np.arange(6.0)]), np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    free = maximise(x, y)
    held = maximise(x[:, :1], y, free.coefficients[1] * x[:, 1])
    assert held.coefficients == pytest.approx(free.coefficients[:1], rel=1e-9)
    assert held.loglik == pytest.approx(free.loglik, rel=1e-12)


# -- laws --------------------------------------------------------------------------------------------------------

_rows = st.lists(st.tuples(st.integers(0, 1), st.integers(-20, 20), st.integers(-3, 3)), min_size=4, max_size=25)


@settings(max_examples=40)
@given(_rows)
def test_limits_are_finite_and_lie_where_the_deviance_is_critical(rows: list[tuple[int, int, int]]) -> None:
    y, a, b = ([float(value) for value in column] for column in zip(*rows, strict=True))
    study = _design(y, a, b)
    assume(not gate(study))
    top = maximise(study.x, study.y)
    assert study.x.T @ (study.y - expit(study.x @ top.coefficients)) == pytest.approx(np.zeros(3), abs=1e-7)
    for term, estimate in enumerate(fit(study)):
        assert estimate.ci_low < estimate.estimate < estimate.ci_high
        for end in (estimate.ci_low, estimate.ci_high):
            held = maximise(np.delete(study.x, term, axis=1), study.y, end * study.x[:, term])
            assert 2 * (top.loglik - held.loglik) == pytest.approx(_CRITICAL, rel=1e-7)
        assert (estimate.p_value < 0.05) == (not estimate.ci_low < 0 < estimate.ci_high)


@settings(max_examples=40)
@given(rows=_rows, scale=st.sampled_from([-3.0, 1e-4, 1e5]), shift=st.sampled_from([-1e3, 0.5, 1e4]))
def test_scale_and_shift_of_a_predictor(rows: list[tuple[int, int, int]], scale: float, shift: float) -> None:
    y, a, b = ([float(value) for value in column] for column in zip(*rows, strict=True))
    assume(not gate(_design(y, a, b)))
    before, after = fit(_design(y, a, b))[1], fit(_design(y, [scale * value + shift * abs(scale) for value in a], b))[1]
    ends = sorted([before.ci_low / scale, before.ci_high / scale])
    assert after.estimate == pytest.approx(before.estimate / scale, rel=1e-6, abs=1e-9 * before.se / abs(scale))
    assert after.se == pytest.approx(before.se / abs(scale), rel=1e-6)
    assert [after.ci_low, after.ci_high] == pytest.approx(ends, rel=1e-6, abs=1e-6 * before.se / abs(scale))
    assert after.p_value == pytest.approx(before.p_value, rel=1e-6)


def test_a_smaller_alpha_widens_the_interval(studies: dict[str, Dataset]) -> None:
    study = _study("synthetic41", studies)
    (wide, usual, narrow) = (fit(study, alpha)[1] for alpha in (0.01, 0.05, 0.5))
    assert wide.ci_low < usual.ci_low < narrow.ci_low < narrow.ci_high < usual.ci_high < wide.ci_high
    assert wide.p_value == usual.p_value == narrow.p_value


# -- rows without a maximum --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "x", "reason"),
    [
        ([0, 0, 0, 1, 1], [1, 2, 3, 4, 5], "complete_separation"),
        ([0, 0, 1, 0, 1], [1, 2, 3, 3, 5], "quasi_complete_separation"),
        ([0, 0, 0, 0, 0], [1, 2, 3, 4, 5], "one_outcome"),
        ([1, 1, 1, 1, 1], [1, 2, 3, 4, 5], "one_outcome"),
        ([0, 1, 0, 1, 1], [7, 7, 7, 7, 7], "constant"),
    ],
)
def test_rows_without_a_maximum_give_a_reason_and_no_number(y: list[float], x: list[float], reason: str) -> None:
    for estimate in fit(_design(y, x)):
        assert (estimate.converged, estimate.reason, estimate.model) == (False, reason, "ml")
        assert math.isnan(estimate.estimate + estimate.se)
        assert math.isnan(estimate.ci_low + estimate.ci_high + estimate.p_value)
    found = maximise(_design(y, x).x, np.array(y, float))
    assert not found.converged
    assert np.isnan(found.coefficients).all()


@settings(max_examples=60)
@given(st.lists(st.integers(-9, 9), min_size=3, max_size=12, unique=True), st.integers(1, 11), st.booleans())
def test_no_climb_settles_on_separated_rows(values: list[int], events: int, tied: bool) -> None:
    assume(events < len(values))
    x = sorted(float(value) for value in values)
    y = [0.0] * (len(x) - events) + [1.0] * events
    if tied:
        x, y = [*x, x[-events]], [*y, 0.0]
    assert not maximise(np.column_stack([np.ones(len(x)), x]), np.array(y)).converged


def test_rows_that_overlap_by_little_are_fitted() -> None:
    x = [1.0, 2.0, 3.0, 4.001, 4.0, 5.0, 6.0, 7.0]
    slope = fit(_design([0, 0, 0, 0, 1, 1, 1, 1], x))[1]
    assert slope.reason == ""
    assert 0 < slope.ci_low < slope.estimate < slope.ci_high < math.inf


def test_limits_far_out_are_found_where_others_are_all_but_certain() -> None:
    fill = [4.0, 5.5, 6.1, 7.2, 8.4, 9.0, 9.967, 10.0, 10.6, 11.3, 12.1, 13.4, 14.0, 15.2]
    leak, lumbar = [0.0] * 6 + [1.0, 0.0] + [1.0] * 6, [0.0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0]
    study = _design(leak, fill, lumbar)
    estimates = fit(study)
    assert all(estimate.reason == "" and math.isfinite(estimate.ci_high) for estimate in estimates)
    end = estimates[1].ci_high
    assert end > 15 * estimates[1].estimate

    def descent(free: NDArray[np.float64]) -> float:
        return -float(log_expit((2 * study.y - 1) * (end * study.x[:, 1] + study.x[:, [0, 2]] @ free)).sum())

    held = minimize(
        descent, np.array([-9.98 * end, 0.0]), method="Powell", options={"xtol": 1e-10, "ftol": 1e-14, "maxiter": 9999}
    )
    fall = 2 * (maximise(study.x, study.y).loglik + held.fun)
    assert fall == pytest.approx(_CRITICAL, abs=1e-4)


def test_a_limit_that_is_not_found_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    study = _design([0, 0, 1, 0, 1, 1], [0, 1, 2, 3, 4, 5])
    expected = fit(study)
    monkeypatch.setattr(profile, "_SEARCH", 1)
    for estimate, known in zip(fit(study), expected, strict=True):
        assert (estimate.converged, estimate.reason) == (True, "not_converged")
        assert (estimate.estimate, estimate.se, estimate.p_value) == (known.estimate, known.se, known.p_value)
        assert math.isnan(estimate.ci_low)
        assert math.isnan(estimate.ci_high)


def test_a_climb_that_does_not_settle_is_no_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "_STEPS", 1)
    for estimate in logistic.fit(_design([0, 0, 1, 0, 1, 1], [0, 1, 2, 3, 4, 5])):
        assert (estimate.converged, estimate.reason) == (False, "not_converged")
        assert math.isnan(estimate.estimate)
