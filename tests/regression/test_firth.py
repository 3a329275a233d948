"""Firth's penalised likelihood against logistf, brglm2 and R's root finder, closed forms, laws and separated rows."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit, log_expit
from scipy.stats import chi2

from vpresearch.data import Dataset
from vpresearch.regression import logistic, profile
from vpresearch.regression.batched import batched_firth
from vpresearch.regression.design import Design, Floats, design
from vpresearch.regression.firth import fit, flic, maxima, penalised, summit
from vpresearch.regression.logistic import gate
from vpresearch.regression.profile import climb

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_R: dict[str, Any] = json.loads((_HERE / "likelihood.json").read_text(encoding="utf-8"))["studies"]
_TWIN: dict[str, Any] = json.loads((_HERE / "synthetic41.json").read_text(encoding="utf-8"))["R"]
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
def test_coefficients_are_those_of_brglm2_and_the_rest_that_of_a_root_finder(
    name: str, studies: dict[str, Dataset]
) -> None:
    for estimate, expected in zip(fit(_study(name, studies)), _R[name]["firth"], strict=True):
        assert (estimate.converged, estimate.reason) == (True, "")
        assert (estimate.ci_kind, estimate.p_kind) == ("penalised profile likelihood", "penalised likelihood ratio")
        assert estimate.estimate == pytest.approx(expected["coef"], rel=1e-10, abs=0)
        assert estimate.se == pytest.approx(expected["se"], rel=1e-10, abs=0)
        assert estimate.p_value == pytest.approx(expected["p"], rel=1e-10, abs=0)
        assert [estimate.ci_low, estimate.ci_high] == pytest.approx([expected["low"], expected["high"]], rel=1e-10)


def test_it_is_logistf(studies: dict[str, Dataset]) -> None:
    expected = _TWIN["logistf"]
    # There the predictor is ten times the ratio, here it is a hundred times.
    for estimate, name, times in zip(fit(_study("synthetic41", studies)), ("(Intercept)", "f10"), (1, 10), strict=True):
        assert times * estimate.estimate == pytest.approx(expected["coef"][name], rel=1e-9)
        assert times * estimate.se == pytest.approx(expected["se"][name], rel=1e-9)
        assert times * estimate.ci_low == pytest.approx(expected["ci_pl_lower"][name], rel=1e-9)
        assert times * estimate.ci_high == pytest.approx(expected["ci_pl_upper"][name], rel=1e-9)
        assert estimate.p_value == pytest.approx(expected["p_plr"][name], rel=1e-9)


def test_the_standard_error_is_not_that_of_brglm2(studies: dict[str, Dataset]) -> None:
    _, fill = fit(_study("synthetic41", studies))
    expected = _TWIN["brglm2_AS_mean"]
    assert 10 * fill.estimate == pytest.approx(expected["coef"]["f10"], rel=1e-9)
    assert 10 * fill.se < 0.98 * expected["se"]["f10"]


def test_the_penalty_of_the_null_is_that_of_the_whole_model(studies: dict[str, Dataset]) -> None:
    study, expected = _study("synthetic41", studies), _TWIN["logistf"]
    x = np.column_stack([study.x[:, 0], study.x[:, 1] / 10])
    whole = penalised(x, study.y)
    full, null = (climb(whole, columns, np.zeros(41)).loglik for columns in (x, x[:, :1]))
    assert [full, null] == pytest.approx([expected["loglik_full"], expected["loglik_null"]], rel=1e-9)
    # A null with the penalty of its own model would give another p.
    own = climb(penalised(x[:, :1], study.y), x[:, :1], np.zeros(41)).loglik
    assert chi2.sf(2 * (full - own), 1) != pytest.approx(expected["p_plr"]["f10"], rel=0.1)


# -- closed forms ------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.tuples(*[st.integers(0, 8)] * 4))
def test_a_predictor_of_0_and_1_adds_half_a_row_to_every_cell(cells: tuple[int, int, int, int]) -> None:
    a, b, c, d = cells
    assume(a + b and c + d and a + c and b + d)
    y, x = [0.0] * a + [1.0] * b + [0.0] * c + [1.0] * d, [0.0] * (a + b) + [1.0] * (c + d)
    intercept, slope = fit(_design(y, x))
    assert intercept.estimate == pytest.approx(math.log((b + 0.5) / (a + 0.5)), rel=1e-9, abs=1e-9)
    odds = (d + 0.5) * (a + 0.5) / ((c + 0.5) * (b + 0.5))
    assert slope.estimate == pytest.approx(math.log(odds), rel=1e-9, abs=1e-9)


def test_without_a_predictor_it_adds_half_a_row_to_either_outcome() -> None:
    (only,) = fit(_design([0, 0, 0, 1, 1, 0, 0, 0]))
    assert only.estimate == pytest.approx(math.log(2.5 / 6.5))


# -- laws --------------------------------------------------------------------------------------------------------

_rows = st.lists(st.tuples(st.integers(0, 1), st.integers(-20, 20)), min_size=5, max_size=25)


def _both_outcomes(rows: list[tuple[int, int]]) -> tuple[list[float], list[float]]:
    y, x = ([float(value) for value in column] for column in zip(*rows, strict=True))
    assume(0 < sum(y) < len(y) and len(set(x)) > 1)
    return y, x


@settings(max_examples=40)
@given(_rows)
def test_limits_lie_where_the_deviance_is_critical(rows: list[tuple[int, int]]) -> None:
    study = _design(*_both_outcomes(rows))
    assume(not gate(study))
    whole = penalised(study.x, study.y)
    top = climb(whole, study.x, np.zeros(study.n)).loglik
    for term, estimate in enumerate(fit(study)):
        assert (estimate.p_value < 0.05) == (not estimate.ci_low < 0 < estimate.ci_high)
        for end in (estimate.ci_low, estimate.ci_high):
            held = climb(whole, np.delete(study.x, term, axis=1), end * study.x[:, term])
            assert 2 * (top - held.loglik) == pytest.approx(_CRITICAL, rel=1e-7)


@settings(max_examples=40)
@given(_rows)
def test_outcomes_exchanged_change_the_sign_only(rows: list[tuple[int, int]]) -> None:
    y, x = _both_outcomes(rows)
    for one, other in zip(fit(_design(y, x)), fit(_design([1 - value for value in y], x)), strict=True):
        assert other.estimate == pytest.approx(-one.estimate, rel=1e-7, abs=1e-9)
        assert other.se == pytest.approx(one.se, rel=1e-7)
        assert other.p_value == pytest.approx(one.p_value, rel=1e-7)
        assert [-other.ci_high, -other.ci_low] == pytest.approx([one.ci_low, one.ci_high], rel=1e-6, nan_ok=True)


@pytest.mark.parametrize("name", ["synthetic41", "spanish", "large", "normal"])
def test_slopes_are_drawn_towards_nought(name: str, studies: dict[str, Dataset]) -> None:
    plain, shrunk = (model(_study(name, studies))[1] for model in (logistic.fit, fit))
    assert abs(shrunk.estimate) < 0.995 * abs(plain.estimate)


# -- predicted risks ---------------------------------------------------------------------------------------------


def test_flic_is_that_of_logistf(studies: dict[str, Dataset]) -> None:
    intercept, slope = flic(_study("synthetic41", studies))
    assert intercept == pytest.approx(_TWIN["flic"]["(Intercept)"], rel=1e-9)
    assert 10 * slope == pytest.approx(_TWIN["flic"]["f10"], rel=1e-9)


@pytest.mark.parametrize("name", list(_R))
def test_flic_predicts_as_many_events_as_there_are(name: str, studies: dict[str, Dataset]) -> None:
    study = _study(name, studies)
    own = np.array([estimate.estimate for estimate in fit(study)])
    assert expit(study.x @ flic(study)).sum() == pytest.approx(study.events, rel=1e-9)
    assert abs(expit(study.x @ own).sum() - study.n / 2) < abs(study.events - study.n / 2) - 1e-3


# -- separated rows ----------------------------------------------------------------------------------------------


def test_separated_rows_are_fitted() -> None:
    # firthmodels 0.8.2 with tolerances of 1e-8.
    intercept, slope = fit(_design([0, 0, 0, 1, 1, 1], [0, 1, 2, 3, 4, 5]))
    assert slope.estimate == pytest.approx(1.12891249, rel=1e-7)
    assert [slope.ci_low, slope.ci_high] == pytest.approx([1.73260399e-3, 6.07000817], rel=1e-6)
    assert slope.p_value == pytest.approx(0.04953785, rel=1e-6)
    assert intercept.estimate == pytest.approx(-2.82228122, rel=1e-7)
    assert [intercept.ci_low, intercept.ci_high] == pytest.approx([-15.6339022, 0.414383856], rel=1e-6)
    assert (slope.converged, slope.reason, intercept.reason) == (True, *["complete_separation"] * 2)


def test_ties_and_several_separating_predictors_are_fitted() -> None:
    tied = fit(_design([0, 0, 1, 0, 1], [1, 2, 3, 3, 5]))
    both = fit(_design([0, 0, 0, 1, 1, 1], [0, 1, 2, 3, 4, 5], [3, 1, 4, 1, 5, 9]))
    for estimate in (*tied, *both):
        assert estimate.converged
        assert math.isfinite(estimate.estimate + estimate.se + estimate.ci_low + estimate.ci_high)


_TWO_TOPS = [
    ([0, 0, 0, 0, 1, 1, 1, 1], [5, 6, 25, 25, 30, 30, 35, 38]),
    # An outlying fill with a leak holds the slope down at the top that is reached from 0.
    ([0] * 6 + [1] * 7, [2, 3, 4, 5, 6, 8, 7, 9, 10, 11, 12, 13, 90]),
]


@pytest.mark.parametrize(("y", "x"), _TWO_TOPS)
def test_of_two_maxima_the_higher_is_taken(y: list[float], x: list[float]) -> None:
    study = _design(y, x)
    whole = penalised(study.x, study.y)
    near = climb(whole, study.x, np.zeros(study.n))
    starts = [step * study.x @ [-middle, 1.0] for step in (0.2, 0.5, 1.0, 2.0) for middle in (7.0, 10.0, 27.5)]
    highest = max(climb(whole, study.x, start).loglik for start in starts)
    assert highest > near.loglik + 0.02
    heights = [round(top.loglik, 9) for top in maxima(study.x, study.y) if top.converged]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == pytest.approx(highest, abs=1e-8)
    intercept, slope = fit(study)
    reached = whole(intercept.estimate + slope.estimate * study.x[:, 1]).height
    assert reached == pytest.approx(highest, abs=1e-9)
    for estimate in (intercept, slope):
        assert estimate.ci_low < estimate.estimate < estimate.ci_high
        assert math.isfinite(estimate.p_value)


@settings(max_examples=40)
@given(_rows)
def test_no_start_leads_higher(rows: list[tuple[int, int]]) -> None:
    study = _design(*_both_outcomes(rows))
    whole, top = penalised(study.x, study.y), summit(study.x, study.y).loglik
    sd, places = study.x[:, 1].std(), np.quantile(study.x[:, 1], [0.1, 0.5, 0.9])
    for steepness in (-5.0, -0.7, 0.7, 5.0):
        for place in places:
            other = climb(whole, study.x, steepness / sd * (study.x[:, 1] - place))
            assert not other.converged or other.loglik < top + 1e-7


@pytest.mark.parametrize(
    ("y", "x", "reason"),
    [
        ([0, 0, 0, 0, 0], [1, 2, 3, 4, 5], "one_outcome"),
        ([1, 1, 1, 1, 1], [1, 2, 3, 4, 5], "one_outcome"),
        ([0, 1, 0, 1, 1], [7, 7, 7, 7, 7], "constant"),
    ],
)
def test_rows_that_cannot_be_fitted(y: list[float], x: list[float], reason: str) -> None:
    for estimate in fit(_design(y, x)):
        assert (estimate.converged, estimate.reason, estimate.model) == (False, reason, "firth")
        assert math.isnan(estimate.estimate)
        assert math.isnan(estimate.p_value)
    assert np.isnan(flic(_design(y, x))).all()


def test_a_climb_that_does_not_settle_is_no_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    study = _design([0, 0, 1, 0, 1, 1], [0, 1, 2, 3, 4, 5])
    monkeypatch.setattr(profile, "_STEPS", 1)
    assert [estimate.reason for estimate in fit(study)] == ["not_converged"] * 2
    assert np.isnan(flic(study)).all()


# -- profiles with several maxima --------------------------------------------------------------------------------


def _height(x: Floats, y: Floats, intercept: Floats, slope: Floats) -> Floats:
    """Penalised likelihood, written out."""
    logit = intercept[:, None] + slope[:, None] * x
    weight = expit(logit) * expit(-logit)
    total = weight.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = x - (weight @ x / total)[:, None]
        penalty = np.log(total * (weight * centred**2).sum(axis=1)) / 2
    height: Floats = np.nan_to_num(log_expit((2 * y - 1) * logit).sum(axis=1) + penalty, nan=-np.inf)
    return height


def _exhaustive(x: Floats, y: Floats, term: int, value: float) -> float:
    """The most with a term held: a grid over the other of steps about every row, its best places refined."""
    near, rows = np.concatenate([np.linspace(-10, 10, 41), [-60, -30, -20, 20, 30, 60]])[:, None], np.unique(x)
    if term:
        grid = near - value * rows
    else:
        grid = np.append(((near - value) / rows[rows != 0]).ravel(), np.linspace(-3, 3, 121) / x.std())

    def height(other: Floats) -> Floats:
        held = np.full(len(other), value)
        return _height(x, y, *((other, held) if term else (held, other)))

    grid = np.unique(grid)
    heights = np.pad(height(grid), 1, constant_values=-np.inf)
    tops = np.flatnonzero((heights[1:-1] >= heights[:-2]) & (heights[1:-1] >= heights[2:]))
    best = []
    for place in tops[np.argsort(-heights[1:-1][tops], kind="stable")[:4]]:
        low, high = grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)]
        for _ in range(6):
            fine = np.linspace(low, high, 25)
            at = int(height(fine).argmax())
            low, high = fine[max(at - 1, 0)], fine[min(at + 1, 24)]
        best.append(float(height(fine[[at]])[0]))
    return max(best)


def _nearly_separated(seed: int) -> tuple[Floats, Floats]:
    """Rows of many kinds that a step separates but for three at most: tied, skewed, far apart, with an outlier."""
    rng = np.random.default_rng([9, seed])
    n = int(rng.integers(6, 80))
    outlier = np.append(rng.uniform(2, 15, n - 1), 90.0)
    x = [rng.uniform(1, 20, n), rng.lognormal(2.8, 0.45, n), rng.normal(21, 7, n), outlier][rng.integers(4)]
    x = x.round(int(rng.integers(0, 4)))
    order, cut = np.argsort(x, kind="stable"), [1, 2, n - 2, n - 1, int(rng.integers(1, n))][rng.integers(5)]
    x[order[cut:]] += rng.choice([0.0, rng.uniform(0, 20)])
    y = np.zeros(n)
    y[order[cut:]] = 1
    for _ in range(rng.integers(0, 4)):
        amiss = order[np.clip(cut + rng.integers(-4, 4), 0, n - 1)]
        y[amiss] = 1 - y[amiss]
    if not 0 < y.sum() < n:
        y[order[0]] = 1 - y[order[0]]
    return rng.choice([-1.0, 1.0]) * x, y


def _wrong_limits(seed: int) -> list[str]:
    x, y = _nearly_separated(seed)
    study = Design("leak", y, np.column_stack([np.ones(len(y)), x]), ("intercept", "fill"), ("", ""), np.arange(len(y)))
    found, many, wrong = fit(study), batched_firth(x, y), []
    top = float(_height(x, y, *(np.array([each.estimate]) for each in found))[0])
    for term, each in enumerate(found):
        for end, together in ((each.ci_low, many.low[0, term]), (each.ci_high, many.high[0, term])):
            fall, beyond = (
                2 * (top - _exhaustive(x, y, term, each.estimate + times * (end - each.estimate)))
                for times in (1.0, 1.1)
            )
            right = fall == pytest.approx(_CRITICAL, rel=1e-3) and beyond > _CRITICAL
            if not right or together != pytest.approx(end, rel=1e-5, abs=1e-7):
                wrong.append(f"{seed}, {each.term}: {end} with a fall of {fall}, {beyond} beyond; batched {together}")
    return wrong


# A thousand, and where each change is tried each fourth of them.
_MANY = range(12, 1012, 4 if "CI" in os.environ else 1)


@pytest.mark.parametrize("seeds", [range(12), pytest.param(_MANY, marks=pytest.mark.long)], ids=["some", "thousand"])
def test_limits_of_nearly_separated_rows_are_those_of_an_exhaustive_profile(seeds: range) -> None:
    assert [wrong for seed in seeds for wrong in _wrong_limits(seed)] == []


def test_an_interval_holds_every_maximum_that_the_test_does_not_refuse() -> None:
    # The outlier gives the profile a second island, on the far side of values that are refused.
    fills = {2: 1, 3: 2, 4: 3, 5: 6, 6: 3, 7: 2, 8: 3, 9: 7, 10: 7, 11: 3, 12: 1, 13: 2, 14: 2, 90: 1}
    x = np.repeat([*map(float, fills)], [*fills.values()])
    y = np.array([0, 1, 1, 1, 0, *[1] * 38], float)
    slope = fit(_design(y.tolist(), x.tolist()))[1]
    between = slope.estimate + 0.9 * (slope.ci_low - slope.estimate)
    falls = [2 * (_exhaustive(x, y, 1, slope.estimate) - _exhaustive(x, y, 1, at)) for at in (between, slope.ci_low)]
    assert falls[0] > _CRITICAL + 0.4
    assert falls[1] == pytest.approx(_CRITICAL, rel=1e-4)
