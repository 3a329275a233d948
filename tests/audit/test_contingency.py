from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2_contingency, fisher_exact

from tests.made_up_paper import write_paper
from vpresearch.audit import audit, contingency
from vpresearch.audit.check import Check
from vpresearch.audit.contingency import check_contingency, fisher_of_any
from vpresearch.published import read_paper

# Leak by sex: 8 of 20 women, 11 of 15 men.
TABLE = np.array([[8, 12], [11, 4]])
GIVEN = {
    "chi_squared": chi2_contingency(TABLE, correction=False).pvalue,
    "chi_squared_yates": chi2_contingency(TABLE, correction=True).pvalue,
    "fisher": fisher_exact(TABLE).pvalue,
}


def _claim(name: str, printed: str, kind: str, **compute: Any) -> dict[str, Any]:
    compute = {"statistic": "p" if kind == "p" else "n", "over": "vertebrae", **compute}
    return {"id": name, "printed": printed, "kind": kind, "places": ["text"], "compute": compute}


def _checks(tmp_path: Path, p: str, *, cells: bool) -> dict[str, Check]:
    claims = [
        _claim("all.n", "35", "count"),
        _claim("leaks.n", "19", "count", group={"leak": "yes"}),
        _claim("no_leaks.n", "16", "count", group={"leak": "no"}),
        _claim("women.n", "20", "count", group={"sex": "F"}),
        _claim("men.n", "15", "count", group={"sex": "M"}),
        _claim("sex.p", p, "p", variable="sex"),
    ]
    if cells:
        claims.append(_claim("women_with_leak.n", "8", "count", group={"sex": "F", "leak": "yes"}))
    return _found(claims, tmp_path)


@pytest.mark.parametrize("test", list(GIVEN))
def test_the_test_that_was_used_is_named(test: str, tmp_path: Path) -> None:
    found = _checks(tmp_path, f"{GIVEN[test]:.3f}", cells=True)
    possible = {name for name, check in found.items() if check.verdict == "possible"}
    assert possible == {f"p_{test}", "p_source"}
    assert found["p_source"].values["possible"] == test
    assert found[f"p_{test}"].witness in {"8 12 / 11 4", "12 8 / 4 11"}


def test_without_the_cells_every_table_of_the_margins_is_tried(tmp_path: Path) -> None:
    found = _checks(tmp_path, f"{GIVEN['fisher']:.3f}", cells=False)
    assert found["p_fisher"].verdict == "possible"
    assert found["p_fisher"].p_min < 0.001
    assert found["p_fisher"].p_max == pytest.approx(1)


def test_a_p_that_no_table_gives_is_impossible(tmp_path: Path) -> None:
    found = _checks(tmp_path, "0,501", cells=False)
    assert {check.verdict for check in found.values()} == {"impossible"}
    assert found["p_source"].alarm


def _tables_with_the_margins_of(table: np.ndarray) -> Iterator[np.ndarray]:
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    for inner in product(range(table.max(initial=0) * 3 + 1), repeat=(len(rows) - 1) * (len(columns) - 1)):
        upper = np.array(inner).reshape(len(rows) - 1, -1)
        upper = np.hstack([upper, (rows[:-1] - upper.sum(axis=1))[:, None]])
        whole = np.vstack([upper, columns - upper.sum(axis=0)])
        if (whole >= 0).all():
            yield whole


@pytest.mark.parametrize(
    "table", [[[3, 1], [0, 4]], [[2, 0, 1], [1, 3, 0]], [[2, 1], [0, 3], [2, 0]], [[1, 0, 2], [0, 2, 0], [1, 1, 1]]]
)
def test_fisher_s_test_of_any_table_is_that_of_all_tables_with_its_margins(table: list[list[int]]) -> None:
    own = np.array(table)

    def chance(each: np.ndarray) -> Fraction:
        return 1 / Fraction(math.prod(math.factorial(int(cell)) for cell in each.ravel()))

    chances = [chance(each) for each in _tables_with_the_margins_of(own)]
    expected = sum(each for each in chances if each <= chance(own)) / sum(chances)
    assert fisher_of_any(own) == pytest.approx(float(expected), rel=1e-12)
    if own.shape == (2, 2):
        assert fisher_of_any(own) == pytest.approx(fisher_exact(own).pvalue, rel=1e-9)


