"""Exact counting, ranking and sampling of multisets of integers with a given sum and sum of squares.

The integers are deviations from a centre near the mean, which keeps sums of squares small. Values two or more away
from the centre are *outer*: a dynamic programme over (values taken, sum, sum of squares) counts their multisets. The
copies of -1, 0 and 1 are then the only solution of three linear equations, so they need no table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vpresearch.errors import VPResearchError

IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]

# A table this large takes seconds and some two gigabytes.
MAX_EDGES = 20_000_000
# Sums of counts below this stay exact in 64 bits; the table is too large long before.
MAX_COUNT = 2.0**61


class LatticeTooLargeError(VPResearchError):
    """A cell that is possible to write down and too large to count or list in memory."""


@dataclass(frozen=True)
class Window:
    """Sums of squares, ``low`` to ``high``, that are admissible with one sum ``total``."""

    total: int
    low: int
    high: int


@dataclass(frozen=True)
class Step:
    """One outer value added to the table.

    Attributes
    ----------
    deviation : int
        The value.
    previous, copies : ndarray of shape (edges,)
        State before the step and copies of the value taken; edges are sorted by the state they reach.
    first : ndarray of shape (states,)
        First edge of each state reached.
    ways : ndarray of shape (states before the step,)
        Multisets of each state before the step.
    """

    deviation: int
    previous: IntArray
    copies: IntArray
    first: IntArray
    ways: IntArray


@dataclass(frozen=True)
class States:
    """Values taken, their sum, their sum of squares, and the number of multisets of each state."""

    taken: IntArray
    total: IntArray
    squares: IntArray
    ways: IntArray


@dataclass(frozen=True)
class Inner:
    """States that complete one class, with the copies of -1, 0 and 1 that each needs."""

    states: IntArray
    copies: IntArray


def _checked(counts: IntArray) -> IntArray:
    """Refuse counts whose sum might leave 64 bits."""
    if counts.sum(dtype=np.float64) > MAX_COUNT:
        raise LatticeTooLargeError("The number of datasets is beyond exact 64-bit arithmetic.")
    return counts


def _cumulative(counts: IntArray) -> IntArray:
    """Sum the first 0, 1, 2, ... counts."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])


