from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.made_up_paper import write_paper
from vpresearch.audit import Check, audit, coverage
from vpresearch.audit.counts import check_counts, fitting_counts
from vpresearch.core.errors import InputError
from vpresearch.core.reported import Reported, RoundingRule
from vpresearch.published import Claim, Compute, read_paper

Where: TypeAlias = dict[str, str]
SIZES: dict[str, Where] = {"all": {}, "no": {"leak": "no"}, "yes": {"leak": "yes"}}


def checks(
    folder: Path, counts: dict[str, int], shares: list[tuple[dict[str, str], dict[str, str], str]]
) -> list[Check]:
    """Check a paper of group sizes and percentages: which rows, out of which, as printed."""
    claims = [
        _claim(f"{name}.n", str(counts[name]), "count", {"statistic": "n"} | ({"group": where} if where else {}))
        for name, where in SIZES.items()
    ]
    for number, (group, within, printed) in enumerate(shares):
        compute: dict[str, Any] = {"statistic": "percent", "group": group | within}
        compute |= {"within": within} if within else {}
        claims.append(_claim(f"share{number}.percent", printed, "percentage", compute))
    content = {"paper": {"key": "shares"}, "variables": {}, "claims": claims}
    return list(check_counts(read_paper(write_paper(content, folder / "paper.yaml")), "any"))


def _claim(name: str, printed: str, kind: str, compute: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "printed": printed,
        "kind": kind,
        "places": ["text"],
        "compute": {"over": "vertebrae"} | compute,
    }


def only(found: list[Check], check: str) -> Check:
    (one,) = [candidate for candidate in found if candidate.check == check]
    return one


COUNTS = {"all": 41, "no": 26, "yes": 15}
WOMEN = {"sex": "F"}


@pytest.mark.parametrize(("overall", "verdict"), [("66%", "possible"), ("68%", "impossible")])
def test_percentages_of_the_groups_force_the_overall_one(overall: str, verdict: str, tmp_path: Path) -> None:
    # 18 of 26 and 9 of 15 are 27 of 41, 65.9%.
    shares = [(WOMEN, {"leak": "no"}, "69%"), (WOMEN, {"leak": "yes"}, "60%"), (WOMEN, {}, overall)]
    check = only(checks(tmp_path, COUNTS, shares), "groups_percentage")
    assert check.verdict == verdict
    assert check.witness == ("27 / 41" if verdict == "possible" else "")
    assert check.claims == ("share0.percent", "share1.percent", "share2.percent")


@pytest.mark.parametrize(
    ("printed", "n", "rule", "counts"),
    [
        ("12%", 100, "truncation", [12]),
        ("12%", 200, "half-up", [23, 24]),
        ("12%", 200, "any", [23, 24, 25]),
        ("<5%", 100, "any", [0, 1, 2, 3, 4]),
        (">97%", 100, "any", [98, 99, 100]),
        ("12%", 0, "any", []),
    ],
)
def test_the_counts_of_a_percentage_are_those_that_print_as_it(
    printed: str, n: int, rule: RoundingRule, counts: list[int]
) -> None:
    claim = Claim("a", Reported(printed), "percentage", (), Compute("percent", "vertebrae"))
    assert fitting_counts(claim, n, rule) == counts


def test_a_percentage_of_a_group_that_no_count_gives_forces_no_overall_one(tmp_path: Path) -> None:
    shares = [(WOMEN, {"leak": "no"}, "69%"), (WOMEN, {"leak": "yes"}, "61%"), (WOMEN, {}, "66%")]
    found = checks(tmp_path, COUNTS, shares)
    assert [check.check for check in found if check.alarm] == ["denominator"]
    assert [check for check in found if check.check == "groups_percentage"] == []


def test_groups_that_are_not_everybody_force_nothing(tmp_path: Path) -> None:
    shares = [(WOMEN, {"leak": "no"}, "69%"), (WOMEN, {"leak": "yes"}, "60%"), (WOMEN, {}, "99%")]
    found = checks(tmp_path, COUNTS | {"all": 50}, shares)
    assert [check for check in found if check.check == "groups_percentage"] == []


