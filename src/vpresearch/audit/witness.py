"""Datasets on a grid too fine to list: proofs by the admissible sums, witnesses by a short climb."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, chi2_contingency, fisher_exact, hypergeom, norm

from vpresearch.lattice import Cell, Window, count, enumerate_multisets, table_cost
from vpresearch.lattice.cell import exact

Ints = NDArray[np.int64]

# Values times grid points up to which a cell is counted before a dataset is looked for.
_EXACT = 500
# Entries of a table that is made in a moment.
_CHEAP = 1_000_000
_FEW = 10_000
_CLIMB = 4000
# Values up to which a climb has a chance in its few thousand moves.
_SEARCHED = 1000
_EITHER, _STRIDES = (-1, 1), (1, 5)


def is_coarse(cell: Cell) -> bool:
    """Return whether a cell is so small that it is counted before anything else; of a yes or no the sum says all."""
    return cell.size == 2 or cell.n * cell.size <= _EXACT


def is_countable(cell: Cell) -> bool:
    """Return whether the table of a cell takes a moment; counts beyond 64 bits are of datasets that are found."""
    return table_cost(cell) <= _CHEAP


@lru_cache(maxsize=64)
def admissible(cell: Cell) -> tuple[Window, ...]:
    """List the integer sums that the mean and the standard deviation leave, with their sums of squares.

    A sum of squares is at least that of equal values and at most that of values at both ends, and has the parity of
    the sum. An empty tuple proves that no dataset prints so.

    Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363-369 (GRIM). Anaya J. PeerJ Preprints 2016 (GRIMMER).
    """
    found = []
    low, high = cell.span
    for window in cell.windows():
        least, most = extreme_squares(window.total, cell.n, low, high)
        squares_low, squares_high = max(window.low, least), min(window.high, most)
        squares_low += (squares_low - window.total) % 2
        if cell.n * low <= window.total <= cell.n * high and squares_low <= squares_high:
            found.append(Window(window.total, squares_low, squares_high))
    return tuple(found)


def no_data(cell: Cell) -> bool:
    """Return whether it is proved that no dataset on the grid prints so."""
    return not admissible(cell) or (is_coarse(cell) and not count(cell))


def climb(cell: Cell, rng: np.random.Generator, window: Window | None = None) -> Ints | None:
    """Look for a dataset that prints as reported."""
    if cell.n > _SEARCHED:
        return None
    if window is None:
        windows = admissible(cell)
        if not windows:
            return None
        window = windows[rng.integers(len(windows))]
    fixed = np.repeat(np.arange(cell.size), cell.required_counts)
    low, high = cell.span
    n_free = cell.n - len(fixed)
    centre, spread = window.total / cell.n, max(0.1, window.high / cell.n - (window.total / cell.n) ** 2) ** 0.5
    # Half of the starts heap on every fifth value, as people read instruments: a rank test needs ties of every number.
    heap = int(rng.choice([1, 5]))
    free = np.clip(heap * np.rint(rng.normal(centre, spread, n_free) / heap), low, high).astype(np.int64)
    # A move touches two values: in plain numbers it costs a tenth of what it does in arrays.
    values = [*fixed.tolist(), *free.tolist()]
    total, squares = sum(values), sum(value * value for value in values)
    for _ in range(_CLIMB):
        surplus = total - window.total
        if not surplus and window.low <= squares <= window.high:
            return np.sort(np.array(values, dtype=np.int64))
        for place, moved in _step(rng, values, len(fixed), (low, high), surplus, _way(squares, window)):
            total += moved - values[place]
            squares += moved**2 - values[place] ** 2
            values[place] = moved
    return None


def datasets(cell: Cell, rng: np.random.Generator, size: int) -> Ints:
    """Return datasets of a cell: all of them if they are few, else any that are found."""
    if cell.size == 2:
        # Of noughts and ones the sum tells everything.
        both = (np.repeat([0, 1], [cell.n - window.total, window.total]) for window in admissible(cell))
        return np.array([dataset for dataset in both if prints(cell, dataset)], dtype=np.int64).reshape(-1, cell.n)
    if is_coarse(cell) and count(cell) <= _FEW:
        listed = enumerate_multisets(cell)
        return np.array([np.repeat(np.arange(cell.size), row) for row in listed]).reshape(-1, cell.n)
    found = [dataset for dataset in (climb(cell, rng) for _ in range(size)) if dataset is not None]
    return np.array(found, dtype=np.int64).reshape(-1, cell.n)


def on_scale(cell: Cell, positions: Ints) -> NDArray[np.float64]:
    """Turn positions on the lattice into values."""
    return float(exact(cell.low)) + float(cell.unit) * positions.astype(np.float64)


def shift_two(span: tuple[int, int], positions: Ints, rng: np.random.Generator) -> Ints:
    """Move two values of a dataset by the same distance, up and down: the sum stays."""
    up, down = _two_places(rng, len(positions))
    # The long stride keeps heaps of usual values together, and with them the ties.
    stride = _STRIDES[rng.integers(2)]
    moved = positions.copy()
    moved[up] += stride
    moved[down] -= stride
    return moved if moved[up] <= span[1] and moved[down] >= span[0] else positions


def _two_places(rng: np.random.Generator, n: int) -> tuple[int, int]:
    """Draw two different places of n as `Generator.choice` does (Floyd), in a third of its time."""
    one, other = int(rng.integers(n - 1)), int(rng.integers(n))
    if other == one:
        other = n - 1
    return (one, other) if rng.integers(2) else (other, one)


def prints(cell: Cell, positions: Ints) -> bool:
    """Return whether a dataset on the lattice has the printed mean and standard deviation, in integers."""
    low, high = cell.squares_by_total.get(int(positions.sum()), (1, 0))
    return low <= int(positions @ positions) <= high and all(
        np.count_nonzero(positions == place) >= copies for place, copies in cell.required_places.items()
    )


def extreme_squares(total: int, n: int, low: int, high: int) -> tuple[int, int]:
    """Least and greatest sum of squares of n integers between two ends with a given sum."""
    base, rest = divmod(total, n)
    least = rest * (base + 1) ** 2 + (n - rest) * base**2
    if high == low:
        return least, n * low * low
    at_high, left = divmod(total - n * low, high - low)
    if not 0 <= at_high <= n:
        return least, least - 1
    most = at_high * high * high + (n - at_high) * low * low
    if left:
        most += (low + left) ** 2 - low * low
    return least, most


def _way(squares: int, window: Window) -> int:
    return (squares < window.low) - (squares > window.high)


def _step(
    rng: np.random.Generator, values: list[int], n_fixed: int, span: tuple[int, int], surplus: int, way: int
) -> tuple[tuple[int, int], ...]:
    """Move one value towards the sum, or two apart or together towards the sum of squares: places, and what goes there.

    Nothing moves where a value would leave the lattice.
    """
    low, high = span
    # One at a time: an array of two takes three times as long.
    first, second = int(rng.integers(n_fixed, len(values))), int(rng.integers(n_fixed, len(values)))
    if surplus:
        stride = min(abs(surplus), int(rng.integers(1, 4)))
        moved = values[first] + (stride if surplus < 0 else -stride)
        return ((first, moved),) if low <= moved <= high else ()
    if values[first] < values[second]:
        first, second = second, first
    stride = way or _EITHER[rng.integers(2)]
    up, down = values[first] + stride, values[second] - stride
    inside = first != second and low <= min(up, down) and max(up, down) <= high
    return ((first, up), (second, down)) if inside else ()


Floats = NDArray[np.float64]
Side = Literal["two-sided", "less", "greater"]


def one_or_both(p: Floats, *, one_sided: bool) -> Floats:
    """Return a two-sided p, or both one-sided ones of a test with two equal tails, towards the difference first."""
    return np.stack([p / 2, 1 - p / 2], axis=-1) if one_sided else p[..., None]


def _chi_squared(table: Ints, one_sided: bool, *, correction: bool) -> Floats:
    """Take Pearson's statistic also times (n - 1) / n, as SAS and MedCalc do, where it is not corrected.

    Campbell I. Stat Med 2007;26:3661-3675.
    """
    found = chi2_contingency(table, correction=correction)
    shares = [1.0] if correction else [1.0, 1 - 1 / table.sum()]
    p: Floats = chi2.sf(found.statistic * np.array(shares), found.dof)
    return one_or_both(p, one_sided=one_sided).ravel()


def _fisher(table: Ints, one_sided: bool) -> Floats:
    """Take the tables that are no likelier, and twice the smaller tail, which some programs give."""
    tails = [fisher_exact(table, side).pvalue for side in sides(one_sided=True)]
    return np.array(tails if one_sided else [fisher_exact(table).pvalue, min(1.0, 2 * min(tails))])


def _apart(table: Ints, one_sided: bool) -> Floats:
    """Return the p of two proportions whose variances are not taken as one, whichever way the table is set."""
    z = []
    for cells in (table, table.T):
        sizes = cells.sum(axis=1)
        shares = cells[:, 0] / sizes
        error = math.sqrt((shares * (1 - shares) / sizes).sum())
        z.append(abs(shares[0] - shares[1]) / error if error else math.inf)
    return one_or_both(np.array(2 * norm.sf(z)), one_sided=one_sided).ravel()


def _fisher_mid(table: Ints, one_sided: bool) -> Floats:
    """Leave half of the tables that count as the observed one out: doubled, as by likelihood, and of Fisher's p."""
    rows, columns = table.sum(axis=1).tolist(), table.sum(axis=0).tolist()
    corners = np.arange(max(0, columns[0] - rows[1]), min(rows[0], columns[0]) + 1)
    chance = hypergeom.pmf(corners, sum(rows), rows[0], columns[0])
    (own,) = chance[corners == table[0, 0]]
    one = [chance[side].sum() - own / 2 for side in (corners <= table[0, 0], corners >= table[0, 0])]
    if one_sided:
        return np.array(one)
    # Chances that differ in their last bits alone are equal, as everywhere.
    as_likely = chance[np.isclose(chance, own, rtol=1e-7, atol=0)].sum()
    by_likelihood = chance[chance <= own * (1 + 1e-7)].sum()
    return np.array([min(1.0, 2 * min(one)), by_likelihood - as_likely / 2, by_likelihood - own / 2])


