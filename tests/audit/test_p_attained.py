from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kruskal, mannwhitneyu, ttest_ind

from vpresearch.audit.p_attained import bounded, exact_p, listed, rank_p, t_p
from vpresearch.lattice import Cell, Joint, enumerate_multisets
from vpresearch.reported import Reported

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
        assert exact_p(np.array([deviation]), *sizes)[0] == pytest.approx(expected, rel=1e-12)


def test_exact_p_counts_every_order() -> None:
    places = [sum(order) - 6 for order in combinations(range(1, 8), 3)]
    for u in range(7):
        expected = min(1.0, 2 * np.mean(np.array(places) <= u))
        assert exact_p(np.array([12 - 2 * u]), 3, 4)[0] == pytest.approx(expected)


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
    attained = listed(JOINT)[test]
    expected = np.sort([scipy_p(first, second) for first, second in every_pair()])
    assert attained.pairs is not None
    assert np.sort(np.repeat(attained.values, attained.pairs.astype(int))) == pytest.approx(expected, abs=1e-12)
    assert (attained.low, attained.high) == pytest.approx((expected[0], expected[-1]), abs=1e-12)


def test_bounds_hold_for_every_pair() -> None:
    pools = tuple(np.array([pair[side] - 1 for pair in every_pair()]) for side in (0, 1))
    found = bounded(JOINT.a, JOINT.b, (pools[0], pools[1]), "any", np.random.default_rng(1))
    for attained in found.values():
        assert attained.low - 1e-12 <= attained.values.min()
        assert attained.values.max() <= attained.high + 1e-12
    exact = found["mann_whitney_exact"]
    assert exact.only is not None
    assert np.isclose(exact.values[:, None], exact.only[None, :]).any(axis=1).all()


def test_student_is_not_welch_and_the_exact_test_is_not_the_corrected_one() -> None:
    first, second = np.array([[0, 0, 1, 2, 5]]), np.array([[2, 3, 4]])
    assert t_p(first, second, equal_var=True) != pytest.approx(t_p(first, second, equal_var=False))
    assert rank_p(first, second, "mann_whitney") != pytest.approx(rank_p(first, second, "mann_whitney_exact"))


def test_ranks_alone_bound_p_from_below() -> None:
    cells = Cell(3, Reported("2.0"), Reported("1.0"), 1, 3), Cell(3, Reported("9.0"), Reported("0.6"), 8, 10)
    empty = np.empty((0, 3), dtype=np.int64)
    found = bounded(*cells, (empty, empty), "any", np.random.default_rng(1))
    apart = np.array([1, 1, 1]), np.array([2, 2, 2])
    # All of one group equal and below all of the other: no two groups of three are further apart.
    assert found["kruskal"].low == pytest.approx(kruskal(*apart).pvalue)
    assert found["mann_whitney_exact"].low == pytest.approx(0.1)


def test_ranks_of_many_values_are_scipy_s() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.integers(0, 30, (3, 400)), rng.integers(1, 31, (3, 300))
    expected = [kruskal(a, b).pvalue for a, b in zip(first, second, strict=True)]
    assert rank_p(first, second, "kruskal") == pytest.approx(expected, rel=1e-9)
