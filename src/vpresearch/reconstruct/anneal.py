"""Simulated annealing of many chains at once; it takes callables and knows no statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpresearch.errors import VPResearchError

State = NDArray[np.int64]
# Both are told which chains the states belong to, since each chain may have constraints of its own.
Energy = Callable[[State, NDArray[np.int64]], NDArray[np.float64]]
Proposal = Callable[[np.random.Generator, State, NDArray[np.int64]], State]


class NotFoundError(VPResearchError):
    """A search that ended without what it looked for; it proves nothing."""


@dataclass(frozen=True)
class Schedule:
    """How a search goes on.

    Attributes
    ----------
    hot, cold : float
        First and last temperature, in units of energy; the cooling is geometric.
    steps : int
        Proposals to a chain.
    pull : float
        What a candidate that is far off pays for every further digit; see ``GroupEnergy``.
    local : bool
        Whether cement may also move by steps and in pairs; see ``draw_cement``.
    """

    hot: float
    cold: float
    steps: int
    pull: float
    local: bool


def anneal(
    rng: np.random.Generator,
    start: State,
    energy: Energy,
    propose: Proposal,
    schedule: Schedule,
    enough: int,
) -> tuple[NDArray[np.int64], State]:
    """Lower the energy of a batch of chains until enough of them have reached zero.

    A chain that has arrived moves no more.

    Parameters
    ----------
    rng : numpy.random.Generator
    start : numpy.ndarray of int, shape (n_chains, n_variables)
    energy : callable
        From states and the numbers of their chains to energies of shape (n_states,); zero where every constraint
        holds, positive elsewhere.
    propose : callable
        From a generator, states and the numbers of their chains to changed copies of the states.
    schedule : Schedule
    enough : int
        How many arrivals end the search; no more are returned.

    Returns
    -------
    chains : numpy.ndarray of int, shape (n_arrived,)
        Numbers of the chains that have arrived, ascending; empty where none has, which is no proof that there is
        nothing to find.
    states : numpy.ndarray of int, shape (n_arrived, n_variables)
        Their states, with energy zero.

    References
    ----------
    Kirkpatrick S, Gelatt CD, Vecchi MP. Science 1983;220:671-680.

    Examples
    --------
    >>> def distance(states, chains):
    ...     return np.abs(states.sum(axis=1) - 10).astype(float)
    >>> def step(rng, states, chains):
    ...     return states + rng.integers(-1, 2, states.shape)
    >>> start = np.zeros((4, 3), dtype=np.int64)
    >>> schedule = Schedule(hot=1.0, cold=0.01, steps=1000, pull=0.0, local=False)
    >>> chains, states = anneal(np.random.default_rng(1), start, distance, step, schedule, enough=4)
    >>> states.sum(axis=1).tolist()
    [10, 10, 10, 10]
    """
    last = start.copy()
    moving = np.arange(len(start))
    states, energies = start, energy(start, moving)
    for temperature in np.geomspace(schedule.hot, schedule.cold, schedule.steps):
        here = energies == 0
        if here.any():
            last[moving] = states
            moving, states, energies = moving[~here], states[~here], energies[~here]
            if len(start) - len(moving) >= enough or not len(moving):
                break
        candidates = propose(rng, states, moving)
        candidate_energies = energy(candidates, moving)
        drop = np.minimum((energies - candidate_energies) / temperature, 0)
        accepted = rng.random(len(states)) < np.exp(drop)
        states = np.where(accepted[:, None], candidates, states)
        energies = np.where(accepted, candidate_energies, energies)
    last[moving] = states
    chains = np.setdiff1d(np.arange(len(start)), moving[energies > 0])[:enough]
    return chains, last[chains]


def outside(
    values: NDArray[Any], low: float | NDArray[np.float64], high: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the distance of values from an interval.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
    low, high : float or numpy.ndarray of float, shape (n,)

    Returns
    -------
    numpy.ndarray of float, shape (n,)

    Examples
    --------
    >>> outside(np.array([0.0, 2.0, 5.0]), 1, 3).tolist()
    [1.0, 0.0, 2.0]
    """
    return np.maximum(0, np.maximum(low - values, values - high))
