"""Bounds on p-values against random search and against every configuration of ranks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kruskal, ttest_ind_from_stats

from vpresearch.audit import AttainableP, kruskal_without_contrived_ties, student_from_printed
from vpresearch.core.reported import Reported


def _student(p: str, means: str, sds: str, sizes: tuple[int, int] = (26, 15)) -> AttainableP:
    (first, second), (s, u) = means.split(), sds.split()
    return student_from_printed(Reported(p), (Reported(first), Reported(second)), (Reported(s), Reported(u)), sizes)


# -- Student -----------------------------------------------------------------------------------------------------


def test_volume_p_of_the_paper_is_not_students() -> None:
    bounds = _student("0,466", "27,0 24,5", "5,9 5,9")
    assert (bounds.test, bounds.possible) == ("student", False)
    assert bounds.low == pytest.approx(0.178291, abs=1e-6)
    assert bounds.high == pytest.approx(0.220910, abs=1e-6)
    assert bounds.nearest == bounds.high


def test_volume_p_of_the_paper_would_be_students_for_cement() -> None:
    bounds = _student("0,466", "1,95 2,13", "0,81 0,68")
    assert (bounds.possible, bounds.nearest) == (True, 0.466)
    assert [bounds.low, bounds.high] == pytest.approx([0.44586, 0.50042], abs=1e-5)
    other = _student("0,267", "1,95 2,13", "0,81 0,68")
    assert (other.possible, other.nearest) == (False, other.low)


@pytest.mark.parametrize(
    ("means", "sds", "sizes"),
    [
        ("27,0 24,5", "5,9 5,9", (26, 15)),
        ("24,5 27,0", "5,9 2,1", (26, 15)),
        ("1,95 2,13", "0,81 0,68", (26, 15)),
        ("8 5", "2 1", (4, 30)),
        ("8,4 8,5", "1,6 1,1", (26, 15)),
        ("2 2", "1,0 1,2", (5, 6)),
        ("-3,1 4,2", "9,9 8,0", (12, 11)),
    ],
)
def test_random_search_finds_no_p_outside_and_comes_near_the_bounds(
    means: str, sds: str, sizes: tuple[int, int]
) -> None:
    bounds = _student("0,5", means, sds, sizes)
    rng = np.random.default_rng(1)
    # Half of the draws on the faces of the box, where the extremes are.
    place = np.clip(rng.uniform(-1.5, 1.5, (20_000, 4)), -1, 1)
    printed = [Reported(number) for number in (*means.split(), *sds.split())]
    first, second, s, u = (
        float(number.value) + float(number.half_unit) * side for number, side in zip(printed, place.T, strict=True)
    )
    p = np.asarray(ttest_ind_from_stats(first, s, sizes[0], second, u, sizes[1]).pvalue)
    assert p.min() >= bounds.low * (1 - 1e-9)
    assert p.max() <= bounds.high * (1 + 1e-9)
    assert p.min() == pytest.approx(bounds.low, rel=0.03)
    assert p.max() == pytest.approx(bounds.high, rel=0.03)


@pytest.mark.parametrize(
    ("means", "high"),
    [("5,0 5,0", 1), ("5,0 5,1", 1), ("5 5,2", 1), ("5,2 5", 1), ("5,0 5,2", None), ("5,2 5,0", None)],
)
def test_means_that_may_be_equal_leave_any_large_p(means: str, high: float | None) -> None:
    bounds = _student("0,999", means, "1,0 1,0", (9, 9))
    assert bounds.possible == (high == 1)
    assert bounds.high == (1 if high else pytest.approx(ttest_ind_from_stats(5.05, 1.05, 9, 5.15, 1.05, 9).pvalue))


def test_a_printed_p_is_possible_as_soon_as_its_interval_touches_the_bounds() -> None:
    assert [_student(p, "27,0 24,5", "5,9 5,9").possible for p in ("0,177", "0,178", "0,221", "0,222")] == [
        False, True, True, False
    ]  # fmt: skip
    assert [_student(p, "27,0 24,5", "5,9 5,9").possible for p in ("<0,05", ">0,05", "> 0,25", "< 0,2")] == [
        False, True, False, True
    ]  # fmt: skip


@pytest.mark.parametrize("sds", ["0,0 0,0", "0 0,0"])
def test_a_spread_that_may_be_nothing_leaves_any_small_p(sds: str) -> None:
    bounds = _student("0,000", "5,0 5,3", sds, (5, 5))
    assert bounds.low == pytest.approx(0, abs=1e-9)
    assert bounds.possible


@pytest.mark.parametrize(("means", "sds"), [("<5 6", "1 1"), ("5 6", "1 >1")])
def test_a_printed_bound_has_no_corners(means: str, sds: str) -> None:
    with pytest.raises(ValueError, match="bound"):
        _student("0,5", means, sds)


# -- Kruskal-Wallis ----------------------------------------------------------------------------------------------


def test_volume_p_of_the_paper_needs_contrived_ties() -> None:
    bounds = kruskal_without_contrived_ties(Reported("0,466"), (26, 15), 3)
    assert (bounds.test, bounds.possible) == ("kruskal", False)
    assert bounds.low == pytest.approx(0.46490, abs=5e-6)
    assert bounds.high == pytest.approx(0.47219, abs=5e-6)
    assert bounds.nearest == bounds.low


def test_cement_p_of_the_paper_would_do_for_the_volumes() -> None:
    bounds = kruskal_without_contrived_ties(Reported("0,267"), (26, 15), 3)
    assert (bounds.possible, bounds.nearest) == (True, 0.267)
    assert bounds.low <= 0.2675
    assert bounds.high >= 0.2665


def test_ends_of_the_gap_are_whole_and_half_rank_sums() -> None:
    # 27 and 26.5 ranks from the expectation: the first without ties, the second with as many as allowed.
    variance = 26 * 15 * 42 / 12
    shrink = 1 - (13 * 24 + 6) / (41**3 - 41)
    bounds = kruskal_without_contrived_ties(Reported("0,466"), (26, 15), 3)
    assert bounds.low == pytest.approx(math.erfc(27 / math.sqrt(2 * variance)), rel=1e-12)
    assert bounds.high == pytest.approx(math.erfc(26.5 / math.sqrt(2 * variance * shrink)), rel=1e-12)


def test_more_ties_allow_more() -> None:
    possible = [kruskal_without_contrived_ties(Reported("0,466"), (26, 15), most).possible for most in range(1, 14)]
    assert possible == sorted(possible)
    assert (possible[0], possible[-1]) == (False, True)


@pytest.mark.parametrize("sizes", [(2, 1), (1, 1), (2, 2)])
def test_no_value_can_occur_more_often_than_there_are_values(sizes: tuple[int, int]) -> None:
    for p in ("0,221", "0,5", "1,000"):
        kruskal_without_contrived_ties(Reported(p), sizes, 4)


def _tie_patterns(n: int, most_equal: int) -> Iterator[list[int]]:
    """Sizes of the groups of equal values, from the smallest value to the largest."""
    if n == 0:
        yield []
    for first in range(1, min(n, most_equal) + 1):
        yield from ([first, *rest] for rest in _tie_patterns(n - first, most_equal))


def _all_attainable(sizes: tuple[int, int], most_equal: int) -> list[float]:
    found = set()
    n = sum(sizes)
    for pattern in _tie_patterns(n, most_equal):
        values = np.repeat(np.arange(len(pattern)), pattern)
        for chosen in combinations(range(n), sizes[0]):
            first = np.isin(np.arange(n), chosen)
            found.add(round(float(kruskal(values[first], values[~first]).pvalue), 12))
    return sorted(found)


@pytest.mark.parametrize(("sizes", "most_equal"), [((4, 3), 2), ((3, 4), 1), ((3, 3), 3), ((5, 2), 2), ((4, 2), 4)])
def test_no_configuration_of_ranks_contradicts_a_proof(sizes: tuple[int, int], most_equal: int) -> None:
    attainable = _all_attainable(sizes, most_equal)
    excluded = 0
    for thousandth in range(1001):
        p = Reported(f"{thousandth / 1000:.3f}")
        bounds = kruskal_without_contrived_ties(p, sizes, most_equal)
        if bounds.possible:
            assert bounds.nearest == float(p.value)
            continue
        excluded += 1
        assert not any(value in p.interval() for value in attainable)
        assert not any(bounds.low + 1e-9 < value < bounds.high - 1e-9 for value in attainable)
        assert bounds.low <= p.value < bounds.high
        assert bounds.nearest in (bounds.low, bounds.high)
        assert abs(bounds.nearest - p.value) <= bounds.high - p.value
    assert excluded > 400


def test_without_ties_every_whole_excess_bounds_a_gap() -> None:
    for value in _all_attainable((4, 3), 1):
        printed = Reported(f"{value - 0.01:.4f}")
        bounds = kruskal_without_contrived_ties(printed, (4, 3), 1)
        assert not bounds.possible
        assert bounds.high == pytest.approx(value, rel=1e-9)


def test_nothing_is_attained_below_the_smallest_p() -> None:
    smallest = min(_all_attainable((4, 3), 2))
    for printed in ("0.000", "0.001", "0.010"):
        bounds = kruskal_without_contrived_ties(Reported(printed), (4, 3), 2)
        assert not bounds.possible
        assert bounds.nearest == bounds.high <= smallest


def test_a_truncated_p_is_not_a_rounded_one() -> None:
    # Steps of (4, 3) without ties: .2888 prints as 0.29 rounded and as 0.28 truncated.
    value = next(p for p in _all_attainable((4, 3), 1) if 0.28 < p < 0.29 and p > 0.285)
    assert f"{value:.4f}" == "0.2888"
    rounded, truncated = (
        [kruskal_without_contrived_ties(Reported(p), (4, 3), 1, rule=rule).possible for p in ("0.28", "0.29")]
        for rule in ("any", "truncation")
    )
    assert rounded == [False, True]
    assert truncated == [True, False]
