"""The audit on this paper, and on papers whose truth is known."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import kruskal, ttest_ind

from tests.audit.test_joined import two_groups
from tests.made_up_paper import alter, make_paper, write_paper
from vpresearch.audit import Check, audit, kruskal_without_contrived_ties, p_values
from vpresearch.audit.p_attained import PERMUTATION, Attained, bounded
from vpresearch.audit.p_values import check_p_values
from vpresearch.audit.witness import Ints
from vpresearch.core.paths import PUBLISHED
from vpresearch.core.reported import Reported
from vpresearch.figures import audit_p
from vpresearch.lattice import Cell
from vpresearch.published import read_paper
from vpresearch.tables.audited import audit_table


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    return audit(read_paper(PUBLISHED))


def _of(checks: list[Check], check: str, claim: str) -> list[Check]:
    return [found for found in checks if found.check == check and found.claims[0] == claim]


def test_the_only_alarm_is_the_p_of_the_volume(checks: list[Check]) -> None:
    assert [(check.check, check.claims[0]) for check in checks if check.alarm] == [
        ("p_source", "table3.vertebral_volume.p")
    ]


def test_the_two_p_of_table_3_fit_each_other_s_row(checks: list[Check]) -> None:
    (exchange,) = [check for check in checks if check.check == "p_exchange"]
    assert exchange.claims == ("table3.vertebral_volume.p", "table3.cement_volume.p")
    assert exchange.verdict == "possible"


@pytest.mark.parametrize(
    ("claim", "scale", "pairs", "printed"),
    [
        ("table4.vas_pre.p", "1 – 10", 42_048, 609),
        ("table4.vas_post.p", "1 – 10", 41_492, 114),
        ("table4.vas_1m.p", "1 – 10", 48_144, 71),
        ("table4.vas_post.p", "0 – 10", 3_462_696, 10_389),
        ("table4.vas_1m.p", "0 – 10", 11_650_422, 103_275),
    ],
)
def test_pairs_that_give_the_printed_p(checks: list[Check], claim: str, scale: str, pairs: int, printed: int) -> None:
    (kruskal,) = [check for check in _of(checks, "p_kruskal", claim) if check.values["scale"] == scale]
    assert kruskal.n_datasets == printed
    cells = [check.n_datasets for check in checks if check.check == "grimmer" and check.values["scale"] == scale]
    variable = claim.split(".")[1]
    sizes = [
        check.n_datasets
        for check in checks
        if check.check == "grimmer" and check.values["scale"] == scale and check.values["variable"] == variable
    ]
    assert cells
    assert np.prod([size or 0 for size in sizes]) == pairs


@pytest.mark.parametrize("row", ["vas_pre", "vas_post", "vas_1m"])
def test_student_gives_no_p_of_table_4(checks: list[Check], row: str) -> None:
    assert {check.verdict for check in _of(checks, "p_student", f"table4.{row}.p")} == {"impossible"}


@pytest.mark.parametrize(
    ("claim", "uncorrected"),
    [
        ("table3.vertebral_volume.p", "impossible"),
        ("table3.cement_volume.p", "possible"),
        ("table4.vas_pre.p", "impossible"),
        ("table4.vas_post.p", "possible"),
        ("table4.vas_1m.p", "impossible"),
    ],
)
def test_the_tables_show_that_ties_were_corrected(checks: list[Check], claim: str, uncorrected: str) -> None:
    assert {check.verdict for check in _of(checks, "p_kruskal_uncorrected", claim)} == {uncorrected}
    corrected = "impossible" if claim == "table3.vertebral_volume.p" else "possible"
    assert {check.verdict for check in _of(checks, "p_kruskal", claim)} == {corrected}


def test_both_p_of_table_3_fit_the_cement(checks: list[Check]) -> None:
    (copy_,) = [check for check in checks if check.check == "p_copy"]
    assert (copy_.claims[1], copy_.verdict) == ("table3.cement_volume.p", "possible")
    no, yes = (_values(part) for part in copy_.witness.split(" | "))
    assert 0.4655 <= ttest_ind(no, yes).pvalue <= 0.4665
    assert 0.2665 <= kruskal(no, yes).pvalue <= 0.2675


def test_what_no_pair_was_found_for_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of two that are exchanged one is found; of the copied none.
    found = iter(["1, 2 | 3, 4"])
    monkeypatch.setattr(p_values, "_first_witness", lambda *_: next(found, ""))
    monkeypatch.setattr(p_values, "both_witness", lambda *_: "")
    checks = check_p_values(read_paper(PUBLISHED), "any", np.random.default_rng(1))
    told = {check.check: check.verdict for check in checks if check.check in ("p_exchange", "p_copy")}
    assert told == {"p_exchange": "undecided", "p_copy": "undecided"}


def _values(shown: str) -> list[float]:
    parts = (part.split(" x") for part in shown.split(", "))
    return [float(value) for value, *times in parts for _ in range(int(times[0]) if times else 1)]


def test_cement_is_not_on_a_half_cc_grid(checks: list[Check]) -> None:
    (half,) = [
        check
        for check in _of(checks, "grimmer_natural_grid", "table3.cement_volume.no_leak.mean")
        if check.values["step"] == "0.5"
    ]
    assert half.verdict == "impossible"


def test_vas_after_treatment_is_a_mean_of_patients(checks: list[Check]) -> None:
    assert [check.code for check in _of(checks, "unit_of_mean", "results.vas_post.mean")] == ["unit_forced"]


def test_vas_at_one_year_is_two_numbers_at_two_units(checks: list[Check]) -> None:
    (twice,) = _of(checks, "printed_twice", "results.vas_1y.mean")
    assert (twice.verdict, twice.code) == ("possible", "twice_units")


def test_arthritis_is_a_share_of_vertebrae(checks: list[Check]) -> None:
    (denominator,) = _of(checks, "denominator", "cohort.rheumatoid_arthritis.percent")
    assert denominator.code == "denominator_forced"


def test_the_mean_fill_forces_a_negative_relation(checks: list[Check]) -> None:
    (ratio,) = [check for check in checks if check.check == "ratio"]
    assert ratio.code == "ratio_forces_negative"
    assert float(ratio.values["high"]) == pytest.approx(8.3625, abs=1e-4)


def test_possible_has_a_witness(checks: list[Check]) -> None:
    without = {check.check for check in checks if check.verdict == "possible" and not check.witness}
    assert without <= {"sd_limit", "unit_of_analysis"}


@pytest.mark.long
@pytest.mark.parametrize("seed", [100, 101, 102])
def test_true_numbers_raise_no_alarm(seed: int, tmp_path: Path) -> None:
    paper = read_paper(write_paper(make_paper(seed), tmp_path / "paper.yaml"))
    assert [check for check in audit(paper) if check.alarm] == []


@pytest.mark.parametrize(
    ("printed", "kruskal"),
    [
        pytest.param("<0.05", "impossible", marks=pytest.mark.long),
        (">0.05", "possible"),
        ("<0.5", "possible"),
        (">0.5", "possible"),
    ],
)
def test_a_p_that_is_printed_as_a_bound(printed: str, kruskal: str, tmp_path: Path) -> None:
    claims = [
        {"id": f"{name}.n", "printed": n, "kind": "count", "compute": {"statistic": "n", "group": {"leak": leak}}}
        for name, leak, n in (("no", "no", "26"), ("yes", "yes", "15"))
    ]
    for name, leak, mean, sd in (("no", "no", "8.4", "1.6"), ("yes", "yes", "7.9", "1.9")):
        for kind, number in (("mean", mean), ("sd", sd)):
            compute = {"statistic": kind, "variable": "vas_pre", "group": {"leak": leak}}
            claims.append({"id": f"{name}.{kind}", "printed": number, "kind": kind, "compute": compute})
    claims.append({"id": "p", "printed": printed, "kind": "p", "compute": {"statistic": "p", "variable": "vas_pre"}})
    for claim in claims:
        claim["places"] = ["table"]
        claim["compute"] = claim["compute"] | {"over": "vertebrae"}  # type: ignore[operator]
    grid = {"over": "vertebrae", "step": "1", "low": "4", "high": "10"}
    content = {"paper": {"key": "bound"}, "variables": {"vas_pre": grid}, "claims": claims}
    checks = audit(read_paper(write_paper(content, tmp_path / "paper.yaml")))
    (check,) = _of(checks, "p_kruskal", "p")
    # Between these groups, from 4 to 10, the smallest Kruskal-Wallis p is .0593 or a little less.
    assert check.verdict == kruskal
    assert bool(check.witness) == (kruskal == "possible")
    (student,) = _of(checks, "p_student", "p")
    assert student.verdict == ("impossible" if printed in {"<0.05", ">0.5"} else "possible")


def test_an_altered_count_and_an_altered_mean_are_caught(tmp_path: Path) -> None:
    content = make_paper(100)
    for name, printed in (("treated.n", "+3"), ("score.all.mean", "+1.5")):
        altered = copy.deepcopy(content)
        altered["tests"] = []
        (claim,) = [claim for claim in altered["claims"] if claim["id"] == name]
        claim["printed"] = f"{float(claim['printed']) + float(printed):g}"
        assert any(check.alarm for check in audit(read_paper(write_paper(altered, tmp_path / "paper.yaml"))))


@pytest.mark.long
def test_the_seed_moves_no_proof(checks: list[Check]) -> None:
    first, second = (
        {(c.check, c.claims): c.verdict == "impossible" for c in found}
        for found in (checks, audit(read_paper(PUBLISHED), 2))
    )
    assert first == second


def test_pools_whose_pairs_are_too_many_are_thinned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    means = {"a.n": "9", "b.n": "8", "a.mean": "3.0", "a.sd": "1.5", "b.mean": "4.0", "b.sd": "1.6"}
    content = two_groups("1", "0", "7", means)
    compute = {"statistic": "p", "over": "vertebrae", "variable": "vas_pre"}
    content["claims"].append({"id": "p", "printed": "0.2", "kind": "p", "places": ["table"], "compute": compute})
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    pools: list[list[int]] = []
    monkeypatch.setattr(p_values, "_MOST_PAIRS", 1)
    monkeypatch.setattr(p_values, "_SOME", 3)

    def sized(first: Cell, second: Cell, given: tuple[Ints, Ints], *rest: Any, **more: Any) -> dict[str, Attained]:
        pools.append([len(pool) for pool in given])
        return bounded(first, second, given, *rest, **more)

    monkeypatch.setattr(p_values, "bounded", sized)
    assert list(check_p_values(paper, "any", np.random.default_rng(1)))
    assert pools == [[3, 3]]


def test_altering_changes_one_number() -> None:
    content = make_paper(3)
    altered = copy.deepcopy(content)
    (name,), _ = alter(altered, np.random.default_rng(1), {"SE for SD": 1})
    entries = [[*made["claims"], *made["tests"]] for made in (content, altered)]
    (changed,) = [a["id"] for a, b in zip(*entries, strict=True) if a != b]
    assert name.startswith(changed)


def test_what_supposes_few_equal_values_says_so(checks: list[Check]) -> None:
    (source,) = _of(checks, "p_source", "table3.vertebral_volume.p")
    assert (source.code, source.values["most_equal"]) == ("p_source_impossible_if", 3)
    assert source.values["supposed"] == "kruskal"
    (exchange,) = [check for check in checks if check.check == "p_exchange"]
    assert exchange.code == "p_exchanged_if"
    (cement,) = _of(checks, "p_source", "table3.cement_volume.p")
    assert cement.code == "p_source_possible"


def test_one_volume_thirteen_times_gives_the_p_of_the_volume() -> None:
    found = kruskal_without_contrived_ties(Reported("0,466"), (26, 15), 13)
    assert found.possible


def test_a_count_printed_twice_in_two_ways_is_an_alarm(tmp_path: Path) -> None:
    content = make_paper(100)
    content["claims"] = content["claims"][:3]
    first = content["claims"][0]
    content["claims"].append(first | {"id": "abstract.n", "printed": str(int(first["printed"]) + 1)})
    alarms = [check for check in audit(read_paper(write_paper(content, tmp_path / "paper.yaml"))) if check.alarm]
    assert [(check.check, check.code) for check in alarms] == [("printed_twice", "twice_contradicts")]


def test_large_groups_are_audited_without_the_exact_test(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", (PUBLISHED.parent / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    path = tmp_path / "paper.yaml"
    path.write_text(example[1].replace('"15"', '"1500"').replace('"14"', '"1400"'), encoding="utf-8")
    checks = {check.check: check for check in audit(read_paper(path))}
    assert checks["p_student"].verdict == "impossible"
    assert "p_kruskal" in checks
    assert "p_mann_whitney_exact" not in checks


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_the_example_of_another_paper_that_the_project_shows(name: str, tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", (PUBLISHED.parent / name).read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    path = tmp_path / "paper.yaml"
    path.write_text(example[1], encoding="utf-8")
    checks = audit(read_paper(path))
    # Where another test gives the p, not every division of the pooled values is searched.
    searched = {f"p_{test}" for test in PERMUTATION}
    assert {check.verdict for check in checks if check.check not in searched} == {"possible"}
    assert not any(check.verdict == "impossible" for check in checks)
    assert {check.check for check in checks} >= {"grimmer", "p_kruskal", "p_source"}
    # No dictionary knows its variable; its own name stands for it.
    figure = audit_p(checks, "es")
    assert figure.data["test"].tolist()[:2] == ["student", "welch"]
    assert len(audit_table(checks, "es").data) == len(checks)


@pytest.mark.parametrize(
    ("printed", "test"), [("0.0127", "chi_squared"), ("0.0169", "chi_squared_yates"), ("0.0168", "fisher")]
)
def test_a_yes_or_no_with_means_is_tested_as_a_table_too(printed: str, test: str, tmp_path: Path) -> None:
    # 61 of 200 against 85 of 200, as means and standard deviations.
    content = two_groups("1", "0", "1", {"a.n": "200", "b.n": "200", "a.mean": "0.305", "b.mean": "0.425"})
    for group, leak, sd in (("a", "no", "0.462"), ("b", "yes", "0.496")):
        compute = {"statistic": "sd", "over": "vertebrae", "variable": "vas_pre", "group": {"leak": leak}}
        content["claims"].append(
            {"id": f"{group}.sd", "printed": sd, "kind": "sd", "places": ["table"], "compute": compute}
        )
    compute = {"statistic": "p", "over": "vertebrae", "variable": "vas_pre"}
    content["claims"].append({"id": "p", "printed": printed, "kind": "p", "places": ["table"], "compute": compute})
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    checks = list(check_p_values(paper, "any", np.random.default_rng(1)))
    assert [check for check in checks if check.alarm] == []
    (found,) = _of(checks, f"p_{test}", "p")
    assert found.verdict == "possible"
    groups = [re.findall(r"(\d)(?: x(\d+))?", part) for part in found.witness.split(" | ")]
    assert [dict(group) for group in groups] == [{"0": "139", "1": "61"}, {"0": "115", "1": "85"}]


@pytest.mark.long
def test_a_p_of_three_arms_is_not_taken_for_one_of_two_groups(tmp_path: Path) -> None:
    content = make_paper(100)
    for arm, n in (("x", "10"), ("y", "12"), ("z", "14")):
        where = {"over": "patients", "group": {"site": arm}}
        content["claims"].append(
            {"id": f"{arm}.n", "printed": n, "kind": "count", "places": ["t"], "compute": where | {"statistic": "n"}}
        )
        mean = where | {"statistic": "mean", "variable": "score"}
        content["claims"].append(
            {"id": f"{arm}.mean", "printed": "3.4", "kind": "mean", "places": ["t"], "compute": mean}
        )
    checks = audit(read_paper(write_paper(content, tmp_path / "paper.yaml")))
    assert _of(checks, "p_source", "score.test.p") == []
    assert _of(checks, "p_source", "healed.test.p")


@pytest.mark.parametrize(("mean", "sd", "least"), [("5.0", "0.0", "5.0"), ("2.0", "1.0", "0"), ("2", "1.0", "2.2")])
def test_a_mean_ratio_is_bounded_only_where_the_bounds_hold(mean: str, sd: str, least: str, tmp_path: Path) -> None:
    n = {"statistic": "n"}
    claims = [("n", "20", "count", n)]
    for name, column, kind, number in (
        ("y.mean", "y", "mean", mean), ("y.sd", "y", "sd", sd), ("y.min", "y", "minimum", least),
        ("x.mean", "x", "mean", "3.0"), ("x.sd", "x", "sd", "1.0"), ("r.mean", "r", "mean", "177.3"),
    ):  # fmt: skip
        statistic = {"minimum": "min"}.get(kind, kind)
        claims.append((name, number, kind, {"statistic": statistic, "variable": column}))
    content = {
        "paper": {"key": "ratio"},
        "variables": {
            "x": {"over": "patients", "step": "0.1"},
            "y": {"over": "patients", "step": "0.1"},
            "r": {"over": "patients", "ratio": ["x", "y"]},
        },
        "claims": [
            {"id": name, "printed": number, "kind": kind, "places": ["t"], "compute": compute | {"over": "patients"}}
            for name, number, kind, compute in claims
        ],
    }
    checks = audit(read_paper(write_paper(content, tmp_path / "paper.yaml")))
    assert [check for check in checks if check.check == "ratio"] == []
