"""The paper's protocol against R, and its choice at the edges."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vpresearch.data import Dataset, load
from vpresearch.inference import (
    ALPHA,
    associate_with_leak,
    compare,
    compare_by_leak,
    kruskal,
    mann_whitney,
    shapiro_wilk,
    student,
    welch,
)
from vpresearch.inference.describe import select, summarise

if TYPE_CHECKING:
    from tests.conftest import Compared

_NORMAL = [1.2, 2.1, 2.9, 4.2, 5.1]
_NOT_NORMAL = [1, 1, 1, 1, 1, 1, 2, 30]


def test_groups_and_choice_are_those_of_r(compared: Compared, studies: dict[str, Dataset]) -> None:
    comparison, expected = compare_by_leak(studies[compared.book], compared.variable), compared.expected
    for summary, group in zip(comparison.summaries, ("no", "yes"), strict=True):
        assert summary.n == expected[group]["n"]
        assert summary.mean == pytest.approx(expected[group]["mean"], rel=1e-9, abs=0)
        assert summary.sd == pytest.approx(expected[group]["sd"], rel=1e-9, abs=0)
    for normality, group in zip(comparison.normality, ("no", "yes"), strict=True):
        assert normality.p_value == pytest.approx(expected[group]["shapiro"]["p"], rel=1e-9, abs=0)
    assert comparison.chosen == expected["choice"]
    assert comparison.why == {"student": "both_normal", "kruskal": "not_normal"}[expected["choice"]]
    assert comparison.result is comparison.tests[comparison.chosen]
    assert comparison.result.p_value == pytest.approx(expected[expected["choice"]]["p"], rel=1e-9, abs=0)


def test_missing_scores_are_counted_and_left_out(studies: dict[str, Dataset]) -> None:
    comparison = compare_by_leak(studies["large"], "vas_1y")
    n = [summary.n + summary.missing for summary in comparison.summaries]
    assert sum(n) == len(studies["large"].rows)
    assert all(summary.missing for summary in comparison.summaries)
    assert [normality.n for normality in comparison.normality] == [summary.n for summary in comparison.summaries]


def test_every_test_is_given_and_is_its_own() -> None:
    first, second = np.array(_NORMAL), np.array(_NOT_NORMAL, dtype=float)
    comparison = compare([*_NORMAL, math.nan], _NOT_NORMAL)
    assert comparison.tests == {
        "student": student(first, second),
        "welch": welch(first, second),
        "kruskal": kruskal(first, second),
        "mann_whitney": mann_whitney(first, second),
    }
    assert comparison.summaries == (summarise([*_NORMAL, math.nan]), summarise(second))
    assert comparison.normality == (shapiro_wilk(first), shapiro_wilk(second))


@pytest.mark.parametrize(
    ("first", "second", "chosen", "why"),
    [
        (_NORMAL, _NORMAL, "student", "both_normal"),
        (_NORMAL, _NOT_NORMAL, "kruskal", "not_normal"),
        (_NOT_NORMAL, _NORMAL, "kruskal", "not_normal"),
        (_NOT_NORMAL, _NOT_NORMAL, "kruskal", "not_normal"),
        ([1, 2], _NORMAL, "kruskal", "normality_unknown"),
        (_NORMAL, [1, 2], "kruskal", "normality_unknown"),
        (_NORMAL, [1, 2, math.nan, math.nan], "kruskal", "normality_unknown"),
        ([7, 7, 7, 7], _NORMAL, "kruskal", "normality_unknown"),
        (_NORMAL, [7], "kruskal", "normality_unknown"),
        (_NORMAL, [], "kruskal", "normality_unknown"),
    ],
)
def test_choice(first: list[float], second: list[float], chosen: str, why: str) -> None:
    comparison = compare(first, second)
    assert (comparison.chosen, comparison.why) == (chosen, why)
    assert comparison.result.test == chosen


def test_a_group_just_at_the_level_counts_as_normal() -> None:
    p = min(shapiro_wilk(_NORMAL).p_value, shapiro_wilk([*_NORMAL, 9.0]).p_value)
    assert compare(_NORMAL, [*_NORMAL, 9.0], p).chosen == "student"
    assert compare(_NORMAL, [*_NORMAL, 9.0], math.nextafter(p, 1)).chosen == "kruskal"


def test_the_usual_level() -> None:
    assert ALPHA == 0.05
    values = [1, 1, 2, 2, 3, 5, 8]
    assert 0.05 < shapiro_wilk(values).p_value < 0.15
    assert compare(values, _NORMAL).chosen == "student"
    assert compare(values, _NORMAL, 0.15).chosen == "kruskal"


@pytest.mark.parametrize("alpha", [0, 1, -0.05, 5, math.nan])
def test_a_level_that_is_none(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        compare(_NORMAL, _NORMAL, alpha)


# -- leaks -------------------------------------------------------------------------------------------------------


def test_the_first_group_is_without_leak(studies: dict[str, Dataset]) -> None:
    rows = studies["plain"].rows
    comparison = compare_by_leak(studies["plain"], "fill_percent")
    assert comparison.summaries[0] == summarise(rows.loc[rows["leak"] == "no", "fill_percent"])
    assert comparison.summaries[1] == summarise(rows.loc[rows["leak"] == "yes", "fill_percent"])


def test_the_level_reaches_the_choice(studies: dict[str, Dataset]) -> None:
    usual = compare_by_leak(studies["normal"], "vertebral_volume_cc")
    level = math.nextafter(min(normality.p_value for normality in usual.normality), 1)
    assert usual.chosen == "student"
    assert compare_by_leak(studies["normal"], "vertebral_volume_cc", level).chosen == "kruskal"


@pytest.mark.parametrize(("leaks", "why_not"), [((), "group_empty"), ((0,), ""), ((0, 1, 2, 3, 4), "group_empty")])
def test_few_leaks(
    rows: list[dict[str, str]], write: Callable[..., Path], leaks: tuple[int, ...], why_not: str
) -> None:
    for number, row in enumerate(rows):
        leak = number in leaks
        row |= {"leak": "yes" if leak else "no"}
        row |= {"leak_site": "disc" if leak else "", "leak_size": "massive" if leak else ""}
    comparison = compare_by_leak(load(write(rows)), "vertebral_volume_cc")
    assert (comparison.chosen, comparison.why) == ("kruskal", "normality_unknown")
    assert comparison.result.reason == why_not
    assert comparison.tests["student"].reason == "too_few"
    assert math.isnan(comparison.result.p_value) == bool(why_not)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("cement", "'cement_volume_cc'"), ("vas", "'vas_pre', 'vas_post'"), ("fil_percnt", "'fill_percent'")],
)
def test_a_column_of_another_name_is_told_the_one_that_may_be_meant(
    studies: dict[str, Dataset], asked: str, meant: str
) -> None:
    with pytest.raises(KeyError, match=f"no column '{asked}'; there is {meant}"):
        compare_by_leak(studies["spanish"], asked)
    with pytest.raises(KeyError, match="no column 'sx'; there is 'sex'"):
        select(studies["spanish"], "patients", {"sx": "F"})


def test_a_column_that_is_not_there(studies: dict[str, Dataset]) -> None:
    with pytest.raises(KeyError):
        compare_by_leak(studies["spanish"], "odi_post")
    with pytest.raises(KeyError):
        associate_with_leak(studies["spanish"], "new_fracture_1y")
