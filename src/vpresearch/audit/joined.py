"""Groups against everybody: means, standard deviations and extremes, one by one and all together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np

from vpresearch.audit.cells import (
    Group,
    aligned,
    cell,
    divided,
    grids,
    groups,
    is_too_fine,
    pooled,
    pooled_mean,
)
from vpresearch.audit.check import Check, show_values
from vpresearch.audit.several import squares
from vpresearch.audit.witness import Ints, admissible, climb, is_coarse, on_scale
from vpresearch.core.reported import RoundingRule
from vpresearch.lattice import Cell, Joint, Window, joint_count, pooled_bounds
from vpresearch.published import Grid, Paper

_CLIMBS = 60
# Pairs of sums that are gone through; beyond, it takes minutes.
_MOST_SUMS = 100_000
_HAIR = (1 - 1e-12, 1 + 1e-12)


def check_joined(paper: Paper, rule: RoundingRule, rng: np.random.Generator | None) -> Iterator[Check]:
    """Hold the groups of every variable against the printed statistics of everybody, one by one and as data."""
    for group in groups(paper):
        everybody = pooled(paper, group)
        if group.where and everybody is not None:
            yield from _extremes(group, everybody, rule)
    for parts in divided(paper):
        everybody = pooled(paper, parts[0])
        if everybody is None or len(parts) < 2 or sum(part.n for part in parts) != everybody.n:
            continue
        yield from _overall(parts, everybody, rule)
        yield from _all_extremes(parts, everybody, rule)
        for grid, stated in grids(paper, everybody.variable) if len(parts) == 2 else ():
            if rng is not None and stated and not any(is_too_fine(group, grid) for group in (*parts, everybody)):
                yield from _together(paper, (parts[0], parts[1]), everybody, grid, rule, rng)


# -- one statistic at a time ---------------------------------------------------------------------------------------


def _overall(parts: Sequence[Group], everybody: Group, rule: RoundingRule) -> Iterator[Check]:
    ids = tuple(name for part in parts for name in part.ids)
    low, high = pooled_mean(parts, rule)
    yield _overlap("groups_mean", ids, low, high, everybody, "mean", rule)
    if all("sd" in group.claims for group in (*parts, everybody)):
        within, between = squares(parts, rule)
        # A hair wider, as these are no exact numbers.
        ends = [math.sqrt((within[k] + between[k]) / (everybody.n - 1)) * wider for k, wider in enumerate(_HAIR)]
        yield _overlap("groups_sd", ids, Fraction(ends[0]), Fraction(ends[1]), everybody, "sd", rule)


_EXTREMES = {
    ("min", False): "extreme_min_within",
    ("min", True): "extreme_min_beyond",
    ("max", False): "extreme_max_within",
    ("max", True): "extreme_max_beyond",
}


def _extremes(group: Group, everybody: Group, rule: RoundingRule) -> Iterator[Check]:
    """Hold the printed extremes of a group against those of everybody, which they cannot pass."""
    for name in ("min", "max"):
        own, overall = group.printed(name), everybody.printed(name)
        if own is None or overall is None:
            continue
        inner, outer = group.ends(name, rule), everybody.ends(name, rule)
        beyond = inner[1] < outer[0] if name == "min" else inner[0] > outer[1]
        values: dict[str, str | float] = {"variable": group.variable, "inner": own.printed, "outer": overall.printed}
        ids = (group.claims[name].id, everybody.claims[name].id)
        code = _EXTREMES[name, beyond]
        witness = "" if beyond else f"{own.printed} / {overall.printed}"
        yield Check("groups_extremes", ids, "impossible" if beyond else "possible", code, values, witness=witness)


def _all_extremes(parts: Sequence[Group], everybody: Group, rule: RoundingRule) -> Iterator[Check]:
    """Hold the extremes of everybody against those of the groups, one of which has them."""
    for name, outermost in (("min", min), ("max", max)):
        if not all(name in group.claims for group in (*parts, everybody)):
            continue
        low, high = (outermost(group.ends(name, rule)[end] for group in parts) for end in (0, 1))
        ids = tuple(group.claims[name].id for group in parts)
        yield _overlap("groups_extremes", ids, low, high, everybody, name, rule)


def _overlap(
    check: str,
    ids: tuple[str, ...],
    low: Fraction,
    high: Fraction,
    everybody: Group,
    statistic: str,
    rule: RoundingRule,
) -> Check:
    printed = everybody.ends(statistic, rule)
    disjoint = printed[1] < low or printed[0] > high
    return Check(
        check,
        (*ids, everybody.claims[statistic].id),
        "impossible" if disjoint else "possible",
        f"{check}_fails" if disjoint else f"{check}_holds",
        {"variable": everybody.variable, "low": float(low), "high": float(high)},
        # In the middle of what both leave, so that no rounding of the witness leaves it.
        witness="" if disjoint else f"{float((max(low, printed[0]) + min(high, printed[1])) / 2):.12g}",
    )


# -- all together --------------------------------------------------------------------------------------------------


def _together(
    paper: Paper, parts: tuple[Group, Group], everybody: Group, grid: Grid, rule: RoundingRule, rng: np.random.Generator
) -> Iterator[Check]:
    """Join two groups by everything printed of everybody; nothing where a group alone has no place on the grid."""
    relaxed, strict = (_joint(paper, parts, everybody, grid, rule, strict=exactly) for exactly in (False, True))
    if relaxed is None:
        return
    ids = (*parts[0].ids, *parts[1].ids, *(everybody.claims[name].id for name in _POOLED if name in everybody.claims))
    values: dict[str, str | float] = {
        "variable": everybody.variable,
        "step": str(grid.step),
        "scale": f"{grid.low} – {grid.high}" if grid.low is not None and grid.high is not None else "",
        "n": float(parts[0].n),
        "m": float(parts[1].n),
    }
    if len(admissible(relaxed.a)) * len(admissible(relaxed.b)) > _MOST_SUMS:
        yield Check("groups_joined", ids, "undecided", "joined_no_witness", values)
    elif not _windows(relaxed):
        yield Check("groups_joined", ids, "impossible", "joined_no_sum", values)
    elif is_coarse(relaxed.a) and is_coarse(relaxed.b):
        yield _counted(ids, values, relaxed, strict, rng)
    else:
        witness = _search(strict, rng) if strict is not None else ""
        if witness:
            yield Check("groups_joined", ids, "possible", "joined_witness", values, witness=witness)
        else:
            yield Check("groups_joined", ids, "undecided", "joined_no_witness", values)


_POOLED = ("mean", "sd", "min", "max")


def _joint(
    paper: Paper, parts: tuple[Group, Group], everybody: Group, grid: Grid, rule: RoundingRule, *, strict: bool
) -> Joint | None:
    whole = cell(paper, everybody, grid, rule, strict=strict)
    cells = aligned(*(cell(paper, group, grid, rule, strict=strict) for group in parts))
    if cells is None or whole is None or (cells[0].values[0] - whole.values[0]) % whole.unit:
        return None
    low, high = min(cells[0].values[0], whole.values[0]), max(cells[0].values[-1], whole.values[-1])
    first, second = (replace(part, low=low, high=high) for part in cells)
    ends = whole.attained_low, whole.attained_high
    return Joint(first, second, everybody.printed("mean"), everybody.printed("sd"), *ends, rule)


def _counted(
    ids: tuple[str, ...],
    values: dict[str, str | float],
    relaxed: Joint,
    strict: Joint | None,
    rng: np.random.Generator,
) -> Check:
    n_pairs = joint_count(strict) if strict is not None else 0
    if strict is not None and n_pairs:
        values |= {"count": float(n_pairs)}
        code = "joined_pairs" if strict == relaxed else "joined_pairs_at_least"
        return Check("groups_joined", ids, "possible", code, values, n_pairs, witness=_search(strict, rng))
    if joint_count(relaxed):
        return Check("groups_joined", ids, "undecided", "joined_no_witness", values)
    return Check("groups_joined", ids, "impossible", "joined_no_pair", values, 0)


def _windows(joint: Joint) -> list[tuple[Window, Window]]:
    """Pairs of admissible sums, with their sums of squares, that together can print as everybody does."""
    found = []
    for first, second in product(admissible(joint.a), admissible(joint.b)):
        least, most = pooled_bounds(joint, first.total + second.total)
        if max(least, first.low + second.low) <= min(most, first.high + second.high):
            found.append((first, second))
    return found


def _search(joint: Joint, rng: np.random.Generator) -> str:
    """Look for two groups: each extreme of everybody is given to one of them, and the second makes up the squares."""
    for _ in range(_CLIMBS):
        low_holder, high_holder = rng.integers(2, size=2)
        cells = [
            _with_extremes(part, joint, low=low_holder == place, high=high_holder == place)
            for place, part in enumerate((joint.a, joint.b))
        ]
        windows = _windows(replace(joint, a=cells[0], b=cells[1]))
        if not windows:
            continue
        first, second = windows[rng.integers(len(windows))]
        least, most = pooled_bounds(joint, first.total + second.total)
        found = climb(cells[0], rng, _narrowed(first, least - second.high, most - second.low))
        if found is None:
            continue
        squares = int(found @ found)
        other = climb(cells[1], rng, _narrowed(second, least - squares, most - squares))
        if other is not None and _attains(joint, np.concatenate([found, other])):
            return " | ".join(show_values(on_scale(cells[0], positions)) for positions in (found, other))
    return ""


def _with_extremes(part: Cell, joint: Joint, *, low: bool, high: bool) -> Cell:
    """Let a group have the extremes of everybody among its values, unless it has printed ones of its own."""
    return replace(
        part,
        attained_low=joint.pooled_low if low and part.attained_low is None else part.attained_low,
        attained_high=joint.pooled_high if high and part.attained_high is None else part.attained_high,
    )


def _narrowed(window: Window, low: int, high: int) -> Window:
    return Window(window.total, max(window.low, low), min(window.high, high))


def _attains(joint: Joint, positions: Ints) -> bool:
    least, greatest = joint.span
    return (joint.pooled_low is None or positions.min() == least) and (
        joint.pooled_high is None or positions.max() == greatest
    )
