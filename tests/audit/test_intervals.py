"""Intervals of a table's ratios as programs print them, and t and F by the means that they are of."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import f_oneway, ttest_ind, ttest_rel
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.oneway import anova_oneway
from statsmodels.stats.proportion import confint_proportions_2indep

from tests.audit.test_printed_tests import TABLE, paper_of
from vpresearch.audit import Check, audit, coverage
from vpresearch.audit.intervals import intervals_of
from vpresearch.core.errors import LANGUAGES, InputError
from vpresearch.published import read_paper
from vpresearch.render import labels

CELLS = np.array([[8, 30], [11, 23]])


@pytest.mark.parametrize(
    ("ratio", "ends"),
    [
        # R: fisher.test, and the profile of the likelihood by optimize and uniroot.
        ("or", (0.1663310657, 1.8233496518)),
        ("or", (0.187575457, 1.597991234)),
        ("rr", (0.281657566, 1.416802641)),
    ],
)
def test_an_interval_of_r_is_among_those_of_the_table(ratio: Any, ends: tuple[float, float]) -> None:
    found = np.array(intervals_of(CELLS, ratio, 0.95))
    assert np.abs(found / ends - 1).max(axis=1).min() < 1e-4


# Some of the ends that statsmodels tries on its way have no odds.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", range(8))
def test_intervals_of_statsmodels_are_among_those_of_the_table(seed: int) -> None:
    rng = np.random.default_rng(seed)
    (a, b), (c, d) = table = rng.integers(1, 40, (2, 2))
    level, made = (0.95, 0.9)[seed % 2], Table2x2(table)
    ends = {"or": [made.oddsratio_confint(1 - level)], "rr": [made.riskratio_confint(1 - level)]}
    for ratio, name, usual in (("or", "odds-ratio", "logit-adjusted"), ("rr", "ratio", "log-adjusted")):
        for more in ({"correction": True}, {"correction": False}, {"method": usual}):
            asked: dict[str, Any] = {"compare": name, "method": "score", "alpha": 1 - level, **more}
            ends[ratio].append(confint_proportions_2indep(a, a + b, c, c + d, **asked))
    for ratio in ("or", "rr"):
        # However the table is set, and the other way round.
        for way in (table, table[::-1], *((table.T,) if ratio == "or" else (table[:, ::-1],))):
            among: Any = np.array(intervals_of(way, ratio, level))  # type: ignore[arg-type]
            for low, high in ends[ratio]:
                assert np.abs(among / (low, high) - 1).max(axis=1).min() < 1e-6


def test_a_cell_of_nought_leaves_an_end_open() -> None:
    found: Any = intervals_of(np.array([[0, 30], [11, 23]]), "or", 0.95)
    assert {0.0, math.inf} <= {end for ends in found for end in ends}
    assert all(low < high for low, high in found)
    found = intervals_of(np.array([[0, 30], [11, 23]]), "rr", 0.95)
    assert all(low < high for low, high in found)


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ({"or": "0.56", "low": "0.19", "high": "1.61"}, "possible"),
        ({"or": "0.55", "low": "0.17", "high": "1.82"}, "possible"),
        ({"or": "1.79", "low": "0.62", "high": "5.18"}, "possible"),
        ({"or": "0.56", "low": "0.24", "high": "1.31"}, "undecided"),
        ({"or": "0.56", "low": "0.19", "high": "1.71"}, "undecided"),
        ({"or": "0.56", "low": "0.23", "high": "1.36", "level": "90"}, "possible"),
        ({"rr": "0.65", "low": "0.30", "high": "1.43"}, "possible"),
        ({"rr": "0.65", "low": "0.30", "high": "1.53"}, "undecided"),
    ],
)
def test_an_interval_beside_its_table(row: dict[str, Any], verdict: str, tmp_path: Path) -> None:
    paper = paper_of(tmp_path, [{"id": "a", "places": [], "table": TABLE, **row}])
    checks = audit(paper)
    (check,) = [check for check in checks if check.check == "interval_of_table"]
    # Bootstrap and models give others: an interval alone proves nothing.
    assert (check.verdict, check.alarm, check.remark) == (verdict, False, verdict == "undecided")
    assert all(labels.audited(check, language) for language in LANGUAGES)
    assert all(each.checks for each in coverage(paper, checks))


# -- t and F ---------------------------------------------------------------------------------------------------------


def checked(folder: Path, parts: list[Any], row: dict[str, str], places: int = 2) -> Check:
    cells = [
        f"score;{'abcd'[at]};{len(x)};{np.mean(x):.{places}f};{np.std(x, ddof=1):.{places}f}"
        for at, x in enumerate(parts)
    ]
    (folder / "t.csv").write_text("\n".join(["variable;group;n;mean;sd", *cells]), encoding="utf-8")
    names = ";".join(["variable", *row])
    (folder / "t-tests.csv").write_text(f"{names}\nscore;{';'.join(row.values())}\n", encoding="utf-8")
    checks = audit(read_paper(folder / "t.csv"))
    (found,) = (check for check in checks if check.check == "statistic_of_groups")
    assert all(labels.audited(found, language) for language in LANGUAGES)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_statistic_of_the_data_is_among_those_that_their_means_and_sds_give(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    n = 6 + seed
    first, second = rng.normal(5, 2, n), rng.normal(5 + rng.normal(0, 2), 1, n)
    two = [first, second]
    three = [*two, rng.normal(6, 3, 9)]
    for test, parts, name, value in (
        ("student", two, "t", ttest_ind(first, second).statistic),
        ("welch", two, "t", ttest_ind(first, second, equal_var=False).statistic),
        ("paired_t", two, "t", ttest_rel(first, second).statistic),
        ("anova", two, "F", f_oneway(*two).statistic),
        ("anova", three, "F", f_oneway(*three).statistic),
        ("welch_anova", three, "F", anova_oneway(three, use_var="unequal").statistic),
    ):
        for printed in ({name: f"{value:.2f}", "test": test}, {name: f"{value:.2f}"}):
            assert checked(tmp_path, parts, printed).verdict == "possible"
        if test != "paired_t":
            # The bounds close on the value as more digits are printed.
            exact = checked(tmp_path, parts, {name: f"{value:.5f}", "test": test}, places=7)
            assert exact.values["low"] == pytest.approx(abs(value), rel=1e-4)
            assert exact.values["high"] == pytest.approx(abs(value), rel=1e-4)
            far = {name: f"{1.2 * float(exact.values['high']) + 0.1:.2f}"}
            assert checked(tmp_path, parts, {**far, "test": test}).alarm
            near = {name: f"{0.8 * float(exact.values['low']) - 0.1:.2f}"} if abs(value) > 0.3 else far
            assert checked(tmp_path, parts, {**near, "test": test}).alarm
            open_ = checked(tmp_path, [first, second[:-1]], {name: f"{50 + abs(value):.2f}"})
            assert (open_.verdict, open_.remark) == ("undecided", True)


def test_missing_values_may_explain_a_statistic(tmp_path: Path) -> None:
    parts = [np.arange(10.0), np.arange(12.0) + 3]
    assert checked(tmp_path, parts, {"t": "5.10", "test": "student", "df": "20"}).alarm
    few = checked(tmp_path, parts, {"t": "5.10", "test": "student", "df": "17"})
    assert (few.verdict, few.remark) == ("undecided", True)


def test_the_t_of_a_change_is_held_against_its_mean_and_sd(tmp_path: Path) -> None:
    cells = "variable;group;n;mean;sd;from;to\npre;a;20;6.2;1.9;;\npost;a;20;4.1;2.2;;\nfall;a;20;-2.1;1.8;pre;post\n"
    (tmp_path / "t.csv").write_text(cells, encoding="utf-8")
    for t, verdict in (("-5.22", "possible"), ("5.22", "possible"), ("3.22", "impossible")):
        tests = f"variable;group;t;test\nfall;a;{t};paired_t\n"
        (tmp_path / "t-tests.csv").write_text(tests, encoding="utf-8")
        (check,) = [each for each in audit(read_paper(tmp_path / "t.csv")) if each.check == "statistic_of_groups"]
        assert check.verdict == verdict
        assert check.values["low"] == pytest.approx(2.05 / 1.85 * math.sqrt(20))
        assert check.values["high"] == pytest.approx(2.15 / 1.75 * math.sqrt(20))


# -- several divisions of one variable -------------------------------------------------------------------------------

DIVIDED = """variable;group;group:sex;n;mean;sd;scale
score;a;;15;2.5;1.9;0-10
score;b;;14;3.4;1.4;
score;;f;15;2.8;1.7;
score;;m;14;3.1;1.7;
score;a;f;8;2.4;1.8;
score;a;m;7;2.6;2.1;
"""


def of_divisions(folder: Path, tests: str) -> dict[str, str]:
    (folder / "t.csv").write_text(DIVIDED, encoding="utf-8")
    (folder / "t-tests.csv").write_text(tests, encoding="utf-8")
    return {
        check.claims[0]: check.verdict for check in audit(read_paper(folder / "t.csv")) if check.check == "p_source"
    }


def test_each_p_is_held_against_the_groups_of_the_column_that_it_names(tmp_path: Path) -> None:
    tests = "id;variable;by;group;test;p\none;score;grupo;;student;0.16\ntwo;score;sex;;student;0.67\n"
    tests += "three;score;sex;a;student;0.85\nfour;score;;;student;0.16\nfive;score;age;;student;0.5\n"
    assert of_divisions(tmp_path, tests) == {"one.p": "possible", "two.p": "possible", "three.p": "possible"}
    paper = read_paper(tmp_path / "t.csv")
    why = {each.claim.id: each.why for each in coverage(paper, audit(paper)) if not each.checks}
    assert why == {"four.p": "p_by", "five.p": "p_by"}
    assert "by Sex" in labels.claimed(paper["two.p"], "en")


def test_a_p_of_another_column_is_impossible_where_it_is_printed(tmp_path: Path) -> None:
    tests = "id;variable;by;group;test;p\none;score;group;;student;0.64\ntwo;score;sex;;student;0.16\n"
    tests += "three;score;sex;a;student;0.16\n"
    assert set(of_divisions(tmp_path, tests).values()) == {"impossible"}


def test_counts_by_two_columns_have_a_p_each(tmp_path: Path) -> None:
    cells = "variable;group;group:sex;category;n;count\nleakage;a;;yes;38;8\nleakage;b;;yes;34;11\n"
    cells += "leakage;;f;yes;40;14\nleakage;;m;yes;32;5\nleakage;a;f;yes;20;6\nleakage;a;m;yes;18;2\n"
    (tmp_path / "t.csv").write_text(cells, encoding="utf-8")
    # R: chisq.test and fisher.test.
    tests = "id;variable;by;group;test;p\none;leakage;group;;chi_squared;0.277\ntwo;leakage;sex;;chi_squared;0.064\n"
    tests += "three;leakage;sex;a;fisher;0.238\nfour;leakage;sex;;chi_squared;0.277\n"
    (tmp_path / "t-tests.csv").write_text(tests, encoding="utf-8")
    found = {
        check.claims[0]: check.verdict for check in audit(read_paper(tmp_path / "t.csv")) if check.check == "p_source"
    }
    assert found == {"one.p": "possible", "two.p": "possible", "three.p": "possible", "four.p": "impossible"}


def test_categories_that_are_not_printed_may_be_in_a_test(tmp_path: Path) -> None:
    cells = "variable;group;category;n;count\nsmoker;a;yes;38;8\nsmoker;b;yes;34;11\n"
    cells += "smoker;a;no;{};20\nsmoker;b;no;{};15\n"

    def source(sizes: tuple[str, str], p: str) -> Check:
        (tmp_path / "t.csv").write_text(cells.format(*sizes).replace("38", sizes[0]).replace("34", sizes[1]), "utf-8")
        (tmp_path / "t-tests.csv").write_text(f"variable;p\nsmoker;{p}\n", encoding="utf-8")
        (found,) = [each for each in audit(read_paper(tmp_path / "t.csv")) if each.check == "p_source"]
        return found

    # R: chisq.test of the two rows, of the same with what they leave, fisher.test of the former.
    assert [source(("38", "34"), p).verdict for p in ("0.291", "0.551", "0.394", "0.900")] == [
        *["possible"] * 3,
        "undecided",
    ]
    assert source(("38", "34"), "0.900").remark
    assert source(("29", "27"), "0.900").alarm
    assert source(("28", "26"), "0.900").alarm
    # Where the file says that there are no others, what is left is missing.
    cells = "\n".join(f"{line};{said}" for line, said in zip(cells.split(), ("complete", *["yes"] * 4), strict=True))
    assert source(("38", "34"), "0.900").alarm


def test_p_of_wald_beside_an_interval_of_another_method_is_left_open(tmp_path: Path) -> None:
    # R: glm, whose summary has Wald's p and whose profile is the interval.
    row = {"or": "0.14", "low": "0.0183", "high": "0.6455", "p": "0.9", "test": "wald"}
    (check,) = [c for c in audit(paper_of(tmp_path, [{"id": "a", "places": [], **row}])) if c.check == "p_of_interval"]
    assert (check.verdict, check.remark) == ("undecided", True)


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        # Without a grid, by bounds: R's pt gives 0.00255 and, one-sided, 0.9987.
        ({"p": "0.002", "test": "student"}, "possible"),
        ({"p": "0.003", "test": "welch"}, "possible"),
        ({"p": "0.999", "test": "student", "sided": "one"}, "possible"),
        ({"p": "n.s.", "test": "student"}, "impossible"),
        ({"p": "0.5", "test": "student", "sided": "one"}, "impossible"),
        ({"p": "0.002"}, "possible"),
        ({"p": "0.2"}, "undecided"),
    ],
)
def test_a_p_of_t_needs_no_grid(row: dict[str, str], verdict: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("variable;group;n;mean;sd\nx;a;20;6.2;1.9\nx;b;20;4.1;2.2\n", encoding="utf-8")
    (tmp_path / "t-tests.csv").write_text(f"variable;{';'.join(row)}\nx;{';'.join(row.values())}\n", encoding="utf-8")
    checks = audit(read_paper(tmp_path / "t.csv"))
    assert [check.verdict for check in checks if check.check == "p_source"] == [verdict]
    assert any(check.alarm for check in checks) == (verdict == "impossible")


HEADERS = {
    "mean ± SD": [("6.2 ± 1.9", "6.2 1.9"), ("−6,2 (1,9)*", "−6,2 1,9"), ("6.2 +/- 1.9", "6.2 1.9"), ("6.2", "6.2")],
    "media (DE)": [("6,2 (1,9)", "6,2 1,9")],
    "n (%)": [("5 (25%)", "5 25%"), ("5/20 (25 %)", "5 25 %"), ("5 [25]", "5 25")],
    "median [IQR]": [("3 [1-6]", "3 1 6"), ("-3 (-4 to -1)", "-3 -4 -1"), ("3 (IQR: 1, 6)", "3 1 6")],
    "mediana (rango)": [("3 (1–6)", "3 1 6"), ("3 (rango 1 a 6)", "3 1 6")],
    "median": [("3 (RIC 1-6)", "3 1 6"), ("3 (range 1-6)", "3 1 6")],
    "count": [("5 (25%)", "5 25%")],
}


@pytest.mark.parametrize(("header", "cell", "parts"), [(h, *each) for h, cells in HEADERS.items() for each in cells])
def test_a_cell_of_several_numbers_is_read_as_its_header_says(
    header: str, cell: str, parts: str, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(f"variable\tcategory\tn\t{header}\nx\tyes\t20\t{cell}\n", encoding="utf-8")
    claims = read_paper(tmp_path / "t.csv").claims
    found = [claim.printed.printed for claim in claims if claim.id != "all.n"]
    order = sorted(parts.replace(" %", "%").split(), key=lambda part: part.endswith("%"))
    assert sorted(text.replace(" %", "%") for text in found) == sorted(order)


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("mean", "6.2 ± 1.9"),
        ("mean", "6.2 (1.9)"),
        ("median", "3 [1-6]"),
        ("median", "3 (5)"),
        ("median [IQR]", "3 (1,6)"),
        ("median [IQR]", "3 (range 1-6)"),
        ("count", "5 (25)"),
        ("mean ± SD", "6/2 ± 1.9"),
    ],
)
def test_a_cell_that_may_mean_several_things_is_told(header: str, cell: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"variable\tcategory\tn\t{header}\nx\tyes\t20\t{cell}\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_paper(tmp_path / "t.csv")
    (problem,) = refusal.value.problems
    assert (problem.row, problem.column) == (2, header)
    assert cell in problem.message


def test_a_p_of_some_rows_is_not_held_against_the_groups_of_all(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("variable;group;n;mean;sd\nx;a;20;6.2;1.9\nx;b;20;4.1;2.2\n", encoding="utf-8")
    for column in ("", "f"):
        tests = f"id;variable;group:sex;test;p\none;x;{column};student;0.9\n"
        (tmp_path / "t-tests.csv").write_text(tests, encoding="utf-8")
        paper = read_paper(tmp_path / "t.csv")
        assert any(check.alarm for check in audit(paper)) == (not column)
        assert bool(coverage(paper, audit(paper))[-1].checks) == (not column)
