from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.audit.test_joined import two_groups
from tests.made_up_paper import write_paper
from vpresearch.audit import Check
from vpresearch.audit.counts import check_moments
from vpresearch.published import read_paper
from vpresearch.render import labels


def stated(folder: Path, n: str, mean: str, sd: str | None, low: str, high: str) -> Check:
    printed = {"a.n": n, "a.mean": mean} | ({"a.sd": sd} if sd else {})
    paper = read_paper(write_paper(two_groups("1", low, high, printed), folder / "paper.yaml"))
    # The stated grid comes first; the natural ones take longer.
    return next(check_moments(paper, "any", np.random.default_rng(1)))


@pytest.mark.parametrize(
    ("n", "mean", "sd", "verdict"),
    [
        ("20", ".36", ".11", "impossible"),
        ("100", ".50", ".503", "possible"),
        ("200", "0.03", "0.18", "possible"),
        ("5000", "0.03", "0.171", "possible"),
        ("5000", "0.03", "0.190", "impossible"),
    ],
)
def test_debit(n: str, mean: str, sd: str, verdict: str, tmp_path: Path) -> None:
    check = stated(tmp_path, n, mean, sd, "0", "1")
    assert (check.check, check.verdict) == ("debit", verdict)


@pytest.mark.parametrize(
    ("n", "mean", "sd", "scale", "n_datasets"),
    [
        ("15", "2.5", "1.9", ("1", "10"), 82),
        ("26", "8.4", "1.6", ("1", "10"), 1168),
        ("12", "1.2", "0.5", ("1", "5"), 1),
        ("9", "1.3", "0.9", ("1", "5"), None),
        ("10", "3.0", "1.0", ("1", "5"), None),
    ],
)
def test_grimmer(n: str, mean: str, sd: str, scale: tuple[str, str], n_datasets: int | None, tmp_path: Path) -> None:
    check = stated(tmp_path, n, mean, sd, *scale)
    assert check.check == "grimmer"
    assert check.verdict == ("possible" if n_datasets else "impossible")
    assert check.n_datasets in ({n_datasets} if n_datasets else {0, None})


@pytest.mark.parametrize(
    ("n", "mean", "verdict"),
    [
        ("28", "5.19", "impossible"),
        ("28", "5.18", "possible"),
        ("28", "5.21", "possible"),
        ("50", "5.83", "impossible"),
    ],
)
def test_grim(n: str, mean: str, verdict: str, tmp_path: Path) -> None:
    check = stated(tmp_path, n, mean, None, "0", "20")
    assert (check.check, check.verdict) == ("grim", verdict)


@pytest.mark.parametrize(
    ("mean", "sd", "verdict"),
    [
        # From 0.5 to 3.5 with a mean of 1.25, or of 2.75, four values reach 1.5 and no more.
        ("1.2", "2", "possible"),
        ("2.8", "2", "possible"),
        ("1.1", "2", "impossible"),
        ("2.9", "2", "impossible"),
        ("2.0", "2", "possible"),
        ("2.0", "3", "impossible"),
    ],
)
def test_the_most_spread_that_extremes_and_mean_allow_is_allowed(
    mean: str, sd: str, verdict: str, tmp_path: Path
) -> None:
    printed = {"a.n": "4", "a.mean": mean, "a.sd": sd, "a.min": "1", "a.max": "3"}
    (check,) = [check for check in moments(tmp_path, "1", printed) if check.check == "sd_limit"]
    assert check.verdict == verdict


def test_a_mean_on_a_grid_that_nobody_stated_raises_no_alarm(tmp_path: Path) -> None:
    paper = read_paper(
        write_paper(two_groups("0.1", "0", "9", {"a.n": "26", "a.mean": "1.95"}), tmp_path / "paper.yaml")
    )
    natural = [
        check
        for check in check_moments(paper, "any", np.random.default_rng(1))
        if check.check == "grim_natural_grid" and check.verdict == "impossible"
    ]
    assert {check.values["step"] for check in natural} >= {"0.5"}
    assert not any(check.alarm for check in natural)


def moments(folder: Path, step: str, printed: dict[str, str]) -> list[Check]:
    paper = read_paper(write_paper(two_groups(step, None, None, printed), folder / "paper.yaml"))
    return list(check_moments(paper, "any", np.random.default_rng(1)))


