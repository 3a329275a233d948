"""Chi-squared and exact tests of counts against R, scipy, enumeration and formulas."""

from __future__ import annotations

import json
import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2, fisher_exact

from vpresearch.data import Dataset
from vpresearch.inference import associate, associate_with_leak, fisher, tests

_EXACT_UP_TO = 2**62
_REFERENCE = Path(__file__).parents[1] / "reference"


def _series(counts: list[list[int]]) -> tuple[pd.Series[str], pd.Series[str]]:
    cells = [(f"r{i}", f"c{j}") for i, row in enumerate(counts) for j, count in enumerate(row) for _ in range(count)]
    return pd.Series([row for row, _ in cells]), pd.Series([column for _, column in cells])


def _by_enumeration(counts: NDArray[np.int64]) -> float:
    """Freeman-Halton p: the chance of all tables with these margins that are no likelier than the observed one."""
    totals, drawn = counts.sum(axis=1), int(counts[:, 1].sum())
    weigh = [
        math.prod(math.comb(int(total), count) for total, count in zip(totals, table, strict=True))
        for table in product(*(range(int(total) + 1) for total in totals))
        if sum(table) == drawn
    ]
    observed = math.prod(math.comb(int(a + b), int(b)) for a, b in counts)
    assert sum(weigh) == math.comb(int(counts.sum()), drawn)
    return sum(weight for weight in weigh if weight <= observed) / sum(weigh)


# -- R -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["sex", "region", "level"])
def test_tables_are_those_of_r(studies: dict[str, Dataset], oracle: dict[str, Any], book: str, variable: str) -> None:
    result, expected = associate_with_leak(studies[book], variable), oracle[book]["tables"][variable]
    rows, columns = expected["rows"], expected["cols"]
    assert set(result.observed.index) == set(rows)
    assert result.observed.loc[rows, columns].to_numpy().tolist() == expected["observed"]
    assert result.expected.loc[rows, columns].to_numpy() == pytest.approx(np.array(expected["expected"]), rel=1e-9)
    assert result.chi_squared.statistic == pytest.approx(expected["chi2"], rel=1e-9, abs=0)
    assert result.chi_squared.df == expected["df"]
    assert result.chi_squared.p_value == pytest.approx(expected["p"], rel=1e-9, abs=0)
    assert (result.fisher is not None) == expected["small_expected"]


@pytest.mark.parametrize("variable", ["sex", "region", "level"])
def test_fisher_is_that_of_r(studies: dict[str, Dataset], oracle: dict[str, Any], book: str, variable: str) -> None:
    counts = associate_with_leak(studies[book], variable).observed.to_numpy(dtype=np.int64)
    result, expected = fisher(counts), oracle[book]["tables"][variable]["fisher_p"]
    assert result.reason == ""
    if expected is None:
        assert (book, variable) in {("spanish", "level"), ("large", "level")}
        assert 0 < result.p_value < 1
    else:
        assert result.p_value == pytest.approx(expected, rel=1e-9, abs=0)


# -- neighbours --------------------------------------------------------------------------------------------------


def test_pearson_is_not_corrected_by_yates() -> None:
    counts = np.array([[7, 3], [2, 8]])
    result = associate(*_series(counts.tolist()))
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    pearson, yates = (float(((abs(counts - expected) - less) ** 2 / expected).sum()) for less in (0, 0.5))
    assert result.chi_squared.statistic == pytest.approx(pearson, rel=1e-12)
    assert result.chi_squared.statistic != pytest.approx(yates, rel=0.1)
    assert result.chi_squared.p_value == pytest.approx(chi2.sf(pearson, 1), rel=1e-12)


@pytest.mark.parametrize("counts", [[[7, 3], [2, 8]], [[5, 1], [2, 6], [4, 4], [3, 0]]])
def test_cramers_v(counts: list[list[int]]) -> None:
    result = associate(*_series(counts)).chi_squared
    assert result.effect is not None
    n = sum(map(sum, counts))
    assert (result.test, result.df, result.effect.kind) == ("chi_squared", len(counts) - 1, "cramers_v")
    assert result.effect.estimate == pytest.approx(math.sqrt(result.statistic / n), rel=1e-12)


def test_freeman_halton_counts_tables_and_not_tails() -> None:
    counts = np.array([[3, 1], [1, 3], [0, 4]])
    assert fisher(counts).p_value == pytest.approx(0.2, rel=1e-12)
    assert fisher(np.array([[3, 1], [1, 3]])).p_value == pytest.approx(34 / 70, rel=1e-12)


