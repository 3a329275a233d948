"""Resampled patients against R, against a plain loop, and where they are separated."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vpresearch.regression import logistic, resampling
from vpresearch.regression.design import Design, design
from vpresearch.regression.resampling import bootstrap

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_CLUSTERED: dict[str, Any] = json.loads((_HERE / "clustered.json").read_text(encoding="utf-8"))
_R: dict[str, Any] = _CLUSTERED["synthetic41"]["bootstrap"]


@pytest.fixture(scope="module")
def study() -> Design:
    table = pd.read_csv(_HERE / "synthetic41.csv")
    rows = pd.DataFrame({"patient_id": table["patient"].astype(str), "fill_percent": 100 * table["fill"]})
    return design(rows, "leak", table["leak"])


def made(y: list[float], x: list[float], cluster: list[int]) -> Design:
    columns = np.column_stack([np.ones(len(x)), np.array(x, float)])
    return Design("leak", np.array(y, float), columns, ("intercept", "fill"), ("", ""), np.array(cluster, np.int64))


# Few patients, whose resamples are often separated.
_SMALL = made([0, 0, 0, 1, 1, 0, 1, 0], [1, 2, 3, 5, 6, 4, 8, 9], [0, 0, 1, 1, 2, 2, 3, 3])


# -- R -----------------------------------------------------------------------------------------------------------


def test_percentiles_are_those_of_r(study: Design) -> None:
    _, fill = resampling.fit(study, resamples=20_000)
    # Both sides draw 20,000 resamples of their own.
    for limit, expected, error in zip((fill.ci_low, fill.ci_high), _R["low_high"], _R["mc_error"], strict=True):
        assert limit == pytest.approx(expected, abs=3 * math.sqrt(2) * error)


def test_as_many_resamples_are_separated_as_in_r(study: Design) -> None:
    drawn = bootstrap(study, resamples=20_000)
    share = _R["separated_share"]
    assert drawn.separated / 20_000 == pytest.approx(share, abs=4 * math.sqrt(2 * share / 20_000))
    assert drawn.left_out <= 10


# -- a plain loop ------------------------------------------------------------------------------------------------


def test_each_resample_is_fitted_with_its_patients_repeated(study: Design) -> None:
    drawn = bootstrap(study, resamples=30, seed=5)
    counts = np.random.default_rng(5).multinomial(27, np.full(27, 1 / 27), size=30)
    assert drawn.separated == drawn.left_out == 0
    for coefficients, times in zip(drawn.coefficients, counts, strict=True):
        rows = np.repeat(np.arange(study.n), times[study.cluster])
        assert coefficients == pytest.approx(logistic.maximise(study.x[rows], study.y[rows]).coefficients, rel=1e-9)


def test_patients_are_drawn_and_not_vertebrae(study: Design) -> None:
    apart = replace(study, cluster=np.arange(study.n))
    (_, together), (_, alone) = resampling.fit(study), resampling.fit(apart)
    assert together.estimate == alone.estimate
    assert together.ci_high - together.ci_low > 1.05 * (alone.ci_high - alone.ci_low)


# -- rows --------------------------------------------------------------------------------------------------------


def test_the_rows_say_what_they_are(study: Design) -> None:
    _, fill = rows = resampling.fit(study)
    maximum = logistic.fit(study)
    assert [row.estimate for row in rows] == pytest.approx([term.estimate for term in maximum], rel=1e-9)
    assert (fill.model, fill.ci_kind, fill.p_kind, fill.reason) == (
        "bootstrap",
        "percentile, patients resampled",
        "",
        "",
    )
    assert math.isnan(fill.p_value)
    assert fill.ci_low < fill.estimate < fill.ci_high
    ranked = np.sort(bootstrap(study).coefficients[:, 1])
    assert [fill.ci_low, fill.ci_high] == [ranked[49], ranked[-50]]


def test_the_seed_decides(study: Design) -> None:
    assert repr(resampling.fit(study, seed=3)) == repr(resampling.fit(study, seed=3))
    assert resampling.fit(study, seed=3)[1].ci_low != resampling.fit(study, seed=4)[1].ci_low


def test_a_standard_error_needs_every_resample_to_be_finite(study: Design) -> None:
    drawn = bootstrap(study, resamples=30, seed=5)
    assert drawn.separated == 0
    se = [row.se for row in resampling.fit(study, resamples=30, seed=5)]
    assert se == pytest.approx(drawn.coefficients.std(axis=0, ddof=1))
    assert bootstrap(study).separated > 0
    assert all(math.isnan(row.se) for row in resampling.fit(study))


# -- separation --------------------------------------------------------------------------------------------------


def test_separated_resamples_count_as_infinite() -> None:
    drawn = bootstrap(_SMALL)
    apart = np.isin(drawn.reason, ["complete_separation", "quasi_complete_separation"])
    assert drawn.separated == apart.sum() > 500
    assert np.isinf(drawn.coefficients[apart]).all()
    # Every fill is positive: where the slope rises without end the intercept falls.
    assert (np.sign(drawn.coefficients[apart, 0]) == -np.sign(drawn.coefficients[apart, 1])).all()
    _, fill = resampling.fit(_SMALL)
    assert fill.ci_high == math.inf
    assert math.isfinite(fill.estimate)


def test_resamples_with_one_outcome_are_left_out() -> None:
    drawn = bootstrap(_SMALL)
    alone = drawn.reason == "one_outcome"
    assert drawn.left_out == alone.sum() > 0
    assert np.isnan(drawn.coefficients[alone]).all()


@pytest.mark.parametrize(
    ("y", "x", "cluster", "reason"),
    [
        ([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6], [0, 0, 1, 1, 2, 2], "complete_separation"),
        ([0, 0, 0, 1, 1, 1], [1, 2, 4, 4, 5, 6], [0, 0, 1, 1, 2, 2], "quasi_complete_separation"),
        ([0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6], [0, 0, 1, 1, 2, 2], "one_outcome"),
        ([0, 1, 0, 1, 0, 1], [3, 3, 3, 3, 3, 3], [0, 0, 1, 1, 2, 2], "constant"),
        ([0, 0, 1, 0, 1, 1], [1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1], "too_few_clusters"),
    ],
)
def test_a_fit_that_fails(y: list[float], x: list[float], cluster: list[int], reason: str) -> None:
    for row in resampling.fit(made(y, x, cluster)):
        assert (row.model, row.reason, row.converged) == ("bootstrap", reason, False)
        assert all(math.isnan(number) for number in (row.estimate, row.se, row.ci_low, row.ci_high))


def test_two_predictors_are_too_many(study: Design) -> None:
    wider = replace(study, x=np.column_stack([study.x, study.x[:, 1] ** 2]), terms=("a", "b", "c"), units=("",) * 3)
    assert {row.reason for row in resampling.fit(wider)} == {"too_large"}
