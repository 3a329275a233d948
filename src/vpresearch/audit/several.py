"""Three and more groups, and pairs: what analysis of variance, Kruskal-Wallis and the paired t test can give."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import chdtrc, fdtrc
from scipy.stats import rankdata

from vpresearch.audit.cells import Group, cell, changes, grids, is_too_fine, moments, pairs, several
from vpresearch.audit.check import Check, Range, Verdict, inside, meets, show_values, sides_of
from vpresearch.audit.p_attained import STANDS_FOR, apart, in_the_box, over, p_of_t
from vpresearch.audit.p_values import MANY, is_paired_t, said_of, source, without_ranks
from vpresearch.audit.witness import Floats, Ints, datasets, no_data, on_scale
from vpresearch.core.reported import Interval, RoundingRule
from vpresearch.published import Claim, Paper

_TESTS = ("anova", "welch_anova", "kruskal")
# What an analysis of variance of two groups is.
_OF_TWO = {"student": "anova", "welch": "welch_anova"}
# Groups up to which every corner of the rounding box is gone through.
_CORNERS = 12
# Groups up to which each is held against every other.
_PAIRED = 60
# Datasets of each group, and sets of groups, in all and at once, that are tried for a rank test.
_POOL, _TRIES, _AT_ONCE = 40, 3000, 250


def check_several(paper: Paper, rule: RoundingRule, seed: int | None) -> Iterator[Check]:
    """Hold a printed p of three or more groups against each test of them, and of two by t where no grid serves.

    Without a seed nothing is looked for on a grid, and no ranks are.
    """
    two = [
        (claim, [first, second])
        for claim, first, second in pairs(paper)
        if seed is None or not _is_listed(paper, first, second)
    ]
    every = [*two, *several(paper)]
    for claim, parts in every:
        known = tuple(_OF_TWO) if len(parts) == 2 else _TESTS[: 2 if seed is None else None]
        meant = {test for name in claim.tests for test in STANDS_FOR.get(name, ())} if claim.tests else set(known)
        if claim.one_sided and len(parts) > 2:
            continue
        checks: list[Check] = []
        for test in (test for test in known if test in meant):
            # Of very many p-values those that the analysis of variance gives are not searched by ranks.
            if len(every) <= MANY or not any(check.verdict == "possible" for check in checks):
                checks.append(_check(paper, claim, parts, test, rule, np.random.default_rng(seed)))
        yield from checks
        if checks:
            found = source(checks, claim)
            yield without_ranks(found, claim) if len(parts) == 2 else found


def _is_listed(paper: Paper, first: Group, second: Group) -> bool:
    """Return whether a stated grid lets data of two groups be gone through."""
    stated = [grid for grid, stated in grids(paper, first.variable) if stated]
    return any(not (is_too_fine(first, grid) or is_too_fine(second, grid)) for grid in stated)


def check_paired(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold a p of the paired t test against all correlations that the pairs can have."""
    known = {change.group.variable for change in changes(paper)}
    for claim, first, second in pairs(paper):
        # What is told of the change tells more.
        if first.variable in known or not is_paired_t(claim, first, second):
            continue
        reaches, ids = [paired_range(first, second, rule)], (claim.id, *first.ids, *second.ids)
        yield paired_check("p_paired_t", claim, reaches, ids, ("paired_meets", "paired_out_of_reach"), rule)


def paired_check(
    name: str,
    claim: Claim,
    reaches: Sequence[Range],
    ids: tuple[str, ...],
    codes: tuple[str, str],
    rule: RoundingRule,
    *,
    known: bool = True,
) -> Check:
    """Hold a p against what the paired t test can give, of any group where it is not known of which it is."""
    sides = [side for reach in reaches for side in sides_of(reach, one_sided=claim.one_sided)]
    holds = meets(claim.printed.interval(rule), *sides)
    # Where the paper names no test of pairs, ranks may have given it.
    sure = known and set(claim.tests) == {"paired_t"}
    verdict: Verdict = "possible" if holds else ("impossible" if sure else "undecided")
    low, high = min(low for low, _ in reaches), max(high for _, high in reaches)
    values: dict[str, str | float] = {"printed": claim.printed.printed, "variable": str(claim.compute.variable)}
    values |= {"low": low, "high": high, "one_sided": "one_sided" if claim.one_sided else ""}
    witness = f"{low:.6g} - {high:.6g}" if holds else ""
    return Check(name, ids, verdict, codes[not holds], values, None, low, high, witness)


def paired_range(first: Group, second: Group, rule: RoundingRule) -> Range:
    """Bound the p of the paired t test: the differences' SD is between the distance of the SDs and their sum."""
    low, high = paired_t(first, second, rule)
    return p_of_t(high, first.n - 1), p_of_t(low, first.n - 1)


