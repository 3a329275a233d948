"""Exact counting, ranking and sampling of multisets of integers whose order statistics lie in given ranges as well.

A dynamic programme over (values taken, sum, sum of squares) goes through the integers from the lowest up, so that the
k-th value of the sorted multiset is the one with which k values are taken. A quantile between the k-th value and the
next one needs the k-th until the next is known: states that wait for it are kept apart by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias

import numpy as np

from vpresearch.core.errors import failure
from vpresearch.core.reported import Interval
from vpresearch.lattice.multisets import (
    MAX_COUNT,
    MAX_STATES,
    STRIPS,
    IntArray,
    LatticeTooLargeError,
    Tabled,
    checked,
    cumulative,
    merge,
)

# Sums and sums of squares as ascending keys, with the number of multisets of each; by the value that a quantile waits
# with, None where none waits; by the number of values taken.
_States: TypeAlias = tuple[IntArray, IntArray]
_Layers: TypeAlias = list[dict[int | None, _States]]

_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Knot:
    """The k-th of sorted integers, or a weighted mean of it and the next one, in an interval."""

    place: int
    weight: Fraction
    within: Interval

    @property
    def ends(self) -> tuple[float, float]:
        """Return the least integer that can be above it, or be it, and the greatest that can be below."""
        return self._ends(Fraction(0), Fraction(1))

    def next_to(self, value: int) -> tuple[float, float]:
        """Return the least and the greatest integer that may follow a value at its place."""
        return self._ends((1 - self.weight) * value, self.weight)

    def _ends(self, start: Fraction, weight: Fraction) -> tuple[float, float]:
        low, high = self.within.low, self.within.high
        least = -math.inf if low is None else ceiling((low - start) / weight, self.within.low_closed)
        most = math.inf if high is None else -ceiling((start - high) / weight, self.within.high_closed)
        return least, most


def ceiling(value: Fraction, closed: bool) -> int:
    """Return the least integer above a value, or equal to it where it belongs."""
    return math.ceil(value) if closed else math.floor(value) + 1


@dataclass(frozen=True)
class Ordered(Tabled):
    """Multisets of which some sorted values lie in intervals, counted from the lowest value up."""

    knots: tuple[Knot, ...] = ()

    @cached_property
    def _waits(self) -> frozenset[int]:
        """Numbers of values taken with which a quantile waits for the next value."""
        return frozenset(knot.place for knot in self.knots if knot.weight)

    @cached_property
    def _ranges(self) -> tuple[IntArray, IntArray]:
        """Bound every sorted value by the quantiles at and beyond it."""
        low, high = np.full(self.size, self.low), np.full(self.size, self.high)
        for knot in self.knots:
            least, most = knot.ends
            # Between two values a quantile is not above the second, and not below the first.
            after = knot.place - (0 if knot.weight else 1)
            low[after:] = np.maximum(low[after:], int(max(least, self.low)))
            high[: knot.place] = np.minimum(high[: knot.place], int(min(most, self.high)))
        return low, high

    @cached_property
    def _base(self) -> tuple[int, int]:
        """Factor of a sum in a key, and what is added to the sum so that no key is below zero."""
        farthest = max(-self.low, self.high, 1)
        of_total, offset = self.size * farthest**2 + 1, self.size * farthest
        if of_total * (2 * offset + 1) > MAX_COUNT:
            raise failure("beyond_64_bits", LatticeTooLargeError)
        return of_total, offset

    @cached_property
    def cost(self) -> float:
        """Upper estimate of the states of the table, known before any is made.

        With t values taken, their sum of squares lies between what their sum and the chord of their range allow, and
        so does what is left of it for the other values.
        """
        if not self.windows:
            return 0.0
        least, greatest, low, high = self._hull
        taken = np.arange(self.size + 1, dtype=np.float64)[:, None]
        left, states = self.size - taken, 0.0
        for value in range(self.low, self.high + 1):
            first = np.maximum(taken * self.low, least - left * self.high)
            last = np.minimum(taken * value, greatest - left * (value + 1))
            total = first + (last - first) * (np.arange(STRIPS) + 0.5) / STRIPS
            rest = least - total, greatest - total
            gap = np.maximum(np.maximum(rest[0], -rest[1]), 0)
            chord = np.maximum(rest[0] * (value + 1 + self.high), rest[1] * (value + 1 + self.high))
            from_low = np.maximum(total**2 / np.maximum(taken, 1), low - chord + left * (value + 1) * self.high)
            to_high = (self.low + value) * total - taken * self.low * value
            to_high = np.minimum(to_high, high - gap**2 / np.maximum(left, 1))
            # The parity of the sum is that of the sum of squares.
            squares = np.where(to_high >= from_low, (to_high - from_low) / 2 + 1, 0.0).mean(axis=1)
            states += float((squares * np.maximum(last - first + 1, 0)[:, 0]).sum())
        return states

    @cached_property
    def _before(self) -> tuple[_Layers, ...]:
        """States before each integer from the lowest up, and at last those after all."""
        if self.cost > MAX_STATES:
            raise failure("lattice_table", LatticeTooLargeError, most=MAX_STATES)
        of_total, offset = self._base
        layers: _Layers = [{} for _ in range(self.size + 1)]
        if self.windows:
            layers[0][None] = np.array([offset * of_total]), np.ones(1, dtype=np.int64)
        found = [layers]
        for value in range(self.low, self.high + 1):
            found.append(self._after(value, found[-1]))
        return tuple(found)

    def _after(self, value: int, before: _Layers) -> _Layers:
        """Take every number of copies of one integer, one more at a time."""
        of_total, _ = self._base
        layers = [dict(layer) for layer in before]
        for taken in range(self.size + 1):
            more = [states for last, states in layers[taken].items() if self._may_follow(taken, last, value)]
            if more:
                last = value if taken + 1 in self._waits else None
                old = [layers[taken + 1][last]] if last in layers[taken + 1] else []
                added = [(keys + value * of_total + value * value, ways) for keys, ways in more]
                layers[taken + 1][last] = self._alive(_merged([*old, *added]), taken + 1, value)
            # At once, as before this most of the states are there.
            waits = taken == self.size or self._ranges[1][taken] > value
            alive = layers[taken].items() if waits else ()
            layers[taken] = {last: self._alive(states, taken, value + 1) for last, states in alive}
        return layers

    def _may_follow(self, taken: int, last: int | None, value: int) -> bool:
        """Whether a value may be the next of the sorted ones."""
        if taken == self.size or not self._ranges[0][taken] <= value <= self._ranges[1][taken]:
            return False
        waiting = [
            knot.next_to(last) for knot in self.knots if knot.weight and knot.place == taken and last is not None
        ]
        return all(least <= value <= most for least, most in waiting)

    def _alive(self, states: _States, taken: int, value: int) -> _States:
        """Drop states that no values from one on can complete."""
        of_total, offset = self._base
        least, greatest, low, high = self._hull
        keys, ways = states
        total, squares = keys // of_total - offset, keys % of_total
        from_low, from_high = (ends[taken:].copy() for ends in self._ranges)
        np.maximum(from_low, value, out=from_low)
        # What the other values add up to, and the squares that they have at least and at most.
        lowest, highest = np.maximum(least - total, from_low.sum()), np.minimum(greatest - total, from_high.sum())
        left = self.size - taken
        nearest = np.maximum(np.maximum(lowest, -highest), 0)
        chord = np.maximum(lowest * (value + self.high), highest * (value + self.high)) - left * value * self.high
        alive = (lowest <= highest) & (nearest * nearest <= left * (high - squares)) & (low - squares <= chord)
        return keys[alive], ways[alive]

    @cached_property
    def _final(self) -> _States:
        return self._before[-1][self.size].get(None, (_NONE, _NONE))

    @cached_property
    def classes(self) -> tuple[tuple[int, int, int], ...]:
        """Every attained (sum, sum of squares), in ascending order, with its exact number of multisets."""
        of_total, offset = self._base
        keys, ways = self._final
        within = {window.total: (window.low, window.high) for window in self.windows}
        found = []
        for key, number in zip(keys.tolist(), ways.tolist(), strict=True):
            total, squares = key // of_total - offset, key % of_total
            low, high = within.get(total, (1, 0))
            if low <= squares <= high:
                found.append((total, squares, number))
        checked(np.array([number for _, _, number in found], dtype=np.int64))
        return tuple(found)

    def unrank(self, ranks: IntArray) -> IntArray:
        """Return the multisets of some ranks."""
        of_total, offset = self._base
        ends = cumulative(np.array([ways for _, _, ways in self.classes], dtype=np.int64))
        member = np.searchsorted(ends, ranks, side="right") - 1
        rest = ranks - ends[member]
        keys = np.array([(total + offset) * of_total + squares for total, squares, _ in self.classes], dtype=np.int64)
        walk = _Walk(keys[member], rest, np.full(len(ranks), self.size), np.full(len(ranks), self.low - 1))
        out = np.zeros((len(ranks), self.high - self.low + 1), dtype=np.int64)
        for value in range(self.high, self.low - 1, -1):
            self._take_copies(value, self._before[value - self.low], walk, out[:, value - self.low])
        return out

    def _take_copies(self, value: int, before: _Layers, walk: _Walk, copies: IntArray) -> None:
        """Take the copies of one value off, in place; of the ways to a state, those without the value come first."""
        of_total, _ = self._base
        step, none = value * of_total + value * value, self.low - 1
        for taken in range(self.size, 0, -1):
            # What waits with a lower value has none of this one.
            for last in (none, value):
                here = np.flatnonzero((walk.taken == taken) & (walk.last == last))
                here = here[~walk.passed(here, before[taken].get(None) if last == none else None, 0)]
                copies[here] += 1
                # A quantile may have waited with a lower value; else the one before is the same.
                for lower in sorted(last for last in before[taken - 1] if last is not None):
                    if self._may_follow(taken - 1, lower, value):
                        chosen = walk.passed(here, before[taken - 1][lower], step)
                        walk.last[here[chosen]] = lower
                        walk.taken[here[chosen]] -= 1
                        walk.keys[here[chosen]] -= step
                        here = here[~chosen]
                walk.last[here] = value if taken - 1 in self._waits else none
                walk.taken[here] -= 1
                walk.keys[here] -= step


@dataclass
class _Walk:
    """Where each multiset is on its way back: its state, its rank among the ways to it, the value that waits."""

    keys: IntArray
    rest: IntArray
    taken: IntArray
    last: IntArray

    def passed(self, rows: IntArray, states: _States | None, step: int) -> np.ndarray:
        """Return which rows come from some states; of the others the ways of these are taken off."""
        ways = np.zeros(len(rows), dtype=np.int64)
        if states is not None and len(states[0]):
            wanted = self.keys[rows] - step
            place = np.searchsorted(states[0], wanted).clip(max=len(states[0]) - 1)
            ways = np.where(states[0][place] == wanted, states[1][place], 0)
        chosen = self.rest[rows] < ways
        self.rest[rows[~chosen]] -= ways[~chosen]
        return chosen


def _merged(parts: Sequence[_States]) -> _States:
    """Put sorted states into one table."""
    if len(parts) == 1:
        return parts[0]
    keys, ways = (np.concatenate(each) for each in zip(*parts, strict=True))
    places, ways = merge(keys, ways)
    return keys[places], ways
