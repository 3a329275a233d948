"""A table that is copied from a sheet or a PDF, as text."""

from __future__ import annotations

import pytest

from vpresearch.audit import audit
from vpresearch.core.errors import InputError
from vpresearch.published.read import read_pasted

FROM_A_SHEET = (
    "Variable\tGrupo\tn\tMedia\tDE\tEscala\nEVA\ta\t15\t2,5\t1,9\t0-10\n\nEVA\tb\t14\t3,4\t1,4\t\n\t\t\t\t\t\n"
)
FROM_A_PDF = """Table 2. Pain
Variable  Group   n   Mean ± SD   Scale
  Pain    a    15   2.5 ± 1.9   0-10
Pain    b    14   3.4 ± 1.4   0-10
"""
OF_TESTS = "variable\tt\tdf\tp\npain\t2,20\t28\t0,036\n"


@pytest.mark.parametrize("text", [FROM_A_SHEET, FROM_A_PDF, FROM_A_SHEET.replace("\t", ";")])
def test_a_table_is_read_however_its_columns_are_parted(text: str) -> None:
    paper = read_pasted(text, "table")
    kinds = [claim.kind for claim in paper.claims]
    assert kinds == ["count", "mean", "sd", "count", "mean", "sd"]
    assert {grid.high for grid in paper.grids.values()} == {"10"}
    assert not [check for check in audit(paper) if check.alarm]


def test_tests_can_be_pasted_too() -> None:
    (row,) = read_pasted(OF_TESTS, "table").tests
    assert set(row.claims) == {"t", "df", "p"}


def test_what_is_no_table_is_told_with_its_row_and_column() -> None:
    with pytest.raises(InputError) as refusal:
        read_pasted(FROM_A_SHEET.replace("2,5", "dos"), "table")
    (problem,) = refusal.value.problems
    assert (problem.row, problem.column) == (2, "Media")
    with pytest.raises(InputError) as refusal:
        read_pasted("nothing of the kind", "table")
    assert [each.code for each in refusal.value.problems] == ["no_table"]
