"""Exact conditional logistic regression on one predictor: the model ``exact``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from vpresearch.regression.design import Design, Estimate, Floats
from vpresearch.regression.firth import IMPOSSIBLE
from vpresearch.regression.logistic import gate

# Cells of the table of counts, steps in the predictor's range, and subsets that a float can count.
_MOST_CELLS, _FEWEST_STEPS, _MOST_STEPS, _MOST_SUBSETS = 8_000_000, 100, 10_000, 10**300
# From the coarsest: lattices of a predictor's own; from the finest: lattices to round it to.
_LATTICES = [10.0**-decimals for decimals in range(7)]
_ROUND = [digit * 10.0**power for power in range(-6, 7) for digit in (1, 2, 5)]
_ROUNDING = 1e-6
# What the kind of an interval says of a predictor that is not on a lattice of its own; the step follows.
ROUNDED = ", predictor rounded to "


@dataclass(frozen=True)
class Conditional:
    """How a predictor's sum over the events is distributed, given their number."""

    step: float
    sums: Floats
    log_counts: Floats

    def probabilities(self, slope: float) -> Floats:
        """Return the probability of every sum."""
        logs = self.log_counts + slope * self.step * self.sums
        weights = np.exp(logs - logs.max())
        chances: Floats = weights / weights.sum()
        return chances

    def tail(self, slope: float, side: int) -> float:
        """Return the probability of the observed sum and of all that are farther to a side."""
        return float(self.probabilities(slope)[side * self.sums >= 0].sum())


