"""Every statistic that a claim may ask for, counted anew from the cells of a table; for the checker alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import TypeAlias

import scipy.stats

from vpresearch.published import Compute
from vpresearch.reconstruct.rules import Rows

_ALPHA = 0.05


@dataclass(frozen=True)
class Root:
    """A standard deviation by its exact square.

    Attributes
    ----------
    square : fractions.Fraction
    """

    square: Fraction

    def __float__(self) -> float:
        return math.sqrt(self.square)


Found: TypeAlias = Fraction | float | Root


def recount(rows: Rows, spec: Compute) -> Found | None:
    """Compute what a claim asks for.

    Parameters
    ----------
    rows : list of dict of str to str
        From ``read_rows``.
    spec : Compute

    Returns
    -------
    fractions.Fraction or Root or float or None
        A p-value is a float; None where the protocol would not take the rank test.
    """
    return _STATISTICS[spec.statistic](rows, spec)


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


def _sd(rows: Rows, spec: Compute) -> Root:
    values = _numbers(rows, spec.over, spec.group, spec.variable)
    n, total = len(values), sum(values, Fraction(0))
    return Root((n * sum((value * value for value in values), Fraction(0)) - total * total) / (n * (n - 1)))


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


_STATISTICS: dict[str, Callable[[Rows, Compute], Found | None]] = {
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
