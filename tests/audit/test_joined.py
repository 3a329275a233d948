from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.made_up_paper import make_paper, write_paper
from vpresearch.audit import Check
from vpresearch.audit.joined import check_joined
from vpresearch.published import read_paper


def two_groups(step: str, low: str | None, high: str | None, printed: dict[str, str]) -> dict[str, Any]:
    """A paper that prints one variable of two groups and of everybody."""
    claims = []
    for group, where in (("everybody", {}), ("a", {"leak": "no"}), ("b", {"leak": "yes"})):
        for statistic in ("n", "mean", "sd", "min", "max"):
            if f"{group}.{statistic}" not in printed:
                continue
            kind = {"n": "count", "min": "minimum", "max": "maximum"}.get(statistic, statistic)
            compute: dict[str, Any] = {"statistic": statistic, "over": "vertebrae"}
            compute |= {"group": where} if where else {}
            compute |= {} if statistic == "n" else {"variable": "vas_pre"}
            name = f"{group}.{statistic}"
            claims.append({"id": name, "printed": printed[name], "kind": kind, "places": ["table"], "compute": compute})
    grid = {"over": "vertebrae", "step": step} | ({"low": low, "high": high} if low else {})
    return {"paper": {"key": "two-groups"}, "variables": {"vas_pre": grid}, "claims": claims}


def joined(content: dict[str, Any], folder: Path) -> Check:
    paper = read_paper(write_paper(content, folder / "paper.yaml"))
    (check,) = [
        check for check in check_joined(paper, "any", np.random.default_rng(1)) if check.check == "groups_joined"
    ]
    return check


GROUPS = {"a.n": "26", "b.n": "15", "everybody.n": "41"}


def test_groups_that_fit_alone_and_not_together(tmp_path: Path) -> None:
    printed = GROUPS | {"a.mean": "1.9", "a.sd": "1.6", "b.mean": "2.5", "b.sd": "1.9"}
    together = {"everybody.mean": "2.1", "everybody.sd": "1.9"}
    check = joined(two_groups("1", "0", "7", printed | together), tmp_path)
    assert (check.verdict, check.n_datasets) in {("impossible", 0), ("impossible", None)}
    check = joined(two_groups("1", "0", "7", printed | together | {"everybody.sd": "1.7"}), tmp_path)
    assert check.verdict == "possible"


def test_pairs_that_attain_the_extremes_of_everybody_are_counted(tmp_path: Path) -> None:
    printed = GROUPS | {"a.mean": "8.4", "a.sd": "1.6", "b.mean": "7.9", "b.sd": "1.9"}
    together = {"everybody.mean": "8.2", "everybody.sd": "1.7", "everybody.min": "4", "everybody.max": "10"}
    check = joined(two_groups("1", "1", "10", printed | together), tmp_path)
    assert (check.verdict, check.n_datasets) == ("possible", 114_702)
    values = values_of(check.witness)
    assert [len(part) for part in values] == [26, 15]
    both = np.concatenate(values)
    assert (both.min(), both.max()) == (4, 10)
    assert both.mean() == pytest.approx(8.2, abs=0.05)
    assert both.std(ddof=1) == pytest.approx(1.7, abs=0.05)
    assert values[0].mean() == pytest.approx(8.4, abs=0.05)
    assert values[1].std(ddof=1) == pytest.approx(1.9, abs=0.05)


def test_an_extreme_that_no_group_can_reach_is_impossible(tmp_path: Path) -> None:
    # Twelve values of mean 1.2 and SD 0.5 on 1 to 5 are nine 1s and three 2s.
    printed = {"a.n": "12", "b.n": "12", "everybody.n": "24", "everybody.mean": "1.2", "everybody.sd": "0.4"}
    printed |= {"a.mean": "1.2", "a.sd": "0.5", "b.mean": "1.2", "b.sd": "0.5", "everybody.min": "1"}
    assert joined(two_groups("1", "1", "5", printed | {"everybody.max": "2"}), tmp_path).n_datasets == 1
    assert joined(two_groups("1", "1", "5", printed | {"everybody.max": "3"}), tmp_path).verdict == "impossible"


