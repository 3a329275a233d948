"""Cells typed: what is accepted is the number or word that stands there, and nothing else passes."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.dictionary import columns
from vpresearch.load import examine
from vpresearch.reading.cells import convert, type_cells
from vpresearch.reading.raw import RawTable, Unreadable, letter
from vpresearch.telling import tell, told


@given(st.decimals(-1000, 1000, places=3), st.sampled_from(".,"), st.sampled_from(["", " ", "\t"]))
def test_a_number_is_read_as_it_is_written(value: object, mark: str, blank: str) -> None:
    written = f"{blank}{value:f}{blank}".replace(".", mark)
    assert convert(written, columns()["vas_pre"]) == (float(f"{value:f}"), None)


@given(st.one_of(st.text(max_size=8), st.floats(), st.integers(), st.booleans(), st.dates(), st.none()))
def test_a_cell_is_either_read_or_told(cell: object) -> None:
    for column in columns().values():
        value, fault = convert(cell, column)
        assert fault is None or value is None
        assert fault is not None or value is not None or column.may_be_empty or not str(cell).strip("-–— ")


@pytest.mark.parametrize("name", columns())
@pytest.mark.parametrize(
    "cell", [datetime.date(2020, 1, 2), datetime.time(3), datetime.timedelta(1), Unreadable("date")]
)
def test_a_date_is_a_date_in_every_column(name: str, cell: object) -> None:
    assert convert(cell, columns()[name]) == (None, ("date", {}))


@given(st.integers(0, 20_000))
def test_columns_are_named_as_openpyxl_names_them(position: int) -> None:
    from openpyxl.utils import get_column_letter

    if position < 18_278:
        assert letter(position) == get_column_letter(position + 1)


@pytest.mark.parametrize("doubt", ["Sí?", "¿Sí", "-1", "+1", "~no", "<1"])
def test_a_word_with_a_doubt_is_none_of_the_accepted(doubt: str) -> None:
    assert convert(doubt, columns()["leak"])[1] is not None


@pytest.mark.parametrize("odd", [10**400, float("inf"), float("nan"), "٣", True])
def test_what_only_looks_like_a_number_is_none(odd: object) -> None:
    assert convert(odd, columns()["age_years"]) == (None, ("not_a_number", {"unit": "years"}))


@pytest.mark.parametrize(
    ("written", "wording", "words"),
    [
        ("1.234,5", "number_with_thousands", "millares"),
        (" -1,234.56", "number_with_thousands", "millares"),
        ("1.234.567", "number_with_thousands", "millares"),
        ("30/5", "date_or_fraction", "fracción"),
        ("3/5/2020", "date_or_fraction", "fecha"),
        ("2020-5-3", "date_or_fraction", "fecha"),
        ("3.4.5", None, "no contiene un número"),
        ("7-8", None, "no contiene un número"),
    ],
)
def test_a_number_written_otherwise_is_told_as_what_it_seems(written: str, wording: str | None, words: str) -> None:
    value, fault = convert(written, columns()["age_years"])
    assert (value, fault) == (None, ("not_a_number", {"unit": "years"} | ({"wording": wording} if wording else {})))
    assert fault is not None
    assert words in told(tell(fault[0], **fault[1]), "es").message  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["T12", "t 12", "D-12", "T.12", "Th 12", " T12\xa0"])
def test_a_vertebra_is_known_with_a_gap(written: str) -> None:
    assert convert(written, columns()["level"]) == ("T12", None)


@pytest.mark.parametrize("written", ["T 1 2", "1 2", "T12 L1", "T12*", "D13", "L6"])
def test_what_may_be_another_vertebra_is_none(written: str) -> None:
    assert convert(written, columns()["level"])[0] is None


@pytest.mark.parametrize(
    ("cells", "rows"),
    [
        (["24,8", "1.234", "30"], [3]),
        (["24.8", "1,234", "-2,500"], [3, 4]),
        (["24.812", "1.234", "30"], []),
        (["24,8", "1,234", 1.234], []),
        (["24,8", "1.2", "12.3456"], []),
    ],
)
def test_thousands_are_not_taken_for_decimals(cells: list[object], rows: list[int]) -> None:
    raw = RawTable(None, 1, ("Volumen",), {row: (cell,) for row, cell in enumerate(cells, start=2)})
    _, problems = type_cells(raw, {"vertebral_volume_cc": 0})
    assert [problem.row for problem in problems if problem.code == "two_marks"] == rows


@pytest.mark.parametrize(
    ("name", "number"),
    [("cement_volume_cc", 45000), ("vas_pre", "43954"), ("odi_1y", 44321.0), ("age_years", 15000)],
)
def test_a_day_as_excel_counts_it_is_called_a_date(
    rows: list[dict[str, str]], write: Callable[..., Path], name: str, number: object
) -> None:
    rows[2][name] = str(number)
    (problem,) = examine(write(rows)).problems
    assert (problem.code, problem.wording, problem.row, problem.column) == ("date", "date_serial", 4, name)
    assert "parece una fecha" in told(problem, "es").message


def test_a_column_in_another_unit_is_not_called_a_column_of_dates(
    rows: list[dict[str, str]], write: Callable[..., Path]
) -> None:
    for row in rows:
        row["vertebral_volume_cc"] = str(1000 * float(row["vertebral_volume_cc"]) + 10_000)
    assert [problem.code for problem in examine(write(rows)).problems] == ["unit_mm3"]


def test_a_number_that_is_too_large_is_no_date(rows: list[dict[str, str]], write: Callable[..., Path]) -> None:
    for row, number in zip(rows, ("12", "900", "45000.5", "99999"), strict=False):
        row["cement_volume_cc"] = number
    assert "date" not in {problem.code for problem in examine(write(rows)).problems}


def test_a_column_of_dates_of_birth_is_one_problem(rows: list[dict[str, str]], write: Callable[..., Path]) -> None:
    for row in rows:
        row["age_years"] = str(10_000 + len(row["patient_id"]))
    (problem,) = examine(write(rows)).problems
    assert problem.code == "unit_year_of_birth"
    assert "fechas" in told(problem, "es").message
