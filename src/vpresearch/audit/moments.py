"""Means and standard deviations against the grids they could have been measured on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from vpresearch.audit.cells import Group, cell, grids, groups, is_binary, is_too_fine, off_grid
from vpresearch.audit.check import Check, show_values
from vpresearch.audit.witness import admissible, climb, is_coarse, on_scale
from vpresearch.lattice import Cell, count, sample, to_values
from vpresearch.published import Grid, Paper
from vpresearch.reported import RoundingRule

_CLIMBS = 30


def check_moments(paper: Paper, rule: RoundingRule, rng: np.random.Generator) -> Iterator[Check]:
    """Check every printed mean and standard deviation on every grid.

    Parameters
    ----------
    paper : Paper
    rule : {"any", "half-up", "half-even", "truncation"}
    rng : numpy.random.Generator
        Of the searches for witnesses.

    Yields
    ------
    Check
    """
    for group in groups(paper):
        for grid, stated in grids(paper, group.variable):
            yield check_on_grid(paper, group, grid, rule, rng, stated=stated)
        yield from _spread_limit(group, rule)


def check_on_grid(
    paper: Paper, group: Group, grid: Grid, rule: RoundingRule, rng: np.random.Generator, *, stated: bool
) -> Check:
    """Check one mean, and standard deviation, on one grid, exactly where the cell can be counted.

    Parameters
    ----------
    paper : Paper
    group : Group
    grid : Grid
    rule : {"any", "half-up", "half-even", "truncation"}
    rng : numpy.random.Generator
        Of the search for a witness.
    stated : bool
        Whether the grid is stated; another one is only supposed.

    Returns
    -------
    Check
        GRIM for a mean alone, GRIMMER with a standard deviation, DEBIT of a yes or no.
    """
    name = "grimmer" if "sd" in group.claims else "grim"
    if is_binary(grid) and "sd" in group.claims:
        # Of a yes or no, the mean tells the standard deviation (Heathers & Brown, 2019).
        name = "debit"
    name += "" if stated else "_natural_grid"
    values: dict[str, str | float] = {
        "variable": group.variable,
        "step": str(grid.step),
        "scale": f"{grid.low} – {grid.high}" if grid.low is not None and grid.high is not None else "",
        "n": float(group.n),
    }
    if is_too_fine(group, grid):
        return Check(name, group.ids, "undecided", "too_fine", values)
    outside = off_grid(paper, group, grid, rule)
    if outside:
        values["printed"] = " / ".join(claim.printed.printed for claim in outside)
        return Check(name, (*group.ids, *(claim.id for claim in outside)), "impossible", "extreme_off_grid", values)
    relaxed, strict = (cell(paper, group, grid, rule, strict=exactly) for exactly in (False, True))
    if relaxed is None:
        # Nothing lies between a least value and a greatest one that is below it.
        return Check(name, group.ids, "impossible", "no_room", values)
    if not admissible(relaxed):
        return Check(name, group.ids, "impossible", "no_sum", values)
    if is_coarse(relaxed):
        return _counted(name, group, values, relaxed, strict)
    witness = _search(strict, rng) if strict is not None else ""
    if witness:
        return Check(name, group.ids, "possible", "witness", values, witness=witness)
    return Check(name, group.ids, "undecided", "no_witness", values)


def _counted(name: str, group: Group, values: dict[str, str | float], relaxed: Cell, strict: Cell | None) -> Check:
    n_datasets = count(strict) if strict is not None else 0
    if strict is not None and n_datasets:
        witness = show_values(to_values(strict, sample(strict, 1, 0))[0])
        values |= {"count": float(n_datasets)}
        # A printed extreme that several grid values print as was tried as the nearest one only.
        code = "datasets" if strict == relaxed else "datasets_at_least"
        return Check(name, group.ids, "possible", code, values, n_datasets, witness=witness)
    if count(relaxed):
        return Check(name, group.ids, "undecided", "no_witness", values)
    return Check(name, group.ids, "impossible", "no_dataset", values, 0)


def _search(where: Cell, rng: np.random.Generator) -> str:
    for _ in range(_CLIMBS):
        found = climb(where, rng)
        if found is not None:
            return show_values(on_scale(where, found))
    return ""


def _spread_limit(group: Group, rule: RoundingRule) -> Iterator[Check]:
    """Hold a standard deviation against the most that mean, minimum and maximum allow (Bhatia & Davis, 2000)."""
    printed = [group.printed(name) for name in ("mean", "sd", "min", "max")]
    if any(number is None for number in printed):
        return
    mean, sd, least, most = (number.interval(rule) for number in printed if number is not None)
    ends = (least.low, most.high, mean.low, mean.high, sd.low)
    if any(end is None for end in ends):
        return
    low, high, mean_low, mean_high, sd_low = (Fraction(end) for end in ends if end is not None)
    # (max - mean)(mean - min) is greatest in the middle.
    middle = min(max((low + high) / 2, mean_low), mean_high)
    limit2 = (high - middle) * (middle - low) * group.n / (group.n - 1)
    holds = max(Fraction(0), sd_low) ** 2 <= limit2
    yield Check(
        "sd_limit",
        (*group.ids, group.claims["min"].id, group.claims["max"].id),
        "possible" if holds else "impossible",
        "sd_limit_holds" if holds else "sd_limit_fails",
        {"variable": group.variable, "limit": float(limit2) ** 0.5},
    )
