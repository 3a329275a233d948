from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.audit.test_joined import two_groups
from tests.made_up_paper import write_paper
from vpresearch.audit import Check
from vpresearch.audit.moments import check_moments
from vpresearch.published import read_paper


def stated(folder: Path, n: str, mean: str, sd: str | None, low: str, high: str) -> Check:
    printed = {"a.n": n, "a.mean": mean} | ({"a.sd": sd} if sd else {})
    paper = read_paper(write_paper(two_groups("1", low, high, printed), folder / "paper.yaml"))
    (check,) = [
        found
        for found in check_moments(paper, "any", np.random.default_rng(1))
        if not found.check.endswith("_natural_grid")
    ]
    return check


@pytest.mark.parametrize(
    ("n", "mean", "sd", "verdict"),
    [("20", ".36", ".11", "impossible"), ("100", ".50", ".503", "possible"), ("200", "0.03", "0.18", "possible")],
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
