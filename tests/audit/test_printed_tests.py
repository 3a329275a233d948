"""Rows of tests, three and more groups, pairs and tables of counts: every kind with a right and a wrong number."""

from __future__ import annotations

import html
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pingouin
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kruskal, ttest_ind

from tests.audit.test_documented import audited
from tests.made_up_paper import write_paper
from vpresearch.audit import Check, audit, contingency, coverage, witness
from vpresearch.audit.cells import several
from vpresearch.audit.printed_tests import statistics_of
from vpresearch.audit.several import _kruskal, anova_range, kruskal_range, welch_range
from vpresearch.cli import main
from vpresearch.core.errors import LANGUAGES, InputError
from vpresearch.core.reported import Reported
from vpresearch.published import Paper, read_paper
from vpresearch.render import labels
from vpresearch.report.audited import write_audit

TABLE = [["8", "30"], ["11", "23"]]


def paper_of(
    folder: Path, tests: list[dict[str, Any]], claims: list[dict[str, Any]] | None = None, **more: Any
) -> Paper:
    content = {"paper": {"key": "t"}, "variables": more, "claims": claims or [], "tests": tests}
    return read_paper(write_paper(content, folder / "paper.yaml"))


# Kind of check, row, verdict. Where R would print the p, it is in the row that is possible.
ROWS: list[tuple[str, dict[str, Any], str]] = [
    ("p_of_statistic", {"t": "2.20", "df": "28", "p": "0.036"}, "possible"),
    ("p_of_statistic", {"t": "-2.20", "df": "28", "p": "<0.05"}, "possible"),
    ("p_of_statistic", {"t": "2.20", "df": "28", "p": "0.049"}, "impossible"),
    ("p_of_statistic", {"t": "2.20", "df": "28", "p": "0.018"}, "undecided"),
    ("p_of_statistic", {"t": "2.20", "df": "28", "p": "0.018", "sided": "one"}, "possible"),
    ("p_of_statistic", {"t": "2.20", "df": "28", "p": "0.018", "sided": "two"}, "impossible"),
    ("p_of_statistic", {"t": "2.20", "df": "28", "p": "0.982", "sided": "one"}, "possible"),
    ("p_of_statistic", {"F": "4.50", "df": "2", "df2": "60", "p": "0.015"}, "possible"),
    ("p_of_statistic", {"F": "4.50", "df": "2", "df2": "60", "p": "0.05"}, "impossible"),
    ("p_of_statistic", {"chi2": "3.84", "df": "1", "p": "0.05"}, "possible"),
    ("p_of_statistic", {"chi2": "9.50", "df": "4", "p": "n.s."}, "impossible"),
    ("p_of_statistic", {"r": "0.35", "df": "40", "p": "0.023"}, "possible"),
    ("p_of_statistic", {"r": "-0.35", "n": "42", "p": "= 0.023"}, "possible"),
    ("p_of_statistic", {"r": "0.35", "df": "40", "p": "0.23"}, "impossible"),
    ("p_of_statistic", {"z": "1.96", "p": "≤ 0.05"}, "possible"),
    ("p_of_statistic", {"z": "1.96", "p": "0.5"}, "impossible"),
    ("p_of_statistic", {"r": "1.00", "df": "10", "p": "<0.001"}, "possible"),
    # Whole degrees of freedom of a t that is not named may be Welch's, rounded: 2.5 give 0.157, 3 give 0.139.
    ("p_of_statistic", {"t": "2.0000", "df": "3", "p": "0.15"}, "possible"),
    ("p_of_statistic", {"t": "2.0000", "df": "3", "p": "0.15", "test": "welch"}, "possible"),
    ("p_of_statistic", {"t": "2.0000", "df": "3", "p": "0.15", "test": "student"}, "impossible"),
    ("interval", {"or": "0.90", "low": "0.20", "high": "0.60"}, "impossible"),
    ("interval", {"or": "2.31", "low": "1.10", "high": "4.85"}, "possible"),
    ("interval", {"hr": "5.31", "low": "1.10", "high": "4.85"}, "impossible"),
    ("interval", {"rr": "4.31", "low": "1.10", "high": "4.85"}, "undecided"),
    ("p_of_interval", {"or": "2.31", "low": "1.10", "high": "4.85", "p": "0.027"}, "possible"),
    ("p_of_interval", {"or": "2.31", "low": "1.10", "high": "4.85", "p": "0.27"}, "undecided"),
    ("p_of_interval", {"or": "2.31", "low": "1.10", "high": "4.85", "p": "0.27", "test": "wald"}, "undecided"),
    ("p_of_interval", {"or": "2.31", "low": "1.24", "high": "4.30", "level": "90", "p": "0.027"}, "possible"),
    ("coefficient", {"coefficient": "0.52", "se": "0.21", "t": "2.48"}, "possible"),
    ("coefficient", {"coefficient": "-0.52", "se": "0.21", "z": "-3.48"}, "impossible"),
    ("p_of_interval", {"coefficient": "0.52", "se": "0.21", "df": "97", "p": "0.015"}, "possible"),
    ("p_of_interval", {"coefficient": "0.52", "se": "0.21", "df": "97", "p": "0.15"}, "impossible"),
    ("p_of_interval", {"coefficient": "0.52", "se": "0.21", "p": "0.15"}, "undecided"),
    # The error may be as good as nought.
    ("p_of_interval", {"coefficient": "0.1", "se": "0.0", "df": "20", "p": "0.01"}, "possible"),
    ("interval", {"coefficient": "0.52", "se": "0.21", "low": "0.11", "high": "0.93"}, "possible"),
    ("interval", {"coefficient": "0.52", "se": "0.21", "low": "0.31", "high": "0.73"}, "undecided"),
    ("interval", {"coefficient": "0.52", "low": "0.61", "high": "0.93"}, "impossible"),
    ("p_of_table", {"table": TABLE, "p": "0.277"}, "possible"),
    ("p_of_table", {"table": TABLE, "p": "0.413"}, "possible"),
    ("p_of_table", {"table": TABLE, "p": "0.277", "test": "fisher"}, "impossible"),
    ("p_of_table", {"table": TABLE, "p": "0.900"}, "impossible"),
    ("p_of_table", {"table": [["8", "11"], ["30", "23"], ["5", "9"]], "p": "0.310"}, "possible"),
    # By statsmodels' Table2x2: Wald's p of the odds ratio, and of the risk ratio.
    ("p_of_table", {"table": TABLE, "or": "0.56", "p": "0.280"}, "possible"),
    ("p_of_table", {"table": TABLE, "rr": "0.65", "p": "0.283"}, "possible"),
    ("p_of_table", {"table": TABLE, "or": "0.56", "p": "0.283"}, "impossible"),
    ("p_of_table", {"table": TABLE, "p": "0.280"}, "impossible"),
    ("p_of_table", {"table": TABLE, "p": "0.280", "test": "wald"}, "possible"),
    ("p_of_table", {"table": TABLE, "or": "0.56", "p": "0.140", "test": "wald", "sided": "one"}, "possible"),
    ("of_table", {"table": TABLE, "chi2": "1.18"}, "possible"),
    ("of_table", {"table": TABLE, "chi2": "2.18"}, "impossible"),
    # By Yates' correction, which R takes for no more than what a cell is apart.
    ("of_table", {"table": TABLE, "chi2": "0.67"}, "possible"),
    ("of_table", {"table": [["5", "5"], ["5", "6"]], "chi2": "0.00"}, "possible"),
    # With a half added to every cell.
    ("of_table", {"table": [["5", "0"], ["3", "4"]], "or": "14.14"}, "possible"),
    ("of_table", {"table": TABLE, "or": "0.56"}, "possible"),
    ("of_table", {"table": TABLE, "or": "0.86"}, "impossible"),
    ("of_table", {"table": TABLE, "rr": "0.65"}, "possible"),
]


