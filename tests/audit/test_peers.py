"""The cases of other checkers' own tests, as numbers, each with what they say of it and what is held here."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from tests.audit.test_documented import audited
from vpresearch.core.paths import ROOT

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
