"""Means and standard deviations against the grids they could have been measured on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from urllib.parse import quote

import numpy as np

from vpresearch.audit.cells import (
    Group,
    Pair,
    Where,
    cell,
    counted,
    grids,
    groups,
    is_binary,
    is_too_fine,
    off_grid,
    where_of,
)
from vpresearch.audit.check import Check, Verdict, show_values
from vpresearch.audit.witness import admissible, climb, extreme_squares, is_coarse, is_countable, on_scale
from vpresearch.core.dictionary import columns
from vpresearch.core.reported import Reported, RoundingRule
from vpresearch.lattice import Cell, count, find_dataset, sample, to_values
from vpresearch.lattice.cell import exact
from vpresearch.published import Claim, Grid, Paper

_CLIMBS = 30
# How far from its own n, and how many, other numbers are told that a percentage could be of.
_FAR, _SHOWN = 500, 3


def check_moments(paper: Paper, rule: RoundingRule, rng: np.random.Generator | None) -> Iterator[Check]:
    """Check every printed mean and standard deviation on every grid, or without data on the stated ones."""
    for group in groups(paper):
        for grid, stated in grids(paper, group.variable):
            if stated or rng is not None:
                yield check_on_grid(paper, group, grid, rule, rng, stated=stated)
        yield from _spread_limit(group, rule)
    yield from _sums_of_means(paper, rule)


def check_on_grid(
    paper: Paper,
    group: Group,
    grid: Grid,
    rule: RoundingRule,
    rng: np.random.Generator | None,
    *,
    stated: bool,
) -> Check:
    """Check one mean, and standard deviation, on one grid, exactly where the cell can be counted; or by sums alone."""
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
        code, more = why_not(relaxed) if stated else ("no_sum", {})
        return Check(name, group.ids, "impossible", code, values | more)
    if rng is None:
        return Check(name, group.ids, "undecided", "no_witness", values)
    if is_coarse(relaxed):
        return _counted(name, group, values, relaxed, strict)
    witness = _search(strict, rng) if strict is not None else ""
    if witness:
        return Check(name, group.ids, "possible", "witness", values, witness=witness)
    if is_countable(relaxed):
        return _counted(name, group, values, relaxed, strict)
    return Check(name, group.ids, "undecided", "no_witness", values)


def why_not(cell: Cell) -> tuple[str, dict[str, str | float]]:
    """Say which test no sum passes, by the words for it, with the nearest values that would do."""
    low, unit = exact(cell.low), cell.unit
    means = list(replace(cell, sd=None).windows())
    if not means:
        place = cell.n * (cell.mean.value - low) / unit
        ends = [float(low + unit * Fraction(turn(place), cell.n)) for turn in (math.floor, math.ceil)]
        return "grim_fails", {"below": cell.mean.render(ends[0]), "above": cell.mean.render(ends[1])}
    spans = {window.total: extreme_squares(window.total, cell.n, *cell.span) for window in means}
    spans = {total: ends for total, ends in spans.items() if ends[0] <= ends[1]}
    if cell.sd is None or not spans:
        return "no_sum", {}
    interval = cell.sd.interval(cell.rule)
    edges = float(interval.low or 0), float(interval.high or 0)

    def sd(total: int, squares: int) -> float:
        return float(unit) * math.sqrt(max(0, squares - total * total / cell.n) / (cell.n - 1))

    least, most = (end(sd(total, ends[place]) for total, ends in spans.items()) for place, end in ((0, min), (1, max)))
    values: dict[str, str | float] = {"least": f"{least:.4g}", "most": f"{most:.4g}"}
    if edges[1] < least:
        return "sd_too_small", values
    if edges[0] > most:
        return "sd_too_large", values
    near = [
        sd(total, squares)
        for total, ends in spans.items()
        for edge in edges
        for squares in range(_square(cell, total, edge) - 2, _square(cell, total, edge) + 4)
        # The sum of squares has the parity of the sum.
        if (squares - total) % 2 == 0 and ends[0] <= squares <= ends[1]
    ]
    printed = float(cell.sd.value)
    below = max((value for value in near if value <= printed), default=least)
    above = min((value for value in near if value >= printed), default=most)
    return "grimmer_fails", {"below": cell.sd.render(below), "above": cell.sd.render(above)}


def _square(cell: Cell, total: int, sd: float) -> int:
    """Return the whole sum of squares below that of a sum and a standard deviation."""
    return math.floor((cell.n - 1) * (sd / float(cell.unit)) ** 2 + total * total / cell.n)


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
    built = find_dataset(where)
    return "" if built is None else show_values(to_values(where, built[None])[0])


def _spread_limit(group: Group, rule: RoundingRule) -> Iterator[Check]:
    """Hold a standard deviation against the most that mean, minimum and maximum allow (Bhatia & Davis, 2000)."""
    if not {"mean", "sd", "min", "max"} <= set(group.claims):
        return
    mean, sd = group.ends("mean", rule), group.ends("sd", rule)
    low, high = group.ends("min", rule)[0], group.ends("max", rule)[1]
    # (max - mean)(mean - min) is greatest in the middle.
    middle = min(max((low + high) / 2, mean[0]), mean[1])
    limit2 = (high - middle) * (middle - low) * group.n / (group.n - 1)
    holds = sd[0] ** 2 <= limit2
    yield Check(
        "sd_limit",
        (*group.ids, group.claims["min"].id, group.claims["max"].id),
        "possible" if holds else "impossible",
        "sd_limit_holds" if holds else "sd_limit_fails",
        {"variable": group.variable, "limit": float(limit2) ** 0.5},
    )


def _sums_of_means(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold a mean times n against the count that its values are said to add up to."""
    of_rows = {(group.variable, group.over, group.where): group for group in groups(paper)}
    for claim in _of_kind(paper, "mean"):
        group = of_rows.get((str(claim.compute.variable), claim.compute.over, where_of(claim.compute.group)))
        total = claim.compute.sum
        if total is None or group is None or not group.n:
            continue
        interval = claim.printed.interval(rule)
        holds = Fraction(total, group.n) in interval
        values: dict[str, str | float] = {"variable": group.variable, "printed": claim.printed.printed}
        values |= {"low": float(group.n * (interval.low or 0)), "high": float(group.n * (interval.high or 0))}
        yield Check(
            "mean_sum",
            (claim.id, group.claims["n"].id),
            "possible" if holds else "impossible",
            "mean_sum_holds" if holds else "mean_sum_fails",
            values | {"sum": float(total), "n": float(group.n)},
            witness=f"{total} / {group.n}" if holds else "",
        )


