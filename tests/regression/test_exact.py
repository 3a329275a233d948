"""Exact conditional regression against R, every subset by hand, and laws."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from vpresearch.data import Dataset
from vpresearch.regression import exact, logistic
from vpresearch.regression.design import REASONS, Design, Estimate, design
from vpresearch.regression.exact import conditional, fit, grid
from vpresearch.regression.logistic import gate

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_R: dict[str, Any] = json.loads((_HERE / "likelihood.json").read_text(encoding="utf-8"))["studies"]


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


def _slope(y: list[float], x: list[float], alpha: float = 0.05) -> Estimate:
    return fit(_design(y, x), alpha)[1]


# -- R -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(_R))
def test_it_is_the_distribution_that_r_counts(name: str, studies: dict[str, Dataset]) -> None:
    study, expected = _study(name, studies), _R[name]["exact"]
    scale = 10.0 ** expected["digits"]
    rounded = np.floor(scale * study.x[:, 1] + 0.5) / scale
    assert grid(rounded, study.events) == pytest.approx(1 / scale)
    intercept, slope = fit(replace(study, x=np.column_stack([study.x[:, 0], rounded])))
    assert slope.estimate == pytest.approx(expected["coef"], rel=1e-10, abs=0)
    assert slope.se == pytest.approx(expected["se"], rel=1e-10, abs=0)
    assert slope.p_value == pytest.approx(expected["p"], rel=1e-10, abs=0)
    assert [slope.ci_low, slope.ci_high] == pytest.approx([expected["low"], expected["high"]], rel=1e-10)
    assert (slope.ci_kind, slope.p_kind) == ("exact conditional", "exact conditional, twice the smaller tail")
    assert (slope.converged, slope.reason) == (True, "")
    assert (intercept.converged, intercept.reason) == (False, "conditioned_out")
    assert math.isnan(intercept.estimate)
    assert intercept.reason in REASONS


@pytest.mark.parametrize(
    ("name", "near"), [("synthetic41", 1e-9), ("spanish", 1e-3), ("normal", 1e-3), ("large", 1e-2)]
)
def test_the_lattice_is_fine_enough_for_the_estimate_of_clogit(
    name: str, near: float, studies: dict[str, Dataset]
) -> None:
    slope, expected = fit(_study(name, studies))[1], _R[name]["clogit"]
    assert slope.estimate == pytest.approx(expected["coef"], abs=near * expected["se"])
    assert slope.se == pytest.approx(expected["se"], rel=near)


def test_the_conditional_estimate_is_not_the_unconditional_one(studies: dict[str, Dataset]) -> None:
    study = _study("synthetic41", studies)
    assert fit(study)[1].estimate < 0.98 * logistic.fit(study)[1].estimate


# -- every subset ------------------------------------------------------------------------------------------------

_rows = st.lists(st.tuples(st.integers(0, 1), st.integers(-30, 30)), min_size=4, max_size=10)


def _listed(rows: list[tuple[int, int]]) -> tuple[list[float], list[float], np.ndarray[Any, Any]]:
    """Outcomes, predictor in tenths, and every subset's sum less the observed one."""
    y, tenths = ([float(value) for value in column] for column in zip(*rows, strict=True))
    assume(0 < sum(y) < len(y) and len(set(tenths)) > 1)
    observed = sum(value for value, event in zip(tenths, y, strict=True) if event)
    sums = [sum(subset) - observed for subset in itertools.combinations(tenths, int(sum(y)))]
    return y, [value / 10 for value in tenths], np.array(sums)


@given(_rows)
def test_the_counts_are_those_of_every_subset(rows: list[tuple[int, int]]) -> None:
    y, x, sums = _listed(rows)
    given = conditional(np.array(x), np.array(y))
    values, counts = np.unique(np.round(sums * 0.1 / given.step), return_counts=True)
    assert given.sums.tolist() == values.tolist()
    assert np.exp(given.log_counts) == pytest.approx(counts, rel=1e-12)


