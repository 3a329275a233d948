"""Conclusions of the paper: every number against R, and no answer that the printed numbers do not give."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from vpresearch.audit.conclusions import ELSEWHERE, conclusions, fisher_of_percentage, t_of_mean
from vpresearch.core.reported import Reported
from vpresearch.published import Paper

_R = json.loads((Path(__file__).parents[1] / "reference" / "conclusions.json").read_text(encoding="utf-8"))
_ANSWERS = {
    "fewer_leaks": "holds",
    "less_cement": "holds",
    "reduces_leaks": "untested",
    "similar_results": "untested",
    "immediate": "fails",
    "maintained": "holds",
    "recommended": "untested",
}


@pytest.mark.parametrize(("n", "ends"), _R["fisher"].items())
def test_fishers_p_over_the_counts_that_print_so_is_that_of_r(n: str, ends: list[float]) -> None:
    assert fisher_of_percentage(15, 41, ELSEWHERE, int(n)) == pytest.approx(tuple(ends), rel=1e-9, abs=0)


def test_no_count_that_prints_so_gives_no_p() -> None:
    assert all(math.isnan(end) for end in fisher_of_percentage(15, 41, ELSEWHERE, 7))


def test_the_p_of_a_printed_mean_is_that_of_r() -> None:
    found = t_of_mean(Reported("2,0"), Reported("0,8"), 41, 3)
    assert found == pytest.approx(tuple(_R["cement"]), rel=1e-9, abs=0)
    assert t_of_mean(Reported("2,0"), Reported("0,8"), 41, 2.04)[1] == 1


def test_conclusions_of_the_paper(paper: Paper) -> None:
    found = {each.code: each for each in conclusions(paper)}
    assert {code: each.answer for code, each in found.items()} == _ANSWERS
    assert found["fewer_leaks"].values["p"] == pytest.approx(_R["binomial"], rel=1e-9, abs=0)
    # R goes on to 422 vertebrae.
    assert found["fewer_leaks"].values["greatest"] == pytest.approx(_R["greatest"], rel=1e-9, abs=0)
    assert found["less_cement"].values["p"] == pytest.approx(max(_R["cement"]), rel=1e-9, abs=0)
    own = found["reduces_leaks"].values
    assert (own["leak"], own["no_leak"], own["p"]) == (2.13, 1.95, 0.267)
    assert own["student_low"] < 0.466 < own["student_high"]
    assert found["recommended"].values == {"low": 2, "high": 3, "mean": 2}


@pytest.mark.parametrize(
    ("claims", "code", "answer"),
    [
        ({"results.leaks.n": "37", "table3.vertebrae.no_leak.n": "4"}, "fewer_leaks", "fails"),
        ({"table2.cement_volume.mean": "3,0"}, "less_cement", "fails"),
        ({"table4.vas_post.no_leak.mean": "1,0", "table4.vas_post.leak.mean": "1,0"}, "immediate", "untested"),
        ({"table4.vas_post.no_leak.mean": "1,0"}, "immediate", "fails"),
        ({"results.vas_1y.mean": "2,4", "abstract.vas_1y.mean": "2,4"}, "maintained", "fails"),
    ],
)
def test_other_numbers_give_another_answer(paper: Paper, claims: dict[str, str], code: str, answer: str) -> None:
    changed = tuple(
        replace(claim, printed=Reported(claims[claim.id])) if claim.id in claims else claim for claim in paper.claims
    )
    assert {each.code: each.answer for each in conclusions(replace(paper, claims=changed))}[code] == answer


def test_what_a_paper_does_not_conclude_or_print_is_not_held_against_it(paper: Paper) -> None:
    assert conclusions(replace(paper, about={"key": "another"})) == []
    scores = tuple(claim for claim in paper.claims if claim.compute.variable != "cement_volume_cc")
    left = {each.code for each in conclusions(replace(paper, claims=scores))}
    assert left == _ANSWERS.keys() - {"less_cement", "reduces_leaks", "recommended"}
