"""Two groups joined: published cells, brute force over pairs, and the p-values against scipy."""

from __future__ import annotations

import statistics
from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.stats import kruskal, ttest_ind

from vpresearch.core.reported import Reported
from vpresearch.lattice import (
    Cell,
    Joint,
    KruskalDistribution,
    classes,
    count,
    enumerate_multisets,
    joint,
    joint_count,
    joint_rows,
    kruskal_p_distribution,
    t_p_distribution,
    to_values,
)
from vpresearch.lattice.joint import _inside
from vpresearch.lattice.multisets import FloatArray, IntArray


def _cell(n: int, mean: str, sd: str | None, low: int = 1, high: int = 10) -> Cell:
    return Cell(n, Reported(mean), None if sd is None else Reported(sd), low, high)


PRINTED = Joint(
    _cell(26, "8.4", "1.6"),
    _cell(15, "7.9", "1.9"),
    Reported("8.2"),
    Reported("1.7"),
    pooled_low=4,
    pooled_high=10,
)
SMALL = Joint(_cell(8, "3", "1", 1, 6), _cell(6, "4", "1.5", 1, 6), Reported("3"), Reported("1"), pooled_high=6)


@pytest.fixture(scope="module")
def printed() -> KruskalDistribution:
    return kruskal_p_distribution(PRINTED)


@pytest.fixture(scope="module")
def small() -> KruskalDistribution:
    return kruskal_p_distribution(SMALL)


@cache
def _brute_force(pair: Joint) -> list[tuple[IntArray, IntArray]]:
    """Every pair of datasets, checked by the values themselves."""
    found = []
    for a in enumerate_multisets(pair.a):
        for b in enumerate_multisets(pair.b):
            values = [v for v, copies in zip(pair.a.values, a + b, strict=True) for _ in range(copies)]
            mean = sum(values, Fraction(0)) / len(values)
            variance = sum(((v - mean) ** 2 for v in values), Fraction(0)) / (len(values) - 1)
            sd = None if pair.pooled_sd is None else pair.pooled_sd.interval(pair.rule)
            if (
                (pair.pooled_mean is None or mean in pair.pooled_mean.interval(pair.rule))
                and (sd is None or (sd.low is not None and sd.high is not None and sd.low**2 <= variance <= sd.high**2))
                and pair.pooled_low in (None, values[0])
                and pair.pooled_high in (None, values[-1])
            ):
                found.append((a, b))
    return found


# --- counts


def test_joint_count_of_a_published_cell(printed: KruskalDistribution) -> None:
    assert joint_count(PRINTED) == 114_702
    assert printed.total == 114_702
    low, high = printed.range
    assert (round(low, 4), high) == (0.0593, 1.0)


def test_two_possible_groups_can_be_impossible_together() -> None:
    a, b = _cell(26, "1.9", "1.6", 0, 7), _cell(15, "2.5", "1.9", 0, 7)
    pair = Joint(a, b, Reported("2.1"), Reported("1.9"))
    assert count(a) * count(b) == joint_count(Joint(a, b)) > 0
    assert joint_count(pair) == 0
    distribution = kruskal_p_distribution(pair)
    assert (distribution.total, len(distribution.matching_rows())) == (0, 0)
    with pytest.raises(ValueError, match="no pair"):
        _ = distribution.range


@pytest.mark.parametrize(
    "pair",
    [
        SMALL,
        Joint(SMALL.a, SMALL.b),
        Joint(SMALL.a, SMALL.b, pooled_sd=Reported("1.3")),
        Joint(SMALL.a, SMALL.b, pooled_mean=Reported("3.3"), pooled_low=1, pooled_high=5),
        Joint(SMALL.a, SMALL.b, pooled_low=2),
        Joint(_cell(3, "2.0", None, 1, 3), _cell(2, "2.0", None, 1, 3), pooled_low=2, pooled_high=2),
        Joint(_cell(3, "2.0", None, 1, 3), _cell(2, "2.0", None, 1, 3), pooled_low=1, pooled_high=3),
    ],
)
def test_brute_force_agrees_on_pairs(pair: Joint) -> None:
    expected = _brute_force(pair)
    assert joint_count(pair) == len(expected) > 0
    distribution = kruskal_p_distribution(pair)
    rows = distribution.matching_rows()
    found = {(tuple(distribution.rows.a[i]), tuple(distribution.rows.b[j])) for i, j in rows}
    assert len(found) == len(rows) == distribution.total
    assert found == {(tuple(a), tuple(b)) for a, b in expected}


