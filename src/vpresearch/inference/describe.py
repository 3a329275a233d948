"""Counts, means, standard deviations and proportions, at full precision."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit
from statsmodels.stats.proportion import proportion_confint

from vpresearch.core.dictionary import REGIONS, columns, times
from vpresearch.core.frame import Framed
from vpresearch.data import Dataset

SCALES = ("vas", "odi")


@dataclass(frozen=True)
class Summary(Framed):
    """Centre and spread of one variable.

    Attributes
    ----------
    n, missing : int
        Values that are there, and that are not.
    mean, sd : float
        ``sd`` divides by n - 1. NaN where there are too few values.
    minimum, q1, median, q3, maximum : float
        Quartiles by linear interpolation (type 7 of Hyndman & Fan, 1996).

    Examples
    --------
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> volume = vp.summarise(study.vertebrae["vertebral_volume_cc"])
    >>> volume.n, round(volume.mean, 1), round(volume.sd, 1)
    (41, 26.1, 6.0)
    """

    n: int
    missing: int
    mean: float
    sd: float
    minimum: float
    q1: float
    median: float
    q3: float
    maximum: float


@dataclass(frozen=True)
class Proportion(Framed):
    """A share of a whole."""

    count: int
    n: int
    percent: float
    low: float
    high: float


def summarise(values: ArrayLike) -> Summary:
    """Summarise one variable.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Missing values are NaN; they are counted and left out.

    Returns
    -------
    Summary

    Examples
    --------
    >>> import vpresearch as vp
    >>> summary = vp.summarise([1.0, 2.0, 3.0, float("nan")])
    >>> summary.n, summary.missing, summary.mean, summary.sd
    (3, 1, 2.0, 1.0)
    """
    array = np.asarray(values, dtype=float)
    present = array[~np.isnan(array)]
    n = len(present)
    if n == 0:
        return Summary(0, len(array), *[math.nan] * 7)
    # fsum rounds once, so the digits do not depend on the machine's vector width or on the order of the rows.
    # Held among the values: the mean of equal ones may come out in the bit beside, and give them a spread.
    mean = float(np.clip(math.fsum(present) / n, present.min(), present.max()))
    sd = math.sqrt(math.fsum((present - mean) ** 2) / (n - 1)) if n > 1 else math.nan
    quartiles = (float(quantile) for quantile in np.quantile(present, [0, 0.25, 0.5, 0.75, 1]))
    return Summary(n, len(array) - n, mean, sd, *quartiles)


def proportion(count: int, n: int) -> Proportion:
    """Return a share as a percentage with its interval.

    Parameters
    ----------
    count, n : int

    Returns
    -------
    Proportion

    Examples
    --------
    >>> import vpresearch as vp
    >>> share = vp.proportion(15, 41)
    >>> round(share.percent, 1), round(share.low, 1), round(share.high, 1)
    (36.6, 23.6, 51.9)
    """
    if n == 0:
        return Proportion(count, n, math.nan, math.nan, math.nan)
    low, high = proportion_confint(count, n, alpha=0.05, method="wilson")
    return Proportion(count, n, 100 * count / n, 100 * float(low), 100 * float(high))


def select(dataset: Dataset, over: str, group: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Select the rows of a group at one unit of analysis.

    Parameters
    ----------
    dataset : Dataset
    over : {"patients", "vertebrae"}
        A patient belongs to a group if one of the patient's vertebrae does.
    group : dict of str to str, optional
        Canonical value by column; everything where empty.

    Returns
    -------
    pandas.DataFrame, shape (n_rows, n_columns)
        Every column of the data model, one row a unit.

    Raises
    ------
    KeyError
        If the dataset has no such column.

    Examples
    --------
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> len(vp.select(study, "vertebrae", {"leak": "yes"}))
    15
    >>> len(vp.select(study, "patients", {"sex": "F"}))
    18
    """
    return dataset.rows.iloc[positions(dataset, over, group)]


def positions(dataset: Dataset, over: str, group: Mapping[str, str] | None = None) -> NDArray[np.intp]:
    """Return where the rows of a group stand: of patients, the first of each that belongs to it."""
    asked = tuple((group or {}).items())
    return dataset.keep(("positions", over, asked), lambda: _positions(dataset, over, asked))


