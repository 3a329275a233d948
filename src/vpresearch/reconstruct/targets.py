"""What a reconstruction must satisfy, and the patients and levels that it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from vpresearch.audit import find, p_bounds
from vpresearch.core.reported import Reported
from vpresearch.published import Paper
from vpresearch.reconstruct.anneal import Ints

NO_LEAK, LEAK = {"leak": "no"}, {"leak": "yes"}


@dataclass(frozen=True)
class Moments:
    """Printed mean and standard deviation of a group."""

    n: int
    mean: Reported
    sd: Reported | None


@dataclass(frozen=True)
class Target:
    """Everything printed of one variable that is compared by leak."""

    variable: str
    step: Fraction
    no_leak: Moments
    leak: Moments
    pooled: Moments | None
    minimum: Reported | None
    maximum: Reported | None
    p: Reported
    most_equal: int | None

    @property
    def ends(self) -> tuple[int, int]:
        """Smallest and largest value, in steps of the grid."""
        if self.minimum is None or self.maximum is None:
            raise KeyError(f"the minimum and maximum of {self.variable} are not printed")
        return round(self.minimum.value / self.step), round(self.maximum.value / self.step)


def target(paper: Paper, variable: str) -> Target:
    """Collect what is printed of a variable over vertebrae."""
    no_leak = Moments(_count(paper, NO_LEAK), _needed(paper, "mean", variable, NO_LEAK), _sd(paper, variable, NO_LEAK))
    leak = Moments(_count(paper, LEAK), _needed(paper, "mean", variable, LEAK), _sd(paper, variable, LEAK))
    mean = _printed(paper, "mean", variable, None, over="vertebrae")
    pooled = Moments(no_leak.n + leak.n, mean, _sd(paper, variable, None)) if mean else None
    return Target(
        variable,
        Fraction(paper.grids[variable].step),
        no_leak,
        leak,
        pooled,
        _printed(paper, "min", variable, None),
        _printed(paper, "max", variable, None),
        _nearest_attainable(paper, variable),
        paper.grids[variable].most_equal,
    )


def attainable(paper: Paper) -> dict[str, Reported]:
    """Return the numbers that are aimed at instead of printed ones that are proved unattainable."""
    compared = [claim for claim in paper.claims if claim.kind == "p"]
    nearest = [(claim, _nearest_attainable(paper, str(claim.compute.variable))) for claim in compared]
    return {claim.id: p for claim, p in nearest if p != claim.printed}


def _nearest_attainable(paper: Paper, variable: str) -> Reported:
    """Return the printed p-value, or where it is proved unattainable the nearest one that is not."""
    p = _needed(paper, "p", variable, None)
    bounds = p_bounds(paper, variable, p)
    if not bounds or any(bound.possible for bound in bounds):
        return p
    return Reported(p.render(min(bounds, key=lambda bound: abs(bound.nearest - float(p.value))).nearest))


def _printed(
    paper: Paper, statistic: str, variable: str | None, group: dict[str, str] | None, over: str | None = None
) -> Reported | None:
    claim = find(paper, statistic, variable, group)
    return claim.printed if claim is not None and over in (None, claim.compute.over) else None


def _needed(paper: Paper, statistic: str, variable: str | None, group: dict[str, str] | None) -> Reported:
    printed = _printed(paper, statistic, variable, group)
    if printed is None:
        raise KeyError(f"{paper.key} does not print the {statistic} of {variable} in {group or 'all'}")
    return printed


def _sd(paper: Paper, variable: str, group: dict[str, str] | None) -> Reported | None:
    return _printed(paper, "sd", variable, group)


def _count(paper: Paper, group: dict[str, str]) -> int:
    return int(_needed(paper, "n", None, group).value)


def printed_value(paper: Paper, statistic: str, variable: str) -> int:
    """Return a whole number that is printed of a variable."""
    claim = find(paper, statistic, variable)
    if claim is None:
        raise KeyError(f"{paper.key} does not print the {statistic} of {variable}")
    return int(claim.printed.value)


def printed_fill(paper: Paper) -> Reported | None:
    """Return the printed mean of cement over volume, percent; None where the paper prints none."""
    claim = find(paper, "mean", "fill_percent")
    return claim.printed if claim else None


def without_fill(paper: Paper) -> Paper:
    """Return a paper without its mean of cement over volume, to see what that one number decides."""
    claim = find(paper, "mean", "fill_percent")
    return replace(paper, claims=tuple(each for each in paper.claims if each is not claim))


def printed_count(paper: Paper, group: dict[str, str] | None = None, *, over: str) -> int:
    """Return the printed number of patients or vertebrae in a group."""
    for claim in paper.claims:
        compute = claim.compute
        is_count = claim.kind == "count" and compute.over == over and compute.variable is None
        if is_count and dict(compute.group) == (group or {}):
            return int(claim.printed.value)
    raise KeyError(f"{paper.key} does not print the number of {over} in {group or 'all'}")


def level_counts(paper: Paper) -> dict[str, int]:
    """Return how many vertebrae of each level were treated."""
    return {
        claim.compute.group["level"]: int(claim.printed.value)
        for claim in paper.claims
        if claim.kind == "count" and set(claim.compute.group) == {"level"}
    }


def rounded_count(paper: Paper, group: dict[str, str], n: int) -> int:
    """Return the number of n that a printed percentage stands for."""
    claim = find(paper, "percent", None, group)
    share = claim.printed.value / 100 if claim else 0
    return round(share * n)


_TYPICAL_AGE_SD = 8


def draw_people(rng: np.random.Generator, paper: Paper, skeleton: Skeleton) -> dict[str, Ints]:
    """Draw every patient's sex, age and cause."""
    n = skeleton.n_patients
    women = printed_count(paper, {"sex": "F"}, over="patients")
    sex = rng.permutation(np.array(["F"] * women + ["M"] * (n - women)))
    vertebrae = np.bincount(skeleton.patient)
    arthritis = rounded_count(paper, {"cause": "rheumatoid_arthritis"}, len(skeleton.patient))
    cause = np.full(n, "osteoporosis", dtype=object)
    # The printed share is of vertebrae, so the patients with it have that many vertebrae between them.
    cause[rng.permutation(np.flatnonzero(vertebrae == 1))[:arthritis]] = "rheumatoid_arthritis"
    return {"sex": sex, "age_years": _ages(rng, paper, n), "cause": cause}


