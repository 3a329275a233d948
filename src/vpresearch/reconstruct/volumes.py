"""How far two groups of values are from their printed statistics.

The energy of a candidate is a sum of distances from what is printed, each in units that make a miss of one printed
digit cost about one; it is zero exactly where all hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from vpresearch.core.reported import Reported
from vpresearch.reconstruct.anneal import (
    Energy,
    ExcessRange,
    Floats,
    Ints,
    NotFoundError,
    Proposal,
    Schedule,
    ShapiroW,
    State,
    anneal,
    mean_and_sd,
    outside,
    rank_excess,
    sums,
    tie_sum,
)
from vpresearch.reconstruct.targets import Moments, Skeleton, Target

# The pretest must be failed clearly, not by the last digit.
_NOT_NORMAL_LEVEL = 0.045
# Doubled ranks of excess that weigh as much as half a unit in the last printed place of a mean.
_RANKS_A_DIGIT = 10


class GroupEnergy:
    """Distance of the vertebrae without and with a leak from what is printed of one variable."""

    def __init__(self, aim: Target, pull: float = 0.0) -> None:
        self._pull = pull
        self._step = float(aim.step)
        self._w = ShapiroW(aim.no_leak.n, _NOT_NORMAL_LEVEL), ShapiroW(aim.leak.n, _NOT_NORMAL_LEVEL)
        self._excess = ExcessRange(aim.p, aim.no_leak.n + aim.leak.n, aim.no_leak.n)
        # The mean that is printed as the greater is taken to be the greater in ranks too.
        self._sign = 1 if aim.no_leak.mean.value > aim.leak.mean.value else -1
        self._no_leak, self._leak = self._limits(aim, aim.no_leak), self._limits(aim, aim.leak)
        self._pooled = self._limits(aim, aim.pooled) if aim.pooled is not None else []

    def __call__(self, no_leak: Ints, leak: Ints) -> Floats:
        """Return the energies, shape (n_chains,), of groups of shapes (n_chains, n_vertebrae), in steps of the grid."""
        both = np.hstack([no_leak, leak])
        own, others = sums(no_leak), sums(leak)
        energy = self._moments(no_leak.shape[1], *own, self._no_leak)
        energy += self._moments(leak.shape[1], *others, self._leak)
        energy += self._moments(both.shape[1], own[0] + others[0], own[1] + others[1], self._pooled)
        least, most = self._excess(tie_sum(both))
        miss = outside(self._sign * rank_excess(no_leak, leak), least, most)
        # By logarithm: the last tenth of a rank, which decides the last digit of p, must weigh too.
        energy += np.log1p(miss) + self._pull / _RANKS_A_DIGIT * miss
        above = [w(group) - w.critical for w, group in zip(self._w, (no_leak, leak), strict=True)]
        energy += np.maximum(0, np.minimum(*above)) * 20
        return energy

    def _limits(self, aim: Target, printed: Moments) -> list[tuple[float, float, float]]:
        """Return centre, reach and unit of the printed mean and standard deviation, in steps of the grid."""
        return [self._limit(aim, number) for number in (printed.mean, printed.sd) if number is not None]

    def _limit(self, aim: Target, printed: Reported) -> tuple[float, float, float]:
        half, centre = (float(length / aim.step) for length in (printed.half_unit, printed.value))
        # A fiftieth inside the interval, so that no rounding rule can turn a tie the other way.
        return centre - 0.98 * half, centre + 0.98 * half, half

    def _moments(self, n: int, total: Ints, squares: Ints, limits: list[tuple[float, float, float]]) -> Floats:
        energy = np.zeros(len(total))
        for moment, (low, high, half) in zip(mean_and_sd(n, total, squares), limits, strict=False):
            miss = outside(moment, low, high) / half
            energy += np.log1p(miss) + self._pull * miss
        return energy


# Cement is read off a syringe: whole and half cubic centimetres are usual, the tenths between them are not.
_USUAL_CEMENT_STEP, _USUAL_CEMENT_WEIGHT = 5, 8.0
_TYPICAL_CEMENT, _CEMENT_SPREAD = 1.8, 0.45
_SHIFTS = (-5, -2, -1, 1, 2, 5)


def draw_cement(rng: np.random.Generator, aim: Target, n_chains: int, schedule: Schedule, enough: int) -> Ints:
    """Draw pools of injected cement."""
    smallest, largest = aim.ends
    grid = np.arange(smallest, largest + 1)
    usual = np.where(grid % _USUAL_CEMENT_STEP == 0, _USUAL_CEMENT_WEIGHT, 1.0)
    odds = usual * np.exp(-0.5 * (np.log(grid * float(aim.step) / _TYPICAL_CEMENT) / _CEMENT_SPREAD) ** 2)
    odds /= odds.sum()
    start = rng.choice(grid, (n_chains, aim.no_leak.n + aim.leak.n), p=odds)
    propose = _redraw_or_shift(grid, odds, aim.no_leak.n) if schedule.local else _redraw(grid, odds)
    energy = _cement_energy(GroupEnergy(aim, schedule.pull), aim)
    _, pools = anneal(rng, start, energy, propose, schedule, enough)
    return pools


def pair(rng: np.random.Generator, pool: Ints, volumes: Ints, leak: Ints, fill: Reported | None, swaps: int) -> Ints:
    """Pair cement with vertebrae, uniformly among the pairings that hold the printed mean fill ratio, if there is one.

    A Markov chain of swaps within the leak groups, started where the mean is largest.
    """
    cement = np.empty_like(volumes)
    members = [np.flatnonzero(leak == value) for value in (0, 1)]
    groups = list(zip(members, np.split(pool, [len(members[0])]), strict=True))
    if fill is None:
        for rows, values in groups:
            cement[rows] = rng.permutation(values)
        return cement
    for rows, values in groups:
        cement[rows[np.argsort(volumes[rows], kind="stable")]] = -np.sort(-values)
    ratio = 100 / volumes
    total = float(cement @ ratio)
    # A little inside the interval, so that no rounding rule can turn a tie the other way.
    low, high = (len(volumes) * float(fill.value + sign * fill.half_unit * Fraction(99, 100)) for sign in (-1, 1))
    if total < low:
        raise NotFoundError
    for group in rng.permuted(np.repeat([0, 1], swaps)):
        first, second = rng.choice(members[group], 2, replace=False)
        change = (cement[second] - cement[first]) * (ratio[first] - ratio[second])
        # From above the interval, down is the way.
        if low <= total + change <= max(high, total):
            cement[[first, second]] = cement[[second, first]]
            total += change
    if total > high:
        raise NotFoundError
    return cement


def _cement_energy(groups: GroupEnergy, aim: Target) -> Energy:
    smallest, largest = aim.ends

    def energy(states: State, _: Ints) -> Floats:
        total = groups(states[:, : aim.no_leak.n], states[:, aim.no_leak.n :])
        total += (states.min(axis=1) - smallest) + (largest - states.max(axis=1))
        return total

    return energy


def _redraw(grid: Ints, odds: Floats) -> Proposal:
    """Redraw one value from its prior, so that what the claims leave free stays as usual as it was."""

    def propose(rng: np.random.Generator, states: State, _: Ints) -> State:
        changed = states.copy()
        changed[np.arange(len(states)), rng.integers(states.shape[1], size=len(states))] = rng.choice(
            grid, len(states), p=odds
        )
        return changed

    return propose


def _redraw_or_shift(grid: Ints, odds: Floats, n_no_leak: int) -> Proposal:
    """Redraw or shift one value, half of the time with a shift of another that keeps the sum of the group.

    Proposals are thinned out by the prior, so that they leave it as it is, like a plain redraw.
    """
    low, high, log_odds = grid[0], grid[-1], np.log(odds)

    def propose(rng: np.random.Generator, states: State, _: Ints) -> State:
        rows, n = np.arange(len(states)), len(states)
        first, second = rng.integers(states.shape[1], size=(2, n))
        redrawn = rng.random(n) < 0.5
        old, old_second = states[rows, first], states[rows, second]
        new = np.where(redrawn, rng.choice(grid, n, p=odds), old + rng.choice(_SHIFTS, n))
        paired = (rng.random(n) < 0.5) & ((first < n_no_leak) == (second < n_no_leak)) & (first != second)
        new_second = np.where(paired, old_second + old - new, old_second)
        inside = (np.minimum(new, new_second) >= low) & (np.maximum(new, new_second) <= high)
        # A redrawn value comes from the prior already; a shifted one has it to pay for.
        after, before = (
            log_odds[np.clip(second_value, low, high) - low]
            + np.where(redrawn, 0, log_odds[np.clip(value, low, high) - low])
            for value, second_value in ((new, new_second), (old, old_second))
        )
        kept = inside & (rng.random(n) < np.exp(np.minimum(after - before, 0)))
        changed = states.copy()
        changed[rows, first] = np.where(kept, new, old)
        changed[rows[paired], second[paired]] = np.where(kept, new_second, old_second)[paired]
        return changed

    return propose


# By level from T1 to L5, typical of osteoporotic women and men, cc; only the growth down the spine is used.
_TYPICAL_VOLUME = np.array(
    (8.0, 8.8, 9.7, 10.7, 11.8, 13.1, 14.7, 16.6, 18.0, 19.2, 20.5, 22.2, 24.3, 27.3, 29.8, 32.3, 35.5)
)
_BETWEEN_PATIENTS, _WITHIN_PATIENT = 0.08, 0.05
_MOST_ATYPICAL = 0.28
_GROWTH_OF_LEVEL_MEANS, _GROWTH_WITHIN_PATIENT = 8, 3


def draw_volumes(
    rng: np.random.Generator, aim: Target, skeletons: Sequence[Skeleton], schedule: Schedule, enough: int
) -> tuple[Ints, Ints, Ints]:
    """Draw vertebral volumes together with which vertebrae leak, for many skeletons at once."""
    patient = np.array([skeleton.patient for skeleton in skeletons])
    level = np.array([skeleton.level for skeleton in skeletons])
    n_chains, n = level.shape
    smallest, largest = aim.ends
    typical = _TYPICAL_VOLUME[level] / float(aim.step)
    fixed = np.stack([level.argmin(axis=1), level.argmax(axis=1)], axis=1)
    patient_size = rng.normal(0, _BETWEEN_PATIENTS, (n_chains, skeletons[0].n_patients))
    size = np.take_along_axis(patient_size, patient, axis=1) + rng.normal(0, _WITHIN_PATIENT, (n_chains, n))
    volumes = np.clip(np.rint(typical * np.exp(size)).astype(np.int64), smallest + 1, largest - 1)
    np.put_along_axis(volumes, fixed, np.array([[smallest, largest]]), axis=1)
    leak = rng.permuted(np.repeat([[0] * aim.no_leak.n + [1] * aim.leak.n], n_chains, axis=0), axis=1)
    movable = np.array([np.setdiff1d(np.arange(n), ends) for ends in fixed])
    chains, states = anneal(
        rng,
        np.hstack([volumes, leak]),
        _volume_energy(GroupEnergy(aim, schedule.pull), aim, patient, level, typical),
        _move_or_swap_leak(n, movable, smallest + 1, largest - 1),
        schedule,
        enough,
    )
    return chains, states[:, :n], states[:, n:]


def _volume_energy(groups: GroupEnergy, aim: Target, patient: Ints, level: Ints, typical: Floats) -> Energy:
    n = level.shape[1]
    by_level = np.argsort(level, axis=1, kind="stable")
    sizes = np.unique(level[0], return_counts=True)[1]
    first_of_level = np.concatenate([[0], sizes.cumsum()[:-1]])
    neighbours = patient[:, 1:] == patient[:, :-1]

    def energy(states: State, chains: Ints) -> Floats:
        volumes, leaks = states[:, :n], states[:, n:].astype(bool)
        shape = len(states), -1
        total = groups(volumes[~leaks].reshape(shape), volumes[leaks].reshape(shape))
        ordered = np.sort(volumes, axis=1)
        if aim.most_equal is not None:
            total += (ordered[:, aim.most_equal :] == ordered[:, : -aim.most_equal]).sum(axis=1)
        grouped = np.take_along_axis(volumes, by_level[chains], axis=1)
        means = np.add.reduceat(grouped, first_of_level, axis=1) / sizes
        total += np.maximum(0, _GROWTH_OF_LEVEL_MEANS - np.diff(means, axis=1)).sum(axis=1) / 10
        short = np.maximum(0, _GROWTH_WITHIN_PATIENT - np.diff(volumes, axis=1)) * neighbours[chains]
        total += short.sum(axis=1) / 20
        atypical = np.abs(np.log(volumes / typical[chains])) - _MOST_ATYPICAL
        total += np.maximum(0, atypical).sum(axis=1) * 5
        return total

    return energy


def _move_or_swap_leak(n: int, movable: Ints, low: int, high: int) -> Proposal:
    def propose(rng: np.random.Generator, states: State, chains: Ints) -> State:
        rows = np.arange(len(states))
        changed = states.copy()
        moves = rng.random(len(states)) < 0.6
        column = movable[chains, rng.integers(movable.shape[1], size=len(states))]
        moved = np.clip(states[rows, column] + _step(rng, len(states)), low, high)
        changed[rows, column] = np.where(moves, moved, states[rows, column])
        lottery, leaks = rng.random((len(states), n)), states[:, n:]
        healed, fallen = (np.where(leaks == value, lottery, 2).argmin(axis=1) for value in (1, 0))
        swaps = ~moves
        changed[rows[swaps], n + healed[swaps]] = 0
        changed[rows[swaps], n + fallen[swaps]] = 1
        return changed

    return propose


def _step(rng: np.random.Generator, size: int) -> Ints:
    return np.rint(rng.normal(0, 6, size)).astype(np.int64)
