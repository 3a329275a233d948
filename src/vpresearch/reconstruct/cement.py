"""Cement: a search for a pool of values that keep every printed statistic, then its pairing with the volumes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from vpresearch.reconstruct.anneal import Energy, NotFoundError, Proposal, Schedule, State, anneal
from vpresearch.reconstruct.batch import Floats, Ints
from vpresearch.reconstruct.groups import GroupEnergy
from vpresearch.reconstruct.targets import Target
from vpresearch.reported import Reported

# Cement is read off a syringe: whole and half cubic centimetres are usual, the tenths between them are not.
_USUAL_CEMENT_STEP, _USUAL_CEMENT_WEIGHT = 5, 8.0
_TYPICAL_CEMENT, _CEMENT_SPREAD = 1.8, 0.45
_SHIFTS = (-5, -2, -1, 1, 2, 5)


def draw_cement(rng: np.random.Generator, aim: Target, n_chains: int, schedule: Schedule, enough: int) -> Ints:
    """Draw pools of injected cement.

    Parameters
    ----------
    rng : numpy.random.Generator
    aim : Target
        Of the cement.
    n_chains : int
        Searches, each for a pool.
    schedule : Schedule
    enough : int
        How many finished pools end the search.

    Returns
    -------
    numpy.ndarray of int, shape (n_arrived, n_vertebrae)
        In steps of the grid; first the vertebrae without a leak, then those with one.
    """
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


def pair(rng: np.random.Generator, pool: Ints, volumes: Ints, leak: Ints, fill: Reported, swaps: int) -> Ints:
    """Pair cement with vertebrae, uniformly among the pairings that hold the printed mean fill ratio.

    A Markov chain of swaps within the leak groups, started where the mean is largest.

    Parameters
    ----------
    rng : numpy.random.Generator
    pool : numpy.ndarray of int, shape (n_vertebrae,)
        From ``draw_cement``.
    volumes, leak : numpy.ndarray of int, shape (n_vertebrae,)
        From ``draw_volumes``; volumes and cement in steps of one grid.
    fill : Reported
        Printed mean of cement over volume, percent.
    swaps : int
        Proposals to each leak group.

    Returns
    -------
    numpy.ndarray of int, shape (n_vertebrae,)

    Raises
    ------
    NotFoundError
        If no pairing reaches the printed mean.
    """
    cement = np.empty_like(volumes)
    members = [np.flatnonzero(leak == value) for value in (0, 1)]
    for rows, values in zip(members, np.split(pool, [len(members[0])]), strict=True):
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
