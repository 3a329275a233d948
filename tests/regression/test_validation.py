"""Optimism against R and against a plain loop over the same resamples, and what is left out of it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from vpresearch.data import Dataset
from vpresearch.regression import logistic
from vpresearch.regression.design import Design, design
from vpresearch.regression.logistic import gate
from vpresearch.regression.precision import korn_graubard
from vpresearch.regression.validation import MEASURES, Performance, _in_the_large, calibration, validate

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_RMS: dict[str, Any] = json.loads((_HERE / "synthetic41.json").read_text(encoding="utf-8"))["R"]["lrm_linear_stats"]
_R: dict[str, Any] = json.loads((_HERE / "others.json").read_text(encoding="utf-8"))["optimism"]
_C: dict[str, Any] = json.loads((_HERE / "concordance.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def study() -> Design:
    table = pd.read_csv(_HERE / "synthetic41.csv")
    rows = pd.DataFrame({"patient_id": table["patient"].astype(str), "fill_percent": 100 * table["fill"]})
    return design(rows, "leak", table["leak"])


@pytest.fixture(scope="module")
def many(study: Design) -> dict[str, Performance]:
    return {performance.measure: performance for performance in validate(study, resamples=20_000, seed=3)}


def _small(x: list[float], y: list[float], patients: list[int] | None = None) -> Design:
    columns = np.column_stack([np.ones(len(x)), x])
    cluster = np.arange(len(x)) if patients is None else np.array(patients)
    return Design("leak", np.array(y, float), columns, ("intercept", "fill_percent"), ("", ""), cluster)


# -- R -----------------------------------------------------------------------------------------------------------


def test_the_apparent_performance_is_that_of_lrm(many: dict[str, Performance]) -> None:
    assert many["c"].apparent == pytest.approx(_RMS["C"], rel=1e-9)
    assert many["brier"].apparent == pytest.approx(_RMS["Brier"], rel=1e-6)
    assert [many[name].apparent for name in MEASURES[2:]] == pytest.approx([0, 0, 1], abs=1e-12)


def test_the_interval_of_c_and_the_calibration_in_the_large_are_those_of_r(study: Design) -> None:
    c = validate(study, resamples=20)[0]
    assert (c.apparent, c.ci_low, c.ci_high) == pytest.approx([_C[name] for name in ("c", "low", "high")], rel=1e-9)
    odds = -2 + 0.2 * study.x[None, :, 1]
    (moved,) = _in_the_large(odds, study.y, np.ones_like(odds))
    assert moved == pytest.approx(_C["in_the_large"], rel=1e-9)


def test_the_optimism_is_that_of_r_but_for_chance(many: dict[str, Performance]) -> None:
    assert many["c"].optimism == pytest.approx(_R["c"], abs=0.003)
    assert many["brier"].optimism == pytest.approx(_R["brier"], abs=0.0015)
    assert many["calibration_intercept"].optimism == pytest.approx(_R["intercept"], abs=0.03)
    assert many["calibration_slope"].optimism == pytest.approx(_R["slope"], abs=0.03)
    assert many["c"].separated / 20_000 == pytest.approx(_R["separated"], abs=0.002)


def test_patients_are_resampled_not_vertebrae(study: Design, many: dict[str, Performance]) -> None:
    alone = validate(replace(study, cluster=np.arange(41)), resamples=20_000, seed=3)
    # Patients whose vertebrae go together vary more from one resample to the next: the Brier score shows it.
    assert many["brier"].optimism < 1.3 * alone[1].optimism < 0
    assert many["brier"].corrected == pytest.approx(0.2124, abs=0.0015)


# -- a plain loop ------------------------------------------------------------------------------------------------


def _c(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> float:
    pairs = [(a > b) + (a == b) / 2 for a in x[y == 1] for b in x[y == 0]]
    return float(np.mean(pairs))


def _one(train: Design, test: Design) -> list[float]:
    """Every measure in ``test`` of the model of ``train``, the long way."""
    line = logistic.maximise(train.x, train.y).coefficients
    score = test.x @ line
    again = logistic.maximise(np.column_stack([np.ones(test.n), score]), test.y).coefficients
    large = logistic.maximise(np.ones((test.n, 1)), test.y, score).coefficients
    brier = float(((expit(score) - test.y) ** 2).mean())
    return [_c(score, test.y), brier, float(large[0]), float(again[0]), float(again[1])]


def test_a_loop_over_the_same_resamples_finds_the_same(study: Design) -> None:
    results = validate(study, resamples=60, seed=11)
    drawn = np.random.default_rng(11).multinomial(27, np.full(27, 1 / 27), size=60)
    excess, separated = [], 0
    for times in drawn:
        rows = np.repeat(np.arange(41), times[study.cluster])
        resample = replace(study, x=study.x[rows], y=study.y[rows])
        if gate(resample):
            separated += 1
            # It has an order of risks, and nothing else.
            here, there = _c(resample.x[:, 1], resample.y), _c(study.x[:, 1], study.y)
            excess.append(np.array([here - there if here > 0.5 else there - here, *[np.nan] * 4]))
            continue
        excess.append(np.array(_one(resample, resample)) - _one(resample, study))
    expected = [*np.nanmean(excess, axis=0)[:2], *np.nanmedian(excess, axis=0)[2:]]
    assert [result.optimism for result in results] == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert [result.resamples for result in results] == [60, *[60 - separated] * 4]
    brier = np.array(excess)[:, 1]
    error = np.nanstd(brier, ddof=1) / np.sqrt(60 - separated)
    assert results[1].optimism_error == pytest.approx(error, rel=1e-6)
    assert all(result.corrected == pytest.approx(result.apparent - result.optimism) for result in results)


def test_the_same_seed_gives_the_same_and_another_does_not(study: Design) -> None:
    assert validate(study, resamples=50) == validate(study, resamples=50, seed=1)
    assert validate(study, resamples=50) != validate(study, resamples=50, seed=2)


def test_the_calibration_does_not_hang_on_single_resamples(studies: dict[str, Dataset]) -> None:
    rows = studies["normal"].rows
    study = design(rows, "leak", rows["leak"].eq("yes"))
    # Means over the same resamples come out anywhere between -3 and 7.
    slopes = [validate(study, seed=seed)[3].optimism for seed in range(4)]
    assert np.ptp(slopes) < 0.15


# -- what is left out --------------------------------------------------------------------------------------------


def test_where_too_many_resamples_are_lost_the_correction_is_withheld_and_c_keeps_those_that_separate() -> None:
    c, brier, *_ = validate(_small([1, 2, 3, 4, 5, 6], [0, 0, 1, 0, 1, 1]), resamples=400)
    assert min(brier.resamples, brier.separated, brier.degenerate) > 5
    assert brier.resamples + brier.separated + brier.degenerate == 400
    assert (brier.reason, c.reason) == ("too_many_lost", "")
    assert math.isnan(brier.corrected)
    assert c.resamples == brier.resamples + brier.separated
    assert c.corrected < c.apparent


def test_a_falling_risk_is_concordant_too() -> None:
    rising = validate(_small([1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 0, 0, 1, 0, 1, 1]))
    falling = validate(_small([-1, -2, -3, -4, -5, -6, -7, -8], [0, 1, 0, 0, 1, 0, 1, 1]))
    assert falling[0].corrected == pytest.approx(rising[0].corrected, rel=1e-6)
    assert falling[0].apparent == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], "complete_separation"),
        ([1, 2, 3, 4], [0, 0, 0, 0], "one_outcome"),
        ([2, 2, 2, 2], [0, 1, 0, 1], "constant"),
    ],
)
def test_data_without_a_fit(x: list[float], y: list[float], reason: str) -> None:
    results = validate(_small(x, y))
    assert [result.measure for result in results] == list(MEASURES)
    assert {result.reason for result in results} == {reason}
    assert all(math.isnan(result.corrected) for result in results)
    assert calibration(_small(x, y)).empty


def test_one_patient_bears_no_resampling_and_two_predictors_are_refused() -> None:
    assert {one.reason for one in validate(_small([1, 2, 3, 4], [0, 1, 0, 1], [0, 0, 0, 0]))} == {"too_few_clusters"}
    study = _small([1, 2, 3, 4], [0, 1, 0, 1])
    assert {one.reason for one in validate(replace(study, cluster=np.array([0, 0, 1, 1])))} == {"too_few_clusters"}
    two = replace(study, x=np.column_stack([study.x, [3, 1, 4, 1]]), terms=(*study.terms, "age"), units=("",) * 3)
    with pytest.raises(ValueError, match="one predictor"):
        validate(two)


@pytest.mark.parametrize("events", [[3], [3, 6]])
def test_too_few_patients_with_a_leak_bear_no_validation(events: list[int]) -> None:
    study = _small(np.arange(12.0).tolist(), [float(row in events) for row in range(12)])
    results = validate(study, resamples=20)
    assert {result.reason for result in results} == {"too_few_outcomes"}
    assert all(math.isnan(result.apparent) for result in results)
    assert calibration(study).empty


def test_ratios_that_differ_in_their_last_digit_are_ties_in_the_area() -> None:
    y = [0.0, 1, 0, 1, 0, 1, 0, 1]
    tied, noisy = ([0.1, third, 0.3, 0.5, 0.7, 0.2, 0.4, 0.9] for third in (0.3, 0.1 + 0.2))
    assert validate(_small(noisy, y), 20)[0].apparent == validate(_small(tied, y), 20)[0].apparent


# -- calibration -------------------------------------------------------------------------------------------------


def test_the_groups_are_thirds_of_rising_risk(study: Design) -> None:
    table = calibration(study)
    assert table["n"].tolist() == [14, 13, 14]
    assert table["events"].tolist() == [2, 5, 8]
    assert table["predicted"].is_monotonic_increasing
    # The intercept makes the mean risk the share of leaks.
    assert (table["predicted"] * table["n"]).sum() == pytest.approx(15)
    assert table["observed"].tolist() == pytest.approx([2 / 14, 5 / 13, 8 / 14])
    lowest = study.x[:, 1] <= np.sort(study.x[:, 1])[13]
    patients = np.unique(study.cluster[lowest], return_inverse=True)[1]
    share = korn_graubard(replace(study, x=study.x[lowest], y=study.y[lowest], cluster=patients))
    assert [table["ci_low"][0], table["ci_high"][0]] == pytest.approx([share.low / 100, share.high / 100])


def test_ties_stay_together() -> None:
    table = calibration(_small([1, 1, 1, 1, 2, 2, 3, 3], [0, 1, 0, 0, 1, 0, 1, 1]), groups=4)
    assert table["n"].sum() == 8
    assert table["n"].tolist()[0] == 4
