"""Datasets on a grid too fine to list: proofs by the admissible sums, witnesses by a short climb."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vpresearch.lattice import Cell, Window, count, enumerate_multisets
from vpresearch.lattice.cell import exact

Ints = NDArray[np.int64]

# Values times grid points up to which a cell is counted exactly; beyond, it takes seconds.
_EXACT = 500
_FEW = 10_000
_CLIMB = 4000
# Values up to which a climb has a chance in its few thousand moves.
_SEARCHED = 1000
_EITHER, _STRIDES = (-1, 1), (1, 5)


def is_coarse(cell: Cell) -> bool:
    """Tell whether a cell is small enough to be counted exactly.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    bool
    """
    return cell.n * cell.size <= _EXACT


@lru_cache(maxsize=64)
def admissible(cell: Cell) -> tuple[Window, ...]:
    """List the integer sums that the mean and the standard deviation leave, with their sums of squares.

    A sum of squares is at least that of equal values and at most that of values at both ends, and has the parity of
    the sum. An empty tuple proves that no dataset prints so.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    tuple of Window
        In positions on the lattice.

    References
    ----------
    Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363-369 (GRIM). Anaya J. PeerJ Preprints 2016 (GRIMMER).
    """
    found = []
    low, high = cell.span
    for window in cell.windows():
        least, most = _extreme_squares(window.total, cell.n, low, high)
        squares_low, squares_high = max(window.low, least), min(window.high, most)
        squares_low += (squares_low - window.total) % 2
        if cell.n * low <= window.total <= cell.n * high and squares_low <= squares_high:
            found.append(Window(window.total, squares_low, squares_high))
    return tuple(found)


def climb(cell: Cell, rng: np.random.Generator, window: Window | None = None) -> Ints | None:
    """Look for a dataset that prints as reported.

    Parameters
    ----------
    cell : Cell
    rng : numpy.random.Generator
    window : Window, optional
        The sum, and the sums of squares, that it must have; any admissible one where not given.

    Returns
    -------
    numpy.ndarray of int, shape (n,), or None
        Positions on the lattice; None is no proof.
    """
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
    """Give datasets of a cell: all of them if they are few, else any that are found.

    Parameters
    ----------
    cell : Cell
    rng : numpy.random.Generator
    size : int
        How many to look for.

    Returns
    -------
    numpy.ndarray of int, shape (n_datasets, n)
        Positions on the lattice.
    """
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
    """Turn positions on the lattice into values.

    Parameters
    ----------
    cell : Cell
    positions : numpy.ndarray of int

    Returns
    -------
    numpy.ndarray of float, of the same shape
    """
    return float(exact(cell.low)) + float(cell.unit) * positions.astype(np.float64)


def shift_two(span: tuple[int, int], positions: Ints, rng: np.random.Generator) -> Ints:
    """Move two values of a dataset by the same distance, up and down: the sum stays.

    Parameters
    ----------
    span : pair of int
        Positions of the least and the greatest value allowed.
    positions : numpy.ndarray of int, shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        The same where the move would leave the lattice.
    """
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
    """Tell whether a dataset on the lattice has the printed mean and standard deviation, in integers.

    Parameters
    ----------
    cell : Cell
    positions : numpy.ndarray of int, shape (n,)

    Returns
    -------
    bool
    """
    low, high = cell.squares_by_total.get(int(positions.sum()), (1, 0))
    return low <= int(positions @ positions) <= high and all(
        np.count_nonzero(positions == place) >= copies for place, copies in cell.required_places.items()
    )


def _extreme_squares(total: int, n: int, low: int, high: int) -> tuple[int, int]:
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
