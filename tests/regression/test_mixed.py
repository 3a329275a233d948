"""Random intercepts against lme4."""

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
from scipy.stats import norm

from vpresearch.data import Dataset
from vpresearch.regression import gee, logistic, mixed
from vpresearch.regression.design import Design, design
from vpresearch.regression.logistic import standardised
from vpresearch.regression.mixed import ascent, gauss_hermite, grouped

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_STORED: dict[str, Any] = json.loads((_HERE / "synthetic41.json").read_text(encoding="utf-8"))["R"]
_CLUSTERED: dict[str, Any] = json.loads((_HERE / "clustered.json").read_text(encoding="utf-8"))
_R: dict[str, Any] = {**_CLUSTERED["workbooks"], "synthetic41": _CLUSTERED["synthetic41"]}


@pytest.fixture(scope="module")
def designs(studies: dict[str, Dataset]) -> dict[str, Design]:
    table = pd.read_csv(_HERE / "synthetic41.csv")
    synthetic = pd.DataFrame({"patient_id": table["patient"].astype(str), "fill_percent": 100 * table["fill"]})
    books = {name: design(study.rows, "leak", study.rows["leak"].eq("yes")) for name, study in studies.items()}
    return {**books, "synthetic41": design(synthetic, "leak", table["leak"])}


def made(y: list[float], x: list[float], cluster: list[int]) -> Design:
    columns = np.column_stack([np.ones(len(x)), np.array(x, float)])
    return Design("leak", np.array(y, float), columns, ("intercept", "fill"), ("", ""), np.array(cluster, np.int64))


# -- lme4 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", [9, 25])
@pytest.mark.parametrize("name", ["normal", "large", "synthetic41"])
def test_estimates_are_those_of_glmer(designs: dict[str, Design], name: str, points: int) -> None:
    expected = _R[name][f"glmer{points}"]
    *terms, sd = mixed.fit(designs[name], points=points)
    assert [term.estimate for term in terms] == pytest.approx(expected["coef"], rel=1e-5)
    assert [term.se for term in terms] == pytest.approx(expected["se"], rel=3e-5)
    # In the largest study the likelihood is all but flat along the deviation.
    assert sd.estimate == pytest.approx(expected["sd_patient"], rel=2e-4)


@pytest.mark.parametrize("name", ["normal", "synthetic41"])
def test_profile_limits_and_the_likelihood_ratio_are_those_of_glmer(designs: dict[str, Design], name: str) -> None:
    expected = _CLUSTERED["profile"][name]
    wald, fill = (fit(designs[name])[1] for fit in (mixed.fit, mixed.fit_profiled))
    assert (fill.model, fill.estimate, fill.se) == ("mixed_profile", wald.estimate, wald.se)
    assert [fill.ci_low, fill.ci_high] == pytest.approx([expected["low"], expected["high"]], rel=1e-4)
    assert fill.p_value == pytest.approx(expected["p"], rel=1e-3)
    assert fill.p_value != pytest.approx(wald.p_value, rel=0.01)
    assert fill.p_kind == "likelihood ratio"


def test_a_failed_fit_has_no_profile() -> None:
    rows = mixed.fit_profiled(made([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6], [0, 0, 1, 1, 2, 2]))
    assert {(row.model, row.reason) for row in rows} == {("mixed_profile", "complete_separation")}
    assert all(math.isnan(row.ci_high) for row in rows)


def test_a_slope_near_nought_is_that_of_glmer(designs: dict[str, Design]) -> None:
    expected = _R["plain"]["glmer25"]
    _, fill, sd = mixed.fit(designs["plain"])
    assert fill.estimate == pytest.approx(expected["coef"][1], abs=1e-5 * expected["se"][1])
    assert fill.se == pytest.approx(expected["se"][1], rel=1e-5)
    assert sd.estimate == pytest.approx(expected["sd_patient"], rel=1e-5)