def _positions(dataset: Dataset, over: str, group: Iterable[tuple[str, str]]) -> NDArray[np.intp]:
    belongs = np.ones(len(dataset.rows), dtype=bool)
    for name, value in group:
        belongs &= dataset.cells(name) == value
    found = np.flatnonzero(belongs)
    return found[~pd.Index(dataset.cells("patient_id")[found]).duplicated()] if over == "patients" else found


def values_in(dataset: Dataset, over: str, group: Mapping[str, str] | None, name: str) -> NDArray[Any]:
    """Return the cells of one column in a group."""
    return dataset.cells(name)[positions(dataset, over, group)]


def levels(dataset: Dataset) -> pd.DataFrame:
    """Count the vertebrae of every level that there can be."""
    counts, n = dataset.vertebrae["level"].value_counts(), len(dataset.vertebrae)
    names = [level.value for level in columns()["level"].levels]
    found = [int(counts.get(name, 0)) for name in names]
    regions = [REGIONS[name[0]] for name in names]
    shares = [100 * count / n for count in found]
    return pd.DataFrame({"region": regions, "level": names, "n": found, "percent": shares, "of": n})


def shares(values: pd.Series[str], categories: Sequence[str], whole: int) -> pd.DataFrame:
    """Return the share of every category in a whole, each with its interval."""
    found = [proportion(int((values == category).sum()), whole) for category in categories]
    columns = {"n": [each.count for each in found], "of": whole, "percent": [each.percent for each in found]}
    columns |= {"low": [each.low for each in found], "high": [each.high for each in found]}
    return pd.DataFrame({str(values.name): list(categories), **columns})


def leak_kinds(dataset: Dataset) -> pd.DataFrame:
    """Count the leaks by site and size, of those whose both are known."""
    leaks = select(dataset, "vertebrae", {"leak": "yes"}).dropna(subset=["leak_site", "leak_size"])
    counts = leaks.groupby(["leak_site", "leak_size"]).size().to_dict()
    sites, sizes = ([level.value for level in columns()[name].levels] for name in ("leak_site", "leak_size"))
    return pd.DataFrame(
        [
            {"leak_site": site, "leak_size": size, "n": int(counts.get((site, size), 0))}
            for site in sites
            for size in sizes
        ]
    )


def recorded(dataset: Dataset, variable: str) -> bool:
    """Return whether any patient has a score: an empty column is one that was not recorded."""
    return variable in dataset.patients and bool(dataset.patients[variable].notna().any())


def recorded_scores(dataset: Dataset) -> list[tuple[str, str]]:
    """Return the scales and times of the scores that were recorded."""
    found = ((scale, time) for scale in SCALES for time in times(map(str, dataset.patients), scale))
    return [(scale, time) for scale, time in found if recorded(dataset, f"{scale}_{time}")]


def scores(dataset: Dataset) -> pd.DataFrame:
    """Summarise every score that was recorded, over patients, with the 95% interval of its mean."""
    rows = []
    for scale, time in recorded_scores(dataset):
        summary = summarise(dataset.patients[f"{scale}_{time}"])
        low, high = _t_interval(summary)
        limits = {"mean_low": low, "mean_high": high}
        rows.append({"variable": f"{scale}_{time}", "scale": scale, "time": time, **asdict(summary), **limits})
    heads = ("variable", "scale", "time", *(field.name for field in fields(Summary)), "mean_low", "mean_high")
    return pd.DataFrame(rows, columns=heads)


def lost(dataset: Dataset) -> pd.DataFrame:
    """Count who lacks a score that others have, by a leak in any vertebra, and average what they and the others had."""
    patients, vertebrae = dataset.patients, dataset.vertebrae
    leak = vertebrae["leak"].eq("yes").groupby(vertebrae["patient_id"]).any().reindex(patients.index)
    rows = []
    for scale, time in recorded_scores(dataset):
        gone, before = patients[f"{scale}_{time}"].isna(), patients[f"{scale}_pre"]
        row = {"variable": f"{scale}_{time}", "leak": int((gone & leak).sum()), "no_leak": int((gone & ~leak).sum())}
        rows += [row | {"before": before[gone].mean(), "before_others": before[~gone].mean()}] if gone.any() else []
    return pd.DataFrame(rows)


def _t_interval(summary: Summary) -> tuple[float, float]:
    if summary.n < 2:
        return math.nan, math.nan
    half = float(stdtrit(summary.n - 1, 0.975)) * summary.sd / math.sqrt(summary.n)
    return summary.mean - half, summary.mean + half