@pytest.mark.parametrize(
    ("men", "verdict", "code"),
    [("34%", "possible", "shares_hold"), ("39%", "impossible", "shares_above"), ("20%", "undecided", "shares_below")],
)
def test_shares_of_one_column_cannot_pass_the_whole(men: str, verdict: str, code: str, tmp_path: Path) -> None:
    check = only(checks(tmp_path, COUNTS, [(WOMEN, {}, "66%"), ({"sex": "M"}, {}, men)]), "shares")
    assert (check.verdict, check.code) == (verdict, code)


def test_a_percentage_that_no_count_gives(tmp_path: Path) -> None:
    (check,) = [found for found in checks(tmp_path, COUNTS, [(WOMEN, {}, "55%")]) if found.check == "denominator"]
    assert (check.verdict, check.code) == ("impossible", "denominator_fails")


@pytest.mark.parametrize(("printed", "verdict"), [("60%", "possible"), ("61%", "impossible")])
def test_a_percentage_within_a_group_is_out_of_that_group(printed: str, verdict: str, tmp_path: Path) -> None:
    # 9 of 15 is 60%; 61% is none of 15, though 25 of 41.
    found = only(checks(tmp_path, COUNTS, [(WOMEN, {"leak": "yes"}, printed)]), "denominator")
    assert found.verdict == verdict
    assert found.claims == ("share0.percent", "yes.n")
    assert found.witness == ("9 / 15" if verdict == "possible" else "")


@pytest.mark.parametrize("group", [{}, {"leak": "yes"}])
def test_a_count_within_a_group_is_held_against_the_count_of_both(group: Where, tmp_path: Path) -> None:
    women = _claim("women.n", "9", "count", {"statistic": "n", "group": {"sex": "F", "leak": "yes"}})
    claims = [_claim(f"{name}.n", str(COUNTS[name]), "count", {"statistic": "n", "group": where})
              for name, where in SIZES.items()]  # fmt: skip
    compute = {"statistic": "percent", "group": WOMEN | group, "within": {"leak": "yes"}}
    claims += [women, _claim("women.percent", "60%", "percentage", compute)]
    content = {"paper": {"key": "within"}, "variables": {}, "claims": claims}
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    assert only(list(check_counts(paper, "any")), "percentage").verdict == "possible"


@pytest.mark.parametrize(
    ("row", "alarms", "fitting"),
    [
        ("60;;64.8%;", ["denominator"], "35/54"),
        ("60;35;64.8%;", ["percentage"], "35/54"),
        ("60;35;64.8%;54", [], ""),
        ("60;34;64.8%;54", ["percentage"], ""),
        ("60;;64.8%;53", ["denominator"], "35/54"),
        ("10;;33%;", ["denominator"], "3/9 2/6 1/3"),
    ],
)
def test_a_percentage_of_another_number(row: str, alarms: list[str], fitting: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"variable;category;n;count;percent;of\nleak;yes;{row}", encoding="utf-8")
    found = audit(read_paper(path))
    assert [check.check for check in found if check.alarm] == alarms
    assert [check.values["fitting"] for check in found if check.alarm] == ([fitting] if alarms else [])


