"""Models of relief against nlme and R's HC3, the exact case without missing values, and data that bear no model."""

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
from scipy.stats import t

from vpresearch.data import Dataset
from vpresearch.regression.design import Design
from vpresearch.regression.outcome import (
    ancova,
    between_df,
    change_designs,
    changes,
    equivalence,
    fit,
    p_by_time,
    robust_df,
)

_REFERENCE = Path(__file__).parents[1] / "reference" / "regression"
_R: dict[str, Any] = json.loads((_REFERENCE / "others.json").read_text(encoding="utf-8"))["relief"]
_NLME: dict[str, Any] = json.loads((_REFERENCE / "relief.json").read_text(encoding="utf-8"))
_PREDICTORS = {"fill": "fill_percent", "leaking": "leak"}


def _table(studies: dict[str, Dataset], book: str, score: str) -> pd.DataFrame:
    return changes(studies[book].patients, studies[book].vertebrae, score)


def _made_up(change: list[float], fill: list[float], times: int = 1) -> Design:
    """Patients in turn, each with as many follow-ups."""
    n = len(change)
    patient, time = np.arange(n) // times, np.arange(n) % times
    later = [(time == k).astype(float) for k in range(1, times)]
    baseline = np.array([8.0, 5.0, 9.0, 7.0, 6.0, 9.0, 4.0, 8.0])[patient]
    x = np.column_stack([np.ones(n), *later, baseline, np.array(fill, float)[patient]])
    terms = ("intercept", *(f"time_{k}" for k in range(1, times)), "baseline", "leak")
    return Design("vas_change", np.array(change, float), x, terms, ("points",) * len(terms), patient)


# -- R -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", list(_NLME))
def test_the_mixed_model_at_each_time_is_that_of_nlme(case: str, studies: dict[str, Dataset]) -> None:
    (book, score, predictor), expected = case.split(), _NLME[case]
    designs = change_designs(_table(studies, book, score), _PREDICTORS[predictor], score)
    assert [study.outcome for study in designs] == [f"{score}_change_{time}" for time in ("post", "1m", "1y")]
    for study, (coefficient, se, df, p) in zip(designs, list(expected.values())[:3], strict=True):
        estimate = fit(study)[-1]
        assert (estimate.n, estimate.events, estimate.ci_kind) == (study.n, 0, f"t({df})")
        assert estimate.estimate == pytest.approx(coefficient, rel=1e-7)
        assert estimate.se == pytest.approx(se, rel=1e-7)
        assert estimate.ci_high - estimate.estimate == pytest.approx(t.isf(0.025, df) * estimate.se)
        assert estimate.p_value == pytest.approx(p, abs=1e-7)
        assert p_by_time(study) == pytest.approx(expected["by_time"][-1], abs=1e-7)


@pytest.mark.parametrize("case", list(_R))
def test_the_analysis_of_covariance_is_that_of_r(case: str, studies: dict[str, Dataset]) -> None:
    (book, score, predictor), expected = case.split(), _R[case]["ancova"]
    table = _table(studies, book, score)
    estimates = ancova(change_designs(table[table["time"] == "1y"], _PREDICTORS[predictor], score)[0])
    assert (estimates[0].outcome, estimates[0].n) == (f"{score}_change_1y", expected["n"])
    assert [estimate.estimate for estimate in estimates] == pytest.approx(expected["coef"], rel=1e-9)
    assert [estimate.se for estimate in estimates] == pytest.approx(expected["hc3"], rel=1e-9)
    assert estimates[-1].ci_kind == f"t({expected['n'] - 3})"
    # HC3, not the textbook standard error.
    assert estimates[-1].se != pytest.approx(expected["classical"][-1], rel=1e-3)


# -- laws --------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10_000), between=st.floats(0.0, 5.0))
def test_without_missing_values_the_mixed_model_is_the_regression_of_the_means(seed: int, between: float) -> None:
    rng = np.random.default_rng(seed)
    of_patient = between * rng.normal(size=8)
    change = (of_patient[:, None] + rng.normal(size=(8, 3))).ravel()
    fill = rng.normal(10, 3, 8)
    study = _made_up([*change], [*fill], times=3)
    estimate = fit(study)[-1]
    x = np.column_stack([np.ones(8), study.x[::3, -2], fill])
    means = change.reshape(8, 3).mean(axis=1)
    by_means = np.linalg.lstsq(x, means)[0]
    left = means - x @ by_means
    se = math.sqrt(left @ left / 5 * np.linalg.inv(x.T @ x)[2, 2])
    assert estimate.estimate == pytest.approx(by_means[2], rel=1e-9, abs=1e-12)
    # The variance between patients cannot be negative, which makes the error no smaller than that of the means.
    assert estimate.se >= se * (1 - 1e-10)
    if between > 3:
        # Eleven digits: where only six are, those of the tables hang on the machine.
        assert estimate.se == pytest.approx(se, rel=1e-11)


def test_one_follow_up_makes_the_mixed_model_least_squares(studies: dict[str, Dataset]) -> None:
    table = _table(studies, "plain", "vas")
    estimates = fit(change_designs(table[table["time"] == "1y"], "fill_percent", "vas")[0])
    expected = _R["plain vas fill"]["ancova"]
    assert [estimate.estimate for estimate in estimates] == pytest.approx(expected["coef"], rel=1e-8)
    assert [estimate.se for estimate in estimates] == pytest.approx(expected["classical"], rel=1e-8)


