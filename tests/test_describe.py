"""Counts, means, standard deviations and proportions, against R and against laws."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.data import Dataset, load
from vpresearch.inference.describe import proportion, select, summarise

_samples = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)


# -- summaries ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("over", ["vertebrae", "patients"])
def test_summaries_are_those_of_r(studies: dict[str, Dataset], oracle: dict[str, Any], book: str, over: str) -> None:
    table = select(studies[book], over)
    for variable, expected in oracle[book]["describe"][over].items():
        summary = summarise(table[variable])
        names = {"min": "minimum", "max": "maximum"}
        computed = {key: getattr(summary, names.get(key, key)) for key in expected}
        assert computed == pytest.approx(expected, rel=1e-9, abs=0), variable
        assert summary.n + summary.missing == len(table)


def test_sd_divides_by_one_less_than_n() -> None:
    values = [1.0, 2.0, 4.0, 9.0]
    assert summarise(values).sd == pytest.approx(statistics.stdev(values), rel=1e-15)
    assert summarise(values).sd != pytest.approx(statistics.pstdev(values), rel=1e-2)


def test_quartiles_are_interpolated() -> None:
    summary = summarise([1, 2, 3, 10])
    assert (summary.minimum, summary.q1, summary.median, summary.q3, summary.maximum) == (1, 1.75, 2.5, 4.75, 10)


def test_missing_values_are_counted_and_left_out() -> None:
    summary = summarise([math.nan, 1, math.nan, 3])
    assert (summary.n, summary.missing, summary.mean, summary.minimum) == (2, 2, 2, 1)


@pytest.mark.parametrize(("values", "missing"), [([], 0), ([math.nan, math.nan], 2)])
def test_nothing_has_no_statistics(values: list[float], missing: int) -> None:
    summary = summarise(values)
    assert (summary.n, summary.missing) == (0, missing)
    rest = summary.mean, summary.sd, summary.minimum, summary.q1, summary.median, summary.q3, summary.maximum
    assert all(math.isnan(value) for value in rest)


@pytest.mark.parametrize(("value", "n"), [(0.1, 3), (0.1, 41), (0.11, 5)])
def test_equal_values_have_no_spread(value: float, n: int) -> None:
    assert math.fsum([value] * n) / n != value
    summary = summarise([value] * n)
    assert (summary.mean, summary.sd) == (value, 0.0)


def test_one_value_has_a_mean_and_no_spread() -> None:
    summary = summarise([7])
    assert (summary.n, summary.mean, summary.minimum, summary.maximum) == (1, 7, 7, 7)
    assert math.isnan(summary.sd)


@given(values=_samples, seed=st.integers(0, 1000))
def test_the_order_of_the_rows_changes_no_digit(values: list[float], seed: int) -> None:
    assert summarise(np.random.default_rng(seed).permutation(values)) == summarise(values)


@given(values=_samples, shift=st.floats(-1e6, 1e6))
def test_a_shift_moves_the_centre_and_keeps_the_spread(values: list[float], shift: float) -> None:
    before, after = summarise(values), summarise(np.array(values) + shift)
    assert after.mean == pytest.approx(before.mean + shift, rel=1e-12, abs=1e-6)
    assert after.median == pytest.approx(before.median + shift, rel=1e-12, abs=1e-6)
    assert after.sd == pytest.approx(before.sd, rel=1e-9, abs=1e-6)


def test_a_large_offset_costs_no_digits() -> None:
    assert summarise([1e9 + 1, 1e9 + 2, 1e9 + 3]).sd == 1


@given(_samples)
def test_statistics_are_in_order(values: list[float]) -> None:
    summary = summarise(values)
    ordered = [summary.minimum, summary.q1, summary.median, summary.q3, summary.maximum]
    assert ordered == sorted(ordered)
    assert summary.sd >= 0


# -- proportions -------------------------------------------------------------------------------------------------


def test_share_of_leaks_and_wilson_interval_are_those_of_r(
    studies: dict[str, Dataset], oracle: dict[str, Any], book: str
) -> None:
    expected = oracle[book]["leak_proportion"]
    vertebrae = select(studies[book], "vertebrae")
    share = proportion(int((vertebrae["leak"] == "yes").sum()), len(vertebrae))
    assert (share.count, share.n) == (expected["x"], expected["n"])
    assert share.percent == pytest.approx(100 * expected["proportion"], rel=1e-9)
    assert share.low == pytest.approx(100 * expected["wilson"]["low"], rel=1e-9)
    assert share.high == pytest.approx(100 * expected["wilson"]["high"], rel=1e-9)
    assert share.low != pytest.approx(100 * expected["clopper_pearson"]["low"], rel=1e-3)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_is_within_the_scale_and_symmetric(case: tuple[int, int]) -> None:
    count, n = case
    share, rest = proportion(count, n), proportion(n - count, n)
    assert -1e-12 <= share.low <= share.percent + 1e-12
    assert share.percent - 1e-12 <= share.high <= 100 + 1e-12
    assert share.low == pytest.approx(100 - rest.high, abs=1e-9)
    assert share.percent == pytest.approx(100 * count / n, rel=1e-15)


def test_no_share_of_nothing() -> None:
    share = proportion(0, 0)
    assert (share.count, share.n) == (0, 0)
    assert all(math.isnan(value) for value in (share.percent, share.low, share.high))


# -- units of analysis -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("over", "group", "ids"),
    [
        ("vertebrae", None, "ZZQII"),
        ("vertebrae", {}, "ZZQII"),
        ("vertebrae", {"leak": "yes"}, "ZQ"),
        ("vertebrae", {"leak": "no"}, "ZII"),
        ("vertebrae", {"leak": "no", "region": "lumbar"}, "ZI"),
        ("vertebrae", {"sex": "F"}, "ZZII"),
        ("vertebrae", {"leak_site": "disc"}, ""),
        ("patients", None, "ZQI"),
        ("patients", {"leak": "yes"}, "ZQ"),
        ("patients", {"leak": "no"}, "ZI"),
        ("patients", {"region": "lumbar"}, "ZI"),
        ("patients", {"sex": "M"}, "Q"),
    ],
)
def test_selected_rows(
    rows: list[dict[str, str]], write: Callable[..., Path], over: str, group: dict[str, str] | None, ids: str
) -> None:
    selected = select(load(write(rows)), over, group)
    assert "".join(patient[0] for patient in selected["patient_id"]) == ids
    assert {"fill_percent", "vas_pre", "leak"} <= set(selected)


def test_a_group_by_a_column_that_is_not_there(studies: dict[str, Dataset]) -> None:
    with pytest.raises(KeyError):
        select(studies["plain"], "vertebrae", {"hospital": "Toledo"})