@pytest.mark.parametrize(
    ("row", "alarms"),
    [
        # 21 of the 45 whose habit is known, or of all 52.
        ("45,21,46.7", []),
        ("45,,46.7", []),
        ("45,21,40.4", []),
        ("45,21,45.7", ["percentage"]),
        ("45,,45.7", ["denominator"]),
        # A vertebra each, of more than there are patients.
        ("67,21,31.3", []),
    ],
)
def test_a_percentage_may_be_of_the_values_that_are_known(row: str, alarms: list[str], tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = ["variable,group,category,n,count,percent,mean,sd", "age,a,,52,,,71.3,8.4", "age,b,,49,,,70.6,9.1"]
    path.write_text("\n".join([*rows, f"smoker,a,yes,{row}"]), encoding="utf-8")
    assert [check.check for check in audit(read_paper(path)) if check.alarm] == alarms


def test_categories_of_the_known_values_may_each_be_too_few_for_all_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    # Six times 8 of 48; out of 52, each would be 9, and all 54.
    rows = ["variable,group,category,n,count,percent", *(f"v{number},a,,52,," for number in range(7))]
    path.write_text("\n".join([*rows, *(f"grade,a,{grade},48,,17" for grade in range(6))]), encoding="utf-8")
    assert not [check for check in audit(read_paper(path)) if check.alarm]


def test_percentages_of_known_values_force_no_overall_one_of_all(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = ["variable,group,category,n,percent", "age,,,40,", "age,a,,20,", "age,b,,20,"]
    # 5 of 10 and of 20 are 10 of 30 that are known, a third.
    rows += ["smoker,,yes,30,33.3", "smoker,a,yes,10,50.0", "smoker,b,yes,20,25.0"]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert not [check for check in audit(read_paper(path)) if check.alarm]


@pytest.mark.parametrize(
    ("rows", "alarms"),
    [
        # Everybody's row is of a score that three lack: the groups of 20 and 22 need not be 39.
        (["age,a,,20,", "pain,a,,18,", "age,b,,22,", "pain,b,,21,", "pain,,,39,"], []),
        (["age,a,,20,", "age,b,,22,", "age,,,39,"], ["sum"]),
        ([",a,,20,", "pain,a,,18,", "age,b,,22,", "age,,,39,"], ["sum"]),
        # Of whom 46.7% are is not printed, and the other rows do not agree.
        (["age,a,,20,", "pain,a,,18,", "sex,a,f,,46.7"], []),
        (["age,a,,20,", "pain,a,,20,", "sex,a,f,,46.7"], ["denominator"]),
        (["age,a,,20,", "pain,a,,18,", "sex,a,f,20,46.7"], ["denominator"]),
    ],
)
def test_the_size_of_a_group_that_rows_tell_otherwise_proves_nothing(
    rows: list[str], alarms: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["variable,group,category,n,percent", *rows]), encoding="utf-8")
    assert [check.check for check in audit(read_paper(path)) if check.alarm] == alarms


def _of_grades(folder: Path, header: str, *rows: str) -> dict[str, str]:
    path = folder / "t.csv"
    path.write_text("\n".join([f"variable;category;{header}", *rows]), encoding="utf-8")
    return {check.code: check.verdict for check in audit(read_paper(path)) if check.check in {"sum", "shares"}}


@pytest.mark.parametrize(
    ("counts", "said", "found"),
    [
        ((9, 8, 3), "yes", {"sum_holds": "possible"}),
        ((9, 8, 2), "yes", {"sum_short": "impossible"}),
        ((9, 8, 4), "yes", {"sum_above": "impossible"}),
        ((9, 8, 2), "no", {"sum_below": "undecided"}),
        ((9, 8, 2), "", {"sum_below": "undecided"}),
        ((9,), "yes", {}),
    ],
)
def test_counts_of_all_categories_make_up_the_n(
    counts: tuple[int, ...], said: str, found: dict[str, str], tmp_path: Path
) -> None:
    rows = [f"grade;{number};20;{count};{said}" for number, count in enumerate(counts)]
    assert _of_grades(tmp_path, "n;count;completo", *rows) == found


def test_in_every_group_counts_make_up_its_n_and_a_category_that_is_not_printed_may_have_a_few(tmp_path: Path) -> None:
    rows = ["a;20;9;mild", "a;20;8;severe", "b;10;4;mild", "b;10;6;severe"]
    lines = [f"grade;{row.rpartition(';')[2]};{row.rpartition(';')[0]};yes" for row in rows]
    assert _of_grades(tmp_path, "group;n;count;complete", *lines) == {
        "sum_short": "impossible",
        "sum_holds": "possible",
    }
    more = [*lines, "grade;none;b;10;0;yes"]
    assert _of_grades(tmp_path, "group;n;count;complete", *more)["sum_below"] == "undecided"


@pytest.mark.parametrize(
    ("severe", "found"),
    [("9", ("possible", "sum_holds")), ("8", ("undecided", "sum_below")), ("10", ("impossible", "sum_above"))],
)
def test_where_values_are_missing_counts_make_up_the_n_of_their_own(
    severe: str, found: tuple[str, str], tmp_path: Path
) -> None:
    n = {"statistic": "n", "over": "patients"}
    claims = [_claim("n", "20", "count", n), _claim("own", "18", "count", n | {"variable": "grade"})]
    for name, count in (("mild", "9"), ("severe", severe)):
        claims.append(_claim(name, count, "count", n | {"group": {"grade": name}}))
    content = {"paper": {"key": "a"}, "variables": {"grade": {"over": "patients", "complete": True}}, "claims": claims}
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    check = only(list(check_counts(paper, "any")), "sum")
    assert (check.verdict, check.code, check.claims) == (*found, ("mild", "severe", "own"))


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (("45%;;20", "55%;;20"), {"shares_hold": "possible"}),
        (("45%;;20", "50%;;20"), {"shares_short": "impossible"}),
        (("45%;;20", "60%;;20"), {"shares_above": "impossible"}),
        (("45%;20;", "50%;20;"), {"shares_short": "impossible"}),
        (("45%;;", "54%;;"), {"shares_hold": "possible"}),  # 45.5 and 54.5
        (("45%;;", "53%;;"), {"shares_short": "impossible"}),
        (("45%;;", "57%;;"), {"shares_above": "impossible"}),
        # Within rounding they can, but by no counts out of 100.
        (("33%;;",) * 3, {"shares_hold": "possible"}),
        (("33%;;100",) * 3, {"shares_short": "impossible"}),
        (("33.3%;;3", "33.3%;;3", "33.3%;;3"), {"shares_hold": "possible"}),
        (("45%;;", "<60%;;"), {"shares_hold": "possible"}),
        (("0%;;0", "0%;;0"), {}),
    ],
)
def test_percentages_of_all_categories_make_up_a_hundred(
    cells: tuple[str, ...], found: dict[str, str], tmp_path: Path
) -> None:
    rows = [f"grade;{number};{row};yes" for number, row in enumerate(cells)]
    assert _of_grades(tmp_path, "percent;of;n;complete", *rows) == found


