"""Which printed number, changed alone, would make numbers agree that cannot all be right, and to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from vpresearch.audit.cells import Group, cell, compared, described, grids, groups, is_too_fine
from vpresearch.audit.check import Check, Correction
from vpresearch.audit.counts import check_on_grid
from vpresearch.audit.every import every_check
from vpresearch.audit.p_values import check_p_values
from vpresearch.audit.witness import is_coarse
from vpresearch.core.reported import Reported, RoundingRule
from vpresearch.published import Claim, Grid, Paper, PrintedTest

# Numbers that are tried in a paper, at most and at least so many in the place of one, and steps of its last digit.
_TRIES, _MOST, _LEAST, _STEPS = 400, 140, 10, 40
# Claims that are read again where another size of a group is held against the whole paper.
_READ_AGAIN = 20_000
# What is possible only where a search finds data, and what is searched for so many of the numbers that may do.
_ON_GRIDS, _SEARCHES = frozenset({"grim", "grimmer", "debit"}), 4
# An end of what is attained may be hard to reach.
_BESIDE = (-50, -20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20, 50)
_SIGNED = frozenset({"mean", "minimum", "q1", "median", "q3", "maximum"})
_SIGNED_TESTS = frozenset({"t", "z", "r", "coefficient", "d", "g", "low", "high"})
_OF_TABLE = frozenset({"p_of_table", "of_table"})
_Key = tuple[str, tuple[str, ...]]


def with_corrections(paper: Paper, checks: Sequence[Check], rule: RoundingRule = "any") -> list[Check]:
    """Tell of every alarm which of its numbers, changed alone, would make them agree; no verdict changes."""
    # Of very many alarms those that come first.
    alarms = [place for place, check in enumerate(checks) if check.alarm][: _TRIES // _LEAST]
    found = list(checks)
    wholes = iter(range(_READ_AGAIN // max(1, len(paper.claims))))
    for place in alarms:
        alarm = _Alarm(paper, checks[place], checks, rule, wholes)
        found[place] = replace(checks[place], corrections=tuple(alarm.corrections(_TRIES // len(alarms))))
    return found


class _Alarm:
    """An alarm with what is printed of the same variables and columns, and its numbers that may be wrong."""

    def __init__(
        self, paper: Paper, check: Check, checks: Sequence[Check], rule: RoundingRule, wholes: Iterator[int]
    ) -> None:
        self.check, self.rule, self.whole, self.wholes = check, rule, paper, wholes
        self.seeds = list(_numbers([each for each in checks if each.claims[0] == check.claims[0]]))
        self.paper = _around(paper, check)
        self.slots = list(_slots(self.paper, check))

    def corrections(self, tries: int) -> Iterator[Correction]:
        families = list(every_check(self.rule, None, self.check.check))
        found = [[*family(self.paper)] for family in families]
        self.known = {_key(each) for of in found for each in of if each.alarm or each.remark} - {_key(self.check)}
        # First what told of the alarm, as it ends most tries.
        order = sorted(range(len(families)), key=lambda place: not any(map(self._is_it, found[place])))
        self.families = [families[place] for place in order]
        # What agrees by itself is found wrong by more than quick checks tell.
        if self._agrees(self.paper):
            return
        each = min(_MOST, max(_LEAST, tries // len(self.slots)))
        for claim, part, printed in self.slots[: tries // each]:
            values = self._values(claim, part, printed, _near(claim, part, printed, self.seeds, each))
            if values:
                yield Correction(claim, part, printed.printed, tuple(values))

    def _values(self, claim: Claim, part: str, printed: Reported, tried: Iterable[tuple[str, bool]]) -> list[str]:
        """List the nearest values below and above that agree, and the nearest by a likely slip."""
        best: dict[object, str] = {}
        searches = 0

        def away(text: str) -> Fraction:
            return abs(Reported(text).value - printed.value)

        for text, slip in tried:
            kinds = [Reported(text).value > printed.value, *(["slip"] if slip else [])]
            kinds = [kind for kind in kinds if kind not in best or away(text) < away(best[kind])]
            if not kinds or not self._agrees(with_number(self.paper, claim, part, text)):
                continue
            searches += 1
            if searches <= _SEARCHES and self._stands(claim, part, text):
                best |= dict.fromkeys(kinds, text)
        return sorted(set(best.values()), key=lambda each: Reported(each).value)

    def _agrees(self, paper: Paper) -> bool:
        """Whether the numbers of the alarm may agree, and quick checks tell of nothing that they did not before."""
        allowed = {"possible", "undecided"} if self.check.check in _ON_GRIDS else {"possible"}
        return self._holds((each for family in self.families for each in family(paper)), allowed, seen=False)

    def _stands(self, claim: Claim, part: str, text: str) -> bool:
        """Whether a search finds data too, and another size of a group contradicts nothing else in the paper."""
        found = _on_grids(with_number(self.paper, claim, part, text), self.rule)
        if not self._holds(found, {"possible"}, seen=True):
            return False
        if part or claim.kind != "count":
            return True
        if next(self.wholes, None) is None:
            return False
        known = _news(self.whole, self.rule)
        return _news(with_number(self.whole, claim, part, text), self.rule) <= known

    def _holds(self, checks: Iterable[Check], allowed: set[str], *, seen: bool) -> bool:
        for each in checks:
            if self._is_it(each):
                if each.verdict not in allowed:
                    return False
                seen = True
            elif (each.alarm or each.remark) and _key(each) not in self.known:
                return False
        return seen

    def _is_it(self, each: Check) -> bool:
        # With what was wrong out of the way, a check may be of more numbers or of fewer.
        one, other = {*each.claims}, {*self.check.claims}
        return each.check == self.check.check and (one <= other or one >= other)


def _key(check: Check) -> _Key:
    return check.check, check.claims


@lru_cache(maxsize=2)
def _news(paper: Paper, rule: RoundingRule) -> set[_Key]:
    """Return what quick checks of a whole paper tell of."""
    return {_key(each) for family in every_check(rule, None) for each in family(paper) if each.alarm or each.remark}


def _on_grids(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Look for data on the stated grids, and go through the sums of two groups where few print so."""
    fine = set()
    for group in groups(paper):
        for grid in (grid for grid, stated in grids(paper, group.variable) if stated):
            yield check_on_grid(paper, group, grid, rule, np.random.default_rng(1), stated=True)
            if not (is_too_fine(group, grid) or _is_coarse(paper, group, grid, rule)):
                fine.add(group.variable)
    coarse = replace(paper, grids={name: grid for name, grid in paper.grids.items() if name not in fine})
    yield from check_p_values(coarse, rule, None)


