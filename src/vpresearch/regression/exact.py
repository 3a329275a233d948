"""Exact conditional logistic regression on one predictor: the model ``exact``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from vpresearch.regression.design import Design, Estimate, Floats
from vpresearch.regression.firth import IMPOSSIBLE
from vpresearch.regression.logistic import gate

# Cells of the table of counts, steps in the predictor's range, and subsets that a float can count, or that are listed.
_MOST_CELLS, _FEWEST_STEPS, _MOST_STEPS, _MOST_SUBSETS, _MOST_LISTED = 8_000_000, 100, 10_000, 10**300, 200_000
# The largest denominator of a fraction that is taken for a predictor's own, and how near it lies.
_DENOMINATOR, _NEAR = 10_000, 1e-12
# From the coarsest: further lattices of a predictor's own; from the finest: lattices to round it to.
_LATTICES = [10.0**-decimals for decimals in range(7)]
_ROUND = [digit * 10.0**power for power in range(-6, 7) for digit in (1, 2, 5)]
_ROUNDING = 1e-6
# What the kind of an interval says of a predictor that is not on a lattice of its own; the step follows.
ROUNDED = ", predictor rounded to "


@dataclass(frozen=True)
class Conditional:
    """How a predictor's sum over the events is distributed, given their number.

    Sums no farther from the observed one than ``blur`` may be equal to it, or on its other side, but for rounding.
    """

    step: float
    sums: Floats
    log_counts: Floats
    blur: float = 0.0

    def probabilities(self, slope: float) -> Floats:
        """Return the probability of every sum."""
        logs = self.log_counts + slope * self.step * self.sums
        weights = np.exp(logs - logs.max())
        chances: Floats = weights / weights.sum()
        return chances

    def tail(self, slope: float, side: int) -> float:
        """Return the probability of the observed sum and of all that are, or may be, farther to a side."""
        return float(self.probabilities(slope)[side * self.sums >= -self.blur].sum())


def fit(design: Design, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit an exact conditional logistic regression on one predictor, vertebrae taken as independent.

    The intercept is conditioned out by the number of events. Clustering is ignored: vertebrae of one patient count as
    if they were of several. Few subsets are listed one by one; of more, the sums are counted on the lattice that
    ``grid`` tells. The estimate is the conditional maximum-likelihood one or, where that is infinite, the median
    unbiased one, without a standard error; at the limits either tail has half of ``alpha``, one of them infinite then;
    p is twice the smaller tail, and so agrees with the interval. Where the predictor had to be rounded, sums that the
    rounding does not tell from the observed one count for both tails: neither limits nor p come out better for it.

    Hirji KF, Mehta CR, Patel NR. J Am Stat Assoc 1987;82:1110-1117. Mehta CR, Patel NR. Stat Med 1995;14:2143-2160.
    Hirji KF, Tsiatis AA, Mehta CR. Am Stat 1989;43:7-11 (median unbiased estimate).
    """
    told = gate(design) if len(design.terms) == 2 else "not_one_predictor"
    if told in ("not_one_predictor", *IMPOSSIBLE):
        return design.failed("exact", told)
    x = design.x[:, 1]
    if not _listed(x, design.events) and math.isnan(grid(x, design.events)):
        return design.failed("exact", "too_large")
    given = conditional(x, design.y)
    slope, se = _centre(given)
    low, high = (_where(given, side, alpha / 2) for side in (1, -1))
    p = min(1.0, *(2 * given.tail(0.0, side) for side in (1, -1)))
    kinds = (
        "exact conditional" + (f"{ROUNDED}{given.step:g}" if given.blur else ""),
        "exact conditional, twice the smaller tail",
    )
    found = design.fitted("exact", slope, se, (low, high, kinds[0]), (p, kinds[1]))[1]
    # Rows that overlap by less than a step are separated on the lattice.
    reason = (told or "quasi_complete_separation") if math.isnan(se) else ""
    return design.failed("exact", "conditioned_out")[0], replace(found, reason=reason)


