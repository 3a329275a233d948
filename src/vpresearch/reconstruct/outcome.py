"""Scores of which only overall means are printed: drawn around these, and shifted until they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vpresearch.core.reported import Reported
from vpresearch.lattice import Cell, Joint, kruskal_p_distribution
from vpresearch.published import Paper
from vpresearch.reconstruct.anneal import Floats, Ints, NotFoundError
from vpresearch.reconstruct.targets import Bearers, target

_SETTLING_STEPS = 20_000


def draw_later(rng: np.random.Generator, paper: Paper, before: Ints, month: Ints, bearers: Bearers) -> dict[str, Ints]:
    """Draw VAS at one year, and Oswestry before and at one year."""
    year = _settle(rng, paper, "vas_1y", rng.normal(0.8 * month, 0.8), bearers)
    return {
        "vas_1y": year,
        "odi_pre": _settle(rng, paper, "odi_pre", rng.normal(67 + 2.0 * (before - 8), 12), bearers),
        "odi_1y": _settle(rng, paper, "odi_1y", rng.normal(19 + 4.0 * (year - 2), 8), bearers),
    }


def _means(paper: Paper, variable: str, bearers: Bearers) -> list[tuple[Ints, Reported]]:
    """Return each printed overall mean of a variable with the weights of its unit of analysis.

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
    """Return which rows of scores print every overall mean of a variable."""
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


_COMPARED = ("vas_pre", "vas_post", "vas_1m")


@dataclass(frozen=True)
class Scores:
    """Pairs of multisets that print the group statistics of one score."""

    values: Ints
    no_leak: Ints
    leak: Ints


def list_scores(paper: Paper) -> dict[str, Scores]:
    """List the pairs of multisets of every score that is compared by leak."""
    return {variable: _scores(paper, variable) for variable in _COMPARED}


def draw_outcomes(
    rng: np.random.Generator, paper: Paper, scores: Mapping[str, Scores], bearers: Bearers, attempts: int, at_once: int
) -> dict[str, Ints]:
    """Draw every patient's VAS and Oswestry scores."""
    for before, after, month in _attempts(rng, scores, bearers, attempts, at_once):
        good = prints_means(paper, "vas_pre", before, bearers) & prints_means(paper, "vas_post", after, bearers)
        if good.any():
            first = int(good.argmax())
            compared = dict(zip(_COMPARED, (before[first], after[first], month[first]), strict=True))
            return compared | draw_later(rng, paper, before[first], month[first], bearers)
    raise NotFoundError


def _scores(paper: Paper, variable: str) -> Scores:
    grid = paper.grids[variable]
    if grid.low is None or grid.high is None:
        raise KeyError(f"the scale of {variable} is not stated")
    aim = target(paper, variable)
    without, with_leak = (
        Cell(group.n, group.mean, group.sd, grid.low, grid.high, grid.step) for group in (aim.no_leak, aim.leak)
    )
    values = np.arange(int(grid.low), int(grid.high) + 1)
    return Scores(values, *_matching(Joint(without, with_leak), aim.p))


@cache
def _matching(joint: Joint, p: Reported) -> tuple[Ints, Ints]:
    """List the count vectors of every pair that prints the p-value; once in a process, since it takes a while."""
    distribution = kruskal_p_distribution(joint)
    pairs = distribution.matching_rows(p)
    return distribution.rows.a[pairs[:, 0]], distribution.rows.b[pairs[:, 1]]


def _attempts(
    rng: np.random.Generator, scores: Mapping[str, Scores], bearers: Bearers, attempts: int, at_once: int
) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yield scores before, after and at a month, one row an attempt, that relieve every patient."""
    n = len(bearers.all)
    picks = [rng.integers(len(scores[variable].no_leak), size=attempts) for variable in _COMPARED]
    for start in range(0, attempts, at_once):
        pick = [all_picks[start : start + at_once] for all_picks in picks]
        before, good = _lay(rng, scores["vas_pre"], pick[0], bearers, rng.normal(0, 1, (len(pick[0]), n)))
        if not good.any():
            continue
        after, laid = _lay(rng, scores["vas_post"], pick[1], bearers, before + rng.normal(0, 2.0, before.shape))
        good &= laid
        if not good.any():
            continue
        month, laid = _lay(rng, scores["vas_1m"], pick[2], bearers, after + rng.normal(0, 1.5, after.shape))
        good &= laid & (after < before).all(axis=1)
        if good.any():
            yield before[good], after[good], month[good]


def _lay(
    rng: np.random.Generator, scores: Scores, picks: Ints, bearers: Bearers, lead: Floats
) -> tuple[Ints, NDArray[np.bool_]]:
    """Lay pairs of multisets over the patients; give the scores, one row an attempt, and which rows come out.

    A patient with several vertebrae takes a value that both groups have often enough left; the others then take
    what is left in the order of their ``lead``, so that scores of one patient resemble each other.
    """
    rows = np.arange(len(picks))
    left = [counts[picks] for counts in (scores.no_leak, scores.leak)]
    places = np.zeros(lead.shape, dtype=np.int64)
    good = np.ones(len(picks), dtype=bool)
    several = np.flatnonzero(bearers.all > 1)
    # Whether pain goes with the number of vertebrae is free, and decides the mean over patients: any tilt may be tried.
    tilt = np.exp(rng.uniform(-1, 1, len(picks))[:, None] * scores.values)
    for patient in several[np.argsort(-bearers.all[several], kind="stable")]:
        needs = bearers.no_leak[patient], bearers.leak[patient]
        fits = (left[0] >= needs[0]) & (left[1] >= needs[1])
        good &= fits.any(axis=1)
        if not good.any():
            return places, good
        odds = fits * tilt * left[0].astype(float) ** needs[0] * left[1].astype(float) ** needs[1]
        place = _choose(rng, odds)
        places[:, patient] = place
        left[0][rows, place] -= needs[0]
        left[1][rows, place] -= needs[1]
    for counts, bears in zip(left, (bearers.no_leak, bearers.leak), strict=True):
        single = np.flatnonzero((bearers.all == 1) & (bears == 1))
        order = single[np.argsort(lead[:, single], axis=1)]
        places[rows[:, None], order] = (counts.cumsum(axis=1)[:, None] <= np.arange(len(single))[:, None]).sum(axis=2)
    return scores.values[places * good[:, None]], good


def _choose(rng: np.random.Generator, odds: Floats) -> Ints:
    """Choose a place in each row in proportion to its odds; the first place where the row has none."""
    reach = odds.cumsum(axis=1)
    passed: Ints = (reach <= rng.random(len(odds))[:, None] * reach[:, -1:]).sum(axis=1)
    passed %= odds.shape[1]
    return passed
