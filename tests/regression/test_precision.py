"""Sample sizes against published ones, and the laws of precision and power."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_expit, logit
from scipy.stats import norm

from vpresearch.regression.design import Estimate
from vpresearch.regression.precision import (
    clusters_by_t,
    design_effect,
    largest_r2,
    minimum_sample_size,
    needed,
    precision,
    r2_of_c,
)

_SLOPE = Estimate("gee_kc", "leak", "fill_percent", "", 0.1213, 0.0533, n=41, events=15, clusters=27, converged=True)
_NONE = replace(_SLOPE, estimate=math.nan, se=math.nan, converged=False, reason="complete_separation")


# -- published numbers -------------------------------------------------------------------------------------------


def test_the_criteria_of_the_example_of_riley() -> None:
    # Stat Med 2019;38:1276-1296, as pmsampsize has it.
    size = minimum_sample_size(0.288, 0.174, parameters=24)
    assert (size.n_shrinkage, size.n_optimism, size.n_risk, size.n) == (623, 662, 221, 662)
    assert size.events == pytest.approx(115.2, abs=0.05)
    assert size.events_per_parameter == pytest.approx(4.8, abs=0.005)


@pytest.mark.parametrize(
    ("c", "prevalence", "parameters", "expected"),
    # pmsampsize simulates R squared from c; the second is of one more, 266, for that.
    [(0.89, 0.174, 24, (615, 660, 221)), (0.81, 0.18, 6, (265, 175, 227)), (0.89, 0.18, 6, (151, 163, 227))],
)
def test_the_sample_size_from_a_c_statistic(
    c: float, prevalence: float, parameters: int, expected: tuple[int, int, int]
) -> None:
    size = minimum_sample_size(r2_of_c(c, prevalence), prevalence, parameters)
    assert (size.n_shrinkage, size.n_optimism, size.n_risk) == expected
    assert size.n == max(expected)


def test_r_squared_of_a_c_statistic_is_near_the_simulated_one_of_the_paper() -> None:
    # Stat Med 2021;40:859-864 has 0.2101 by a million random draws.
    assert r2_of_c(0.81, 0.77) == pytest.approx(0.2101, abs=0.0025)
    assert r2_of_c(0.81, 0.23) == pytest.approx(r2_of_c(0.81, 0.77), rel=1e-12)


def test_r_squared_of_a_c_statistic_is_that_of_the_model_it_describes() -> None:
    at, distance, prevalence = np.linspace(-12, 14, 200_001), math.sqrt(2) * norm.ppf(0.7), 0.3
    true = logit(prevalence) + distance * at - distance**2 / 2
    total = prevalence * norm.pdf(at - distance) * log_expit(true)
    total += (1 - prevalence) * norm.pdf(at) * log_expit(-true)
    null = prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence)
    assert r2_of_c(0.7, prevalence) == pytest.approx(1 - math.exp(-2 * (np.trapezoid(total, at) - null)), rel=1e-8)


# -- laws of the sample size -------------------------------------------------------------------------------------


@given(prevalence=st.floats(0.05, 0.95), share=st.floats(0.05, 0.9), parameters=st.integers(1, 30))
def test_more_parameters_need_more_and_the_criteria_are_met(prevalence: float, share: float, parameters: int) -> None:
    r2 = share * largest_r2(prevalence)
    one, more = (minimum_sample_size(r2, prevalence, count) for count in (parameters, parameters + 1))
    assert more.n >= one.n
    # The expected shrinkage (van Houwelingen and Le Cessie) at the size that was asked for, and just below it.
    r2_apparent = r2 / 0.9
    shrinkage = (
        [1 + parameters / (n * math.log1p(-r2_apparent)) for n in (one.n_shrinkage, one.n_shrinkage - 1)]
        if (r2_apparent < 1)
        else [1, 0]
    )
    assert shrinkage[0] >= 0.9 - 1e-9
    assert shrinkage[1] < 0.9


@pytest.mark.parametrize("r2", [0.0, -0.1, 0.76, math.nan])
def test_a_model_that_explains_nothing_or_too_much_has_no_sample_size(r2: float) -> None:
    size = minimum_sample_size(r2, 0.5)
    assert all(math.isnan(value) for value in (size.n, size.n_shrinkage, size.n_optimism, size.n_risk, size.events))
    assert math.isnan(minimum_sample_size(r2_of_c(0.5, 0.3), 0.3).n)


# -- precision of a slope ----------------------------------------------------------------------------------------


def test_four_times_the_patients_halve_the_interval() -> None:
    now, later = precision(_SLOPE, [27, 108]).to_dict("records")
    assert (now["n"], now["events"], now["se"]) == (41, 15, pytest.approx(0.0533))
    assert (later["n"], later["events"], later["se"]) == (164, 60, pytest.approx(0.02665))
    assert later["half_width"] < now["half_width"] / 2


def test_by_t_a_study_of_this_size_has_the_interval_of_t_and_the_power_of_simulated_t() -> None:
    (row,) = precision(_SLOPE, [27]).to_dict("records")
    assert row["half_width"] == pytest.approx(2.059538553 * 0.0533)
    rng = np.random.default_rng(7)
    ratio = rng.normal(0.1213 / 0.0533, 1, 200_000) / np.sqrt(rng.chisquare(25, 200_000) / 25)
    assert row["power"] == pytest.approx((np.abs(ratio) > 2.059538553).mean(), abs=0.005)
    patients = int(clusters_by_t(_SLOPE, power=0.8, half_width=0.1))
    enough, short = precision(_SLOPE, [patients, patients - 1])[["power", "half_width"]].to_numpy()
    assert enough[0] >= 0.8 > short[0] or enough[1] <= 0.1 < short[1]
    assert clusters_by_t(replace(_SLOPE, estimate=0.0), power=0.8) == math.inf
    assert clusters_by_t(_SLOPE, half_width=1e-9) == math.inf


def test_the_least_slope_that_is_seen_is_seen_with_the_power_it_is_said_of() -> None:
    least = precision(_SLOPE, [27, 108])["detectable"]
    for patients, slope in zip((27, 108), least, strict=True):
        assert precision(replace(_SLOPE, estimate=slope), [patients])["power"][0] == pytest.approx(0.8, abs=0.01)
    # It hangs on the design alone.
    assert precision(replace(_SLOPE, estimate=9.0), [27, 108])["detectable"].tolist() == least.tolist()


@given(half_width=st.floats(0.005, 0.5))
def test_the_patients_asked_for_give_the_half_width_and_one_fewer_does_not(half_width: float) -> None:
    patients = int(clusters_by_t(_SLOPE, half_width=half_width))
    assert precision(_SLOPE, [patients])["half_width"][0] <= half_width
    assert patients == 3 or precision(_SLOPE, [patients - 1])["half_width"][0] > half_width


def test_a_prediction_model_needs_more_by_the_corrected_c_and_by_clustering() -> None:
    alone = replace(_SLOPE, model="ml", se=0.0533 / math.sqrt(2))
    flattered, corrected = (needed(_SLOPE, alone, c, 15 / 41).prediction for c in (0.7, 0.55))
    independent = minimum_sample_size(r2_of_c(0.55, 15 / 41), 15 / 41).n
    assert corrected == pytest.approx(2 * independent, abs=1)
    assert corrected > flattered
    assert needed(alone, _SLOPE, 0.55, 15 / 41).prediction == independent
    for c in (0.5, 0.4, math.nan):
        assert math.isnan(needed(_SLOPE, alone, c, 15 / 41).prediction)


def test_the_design_effect_is_a_ratio_of_variances() -> None:
    assert design_effect(_SLOPE, replace(_SLOPE, model="ml", se=0.045)) == pytest.approx(1.403, abs=5e-4)


def test_without_an_estimate_there_is_no_answer() -> None:
    assert math.isnan(clusters_by_t(_NONE, half_width=0.05))
    assert math.isnan(design_effect(_NONE, _SLOPE))
    assert precision(_NONE, [50])[["se", "half_width", "detectable"]].isna().all(axis=None)
