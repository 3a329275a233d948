"""The same quantity printed twice, computed quantities, and the unit of analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, combinations
from urllib.parse import quote

from vpresearch.audit.cells import Group, groups, pairs, pooled_mean
from vpresearch.audit.check import Check, Verdict
from vpresearch.core.reported import RoundingRule
from vpresearch.published import Claim, Paper


def check_derived(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Check quantities printed twice, ratios of means, overall means by unit, and units of analysis."""
    yield from _printed_twice(paper, rule)
    yield from _means_by_unit(paper, rule)
    yield from _ratios(paper, rule)
    yield from _units(paper)


def _printed_twice(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Two values of one quantity are compatible where one number prints as both, or their units differ."""
    of_one: dict[str, list[Claim]] = {}
    for claim in paper.claims:
        if claim.kind not in {"verbal", "p", "test"}:
            of_one.setdefault(quantity(claim), []).append(claim)
    alike = chain.from_iterable(combinations(claims, 2) for claims in of_one.values())
    # In the order of the paper.
    places = {claim.id: place for place, claim in enumerate(paper.claims)}
    for first, second in sorted(alike, key=lambda pair: (places[pair[0].id], places[pair[1].id])):
        if first.printed.value == second.printed.value:
            continue
        over = (first.compute.over, second.compute.over)
        one_number = _prints_as_both(paper, first, second, rule)
        holds = one_number or over[0] != over[1]
        code = "twice_meets" if one_number else ("twice_units" if holds else "twice_contradicts")
        printed = (first.printed.printed, second.printed.printed)
        values: dict[str, str | float] = {
            "first": printed[0],
            "second": printed[1],
            "over": over[0],
            "other": quote(over[1]),
        }
        witness = f"{printed[0]} ({over[0]}), {printed[1]} ({over[1]})" if holds else ""
        verdict: Verdict = "possible" if holds else "impossible"
        yield Check("printed_twice", (first.id, second.id), verdict, code, values, witness=witness)


def quantity(claim: Claim) -> str:
    """Name what a claim prints, so that what is printed twice has one name."""
    compute = claim.compute
    # A count of patients and one of vertebrae were never meant to be one number.
    unit = compute.over if claim.kind == "count" else ""
    rows = sorted(compute.group.items()), sorted(compute.within.items())
    return repr((compute.statistic, compute.variable, *rows, compute.fell, unit, compute.of))


def _prints_as_both(paper: Paper, first: Claim, second: Claim, rule: RoundingRule) -> bool:
    """Whether the two rounding intervals meet, for a mean in a sum that the grid has."""
    intervals = [claim.printed.interval(rule) for claim in (first, second)]
    low = max(Fraction(interval.low or 0) for interval in intervals)
    high = min(Fraction(interval.high or 0) for interval in intervals)
    grid = paper.grids.get(str(first.compute.variable))
    n = next((g.n for g in groups(paper) if first.id in {claim.id for claim in g.claims.values()}), 0)
    if first.kind == "count":
        # Nobody rounds a count.
        return first.printed.value == second.printed.value
    if first.compute.statistic != "mean" or grid is None or not n:
        return low <= high
    unit = Fraction(grid.step) / n
    return math.ceil(low / unit) * unit <= high


def _means_by_unit(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Look whether an overall mean of patients could as well be one of the vertebrae whose group means are printed."""
    compared = {first.variable: (first, second) for claim, first, second in pairs(paper) if not claim.compute.group}
    for group in groups(paper):
        if group.where or group.variable not in compared or group.over == compared[group.variable][0].over:
            continue
        parts = compared[group.variable]
        low, high = pooled_mean(parts, rule)
        mean, ends = group.claims["mean"], group.ends("mean", rule)
        disjoint = ends[1] < low or ends[0] > high
        values: dict[str, str | float] = {"variable": group.variable, "over": group.over, "other": quote(parts[0].over)}
        values |= {"low": float(low), "high": float(high)}
        yield Check(
            "unit_of_mean",
            (mean.id, *(part.claims["mean"].id for part in parts)),
            "possible",
            "unit_forced" if disjoint else "unit_open",
            values,
            witness=f"{mean.printed.printed} ({group.over})",
        )


def _ratios(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold a printed mean of ratios against the printed means of numerator and denominator.

    The mean of x / y is mean(x) mean(1/y) plus the covariance of x and 1/y. For a given mean, variance and minimum of
    y, mean(1/y) is largest when y takes two values, one of them the minimum (1/y has a negative third derivative), and
    it is at least 1 / mean(y). What is left over must come from the covariance.
    """
    overall = {(group.variable, group.over): group for group in groups(paper) if not group.where}
    for claim in paper.claims:
        parts = paper.ratios.get(str(claim.compute.variable))
        if parts is None or claim.compute.statistic != "mean" or claim.compute.group:
            continue
        top, bottom = (overall.get((name, claim.compute.over)) for name in parts)
        if top is None or bottom is None or not {"sd", "min"} <= set(bottom.claims) or "sd" not in top.claims:
            continue
        if _bounds_hold(top, bottom, rule):
            yield _ratio(paper, claim, top, bottom, rule)


def _bounds_hold(top: Group, bottom: Group, rule: RoundingRule) -> bool:
    """Whether the bounds of a mean ratio are valid: a mean of at least 0 over values above 0 that vary."""
    numerator, mean, least, sd = (
        group.ends(name, rule)[0] for group, name in ((top, "mean"), (bottom, "mean"), (bottom, "min"), (bottom, "sd"))
    )
    return numerator >= 0 and mean > least > 0 and sd > 0


def _ratio(paper: Paper, claim: Claim, top: Group, bottom: Group, rule: RoundingRule) -> Check:
    printed = claim.printed.interval(rule)
    least, most = (100 * end for end in _uncorrelated(paper, top, bottom, rule))
    above, below = float(printed.low or 0) - most, least - float(printed.high or 0)
    correlation = max(0.0, above, below) / 100 / _largest_spread(top, bottom, rule)
    values: dict[str, str | float] = {"low": least, "high": most, "printed": claim.printed.printed}
    values |= {"numerator": top.variable, "denominator": bottom.variable, "correlation": correlation}
    ids = (claim.id, *top.ids, *bottom.ids, bottom.claims["min"].id)
    if correlation > 1:
        return Check("ratio", ids, "impossible", "ratio_fails", values)
    code = "ratio_forces_negative" if above > 0 else ("ratio_forces_positive" if below > 0 else "ratio_open")
    return Check("ratio", ids, "undecided", code, values)


def _uncorrelated(paper: Paper, top: Group, bottom: Group, rule: RoundingRule) -> tuple[float, float]:
    """Bounds of the mean ratio when numerator and inverse denominator are uncorrelated."""
    x_low, x_high = top.reach("mean", rule)
    for claim, first, second in pairs(paper):
        if first.variable == top.variable and not claim.compute.group:
            # The groups know the mean better than the rounded overall number does.
            low, high = pooled_mean((first, second), rule)
            x_low, x_high = max(x_low, float(low)), min(x_high, float(high))
    share, least, other = _two_points(bottom, rule)
    return x_low / bottom.reach("mean", rule)[1], x_high * (share / least + (1 - share) / other)


def _largest_spread(top: Group, bottom: Group, rule: RoundingRule) -> float:
    """Upper bound of sd(x) sd(1/y), population: the mean of 1/y^2 is bounded as that of 1/y is."""
    share, least, other = _two_points(bottom, rule)
    squares = share / least**2 + (1 - share) / other**2
    spread = math.sqrt(squares - 1 / bottom.reach("mean", rule)[1] ** 2)
    return top.reach("sd", rule)[1] * math.sqrt((top.n - 1) / top.n) * spread


def _two_points(group: Group, rule: RoundingRule) -> tuple[float, float, float]:
    """Share and value at the minimum, and the other value, of the two-point law with the printed mean and SD."""
    variance = group.reach("sd", rule)[1] ** 2 * (group.n - 1) / group.n
    m, a = (group.reach(name, rule)[0] for name in ("mean", "min"))
    return variance / (variance + (m - a) ** 2), a, m + variance / (m - a)


def _units(paper: Paper) -> Iterator[Check]:
    """Point out a measure of one unit tested over another, such as a patient's over vertebrae: some count again."""
    sizes = {group.over: group.n for group in reversed(groups(paper)) if not group.where}
    for claim, first, second in pairs(paper):
        grid, n = paper.grids.get(first.variable), first.n + second.n
        if grid is not None and grid.over != first.over and n > sizes.get(grid.over, n):
            values: dict[str, str | float] = {"variable": first.variable, "n": float(n), "m": float(sizes[grid.over])}
            values |= {"over": first.over, "other": quote(grid.over)}
            yield Check("unit_of_analysis", (claim.id,), "possible", "pseudo_replication", values)
