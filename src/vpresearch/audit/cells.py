"""The groups of values that a paper describes, collected from its claims."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from vpresearch.audit.check import Range
from vpresearch.core.reported import Reported, RoundingRule
from vpresearch.lattice import Cell
from vpresearch.published import QUANTILES, Claim, Grid, Paper

# Which rows: a value by column.
Pair: TypeAlias = tuple[str, str]
Where: TypeAlias = tuple[Pair, ...]

_STATISTICS = ("mean", "sd", *QUANTILES)
# Grids that an instrument or a habit could give, beside the one that is stated.
_LARGEST = 100_000
_FINEST = 100_000
NATURAL_STEPS = ("1", "0.5", "0.1", "0.05")


@dataclass(frozen=True)
class Group:
    """One variable in one group, with everything printed of it."""

    variable: str
    over: str
    where: Where
    n: int
    claims: Mapping[str, Claim]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the printed mean and standard deviation."""
        return tuple(self.claims[name].id for name in ("mean", "sd") if name in self.claims)

    def ends(self, statistic: str, rule: RoundingRule) -> tuple[Fraction, Fraction]:
        """Return the least and the greatest value that a printed statistic stands for."""
        interval = self.claims[statistic].printed.interval(rule)
        low, high = Fraction(interval.low or 0), Fraction(interval.high or 0)
        return max(low, Fraction(0)) if statistic == "sd" else low, high

    def reach(self, statistic: str, rule: RoundingRule) -> Range:
        """Return the same as binary numbers."""
        low, high = self.ends(statistic, rule)
        return float(low), float(high)

    def printed(self, statistic: str) -> Reported | None:
        """Return the printed number of a statistic, if any."""
        return self.claims[statistic].printed if statistic in self.claims else None


@lru_cache(maxsize=8)
def counted(paper: Paper) -> dict[tuple[str | None, str, Where], Claim]:
    """Collect the printed counts: by variable, of which values may be missing, or None of rows; by unit and rows."""
    return {
        (claim.compute.variable, claim.compute.over, where_of(claim.compute.group)): claim
        for claim in reversed(paper.claims)
        if claim.kind == "count"
    }


@lru_cache(maxsize=8)
def described(paper: Paper) -> tuple[Group, ...]:
    """Collect every group of which a mean, a spread or a quantile is printed; its size is 0 where none is."""
    sizes = counted(paper)
    collected: dict[tuple[str, str, Where], dict[str, Claim]] = {}
    for claim in paper.claims:
        variable = claim.compute.variable
        if claim.kind == "verbal" or variable is None or claim.compute.statistic not in _STATISTICS:
            continue
        known = collected.setdefault((variable, claim.compute.over, where_of(claim.compute.group)), {})
        first = known.get(claim.compute.statistic)
        if first is None or claim.printed.decimals > first.printed.decimals:
            known[claim.compute.statistic] = claim
    # Where values are missing, a variable has a size of its own.
    found = []
    for key, claims in collected.items():
        size = sizes.get(key) or sizes.get((None, *key[1:]))
        # Where rows disagree, that most tell a size is no proof for one that tells none.
        if size is None or size.inferred or size.printed.value > _LARGEST:
            found.append(Group(*key, 0, claims))
        else:
            found.append(Group(*key, int(size.printed.value), {"n": size, **claims}))
    return tuple(found)


@lru_cache(maxsize=8)
def groups(paper: Paper) -> tuple[Group, ...]:
    """Collect every group of which a mean is printed."""
    return tuple(group for group in described(paper) if {"mean", "n"} <= set(group.claims))


@dataclass(frozen=True)
class Change:
    """A group of changes, the two that they lie between, by name and as found, and which rows all three are of."""

    group: Group
    names: tuple[str, str]
    first: Group | None
    second: Group | None
    rest: Where


@lru_cache(maxsize=8)
def changes(paper: Paper) -> tuple[Change, ...]:
    """Find what every change lies between: two variables, or two groups of one variable."""
    every = {(group.variable, group.over, group.where): group for group in described(paper)}
    found = []
    for group in every.values():
        names = next((claim.compute.change for claim in group.claims.values() if claim.compute.change), None)
        if names is None:
            continue
        # As two variables of the same rows; then as two values of a column that tells rows.
        tried = [(group.where, [(name, group.over, group.where) for name in names])]
        for column, value in group.where:
            others = [where_of({**dict(group.where), column: name}) for name in names]
            rest = tuple(pair for pair in group.where if pair != (column, value))
            tried.append((rest, [(group.variable, group.over, other) for other in others]))
        rest, keys = next((each for each in tried if set(each[1]) <= set(every)), tried[0])
        found.append(Change(group, names, every.get(keys[0]), every.get(keys[1]), rest))
    return tuple(found)


