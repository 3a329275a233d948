"""A sample of the faulty files that `benchmarks/refuse.py` makes by the hundred."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults import FAULTS
from tests.faulty_files import complaint, csv_complaint, fuzzed_csv
from tests.faulty_workbooks import good, write
from vpresearch.data import examine


@pytest.mark.parametrize("seed", range(6))
def test_a_good_workbook_is_accepted(seed: int, tmp_path: Path) -> None:
    assert examine(write(good(random.Random(seed)), tmp_path / "estudio.xlsx")).problems == ()


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_workbook_is_refused_for_its_fault(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    book = good(rng)
    expected = FAULTS[name](book, rng)
    assert complaint(write(book, tmp_path / "estudio.xlsx"), expected) == ""


def test_a_fuzzed_csv_is_refused_or_keeps_every_rule(tmp_path: Path) -> None:
    for seed in range(60):
        path = tmp_path / f"{seed}.csv"
        path.write_bytes(fuzzed_csv(random.Random(seed)))
        assert csv_complaint(path) == ""
