"""Statistics, estimates and intervals that a paper prints beside a p, held against one another and against a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, get_args

import numpy as np
from scipy.special import chdtrc, fdtrc, gammaln, ndtr, ndtri, stdtr, stdtrit
from scipy.stats.contingency import odds_ratio

from vpresearch.audit.cells import Group, changes, compared, moments
from vpresearch.audit.changes import change_t
from vpresearch.audit.check import Check, Range, Verdict, ends_of, inside, meets, sides_of
from vpresearch.audit.contingency import tests_of
from vpresearch.audit.intervals import Ratio, intervals_of
from vpresearch.audit.p_attained import PAIRED, apart, t_range
from vpresearch.audit.several import anova_f, paired_t, welch_f
from vpresearch.audit.witness import one_or_both
from vpresearch.core.reported import Interval, RoundingRule
from vpresearch.published import Paper, PrintedTest

_RATIOS = ("or", "rr", "hr")
_SYMMETRIC = ("t", "z", "r")
_EFFECTS = ("d", "g")
_NOISE = 1e-9


def check_printed_tests(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Check every row of tests: statistic and p, estimate, interval and p, and all of them against a table."""
    for row in paper.tests:
        yield from _statistic(row, rule)
        of_table = list(_table(row, rule))
        # A table tells how its interval was made, and which p is its own.
        known = any(check.check == "interval_of_table" for check in of_table)
        yield from (check for check in _ratio(row, rule) if not (known and check.remark))
        yield from _coefficient(row, rule)
        yield from of_table
        yield from _effect(paper, row, rule)
        yield from _of_groups(paper, row, rule)


# -- a statistic and its p (statcheck) -------------------------------------------------------------------------------


def _statistic(row: PrintedTest, rule: RoundingRule) -> Iterator[Check]:
    """Hold a p against its statistic and degrees of freedom.

    Nuijten MB et al. Behav Res Methods 2016;48:1205-1226.
    """
    found = next((key for key in ("t", "F", "chi2", "r", "z") if key in row.claims), None)
    if found is None or "p" not in row.claims:
        return
    ends = p_of_statistic(row, found, rule)
    if ends is None:
        return
    low, high = ends
    printed = row.claims["p"].printed.interval(rule)
    half = sides_of(ends, one_sided=True)
    one_sided = row.claims["p"].one_sided
    # Chi-squared and F with one degree of freedom are squares of z and t, which have sides.
    sided = found in _SYMMETRIC or row.claims["df"].printed.value == 1
    fits = meets(printed, *(half if one_sided else (ends,)))
    verdict: Verdict = "possible" if fits else "impossible"
    code = "statistic_meets" if fits else "statistic_fails"
    if not fits and not one_sided and row.sided is None and sided and meets(printed, half[0]):
        verdict, code = "undecided", "statistic_one_sided"
    used = [key for key in (found, "df", "df2", "n", "p") if key in row.claims]
    values: dict[str, str | float] = {"statistic": found, "value": row.claims[found].printed.printed}
    values |= {"low": low, "high": high}
    values |= {
        "printed": row.claims["p"].printed.printed,
        "df": " / ".join(row.claims[k].printed.printed for k in used[1:-1]),
    }
    if one_sided:
        values |= {"low": half[0][0], "high": half[0][1]}
    yield _check("p_of_statistic", row, used, verdict, code, values, f"{low:.6g} - {high:.6g}")


def p_of_statistic(row: PrintedTest, name: str, rule: RoundingRule) -> Range | None:
    """Bound the two-sided p of a statistic within its rounding; None without its degrees of freedom."""
    low, high = _absolute(row.claims[name].printed.interval(rule))
    needed = {"t": ["df"], "F": ["df", "df2"], "chi2": ["df"], "z": [], "r": ["df" if "df" in row.claims else "n"]}[
        name
    ]
    if any(key not in row.claims for key in needed):
        return None
    freedom = [_freedom(row, key, name) for key in needed]
    if name == "r" and needed == ["n"]:
        freedom = [(max(0.0, end - 2), max(0.0, end - 2)) for end, _ in freedom]
    if any(end <= 0 for ends in freedom for end in ends):
        return None
    every = [_p(name, value, df) for value in (low, high) for df in product(*freedom)]
    return min(every), max(every)