@lru_cache(maxsize=8)
def _divisions(paper: Paper) -> dict[tuple[str, str], dict[tuple[Where, str], list[Group]]]:
    """Collect by variable and unit the groups that a column divides some rows into, but for changes of two groups."""
    apart = {
        (change.group.variable, change.group.where) for change in changes(paper) if change.rest != change.group.where
    }
    found: dict[tuple[str, str], dict[tuple[Where, str], list[Group]]] = {}
    for group in groups(paper):
        for pair in group.where if (group.variable, group.where) not in apart else ():
            rest = tuple(other for other in group.where if other != pair)
            found.setdefault((group.variable, group.over), {}).setdefault((rest, pair[0]), []).append(group)
    return found


def divided(paper: Paper) -> list[list[Group]]:
    """List the groups that each column divides all rows of a variable into."""
    return [parts for each in _divisions(paper).values() for (rest, _), parts in each.items() if not rest]


def side_by_side(paper: Paper) -> list[list[Group]]:
    """List the groups that each column divides all rows of a variable into, or some."""
    return [parts for each in _divisions(paper).values() for parts in each.values()]


def halves(paper: Paper) -> Iterator[tuple[Group, Group]]:
    """Pair the two groups that one column divides a variable into."""
    yield from ((parts[0], parts[1]) for parts in divided(paper) if len(parts) == 2)


def may_compare(claim: Claim) -> bool:
    """Return whether a p may be of groups: of some rows alone it may be of what changed in them, or names a column."""
    return claim.compute.by is not None or not claim.compute.group


def compared(paper: Paper, claim: Claim) -> list[Group]:
    """Find the groups that a test compares: by the column that it names, or the only one that divides its variable."""
    asked = claim.compute
    divisions = _divisions(paper).get((str(asked.variable), asked.over), {})
    if asked.by is not None:
        return divisions.get((where_of(asked.group), asked.by), [])
    return next(iter(divisions.values())) if len(divisions) == 1 and may_compare(claim) else []


def _tested(paper: Paper) -> Iterator[tuple[Claim, list[Group]]]:
    """Go through the p of which every group has its mean and SD printed."""
    for claim in paper.claims:
        parts = compared(paper, claim) if claim.kind == "p" else []
        if all("sd" in part.claims for part in parts):
            yield claim, parts


def pairs(paper: Paper) -> Iterator[tuple[Claim, Group, Group]]:
    """Pair the two groups behind every printed p-value of a numeric variable."""
    yield from ((claim, parts[0], parts[1]) for claim, parts in _tested(paper) if len(parts) == 2)


def several(paper: Paper) -> Iterator[tuple[Claim, list[Group]]]:
    """Collect the three or more groups behind every printed p-value of a numeric variable."""
    yield from ((claim, parts) for claim, parts in _tested(paper) if len(parts) > 2)


def aligned(first: Cell | None, second: Cell | None) -> tuple[Cell, Cell] | None:
    """Set two cells on one lattice, from the lower of their low ends to the higher of their high ends."""
    if first is None or second is None or (first.values[0] - second.values[0]) % first.unit:
        return None
    low, high = min(first.values[0], second.values[0]), max(first.values[-1], second.values[-1])
    return replace(first, low=low, high=high), replace(second, low=low, high=high)


def pooled(paper: Paper, group: Group) -> Group | None:
    """Find the printed statistics of everybody, for the variable and unit of a group."""
    return _pooled(paper).get((group.variable, group.over))


@lru_cache(maxsize=8)
def _pooled(paper: Paper) -> dict[tuple[str, str], Group]:
    return {(group.variable, group.over): group for group in groups(paper) if not group.where}


def moments(parts: Sequence[Group], rule: RoundingRule) -> tuple[list[Range], list[Range]]:
    """Return the means and the SDs of groups as ranges."""
    return [part.reach("mean", rule) for part in parts], [part.reach("sd", rule) for part in parts]


def pooled_mean(parts: Sequence[Group], rule: RoundingRule = "any") -> tuple[Fraction, Fraction]:
    """Bound the overall mean that the printed means of groups force."""
    n = sum(part.n for part in parts)
    low, high = (sum(part.n * part.ends("mean", rule)[end] for part in parts) / n for end in (0, 1))
    return Fraction(low), Fraction(high)