@pytest.mark.parametrize("table", [[[3, 4], [0, 0]], [[3, 0], [4, 0]], [[3, 4, 2], [0, 0, 0]], [[5, 0, 0], [2, 0, 0]]])
def test_a_table_of_which_one_row_or_column_is_left_has_no_test(table: list[list[int]]) -> None:
    assert contingency.tests_of(np.array(table), (), one_sided=False) == {}


def test_this_paper_prints_no_such_p() -> None:
    from vpresearch.core.paths import PUBLISHED

    assert list(check_contingency(read_paper(PUBLISHED), "any")) == []


def _found(claims: list[dict[str, Any]], tmp_path: Path) -> dict[str, Check]:
    content = {"paper": {"key": "made-up"}, "variables": {}, "claims": claims}
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    return {check.check: check for check in check_contingency(paper, "any")}


@pytest.mark.parametrize(("columns", "held"), [(["cause"], True), (["cause", "region"], False)])
def test_by_which_of_several_columns_a_p_is_nobody_knows(columns: list[str], held: bool, tmp_path: Path) -> None:
    claims = [
        _claim(f"{column}.{value}.n", n, "count", group={column: value})
        for column in ("sex", *columns)
        for value, n in (("one", "20"), ("other", "15"))
    ]
    found = _found([*claims, _claim("sex.p", "0.501", "p", variable="sex")], tmp_path)
    assert bool(found) is held


def test_a_table_that_is_printed_whole_leaves_nothing_that_may_be_missing(tmp_path: Path) -> None:
    claims = [
        *(_claim(f"{leak}.n", n, "count", group={"leak": leak}) for leak, n in (("yes", "19"), ("no", "16"))),
        *(
            _claim(f"{sex}.{leak}.n", str(n), "count", group={"sex": sex, "leak": leak})
            for sex, row in (("F", (8, 12)), ("M", (11, 4)))
            for leak, n in zip(("yes", "no"), row, strict=True)
        ),
        _claim("sex.p", "0.501", "p", variable="sex"),
    ]
    found = _found(claims, tmp_path)["p_source"]
    assert (found.verdict, found.alarm) == ("impossible", True)


@pytest.mark.parametrize(("by", "verdicts"), [("leak", {"impossible"}), ("cause", set())])
def test_a_p_by_one_column_is_not_held_against_the_table_of_another(
    by: str, verdicts: set[str], tmp_path: Path
) -> None:
    claims = [
        *(_claim(f"{sex}.n", n, "count", group={"sex": sex}) for sex, n in (("F", "20"), ("M", "15"))),
        *(_claim(f"{leak}.n", n, "count", group={"leak": leak}) for leak, n in (("yes", "19"), ("no", "16"))),
        _claim("women_with_leak.n", "8", "count", group={"sex": "F", "leak": "yes"}),
        _claim("sex.p", "0.501", "p", variable="sex", by=by),
    ]
    assert {check.verdict for check in _found(claims, tmp_path).values()} == verdicts


@pytest.mark.parametrize(("p", "verdict"), [("0.020", "possible"), ("0.016", "possible"), ("0.90", "impossible")])
def test_a_p_may_be_of_the_values_that_are_known_or_of_all_rows(p: str, verdict: str, tmp_path: Path) -> None:
    # 21 of 45 and 9 of 40 by chi-squared, or 21 of 52 and 9 of 49.
    assert _smokers(p, tmp_path).verdict == verdict


def _smokers(p: str, tmp_path: Path) -> Check:
    path = tmp_path / "t.csv"
    rows = ["variable,group,category,n,count,mean,sd", "age,a,,52,,71.3,8.4", "age,b,,49,,70.6,9.1"]
    path.write_text("\n".join([*rows, "smoker,a,yes,45,21,,", "smoker,b,yes,40,9,,"]), encoding="utf-8")
    path.with_name("t-tests.csv").write_text(f"variable,p\nsmoker,{p}", encoding="utf-8")
    (found,) = [check for check in audit(read_paper(path)) if check.check == "p_source"]
    return found


def test_a_few_missing_values_of_one_reading_are_enough_to_explain_a_p(tmp_path: Path) -> None:
    # Of the 45 and 40 that are known, four more of the second group may be missing; of all rows no few give this p.
    p = float(contingency.tests_of(np.array([[21, 9], [24, 27]]), (), one_sided=False)["chi_squared_yates"].flat[0])
    assert _smokers(f"{p:.3f}", tmp_path).code == "p_if_missing"