def sides(*, one_sided: bool) -> tuple[Side, ...]:
    """Return the alternatives that a p can be of, by their names in scipy."""
    return ("less", "greater") if one_sided else ("two-sided",)


# From a table, its p, or both one-sided ones.
TABLE_TESTS: dict[str, Callable[[Ints, bool], Floats]] = {
    "chi_squared": partial(_chi_squared, correction=False),
    "chi_squared_yates": partial(_chi_squared, correction=True),
    "fisher": _fisher,
    "fisher_mid": _fisher_mid,
    "wald": _apart,
}


def table_p(first: Ints, second: Ints, test: str, *, one_sided: bool = False) -> Floats:
    """Test every dataset of one group against every one of the other."""
    known: dict[tuple[int, int], Floats] = {}
    width = TABLE_TESTS[test](np.eye(2, dtype=np.int64), one_sided).size
    sums = [part.sum(axis=1).tolist() for part in (first, second)]
    sizes = first.shape[1], second.shape[1]
    for ones in {(one, other) for one in sums[0] for other in sums[1]}:
        table = np.array([[count, size - count] for count, size in zip(ones, sizes, strict=True)])
        known[ones] = TABLE_TESTS[test](table, one_sided) if table.sum(axis=0).all() else np.full(width, np.nan)
    return np.array([[known[one, other] for other in sums[1]] for one in sums[0]])
