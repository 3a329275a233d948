"""A checker of reconstructed datasets that shares no code with the search that made them.

Nor with the statistics and the scorecard of the package: it counts in integers and fractions from the cells of the
table. Floating point enters only in the tail of the chi-squared distribution and in scipy's test of normality.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import TypeAlias

import pandas as pd
import scipy.stats

from vpresearch.published import Compute, Paper
from vpresearch.reconstruct.rules import Rows, broken_rules, read_rows
from vpresearch.reported import Reported

_ALPHA = 0.05
_NOISE = Fraction(1, 10**12)


@dataclass(frozen=True)
class Failure:
    """A claim or a rule that a table does not satisfy.

    Attributes
    ----------
    claim : str
        Id of the claim, or ``rule.`` and the name of a rule.
    wanted, found : str
    """

    claim: str
    wanted: str
    found: str


def verify(table: pd.DataFrame, paper: Paper, instead: Mapping[str, Reported] | None = None) -> list[Failure]:
    """Find every claim and every rule that a dataset fails.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns, one row a vertebra.
    paper : Paper
    instead : dict of str to Reported, optional
        By the id of a claim, a number to hold against the table instead of the printed one.

    Returns
    -------
    list of Failure
        Empty if all hold. A mean or a standard deviation holds if it lies in the closed interval of half a unit of
        the last printed place; standard deviations are compared by their squares.

    Examples
    --------
    >>> from vpresearch.project import PUBLISHED, RECONSTRUCTION
    >>> from vpresearch.published import read_paper
    >>> shipped = pd.read_csv(RECONSTRUCTION, keep_default_na=False)
    >>> [failure.claim for failure in verify(shipped, read_paper(PUBLISHED))]
    ['table3.vertebral_volume.p']
    """
    rows = read_rows(table)
    failures = [Failure(f"rule.{rule}", "kept", found) for rule, found in broken_rules(rows, paper)]
    for claim in paper.claims:
        printed = (instead or {}).get(claim.id, claim.printed)
        found = _STATISTICS[claim.compute.statistic](rows, claim.compute)
        if found is None or not _holds(found, printed):
            failures.append(Failure(claim.id, printed.printed, "nothing" if found is None else f"{float(found):.6g}"))
    return failures


@dataclass(frozen=True)
class _Root:
    """A standard deviation by its exact square."""

    square: Fraction

    def __float__(self) -> float:
        return math.sqrt(self.square)


_Found: TypeAlias = Fraction | float | _Root


def _holds(found: _Found, printed: Reported) -> bool:
    half = Fraction(1, 2 * 10**printed.decimals)
    low, high = printed.value - half, printed.value + half
    if isinstance(found, _Root):
        return max(low, Fraction(0)) ** 2 <= found.square <= high**2
    if printed.bound:
        return found > printed.value if printed.bound == ">" else found < printed.value
    # Only a p-value is in floating point; it must not be refused for its last bits.
    noise = _NOISE if isinstance(found, float) else 0
    return low - noise <= Fraction(found) <= high + noise


# -- statistics --------------------------------------------------------------------------------------------------


def _select(rows: Rows, over: str, group: Mapping[str, str]) -> Rows:
    chosen = [row for row in rows if all(row[column] == value for column, value in group.items())]
    if over == "vertebrae":
        return chosen
    return list({row["patient_id"]: row for row in reversed(chosen)}.values())


def _numbers(rows: Rows, over: str, group: Mapping[str, str], variable: str | None) -> list[Fraction]:
    return [Fraction(row[str(variable)]) for row in _select(rows, over, group) if row[str(variable)] != ""]


def _n(rows: Rows, spec: Compute) -> Fraction:
    if spec.variable is not None:
        # "none" is the word of the complication column for nothing to tell.
        rows = [row for row in rows if row[spec.variable] not in ("", "none")]
    return Fraction(len(_select(rows, spec.over, spec.group)))


def _percent(rows: Rows, spec: Compute) -> Fraction:
    whole = _select(rows, spec.over, spec.within)
    if spec.fell:
        before, after = spec.fell
        part = sum(Fraction(row[after]) < Fraction(row[before]) for row in whole)
    else:
        part = len(_select(rows, spec.over, {**spec.within, **spec.group}))
    return Fraction(100 * part, len(whole))


def _mean(rows: Rows, spec: Compute, group: Mapping[str, str] | None = None) -> Fraction:
    values = _numbers(rows, spec.over, spec.group if group is None else group, spec.variable)
    return sum(values, Fraction(0)) / len(values)


def _sd(rows: Rows, spec: Compute) -> _Root:
    values = _numbers(rows, spec.over, spec.group, spec.variable)
    n, total = len(values), sum(values, Fraction(0))
    return _Root((n * sum((value * value for value in values), Fraction(0)) - total * total) / (n * (n - 1)))


def _lead(rows: Rows, spec: Compute) -> Fraction:
    ((column, value),) = spec.group.items()
    counts = Counter(row[column] for row in _select(rows, spec.over, spec.within))
    mine = counts.pop(value, 0)
    return Fraction(mine - max(counts.values(), default=0))


def _difference(rows: Rows, spec: Compute) -> Fraction:
    return _mean(rows, spec) - _mean(rows, spec, spec.minus)


def _p(rows: Rows, spec: Compute, variable: str | None = None) -> float | None:
    """P-value of the rank test; None where both groups look normal, since the protocol takes another test then."""
    groups = [_numbers(rows, spec.over, {"leak": leak}, variable or spec.variable) for leak in ("no", "yes")]
    if all(scipy.stats.shapiro([float(value) for value in group]).pvalue >= _ALPHA for group in groups):
        return None
    return math.erfc(math.sqrt(kruskal_statistic(*groups) / 2))


def kruskal_statistic(first: Sequence[Fraction], second: Sequence[Fraction]) -> Fraction:
    """Give the Kruskal-Wallis statistic of two groups, corrected for ties, exactly.

    Parameters
    ----------
    first, second : sequence of fractions.Fraction

    Returns
    -------
    fractions.Fraction

    References
    ----------
    Kruskal WH, Wallis WA. J Am Stat Assoc 1952;47:583-621.

    Examples
    --------
    >>> float(kruskal_statistic([Fraction(1), Fraction(2)], [Fraction(2), Fraction(3)]))
    1.5
    """
    n = len(first) + len(second)
    doubled_rank: dict[Fraction, int] = {}
    below = ties = 0
    for value, equals in groupby(sorted([*first, *second])):
        t = sum(1 for _ in equals)
        doubled_rank[value] = 2 * below + t + 1
        below, ties = below + t, ties + t**3 - t
    rank_sums = (sum(doubled_rank[value] for value in group) for group in (first, second))
    squares = sum(
        (Fraction(total**2, size) for total, size in zip(rank_sums, (len(first), len(second)), strict=True)),
        Fraction(0),
    )
    return (3 * squares / (n * (n + 1)) - 3 * (n + 1)) / (1 - Fraction(ties, n**3 - n))


def _smallest_p(rows: Rows, spec: Compute) -> float | None:
    values = [p for variable in spec.variables if (p := _p(rows, spec, variable)) is not None]
    return min(values) if len(values) == len(spec.variables) else None


_STATISTICS: dict[str, Callable[[Rows, Compute], _Found | None]] = {
    "n": _n,
    "percent": _percent,
    "mean": _mean,
    "sd": _sd,
    "min": lambda rows, spec: min(_numbers(rows, spec.over, spec.group, spec.variable)),
    "max": lambda rows, spec: max(_numbers(rows, spec.over, spec.group, spec.variable)),
    "difference": _difference,
    "lead": _lead,
    "p": _p,
    "smallest_p": _smallest_p,
}
