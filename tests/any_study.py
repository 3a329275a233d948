"""Studies of every odd shape that a file may have and still be accepted, made up: no row describes a real person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import InputError
from vpresearch.data import Dataset, load

_LEVELS, _SITES, _SIZES = (
    np.array([level.value for level in columns()[name].levels]) for name in ("level", "leak_site", "leak_size")
)
_SCORES = {name: 10 if name.startswith("vas") else 100 for name in columns() if name.startswith(("vas_", "odi_"))}
_OPTIONAL = [name for name, column in columns().items() if not column.required]


def any_study(seed: int, folder: Path) -> Dataset:
    """Make up a study that is accepted, whatever can be computed from it.

    Parameters
    ----------
    seed : int
        Another seed, another study; every thirtieth is large and has a single leak, or lacks a single one.
    folder : pathlib.Path
        For its file.

    Returns
    -------
    Dataset
    """
    return as_study(any_table(seed), folder / f"study{seed}.csv")


def as_study(table: pd.DataFrame, path: Path) -> Dataset:
    """Load a table by way of its file; where a leak must have a site and a size, every leak gets them."""
    table.to_csv(path, index=False, lineterminator="\n")
    try:
        return load(path)
    except InputError as error:
        # Whether a leak may be of an unknown site or size is the schema's to say.
        if not {problem.code for problem in error.problems} <= {"site_with_leak", "size_with_leak"}:
            raise
    leak = table["leak"] == "yes"
    for name, level in (("leak_site", "disc"), ("leak_size", "massive")):
        table.loc[leak & (table[name] == ""), name] = level
    table.to_csv(path, index=False, lineterminator="\n")
    return load(path)


def any_table(seed: int) -> pd.DataFrame:
    """Draw how many patients, vertebrae and leaks there are, what varies, what is tied and what was never recorded."""
    rng = np.random.default_rng(seed)
    large, one_level = seed % 30 == 0, rng.random() < 0.12
    patients = int(rng.integers(60, 100)) if large else int(rng.choice([1, 1, 2, 3, 4, 6, 10, 20, 30]))
    most = 1 if one_level else int(rng.choice([1, 2, 3, 3 if large else len(_LEVELS)], p=[0.2, 0.3, 0.3, 0.2]))
    per_patient = rng.integers(1, most + 1, patients)
    patient = np.repeat(np.arange(patients), per_patient)
    n = len(patient)
    table = pd.DataFrame({"patient_id": [f"P{each:03d}" for each in patient]})
    # In words: M alone may be a woman (mujer).
    table["sex"] = _some(rng, ["Female", "Male"], patients)[patient]
    table["age_years"] = rng.integers(40, 95, patients)[patient]
    lumbar = most <= 5 and rng.random() < 0.3
    among = _LEVELS[[rng.integers(len(_LEVELS))]] if one_level else _LEVELS[12:] if lumbar else _LEVELS
    table["level"] = np.concatenate([rng.choice(among, size, replace=False) for size in per_patient])
    table["vertebral_volume_cc"] = _amounts(rng, n, 8, 60)
    # Sometimes the same share of each volume.
    of_volume = (table["vertebral_volume_cc"] / 8).round(2).clip(0.1, 7)
    table["cement_volume_cc"] = of_volume if rng.random() < 0.1 else _amounts(rng, n, 0.5, 7)
    leak = _leaks(rng, table, one=large)
    table["leak"] = np.where(leak, "yes", "no")
    for name, levels in (("leak_site", _SITES), ("leak_size", _SIZES)):
        recorded = leak & (rng.random(n) < rng.choice([1, 1, 0.5, 0]))
        table[name] = np.where(recorded, _some(rng, levels, n), "")
    for name, top in _SCORES.items():
        table[name] = _scores(rng, patients, top)[patient]
    table["cause"] = _some(rng, ["osteoporosis", "rheumatoid_arthritis", ""], patients)[patient]
    table["complication"] = _some(rng, ["none", "", "neuritis"], n)
    table["new_fracture_1y"] = _some(rng, ["no", "yes", ""], patients)[patient]
    return table.drop(columns=[name for name in _OPTIONAL if rng.random() < 0.3])


def _some(rng: np.random.Generator, values: object, n: int) -> NDArray[np.str_]:
    """Draw among all values, or take one of them throughout."""
    drawn = np.asarray(values)
    return rng.choice(drawn[[rng.integers(len(drawn))]] if rng.random() < 0.3 else drawn, n)


def _amounts(rng: np.random.Generator, n: int, low: float, high: float) -> NDArray[np.float64]:
    """Draw amounts without ties, with many, or one throughout."""
    kind = rng.choice(["apart", "tied", "constant"], p=[0.5, 0.35, 0.15])
    drawn = rng.uniform(low, high, n)
    if kind == "constant":
        return np.full(n, drawn[0].round(1))
    return drawn.round(2) if kind == "apart" else low + (high - low) * rng.integers(0, 3, n) / 4


def _leaks(rng: np.random.Generator, table: pd.DataFrame, *, one: bool) -> NDArray[np.bool_]:
    n, fill = len(table), (table["cement_volume_cc"] / table["vertebral_volume_cc"]).to_numpy()
    kind = rng.choice(["none", "all", "one", "all but one", "apart", "one by one", "any"], p=[0.1] * 6 + [0.4])
    single: NDArray[np.bool_] = np.arange(n) == rng.integers(n)
    if one or kind in {"one", "all but one"}:
        return single if kind != "all but one" else ~single
    if kind in {"none", "all"}:
        return np.full(n, kind == "all")
    if kind == "apart":
        return np.asarray(fill > np.median(fill))
    if kind == "one by one":
        # Every patient in one group.
        return np.asarray(table["patient_id"].str[-1].astype(int) % 2 == 0)
    return rng.random(n) < rng.uniform(0.05, 0.95)


def _scores(rng: np.random.Generator, patients: int, top: int) -> NDArray[np.object_]:
    """Draw scores of which none, one, some or all are there, and which may be all the same."""
    drawn = rng.integers(0, top + 1, patients) if rng.random() < 0.8 else np.full(patients, rng.choice([0, 5, top]))
    kept = rng.choice(["all", "some", "one", "none"], p=[0.5, 0.2, 0.1, 0.2])
    there = rng.random(patients) < {"all": 1, "some": 0.6, "one": 0, "none": 0}[kept]
    there[rng.integers(patients)] |= kept == "one"
    return np.where(there, drawn.astype(object), "")
