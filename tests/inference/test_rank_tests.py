"""Kruskal-Wallis, Mann-Whitney and the probability of superiority against R, formulas and laws."""

from __future__ import annotations

import json
import math
from collections import Counter
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, mannwhitneyu, norm, rankdata, ranksums

from tests.conftest import REFERENCE
from vpresearch.inference import kruskal, mann_whitney, permutation_tails, probability_of_superiority, rank_permutation

if TYPE_CHECKING:
    from tests.conftest import Compared

_TIED = [1, 1, 2, 3, 3, 5, 8], [1, 3, 3, 5, 5, 8, 8, 9]

_group = st.lists(st.integers(0, 9), min_size=2, max_size=12)
_groups = st.tuples(_group, _group).filter(lambda pair: len({*pair[0], *pair[1]}) > 1)


# -- R -----------------------------------------------------------------------------------------------------------


def test_kruskal_is_that_of_r(compared: Compared) -> None:
    result, expected = kruskal(compared.no, compared.yes), compared.expected["kruskal"]
    assert (result.test, result.df, result.reason) == ("kruskal", expected["df"], "")
    assert result.statistic == pytest.approx(expected["h"], rel=1e-9, abs=0)
    assert result.p_value == pytest.approx(expected["p"], rel=1e-9, abs=0)


def test_mann_whitney_is_that_of_r(compared: Compared) -> None:
    result, expected = mann_whitney(compared.no, compared.yes), compared.expected["wilcoxon"]
    assert (result.test, result.statistic, result.effect) == ("mann_whitney", expected["w"], None)
    assert math.isnan(result.df)
    assert result.p_value == pytest.approx(expected["p"], rel=1e-9, abs=0)


def test_superiority_is_that_of_r(compared: Compared) -> None:
    effect, expected = kruskal(compared.no, compared.yes).effect, compared.expected["superiority"]
    assert effect is not None
    assert effect.kind == "probability_of_superiority"
    assert effect.estimate == pytest.approx(expected["a"], rel=1e-9, abs=0)
    assert effect.estimate * len(compared.no) * len(compared.yes) == pytest.approx(expected["u_yes"], rel=1e-9)
    assert effect.low < effect.estimate < effect.high


# -- neighbours --------------------------------------------------------------------------------------------------


def _rank_facts(first: list[int], second: list[int]) -> tuple[float, float, float]:
    """The excess of the first rank sum, its variance without ties, and the factor by which ties shrink it."""
    n, m, size = len(first), len(second), len(first) + len(second)
    excess = float(rankdata([*first, *second])[:n].sum()) - n * (size + 1) / 2
    ties = sum(count**3 - count for count in Counter([*first, *second]).values())
    return excess, n * m * (size + 1) / 12, 1 - ties / (size**3 - size)


def test_kruskal_is_corrected_for_ties() -> None:
    excess, variance, shrink = _rank_facts(*_TIED)
    result = kruskal(*_TIED)
    assert result.statistic == pytest.approx(excess**2 / (variance * shrink), rel=1e-12)
    assert result.statistic != pytest.approx(excess**2 / variance, rel=1e-2)
    assert result.p_value == pytest.approx(chi2.sf(result.statistic, 1), rel=1e-12)


def test_mann_whitney_is_corrected_for_continuity_and_for_ties() -> None:
    excess, variance, shrink = _rank_facts(*_TIED)
    result = mann_whitney(*_TIED)
    corrected, plain = (2 * norm.sf((abs(excess) - less) / math.sqrt(variance * shrink)) for less in (0.5, 0))
    assert result.statistic == excess + len(_TIED[0]) * len(_TIED[1]) / 2
    assert result.p_value == pytest.approx(corrected, rel=1e-12)
    assert result.p_value != pytest.approx(plain, rel=1e-2)
    assert kruskal(*_TIED).p_value == pytest.approx(plain, rel=1e-12)