@pytest.mark.parametrize(
    ("n", "mean", "sd", "high", "verdict"),
    [
        ("1000", "4.12", "1.31", "7", "possible"),
        ("4000", "4.12", "1.31", "7", "possible"),
        ("200", "50.3", "10.1", "100", "possible"),
        ("200", "50.3", "60.1", "100", "impossible"),
        ("100", "1.11", "0.80", "10", "possible"),
        ("100", "1.11", "0.99", "10", "impossible"),
    ],
)
def test_what_is_too_large_to_count_is_decided(
    n: str, mean: str, sd: str, high: str, verdict: str, tmp_path: Path
) -> None:
    assert stated(tmp_path, n, mean, sd, "1", high).verdict == verdict


def test_an_extreme_off_the_grid_is_told_as_such(tmp_path: Path) -> None:
    printed = {"a.n": "20", "a.mean": "26.0", "a.sd": "5.0", "a.min": "15.6", "a.max": "38.0"}
    (half,) = [check for check in moments(tmp_path, "0.1", printed) if check.values.get("step") == "0.5"]
    assert (half.verdict, half.code) == ("impossible", "extreme_off_grid")
    assert half.claims == ("a.mean", "a.sd", "a.min")


def test_extremes_the_wrong_way_round_leave_no_room(tmp_path: Path) -> None:
    printed = {"a.n": "20", "a.mean": "26.0", "a.sd": "5.0", "a.min": "38.0", "a.max": "15.0"}
    assert {check.code for check in moments(tmp_path, "1", printed) if "step" in check.values} == {"no_room"}


@pytest.mark.parametrize(("step", "code"), [("1", "datasets"), ("0.5", "datasets_at_least")])
def test_a_count_for_one_reading_of_an_extreme_says_at_least(step: str, code: str, tmp_path: Path) -> None:
    # In steps of a half, a printed 2 may be 1.5, 2 or 2.5.
    printed = {"a.n": "10", "a.mean": "3.5", "a.sd": "1.1", "a.min": "2", "a.max": "6"}
    (stated_grid,) = [check for check in moments(tmp_path, step, printed) if check.check == "grimmer"]
    assert (stated_grid.verdict, stated_grid.code) == ("possible", code)


@pytest.mark.parametrize(("low", "high"), [("1", "9"), (None, "9"), ("1", None)])
def test_a_grid_runs_from_its_end_and_not_from_nothing(low: str | None, high: str | None, tmp_path: Path) -> None:
    # 3, 3, 5, 7, 9: odd numbers in steps of two.
    content = two_groups("2", None, None, {"a.n": "5", "a.mean": "5.4", "a.sd": "2.6", "a.min": "3", "a.max": "9"})
    content["variables"]["vas_pre"] |= {name: end for name, end in (("low", low), ("high", high)) if end}
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    (check,) = [c for c in check_moments(paper, "any", np.random.default_rng(1)) if c.check == "grimmer"]
    assert check.verdict == "possible"


def test_a_spread_that_prints_as_nothing_is_no_negative_one(tmp_path: Path) -> None:
    printed = {"a.n": "9", "a.mean": "5.00", "a.sd": "0.0", "a.min": "5.00", "a.max": "5.00"}
    assert [c.check for c in moments(tmp_path, "0.01", printed) if c.alarm] == []


@pytest.mark.parametrize("grid", [{"step": "0.0000000001"}, {"step": "1", "low": "0", "high": "100000000000000"}])
def test_a_grid_too_fine_to_go_through_is_undecided(grid: dict[str, str], tmp_path: Path) -> None:
    content = two_groups("1", None, None, {"a.n": "9", "a.mean": "5.0", "a.sd": "1.0"})
    content["variables"]["vas_pre"] |= grid
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    found = [c for c in check_moments(paper, "any", np.random.default_rng(1)) if c.check == "grimmer"]
    assert [(c.verdict, c.code) for c in found] == [("undecided", "too_fine")]


@pytest.mark.parametrize(
    ("n", "mean", "sd", "code", "values"),
    [
        ("28", "5.19", None, "grim_fails", {"below": "5.18", "above": "5.21"}),
        ("10", "2.50", "0.10", "sd_too_small", {"least": "0.527"}),
        ("10", "2.50", "5.00", "sd_too_large", {"most": "4.249"}),
        ("15", "2.53", "1.91", "grimmer_fails", {"below": "1.88", "above": "1.92"}),
    ],
)
def test_the_reason_is_told_with_the_nearest_values(
    n: str, mean: str, sd: str | None, code: str, values: dict[str, str], tmp_path: Path
) -> None:
    check = stated(tmp_path, n, mean, sd, "0", "10" if sd else "20")
    assert check.code == code
    assert {name: check.values[name] for name in values} == values
    assert all(shown.replace(".", ",") in labels.audited(check, "es") for shown in values.values())
