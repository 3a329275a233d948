"""A whole dataset that satisfies a paper's printed numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vpresearch.audit import find
from vpresearch.inference import compare
from vpresearch.load import RECONSTRUCTED_ID_PREFIX
from vpresearch.published import Claim, Paper
from vpresearch.reconstruct.anneal import NotFoundError
from vpresearch.reconstruct.batch import Ints
from vpresearch.reconstruct.measurements import draw_cement, draw_volumes
from vpresearch.reconstruct.outcome import draw_outcomes
from vpresearch.reconstruct.skeleton import LEVELS, Skeleton, draw_skeleton

_ATTEMPTS = 50
_TYPICAL_AGE_SD = 8
_COMPARED_SCORES = ("vas_pre", "vas_post", "vas_1m")


@dataclass(frozen=True)
class Reconstruction:
    """A dataset made to satisfy published statistics.

    Attributes
    ----------
    table : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns; every patient id says that it is reconstructed.
    seed : int
    attempts : int
        How many draws it took until one came out whole.
    """

    table: pd.DataFrame
    seed: int
    attempts: int


def reconstruct(paper: Paper, seed: int) -> Reconstruction:
    """Make a dataset that satisfies a paper's printed numbers.

    Parameters
    ----------
    paper : Paper
    seed : int

    Returns
    -------
    Reconstruction
        The same for the same paper, seed and version of numpy.

    Raises
    ------
    NotFoundError
        If no draw comes out whole, which proves nothing.
    """
    for attempt, child in enumerate(np.random.SeedSequence(seed).spawn(_ATTEMPTS), start=1):
        try:
            return Reconstruction(_draw(np.random.default_rng(child), paper), seed, attempt)
        except NotFoundError:
            continue
    raise NotFoundError(f"none of {_ATTEMPTS} draws satisfied every number of {paper.key}; another seed may")


def targeted(claim: Claim) -> bool:
    """Tell whether the reconstruction aims at a claim; the others follow, or are left to chance.

    Parameters
    ----------
    claim : Claim

    Returns
    -------
    bool
    """
    return claim.kind != "verbal" or (claim.compute.statistic in {"n", "percent"} and not claim.printed.bound)


def _draw(rng: np.random.Generator, paper: Paper) -> pd.DataFrame:
    skeleton = draw_skeleton(rng, _count(paper, over="patients"), _level_counts(paper))
    volumes, leak = draw_volumes(rng, paper, skeleton)
    cement = draw_cement(rng, paper, volumes, leak)
    outcomes = draw_outcomes(rng, paper, skeleton, leak)
    for variable in _COMPARED_SCORES:
        score = outcomes[variable][skeleton.patient]
        if compare(score[leak == 0], score[leak == 1]).chosen != "kruskal":
            raise NotFoundError(f"the protocol would not take the rank test for {variable}")
    patients = _people(rng, paper, skeleton) | outcomes
    table = {"patient_id": _names(skeleton.n_patients)[skeleton.patient]}
    table |= {
        name: values[skeleton.patient] for name, values in patients.items() if name in ("sex", "age_years", "cause")
    }
    table["level"] = np.array(LEVELS)[skeleton.level]
    table["vertebral_volume_cc"] = _tenths(volumes)
    table["cement_volume_cc"] = _tenths(cement)
    table["leak"] = np.where(leak == 1, "yes", "no")
    table |= _leaks(rng, paper, leak)
    table |= {name: values[skeleton.patient] for name, values in outcomes.items()}
    table |= _events(rng, paper, skeleton)
    return pd.DataFrame(table)


def _names(n: int) -> Ints:
    return np.array([f"{RECONSTRUCTED_ID_PREFIX}{number:0{len(str(n))}d}" for number in range(1, n + 1)])


def _tenths(values: Ints) -> Ints:
    return np.array([f"{value / 10:.1f}" for value in values])


def _people(rng: np.random.Generator, paper: Paper, skeleton: Skeleton) -> dict[str, Ints]:
    n = skeleton.n_patients
    women = _count(paper, {"sex": "F"}, over="patients")
    sex = rng.permutation(np.array(["F"] * women + ["M"] * (n - women)))
    vertebrae = np.bincount(skeleton.patient)
    arthritis = _rounded_count(paper, {"cause": "rheumatoid_arthritis"}, len(skeleton.patient))
    cause = np.full(n, "osteoporosis", dtype=object)
    # The printed share is of vertebrae, so the patients with it have that many vertebrae between them.
    cause[rng.permutation(np.flatnonzero(vertebrae == 1))[:arthritis]] = "rheumatoid_arthritis"
    return {"sex": sex, "age_years": _ages(rng, paper, n), "cause": cause}


def _ages(rng: np.random.Generator, paper: Paper, n: int) -> Ints:
    """Draw ages with the printed mean, minimum and maximum."""
    mean, low, high = (_printed_value(paper, statistic, "age_years") for statistic in ("mean", "min", "max"))
    while True:
        drawn = np.rint(rng.normal(mean, _TYPICAL_AGE_SD, n - 2)).astype(np.int64)
        ages = rng.permutation(np.concatenate([[low, high], np.clip(drawn, low + 1, high - 1)]))
        if abs(ages.mean() - mean) < 0.4:
            return ages.astype(np.int64)


def _leaks(rng: np.random.Generator, paper: Paper, leak: Ints) -> dict[str, Ints]:
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


def _events(rng: np.random.Generator, paper: Paper, skeleton: Skeleton) -> dict[str, Ints]:
    """Give one patient the transient neuritis; nobody has a new fracture."""
    claim = find(paper, "n", "complication")
    affected = rng.choice(skeleton.n_patients, int(claim.printed.value) if claim else 0, replace=False)
    complication = np.where(np.isin(skeleton.patient, affected), "transient_neuritis", "none")
    return {"complication": complication, "new_fracture_1y": np.full(len(skeleton.patient), "no", dtype=object)}


# -- printed facts -----------------------------------------------------------------------------------------------


def _printed_value(paper: Paper, statistic: str, variable: str) -> int:
    claim = find(paper, statistic, variable)
    if claim is None:
        raise KeyError(f"{paper.key} does not print the {statistic} of {variable}")
    return int(claim.printed.value)


def _count(paper: Paper, group: dict[str, str] | None = None, *, over: str) -> int:
    for claim in paper.claims:
        compute = claim.compute
        is_count = claim.kind == "count" and compute.over == over and compute.variable is None
        if is_count and dict(compute.group) == (group or {}):
            return int(claim.printed.value)
    raise KeyError(f"{paper.key} does not print the number of {over} in {group or 'all'}")


def _level_counts(paper: Paper) -> dict[str, int]:
    return {
        claim.compute.group["level"]: int(claim.printed.value)
        for claim in paper.claims
        if claim.kind == "count" and set(claim.compute.group) == {"level"}
    }


def _rounded_count(paper: Paper, group: dict[str, str], n: int) -> int:
    """Give the number of n that a printed percentage stands for."""
    claim = find(paper, "percent", None, group)
    share = claim.printed.value / 100 if claim else 0
    return round(share * n)