# -- laws --------------------------------------------------------------------------------------------------------


@given(st.tuples(*[st.integers(0, 12)] * 4))
def test_a_row_of_nothing_leaves_fishers_test_of_two_rows(cells: tuple[int, int, int, int]) -> None:
    a, b, c, d = cells
    with_empty_row = fisher(np.array([[a, b], [0, 0], [c, d]])).p_value
    assert with_empty_row == pytest.approx(float(fisher_exact(np.array([[a, b], [c, d]])).pvalue), rel=1e-9)
    assert fisher(np.array([[a, b], [c, d]])).p_value == pytest.approx(with_empty_row, rel=1e-9)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=5))
def test_fisher_is_the_sum_over_all_tables(rows: list[tuple[int, int]]) -> None:
    counts = np.array(rows, dtype=np.int64)
    result = fisher(counts)
    assert result.p_value == pytest.approx(_by_enumeration(counts), rel=1e-12)
    assert fisher(counts[::-1]).p_value == result.p_value
    assert fisher(counts[:, ::-1]).p_value == pytest.approx(result.p_value, rel=1e-12)


# -- which test, and when none -----------------------------------------------------------------------------------


def test_the_exact_test_is_done_only_where_an_expected_count_is_below_five() -> None:
    assert associate(*_series([[5, 5], [5, 5]])).fisher is None
    assert associate(*_series([[9, 1], [1, 9]])).fisher is None
    small = associate(*_series([[5, 4], [5, 5]]))
    assert float(small.expected.to_numpy().min()) < 5
    assert small.fisher is not None
    assert small.fisher.p_value == pytest.approx(float(fisher_exact(np.array([[5, 4], [5, 5]])).pvalue), rel=1e-12)
    assert math.isnan(small.fisher.statistic)
    assert math.isnan(small.fisher.df)


def test_units_that_miss_a_value_are_left_out() -> None:
    rows, columns = _series([[5, 4], [5, 6]])
    more = pd.concat([rows, pd.Series([None, "r0"])], ignore_index=True)
    other = pd.concat([columns, pd.Series(["c0", None])], ignore_index=True)
    assert associate(more, other).chi_squared == associate(rows, columns).chi_squared
    assert associate(more, other).observed.to_numpy().tolist() == [[5, 4], [5, 6]]


@pytest.mark.parametrize("counts", [[[5, 3]], [[5], [3]], [[5]], [[0, 3], [0, 2]]])
def test_a_variable_that_does_not_vary(counts: list[list[int]]) -> None:
    result = associate(*_series(counts))
    assert (result.chi_squared.reason, result.chi_squared.effect, result.fisher) == ("one_category", None, None)
    assert math.isnan(result.chi_squared.p_value)
    assert bool(result.expected.isna().to_numpy().all())


def test_a_table_and_its_transpose_have_the_same_exact_test() -> None:
    counts = np.array([[3, 1, 2], [1, 4, 0]])
    assert fisher(counts).p_value == pytest.approx(fisher(counts.T).p_value, rel=1e-12)


def test_three_rows_and_columns_have_no_exact_test() -> None:
    result = associate(*_series([[3, 1, 2], [1, 4, 0], [2, 1, 3]])).fisher
    assert result is not None
    assert result.reason == "too_many_tables"


def test_the_largest_tables_are_weighed_exactly() -> None:
    # 2^62 lies between the numbers of ways to draw half of 64 and half of 66.
    just = np.array([[16, 16], [10, 10], [6, 6]])
    assert math.comb(64, 32) <= _EXACT_UP_TO < math.comb(66, 33)
    assert fisher(just).p_value == pytest.approx(1, rel=1e-12)
    assert fisher(np.array([[16, 16], [10, 10], [7, 7]])).p_value == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "near"), [("three", 1e-9), ("four", 1e-9), ("six", 1e-9), ("nine", 1e-9), ("seventeen", 5e-5)]
)
def test_tables_with_more_ways_than_64_bits_count_are_those_of_r(name: str, near: float) -> None:
    expected = json.loads((_REFERENCE / "fisher.json").read_text(encoding="utf-8"))[name]
    for counts in (np.array(expected["rows"]), np.array(expected["rows"]).T):
        assert fisher(counts).p_value == pytest.approx(expected["p"], rel=near)


def test_logs_and_whole_numbers_agree() -> None:
    for counts in (np.array([[3, 1], [1, 3], [0, 4]]), np.array([[9, 2], [3, 8], [4, 7], [6, 6]])):
        assert tests._by_log_weights(counts) == pytest.approx(fisher(counts).p_value, rel=1e-10)
