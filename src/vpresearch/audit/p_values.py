"""Two groups that give a printed p: from pools of datasets, or by a walk from one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, permutations, product
from typing import Literal

import numpy as np
from scipy.stats import mannwhitneyu

from vpresearch.audit.cells import Group, aligned, cell, grids, is_binary, is_too_fine, pairs
from vpresearch.audit.check import Check, Verdict, inside, meets, show_values
from vpresearch.audit.p_attained import (
    MEANS,
    NORMAL,
    PAIRED,
    PERMUTATION,
    STANDS_FOR,
    T_TESTS,
    Attained,
    Floats,
    bounded,
    candidate_tests,
    in_the_box,
    kruskal_without_contrived_ties,
    listed,
    p_of_moments,
    permuted,
    rank_p,
    t_p,
    tabled,
)
from vpresearch.audit.witness import (
    TABLE_TESTS,
    Ints,
    admissible,
    datasets,
    is_coarse,
    no_data,
    on_scale,
    one_or_both,
    prints,
    shift_two,
    sides,
    table_p,
)
from vpresearch.core.reported import Interval, Reported, RoundingRule
from vpresearch.inference import TestResult, kruskal, mann_whitney, rank_permutation, student, welch
from vpresearch.lattice import Cell, Joint, Window, count, find_dataset
from vpresearch.published import Claim, Grid, Paper

_STARTS, _WALKS, _WALK = 200, 40, 1500
# Pairs looked at before the next, and values of them: the first are often enough.
_PAIRS, _VALUES = 1000, 1_000_000
# Walks times values: all of the walks up to a hundred values.
_WALKED = 4000
# Pairs that are permuted at once, and sums of ranks in all; the nearest are chosen from so many.
_BLOCK, _PERMUTED, _RANKED = 50, 6_000_000, 20_000
# Pairs of sums that are gone through, sums of squares of each, and datasets that are built for them.
_MOST_SUMS, _MOST_SQUARES, _BUILT = 10_000, 300, 20
# The p of the ordinary test, both one-sided ones being halves of it.
_RUN: dict[str, Callable[[Ints, Ints], TestResult]] = {
    "student": student,
    "welch": welch,
    "kruskal": kruskal,
    "kruskal_uncorrected": lambda first, second: kruskal(first, second, corrected=False),
}


def p_witness(
    test: str,
    cells: tuple[Cell, Cell],
    pools: tuple[Ints, Ints],
    printed: Interval,
    rng: np.random.Generator,
    *,
    one_sided: bool = False,
    every: bool = False,
) -> str:
    """Find two groups that give a printed p, and believe them only when the ordinary test says so too."""
    if not len(pools[0]) or not len(pools[1]):
        return ""
    if test in PERMUTATION:
        found = _permutations(test, pools, printed, rng, one_sided, every=every)
    else:
        found = _candidates(test, pools, printed, rng, one_sided)
        if test not in (*T_TESTS, *TABLE_TESTS):
            found = chain(found, _walks(test, cells, pools, printed, rng, one_sided))
    return next((_shown(cells, pair) for pair in found if inside(_run(test, *pair, one_sided), printed).any()), "")


def both_witness(
    tests: tuple[str, str],
    cells: tuple[Cell, Cell],
    pools: tuple[Ints, Ints],
    printed: tuple[Interval, Interval],
    rng: np.random.Generator,
) -> str:
    """Find two groups that give one printed p by one test and another by another, as `p_witness` does."""
    if not len(pools[0]) or not len(pools[1]) or not {*tests} <= {*T_TESTS, *NORMAL}:
        return ""
    # Few starts have the sums that a test of means needs; of these, first those that come near by the other test.
    one, other = (0, 1) if tests[0] in T_TESTS else (1, 0)
    starts = sorted(
        islice(_candidates(tests[one], pools, printed[one], rng, False), _STARTS),
        key=lambda pair: _distance(_one_pair(tests[other], pair, False), printed[other]),
    )[:_WALKS]
    wanted = list(zip(tests, printed, strict=True))
    found = chain.from_iterable(_walk(wanted, cells, start, rng, False) for start in starts)
    sure = (pair for pair in found if all(inside(_run(test, *pair, False), p).any() for test, p in wanted))
    return next((_shown(cells, pair) for pair in sure), "")


def _shown(cells: tuple[Cell, Cell], pair: tuple[Ints, Ints]) -> str:
    values = [on_scale(cell, positions) for cell, positions in zip(cells, pair, strict=True)]
    return " | ".join(map(show_values, values))


def _run(test: str, first: Ints, second: Ints, one_sided: bool) -> Floats:
    """Return the p of the ordinary test, for a table from the noughts and ones of each group."""
    if test in TABLE_TESTS:
        return TABLE_TESTS[test](np.array([np.bincount(part, minlength=2) for part in (first, second)]), one_sided)
    if test in _RUN:
        return one_or_both(np.array(_RUN[test](first, second).p_value), one_sided=one_sided)
    if test in ("permutation_distance", "permutation_doubled") and not one_sided:
        way = "doubled" if test == "permutation_doubled" else "distance"
        return np.array([rank_permutation(first, second, way).p_value])  # type: ignore[arg-type]
    if test == "mann_whitney" and not one_sided:
        return np.array([mann_whitney(first, second).p_value])
    if test in ("mann_whitney", "mann_whitney_exact"):
        method: Literal["exact", "asymptotic"] = "exact" if test == "mann_whitney_exact" else "asymptotic"
        every = (mannwhitneyu(first, second, True, side, method=method) for side in sides(one_sided=one_sided))
        return np.array([result.pvalue for result in every])
    p: Floats = _one_pair(test, (first, second), one_sided).reshape(-1)
    return p


def _candidates(
    test: str, pools: tuple[Ints, Ints], printed: Interval, rng: np.random.Generator, one_sided: bool
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs from two pools whose p is in the interval, block by block."""
    first, second = pools
    order = rng.permutation(len(first))
    for block in np.array_split(order, _n_blocks(first, second)):
        if test in TABLE_TESTS:
            p = table_p(first[block], second, test, one_sided=one_sided)
        elif test in T_TESTS:
            p = t_p(first[block], second, test, one_sided=one_sided)
        else:
            rows, columns = np.repeat(block, len(second)), np.tile(np.arange(len(second)), len(block))
            p = rank_p(first[rows], second[columns], test, one_sided=one_sided).reshape(len(block), len(second), -1)
        for row, column in np.argwhere(inside(p, printed).any(axis=-1))[:5]:
            yield first[block[row]], second[column]


