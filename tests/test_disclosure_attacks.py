"""Public outputs read as an attacker would: what is hidden must not follow from what is shown.

The attacker knows the data model, the rules of suppression and how ordinary software computes. Of every hidden number
of missing values a set of candidates is kept; each number that a table shows throws out those that it does not go with.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, t

from tests.parts import of
from vpresearch import figures, tables
from vpresearch.core.reported import Reported
from vpresearch.data import Dataset, load
from vpresearch.inference import hedges_g
from vpresearch.privacy import Precision, score_counts, withhold
from vpresearch.published import Paper
from vpresearch.render.figure import as_printed
from vpresearch.results import Results
from vpresearch.scorecard import Note, scorecard
from vpresearch.tables import behind
from vpresearch.tables import paper as paper_tables

MIN_CELL = 5
HIDDEN = "•"
SCORES = ("vas_pre", "vas_post", "vas_1m", "vas_1y", "odi_pre", "odi_1y")
NAMES = {
    "VAS before": "vas_pre",
    "VAS after": "vas_post",
    "VAS one month": "vas_1m",
    "VAS one year": "vas_1y",
    "Oswestry before (%)": "odi_pre",
    "Oswestry one year (%)": "odi_1y",
}
LEVELS = ("T8", "T9", "T11", "T12", "L1", "L2", "L3", "L4", "L5")

# Vertebrae without and with a leak; values missing in either group, by score; step of the VAS.
Plan = tuple[tuple[int, int], dict[str, tuple[int, int]], float]
PLANS: dict[str, Plan] = {
    "as the paper": ((26, 15), {"vas_post": (3, 1), "vas_1m": (0, 1), "vas_1y": (3, 0), "odi_1y": (1, 2)}, 1.0),
    "small groups": ((9, 8), {"vas_post": (2, 1), "vas_1m": (1, 3), "vas_1y": (0, 4), "odi_pre": (1, 1)}, 1.0),
    "no ties": ((13, 9), {"vas_pre": (1, 2), "vas_post": (4, 0), "vas_1m": (2, 2), "odi_1y": (3, 1)}, 0.1),
    "halves": ((20, 8), {"vas_pre": (4, 4), "vas_post": (1, 0), "vas_1y": (0, 1), "odi_1y": (8, 1)}, 0.5),
    "few known": ((14, 7), {"vas_post": (12, 1), "vas_1m": (10, 5), "vas_1y": (0, 7), "odi_1y": (2, 4)}, 1.0),
}


def planted(plan: Plan, seed: int, folder: Path) -> Dataset:
    """A study of one or two vertebrae a patient, with values missing in as many of them as are asked for."""
    sizes, missing, step = plan
    rng = np.random.default_rng(seed)
    rows = []
    for leak, size in zip(("no", "yes"), sizes, strict=True):
        lost = {name: set(rng.choice(size, counts[leak == "yes"], replace=False)) for name, counts in missing.items()}
        for place in range(size):
            kind = (rng.choice(["posterior", "vascular", "disc"]), rng.choice(["punctate", "punctate", "massive"]))
            row = {
                "patient_id": f"{leak}{place}",
                "sex": rng.choice(["F", "F", "M"]),
                "age_years": rng.integers(50, 90),
            }
            row |= {"cause": "osteoporosis", "level": rng.choice(LEVELS, p=np.r_[0.04, 0.04, 0.06, [0.86 / 6] * 6])}
            row |= {
                "vertebral_volume_cc": round(rng.uniform(16, 38), 4),
                "cement_volume_cc": round(rng.uniform(1, 4), 4),
            }
            row |= {
                "leak": leak,
                "leak_site": kind[0] if leak == "yes" else "",
                "leak_size": kind[1] if leak == "yes" else "",
            }
            for name in SCORES:
                wide, grid = (10, step) if name.startswith("vas") else (100, 2)
                centre = 0.75 if name.endswith("pre") else 0.2 + 0.1 * (leak == "yes")
                value = np.clip(round(rng.normal(centre * wide, 0.17 * wide) / grid) * grid, 0, wide)
                row[name] = "" if place in lost.get(name, ()) else f"{value:g}"
            rows.append(row | {"complication": "none", "new_fracture_1y": "no"})
    path = folder / "study.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return load(path)


class Public(NamedTuple):
    """What stands in the folder that is shared, and what does not."""

    folder: Path
    study: Dataset

    def table(self, name: str) -> list[list[str]]:
        with (self.folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))[1:]


@pytest.fixture(
    scope="module",
    params=[pytest.param((name, seed), marks=[pytest.mark.long] * (seed - 1)) for name in PLANS for seed in (1, 2, 3)],
    ids=lambda each: f"{each[0]}-{each[1]}",
)
def public(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Public:
    name, seed = request.param
    folder = tmp_path_factory.mktemp("public")
    study = planted(PLANS[name], seed, folder)
    results = Results(study)
    laid_out = [tables.table1, tables.table2, tables.table3, tables.table4, tables.outcome, tables.comparisons]
    laid_out += [tables.associations, tables.leak_kinds, tables.relief_table, tables.scorecard_table]
    for draw in laid_out:
        tables.write(draw(results, "en"), folder / "tables", MIN_CELL)
    for draw_figure in (figures.figure2, figures.leak_kinds, figures.outcome):
        figures.write(draw_figure(results, "en"), folder / "figures", MIN_CELL)
    return Public(folder, study)


# -- what a reader does --------------------------------------------------------------------------------------------


def number(words: str) -> float:
    found = re.match(r"[<>]?\s*([−-]?[\d,]*\.?\d+)", words)
    return float(found[1].replace("−", "-").replace(",", "")) if found else math.nan


def decimals(words: str) -> int:
    return len(re.match(r"[−-]?\d*\.?(\d*)", words)[1])  # type: ignore[index]


def has_moments(mean: str, sd: str, n: int, step: float) -> bool:
    """Whether n values on a grid have such a mean (GRIM) and such a standard deviation (GRIMMER)."""
    half = 0.5 * 10.0 ** -decimals(mean) + 1e-9
    for total in range(math.ceil((number(mean) - half) * n / step), math.floor((number(mean) + half) * n / step) + 1):
        if not sd or n < 2:
            return True
        spread = 0.5 * 10.0 ** -decimals(sd) + 1e-9
        ends = [((n - 1) * max(0.0, number(sd) + side * spread) ** 2) / step**2 + total**2 / n for side in (-1, 1)]
        if any(
            squares % 2 == total % 2 for squares in range(math.ceil(ends[0] - 1e-9), math.floor(ends[1] + 1e-9) + 1)
        ):
            return True
    return False


def p_of_student(moments: list[str], p: str, n: tuple[int, ...]) -> bool:
    """Whether groups of these sizes, with what is printed of them, have such a p of Student's."""
    if min(n) < 2:
        return False
    means, sds = moments[::2], moments[1::2]
    values = []
    for ends in itertools.product((-1, 0, 1), repeat=4):
        first, second, s, r = (
            number(words) + end * 0.5 * 10.0 ** -decimals(words)
            for words, end in zip([*means, *sds], ends, strict=True)
        )
        pooled = ((n[0] - 1) * s**2 + (n[1] - 1) * r**2) / (sum(n) - 2)
        if pooled > 0:
            values.append(2 * t.sf(abs(first - second) / math.sqrt(pooled * (1 / n[0] + 1 / n[1])), sum(n) - 2))
    highest = 1.0 if abs(number(means[0]) - number(means[1])) <= 10.0 ** -decimals(means[0]) else max(values)
    low, high = (0.0, 0.001) if "<" in p else (number(p) - 0.0005, number(p) + 0.0005)
    return min(values) <= high and highest >= low