def _is_coarse(paper: Paper, group: Group, grid: Grid, rule: RoundingRule) -> bool:
    found = cell(paper, group, grid, rule, strict=False)
    return found is None or is_coarse(found)


# -- what may be wrong -----------------------------------------------------------------------------------------------


def _around(paper: Paper, check: Check) -> Paper:
    """Keep what is printed of the variables and columns that a check is of."""
    ids = {*check.claims}
    of = {name for claim in paper.claims if claim.id in ids for name in _columns(claim)}

    def is_kept(claim: Claim) -> bool:
        return claim.id in ids or (
            _columns(claim) <= of and (claim.kind not in {"p", "test"} or claim.compute.variable in of)
        )

    tests = tuple(row for row in paper.tests if any(is_kept(claim) for claim in row.claims.values()))
    more = {claim.id for row in tests for claim in row.claims.values()}
    return replace(
        paper, claims=tuple(claim for claim in paper.claims if is_kept(claim) or claim.id in more), tests=tests
    )


def _columns(claim: Claim) -> set[str]:
    of = claim.compute
    return {*of.group, *of.within, *(of.change or ()), *([of.variable] if of.variable else [])}


def _slots(paper: Paper, check: Check) -> Iterator[tuple[Claim, str, Reported]]:
    """List the printed numbers that take part in a check: claims, what they are of or add up to, cells of a table."""
    ids, first = dict.fromkeys(check.claims), paper[check.claims[0]]
    parts = [group for group in described(paper) if {*ids} & {claim.id for claim in group.claims.values()}]
    parts += compared(paper, first) if first.kind in {"p", "test"} else []
    ids |= dict.fromkeys(group.claims["n"].id for group in parts if "n" in group.claims)
    for name in ids:
        claim = paper[name]
        if claim.kind != "verbal":
            yield claim, "", claim.printed
        for part in ("of", "sum"):
            number = getattr(claim.compute, part)
            if number is not None:
                yield claim, part, Reported(f"{number}")
    for row in paper.tests if check.check in _OF_TABLE else ():
        if first.id in {claim.id for claim in row.claims.values()}:
            for i, line in enumerate(row.table):
                yield from ((first, f"{i} {j}", Reported(f"{cell}")) for j, cell in enumerate(line))


