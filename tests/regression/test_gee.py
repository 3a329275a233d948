"""Estimating equations against R, statsmodels and their own laws."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import t

from vpresearch.data import Dataset
from vpresearch.regression import gee
from vpresearch.regression.design import Design, design
from vpresearch.regression.logistic import original_scale, standardised

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_STORED: dict[str, Any] = json.loads((_HERE / "synthetic41.json").read_text(encoding="utf-8"))
_CLUSTERED: dict[str, Any] = json.loads((_HERE / "clustered.json").read_text(encoding="utf-8"))
_R: dict[str, Any] = {**_CLUSTERED["workbooks"], "synthetic41": _CLUSTERED["synthetic41"]}
_BOOKS = list(_R)


@pytest.fixture(scope="module")
def designs(studies: dict[str, Dataset]) -> dict[str, Design]:
    table = pd.read_csv(_HERE / "synthetic41.csv")
    synthetic = pd.DataFrame({"patient_id": table["patient"].astype(str), "fill_percent": 100 * table["fill"]})
    books = {name: design(study.rows, "leak", study.rows["leak"].eq("yes")) for name, study in studies.items()}
    return {**books, "synthetic41": design(synthetic, "leak", table["leak"])}


def made(y: list[float], x: list[float], cluster: list[int]) -> Design:
    columns = np.column_stack([np.ones(len(x)), np.array(x, float)])
    return Design("leak", np.array(y, float), columns, ("intercept", "fill"), ("", ""), np.array(cluster, np.int64))


def numbers(study: Design, model: str) -> tuple[list[float], list[float]]:
    found = gee.fit(study, model=model)
    return [term.estimate for term in found], [term.se for term in found]


# -- R -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", _BOOKS)
def test_estimates_are_those_of_geepack(designs: dict[str, Design], name: str) -> None:
    estimate, se = numbers(designs[name], "gee_robust")
    assert estimate == pytest.approx(_R[name]["geepack_coef"], rel=1e-9)
    assert se == pytest.approx(_R[name]["geepack_se"], rel=1e-9)


@pytest.mark.parametrize("name", _BOOKS)
def test_the_bias_reduced_ones_are_those_of_clubsandwich(designs: dict[str, Design], name: str) -> None:
    assert numbers(designs[name], "gee_kc")[1] == pytest.approx(_R[name]["CR2"], rel=5e-8)
    assert numbers(designs[name], "gee_md")[1] == pytest.approx(_R[name]["CR3"], rel=5e-8)


@pytest.mark.parametrize("name", _BOOKS)
def test_satterthwaite_s_degrees_of_freedom_are_those_of_clubsandwich(designs: dict[str, Design], name: str) -> None:
    study = designs[name]
    x, back = standardised(study.x), original_scale(study.x)
    p = expit(x @ gee.solve(study, "gee_kc")[1])
    df = gee.satterthwaite(x, p, study.cluster, back)
    assert df == pytest.approx(_R[name]["df"], rel=1e-6)
    # Fewer than the patients beyond the terms, which the primary analysis takes.
    assert (df < study.n_clusters - 2).all()
    plain, own = (gee.fit(study, model=model)[1] for model in ("gee_kc", "gee_kc_satterthwaite"))
    assert (own.estimate, own.se) == (plain.estimate, plain.se)
    assert own.ci_high - own.estimate == pytest.approx(t.ppf(0.975, df[1]) * own.se, rel=1e-12)
    assert own.ci_kind == f"t({df[1]:.1f}), Satterthwaite"


@pytest.mark.parametrize("name", _BOOKS)
def test_the_others_are_those_of_their_definitions_written_out_in_r(designs: dict[str, Design], name: str) -> None:
    expected = _R[name]["by_definition"]
    assert numbers(designs[name], "gee_kc_principal")[1] == pytest.approx(expected["KC"], rel=1e-9)
    assert numbers(designs[name], "gee_fg")[1] == pytest.approx(expected["FG"], rel=1e-9)


def test_standard_errors_are_the_stored_ones(designs: dict[str, Design]) -> None:
    expected = _STORED["own_python"]["independence"]["se"]
    for model, name in (("gee_robust", "LZ"), ("gee_kc_principal", "KC"), ("gee_md", "MD")):
        intercept, slope = numbers(designs["synthetic41"], model)[1]
        assert intercept == pytest.approx(expected[name]["(Intercept)"], rel=1e-9)
        assert 10 * slope == pytest.approx(expected[name]["f10"], rel=1e-9)


def test_fay_graubard_is_that_of_centred_predictors(designs: dict[str, Design]) -> None:
    _, fill = gee.fit(designs["synthetic41"], model="gee_fg")
    assert 10 * fill.se == pytest.approx(_STORED["fg_centring"]["centred"]["se"], rel=1e-7)
    assert fill.ci_kind == "t(25), predictors centred at their means"
    assert fill.p_kind == "Wald t(25), predictors centred at their means"


def test_the_exchangeable_working_correlation(designs: dict[str, Design]) -> None:
    study, expected = designs["synthetic41"], _STORED["own_python"]["exchangeable"]
    alpha = gee.exchangeable(standardised(study.x), study.y, study.cluster)[1]
    assert alpha == pytest.approx(_STORED["R"]["gee_exchangeable"]["gee"]["alpha"], rel=1e-9)
    for model, name in (("gee_exchangeable", "KC"), ("gee_exchangeable_robust", "LZ")):
        estimate, se = numbers(study, model)
        assert 10 * estimate[1] == pytest.approx(expected["coef"]["f10"], rel=1e-9)
        assert estimate[0] == pytest.approx(expected["coef"]["(Intercept)"], rel=1e-9)
        assert [se[0], 10 * se[1]] == pytest.approx(list(expected["se"][name].values()), rel=1e-9)


# -- statsmodels -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "normal", "spanish", "synthetic41"])
def test_exchangeable_is_that_of_statsmodels(designs: dict[str, Design], name: str) -> None:
    study = designs[name]
    working = sm.cov_struct.Exchangeable()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = sm.GEE(study.y, study.x, study.cluster, family=sm.families.Binomial(), cov_struct=working)
        fitted = other.fit(maxiter=500, ctol=1e-12)
    estimate, se = numbers(study, "gee_exchangeable_robust")
    assert estimate == pytest.approx(list(fitted.params), rel=1e-8, abs=1e-10)
    assert se == pytest.approx(list(fitted.bse), rel=1e-8)
    assert gee.exchangeable(standardised(study.x), study.y, study.cluster)[1] == pytest.approx(working.dep_params)


# -- what tells one from another ---------------------------------------------------------------------------------


def test_standard_errors_have_their_order(designs: dict[str, Design]) -> None:
    robust, principal, kc, md = (
        numbers(designs["synthetic41"], f"gee_{kind}")[1][1] for kind in ("robust", "kc_principal", "kc", "md")
    )
    assert robust < 0.96 * principal
    assert principal < 0.999 * kc
    assert kc < 0.96 * md


def test_the_interval_is_that_of_t_by_patients(designs: dict[str, Design]) -> None:
    _, fill = gee.fit(designs["synthetic41"], alpha=0.1)
    assert (fill.model, fill.ci_kind, fill.p_kind, fill.converged) == ("gee_kc", "t(25)", "Wald t(25)", True)
    assert fill.ci_high - fill.estimate == pytest.approx(t.ppf(0.95, 25) * fill.se)
    assert fill.p_value == pytest.approx(2 * t.sf(fill.estimate / fill.se, 25))
    assert (fill.n, fill.events, fill.clusters) == (41, 15, 27)


# -- failures ----------------------------------------------------------------------------------------------------

_PAIRS = [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("model", list(gee.MODELS))
@pytest.mark.parametrize(
    ("y", "x", "cluster", "reason"),
    [
        ([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6], _PAIRS, "complete_separation"),
        ([0, 0, 0, 1, 1, 1], [1, 2, 4, 4, 5, 6], _PAIRS, "quasi_complete_separation"),
        ([0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6], _PAIRS, "one_outcome"),
        ([0, 1, 0, 1, 0, 1], [3, 3, 3, 3, 3, 3], _PAIRS, "constant"),
        ([0, 0, 1, 0, 1, 1], [1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1], "too_few_clusters"),
    ],
)
def test_a_fit_that_fails(model: str, y: list[float], x: list[float], cluster: list[int], reason: str) -> None:
    for term in gee.fit(made(y, x, cluster), model=model):
        assert (term.model, term.reason, term.converged) == (model, reason, False)
        assert all(math.isnan(number) for number in (term.estimate, term.se, term.ci_low, term.ci_high, term.p_value))


@pytest.mark.parametrize("kind", ["robust", "kc", "kc_principal", "md", "fg"])
def test_patients_whose_scores_cancel_leave_no_standard_error_of_zero(kind: str) -> None:
    balanced = made([0, 1, 0, 1, 1, 0], [1, 1, 2, 2, 3, 3], _PAIRS)
    assert [term.reason for term in gee.fit(balanced, model=f"gee_{kind}")] == ["too_few_clusters"] * 2


@pytest.mark.parametrize("outcome", [0, 1])
@pytest.mark.parametrize("model", list(gee.MODELS))
def test_one_leak_or_one_dry_vertebra_leaves_no_sandwich(model: str, outcome: int) -> None:
    y = [float(outcome)] * 12
    y[5] = 1.0 - outcome
    study = made(y, [3, 1, 4, 1, 5, 4, 2, 6, 5, 3, 5, 8], list(range(12)))
    assert [term.reason for term in gee.fit(study, model=model)] == ["too_few_outcomes"] * 2


def test_a_correlation_beyond_one_is_no_fit() -> None:
    x = [6.0, 6, 8, 9, 3, 4, 8, 9, 4, 5, 9, 5]
    study = made([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1], x, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    assert gee.fit(study)[1].reason == ""
    assert gee.fit(study, model="gee_exchangeable")[1].reason == "not_converged"


def test_patients_with_one_vertebra_each_have_no_correlation() -> None:
    study = made([0, 0, 1, 0, 1, 1], [1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5])
    for together, apart in zip(numbers(study, "gee_exchangeable"), numbers(study, "gee_kc"), strict=True):
        assert together == pytest.approx(apart, rel=1e-9)


# -- laws --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(gee.MODELS))
@given(scale=st.sampled_from([-3.0, 0.01, 50.0]), shift=st.sampled_from([-200.0, 3.0, 40.0]))
def test_scale_and_shift_of_the_predictor_keep_p(model: str, scale: float, shift: float) -> None:
    x = [1.0, 2, 3, 4, 5, 6, 2, 3, 9, 5]
    y, cluster = [0.0, 1, 1, 0, 0, 1, 0, 1, 1, 0], [0, 0, 0, 1, 1, 2, 3, 3, 4, 4]
    before = gee.fit(made(y, x, cluster), model=model)[1]
    after = gee.fit(made(y, [scale * value + shift for value in x], cluster), model=model)[1]
    assert before.reason == ""
    assert after.estimate * scale == pytest.approx(before.estimate, rel=1e-7)
    assert after.se * abs(scale) == pytest.approx(before.se, rel=1e-7)
    assert after.p_value == pytest.approx(before.p_value, rel=1e-6)
