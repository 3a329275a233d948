"""Exact counting, ranking and sampling of multisets of integers with a given sum and sum of squares.

The integers are deviations from a centre near the mean, which keeps sums of squares small. Values two or more away
from the centre are *outer*: a dynamic programme over (values taken, sum, sum of squares) counts their multisets. The
copies of -1, 0 and 1 are then the only solution of three linear equations, so they need no table.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from vpresearch.core.errors import VPResearchError, failure

IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]

# A table this large takes some ten seconds and less than a gigabyte.
MAX_STATES = 30_000_000
MAX_EDGES = 20_000_000
# Places at which the area of the states is summed.
STRIPS = 32
_FEW_EDGES = 2_000
# So few multisets that a table takes longer than to list them.
_FEW_MULTISETS = 50_000
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
    """One outer value added to the table."""

    deviation: int
    previous: IntArray
    copies: IntArray
    first: IntArray


class States(NamedTuple):
    """Values taken, their sum, their sum of squares, and the number of multisets of each state."""

    taken: IntArray
    total: IntArray
    squares: IntArray
    ways: IntArray

    def some(self, places: IntArray) -> States:
        """Choose states."""
        return States(*(column[places] for column in self))


@dataclass(frozen=True)
class Inner:
    """States that complete one class, with the copies of -1, 0 and 1 that each needs."""

    states: IntArray
    copies: IntArray


def checked(counts: IntArray) -> IntArray:
    """Refuse counts whose sum might leave 64 bits."""
    if counts.sum(dtype=np.float64) > MAX_COUNT:
        raise failure("beyond_64_bits", LatticeTooLargeError)
    return counts


def cumulative(counts: IntArray) -> IntArray:
    """Sum the first 0, 1, 2, ... counts."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])


def merge(keys: IntArray, ways: IntArray) -> tuple[IntArray, IntArray]:
    """Return where each key stands first, in ascending order, and the ways of all places that share it."""
    # Of ascending runs: a stable sort merges them.
    order = np.argsort(keys, kind="stable")
    if not len(order):
        return order, ways
    keys = keys[order]
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return order[first], np.add.reduceat(checked(ways)[order], first)


@dataclass(frozen=True)
class Tabled(ABC):
    """All multisets of ``size`` integers from ``low`` to ``high`` whose (sum, sum of squares) lies in a window."""

    size: int
    low: int
    high: int
    windows: tuple[Window, ...]

    @cached_property
    def _hull(self) -> tuple[int, int, int, int]:
        """Least and greatest sum of all windows, and sum of squares."""
        totals = [window.total for window in self.windows]
        lows, highs = [window.low for window in self.windows], [window.high for window in self.windows]
        return min(totals), max(totals), min(lows), max(highs)

    @property
    @abstractmethod
    def cost(self) -> float:
        """Upper estimate of the states of the table, known before any is made."""

    @property
    @abstractmethod
    def classes(self) -> tuple[tuple[int, int, int], ...]:
        """Every attained (sum, sum of squares), in ascending order, with its exact number of multisets."""

    @abstractmethod
    def unrank(self, ranks: IntArray) -> IntArray:
        """Return the multisets of some ranks."""

    @property
    def count(self) -> int:
        """Exact number of multisets."""
        return sum(ways for _, _, ways in self.classes)

    def every(self) -> IntArray:
        """List all multisets, in no order."""
        return self.unrank(np.arange(self.count))