@pytest.mark.parametrize(("kind", "row", "verdict"), ROWS)
def test_a_row_of_tests(kind: str, row: dict[str, Any], verdict: str, tmp_path: Path) -> None:
    paper = paper_of(tmp_path, [{"id": "a", "places": ["table 2"], **row}])
    checks = audit(paper)
    (check,) = [check for check in checks if check.check == kind]
    assert check.verdict == verdict
    assert check.alarm == (verdict == "impossible")
    assert check.code.endswith("_meets") == (verdict == "possible")
    assert bool(check.witness) == (verdict == "possible")
    for language in LANGUAGES:
        assert labels.audited(check, language)
        assert all(labels.claimed(paper[name], language) for name in check.claims)


def test_two_pairs_have_a_correlation_of_one_and_no_p(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, [{"id": "a", "places": [], "r": "1.00", "n": "2", "p": "0.5"}])
    assert [check for check in audit(paper) if check.check == "p_of_statistic"] == []


def test_what_was_found_is_a_page_that_can_be_sent(tmp_path: Path) -> None:
    rows = [{"id": "a", "places": ["table 2"], "table": TABLE, "chi2": "2.18"}]
    rows += [{"id": "b", "places": [], "p": "0.000"}]
    paper = paper_of(tmp_path, rows)
    checks = audit(paper)
    page, *others = write_audit(paper, checks, coverage(paper, checks), tmp_path, "es")
    assert [path.suffix for path in others if path.stat().st_size] == [".docx", ".pdf"]
    said = html.unescape(" ".join(re.sub("<[^>]*>", " ", page.read_text(encoding="utf-8")).split()))
    assert f"El artículo: {paper.citation}. Comprobaciones: {len(checks)};" in said
    assert "no pueden ser todos correctos: 1;" in said
    (alarm,) = [check for check in checks if check.alarm]
    assert f"tabla 2 {labels.claimed(paper[alarm.claims[0]], 'es')}" in said
    assert f"{labels.audited(alarm, 'es')} 4.9 " in said
    assert ("Lo que conviene aclarar" in said) == any(check.remark for check in checks)
    none = write_audit(paper, [], coverage(paper, []), tmp_path, "en")[0].read_text(encoding="utf-8")
    assert "cannot all be right: 0;" in none
    assert "Each finding needs one answer" not in none