def _freedom(row: PrintedTest, key: str, name: str) -> Range:
    """Degrees of freedom; those of a t test that the paper does not call Student's may be Welch's, rounded."""
    printed = row.claims[key].printed
    whole = not printed.decimals
    named = set(row.claims["p"].tests) if "p" in row.claims else set()
    rounded = not whole or (
        name in ("t", "F") and key != "df" * (name == "F") and bool(named & {"welch", "welch_anova"})
    )
    if name == "t" and whole and not named:
        rounded = True
    half = float(printed.half_unit) if rounded else 0.0
    return max(0.5 if rounded else 0.0, float(printed.value) - half), float(printed.value) + half


def _p(name: str, value: float, df: Sequence[float]) -> float:
    if name == "z":
        return float(2 * ndtr(-value))
    if name == "chi2":
        return float(chdtrc(df[0], value))
    if name == "F":
        return float(fdtrc(df[0], df[1], value))
    if name == "r":
        value = math.inf if value >= 1 else value * math.sqrt(df[0] / (1 - value * value))
    return float(2 * stdtr(df[0], -value))


def _absolute(interval: Interval) -> Range:
    return _size(ends_of(interval))


def _apart(one: Range, other: Range) -> bool:
    return one[1] < other[0] - _NOISE * (1 + abs(other[0])) or one[0] > other[1] + _NOISE * (1 + abs(other[1]))


# -- ratios with their interval --------------------------------------------------------------------------------------


def _ratio(row: PrintedTest, rule: RoundingRule) -> Iterator[Check]:
    """Hold an odds ratio, risk ratio or hazard ratio against its interval, and both against p."""
    found = next((key for key in _RATIOS if key in row.claims), None)
    if found is None or not {"low", "high"} <= set(row.claims):
        return
    estimate, low, high = (_logs(row.claims[key].printed.interval(rule)) for key in (found, "low", "high"))
    values: dict[str, str | float] = {"statistic": found, "value": row.claims[found].printed.printed}
    values |= {"lower": row.claims["low"].printed.printed, "upper": row.claims["high"].printed.printed}
    used = [found, "low", "high"]
    if estimate[1] < low[0] - _NOISE or estimate[0] > high[1] + _NOISE or high[1] < low[0]:
        yield _check("interval", row, used, "impossible", "estimate_outside", values)
        return
    middle = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    skewed = _apart(estimate, middle)
    between = tuple(math.exp(end) if end < 700 else math.inf for end in middle)
    values |= {"middle_low": between[0], "middle_high": between[1]}
    verdict: Verdict = "undecided" if skewed else "possible"
    code = "interval_skewed" if skewed else "interval_meets"
    yield _check("interval", row, used, verdict, code, values, "" if skewed else f"{between[0]:.6g} - {between[1]:.6g}")
    if "p" in row.claims:
        z = float(ndtri((1 + row.level) / 2))
        errors = max(0.0, high[0] - low[1]) / 2 / z, (high[1] - low[0]) / 2 / z
        yield from _wald(row, [*used, "p"], _size(estimate), errors, values, rule)


def _logs(interval: Interval) -> Range:
    low, high = ends_of(interval)
    return (math.log(low) if low > 0 else -math.inf), (math.log(high) if high > 0 else -math.inf)


def _size(ends: Range) -> Range:
    return (0.0 if ends[0] <= 0 <= ends[1] else min(map(abs, ends))), max(map(abs, ends))


