"""Student, Welch and Hedges' g against R, textbook formulas and laws."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, nct, t

from vpresearch.inference import TestResult, hedges_g, student, welch

if TYPE_CHECKING:
    from tests.conftest import Compared

# The groups differ in size and in spread, so that the two tests differ too.
_NARROW, _WIDE = [1.0, 2.0, 3.0, 2.5], [2.0, 9.0, 4.0, 16.0, 5.0, 1.0, 7.0]

_group = st.lists(st.integers(-50, 50), min_size=2, max_size=12)
_groups = st.tuples(_group, _group).filter(lambda pair: len(set(pair[0])) > 1 and len(set(pair[1])) > 1)


# -- R -----------------------------------------------------------------------------------------------------------


def test_student_is_that_of_r(compared: Compared) -> None:
    result, expected = student(compared.no, compared.yes), compared.expected["student"]
    assert (result.test, result.df, result.reason) == ("student", expected["df"], "")
    assert result.statistic == pytest.approx(expected["t"], rel=1e-9, abs=0)
    assert result.p_value == pytest.approx(expected["p"], rel=1e-9, abs=0)


def test_welch_is_that_of_r(compared: Compared) -> None:
    result, expected = welch(compared.no, compared.yes), compared.expected["welch"]
    assert (result.test, result.effect, result.reason) == ("welch", None, "")
    assert result.statistic == pytest.approx(expected["t"], rel=1e-9, abs=0)
    assert result.df == pytest.approx(expected["df"], rel=1e-9, abs=0)
    assert result.p_value == pytest.approx(expected["p"], rel=1e-9, abs=0)


def test_hedges_g_and_its_interval_are_those_of_r(compared: Compared) -> None:
    effect, expected = student(compared.no, compared.yes).effect, compared.expected["hedges"]
    assert effect is not None
    assert effect.kind == "hedges_g"
    assert effect.estimate == pytest.approx(expected["g"], rel=1e-9, abs=0)
    assert effect.low == pytest.approx(expected["g_low"], rel=1e-8, abs=0)
    assert effect.high == pytest.approx(expected["g_high"], rel=1e-8, abs=0)


# -- neighbours --------------------------------------------------------------------------------------------------


def _formulas(first: list[float], second: list[float]) -> tuple[float, float, float, float]:
    """Student's t, and Welch's t and degrees of freedom, and Cohen's d, as textbooks write them."""
    n, m = len(first), len(second)
    v, w = np.var(first, ddof=1), np.var(second, ddof=1)
    difference = float(np.mean(first) - np.mean(second))
    pooled = math.sqrt(((n - 1) * v + (m - 1) * w) / (n + m - 2))
    a, b = v / n, w / m
    df = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))
    return difference / pooled / math.sqrt(1 / n + 1 / m), difference / math.sqrt(a + b), float(df), difference / pooled


def test_student_is_not_welch() -> None:
    equal, unequal, df, _ = _formulas(_NARROW, _WIDE)
    pooled, separate = student(_NARROW, _WIDE), welch(_NARROW, _WIDE)
    assert pooled.statistic == pytest.approx(equal, rel=1e-12)
    assert pooled.p_value == pytest.approx(2 * t.sf(abs(equal), 9), rel=1e-12)
    assert separate.statistic == pytest.approx(unequal, rel=1e-12)
    assert separate.p_value == pytest.approx(2 * t.sf(abs(unequal), df), rel=1e-12)
    assert pooled.df == 9
    assert separate.df == pytest.approx(df, rel=1e-12)
    assert pooled.p_value != pytest.approx(separate.p_value, rel=0.1)


def test_hedges_g_is_not_cohens_d() -> None:
    statistic, _, _, d = _formulas(_NARROW, _WIDE)
    effect = hedges_g(statistic, len(_NARROW), len(_WIDE))
    correction = math.gamma(4.5) / (math.sqrt(4.5) * math.gamma(4))
    assert effect.estimate == pytest.approx(correction * d, rel=1e-12)
    assert abs(effect.estimate) < 0.95 * abs(d)
    # Nor is it the usual approximation of the correction.
    assert effect.estimate != pytest.approx((1 - 3 / (4 * 9 - 1)) * d, rel=1e-5)


def test_ends_of_the_interval_leave_a_fortieth_on_either_side() -> None:
    effect = hedges_g(2.0, 26, 15)
    df, scale = 39, math.sqrt(1 / 26 + 1 / 15)
    correction = effect.estimate / (2.0 * scale)
    assert nct.cdf(2.0, df, effect.low / (correction * scale)) == pytest.approx(0.975, abs=1e-10)
    assert nct.cdf(2.0, df, effect.high / (correction * scale)) == pytest.approx(0.025, abs=1e-10)


