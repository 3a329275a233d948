from __future__ import annotations

from itertools import combinations
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kruskal, mannwhitneyu, ranksums, ttest_ind
from statsmodels.stats.oneway import anova_generic

from vpresearch.audit.p_attained import (
    PAIRED,
    PERMUTATION,
    STANDS_FOR,
    _df,
    _permutation_p,
    bounded,
    candidate_tests,
    exact_p,
    listed,
    p_of_groups,
    permuted,
    rank_p,
    t_p,
)
from vpresearch.core.reported import Reported
from vpresearch.inference import rank_permutation
from vpresearch.lattice import Cell, Joint, enumerate_multisets
from vpresearch.published import TestName

JOINT = Joint(Cell(6, Reported("2.5"), Reported("1.0"), 1, 5), Cell(5, Reported("3.0"), Reported("1.2"), 1, 5))


def every_pair() -> list[tuple[np.ndarray, np.ndarray]]:
    groups = [[np.repeat(np.arange(1, 6), row) for row in enumerate_multisets(cell)] for cell in (JOINT.a, JOINT.b)]
    return [(first, second) for first in groups[0] for second in groups[1]]


@pytest.mark.parametrize("sizes", [(3, 2), (7, 4), (26, 15)])
def test_exact_p_is_scipy_s(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        # Few values: ties, and with them half ranks.
        first, second = (rng.integers(0, 6, n) for n in sizes)
        deviation = np.sign(first[:, None] - second[None, :]).sum()
        expected = mannwhitneyu(first, second, method="exact").pvalue
        assert exact_p(np.array([deviation]), *sizes)[0, 0] == pytest.approx(expected, rel=1e-12)


def test_exact_p_counts_every_order() -> None:
    places = [sum(order) - 6 for order in combinations(range(1, 8), 3)]
    for u in range(7):
        expected = min(1.0, 2 * np.mean(np.array(places) <= u))
        assert exact_p(np.array([12 - 2 * u]), 3, 4)[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("test", "scipy_p"),
    [
        ("student", lambda a, b: ttest_ind(a, b).pvalue),
        ("welch", lambda a, b: ttest_ind(a, b, equal_var=False).pvalue),
        ("kruskal", lambda a, b: kruskal(a, b).pvalue),
        ("mann_whitney", lambda a, b: mannwhitneyu(a, b, method="asymptotic").pvalue),
        ("mann_whitney_exact", lambda a, b: mannwhitneyu(a, b, method="exact").pvalue),
    ],
)
def test_the_list_is_what_every_pair_gives(test: str, scipy_p) -> None:  # type: ignore[no-untyped-def]
    attained = listed(JOINT, [test])[test]
    expected = np.sort([scipy_p(first, second) for first, second in every_pair()])
    assert attained.pairs is not None
    assert np.sort(np.repeat(attained.values, attained.pairs.astype(int))) == pytest.approx(expected, abs=1e-12)
    assert (attained.low, attained.high) == pytest.approx((expected[0], expected[-1]), abs=1e-12)


def test_bounds_hold_for_every_pair() -> None:
    pools = tuple(np.array([pair[side] - 1 for pair in every_pair()]) for side in (0, 1))
    found = bounded(
        JOINT.a, JOINT.b, (pools[0], pools[1]), candidate_tests((6, 5), ()), "any", np.random.default_rng(1)
    )
    for attained in (attained for test, attained in found.items() if test not in PERMUTATION):
        assert attained.low - 1e-12 <= attained.values.min()
        assert attained.values.max() <= attained.high + 1e-12
    exact = found["mann_whitney_exact"]
    assert exact.only is not None
    assert np.isclose(exact.values[:, None], exact.only[None, :]).any(axis=1).all()


def test_student_is_not_welch_and_the_exact_test_is_not_the_corrected_one() -> None:
    first, second = np.array([[0, 0, 1, 2, 5]]), np.array([[2, 3, 4]])
    assert t_p(first, second, "student") != pytest.approx(t_p(first, second, "welch"))
    assert rank_p(first, second, "mann_whitney") != pytest.approx(rank_p(first, second, "mann_whitney_exact"))


def test_ranks_alone_bound_p_from_below() -> None:
    cells = Cell(3, Reported("2.0"), Reported("1.0"), 1, 3), Cell(3, Reported("9.0"), Reported("0.6"), 8, 10)
    empty = np.empty((0, 3), dtype=np.int64)
    found = bounded(*cells, (empty, empty), candidate_tests((3, 3), ()), "any", np.random.default_rng(1))
    apart = np.array([1, 1, 1]), np.array([2, 2, 2])
    # All of one group equal and below all of the other: no two groups of three are further apart.
    assert found["kruskal"].low == pytest.approx(kruskal(*apart).pvalue)
    assert found["mann_whitney_exact"].low == pytest.approx(0.1)


def test_ranks_of_many_values_are_scipy_s() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.integers(0, 30, (3, 400)), rng.integers(1, 31, (3, 300))
    expected = [kruskal(a, b).pvalue for a, b in zip(first, second, strict=True)]
    assert rank_p(first, second, "kruskal")[:, 0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("test", PERMUTATION[:2])
def test_exact_permutations_are_listed_as_every_pair_gives_them(test: str) -> None:
    attained = permuted(JOINT, test)
    assert attained is not None
    assert attained.pairs is not None
    expected = np.sort([rank_permutation(*pair, test.split("_")[1]).p_value for pair in every_pair()])  # type: ignore[arg-type]
    assert np.sort(np.repeat(attained.values, attained.pairs)) == pytest.approx(expected, abs=1e-12)
    first, second = (np.array([pair[side] for pair in every_pair()]) for side in (0, 1))
    assert np.sort(rank_p(first, second, test)[:, 0]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("test", PERMUTATION[2:])
@pytest.mark.parametrize("one_sided", [False, True])
def test_other_permutations_are_listed_as_every_pair_gives_them(test: str, one_sided: bool) -> None:
    attained = permuted(JOINT, test, one_sided=one_sided)
    assert attained is not None
    first, second = (np.array([pair[side] for pair in every_pair()]) for side in (0, 1))
    expected = np.unique(rank_p(first, second, test, one_sided=one_sided).round(12))
    assert np.unique(attained.values.round(12)) == pytest.approx(expected, abs=1e-11)


_ONE_SIDED: dict[str, Any] = {
    "student": lambda a, b, side: ttest_ind(a, b, alternative=side).pvalue,
    "welch": lambda a, b, side: ttest_ind(a, b, equal_var=False, alternative=side).pvalue,
    "kruskal": lambda a, b, side: (
        mannwhitneyu(a, b, method="asymptotic", use_continuity=False, alternative=side).pvalue
    ),
    "kruskal_uncorrected": lambda a, b, side: ranksums(a, b, side).pvalue,
    "mann_whitney": lambda a, b, side: mannwhitneyu(a, b, method="asymptotic", alternative=side).pvalue,
    "mann_whitney_exact": lambda a, b, side: mannwhitneyu(a, b, method="exact", alternative=side).pvalue,
}


@pytest.mark.parametrize("test", _ONE_SIDED)
def test_one_sided_p_are_those_of_scipy_in_either_direction(test: str) -> None:
    attained = listed(JOINT, [test], one_sided=True)[test]
    expected = [float(_ONE_SIDED[test](*pair, side)) for pair in every_pair() for side in ("less", "greater")]
    assert np.unique(attained.values.round(10)) == pytest.approx(np.unique(np.round(expected, 10)), abs=1e-9)
    assert attained.pairs is None


def test_without_correction_p_hangs_on_no_tie() -> None:
    empty = np.empty((0, 26), dtype=np.int64), np.empty((0, 15), dtype=np.int64)
    cells = (
        Cell(26, Reported("27.0"), Reported("5.9"), "15.6", "38.1", "0.1"),
        Cell(15, Reported("24.5"), Reported("5.9"), "15.6", "38.1", "0.1"),
    )
    tests = ("kruskal_uncorrected", "mann_whitney_uncorrected")
    for found in bounded(*cells, empty, tests, "any", np.random.default_rng(1)).values():
        assert found.only is not None
        printed = {f"{p:.3f}" for p in found.only}
        assert printed & {"0.466", "0.955", "0.089", "0.267", "0.279"} == {"0.267", "0.279"}


@pytest.mark.parametrize(
    ("named", "tests"),
    [
        (
            (),
            (
                "student",
                "welch",
                "permutation_normal",
                "kruskal",
                "kruskal_uncorrected",
                "mann_whitney",
                "mann_whitney_uncorrected",
            ),
        ),
        (("welch",), ("welch",)),
        (("kruskal",), ("kruskal", "kruskal_uncorrected")),
        (("fisher",), ()),
    ],
)
def test_a_named_test_stands_for_its_variants(named: tuple[TestName, ...], tests: tuple[str, ...]) -> None:
    assert candidate_tests((50, 60), named) == tests


def test_every_test_that_a_paper_may_name_stands_for_some() -> None:
    assert set(STANDS_FOR) | set(PAIRED) == set(get_args(TestName))
    assert set(STANDS_FOR).isdisjoint(PAIRED)
    assert candidate_tests((5, 5), ["permutation"], one_sided=True) == (
        "permutation_normal",
        "permutation_doubled",
        "permutation_mid",
        "permutation_means",
    )


_SD = st.tuples(st.floats(0.1, 5), st.floats(0, 3)).map(lambda low_width: (low_width[0], sum(low_width)))


@given(_SD, _SD, st.integers(2, 30), st.integers(2, 30))
def test_welch_s_degrees_of_freedom_are_bounded_over_the_whole_box(
    first: tuple[float, float], second: tuple[float, float], n: int, m: int
) -> None:
    """They are largest within it where both groups can weigh alike."""
    least, most = _df(first, second, (n, m), equal_var=False)
    a, b = (np.linspace(*ends, 60) ** 2 / size for ends, size in ((first, n), (second, m)))
    df = (a[:, None] + b) ** 2 / (a[:, None] ** 2 / (n - 1) + b**2 / (m - 1))
    assert least - 1e-9 <= df.min()
    assert df.max() <= most + 1e-9
    assert df.min() == pytest.approx(least)


def test_means_as_exact_as_each_other_have_welch_s_degrees_of_freedom_too() -> None:
    assert _df((2.0, 2.0), (3.0, 3.0), (4, 9), equal_var=False)[0] == pytest.approx(4 / (1 / 3 + 1 / 8))


@pytest.mark.parametrize(("test", "use_var"), [("anova", "equal"), ("welch_anova", "unequal")])
def test_the_p_of_means_and_sds_is_statsmodels_s(test: str, use_var: str) -> None:
    means, sds, n = np.array([5.0, 6.0, 7.5]), np.array([1.0, 2.0, 1.5]), np.array([8.0, 10.0, 7.0])
    peer = anova_generic(means, sds**2, n, use_var=use_var).pvalue
    assert p_of_groups(test, means[None], sds[None], n) == pytest.approx(peer, rel=1e-12)


def test_the_upper_tail_of_the_least_u_is_everything() -> None:
    assert exact_p(np.array([9]), 3, 3, one_sided=True).tolist() == [pytest.approx([0.05, 1.0])]
    assert exact_p(np.array([7]), 3, 3, one_sided=True).tolist() == [pytest.approx([0.1, 0.95])]


def test_mid_p_takes_half_of_the_observed_from_each_side_and_doubling_ends_at_one() -> None:
    # Below, above, both, and what is as far as the observed one, on one side and on both.
    tails = np.array([[0.7, 0.5, 0.9, 0.2, 0.3]])
    assert _permutation_p("permutation_mid", tails, one_sided=True).tolist() == [pytest.approx([0.6, 0.4])]
    assert _permutation_p("permutation_mid", tails, one_sided=False).tolist() == [pytest.approx([0.75, 0.8])]
    assert _permutation_p("permutation_doubled", np.array([[0.9, 0.9, 1, 0, 0]]), one_sided=False).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("test", "one_sided", "divisions"),
    [
        ("permutation_distance", False, 1),
        ("permutation_doubled", False, 2),
        ("permutation_doubled", True, 1),
        ("permutation_mid", False, 0.5),
    ],
)
def test_no_permutation_has_a_p_below_that_of_one_division(test: str, one_sided: bool, divisions: float) -> None:
    none = (np.zeros((0, 6), int), np.zeros((0, 5), int))
    (found,) = bounded(JOINT.a, JOINT.b, none, [test], "any", None, one_sided=one_sided).values()
    assert np.array(found.ranges) == pytest.approx(np.array([[divisions / 462, 1.0]]))