def test_what_cannot_be_held_against_anything_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tests = [{"id": "a", "places": [], "p": "0.03"}, {"id": "b", "places": [], "t": "2.0", "p": "0.05"}]
    paper = paper_of(tmp_path, tests)
    assert {each.claim.id: (each.checks, each.why) for each in coverage(paper, audit(paper))} == {
        "a.p": ((), "p_alone"),
        "b.p": ((), "p_alone"),
        "b.t": ((), "test"),
    }
    command = ["audit", str(tmp_path / "paper.yaml"), "--language", "en", "--out", str(tmp_path / "out")]
    assert [main([*command, flag]) for flag in ("--strict", "--complete")] == [0, 1]
    assert "numbers checked: 0, not checked: 3;" in capsys.readouterr().out
    assert "not checked, because" in (tmp_path / "out" / "tables" / "numbers.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"t": "2", "F": "3", "p": "0.05"}, "t, F stand in one row"),
        ({"F": "-3", "p": "0.05"}, "F cannot be -3"),
        ({"r": "1.2", "p": "0.05"}, "r cannot be 1.2"),
        ({"t": "<2", "p": "0.05"}, "t cannot be <2"),
        ({"p": "1.5"}, "a p-value cannot be above 1"),
        ({"table": [["1"]]}, "table is not rows of counts"),
        ({"table": [["1", "a"], ["2", "3"]]}, "table is not rows of counts"),
        ({"u": "1", "p": "0.5"}, "the key u is unknown"),
        ({}, "it has no number"),
        ({"p": "0.5", "test": "magic"}, "magic"),
    ],
)
def test_a_faulty_row_of_tests_is_refused(row: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        paper_of(tmp_path, [{"id": "a", "places": ["t"], **row}])
    assert any(says in problem.message for problem in refusal.value.problems)


# -- printed p -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "inside", "outside"),
    [
        ("<= 0.05", 0.05, 0.051),
        ("≤0,05", 0.05, 0.051),
        ("<0.05", 0.049, 0.05),
        (">= 0.05", 0.05, 0.049),
        ("n.s.", 0.06, 0.05),
        ("NS", 0.06, 0.05),
        ("=0.16", 0.164, 0.166),
        ("0.000", 0.0004, 0.0006),
    ],
)
def test_a_printed_p_is_understood(printed: str, inside: float, outside: float) -> None:
    interval = Reported(printed).interval()
    assert (inside in interval, outside in interval) == (True, False)