def p_of_ranks(p: str, least: float, n: tuple[int, ...]) -> bool:
    """Whether a rank sum of groups of these sizes has such a p, ties taking off the variance no more than they can."""
    if min(n) < 2:
        return False
    half = 0.5 * 10.0 ** -decimals(p.lstrip("< "))
    low, high = (1e-300, 0.001) if "<" in p else (max(1e-300, number(p) - half), min(1.0, number(p) + half))
    spread = math.sqrt(n[0] * n[1] * (sum(n) + 1) / 12)
    near, far = (math.sqrt(chi2.isf(end, 1)) * spread for end in (high, low))
    return math.floor(2 * far + 1e-6) >= math.ceil(2 * near * math.sqrt(least) - 1e-6)


def pairs(counts: tuple[int, ...]) -> list[tuple[int, int]]:
    """What the missing values of the groups can be where their number is hidden: a reader takes them to be few."""
    sizes = [known + lost for known, lost in zip(counts[1:3], counts[4:], strict=True)]
    most = [MIN_CELL - 1 if lost < MIN_CELL else size for lost, size in zip(counts[4:], sizes, strict=True)]
    return [
        lost
        for lost in itertools.product(range(most[0] + 1), range(most[1] + 1))
        if any(0 < n < MIN_CELL or 0 < size - n < MIN_CELL for n, size in zip(lost, sizes, strict=True))
    ]


def step_of(values: pd.Series[float]) -> float:
    return float(np.gcd.reduce(np.rint(100 * values.dropna()).astype(int))) / 100 or 1.0


def tied(values: pd.Series[float]) -> float:
    times = values.dropna().value_counts().to_numpy(float)
    return float(1 - (times**3 - times).sum() / (times.sum() ** 3 - times.sum()))


Sizes = tuple[int, ...]


def has_df(df: int, n: Sizes) -> bool:
    return sum(n) - 2 == df