def with_number(paper: Paper, claim: Claim, part: str, text: str) -> Paper:
    """Print another number in the place of one."""
    if " " in part:
        i, j = map(int, part.split())
        tests = tuple(
            _with_cell(row, i, j, int(text)) if claim.id in {each.id for each in row.claims.values()} else row
            for row in paper.tests
        )
        return replace(paper, tests=tests)
    of = claim.compute
    parts = {"of": lambda: replace(of, of=int(text)), "sum": lambda: replace(of, sum=int(text))}
    new = replace(claim, compute=parts[part]()) if part else replace(claim, printed=Reported(text))
    return replace(
        paper,
        claims=tuple(new if each.id == claim.id else each for each in paper.claims),
        tests=tuple(
            replace(row, claims={key: new if each.id == claim.id else each for key, each in row.claims.items()})
            for row in paper.tests
        ),
    )


def _with_cell(row: PrintedTest, i: int, j: int, value: int) -> PrintedTest:
    table = [[*line] for line in row.table]
    table[i][j] = value
    return replace(row, table=tuple(map(tuple, table)))


# -- what it may be instead ------------------------------------------------------------------------------------------


def _near(
    claim: Claim, part: str, printed: Reported, seeds: Sequence[Fraction], most: int
) -> Iterator[tuple[str, bool]]:
    """List other numbers as printed and whether each is a likely slip: what checks reckoned, slips, the nearest."""
    if printed.bound:
        other = "<" if printed.bound == ">" else ">"
        yield f"{other} {printed.render(float(printed.value))}", False
        return
    unit, beside = 2 * printed.half_unit, _BESIDE if claim.kind == "p" else (0, 1)
    k = int(printed.value / unit)
    # What is told of a p, a statistic or a share is none of a mean or a size.
    told = seeds if part in {"of", "sum"} or (not part and claim.kind in {"p", "test", "percentage"}) else []
    slips = set(_slips(k, printed.decimals))
    steps = {k + sign * step for step in range(1, _STEPS + 1) for sign in (1, -1)} - slips
    reckoned = {(-1 if k < 0 else 1) * int(abs(seed) // unit) + step for seed in told for step in beside}
    for numbers, share in ((reckoned - slips - steps, 2), (slips, 2), (steps, 1)):
        nearest = sorted(numbers - {k}, key=lambda number: (abs(number - k), number))[: most // share]
        most -= len(nearest)
        for number in nearest:
            if (number * k >= 0 or number == -k) and _may_be(claim, part, number * unit):
                text = printed.render(float(number * unit))
                short = printed.printed.strip()[:1] in {".", ","}
                yield text.removeprefix("0") if short else text, number in slips


def _slips(k: int, decimals: int) -> Iterator[int]:
    """One digit mistyped, two exchanged, the sign, the decimal mark by a place."""
    digits, sign = str(abs(k)).zfill(decimals + 1), -1 if k < 0 else 1
    for place, digit in enumerate(digits):
        yield from (sign * int(digits[:place] + other + digits[place + 1 :]) for other in "0123456789")
        after = digits[place + 1 : place + 2]
        yield sign * int(digits[:place] + after + digit + digits[place + 2 :])
    yield from (-k, 10 * k, *([k // 10] if k % 10 == 0 else []))


def _may_be(claim: Claim, part: str, value: Fraction) -> bool:
    of = claim.compute
    if part or claim.kind == "count":
        # Of fewer than two values there is no spread.
        return value >= (2 if not part and of.statistic == "n" else 0 if " " in part else 1)
    signed = claim.kind in _SIGNED or of.statistic in _SIGNED_TESTS
    most = {"p": 1, "percentage": 100}.get(claim.kind, 1 if of.statistic == "r" else None)
    return (signed or value >= 0) and (most is None or abs(value) <= most)


def _numbers(checks: Sequence[Check]) -> Iterator[Fraction]:
    """Read the numbers that checks tell of, such as the ends of what would be attained."""
    for check in checks:
        for value in (*check.values.values(), check.p_min, check.p_max):
            for text in str(value).replace(";", " ").replace(",", " ").split():
                try:
                    yield Fraction(text)
                except ValueError:
                    continue
