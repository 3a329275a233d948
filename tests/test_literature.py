"""Leak rates of other series: differences, and the file they are in."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import REFERENCE
from vpresearch.core.errors import InputError, Problem
from vpresearch.core.paths import COMPARATORS
from vpresearch.core.reported import Reported
from vpresearch.published.comparators import Comparator, compare, read_comparators

_R: dict[str, Any] = json.loads((REFERENCE / "regression" / "comparators.json").read_text(encoding="utf-8"))


def _series(
    leaks: int | None = None, n: int | None = None, printed: str = "", unit: str = "vertebrae", sites: str = "all"
) -> Comparator:
    percent = Reported(printed) if printed else None
    return Comparator("A", 2000, "", "A", "", "unknown", unit, sites, leaks, n, percent, "no", "added", "")


@pytest.mark.parametrize("case", _R["pairs"])
def test_differences_and_their_tests_are_those_of_r(case: dict[str, Any]) -> None:
    events, n = case["first"]
    (row,) = compare(events, n, [_series(*case["second"])])
    ends = (row.difference, row.difference_low, row.difference_high)
    assert ends == pytest.approx((case["difference"], case["low"], case["high"]), rel=1e-10)
    assert row.p_value == pytest.approx(case["p"], rel=1e-6)


@given(st.integers(1, 60), st.data())
def test_exchanged_series_change_the_sign_only(n: int, data: st.DataObject) -> None:
    events, m = data.draw(st.integers(0, n)), data.draw(st.integers(1, 60))
    leaks = data.draw(st.integers(0, m))
    (one,), (other,) = compare(events, n, [_series(leaks, m)]), compare(leaks, m, [_series(events, n)])
    assert one.difference == pytest.approx(-other.difference, abs=1e-9)
    assert one.difference_low == pytest.approx(-other.difference_high, abs=1e-9)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)


@pytest.mark.parametrize(("printed", "inside"), [("53.0", True), ("53.1", False), ("22", False), ("22.2", True)])
def test_a_percentage_alone_is_only_looked_up_in_the_interval(printed: str, inside: bool) -> None:
    (row,) = compare(15, 41, [_series(n=660, printed=printed)])
    assert row.inside is inside
    assert row.difference == pytest.approx(1500 / 41 - float(printed))
    assert all(map(math.isnan, (row.low, row.high, row.difference_low, row.difference_high, row.p_value)))
    assert row.reason == "no_counts"


@pytest.mark.parametrize("unit", ["patients", "procedures", ""])
def test_what_is_not_counted_in_vertebrae_is_not_tested(unit: str) -> None:
    (row,) = compare(15, 41, [_series(64, 80, unit=unit)])
    # Test and interval of a difference are given together or not at all.
    assert all(map(math.isnan, (row.p_value, row.difference_low, row.difference_high)))
    assert row.reason == "other_unit"
    assert compare(15, 41, [_series(64, 80)])[0].reason == ""


def test_leaks_at_one_site_are_not_tested_against_leaks_at_any() -> None:
    (row,) = compare(15, 41, [_series(59, 585, sites="one")])
    assert all(map(math.isnan, (row.p_value, row.difference_low, row.difference_high)))
    assert row.reason == "one_site"
    gao = next(row for row in read_comparators() if row.study.startswith("Gao"))
    assert (gao.sites, gao.alike, gao.leaks, gao.n) == ("one", False, 59, 585)


# -- the file ----------------------------------------------------------------------------------------------------


def test_the_shipped_file() -> None:
    series = {row.study: row for row in read_comparators()}
    assert [name for name, row in series.items() if row.alike] == [
        "Tomé-Bermejo 2014",
        "Mousavi 2003",
        "Venmans 2011 (VERTOS II)",
    ]
    assert [name for name, row in series.items() if row.verified == "no"] == []
    venmans = series["Venmans 2011 (VERTOS II)"]
    assert (venmans.leaks, venmans.n, venmans.percent, venmans.verified) == (64, 80, 80, "yes")
    mousavi = series["Mousavi 2003"]
    assert (mousavi.leaks, mousavi.n, mousavi.doi, mousavi.percent) == (None, None, "", 87.9)
    assert all(row.note for row in series.values())


def test_the_claim_holds_against_some_series_and_not_against_others() -> None:
    rows = {row.comparator.study: row for row in compare(15, 41, read_comparators())}
    assert rows["Venmans 2011 (VERTOS II)"].difference_high < 0
    assert not rows["Tomé-Bermejo 2014"].inside
    near = (
        "Al-Ali 2009",
        "BMC Surg 2023 (Chenzhou)",
        "Saad 2022",
        "Acta Radiol 2012 (Mayo), procedure report",
    )
    assert all(rows[study].inside for study in near)


@pytest.fixture
def problems(tmp_path: Path) -> Callable[..., list[Problem]]:
    """Read the shipped file with cells of the row of VERTOS II changed, and give what is wrong with it."""

    def problems(drop: str = "", **cells: str) -> list[Problem]:
        with COMPARATORS.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        next(row for row in rows if row["study"].startswith("Venmans")).update(cells)
        path = tmp_path / "series.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [name for name in rows[0] if name != drop], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        with pytest.raises(InputError) as caught:
            read_comparators(path)
        assert caught.value.source == "series.csv"
        return list(caught.value.problems)

    return problems


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("study", ""),
        ("year", "11"),
        ("doi", "s00234-010-0705-6"),
        ("procedure", "both"),
        ("detection", ""),
        ("unit", "levels"),
        ("sites", ""),
        ("leaks", "6.4"),
        ("n", "0"),
        ("n", "٨٠"),
        ("percent", "80%"),
        ("percent", "101"),
        ("verified", "maybe"),
        ("role", ""),
    ],
)
def test_a_cell_that_is_not_allowed(problems: Callable[..., list[Problem]], column: str, cell: str) -> None:
    (problem,) = problems(**{column: cell})
    assert (problem.code, problem.row, problem.column) == ("not_allowed", 7, column)
    assert problem.remedy.endswith(".")


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"percent": "80.1"}, "disagree"),
        ({"leaks": "81", "percent": ""}, "too_many"),
        ({"leaks": "", "percent": ""}, "no_rate"),
        ({"n": "", "percent": ""}, "no_rate"),
    ],
)
def test_a_rate_that_cannot_be(problems: Callable[..., list[Problem]], cells: dict[str, str], code: str) -> None:
    (problem,) = problems(**cells)
    assert (problem.code, problem.row) == (code, 7)


def test_a_missing_column(problems: Callable[..., list[Problem]]) -> None:
    (problem,) = problems(drop="detection")
    assert (problem.code, problem.column) == ("missing_column", "detection")


def test_every_problem_is_told_at_once(problems: Callable[..., list[Problem]]) -> None:
    assert [problem.column for problem in problems(year="", unit="levels", role="")] == ["year", "unit", "role"]