def _wald(
    row: PrintedTest,
    used: list[str],
    size: Range,
    errors: Range,
    values: dict[str, str | float],
    rule: RoundingRule,
) -> Iterator[Check]:
    """Hold a p against an estimate over the standard error of its interval: exact ones may look like Wald's."""
    if not math.isfinite(errors[1]) or not errors[1]:
        return
    p = float(2 * ndtr(-size[1] / errors[0])) if errors[0] else 0.0, float(2 * ndtr(-size[0] / errors[1]))
    fits = meets(row.claims["p"].printed.interval(rule), p)
    verdict: Verdict = "possible" if fits else "undecided"
    code = {"possible": "wald_meets", "undecided": "wald_other"}[verdict]
    told = values | {"printed": row.claims["p"].printed.printed, "p_low": p[0], "p_high": p[1]}
    yield _check("p_of_interval", row, used, verdict, code, told, f"{p[0]:.6g} - {p[1]:.6g}" if fits else "")


# -- coefficients ----------------------------------------------------------------------------------------------------


def _coefficient(row: PrintedTest, rule: RoundingRule) -> Iterator[Check]:
    """Hold a coefficient and its standard error against t or z, p and the interval."""
    if "coefficient" not in row.claims:
        return
    given = {key: claim.printed for key, claim in row.claims.items()}
    estimate = ends_of(given["coefficient"].interval(rule))
    values: dict[str, str | float] = {"value": given["coefficient"].printed}
    if "se" in given:
        error = tuple(max(0.0, end) for end in ends_of(given["se"].interval(rule)))
        values |= {"se": given["se"].printed}
        size = _size(estimate)
        ratio = (size[0] / error[1] if error[1] else math.inf), (size[1] / error[0] if error[0] else math.inf)
        values |= {"ratio_low": ratio[0], "ratio_high": ratio[1]}
        found = next((key for key in ("t", "z") if key in given), None)
        if found is not None:
            apart = _apart(_absolute(given[found].interval(rule)), ratio)
            told = values | {"statistic": found, "printed": given[found].printed}
            code = "coefficient_fails" if apart else "coefficient_meets"
            verdict: Verdict = "impossible" if apart else "possible"
            witness = "" if apart else f"{ratio[0]:.6g} - {ratio[1]:.6g}"
            yield _check("coefficient", row, ["coefficient", "se", found], verdict, code, told, witness)
        if "p" in given and found is None:
            yield from _p_of_ratio(row, ratio, values, rule)
    if {"low", "high"} <= set(given):
        yield from _interval_of(row, estimate, values, rule)


def _p_of_ratio(row: PrintedTest, ratio: Range, values: dict[str, str | float], rule: RoundingRule) -> Iterator[Check]:
    """Hold a p against a coefficient over its standard error, by t where degrees of freedom are printed."""
    by_t = "df" in row.claims
    df = _freedom(row, "df", "t") if by_t else (math.inf, math.inf)

    def p(value: float, freedom: float) -> float:
        return float(2 * (stdtr(freedom, -value) if math.isfinite(freedom) else ndtr(-value)))

    ends = (p(ratio[1], df[1]) if math.isfinite(ratio[1]) else 0.0), p(ratio[0], df[0])
    fits = meets(row.claims["p"].printed.interval(rule), ends)
    sure = by_t or "wald" in row.claims["p"].tests
    verdict: Verdict = "possible" if fits else ("impossible" if sure else "undecided")
    code = "wald_meets" if fits else ("wald_fails" if sure else "wald_other")
    told = values | {"printed": row.claims["p"].printed.printed, "p_low": ends[0], "p_high": ends[1]}
    used = ["coefficient", "se", *(["df"] if by_t else []), "p"]
    yield _check("p_of_interval", row, used, verdict, code, told, f"{ends[0]:.6g} - {ends[1]:.6g}" if fits else "")


