from __future__ import annotations

import numpy as np
import pytest

from vpresearch.regression import logistic
from vpresearch.regression.design import Design
from vpresearch.regression.models import PRIMARY
from vpresearch.regression.simulation import (
    FEWER,
    OF_SKEWED,
    SINGLE,
    SIZES,
    Results,
    Truth,
    batched_results,
    draw,
    marginal_slope,
    read_results,
    single_results,
    summarise,
)


def test_the_design_is_that_of_the_study() -> None:
    drawn = draw(Truth(), 2000, 1)
    assert (sum(SIZES), len(SIZES)) == (41, 27)
    assert drawn.leak.sum(axis=1).mean() == pytest.approx(15, abs=0.5)
    assert drawn.fill_percent.mean() == pytest.approx(8, abs=0.05)


def test_the_seed_decides_the_data() -> None:
    assert np.array_equal(draw(Truth(), 3, 1).leak, draw(Truth(), 3, 1).leak)
    assert not np.array_equal(draw(Truth(), 3, 1).leak, draw(Truth(), 3, 2).leak)


def test_the_slope_over_patients_is_flatter_than_within_them() -> None:
    assert marginal_slope(Truth(slope=0.0)) == 0
    assert 0.2 < marginal_slope(Truth(slope=0.4)) < 0.3


def test_batched_results_are_those_of_the_model() -> None:
    drawn = draw(Truth(slope=0.4), 30, 1)
    found = batched_results(drawn, 0.25)["ml:LR"]
    for place, (fill, leak) in enumerate(zip(drawn.fill_percent, drawn.leak, strict=True)):
        x = np.column_stack([np.ones(41), fill])
        slope = logistic.fit(Design("leak", leak, x, ("intercept", "fill_percent"), ("", ""), drawn.cluster))[1]
        assert found.rejected[place] == (slope.p_value < 0.05)
        assert found.covered[place] == (slope.ci_low <= 0.25 <= slope.ci_high)


@pytest.mark.parametrize("method", [method for method in SINGLE if method != "bayes:posterior"])
def test_a_method_errs_seldom_where_nothing_is_shared(method: str) -> None:
    found = single_results(draw(Truth(sd_patient=0.0), 40, 1), method, 0.0)
    assert found.rejected.mean() <= 0.2
    assert ((found.rejected == 0) | (found.covered == 0)).all()


def test_errors_are_counted() -> None:
    nulls = Results(np.array([1.0, 0.0, 0.0, 0.0]), np.ones(4), np.zeros(4))
    others = Results(np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 1.0, 1.0, 0.0]), np.array([0, 0, 0, 1.0]))
    row = summarise(nulls, others)
    assert (row["type_one"], row["coverage"], row["power"], row["failed"]) == (0.25, 0.75, 0.5, 0.125)
    assert row["type_one_error"] == pytest.approx(np.sqrt(0.25 * 0.75 / 4))


def test_the_shipped_results_have_every_method() -> None:
    every = read_results()
    results = every[every["fills"] == "normal"]
    type_one = dict(zip(results["method"], results["type_one"].astype(float), strict=True))
    assert set(type_one) == {*SINGLE, *batched_results(draw(Truth(), 2, 0), 0.0)}
    assert (every["n"] >= [2000 // FEWER.get(method, 1) for method in every["method"]]).all()
    assert set(every.loc[every["fills"] == "lognormal", "method"]) == {
        *OF_SKEWED,
        *batched_results(draw(Truth(), 2, 0), 0.0),
    }
    # Methods that take vertebrae as independent err too often, the primary one does not.
    assert type_one["gee_md:t"] < type_one[f"{PRIMARY}:t"] < 0.05 < 0.06 < type_one["ml:LR"]