def test_estimates_are_the_stored_ones(designs: dict[str, Design]) -> None:
    expected = _STORED["glmer_nAGQ25"]
    intercept, fill, sd = mixed.fit(designs["synthetic41"])
    assert intercept.estimate == pytest.approx(expected["fixef"]["(Intercept)"], rel=1e-6)
    assert 10 * fill.estimate == pytest.approx(expected["fixef"]["f10"], rel=1e-6)
    assert 10 * fill.se == pytest.approx(expected["se"]["f10"], rel=1e-5)
    assert sd.estimate == pytest.approx(expected["sd_re"], rel=1e-6)


def test_it_is_not_the_laplace_approximation(designs: dict[str, Design]) -> None:
    _, fill, sd = mixed.fit(designs["synthetic41"])
    assert 10 * fill.estimate < 0.9 * _STORED["glmer_nAGQ1"]["fixef"]["f10"]
    assert sd.estimate < 0.9 * _STORED["glmer_nAGQ1"]["sd_re"]


def test_a_deviation_of_nought_leaves_maximum_likelihood(designs: dict[str, Design]) -> None:
    *terms, sd = mixed.fit(designs["spanish"])
    assert _R["spanish"]["glmer25"]["sd_patient"] == 0
    assert (sd.estimate, sd.converged, sd.reason) == (0.0, True, "no_spread_between")
    assert math.isnan(sd.se)
    for term, flat in zip(terms, logistic.fit(designs["spanish"]), strict=True):
        assert [term.estimate, term.se] == pytest.approx([flat.estimate, flat.se], rel=1e-9)


# -- rows --------------------------------------------------------------------------------------------------------


def test_the_rows_say_what_they_are(designs: dict[str, Design]) -> None:
    rows = mixed.fit(designs["synthetic41"], alpha=0.1)
    assert [row.term for row in rows] == ["intercept", "fill_percent", "sd_patient"]
    assert {row.model for row in rows} == {"mixed"}
    _, fill, sd = rows
    assert fill.ci_kind == "Wald, conditional on the patient"
    assert fill.ci_low == pytest.approx(fill.estimate - norm.ppf(0.95) * fill.se)
    assert fill.p_value == pytest.approx(2 * norm.sf(fill.estimate / fill.se))
    assert (sd.ci_kind, sd.p_kind, sd.unit) == ("", "", "log odds")
    assert all(math.isnan(number) for number in (sd.ci_low, sd.ci_high, sd.p_value))


def test_odds_of_a_patient_lie_farther_out_than_odds_over_patients(designs: dict[str, Design]) -> None:
    conditional, marginal = mixed.fit(designs["synthetic41"])[1], gee.fit(designs["synthetic41"])[1]
    assert conditional.estimate > 1.4 * marginal.estimate


# -- failures ----------------------------------------------------------------------------------------------------

_PAIRS = [0, 0, 1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("y", "x", "cluster", "reason"),
    [
        ([0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8], _PAIRS, "complete_separation"),
        ([0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 3, 5, 5, 6, 7, 8], _PAIRS, "quasi_complete_separation"),
        ([1, 1, 1, 1, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8], _PAIRS, "one_outcome"),
        ([0, 1, 0, 1, 0, 1, 0, 1], [3, 3, 3, 3, 3, 3, 3, 3], _PAIRS, "constant"),
        ([0, 1, 0, 1, 0, 1, 0, 1], [1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 0, 0, 1, 1, 1, 1], "too_few_clusters"),
        ([0, 1, 0, 1, 0, 1, 0, 1], [1, 2, 3, 4, 5, 6, 7, 8], list(range(8)), "one_row_a_cluster"),
        # Within a patient fill parts the outcomes: the wider patients differ, the likelier it gets.
        ([0, 0, 1, 1, 0, 0, 0, 1], [1, 2, 3, 5, 2, 3, 4, 7], _PAIRS, "not_converged"),
        # Every patient has one outcome.
        ([0, 0, 1, 1, 0, 0, 1, 1], [1, 5, 4, 3, 2, 6, 4, 7], _PAIRS, "not_converged"),
    ],
)
def test_a_fit_that_fails(y: list[float], x: list[float], cluster: list[int], reason: str) -> None:
    rows = mixed.fit(made(y, x, cluster))
    assert [row.term for row in rows] == ["intercept", "fill", "sd_patient"]
    for row in rows:
        assert (row.reason, row.converged) == (reason, False)
        assert all(math.isnan(number) for number in (row.estimate, row.se, row.ci_low, row.ci_high, row.p_value))


