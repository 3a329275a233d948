"""Ids that are one patient written in two ways."""

from __future__ import annotations

import pandas as pd
import pytest

from vpresearch.reading import look_at_ids


def told(*ids: str | None) -> list[tuple[str, int | None]]:
    table = pd.DataFrame({"patient_id": pd.Series(ids, index=range(2, 2 + len(ids)), dtype=object)})
    return [(problem.code, problem.row) for problem in look_at_ids(table, {"patient_id": "Paciente"})]


@pytest.mark.parametrize("other", ["p1", "P 1", "P-1", "P01", "P001", " P1 "])
def test_one_patient_written_in_two_ways_is_told_once(other: str) -> None:
    assert told("P1", "P1", other, other, "P2") == ([("ids_alike", 4)])


@pytest.mark.parametrize(
    "ids", [("P1", "P2"), ("P1", "P10"), ("1-1", "11"), ("A1", "B1"), ("1", "10", "100"), (None, "0")]
)
def test_different_patients_are_left_alone(ids: tuple[str | None, ...]) -> None:
    assert told(*ids) == []
