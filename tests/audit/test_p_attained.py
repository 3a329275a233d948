from __future__ import annotations

from itertools import combinations
from typing import Any, get_args

import numpy as np
import pytest
from scipy.stats import kruskal, mannwhitneyu, ranksums, ttest_ind

from vpresearch.audit.p_attained import (
    PAIRED,
    PERMUTATION,
    STANDS_FOR,
    bounded,
    candidate_tests,
    exact_p,
    listed,
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