def _listed(x: Floats, events: int) -> bool:
    """Return whether every subset is listed: they are few, and no lattice of its own holds the predictor."""
    few = min(events, len(x) - events)
    return math.comb(len(x), few) <= _MOST_LISTED and not any(_fits(x, step, few) for step in _own(x))


def _own(x: Floats) -> list[float]:
    """Return steps of which every number of a predictor is a multiple but for the computer's rounding, if any."""
    fractions = [Fraction(value).limit_denominator(_DENOMINATOR) for value in x.tolist()]
    rational = all(
        abs(float(near) - value) <= _NEAR * max(1.0, abs(value))
        for near, value in zip(fractions, x.tolist(), strict=True)
    )
    common = math.lcm(*(near.denominator for near in fractions))
    ratios = [math.gcd(*(int(near * common) for near in fractions)) / common] if rational else []
    decimals = [step for step in _LATTICES if np.abs(x / step - np.rint(x / step)).max() < _ROUNDING]
    return [*(step for step in ratios if step > 0), *decimals[:1]]


def _fits(x: Floats, step: float, few: int) -> bool:
    """Return whether the table of counts on a lattice is small enough."""
    # The greatest common step of odd values may be so small that the quotient is beyond any number.
    if np.ptp(x) > step * _MOST_CELLS:
        return False
    return bool((few + 1) * (np.sort(_steps(x, step))[len(x) - few :].sum() + 1) <= _MOST_CELLS)


def grid(x: Floats, events: int) -> float:
    """Return the step of the lattice on which a predictor's sums are counted."""
    few = min(events, len(x) - events)
    if math.comb(len(x), few) > _MOST_SUBSETS:
        return math.nan
    coarse = [step for step in _ROUND if _FEWEST_STEPS <= np.ptp(x) / step <= _MOST_STEPS]
    return next((step for step in [*_own(x), *coarse] if _fits(x, step, few)), math.nan)


def conditional(x: Floats, y: Floats) -> Conditional:
    """Count the ways to choose the events by the sum of a predictor over them."""
    events = y > 0
    # The fewer rows are chosen; what they leave of the whole sum belongs to the others.
    side = 1 if 2 * events.sum() <= len(y) else -1
    chosen = events if side == 1 else ~events
    if _listed(x, int(events.sum())):
        return _enumerated(side * x, chosen)
    step = grid(x, int(events.sum()))
    steps = _steps(x, step)
    counts = _counts(steps, int(chosen.sum()))
    reached = np.flatnonzero(counts)
    sums = side * (reached - steps[chosen].sum())
    return Conditional(step, sums[::side].astype(float), np.log(counts[reached])[::side], _blur(x / step, chosen))


def _blur(x: Floats, chosen: NDArray[np.bool_]) -> float:
    """Return by how much rounding to whole numbers can move a sum against the chosen one."""
    error, size = x - np.floor(x + 0.5), int(chosen.sum())
    if np.abs(x - np.rint(x)).max() < _ROUNDING:
        return 0.0
    ranked, own = np.sort(error), error[chosen].sum()
    return float(max(ranked[len(x) - size :].sum() - own, own - ranked[:size].sum()))


def _enumerated(x: Floats, events: NDArray[np.bool_]) -> Conditional:
    """List the predictor's sums over all subsets; where only the computer's rounding tells two apart, they are one."""
    size = int(events.sum())
    sums = [np.zeros(1), *[np.empty(0)] * size]
    for value in x - x[events].mean():
        sums = [sums[0], *(np.append(more, fewer + value) for fewer, more in itertools.pairwise(sums))]
    ordered = np.sort(sums[size])
    noise = _NEAR * len(x) * np.abs(x).max()
    starts = np.flatnonzero(np.append(True, np.diff(ordered) > noise))
    values = np.where(np.abs(ordered[starts]) <= noise, 0.0, ordered[starts])
    return Conditional(1.0, values, np.log(np.diff(np.append(starts, len(ordered)))))


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
