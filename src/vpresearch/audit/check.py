"""Look a printed number up by what it is, not by what a paper's file calls it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vpresearch.core.frame import Framed
from vpresearch.core.reported import Interval
from vpresearch.published import Claim, Paper


def find(
    paper: Paper,
    statistic: str,
    variable: str | None = None,
    group: Mapping[str, str] | None = None,
    over: str | None = None,
) -> Claim | None:
    """Find the claim that prints a statistic of a group, over any unit or over one."""
    found = [
        claim
        for claim in paper.claims
        if claim.kind != "verbal"
        and claim.compute.statistic == statistic
        and claim.compute.variable == variable
        and dict(claim.compute.group) == dict(group or {})
        and over in (None, claim.compute.over)
    ]
    return max(found, key=lambda claim: claim.printed.decimals, default=None)


Verdict = Literal["possible", "impossible", "undecided"]
Range = tuple[float, float]

_NOISE = 1e-9


@dataclass(frozen=True)
class Correction:
    """A printed number, or a part of one, and values near it each of which would make the numbers of a check agree."""

    claim: Claim
    part: str
    printed: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Check(Framed):
    """One check of printed numbers against one another.

    Attributes
    ----------
    check : str
        What was checked, such as ``grimmer`` or ``p_kruskal``.
    claims : tuple of str
        Ids of the claims that take part.
    verdict : {"possible", "impossible", "undecided"}
        Possible has a witness, impossible a proof; undecided means that a search found nothing.
    code : str
        Which sentence tells the result.
    values : dict of str to str or float
        What the sentence needs.
    n_datasets : int or None
        Datasets that print the numbers, where they were counted.
    p_min, p_max : float
        Smallest and largest attainable p; NaN for a check without one.
    witness : str
        A dataset, or a few numbers, that print as claimed.
    corrections : tuple of Correction
        Of an alarm, the numbers each of which, changed alone, would make all of them agree.
    only_if_none_missing : bool
        Whether it would be impossible if no value of a row were missing.

    Examples
    --------
    >>> import vpresearch as vp
    >>> claims = ("women.percent", "women.n")
    >>> vp.Check("percentage", claims, "impossible", "percentage_fails").alarm
    True
    """

    check: str
    claims: tuple[str, ...]
    verdict: Verdict
    code: str
    values: Mapping[str, str | float] = field(default_factory=dict)
    n_datasets: int | None = None
    p_min: float = math.nan
    p_max: float = math.nan
    witness: str = ""
    corrections: tuple[Correction, ...] = ()
    only_if_none_missing: bool = False

    @property
    def alarm(self) -> bool:
        """Whether the printed numbers cannot all be right.

        That one test cannot give a p, or that a grid that nobody stated cannot give a mean, is no fault of theirs.
        """
        return self.verdict == "impossible" and not self._supposed

    @property
    def _supposed(self) -> bool:
        return "test" in self.values or self.check.endswith("_natural_grid")

    @property
    def remark(self) -> bool:
        """Whether a reader must see it though it proves nothing: another test, side or missing value may explain it."""
        unless_missing = self.only_if_none_missing and not self._supposed
        return (self.code in _REMARKS or unless_missing) and not self.alarm


_REMARKS = frozenset(
    {
        "p_nought",
        "sum_above_if",
        "statistic_one_sided",
        "interval_skewed",
        "wald_other",
        "p_if_missing",
        "p_if_rest",
        "paired_out_of_reach",
        "sd_is_se",
        "quantile_if_missing",
        "change_other_n",
        "change_sd_other_n",
        "change_p_fails",
        "too_alike",
        "alike_few",
        "same_summaries",
        "df_below",
        "means_other",
        "table_interval_other",
    }
)


def show_values(values: Sequence[float] | NDArray[np.floating[Any]]) -> str:
    """Write a multiset of values briefly, each with how often it occurs."""
    unique, counts = np.unique(np.round(np.asarray(values, dtype=float), 9), return_counts=True)
    return ", ".join(
        f"{value:g}" + (f" x{count}" if count > 1 else "") for value, count in zip(unique, counts, strict=True)
    )


def ends_of(interval: Interval) -> Range:
    """Return the ends of an interval; what a printed bound leaves open is infinite."""
    low, high = interval.low, interval.high
    return -math.inf if low is None else float(low), math.inf if high is None else float(high)


def meets(interval: Interval, *reaches: Range) -> bool:
    """Return whether a printed number can lie in one of some ranges, with an allowance for binary noise."""
    low, high = ends_of(interval)
    return any(reach[1] >= low - _NOISE and reach[0] <= high + _NOISE for reach in reaches)


def sides_of(reach: Range, *, one_sided: bool) -> tuple[Range, ...]:
    """Return what a range of two-sided p allows a printed one: itself, or of one side a half towards either."""
    low, high = reach
    return ((low / 2, high / 2), (1 - high / 2, 1 - low / 2)) if one_sided else (reach,)


def inside(values: NDArray[np.float64], interval: Interval) -> NDArray[np.bool_]:
    """Return which values lie in an interval, with an allowance for binary noise."""
    low, high = ends_of(interval)
    noise = 1e-12
    above = values >= low - noise if interval.low_closed else values > low + noise
    below = values <= high + noise if interval.high_closed else values < high - noise
    inside: NDArray[np.bool_] = above & below
    return inside
