"""Scores of which only overall means are printed: drawn around these, and shifted until they hold."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vpresearch.published import Paper
from vpresearch.reconstruct.anneal import NotFoundError
from vpresearch.reconstruct.batch import Floats, Ints
from vpresearch.reconstruct.skeleton import Bearers
from vpresearch.reported import Reported

_SETTLING_STEPS = 20_000


def draw_later(rng: np.random.Generator, paper: Paper, before: Ints, month: Ints, bearers: Bearers) -> dict[str, Ints]:
    """Draw VAS at one year, and Oswestry before and at one year.

    Parameters
    ----------
    rng : numpy.random.Generator
    paper : Paper
    before, month : numpy.ndarray of int, shape (n_patients,)
        VAS before and at one month, which the drawn scores follow.
    bearers : Bearers

    Returns
    -------
    dict of str to numpy.ndarray of int, shape (n_patients,)
        Scores by canonical column.

    Raises
    ------
    NotFoundError
        If no scores that print the means are found, which proves nothing.
    """
    year = _settle(rng, paper, "vas_1y", rng.normal(0.8 * month, 0.8), bearers)
    return {
        "vas_1y": year,
        "odi_pre": _settle(rng, paper, "odi_pre", rng.normal(67 + 2.0 * (before - 8), 12), bearers),
        "odi_1y": _settle(rng, paper, "odi_1y", rng.normal(19 + 4.0 * (year - 2), 8), bearers),
    }


def _means(paper: Paper, variable: str, bearers: Bearers) -> list[tuple[Ints, Reported]]:
    """Give each printed overall mean of a variable with the weights of its unit of analysis.

    A mean that is printed once, with no word on its unit, is made to hold at both.
    """
    weights = {"patients": np.ones_like(bearers.all), "vertebrae": bearers.all}
    printed = [
        claim
        for claim in paper.claims
        if claim.compute.variable == variable and claim.compute.statistic == "mean" and not claim.compute.group
    ]
    compared = any(claim.compute.variable == variable and claim.compute.statistic == "p" for claim in paper.claims)
    if len(printed) == 1 and not compared:
        return [(weight, printed[0].printed) for weight in weights.values()]
    return [(weights[claim.compute.over], claim.printed) for claim in printed]


def prints_means(paper: Paper, variable: str, scores: Ints, bearers: Bearers) -> NDArray[np.bool_]:
    """Tell which rows of scores print every overall mean of a variable.

    Parameters
    ----------
    paper : Paper
    variable : str
        Canonical column.
    scores : numpy.ndarray of int, shape (n_attempts, n_patients)
    bearers : Bearers

    Returns
    -------
    numpy.ndarray of bool, shape (n_attempts,)
    """
    prints = np.ones(len(scores), dtype=bool)
    for weights, printed in _means(paper, variable, bearers):
        n = int(weights.sum())
        totals = [total for total in range(n * int(scores.max()) + 1) if _prints(total, n, printed)]
        prints &= np.isin(scores @ weights, totals)
    return prints


@cache
def _prints(total: int, n: int, printed: Reported) -> bool:
    return Fraction(total, n) in printed.interval("half-up")


def _settle(rng: np.random.Generator, paper: Paper, variable: str, start: Floats, bearers: Bearers) -> Ints:
    """Round scores to the scale, and shift single ones until every printed mean holds."""
    grid = paper.grids[variable]
    low, high, step = (int(end) for end in (grid.low or 0, grid.high or 100, grid.step))
    scores = np.clip(step * np.rint(start / step).astype(np.int64), low, high)
    means = [
        (weights, int(weights.sum()), float(printed.value), 10**printed.decimals)
        for weights, printed in _means(paper, variable, bearers)
    ]

    def miss(values: Ints) -> float:
        # Well inside each interval: no rounding rule can then turn it the other way.
        distances: list[float] = [abs(int(weights @ values) / n - value) * unit for weights, n, value, unit in means]
        return sum((max(0.0, distance - 0.4) for distance in distances), 0.0)

    for _ in range(_SETTLING_STEPS):
        if not miss(scores):
            return scores
        shifted = scores.copy()
        patient = rng.integers(len(scores))
        shifted[patient] = np.clip(shifted[patient] + step * rng.choice([-1, 1]), low, high)
        if miss(shifted) <= miss(scores) + 0.05 * rng.exponential():
            scores = shifted
    raise NotFoundError
