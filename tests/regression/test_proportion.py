"""Exact and clustered intervals of a proportion."""

from __future__ import annotations

import csv
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

from tests.conftest import REFERENCE
from vpresearch.regression.design import Design
from vpresearch.regression.precision import clopper_pearson, korn_graubard

_R: dict[str, Any] = json.loads((REFERENCE / "regression" / "comparators.json").read_text(encoding="utf-8"))


def _design(y: ArrayLike, cluster: ArrayLike) -> Design:
    outcome = np.asarray(y, float)
    return Design("leak", outcome, np.ones((len(outcome), 1)), ("intercept",), ("",), np.asarray(cluster, np.int64))


@pytest.mark.parametrize("case", _R["exact"])
def test_the_exact_interval_is_that_of_r(case: dict[str, Any]) -> None:
    ends = clopper_pearson(case["events"], case["n"], case["alpha"])
    assert ends == pytest.approx(case["ends"], rel=1e-10, abs=1e-10)


def _against_r(design: Design, expected: dict[str, Any]) -> None:
    share = korn_graubard(design)
    numbers = (share.icc, share.design_effect, share.n_effective, share.low, share.high)
    names = ("icc", "design_effect", "n_effective")
    assert numbers == pytest.approx((*(expected[name] for name in names), *expected["ends"]), rel=1e-9)
    assert share.reason == ""


def test_the_clustered_interval_is_that_of_r() -> None:
    with (REFERENCE / "regression" / "synthetic41.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    design = _design([float(row["leak"]) for row in rows], [int(row["patient"]) - 1 for row in rows])
    _against_r(design, _R["synthetic41"])
    _against_r(_design(_R["toy"]["y"], _R["toy"]["cluster"]), _R["toy"])


def test_the_exact_interval_is_not_wilsons() -> None:
    low, high = clopper_pearson(15, 41)
    wilson = [100 * float(end) for end in proportion_confint(15, 41, method="wilson")]
    assert low < wilson[0] - 1
    assert high > wilson[1] + 1


def test_without_shared_patients_the_clustered_interval_is_the_exact_one() -> None:
    share = korn_graubard(_design([1, 0, 0, 1, 0, 0, 0], range(7)))
    assert (share.low, share.high) == pytest.approx(clopper_pearson(2, 7), rel=1e-12)
    assert (share.icc, share.design_effect, share.n_effective) == pytest.approx((0, 1, 7))


def test_patients_of_one_kind_count_once_each() -> None:
    share = korn_graubard(_design([1, 1, 0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 2, 2, 3, 3]))
    assert (share.icc, share.design_effect) == (1, 2)
    assert share.n_effective < 4


def test_a_negative_correlation_never_narrows_the_interval() -> None:
    share = korn_graubard(_design([1, 0, 1, 0, 1, 0], [0, 0, 1, 1, 2, 2]))
    low, high = clopper_pearson(3, 6)
    assert share.icc == pytest.approx(-1)
    assert share.design_effect == 1
    assert share.low < low
    assert share.high > high


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=2, max_size=20))
def test_clustering_only_widens(rows: list[tuple[int, int]]) -> None:
    y, patients = zip(*rows, strict=True)
    design = _design(y, np.unique(patients, return_inverse=True)[1])
    share = korn_graubard(design)
    if share.reason:
        assert math.isnan(share.low)
        return
    low, high = clopper_pearson(design.events, design.n)
    assert share.low <= low + 1e-9
    assert share.high >= high - 1e-9
    assert share.n_effective <= design.n + 1e-9


@pytest.mark.parametrize(
    ("y", "cluster", "percent", "reason"),
    [
        ([0, 0, 0], [0, 0, 1], 0.0, "one_outcome"),
        ([1, 1], [0, 1], 100.0, "one_outcome"),
        ([1, 0, 0, 0], [0, 0, 0, 0], 25.0, "too_few_clusters"),
        ([], [], math.nan, "too_few_clusters"),
    ],
)
def test_clusters_that_tell_nothing_give_no_interval(
    y: list[int], cluster: list[int], percent: float, reason: str
) -> None:
    share = korn_graubard(_design(y, cluster))
    assert share.reason == reason
    assert share.percent == pytest.approx(percent, nan_ok=True)
    assert all(map(math.isnan, (share.low, share.high, share.icc, share.design_effect, share.n_effective)))


@pytest.mark.parametrize(("events", "n"), [(-1, 4), (5, 4), (0, 0)])
def test_counts_that_are_no_proportion_are_refused(events: int, n: int) -> None:
    with pytest.raises(ValueError, match="is not a proportion"):
        clopper_pearson(events, n)
