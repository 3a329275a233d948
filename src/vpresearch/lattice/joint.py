"""Two groups joined by their pooled statistics and by the printed p-value of a test between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vpresearch.core.errors import failure
from vpresearch.core.reported import Interval, Reported, RoundingRule
from vpresearch.lattice.cell import (
    Cell,
    Number,
    Solved,
    SumClass,
    exact,
    solve,
    square_bounds,
    total_bounds,
)
from vpresearch.lattice.multisets import FloatArray, IntArray, LatticeTooLargeError

BoolArray: TypeAlias = npt.NDArray[np.bool_]
# Numbers of pairs: int64 where pairs are gone through, Python integers where they are multiplied.
Counts: TypeAlias = npt.NDArray[Any]

# Pairs gone through at once: few enough for a processor's cache; where they are sorted, enough to find equal ones.
_BLOCK, _SORTED = 1 << 14, 1 << 20
# Up to this many (U, ties) keys a table is indexed by the key itself; beyond, blocks are sorted.
_TABLE = 1 << 25


@dataclass(frozen=True)
class Joint:
    """Two groups on one lattice, with the printed statistics of both together."""

    a: Cell
    b: Cell
    pooled_mean: Reported | None = None
    pooled_sd: Reported | None = None
    pooled_low: Number | None = None
    pooled_high: Number | None = None
    rule: RoundingRule = "any"

    def __post_init__(self) -> None:
        if self.a.values != self.b.values:
            raise ValueError("the two groups must have the same lattice")
        if self.span[0] > self.span[1]:
            raise ValueError("pooled_low is above pooled_high")

    @property
    def n(self) -> int:
        """Values in both groups."""
        return self.a.n + self.b.n

    @property
    def span(self) -> tuple[int, int]:
        """Positions of the least and the greatest value allowed."""
        least = 0 if self.pooled_low is None else self.a.index(self.pooled_low)
        greatest = self.a.size - 1 if self.pooled_high is None else self.a.index(self.pooled_high)
        return least, greatest


def joint_count(joint: Joint) -> int:
    """Count the pairs of datasets that agree with both groups and with the pooled statistics.

    The pooled mean and standard deviation depend only on the sum and the sum of squares of each group, and attained
    extremes are counted by inclusion and exclusion, so no dataset is listed.
    """
    _, _, pairs = _class_pairs(joint)
    return int(pairs.sum()) if pairs.size else 0


def _solve_within(cell: Cell, low: int, high: int) -> Solved | None:
    """Multisets of a cell with its values between two positions; None if none can be."""
    low, high = max(low, cell.span[0]), min(high, cell.span[1])
    return solve(cell, low, high) if low <= high else None


def _ways(cell: Cell, low: int, high: int) -> dict[tuple[int, int], int]:
    solved = _solve_within(cell, low, high)
    return {} if solved is None else {(found.total, found.squares): found.count for found in solved.classes()}


def _class_pairs(joint: Joint) -> tuple[list[SumClass], list[SumClass], Counts]:
    """Classes of each group, and the number of admissible joint datasets of each pair of classes."""
    low, high = joint.span
    ways_a, ways_b = _ways(joint.a, low, high), _ways(joint.b, low, high)
    pairs = np.zeros((len(ways_a), len(ways_b)), dtype=object)
    for cut_low in range(1 + (joint.pooled_low is not None)):
        for cut_high in range(1 + (joint.pooled_high is not None)):
            cut = low + cut_low, high - cut_high
            column = [_ways(joint.a, *cut).get(key, 0) for key in ways_a]
            row = [_ways(joint.b, *cut).get(key, 0) for key in ways_b]
            pairs += (-1) ** (cut_low + cut_high) * np.multiply.outer(np.array(column, object), np.array(row, object))
    classes_a = [SumClass(*key, ways) for key, ways in ways_a.items()]
    classes_b = [SumClass(*key, ways) for key, ways in ways_b.items()]
    pairs[~_pooled(joint, _moments(classes_a), _moments(classes_b))] = 0
    return classes_a, classes_b, pairs


def _moments(classes: Sequence[SumClass]) -> IntArray:
    return np.array([(found.total, found.squares) for found in classes], dtype=np.int64).reshape(-1, 2)


def _pooled(joint: Joint, moments_a: IntArray, moments_b: IntArray) -> BoolArray:
    """Which pairs of (sum, sum of squares) print as the pooled mean and standard deviation."""
    total = moments_a[:, None, 0] + moments_b[None, :, 0]
    squares = moments_a[:, None, 1] + moments_b[None, :, 1]
    distinct, place = np.unique(total, return_inverse=True)
    bounds = np.array([pooled_bounds(joint, int(value)) for value in distinct], dtype=np.int64).reshape(-1, 2)[place]
    inside: BoolArray = (bounds[..., 0] <= squares) & (squares <= bounds[..., 1])
    return inside.reshape(total.shape)


def pooled_bounds(joint: Joint, total: int) -> tuple[int, int]:
    """Bound the sums of squares of both groups together that are admissible with a sum of both."""
    cell, last = joint.a, joint.a.size - 1
    if joint.pooled_mean is not None:
        mean = joint.pooled_mean.interval(joint.rule)
        least, greatest = total_bounds(joint.n, mean, exact(cell.low), cell.unit, joint.n * last)
        if not least <= total <= greatest:
            return 1, 0
    sd = None if joint.pooled_sd is None else joint.pooled_sd.interval(joint.rule)
    return square_bounds(joint.n, total, sd, cell.unit, joint.n * last * last)


@dataclass(frozen=True, eq=False)
class PDistribution:
    """Every attainable p-value of a test, with the number of pairs of datasets that give it."""

    p: FloatArray
    pairs: Counts

    @property
    def total(self) -> int:
        """Number of pairs of datasets."""
        return int(self.pairs.sum())

    @property
    def range(self) -> tuple[float, float]:
        """Least and greatest attainable p-value."""
        defined = self.p[~np.isnan(self.p)]
        if not len(defined):
            raise ValueError("no pair of datasets has a p-value")
        return float(defined[0]), float(defined[-1])

    def matching(self, printed: Reported) -> BoolArray:
        """Return which values print as the reported one."""
        return _inside(self.p, printed.interval())

    def count(self, printed: Reported) -> int:
        """Count the pairs of datasets whose p-value prints as the reported one."""
        return int(self.pairs[self.matching(printed)].sum())


def _inside(p: FloatArray, interval: Interval) -> BoolArray:
    """Membership with the same allowance for binary noise as ``value in interval``."""
    noise = 1e-12 * p
    inside = ~np.isnan(p)
    if interval.low is not None:
        low = float(interval.low)
        inside &= (p >= low - noise) if interval.low_closed else (p > low + noise)
    if interval.high is not None:
        high = float(interval.high)
        inside &= (p <= high + noise) if interval.high_closed else (p < high - noise)
    return inside


@dataclass(frozen=True, eq=False)
class KruskalDistribution(PDistribution):
    """Every attainable Kruskal-Wallis p-value of two groups."""

    deviation: IntArray
    ties: IntArray
    rows: JointRows

    def matching_rows(self, printed: Reported | None = None) -> IntArray:
        """List every pair of datasets, or those whose p-value prints as the reported one."""
        wanted = slice(None) if printed is None else self.matching(printed)
        keys = np.sort(self.deviation[wanted] * self.rows.radix + self.ties[wanted] // 6)
        found = [np.zeros((0, 2), dtype=np.int64)]
        for rows, members, block in self.rows.blocks():
            row, column = np.nonzero(np.isin(block, keys))
            found.append(np.stack([rows[row], members[column]], axis=1))
        return np.concatenate(found)


@dataclass(frozen=True, eq=False)
class JointRows:
    """Datasets of both groups, listed, and the pairs of them that agree with the pooled statistics."""

    joint: Joint
    a: IntArray
    b: IntArray

    @property
    def radix(self) -> int:
        """Factor of U in a key: above every sixth of a tie sum."""
        return math.comb(self.joint.n + 1, 3) + 1

    @property
    def keys(self) -> int:
        """Number of conceivable keys."""
        return (self.joint.a.n * self.joint.b.n + 1) * self.radix

    @cached_property
    def _factors(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Two pairs of matrices whose products are the doubled centred U and a sixth of the tie sum."""
        a, b = self.a.astype(np.float64), self.b.astype(np.float64)
        places = np.arange(a.shape[1])
        order = np.sign(places[:, None] - places[None, :]).astype(np.float64)
        # ((a + b)^3 - (a + b)) / 6 is the binomial of a, that of b, and (a^2 b + a b^2) / 2.
        own_a, own_b = ((x**3 - x).sum(axis=1, keepdims=True) / 6 for x in (a, b))
        left = np.hstack([a * a / 2, a / 2, own_a, np.ones_like(own_a)])
        right = np.hstack([b, b * b, np.ones_like(own_b), own_b])
        return a @ order, b.T.copy(), left, right.T.copy()

    def blocks(self, size: int = _BLOCK) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
        """Go through the admissible pairs."""
        left_u, right_u, left_ties, right_ties = self._factors
        for group, members in self._groups():
            u_columns, tie_columns = right_u[:, members], right_ties[:, members]
            height = max(1, size // max(1, len(members)))
            for first in range(0, len(group), height):
                rows = group[first : first + height]
                keys = np.abs(left_u[rows] @ u_columns)
                keys *= self.radix
                keys += left_ties[rows] @ tie_columns
                yield rows, members, keys.astype(np.int64)

    def _groups(self) -> Iterator[tuple[IntArray, IntArray]]:
        """Rows of ``a`` with the rows of ``b`` that each of them may be joined to."""
        kinds_a, kind_of_a = np.unique(self._kinds(self.a), axis=0, return_inverse=True)
        kinds_b, kind_of_b = np.unique(self._kinds(self.b), axis=0, return_inverse=True)
        admissible = _pooled(self.joint, kinds_a[:, :2], kinds_b[:, :2])
        for column in (2, 3):
            admissible &= (kinds_a[:, None, column] | kinds_b[None, :, column]) == 1
        partners, group_of_kind = np.unique(admissible, axis=0, return_inverse=True)
        for number, partner in enumerate(partners):
            members = np.flatnonzero(partner[kind_of_b])
            if len(members):
                yield np.flatnonzero(group_of_kind[kind_of_a] == number), members

    def _kinds(self, rows: IntArray) -> IntArray:
        """Sum, sum of squares, and whether each pooled extreme occurs (or is not printed)."""
        places = np.arange(rows.shape[1])
        low, high = self.joint.span
        has_low = (rows[:, low] > 0) | (self.joint.pooled_low is None)
        has_high = (rows[:, high] > 0) | (self.joint.pooled_high is None)
        return np.stack([rows @ places, rows @ places**2, has_low, has_high], axis=1)

    def split(self, keys: IntArray) -> tuple[IntArray, IntArray]:
        """Return twice the distance of U from its null mean, and the tie sum, that stand in keys."""
        return keys // self.radix, keys % self.radix * 6

    def tally(self) -> tuple[IntArray, IntArray]:
        """Count the pairs of each key."""
        return self._tally_table() if self.keys <= _TABLE else self._tally_sorted()

    def _tally_table(self) -> tuple[IntArray, IntArray]:
        pairs = np.zeros(self.keys, dtype=np.int64)
        for _, _, block in self.blocks():
            np.add.at(pairs, block.ravel(), 1)
        keys = np.flatnonzero(pairs)
        return keys, pairs[keys]

    def _tally_sorted(self) -> tuple[IntArray, IntArray]:
        parts = [np.zeros((2, 0), dtype=np.int64)]
        parts += [np.stack(np.unique(block, return_counts=True)) for _, _, block in self.blocks(_SORTED)]
        every = np.concatenate(parts, axis=1)
        keys, group = np.unique(every[0], return_inverse=True)
        pairs = np.zeros(len(keys), dtype=np.int64)
        np.add.at(pairs, group, every[1])
        return keys, pairs


def joint_rows(joint: Joint) -> JointRows:
    """List the datasets of both groups within the pooled extremes."""
    listed = []
    for cell in (joint.a, joint.b):
        solved = _solve_within(cell, *joint.span)
        listed.append(np.zeros((0, cell.size), dtype=np.int64) if solved is None else solved.listed())
    rows = JointRows(joint, *listed)
    if rows.keys > 2**53:
        raise failure("beyond_64_bits", LatticeTooLargeError)
    return rows


def kruskal_p_distribution(joint: Joint) -> KruskalDistribution:
    """Find every attainable Kruskal-Wallis p-value of two groups (Kruskal & Wallis 1952), corrected for ties.

    With two groups the statistic depends on the Mann-Whitney U and on the sum of ``t**3 - t`` over the tied values
    only, and both are integers that products of the count vectors give. All admissible pairs are gone through, so a
    p-value that is absent is impossible.
    """
    rows = joint_rows(joint)
    keys, pairs = rows.tally()
    deviation, ties = rows.split(keys)
    p = _kruskal_p(deviation, ties, joint.a.n, joint.b.n)
    order = np.argsort(p, kind="stable")
    return KruskalDistribution(p[order], pairs[order], deviation[order], ties[order], rows)


def _kruskal_p(deviation: IntArray, ties: IntArray, n_a: int, n_b: int) -> FloatArray:
    """P-value from twice the centred U and the tie sum; NaN where all values are equal."""
    from scipy.special import chdtrc

    n = n_a + n_b
    untied = (n**3 - n - ties).astype(np.float64)
    untied[untied == 0] = np.nan
    statistic = 3.0 * n * (n - 1) * deviation.astype(np.float64) ** 2 / (n_a * n_b * untied)
    p: FloatArray = chdtrc(1, statistic)
    return p


def t_p_distribution(joint: Joint, equal_var: bool = True) -> PDistribution:
    """Find every attainable p-value of the t test between two groups.

    The test depends on the sum and the sum of squares of each group only, so its attainable values are narrower than
    what the corners of the rounding box give.
    """
    if min(joint.a.n, joint.b.n) < 2:
        raise ValueError("a t test needs two values in each group")
    classes_a, classes_b, pairs = _class_pairs(joint)
    possible = pairs > 0
    p = _t_p(joint, _moments(classes_a), _moments(classes_b), equal_var)[possible]
    order = np.argsort(p, kind="stable")
    return PDistribution(p[order], pairs[possible][order])


def _t_p(joint: Joint, moments_a: IntArray, moments_b: IntArray, equal_var: bool) -> FloatArray:
    """P-value of each pair of classes; NaN where neither group varies and the means are equal."""
    from scipy.special import stdtr

    n_a, n_b = joint.a.n, joint.b.n
    mean_a, var_a = (column[:, None] for column in _mean_variance(moments_a, n_a))
    mean_b, var_b = _mean_variance(moments_b, n_b)
    if equal_var:
        freedom = np.full(1, n_a + n_b - 2.0)
        error = ((n_a - 1) * var_a + (n_b - 1) * var_b) / freedom * (1 / n_a + 1 / n_b)
    else:
        error = var_a / n_a + var_b / n_b
        with np.errstate(invalid="ignore"):
            freedom = error**2 / ((var_a / n_a) ** 2 / (n_a - 1) + (var_b / n_b) ** 2 / (n_b - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(mean_a - mean_b) / np.sqrt(error)
    p: FloatArray = np.where(np.isinf(t), 0.0, 2 * stdtr(freedom, -t))
    return p


def _mean_variance(moments: IntArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Mean and sample variance in lattice steps."""
    total, squares = moments[:, 0], moments[:, 1]
    return total / n, (n * squares - total * total) / (n * (n - 1))
