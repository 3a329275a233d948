"""What the paper's printed numbers prove about one another: each proof holds, and nothing else is claimed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vpresearch.audit import findings, p_bounds
from vpresearch.core.reported import Reported
from vpresearch.inference import rank_permutation
from vpresearch.published import Paper


def _with(paper: Paper, **printed: str) -> Paper:
    """Print other numbers; a double underscore stands for the dot of an id."""
    wanted = {name.replace("__", "."): Reported(number) for name, number in printed.items()}
    assert wanted.keys() <= {claim.id for claim in paper.claims}
    claims = tuple(replace(claim, printed=wanted.get(claim.id, claim.printed)) for claim in paper.claims)
    return replace(paper, claims=claims)


def _codes(paper: Paper, claim_id: str) -> list[str]:
    return [finding.code for finding in findings(paper, paper[claim_id])]


def test_all_that_is_proved_of_this_paper(paper: Paper) -> None:
    found = {claim.id: _codes(paper, claim.id) for claim in paper.claims if findings(paper, claim)}
    assert found == {
        "cohort.osteoporosis.percent": ["denominator_forced"],
        "cohort.rheumatoid_arthritis.percent": ["denominator_forced"],
        "table3.vertebral_volume.p": ["p_unattainable", "p_exchanged", "p_copied"],
        "results.vas_post.mean": ["unit_forced"],
        "results.vas_1y.mean": ["printed_twice"],
        "abstract.vas_1y.mean": ["printed_twice"],
    }


# -- p-values ----------------------------------------------------------------------------------------------------


def test_the_volume_p_is_unattainable_and_looks_exchanged(paper: Paper) -> None:
    proof, exchanged, copied = findings(paper, paper["table3.vertebral_volume.p"])
    assert proof.values == {
        "student_low": pytest.approx(0.17829, abs=1e-5),
        "student_high": pytest.approx(0.22091, abs=1e-5),
        "kruskal_low": pytest.approx(0.46490, abs=1e-5),
        "kruskal_high": pytest.approx(0.47219, abs=1e-5),
        "plain_low": pytest.approx(0.46490, abs=1e-5),
        "plain_high": pytest.approx(0.47321, abs=1e-5),
        "most_equal": 3,
    }
    assert copied.values == {"variable": "cement_volume_cc", "first_test": "student", "second_test": "kruskal"}
    assert exchanged.values == {"variable": "cement_volume_cc", "printed": "0,267"}


@pytest.mark.parametrize(
    ("volume", "cement", "codes"),
    [
        ("0,466", "0,267", ["p_unattainable", "p_exchanged", "p_copied"]),
        # The other row's p is no better here.
        ("0,466", "0,471", ["p_unattainable", "p_copied"]),
        ("0,200", "0,267", []),
        ("0,465", "0,267", []),
        ("<0,05", "0,267", []),
    ],
)
def test_a_p_is_unattainable_only_if_no_test_gives_it(paper: Paper, volume: str, cement: str, codes: list[str]) -> None:
    changed = _with(paper, table3__vertebral_volume__p=volume, table3__cement_volume__p=cement)
    assert _codes(changed, "table3.vertebral_volume.p") == codes


def test_a_p_is_exchanged_only_with_one_of_its_own_table(paper: Paper) -> None:
    changed = _with(paper, table3__cement_volume__p="0,471", table4__vas_pre__p="0,267")
    assert _codes(changed, "table3.vertebral_volume.p") == ["p_unattainable", "p_copied"]


def test_a_p_is_copied_only_where_two_tests_give_both(paper: Paper) -> None:
    # Neither Student's p of the cement (.446 to .500) nor, beside another by Kruskal-Wallis, one that it can give.
    grids = dict(paper.grids) | {"vas_pre": paper.grids["vas_pre"]}
    changed = _with(replace(paper, grids=grids), table3__vertebral_volume__p="0,667")
    assert _codes(changed, "table3.vertebral_volume.p") == ["p_unattainable", "p_exchanged", "p_copied"]
    (copied,) = [f for f in findings(changed, changed["table3.vertebral_volume.p"]) if f.code == "p_copied"]
    assert copied.values["first_test"] == "kruskal"


@pytest.mark.parametrize("named", [{"tests": ("mann_whitney",)}, {"one_sided": True}])
def test_of_other_tests_nothing_is_proved(paper: Paper, named: dict[str, object]) -> None:
    claims = tuple(replace(claim, **named) if claim.kind == "p" else claim for claim in paper.claims)  # type: ignore[arg-type]
    assert _codes(replace(paper, claims=claims), "table3.vertebral_volume.p") == []


def test_a_p_is_exchanged_only_if_it_is_possible_where_it_would_go(paper: Paper) -> None:
    grids = dict(paper.grids) | {"cement_volume_cc": replace(paper.grids["cement_volume_cc"], most_equal=3)}
    apart = _with(replace(paper, grids=grids), table3__cement_volume__leak__mean="2,90")
    assert not any(bound.possible for bound in p_bounds(apart, "cement_volume_cc", Reported("0,466")))
    assert _codes(apart, "table3.vertebral_volume.p") == ["p_unattainable"]


def test_bounds_by_variable(paper: Paper) -> None:
    bounds = p_bounds(paper, "vertebral_volume_cc", Reported("0,466"))
    assert [bound.test for bound in bounds] == ["student", "kruskal", "kruskal_uncorrected"]
    assert not any(bound.possible for bound in bounds)


@pytest.mark.parametrize("variable", ["cement_volume_cc", "vas_pre", "vas_post", "vas_1m"])
def test_free_ties_leave_any_rank_p(paper: Paper, variable: str) -> None:
    rank = p_bounds(paper, variable, Reported("0,466"))[1]
    assert (rank.test, rank.low, rank.high, rank.nearest, rank.possible) == ("kruskal", 0, 1, 0.466, True)


@pytest.mark.parametrize("variable", ["vas_1y", "odi_pre", "age_years", "nonsense"])
def test_without_group_statistics_there_are_no_bounds(paper: Paper, variable: str) -> None:
    assert p_bounds(paper, variable, Reported("0,466")) == ()


def test_bounds_are_of_the_unit_of_the_p(paper: Paper) -> None:
    claims = tuple(
        replace(claim, compute=replace(claim.compute, over="eyes"))
        if claim.id.startswith("table3.vertebral_volume.") and claim.kind in {"mean", "sd"}
        else claim
        for claim in paper.claims
    )
    apart = replace(paper, claims=claims)
    assert p_bounds(apart, "vertebral_volume_cc", Reported("0,466"), "vertebrae") == ()
    assert "p_unattainable" not in _codes(apart, "table3.vertebral_volume.p")
    # The sizes too: there is no n of eyes.
    assert p_bounds(apart, "vertebral_volume_cc", Reported("0,466"), "eyes") == ()


def test_bounds_need_no_grid(paper: Paper) -> None:
    grids = {name: grid for name, grid in paper.grids.items() if name != "vertebral_volume_cc"}
    rank = p_bounds(replace(paper, grids=grids), "vertebral_volume_cc", Reported("0,466"))[1]
    assert (rank.low, rank.high) == (0, 1)


# -- units and denominators --------------------------------------------------------------------------------------


def test_a_mean_of_patients_outside_that_of_the_vertebrae_is_told(paper: Paper) -> None:
    (finding,) = findings(paper, paper["results.vas_post.mean"])
    assert finding.values == {
        "low": pytest.approx((26 * 1.95 + 15 * 2.45) / 41, rel=1e-12),
        "high": pytest.approx((26 * 2.05 + 15 * 2.55) / 41, rel=1e-12),
    }


@pytest.mark.parametrize(
    ("printed", "forced"),
    [("2,0", True), ("2,1", False), ("2,2", False), ("2,3", True), ("2", False), ("3", True), ("> 2,3", True)],
)
def test_a_unit_is_forced_only_where_the_intervals_do_not_meet(paper: Paper, printed: str, *, forced: bool) -> None:
    changed = _with(paper, results__vas_post__mean=printed)
    assert _codes(changed, "results.vas_post.mean") == (["unit_forced"] if forced else [])


def test_a_mean_of_vertebrae_forces_no_unit(paper: Paper) -> None:
    assert _codes(_with(paper, table2__vertebral_volume__mean="30,0"), "table2.vertebral_volume.mean") == []


@pytest.mark.parametrize(
    ("printed", "forced"),
    [("98%", True), ("96%", False), ("100%", False), ("97%", True), ("96,3%", False), ("99,9%", True)],
)
def test_a_denominator_is_forced_only_where_no_count_of_patients_prints_so(
    paper: Paper, printed: str, *, forced: bool
) -> None:
    changed = _with(paper, cohort__osteoporosis__percent=printed)
    found = findings(changed, changed["cohort.osteoporosis.percent"])
    assert [(finding.code, finding.values) for finding in found] == (
        [("denominator_forced", {"patients": 27})] if forced else []
    )


def test_a_share_of_vertebrae_forces_no_denominator(paper: Paper) -> None:
    # 37% is no share of 27 patients either, but a leak is a vertebra's.
    assert not any(count / 27 * 100 in Reported("38,9%").interval() for count in range(28))
    changed = _with(paper, results__leaks__percent="38,9%")
    assert _codes(changed, "results.leaks.percent") == []


def test_a_quantity_printed_with_two_values_is_told_at_both(paper: Paper) -> None:
    one, other = "results.vas_1y.mean", "abstract.vas_1y.mean"
    for here, there in ((one, other), (other, one)):
        (finding,) = findings(paper, paper[here])
        assert finding.values == {
            "places": "; ".join(paper[there].places),
            "printed": paper[there].printed.printed,
            "over": paper[there].compute.over,
        }
    assert _codes(_with(paper, abstract__vas_1y__mean="1,80"), one) == []


# -- tests that the paper does not name --------------------------------------------------------------------------

_NO = (
    "15.6 19.4 20.3 20.8 22.0 22.3 22.4 23.3 23.6 23.7 23.9 24.0 24.1 26.9 27.4 28.0 28.8 30.5 32.7 32.8 33.1 33.3 "
    "33.8 34.0 36.9 38.1"
)
_YES = "15.6 15.9 16.4 19.6 21.0 24.3 24.7 25.1 25.5 26.1 27.6 28.4 29.1 33.6 34.2"


def test_an_exact_permutation_gives_the_p_of_the_volume_with_one_pair_of_equal_volumes(paper: Paper) -> None:
    groups = [np.array([float(value) for value in part.split()]) for part in (_NO, _YES)]
    for group, name in zip(groups, ("no_leak", "leak"), strict=True):
        for statistic, value in (("mean", group.mean()), ("sd", group.std(ddof=1))):
            assert value in paper[f"table3.vertebral_volume.{name}.{statistic}"].printed.interval()
    assert len(np.unique(np.concatenate(groups))) == 40
    printed = paper["table3.vertebral_volume.p"].printed.interval()
    no, yes = groups
    assert rank_permutation(no, yes, "doubled").p_value in printed
    assert rank_permutation(no, yes, "distance").p_value not in printed
