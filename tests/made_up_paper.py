"""A paper whose truth is known: drawn as rows, computed by SciPy and statsmodels, and printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import statsmodels.api as sm
import yaml
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.oneway import anova_oneway
from statsmodels.stats.proportion import proportions_ztest

Values = NDArray[np.float64]

_KINDS = {"n": "count", "percent": "percentage", "min": "minimum", "max": "maximum"}
# Step, low and high end of a scale; the third is the mean of three items.
_SCALES = ((1, 0, 10), (1, 1, 7), (0.5, 0, 5), (1 / 3, 1, 5), (0.25, 1, 7))
# R's nine types, by their names in NumPy.
_QUARTILES: Any = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull",
    "linear", "median_unbiased", "normal_unbiased",
)  # fmt: skip


def make_paper(seed: int) -> dict[str, Any]:
    """Print a random study: its groups, a score, and some of the other kinds of numbers that papers print."""
    made = _Made(seed)
    made.score("score", everybody=True)
    sections: list[Callable[[], None]] = [
        made.quartiles, made.yes_or_no, made.grades, made.changes, made.regression, made.statistics, made.baseline,
        lambda: made.score("pain", everybody=False),
    ]  # fmt: skip
    for place in made.rng.permutation(len(sections))[:5]:
        sections[place]()
    # What a file declares comes last, so that the rest of a paper stays as it was before.
    declared = [made.whole, made.levels, made.divisions, made.exact_ratio]
    for place in made.rng.permutation(len(declared))[:2]:
        declared[place]()
    variables = {name: {"over": "patients", **grid} for name, grid in made.grids.items()}
    return {"paper": {"key": f"made-up-{seed}"}, "variables": variables, "claims": made.claims, "tests": made.tests}


def write_paper(content: dict[str, Any], path: Path) -> Path:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


class _Made:
    """A study in two or three arms, and what is printed of it so far."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.rounding = str(self.rng.choice([ROUND_HALF_UP, ROUND_HALF_EVEN]))
        self.grids: dict[str, dict[str, Any]] = {}
        self.claims: list[dict[str, Any]] = []
        self.tests: list[dict[str, Any]] = []
        sizes = self.rng.integers(8, 41, size=2 + (self.rng.random() < 0.3))
        self.arm = np.repeat(np.arange(len(sizes)), sizes)
        self.names = ["control", "treated", "third"][: len(sizes)]
        self.claim("all.n", "n", len(self.arm), 0)
        for name, n in zip(self.names, sizes, strict=True):
            self.claim(f"{name}.n", "n", n, 0, group={"arm": name})

    # -- printing ------------------------------------------------------------------------------------------------------

    def maybe(self, chance: float) -> bool:
        return bool(self.rng.random() < chance)

    def print(self, value: float, decimals: int) -> str:
        exact = Decimal(f"{value:.12g}").quantize(Decimal(1).scaleb(-decimals), rounding=self.rounding)
        return f"{exact or abs(exact):f}"

    def p(self, value: float) -> str:
        if value > 0.05 and self.maybe(0.05):
            return "n.s."
        decimals = 2 if self.maybe(0.2) else 3
        return f"<0.{'0' * (decimals - 1)}1" if value < 10**-decimals else self.print(value, decimals)

    def claim(self, name: str, statistic: str, value: float, decimals: int, mark: str = "", **compute: Any) -> None:
        printed = self.print(value, decimals) + mark
        kind, about = _KINDS.get(statistic, statistic), {"statistic": statistic, "over": "patients", **compute}
        self.claims.append({"id": name, "printed": printed, "kind": kind, "places": ["table"], "compute": about})

    def test(self, name: str, **numbers: Any) -> None:
        self.tests.append({"id": name, "places": ["tests"], **numbers})

    def arms(self, values: Values) -> list[tuple[str, Values]]:
        return [(name, values[self.arm == place]) for place, name in enumerate(self.names)]

    def moments(
        self, variable: str, values: Values, decimals: int, *, everybody: bool, ends: bool, **more: Any
    ) -> None:
        """Print n where values are missing, mean, SD and extremes, of the arms or of everybody as well."""
        for name, part in [*([("all", values)] if everybody else []), *self.arms(values)]:
            where: dict[str, Any] = {"variable": variable, **({} if name == "all" else {"group": {"arm": name}})}
            known = part[~np.isnan(part)]
            if len(known) < len(part):
                self.claim(f"{variable}.{name}.n", "n", len(known), 0, **where)
            self.claim(f"{variable}.{name}.mean", "mean", known.mean(), decimals, **where, **more)
            self.claim(f"{variable}.{name}.sd", "sd", known.std(ddof=1), decimals, **where, **more)
            for statistic in ("min", "max") if ends else ():
                self.claim(f"{variable}.{name}.{statistic}", statistic, getattr(known, statistic)(), 1, **where)

    # -- the kinds of numbers ------------------------------------------------------------------------------------------

    def score(self, variable: str, *, everybody: bool) -> None:
        """A coarse scale, also one of several items and with missing values, compared between the arms."""
        step, low, high = _SCALES[self.rng.integers(len(_SCALES))]
        steps = round((high - low) / step)
        chances = self.rng.uniform(0.25, 0.7) + self.rng.uniform(-0.12, 0.12, len(self.names))
        values = low + step * self.rng.binomial(steps, chances[self.arm]).astype(float)
        if self.maybe(0.3):
            values[self.rng.permutation(len(values))[: self.rng.integers(1, 4)]] = np.nan
        share = "1/3" if step == 1 / 3 else f"{step:g}"
        self.grids[variable] = {"step": share, "low": f"{low}", "high": f"{high}"}
        self.moments(variable, values, int(self.rng.integers(1, 3)), everybody=everybody, ends=self.maybe(0.4))
        self.compare(variable, [part[~np.isnan(part)] for _, part in self.arms(values)])

    def compare(self, variable: str, parts: Sequence[Values]) -> None:
        """Test the arms, by a test that the paper may name, with its statistic or an effect size in some papers."""
        if not np.ptp(np.concatenate(parts)):
            return
        row: dict[str, Any] = {"variable": variable}
        found: Any
        if len(parts) > 2:
            test = str(self.rng.choice(["anova", "welch_anova", "kruskal"]))
            if test == "kruskal":
                found = stats.kruskal(*parts)
                p = found.pvalue
            else:
                found = anova_oneway(parts, use_var="equal" if test == "anova" else "unequal")
                p = found.pvalue
                if self.maybe(0.5):
                    decimals = 0 if test == "anova" else 1
                    row |= {"F": self.print(found.statistic, 2), "df": f"{len(parts) - 1}"}
                    row |= {"df2": self.print(found.df_denom, decimals)}
        else:
            test = str(self.rng.choice(["student", "welch", "mann_whitney", "kruskal"]))
            side: Any = "greater" if test != "kruskal" and self.maybe(0.2) else "two-sided"
            first, second = parts
            if test == "kruskal":
                p = stats.kruskal(first, second).pvalue
            elif test == "mann_whitney":
                way: Any = self.rng.choice(["asymptotic", "exact"])
                p = stats.mannwhitneyu(first, second, self.maybe(0.5), side, method=way).pvalue
            else:
                found = stats.ttest_ind(first, second, equal_var=test == "student", alternative=side)
                p = found.pvalue
                if self.maybe(0.5):
                    row |= {"t": self.print(found.statistic, 2), "df": self.print(found.df, int(test == "welch"))}
            if side == "greater":
                row["sided"] = "one"
            pooled = math.sqrt(sum((len(part) - 1) * part.var(ddof=1) for part in parts) / (sum(map(len, parts)) - 2))
            if pooled and self.maybe(0.4):
                d, df = (first.mean() - second.mean()) / pooled, sum(map(len, parts)) - 2
                row |= {"d": self.print(d, 2)} if self.maybe(0.5) else {"g": self.print(d * (1 - 3 / (4 * df - 1)), 2)}
        row |= {"test": test} if self.maybe(0.6) else {}
        self.test(f"{variable}.test", **row, p=self.p(float(p)))

    def quartiles(self) -> None:
        """A skewed measure by median and quartiles of one of the definitions, some with its mean and SD."""
        decimals = int(self.rng.integers(2))
        drawn = self.rng.lognormal(self.rng.uniform(1, 2.5), self.rng.uniform(0.4, 0.9), len(self.arm))
        values, method = np.round(drawn, decimals), self.rng.choice(_QUARTILES)
        self.grids["stay"] = {"step": f"{10.0**-decimals:g}", **({"low": "0"} if self.maybe(0.7) else {})}
        with_moments, ends, digits = self.maybe(0.4), self.maybe(0.5), decimals + int(self.rng.integers(2))
        for name, part in self.arms(values):
            where: dict[str, Any] = {"variable": "stay", "group": {"arm": name}}
            q1, q3 = np.quantile(part, [0.25, 0.75], method=method)
            for statistic, value in (("q1", q1), ("median", np.median(part)), ("q3", q3)):
                self.claim(f"stay.{name}.{statistic}", statistic, value, digits, **where)
            for statistic in ("min", "max") if ends else ():
                self.claim(f"stay.{name}.{statistic}", statistic, getattr(part, statistic)(), decimals, **where)
        if with_moments:
            self.moments("stay", values, decimals + 1, everybody=False, ends=False)
        elif self.maybe(0.5):
            p = stats.kruskal(*(part for _, part in self.arms(values))).pvalue
            self.test("stay.test", variable="stay", p=self.p(p))

    def shares(self, column: str, values: NDArray[np.str_], decimals: int, *, complete: bool) -> NDArray[np.int64]:
        """Print how many of each arm and of everybody are in each category, and return the table of them."""
        names = sorted(set(values.tolist()))
        table = np.array(
            [[int((values[self.arm == arm] == name).sum()) for arm in range(len(self.names))] for name in names]
        )
        for name, row in list(zip(names, table, strict=True))[:: 1 if complete else -len(names)]:
            for arm, count, n in [
                ("all", row.sum(), len(values)),
                *zip(self.names, row, np.bincount(self.arm), strict=True),
            ]:
                within = {} if arm == "all" else {"arm": arm}
                self.claim(f"{column}.{name}.{arm}.n", "n", count, 0, group={**within, column: name})
                asked = {"group": {column: name}, "within": within}
                self.claim(f"{column}.{name}.{arm}.percent", "percent", 100 * count / n, decimals, "%", **asked)
        return table

    def yes_or_no(self) -> None:
        """A yes or no by arm, with its test and with the ratio of a two-by-two table; and a share of those followed."""
        chances = self.rng.uniform(0.15, 0.75, len(self.names))
        values = np.where(self.rng.random(len(self.arm)) < chances[self.arm], "yes", "no")
        table = self.shares("healed", values, int(self.rng.integers(2)), complete=self.maybe(0.4))
        followed = int(self.rng.integers(len(self.arm) // 2, len(self.arm)))
        working = int(self.rng.integers(1, followed))
        self.claim("working.n", "n", working, 0, group={"working": "yes"})
        self.claim(
            "working.percent", "percent", 100 * working / followed, 1, "%", group={"working": "yes"}, of=f"{followed}"
        )
        if not table.all() or len(table) < 2:
            return
        self.of_table("healed", table)
        if table.shape == (2, 2):
            self.ratio(table[::-1].T)

    def of_table(self, variable: str, table: NDArray[np.int64]) -> None:
        test = str(self.rng.choice(["chi_squared", "fisher"] if table.shape == (2, 2) else ["chi_squared"]))
        row: dict[str, Any] = {"test": test} if self.maybe(0.6) else {}
        if test == "fisher":
            p = stats.fisher_exact(table).pvalue
        else:
            found = stats.chi2_contingency(table, correction=self.maybe(0.5))
            p = found.pvalue
            row |= {"chi2": self.print(found.statistic, 2), "df": f"{found.dof}"} if self.maybe(0.4) else {}
        if self.maybe(0.4):
            row["table"] = table.astype(str).tolist()
        self.test(f"{variable}.test", variable=variable, **row, p=self.p(float(p)))

    def ratio(self, table: NDArray[np.int64]) -> None:
        """Odds or risk ratio of arms in rows, with its interval, beside its table and the p of Wald's test."""
        made = Table2x2(table)
        name, way = ("or", "oddsratio") if self.maybe(0.5) else ("rr", "riskratio")
        low, high = getattr(made, f"{way}_confint")()
        printed = {name: self.print(getattr(made, way), 2), "low": self.print(low, 2), "high": self.print(high, 2)}
        printed |= {"p": self.p(float(getattr(made, f"{way}_pvalue")()))}
        printed |= {"table": table.astype(str).tolist()} if self.maybe(0.6) else {}
        self.test("healed.ratio", **printed, **({"test": "wald"} if self.maybe(0.5) else {}))

    def grades(self) -> None:
        """Three or four categories, all of them printed, with chi-squared."""
        names = ["a", "b", "c", "d"][: self.rng.integers(3, 5)]
        table = self.shares("grade", self.rng.choice(names, len(self.arm)), int(self.rng.integers(2)), complete=True)
        self.of_table("grade", table)

    def whole(self) -> None:
        """Categories that are all there are: counts by arm, and elsewhere percentages of everybody alone."""
        sites = self.rng.choice(["hip", "knee", "spine"], len(self.arm))
        causes = self.rng.choice(["fall", "other", "unknown"], len(self.arm))
        self.grids |= {name: {"complete": True} for name in ("site", "cause")}
        for name in sorted(set(sites.tolist())):
            for arm, part in [("all", sites), *((arm, sites[self.arm == i]) for i, arm in enumerate(self.names))]:
                group = {"site": name, **({} if arm == "all" else {"arm": arm})}
                self.claim(f"site.{name}.{arm}.n", "n", int((part == name).sum()), 0, group=group)
        decimals = int(self.rng.integers(2))
        for name in sorted(set(causes.tolist())):
            share = 100 * float((causes == name).mean())
            self.claim(f"cause.{name}.percent", "percent", share, decimals, "%", group={"cause": name})

    def levels(self) -> None:
        """How many levels each had treated, as a mean beside the sum that it is of."""
        values = 1 + self.rng.binomial(4, 0.3, len(self.arm))
        self.grids["levels"] = {"step": "1", "low": "1", "high": "5"}
        decimals = int(self.rng.integers(1, 3))
        for name, part in [("all", values), *self.arms(values.astype(float))]:
            where: dict[str, Any] = {"variable": "levels", **({} if name == "all" else {"group": {"arm": name}})}
            self.claim(f"levels.{name}.mean", "mean", part.mean(), decimals, **where, sum=f"{part.sum():.0f}")

    def divisions(self) -> None:
        """A score by arm, and by sex, each with the test of its own groups."""
        values = self.rng.binomial(10, 0.3 + 0.2 * self.rng.random(), len(self.arm)).astype(float)
        sex = self.rng.permutation(np.arange(len(self.arm)) % 2)
        self.grids["quality"] = {"step": "1", "low": "0", "high": "10"}
        decimals = int(self.rng.integers(1, 3))
        for column, names, place in (("arm", self.names, self.arm), ("sex", ["female", "male"], sex)):
            parts = [values[place == i] for i in range(len(names))]
            for name, part in zip(names, parts, strict=True):
                if column == "sex":
                    self.claim(f"{name}.n", "n", len(part), 0, group={"sex": name})
                where: dict[str, Any] = {"variable": "quality", "group": {column: name}}
                self.claim(f"quality.{name}.mean", "mean", part.mean(), decimals, **where)
                self.claim(f"quality.{name}.sd", "sd", part.std(ddof=1), decimals, **where)
            named = {"test": "student" if len(parts) == 2 else "anova"} if self.maybe(0.6) else {}
            p = float(stats.f_oneway(*parts).pvalue)
            self.test(f"quality.{column}", variable="quality", by=column, **named, p=self.p(p))

    def exact_ratio(self) -> None:
        """The conditional odds ratio of a table with its exact interval and Fisher's p, as R prints them."""
        table = self.rng.integers(2, 20, (2, 2))
        found = stats.contingency.odds_ratio(table)
        low, high = found.confidence_interval()
        printed = {"or": self.print(found.statistic, 2), "low": self.print(low, 2), "high": self.print(high, 2)}
        p = self.p(float(stats.fisher_exact(table).pvalue))
        self.test("exact.ratio", **printed, table=table.astype(str).tolist(), test="fisher", p=p)

    def changes(self) -> None:
        """A score before and after, and its change, with the paired t test of each arm."""
        before = self.rng.binomial(10, self.rng.uniform(0.55, 0.8), len(self.arm)).astype(float)
        after = np.clip(
            before
            - self.rng.binomial(6, self.rng.uniform(0.2, 0.6), len(self.arm))
            + self.rng.integers(-1, 2, len(self.arm)),
            0,
            10,
        )
        decimals, down = int(self.rng.integers(1, 3)), self.maybe(0.5)
        change = before - after if down else after - before
        self.grids |= {name: {"step": "1", "low": "0", "high": "10"} for name in ("before", "after")}
        self.grids["fall"] = {"step": "1", "low": "-10", "high": "10"}
        for name, values in (("before", before), ("after", after)):
            self.moments(name, values, decimals, everybody=False, ends=False)
        self.moments("fall", change, decimals, everybody=False, ends=False, change={"from": "before", "to": "after"})
        for (name, first), (_, second) in zip(self.arms(before), self.arms(after), strict=True):
            if np.ptp(first - second):
                found = stats.ttest_rel(second, first)
                row: dict[str, Any] = {"variable": "fall", "group": {"arm": name}, "p": self.p(found.pvalue)}
                row |= {"t": self.print(found.statistic, 2), "df": f"{found.df}"} if self.maybe(0.4) else {}
                self.test(f"fall.{name}", **row, **({"test": "paired_t"} if self.maybe(0.7) else {}))

    def regression(self) -> None:
        """Coefficients of a linear model and odds ratios of a logistic one."""
        n, with_error = len(self.arm), self.maybe(0.5)
        x = np.column_stack([np.ones(n), self.rng.normal(60, 10, n), self.rng.integers(0, 2, n)])
        model = sm.OLS(x @ [1, 0.05, 0.8] + self.rng.normal(0, 2, n), x).fit()
        for place, name in ((1, "age"), (2, "sex")):
            decimals = int(self.rng.integers(2, 4))
            row = {"coefficient": self.print(model.params[place], decimals), "p": self.p(model.pvalues[place])}
            if with_error:
                row |= {"se": self.print(model.bse[place], decimals)}
                row |= (
                    {"t": self.print(model.tvalues[place], 2), "df": f"{model.df_resid:.0f}"} if self.maybe(0.5) else {}
                )
            if not with_error or self.maybe(0.5):
                low, high = model.conf_int()[place]
                row |= {"low": self.print(low, decimals), "high": self.print(high, decimals)}
            self.test(f"linear.{name}", **row)
        y = (self.rng.random(n) < 1 / (1 + np.exp(-(x[:, 1] - 60) / 15 - x[:, 2] + 0.5))).astype(float)
        z = np.column_stack([np.ones(n), (x[:, 1] - 60) / 10, x[:, 2]])
        with np.errstate(all="ignore"):
            logistic = sm.GLM(y, z, family=sm.families.Binomial()).fit()
        for place, name in ((1, "age"), (2, "sex")):
            if logistic.bse[place] < 3:
                low, high = np.exp(logistic.conf_int()[place])
                row = {
                    "or": self.print(math.exp(logistic.params[place]), 2),
                    "low": self.print(low, 2),
                    "high": self.print(high, 2),
                }
                named = {"test": "wald"} if self.maybe(0.5) else {}
                self.test(f"logistic.{name}", **row, **named, p=self.p(logistic.pvalues[place]))

    def statistics(self) -> None:
        """Statistics with their p in the text: correlation, z of two shares, F and chi-squared."""
        n = len(self.arm)
        x = self.rng.normal(size=n)
        r = stats.pearsonr(x, self.rng.uniform(-0.6, 0.6) * x + self.rng.normal(size=n))
        about = {"n": f"{n}"} if self.maybe(0.5) else {"df": f"{n - 2}"}
        self.test("text.r", r=self.print(r.statistic, 2), **about, p=self.p(r.pvalue))
        z, p = proportions_ztest(self.rng.integers(1, n // 2, 2), [n // 2, n - n // 2])
        self.test("text.z", z=self.print(z, 2), p=self.p(p))
        found = stats.f_oneway(*np.split(x, [n // 3, 2 * n // 3]))
        self.test("text.F", F=self.print(found.statistic, 2), df="2", df2=f"{n - 3}", p=self.p(found.pvalue))
        square = stats.chisquare(np.bincount(self.rng.integers(0, 4, n), minlength=4))
        self.test("text.chi2", chi2=self.print(square.statistic, 2), df="3", p=self.p(square.pvalue))

    def baseline(self) -> None:
        """Six measures that chance alone tells apart, each by its p."""
        for name in ("age", "height", "weight", "pulse", "lactate", "sodium"):
            parts = [part for _, part in self.arms(self.rng.normal(size=len(self.arm)))]
            self.test(f"baseline.{name}", variable=name, randomised=True, p=self.p(stats.f_oneway(*parts).pvalue))
            self.grids[name] = {"step": "1"}


# -- alterations -------------------------------------------------------------------------------------------------------

# An entry, the key of a printed number in it, and what is printed there instead.
Altered = tuple[dict[str, Any], str, str]

_NUMBERS = ("t", "F", "chi2", "r", "z", "df", "df2", "n", "coefficient", "se", "or", "rr", "d", "g", "low", "high", "p")
_LIKE = {"q1": "quartile", "q3": "quartile", "low": "interval", "high": "interval", "or": "ratio", "rr": "ratio"}
_LIKE |= {"d": "effect size", "g": "effect size", "df2": "df", "minimum": "extreme", "maximum": "extreme"}


def alter(
    content: dict[str, Any], rng: np.random.Generator, seen: Mapping[str, int] | None = None
) -> tuple[list[str], str]:
    """Be wrong in a way that a paper leaves and that was seen least; returns the ids of what changed, and the way."""
    ways = alterations(content, rng)
    kind = min(rng.permutation(list(ways)).tolist(), key=lambda kind: (seen or {}).get(kind, 0))
    changes = ways[kind][rng.integers(len(ways[kind]))]
    for entry, key, text in changes:
        entry[key] = text
    return [entry["id"] if key == "printed" else f"{entry['id']}.{key}" for entry, key, _ in changes], kind


def alterations(content: dict[str, Any], rng: np.random.Generator) -> dict[str, list[list[Altered]]]:
    """List by kind what could be wrong in print: one number, or for standard errors all SDs of a variable."""
    found: dict[str, list[list[Altered]]] = {}
    for kind, entry, key, text in [*_in_one_number(content, rng), *_of_groups(content)]:
        if text != entry[key]:
            found.setdefault(kind, []).append([(entry, key, text)])
    sds: dict[str, list[Altered]] = {}
    sizes = {claim["id"]: claim["printed"] for claim in content["claims"] if claim["kind"] == "count"}
    for claim in (claim for claim in content["claims"] if claim["kind"] == "sd"):
        error = float(claim["printed"]) / math.sqrt(int(sizes[f"{claim['id'].split('.')[1]}.n"]))
        decimals = len(claim["printed"].partition(".")[2])
        sds.setdefault(claim["compute"]["variable"], []).append((claim, "printed", f"{error:.{decimals}f}"))
    return {**found, "SE for SD": list(sds.values()), "mean and SD of another arm": _copied(content)}


def _copied(content: dict[str, Any]) -> list[list[Altered]]:
    """Print the means and SDs of the first arm for every arm, in all that is printed so."""
    claims = {claim["id"]: claim for claim in content["claims"]}
    copied: list[Altered] = []
    for name, claim in claims.items():
        variable, _, rest = name.partition(".")
        arm, _, kind = rest.partition(".")
        first = claims.get(f"{variable}.control.{kind}")
        if claim["kind"] in ("mean", "sd") and claim["compute"].get("group", {}).get("arm") == arm and first:
            copied.append((claim, "printed", first["printed"]))
    return [copied]


def _in_one_number(content: dict[str, Any], rng: np.random.Generator) -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """Move a number by two to seven units of its last place, exchange two digits, or print p of the other sides."""
    whole = {name for name, grid in content["variables"].items() if grid.get("complete")}
    places = [(claim, "printed", claim["kind"]) for claim in content["claims"]]
    places += [(row, key, key) for row in content["tests"] for key in row if key in _NUMBERS]
    for entry, key, kind in places:
        if not entry[key][0].isdigit() and entry[key][0] != "-":
            continue
        text, mark = entry[key].rstrip("%"), "%" * entry[key].endswith("%")
        unit = Decimal(1).scaleb(int(Decimal(text).as_tuple().exponent))
        moved = [f"{Decimal(text) + int(step) * unit}" for step in rng.permutation([*range(-7, -1), *range(2, 8)])]
        asked = entry.get("compute", {})
        of_whole = f"{kind} of a whole" if whole & set(asked.get("group", {})) else kind
        like = "mean of a sum" if "sum" in asked else _LIKE.get(kind, of_whole)
        yield from ((like, entry, key, each + mark) for each in moved[:1] if _stands(each, text, kind))
        for place in range(len(text) - 1):
            turned = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
            if text[place : place + 2].isdigit() and _stands(turned, text, kind):
                yield "two digits exchanged", entry, key, turned + mark
        if kind == "p" and entry.get("sided") == "one":
            yield "two-sided p for a one-sided one", entry, key, f"{2 * min(Decimal(text), 1 - Decimal(text))}"


def _stands(text: str, was: str, kind: str) -> bool:
    """Whether a paper could print a number: of the sign of the one that stood there, and not beyond its bounds."""
    value, most = Decimal(text), {"p": 1, "r": 1, "percentage": 100}.get(kind, math.inf)
    leads = text.lstrip("-").partition(".")[0]
    return (value > 0) == (Decimal(was) > 0) and abs(value) <= most and (leads == "0" or leads[0] != "0")


def _of_groups(content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """Print the n of another group, a percentage of another n, or a count that is not that of its percentage."""
    claims = {claim["id"]: claim for claim in content["claims"]}
    sizes = [claim for name, claim in claims.items() if name.endswith(".n") and name.count(".") == 1]
    sizes = [claim for claim in sizes if not claim["id"].startswith("working")]
    for one, other in permutations(sizes[1:], 2):
        yield "n of another group", one, "printed", other["printed"]
    for name, claim in claims.items():
        count = claims.get(name.removesuffix("percent") + "n")
        if claim["kind"] != "percentage" or count is None:
            continue
        yield "count beside its percentage", count, "printed", f"{int(count['printed']) + 1}"
        decimals = len(claim["printed"].rstrip("%").partition(".")[2])
        for n in (int(size["printed"]) for size in sizes):
            share = 100 * int(count["printed"]) / n
            if share <= 100:
                yield "percentage of another n", claim, "printed", f"{share:.{decimals}f}%"