@settings(max_examples=40)
@given(_rows)
def test_p_estimate_and_limits_are_those_of_every_subset(rows: list[tuple[int, int]]) -> None:
    y, x, sums = _listed(rows)
    slope = _slope(y, x)
    above, below = (sums >= 0).mean(), (sums <= 0).mean()
    assert slope.p_value == pytest.approx(min(1, 2 * above, 2 * below), rel=1e-12)

    def tail(side: int, at: float) -> float:
        weights = at * sums / 10
        return float(np.exp(logsumexp(weights[side * sums >= 0]) - logsumexp(weights)))

    for end, side, extreme in ((slope.ci_low, 1, sums.min() == 0), (slope.ci_high, -1, sums.max() == 0)):
        assert math.isinf(end) == extreme
        if not extreme:
            assert tail(side, end) == pytest.approx(0.025, rel=1e-8)
    if math.isnan(slope.se):
        side = 1 if sums.max() == 0 else -1
        assert tail(side, slope.estimate) == pytest.approx(0.5, rel=1e-8)
    else:
        weights = np.exp(slope.estimate * sums / 10 - logsumexp(slope.estimate * sums / 10))
        assert weights @ sums == pytest.approx(0, abs=1e-7)
        assert slope.se == pytest.approx(1 / math.sqrt(weights @ (sums / 10) ** 2), rel=1e-8)


# -- laws --------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(_rows, st.sampled_from([0.01, 0.05, 0.2, 0.5]))
def test_p_agrees_with_the_interval(rows: list[tuple[int, int]], alpha: float) -> None:
    y, x, _ = _listed(rows)
    slope = _slope(y, x, alpha)
    assume(abs(slope.p_value - alpha) > 1e-9)
    assert (slope.p_value < alpha) == (not slope.ci_low <= 0 <= slope.ci_high)


@settings(max_examples=40)
@given(_rows)
def test_outcomes_exchanged_change_the_sign_only(rows: list[tuple[int, int]]) -> None:
    y, x, _ = _listed(rows)
    one, other = _slope(y, x), _slope([1 - value for value in y], x)
    assert other.estimate == pytest.approx(-one.estimate, rel=1e-8, abs=1e-9)
    assert [-other.ci_high, -other.ci_low] == pytest.approx([one.ci_low, one.ci_high], rel=1e-8, abs=1e-9)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-12)


def test_p_is_twice_the_smaller_tail_and_not_that_of_less_likely_sums() -> None:
    y, x = [0.0, 0, 0, 1, 0, 1, 1], [0.0, 0, 1, 1, 2, 6, 9]
    given = conditional(np.array(x), np.array(y))
    chances = given.probabilities(0.0)
    rare = chances[chances <= chances[given.sums == 0] * (1 + 1e-9)].sum()
    assert _slope(y, x).p_value == pytest.approx(2 * chances[given.sums >= 0].sum())
    assert _slope(y, x).p_value != pytest.approx(rare, rel=0.2)


@pytest.mark.parametrize(("n", "events"), [(41, 15), (41, 26), (300, 120)])
def test_every_subset_is_counted(n: int, events: int) -> None:
    random = np.random.default_rng(1)
    x, y = random.integers(0, 60, n).astype(float), np.arange(n) < events
    total = np.exp(conditional(x, y.astype(float)).log_counts).sum()
    assert total == pytest.approx(math.comb(n, events), rel=1e-11)


# -- the lattice -------------------------------------------------------------------------------------------------


def test_numbers_on_a_lattice_of_their_own_are_not_rounded() -> None:
    assert grid(np.array([1.0, 20.0, 3.0]), 1) == 1
    assert grid(np.array([1.25, 20.0, 3.5]), 1) == pytest.approx(0.25)
    assert grid(np.array([1.26, 20.0, 3.5]), 1) == pytest.approx(0.02)
    assert grid(100 * np.array([2.5, 4.0, 1.5]) / np.array([30, 21, 42]), 1) == pytest.approx(100 / 84)
    assert grid(np.array([25.6, 15.7, 18.1]) / 100, 1) == pytest.approx(0.001)


def test_other_numbers_are_rounded_to_what_the_table_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(2).normal(20, 7, 41)
    steps = []
    for cells in (8_000_000, 300_000, 30_000):
        monkeypatch.setattr(exact, "_MOST_CELLS", cells)
        steps.append(grid(x, 15))
    assert steps == pytest.approx([0.005, 0.02, 0.2])
    assert np.ptp(x) / steps[0] < 10_000


def test_a_table_that_would_be_too_large_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    study = _design((random.random(41) < 0.4).astype(float).tolist(), random.normal(20, 7, 41).tolist())
    assert math.isnan(grid(np.arange(1200.0), 600))
    monkeypatch.setattr(exact, "_MOST_CELLS", 5000)
    assert [estimate.reason for estimate in fit(study)] == ["too_large"] * 2
    assert all(math.isnan(estimate.p_value) for estimate in fit(study))


def _ratios(n: int, events: int, seed: int) -> tuple[list[Fraction], list[float]]:
    """Fills of measured tenths, of few volumes so that sums tie, and outcomes."""
    random = np.random.default_rng(seed)
    fills = [
        Fraction(100 * int(c), int(v))
        for c, v in zip(random.integers(3, 9, n) * 5, random.integers(18, 40, n) * 7, strict=True)
    ]
    return fills, random.permutation(np.arange(n) < events).astype(float).tolist()


