"""Statistics of many candidate datasets at once, for the searches; results are checked by other code."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chdtri

from vpresearch.core.errors import VPResearchError
from vpresearch.core.reported import Reported
from vpresearch.inference.tests import p_value_of_shortfall, weights

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Over a range as narrow as this, counting every value is quicker than sorting.
_COUNTABLE = 64


def sums(values: Ints) -> tuple[Ints, Ints]:
    """Return the sums and the sums of squares of rows."""
    return values.sum(axis=1), np.einsum("ij,ij->i", values, values)


def mean_and_sd(n: int, total: Ints, squares: Ints) -> tuple[Floats, Floats]:
    """Return means and standard deviations (divisor n - 1) from sums."""
    return total / n, np.sqrt((n * squares - total * total) / (n * (n - 1)))


def rank_excess(first: Ints, second: Ints) -> Ints:
    """Return twice the excess of the first group's rank sum over its expectation."""
    # Small integers: this is the inner loop of the search.
    x, y = first.astype(np.int16), second.astype(np.int16)
    excess: Ints = np.sign(x[:, :, None] - y[:, None, :]).reshape(len(x), -1).sum(axis=1)
    return excess


def tie_sum(values: Ints) -> Ints:
    """Return the sum of t^3 - t over the groups of equal values."""
    low, width = values.min(), int(np.ptp(values)) + 1
    if width <= _COUNTABLE:
        places = values - low + width * np.arange(len(values))[:, None]
        counts = np.bincount(places.ravel(), minlength=len(values) * width).reshape(len(values), width)
        tied: Ints = (counts**3 - counts).sum(axis=1)
        return tied
    ordered = np.sort(values.astype(np.int16), axis=1)
    ties = np.zeros(len(values), dtype=np.int64)
    # Of t equal values in a row, t - k have their equal k places on; t^3 - t is the sum of 6 k (t - k).
    for lag in range(1, values.shape[1]):
        equal = (ordered[:, lag:] == ordered[:, :-lag]).sum(axis=1)
        if not equal.any():
            break
        ties += 6 * lag * equal
    return ties


class ExcessRange:
    """The doubled rank-sum excesses whose Kruskal-Wallis p prints as a given number."""

    def __init__(self, p: Reported, n: int, n_first: int) -> None:
        interval = p.interval()
        self._n, self._variance = n, n_first * (n - n_first) * (n + 1) / 12
        # Where a printed bound leaves an end open, p reaches from 0 to 1.
        least_p, most_p = (
            max(0.0, float(interval.low or 0)),
            min(1.0, float(1 if interval.high is None else interval.high)),
        )
        self._least, self._most = float(chdtri(1, most_p)), float(chdtri(1, least_p)) if least_p else math.inf

    def __call__(self, ties: Ints) -> tuple[Floats, Floats]:
        """Return the smallest and largest absolute doubled excess for each ``tie_sum``, shapes (n_chains,)."""
        variance = self._variance * (1 - ties / (self._n**3 - self._n))
        return 2 * np.sqrt(self._least * variance), 2 * np.sqrt(self._most * variance)


class ShapiroW:
    """Shapiro-Wilk's W of rows, with the W below which p is less than a level."""

    def __init__(self, n: int, level: float) -> None:
        self._weights = weights(n)
        self._norm2 = self._weights @ self._weights
        self.critical = 1 - brentq(lambda shortfall: p_value_of_shortfall(shortfall, n) - level, 1e-9, 0.9)

    def __call__(self, values: Ints) -> Floats:
        """Return W of each row of ``values``, shape (n_chains, n)."""
        total, squares = sums(values)
        spread = squares - total * total / values.shape[1]
        w: Floats = (np.sort(values, axis=1) @ self._weights) ** 2 / self._norm2 / np.maximum(spread, 1e-12)
        return w


State = NDArray[np.int64]
# Both are told which chains the states belong to, since each chain may have constraints of its own.
Energy = Callable[[State, NDArray[np.int64]], NDArray[np.float64]]
Proposal = Callable[[np.random.Generator, State, NDArray[np.int64]], State]


class NotFoundError(VPResearchError):
    """A search that ended without what it looked for; it proves nothing."""


@dataclass(frozen=True)
class Schedule:
    """How a search goes on."""

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

    Kirkpatrick S, Gelatt CD, Vecchi MP. Science 1983;220:671-680.
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
    """Return the distance of values from an interval."""
    return np.maximum(0, np.maximum(low - values, values - high))