def _interval_of(
    row: PrintedTest, estimate: Range, values: dict[str, str | float], rule: RoundingRule
) -> Iterator[Check]:
    """Hold a coefficient against its interval, which has it inside, as a rule in the middle, and as wide as its SE."""
    low, high = (ends_of(row.claims[key].printed.interval(rule)) for key in ("low", "high"))
    told = values | {"statistic": "coefficient"}
    told |= {"lower": row.claims["low"].printed.printed, "upper": row.claims["high"].printed.printed}
    used = ["coefficient", "low", "high", *(["se"] if "se" in row.claims else [])]
    if estimate[1] < low[0] or estimate[0] > high[1]:
        yield _check("interval", row, used, "impossible", "estimate_outside", told)
        return
    middle = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    told |= {"middle_low": middle[0], "middle_high": middle[1]}
    apart = _apart(estimate, middle)
    if "se" in row.claims and not apart:
        error = ends_of(row.claims["se"].printed.interval(rule))
        df = _freedom(row, "df", "t") if "df" in row.claims else None
        # Without degrees of freedom the factor is at least that of the normal distribution.
        least = float(ndtri((1 + row.level) / 2)) if df is None else float(stdtrit(df[1], (1 + row.level) / 2))
        most = math.inf if df is None else float(stdtrit(df[0], (1 + row.level) / 2))
        width = max(0.0, high[0] - low[1]) / 2, (high[1] - low[0]) / 2
        apart = _apart(width, (least * max(0.0, error[0]), most * error[1] if error[1] else 0.0))
    code = "interval_skewed" if apart else "interval_meets"
    witness = "" if apart else f"{middle[0]:.6g} - {middle[1]:.6g}"
    yield _check("interval", row, used, "undecided" if apart else "possible", code, told, witness)


# -- a table ---------------------------------------------------------------------------------------------------------


def _table(row: PrintedTest, rule: RoundingRule) -> Iterator[Check]:
    """Hold p, chi-squared and a ratio against the table that they are said to be of."""
    if not row.table:
        return
    table = np.array(row.table, dtype=np.int64)
    shown = " / ".join(" ".join(map(str, line)) for line in row.table)
    values: dict[str, str | float] = {"table": shown}
    if not (table.sum(axis=0).all() and table.sum(axis=1).all()):
        return
    named = row.claims["p"].tests if "p" in row.claims else ()
    # A p beside a hazard ratio is of times, which no table tells.
    if "p" in row.claims and (named or "hr" not in row.claims):
        one_sided = row.claims["p"].one_sided
        found = dict(_made(tests_of, row.table, named, one_sided=one_sided))
        ratios = [name for name in ("or", "rr") if name in row.claims]
        if table.shape == (2, 2) and ("wald" in named or (ratios and not named)):
            found["wald"] = np.append(wald_of(table, ratios, one_sided=one_sided), found["wald"])
        giving = [test for test, p in found.items() if inside(p, row.claims["p"].printed.interval(rule)).any()]
        told = values | {"printed": row.claims["p"].printed.printed, "test_names": " ".join(giving or found)}
        told |= {"p_values": "; ".join(", ".join(dict.fromkeys(f"{each:.4g}" for each in p)) for p in found.values())}
        if found:
            verdict: Verdict = "possible" if giving else "impossible"
            yield _check("p_of_table", row, ["p"], verdict, "table_meets" if giving else "table_fails", told, shown)
    if "chi2" in row.claims:
        yield _of_table(row, "chi2", _made(statistics_of, row.table), values, rule)
    for name in get_args(Ratio):
        if name in row.claims and table.shape == (2, 2):
            yield _of_table(row, name, _made(ratios_of, row.table, name), values, rule)
            if {"low", "high"} <= set(row.claims):
                yield _interval_of_table(row, name, values, rule)


@lru_cache(maxsize=256)
def _made(make: Callable[..., Any], table: tuple[tuple[int, ...], ...], *arguments: object, **named: object) -> Any:
    """Make something of a table once, as other numbers are tried beside it."""
    return make(np.array(table, dtype=np.int64), *arguments, **named)