def check_counts(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Check counts against percentages, sums and denominators."""
    shares = list(_percentages(paper, rule))
    yield from shares
    yield from _sums(paper)
    # What its own count does not give, or gives of fewer, is told already.
    told = {check.claims[0] for check in shares if check.alarm or check.code == "percentage_of_fewer"}
    yield from (check for check in _denominators(paper, rule) if not (check.alarm and check.claims[0] in told))
    yield from _of_groups(paper, rule)
    yield from _shares(paper, rule)


def _percentages(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold each percentage against the count of the same group, and the total."""
    counts = counted(paper)
    for claim in _of_kind(paper, "percentage"):
        compute = claim.compute
        part = counts.get((None, compute.over, where_of({**compute.within, **compute.group})))
        wholes, sizes = _wholes(paper, claim)
        if part is None or not any(sizes):
            continue
        shares = {n: 100 * part.printed.value / n for n in sizes if n}
        fitting = [n for n, share in shares.items() if share in claim.printed.interval(rule)]
        if not fitting and _is_open(wholes):
            continue
        fewer = 0 if fitting or compute.of or not paper.may_miss else _fewer(part, claim, max(sizes), rule)
        if fewer:
            fitting, shares = [fewer], {fewer: 100 * part.printed.value / fewer}
        n = [*fitting, *shares][0]
        values: dict[str, str | float] = {
            "count": float(part.printed.value),
            "n": float(n),
            "percent": float(shares[n]),
            "printed": claim.printed.printed,
            "fitting": "" if fitting else _fitting(paper, claim, n, rule, int(part.printed.value)),
        }
        yield Check(
            "percentage",
            (claim.id, part.id, *(whole.id for whole in wholes)),
            "possible" if fitting else "impossible",
            "percentage_of_fewer" if fewer else "percentage_holds" if fitting else "percentage_fails",
            values | ({"whole": float(max(sizes))} if fewer else {}),
            witness=f"{part.printed.value} / {n}" if fitting else "",
        )


def _fewer(part: Claim, claim: Claim, n: int, rule: RoundingRule) -> int:
    """Return the most values below those of a group that a count and its percentage can be out of, or 0."""
    count, interval = int(part.printed.value), claim.printed.interval(rule)
    return next((each for each in range(n - 1, max(count, 1) - 1, -1) if Fraction(100 * count, each) in interval), 0)


def _wholes(paper: Paper, claim: Claim) -> tuple[list[Claim], list[int]]:
    """List the counts that a percentage may be out of, the known values of its column and the rows, and their sizes."""
    counts, compute = counted(paper), claim.compute
    if compute.of:
        return [], [compute.of]
    within = where_of(compute.within)
    known = [counts.get((column, compute.over, within)) for column in compute.group if column not in compute.within]
    wholes = [whole for whole in (*known, counts.get((None, compute.over, within))) if whole is not None]
    return wholes, [int(whole.printed.value) for whole in wholes]


def _is_open(wholes: Sequence[Claim]) -> bool:
    """Whether what something is out of is known from other rows of a table alone, which do not agree."""
    return any(whole.inferred for whole in wholes) and not any(whole.compute.variable for whole in wholes)


def _sums(paper: Paper) -> Iterator[Check]:
    """Hold the parts of a column against their total: no more than it, and equal where they are all that there are."""
    by_column: dict[tuple[str, Where, str], dict[str, Claim]] = {}
    for claim in _of_kind(paper, "count"):
        group = claim.compute.group if claim.compute.variable is None else {}
        for column in group:
            rest = where_of({name: value for name, value in group.items() if name != column})
            by_column.setdefault((claim.compute.over, rest, column), {})[group[column]] = claim
    for (over, rest, column), parts in by_column.items():
        where = where_of({**dict(rest), "leak": "yes"}) if _is_of_leaks(column, parts) else rest
        whole, some_missing = _whole(paper, over, where, column)
        if whole is None or len(parts) < 2:
            continue
        total, n = sum(int(claim.printed.value) for claim in parts.values()), int(whole.printed.value)
        unsure = whole.inferred or any(claim.inferred for claim in parts.values())
        everybody = bool(rest) and not unsure and _make_up(paper, over, column, parts)
        told = everybody or not rest or column in paper.complete
        if (total > n and unsure) or (total <= n and not told):
            continue
        verdict: Verdict
        if total == n:
            verdict, code = "possible", "sum_holds"
        elif everybody:
            verdict, code = "impossible", "sum_groups"
        elif total > n:
            verdict, code = _above(paper, column)
        else:
            proves = not (some_missing or unsure) and _all_printed(paper, column, parts)
            verdict, code = ("impossible", "sum_short") if proves else ("undecided", "sum_below")
        values: dict[str, str | float] = {"column": column, "sum": float(total), "n": float(n)}
        witness = " + ".join(claim.printed.printed for claim in parts.values()) if total == n else ""
        yield Check("sum", (*(claim.id for claim in parts.values()), whole.id), verdict, code, values, witness=witness)


def _above(paper: Paper, column: str) -> tuple[Verdict, str]:
    """Judge parts that are more than their whole: of diseases or levels, say, one may have several."""
    divides = column in paper.complete or column in _dividing(paper)
    return ("impossible", "sum_above") if divides else ("undecided", "sum_above_if")


@lru_cache(maxsize=8)
def _dividing(paper: Paper) -> set[str]:
    """Find the columns that divide rows into groups, by their name or as means, percentages and tests of them show."""
    counts = [claim for claim in paper.claims if claim.kind in {"count", "percentage"}]
    others = [claim for claim in paper.claims if claim.kind not in {"count", "percentage"}]
    found = {"group", *(column for claim in counts for column in claim.compute.within)}
    return found | {column for claim in others for column in (*claim.compute.group, *filter(None, [claim.compute.by]))}


def _make_up(paper: Paper, over: str, column: str, parts: Iterable[str]) -> bool:
    """Whether some parts of a column are all that are printed, and everybody is in one of them."""
    counts = counted(paper)
    sizes = [counts.get((None, over, ((column, value),))) for value in parts]
    known, everybody = [size for size in sizes if size is not None], counts.get((None, over, ()))
    if everybody is None or len(known) < len(sizes) or any(size.inferred for size in (*known, everybody)):
        return False
    return sum(size.printed.value for size in known) == everybody.printed.value and _values(paper)[column] <= set(parts)


def _whole(paper: Paper, over: str, where: Where, column: str) -> tuple[Claim | None, bool]:
    """Find how many the categories of a column are of, and whether these are not the rows, as values are missing."""
    rows = counted(paper).get((None, over, where))
    known = counted(paper).get((column, over, where))
    return known or rows, bool(known and rows and known.printed.value != rows.printed.value)


def _all_printed(paper: Paper, column: str, parts: Iterable[str]) -> bool:
    """Whether some categories are all that a column is said to have: one that is not printed may have a few."""
    return column in paper.complete and _values(paper)[column] <= set(parts)


@lru_cache(maxsize=8)
def _values(paper: Paper) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for claim in paper.claims:
        for column, value in claim.compute.group.items():
            found.setdefault(column, set()).add(value)
    return found


# Columns that only a leak has.
OF_LEAKS = frozenset({"leak_site", "leak_size"})


def _is_of_leaks(column: str, values: Iterable[str]) -> bool:
    """Whether a column and its values are those of the dictionary: another paper's column may have the name."""
    return column in OF_LEAKS and {level.value for level in columns()[column].levels} >= set(values)


def _denominators(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Try each percentage out of its own rows and, of everybody, of the other unit: one may be what it refers to."""
    counts = counted(paper)
    # Rows of the other unit are compared for everybody only: a group of patients may be none of vertebrae.
    everybody = {over: total for (variable, over, where), total in counts.items() if variable is None and not where}
    for claim in _of_kind(paper, "percentage"):
        compute = claim.compute
        alone = bool(compute.within or compute.of)
        wholes, sizes = _wholes(paper, claim)
        if not sizes:
            continue
        elsewhere = {} if alone else {over: total for over, total in everybody.items() if over != compute.over}
        n = next((size for size in sizes if fitting_counts(claim, size, rule)), sizes[0])
        own = fitting_counts(claim, n, rule)
        if not own and _is_open(wholes):
            continue
        others = [o for o, total in elsewhere.items() if not fitting_counts(claim, int(total.printed.value), rule)]
        fits = "denominator_fits_within" if alone else "denominator_fits"
        values: dict[str, str | float] = {"printed": claim.printed.printed, "n": float(n), "over": compute.over}
        values |= {"other": " ".join(map(quote, others)), "fitting": "" if own else _fitting(paper, claim, n, rule)}
        code = "denominator_fails" if not own else ("denominator_forced" if others else fits)
        yield Check(
            "denominator",
            (claim.id, *(total.id for total in (*wholes, *elsewhere.values()))),
            "possible" if own else "impossible",
            code,
            values,
            n_datasets=len(own),
            witness=f"{own[0]} / {n}" if own else "",
        )


def _of_groups(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold the percentages of a category in the groups of one column against the percentage overall."""
    counts = counted(paper)
    overall = {
        (over, category): claim
        for over, category, within, claim in _categories(paper)
        if not (within or claim.compute.of)
    }
    divided: dict[tuple[str, Pair, str], dict[Where, Claim]] = {}
    for over, category, within, claim in _categories(paper):
        if len(within) == 1 and (over, category) in overall and not claim.compute.of:
            divided.setdefault((over, category, within[0][0]), {})[within] = claim
    for (over, category, _), parts in divided.items():
        sizes = [counts[None, over, within] for within in parts if (None, over, within) in counts]
        n = [int(size.printed.value) for size in sizes]
        total = counts.get((None, over, ()))
        # Where values are missing, a percentage may be of those that are known, and another of all.
        if any((category[0], over, within) in counts for within in (*parts, ())):
            continue
        # Groups that do not make up everybody tell nothing of the whole.
        if len(n) < len(parts) or total is None or sum(n) != total.printed.value:
            continue
        if any(size.inferred for size in (*sizes, total)):
            continue
        fitting = [fitting_counts(claim, size, rule) for claim, size in zip(parts.values(), n, strict=True)]
        if not all(fitting):
            continue
        whole = overall[over, category]
        # The counts that round to one percentage follow one another, and so do their sums.
        least, most = (sum(end(part) for part in fitting) for end in (min, max))
        sums = [count for count in fitting_counts(whole, sum(n), rule) if least <= count <= most]
        values: dict[str, str | float] = {"printed": whole.printed.printed}
        values |= {"low": 100 * least / sum(n), "high": 100 * most / sum(n)}
        yield Check(
            "groups_percentage",
            (*(claim.id for claim in parts.values()), whole.id),
            "possible" if sums else "impossible",
            "groups_percentage_holds" if sums else "groups_percentage_fails",
            values,
            witness=f"{sums[0]} / {sum(n)}" if sums else "",
        )


def _shares(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold the percentages of the categories of one column against the whole, which their counts cannot pass."""
    by_column: dict[tuple[str, Where, str, int | None], dict[str, Claim]] = {}
    for over, (column, value), within, claim in _categories(paper):
        if not claim.compute.of or column in paper.complete:
            by_column.setdefault((over, within, column, claim.compute.of), {})[value] = claim
    for (over, within, column, of), parts in by_column.items():
        total, some_missing = _whole(paper, over, within, column)
        # Sites of leaks may be percentages of everybody, of whom few have one.
        of_fewer = _is_of_leaks(column, parts) and "leak" not in dict(within)
        proves = not some_missing and not of_fewer and _all_printed(paper, column, parts)
        if len(parts) < 2 or (total is None and column not in paper.complete) or (total and not total.printed.value):
            continue
        n = of or (0 if total is None or some_missing or total.inferred else int(total.printed.value))
        ends = [_share(claim, n, rule) for claim in parts.values()]
        if None in ends:
            continue
        least, most = (float(sum(end)) for end in zip(*filter(None, ends), strict=True))
        values: dict[str, str | float] = {"column": column, "low": least, "high": most, "n": float(n or 100)}
        above, below = least > (n or 100), most < (n or 100)
        verdict: Verdict = "impossible" if above or (below and proves) else ("undecided" if below else "possible")
        code = {"impossible": "shares_above", "possible": "shares_hold", "undecided": "shares_below"}[verdict]
        witness = f"{least:.10g} – {most:.10g} / {n or 100}" if verdict == "possible" else ""
        ids = (*(claim.id for claim in parts.values()), *((total.id,) if total is not None and n and not of else ()))
        yield Check("shares", ids, verdict, "shares_short" if below and proves else code, values, witness=witness)


def _share(claim: Claim, n: int, rule: RoundingRule) -> tuple[Fraction, Fraction] | None:
    """Bound the count out of n that a percentage stands for, or itself where n is not known; None is no count."""
    if n:
        fitting = fitting_counts(claim, n, rule)
        return (Fraction(fitting[0]), Fraction(fitting[-1])) if fitting else None
    interval = claim.printed.interval(rule)
    return Fraction(max(0, interval.low or 0)), Fraction(100 if interval.high is None else interval.high)


def _categories(paper: Paper) -> Iterator[tuple[str, Pair, Where, Claim]]:
    """Go through the percentages of one category of one column: unit, category, rows that it is out of, claim."""
    for claim in _of_kind(paper, "percentage"):
        within = where_of(claim.compute.within)
        category = [pair for pair in where_of(claim.compute.group) if pair not in within]
        if len(category) == 1:
            yield claim.compute.over, category[0], within, claim


def _fitting(paper: Paper, claim: Claim, n: int, rule: RoundingRule, part: int | None = None) -> str:
    """List what a percentage could be of, up to the largest n of the file: the nearest, each after its count."""
    largest = max([n, *(int(other.printed.value) for other in _of_kind(paper, "count"))])
    near = (size for away in range(1, _FAR) for size in (n - away, n + away) if 0 < size <= largest)
    ways = ((size, fitting_counts(claim, size, rule)) for size in near)
    fits = ((found[0] if part is None else part, size) for size, found in ways if found and part in (None, *found))
    return " ".join(f"{count}/{size}" for count, size in islice(fits, _SHOWN))


def fitting_counts(claim: Claim, n: int, rule: RoundingRule = "any") -> list[int]:
    """List the counts out of n that print as a percentage."""
    return list(_fitting_counts(claim.printed, n, rule))


@lru_cache(maxsize=50_000)
def _fitting_counts(percent: Reported, n: int, rule: RoundingRule) -> tuple[int, ...]:
    printed = percent.interval(rule)
    first = max(0, math.ceil((printed.low or 0) * n / 100))
    last = n if printed.high is None else min(n, math.floor(printed.high * n / 100))
    return tuple(count for count in range(first, last + 1) if Fraction(100 * count, n) in printed) if n else ()


def _of_kind(paper: Paper, kind: str) -> list[Claim]:
    return [claim for claim in paper.claims if claim.kind == kind]