# -- three and more groups, and pairs --------------------------------------------------------------------------------

# Made up; R: oneway.test 2.23605e-4 (Welch), 2.60172e-5 (equal variances), kruskal.test 1.04858e-3.
GROUPS = ([2, 3, 1, 4, 2, 5], [3, 4, 6, 2, 5, 4, 3], [6, 8, 7, 9, 5, 8, 7, 7])


def of_groups(folder: Path, p: str, *groups: list[int], decimals: int = 2, **more: Any) -> Paper:
    return read_paper(write_groups(folder, p, *groups, decimals=decimals, **more))


def write_groups(folder: Path, p: str, *groups: list[int], decimals: int = 2, **more: Any) -> Path:
    claims = []
    for arm, values in enumerate(groups):
        for kind, printed in (
            ("count", str(len(values))),
            ("mean", f"{np.mean(values):.{decimals}f}"),
            ("sd", f"{np.std(values, ddof=1):.{decimals}f}"),
        ):
            compute: dict[str, Any] = {"statistic": "n" if kind == "count" else kind, "over": "patients"}
            compute |= {"group": {"arm": f"arm {arm}"}} | ({} if kind == "count" else {"variable": "score"})
            claims.append({"id": f"{arm}.{kind}", "printed": printed, "kind": kind, "places": [], "compute": compute})
    asked = {"statistic": "p", "over": "patients", "variable": "score"}
    claims.append({"id": "p", "printed": p, "kind": "p", "places": [], "compute": asked, **more})
    grid = {"over": "patients", "step": "1", "low": "0", "high": "10"}
    return write_paper({"paper": {"key": "t"}, "variables": {"score": grid}, "claims": claims}, folder / "paper.yaml")


@pytest.mark.parametrize(
    ("bounds", "of_r"),
    [(anova_range, 2.60171719288e-05), (welch_range, 2.23605393536e-04), (kruskal_range, 1.04858346395e-03)],
)
def test_bounds_hold_what_r_gives_and_close_on_it(bounds: Any, of_r: float, tmp_path: Path) -> None:
    ((_, parts),) = several(of_groups(tmp_path, "0.5", *GROUPS, decimals=6))
    low, high = bounds(parts, "any")
    assert low <= of_r <= high
    if bounds is not kruskal_range:
        assert high - low < 1e-3 * of_r
    else:
        assert high < 0.9


@pytest.mark.parametrize(
    ("p", "named", "verdict"),
    [
        ("<0.001", [], "possible"),
        ("0.001", "kruskal", "possible"),
        ("0.0000260", "anova", "possible"),
        ("0.000224", "welch_anova", "possible"),
        ("0.000224", "anova", "impossible"),
        ("0.99", [], "impossible"),
    ],
)
def test_a_p_of_three_groups(p: str, named: Any, verdict: str, tmp_path: Path) -> None:
    checks = audit(of_groups(tmp_path, p, *GROUPS, decimals=3, **({"test": named} if named else {})))
    (source,) = [check for check in checks if check.check == "p_source"]
    assert source.verdict == verdict
    assert source.alarm == (verdict == "impossible")


def test_the_bound_on_ranks_holds_whatever_the_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    for _ in range(60):
        groups = [list(rng.integers(low, low + 4, rng.integers(4, 9))) for low in rng.integers(0, 6, 3)]
        if any(np.std(group) == 0 for group in groups):
            continue
        ((_, parts),) = several(of_groups(tmp_path, "0.5", *groups))
        low, high = kruskal_range(parts, "any")
        assert low - 1e-12 <= kruskal(*groups).pvalue <= high + 1e-12


PAIRS = ([2, 3, 1, 4, 2, 5, 3, 4], [3, 3, 2, 6, 4, 5, 5, 4])