def statistics_of(table: np.ndarray) -> list[float]:
    """Return what goes by the name of chi-squared: Pearson's, also with n - 1, Yates' and the likelihood ratio."""
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    apart = np.abs(table - expected)
    pearson = float((apart**2 / expected).sum())
    found = [pearson, pearson * (1 - 1 / float(table.sum()))]
    if table.shape == (2, 2):
        found.append(float(((apart - np.minimum(0.5, apart)) ** 2 / expected).sum()))
    some = table > 0
    return [*found, float(2 * (table[some] * np.log(table[some] / expected[some])).sum())]


def ratios_of(table: np.ndarray, name: str) -> list[float]:
    """Return the odds or risk ratios of a two-by-two table, whichever way it is set, and with 0.5 added."""
    # What R's fisher.test prints as the odds ratio.
    found = [float(odds_ratio(each).statistic) for each in (table, table[:, ::-1]) if name == "or"]
    for cells in (table, table + 0.5):
        for turned in (cells, cells.T) if name == "rr" else (cells,):
            for a, b, c, d in (turned.ravel(), turned[:, ::-1].ravel()):
                top, bottom = (a * d, b * c) if name == "or" else (a * (c + d), c * (a + b))
                found += [top / bottom if bottom else math.inf, bottom / top if top else math.inf]
    return found


def wald_of(table: np.ndarray, ratios: Sequence[str], *, one_sided: bool) -> np.ndarray:
    """Return the p of Wald's test of an odds or risk ratio, or of either and of a difference; also with 0.5 added."""
    z = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for cells in (table, table + 0.5):
            if "or" in ratios or not ratios:
                z.append((np.log(cells) * [[1, -1], [-1, 1]]).sum() / np.sqrt((1 / cells).sum()))
            for turned in (cells, cells.T) if ratios != ["or"] else ():
                sizes = turned.sum(axis=1)
                risks = turned[:, 0] / sizes
                z += [np.subtract(*np.log(a / sizes)) / np.sqrt((1 / a - 1 / sizes).sum()) for a in turned.T]
                if not ratios:
                    z.append(np.subtract(*risks) / np.sqrt((risks * (1 - risks) / sizes).sum()))
    return one_or_both(2 * ndtr(-np.abs(z)), one_sided=one_sided).ravel()


def _of_table(
    row: PrintedTest, name: str, candidates: Sequence[float], values: dict[str, str | float], rule: RoundingRule
) -> Check:
    fits = inside(np.array(candidates), row.claims[name].printed.interval(rule)).any()
    told = values | {"statistic": name, "printed": row.claims[name].printed.printed}
    told |= {"candidates": "; ".join(dict.fromkeys(f"{value:.4g}" for value in candidates if math.isfinite(value)))}
    code = "of_table_meets" if fits else "of_table_fails"
    return _check("of_table", row, [name], "possible" if fits else "impossible", code, told, str(values["table"]))


def _interval_of_table(row: PrintedTest, name: Ratio, values: dict[str, str | float], rule: RoundingRule) -> Check:
    """Hold an interval against those that are made of its table; one by bootstrap or of a model is none of them."""
    every = np.array(_made(intervals_of, row.table, name, row.level))
    printed = [row.claims[key].printed for key in ("low", "high")]
    fits = np.logical_and(*(inside(every[:, end], printed[end].interval(rule)) for end in (0, 1))).any()
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.abs(np.log(every) - np.log([float(max(each.value, each.half_unit)) for each in printed])).sum(axis=1)
    nearest = dict.fromkeys(f"{every[place, 0]:.4g} – {every[place, 1]:.4g}" for place in np.argsort(away)[:6])
    told = values | {"statistic": name, "lower": printed[0].printed, "upper": printed[1].printed}
    told |= {"candidates": "; ".join(list(nearest)[:3])}
    verdict: Verdict = "possible" if fits else "undecided"
    code = {"possible": "table_interval_meets", "undecided": "table_interval_other"}[verdict]
    return _check("interval_of_table", row, [name, "low", "high"], verdict, code, told, str(values["table"]))


# -- effect sizes ----------------------------------------------------------------------------------------------------