def cell(paper: Paper, group: Group, grid: Grid, rule: RoundingRule, *, strict: bool) -> Cell | None:
    """Set a group on a grid."""
    step = Fraction(grid.step)
    everybody = pooled(paper, group)
    ends: list[Fraction] = []
    attained: list[Fraction | None] = []
    for position, (statistic, scale) in enumerate((("min", grid.low), ("max", grid.high))):
        own, of_all = group.printed(statistic), everybody.printed(statistic) if everybody else None
        candidates = _on_grid(own or of_all, grid, rule)
        if candidates == []:
            return None
        if candidates is None:
            ends.append(Fraction(scale) if scale is not None else _reach(group, position, grid))
            attained.append(None)
            continue
        nearest = min(candidates, key=lambda value: abs(value - (own or of_all).value))  # type: ignore[union-attr]
        ends.append(nearest if strict else (min, max)[position](candidates))
        known = own is not None and (strict or len(candidates) == 1)
        attained.append(nearest if known else None)
    low = ends[0]
    # The lattice runs from its low end in whole steps.
    high = low + (ends[1] - low) // step * step
    if high < low:
        return None
    return Cell(
        group.n,
        group.claims["mean"].printed,
        group.printed("sd"),
        low,
        high,
        step,
        rule=rule,
        attained_low=attained[0],
        attained_high=attained[1],
    )


def off_grid(paper: Paper, group: Group, grid: Grid, rule: RoundingRule) -> list[Claim]:
    """List the printed extremes of a group, or of everybody in their place, that no value of a grid prints as."""
    everybody = pooled(paper, group)
    known = {**(everybody.claims if everybody else {}), **group.claims}
    extremes = [known[name] for name in ("min", "max") if name in known]
    return [claim for claim in extremes if _on_grid(claim.printed, grid, rule) == []]


def is_binary(grid: Grid) -> bool:
    """Return whether a grid is that of a yes or no."""
    return (grid.step, grid.low, grid.high) == ("1", "0", "1")


def is_too_fine(group: Group, grid: Grid) -> bool:
    """Return whether a grid has so many steps, or a mean so many sums, that they say nothing and take for ever."""
    ends = [
        Fraction(end) if end is not None else _reach(group, position, grid)
        for position, end in enumerate((grid.low, grid.high))
    ]
    step, mean = Fraction(grid.step), group.claims["mean"].printed
    return max((ends[1] - ends[0]) / step, 2 * mean.half_unit * group.n / step) > _FINEST


def grids(paper: Paper, variable: str) -> list[tuple[Grid, bool]]:
    """List the stated grids of a variable, then the natural ones."""
    stated = paper.grids.get(variable)
    if stated is None:
        return []
    wider = [replace(stated, low=low, also=()) for low in stated.also]
    natural = [replace(stated, step=step, also=()) for step in NATURAL_STEPS if Fraction(step) != Fraction(stated.step)]
    return [(stated, True), *((grid, True) for grid in wider), *((grid, False) for grid in natural)]


def where_of(group: Mapping[str, str]) -> Where:
    """Return which rows a group is of, to look it up by."""
    return tuple(sorted(group.items()))


def _anchor(grid: Grid) -> tuple[Fraction, Fraction]:
    """Return a value that the grid has, at one of its ends where it has any, and its step."""
    return Fraction(grid.low or grid.high or 0), Fraction(grid.step)


def _on_grid(printed: Reported | None, grid: Grid, rule: RoundingRule) -> list[Fraction] | None:
    """List the grid values that a printed extreme can stand for; None where none is printed."""
    if printed is None:
        return None
    interval = printed.interval(rule)
    if interval.low is None or interval.high is None:
        return None
    start, step = _anchor(grid)
    first, last = math.floor((interval.low - start) / step), math.ceil((interval.high - start) / step)
    values = (start + place * step for place in range(first, last + 1))
    return [value for value in values if value in interval]


def _reach(group: Group, position: int, grid: Grid) -> Fraction:
    """How far the standard deviation lets one value lie from the mean: sd (n - 1) / sqrt(n), rounded outwards."""
    mean, sd = group.claims["mean"].printed, group.printed("sd")
    spread = float(sd.value + sd.half_unit) if sd else abs(float(mean.value)) + 1
    far = float(mean.half_unit) + spread * (group.n - 1) / math.sqrt(group.n)
    end = float(mean.value) + (far if position else -far)
    start, step = _anchor(grid)
    return start + (math.ceil if position else math.floor)((end - float(start)) / float(step)) * step