@pytest.mark.parametrize(("disc", "code"), [("2", "sum_holds"), ("1", "sum_short")])
def test_sites_of_leaks_of_some_rows_make_up_the_leaks_of_them(disc: str, code: str, tmp_path: Path) -> None:
    rows = [("7", {"sex": "F"}), ("5", {"sex": "F", "leak": "yes"})]
    rows += [("3", {"sex": "F", "leak_site": "posterior"}), (disc, {"sex": "F", "leak_site": "disc"})]
    claims = [_claim(f"n{k}", n, "count", {"statistic": "n", "group": group}) for k, (n, group) in enumerate(rows)]
    variables = {"leak_site": {"over": "vertebrae", "complete": True}}
    paper = read_paper(
        write_paper({"paper": {"key": "a"}, "variables": variables, "claims": claims}, tmp_path / "paper.yaml")
    )
    assert only(list(check_counts(paper, "any")), "sum").code == code


def test_percentages_may_be_of_all_rows_where_values_are_missing(tmp_path: Path) -> None:
    claims = [_claim("n", "20", "count", {"statistic": "n"})]
    claims.append(_claim("own", "18", "count", {"statistic": "n", "variable": "grade"}))
    for name, printed in (("mild", "45%"), ("severe", "45%")):
        claims.append(_claim(name, printed, "percentage", {"statistic": "percent", "group": {"grade": name}}))
    variables = {"grade": {"over": "vertebrae", "complete": True}}
    paper = read_paper(
        write_paper({"paper": {"key": "a"}, "variables": variables, "claims": claims}, tmp_path / "paper.yaml")
    )
    assert only(list(check_counts(paper, "any")), "shares").verdict == "undecided"


def test_what_is_neither_yes_nor_no_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither true nor false") as told:
        _of_grades(tmp_path, "n;count;complete", "grade;mild;20;8;perhaps")
    assert [(problem.row, problem.column) for problem in told.value.problems] == [(2, "complete")]
    variables = {"grade": {"over": "patients", "complete": "yes"}}
    content = {"paper": {"key": "a"}, "variables": variables, "claims": []}
    with pytest.raises(InputError, match="complete is neither true nor false"):
        read_paper(write_paper(content, tmp_path / "paper.yaml"))


def test_sites_of_leaks_in_percent_of_everybody_make_up_no_hundred(tmp_path: Path) -> None:
    rows = ["leak_site;posterior;12%;yes", "leak_site;disc;15%;yes"]
    assert _of_grades(tmp_path, "percent;complete", *rows) == {"shares_below": "undecided"}