def draw_leak_kinds(rng: np.random.Generator, paper: Paper, leak: Ints) -> dict[str, Ints]:
    """Draw the site and the size of every leak."""
    columns = {}
    for column in ("leak_site", "leak_size"):
        kinds = [
            kind
            for claim in paper.claims
            if claim.kind == "count" and set(claim.compute.group) == {column}
            for kind in [claim.compute.group[column]] * int(claim.printed.value)
        ]
        cells = np.full(len(leak), "", dtype=object)
        cells[np.flatnonzero(leak)] = rng.permutation(np.array(kinds, dtype=object))
        columns[column] = cells
    return columns


def draw_events(rng: np.random.Generator, paper: Paper, skeleton: Skeleton) -> dict[str, Ints]:
    """Give one patient the transient neuritis; nobody has a new fracture."""
    claim = find(paper, "n", "complication")
    affected = rng.choice(skeleton.n_patients, int(claim.printed.value) if claim else 0, replace=False)
    complication = np.where(np.isin(skeleton.patient, affected), "transient_neuritis", "none")
    return {"complication": complication, "new_fracture_1y": np.full(len(skeleton.patient), "no", dtype=object)}


def _ages(rng: np.random.Generator, paper: Paper, n: int) -> Ints:
    """Draw ages with the printed mean, minimum and maximum."""
    mean, low, high = (printed_value(paper, statistic, "age_years") for statistic in ("mean", "min", "max"))
    while True:
        drawn = np.rint(rng.normal(mean, _TYPICAL_AGE_SD, n - 2)).astype(np.int64)
        ages = rng.permutation(np.concatenate([[low, high], np.clip(drawn, low + 1, high - 1)]))
        if abs(ages.mean() - mean) < 0.4:
            return ages.astype(np.int64)