def paired_t(first: Group, second: Group, rule: RoundingRule) -> Range:
    """Bound the size of the paired t over every correlation."""
    means, (s, r) = moments([first, second], rule)
    return t_of_differences(apart(*means), (apart(s, r)[0], s[1] + r[1]), first.n)


def t_of_differences(gap: Range, sd: Range, n: int) -> Range:
    """Bound the size of the paired t by the mean and the SD of the differences."""
    return over(gap[0] * math.sqrt(n), sd[1]), over(gap[1] * math.sqrt(n), sd[0])


def _check(
    paper: Paper, claim: Claim, parts: Sequence[Group], test: str, rule: RoundingRule, rng: np.random.Generator
) -> Check:
    printed, kind = claim.printed.interval(rule), _OF_TWO.get(test, test)
    low, high = {"anova": anova_range, "welch_anova": welch_range, "kruskal": kruskal_range}[kind](parts, rule)
    values: dict[str, str | float] = {"test": test, "variable": parts[0].variable, "low": low, "high": high}
    values |= {"known": "outer" if test == "kruskal" else "range", **said_of(claim)}
    ids = (claim.id, *(name for part in parts for name in part.ids))
    witness = ""
    if not meets(printed, *sides_of((low, high), one_sided=claim.one_sided)):
        verdict: Verdict = "impossible"
        code = "p_out_of_reach"
    else:
        witness = (
            _ranked(paper, parts, printed, rule, rng)
            if kind == "kruskal"
            else in_the_box(parts, test, printed, rule, one_sided=claim.one_sided)
        )
        verdict, code = ("possible", "p_attained") if witness else ("undecided", "p_undecided")
    return Check(f"p_{test}", ids, verdict, code, values, None, low, high, witness)


def least_between(means: Sequence[Range], weights: Sequence[float]) -> float:
    """Least weighted sum of squares of means, each in its range, about their common mean: convex in that mean."""

    def about(centre: float) -> float:
        return sum(
            w * max(0.0, low - centre, centre - high) ** 2 for w, (low, high) in zip(weights, means, strict=True)
        )

    ends = min(low for low, _ in means), max(high for _, high in means)
    # A hair less, so that an end of the search decides nothing.
    return max(
        0.0, float(minimize_scalar(about, bounds=ends, method="bounded", options={"xatol": 1e-12}).fun) * (1 - 1e-9)
    )


def most_between(means: Sequence[Range], weights: Sequence[float]) -> float:
    """Greatest weighted sum of squares of means about their common mean: at a corner; of many groups, a bound on it."""
    w = np.array(weights)
    if len(means) <= _CORNERS:
        corners = np.array(list(product(*means)))
        centre = (corners @ w / w.sum())[:, None]
    else:
        middle = sum(x * (low + high) / 2 for x, (low, high) in zip(weights, means, strict=True)) / w.sum()
        corners = np.array([[max(ends, key=lambda end: abs(end - middle)) for ends in means]])
        centre = np.array([[middle]])
    return float((((corners - centre) ** 2) @ w).max())


def anova_range(parts: Sequence[Group], rule: RoundingRule) -> Range:
    """Bound the p of one-way analysis of variance over everything that the printed means and SDs stand for."""
    f, k = anova_f(parts, rule), len(parts)
    p = fdtrc(k - 1, sum(part.n for part in parts) - k, f)
    return float(p[1]), float(p[0])


def anova_f(parts: Sequence[Group], rule: RoundingRule) -> Range:
    """Bound F."""
    within, between = squares(parts, rule)
    scale = (sum(part.n for part in parts) - len(parts)) / (len(parts) - 1)
    return over(scale * between[0], within[1]), over(scale * between[1], within[0])


def squares(parts: Sequence[Group], rule: RoundingRule) -> tuple[Range, Range]:
    """Bound the sums of squares within groups, and between them."""
    means, sds = moments(parts, rule)
    n = [part.n for part in parts]
    least, most = (sum((m - 1) * sd[end] ** 2 for m, sd in zip(n, sds, strict=True)) for end in (0, 1))
    return (least, most), (least_between(means, n), most_between(means, n))


def welch_range(parts: Sequence[Group], rule: RoundingRule) -> Range:
    """Bound the p of Welch's analysis of variance."""
    (low, high), freedom = welch_f(parts, rule)
    every = np.linspace(*freedom, 50)
    return float(fdtrc(len(parts) - 1, every, high).min()), float(fdtrc(len(parts) - 1, every, low).max())


