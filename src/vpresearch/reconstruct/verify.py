"""What holds in every table of vertebrae, whatever a paper prints; counted anew, for the checker alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import TypeAlias

import pandas as pd
import scipy.stats

from vpresearch.core.dictionary import columns
from vpresearch.core.reported import Reported
from vpresearch.published import Compute, Grid, Paper

Rows = list[dict[str, str]]


def read_rows(table: pd.DataFrame, paper: Paper) -> Rows:
    """Return the cells of a table as text, with the region and the ratios that follow from them."""
    cells = {str(name): ["" if pd.isna(cell) else str(cell) for cell in table[name].tolist()] for name in table}
    rows = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    for row in rows:
        row["region"] = {"T": "thoracic", "L": "lumbar"}[row["level"][0]]
        for name, (numerator, denominator) in paper.ratios.items():
            row[name] = str(100 * Fraction(row[numerator]) / Fraction(row[denominator]))
    return rows


def broken_rules(rows: Rows, paper: Paper) -> Iterator[tuple[str, str]]:
    """Find the rules that a table breaks."""
    for name, column in columns().items():
        if column.unit_of_observation == "patient" and name in rows[0]:
            values = {(row["patient_id"], row[name]) for row in rows}
            several = [patient for patient, n in Counter(patient for patient, _ in values).items() if n > 1]
            if several:
                yield f"one_value_a_patient.{name}", ", ".join(several)
    for (patient, level), n in Counter((row["patient_id"], row["level"]) for row in rows).items():
        if n > 1:
            yield "level_once", f"{patient} {level}"
    for number, row in enumerate(rows, start=1):
        if Fraction(row["cement_volume_cc"]) >= Fraction(row["vertebral_volume_cc"]):
            yield "cement_below_volume", f"row {number}"
        if (row["leak"] == "yes") != (row["leak_site"] != "") or (row["leak"] == "yes") != (row["leak_size"] != ""):
            yield "kind_of_leak", f"row {number}"
    for name, grid in paper.grids.items():
        yield from _off_grid(rows, name, grid)


def _off_grid(rows: Rows, name: str, grid: Grid) -> Iterator[tuple[str, str]]:
    values = [Fraction(row[name]) for row in rows if row[name] != ""]
    low, high = (Fraction(end) if end is not None else None for end in (grid.low, grid.high))
    for value in sorted(set(values)):
        outside = (low is not None and value < low) or (high is not None and value > high)
        if outside or (value / Fraction(grid.step)).denominator != 1:
            yield f"grid.{name}", str(value)
    if grid.most_equal is not None:
        for value, n in sorted(Counter(values).items()):
            if n > grid.most_equal:
                yield f"most_equal.{name}", f"{n} times {value}"


_ALPHA = 0.05


@dataclass(frozen=True)
class Root:
    """A standard deviation by its exact square."""

    square: Fraction

    def __float__(self) -> float:
        return math.sqrt(self.square)


Found: TypeAlias = Fraction | float | Root


def recount(rows: Rows, spec: Compute) -> Found | None:
    """Compute what a claim asks for."""
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
    """Return the Kruskal-Wallis statistic of two groups, corrected for ties, exactly.

    Kruskal WH, Wallis WA. J Am Stat Assoc 1952;47:583-621.
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


_NOISE = Fraction(1, 10**12)


@dataclass(frozen=True)
class Failure:
    """A claim or a rule that a table does not satisfy."""

    claim: str
    wanted: str
    found: str


def verify(table: pd.DataFrame, paper: Paper, instead: Mapping[str, Reported] | None = None) -> list[Failure]:
    """Find every claim and every rule that a dataset fails."""
    rows = read_rows(table, paper)
    failures = [Failure(f"rule.{rule}", "kept", found) for rule, found in broken_rules(rows, paper)]
    for claim in paper.claims:
        printed = (instead or {}).get(claim.id, claim.printed)
        found = recount(rows, claim.compute)
        if found is None or not _holds(found, printed):
            failures.append(Failure(claim.id, printed.printed, "nothing" if found is None else f"{float(found):.6g}"))
    return failures


def _holds(found: Found, printed: Reported) -> bool:
    half = Fraction(1, 2 * 10**printed.decimals)
    low, high = printed.value - half, printed.value + half
    if isinstance(found, Root):
        return max(low, Fraction(0)) ** 2 <= found.square <= high**2
    if printed.bound:
        return found > printed.value if printed.bound == ">" else found < printed.value
    # Only a p-value is in floating point; it must not be refused for its last bits.
    noise = _NOISE if isinstance(found, float) else 0
    return low - noise <= Fraction(found) <= high + noise