def has_u(u: float, share: float, n: Sizes) -> bool:
    """Whether U of the first group and the probability of superiority, which is one minus its share, agree."""
    return min(n) > 0 and abs(1 - u / math.prod(n) - share) <= 0.00501


def has_effect(statistic: float, shown: Sequence[float], n: Sizes) -> bool:
    """Whether Student's t gives such a Hedges' g, with such an interval."""
    if min(n) < 2:
        return False
    found = hedges_g(statistic, *n)
    return bool(np.abs(np.subtract((found.estimate, found.low, found.high), shown)).max() < 0.008)


def has_group(mean: str, sd: str, step: float, group: int, n: Sizes) -> bool:
    return n[group] > 0 and has_moments(mean, sd, n[group], step)


def has_difference(words: str, step: float, n: Sizes) -> bool:
    """Whether two sums of values on a grid have such a difference of means."""
    if min(n) < 1:
        return False
    first, second = (np.arange(0, 10 * size / step + 1) * step / size for size in n)
    apart = np.abs(np.abs(np.subtract.outer(first, second)) - abs(number(words)))
    return bool((apart <= 0.5 * 10.0 ** -decimals(words) + 1e-9).any())


def numbers_of(public: Public, variable: str) -> Iterator[Callable[[Sizes], bool]]:
    """Everything that the tables say of a score by leak, each as a test of the sizes of the groups."""
    step, least = step_of(public.study.rows[variable]), tied(public.study.rows[variable])
    rows = of_comparisons(public, variable)
    for row in rows.values():
        if re.fullmatch(r"\d+", row[5]) and row[3] == "Student's t":
            yield partial(has_df, int(row[5]))
        if found := re.search(r"g = ([−\d.]+) \(([−\d.]+) (?:–|to) ([−\d.]+)\)", row[7]):
            yield partial(has_effect, number(row[4]), [number(part) for part in found.groups()])
        if row[3] in ("Kruskal-Wallis", "Mann-Whitney") and not math.isnan(number(row[6])):
            yield partial(p_of_ranks, row[6], least if row[3] == "Kruskal-Wallis" else 0.5 * least)
    if rows and (found := re.search(r"= ([\d.]+)", rows["Kruskal-Wallis"][7])):
        yield partial(has_u, number(rows["Mann-Whitney"][4]), float(found[1]))
    for name, _, *moments, p in public.table("table4"):
        if NAMES[name] != variable:
            continue
        for group, (mean, sd) in enumerate((moments[:2], moments[2:])):
            if mean[:1].isdigit():
                yield partial(has_group, mean, sd if sd[:1].isdigit() else "", step, group)
        # A test whose p is shown beside a hidden n is the protocol's.
        if all(cell[:1].isdigit() for cell in (*moments, p.lstrip("< "))) and rows["Student's t"][6] == p:
            yield partial(p_of_student, moments, p)
    for row in public.table("scorecard"):
        computed, method = row[3], row[6]
        if variable not in {column for name, column in NAMES.items() if name in method}:
            continue
        if row[0].endswith("leak.mean") and computed[:1].isdigit():
            yield partial(has_group, computed, "", step, int("leak = yes" in method))
        if found := re.search(r"t = .*df = (\d+)", method):
            yield partial(has_df, int(found[1]))
        if (found := re.search(r"H = ([\d.]+)", method)) and "smallest" not in method:
            yield partial(p_of_ranks, f"{chi2.sf(float(found[1]), 1):.4f}", least)
        if "difference" in method and not math.isnan(number(computed)):
            yield partial(has_difference, computed, step)


def of_comparisons(public: Public, variable: str) -> dict[str, list[str]]:
    """The rows of the table of all tests by test."""
    rows = public.table("comparisons")
    names = pd.Series([row[0] or None for row in rows]).ffill()
    return {row[3]: row for name, row in zip(names, rows, strict=True) if NAMES.get(name) == variable}


def candidates(public: Public, variable: str) -> list[tuple[int, int]]:
    """What a reader thinks possible of the values missing in either group."""
    counts = score_counts(public.study, variable)
    left = pairs(counts)
    sizes = tuple(known + lost for known, lost in zip(counts[1:3], counts[4:], strict=True))
    for goes_with in numbers_of(public, variable):
        left = [lost for lost in left if goes_with((sizes[0] - lost[0], sizes[1] - lost[1]))]
    return left


@pytest.mark.parametrize("variable", SCORES)
def test_no_number_of_missing_scores_of_a_group_is_recovered(public: Public, variable: str) -> None:
    counts = score_counts(public.study, variable)
    if not any(0 < count < MIN_CELL for count in counts[1:3] + counts[4:]):
        return
    left = candidates(public, variable)
    # What rules the truth out would be no attack.
    assert (counts[4], counts[5]) in left
    for place in (0, 1):
        assert len({lost[place] for lost in left}) > 1, (variable, counts, left)