class Multisets(Tabled):
    """Multisets of which all values are alike, counted from the outermost values in."""

    @cached_property
    def _outer(self) -> tuple[tuple[int, int], ...]:
        """Outer values, the farthest first, each with the farthest distance that is left after it."""
        outer = sorted((d for d in range(self.low, self.high + 1) if abs(d) > 1), key=lambda d: (-abs(d), d))
        return tuple(zip(outer, [abs(d) for d in outer[1:]] + [1], strict=False))

    @cached_property
    def _radix(self) -> tuple[int, int]:
        """Factors of the values taken and of their sum in a key; keys are in the order of taken, sum, squares."""
        least, greatest, _, budget = self._hull
        budget, farthest = max(budget, 0), max(-self.low, self.high)
        widest = max(-least, greatest, 0) + math.isqrt(self.size * budget) + 1
        # With room to take one value off and land on no other state's key.
        of_total = budget + 1 + farthest * farthest
        of_taken = (2 * (widest + farthest) + 1) * of_total
        if of_taken * (self.size + 1) > MAX_COUNT:
            raise failure("beyond_64_bits", LatticeTooLargeError)
        return of_taken, of_total

    @cached_property
    def _most_outer(self) -> int:
        """Bound how many multisets of outer values there are."""
        return math.comb(self.size + len(self._outer), self.size)

    @property
    def _is_small(self) -> bool:
        return self._most_outer <= _FEW_MULTISETS

    @cached_property
    def cost(self) -> float:
        """Upper estimate of the states of the table, known before any is made; infinite where there are far too many.

        With t outer values taken, all at least as far as d, their sum is bounded by their sum of squares, and what is
        left of both by the other values (Cauchy-Schwarz twice); and there are no more states than multisets.
        """
        if not self.windows:
            return 0.0
        if self._is_small:
            return float(self._most_outer)
        least, greatest, low, budget = self._hull
        states = 0.0
        for place, (deviation, farthest) in enumerate(self._outer):
            square = deviation * deviation
            taken = np.arange(1, min(self.size, max(budget, 0) // square) + 1, dtype=np.float64)[:, None]
            left = self.size - taken
            start = np.clip(np.maximum(taken * square, low - left * farthest * farthest), 0, budget)
            squares = start + (budget - start) * (np.arange(STRIPS) + 0.5) / STRIPS
            half = np.minimum(np.sqrt(taken * squares), np.sqrt(left * (budget - squares)) + greatest - least + 1)
            area = (half * (budget - start) / STRIPS).sum(axis=1)
            multisets = gammaln(place + 1 + taken[:, 0]) - gammaln(taken[:, 0] + 1) - gammaln(place + 1)
            states += 1 + float(np.minimum(area, np.exp(np.minimum(multisets, 60.0))).sum())
            if states > 10 * MAX_STATES:
                return math.inf
        return states

    @cached_property
    def _table(self) -> tuple[tuple[tuple[IntArray, IntArray], ...], States]:
        """Keys of the states after each outer value, with their ways, and the states that -1, 0 and 1 complete."""
        if self.cost > MAX_STATES:
            raise failure("lattice_table", LatticeTooLargeError, most=MAX_STATES)
        states, after = self._first(), []
        for deviation, farthest in self._outer:
            reached = self._add(states, deviation)
            after.append((self._keys(reached), reached.ways))
            alive = self._completable(reached.taken, reached.total, reached.squares, farthest)
            states = reached.some(np.flatnonzero(alive))
        return tuple(after), states

    @staticmethod
    def _first() -> States:
        zero = np.zeros(1, dtype=np.int64)
        return States(zero, zero, zero, np.ones(1, dtype=np.int64))

    def _add(self, states: States, deviation: int) -> States:
        """Take every possible number of copies of one value from every state: 0 or 1, then 0 or 2, then 0 or 4, ..."""
        most = self._most_copies(states, deviation)
        if most.sum() <= _FEW_EDGES:
            # So few that to list them takes less than to merge again and again.
            step, reached = self._edges(states, most, deviation, abs(deviation))
            return reached._replace(ways=np.add.reduceat(checked(states.ways[step.previous]), step.first))
        copies = 1
        while copies < most.max(initial=0):
            taken, total = states.taken + copies, states.total + copies * deviation
            squares = states.squares + copies * deviation * deviation
            alive = np.flatnonzero(self._completable(taken, total, squares, abs(deviation)))
            more = States(taken, total, squares, states.ways).some(alive)
            states = self._merged(states, more)
            copies *= 2
        return states

    def _most_copies(self, states: States, deviation: int) -> IntArray:
        """Numbers of copies, none among them, that each state has room for."""
        _, _, _, budget = self._hull
        return np.minimum((budget - states.squares) // deviation**2, self.size - states.taken) + 1

    def _merged(self, one: States, other: States) -> States:
        """Put two sorted tables into one."""
        both = States(*(np.concatenate(pair) for pair in zip(one, other, strict=True)))
        places, ways = merge(self._keys(both), both.ways)
        return both.some(places)._replace(ways=ways)

    def _keys(self, states: States) -> IntArray:
        of_taken, of_total = self._radix
        return states.taken * of_taken + (states.total + of_taken // of_total // 2) * of_total + states.squares

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        """Every edge of the table, for what weighs them."""
        states, steps = self._first(), []
        for deviation, farthest in self._outer:
            most = self._most_copies(states, deviation)
            if most.sum() > MAX_EDGES:
                raise failure("lattice_table", LatticeTooLargeError, most=MAX_EDGES)
            step, states = self._edges(states, most, deviation, farthest)
            steps.append(step)
        return tuple(steps)

    def _edges(self, states: States, most: IntArray, deviation: int, farthest: int) -> tuple[Step, States]:
        """List the numbers of copies of one value that lead from one state to another."""
        previous, copies, more = self._more(states, most, deviation)
        alive = np.flatnonzero(self._completable(more.taken, more.total, more.squares, farthest))
        reached = more.some(alive)
        keys = self._keys(reached)
        order = np.argsort(keys, kind="stable")
        first = np.flatnonzero(np.append(True, np.diff(keys[order]) != 0)) if len(order) else order
        return Step(deviation, previous[alive][order], copies[alive][order], first), reached.some(order[first])

    @staticmethod
    def _more(states: States, most: IntArray, deviation: int) -> tuple[IntArray, IntArray, States]:
        """Take each number of copies of one value from every state: from which state, how many, and what is reached."""
        previous = np.repeat(np.arange(len(most)), most)
        copies = np.arange(len(previous)) - np.repeat(np.cumsum(most) - most, most)
        taken, total = states.taken[previous] + copies, states.total[previous] + deviation * copies
        squares = states.squares[previous] + deviation * deviation * copies
        return previous, copies, States(taken, total, squares, states.ways[previous])

    def _completable(self, taken: IntArray, total: IntArray, squares: IntArray, farthest: int) -> npt.NDArray[np.bool_]:
        """Drop states that no remaining values can complete (Cauchy-Schwarz, and the farthest values left)."""
        least, greatest, low, high = self._hull
        left, spare = self.size - taken, high - squares
        above, below = total - greatest, least - total
        gap = np.maximum(np.maximum(above, below), 0)
        ends: npt.NDArray[np.bool_] = (gap * gap <= left * spare) & (low - squares <= left * (farthest * farthest))
        ends &= (above <= left * min(farthest, -self.low)) & (below <= left * min(farthest, self.high))
        return ends & (left >= 0) & (spare >= 0)

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
        checked(np.array([ways for _, _, ways in found], dtype=np.int64))
        return found

    def _window_classes(self, window: Window) -> Iterator[tuple[int, int, int]]:
        _, states = self._table
        _, start, stop = self._inner_squares(states, window)
        used = np.flatnonzero(start <= stop)
        ways = states.ways[used]
        change = np.zeros(window.high - window.low + 3, dtype=np.int64)
        np.add.at(change, start[used] - window.low, ways)
        np.subtract.at(change, stop[used] + 2 - window.low, ways)
        for parity in (0, 1):
            change[parity::2] = np.cumsum(change[parity::2])
        for offset in np.flatnonzero(change):
            yield window.total, window.low + int(offset), int(change[offset])

    def _inner_squares(self, states: States, window: Window) -> tuple[IntArray, IntArray, IntArray]:
        """Return what sums lack, and from and up to which sum of squares -1, 0 and 1 complete them, by twos."""
        missing = window.total - states.total
        start = states.squares + np.abs(missing)
        stop = np.minimum(states.squares + self._most_inner(states, missing), window.high)
        # The parity of the sum is that of the sum of squares.
        start = np.maximum(start, window.low + (start - window.low) % 2)
        return missing, start, stop - (stop - start) % 2

    @property
    def count(self) -> int:
        """Exact number of multisets."""
        if not self._is_small:
            return super().count
        ends = (self._inner_squares(self._few[0], window)[1:] for window in self.windows)
        return sum(int(_by_twos(*each).sum()) for each in ends)

    def inner(self, total: int, squares: int) -> Inner:
        """States that complete one class, with the copies of -1, 0 and 1 they need."""
        _, states = self._table
        missing, left = total - states.total, squares - states.squares
        chosen = np.flatnonzero((np.abs(missing) <= left) & (left <= self._most_inner(states, missing)))
        return Inner(chosen, self._inner_copies(states.taken[chosen], missing[chosen], left[chosen]))

    def _inner_copies(self, taken: IntArray, missing: IntArray, left: IntArray) -> IntArray:
        """Solve for the copies of -1, 0 and 1 that add what a sum and a sum of squares lack."""
        return np.stack([(left - missing) // 2, self.size - taken - left, (left + missing) // 2], axis=1)

    @cached_property
    def _few(self) -> tuple[States, IntArray]:
        """List the multisets of outer values that -1, 0 and 1 may complete, each with its copies of every value."""
        states, copies_of = self._first(), np.zeros((1, self.high - self.low + 1), dtype=np.int64)
        for deviation, farthest in self._outer:
            previous, copies, more = self._more(states, self._most_copies(states, deviation), deviation)
            alive = np.flatnonzero(self._completable(more.taken, more.total, more.squares, farthest))
            states, copies_of = more.some(alive), copies_of[previous[alive]]
            copies_of[:, deviation - self.low] = copies[alive]
        return states, copies_of

    def every(self) -> IntArray:
        """List all multisets, in no order."""
        if not self._is_small:
            return super().every()
        found = []
        for window in self.windows:
            states, copies_of = self._few
            missing, start, stop = self._inner_squares(states, window)
            number = _by_twos(start, stop)
            chosen = np.repeat(np.arange(len(number)), number)
            nth = np.arange(len(chosen)) - np.repeat(np.cumsum(number) - number, number)
            left = start[chosen] + 2 * nth - states.squares[chosen]
            found.append(copies_of[chosen])
            inner = self._inner_copies(states.taken[chosen], missing[chosen], left)
            self._put_inner(found[-1], np.arange(len(inner)), inner)
        return np.concatenate(found)

    def unrank(self, ranks: IntArray) -> IntArray:
        """Return the multisets of some ranks."""
        after, final = self._table
        ends = cumulative(np.array([ways for _, _, ways in self.classes]))
        member = np.searchsorted(ends, ranks, side="right") - 1
        rest = ranks - ends[member]
        key = np.empty(len(ranks), dtype=np.int64)
        out = np.zeros((len(ranks), self.high - self.low + 1), dtype=np.int64)
        final_keys = self._keys(final)
        for which, rows in _by_value(member):
            inner = self.inner(*self.classes[which][:2])
            ways = cumulative(final.ways[inner.states])
            place = np.searchsorted(ways, rest[rows], side="right") - 1
            key[rows], rest[rows] = final_keys[inner.states[place]], rest[rows] - ways[place]
            self._put_inner(out, rows, inner.copies[place])
        for (deviation, _), (keys, ways_to) in zip(reversed(self._outer), reversed(after), strict=True):
            self._take_off(deviation, (keys, ways_to), key, rest, out[:, deviation - self.low])
        return out

    def _take_off(
        self, deviation: int, states: tuple[IntArray, IntArray], key: IntArray, rest: IntArray, copies: IntArray
    ) -> None:
        """Take the copies of one value off, in place; of the ways to a state, those with the most copies come first."""
        of_taken, of_total = self._radix
        one = of_taken + deviation * of_total + deviation * deviation
        (keys, ways_to), active = states, np.arange(len(key))
        while len(active):
            before = key[active] - one
            place = np.minimum(np.searchsorted(keys, before), len(keys) - 1)
            ways = np.where(keys[place] == before, ways_to[place], 0)
            more = rest[active] < ways
            rest[active[~more]] -= ways[~more]
            active = active[more]
            key[active] -= one
            copies[active] += 1

    def _put_inner(self, out: IntArray, rows: IntArray, copies: IntArray) -> None:
        for column, deviation in enumerate((-1, 0, 1)):
            if self.low <= deviation <= self.high:
                out[rows, deviation - self.low] = copies[:, column]

    def sample_weighted(self, log_terms: FloatArray, size: int, rng: np.random.Generator) -> IntArray:
        """Sample multisets with probability proportional to the product of one term per value."""
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
        for step, (_, chances) in zip(reversed(self._steps), reversed(forward), strict=False):
            edge = _draw_edge(step, chances, state, rng.random(size))
            state = step.previous[edge]
            out[:, step.deviation - self.low] = step.copies[edge]
        return out

    def _forward(self, log_terms: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
        """Log mass of every state, and the chance of every edge that reaches it, step by step."""
        forward = [(np.zeros(1), np.zeros(0))]
        for step in self._steps:
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


def _by_twos(start: IntArray, stop: IntArray) -> IntArray:
    """Count from each start to its stop by twos; none where the stop comes first."""
    number: IntArray = np.maximum(stop - start, -2) // 2 + 1
    return number


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
