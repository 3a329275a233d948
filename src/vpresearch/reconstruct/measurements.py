"""Volumes and cement on a fine grid: a search for values that keep every printed statistic.

The energy of a candidate is a sum of distances from what is printed, each in units that make a miss of one printed
digit cost about one; it is zero exactly where all hold.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from vpresearch.published import Paper
from vpresearch.reconstruct.anneal import Energy, NotFoundError, Proposal, State, anneal, outside
from vpresearch.reconstruct.batch import Floats, Ints, ShapiroW, excess_range, mean_and_sd, rank_excess, tie_sum
from vpresearch.reconstruct.skeleton import LEVELS, Skeleton
from vpresearch.reconstruct.targets import Moments, Target, target
from vpresearch.reported import Reported

_CHAINS = 64
# The pretest must be failed clearly, not by the last digit.
_NOT_NORMAL_LEVEL = 0.045

# Body volumes typical of osteoporotic women and men in cc; only their growth down the spine is used.
_TYPICAL_VOLUME = dict(
    zip(
        LEVELS,
        (8.0, 8.8, 9.7, 10.7, 11.8, 13.1, 14.7, 16.6, 18.0, 19.2, 20.5, 22.2, 24.3, 27.3, 29.8, 32.3, 35.5),
        strict=True,
    )
)
_BETWEEN_PATIENTS, _WITHIN_PATIENT = 0.08, 0.05
_MOST_ATYPICAL = 0.28
_GROWTH_OF_LEVEL_MEANS, _GROWTH_WITHIN_PATIENT = 8, 3

# Cement is read off a syringe: whole and half cubic centimetres are usual, the tenths between them are not.
_USUAL_CEMENT_STEP, _USUAL_CEMENT_WEIGHT = 5, 8.0
_TYPICAL_CEMENT, _CEMENT_SPREAD = 1.8, 0.45


def draw_volumes(rng: np.random.Generator, paper: Paper, skeleton: Skeleton) -> tuple[Ints, Ints]:
    """Draw vertebral volumes together with which vertebrae leak.

    Parameters
    ----------
    rng : numpy.random.Generator
    paper : Paper
    skeleton : Skeleton

    Returns
    -------
    volumes : numpy.ndarray of int, shape (n_vertebrae,)
        In steps of the grid.
    leak : numpy.ndarray of int, shape (n_vertebrae,)
        0 or 1.

    Raises
    ------
    NotFoundError
        If the search does not arrive, which proves nothing.
    """
    aim = target(paper, "vertebral_volume_cc")
    n = len(skeleton.level)
    smallest, largest = _ends(aim)
    typical = np.array([_TYPICAL_VOLUME[LEVELS[level]] for level in skeleton.level]) / float(aim.step)
    fixed = np.array([np.flatnonzero(skeleton.level == skeleton.level.min())[0], int(skeleton.level.argmax())])
    patient_size = rng.normal(0, _BETWEEN_PATIENTS, (_CHAINS, skeleton.n_patients))[:, skeleton.patient]
    volumes = typical * np.exp(patient_size + rng.normal(0, _WITHIN_PATIENT, (_CHAINS, n)))
    volumes = np.clip(np.rint(volumes).astype(np.int64), smallest + 1, largest - 1)
    volumes[:, fixed] = smallest, largest
    leak = rng.permuted(np.repeat([[0] * aim.no_leak.n + [1] * aim.leak.n], _CHAINS, axis=0), axis=1)
    movable = np.setdiff1d(np.arange(n), fixed)
    found = anneal(
        rng,
        np.hstack([volumes, leak]),
        _volume_energy(aim, skeleton, typical),
        _move_or_swap_leak(n, movable, smallest + 1, largest - 1),
        hot=1.0,
        cold=0.05,
    )
    return found[:n], found[n:]


def draw_cement(rng: np.random.Generator, paper: Paper, volumes: Ints, leak: Ints) -> Ints:
    """Draw the injected cement of every vertebra.

    Parameters
    ----------
    rng : numpy.random.Generator
    paper : Paper
    volumes, leak : numpy.ndarray of int, shape (n_vertebrae,)
        From ``draw_volumes``.

    Returns
    -------
    numpy.ndarray of int, shape (n_vertebrae,)
        In steps of the grid; paired with the volumes so that the printed mean fill ratio holds.

    Raises
    ------
    NotFoundError
        If the search does not arrive, which proves nothing.
    """
    aim = target(paper, "cement_volume_cc")
    smallest, largest = _ends(aim)
    grid = np.arange(smallest, largest + 1)
    usual = np.where(grid % _USUAL_CEMENT_STEP == 0, _USUAL_CEMENT_WEIGHT, 1.0)
    odds = usual * np.exp(-0.5 * (np.log(grid * float(aim.step) / _TYPICAL_CEMENT) / _CEMENT_SPREAD) ** 2)
    n = aim.no_leak.n + aim.leak.n
    odds /= odds.sum()
    start = rng.choice(grid, (_CHAINS, n), p=odds)
    pool = anneal(rng, start, _cement_energy(aim), _redraw(grid, odds), hot=1.0, cold=0.05)
    fill = next(claim for claim in paper.claims if claim.id == "results.fill_ratio.mean").printed
    return _pair(rng, pool, aim.no_leak.n, volumes, leak, fill)


def _ends(aim: Target) -> tuple[int, int]:
    if aim.minimum is None or aim.maximum is None:
        raise KeyError(f"the minimum and maximum of {aim.variable} are not printed")
    return round(aim.minimum.value / aim.step), round(aim.maximum.value / aim.step)


# -- energies ----------------------------------------------------------------------------------------------------


class _GroupEnergy:
    """Distance of two groups from their printed statistics."""

    def __init__(self, aim: Target) -> None:
        self._aim = aim
        self._w = ShapiroW(aim.no_leak.n, _NOT_NORMAL_LEVEL), ShapiroW(aim.leak.n, _NOT_NORMAL_LEVEL)
        # The mean that is printed as the greater is taken to be the greater in ranks too.
        self._sign = 1 if aim.no_leak.mean.value > aim.leak.mean.value else -1

    def __call__(self, no_leak: State, leak: State) -> Floats:
        aim = self._aim
        both = np.hstack([no_leak, leak])
        energy: Floats = self._moments(no_leak, aim.no_leak) + self._moments(leak, aim.leak)
        if aim.pooled is not None:
            energy += self._moments(both, aim.pooled)
        least, most = excess_range(aim.p, both.shape[1], no_leak.shape[1], tie_sum(both))
        excess = self._sign * rank_excess(no_leak, leak)
        # By logarithm: the last tenth of a rank, which decides the last digit of p, must weigh too.
        energy += np.log1p(outside(excess, least, most))
        above = [w(group.astype(float)) - w.critical for w, group in zip(self._w, (no_leak, leak), strict=True)]
        energy += np.maximum(0, np.minimum(*above)) * 20
        return energy

    def _moments(self, values: State, printed: Moments) -> Floats:
        means, sds = mean_and_sd(values.astype(float))
        return self._distance(means, printed.mean) + (
            self._distance(sds, printed.sd) if printed.sd is not None else np.zeros(len(values))
        )

    def _distance(self, values: Floats, printed: Reported) -> Floats:
        half, centre = (float(length / self._aim.step) for length in (printed.half_unit, printed.value))
        # A fiftieth inside the interval, so that no rounding rule can turn a tie the other way.
        return np.log1p(outside(values, centre - 0.98 * half, centre + 0.98 * half) / half)


def _volume_energy(aim: Target, skeleton: Skeleton, typical: Floats) -> Energy:
    groups = _GroupEnergy(aim)
    n = len(typical)
    level_means = np.array(
        [(skeleton.level == level) / (skeleton.level == level).sum() for level in np.unique(skeleton.level)]
    ).T
    lower = np.flatnonzero(skeleton.patient[1:] == skeleton.patient[:-1])

    def energy(states: State) -> Floats:
        volumes, leaks = states[:, :n], states[:, n:].astype(bool)
        shape = len(states), -1
        total = groups(volumes[~leaks].reshape(shape), volumes[leaks].reshape(shape))
        ordered = np.sort(volumes, axis=1)
        if aim.most_equal is not None:
            total += (ordered[:, aim.most_equal :] == ordered[:, : -aim.most_equal]).sum(axis=1)
        total += np.maximum(0, _GROWTH_OF_LEVEL_MEANS - np.diff(volumes @ level_means, axis=1)).sum(axis=1) / 10
        growth = volumes[:, lower + 1] - volumes[:, lower]
        total += np.maximum(0, _GROWTH_WITHIN_PATIENT - growth).sum(axis=1) / 20
        atypical = np.abs(np.log(volumes / typical)) - _MOST_ATYPICAL
        total += np.maximum(0, atypical).sum(axis=1) * 5
        return total

    return energy


def _cement_energy(aim: Target) -> Energy:
    groups = _GroupEnergy(aim)
    smallest, largest = _ends(aim)

    def energy(states: State) -> Floats:
        total = groups(states[:, : aim.no_leak.n], states[:, aim.no_leak.n :])
        total += (states.min(axis=1) - smallest) + (largest - states.max(axis=1))
        return total

    return energy


# -- moves -------------------------------------------------------------------------------------------------------


def _redraw(grid: Ints, odds: Floats) -> Proposal:
    """Redraw one value from its prior, so that what the claims leave free stays as usual as it was."""

    def propose(rng: np.random.Generator, states: State) -> State:
        changed = states.copy()
        changed[np.arange(len(states)), rng.integers(states.shape[1], size=len(states))] = rng.choice(
            grid, len(states), p=odds
        )
        return changed

    return propose


def _move_or_swap_leak(n: int, movable: Ints, low: int, high: int) -> Proposal:
    def propose(rng: np.random.Generator, states: State) -> State:
        chains = np.arange(len(states))
        changed = states.copy()
        moves = rng.random(len(states)) < 0.6
        column = rng.choice(movable, len(states))
        moved = np.clip(states[chains, column] + _step(rng, len(states)), low, high)
        changed[chains, column] = np.where(moves, moved, states[chains, column])
        lottery, leaks = rng.random((len(states), n)), states[:, n:]
        healed, fallen = (np.where(leaks == value, lottery, 2).argmin(axis=1) for value in (1, 0))
        swaps = ~moves
        changed[chains[swaps], n + healed[swaps]] = 0
        changed[chains[swaps], n + fallen[swaps]] = 1
        return changed

    return propose


def _step(rng: np.random.Generator, size: int) -> Ints:
    return np.rint(rng.normal(0, 6, size)).astype(np.int64)


def _pair(rng: np.random.Generator, pool: Ints, n_no_leak: int, volumes: Ints, leak: Ints, fill: Reported) -> Ints:
    """Pair cement with vertebrae, uniformly among the pairings that hold the printed mean fill ratio.

    A Markov chain of swaps within the leak groups, started where the mean is largest.
    """
    cement = np.empty_like(volumes)
    members = [np.flatnonzero(leak == value) for value in (0, 1)]
    for rows, values in zip(members, (pool[:n_no_leak], pool[n_no_leak:]), strict=True):
        cement[rows[np.argsort(volumes[rows], kind="stable")]] = -np.sort(-values)
    ratio = 100 / volumes
    total = float(cement @ ratio)
    # A little inside the interval, so that no rounding rule can turn a tie the other way.
    low, high = (len(volumes) * float(fill.value + sign * fill.half_unit * Fraction(99, 100)) for sign in (-1, 1))
    if total < low:
        raise NotFoundError("no pairing of this cement with these volumes reaches the printed mean fill ratio")
    for group in rng.permuted(np.repeat([0, 1], 1000)):
        first, second = rng.choice(members[group], 2, replace=False)
        change = (cement[second] - cement[first]) * (ratio[first] - ratio[second])
        if low <= total + change <= high:
            cement[[first, second]] = cement[[second, first]]
            total += change
    return cement
