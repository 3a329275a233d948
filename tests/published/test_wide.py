"""A table as papers print it, with a column a group: what each cell holds, which rows are categories, what is open."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook
from scipy.stats import chi2_contingency, f_oneway

from vpresearch.audit import Check, audit, coverage
from vpresearch.core.errors import InputError
from vpresearch.core.paths import ROOT
from vpresearch.published import Paper, read_paper
from vpresearch.published.read import read_pasted
from vpresearch.render import labels

HEAD = "Variable;Treated (n = 15);Control (n = 14);p\n"


def read(rows: str, head: str = HEAD) -> Paper:
    return read_pasted(head + rows, "table")


def printed(paper: Paper) -> dict[str, str]:
    return {claim.id: claim.printed.printed for claim in paper.claims}


def alarms(paper: Paper) -> list[str]:
    return [check.check for check in audit(paper) if check.alarm]


def remarks(paper: Paper) -> list[Check]:
    return [check for check in audit(paper) if check.remark]


@pytest.mark.parametrize(
    ("row", "numbers"),
    [
        ("Age, years, mean ± SD;71.3 ± 8.4;;", {"Age, years / Treated": {"mean": "71.3", "sd": "8.4"}}),
        ("Age (years) mean (SD);71.3 (8.4);;", {"Age (years) / Treated": {"mean": "71.3", "sd": "8.4"}}),
        ("Edad, media (DE);71,3 (8,4);;", {"Edad / Treated": {"mean": "71,3", "sd": "8,4"}}),
        ("Age;71.3±8.4;;", {"Age / Treated": {"mean": "71.3", "sd": "8.4"}}),
        ("VAS, median [IQR];;6 [5-8];", {"VAS / Control": {"q1": "5", "median": "6", "q3": "8"}}),
        ("Stay, median (range);;4 (1–9);", {"Stay / Control": {"min": "1", "median": "4", "max": "9"}}),
        ("Women, No. (%);10 (66.7);;", {"Women / Treated / yes": {"count": "10", "percent": "66.7"}}),
        ("Women;10 (66.7%);–;", {"Women / Treated / yes": {"count": "10", "percent": "66.7%"}}),
        ("Women;10/15 (66.7%);;", {"Women / Treated / yes": {"count": "10", "percent": "66.7%"}}),
        ("Deaths, n;1;;", {"Deaths / Treated / yes": {"count": "1"}}),
        ("Women;66.7% (10);;", {"Women / Treated / yes": {"percent": "66.7%", "count": "10"}}),
        ("Women, % (n);66.7 (10);;", {"Women / Treated / yes": {"percent": "66.7", "count": "10"}}),
        ("Women;66.7% (n = 10);;", {"Women / Treated / yes": {"percent": "66.7%", "count": "10"}}),
        ("Change;–3.2 ± 1.1;—;", {"Change / Treated": {"mean": "\u22123.2", "sd": "1.1"}}),
        ("VAS, median [IQR];;–6 [–7–5];", {"VAS / Control": {"q1": "\u22127", "median": "\u22126", "q3": "5"}}),
    ],
)
def test_a_cell_holds_what_its_row_or_itself_says(row: str, numbers: dict[str, dict[str, str]]) -> None:
    found = {name: text for name, text in printed(read(row)).items() if not name.endswith(".n")}
    assert found == {f"{of}.{name}": text for of, each in numbers.items() for name, text in each.items()}


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("Variable;Treated, N=1,015;Total (n = 2015)\n", {"Treated.n": "1015", "all.n": "2015"}),
        (";Treated;Control\nCharacteristic;(n = 15);n=14\n", {"Treated.n": "15", "Control.n": "14"}),
        ("Table 1;;\n;a (n = 15), mean (SD);b (n = 14), mean (SD)\n", {"a.n": "15", "b.n": "14"}),
    ],
)
def test_the_head_of_a_column_names_a_group_and_says_how_many_it_has(head: str, names: dict[str, str]) -> None:
    found = printed(read("Age;70.1 ± 8.2;69.3 ± 9.1\n", head))
    assert {name: text for name, text in found.items() if name.endswith(".n")} == names


@pytest.mark.parametrize("mark", ["*", " †", "ᵃ", "ᵃ,ᵇ", "¹", "a", "a, b", " (a)", "‡§", "#"])
def test_marks_of_footnotes_are_no_part_of_a_number(mark: str) -> None:
    marked = f"Age;71.3 ± 8.4{mark};;0.49{mark}\nWomen;10 (66.7%){mark};7 (50.0%);\n"
    assert printed(read(marked)) == printed(read(marked.replace(mark, "")))


def test_marks_of_footnotes_are_no_part_of_a_name() -> None:
    head = "Variable*;Treated (n = 15)ᵃ;Control (n = 14)†;p value‡\n"
    row = "Age, yearsᵇ;71.3 ± 8.4;69.1 ± 7.9;0.49\n"
    assert printed(read(row, head)) == printed(read(row.replace("ᵇ", "")))


def test_a_letter_behind_a_whole_number_may_be_its_name() -> None:
    """So may a raised figure; and a sign alone is not nothing."""
    found = printed(read("Grade, n;;;\n3a;10;8;\n3b;5;6;\nArea mm², n;2;2;\n"))
    assert {
        "Grade / Treated / 3a.count",
        "Grade / Treated / 3b.count",
        "Area mm² / Treated / yes.count",
    } <= found.keys()
    with pytest.raises(InputError):
        read("Age;71.3 ± 8.4;69.1 ± 7.9;*\n")


def test_a_statistic_beside_its_p_is_read() -> None:
    head = "Variable;Treated (n = 15);Control (n = 14);t;df;p\n"
    right, wrong = (f"Age;71.3 ± 8.4;69.1 ± 7.9;{t};27;0.47\n" for t in ("0.73", "1.73"))
    assert alarms(read(right, head)) == []
    assert "p_of_statistic" in alarms(read(wrong, head))


def test_a_row_may_say_how_many_every_group_has() -> None:
    row = "Age;71.3 ± 8.4;69.1 ± 7.9;0.49\n"
    found = printed(read(row, "Variable;Treated;Control;p\nN;15;14;\n"))
    assert found == {name.replace("(2)", "(3)"): text for name, text in printed(read(row)).items()}
    tested = "Variable;Treated;Control;t;gl;p\nPacientes;15;14;;;\nAge;71.3 ± 8.4;69.1 ± 7.9;0.73;27;0.47\n"
    assert {"Treated.n": "15", "Age (3).t": "0.73", "Age (3).df": "27"}.items() <= printed(read(tested, "")).items()
    # Below numbers it is a row of its own.
    with pytest.raises(InputError):
        read("Known, n;15;14;\n" + row, "Variable;Treated;Control;p\nAge;71;69;\n")


def test_a_width_beside_a_median_is_told() -> None:
    with pytest.raises(InputError) as refusal:
        read("Stay, median (IQR);5 (3);6 (4-7);\n")
    (problem,) = refusal.value.problems
    assert (problem.code, problem.row, problem.column) == ("table_width", 2, "Treated (n = 15)")


def test_what_the_cells_of_a_column_hold_may_stand_in_its_head() -> None:
    found = printed(read("Age;70.1 (8.2)\n", "Variable;Treated (n = 15), mean (SD)\n"))
    assert (found["Age / Treated.mean"], found["Age / Treated.sd"]) == ("70.1", "8.2")


@pytest.mark.parametrize(
    "head",
    [
        ";Treated (n = 15);;Control (n = 14);;p\n;n;%;n;%;\n",
        ";Treated (n = 15);;Control (n = 14);;\nVariable;N;%;N;%;p\n",
        "Variable;Treated (n = 15), n;Treated (n = 15), %;Control (n = 14), n;Control (n = 14), %;p\n",
    ],
)
def test_a_group_may_have_a_column_a_number(head: str) -> None:
    rows = "Sex;;;;;0.60\nMale;5;33.3;6;42.9;\nFemale;10;66.7;8;57.1;\nDiabetes;3;20.0;4;28.6;\n"
    found = printed(read(rows, head))
    assert (found["Sex / Treated / Male.count"], found["Sex / Treated / Male.percent"]) == ("5", "33.3")
    assert (found["Diabetes / Control / yes.count"], found["Diabetes / Control / yes.percent"]) == ("4", "28.6")
    assert not [check for check in audit(read(rows, head)) if check.alarm or check.remark]
    (check,) = remarks(read(rows.replace("33.3", "35.3"), head))
    assert check.claims[0].startswith("Sex / Treated / Male")


def test_beside_a_mean_n_says_of_how_many_it_is_known() -> None:
    head = ";Treated (n = 15);;;Control (n = 14);;\n;n;mean;SD;n;mean;SD\n"
    found = printed(read("Age;13;71.3;8.4;14;69.9;9.1\nVAS;15;7.47;1.2;14;7.50;1.4\n", head))
    assert (found["Age / Treated.n"], found["VAS / Treated.n"], found["Control.n"]) == ("13", "15", "14")
    assert (found["Age / Treated.mean"], found["Age / Treated.sd"]) == ("71.3", "8.4")
    assert not any(name.endswith(".count") for name in found)


def test_what_the_cells_of_every_column_hold_may_stand_below_the_heads() -> None:
    found = printed(read("Women;10 (66.7);8 (57.1);0.60\n", f"{HEAD};n (%);n (%);\n"))
    assert (found["Women / Treated / yes.count"], found["Women / Control / yes.percent"]) == ("10", "57.1")
    # Below a name of its own they are of a row that it cannot be said of.
    with pytest.raises(InputError):
        read("Sex;n (%);n (%);\nWomen;10 (66.7);8 (57.1);0.60\n")


def test_rows_below_a_heading_are_its_categories_until_they_make_up_every_group() -> None:
    rows = "Sex;;;0.60\nMale;5 (33.3%);6 (42.9%);\nFemale;10 (66.7%);8 (57.1%);\nDiabetes;3 (20.0%);4 (28.6%);0.68\n"
    paper = read(rows)
    found = printed(paper)
    assert {"Sex / Treated / Male.count", "Sex / Control / Female.count", "Diabetes / Treated / yes.count"} <= set(
        found
    )
    checks = audit(paper)
    assert {check.check for check in checks if check.claims[0].startswith("Sex (2)")} >= {"p_chi_squared", "p_fisher"}
    assert not [check for check in checks if check.alarm or check.remark]
    wrong = read(rows.replace("Sex;;;0.60", "Sex;;;0.06"))
    assert [check.code for check in remarks(wrong)] == ["p_source_impossible"]


def test_of_rows_that_do_not_make_up_a_group_none_is_taken_for_a_category() -> None:
    # Of the control group one is missing, so that diabetes might be a class.
    rows = "Class;;;0.02\nI;5 (33.3%);6 (46.2%);\nII;10 (66.7%);7 (53.8%);\nDiabetes;3 (20.0%);4 (28.6%);\n"
    paper = read(rows)
    assert "Class: II / Control / yes.count" in printed(paper)
    assert "Class / Control / II.count" not in printed(paper)
    assert not [check for check in audit(paper) if check.claims[0] == "Class (2).p"]


@pytest.mark.parametrize("after", ["", "Sex;;;\nMale;5 (33.3%);6 (42.9%);\n", "Age;71.3 ± 8.4;69.1 ± 7.9;\n"])
def test_what_comes_after_rows_that_do_not_make_up_a_group_makes_no_categories_of_them(after: str) -> None:
    found = printed(read("Class;;;\nI;5 (33.3%);6 (42.9%);\nII;9 (60.0%);7 (50.0%);\n" + after))
    assert "Class: II / Treated / yes.count" in found
    assert "Class / Treated / II.count" not in found


def test_a_category_that_nobody_of_a_group_has_may_be_a_dash() -> None:
    found = printed(read("Class;;;\nI;5 (33.3%);6 (42.9%);\nII;10 (66.7%);7 (50.0%);\nIII;–;1 (7.1%);\n"))
    assert {"Class / Treated / II.count", "Class / Control / III.count"} <= found.keys()


def test_a_column_may_name_the_categories() -> None:
    head = "Variable;Category;Treated (n = 15);Control (n = 14);p\n"
    found = printed(read("Sex;Male;5 (33.3%);6 (42.9%);0.60\n;Female;10 (66.7%);8 (57.1%);\n", head))
    assert "Sex / Control / Female.count" in found


def test_several_rows_may_describe_one_variable() -> None:
    found = printed(
        read("Age, mean ± SD;71.3 ± 8.4;;\nAge, median (IQR);71 (65-78);;\nAge, median (range);71 (50-90);;\n")
    )
    assert {name.rpartition(".")[2] for name in found} == {"n", "mean", "sd", "min", "q1", "median", "q3", "max"}
    with pytest.raises(InputError) as refusal:
        read("Age, median (IQR);71 (65-78);;\nAge, median (range);72 (50-90);;\n")
    assert [(each.row, each.column) for each in refusal.value.problems] == [(3, "Treated (n = 15)")]


def test_what_only_missing_values_could_mend_is_a_remark_that_says_so() -> None:
    # No sum of 15 whole values gives 7.51, and one of 13 does not need all.
    paper = read("VAS, mean ± SD;7.51 ± 1.31;;;0-10\n", HEAD.replace(";p", ";p;Scale"))
    (check,) = remarks(paper)
    assert (check.check, check.verdict, check.alarm) == ("grimmer", "undecided", False)
    assert "only if no value is missing" in labels.audited(check, "en")
    assert "solo si no falta ningún dato" in labels.audited(check, "es")
    # A table with a row a cell tells the size of each row.
    long = read("VAS;a;15;7.51;1.31;0-10\n", "variable;group;n;mean;sd;scale\n")
    assert alarms(long) == ["grimmer"]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("5 (33.3%)", "percentage_holds"),
        ("5 (38.5%)", "percentage_of_fewer"),
        ("5 (30.1%)", "percentage_fails"),
        # Of 16 it would be, but there are 15.
        ("5 (31.3%)", "percentage_fails"),
        ("0 (10.0%)", "percentage_fails"),
    ],
)
def test_a_percentage_is_of_the_group_or_of_the_values_that_are_known(cell: str, code: str) -> None:
    checks = audit(read(f"Women;{cell};;\n"))
    assert [check.code for check in checks if check.check == "percentage"] == [code]
    # Of what a percentage is, the table does not say: it may be of all women.
    assert [check.code for check in checks if check.remark] == ([code] if code == "percentage_fails" else [])
    assert not [check for check in checks if check.alarm]


def test_parts_that_are_fewer_than_a_whole_may_be_missing_and_more_cannot_be() -> None:
    head = HEAD.replace(";p", ";complete")
    rows = "Sex;;;yes\nMale;5 (35.7%);6 (42.9%);yes\nFemale;9 (64.3%);8 (57.1%);yes\n"
    checks = audit(read(rows, head))
    assert not [check for check in checks if check.alarm]
    # Two columns may share somebody, such as those of sexes and of arms.
    four = "Variable;Men (n = 15);Women (n = 14);a (n = 15);b (n = 14);Total (n = 29)\n"
    checks = audit(read("Age;71.3 ± 8.4;69.8 ± 9.1;70.6 ± 8.7;70.1 ± 8.8;70.4 ± 8.7\n", four))
    assert not [check for check in checks if check.alarm]
    assert "sum_above" in {check.code for check in checks if check.remark}


def test_a_table_with_a_row_a_cell_may_speak_of_n_in_its_cells() -> None:
    rows = "variable;group;n;mean;sd;place\nVAS;a;15;7.5;1.3;table 1 (n = 29)\nVAS;b;14;7.1;1.2;table 1 (n = 29)\n"
    found = read(rows, "")
    assert not found.may_miss
    assert found["VAS / b.mean"].places == ("table 1 (n = 29)",)
    with pytest.raises(InputError) as refusal:
        read("VAS;7.5;7.1\n", "Variable;Mean = 3;Duration=4\n")
    assert not [each for each in refusal.value.problems if each.code == "table_holds"]


def test_a_p_beside_medians_alone_is_not_checked_and_says_so() -> None:
    paper = read("VAS, median [IQR];7 [5-8];6 [5-8];0.41\n")
    assert [each.why for each in coverage(paper, audit(paper)) if each.claim.kind == "p"] == ["p_of_medians"]


def test_quantiles_out_of_order_are_wrong_however_many_are_missing() -> None:
    assert alarms(read("VAS, median [IQR];10 [5-8];;\n")) == ["quantile_order"]


def test_faults_are_told_by_the_row_and_the_column_of_the_group() -> None:
    with pytest.raises(InputError) as refusal:
        read("Age;71.3 (8.4);69.8 (9.1);0.65\nVAS, mean (SD);7.1 (dos);6.9 (1.2);\nStay, mean (SD);4.1 (1.0);;x\n")
    assert [(each.row, each.column) for each in refusal.value.problems] == [
        (2, "Treated (n = 15)"),
        (3, "Treated (n = 15)"),
        (4, "p"),
    ]
    with pytest.raises(InputError) as refusal:
        read("Age;71.3 ± 8.4;;a\n", "Variable;Treated (n = 15);Other;p\n")
    assert (refusal.value.problems[0].row, refusal.value.problems[0].column) == (1, "Other")


def test_a_workbook_and_a_text_with_tabs_are_read_alike(tmp_path: Path) -> None:
    rows = [line.split(";") for line in (HEAD + "Age;71.3 ± 8.4;69.8 ± 9.1;0.65").splitlines()]
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "table.xlsx")
    pasted = read_pasted("\n".join("\t".join(row) for row in rows), "table")
    assert (
        printed(read_paper(tmp_path / "table.xlsx"))
        == printed(pasted)
        == printed(read("Age;71.3 ± 8.4;69.8 ± 9.1;0.65"))
    )


@pytest.mark.parametrize("seed", range(12))
def test_true_tables_with_values_missing_raise_no_alarm(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(10, 40, int(rng.integers(2, 4)))
    rows = [["Variable", *(f"{name} (n = {n})" for name, n in zip("abc", sizes, strict=False)), "p", "Scale"]]
    for name, scale in (("Age", ""), ("Pain", "0-10")):
        known = [np.clip(np.rint(rng.normal(6, 2, n - rng.integers(0, 5))), 0, 10) for n in sizes]
        means = [f"{each.mean():.1f} ± {each.std(ddof=1):.2f}" for each in known]
        rows.append([f"{name}, mean ± SD", *means, f"{f_oneway(*known).pvalue:.3f}", scale])
        quartiles = [np.quantile(each, [0.5, 0.25, 0.75]) for each in known]
        rows.append(
            [f"{name}, median (IQR)", *("{:.1f} ({:.1f}-{:.1f})".format(*each) for each in quartiles), "", scale]
        )
    for name, levels in (("Sex", ["men", "women"]), ("Class", ["I", "II", "III"])):
        known_n = [n - rng.integers(0, n // 4) - len(levels) for n in sizes]
        # One of each at least, as a table without a level has no chi-squared.
        counts = 1 + np.array([rng.multinomial(n, np.ones(len(levels)) / len(levels)) for n in known_n])
        rows.append([name, *[""] * len(sizes), f"{chi2_contingency(counts).pvalue:.3f}", ""])
        for level, column in zip(levels, counts.T, strict=True):
            shares = zip(column, counts.sum(axis=1), strict=True)
            rows.append([level, *(f"{count} ({100 * count / n:.1f}%)" for count, n in shares), "", ""])
    paper = read_pasted("\n".join(";".join(row) for row in rows), "table")
    assert alarms(paper) == []


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_the_example_of_the_page(name: str) -> None:
    page = (ROOT / "data/published" / name).read_text("utf-8")
    (example,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    paper = read_pasted(example, "table")
    assert (alarms(paper), [check.check for check in remarks(paper)]) == ([], ["percentage"])


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        # A p of its own, and more than a group has.
        (
            "Class;;;\nI;5 (33%);6 (43%);0.6\nII;9 (60%);8 (57%);0.8\n",
            {"Class: I / Treated / yes", "Class: II / Treated / yes"},
        ),
        # The heading says what its rows hold, which have no sign of it.
        (
            "Sex, n (%);;;0.6\nMale;5 (33.3);6 (42.9);\nFemale;10 (66.7);8 (57.1);\n",
            {"Sex / Treated / Male", "Sex / Treated / Female"},
        ),
        (
            "Sex;;;0.6\nMale, n (%);5 (33.3);6 (42.9);\nFemale, n (%);10 (66.7);8 (57.1);\n",
            {"Sex / Treated / Male", "Sex / Treated / Female"},
        ),
        (
            "Before;;;\nPain, mean (SD);7.1 (1.2);;\nAfter;;;\nPain, mean (SD);3.1 (1.2);;\n",
            {"Pain / Treated", "After: Pain / Treated"},
        ),
        # A unit is no minimum, no percentage.
        (
            "Time (min);85 ± 12;;\nLVEF, %;55.3 ± 4.1;;\nHepatitis B;5 (33.3%);;\n",
            {"Time (min) / Treated", "LVEF, % / Treated", "Hepatitis B / Treated / yes"},
        ),
        (
            "Diabetes, n.º (%);5 (33,3);;—\nDolor, media (DE);7,1 (1,2);N/A;-\n",
            {"Diabetes / Treated / yes", "Dolor / Treated"},
        ),
    ],
)
def test_rows_as_papers_have_them(rows: str, names: set[str]) -> None:
    found = {claim.id.rpartition(".")[0] for claim in read(rows).claims}
    assert {name for name in found if " / Treated" in name} == names


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("Pain, mean ± SE;3.3 ± 0.4;2.9 ± 0.4;\nAge;71.3 ± 8.4;69.1 ± 7.9;\n", [("table_errors", 2)]),
        ("Pain;3.3 ± 0.4;;\nValues are mean ± SE;;;\n", [("table_errors", 2)]),
        ("Side (right/left), n;8/7;9/5;\n", [("table_pair", 2)]),
        ("Platelets, mean (SD);931 (257);1,012 (250);\nAge, mean (SD);71.3 (8.4);;\n", [("table_thousands", 2)]),
        ("Pain, mean (95% CI);3.3 (2.9-3.7);;\n", [("table_errors", 2)]),
        ("Dolor;3,3 ± 0,4;;\nMedia ± error estándar;;;\n", [("table_errors", 2)]),
    ],
)
def test_what_may_be_another_thing_is_not_read(rows: str, told: list[tuple[str, int]]) -> None:
    with pytest.raises(InputError) as refusal:
        read(rows)
    assert [(each.code, each.row) for each in refusal.value.problems] == told


def test_no_column_of_numbers_is_passed_over() -> None:
    two = "Variable;Treated;Control;p-value\n;(n = 15);(n = 14);\n"
    assert [
        claim.printed.printed for claim in read("Age;71.3 ± 8.4;69.8 ± 9.1;0.65\n", two).claims if claim.kind == "p"
    ] == ["0.65"]
    with pytest.raises(InputError) as refusal:
        read("Male, n;5;33.3%\n", "Variable;Treated (n = 15);\n")
    assert [(each.code, each.column) for each in refusal.value.problems] == [("table_column_wide", "3")]


def test_a_column_whose_head_says_n_holds_counts() -> None:
    found = printed(read("Deaths;1\n", "Variable;Treated (n = 15), n\n"))
    assert found == {"Treated.n": "15", "Deaths / Treated / yes.count": "1"}
