"""Many fits at once against the same fits one by one, firthmodels and the linear programmes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from firthmodels import FirthLogisticRegression
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vpresearch.regression import batched as batched_module
from vpresearch.regression import firth, logistic, profile
from vpresearch.regression.batched import FirthFits, Fits, batched_ml, reasons
from vpresearch.regression.batched import batched_firth as batched
from vpresearch.regression.design import Design
from vpresearch.regression.logistic import gate

Floats = NDArray[np.float64]


def _datasets(m: int, n: int, slope: float, decimals: int) -> tuple[Floats, Floats]:
    random = np.random.default_rng(7)
    x = random.normal(20, 7, (m, n)).round(decimals)
    return x, (random.random((m, n)) < 1 / (1 + np.exp(-slope * (x - 22)))).astype(float)


# Like the study, mostly separated, tied and often separated, and very small.
_SETS = {
    "usual": _datasets(24, 41, 0.12, 1),
    "steep": _datasets(24, 15, 2.0, 3),
    "tied": _datasets(24, 12, 0.6, -1),
    "small": _datasets(24, 5, 0.2, 0),
}


def _design(x: Floats, y: Floats) -> Design:
    columns = np.column_stack([np.ones(len(x)), x])
    return Design("leak", y, columns, ("intercept", "fill_percent"), ("", ""), np.arange(len(x)))


def _numbers(fits: Fits, at: int) -> list[float]:
    limits = [*fits.low[at], *fits.high[at]] if isinstance(fits, FirthFits) else []
    return [*fits.coef[at], *fits.se[at], fits.p_value[at], *limits]


def _one(model: Any, design: Design) -> list[float]:
    terms = model.fit(design)
    numbers = [*(term.estimate for term in terms), *(term.se for term in terms), terms[1].p_value]
    if model is firth:
        numbers += [*(term.ci_low for term in terms), *(term.ci_high for term in terms)]
    return numbers


# -- one by one --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(_SETS))
def test_each_is_what_the_model_makes_of_it(name: str) -> None:
    x, y = _SETS[name]
    for model, fits in ((firth, batched(x, y)), (logistic, batched_ml(x, y))):
        for at in range(len(x)):
            expected = _one(model, _design(x[at], y[at]))
            assert _numbers(fits, at) == pytest.approx(expected, rel=1e-8, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", list(_SETS))
def test_without_limits_the_rest_is_the_same(name: str) -> None:
    whole, brief = batched(*_SETS[name]), batched(*_SETS[name], limits=False)
    assert brief.reason.tolist() == whole.reason.tolist()
    for at in range(len(brief.reason)):
        assert _numbers(brief, at)[:5] == pytest.approx(_numbers(whole, at)[:5], rel=1e-12, nan_ok=True)
    # Those that are fitted one by one have limits all the same.
    assert np.isnan(brief.low).any() == (name != "steep")


def test_the_sets_are_of_every_kind() -> None:
    kinds = {str(kind) for x, y in _SETS.values() for kind in reasons(x, y)}
    assert kinds == {"", "complete_separation", "quasi_complete_separation", "one_outcome"}


def test_it_is_firthmodels() -> None:
    x, y = _SETS["usual"]
    fits = batched(x[:3], y[:3])
    for at in range(3):
        model = FirthLogisticRegression(gtol=1e-6, xtol=1e-6, max_iter=100).fit(x[at][:, None], y[at])
        slope, intercept = model.lrt(0).conf_int(method="pl", tol=1e-6, max_iter=100)
        expected = [model.intercept_, model.coef_[0], *model.bse_[::-1], model.lrt_pvalues_[0]]
        expected += [intercept[0], slope[0], intercept[1], slope[1]]
        assert _numbers(fits, at) == pytest.approx(expected, rel=2e-6)


# -- weights, shapes and blocks ----------------------------------------------------------------------------------


def test_a_weight_is_how_often_a_row_counts() -> None:
    x, y = (values[0] for values in _SETS["usual"])
    counts = np.random.default_rng(3).integers(0, 4, (8, 41))
    # A row that does not count may be anything.
    far = np.where(counts > 0, x, 1e6)
    for fit in (batched, batched_ml):
        weighted = fit(far, y, counts)
        for at, times in enumerate(counts):
            repeated = fit(np.repeat(x, times), np.repeat(y, times))
            assert _numbers(weighted, at) == pytest.approx(_numbers(repeated, 0), rel=1e-7)


def test_shapes_broadcast() -> None:
    x, y = (values[0] for values in _SETS["usual"])
    one, many = batched(x, y), batched(x, np.stack([y, 1 - y]))
    assert (one.coef.shape, one.p_value.shape, one.low.shape, one.reason.shape) == ((1, 2), (1,), (1, 2), (1,))
    assert many.coef[0] == pytest.approx(one.coef[0])
    assert many.coef[1] == pytest.approx(-one.coef[0])
    assert many.high[1] == pytest.approx(-one.low[0])
    assert batched(np.ones((0, 5)), [0, 1, 0, 1, 0]).coef.shape == (0, 2)


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = _SETS["tied"]
    whole = batched(x, y), batched_ml(x, y)
    monkeypatch.setattr(batched_module, "_BLOCK", 7 * 12)
    for before, after in zip(whole, (batched(x, y), batched_ml(x, y)), strict=True):
        assert before.reason.tolist() == after.reason.tolist()
        for at in range(len(x)):
            assert _numbers(after, at) == pytest.approx(_numbers(before, at), rel=1e-12, nan_ok=True)


def test_a_smaller_alpha_widens_the_interval() -> None:
    x, y = _SETS["usual"]
    wide, usual = batched(x, y, alpha=0.01), batched(x, y)
    assert (wide.low < usual.low).all()
    assert (wide.high > usual.high).all()


# -- rows without a maximum --------------------------------------------------------------------------------------


def test_separated_rows_have_a_penalised_fit_only() -> None:
    x, y = _SETS["steep"]
    plain, penalised, told = batched_ml(x, y), batched(x, y), reasons(x, y)
    assert (told == "complete_separation").sum() > 5
    assert plain.reason.tolist() == told.tolist()
    assert (np.isnan(plain.coef).all(axis=1) == (told != "")).all()
    assert (np.isnan(plain.p_value) == (told != "")).all()
    assert penalised.converged.all()
    assert np.isfinite(penalised.coef).all()


def test_one_outcome_and_equal_numbers_have_no_fit() -> None:
    x, y = np.array([[1.0, 2, 3, 4], [5, 5, 5, 5], [1, 2, 3, 4]]), np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 1, 0, 1]])
    for fits in (batched(x, y), batched_ml(x, y)):
        assert fits.reason.tolist() == ["one_outcome", "constant", ""]
        assert fits.converged.tolist() == [False, False, True]
        assert np.isnan(fits.coef[:2]).all()
        assert np.isfinite(fits.coef[2]).all()


def test_a_climb_that_does_not_settle_is_no_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batched_module, "_STEPS", 1)
    monkeypatch.setattr(profile, "_STEPS", 1)
    x, y = _SETS["usual"]
    for fits in (batched(x, y), batched_ml(x, y)):
        assert set(fits.reason) == {"not_converged"}
        assert np.isnan(fits.coef).all()
        assert np.isnan(fits.se).all()
        assert np.isnan(fits.p_value).all()


def test_of_two_maxima_the_higher_is_taken() -> None:
    # In the second an outlying fill with a leak holds the slope down at the top that is reached from 0.
    for x, leaks in (([5, 6, 25, 25, 30, 30, 35, 38], 4), ([2, 3, 4, 5, 6, 8, 7, 9, 10, 11, 12, 13, 90], 7)):
        fills, y = np.array(x, float), np.arange(len(x)) >= len(x) - leaks
        fits = batched([fills, -fills], y)
        for at, sign in enumerate((1, -1)):
            assert _numbers(fits, at) == pytest.approx(_one(firth, _design(sign * fills, y.astype(float))), rel=1e-7)
        assert fits.coef[0, 1] > 0.2


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-4, 4)), min_size=3, max_size=12))
def test_reasons_are_those_of_the_linear_programmes(rows: list[tuple[int, int]]) -> None:
    y, x = (np.array(column, float) for column in zip(*rows, strict=True))
    assert reasons(x, y).tolist() == [gate(_design(x, y))]


def test_ratios_that_differ_in_their_last_digit_are_ties() -> None:
    a, b = 0.1 + 0.2, 0.3
    assert a != b
    assert reasons([a, b, b], [0, 1, 1]).tolist() == ["constant"]
    for x in ([a, b, 0.5, 0.1], [b, a, 0.5, 0.1]):
        assert reasons(x, [0, 1, 1, 0]).tolist() == ["quasi_complete_separation"]
        assert gate(_design(np.array(x), np.array([0.0, 1.0, 1.0, 0.0]))) == "quasi_complete_separation"
