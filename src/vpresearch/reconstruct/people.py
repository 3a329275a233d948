"""What no measurement enters: sex, age, cause, kinds of leak and events, laid over the patients at random."""

from __future__ import annotations

import numpy as np

from vpresearch.audit import find
from vpresearch.published import Paper
from vpresearch.reconstruct.batch import Ints
from vpresearch.reconstruct.printed import printed_count, printed_value, rounded_count
from vpresearch.reconstruct.skeleton import Skeleton

_TYPICAL_AGE_SD = 8


def draw_people(rng: np.random.Generator, paper: Paper, skeleton: Skeleton) -> dict[str, Ints]:
    """Draw every patient's sex, age and cause.

    Parameters
    ----------
    rng : numpy.random.Generator
    paper : Paper
    skeleton : Skeleton

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_patients,)
        By canonical column.
    """
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
    """Draw the site and the size of every leak.

    Parameters
    ----------
    rng : numpy.random.Generator
    paper : Paper
    leak : numpy.ndarray of int, shape (n_vertebrae,)
        0 or 1.

    Returns
    -------
    dict of str to numpy.ndarray of str, shape (n_vertebrae,)
        By canonical column; empty where there is no leak.
    """
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
    """Give one patient the transient neuritis; nobody has a new fracture.

    Parameters
    ----------
    rng : numpy.random.Generator
    paper : Paper
    skeleton : Skeleton

    Returns
    -------
    dict of str to numpy.ndarray of str, shape (n_vertebrae,)
        By canonical column.
    """
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
