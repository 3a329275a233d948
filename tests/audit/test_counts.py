from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.made_up_paper import write_paper
from vpresearch.audit import Check, audit
from vpresearch.audit.counts import check_counts
from vpresearch.published import read_paper

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