def test_the_attack_finds_what_is_not_withheld(tmp_path: Path) -> None:
    study = planted(PLANS["as the paper"], 1, tmp_path)
    # Only the numbers themselves hidden: the reader never looks at them.
    for table in (tables.table4(Results(study), "en"), tables.comparisons(Results(study), "en")):
        tables.write(replace(table, public=None), tmp_path / "tables", MIN_CELL)
    (tmp_path / "tables" / "scorecard.csv").write_text("Claim\n", encoding="utf-8")
    assert candidates(Public(tmp_path, study), "vas_1m") == [(0, 1)]
    assert candidates(Public(tmp_path, study), "vas_1y") == [(3, 0)]


@pytest.mark.parametrize(
    ("plan", "variable", "lost"),
    [
        # Six values, five of them known: their mean and standard deviation go with no other number (GRIMMER).
        (((12, 6), {"vas_1m": (0, 1), "vas_pre": (2, 1)}, 1.0), "vas_1m", {1}),
        # Without ties p goes by steps, and each pair of sizes has steps of its own.
        (((9, 7), {"vas_pre": (1, 2)}, 0.1), "vas_pre", {2}),
    ],
    ids=["means", "p"],
)
def test_means_and_p_are_no_finer_than_leaves_their_n_open(
    plan: Plan, variable: str, lost: set[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, found = planted(plan, 3, tmp_path), {}
    for name in ("as shown", "as printed"):
        if name == "as printed":
            for module in (paper_tables, behind):
                monkeypatch.setattr(module, "precision", lambda *_: Precision(1, p=True))
        folder = tmp_path / name
        for table in (tables.table4(Results(study), "en"), tables.comparisons(Results(study), "en")):
            tables.write(table, folder / "tables", MIN_CELL)
        (folder / "tables" / "scorecard.csv").write_text("Claim\n", encoding="utf-8")
        found[name] = {with_leak for _, with_leak in candidates(Public(folder, study), variable)}
    assert found["as printed"] == lost
    assert len(found["as shown"]) >= 3


def test_no_number_of_missing_scores_of_the_patients_is_recovered(public: Public) -> None:
    patients = len(public.study.patients)
    for name, n, lost, mean, sd, *_ in public.table("outcome"):
        variable = NAMES[name]
        values = public.study.patients[variable]
        if not 0 < values.isna().sum() < MIN_CELL:
            continue
        assert (n, lost) == (HIDDEN, HIDDEN)
        step = step_of(values)
        left = [count for count in range(MIN_CELL) if patients - count > 1]
        if mean[:1].isdigit():
            left = [
                count
                for count in left
                if has_moments(mean.split()[0], sd if sd[:1].isdigit() else "", patients - count, step)
            ]
        if found := re.search(r"\(([\d.−]+) (?:–|to) ([\d.−]+)\)", mean):
            half = (number(found[2]) - number(found[1])) / 2
            left = [
                count
                for count in left
                if abs(t.isf(0.025, patients - count - 1) * number(sd) / math.sqrt(patients - count) - half) < 0.1
            ]
        for row in public.table("scorecard"):
            claim, computed, method = row[0], row[3], row[6]
            if method == f"mean over patients, {name}" and computed[:1].isdigit():
                left = [count for count in left if has_moments(computed, "", patients - count, step)]
            if claim == "results.vas_post.relief" and variable in ("vas_pre", "vas_post") and computed[:1].isdigit():
                half = 0.5 * 10.0 ** -decimals(computed) + 1e-9
                shares = {count: [100 * k / (patients - count) for k in range(patients - count + 1)] for count in left}
                left = [count for count, each in shares.items() if min(abs(s - number(computed)) for s in each) <= half]
        assert len(left) > 1, (variable, left)
        # The mean of the figure is drawn with its interval.
        assert not list((public.folder / "figures").glob("outcome.*"))


def test_no_degrees_of_freedom_follow_from_the_table_of_relief(public: Public) -> None:
    patients = len(public.study.patients)
    for row in public.table("relief"):
        score = "vas" if row[0].startswith("VAS") else "odi"
        lost = [int(public.study.patients[name].isna().sum()) for name in SCORES if name.startswith(score)]
        if not any(0 < n < MIN_CELL for n in lost):
            continue
        assert row[2] == row[5] == row[6] == row[10] == HIDDEN
        # Nor is there an interval of the analysis of one time alone.
        assert not re.search(r"(?:–|to) [−\d]", row[9])
        left = list(range(2, patients))
        if found := re.fullmatch(r"([−\d.]+) \(([−\d.]+) (?:–|to) ([−\d.]+)\)", row[3]):
            estimate, low, high = (number(part) for part in found.groups())
            p = number(row[6])
            left = [
                df for df in left if abs(2 * t.sf(abs(estimate) / ((high - low) / 2 / t.isf(0.05, df)), df) - p) < 0.002
            ]
        assert len(left) == patients - 2


def test_a_few_values_are_not_summarised(public: Public) -> None:
    # The mean and SD of two values are the two values.
    for row in public.table("table4"):
        known = score_counts(public.study, NAMES[row[0]])[:3]
        if any(0 < n < MIN_CELL for n in known):
            assert row[2:] == [HIDDEN] * 5
    for claim, _, printed, computed, rounded, verdict, method, reason in public.table("scorecard"):
        del printed
        told = next((column for name, column in NAMES.items() if name in method and "percentage" not in method), "")
        if told and any(0 < n < MIN_CELL for n in score_counts(public.study, told)[:3]):
            assert (computed, rounded, verdict) == ("–", "", "withheld"), claim
            assert "too few" not in reason


def shares_of(words: str, whole: int) -> set[int]:
    """Counts that a percentage without decimals can stand for."""
    return {n for n in range(whole + 1) if abs(100 * n / whole - number(words)) <= 0.5}


def test_no_level_is_recovered(public: Public) -> None:
    whole = len(public.study.vertebrae)
    shown = public.table("table1")
    heads = {"T": "", "L": ""}
    cells: dict[str, list[str]] = {"T": [], "L": []}
    for kind, level, n, percent in shown:
        heads[level[0]] = heads[level[0]] or kind
        cells[level[0]].append(n)
        assert (n == HIDDEN) == (percent == HIDDEN)
        assert n == HIDDEN or int(n) >= MIN_CELL
    for claim, _, _, computed, *_ in public.table("scorecard"):
        if (found := re.fullmatch(r"table1\.(\w+)\.(n|percent)", claim)) and computed[:1].isdigit():
            assert [row[2] for row in shown if row[1] == found[1]] != [HIDDEN]
    for region, counts in cells.items():
        known, hidden = sum(int(n) for n in counts if n != HIDDEN), counts.count(HIDDEN)
        if not hidden:
            continue
        share = re.search(r"\((.*)%\)", heads[region])
        sums = {n - known for n in shares_of(share[1], whole) if n - known >= hidden} if share else {99, 100}
        assert not (len(sums) == 1 and (hidden == 1 or max(sums) == hidden)), (region, counts)


def test_no_kind_of_leak_is_recovered(public: Public) -> None:
    leaks = int(public.study.vertebrae["leak"].eq("yes").sum())
    rest, open_sites = leaks, 0
    for _, *cells, total in public.table("leak_kinds"):
        counts = [number(cell) if cell != HIDDEN else math.nan for cell in cells]
        hidden = sum(map(math.isnan, counts))
        assert not [n for n in counts if 0 < n < MIN_CELL]
        if total == HIDDEN:
            open_sites += 1
            continue
        rest -= int(total.split()[0])
        left = int(total.split()[0]) - np.nansum(counts)
        assert hidden == 0 or (hidden > 1 and left > hidden)
    assert open_sites == 0 or (open_sites > 1 and rest > open_sites)
    sizes = public.study.vertebrae["leak_size"].value_counts()
    for claim, _, _, computed, *_ in public.table("scorecard"):
        if found := re.fullmatch(r"results\.leak_size\.(\w+)\.n", claim):
            assert computed == "–" or not 0 < sizes.get(found[1], 0) < MIN_CELL
    sites = public.study.vertebrae["leak_site"].value_counts()
    drawn = {path.stem for path in public.folder.glob("figures/*.svg")}
    assert ("figure2" in drawn) == (not any(0 < n < MIN_CELL for n in sites))
    assert "leak_kinds" not in drawn


def test_a_public_number_has_no_more_decimals_than_the_printed_one(public: Public) -> None:
    for claim, _, printed, computed, *_ in public.table("scorecard"):
        if computed[:1].isdigit():
            assert decimals(computed) <= decimals(re.sub(r"[<>\s]", "", printed)), claim
    for path in (public.folder / "tables").glob("*.csv"):
        # Reasons quote the audit of the paper, which is of no patient.
        cells = [cell for row in public.table(path.stem) for cell in row if not cell.startswith("Outside")]
        assert not [cell for cell in cells if re.search(r"\d\.\d{4}", cell)], path.name


def test_a_public_run_still_tells_what_is_not_small(public: Public) -> None:
    for row in public.table("table3"):
        assert HIDDEN not in row
    complete = [name for name in SCORES if not public.study.rows[name].isna().any()]
    for row in public.table("comparisons"):
        if NAMES.get(row[0]) in complete:
            assert HIDDEN not in row
    for row in public.table("outcome"):
        if NAMES[row[0]] in complete:
            assert HIDDEN not in row[:5]


def test_one_count_does_not_give_the_other_unit_back(tmp_path: Path) -> None:
    study = planted(((20, 9), {}, 1.0), 1, tmp_path)
    ids = study.vertebrae["patient_id"]
    # One patient has two vertebrae: 5 vertebrae lack the score, not a few; their patients are 5 at most and 4 at least.
    vertebrae = study.vertebrae.assign(patient_id=ids.mask(ids == ids[1], ids[0]))
    patients = study.patients.drop(ids[1])
    scores = patients["vas_1m"].mask(patients.index.isin([ids[0], *ids[2:5]]))
    study = replace(study, vertebrae=vertebrae, patients=patients.assign(vas_1m=scores))
    assert score_counts(study, "vas_1m")[3:] == (4, 5, 0)
    for table in (
        tables.outcome(Results(study), "en"),
        tables.comparisons(Results(study), "en"),
        tables.table4(Results(study), "en"),
    ):
        shown = table.for_public(MIN_CELL).shown
        (row,) = [row for row in shown.to_numpy().tolist() if row[0] == "VAS one month"]
        assert row[1] == HIDDEN


def test_what_tells_a_hidden_n_or_a_single_patient_is_hidden_cell_by_cell(tmp_path: Path) -> None:
    # Of one score a single value with a leak is known, so that tests have no result.
    sizes, missing, step = PLANS["as the paper"]
    study = planted((sizes, {**missing, "vas_1y": (3, 14)}, step), 1, tmp_path)
    results = Results(study)
    laid_out = [tables.table2(results, "en"), tables.outcome(results, "en"), tables.table4(results, "en")]
    table2, outcome, table4 = (table.for_public(MIN_CELL) for table in laid_out)
    for table, places in ((table2, slice(4, 6)), (outcome, slice(5, 7))):
        assert set(table.shown.iloc[:, places].to_numpy().ravel()) == {HIDDEN}
    hidden = [name for name, column in NAMES.items() if any(0 < n < MIN_CELL for n in score_counts(study, column))]
    assert hidden == ["VAS after", "VAS one month", "VAS one year", "Oswestry one year (%)"]
    for name, n, lost, mean, *_ in outcome.shown.to_numpy().tolist():
        # The width of the interval tells n.
        assert name not in hidden or (n, lost, mean.split(" (")[-1].strip("()")) == (HIDDEN, HIDDEN, HIDDEN)
    # Without the numbers, the note still names what is incomplete.
    (note,) = [note for note in table4.notes if "VAS after" in note]
    assert "n =" not in note
    comparisons = tables.comparisons(results, "en").for_public(MIN_CELL)
    variable, with_p = "", set()
    for name, n, normality, test, statistic, df, p, effect in comparisons.shown.to_numpy().tolist():
        variable = name or variable
        if variable in hidden:
            assert {statistic, df, effect} == {HIDDEN}
            assert not name or (n, normality) == (HIDDEN, HIDDEN)
            with_p |= {(variable, test)} if p != HIDDEN else set()
    # That of the protocol and no other: several together fit one n alone.
    assert with_p == {("VAS after", "Kruskal-Wallis"), ("VAS one month", "Student's t")}
    # Why a test of it has no result is a matter of its n.
    assert not [note for note in comparisons.notes for name in hidden if name in note]


def test_why_a_test_of_a_hidden_n_has_no_result_is_not_told(tmp_path: Path) -> None:
    study = planted(((20, 9), {"vas_1m": (1, 9)}, 1.0), 1, tmp_path)
    own = tables.table4(Results(study), "en")
    assert [note for note in own.notes if note.startswith("Without a result")]
    assert not [note for note in own.for_public(MIN_CELL).notes if note.startswith("Without a result")]


def test_a_mean_without_spread_is_not_shown(paper: Paper, tmp_path: Path) -> None:
    study = planted(((20, 9), {"vas_1m": (8, 8), "odi_1y": (1, 2)}, 1.0), 1, tmp_path)
    patients, vertebrae = study.patients, study.vertebrae
    with_leak = vertebrae["leak"] == "yes"
    # One group alike in one score; everybody in others, of whom few lack one; and one amount of cement throughout.
    named = patients.index.isin(vertebrae.loc[with_leak, "patient_id"])
    of_group = patients["vas_pre"].mask(named, 8.25)
    alike = patients["odi_1y"].where(patients["odi_1y"].isna(), 40.0)
    patients = patients.assign(vas_pre=of_group, vas_post=3.0, odi_1y=alike)
    study = replace(study, patients=patients, vertebrae=vertebrae.assign(cement_volume_cc=2.5))
    laid_out = {
        table.name: table.for_public(MIN_CELL).shown.to_numpy().tolist()
        for table in (
            tables.table2(Results(study), "en"),
            tables.table3(Results(study), "en"),
            tables.table4(Results(study), "en"),
            tables.outcome(Results(study), "en"),
        )
    }
    assert laid_out["table2"][1][2:4] == laid_out["table3"][1][2:4] == laid_out["table3"][1][4:6] == [HIDDEN] * 2
    # The other group's mean and that of all would give this one's back.
    assert laid_out["table4"][0][2:6] == laid_out["table4"][1][2:6] == [HIDDEN] * 4
    assert HIDDEN not in laid_out["table3"][0] + laid_out["table2"][0][:4] + laid_out["outcome"][0][:5]
    of_outcome = {row[0]: row for row in laid_out["outcome"]}
    assert of_outcome["VAS after"][3:5] == of_outcome["Oswestry one year (%)"][3:5][1:] * 2 == [HIDDEN] * 2
    complete = planted(((20, 9), {}, 1.0), 1, tmp_path)
    drawn = figures.outcome(
        Results(replace(complete, patients=complete.patients.assign(vas_post=3.0), sha256="alike")), "en"
    )
    assert figures.outcome(Results(complete), "en").is_public(MIN_CELL)
    assert not drawn.is_public(MIN_CELL)
    rows = {row.claim.id: row for row in withhold(scorecard(paper, study), study, MIN_CELL)}
    for claim, row in rows.items():
        if re.fullmatch(
            r"table[34]\.(cement_volume|vas_pre|vas_post)\.\w+\.(mean|sd)|table2\.cement_volume\.(mean|sd)", claim
        ):
            assert row.verdict == "withheld", claim
    assert rows["table3.vertebral_volume.leak.mean"].verdict != "withheld"


def test_no_star_brackets_the_least_or_the_greatest_fill(tmp_path: Path) -> None:
    study = planted(((20, 9), {}, 1.0), 1, tmp_path)
    found = {}
    for most in (14.9, 15.1):
        fills = study.vertebrae["fill_percent"].clip(5.2, 12).to_numpy().copy()
        fills[0] = most
        cement = study.vertebrae["vertebral_volume_cc"] * fills / 100
        changed = replace(
            study, vertebrae=study.vertebrae.assign(fill_percent=fills, cement_volume_cc=cement), sha256=str(most)
        )
        drawn = [
            table.for_public(MIN_CELL)
            for table in (tables.leak_risk_table(Results(changed), "en"), tables.dose_table(Results(changed), "en"))
        ]
        found[most] = [re.findall(r"\*", cell) for table in drawn for cell in table.shown.to_numpy().ravel()]
        assert all("fewer than 5 vertebrae" in " ".join(table.notes) for table in drawn)
        # The one vertebra beyond is seen in the author's own table.
        own = [row[0] for row in tables.leak_risk_table(Results(changed), "en").shown.to_numpy() if "15%" in row[0]]
        assert own[0].endswith("*") == (most < 15)
    assert found[14.9] == found[15.1]
    assert any(found[14.9])


# -- figures -------------------------------------------------------------------------------------------------------


def points(svg: str) -> list[list[tuple[float, float]]]:
    """Every cloud of points of a picture, in its own units and in the order of the file."""
    clouds = re.findall(r'<g id="PathCollection_\d+">(.*?)\n   </g>', svg, re.S)
    return [
        [(float(x), float(y)) for x, y in re.findall(r'<use [^>]*x="([\d.]+)" y="([\d.]+)"', cloud)] for cloud in clouds
    ]


def ticks(svg: str, axis: int) -> list[float]:
    """Heights of the ticks of a vertical axis, from below."""
    (part,) = re.findall(rf'<g id="matplotlib.axis_{2 * axis}">(.*?)\n   </g>', svg, re.S)
    return [float(y) for y in re.findall(r'<use [^>]*x="[\d.]+" y="([\d.]+)" style', part)]


def test_a_figure_of_points_gives_no_digit_that_the_paper_would_not_print(tmp_path: Path) -> None:
    study = planted(PLANS["as the paper"], 1, tmp_path)
    figure = figures.volumes(Results(study), "en")
    svg = figure.to_bytes("svg").decode()
    clouds = points(svg)
    assert [len(cloud) for cloud in clouds] == [26, 15, 26, 15]
    for panel, (column, axes) in enumerate(
        zip(("vertebral_volume_cc", "cement_volume_cc"), figure.canvas.axes, strict=True)
    ):
        heights = ticks(svg, panel + 1)
        step = (axes.get_yticks()[1] - axes.get_yticks()[0]) / (heights[0] - heights[1])
        for leak, cloud in zip(("no", "yes"), clouds[2 * panel : 2 * panel + 2], strict=True):
            read = [(heights[0] - y) * step for _, y in cloud]
            exact = sorted(study.vertebrae.loc[study.vertebrae["leak"] == leak, column])
            # A reader finds the printed value, in an order that says nothing of the other panel, and nothing beyond.
            assert [round(value, 1) for value in read] == pytest.approx(as_printed(exact, 1))
            assert np.abs(np.array(read) - np.round(read, 1)).max() < 1e-4
            assert np.abs(np.array(read) - exact).max() > 0.01


def test_the_scale_of_a_figure_of_points_gives_no_extreme(tmp_path: Path) -> None:
    study = planted(PLANS["as the paper"], 1, tmp_path)
    for axes, column in zip(figures.volumes(Results(study), "en").canvas.axes, ("vertebral", "cement"), strict=True):
        most = axes.get_ylim()[1] / 1.06
        assert most == pytest.approx(round(study.vertebrae[f"{column}_volume_cc"].max(), 1), abs=1e-9)
    least, most = (round(end(study.vertebrae["fill_percent"]), 1) for end in (min, max))
    for figure in (
        figures.risk_curve(of(study, identified=None), "en"),
        figures.spline_figure(of(study, identified=None), "en"),
    ):
        (axes,) = figure.canvas.axes
        room = 0.03 * (most - least) + 0.01
        assert axes.get_xlim() == pytest.approx((least - room, most + room), abs=1e-9)


# -- claims --------------------------------------------------------------------------------------------------------


def test_no_percentage_gives_its_denominator_back(paper: Paper, tmp_path: Path) -> None:
    study = planted(PLANS["as the paper"], 1, tmp_path)
    claim = "results.vas_post.relief"
    known = study.patients["vas_post"].notna()
    assert 0 < (~known).sum() < MIN_CELL
    # Half of those known: neither part is small.
    after = pd.Series(np.arange(len(known)) % 2 * 8.0, known.index).where(known)
    study = replace(study, patients=study.patients.assign(vas_pre=5, vas_post=after))
    shown = {row.claim.id: row for row in withhold(scorecard(paper, study), study, MIN_CELL)}
    assert shown[claim].verdict == "withheld"
    assert shown["table4.vas_post.p"].computed.method.code == "p"
    assert shown["table3.cement_volume.p"].computed.method.code != "p"
    # All of them is a share of any number.
    relieved = replace(study, patients=study.patients.assign(vas_post=after.where(~known, 1)))
    (row,) = [row for row in withhold(scorecard(paper, relieved), relieved, MIN_CELL) if row.claim.id == claim]
    assert row.verdict == "reproduced"


def test_no_reason_tells_what_another_unit_gives(paper: Paper, tmp_path: Path) -> None:
    study = planted(((30, 16), {}, 1.0), 1, tmp_path)
    # Of 46 vertebrae 6 are not osteoporotic; of 41 patients one is not, and 98% of them is what the paper prints.
    ids = study.vertebrae["patient_id"]
    vertebrae = study.vertebrae.assign(patient_id=ids.mask(ids.isin(ids[:6]), ids[0]))
    patients = study.patients.drop(ids[1:6])
    causes = pd.Series("osteoporosis", patients.index).mask(patients.index == ids[0], "rheumatoid_arthritis")
    study = replace(study, vertebrae=vertebrae, patients=patients.assign(cause=causes))
    told = {}
    for rows in (scorecard(paper, study), withhold(scorecard(paper, study), study, MIN_CELL)):
        (row,) = [row for row in rows if row.claim.id == "cohort.osteoporosis.percent"]
        assert (row.verdict, row.rounded) == ("differs", "87%")
        told[row.coarse] = {note.code for note in row.reasons}
    assert told[False] - told[True] == {"other_unit"}


def test_a_p_of_a_hidden_n_is_told_as_the_paper_prints_it_and_no_finer(paper: Paper, tmp_path: Path) -> None:
    study = planted(PLANS["as the paper"], 1, tmp_path)
    rows = {row.claim.id: row for row in scorecard(paper, study)}
    of_score, of_volume = rows["table4.vas_post.p"], rows["table3.vertebral_volume.p"]
    finer = [replace(row, claim=replace(row.claim, printed=Reported("0.0123"))) for row in (of_score, of_volume)]
    shown = [row.verdict == "withheld" for row in withhold([of_score, *finer], study, MIN_CELL)]
    assert shown == [False, True, False]
    (smallest,) = [row for row in rows.values() if row.claim.compute.statistic == "smallest_p"]
    (told,) = withhold([smallest], study, MIN_CELL)
    assert smallest.computed.method.code != told.computed.method.code == "smallest_p"


def test_nothing_is_said_of_the_tests_of_a_score_whose_n_is_hidden(paper: Paper, tmp_path: Path) -> None:
    told = {}
    for plan in ("as the paper", "no ties"):
        study = planted(PLANS[plan], 1, tmp_path)
        rows = [
            row for row in scorecard(paper, study) if row.claim.id in {"table4.vas_post.p", "table3.cement_volume.p"}
        ]
        # As if another test gave the printed p.
        rows = [replace(row, reasons=(Note("other_test", {"test": "welch"}),)) for row in rows]
        volumes, score = withhold(rows, study, MIN_CELL)
        assert [note.code for note in volumes.reasons] == ["other_test"]
        assert volumes.computed.method.code != "p"
        # Neither the statistic nor its degrees of freedom.
        assert score.computed.method.code == "p"
        told[plan] = [note.code for note in score.reasons]
    assert told == {"as the paper": [], "no ties": ["withheld"]}