def test_groups_with_their_own_extremes_join() -> None:
    a = Cell(8, Reported("3"), Reported("1"), 1, 6, attained_low=1, attained_high=4, required=(3,))
    pair = Joint(a, SMALL.b, pooled_low=1, pooled_high=5)
    assert joint_count(pair) == len(_brute_force(pair)) > 0
    assert joint_count(Joint(a, SMALL.b, pooled_low=2)) == 0
    assert joint_count(Joint(a, SMALL.b, pooled_high=3)) == 0
    assert kruskal_p_distribution(Joint(a, SMALL.b, pooled_low=5)).total == 0


def test_contradictory_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="same lattice"):
        Joint(_cell(3, "2.0", None, 1, 3), _cell(3, "2.0", None, 1, 4))
    with pytest.raises(ValueError, match="above pooled_high"):
        Joint(SMALL.a, SMALL.b, pooled_low=4, pooled_high=2)
    with pytest.raises(ValueError, match="not a value"):
        Joint(SMALL.a, SMALL.b, pooled_low=9)


# --- Kruskal-Wallis


def kruskal_p(a: IntArray, b: IntArray) -> FloatArray:
    """P of pairs of count vectors, by what it depends on."""
    places = np.arange(a.shape[1])
    deviation = np.abs(((a @ np.sign(places[:, None] - places)) * b).sum(axis=1))
    ties = ((a + b) ** 3 - (a + b)).sum(axis=1)
    return joint._kruskal_p(deviation, ties, int(a[0].sum()), int(b[0].sum()))


def _one_pair_each(distribution: KruskalDistribution) -> tuple[IntArray, IntArray]:
    """Find one pair of datasets for every distinct p among all pairs, ascending."""
    rows, pairs = distribution.rows, distribution.matching_rows()
    _, first = np.unique(kruskal_p(rows.a[pairs[:, 0]], rows.b[pairs[:, 1]]), return_index=True)
    return rows.a[pairs[first, 0]], rows.b[pairs[first, 1]]


def _scipy_p(pair: Joint, a: IntArray, b: IntArray) -> list[float]:
    values = zip(to_values(pair.a, a), to_values(pair.b, b), strict=True)
    return [float(kruskal(one, other).pvalue) for one, other in values]


def test_every_attainable_p_is_that_of_a_pair(small: KruskalDistribution) -> None:
    found = np.unique(small.p)
    assert len(found) > 300
    np.testing.assert_allclose(found, _scipy_p(SMALL, *_one_pair_each(small)), rtol=1e-12, atol=1e-12)


def test_attainable_p_of_a_published_cell_are_those_of_its_pairs(printed: KruskalDistribution) -> None:
    a, b = _one_pair_each(printed)
    found = np.unique(printed.p)
    np.testing.assert_array_equal(kruskal_p(a, b), found)
    which = np.append(np.random.default_rng(0).choice(len(found), 2_000, replace=False), [0, len(found) - 1])
    np.testing.assert_allclose(found[which], _scipy_p(PRINTED, a[which], b[which]), rtol=1e-12, atol=1e-12)


def test_the_number_of_pairs_of_each_p_is_that_of_brute_force(small: KruskalDistribution) -> None:
    pairs = _brute_force(SMALL)
    p = kruskal_p(np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]))
    for text in ("0.3", "0.28", "0.279", "1.00", "<0.2", "0.9"):
        reported = Reported(text)
        inside = [value in reported.interval() for value in p.tolist()]
        assert small.count(reported) == sum(inside)
        assert len(small.matching_rows(reported)) == sum(inside)


@pytest.mark.parametrize("low", [0, 1])
@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        (("8.4", "1.6"), ("8.5", "1.1"), "0.955"),
        (("2.0", "1.9"), ("2.5", "1.9"), "0.279"),
        (("1.8", "2.0"), ("2.9", "2.3"), "0.089"),
    ],
)
def test_witness_of_a_printed_p(first: tuple[str, str], second: tuple[str, str], p: str, low: int) -> None:
    pair = Joint(_cell(26, *first, low), _cell(15, *second, low))
    distribution = kruskal_p_distribution(pair)
    assert distribution.total == joint_count(pair) == count(pair.a) * count(pair.b)
    (of_a, of_b), *_ = distribution.matching_rows(Reported(p))
    a, b = to_values(pair.a, distribution.rows.a[[of_a]]), to_values(pair.b, distribution.rows.b[[of_b]])
    assert Reported(p).render(float(kruskal(a[0], b[0]).pvalue)) == p
    for values, cell in ((a, pair.a), (b, pair.b)):
        assert cell.mean.render(float(values.mean())) == cell.mean.printed
        assert cell.sd is not None
        assert cell.sd.render(float(values.std(ddof=1))) == cell.sd.printed


