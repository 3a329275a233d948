"""Two groups that give a printed p: from pools of datasets, or by a walk from one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Literal

import numpy as np
from scipy.stats import mannwhitneyu

from vpresearch.audit.check import inside, show_values
from vpresearch.audit.p_attained import MEANS, NORMAL, PERMUTATION, T_TESTS, Floats, rank_p, t_p
from vpresearch.audit.table_tests import TABLE_TESTS, one_or_both, sides, table_p
from vpresearch.audit.witness import Ints, on_scale, prints, shift_two
from vpresearch.inference import TestResult, kruskal, mann_whitney, rank_permutation, student, welch
from vpresearch.lattice import Cell
from vpresearch.reported import Interval

_STARTS, _WALKS, _WALK = 200, 40, 1500
# Pairs looked at before the next, and values of them: the first are often enough.
_PAIRS, _VALUES = 1000, 1_000_000
# Walks times values: all of the walks up to a hundred values.
_WALKED = 4000
# Pairs that are permuted at once, and sums of ranks in all; the nearest are chosen from so many.
_BLOCK, _PERMUTED, _RANKED = 50, 6_000_000, 20_000
# The p of the ordinary test, both one-sided ones being halves of it.
_RUN: dict[str, Callable[[Ints, Ints], TestResult]] = {
    "student": student,
    "welch": welch,
    "kruskal": kruskal,
    "kruskal_uncorrected": lambda first, second: kruskal(first, second, corrected=False),
}


def p_witness(
    test: str,
    cells: tuple[Cell, Cell],
    pools: tuple[Ints, Ints],
    printed: Interval,
    rng: np.random.Generator,
    *,
    one_sided: bool = False,
    every: bool = False,
) -> str:
    """Find two groups that give a printed p, and believe them only when the ordinary test says so too.

    Parameters
    ----------
    test : str
        A test of means, of ranks or of a two-by-two table.
    cells : pair of Cell
        What the groups must print.
    pools : pair of numpy.ndarray of int, shapes (n_datasets, n)
        Datasets that do, as positions on the lattice.
    printed : Interval
        Of the p.
    rng : numpy.random.Generator
    one_sided : bool, default False
    every : bool, default False
        Whether to go through every pair of the pools, as where one is known to be there.

    Returns
    -------
    str
        Both groups, or the empty string, which is no proof.
    """
    if not len(pools[0]) or not len(pools[1]):
        return ""
    if test in PERMUTATION:
        found = _permutations(test, pools, printed, rng, one_sided, every=every)
    else:
        found = _candidates(test, pools, printed, rng, one_sided)
        if test not in (*T_TESTS, *TABLE_TESTS):
            found = chain(found, _walks(test, cells, pools, printed, rng, one_sided))
    return next((_shown(cells, pair) for pair in found if inside(_run(test, *pair, one_sided), printed).any()), "")


def both_witness(
    tests: tuple[str, str],
    cells: tuple[Cell, Cell],
    pools: tuple[Ints, Ints],
    printed: tuple[Interval, Interval],
    rng: np.random.Generator,
) -> str:
    """Find two groups that give one printed p by one test and another by another, as `p_witness` does.

    Parameters
    ----------
    tests : pair of str
        Of means, or of ranks by the normal distribution.
    cells : pair of Cell
    pools : pair of numpy.ndarray of int, shapes (n_datasets, n)
    printed : pair of Interval
        Of the p of each test.
    rng : numpy.random.Generator

    Returns
    -------
    str
    """
    if not len(pools[0]) or not len(pools[1]) or not {*tests} <= {*T_TESTS, *NORMAL}:
        return ""
    # Few starts have the sums that a test of means needs; of these, first those that come near by the other test.
    one, other = (0, 1) if tests[0] in T_TESTS else (1, 0)
    starts = sorted(
        islice(_candidates(tests[one], pools, printed[one], rng, False), _STARTS),
        key=lambda pair: _distance(_one_pair(tests[other], pair, False), printed[other]),
    )[:_WALKS]
    wanted = list(zip(tests, printed, strict=True))
    found = chain.from_iterable(_walk(wanted, cells, start, rng, False) for start in starts)
    sure = (pair for pair in found if all(inside(_run(test, *pair, False), p).any() for test, p in wanted))
    return next((_shown(cells, pair) for pair in sure), "")


def _shown(cells: tuple[Cell, Cell], pair: tuple[Ints, Ints]) -> str:
    values = [on_scale(cell, positions) for cell, positions in zip(cells, pair, strict=True)]
    return " | ".join(map(show_values, values))


def _run(test: str, first: Ints, second: Ints, one_sided: bool) -> Floats:
    """Give the p of the ordinary test, for a table from the noughts and ones of each group."""
    if test in TABLE_TESTS:
        return TABLE_TESTS[test](np.array([np.bincount(part, minlength=2) for part in (first, second)]), one_sided)
    if test in _RUN:
        return one_or_both(np.array(_RUN[test](first, second).p_value), one_sided=one_sided)
    if test in ("permutation_distance", "permutation_doubled") and not one_sided:
        way = "doubled" if test == "permutation_doubled" else "distance"
        return np.array([rank_permutation(first, second, way).p_value])  # type: ignore[arg-type]
    if test == "mann_whitney" and not one_sided:
        return np.array([mann_whitney(first, second).p_value])
    if test in ("mann_whitney", "mann_whitney_exact"):
        method: Literal["exact", "asymptotic"] = "exact" if test == "mann_whitney_exact" else "asymptotic"
        every = (mannwhitneyu(first, second, True, side, method=method) for side in sides(one_sided=one_sided))
        return np.array([result.pvalue for result in every])
    p: Floats = _one_pair(test, (first, second), one_sided).reshape(-1)
    return p


def _candidates(
    test: str, pools: tuple[Ints, Ints], printed: Interval, rng: np.random.Generator, one_sided: bool
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs from two pools whose p is in the interval, block by block."""
    first, second = pools
    order = rng.permutation(len(first))
    for block in np.array_split(order, _n_blocks(first, second)):
        if test in TABLE_TESTS:
            p = table_p(first[block], second, test, one_sided=one_sided)
        elif test in T_TESTS:
            p = t_p(first[block], second, test, one_sided=one_sided)
        else:
            rows, columns = np.repeat(block, len(second)), np.tile(np.arange(len(second)), len(block))
            p = rank_p(first[rows], second[columns], test, one_sided=one_sided).reshape(len(block), len(second), -1)
        for row, column in np.argwhere(inside(p, printed).any(axis=-1))[:5]:
            yield first[block[row]], second[column]