@pytest.mark.parametrize(
    ("row", "found"),
    [
        # 1.45 and 1.55 times 27 are 39.15 and 41.85.
        ("27;1.5;40", "possible"),
        ("27;1.5;41", "possible"),
        ("27;1.5;39", "impossible"),
        ("27;1.5;42", "impossible"),
        ("20;1,5;31", "possible"),
        ("20;1,5;32", "impossible"),
    ],
)
def test_mean_times_n_is_the_count_that_it_makes(row: str, found: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"variable;n;media;suma\nlevels;{row}", encoding="utf-8")
    paper = read_paper(path)
    check = only(audit(paper), "mean_sum")
    assert (check.verdict, check.alarm) == (found, found == "impossible")
    assert [each.checks for each in coverage(paper, [check])] == [("mean_sum",)] * 2


@pytest.mark.parametrize(
    ("n", "own", "found"), [("27", "", "possible"), ("20", "27", "possible"), ("27", "20", "impossible")]
)
def test_the_sum_of_a_mean_is_over_the_values_that_there_are(n: str, own: str, found: str, tmp_path: Path) -> None:
    claims = [_claim("n", n, "count", {"statistic": "n"})]
    claims += [_claim("own", own, "count", {"statistic": "n", "variable": "levels"})] if own else []
    claims.append(_claim("mean", "1.5", "mean", {"statistic": "mean", "variable": "levels", "sum": "41"}))
    # Printed elsewhere as well, more finely.
    claims.append(_claim("again", "1.52", "mean", {"statistic": "mean", "variable": "levels"}))
    variables = {"levels": {"over": "vertebrae", "step": "1"}}
    path = write_paper({"paper": {"key": "a"}, "variables": variables, "claims": claims}, tmp_path / "paper.yaml")
    check = only(audit(read_paper(path)), "mean_sum")
    assert (check.verdict, check.claims) == (found, ("mean", "own" if own else "n"))


def test_a_sum_of_what_is_no_mean_or_no_count_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for line in ("levels;27;1.5;;41.5", "levels;27;;1.5;41"):
        path.write_text(f"variable;n;mean;median;sum\n{line}", encoding="utf-8")
        with pytest.raises(InputError, match="add up to is no whole number") as told:
            read_paper(path)
        assert [(problem.row, problem.column) for problem in told.value.problems] == [(2, "sum")]
    claims = [_claim("n", "27", "count", {"statistic": "n", "sum": "41"})]
    with pytest.raises(InputError, match="add up to is no whole number"):
        read_paper(write_paper({"paper": {"key": "a"}, "variables": {}, "claims": claims}, tmp_path / "paper.yaml"))


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        # The groups are everybody: their counts are those of all.
        (["smoker;a;yes;38;8", "smoker;b;yes;34;11", "smoker;Total;yes;72;19"], {"sum_holds": "possible"}),
        (["smoker;a;yes;38;8", "smoker;b;yes;34;11", "smoker;Total;yes;72;25"], {"sum_groups": "impossible"}),
        (["smoker;a;yes;38;8", "smoker;b;yes;34;11", "smoker;Total;yes;72;18"], {"sum_groups": "impossible"}),
        # A third group is not printed.
        (["smoker;a;yes;38;8", "smoker;b;yes;30;11", "smoker;Total;yes;72;25"], {}),
        (["smoker;a;yes;38;8", "smoker;b;yes;30;11", "smoker;Total;yes;72;18"], {"sum_above": "impossible"}),
        # Of two diseases one patient may have both.
        (["disease;a;lungs;38;20", "disease;a;heart;38;25"], {"sum_above_if": "undecided"}),
        (["disease;;lungs;38;20", "disease;;heart;38;25"], {"sum_above_if": "undecided"}),
        (["disease;a;lungs;38;20", "disease;a;heart;38;15"], {}),
    ],
)
def test_counts_of_groups_and_of_what_one_patient_may_have_several_of(
    rows: list[str], code: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["variable;group;category;n;count", *rows]), encoding="utf-8")
    checks = [check for check in audit(read_paper(path)) if check.check == "sum" and len(check.claims) > 2]
    assert {check.code: check.verdict for check in checks if not check.claims[0].endswith("a.n")} == code
    assert [check.code for check in checks if check.remark] == [one for one in code if one == "sum_above_if"]