def _effect(paper: Paper, row: PrintedTest, rule: RoundingRule) -> Iterator[Check]:
    """Hold Cohen's d or Hedges' g against the means and SDs of the two groups, by every denominator that is in use.

    Lakens D. Front Psychol 2013;4:863. Goulet-Pelletier JC, Cousineau D. Quant Methods Psychol 2018;14:242-265.
    """
    found = next((key for key in _EFFECTS if key in row.claims), None)
    if found is None or (PAIRED & {test for claim in row.claims.values() for test in claim.tests}):
        return
    claim = row.claims[found]
    parts = compared(paper, claim)
    if len(parts) != 2 or not all("sd" in part.claims for part in parts):
        return
    ends = effect_sizes(parts[0], parts[1], rule)
    printed = _absolute(claim.printed.interval(rule))
    fits = any(not _apart(printed, each) for each in ends.values())
    values: dict[str, str | float] = {"statistic": found, "value": claim.printed.printed}
    values |= {"low": min(low for low, _ in ends.values()), "high": max(high for _, high in ends.values())}
    values |= {"pooled_low": ends["pooled"][0], "pooled_high": ends["pooled"][1]}
    verdict: Verdict = "possible" if fits else "impossible"
    code = "effect_meets" if fits else "effect_fails"
    ids = (claim.id, *(part.claims[name].id for part in parts for name in ("mean", "sd")))
    witness = f"{values['low']:.6g} - {values['high']:.6g}" if fits else ""
    yield Check("effect_size", ids, verdict, code, values, witness=witness)


def effect_sizes(first: Group, second: Group, rule: RoundingRule) -> dict[str, Range]:
    """Bound the size of a standardised difference for each denominator, with the correction for small n or without."""
    means, sds = moments((first, second), rule)
    away = _size((means[0][0] - means[1][1], means[0][1] - means[1][0]))
    low, high = (tuple(sd[end] for sd in sds) for end in (0, 1))
    df = first.n + second.n - 2
    pooled = [math.sqrt(((first.n - 1) * a * a + (second.n - 1) * b * b) / df) for a, b in (low, high)]
    spreads = {
        "pooled": pooled,
        # The same out of n, its squares weighted by n, and what 2t / sqrt(df) takes the groups to be: of one size.
        "out_of_n": [spread * math.sqrt(df / (df + 2)) for spread in pooled],
        "by_n": [math.sqrt((first.n * a * a + second.n * b * b) / (df + 2)) for a, b in (low, high)],
        "of_t": [spread * math.sqrt((1 / first.n + 1 / second.n) * df) / 2 for spread in pooled],
        "average": [math.sqrt((a * a + b * b) / 2) for a, b in (low, high)],
        "first": [low[0], high[0]],
        "second": [low[1], high[1]],
    }
    # Either letter stands for either in print; of the correction for small n there are two forms.
    smaller = min(1 - 3 / (4 * df - 1), math.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / math.sqrt(df / 2))
    return {
        name: (smaller * away[0] / spread[1] if spread[1] else 0.0, away[1] / spread[0] if spread[0] else math.inf)
        for name, spread in spreads.items()
    }


# -- degrees of freedom ----------------------------------------------------------------------------------------------


