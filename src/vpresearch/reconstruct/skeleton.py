"""Who the patients are and which of their vertebrae were treated: what no measurement enters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVELS = (*(f"T{number}" for number in range(1, 13)), *(f"L{number}" for number in range(1, 6)))

# Shares of patients with 1, 2, 3 and 4 treated vertebrae; free, since the paper does not tell.
_EXTRA_VERTEBRAE = (0.60, 0.28, 0.08, 0.04)
# Fractures treated together cluster: how much less likely a level is with each level of distance.
_DISTANCE_DECAY = 1.5


@dataclass(frozen=True)
class Skeleton:
    """Patients and the levels of their vertebrae.

    Attributes
    ----------
    patient : numpy.ndarray of int, shape (n_vertebrae,)
        Number of the patient, ascending.
    level : numpy.ndarray of int, shape (n_vertebrae,)
        Position in ``LEVELS``, ascending within a patient.
    """

    patient: NDArray[np.int64]
    level: NDArray[np.int64]

    @property
    def n_patients(self) -> int:
        """How many patients there are."""
        return int(self.patient.max()) + 1


@dataclass(frozen=True)
class Bearers:
    """How many vertebrae of each kind bear a patient's value.

    Attributes
    ----------
    no_leak, leak : numpy.ndarray of int, shape (n_patients,)
    """

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
    """Draw how the treated levels fall on the patients.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_patients : int
    level_counts : dict of str to int
        How many vertebrae of each level were treated.

    Returns
    -------
    Skeleton
        No patient has the same level twice.

    Raises
    ------
    ValueError
        If there are fewer vertebrae than patients, or more of one level than patients.

    Examples
    --------
    >>> skeleton = draw_skeleton(np.random.default_rng(1), 3, {"L1": 3, "L2": 1})
    >>> skeleton.n_patients, len(skeleton.level)
    (3, 4)
    """
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