def _permutations(
    test: str, pools: tuple[Ints, Ints], printed: Interval, rng: np.random.Generator, one_sided: bool, *, every: bool
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs from two pools whose exact p is in the interval, first those that the normal distribution puts near it."""
    first, second = pools
    n_pairs, n = len(first) * len(second), int(first.shape[1] + second.shape[1])
    which = np.arange(n_pairs) if every or n_pairs <= _RANKED else rng.integers(n_pairs, size=_RANKED)
    rows, columns = np.divmod(which, len(second))
    if test == MEANS:
        near = t_p(first, second, "student", one_sided=one_sided)[rows, columns]
    else:
        near = rank_p(first[rows], second[columns], "mann_whitney", one_sided=one_sided)
    order = np.argsort(np.nan_to_num(np.abs(near - _middle(printed)), nan=1.0).min(axis=1), kind="stable")
    n_small = min(first.shape[1], second.shape[1])
    # So many sums of ranks, or of values where these span more.
    span = int(max(first.max(), second.max()) - min(first.min(), second.min())) if test == MEANS else 0
    most = None if every else max(1, _PERMUTED // (_BLOCK * n_small**2 * max(n - n_small, span)))
    for block in np.array_split(order, max(1, len(order) // _BLOCK))[:most]:
        p = rank_p(first[rows[block]], second[columns[block]], test, one_sided=one_sided)
        yield from ((first[rows[pair]], second[columns[pair]]) for pair in block[inside(p, printed).any(axis=1)])


def _middle(printed: Interval) -> float:
    low, high = float(printed.low or 0), 1.0 if printed.high is None else float(printed.high)
    return (low + high) / 2


def _n_blocks(first: Ints, second: Ints) -> int:
    """How many blocks keep the pairs, and the values of one, few enough for memory."""
    n_pairs, n_values = len(first) * len(second), int(first.shape[1] + second.shape[1])
    return max(1, min(len(first), max(n_pairs // _PAIRS, n_pairs * n_values // _VALUES)))


def _walks(
    test: str,
    cells: tuple[Cell, Cell],
    pools: tuple[Ints, Ints],
    printed: Interval,
    rng: np.random.Generator,
    one_sided: bool,
) -> Iterator[tuple[Ints, Ints]]:
    # A walk through many values takes longer; they share the time of a few.
    for _ in range(max(1, min(_WALKS, _WALKED // sum(cell.n for cell in cells)))):
        start = pools[0][rng.integers(len(pools[0]))], pools[1][rng.integers(len(pools[1]))]
        yield from _walk([(test, printed)], cells, start, rng, one_sided)


def _walk(
    wanted: Sequence[tuple[str, Interval]],
    cells: tuple[Cell, Cell],
    start: tuple[Ints, Ints],
    rng: np.random.Generator,
    one_sided: bool,
) -> Iterator[tuple[Ints, Ints]]:
    """Walk from a pair towards the p of each test by moves of two values apart or together, which keep the sum."""
    spans, groups, best = [cell.span for cell in cells], start, math.inf
    for _ in range(_WALK):
        side = int(rng.integers(2))
        moved = shift_two(spans[side], groups[side], rng)
        patience = 0.003 * rng.exponential()
        stays = moved is groups[side] and best < math.inf
        # The cheaper question first.
        if stays or not prints(cells[side], moved):
            continue
        pair = (moved, groups[1]) if side == 0 else (groups[0], moved)
        found = [_one_pair(test, pair, one_sided) for test, _ in wanted]
        distance = sum(_distance(p, printed) for p, (_, printed) in zip(found, wanted, strict=True))
        if distance > best + patience:
            continue
        groups, best = pair, distance
        if all(inside(p, printed).any() for p, (_, printed) in zip(found, wanted, strict=True)):
            yield groups
            break


def _distance(p: Floats, printed: Interval) -> float:
    return float(np.abs(p - _middle(printed)).min())


def _one_pair(test: str, pair: tuple[Ints, Ints], one_sided: bool) -> Floats:
    first, second = (part[None] for part in pair)
    if test in T_TESTS:
        return t_p(first, second, test, one_sided=one_sided)
    return rank_p(first, second, test, one_sided=one_sided)