def _of_groups(paper: Paper, row: PrintedTest, rule: RoundingRule) -> Iterator[Check]:
    """Hold t or F, and its degrees of freedom, against the groups that it compares, or against a change."""
    statistic = next((key for key in ("t", "F") if key in row.claims), None)
    if statistic is None:
        return
    claim = row.claims[statistic]
    of, named = claim.compute, claim.tests
    rows = (of.variable, of.over, dict(of.group))
    changed = [each.group for each in changes(paper) if (each.group.variable, each.group.over, dict(each.rest)) == rows]
    parts = compared(paper, claim)
    if len(changed) == 1 and (not parts or PAIRED & set(named)):
        parts = changed
    degrees = list(_degrees(row, statistic, named, [part.n for part in parts], rule))
    yield from degrees
    reaches = _reaches(statistic, parts, rule) if parts and all("sd" in part.claims for part in parts) else {}
    # Of two groups the analysis of variance is a t test.
    same = {"anova": "student", "welch_anova": "welch", "paired": "paired_t"} if len(parts) < 3 else {}
    meant = [test for test in reaches if not named or test in {same.get(name, name) for name in named}]
    if not meant:
        return
    low, high = min(reaches[test][0] for test in meant), max(reaches[test][1] for test in meant)
    fits = any(not _apart(_absolute(claim.printed.interval(rule)), reaches[test]) for test in meant)
    # A model may have given what no test is named for, and values that are missing what has fewer degrees of freedom.
    sure = len(meant) == len(set(named)) and all(check.verdict == "possible" for check in degrees)
    verdict: Verdict = "possible" if fits else ("impossible" if sure else "undecided")
    code = {"possible": "means_meet", "impossible": "means_fail", "undecided": "means_other"}[verdict]
    values: dict[str, str | float] = {"statistic": statistic, "printed": claim.printed.printed, "low": low}
    values |= {"high": high, "test_names": " ".join(meant)}
    ids = (claim.id, *(name for part in parts for name in part.ids))
    yield Check("statistic_of_groups", ids, verdict, code, values, witness=f"{low:.6g} - {high:.6g}" if fits else "")


def _reaches(statistic: str, parts: Sequence[Group], rule: RoundingRule) -> dict[str, Range]:
    """Bound the size of t or F by each test that may have given it."""
    if len(parts) == 1:
        found = {"paired_t": change_t(parts[0], rule)} if parts[0].n > 1 else {}
    elif len(parts) > 2:
        found = {"anova": anova_f(parts, rule), "welch_anova": welch_f(parts, rule)[0]} if statistic == "F" else {}
    else:
        first, second = parts
        means, sds = moments(parts, rule)
        found = {
            test: t_range(apart(*means), (sds[0], sds[1]), (first.n, second.n), equal_var=test == "student")
            for test in ("student", "welch")
        }
        if first.n == second.n:
            found["paired_t"] = paired_t(first, second, rule)
    if statistic == "F" and len(parts) < 3:
        found = {test: (low**2, high**2) for test, (low, high) in found.items()}
    return found


def _degrees(
    row: PrintedTest, statistic: str, named: Sequence[str], sizes: Sequence[int], rule: RoundingRule
) -> Iterator[Check]:
    """Hold the degrees of freedom of a test that the paper names against the sizes of the groups that it is of."""
    n, k = sum(sizes), len(sizes)
    if len(named) != 1 or not sizes:
        return
    reach = {
        ("t", "student", 2): {"df": (n - 2, n - 2)},
        ("t", "welch", 2): {"df": (min(sizes) - 1, n - 2)},
        ("t", "paired_t", 1): {"df": (n - 1, n - 1)},
        ("F", "anova", k): {"df": (k - 1, k - 1), "df2": (n - k, n - k)},
        ("F", "welch_anova", k): {"df": (k - 1, k - 1), "df2": (0, n - k)},
    }
    for key, (least, most) in reach.get((statistic, named[0], k), {}).items():
        if key in row.claims:
            low, high = ends_of(row.claims[key].printed.interval(rule))
            # With values missing they would be fewer.
            verdict: Verdict = "impossible" if low > most else ("undecided" if high < least else "possible")
            code = {"impossible": "df_above", "undecided": "df_below", "possible": "df_meets"}[verdict]
            values: dict[str, str | float] = {"printed": row.claims[key].printed.printed, "as_test": named[0]}
            values |= {"low": float(least), "high": float(most), "n": float(n)}
            yield _check("degrees_of_freedom", row, [key], verdict, code, values, f"{least} - {most}")


def _check(
    name: str,
    row: PrintedTest,
    used: Sequence[str],
    verdict: Verdict,
    code: str,
    values: dict[str, str | float],
    witness: str = "",
) -> Check:
    ids = tuple(row.claims[key].id for key in reversed(used))
    return Check(name, ids, verdict, code, values, witness=witness if verdict == "possible" else "")