@pytest.mark.parametrize(
    ("p", "named", "verdict"),
    [("0.018", "paired_t", "possible"), ("0.9", "paired_t", "impossible"), ("0.9", "paired", "undecided")],
)
def test_a_p_of_the_paired_t_is_bounded_by_the_correlation(p: str, named: str, verdict: str, tmp_path: Path) -> None:
    # R: t.test(before, after, paired = TRUE) gives 0.01845.
    checks = audit(of_groups(tmp_path, p, *PAIRS, decimals=3, test=named))
    (check,) = [check for check in checks if check.check.startswith("p_")]
    assert (check.check, check.verdict) == ("p_paired_t", verdict)


def test_standard_errors_printed_as_sds_are_suspected(tmp_path: Path) -> None:
    first, second = [2, 3, 1, 4, 2, 5] * 3, [3, 4, 2, 4, 3, 5] * 3
    p = ttest_ind(first, second).pvalue
    content = yaml.safe_load(write_groups(tmp_path, f"{p:.3f}", first, second).read_text(encoding="utf-8"))
    for arm, values in enumerate((first, second)):
        (sd,) = [claim for claim in content["claims"] if claim["id"] == f"{arm}.sd"]
        sd["printed"] = f"{np.std(values, ddof=1) / np.sqrt(len(values)):.2f}"
    checks = audit(read_paper(write_paper(content, tmp_path / "paper.yaml")))
    (check,) = [check for check in checks if check.check == "sd_or_se"]
    assert check.remark
    assert check.values["as_test"] == "student"


# -- tables of counts ------------------------------------------------------------------------------------------------


def test_fisher_and_the_likelihood_ratio_agree_with_r() -> None:
    wide = np.array([[8, 11], [30, 23], [5, 9]])
    square = np.array([[3, 4, 7], [5, 1, 2], [2, 6, 3]])
    assert contingency.fisher_of_any(wide) == pytest.approx(0.309965002315, rel=1e-9)
    assert contingency.fisher_of_any(square) == pytest.approx(0.172985186148, rel=1e-9)
    assert float(contingency.tests_of(wide, (), one_sided=False)["chi_squared"].flat[0]) == pytest.approx(
        0.280681465424, rel=1e-9
    )
    assert float(contingency.tests_of(wide, (), one_sided=False)["likelihood_ratio"].flat[0]) == pytest.approx(
        0.277780957155
    )
    assert statistics_of(wide)[-1] == pytest.approx(2.561844799538)


def counts(folder: Path, p: str, cells: dict[tuple[str, str], int], **arms: int) -> list[Check]:
    claims = [_count(f"{arm}.n", n, arm=arm) for arm, n in arms.items()]
    claims += [_count(f"{arm}.{value}", n, arm=arm, leakage=value) for (arm, value), n in cells.items()]
    asked = {"statistic": "p", "over": "patients", "variable": "leakage"}
    claims.append({"id": "p", "printed": p, "kind": "p", "places": [], "compute": asked})
    paper = paper_of(folder, [], claims)
    checks = audit(paper)
    assert all(each.checks for each in coverage(paper, checks))
    return [check for check in checks if check.check == "p_source"]


def _count(name: str, n: int, **group: str) -> dict[str, Any]:
    compute = {"statistic": "n", "over": "patients", "group": group}
    return {"id": name, "printed": str(n), "kind": "count", "places": [], "compute": compute}


