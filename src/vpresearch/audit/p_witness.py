"""Two groups that give a printed p: from pools of datasets, or by a walk from one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np
from scipy.stats import mannwhitneyu

from vpresearch.audit.check import inside, show_values
from vpresearch.audit.p_attained import T_TESTS, rank_p, t_p
from vpresearch.audit.table_tests import TABLE_TESTS, table_p
from vpresearch.audit.witness import Ints, on_scale, prints, shift_two
from vpresearch.inference import kruskal, mann_whitney, student, welch
from vpresearch.lattice import Cell
from vpresearch.reported import Interval

_WALKS, _WALK = 40, 1500
# Pairs looked at before the next, and values of them: the first are often enough.
_PAIRS, _VALUES = 1000, 1_000_000
# Walks times values: all of the walks up to a hundred values.
_WALKED = 4000
_RANK_TESTS = ("kruskal", "mann_whitney", "mann_whitney_exact")
_RUN: dict[str, Callable[[Ints, Ints], float]] = {
    "student": lambda first, second: student(first, second).p_value,
    "welch": lambda first, second: welch(first, second).p_value,
    "kruskal": lambda first, second: kruskal(first, second).p_value,
    "mann_whitney": lambda first, second: mann_whitney(first, second).p_value,
    "mann_whitney_exact": lambda first, second: float(mannwhitneyu(first, second, method="exact").pvalue),
}


def p_witness(
    test: str, cells: tuple[Cell, Cell], pools: tuple[Ints, Ints], printed: Interval, rng: np.random.Generator
) -> str:
    """Find two groups that give a printed p, and believe them only when the ordinary test says so too.

    Parameters
    ----------
    test : {"student", "welch", "kruskal", "mann_whitney", "mann_whitney_exact"}, or of a two-by-two table
    cells : pair of Cell
        What the groups must print.
    pools : pair of numpy.ndarray of int, shapes (n_datasets, n)
        Datasets that do, as positions on the lattice.
    printed : Interval
        Of the p.
    rng : numpy.random.Generator

    Returns
    -------
    str
        Both groups, or the empty string, which is no proof.
    """
    if not len(pools[0]) or not len(pools[1]):
        return ""
    found = _candidates(test, pools, printed, rng)
    if test in _RANK_TESTS:
        found = chain(found, _walk(test, cells, pools, printed, rng))
    for first, second in found:
        if _run(test, first, second) in printed:
            values = [on_scale(cell, positions) for cell, positions in zip(cells, (first, second), strict=True)]
            return " | ".join(map(show_values, values))
    return ""


def _run(test: str, first: Ints, second: Ints) -> float:
    """Give the p of the ordinary test, for a table from the noughts and ones of each group."""
    if test in TABLE_TESTS:
        return TABLE_TESTS[test](np.array([np.bincount(part, minlength=2) for part in (first, second)]))
    return _RUN[test](first, second)


def _candidates(
    test: str, pools: tuple[Ints, Ints], printed: Interval, rng: np.random.Generator
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs from two pools whose p is in the interval, block by block."""
    first, second = pools
    order = rng.permutation(len(first))
    for block in np.array_split(order, _n_blocks(first, second)):
        if test in TABLE_TESTS:
            p = table_p(first[block], second, test)
        elif test in T_TESTS:
            p = t_p(first[block], second, equal_var=test == "student")
        else:
            rows, columns = np.repeat(block, len(second)), np.tile(np.arange(len(second)), len(block))
            p = rank_p(first[rows], second[columns], test).reshape(len(block), len(second))
        for row, column in np.argwhere(inside(p, printed))[:5]:
            yield first[block[row]], second[column]


def _n_blocks(first: Ints, second: Ints) -> int:
    """How many blocks keep the pairs, and the values of one, few enough for memory."""
    n_pairs, n_values = len(first) * len(second), int(first.shape[1] + second.shape[1])
    return max(1, min(len(first), max(n_pairs // _PAIRS, n_pairs * n_values // _VALUES)))


def _walk(
    test: str, cells: tuple[Cell, Cell], pools: tuple[Ints, Ints], printed: Interval, rng: np.random.Generator
) -> Iterator[tuple[Ints, Ints]]:
    """Walk from a pair towards the printed p by moves of two values apart or together, which keep the sum."""
    low, high = float(printed.low or 0), 1.0 if printed.high is None else float(printed.high)
    aim, reach = (low + high) / 2, (high - low) / 2
    spans = [cell.span for cell in cells]
    # A walk through many values takes longer; they share the time of a few.
    for _ in range(max(1, min(_WALKS, _WALKED // sum(cell.n for cell in cells)))):
        groups = [pool[rng.integers(len(pool))] for pool in pools]
        best = math.inf
        for _ in range(_WALK):
            side = int(rng.integers(2))
            moved = list(groups)
            moved[side] = shift_two(spans[side], groups[side], rng)
            patience = 0.003 * rng.exponential()
            stays = moved[side] is groups[side] and best < math.inf
            # The cheaper question first.
            if stays or not prints(cells[side], moved[side]):
                continue
            distance = abs(float(rank_p(moved[0][None], moved[1][None], test)[0]) - aim)
            if distance > best + patience:
                continue
            groups, best = moved, distance
            if best <= reach:
                yield groups[0], groups[1]
                break
