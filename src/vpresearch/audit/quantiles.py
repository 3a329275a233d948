"""Medians, quartiles and extremes: their order, their grid, and the mean and standard deviation that they leave."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, pairwise

from vpresearch.audit.cells import Group, cell, described, grids, groups, is_too_fine
from vpresearch.audit.check import Check, Range, Verdict, show_values
from vpresearch.core.reported import Reported, RoundingRule
from vpresearch.lattice import Cell, LatticeTooLargeError, is_possible, sample, table_cost, to_values
from vpresearch.published import QUANTILES, Grid, Paper

# How many values, and between which ends each of them lies; an end that nothing tells is infinite.
Block = tuple[int, float, float]

_NOISE = 1e-9
# Entries of a table that is made in a few tenths of a second, for each definition of a quartile.
_COUNTED = 300_000


def check_quantiles(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Check every printed median and quartile against its neighbours, its grid, and mean and standard deviation."""
    for group in described(paper):
        if not {"q1", "median", "q3"} & set(group.claims):
            continue
        grid = paper.grids.get(group.variable)
        order = _order(group, grid, rule)
        yield from order
        if not group.n or any(check.alarm for check in order):
            continue
        if grid is not None:
            yield from _grid(group, grid, rule)
        yield from _moments(group, grid, rule)


def _scale(grid: Grid | None) -> tuple[Fraction | None, Fraction | None]:
    if grid is None:
        return None, None
    low = None if grid.low is None else min(map(Fraction, (grid.low, *grid.also)))
    return low, None if grid.high is None else Fraction(grid.high)


def _order(group: Group, grid: Grid | None, rule: RoundingRule) -> list[Check]:
    """Hold each quantile against those above it, and all of them against the scale."""
    low, high = _scale(grid)
    rows = [("scale_low", f"{float(low):g}", low, low)] if low is not None else []
    rows += [(name, group.claims[name].printed.printed, *group.ends(name, rule)) for name in _present(group)]
    rows += [("scale_high", f"{float(high):g}", high, high)] if high is not None else []
    ids = tuple(group.claims[name].id for name in _present(group))
    for (name, first, least, _), (other, second, _, most) in combinations(rows, 2):
        if least > most:
            values: dict[str, str | float] = {"first_quantile": name, "second_quantile": other}
            values |= {"first": first, "second": second, "variable": group.variable}
            wrong = tuple(group.claims[each].id for each in (name, other) if each in group.claims)
            return [Check("quantile_order", wrong, "impossible", "quantiles_disordered", values)]
    witness = " <= ".join(row[1] for row in rows)
    return [Check("quantile_order", ids, "possible", "quantiles_ordered", {}, witness=witness)] if len(rows) > 1 else []


def _present(group: Group) -> list[str]:
    return [name for name in QUANTILES if name in group.claims]


# -- where quantiles stand -------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def places(n: int) -> tuple[tuple[Fraction, ...], ...]:
    """Return the places of q1, median and q3 among n sorted values, for each definition that anybody uses.

    A place between two values weighs them. The nine types of Hyndman & Fan (Am Stat 1996;50:361-365), of which the
    third may round a tie either way; the hinges of Tukey; and the medians of the halves without the middle value. The
    first two types, the hinges and the halves have no places that the others do not give.
    """
    parts = [Fraction(k, 4) for k in (1, 2, 3)]
    rules: list[Callable[[Fraction], Fraction]] = [
        lambda p: Fraction(round(n * p)),
        lambda p: Fraction(math.ceil(n * p - Fraction(1, 2))),
        lambda p: Fraction(math.floor(n * p + Fraction(1, 2))),
        lambda p: n * p,
        lambda p: n * p + Fraction(1, 2),
        lambda p: (n + 1) * p,
        lambda p: (n - 1) * p + 1,
        lambda p: (n + Fraction(1, 3)) * p + Fraction(1, 3),
        lambda p: (n + Fraction(1, 4)) * p + Fraction(3, 8),
    ]
    return tuple(sorted({tuple(min(max(rule(p), Fraction(1)), Fraction(n)) for p in parts) for rule in rules}))