def test_sorting_and_the_table_give_the_same_tally(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = joint_rows(SMALL)
    by_table = rows.tally()
    monkeypatch.setattr(joint, "_TABLE", 0)
    monkeypatch.setattr(joint, "_SORTED", 50)
    by_sorting = rows.tally()
    for one, other in zip(by_table, by_sorting, strict=True):
        np.testing.assert_array_equal(one, other)


def test_p_is_undefined_where_nothing_varies() -> None:
    same = Joint(_cell(3, "2.0", "0.0", 1, 3), _cell(2, "2.0", "0.0", 1, 3))
    distribution = kruskal_p_distribution(same)
    assert distribution.total == 1
    assert np.isnan(distribution.p).all()
    assert distribution.count(Reported("1.0")) == 0


# --- t tests


@pytest.mark.parametrize("equal_var", [True, False])
@pytest.mark.parametrize("pair", [SMALL, Joint(SMALL.a, SMALL.b)])
def test_t_p_is_that_of_every_pair(pair: Joint, equal_var: bool) -> None:
    datasets = _brute_force(pair)
    a = to_values(pair.a, np.array([x for x, _ in datasets]))
    b = to_values(pair.b, np.array([y for _, y in datasets]))
    p = ttest_ind(a, b, axis=1, equal_var=equal_var).pvalue
    distribution = t_p_distribution(pair, equal_var)
    assert distribution.total == len(datasets)
    np.testing.assert_allclose(distribution.range, (p.min(), p.max()), rtol=1e-12)
    np.testing.assert_allclose(np.repeat(distribution.p, distribution.pairs.astype(int)), np.sort(p), rtol=1e-12)


def test_t_p_is_narrower_than_the_corners_of_the_rounding_box() -> None:
    pair = Joint(_cell(26, "8.4", "1.6"), _cell(15, "8.5", "1.1"))
    low, high = t_p_distribution(pair).range
    assert (round(low, 3), round(high, 3)) == (0.744, 0.928)
    assert t_p_distribution(pair).count(Reported("0.955")) == 0
    assert len(classes(pair.a)) * len(classes(pair.b)) == len(t_p_distribution(pair).p)


def test_t_p_without_variation() -> None:
    flat = _cell(3, "2.0", "0.0", 1, 3)
    assert t_p_distribution(Joint(flat, _cell(2, "3.0", "0.0", 1, 3))).range == (0.0, 0.0)
    with pytest.raises(ValueError, match="no pair of datasets has a p-value"):
        _ = t_p_distribution(Joint(flat, flat)).range
    with pytest.raises(ValueError, match="two values"):
        t_p_distribution(Joint(flat, _cell(1, "2.0", None, 1, 3)))


def _sets(cell: Cell) -> list[tuple[int, ...]]:
    """Datasets of whole numbers with the printed mean and the values that must occur, by going through all."""
    every = combinations_with_replacement(range(int(str(cell.low)), int(str(cell.high)) + 1), cell.n)
    needed = Counter(int(str(value)) for value in cell.required)
    return [
        values
        for values in every
        if Fraction(sum(values), cell.n) in cell.mean.interval() and not needed - Counter(values)
    ]


@pytest.mark.parametrize(
    ("required", "other", "sd"),
    [((7,), (0,), "2.2"), ((7,), (), "2.4"), ((1, 6), (0, 5), "2.4"), ((6, 5), (1,), "2.2"), ((), (0, 0), "2.1")],
)
def test_values_that_must_occur_count_with_their_squares(
    required: tuple[int, ...], other: tuple[int, ...], sd: str
) -> None:
    pair = Joint(
        Cell(4, Reported("3.0"), None, 0, 7, required=required),
        Cell(3, Reported("2.0"), None, 0, 7, required=other),
        None,
        Reported(sd),
    )
    spread = [statistics.variance(map(Fraction, [*a, *b])) for a in _sets(pair.a) for b in _sets(pair.b)]
    interval = Reported(sd).interval()
    assert interval.low is not None
    assert interval.high is not None
    inside = [interval.low**2 <= value <= interval.high**2 for value in spread]
    assert 0 < sum(inside) < len(inside)
    assert joint_count(pair) == sum(inside)


@pytest.mark.parametrize("printed", ["0.05", "< 0.05", "<= 0.05", "> 0.05", ">= 0.05", "1"])
def test_a_p_is_matched_as_the_printed_number_holds_it(printed: str) -> None:
    """At its ends too, which some belong to and some do not."""
    interval = Reported(printed).interval()
    ends = [float(end) for end in (interval.low, interval.high) if end is not None]
    p = np.array([each + shift for each in ends for shift in (-1e-6, 0, 1e-6)] + [0.5])
    assert _inside(p, interval).tolist() == [each in interval for each in p]
