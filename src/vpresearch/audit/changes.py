"""Change scores: mean, standard deviation and paired t against the two values that a change lies between."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product

from vpresearch.audit.cells import Change, Group, changes
from vpresearch.audit.check import Check, Range, Verdict
from vpresearch.audit.p_attained import apart, p_of_t
from vpresearch.audit.several import paired_check, t_of_differences
from vpresearch.core.reported import RoundingRule
from vpresearch.published import Claim, Paper


def check_changes(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold every change against the two values that the file says it lies between, and a paired t against it."""
    every = changes(paper)
    for change in every:
        first, second = change.first, change.second
        if first is None or second is None:
            values: dict[str, str | float] = dict(zip(("first", "second"), change.names, strict=True))
            yield Check("change_mean", change.group.ids, "undecided", "change_unknown", values)
            continue
        yield from _mean(change.group, first, second, rule)
        yield from _sd(change.group, first, second, rule)
    for claim in paper.claims:
        if claim.kind == "p" and {"paired_t", "paired"} & set(claim.tests):
            yield from _p(claim, every, rule)


def _mean(change: Group, first: Group, second: Group, rule: RoundingRule) -> Iterator[Check]:
    parts = (first, second, change)
    if not all("mean" in part.claims for part in parts):
        return
    before, after, printed = (part.ends("mean", rule) for part in parts)
    low, high = after[0] - before[1], after[1] - before[0]
    # A fall may be printed as a positive number.
    holds = _meet(printed, (low, high)) or _meet(printed, (-high, -low))
    ends = float(low), float(high)
    verdict = _verdict(parts, holds=holds)
    code = {"possible": "change_meets", "impossible": "change_fails", "undecided": "change_other_n"}[verdict]
    yield _check("mean", parts, verdict, code, ends, f"{ends[0]:.6g} - {ends[1]:.6g}" if holds else "")


def _sd(change: Group, first: Group, second: Group, rule: RoundingRule) -> Iterator[Check]:
    """Hold the SD of a change against the two SDs: it lies between their distance and their sum."""
    parts = (first, second, change)
    if not all("sd" in part.claims for part in parts):
        return
    before, after, printed = (part.ends("sd", rule) for part in parts)
    least, most = max(Fraction(0), before[0] - after[1], after[0] - before[1]), before[1] + after[1]
    ends, witness = (float(least), float(most)), ""
    verdict = _verdict(parts, holds=_meet(printed, (least, most)))
    code = {
        "possible": "change_correlation",
        "impossible": "change_sd_fails",
        "undecided": "change_sd_other_n",
    }[verdict]
    if verdict == "possible":
        ends = correlation(*(part.reach("sd", rule) for part in parts))
        witness = f"r = {ends[0]:.3g} - {ends[1]:.3g}"
    yield _check("sd", parts, verdict, code, ends, witness)


def _meet(first: tuple[Fraction, Fraction], second: tuple[Fraction, Fraction]) -> bool:
    return first[0] <= second[1] and second[0] <= first[1]


def _verdict(parts: Sequence[Group], *, holds: bool) -> Verdict:
    """Judge a change; where the sizes differ it is of other patients, and nothing is proven."""
    alike = len({part.n for part in parts}) == 1
    return "possible" if holds else ("impossible" if alike else "undecided")


def _check(statistic: str, parts: Sequence[Group], verdict: Verdict, code: str, ends: Range, witness: str) -> Check:
    printed = parts[-1].claims[statistic].printed.printed
    values: dict[str, str | float] = {"low": ends[0], "high": ends[1], "printed": printed}
    values |= {"variable": parts[-1].variable}
    ids = tuple(part.claims[statistic].id for part in reversed(parts))
    return Check(f"change_{statistic}", ids, verdict, code, values, witness=witness)


def correlation(before: Range, after: Range, change: Range) -> Range:
    """Bound the correlation that the SDs of two values and of their change force, within -1 and 1.

    In either SD it is greatest at an end, and least at an end or where that SD squared is the difference of the others.
    """
    if min(before[0], after[0]) <= 0:
        return -1.0, 1.0

    def r(one: float, other: float, spread: float) -> float:
        return (one**2 + other**2 - spread**2) / (2 * one * other)

    corners = list(product(before, after))
    lows = [r(one, other, change[1]) for one, other in corners]
    for free, fixed in ((before, after), (after, before)):
        for end in fixed:
            turn = math.sqrt(max(0.0, end**2 - change[1] ** 2))
            lows += [r(turn, end, change[1])] if free[0] <= turn <= free[1] else []
    return max(-1.0, min(lows)), min(1.0, max(r(one, other, change[0]) for one, other in corners))


def _p(claim: Claim, every: Sequence[Change], rule: RoundingRule) -> Iterator[Check]:
    """Hold a p of the paired t against mean and SD of the change; of which group it is may be left open."""
    known = [
        change
        for change in every
        if change.group.variable == claim.compute.variable
        and {"mean", "sd"} <= set(change.group.claims)
        and change.group.n > 1
    ]
    own = [change.group for change in known if dict(change.rest) == dict(claim.compute.group)]
    tried = own or ([] if claim.compute.group else [change.group for change in known])
    if not tried:
        return
    every_t = [(change_t(group, rule), group.n - 1) for group in tried]
    reaches = [(p_of_t(high, df), p_of_t(low, df)) for (low, high), df in every_t]
    ids = (claim.id, *(name for group in tried for name in group.ids))
    yield paired_check("p_of_change", claim, reaches, ids, ("change_p_meets", "change_p_fails"), rule, known=bool(own))


def change_t(group: Group, rule: RoundingRule) -> Range:
    """Bound the size of the paired t by the mean and the SD of a change."""
    return t_of_differences(apart(group.reach("mean", rule), (0.0, 0.0)), group.reach("sd", rule), group.n)