@pytest.mark.parametrize("statistic", [-30.0, 0.0, 12.0, 40.0])
def test_the_interval_of_a_large_effect(statistic: float) -> None:
    effect = hedges_g(statistic, 26, 15)
    assert effect.low < effect.estimate < effect.high


@pytest.mark.parametrize(("statistic", "n"), [(9_999.0, 2), (1e9, 2), (-1e12, 30)])
def test_the_interval_of_an_enormous_effect_is_that_of_the_spread_alone(statistic: float, n: int) -> None:
    # Without the normal deviate, the ratio of the effect to its estimate is a root of chi-squared over its mean.
    effect, df = hedges_g(statistic, n, n), 2 * n - 2
    unscaled = effect.estimate / abs(statistic)
    ends = sorted(abs(end) / abs(statistic * unscaled) for end in (effect.low, effect.high))
    assert ends == pytest.approx([math.sqrt(chi2.ppf(p, df) / df) for p in (0.025, 0.975)], rel=1e-5)


def test_two_values_in_all_have_no_effect_size() -> None:
    effect = hedges_g(1.0, 1, 2)
    assert all(math.isnan(value) for value in (effect.estimate, effect.low, effect.high))


# -- laws --------------------------------------------------------------------------------------------------------


@given(groups=_groups, scale=st.sampled_from([-2.0, 0.5, 10.0]), shift=st.integers(-100, 100))
def test_scale_and_shift_keep_p(groups: tuple[list[int], list[int]], scale: float, shift: int) -> None:
    first, second = (np.array(group, dtype=float) for group in groups)
    for test in (student, welch):
        before, after = test(first, second), test(scale * first + shift, scale * second + shift)
        assert after.p_value == pytest.approx(before.p_value, rel=1e-9)
        assert after.statistic == pytest.approx(math.copysign(1, scale) * before.statistic, rel=1e-9, abs=1e-12)


@given(_groups)
def test_exchanged_groups_change_the_sign_only(groups: tuple[list[int], list[int]]) -> None:
    first, second = groups
    for test in (student, welch):
        one, other = test(first, second), test(second, first)
        assert other.p_value == pytest.approx(one.p_value, rel=1e-12)
        assert [other.statistic, other.df] == pytest.approx([-one.statistic, one.df])
    one, other = student(first, second), student(second, first)
    assert one.effect is not None
    assert other.effect is not None
    assert other.effect.estimate == pytest.approx(-one.effect.estimate)
    assert other.effect.low == pytest.approx(-one.effect.high, rel=1e-6, abs=1e-8)


# -- tests that cannot be done -----------------------------------------------------------------------------------


def _is_not_done(result: TestResult, reason: str) -> bool:
    numbers = result.statistic, result.df, result.p_value
    return result.reason == reason and result.effect is None and all(math.isnan(number) for number in numbers)


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([], [], "too_few"),
        ([], [1, 2, 3], "too_few"),
        ([1], [1, 2, 3], "too_few"),
        ([1, 2, 3], [5], "too_few"),
        ([2, 2], [2, 2, 2], "no_spread"),
        ([2, 2], [3, 3, 3], "no_spread"),
        # Their mean comes out in the bit beside, and equal ratios in their last bit.
        ([0.1] * 3, [1.1] * 6, "no_spread"),
        ([100 * 2.2 / 22, 100 * 2.5 / 25], [100 * 3.3 / 33, 100 * 3.0 / 30], "no_spread"),
    ],
)
def test_a_test_that_cannot_be_done(first: list[float], second: list[float], reason: str) -> None:
    assert _is_not_done(student(first, second), reason)
    assert _is_not_done(welch(first, second), reason)


@pytest.mark.parametrize(("first", "second"), [([5, 5, 5], [1, 2, 3]), ([1, 2, 3], [5, 5, 5]), ([0, 0], [1, 3])])
def test_one_group_without_spread_is_enough(first: list[float], second: list[float]) -> None:
    equal, unequal, df, _ = _formulas(first, second)
    assert student(first, second).statistic == pytest.approx(equal)
    separate = welch(first, second)
    assert [separate.statistic, separate.df] == pytest.approx([unequal, df])
    assert separate.p_value == pytest.approx(2 * t.sf(abs(unequal), df))


def test_an_interval_far_from_nothing_is_found_in_the_smallest_groups() -> None:
    # The search begins where the library's own distribution function has no value.
    found = student([9.0, 9.0, 8.0], [2.0, 2.0])
    assert found.effect is not None
    scale = found.effect.estimate / found.statistic
    for end, below in ((found.effect.low, 0.975), (found.effect.high, 0.025)):
        assert nct.cdf(found.statistic, found.df, end / scale) == pytest.approx(below, abs=1e-9)
