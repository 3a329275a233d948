"""Pain and disability: a patient's scores, counted once for each vertebra in the printed group statistics.

The multisets of the two leak groups are drawn by the exact lattice engine, uniformly among all that print the means,
the standard deviations and the p-value; then they are laid over the patients, whose vertebrae share one value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpresearch.lattice import Cell, Joint, kruskal_p_distribution
from vpresearch.published import Paper
from vpresearch.reconstruct.anneal import NotFoundError
from vpresearch.reconstruct.batch import Floats, Ints
from vpresearch.reconstruct.skeleton import Skeleton
from vpresearch.reconstruct.targets import target
from vpresearch.reported import Reported

_ATTEMPTS = 2000
_SETTLING_STEPS = 20_000


@dataclass(frozen=True)
class Bearers:
    """How many vertebrae of each kind bear a patient's value.

    Attributes
    ----------
    no_leak, leak : numpy.ndarray of int, shape (n_patients,)
    """

    no_leak: Ints
    leak: Ints

    @classmethod
    def of(cls, skeleton: Skeleton, leak: Ints) -> Bearers:
        """Count the vertebrae of each patient; ``leak`` has shape (n_vertebrae,)."""
        n = skeleton.n_patients
        with_leak = np.bincount(skeleton.patient, leak, n).astype(np.int64)
        return cls(np.bincount(skeleton.patient, minlength=n) - with_leak, with_leak)

    @property
    def all(self) -> Ints:
        """Vertebrae of each patient."""
        return self.no_leak + self.leak


def draw_outcomes(rng: np.random.Generator, paper: Paper, skeleton: Skeleton, leak: Ints) -> dict[str, Ints]:
    """Draw every patient's VAS and Oswestry scores.

    Parameters
    ----------
    rng : numpy.random.Generator
    paper : Paper
    skeleton : Skeleton
    leak : numpy.ndarray of int, shape (n_vertebrae,)
        0 or 1.

    Returns
    -------
    dict of str to numpy.ndarray of int, shape (n_patients,)
        Scores by canonical column.

    Raises
    ------
    NotFoundError
        If the scores found do not fit the patients, which proves nothing.
    """
    bearers = Bearers.of(skeleton, leak)
    pairs = {variable: _group_scores(rng, paper, variable) for variable in ("vas_pre", "vas_post", "vas_1m")}
    for attempt in range(_ATTEMPTS):
        before = _lay(rng, pairs["vas_pre"], attempt, bearers, rng.normal(0, 1, skeleton.n_patients))
        after = _lay(rng, pairs["vas_post"], attempt, bearers, _like(rng, before, 2.0))
        month = _lay(rng, pairs["vas_1m"], attempt, bearers, _like(rng, after, 1.5))
        if before is None or after is None or month is None:
            continue
        relieved = bool((after < before).all())
        if relieved and _prints(paper, "vas_pre", before, bearers) and _prints(paper, "vas_post", after, bearers):
            return {"vas_pre": before, "vas_post": after, "vas_1m": month, **_later(rng, paper, before, month, bearers)}
    raise NotFoundError("no scores that print the group statistics were found to fit the patients")


def _group_scores(rng: np.random.Generator, paper: Paper, variable: str) -> tuple[Ints, Ints]:
    """Draw pairs of multisets of the leak groups, shapes (n_attempts, n_vertebrae of the group), ascending."""
    grid = paper.grids[variable]
    if grid.low is None or grid.high is None:
        raise KeyError(f"the scale of {variable} is not stated")
    aim = target(paper, variable)
    without, with_leak = (
        Cell(group.n, group.mean, group.sd, grid.low, grid.high, grid.step) for group in (aim.no_leak, aim.leak)
    )
    counts = kruskal_p_distribution(Joint(without, with_leak)).sample(_ATTEMPTS, rng, aim.p)
    values = np.arange(int(grid.low), int(grid.high) + 1)
    no_leak, leak = (np.stack([np.repeat(values, row) for row in group]) for group in counts)
    return no_leak, leak


def _lay(
    rng: np.random.Generator, pairs: tuple[Ints, Ints], attempt: int, bearers: Bearers, lead: Floats | None
) -> Ints | None:
    """Lay a pair of multisets over the patients; None where it does not come out.

    A patient with several vertebrae takes a value that both groups have often enough left; the others then take
    what is left in the order of their ``lead``, so that scores of one patient resemble each other.
    """
    if lead is None:
        return None
    left = [np.bincount(group[attempt], minlength=101) for group in pairs]
    scores = np.zeros(len(lead), dtype=np.int64)
    several = np.flatnonzero(bearers.all > 1)
    # Whether pain goes with the number of vertebrae is free, and decides the mean over patients: any tilt may be tried.
    tilt = np.exp(rng.uniform(-1, 1) * np.arange(len(left[0])))
    for patient in several[np.argsort(-bearers.all[several], kind="stable")]:
        needs = bearers.no_leak[patient], bearers.leak[patient]
        fits = (left[0] >= needs[0]) & (left[1] >= needs[1])
        odds = fits * tilt * left[0].astype(float) ** needs[0] * left[1].astype(float) ** needs[1]
        if not odds.any():
            return None
        scores[patient] = rng.choice(len(odds), p=odds / odds.sum())
        left[0][scores[patient]] -= needs[0]
        left[1][scores[patient]] -= needs[1]
    for counts, bears in zip(left, (bearers.no_leak, bearers.leak), strict=True):
        single = np.flatnonzero((bearers.all == 1) & (bears == 1))
        scores[single[np.argsort(lead[single])]] = np.repeat(np.arange(len(counts)), counts)
    return scores


def _like(rng: np.random.Generator, scores: Ints | None, noise: float) -> Floats | None:
    return None if scores is None else scores + rng.normal(0, noise, len(scores))


# -- scores of which only overall means are printed --------------------------------------------------------------


def _later(rng: np.random.Generator, paper: Paper, before: Ints, month: Ints, bearers: Bearers) -> dict[str, Ints]:
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


def _prints(paper: Paper, variable: str, scores: Ints | None, bearers: Bearers) -> bool:
    return scores is not None and all(
        int(weights @ scores) / int(weights.sum()) in printed.interval("half-up")
        for weights, printed in _means(paper, variable, bearers)
    )


def _settle(rng: np.random.Generator, paper: Paper, variable: str, start: Floats, bearers: Bearers) -> Ints:
    """Round scores to the scale, and shift single ones until every printed mean holds."""
    grid = paper.grids[variable]
    low, high, step = (int(end) for end in (grid.low or 0, grid.high or 100, grid.step))
    scores = np.clip(step * np.rint(start / step).astype(np.int64), low, high)
    means = _means(paper, variable, bearers)

    def miss(values: Ints) -> float:
        # Well inside each interval: no rounding rule can then turn it the other way.
        distances: list[float] = [
            abs(int(weights @ values) / int(weights.sum()) - float(printed.value)) * 10**printed.decimals
            for weights, printed in means
        ]
        return sum(max(0.0, distance - 0.4) for distance in distances)

    for _ in range(_SETTLING_STEPS):
        if not miss(scores):
            return scores
        shifted = scores.copy()
        patient = rng.integers(len(scores))
        shifted[patient] = np.clip(shifted[patient] + step * rng.choice([-1, 1]), low, high)
        if miss(shifted) <= miss(scores) + 0.05 * rng.exponential():
            scores = shifted
    raise NotFoundError(f"no scores that print the means of {variable} were found")