def test_small_groups_get_the_approximation_and_not_the_exact_test() -> None:
    assert mann_whitney([1, 2, 3], [4, 5, 6]).p_value == pytest.approx(0.0808556, abs=1e-7)
    assert kruskal([1, 2, 3], [4, 5, 6]).p_value == pytest.approx(0.0495346, abs=1e-7)


def test_superiority_is_of_the_second_group() -> None:
    assert probability_of_superiority([1, 2], [3, 4]).estimate == 1
    assert probability_of_superiority([1, 2, 3, 4], [2.5]).estimate == 0.5
    assert probability_of_superiority([1, 2], [2, 2, 9]).estimate == pytest.approx(5 / 6)


def test_interval_of_superiority_is_delongs_on_the_logit_scale() -> None:
    first, second = _TIED
    wins = np.array([[(b > a) + (b == a) / 2 for b in second] for a in first])
    area = wins.mean()
    variance = wins.mean(axis=0).var(ddof=1) / len(second) + wins.mean(axis=1).var(ddof=1) / len(first)
    half = norm.ppf(0.975) * math.sqrt(variance) / (area * (1 - area))
    expected = [1 / (1 + math.exp(-(math.log(area / (1 - area)) + sign * half))) for sign in (-1, 1)]
    effect = probability_of_superiority(first, second)
    assert [effect.low, effect.high] == pytest.approx(expected, rel=1e-12)


# -- laws --------------------------------------------------------------------------------------------------------


@given(_groups)
def test_monotone_maps_change_nothing(groups: tuple[list[int], list[int]]) -> None:
    first, second = groups
    for test in (kruskal, mann_whitney):
        assert test([v**3 - 7 for v in first], [v**3 - 7 for v in second]) == test(first, second)
        assert test([math.exp(v) for v in first], [math.exp(v) for v in second]) == test(first, second)


@given(_groups)
def test_exchanged_and_mirrored_groups_have_the_same_p(groups: tuple[list[int], list[int]]) -> None:
    first, second = groups
    for test in (kruskal, mann_whitney):
        p = test(first, second).p_value
        assert test(second, first).p_value == pytest.approx(p, rel=1e-9)
        assert test([-v for v in first], [-v for v in second]).p_value == pytest.approx(p, rel=1e-9)


@given(_groups)
def test_chances_of_the_two_groups_add_up(groups: tuple[list[int], list[int]]) -> None:
    one, other = probability_of_superiority(*groups), probability_of_superiority(*reversed(groups))
    pairs = [(b > a) + (a == b) / 2 for a, b in product(*groups)]
    assert one.estimate == pytest.approx(sum(pairs) / len(pairs), abs=1e-12)
    assert one.estimate + other.estimate == pytest.approx(1, abs=1e-12)
    assert math.isnan(one.low) == math.isnan(other.high) == (one.estimate in (0, 1))
    assert math.isnan(one.low) or one.low + other.high == pytest.approx(1, abs=1e-9)


def test_ratios_that_differ_in_the_last_bit_are_tied() -> None:
    first, second = [0.3 / 3, 0.2, 0.5], [0.1 / 1, 0.4, 0.6]
    assert first[0] != second[0]
    assert kruskal(first, second) == kruskal([1, 2, 5], [1, 4, 6])
    assert mann_whitney(first, second) == mann_whitney([1, 2, 5], [1, 4, 6])
    assert probability_of_superiority(first, second) == probability_of_superiority([1, 2, 5], [1, 4, 6])


def test_values_that_differ_in_the_tenth_digit_are_not_tied() -> None:
    assert kruskal([1.0000000001, 2], [1, 3]) == kruskal([2, 3], [1, 4])


