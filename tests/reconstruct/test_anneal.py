"""The search arrives where it can, says so where it cannot, and is the same for the same generator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from vpresearch.core.errors import VPResearchError
from vpresearch.reconstruct import NotFoundError
from vpresearch.reconstruct.anneal import Schedule, anneal, outside

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_COOLING = Schedule(hot=1.0, cold=0.01, steps=6000, pull=0.0, local=False)
_START = np.zeros((8, 5), dtype=np.int64)


def _far_from_ten(states: Ints, chains: Ints) -> Floats:
    assert len(states) == len(chains)
    distance: Floats = np.abs(states.sum(axis=1) - 10).astype(float)
    return distance


def _step(rng: np.random.Generator, states: Ints, chains: Ints) -> Ints:
    assert len(states) == len(chains)
    return states + rng.integers(-1, 2, states.shape)


def test_chains_arrive_where_every_constraint_holds() -> None:
    chains, states = anneal(np.random.default_rng(1), _START, _far_from_ten, _step, _COOLING, enough=8)
    assert chains.tolist() == list(range(8))
    assert states.sum(axis=1).tolist() == [10] * 8
    assert len(np.unique(states, axis=0)) > 1
    assert not _START.any()


@pytest.mark.parametrize("enough", [1, 3, 8])
def test_the_search_ends_with_enough_arrivals(enough: int) -> None:
    chains, states = anneal(np.random.default_rng(2), _START, _far_from_ten, _step, _COOLING, enough=enough)
    assert enough == len(chains) == len(states)
    assert (np.diff(chains) > 0).all()
    assert (states.sum(axis=1) == 10).all()


def test_arrivals_beyond_enough_are_not_returned() -> None:
    chains, states = anneal(np.random.default_rng(2), _START + 2, _far_from_ten, _step, _COOLING, enough=3)
    assert chains.tolist() == [0, 1, 2]
    assert (states == 2).all()


def test_the_same_generator_gives_the_same_states() -> None:
    first, again, other = (
        anneal(np.random.default_rng(seed), _START, _far_from_ten, _step, _COOLING, enough=8)[1] for seed in (3, 3, 4)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_a_chain_that_has_arrived_moves_no_more() -> None:
    start = np.zeros((4, 5), dtype=np.int64)
    start[2] = 2
    chains, states = anneal(np.random.default_rng(1), start, _far_from_ten, _step, _COOLING, enough=4)
    assert chains.tolist() == [0, 1, 2, 3]
    assert states[2].tolist() == [2] * 5


def test_energies_are_of_the_chain_that_they_are_asked_for() -> None:
    goals = np.array([3, -4, 12, 0])

    def far_from_its_goal(states: Ints, chains: Ints) -> Floats:
        distance: Floats = np.abs(states.sum(axis=1) - goals[chains]).astype(float)
        return distance

    start = np.zeros((4, 2), dtype=np.int64)
    chains, states = anneal(np.random.default_rng(1), start, far_from_its_goal, _step, _COOLING, enough=4)
    assert states.sum(axis=1).tolist() == goals[chains].tolist() == goals.tolist()


def test_what_cannot_be_found_is_not_found() -> None:
    def never(states: Ints, _: Ints) -> Floats:
        height: Floats = 1.0 + np.abs(states).sum(axis=1)
        return height

    chains, states = anneal(np.random.default_rng(1), _START, never, _step, replace(_COOLING, steps=50), enough=1)
    assert (len(chains), states.shape) == (0, (0, 5))
    assert issubclass(NotFoundError, VPResearchError)


def test_an_arrival_at_the_last_step_counts() -> None:
    def one_step_away(rng: np.random.Generator, states: Ints, _: Ints) -> Ints:
        return states + 10

    start = np.zeros((1, 1), dtype=np.int64)
    chains, states = anneal(
        np.random.default_rng(1), start, _far_from_ten, one_step_away, replace(_COOLING, steps=1), enough=1
    )
    assert (chains.tolist(), states.tolist()) == ([0], [[10]])


def test_heat_crosses_a_barrier_that_cold_does_not() -> None:
    barrier = np.array([3.0, 4.0, 5.0, 4.0, 0.0])

    def energy(states: Ints, _: Ints) -> Floats:
        height: Floats = barrier[states[:, 0]]
        return height

    def walk(rng: np.random.Generator, states: Ints, _: Ints) -> Ints:
        moved: Ints = np.clip(states + rng.choice([-1, 1], states.shape), 0, 4)
        return moved

    start = np.zeros((16, 1), dtype=np.int64)
    arrived = [
        len(anneal(np.random.default_rng(1), start, energy, walk, Schedule(heat, heat, 300, 0.0, False), enough=16)[0])
        for heat in (2.0, 0.01)
    ]
    assert arrived == [16, 0]


def test_distance_from_an_interval() -> None:
    values = np.array([-1.0, 1.0, 2.0, 3.0, 7.5])
    assert outside(values, 1, 3).tolist() == [2, 0, 0, 0, 4.5]
    assert outside(values, np.array([0, 2, 2, 2, 2.0]), np.array([1, 2, 3, 2, 9.0])).tolist() == [1, 1, 0, 1, 0]