def _parts_of_a_step(name: str, n: int) -> set[int]:
    """Into how many parts a step is divided by a quantile between two neighbouring values."""
    if name == "median":
        return {2 - n % 2}
    return {place[0 if name == "q1" else 2].denominator for place in places(n)}


def _grid(group: Group, grid: Grid, rule: RoundingRule) -> Iterator[Check]:
    """Hold medians and quartiles against the grid, and against the parts of a step that their definitions give."""
    starts = {Fraction(end) for end in (grid.low, *grid.also) if end is not None} or {Fraction(grid.high or 0)}
    for name in (each for each in QUANTILES[1:-1] if each in group.claims):
        low, high = group.ends(name, rule)

        def near(n: int, end: Fraction, turn: Callable[[Fraction], int], name: str = name) -> list[Fraction]:
            units = [Fraction(grid.step) / parts for parts in _parts_of_a_step(name, n)]
            return [start + turn((end - start) / unit) * unit for start in starts for unit in units]

        def fits(n: int, low: Fraction = low, high: Fraction = high) -> bool:
            return min(near(n, low, math.ceil)) <= high

        # With one value less a step has other parts; of the median, one definition halves them in any case.
        one_less = group.n > 1 and fits(group.n - 1)
        verdict: Verdict = "possible" if fits(group.n) else ("undecided" if one_less else "impossible")
        code = {
            "possible": "quantile_on_grid",
            "undecided": "quantile_if_missing",
            "impossible": "quantile_off_grid",
        }[verdict]
        claim = group.claims[name]
        values: dict[str, str | float] = {"step": grid.step, "n": float(group.n), "printed": claim.printed.printed}
        values |= {"first_quantile": name, "variable": group.variable}
        values |= {
            "below": claim.printed.render(float(max(near(group.n, low, math.floor)))),
            "above": claim.printed.render(float(min(near(group.n, high, math.ceil)))),
        }
        witness = f"{float(min(near(group.n, low, math.ceil))):.12g}" if verdict == "possible" else ""
        ids = (claim.id, group.claims["n"].id)
        yield Check("quantile_grid", ids, verdict, code, values, witness=witness)


# -- mean and standard deviation -------------------------------------------------------------------------------------


def _moments(group: Group, grid: Grid | None, rule: RoundingRule) -> Iterator[Check]:
    """Hold mean and standard deviation against all that quantiles leave, whatever the definition of a quartile."""
    # What is not printed makes no difference.
    wheres = {
        tuple(p if name in group.claims else None for name, p in zip(QUANTILES[1:], where, strict=False)): where
        for where in places(group.n)
    }
    boxes = [found for where in wheres.values() if (found := _boxes(group, grid, where, rule))]
    ids = [group.claims[name].id for name in (*_present(group), "n")]
    mean = group.reach("mean", rule) if "mean" in group.claims else (-math.inf, math.inf)
    means = [_mean_of(paired) for _, paired in boxes]
    values: dict[str, str | float] = {"variable": group.variable, "n": float(group.n)}
    if "mean" in group.claims and means:
        reach = min(low for low, _ in means), max(high for _, high in means)
        yield from _held("quantiles_mean", group, "mean", ids, reach, rule, values)
    spreads = []
    if "sd" not in group.claims or group.n < 2:
        return
    for (box, _), (low, high) in zip(boxes, means, strict=True):
        least, most = max(low, mean[0]), min(high, mean[1])
        if least <= most + _NOISE * max(1.0, abs(most)):
            spreads.append(_sd_of(box, (min(least, most), max(least, most))))
    if spreads:
        reach = min(low for low, _ in spreads), max(high for _, high in spreads)
        ids += [group.claims["mean"].id] if "mean" in group.claims else []
        yield from _held("quantiles_sd", group, "sd", ids, reach, rule, values)