def fit(design: Design, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit an exact conditional logistic regression on one predictor, vertebrae taken as independent.

    The intercept is conditioned out by the number of events. Clustering is ignored: vertebrae of one patient count as
    if they were of several, so that the method is exact for independent vertebrae only.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1 and one predictor, which is put on the lattice that ``grid`` tells.
    alpha : float
        One minus the coverage of the interval.

    Returns
    -------
    tuple of Estimate
        The conditional maximum-likelihood estimate or, where that is infinite, the median unbiased one, without a
        standard error; the limits at which either tail has half of ``alpha``, one of them infinite then; p is twice the
        smaller tail, and so agrees with the interval.

    References
    ----------
    Hirji KF, Mehta CR, Patel NR. J Am Stat Assoc 1987;82:1110-1117. Mehta CR, Patel NR. Stat Med 1995;14:2143-2160.
    Hirji KF, Tsiatis AA, Mehta CR. Am Stat 1989;43:7-11 (median unbiased estimate).

    Examples
    --------
    >>> x = np.column_stack([np.ones(6), np.arange(6.0)])
    >>> y = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    >>> intercept, fill = fit(Design("leak", y, x, ("intercept", "fill"), ("", ""), np.arange(6)))
    >>> round(fill.estimate, 4), round(fill.ci_low, 4), round(fill.ci_high, 4), round(fill.p_value, 4)
    (0.9566, -0.2939, 3.713, 0.2)
    >>> intercept.reason
    'conditioned_out'
    """
    told = gate(design) if len(design.terms) == 2 else "not_one_predictor"
    if told in ("not_one_predictor", *IMPOSSIBLE):
        return design.failed("exact", told)
    x = design.x[:, 1]
    if math.isnan(grid(x, design.events)):
        return design.failed("exact", "too_large")
    given = conditional(x, design.y)
    slope, se = _centre(given)
    low, high = (_where(given, side, alpha / 2) for side in (1, -1))
    p = min(1.0, *(2 * given.tail(0.0, side) for side in (1, -1)))
    kinds = "exact conditional" + _rounding(x, given.step), "exact conditional, twice the smaller tail"
    found = design.fitted("exact", slope, se, (low, high, kinds[0]), (p, kinds[1]))[1]
    # Rows that overlap by less than a step are separated on the lattice.
    reason = (told or "quasi_complete_separation") if math.isnan(se) else ""
    return design.failed("exact", "conditioned_out")[0], replace(found, reason=reason)


def _rounding(x: Floats, step: float) -> str:
    """Say to what the predictor was rounded, if it was."""
    return "" if np.abs(x / step - np.rint(x / step)).max() < _ROUNDING else f"{ROUNDED}{step:g}"


def grid(x: Floats, events: int) -> float:
    """Return the step of the lattice on which a predictor's sums are counted."""
    few = min(events, len(x) - events)
    if math.comb(len(x), few) > _MOST_SUBSETS:
        return math.nan
    own = [step for step in _LATTICES if np.abs(x / step - np.rint(x / step)).max() < _ROUNDING]
    coarse = [step for step in _ROUND if _FEWEST_STEPS <= np.ptp(x) / step <= _MOST_STEPS]
    for step in [*own[:1], *coarse]:
        largest = np.sort(_steps(x, step))[len(x) - few :]
        if (few + 1) * (largest.sum() + 1) <= _MOST_CELLS:
            return step
    return math.nan


def conditional(x: Floats, y: Floats) -> Conditional:
    """Count the ways to choose the events by the sum of a predictor over them."""
    step, events = grid(x, int(y.sum())), y > 0
    # The fewer rows are chosen; what they leave of the whole sum belongs to the others.
    side = 1 if 2 * events.sum() <= len(y) else -1
    chosen = events if side == 1 else ~events
    steps = _steps(x, step)
    counts = _counts(steps, int(chosen.sum()))
    reached = np.flatnonzero(counts)
    sums = side * (reached - steps[chosen].sum())
    return Conditional(step, sums[::side].astype(float), np.log(counts[reached])[::side])


def _steps(x: Floats, step: float) -> NDArray[np.int64]:
    """Round a predictor, half up, to whole steps above its least value."""
    whole = np.floor(x / step + 0.5).astype(np.int64)
    steps: NDArray[np.int64] = whole - whole.min()
    return steps


def _counts(steps: NDArray[np.int64], size: int) -> Floats:
    """Count the subsets of a size by their sum, row by row; as counts are only ever added, they keep their digits."""
    values, n = np.sort(steps).tolist(), len(steps)
    total = [0, *np.cumsum(values).tolist()]
    table = np.zeros((size + 1, total[n] - total[n - size] + 1))
    table[0, 0] = 1
    for row, value in enumerate(values):
        # Largest first, so that no row counts twice; only sizes that can still become the whole one.
        for have in range(min(row, size - 1), max(0, size - (n - row)) - 1, -1):
            low, end = total[have], total[row] - total[row - have] + 1
            table[have + 1, low + value : end + value] += table[have, low:end]
    counts: Floats = table[size]
    return counts


def _centre(given: Conditional) -> tuple[float, float]:
    """Return the conditional maximum-likelihood estimate and its standard error, or the median unbiased estimate."""
    if 0 in given.sums[[0, -1]]:
        halves = [_where(given, side, 0.5) for side in (-1, 1)]
        return next(half for half in halves if math.isfinite(half)), math.nan
    slope = _root(lambda slope: float(given.probabilities(slope) @ given.sums), given)
    return slope, 1 / (given.step * math.sqrt(given.probabilities(slope) @ given.sums**2))


def _where(given: Conditional, side: int, level: float) -> float:
    """Find the slope at which the tail on a side has a probability; infinite where that tail is everything."""
    if (side * given.sums >= 0).all():
        return -side * math.inf
    return _root(lambda slope: side * (given.tail(slope, side) - level), given)


def _root(rising: Callable[[float], float], given: Conditional) -> float:
    """Find the root of a rising function of the slope."""
    chances = given.probabilities(0.0)
    spread = math.sqrt(chances @ given.sums**2 - (chances @ given.sums) ** 2) * given.step
    low, high = -1 / spread, 1 / spread
    while rising(low) > 0:
        low *= 2
    while rising(high) < 0:
        high *= 2
    return float(brentq(rising, low, high, xtol=1e-14 / spread, rtol=1e-13))