def test_a_fine_grid_has_a_witness_with_both_extremes(tmp_path: Path) -> None:
    printed = GROUPS | {"a.mean": "27.0", "a.sd": "5.9", "b.mean": "24.5", "b.sd": "5.9"}
    together = {"everybody.mean": "26.1", "everybody.sd": "6.0", "everybody.min": "15.6", "everybody.max": "37.9"}
    check = joined(two_groups("0.1", None, None, printed | together), tmp_path)
    assert (check.verdict, check.n_datasets) == ("possible", None)
    both = np.concatenate(values_of(check.witness))
    assert (both.min(), both.max()) == (15.6, 37.9)
    assert both.std(ddof=1) == pytest.approx(6.0, abs=0.05)


def test_a_fine_grid_is_refuted_by_its_sums_of_squares(tmp_path: Path) -> None:
    printed = GROUPS | {"a.mean": "27.0", "a.sd": "5.9", "b.mean": "24.5", "b.sd": "5.9"}
    together = {"everybody.mean": "26.1", "everybody.sd": "6.4", "everybody.min": "15.6", "everybody.max": "37.9"}
    check = joined(two_groups("0.1", None, None, printed | together), tmp_path)
    assert (check.verdict, check.code) == ("impossible", "joined_no_sum")


# Three arms, and two.
@pytest.mark.parametrize(("seed", "joined"), [(0, set()), (1, {"groups_joined"}), (4, {"groups_joined"})])
def test_true_groups_are_never_impossible(seed: int, joined: set[str], tmp_path: Path) -> None:
    paper = read_paper(write_paper(make_paper(seed), tmp_path / "paper.yaml"))
    checks = list(check_joined(paper, "any", np.random.default_rng(1)))
    assert {check.check for check in checks} - {"groups_extremes"} == {"groups_mean", "groups_sd", *joined}
    assert {check.verdict for check in checks} == {"possible"}


def values_of(witness: str) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    parts = []
    for part in witness.split(" | "):
        terms = [re.fullmatch(r"([\d.]+)(?: x(\d+))?", term) for term in part.split(", ")]
        parts.append(np.concatenate([[float(term[1])] * int(term[2] or 1) for term in terms if term]))
    return parts


def test_the_witness_of_a_pooled_mean_is_within_both_bounds(tmp_path: Path) -> None:
    printed = GROUPS | {"a.mean": "1.95", "a.sd": "0.81", "b.mean": "2.13", "b.sd": "0.68", "everybody.mean": "2.02"}
    paper = read_paper(write_paper(two_groups("0.1", None, None, printed), tmp_path / "paper.yaml"))
    (check,) = [c for c in check_joined(paper, "any", np.random.default_rng(1)) if c.check == "groups_mean"]
    low, high = (float(check.values[end]) for end in ("low", "high"))
    assert low <= float(check.witness) <= high
    assert 2.015 <= float(check.witness) <= 2.025


def extremes(folder: Path, printed: dict[str, str]) -> list[Check]:
    groups = {"a.mean": "50.0", "b.mean": "50.0", "everybody.mean": "50.0"}
    paper = read_paper(write_paper(two_groups("1", None, None, GROUPS | groups | printed), folder / "paper.yaml"))
    return [c for c in check_joined(paper, "any", np.random.default_rng(1)) if c.check == "groups_extremes"]


@pytest.mark.parametrize(
    ("printed", "impossible"),
    [
        ({"a.max": "84", "everybody.max": "80"}, ["extreme_max_beyond"]),
        ({"a.max": "80", "everybody.max": "80"}, []),
        ({"b.min": "48", "everybody.min": "50"}, ["extreme_min_beyond"]),
        ({"a.min": "47", "b.min": "48", "everybody.min": "43"}, ["groups_extremes_fails"]),
        ({"a.min": "43", "b.min": "48", "everybody.min": "43"}, []),
    ],
)
def test_extremes_of_groups_and_of_everybody(printed: dict[str, str], impossible: list[str], tmp_path: Path) -> None:
    assert [check.code for check in extremes(tmp_path, printed) if check.alarm] == impossible


def test_groups_without_spread_force_no_spread_below_nothing(tmp_path: Path) -> None:
    flat = {"a.mean": "5.0", "a.sd": "0.0", "b.mean": "5.0", "b.sd": "0.0", "everybody.mean": "5.0"}
    paper = read_paper(
        write_paper(two_groups("0.5", "0", "9", GROUPS | flat | {"everybody.sd": "0.02"}), tmp_path / "paper.yaml")
    )
    (check,) = [c for c in check_joined(paper, "any", np.random.default_rng(1)) if c.check == "groups_sd"]
    assert (check.verdict, check.values["low"]) == ("possible", 0)
