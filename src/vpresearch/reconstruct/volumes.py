"""Vertebral volumes and which vertebrae leak: a search on a fine grid, each chain with a skeleton of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vpresearch.reconstruct.anneal import Energy, Proposal, Schedule, State, anneal
from vpresearch.reconstruct.batch import Floats, Ints
from vpresearch.reconstruct.groups import GroupEnergy
from vpresearch.reconstruct.skeleton import Skeleton
from vpresearch.reconstruct.targets import Target

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
    """Draw vertebral volumes together with which vertebrae leak, for many skeletons at once.

    Parameters
    ----------
    rng : numpy.random.Generator
    aim : Target
        Of the vertebral volume.
    skeletons : sequence of Skeleton, length n_chains
        With the same levels, dealt to the patients in different ways.
    schedule : Schedule
    enough : int
        How many finished datasets end the search.

    Returns
    -------
    chains : numpy.ndarray of int, shape (n_arrived,)
        Positions of the skeletons whose search has arrived, ascending.
    volumes : numpy.ndarray of int, shape (n_arrived, n_vertebrae)
        In steps of the grid.
    leak : numpy.ndarray of int, shape (n_arrived, n_vertebrae)
        0 or 1.
    """
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