def check_quantile_data(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Count the datasets that have a mean, an SD and quantiles at once, where the grid is coarse enough to count."""
    for group in groups(paper):
        stated = [grid for grid, is_stated in grids(paper, group.variable) if is_stated]
        if not _definitions(group) or "sd" not in group.claims or not stated:
            continue
        cells = [None if is_too_fine(group, grid) else cell(paper, group, grid, rule, strict=False) for grid in stated]
        known = [each for each in cells if each is not None]
        if len(known) == len(stated):
            yield from _counted(group, known, stated[0].step)


def _definitions(group: Group) -> list[tuple[tuple[Fraction, Reported], ...]]:
    """List the places of the printed quantiles, by every definition that differs in them."""
    names = QUANTILES[1:-1]
    found = {
        tuple((place, name) for place, name in zip(where, names, strict=True) if name in group.claims): None
        for where in places(group.n or 1)
    }
    return [tuple((place, group.claims[name].printed) for place, name in each) for each in found if each]


def _counted(group: Group, cells: Sequence[Cell], step: str) -> Iterator[Check]:
    every = [replace(each, quantiles=where) for where in _definitions(group) for each in cells]
    if any(table_cost(each) > _COUNTED for each in every):
        return
    try:
        if not any(map(is_possible, cells)):
            # Of what mean and SD alone do not allow is told elsewhere.
            return
        found = next(filter(is_possible, every), None)
    except LatticeTooLargeError:
        return
    names = (*QUANTILES[1:-1], QUANTILES[0], QUANTILES[-1], "mean", "sd", "n")
    ids = tuple(group.claims[name].id for name in names if name in group.claims)
    values: dict[str, str | float] = {"variable": group.variable, "n": float(group.n), "step": step}
    verdict: Verdict = "impossible" if found is None else "possible"
    code = {"possible": "quantiles_counted_hold", "impossible": "quantiles_counted_fail"}[verdict]
    witness = "" if found is None else show_values(to_values(found, sample(found, 1, 0))[0])
    yield Check("quantiles_counted", ids, verdict, code, values, witness=witness)


def _held(
    check: str,
    group: Group,
    name: str,
    ids: Sequence[str],
    reach: Range,
    rule: RoundingRule,
    values: dict[str, str | float],
) -> Iterator[Check]:
    if reach == (-math.inf, math.inf):
        return
    low, high = group.reach(name, rule)
    slack = _NOISE * max(1.0, abs(low), abs(high))
    holds = high >= reach[0] - slack and low <= reach[1] + slack
    values = {**values, "reach_low": reach[0], "reach_high": reach[1], "printed": group.claims[name].printed.printed}
    verdict: Verdict = "possible" if holds else "impossible"
    code = f"{check}_holds" if holds else f"{check}_fails"
    witness = f"{reach[0]:.6g} - {reach[1]:.6g}" if holds else ""
    yield Check(check, (group.claims[name].id, *ids), verdict, code, values, witness=witness)


def _boxes(
    group: Group, grid: Grid | None, where: Sequence[Fraction], rule: RoundingRule
) -> tuple[list[Block], list[Block]] | None:
    """Bound every sorted value by the quantiles at and beyond it; and again for the mean, with the middle pair as one.

    None where no values have such quantiles by this definition.
    """
    n = group.n
    at = dict(zip(QUANTILES, (Fraction(1), *where, Fraction(n)), strict=True))
    knots = [(at[name], *group.ends(name, rule)) for name in _present(group)]
    least, most = _scale(grid)
    cuts = {1, n + 1} | {end for place, _, _ in knots for end in (math.floor(place) + 1, math.ceil(place))}
    middle = at["median"] if "median" in group.claims and at["median"].denominator == 2 else None
    if middle is not None:
        cuts |= {math.floor(middle), math.ceil(middle) + 1}
    box: list[Block] = []
    edges = sorted(cut for cut in cuts if 1 <= cut <= n + 1)
    for first, after in pairwise(edges):
        lows = [end for place, end, _ in knots if math.ceil(place) <= first] + ([] if least is None else [least])
        highs = [end for place, _, end in knots if math.floor(place) >= first] + ([] if most is None else [most])
        lowest, highest = max(lows, default=None), min(highs, default=None)
        if grid is not None and not grid.also:
            start, step = Fraction(grid.low or grid.high or 0), Fraction(grid.step)
            lowest = lowest if lowest is None else start + math.ceil((lowest - start) / step) * step
            highest = highest if highest is None else start + math.floor((highest - start) / step) * step
        if lowest is not None and highest is not None and lowest > highest:
            return None
        reach = (-math.inf if lowest is None else float(lowest), math.inf if highest is None else float(highest))
        box.append((after - first, *reach))
    paired = list(box)
    if middle is not None:
        # The two middle values together are twice the median.
        place = edges.index(math.floor(middle))
        low, high = group.reach("median", rule)
        (_, one_low, one_high), (_, other_low, other_high) = box[place : place + 2]
        pair = (2, max((one_low + other_low) / 2, low), min((one_high + other_high) / 2, high))
        paired[place : place + 2] = [pair]
    return box, paired


def _mean_of(box: Sequence[Block]) -> Range:
    n = sum(count for count, _, _ in box)
    return sum(count * low for count, low, _ in box) / n, sum(count * high for count, _, high in box) / n


def _sd_of(box: Sequence[Block], mean: Range) -> Range:
    """Bound the standard deviation of values in their ranges, with a mean in its own."""
    df = sum(count for count, _, _ in box) - 1
    return math.sqrt(max(0.0, _least(box, mean)) / df), math.sqrt(max(0.0, _most(box, mean)) / df)


def _least(box: Sequence[Block], mean: Range) -> float:
    """Bound the sum of squares about the mean from below: every value as near to one centre as its range lets it.

    Of values x with mean m, it is the squares about any centre c less n (m - c)^2.
    """
    n = sum(count for count, _, _ in box)
    ends = [end for _, low, high in box for end in (low, high) if math.isfinite(end)]
    ends += [end for end in mean if math.isfinite(end)]
    wide = n * (max(ends) - min(ends) + 1)

    def nearest(centre: float) -> float:
        return sum(count * min(max(centre, low), high) for count, low, high in box) / n

    def solve(above: Callable[[float], bool]) -> float:
        low, high = min(ends) - wide, max(ends) + wide
        for _ in range(70):
            middle = (low + high) / 2
            low, high = (low, middle) if above(middle) else (middle, high)
        return high

    free = solve(lambda centre: nearest(centre) <= centre)
    target = min(max(free, mean[0]), mean[1])
    centre = free if target == free else solve(lambda centre: nearest(centre) >= target)
    return (
        sum(count * max(0.0, low - centre, centre - high) ** 2 for count, low, high in box) - n * (target - centre) ** 2
    )


def _most(box: Sequence[Block], mean: Range) -> float:
    """Bound the sum of squares about the mean from above: between its ends a square lies below the chord."""
    if not all(math.isfinite(end) for _, low, high in box for end in (low, high)):
        return math.inf
    # From the lowest end, so that binary noise is as small as the values' range.
    start, n = box[0][1], sum(count for count, _, _ in box)
    box = [(count, low - start, high - start) for count, low, high in box]
    mean = mean[0] - start, mean[1] - start
    total, squares = (sum(count * low**power for count, low, _ in box) for power in (1, 2))
    found: list[float] = []
    # From all at their low ends, the uppermost first gain most by going to the high ones.
    for count, low, high in reversed(box):
        after = total + count * (high - low)
        least, most = max(total, n * mean[0]), min(after, n * mean[1])
        if least <= most:
            best = min(max(n * (low + high) / 2, least), most)
            found.append(squares + (low + high) * (best - total) - best**2 / n)
        total, squares = after, squares + count * (high**2 - low**2)
    # The mean lies at an end, but for binary noise.
    return max(found, default=math.inf)