@pytest.mark.parametrize(("n", "events", "seed"), [(9, 4, 1), (12, 5, 2), (14, 11, 3), (16, 7, 4), (60, 2, 5)])
def test_ratios_of_tenths_tie_as_their_fractions_do(n: int, events: int, seed: int) -> None:
    fills, y = _ratios(n, events, seed)
    observed = sum(fill for fill, event in zip(fills, y, strict=True) if event)
    sums = [sum(subset) - observed for subset in itertools.combinations(fills, events)]
    slope = _slope(y, [float(fill) for fill in fills])
    above, below = (sum(side * total >= 0 for total in sums) / len(sums) for side in (1, -1))
    assert slope.p_value == pytest.approx(min(1, 2 * above, 2 * below), rel=1e-12)
    assert slope.ci_kind == "exact conditional"
    values = np.array([float(total) for total in sums])
    for end, side in ((slope.ci_low, 1), (slope.ci_high, -1)):
        tail = logsumexp(end * values[[side * total >= 0 for total in sums]]) - logsumexp(end * values)
        assert math.exp(tail) == pytest.approx(0.025, rel=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_limits_carry_the_effect_of_rounding(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fills, y = _ratios(16, 7, seed)
    x = [float(fill) for fill in fills]
    listed = _slope(y, x)
    monkeypatch.setattr(exact, "_MOST_LISTED", 0)
    monkeypatch.setattr(exact, "_MOST_CELLS", 20_000)
    rounded = _slope(y, x)
    assert rounded.ci_kind.startswith("exact conditional, predictor rounded to ")
    assert rounded.p_value >= listed.p_value
    assert listed.ci_low - 0.1 * listed.se < rounded.ci_low < listed.ci_low
    assert listed.ci_high < rounded.ci_high < listed.ci_high + 0.1 * listed.se


# -- rows without a maximum --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "reason"), [([1, 2, 3, 4, 5, 6], "complete_separation"), ([1, 2, 4, 4, 5, 6], "quasi_complete_separation")]
)
def test_separated_rows_have_a_median_unbiased_estimate_and_one_limit(x: list[float], reason: str) -> None:
    up, down = _slope([0, 0, 0, 1, 1, 1], x), _slope([1, 1, 1, 0, 0, 0], x)
    assert (up.converged, up.reason, down.reason) == (True, reason, reason)
    assert up.ci_low < up.estimate < up.ci_high == math.inf
    assert -math.inf == down.ci_low < down.estimate < down.ci_high
    assert math.isnan(up.se)
    # The observed sum is the largest; the tie may be broken in two ways.
    assert up.p_value == pytest.approx(2 * (1 if x[2] < x[3] else 2) / 20)


def test_rows_that_overlap_by_less_than_a_step_are_separated_on_the_lattice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "_MOST_LISTED", 0)
    y, x = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0], [0.0, 11.1, 20.20112345678, 20.2, 31.0, 40.0]
    assert gate(_design(y, x)) == ""
    assert grid(np.array(x), 3) == pytest.approx(0.005)
    slope = _slope(y, x)
    assert (slope.reason, slope.ci_high) == ("quasi_complete_separation", math.inf)


@pytest.mark.parametrize(
    ("y", "columns", "reason"),
    [
        ([0, 0, 0, 0], [[1, 2, 3, 4]], "one_outcome"),
        ([1, 1, 1, 1], [[1, 2, 3, 4]], "one_outcome"),
        ([0, 1, 0, 1], [[5, 5, 5, 5]], "constant"),
        ([0, 1, 0, 1], [[1, 2, 3, 4], [2, 1, 1, 2]], "not_one_predictor"),
        ([0, 1, 0, 1], [], "not_one_predictor"),
    ],
)
def test_rows_that_cannot_be_fitted(y: list[float], columns: list[list[float]], reason: str) -> None:
    estimates = fit(_design(y, *columns))
    assert [estimate.reason for estimate in estimates] == [reason] * (1 + len(columns))
    assert all(math.isnan(estimate.estimate) and not estimate.converged for estimate in estimates)
    assert reason in REASONS


def test_a_step_too_small_for_any_table_is_refused_and_not_divided_by() -> None:
    with np.errstate(all="raise"):
        assert not exact._fits(np.array([0.0, 1.0]), 5e-324, 1)
        assert exact._fits(np.array([0.0, 1.0]), 0.1, 1)