def test_a_flat_likelihood_gives_no_number_whatever_the_climb_says() -> None:
    reasons = set()
    for seed in range(16):
        rng = np.random.default_rng(seed)
        # A few of 24 vertebrae keep their fill from parting the outcomes.
        leak = (np.arange(24) > 11).astype(float)
        turned = rng.choice(np.arange(6, 18), 2 + seed % 2, replace=False)
        leak[turned] = 1 - leak[turned]
        order = rng.permutation(24)
        patient = np.unique(np.sort(rng.integers(0, 14, 24)), return_inverse=True)[1]
        _, fill, _ = mixed.fit(made([*leak[order]], [*np.arange(24.0)[order]], [*patient]))
        reasons.add(fill.reason)
        # An error of more than ten log odds a standard deviation of the fill is no estimate.
        assert math.isnan(fill.estimate) or fill.se * np.arange(24).std() < 10
    assert reasons >= {"", "flat_likelihood"}


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_a_flat_likelihood_without_spread_between_patients_gives_no_number_either(seed: int) -> None:
    fill = np.random.default_rng(seed).normal(20, 6, 40).round(1)
    leak, order = (fill > np.sort(fill)[20]).astype(float), np.argsort(fill)
    # Two neighbours exchanged keep the rows from being separated, and little else.
    leak[order[[20, 21]]] = leak[order[[21, 20]]]
    rows = mixed.fit(made([*leak], [*fill], [*(np.arange(40) // 2)]))
    assert [row.reason for row in rows] == ["flat_likelihood"] * 3
    assert all(math.isnan(row.estimate) for row in rows)


# -- laws --------------------------------------------------------------------------------------------------------


@given(
    coefficients=st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(-3, 3)),
    points=st.sampled_from([9, 25]),
)
def test_the_gradient_is_that_of_the_height(coefficients: tuple[float, float, float], points: int) -> None:
    cluster = np.array([0, 0, 0, 1, 2, 2, 3])
    x = standardised(np.column_stack([np.ones(7), [1.0, 4, 2, 8, 5, 7, 1]]))
    rows, rule, at = (
        grouped(x, np.array([0.0, 1, 0, 1, 0, 1, 1]), cluster),
        gauss_hermite(points),
        np.array(coefficients),
    )
    gradient = ascent(rows, rule, at)[1]
    steps = 1e-5 * np.eye(3)
    numeric = [(ascent(rows, rule, at + step)[0] - ascent(rows, rule, at - step)[0]) / 2e-5 for step in steps]
    assert gradient == pytest.approx(numeric, abs=1e-7)


def test_scale_and_shift_of_the_predictor_keep_the_fit(designs: dict[str, Design]) -> None:
    study = designs["synthetic41"]
    moved = Design("leak", study.y, study.x @ np.array([[1, -700.0], [0, 25]]), study.terms, study.units, study.cluster)
    (_, before, sd), (_, after, other) = mixed.fit(study), mixed.fit(moved)
    assert 25 * after.estimate == pytest.approx(before.estimate, rel=1e-8)
    assert after.p_value == pytest.approx(before.p_value, rel=1e-6)
    assert other.estimate == pytest.approx(sd.estimate, rel=1e-8)
