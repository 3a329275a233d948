"""A paper's numbers from a CSV or a workbook, and tables that are refused by sheet, row and column."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from vpresearch.audit import audit, coverage
from vpresearch.cli import main
from vpresearch.core.errors import LANGUAGES, InputError, line
from vpresearch.published import Grid, Paper, read_paper

CELLS = """Table 2. Outcomes;;;;;;;;;
variable;group;category;n;count;mean;sd;scale;items;percent
score;treated;;15;—;2,5;1,9*;0-10;;
score;control;;14;;3,4;1,4;;;
fatigue;treated;;13;;2,54;0,50;1-5;3;
fatigue;control;;14;;2,40;0,60;;3;
leakage;treated;yes;15;3;;;;;20%
leakage;control;yes;14;5;;;;;35,7%
"""
TESTS = """variable;test;p;t;gl
score;;p = 0,16;;
leakage;Chi-squared;0,900;;
x;;0,036;2,20;28
"""


def written(folder: Path, cells: str = CELLS, tests: str = TESTS) -> Path:
    (folder / "table.csv").write_text(cells, encoding="utf-8")
    if tests:
        (folder / "table-tests.csv").write_text(tests, encoding="utf-8")
    return folder / "table.csv"


def in_excel(folder: Path, cells: str = CELLS, tests: str = TESTS) -> Path:
    book = Workbook()
    book.remove(book.active)
    for title, content in (("cells", cells), ("tests", tests)):
        sheet = book.create_sheet(title)
        for row in content.splitlines():
            sheet.append(row.split(";"))
    book.save(folder / "table.xlsx")
    return folder / "table.xlsx"


@pytest.mark.parametrize("write", [written, in_excel])
def test_a_table_is_read_as_a_paper(write: object, tmp_path: Path) -> None:
    paper: Paper = read_paper(write(tmp_path))  # type: ignore[operator]
    assert paper.grids == {"score": Grid("patients", "1", "0", "10"), "fatigue": Grid("patients", "1/3", "1", "5")}
    assert [claim.printed.printed for claim in paper.claims if claim.kind == "mean"] == ["2,5", "3,4", "2,54", "2,40"]
    # As most rows say, the group has 15; of one variable two values are missing.
    assert {claim.id: claim.printed.printed for claim in paper.claims if claim.compute.statistic == "n"} == {
        "treated.n": "15",
        "control.n": "14",
        "score / treated.n": "15",
        "fatigue / treated.n": "13",
        "leakage / treated / yes.n": "15",
        "leakage / treated / yes.count": "3",
        "leakage / control / yes.count": "5",
    }
    checks = audit(paper)
    assert [check.claims[0] for check in checks if check.alarm] == ["leakage (3).p"]
    assert {check.values["step"] for check in checks if check.check == "grimmer"} == {"1", "1/3"}
    assert all(each.checks for each in coverage(paper, checks))


@pytest.mark.parametrize(
    ("cells", "tests", "row", "column", "says"),
    [
        ("variable;group;mean\nscore;a;2.5\n", "", 2, "mean", "no claim tells the n"),
        ("variable;group;n;mean\nscore;a;15;about 2\n", "", 2, "mean", "mean is not one number"),
        ("variable;group;n;mean\nscore;a;1.5;2.0\n", "", 2, "n", "a count must be a whole number"),
        ("variable;group;n;mean;scale\nscore;a;15;2.0;ten\n", "", 2, "scale", "ten is no scale"),
        ("variable;group;n;mean;items\nscore;a;15;2.0;0\n", "", 2, "items", "0 is no number of items"),
        ("variable;group;n;mean;colour\nscore;a;15;2.0;red\n", "", 1, "colour", "The column colour is unknown"),
        ("variable;group;n;mean\nscore;a;15;2.0\nscore;a;15;2.1\n", "", 3, "variable", "stands twice for this group"),
        ("variable;group;n;count\nleak;a;15;2\n", "", 2, "count", "the key category is missing"),
        ("variable;grupo;n;Media\nscore;a;15;about 2\n", "", 2, "Media", "Media is not one number"),
        (CELLS, "id;p;Odds ratio\nx;0.5;2,31 (1,1-4,8)\n", 2, "Odds ratio", "or is not one number"),
        (CELLS, "id;p;t;df\nx;1.5;2;20\n", 2, "p", "a p-value cannot be above 1"),
        (CELLS, "id;p;r;df\nx;0.5;2;20\n", 2, "r", "r cannot be 2"),
        (CELLS, "id;p;or\nx;0.5;2,31 (1,1-4,8)\n", 2, "or", "or is not one number"),
        ("variable;group;n;mean;mean\nscore;a;15;2.0;2.1\n", "", 1, "mean", "The column mean stands twice"),
    ],
)
def test_a_faulty_table_is_refused_by_row_and_column(
    cells: str, tests: str, row: int, column: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refusal:
        read_paper(written(tmp_path, cells, tests))
    (problem,) = refusal.value.problems
    assert (problem.row, problem.column) == (row, column)
    assert says in problem.message
    assert all(column in line(problem, language) for language in LANGUAGES)


SIZES = (
    "variable;group;n;mean;scale\nscore;a;20;2.05;0-10\npain;a;20;3.10;0-10\nfear;a;18;1.50;0-10\njoy;a;;2.0{};0-10\n"
)


@pytest.mark.parametrize(("digit", "verdict"), [("6", "possible"), ("5", "impossible")])
def test_a_merged_n_is_that_of_each_row(digit: str, verdict: str, tmp_path: Path) -> None:
    path = in_excel(tmp_path, SIZES.format(digit), TESTS)
    book = load_workbook(path)
    book["cells"].merge_cells("C4:C5")
    book.save(path)
    (check,) = [each for each in audit(read_paper(path)) if each.claims == ("joy / a.mean",) and each.check == "grim"]
    assert (check.verdict, check.values["n"]) == (verdict, 18)


def test_an_empty_n_is_that_of_the_group_where_its_rows_agree(tmp_path: Path) -> None:
    paper = read_paper(written(tmp_path, SIZES.format("6").replace("18;1.50", "20;1.50"), ""))
    assert [check.claims for check in audit(paper) if check.alarm] == [("joy / a.mean",)]


def test_of_an_empty_n_nothing_is_proven_where_the_rows_of_its_group_disagree(tmp_path: Path) -> None:
    # Of 18 it is 37 / 18; no 20 values have such a mean.
    paper = read_paper(written(tmp_path, SIZES.format("6"), ""))
    checks = audit(paper)
    assert not [check for check in checks if check.alarm]
    assert {each.claim.id: each.why for each in coverage(paper, checks) if each.why}["joy / a.mean"] == "no_n"


@pytest.mark.parametrize(
    ("sizes", "shares", "tests"),
    [
        # 9 of 18 beside 0 of 18; of 20 the p would be 0.0004.
        ((18, 18, 36), "leak;a;yes;;;50.0%\nleak;b;yes;;;0.0%\n", "variable;test;p\nleak;fisher;0.0010\n"),
        # 10 of 20, 0 of 14 and 10 of 34; of 40 nothing is 29.4%.
        ((20, 14, 34), "leak;a;yes;;;50.0%\nleak;b;yes;;;0.0%\nleak;total;yes;;;29.4%\n", ""),
        # 6, 6 and 24 of 36; of 40 they would be 7, 7 and 27, which is one too many.
        ((18, 18, 36), "leak;total;yes;;;17%\nleak;total;no;;;17%\nleak;total;unknown;;;67%\n", ""),
    ],
)
def test_shares_without_an_n_are_of_no_size_that_other_rows_disagree_on(
    sizes: tuple[int, ...], shares: str, tests: str, tmp_path: Path
) -> None:
    rows = [(name, *each) for name in ("age", "pain") for each in (("a", 20), ("b", 20), ("total", 40))]
    rows += [("fear", *each) for each in zip(("a", "b", "total"), sizes, strict=True)]
    cells = "variable;group;category;n;mean;percent\n"
    cells += "".join(f"{name};{group};;{n};5;\n" for name, group, n in rows)
    assert not [check for check in audit(read_paper(written(tmp_path, cells + shares, tests))) if check.alarm]


def test_counts_without_an_n_need_not_make_up_one_that_other_rows_disagree_on(tmp_path: Path) -> None:
    cells = "variable;group;category;n;mean;count;complete\nage;a;;20;5;;\npain;a;;20;5;;\nfear;a;;18;5;;\n"
    cells += "leak;a;yes;;;8;yes\nleak;a;no;;;10;yes\n"
    assert not [check for check in audit(read_paper(written(tmp_path, cells, ""))) if check.alarm]


def test_a_formula_without_its_value_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        read_paper(in_excel(tmp_path, "variable;group;n\nscore;a;=10+10\n", TESTS))
    (problem,) = refusal.value.problems
    assert (problem.code, problem.row, problem.column) == ("formula_without_value", 2, "n")


def test_groups_that_several_columns_tell(tmp_path: Path) -> None:
    cells = "variable;Group;group: sex;n;mean;sd\nscore;a;f;9;2.4;1.1\nscore;a;m;6;2.5;1.2\nscore;b;f;7;3.1;1.0\n"
    paper = read_paper(written(tmp_path, cells, ""))
    assert [dict(claim.compute.group) for claim in paper.claims if claim.kind == "mean"] == [
        {"group": "a", "sex": "f"},
        {"group": "a", "sex": "m"},
        {"group": "b", "sex": "f"},
    ]
    assert [claim.id for claim in paper.claims if claim.kind == "count"] == ["a, f.n", "a, m.n", "b, f.n"]


def test_units_of_any_name(tmp_path: Path) -> None:
    cells = (
        "variable;group;over;n;mean;sd;scale\npain;a;;15;2.5;1.9;0-10\npain;a;eyes;28;2.6;1.9;\npain;b;eyes;20;2.2;1\n"
    )
    tests = "variable;over;p\npain;eyes;0.9\n"
    paper = read_paper(written(tmp_path, cells, tests))
    assert {claim.id: claim.compute.over for claim in paper.claims} == {
        "a.n": "patients",
        "pain / a.mean": "patients",
        "pain / a.sd": "patients",
        "a, eyes.n": "eyes",
        "pain / a / eyes.mean": "eyes",
        "pain / a / eyes.sd": "eyes",
        "b, eyes.n": "eyes",
        "pain / b / eyes.mean": "eyes",
        "pain / b / eyes.sd": "eyes",
        "pain (2).p": "eyes",
    }
    # The p is of the eyes, and nothing of the patients makes a third group.
    checks = {check.claims[0]: check for check in audit(paper) if check.check == "p_source"}
    assert checks["pain (2).p"].claims[1:] == tuple(
        f"pain / {group} / eyes.{name}" for group in "ab" for name in ("mean", "sd")
    )
    with pytest.raises(InputError) as refusal:
        read_paper(written(tmp_path, cells, "variable;over;p\npain;eye;0.9\n"))
    (problem,) = refusal.value.problems
    assert (problem.row, problem.column) == (2, "over")
    assert "the unit is eye, and eyes elsewhere" in problem.message


def test_a_p_is_of_the_column_that_it_names_whatever_the_others_are_called(tmp_path: Path) -> None:
    rows = ("variable;group;group: arm;n;mean;sd;scale", "x;;a;15;2.5;1.9;0-10", "x;;b;15;2.6;1.9;", "x;c;;15;2.5;1.9;")
    cells = "\n".join([*rows, "x;d;;15;9.1;0.9;"])
    paper = read_paper(written(tmp_path, cells, "variable;by;p\nx;arm;0.9\n"))
    assert [claim.compute.by for claim in paper.claims if claim.kind == "p"] == ["arm"]
    assert not [check for check in audit(paper) if check.alarm]
    paper = read_paper(written(tmp_path, cells, "variable;by;p\nx;grupo;0.9\n"))
    assert [check.check for check in audit(paper) if check.alarm] == ["p_source"]


def test_columns_of_groups_of_one_name_are_told(tmp_path: Path) -> None:
    for first, second in (("group: sex", "Group: sex"), ("group", "group: group"), ("group: group", "group")):
        with pytest.raises(InputError) as refusal:
            read_paper(written(tmp_path, f"variable;{first};{second};n;mean\nx;a;b;15;2.5\n", ""))
        assert [(problem.code, problem.column) for problem in refusal.value.problems] == [
            ("table_column_twice", second)
        ]


def test_a_column_of_groups_may_have_the_name_of_a_number(tmp_path: Path) -> None:
    paper = read_paper(written(tmp_path, "variable;n;group: n;mean\nx;15;few;2.5\n", ""))
    assert [dict(claim.compute.group) for claim in paper.claims] == [{"n": "few"}, {"n": "few"}]


def test_names_that_come_out_the_same_are_told_apart(tmp_path: Path) -> None:
    cells = "variable;group;n;mean;scale\nx;a;15;2.5;0-10\nx / a;;15;2.5;0-10\n"
    paper = read_paper(written(tmp_path, cells, "id;t;df;p\nq;2;20;0.5\nq;2;20;0.6\n"))
    ids = [claim.id for claim in paper.claims]
    assert len(set(ids)) == len(ids)
    assert [check.claims[0] for check in audit(paper) if check.alarm and check.check != "grim"] == ["q.p", "q (3).p"]


def test_a_count_of_its_own_number(tmp_path: Path) -> None:
    paper = read_paper(written(tmp_path, "variable;category;n;count;percent\nl;y;60;35/54;64.8%\nl;z;60;6/54;\n", ""))
    of = {claim.id: (claim.printed.printed, claim.compute.of) for claim in paper.claims}
    assert (of["l / y.count"], of["l / y.percent"], of["l / z.count"]) == (("35", None), ("64.8%", 54), ("6", None))


@pytest.mark.parametrize("total", ["Total", "All", "overall", "Todos", "Global"])
def test_a_group_that_is_called_all_of_them_is_everybody(total: str, tmp_path: Path) -> None:
    # Of women and men in two groups of 60, p is 0.55; with everybody as a third group it would be 0.83.
    cells = [
        f"sex;{group};{of};60;{n}"
        for group, women in (("a", 41), ("b", 44))
        for of, n in (("f", women), ("m", 60 - women))
    ]
    cells += [f"sex;{total};f;120;85"]
    path = written(
        tmp_path, "\n".join(["variable;group;category;n;count", *cells]), "variable;test;p\nsex;Chi-squared;0.55"
    )
    paper = read_paper(path)
    assert [dict(claim.compute.group) for claim in paper.claims if claim.printed.printed == "120"] == [{}]
    assert not [check for check in audit(paper) if check.alarm]


def test_two_ends_in_one_cell_of_a_column_of_their_own(tmp_path: Path) -> None:
    cells = "variable;n;mean;RIC;Range\nage;20;68,2;60-75;(45 a 89)*\n"
    found = {claim.kind: claim.printed.printed for claim in read_paper(written(tmp_path, cells, "")).claims}
    assert found == {"count": "20", "mean": "68,2", "q1": "60", "q3": "75", "minimum": "45", "maximum": "89"}


def test_a_width_in_the_place_of_two_ends_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        read_paper(written(tmp_path, "variable;n;median;IQR\nage;20;68;15\n", ""))
    (problem,) = refusal.value.problems
    assert (problem.code, problem.row, problem.column) == ("table_two_ends", 2, "IQR")


@pytest.mark.parametrize(
    ("called", "tests"),
    [
        ("t-test", ("student", "welch")),
        ("Student's t test", ("student",)),
        ("U de Mann-Whitney", ("mann_whitney",)),
        ("Chi-cuadrado / Fisher's exact test", ("chi_squared", "fisher")),
        ("likelihood ratio", ("likelihood_ratio",)),
    ],
)
def test_a_test_may_be_called_what_papers_call_it(called: str, tests: tuple[str, ...], tmp_path: Path) -> None:
    paper = read_paper(written(tmp_path, CELLS, f"variable;test;p value\nscore;{called};0.16\n"))
    assert [claim.tests for claim in paper.claims if claim.kind == "p"] == [tests]


def test_a_variable_without_categories_is_not_complete(tmp_path: Path) -> None:
    cells = "variable;category;n;count;complete\ngrade;a;20;8;\ngrade;b;20;12;\ngrad;;20;;yes\n"
    with pytest.raises(InputError) as refusal:
        read_paper(written(tmp_path, cells, ""))
    (problem,) = refusal.value.problems
    assert (problem.row, problem.column) == (4, "complete")
    assert "said to be complete" in problem.message


def test_a_file_without_such_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        read_paper(written(tmp_path, "a;b\n1;2\n", ""))
    assert [problem.code for problem in refusal.value.problems] == ["no_table"]


@pytest.mark.long
def test_the_template_is_audited_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "numbers.xlsx"
    for language, sheets in (("es", ["celdas", "pruebas", "ayuda"]), ("en", ["cells", "tests", "help"])):
        out.unlink(missing_ok=True)
        assert main(["audit", "--template", str(out), "--language", language]) == 0
        assert load_workbook(out).sheetnames == sheets
        assert main(["audit", "--template", str(out), "--language", language]) == 2
        paper = read_paper(out)
        checks = audit(paper)
        assert not [check for check in checks if check.alarm]
        assert all(each.checks for each in coverage(paper, checks))
    capsys.readouterr()


@pytest.mark.parametrize("suffix", [".ods", ".xls", ".xlsm"])
def test_a_spreadsheet_of_another_kind_is_refused_as_one(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"numbers{suffix}"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError) as refusal:
        read_paper(path)
    assert "xlsx" in str(refusal.value)


def test_a_category_of_no_variable_cannot_be_complete(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("group;category;n;complete\na;x;15;yes\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_paper(path)
    assert [(each.wording, each.row, each.column) for each in refusal.value.problems] == [
        ("paper_complete", 2, "complete")
    ]
