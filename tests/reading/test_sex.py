"""M alone for sex: refused where nothing says that it is no mujer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vpresearch.data import examine


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        (["M", "M", "M"], ["sex_m"]),
        (["m", "Varón", "Hombre"], ["sex_m"]),
        (["M", "F", "M"], []),
        (["M", "Mujer", "Mujer"], []),
        (["M", "Mujer", "Varón"], ["sex_m"]),
        (["M", "F", "Varón"], []),
        (["Varón", "Varón", "Hombre"], []),
    ],
)
def test_m_needs_a_woman_beside_it(
    cells: list[str], codes: list[str], rows: list[dict[str, str]], write: Callable[..., Path]
) -> None:
    for row in rows:
        row["sex"] = cells[sorted({each["patient_id"] for each in rows}).index(row["patient_id"])]
    problems = examine(write(rows)).problems
    assert [problem.code for problem in problems] == codes
    # Every M: whoever corrects the first alone must not have the others read as men.
    found = [place for place, row in enumerate(rows, start=2) if row["sex"].lower() == "m"]
    assert [list(problem.rows) for problem in problems] == [found] * len(codes)


def test_m_beside_h_is_a_woman_until_all_are_written(rows: list[dict[str, str]], write: Callable[..., Path]) -> None:
    for row, sex in zip(rows, ["M", "M", "H", "Mujer", "Mujer"], strict=True):
        row["sex"] = sex
    assert {problem.code for problem in examine(write(rows)).problems} == {"sex_m", "unknown_category"}
    rows[2]["sex"] = "Varón"
    assert [problem.code for problem in examine(write(rows)).problems] == ["sex_m"]


def test_one_or_two_patients_may_be_men(rows: list[dict[str, str]], write: Callable[..., Path]) -> None:
    for row in rows:
        row["sex"] = "M"
    few = [row for row in rows if row["patient_id"] != rows[-1]["patient_id"]]
    assert len({row["patient_id"] for row in few}) == 2
    assert examine(write(few)).problems == ()