# -- tests that cannot be done -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([], [], "group_empty"),
        ([], [1, 2], "group_empty"),
        ([1, 2], [], "group_empty"),
        ([3, 3], [3], "all_equal"),
    ],
)
def test_a_test_that_cannot_be_done(first: list[float], second: list[float], reason: str) -> None:
    for test in (kruskal, mann_whitney):
        result = test(first, second)
        assert (result.test, result.effect, result.reason) == (test.__name__, None, reason)
        assert all(math.isnan(value) for value in (result.statistic, result.df, result.p_value))


def test_one_value_in_a_group_is_enough_for_p_but_not_for_an_interval() -> None:
    result = kruskal([1, 2, 4], [3])
    assert result.p_value == pytest.approx(chi2.sf(0.2, 1))
    assert result.effect is not None
    assert result.effect.estimate == pytest.approx(2 / 3)
    assert math.isnan(result.effect.low)
    assert math.isnan(result.effect.high)


@pytest.mark.parametrize(("first", "second", "estimate"), [([1, 2], [3, 4], 1), ([3, 4], [1, 2], 0)])
def test_groups_that_do_not_overlap_have_no_interval(first: list[int], second: list[int], estimate: float) -> None:
    effect = probability_of_superiority(first, second)
    assert effect.estimate == estimate
    assert math.isnan(effect.low)
    assert math.isnan(effect.high)


# -- ties, left or kept ------------------------------------------------------------------------------------------

_RANKS = json.loads((REFERENCE / "ranks.json").read_text(encoding="utf-8"))["ranks"]


@pytest.mark.parametrize("told", _RANKS)
def test_exact_permutation_and_uncorrected_tests_are_those_of_r(told: dict[str, Any]) -> None:
    groups = told["first"], told["second"]
    distance, doubled = (rank_permutation(*groups, way) for way in ("distance", "doubled"))
    assert (distance.statistic, distance.test, doubled.test) == (
        told["u"], "permutation_distance", "permutation_doubled"
    )  # fmt: skip
    assert distance.p_value == pytest.approx(told["distance"], rel=1e-11)
    assert doubled.p_value == pytest.approx(min(1, 2 * min(told["less"], told["greater"])), rel=1e-11)
    for test in (kruskal, mann_whitney):
        plain = test(*groups, corrected=False)
        assert plain.test == f"{test.__name__}_uncorrected"
        assert plain.p_value == pytest.approx(told[plain.test], rel=1e-11)
        assert plain.p_value > test(*groups).p_value


def test_ways_of_two_sides_and_ties_are_told_apart() -> None:
    distance, doubled = (rank_permutation(*_TIED, way).p_value for way in ("distance", "doubled"))
    as_if_no_ties = mannwhitneyu(*_TIED, method="exact").pvalue
    assert len({round(p, 4) for p in (distance, doubled, as_if_no_ties)}) == 3
    assert kruskal(*_TIED, corrected=False).p_value == pytest.approx(ranksums(*_TIED).pvalue)


@pytest.mark.parametrize("means", [False, True])
@pytest.mark.parametrize("n_first", [1, 3, 4, 6])
def test_tails_are_those_of_every_division(n_first: int, means: bool) -> None:
    rng = np.random.default_rng(n_first)
    pooled = rng.multinomial(7, np.ones(4) / 4, size=12)
    pattern, deviation, expected = [], [], []
    for number, copies in enumerate(pooled):
        values = np.repeat(np.arange(4), copies)
        parts = [np.isin(np.arange(7), chosen) for chosen in combinations(range(7), n_first)]
        gaps = np.sign if not means else np.asarray
        every = np.array([gaps(values[part][:, None] - values[~part]).sum() for part in parts])
        for one in np.unique(every):
            pattern.append(number)
            deviation.append(one)
            far = abs(every) >= abs(one), abs(every) == abs(one)
            ways = [every <= one, every >= one, far[0], every == one, far[1]]
            expected.append([way.mean() for way in ways])
    found = permutation_tails(pooled, np.array(pattern), np.array(deviation), n_first, means=means)
    assert found == pytest.approx(np.array(expected), abs=1e-12)