def _permutations(
    test: str, pools: tuple[Ints, Ints], printed: Interval, rng: np.random.Generator, one_sided: bool, *, every: bool
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs from two pools whose exact p is in the interval, first those that the normal distribution puts near it."""
    first, second = pools
    n_pairs, n = len(first) * len(second), int(first.shape[1] + second.shape[1])
    which = np.arange(n_pairs) if every or n_pairs <= _RANKED else rng.integers(n_pairs, size=_RANKED)
    rows, columns = np.divmod(which, len(second))
    if test == MEANS:
        # All pairs of two pools at once would take gigabytes.
        gap = first.mean(axis=1)[rows] - second.mean(axis=1)[columns]
        variances = first.var(axis=1, ddof=1)[rows], second.var(axis=1, ddof=1)[columns]
        sizes = first.shape[1], second.shape[1]
        near = p_of_moments(gap, variances, sizes, "student", one_sided=one_sided)
    else:
        near = rank_p(first[rows], second[columns], "mann_whitney", one_sided=one_sided)
    order = np.argsort(np.nan_to_num(np.abs(near - _middle(printed)), nan=1.0).min(axis=1), kind="stable")
    n_small = min(first.shape[1], second.shape[1])
    # So many sums of ranks, or of values where these span more.
    span = int(max(first.max(), second.max()) - min(first.min(), second.min())) if test == MEANS else 0
    most = None if every else max(1, _PERMUTED // (_BLOCK * n_small**2 * max(n - n_small, span)))
    for block in np.array_split(order, max(1, len(order) // _BLOCK))[:most]:
        p = rank_p(first[rows[block]], second[columns[block]], test, one_sided=one_sided)
        yield from ((first[rows[pair]], second[columns[pair]]) for pair in block[inside(p, printed).any(axis=1)])


def _middle(printed: Interval) -> float:
    low, high = float(printed.low or 0), 1.0 if printed.high is None else float(printed.high)
    return (low + high) / 2


def _n_blocks(first: Ints, second: Ints) -> int:
    """How many blocks keep the pairs, and the values of one, few enough for memory."""
    n_pairs, n_values = len(first) * len(second), int(first.shape[1] + second.shape[1])
    return max(1, min(len(first), max(n_pairs // _PAIRS, n_pairs * n_values // _VALUES)))


def _walks(
    test: str,
    cells: tuple[Cell, Cell],
    pools: tuple[Ints, Ints],
    printed: Interval,
    rng: np.random.Generator,
    one_sided: bool,
) -> Iterator[tuple[Ints, Ints]]:
    # A walk through many values takes longer; they share the time of a few.
    for _ in range(max(1, min(_WALKS, _WALKED // sum(each.n for each in cells)))):
        start = pools[0][rng.integers(len(pools[0]))], pools[1][rng.integers(len(pools[1]))]
        yield from _walk([(test, printed)], cells, start, rng, one_sided)


def _walk(
    wanted: Sequence[tuple[str, Interval]],
    cells: tuple[Cell, Cell],
    start: tuple[Ints, Ints],
    rng: np.random.Generator,
    one_sided: bool,
) -> Iterator[tuple[Ints, Ints]]:
    """Walk from a pair towards the p of each test by moves of two values apart or together, which keep the sum."""
    spans, groups, best = [cell.span for cell in cells], start, math.inf
    for _ in range(_WALK):
        side = int(rng.integers(2))
        moved = shift_two(spans[side], groups[side], rng)
        patience = 0.003 * rng.exponential()
        stays = moved is groups[side] and best < math.inf
        # The cheaper question first.
        if stays or not prints(cells[side], moved):
            continue
        pair = (moved, groups[1]) if side == 0 else (groups[0], moved)
        found = [_one_pair(test, pair, one_sided) for test, _ in wanted]
        distance = sum(_distance(p, printed) for p, (_, printed) in zip(found, wanted, strict=True))
        if distance > best + patience:
            continue
        groups, best = pair, distance
        if all(inside(p, printed).any() for p, (_, printed) in zip(found, wanted, strict=True)):
            yield groups
            break


def _distance(p: Floats, printed: Interval) -> float:
    return float(np.abs(p - _middle(printed)).min())


def _one_pair(test: str, pair: tuple[Ints, Ints], one_sided: bool) -> Floats:
    first, second = (part[None] for part in pair)
    if test in T_TESTS:
        return t_p(first, second, test, one_sided=one_sided)
    return rank_p(first, second, test, one_sided=one_sided)


PROTOCOL = ("student", "kruskal", "kruskal_uncorrected")
_POOL = 120
MANY = 10
# Pairs of datasets that are listed, and datasets of each pool where they are not.
_MOST_PAIRS, _SOME = 50_000_000, 1000


@dataclass(frozen=True)
class Row:
    """One printed p-value with what every test can give in its place."""

    claim: Claim
    compared: tuple[Group, Group]
    grid: Grid
    attained: Mapping[str, Attained]
    cells: tuple[Cell, Cell]
    pools: tuple[Ints, Ints]
    joint: Joint | None = None
    is_whole: bool = True


def check_p_values(paper: Paper, rule: RoundingRule, rng: np.random.Generator | None) -> Iterator[Check]:
    """Hold every printed p-value against each test, in its own row and in the others, or against t tests alone."""
    first_scale: dict[str, Row] = {}
    yield from _noughts(paper)
    compared = list(pairs(paper))
    for claim, first, second in compared:
        for grid, stated in grids(paper, first.variable):
            if not stated:
                continue
            # Of very many p-values those that a t test gives are tried by no other test, which would take minutes.
            for chance in dict.fromkeys((None, rng) if len(compared) > MANY else (rng,)):
                row = _row(paper, claim, (first, second), grid, rule, chance)
                if row is None:
                    break
                checks: list[Check] = []
                for test in row.attained:
                    unexplained = not any(check.verdict == "possible" for check in checks)
                    checks.append(_check(row, test, rule, chance, unexplained=unexplained))
                given = any(check.verdict == "possible" for check in checks)
                if chance is not rng and not given:
                    continue
                first_scale.setdefault(claim.id, row)
                yield from checks
                if checks:
                    found = source(checks, claim)
                    tried = rng is not None and not any(map(no_data, row.cells))
                    yield found if tried else without_ranks(found, claim)
                elif all(map(len, row.pools)) and not is_paired_t(claim, first, second):
                    yield untried(claim)
                if checks and not given and rng is not None:
                    yield from _as_errors(row, rule)
                break
    if rng is not None:
        yield from _readings(list(first_scale.values()), rule, rng)


def _noughts(paper: Paper) -> Iterator[Check]:
    """Remark on a p that is printed as nothing: no p is, and < 0.001 says what is meant."""
    for claim in paper.claims:
        printed = claim.printed
        if claim.kind == "p" and not printed.bound and printed.value == 0:
            least = f"0.{'0' * (printed.decimals - 1)}1" if printed.decimals else "1"
            yield Check("p_nought", (claim.id,), "possible", "p_nought", {"printed": printed.printed, "least": least})


def without_ranks(found: Check, claim: Claim) -> Check:
    """Leave the tests of ranks open where no data on the grid have the printed means: they were not tried."""
    meant = {test for name in claim.tests for test in STANDS_FOR.get(name, ())}
    open_ = [test for test in ("kruskal", "mann_whitney") if test in meant or not claim.tests]
    if found.verdict != "impossible" or not open_:
        return found
    return replace(
        found, verdict="undecided", code="p_source_undecided", values={**found.values, "undecided": " ".join(open_)}
    )


def is_paired_t(claim: Claim, first: Group, second: Group) -> bool:
    """Whether a p may be of the paired t test, which is bounded by the correlation of the pairs."""
    return bool({"paired_t", "paired"} & set(claim.tests)) and first.n == second.n > 1


def _as_errors(row: Row, rule: RoundingRule) -> Iterator[Check]:
    """Look whether p would fit if what is printed as SDs were standard errors."""
    printed, one_sided = row.claim.printed.interval(rule), row.claim.one_sided
    for test in (test for test in T_TESTS[:2] if test in row.attained):
        witness = in_the_box(row.compared, test, printed, rule, one_sided=one_sided, as_errors=True)
        if witness:
            values = {"printed": row.claim.printed.printed, "variable": row.compared[0].variable, "as_test": test}
            ids = (row.claim.id, *row.compared[0].ids, *row.compared[1].ids)
            yield Check("sd_or_se", ids, "possible", "sd_is_se", values, witness=witness)
            return


def _row(
    paper: Paper,
    claim: Claim,
    compared: tuple[Group, Group],
    grid: Grid,
    rule: RoundingRule,
    rng: np.random.Generator | None,
) -> Row | None:
    """Set a row on a grid, without data for the t tests alone; None where its groups cannot be set on it together."""
    if any(is_too_fine(group, grid) for group in compared):
        return None
    relaxed, strict = (
        [cell(paper, group, grid, rule, strict=exactly) for group in compared] for exactly in (False, True)
    )
    loose = aligned(*relaxed)
    if loose is None:
        return None
    first, second = loose
    cells = aligned(*strict) or loose
    none = np.zeros((0, 0), dtype=np.int64)
    pools = [none if rng is None else datasets(group, rng, _POOL) for group in cells]
    sizes = (first.n, second.n)
    tests = candidate_tests(sizes, claim.tests, binary=is_binary(grid), one_sided=claim.one_sided)
    off_grid = no_data(first) or no_data(second)
    if rng is None or off_grid:
        # Where no data on the grid print so, what is left is whether means and SDs give p at all.
        tests = tuple(test for test in tests if test in T_TESTS)
    of_tables = [test for test in tests if test in TABLE_TESTS]
    joint, attained = None, {}
    listable = is_coarse(first) and is_coarse(second) and rng is not None and not off_grid
    if listable and count(first) * count(second) <= _MOST_PAIRS:
        joint = Joint(first, second)
        attained = listed(joint, tests, one_sided=claim.one_sided)
    if rng is not None and joint is None and math.prod(map(len, pools)) > _SOME**2:
        # All pairs of ten thousand at once would take gigabytes.
        pools = [pool[rng.permutation(len(pool))[:_SOME]] for pool in pools]
    rest = [test for test in tests if test not in (*attained, *of_tables)]
    attained |= bounded(first, second, (pools[0], pools[1]), rest, rule, rng, one_sided=claim.one_sided)
    attained |= tabled((pools[0], pools[1]), of_tables, one_sided=claim.one_sided)
    return Row(claim, compared, grid, attained, cells, (pools[0], pools[1]), joint, cells == loose)


# -- verdicts ----------------------------------------------------------------------------------------------------


def _check(row: Row, test: str, rule: RoundingRule, rng: np.random.Generator | None, *, unexplained: bool) -> Check:
    claim, grid = row.claim, row.grid
    printed = claim.printed.interval(rule)
    verdict, code, values = _judge(claim.printed, row, test, rule)
    witness = "" if verdict == "impossible" else _witness(row, test, printed, rng)
    if verdict != "impossible":
        verdict, code = ("possible", "p_attained") if witness else ("undecided", "p_undecided")
    if verdict == "undecided" and test in T_TESTS:
        verdict, code, witness = _by_moments(row, test, rule)
    if verdict == "undecided" and test in PERMUTATION and row.joint is not None and unexplained:
        # All of them take seconds, which is worth it only where no other test gives the p.
        all_of_them = permuted(row.joint, test, one_sided=claim.one_sided)
        if all_of_them is not None:
            row = replace(row, attained={**row.attained, test: all_of_them})
            verdict, code, values = _judge(claim.printed, row, test, rule)
            witness = "" if verdict == "impossible" else _witness(row, test, printed, rng, every=True)
    found = row.attained[test]
    n_datasets = None if found.pairs is None else int(found.pairs[inside(found.values, printed)].sum())
    ids = (claim.id, *row.compared[0].ids, *row.compared[1].ids)
    values |= {"test": test, "variable": row.compared[0].variable, "known": found.known}
    values |= said_of(claim, f"{grid.low} – {grid.high}" if grid.low is not None and grid.high is not None else "")
    return Check(f"p_{test}", ids, verdict, code, values, n_datasets, found.low, found.high, witness)


def _by_moments(row: Row, test: str, rule: RoundingRule) -> tuple[Verdict, str, str]:
    """Go through the sums and sums of squares that both groups can have, on which alone a t test depends."""
    printed, one_sided = row.claim.printed.interval(rule), row.claim.one_sided
    cells, windows = row.cells, [admissible(cell) for cell in row.cells]
    if any(map(no_data, cells)):
        found = in_the_box(row.compared, test, printed, rule, one_sided=one_sided)
        return ("possible", "p_off_grid", found) if found else ("undecided", "p_undecided", "")
    if math.prod(map(len, windows)) > _MOST_SUMS:
        return "undecided", "p_undecided", ""
    sizes, unit = (cells[0].n, cells[1].n), float(cells[0].unit)
    # The nearest reading of a printed extreme is not the only one.
    complete = row.is_whole
    for pair in product(*windows):
        squares = [_thinned(window) for window in pair]
        complete &= all(len(each) > (window.high - window.low) // 2 for each, window in zip(squares, pair, strict=True))
        gap = np.array(unit * (pair[0].total / sizes[0] - pair[1].total / sizes[1]))[None, None]
        first, second = (
            unit**2 * (each - window.total**2 / n) / (n - 1)
            for each, window, n in zip(squares, pair, sizes, strict=True)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            p = p_of_moments(gap, (first[:, None], second[None, :]), sizes, test, one_sided=one_sided)
        for row_number, column in np.argwhere(inside(p, printed).any(axis=-1))[:_BUILT]:
            chosen = int(squares[0][row_number]), int(squares[1][column])
            built = [
                find_dataset(cell, Window(window.total, square, square))
                for cell, window, square in zip(cells, pair, chosen, strict=True)
            ]
            groups = [np.repeat(np.arange(len(copies)), copies) for copies in built if copies is not None]
            if len(groups) == 2 and inside(_run(test, groups[0], groups[1], one_sided), printed).any():
                return "possible", "p_attained", _shown(cells, (groups[0], groups[1]))
            complete = False
    return ("impossible", "p_not_attained", "") if complete else ("undecided", "p_undecided", "")


def _thinned(window: Window) -> Ints:
    """Return the sums of squares of a window, and of very many some."""
    every = np.arange(window.low, window.high + 1, 2)
    return every if len(every) <= _MOST_SQUARES else every[np.linspace(0, len(every) - 1, _MOST_SQUARES).astype(int)]


def said_of(claim: Claim, scale: str = "") -> dict[str, str | float]:
    """Return what a sentence says of a printed p: its scale, its sides, and whether the paper names its test."""
    return {
        "printed": claim.printed.printed,
        "scale": scale,
        "one_sided": "one_sided" if claim.one_sided else "",
        "named": "tests_named" if claim.tests else "",
    }


def _witness(row: Row, test: str, printed: Interval, rng: np.random.Generator | None, *, every: bool = False) -> str:
    if rng is None:
        return ""
    return p_witness(test, row.cells, row.pools, printed, rng, one_sided=row.claim.one_sided, every=every)


def untried(claim: Claim) -> Check:
    """Report that the tests which the paper names are of pairs, or none for the kind of numbers that it prints."""
    values = {**said_of(claim), "test_names": " ".join(claim.tests)}
    code = "p_untried" if PAIRED.isdisjoint(claim.tests) else "p_paired"
    return Check("p_source", (claim.id,), "undecided", code, values)


def source(checks: Sequence[Check], claim: Claim) -> Check:
    """Name every test that can give a printed p, and those that may."""
    by_verdict = {
        verdict: [str(check.values["test"]) for check in checks if check.verdict == verdict]
        for verdict in ("possible", "undecided", "impossible")
    }
    verdict: Verdict = next(name for name in ("possible", "undecided", "impossible") if by_verdict[name])
    values: dict[str, str | float] = {name: " ".join(tests) for name, tests in by_verdict.items()}
    values |= said_of(claim, str(checks[0].values["scale"]))
    # A proof that supposes few equal values holds under that condition alone.
    conditions = [check.values["most_equal"] for check in checks if check.code == "p_between_steps"]
    code = f"p_source_{verdict}"
    if conditions:
        code, values["most_equal"] = f"{code}_if", conditions[0]
        values["supposed"] = " ".join(str(check.values["test"]) for check in checks if check.code == "p_between_steps")
    witness = next((check.witness for check in checks if check.verdict == "possible"), "")
    return Check("p_source", checks[0].claims, verdict, code, values, witness=witness)


def _judge(printed: Reported, row: Row, test: str, rule: RoundingRule) -> tuple[Verdict, str, dict[str, str | float]]:
    """Tell a proof of impossibility from a witness, and both from neither."""
    interval, found, most_equal = printed.interval(rule), row.attained[test], row.grid.most_equal
    ends: dict[str, str | float] = {"low": found.low, "high": found.high}
    if inside(found.values, interval).any():
        return "possible", "p_attained", ends
    if found.only is not None and not inside(found.only, interval).any():
        return "impossible", "p_not_attained", ends
    if not meets(interval, *found.ranges):
        if test not in T_TESTS:
            return "impossible", "p_beyond_ranks", ends
        if len(found.ranges) == 1:
            return "impossible", "p_out_of_reach", ends
        other, (ends["low"], ends["high"]) = found.ranges[1], found.ranges[0]
        return "impossible", "p_out_of_reach_one", ends | {"other_low": other[0], "other_high": other[1]}
    continuity, corrected = NORMAL.get(test, (0.0, False))
    if corrected and most_equal is not None and not printed.bound and not row.claim.one_sided:
        sizes = (row.compared[0].n, row.compared[1].n)
        steps = kruskal_without_contrived_ties(printed, sizes, most_equal, continuity, rule)
        if not steps.possible:
            values = {"low": steps.low, "high": steps.high, "most_equal": float(most_equal)}
            return "impossible", "p_between_steps", dict(values)
    return "undecided", "p_undecided", ends


def _readings(rows: Sequence[Row], rule: RoundingRule, rng: np.random.Generator) -> Iterator[Check]:
    """Read two p-values of one table, not both of which their tests can give, as exchanged, and as both of one row."""
    for first, second in permutations(rows, 2):
        if first.claim.id.split(".")[0] != second.claim.id.split(".")[0]:
            continue
        in_order = rows.index(first) < rows.index(second)
        if in_order and not all(_by(row, row.claim.printed, rule) for row in (first, second)):
            yield from _exchange(first, second, rule, rng)
        if not _by(first, first.claim.printed, rule):
            yield from _copy(first, second, rule, rng)


def _exchange(first: Row, second: Row, rule: RoundingRule, rng: np.random.Generator) -> Iterator[Check]:
    """Each p in the other's row: two cells are exchanged."""
    crossed = [_by(first, second.claim.printed, rule), _by(second, first.claim.printed, rule)]
    if not all(crossed):
        return
    ids = (first.claim.id, second.claim.id)
    values = _variables(first, second)
    values |= {"first_tests": " ".join(crossed[0]), "second_tests": " ".join(crossed[1])}
    limits = [row.grid.most_equal for row in (first, second) if row.grid.most_equal is not None]
    code = "p_exchanged_if" if limits else "p_exchanged"
    values |= {"most_equal": float(min(limits))} if limits else {}
    witnesses = [
        _first_witness(row, tests, other.printed.interval(rule), rng)
        for row, other, tests in ((first, second.claim, crossed[0]), (second, first.claim, crossed[1]))
    ]
    verdict: Verdict = "possible" if all(witnesses) else "undecided"
    yield Check("p_exchange", ids, verdict, code, values, witness=" || ".join(filter(None, witnesses)))


def _variables(first: Row, second: Row) -> dict[str, str | float]:
    return {"first_variable": first.compared[0].variable, "second_variable": second.compared[0].variable}


def _copy(wrong: Row, right: Row, rule: RoundingRule, rng: np.random.Generator) -> Iterator[Check]:
    """Both p-values of one row, by two tests: one cell is wrong."""
    own, copied = _by(right, right.claim.printed, rule), _by(right, wrong.claim.printed, rule)
    two = next(((one, other) for one in copied for other in own if other != one), None)
    if two is None:
        return
    ids = (wrong.claim.id, right.claim.id)
    values = _variables(wrong, right) | {"first_tests": two[0], "second_tests": two[1]}
    values["printed"] = wrong.claim.printed.printed
    printed = wrong.claim.printed.interval(rule), right.claim.printed.interval(rule)
    witness = both_witness(two, right.cells, right.pools, printed, rng)
    yield Check("p_copy", ids, "possible" if witness else "undecided", "p_copied", values, witness=witness)


def _first_witness(row: Row, tests: Sequence[str], printed: Interval, rng: np.random.Generator) -> str:
    return next(filter(None, (_witness(row, test, printed, rng) for test in tests)), "")


def _by(row: Row, printed: Reported, rule: RoundingRule) -> list[str]:
    """List the tests of the protocol, or those that the paper names, that are not excluded from giving a p in a row."""
    tests = row.attained if row.claim.tests else [test for test in PROTOCOL if test in row.attained]
    return [test for test in tests if _judge(printed, row, test, rule)[0] != "impossible"]