def test_degrees_of_freedom_count_patients_not_rows(studies: dict[str, Dataset]) -> None:
    study = change_designs(_table(studies, "large", "vas"), "leak", "vas")[0]
    assert (study.n, study.n_clusters, between_df(study)) == (832, 300, 297)


# -- models that cannot be fitted --------------------------------------------------------------------------------

_CHANGE = [-5.0, -3.0, -6.0, -4.0, -1.0, -6.0]


@pytest.mark.parametrize(
    ("change", "leak", "reason"),
    [
        (_CHANGE, [0, 0, 0, 0, 0, 0], "constant"),
        (_CHANGE, [1, 1, 1, 1, 1, 1], "constant"),
        (_CHANGE, [0, 0, 0, 1, 0, 0], "too_few_outcomes"),
        (_CHANGE, [8, 5, 9, 7, 6, 9], "collinear"),
        ([-4.0] * 6, [0, 1, 0, 1, 0, 1], "one_outcome"),
        ([-8.0, -5.0, -9.0, -7.0, -6.0, -9.0], [0, 1, 0, 1, 0, 1], "not_converged"),
        (_CHANGE[:3], [0, 1, 0], "too_few_clusters"),
        ([], [], "too_few_clusters"),
    ],
)
def test_data_that_bear_no_model(change: list[float], leak: list[float], reason: str) -> None:
    for model in (fit, ancova):
        estimates = model(_made_up(change, leak))
        assert {estimate.reason for estimate in estimates} == {reason}
        assert all(math.isnan(value) for e in estimates for value in (e.estimate, e.se, e.ci_low, e.p_value))
        assert not any(estimate.converged for estimate in estimates)


def test_patients_who_all_go_the_same_way_leave_no_error_within_patients() -> None:
    first = [-5.0, -3.0, -6.0, -4.0, -1.0, -6.0, -2.0, -7.0]
    parallel = np.repeat(first, 3) + np.tile([0.0, 1.0, 0.5], 8)
    assert fit(_made_up([*parallel], [0, 0, 1, 0, 1, 1, 0, 1], times=3))[-1].reason == "not_converged"
    assert fit(_made_up([*np.repeat(first, 3)], [0, 0, 1, 0, 1, 1, 0, 1], times=3))[-1].reason == "not_converged"
    parallel[0] += 0.1
    assert fit(_made_up([*parallel], [0, 0, 1, 0, 1, 1, 0, 1], times=3))[-1].reason == ""


def test_a_time_at_which_all_are_alike_tells_no_difference_and_leaves_the_others_theirs() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        [(f"p{n}", time, 5.0 + n % 3, rng.normal(), n % 2) for n in range(12) for time in ("post", "1m", "1y")],
        columns=["patient_id", "time", "baseline", "change", "leak"],
    )
    alike = table[(table["time"] != "1y") | (table["leak"] == 0)]
    designs = change_designs(alike, "leak", "vas")
    assert [fit(study)[-1].reason for study in designs] == ["", "", "constant"]
    assert designs[0].terms[-2:] == ("leak_1m", "leak")
    # A single patient of a kind would stand for all of it.
    single = pd.concat([alike, table[(table["patient_id"] == "p1") & (table["time"] == "1y")]])
    reasons = [fit(study)[-1].reason for study in change_designs(single, "leak", "vas")]
    assert reasons == ["", "", "too_few_outcomes"]
    assert math.isnan(p_by_time(change_designs(alike[alike["time"] == "post"], "leak", "vas")[0]))


@pytest.mark.parametrize(("leaks", "reason"), [(2, "few_bear_it"), (4, "few_bear_it"), (5, "")])
def test_an_error_that_few_patients_bear_settles_nothing(leaks: int, reason: str) -> None:
    # As alike as they are, two patients would pass for thirty.
    rng, leak = np.random.default_rng(1), np.arange(30.0) < leaks
    x = np.column_stack([np.ones(30), rng.normal(size=30), leak])
    study = Design("vas_change", rng.normal(size=30), x, ("intercept", "baseline", "leak"), ("",) * 3, np.arange(30))
    assert {each.reason for each in equivalence(study, model=ancova)} == {reason}
    assert (equivalence(study, model=ancova)[-1].verdict == "") == bool(reason)
    assert fit(study)[-1].reason == ""
    # Without a covariate each group's mean has its own part of the variance, on a freedom less than its patients.
    parts = np.array([1 / (leaks - 1), 1 / (29 - leaks)])
    alone = replace(study, x=x[:, [0, 2]], terms=("intercept", "leak"), units=("",) * 2)
    assert robust_df(alone) == pytest.approx(parts.sum() ** 2 / (parts**3).sum(), rel=1e-12)


def test_a_patient_whom_nobody_contradicts_leaves_hc3_undefined() -> None:
    alone = _made_up(_CHANGE, [0.5, 0.5, 0.5, 0.5, 0.5, 9.0])
    assert ancova(alone)[-1].reason == "too_few_clusters"
    assert fit(replace(alone, outcome="vas_change_1y"))[-1].reason == ""