def welch_f(parts: Sequence[Group], rule: RoundingRule) -> tuple[Range, Range]:
    """Bound F and its second degrees of freedom, each part of them at its own extreme.

    Welch BL. Biometrika 1951;38:330-336.
    """
    means, sds = moments(parts, rule)
    if any(not low for low, _ in sds):
        return (0.0, math.inf), (1.0, float(sum(part.n for part in parts)))
    k = len(parts)
    weights = [(part.n / high**2, part.n / low**2) for part, (low, high) in zip(parts, sds, strict=True)]
    sums = [sum(weight[end] for weight in weights) for end in (0, 1)]
    shares = [(w[0] / (w[0] + sums[1] - w[1]), w[1] / (w[1] + sums[0] - w[0])) for w in weights]
    lack = [
        sum((1 - share[1 - end]) ** 2 / (part.n - 1) for share, part in zip(shares, parts, strict=True))
        for end in (0, 1)
    ]
    low = least_between(means, [w[0] for w in weights]) / (k - 1) / (1 + 2 * (k - 2) / (k * k - 1) * lack[1])
    high = most_between(means, [w[1] for w in weights]) / (k - 1) / (1 + 2 * (k - 2) / (k * k - 1) * lack[0])
    return (low, high), ((k * k - 1) / 3 / lack[1], (k * k - 1) / 3 / lack[0])


def kruskal_range(parts: Sequence[Group], rule: RoundingRule) -> Range:
    """Bound the p of the Kruskal-Wallis test by how many values of a group can lie beyond a limit.

    With k of n values at least d above the mean, the squares about it are at least d^2 k n / (n - k); so few values of
    two groups far apart can change places, and their mean ranks lie apart. H is n - 1 at most.
    """
    means, sds = moments(parts, rule)
    n = [part.n for part in parts]
    total = sum(n)
    middle = (total + 1) / 2
    least = 0.0
    limits = np.unique(np.linspace(min(low for low, _ in means), max(high for _, high in means), 41))
    # Of very many groups every pair would take minutes.
    for one in range(len(parts) if len(parts) <= _PAIRED else 0):
        for sign in (1, -1):
            above = 0.0
            for other in range(len(parts)):
                if other != one:
                    above += max(
                        (n[one] - _beyond(limit, means[one], sds[one], n[one], -sign))
                        * (n[other] - _beyond(limit, means[other], sds[other], n[other], sign))
                        for limit in limits
                    )
            # U of a group against all the others is at least so much, and its mean rank with it.
            distance = (n[one] + 1) / 2 + above / n[one] - middle
            if distance > 0:
                least = max(least, 12 / (total * (total + 1)) * n[one] * distance**2 * total / (total - n[one]))
    return float(chdtrc(len(parts) - 1, total - 1)), float(chdtrc(len(parts) - 1, least))


def _beyond(limit: float, mean: Range, sd: Range, n: int, sign: int) -> int:
    """Most values of a group at a limit or beyond it, above or below: so many fit into its sum of squares."""
    distance = limit - mean[1] if sign > 0 else mean[0] - limit
    if distance <= 0:
        return n
    squares = (n - 1) * sd[1] ** 2
    # k n / (n - k) d^2 must not pass the squares.
    return min(n, math.floor(squares * n / (distance**2 * n + squares) * (1 + 1e-12)))


def _ranked(
    paper: Paper, parts: Sequence[Group], printed: Interval, rule: RoundingRule, rng: np.random.Generator
) -> str:
    """Look for data on the stated grid whose ranks give p."""
    grid = next((grid for grid, stated in grids(paper, parts[0].variable) if stated), None)
    if grid is None or any(is_too_fine(part, grid) for part in parts):
        return ""
    cells = [cell(paper, part, grid, rule, strict=True) for part in parts]
    if any(each is None or no_data(each) for each in cells):
        return ""
    known = [each for each in cells if each is not None]
    pools: list[Ints] = [np.array(datasets(each, rng, _POOL)) for each in known]
    if not all(map(len, pools)):
        return ""
    for _ in range(_TRIES // _AT_ONCE):
        drawn = [pool[rng.integers(len(pool), size=_AT_ONCE)] for pool in pools]
        values = [on_scale(each, positions) for each, positions in zip(known, drawn, strict=True)]
        fitting = np.flatnonzero(inside(_kruskal(values), printed))
        if len(fitting):
            return " | ".join(show_values(each[fitting[0]]) for each in values)
    return ""


def _kruskal(groups: Sequence[Floats]) -> Floats:
    """Return the p of Kruskal and Wallis of each row of some groups; NaN where all values are equal."""
    ranks = rankdata(np.concatenate(groups, axis=1), axis=1)
    away = ranks - (ranks.shape[1] + 1) / 2
    sizes = [group.shape[1] for group in groups]
    sums = np.stack([part.sum(axis=1) for part in np.split(away, np.cumsum(sizes)[:-1], axis=1)])
    # The variance of the ranks holds the correction for ties.
    with np.errstate(divide="ignore", invalid="ignore"):
        h = (ranks.shape[1] - 1) * ((sums**2).T / sizes).sum(axis=1) / (away**2).sum(axis=1)
    return np.asarray(chdtrc(len(groups) - 1, h))
