"""The cases of other checkers' own tests, as numbers, each with what they say of it and what is held here."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from tests.audit.test_documented import audited
from vpresearch.audit.p_attained import t_bounds
from vpresearch.core.paths import ROOT
from vpresearch.core.reported import Reported
from vpresearch.lattice import Cell, classes, count, enumerate_multisets, to_values

with (ROOT / "tests/reference/peers.csv").open(encoding="utf-8", newline="") as file:
    CASES = list(csv.DictReader(file))
_SAID = {"impossible": "inconsistent", "undecided": "open", "possible": "consistent"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['of']}: {case['numbers']}")
def test_a_case_of_another_checker(case: dict[str, str], tmp_path: Path) -> None:
    # Whether the numbers also fit a coarser grid than the one told is no part of their question.
    found = {check.verdict for check in audited(case["numbers"], tmp_path) if "natural" not in check.check}
    (verdict, *_) = (each for each in _SAID if each in found)
    assert _SAID[verdict] == case["ours"]


def test_where_they_differ_it_is_told_why() -> None:
    assert all((case["theirs"] == case["ours"]) == (not case["why"]) for case in CASES)
    differing = Counter(case["of"] for case in CASES if case["why"])
    # The first function for GRIMMER rounds each mean before it looks at the SD; those of n = 40 and 80 end in a 5.
    assert differing == {"original grimmer": 13, "statcheck": 1}


def test_the_datasets_that_sprite_and_corvids_find_are_all_there_are() -> None:
    # SPRITE, at random, comes to nine; CORVIDS, of SDs within 0.8 of 1.4, lists four by their exact variances.
    assert count(Cell(20, Reported("2.20"), Reported("1.32"), 1, 5)) == 9
    found = [
        to_values(cell, enumerate_multisets(cell)).tolist()
        for cell in (Cell(3, Reported("5.0"), Reported(sd), 1, 10) for sd in ("1.0", "2.0", "1.7"))
    ]
    assert found == [[[4, 5, 6]], [[3, 5, 7]], [[4, 4, 7], [3, 6, 6]]]
    assert sum(count(Cell(3, Reported("5.0"), Reported(f"{tenths / 10:.1f}"), 1, 10)) for tenths in range(6, 22)) == 4


def test_the_sds_that_rsprite2_returns_are_all_there_are() -> None:
    kinds = classes(Cell(250, Reported("3.33"), Reported("1.234"), 0, 100))
    # The grid begins at nought, so that places are values.
    sds = [((kind.squares - kind.total**2 / 250) / 249) ** 0.5 for kind in kinds]
    assert [round(sd, 4) for sd in sds] == [1.2339, 1.2345]


def test_p_is_bounded_as_recalc_bounds_it() -> None:
    means, sds = (Reported("10.30"), Reported("8.71")), (Reported("3.12"), Reported("2.80"))
    student, welch = (t_bounds(means, sds, (50, 48), equal_var=equal_var) for equal_var in (True, False))
    # It tells Welch's, and both tests together; ours of Welch lie outside of it by a hair, as they must.
    assert welch == pytest.approx((0.008706, 0.0097857), rel=1e-4)
    assert (min(*student, *welch), max(*student, *welch)) == pytest.approx((0.008706, 0.0099373), rel=1e-4)
    assert welch[0] <= 0.008706
    assert welch[1] >= 0.0097857
