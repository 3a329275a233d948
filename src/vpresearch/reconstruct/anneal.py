"""Simulated annealing of many chains at once; it takes callables and knows no statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpresearch.errors import VPResearchError

State = NDArray[np.int64]
Energy = Callable[[State], NDArray[np.float64]]
Proposal = Callable[[np.random.Generator, State], State]


class NotFoundError(VPResearchError):
    """A search that ended without what it looked for; it proves nothing."""


def anneal(
    rng: np.random.Generator,
    start: State,
    energy: Energy,
    propose: Proposal,
    *,
    hot: float = 1.0,
    cold: float = 0.01,
    steps: int = 6000,
) -> State:
    """Lower the energy of a batch of chains until one of them reaches zero.

    Parameters
    ----------
    rng : numpy.random.Generator
    start : numpy.ndarray of int, shape (n_chains, n_variables)
    energy : callable
        From states to energies of shape (n_chains,); zero where every constraint holds, positive elsewhere.
    propose : callable
        From a generator and states to changed copies of the states.
    hot, cold : float
        First and last temperature, in units of energy; the cooling is geometric.
    steps : int
        Proposals to a chain.

    Returns
    -------
    numpy.ndarray of int, shape (n_variables,)
        The first state found with energy zero.

    Raises
    ------
    NotFoundError
        If no chain arrives, which is no proof that there is nothing to find.

    References
    ----------
    Kirkpatrick S, Gelatt CD, Vecchi MP. Science 1983;220:671-680.

    Examples
    --------
    >>> def distance(states):
    ...     return np.abs(states.sum(axis=1) - 10).astype(float)
    >>> def step(rng, states):
    ...     return states + rng.integers(-1, 2, states.shape)
    >>> found = anneal(np.random.default_rng(1), np.zeros((4, 3), dtype=np.int64), distance, step)
    >>> int(found.sum())
    10
    """
    states, energies = start, energy(start)
    for temperature in np.geomspace(hot, cold, steps):
        if not energies.min():
            break
        candidates = propose(rng, states)
        candidate_energies = energy(candidates)
        drop = np.minimum((energies - candidate_energies) / temperature, 0)
        accepted = rng.random(len(states)) < np.exp(drop)
        states = np.where(accepted[:, None], candidates, states)
        energies = np.where(accepted, candidate_energies, energies)
    if energies.min():
        raise NotFoundError(f"no chain arrived; the nearest is at {energies.min():.3g}")
    found: State = states[int(energies.argmin())]
    return found


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
