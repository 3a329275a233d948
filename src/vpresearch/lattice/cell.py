"""One group of values on a lattice, known only by its printed mean and standard deviation."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import islice
from typing import TypeAlias

import numpy as np

from vpresearch.core.errors import failure
from vpresearch.core.reported import Interval, Reported, RoundingRule
from vpresearch.lattice.multisets import FloatArray, IntArray, LatticeTooLargeError, Multisets, Tabled, Window
from vpresearch.lattice.ordered import Knot, Ordered, ceiling

Number: TypeAlias = int | float | str | Fraction
Seed: TypeAlias = int | np.random.Generator | None
# Entries of a table that is made in less than a second; beyond, one dataset is looked for first.
_CHEAP = 2_000_000
# Datasets that are listed at the most.
_MOST_LISTED = 5_000_000
# Sums for which one is looked for.
_TRIED = 200


def exact(value: Number) -> Fraction:
    """Read a number exactly as it is written: the float 0.1 and the string "0,1" are one tenth."""
    return value if isinstance(value, Fraction) else _read(str(value))


@lru_cache(maxsize=4096)
def _read(number: str) -> Fraction:
    return Fraction(number.replace(",", "."))


@dataclass(frozen=True)
class Cell:
    """A group of n values on an arithmetic lattice, with its printed mean and sample standard deviation.

    Parameters
    ----------
    n : int
        How many values.
    mean : Reported
        Printed mean.
    sd : Reported or None
        Printed sample standard deviation (divisor n - 1), if any.
    low, high, step : int, float, str or fractions.Fraction
        Lattice of one item: ``low, low + step, ..., high``.
    items : int
        Each value is the mean of this many item scores, so the lattice of the values has step ``step / items``.
    rule : {"any", "half-up", "half-even", "truncation"}
        How the statistics were rounded.
    attained_low, attained_high : number or None
        Printed minimum and maximum: no value lies beyond, and one at least is equal to it.
    required : tuple of numbers
        Values that must occur; a value listed twice must occur at least twice.
    quantiles : tuple of (place, Reported)
        Printed medians and quartiles, each with its place among the sorted values: 3 is the third, 3.5 halfway to the
        fourth. The median is at (n + 1) / 2, a quantile p of R's ``quantile`` at 1 + (n - 1) p.

    Raises
    ------
    ValueError
        If the arguments contradict each other.

    Examples
    --------
    >>> import vpresearch as vp
    >>> cell = vp.Cell(12, vp.Reported("1.2"), vp.Reported("0.5"), 1, 5, 1)
    >>> vp.count_datasets(cell)
    1
    >>> quartiles = (4.5, vp.Reported("1")), (8, vp.Reported("2"))
    >>> moments = vp.Reported("2.5"), vp.Reported("1.9")
    >>> cell = vp.Cell(15, *moments, 0, 10, quantiles=quartiles)
    >>> vp.count_datasets(cell)
    188
    """

    n: int
    mean: Reported
    sd: Reported | None
    low: Number
    high: Number
    step: Number = 1
    items: int = 1
    rule: RoundingRule = "any"
    attained_low: Number | None = None
    attained_high: Number | None = None
    required: tuple[Number, ...] = ()
    quantiles: tuple[tuple[Number, Reported], ...] = ()

    def __post_init__(self) -> None:
        self._check_sizes()
        if not all(1 <= exact(place) <= self.n for place, _ in self.quantiles):
            raise ValueError(f"the places of quantiles are from 1 to n = {self.n}")
        if self.quantiles and self.required:
            raise ValueError("values that must occur cannot be told together with quantiles")
        if self.span[0] > self.span[1]:
            raise ValueError("attained_low is above attained_high")
        for value in map(self.index, self.required):
            if not self.span[0] <= value <= self.span[1]:
                raise ValueError("a required value lies beyond the attained extremes")
        if sum(self.required_counts) > self.n:
            raise ValueError(f"the values that must occur are more than n = {self.n}")

    def _check_sizes(self) -> None:
        if self.n < 1 or (self.sd is not None and self.n < 2):
            raise ValueError(f"n = {self.n} is too small; a standard deviation needs two values, a mean one")
        if self.items < 1:
            raise ValueError(f"items = {self.items} must be at least 1")
        if exact(self.step) <= 0 or exact(self.low) > exact(self.high):
            raise ValueError("the lattice needs low <= high and a positive step")

    @cached_property
    def unit(self) -> Fraction:
        """Step of the lattice of the values."""
        return exact(self.step) / self.items

    @cached_property
    def size(self) -> int:
        """How many values the lattice has."""
        return self.index(self.high) + 1

    @cached_property
    def values(self) -> tuple[Fraction, ...]:
        """Values of the lattice, ascending: the columns of every count vector."""
        return tuple(exact(self.low) + k * self.unit for k in range(self.size))

    def index(self, value: Number) -> int:
        """Return the position of a value on the lattice."""
        place = (exact(value) - exact(self.low)) / self.unit
        if place.denominator != 1 or not exact(self.low) <= exact(value) <= exact(self.high):
            raise ValueError(f"{value} is not a value of the lattice {self.low}, ..., {self.high} by {self.unit}")
        return place.numerator

    @property
    def span(self) -> tuple[int, int]:
        """Positions of the least and the greatest value allowed."""
        least = 0 if self.attained_low is None else self.index(self.attained_low)
        greatest = self.size - 1 if self.attained_high is None else self.index(self.attained_high)
        return least, greatest

    @cached_property
    def required_places(self) -> Counter[int]:
        """Least copies of each position that must occur, the attained extremes included."""
        copies = Counter(map(self.index, self.required))
        if self.quantiles:
            # The extremes are then the first and the last of the sorted values.
            return copies
        for extreme in (self.attained_low, self.attained_high):
            if extreme is not None:
                copies[self.index(extreme)] = max(1, copies[self.index(extreme)])
        return copies

    @cached_property
    def required_counts(self) -> tuple[int, ...]:
        """Least copies of each lattice value, the attained extremes included."""
        return tuple(self.required_places[k] for k in range(self.size))

    @cached_property
    def squares_by_total(self) -> dict[int, tuple[int, int]]:
        """Least and greatest sum of squares of the positions that is admissible with each sum."""
        return {window.total: (window.low, window.high) for window in self.windows()}

    def windows(self, centre: int = 0) -> Iterator[Window]:
        """Yield whole sums, and squares with each, of deviations from a position, that print as reported."""
        farthest = max(centre, self.size - 1 - centre)
        sd = None if self.sd is None else self.sd.interval(self.rule)
        most = self.n * (self.size - 1)
        least, greatest = total_bounds(self.n, self.mean.interval(self.rule), exact(self.low), self.unit, most)
        for total in range(least, greatest + 1):
            deviation = total - self.n * centre
            low, high = square_bounds(self.n, deviation, sd, self.unit, self.n * farthest * farthest)
            if low <= high:
                yield Window(deviation, low, high)

    def knots(self, centre: int) -> tuple[Knot, ...]:
        """Return the quantiles, and with them the attained extremes, as deviations of positions from one of them."""
        if not self.quantiles:
            # The extremes are then among the values that must occur.
            return ()
        ends = ((1, self.attained_low), (self.n, self.attained_high))
        exactly = [(Fraction(place), Interval(exact(end), exact(end))) for place, end in ends if end is not None]
        printed = [(exact(place), value.interval(self.rule)) for place, value in self.quantiles]

        def moved(value: Fraction | None) -> Fraction | None:
            return None if value is None else (value - exact(self.low)) / self.unit - centre

        return tuple(
            Knot(math.floor(place), place % 1, replace(within, low=moved(within.low), high=moved(within.high)))
            for place, within in [*exactly, *printed]
        )

    def moments(self, total: int, squares: int) -> tuple[Fraction, Fraction | None]:
        """Return the exact mean and sample variance that go with sums of positions; of one value no variance."""
        mean = exact(self.low) + self.unit * Fraction(total, self.n)
        if self.n == 1:
            return mean, None
        return mean, self.unit**2 * (squares - Fraction(total * total, self.n)) / (self.n - 1)


@dataclass(frozen=True)
class SumClass:
    """Datasets that share their sum and their sum of squares."""

    total: int
    squares: int
    count: int


def total_bounds(n: int, mean: Interval, low: Fraction, unit: Fraction, most: int) -> tuple[int, int]:
    """Least and greatest integer sum of positions whose mean lies in an interval."""
    least = 0 if mean.low is None else ceiling(n * (mean.low - low) / unit, mean.low_closed)
    greatest = most if mean.high is None else _floor(n * (mean.high - low) / unit, mean.high_closed)
    return max(least, 0), min(greatest, most)


def square_bounds(n: int, total: int, sd: Interval | None, unit: Fraction, most: int) -> tuple[int, int]:
    """Least and greatest integer sum of squares, given the sum, whose standard deviation lies in an interval."""
    base = Fraction(total * total, n)
    low, high = math.ceil(base), most
    if sd is not None and sd.low is not None and (sd.low > 0 or (sd.low == 0 and not sd.low_closed)):
        low = ceiling((n - 1) * (sd.low / unit) ** 2 + base, sd.low_closed)
    if sd is not None and sd.high is not None:
        if sd.high < 0:
            return 1, 0
        high = min(high, _floor((n - 1) * (sd.high / unit) ** 2 + base, sd.high_closed))
    return low, high


def _floor(value: Fraction, closed: bool) -> int:
    return -ceiling(-value, closed)


@dataclass(frozen=True)
class Solved:
    """A cell as multisets of deviations, with what turns them back into count vectors of the cell."""

    cell: Cell
    centre: int
    multisets: Tabled

    def classes(self) -> tuple[SumClass, ...]:
        """Every attainable class of the cell."""
        return tuple(self._sum_class(*found) for found in self.multisets.classes)

    def listed(self) -> IntArray:
        """Every dataset as count vectors, in ascending lexicographic order."""
        total = self.multisets.count
        if total > _MOST_LISTED:
            raise failure("lattice_listed", LatticeTooLargeError, n=total, most=_MOST_LISTED)
        if not total:
            return np.zeros((0, self.cell.size), dtype=np.int64)
        rows = self.rows(self.multisets.every())
        return rows[np.lexsort(rows.T[::-1])]

    def rows(self, free: IntArray) -> IntArray:
        """Count vectors over the whole lattice, the values that must occur included."""
        first = self.centre + self.multisets.low
        out = np.tile(np.array(self.cell.required_counts, dtype=np.int64), (len(free), 1))
        out[:, first : first + free.shape[1]] += free
        return out

    def _sum_class(self, total: int, squares: int, ways: int) -> SumClass:
        """Class of the cell from the class of the free values."""
        fixed_total, fixed_squares = _fixed(self.cell, self.centre)
        total, squares, n, centre = total + fixed_total, squares + fixed_squares, self.cell.n, self.centre
        return SumClass(total + n * centre, squares + 2 * centre * total + n * centre * centre, ways)


def _fixed(cell: Cell, centre: int) -> tuple[int, int]:
    """Sum and sum of squares of the deviations of the values that must occur."""
    pairs = [(k - centre, copies) for k, copies in enumerate(cell.required_counts)]
    return sum(d * copies for d, copies in pairs), sum(d * d * copies for d, copies in pairs)


@lru_cache(maxsize=16)
def solve(cell: Cell, low: int, high: int) -> Solved:
    """Set up the multisets of a cell whose values lie between two positions (kept for the calls that follow)."""
    centre, found = _unordered(cell, low, high)
    if found.cost <= _CHEAP and not cell.quantiles:
        return Solved(cell, centre, found)
    # A large table is smaller when made from the lowest value up; a small one takes longer so.
    return Solved(cell, centre, Ordered(found.size, found.low, found.high, found.windows, cell.knots(centre)))


def _unordered(cell: Cell, low: int, high: int) -> tuple[int, Multisets]:
    centre = round((cell.mean.value - exact(cell.low)) / cell.unit)
    # The two neighbours of the centre must belong to the range; two values or one need no neighbours.
    centre = min(max(centre, low + 1), high - 1) if high - low > 1 else low
    windows = _free_windows(cell, centre, low - centre, high - centre)
    if any(copies and not low <= k <= high for k, copies in enumerate(cell.required_counts)):
        windows = ()
    free = cell.n - sum(cell.required_counts)
    return centre, Multisets(free, low - centre, high - centre, windows)


def _free_windows(cell: Cell, centre: int, low: int, high: int) -> tuple[Window, ...]:
    """Windows of the values that remain once those that must occur are taken out; deviations from low to high."""
    total, squares = _fixed(cell, centre)
    free = cell.n - sum(cell.required_counts)
    found = []
    for window in cell.windows(centre):
        left = window.total - total
        # (x - low)(high - x) is nowhere below 0, which bounds the squares by the sum.
        most = min(window.high - squares, (low + high) * left - free * low * high)
        # What must occur may have more squares than all values together.
        if max(0, window.low - squares) <= most:
            found.append(Window(left, window.low - squares, most))
    return tuple(found)


def count(cell: Cell) -> int:
    """Count the distinct datasets (multisets of values) that print as the reported statistics.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    int
        Exact; 0 proves that the statistics are impossible on this lattice.

    Raises
    ------
    LatticeTooLargeError
        If the table would not fit in memory.

    Examples
    --------
    >>> import vpresearch as vp
    >>> cell = vp.Cell(100, vp.Reported("3.0"), vp.Reported("1.0"), 1, 5)
    >>> vp.count_datasets(cell)
    24907
    """
    return solve(cell, *cell.span).multisets.count


def is_possible(cell: Cell) -> bool:
    """Return whether any dataset prints as the reported statistics.

    Without a standard deviation this is the GRIM test (Brown & Heathers 2017); with it, an exact form of GRIMMER
    (Anaya 2016) that knows the range of the scale and tries every admissible sum. Where the table would be too large,
    one dataset that prints so is looked for.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    bool

    Raises
    ------
    LatticeTooLargeError
        If the table would not fit in memory, and no dataset was found without it.

    Examples
    --------
    >>> import vpresearch as vp
    >>> printed = map(vp.Reported, ("5.18", "5.19", "5.21"))
    >>> [vp.is_possible(vp.Cell(28, mean, None, 1, 7)) for mean in printed]
    [True, False, True]
    >>> vp.is_possible(vp.Cell(1000, vp.Reported("4.12"), vp.Reported("1.31"), 1, 7))
    True
    """
    if cell.sd is None and not cell.quantiles:
        # The sums of a lattice have no gaps between the least and the greatest.
        (low, high), fixed = cell.span, _fixed(cell, 0)[0]
        free = cell.n - sum(cell.required_counts)
        return any(fixed + free * low <= window.total <= fixed + free * high for window in cell.windows())
    if cell.quantiles or table_cost(cell) <= _CHEAP:
        return count(cell) > 0
    return find_dataset(cell) is not None or count(cell) > 0


def table_cost(cell: Cell) -> float:
    """Estimate how many entries the table of a cell has, before it is made."""
    return solve(cell, *cell.span).multisets.cost


def find_dataset(cell: Cell, window: Window | None = None) -> IntArray | None:
    """Look for one dataset, as copies of each value, where no table can be made; that none is found proves nothing."""
    low, high = cell.span
    free, (total, squares) = cell.n - sum(cell.required_counts), _fixed(cell, 0)
    if window is None:
        windows = _free_windows(cell, 0, low, high)
    else:
        windows = (Window(window.total - total, window.low - squares, window.high - squares),)
    for wanted in islice(windows, _TRIED):
        placed = _spread_out(free, wanted, low, high)
        if placed is not None:
            found = np.array(cell.required_counts, dtype=np.int64)
            for place, copies in placed.items():
                found[place] += copies
            return found
    return None


def _spread_out(n: int, window: Window, low: int, high: int) -> dict[int, int] | None:
    """Move values apart, two by two and the outermost first, from equal ones to the sum of squares of a window."""
    if not n:
        return {} if window.total == 0 and window.low <= 0 <= window.high else None
    base, rest = divmod(window.total, n)
    copies = {base: n - rest} | ({base + 1: rest} if rest else {})
    squares = sum(times * place * place for place, times in copies.items())
    # The sum of squares has the parity of the sum.
    target = max(squares, window.low + (window.low - window.total) % 2)
    if target > window.high or min(copies) < low or max(copies) > high:
        return None
    while squares < target:
        pair = _pair(copies, target - squares, low, high)
        if pair is None:
            return None
        up, down = pair
        gain = 2 * (up - down) + 2
        times = min((target - squares) // gain, copies[up] // 2 if up == down else min(copies[up], copies[down]))
        for place, change in ((up, -times), (down, -times), (up + 1, times), (down - 1, times)):
            copies[place] = copies.get(place, 0) + change
        copies = {place: number for place, number in copies.items() if number}
        squares += times * gain
    return copies


def _pair(copies: Mapping[int, int], most: int, low: int, high: int) -> tuple[int, int] | None:
    """Find the two values whose moving apart adds most to the sum of squares, and no more than is wanted."""
    ups, downs = (sorted(place for place in copies if place != end) for end in (high, low))
    best: tuple[int, tuple[int, int]] | None = None
    for up in reversed(ups):
        # 2 (up - down) + 2 must not pass what is wanted.
        place = bisect_left(downs, up + 1 - most // 2)
        while place < len(downs) and downs[place] <= up:
            if downs[place] != up or copies[up] > 1:
                if best is None or up - downs[place] > best[0]:
                    best = up - downs[place], (up, downs[place])
                break
            place += 1
    return None if best is None else best[1]


def classes(cell: Cell) -> tuple[SumClass, ...]:
    """List every attainable pair of sum and sum of squares, with its number of datasets."""
    return solve(cell, *cell.span).classes()


def enumerate_multisets(cell: Cell) -> IntArray:
    """List every dataset that prints as the reported statistics (the aim of CLOSURE and CORVIDS)."""
    return solve(cell, *cell.span).listed()


def sample(
    cell: Cell,
    size: int,
    seed: Seed = None,
    weights: Sequence[float] | FloatArray | None = None,
    distinct: bool = False,
) -> IntArray:
    """Sample datasets that print as the reported statistics.

    A random walk (SPRITE, Heathers et al. 2018) has no known distribution. Here every multiset has the same chance, or,
    with weights, the chance it has when independent values with those prior probabilities are conditioned on the
    printed statistics: the product of ``w(v)**c / c!`` over the values.

    Parameters
    ----------
    cell : Cell
    size : int
        How many datasets.
    seed : int, numpy.random.Generator or None
    weights : sequence of float, shape (cell.size,), optional
        Positive prior weight of each of ``cell.values``, on any scale.
    distinct : bool
        Sample without replacement; only without weights.

    Returns
    -------
    ndarray of shape (size, cell.size)
        One dataset a row, as the number of copies of each of ``cell.values``.

    Raises
    ------
    ValueError
        If no dataset exists, fewer than ``size`` distinct ones exist, or the weights cannot be used.
    LatticeTooLargeError
        If the table would not fit in memory.

    Examples
    --------
    >>> import vpresearch as vp
    >>> cell = vp.Cell(15, vp.Reported("2.5"), vp.Reported("1.9"), 1, 10)
    >>> drawn = vp.sample_datasets(cell, 82, seed=1, distinct=True)
    >>> len({tuple(row) for row in drawn})
    82
    """
    rng = np.random.default_rng(seed)
    if weights is not None and (distinct or cell.quantiles):
        raise ValueError("neither distinct datasets nor those with quantiles can be sampled with weights")
    solved = solve(cell, *cell.span) if weights is None else Solved(cell, *_unordered(cell, *cell.span))
    total = solved.multisets.count
    if not total:
        raise ValueError("no dataset on this lattice prints as the reported statistics")
    if weights is not None:
        assert isinstance(solved.multisets, Multisets)
        return solved.rows(solved.multisets.sample_weighted(_free_terms(solved, weights), size, rng))
    if distinct and size > total:
        raise ValueError(f"only {total} distinct datasets exist, fewer than {size}")
    ranks = rng.choice(total, size, replace=False) if distinct else rng.integers(total, size=size)
    return solved.rows(solved.multisets.unrank(ranks))


def _prior_terms(cell: Cell, weights: Sequence[float] | FloatArray) -> FloatArray:
    """Logarithm of w**c / c! for each lattice value and each number of copies c."""
    prior = np.asarray(weights, dtype=np.float64)
    if prior.shape != (cell.size,) or not np.all(np.isfinite(prior) & (prior > 0)):
        raise ValueError(f"weights must be {cell.size} positive numbers, one for each lattice value")
    copies = np.arange(cell.n + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(copies[1:]))])
    terms: FloatArray = copies * np.log(prior)[:, None] - log_factorial
    return terms


def _free_terms(solved: Solved, weights: Sequence[float] | FloatArray) -> FloatArray:
    """Terms of the values allowed, by the copies beyond those that must occur."""
    allowed = np.arange(solved.multisets.low, solved.multisets.high + 1)[:, None] + solved.centre
    required = np.array(solved.cell.required_counts)[allowed]
    return _prior_terms(solved.cell, weights)[allowed, required + np.arange(solved.multisets.size + 1)]


def to_values(cell: Cell, counts: IntArray) -> FloatArray:
    """Write count vectors out as values."""
    values = np.array([float(value) for value in cell.values])
    return np.repeat(np.tile(values, len(counts)), counts.ravel()).reshape(len(counts), cell.n)