@pytest.mark.parametrize(
    ("p", "verdict"), [("0.277", "possible"), ("0.413", "possible"), ("0.299", "possible"), ("0.900", "impossible")]
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_p_of_cells_alone(p: str, verdict: str, whole: bool, tmp_path: Path) -> None:
    cells = {("a", "yes"): 8, ("b", "yes"): 11} | ({("a", "no"): 30, ("b", "no"): 23} if whole else {})
    (source,) = counts(tmp_path, p, cells, a=38, b=34)
    assert source.verdict == verdict


def test_a_p_of_which_one_of_the_tables_has_none(tmp_path: Path) -> None:
    # 0% of 300 is one of none at all, or of one: where nobody leaks there is no p.
    cells = "variable=x group=a category=yes n=10 count=0; variable=x group=b category=yes n=300 percent=0%"
    found = {check.check: check for check in audited(f"{cells} / variable=x p=0.900", tmp_path)}
    assert {found[name].verdict for name in ("p_chi_squared", "p_fisher", "p_fisher_mid", "p_wald")} == {"undecided"}
    assert found["p_source"].verdict == "undecided"


def test_chi_squared_by_n_less_one(tmp_path: Path) -> None:
    # 5.0 of 30 patients, and 5.0 times 29 / 30.
    for chi2, verdict in (("5.000", "possible"), ("4.833", "possible"), ("4.900", "impossible")):
        (found,) = audited(f'{{table: [["3", "12"], ["9", "6"]], chi2: "{chi2}"}}', tmp_path)
        assert found.verdict == verdict


@pytest.mark.parametrize(("p", "verdict"), [("0.0143", "possible"), ("0.0253", "impossible")])
def test_two_proportions_each_with_its_own_variance(p: str, verdict: str, tmp_path: Path) -> None:
    # z = 0.4 / sqrt(0.2 * 0.8 / 15 + 0.6 * 0.4 / 15) = 2.4495; by the variance of both together p = 0.0253.
    cells = "variable=x group=a category=yes n=15 count=3; variable=x group=b category=yes n=15 count=9"
    found = {check.check: check for check in audited(f"{cells} / variable=x test=wald p={p}", tmp_path)}
    assert found["p_wald"].verdict == verdict
    one = witness.TABLE_TESTS["wald"](np.array([[3, 12], [9, 6]]), True)
    assert one[:2].tolist() == pytest.approx([0.0143 / 2, 1 - 0.0143 / 2], abs=3e-5)
    assert witness.TABLE_TESTS["wald"](np.array([[0, 5], [5, 0]]), False).tolist() == [0.0, 0.0]


def test_a_p_of_proportions_beside_a_ratio(tmp_path: Path) -> None:
    # Of the difference, 0.2771; of the odds ratio by Wald's test, 0.2803.
    for p, verdict in (("0.2771", "possible"), ("0.2803", "possible"), ("0.2850", "impossible")):
        row = f'{{table: [["8", "30"], ["11", "23"]], or: "0.56", p: "{p}", test: wald}}'
        found = {check.check: check.verdict for check in audited(row, tmp_path)}
        assert found["p_of_table"] == verdict


def test_a_few_missing_values_may_explain_a_p(tmp_path: Path) -> None:
    # Of 36 and 34, not of 38 and 34.
    p = contingency.tests_of(np.array([[8, 11], [28, 23]]), (), one_sided=False)["chi_squared"]
    (source,) = counts(tmp_path, f"{float(p.flat[0]):.3f}", {("a", "yes"): 8, ("b", "yes"): 11}, a=38, b=34)
    assert (source.verdict, source.code, source.alarm) == ("undecided", "p_if_missing", False)
    assert source.remark


def test_a_table_of_three_rows_and_three_groups(tmp_path: Path) -> None:
    table = {"low": (8, 11, 4), "middle": (30, 23, 20), "high": (5, 9, 10)}
    cells = {(arm, value): row[place] for value, row in table.items() for place, arm in enumerate("abc")}
    (source,) = counts(tmp_path, "0.259", cells)
    p = {
        test: float(p.flat[0])
        for test, p in contingency.tests_of(np.array(list(table.values())), (), one_sided=False).items()
    }
    assert (source.verdict == "possible") == any(round(value, 3) == 0.259 for value in p.values())
    (source,) = counts(tmp_path, f"{p['fisher']:.3f}", cells)
    assert "fisher" in str(source.values["possible"])


def test_a_fault_of_one_number_is_one_alarm(tmp_path: Path) -> None:
    def claim(name: str, printed: str, kind: str, **group: str) -> dict[str, Any]:
        compute: dict[str, Any] = {"statistic": "n" if kind == "count" else kind, "over": "patients", "group": group}
        compute |= {} if kind == "count" else {"variable": "score"}
        return {"id": name, "printed": printed, "kind": kind, "places": [], "compute": compute}

    claims = [
        claim("n", "41", "count"),
        claim("a.n", "30", "count", age="< 65"),
        claim("b.n", "11", "count", age="65 +"),
    ]
    claims += [
        claim("m", "7.3", "mean"),
        claim("a.m", "6.2", "mean", age="< 65"),
        claim("b.m", "7.4", "mean", age="65 +"),
    ]
    paper = paper_of(tmp_path, [], claims, score={"over": "patients", "step": "0.1", "low": "0", "high": "10"})
    assert [check.check for check in audit(paper) if check.alarm] == ["groups_mean"]


def _with_effect(folder: Path, parts: list[np.ndarray], name: str, printed: str, places: int) -> Check:
    lines = [
        f"score;{'ab'[at]};{len(x)};{x.mean():.{places}f};{x.std(ddof=1):.{places}f}" for at, x in enumerate(parts)
    ]
    (folder / "t.csv").write_text("\n".join(["variable;group;n;mean;sd", *lines]), encoding="utf-8")
    (folder / "t-tests.csv").write_text(f"variable;{name}\nscore;{printed}\n", encoding="utf-8")
    (found,) = (check for check in audit(read_paper(folder / "t.csv")) if check.check == "effect_size")
    return found


@pytest.mark.parametrize("seed", range(12))
def test_an_effect_size_of_the_data_is_among_those_that_their_means_and_sds_give(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    parts = [rng.normal(mean, sd, n) for mean, sd, n in ((5, 2, 6 + seed), (5 + rng.normal(0, 2), 1, 9))]
    of_pooled, corrected = (pingouin.compute_effsize(*parts, eftype=kind) for kind in ("cohen", "hedges"))
    of_one = (parts[0].mean() - parts[1].mean()) / parts[1].std(ddof=1)
    average = (parts[0].mean() - parts[1].mean()) / np.sqrt((parts[0].var(ddof=1) + parts[1].var(ddof=1)) / 2)
    for value in (of_pooled, corrected, of_one, average):
        assert _with_effect(tmp_path, parts, "d", f"{value:.2f}", 2).verdict == "possible"
    far = _with_effect(tmp_path, parts, "g", f"{2 * max(map(abs, (of_one, of_pooled, average))) + 0.5:.2f}", 2)
    assert far.alarm
    assert all("Hedges" in labels.audited(far, language) for language in LANGUAGES)
    # The bounds close on the value as more digits are printed.
    exact = _with_effect(tmp_path, parts, "d", f"{of_pooled:.4f}", 6)
    assert exact.values["pooled_high"] == pytest.approx(abs(of_pooled), rel=1e-4)
    assert exact.values["pooled_low"] == pytest.approx(abs(corrected), rel=1e-3)


@pytest.mark.parametrize(
    ("d", "verdict"),
    [
        ("1.011", "possible"),
        ("0.981", "possible"),
        ("1.038", "possible"),
        ("0.847", "possible"),
        ("0.950", "impossible"),
    ],
)
def test_an_effect_size_by_another_denominator_is_possible(d: str, verdict: str, tmp_path: Path) -> None:
    # Pooled by n - 1, with the squares weighted by n, out of n, and 2t / sqrt(df).
    cells = "variable=x group=a n=30 mean=12.00 sd=1.00; variable=x group=b n=8 mean=10.00 sd=4.00 / variable=x"
    (found,) = audited(f"{cells} d={d}", tmp_path)
    assert (found.check, found.verdict) == ("effect_size", verdict)


def test_an_effect_size_of_pairs_is_not_judged(tmp_path: Path) -> None:
    cells = "variable;group;n;mean;sd\nscore;a;8;2.5;1.9\nscore;b;8;3.4;1.4\n"
    (tmp_path / "t.csv").write_text(cells, encoding="utf-8")
    (tmp_path / "t-tests.csv").write_text("variable;d;p;test\nscore;2.9;0.01;paired_t\n", encoding="utf-8")
    assert "effect_size" not in {check.check for check in audit(read_paper(tmp_path / "t.csv"))}


@given(
    st.lists(st.lists(st.integers(0, 6), min_size=4, max_size=4), min_size=2, max_size=5),
    st.lists(st.integers(0, 6), min_size=3, max_size=3),
)
def test_ranks_of_many_sets_at_once_are_tested_as_one(groups: list[list[int]], last: list[int]) -> None:
    every = [np.array([group, group[::-1]], dtype=float) for group in (*groups, last)]
    expected = kruskal(*(group[0] for group in every)).pvalue if np.ptp(np.concatenate(every, axis=1)) else math.nan
    np.testing.assert_allclose(_kruskal(every), expected, rtol=1e-10)