LEVELS = (*(f"T{number}" for number in range(1, 13)), *(f"L{number}" for number in range(1, 6)))

# Shares of patients with 1, 2, 3 and 4 treated vertebrae; free, since the paper does not tell.
_EXTRA_VERTEBRAE = (0.60, 0.28, 0.08, 0.04)
# Fractures treated together cluster: how much less likely a level is with each level of distance.
_DISTANCE_DECAY = 1.5


@dataclass(frozen=True)
class Skeleton:
    """Patients and the levels of their vertebrae."""

    patient: NDArray[np.int64]
    level: NDArray[np.int64]

    @property
    def n_patients(self) -> int:
        """How many patients there are."""
        return int(self.patient.max()) + 1


@dataclass(frozen=True)
class Bearers:
    """How many vertebrae of each kind bear a patient's value."""

    no_leak: NDArray[np.int64]
    leak: NDArray[np.int64]

    @classmethod
    def of(cls, skeleton: Skeleton, leak: NDArray[np.int64]) -> Bearers:
        """Count the vertebrae of each patient; ``leak`` has shape (n_vertebrae,)."""
        n = skeleton.n_patients
        with_leak = np.bincount(skeleton.patient, leak, n).astype(np.int64)
        return cls(np.bincount(skeleton.patient, minlength=n) - with_leak, with_leak)

    @property
    def all(self) -> NDArray[np.int64]:
        """Vertebrae of each patient."""
        return self.no_leak + self.leak


def draw_skeleton(rng: np.random.Generator, n_patients: int, level_counts: Mapping[str, int]) -> Skeleton:
    """Draw how the treated levels fall on the patients."""
    pool = np.array([level_counts.get(level, 0) for level in LEVELS])
    if pool.sum() < n_patients or pool.max() > n_patients:
        raise ValueError(f"{pool.sum()} vertebrae, {pool.max()} at one level, do not fit {n_patients} patients")
    while True:
        drawn = _deal(rng, _sizes(rng, n_patients, int(pool.sum())), pool.copy())
        if drawn is not None:
            order = rng.permutation(n_patients)
            pairs = sorted((int(order[patient]), level) for patient, levels in enumerate(drawn) for level in levels)
            return Skeleton(np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs]))


def _sizes(rng: np.random.Generator, n_patients: int, n_vertebrae: int) -> NDArray[np.int64]:
    """Draw the number of vertebrae of each patient, largest first, with the required sum."""
    weights = np.array(_EXTRA_VERTEBRAE)
    sizes = np.ones(n_patients, dtype=np.int64)
    while sizes.sum() < n_vertebrae:
        # A patient takes one more in proportion to how usual the larger number is.
        odds = np.where(sizes < len(weights), weights[np.minimum(sizes, len(weights) - 1)], 1e-3)
        sizes[rng.choice(n_patients, p=odds / odds.sum())] += 1
    return -np.sort(-sizes)


def _deal(rng: np.random.Generator, sizes: NDArray[np.int64], pool: NDArray[np.int64]) -> list[list[int]] | None:
    """Deal the levels to the patients, those with most vertebrae first; None where they do not come out."""
    dealt = []
    positions = np.arange(len(pool))
    for size in sizes:
        levels: list[int] = []
        for _ in range(size):
            odds = pool.astype(float)
            if levels:
                distance = np.abs(positions[:, None] - np.array(levels)).min(axis=1)
                odds = odds * np.exp(-distance / _DISTANCE_DECAY)
                odds[levels] = 0
            if odds.sum() == 0:
                return None
            level = int(rng.choice(len(pool), p=odds / odds.sum()))
            pool[level] -= 1
            levels.append(level)
        dealt.append(sorted(levels))
    return dealt
