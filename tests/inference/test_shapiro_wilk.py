"""Shapiro-Wilk against R, scipy and the laws of the statistic."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.inference import shapiro_wilk
from vpresearch.inference.tests import p_value_of_shortfall, weights

if TYPE_CHECKING:
    from tests.conftest import Compared


def test_w_and_p_are_those_of_r(compared: Compared) -> None:
    for values, group in ((compared.no, "no"), (compared.yes, "yes")):
        expected = compared.expected[group]["shapiro"]
        result = shapiro_wilk(values)
        assert (result.n, result.reason) == (compared.expected[group]["n"], "")
        assert result.w == pytest.approx(expected["w"], rel=1e-9, abs=0)
        assert result.p_value == pytest.approx(expected["p"], rel=1e-9, abs=0)


# shapiro.test of R 4.2.2 on the first n of these.
_VALUES = [31, 4, 15, 92, 65, 35, 89, 79, 32, 38, 46, 26, 43, 83, 27, 95, 28, 84, 19, 71]


@pytest.mark.parametrize(
    ("n", "w", "p"),
    [
        (3, 0.9886980108499096, 0.79657688639845081),
        (4, 0.86199792094785588, 0.26742591499942048),
        (5, 0.93553806756930502, 0.63458949688139765),
        (6, 0.94051203153327545, 0.66332737314620294),
        (7, 0.91166883119997211, 0.40755033360650406),
        (8, 0.9105115962481316, 0.35768021593613902),
        (9, 0.9102376049706965, 0.31754108218859767),
        (10, 0.9158078646890172, 0.32331242577256936),
        (11, 0.93326557131083299, 0.44482462913056908),
        (12, 0.92546674872201229, 0.33452507296963102),
        (20, 0.91146111742841818, 0.067958912241391362),
    ],
)
def test_small_samples_are_those_of_r(n: int, w: float, p: float) -> None:
    result = shapiro_wilk(_VALUES[:n])
    assert result.w == pytest.approx(w, rel=1e-9, abs=0)
    assert result.p_value == pytest.approx(p, rel=1e-9, abs=0)


@pytest.mark.parametrize("n", [3, 4, 5, 6, 7, 10, 11, 12, 13, 26, 50, 500, 5000])
def test_scipy_agrees_to_the_digits_of_its_quantiles(n: int) -> None:
    values = np.random.default_rng(n).gamma(4, size=n)
    result, expected = shapiro_wilk(values), scipy.stats.shapiro(values)
    assert result.w == pytest.approx(expected.statistic, rel=1e-8)
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-6)


@given(
    values=st.lists(st.integers(0, 1000), min_size=3, max_size=30).filter(lambda values: len(set(values)) > 2),
    scale=st.sampled_from([-3.0, 0.1, 7.0]),
    shift=st.integers(-1000, 1000),
)
def test_scale_shift_and_order_change_nothing(values: list[int], scale: float, shift: int) -> None:
    result = shapiro_wilk(values)
    assert 0 <= result.p_value <= 1
    assert 0 < result.w <= 1
    moved = shapiro_wilk((scale * np.array(values, dtype=float) + shift)[::-1])
    assert moved.w == pytest.approx(result.w, rel=1e-9)
    assert moved.p_value == pytest.approx(result.p_value, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("n", [3, 4, 5, 6, 11, 12, 41, 200])
def test_weights_are_antisymmetric_ascending_and_of_length_one(n: int) -> None:
    found = weights(n)
    assert len(found) == n
    assert found == pytest.approx(-found[::-1])
    assert (np.diff(found) > 0).all()
    assert found @ found == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "too_few"),
        ([1], "too_few"),
        ([1, 2], "too_few"),
        ([4.0] * 3, "all_equal"),
        ([4.0] * 20, "all_equal"),
        # A tenth, in the last bits that ratios leave.
        ([0.1, 0.3 / 3, 0.7 / 7, 2.2 / 22], "all_equal"),
        (range(5001), "too_many"),
    ],
)
def test_a_test_that_cannot_be_done(values: list[float], reason: str) -> None:
    result = shapiro_wilk(values)
    assert (result.n, result.reason) == (len(values), reason)
    assert math.isnan(result.w)
    assert math.isnan(result.p_value)


def test_three_values_are_enough() -> None:
    # With three values W is at least 3/4, and its p-value is exact.
    even = shapiro_wilk([1, 2, 3])
    assert even.w == pytest.approx(1)
    assert even.p_value == pytest.approx(1, abs=1e-6)
    assert shapiro_wilk([1, 1, 3]).w == pytest.approx(0.75)
    assert shapiro_wilk([1, 1, 3]).p_value == pytest.approx(0, abs=1e-6)
    assert shapiro_wilk([1, 2, 4]).p_value == pytest.approx(0.636886, abs=1e-6)


@pytest.mark.parametrize("n", [3, 4, 5, 10, 26])
def test_values_that_are_as_normal_as_can_be(n: int) -> None:
    for shift, scale in ((0, 1), (27.3, 5.9), (-3.1, 0.7), (8.45, 1.1)):
        result = shapiro_wilk(shift + scale * weights(n))
        assert result.w == pytest.approx(1, abs=1e-9)
        assert 0.99 < result.p_value <= 1


def test_p_falls_as_w_falls() -> None:
    for n in (3, 5, 11, 12, 26):
        p_values = [p_value_of_shortfall(shortfall, n) for shortfall in (0.001, 0.02, 0.05, 0.1, 0.2, 0.24)]
        assert p_values == sorted(p_values, reverse=True)
        assert len(set(p_values)) == len(p_values)


def test_p_of_a_w_beyond_the_reach_of_small_samples_is_negligible() -> None:
    assert p_value_of_shortfall(0.9, 4) == pytest.approx(0, abs=1e-90)
    assert p_value_of_shortfall(0.251, 3) == 0
