"""Baseline p-values together: a remark where all of them are large by both methods, and never more."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import combine_pvalues

from tests.made_up_paper import write_paper
from vpresearch.audit import Check, audit, coverage
from vpresearch.audit.alike import combined
from vpresearch.core.reported import Reported
from vpresearch.published import read_paper


def found(folder: Path, printed: list[str], **more: object) -> list[Check]:
    tests = [{"id": f"p{n}", "p": p, "randomised": True, **more} for n, p in enumerate(printed)]
    path = write_paper({"paper": {"key": "a"}, "variables": {}, "claims": [], "tests": tests}, folder / "a.yaml")
    paper = read_paper(path)
    checks = audit(paper)
    # It judges none of them by itself.
    assert all(not each.checks for each in coverage(paper, checks))
    return [check for check in checks if check.check == "alike"]


ALIKE, PLAIN = ["0.98", "0.95", "0.97", "0.99", "0.96"], ["0.78", "0.15", "0.37", "0.99", "0.56"]


@pytest.mark.parametrize(
    ("printed", "more", "verdict", "code"),
    [
        (ALIKE, {}, "undecided", "too_alike"),
        (["0.97", "0.93", "1.0", "0.95", "0.94"], {}, "undecided", "too_alike"),
        (["0.9", "0.9", "0.9", "0.8", "0.8"], {}, "possible", "not_too_alike"),  # within rounding they need not be
        (["n.s."] * 9, {}, "possible", "not_too_alike"),
        (PLAIN, {}, "possible", "not_too_alike"),
        (["<0.001", *ALIKE[:4]], {}, "possible", "not_too_alike"),
        (ALIKE[:4], {}, "undecided", "alike_few"),
        (ALIKE, {"sided": "one"}, "undecided", "alike_few"),
        (ALIKE, {"test": "fisher"}, "undecided", "alike_few"),
    ],
)
def test_p_that_are_too_alike_are_remarked_on(
    printed: list[str], more: dict[str, object], verdict: str, code: str, tmp_path: Path
) -> None:
    (check,) = found(tmp_path, printed, **more)
    assert (check.verdict, check.code, check.alarm) == (verdict, code, False)
    assert check.remark == (verdict == "undecided")


def test_without_a_word_of_randomisation_nothing_is_combined(tmp_path: Path) -> None:
    assert found(tmp_path, ALIKE, randomised=False) == []


def test_both_methods_are_those_of_the_field() -> None:
    exact = [0.7812345, 0.1512345, 0.3712345, 0.9912345]
    ranges = combined([Reported(f"{p:.7f}").interval() for p in exact])
    large = [1 - p for p in exact]
    peers = (combine_pvalues(large, "stouffer").pvalue, combine_pvalues(large, "fisher").pvalue)
    for (low, high), one_sided in zip(ranges, peers, strict=True):
        peer = 2 * one_sided
        assert low < peer < high
        assert high - low < 1e-4


A, B, C = (f"{{}};{group};;20;61.25;9.84" for group in "abc")
ALL = ("a", "b", "c")


@pytest.mark.parametrize(
    ("rows", "n"),
    [
        ([A.format("age"), B.format("age"), C.format("age")], [3]),
        ([A.format("age"), B.format("age")], []),
        ([each.format(name) for name in ("age", "pain") for each in (A, B)], [2]),
        # The order of the groups is nothing; other groups are.
        ([A.format("age"), B.format("age"), B.format("pain"), A.format("pain")], [2]),
        ([A.format("age"), B.format("age"), B.format("pain"), C.format("pain")], []),
        ([f"age;{group};;20;2.0;1.0" for group in ALL], []),
        ([f"age;{group};;20;2.50;1.84" for group in ALL], []),
        ([f"age;{group};;20;2.51;1.80" for group in ALL], []),
        ([f"age;{group};;20;61.25;{sd}" for group, sd in zip(ALL, ("9.84", "9.85", "9.84"), strict=True)], []),
        ([f"age;{group};;20;{mean};9.84" for group, mean in zip(ALL, ("61.25", "61.24", "61.25"), strict=True)], []),
        ([f"age;{group};;20;61.25;" for group in ALL], []),
        # Those of some rows alone; what all of one group are is no further group.
        ([f"age;{group};f;20;61.25;9.84" for group in ALL], [3]),
        (["age;a;;20;61.25;9.84", "age;;f;20;61.25;9.84", "age;a;f;20;61.25;9.84"], []),
    ],
)
def test_the_same_mean_and_sd_of_several_groups_are_remarked_on(rows: list[str], n: list[int], tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["variable;group;group: sex;n;mean;sd", *rows]), encoding="utf-8")
    paper = read_paper(path)
    checks = [check for check in audit(paper) if check.check == "same_summaries"]
    assert [check.values["n"] for check in checks] == n
    assert all((check.verdict, check.alarm, check.remark) == ("undecided", False, True) for check in checks)
    assert all(not each.checks for each in coverage(paper, checks))
    if n:
        assert len(checks[0].claims) == 2 * len(rows)