@dataclass(frozen=True)
class Multisets:
    """All multisets of ``size`` integers from ``low`` to ``high`` whose (sum, sum of squares) lies in a window.

    Parameters
    ----------
    size : int
        How many integers.
    low, high : int
        Ends of the range; ``low <= 0 <= high`` and, where the range has three values or more, ``low < 0 < high``.
    windows : tuple of Window
        Admissible classes.
    """

    size: int
    low: int
    high: int
    windows: tuple[Window, ...]

    @cached_property
    def _table(self) -> tuple[tuple[Step, ...], States]:
        """Steps of the dynamic programme, and the states after the last."""
        zero = np.zeros(1, dtype=np.int64)
        states = States(zero, zero, zero, np.ones(1, dtype=np.int64))
        outer = sorted((d for d in range(self.low, self.high + 1) if abs(d) > 1), key=lambda d: (-abs(d), d))
        steps = []
        for position, deviation in enumerate(outer):
            farthest = abs(outer[position + 1]) if position + 1 < len(outer) else 1
            step, states = self._add(states, deviation, farthest)
            steps.append(step)
        return tuple(steps), states

    def _add(self, states: States, deviation: int, farthest: int) -> tuple[Step, States]:
        """Take every possible number of copies of one value from every state."""
        square = deviation * deviation
        budget = max(window.high for window in self.windows)
        most = np.minimum((budget - states.squares) // square, self.size - states.taken) + 1
        edges = int(most.sum())
        if edges > MAX_EDGES:
            raise LatticeTooLargeError(f"The table needs {edges} entries at one value; the most is {MAX_EDGES}.")
        previous = np.repeat(np.arange(len(most)), most)
        copies = np.arange(edges) - np.repeat(np.cumsum(most) - most, most)
        taken = states.taken[previous] + copies
        total = states.total[previous] + deviation * copies
        squares = states.squares[previous] + square * copies
        alive = np.flatnonzero(self._completable(taken, total, squares, farthest))
        taken, total, squares, previous, copies = (a[alive] for a in (taken, total, squares, previous, copies))
        order, first = _group(taken, total, squares)
        previous, copies = previous[order], copies[order]
        ways = _checked(states.ways[previous])
        summed = np.add.reduceat(ways, first) if len(first) else ways
        reached = order[first]
        step = Step(deviation, previous, copies, first, states.ways)
        return step, States(taken[reached], total[reached], squares[reached], summed)

    def _completable(self, taken: IntArray, total: IntArray, squares: IntArray, farthest: int) -> npt.NDArray[np.bool_]:
        """Drop states that no remaining values can complete (Cauchy-Schwarz, and the farthest value left)."""
        totals = [window.total for window in self.windows]
        left = self.size - taken
        gap = np.maximum(np.maximum(total - max(totals), min(totals) - total), 0)
        spare = max(window.high for window in self.windows) - squares
        wanted = min(window.low for window in self.windows) - squares
        ends: npt.NDArray[np.bool_] = (gap * gap <= left * spare) & (wanted <= left * farthest * farthest)
        return ends

    def _most_inner(self, states: States, missing: IntArray) -> IntArray:
        """Bound the sum of squares that -1, 0 and 1 can add to each state whose sum lacks ``missing``."""
        most = self.size - states.taken
        if self.low == 0:
            most = np.minimum(most, missing)
        if self.high == 0:
            most = np.minimum(most, -missing)
        return most

    @cached_property
    def classes(self) -> tuple[tuple[int, int, int], ...]:
        """Every attained (sum, sum of squares), in ascending order, with its exact number of multisets."""
        found = tuple(found for window in self.windows for found in self._window_classes(window))
        _checked(np.array([ways for _, _, ways in found], dtype=np.int64))
        return found

    def _window_classes(self, window: Window) -> Iterator[tuple[int, int, int]]:
        _, states = self._table
        missing = window.total - states.total
        start = states.squares + np.abs(missing)
        stop = np.minimum(states.squares + self._most_inner(states, missing), window.high)
        # A state reaches start, start + 2, ... up to stop: the parity of the sum is that of the sum of squares.
        start = np.maximum(start, window.low + (start - window.low) % 2)
        stop -= (stop - start) % 2
        used = np.flatnonzero(start <= stop)
        ways = states.ways[used]
        change = np.zeros(window.high - window.low + 3, dtype=np.int64)
        np.add.at(change, start[used] - window.low, ways)
        np.subtract.at(change, stop[used] + 2 - window.low, ways)
        for parity in (0, 1):
            change[parity::2] = np.cumsum(change[parity::2])
        for offset in np.flatnonzero(change):
            yield window.total, window.low + int(offset), int(change[offset])

    @property
    def count(self) -> int:
        """Exact number of multisets."""
        return sum(ways for _, _, ways in self.classes)

    def inner(self, total: int, squares: int) -> Inner:
        """States that complete one class, with the copies of -1, 0 and 1 they need."""
        _, states = self._table
        missing, left = total - states.total, squares - states.squares
        chosen = np.flatnonzero((np.abs(missing) <= left) & (left <= self._most_inner(states, missing)))
        missing, left = missing[chosen], left[chosen]
        zeros = self.size - states.taken[chosen] - left
        return Inner(chosen, np.stack([(left - missing) // 2, zeros, (left + missing) // 2], axis=1))

    def unrank(self, ranks: IntArray) -> IntArray:
        """Give the multisets of some ranks.

        Parameters
        ----------
        ranks : ndarray of shape (rows,)
            Integers from 0 to ``count - 1``.

        Returns
        -------
        ndarray of shape (rows, high - low + 1)
            Copies of each integer.
        """
        steps, final = self._table
        ends = _cumulative(np.array([ways for _, _, ways in self.classes]))
        member = np.searchsorted(ends, ranks, side="right") - 1
        rest = ranks - ends[member]
        state = np.empty(len(ranks), dtype=np.int64)
        out = np.zeros((len(ranks), self.high - self.low + 1), dtype=np.int64)
        for which, rows in _by_value(member):
            inner = self.inner(*self.classes[which][:2])
            ways = _cumulative(final.ways[inner.states])
            place = np.searchsorted(ways, rest[rows], side="right") - 1
            state[rows], rest[rows] = inner.states[place], rest[rows] - ways[place]
            self._put_inner(out, rows, inner.copies[place])
        for step in reversed(steps):
            ways = _cumulative(step.ways[step.previous])
            wanted = ways[step.first[state]] + rest
            edge = np.searchsorted(ways, wanted, side="right") - 1
            rest, state = wanted - ways[edge], step.previous[edge]
            out[:, step.deviation - self.low] = step.copies[edge]
        return out

    def _put_inner(self, out: IntArray, rows: IntArray, copies: IntArray) -> None:
        for column, deviation in enumerate((-1, 0, 1)):
            if self.low <= deviation <= self.high:
                out[rows, deviation - self.low] = copies[:, column]

    def sample_weighted(self, log_terms: FloatArray, size: int, rng: np.random.Generator) -> IntArray:
        """Sample multisets with probability proportional to the product of one term per value.

        Parameters
        ----------
        log_terms : ndarray of shape (high - low + 1, self.size + 1)
            Logarithm of the term of each value taken each number of times.
        size : int
            Rows to draw.
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of shape (size, high - low + 1)
        """
        steps, _ = self._table
        forward = self._forward(log_terms)
        final = forward[-1][0]
        inner = [self._weighted_inner(final, total, squares, log_terms) for total, squares, _ in self.classes]
        mass = np.array([np.logaddexp.reduce(logs) for _, logs in inner])
        state = np.empty(size, dtype=np.int64)
        out = np.zeros((size, self.high - self.low + 1), dtype=np.int64)
        for which, rows in _by_value(_draw(mass, rng.random(size))):
            found, logs = inner[which]
            place = _draw(logs, rng.random(len(rows)))
            state[rows] = found.states[place]
            self._put_inner(out, rows, found.copies[place])
        for step, (_, chances) in zip(reversed(steps), reversed(forward), strict=False):
            edge = _draw_edge(step, chances, state, rng.random(size))
            state = step.previous[edge]
            out[:, step.deviation - self.low] = step.copies[edge]
        return out

    def _forward(self, log_terms: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
        """Log mass of every state, and the chance of every edge that reaches it, step by step."""
        steps, _ = self._table
        forward = [(np.zeros(1), np.zeros(0))]
        for step in steps:
            logs = forward[-1][0][step.previous] + log_terms[step.deviation - self.low, step.copies]
            sizes = np.diff(np.append(step.first, len(logs)))
            top = np.maximum.reduceat(logs, step.first)
            mass = top + np.log(np.add.reduceat(np.exp(logs - np.repeat(top, sizes)), step.first))
            forward.append((mass, np.exp(logs - np.repeat(mass, sizes))))
        return forward

    def _weighted_inner(
        self, mass: FloatArray, total: int, squares: int, log_terms: FloatArray
    ) -> tuple[Inner, FloatArray]:
        inner = self.inner(total, squares)
        logs = mass[inner.states]
        for column, deviation in enumerate((-1, 0, 1)):
            if self.low <= deviation <= self.high:
                logs = logs + log_terms[deviation - self.low, inner.copies[:, column]]
        return inner, logs


def _group(taken: IntArray, total: IntArray, squares: IntArray) -> tuple[IntArray, IntArray]:
    """Sort states, and give the order and the first place of each distinct state."""
    if not len(taken):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    total = total - total.min()
    key = (taken * (int(total.max()) + 1) + total) * (int(squares.max()) + 1) + squares
    order = np.argsort(key, kind="stable")
    key = key[order]
    return order, np.flatnonzero(np.append(True, key[1:] != key[:-1]))


def _by_value(member: IntArray) -> Iterator[tuple[int, IntArray]]:
    """Rows of each distinct value of ``member``."""
    for value in np.unique(member):
        yield int(value), np.flatnonzero(member == value)


def _draw(logs: FloatArray, uniform: FloatArray) -> IntArray:
    """Draw indices with probabilities proportional to ``exp(logs)``."""
    cumulative = np.cumsum(np.exp(logs - logs.max()))
    drawn: IntArray = np.searchsorted(cumulative, uniform * cumulative[-1], side="right").clip(max=len(logs) - 1)
    return drawn


def _draw_edge(step: Step, chances: FloatArray, state: IntArray, uniform: FloatArray) -> IntArray:
    """Draw one of the edges that reach each state."""
    cumulative = np.concatenate([np.zeros(1), np.cumsum(chances)])
    first, end = step.first[state], np.append(step.first, len(chances))[state + 1]
    wanted = cumulative[first] + uniform * (cumulative[end] - cumulative[first])
    edge: IntArray = np.clip(np.searchsorted(cumulative, wanted, side="right") - 1, first, end - 1)
    return edge
