"""Larger studies of the same shape, made up: no row describes a real person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

_LEVELS = np.array([f"T{number}" for number in range(4, 13)] + [f"L{number}" for number in range(1, 6)])
_SITES = np.array(["posterior", "lateral", "anterior", "vascular", "disc"])
_SIZES = np.array(["punctate", "moderate", "massive"])
_LOST = {"vas_post": 0.02, "vas_1m": 0.06, "vas_1y": 0.15, "odi_1y": 0.15}


def larger_study(vertebrae: int, seed: int = 1) -> pd.DataFrame:
    """Make up a study: leaks depend on fill and go together within patients, some follow-up is missing.

    Parameters
    ----------
    vertebrae : int
    seed : int

    Returns
    -------
    pandas.DataFrame, shape (vertebrae, 18)
        Canonical columns; one to three vertebrae a patient, 1.5 on average as in the paper.
    """
    rng = np.random.default_rng(seed)
    sizes = rng.choice([1, 2, 3], size=vertebrae, p=[0.6, 0.3, 0.1])
    patient = np.repeat(np.arange(vertebrae), sizes)[:vertebrae]
    patients = int(patient[-1]) + 1
    volume = np.clip(rng.lognormal(np.log(27), 0.28, vertebrae), 8, 80).round(1)
    cement = np.clip(rng.lognormal(np.log(2.7), 0.35, vertebrae), 0.5, 7.5).round(1)
    own = rng.normal(0, 1, patients)[patient]
    leaked = rng.random(vertebrae) < expit(-1.9 + 0.12 * 100 * cement / volume + own)
    # Levels of one patient are neighbours, so that none occurs twice.
    nth = np.arange(vertebrae) - np.searchsorted(patient, patient)
    level = (rng.integers(len(_LEVELS), size=patients)[patient] + nth) % len(_LEVELS)
    vertebral = {
        "level": _LEVELS[level],
        "vertebral_volume_cc": volume,
        "cement_volume_cc": cement,
        "leak": np.where(leaked, "yes", "no"),
        "leak_site": np.where(leaked, rng.choice(_SITES, vertebrae), ""),
        "leak_size": np.where(leaked, rng.choice(_SIZES, vertebrae, p=[0.5, 0.35, 0.15]), ""),
    }
    digits = len(str(patients))
    about = pd.DataFrame(
        {
            "patient_id": [f"made-up-{number:0{digits}d}" for number in range(1, patients + 1)],
            "sex": rng.choice(["F", "M"], patients, p=[0.75, 0.25]),
            "age_years": rng.normal(72, 9, patients).round().clip(40, 97).astype(int),
            "cause": rng.choice(["osteoporosis", "rheumatoid_arthritis"], patients, p=[0.9, 0.1]),
            **_scores(rng, patients),
            "complication": "none",
            "new_fracture_1y": rng.choice(["no", "yes"], patients, p=[0.9, 0.1]),
        }
    ).take(patient)
    table = about.reset_index(drop=True).assign(**vertebral)
    return table[
        ["patient_id", "sex", "age_years", "cause", *vertebral, *_LOST_AND_KEPT, "complication", "new_fracture_1y"]
    ]


_LOST_AND_KEPT = ("vas_pre", "vas_post", "vas_1m", "vas_1y", "odi_pre", "odi_1y")


def _scores(rng: np.random.Generator, patients: int) -> dict[str, np.ndarray]:
    tough = rng.normal(0, 1, patients)
    scores = {}
    for name, mean in zip(_LOST_AND_KEPT, (7.9, 3.1, 2.6, 2.4, 62.0, 28.0), strict=True):
        top, step = (10, 1) if name.startswith("vas") else (100, 2)
        drawn = mean + 0.09 * top * tough + rng.normal(0, 0.12 * top, patients)
        drawn = np.clip(step * np.round(drawn / step), 0, top)
        scores[name] = np.where(rng.random(patients) < _LOST.get(name, 0.0), np.nan, drawn)
    return scores


def write_larger_study(path: Path, vertebrae: int, seed: int = 1) -> None:
    """Write ``larger_study`` as the CSV that a user would have."""
    larger_study(vertebrae, seed).to_csv(path, index=False, lineterminator="\n")
