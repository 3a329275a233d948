"""A claim that other printed numbers imply: what it computes, by interval arithmetic on their rounding intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from vpresearch.audit.counts import OF_LEAKS
from vpresearch.core.dictionary import REGIONS, columns
from vpresearch.core.reported import Interval
from vpresearch.published import Claim, Compute

Bounds: TypeAlias = tuple[Fraction | float, Fraction | float]
_OPEN: Bounds = (-math.inf, math.inf)


def implied_by(claim: Claim, known: Sequence[Claim]) -> tuple[Claim, ...]:
    """Name claims that imply another one, none of which can be left out; none where the known claims leave it open.

    Every known claim stands for its closed rounding interval; the claim itself is passed over. A share follows from
    counts, a lead from counts and what they leave of the whole, a difference from means, a smallest p from every p. Of
    several sets that would do, the one that prefers early claims.

    Moore RE, Kearfott RB, Cloud MJ. Introduction to Interval Analysis. SIAM, 2009.
    """
    return _needed(claim, tuple(known))


# The same of every dataset that is held against the paper.
@lru_cache(maxsize=1024)
def _needed(claim: Claim, known: tuple[Claim, ...]) -> tuple[Claim, ...]:
    needed = [each for each in known if each.id != claim.id]
    if not _follows(claim, needed):
        return ()
    for each in reversed(needed):
        others = [other for other in needed if other is not each]
        if _follows(claim, others):
            needed = others
    return tuple(needed)


def _follows(claim: Claim, known: Sequence[Claim]) -> bool:
    """Tell whether every value that known claims allow lies in the interval of another."""
    low, high = _meet(_printed(claim.compute, known), _RULES.get(claim.compute.statistic, _open)(claim.compute, known))
    printed = claim.printed.interval()
    return low <= high and _within(low, high, printed)


def _within(low: Fraction | float, high: Fraction | float, printed: Interval) -> bool:
    ends = ((low, printed.low), (high, printed.high))
    return all(limit is None or (math.isfinite(end) and end in printed) for end, limit in ends)


def _meet(*found: Bounds) -> Bounds:
    return max(low for low, _ in found), min(high for _, high in found)


def _open(spec: Compute, known: Sequence[Claim]) -> Bounds:
    return _OPEN


def _printed(spec: Compute, known: Sequence[Claim]) -> Bounds:
    """Bound what is printed itself."""
    intervals = [each.printed.interval() for each in known if each.compute == spec]
    lows = [interval.low for interval in intervals if interval.low is not None]
    highs = [interval.high for interval in intervals if interval.high is not None]
    return max(lows, default=-math.inf), min(highs, default=math.inf)


# -- counts --------------------------------------------------------------------------------------------------------


def _count(over: str, rows: Mapping[str, str], known: Sequence[Claim]) -> Bounds:
    """Bound how many rows there are of a kind, from counts of them and from percentages of everybody."""
    low, high = _whole(over, rows, known)
    total = _whole(over, {}, known)
    for each in known:
        spec = each.compute
        of_all = spec.statistic == "percent" and spec.over == over and not (spec.within or spec.fell or spec.of)
        if of_all and _kind(spec.group) == dict(rows):
            least, most = _printed(spec, [each])
            # A percentage is out of the rows whose answer is known, which may be fewer than all.
            low = max(low, least * total[0] / 100 if _always_told(spec.group) else 0)
            high = min(high, most * total[1] / 100)
    return math.ceil(low), math.floor(high) if math.isfinite(high) else high


def _whole(over: str, rows: Mapping[str, str], known: Sequence[Claim]) -> Bounds:
    counted = [each for each in known if _counts(each, over) and _kind(each.compute.group) == dict(rows)]
    return _meet((0, math.inf), *(_printed(each.compute, [each]) for each in counted))


def _counts(claim: Claim, over: str) -> bool:
    spec = claim.compute
    return (spec.statistic, spec.over, spec.variable) == ("n", over, None) and not spec.within


def _kind(rows: Mapping[str, str]) -> dict[str, str]:
    """Leave out what the other columns tell: a lumbar L1 is an L1, and the site of a leak is of a leak."""
    told: dict[str, str] = {}
    for column, value in rows.items():
        if column == "level":
            told["region"] = REGIONS.get(value[:1], "")
        elif column in OF_LEAKS:
            told["leak"] = "yes"
    return {column: value for column, value in rows.items() if told.get(column) != value}


def _always_told(rows: Mapping[str, str]) -> bool:
    return all(name == "region" or (name in columns() and not columns()[name].may_be_empty) for name in rows)


# -- what claims compute -------------------------------------------------------------------------------------------


def _share(spec: Compute, known: Sequence[Claim]) -> Bounds:
    if spec.fell or spec.of:
        return _OPEN
    part = _count(spec.over, _kind({**spec.within, **spec.group}), known)
    whole = _count(spec.over, _kind(spec.within), known)
    low = 100 * part[0] / whole[1] if whole[1] else 0
    return low, 100 * part[1] / whole[0] if spec.within and whole[0] else math.inf


def _lead(spec: Compute, known: Sequence[Claim]) -> Bounds:
    ((column, value),) = spec.group.items()
    unit = columns()[column].unit_of_observation if column in columns() else "vertebra"
    if spec.over == "patients" and unit != "patient":
        # A patient may be of several categories, and be counted in each.
        return _OPEN
    values = {each.compute.group.get(column) for each in known if _counts(each, spec.over)} - {value, None}
    kinds = {str(other): _kind({**spec.within, column: str(other)}) for other in values}
    others = [_count(spec.over, kind, known) for kind in kinds.values() if list(kind) == [column]]
    mine = _count(spec.over, _kind({**spec.within, **spec.group}), known)
    rest = _count(spec.over, _kind(spec.within), known)[1] - mine[0] - sum(low for low, _ in others)
    greatest = max([rest, *(high for _, high in others)])
    return mine[0] - greatest, mine[1] - max([0, *(low for low, _ in others)])


def _difference(spec: Compute, known: Sequence[Claim]) -> Bounds:
    (low, high), (least, most) = (
        _printed(Compute("mean", spec.over, spec.variable, group=group), known) for group in (spec.group, spec.minus)
    )
    return low - most, high - least


def _smallest_p(spec: Compute, known: Sequence[Claim]) -> Bounds:
    each = [_printed(Compute("p", spec.over, variable), known) for variable in spec.variables]
    return min(low for low, _ in each), min(high for _, high in each)


_RULES: dict[str, Callable[[Compute, Sequence[Claim]], Bounds]] = {
    "percent": _share,
    "lead": _lead,
    "difference": _difference,
    "smallest_p": _smallest_p,
}
