"""Many datasets at once against one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpresearch.regression import gee
from vpresearch.regression.design import Design, Floats, Ints
from vpresearch.regression.gee import batched_gee


def drawn(seed: int, m: int = 8, n: int = 20) -> tuple[Floats, Floats, Ints]:
    random = np.random.default_rng(seed)
    x = random.normal(22, 9, (m, n)).round(0)
    cluster = np.array([np.unique(row, return_inverse=True)[1] for row in random.integers(0, 12, (m, n))])
    y = random.random((m, n)) < 1 / (1 + np.exp(2 - 0.1 * x))
    return x, y.astype(float), cluster.astype(np.int64)


def one(x: Floats, y: Floats, cluster: Ints) -> Design:
    return Design("leak", y, np.column_stack([np.ones(len(x)), x]), ("intercept", "fill"), ("", ""), cluster)


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_each_dataset_is_fitted_as_if_alone(seed: int) -> None:
    x, y, cluster = drawn(seed, m=3)
    fits = batched_gee(x, y, cluster)
    for i in range(3):
        for kind, se in fits.se.items():
            alone = gee.fit(one(x[i], y[i], cluster[i]), model=f"gee_{kind}")[1]
            assert alone.reason == fits.reason[i]
            together = [fits.slope[i], se[i], fits.p_value(kind)[i]]
            assert together == pytest.approx([alone.estimate, alone.se, alone.p_value], rel=1e-9, nan_ok=True)


def test_a_failure_leaves_the_others_alone() -> None:
    x, y, cluster = drawn(1)
    y[1] = 0
    y[2] = x[2] > 20
    cluster[3] = np.arange(20) % 2
    y[4], x[4] = np.tile([0.0, 1.0], 10), np.repeat(np.arange(10.0), 2)
    cluster[4] = np.repeat(np.arange(10), 2)
    fits = batched_gee(x, y, cluster)
    told = ["", "one_outcome", "complete_separation", "too_few_clusters", "too_few_clusters", "", "", ""]
    assert fits.reason.tolist() == told
    failed = fits.reason != ""
    for numbers in (fits.slope, *fits.se.values(), fits.p_value()):
        assert np.isnan(numbers).tolist() == failed.tolist()


def test_nothing_to_fit() -> None:
    fits = batched_gee(np.arange(4.0), np.zeros((2, 4)), np.arange(4))
    assert fits.reason.tolist() == ["one_outcome", "one_outcome"]
    assert np.isnan(fits.p_value("md")).all()


def test_it_is_not_the_model_that_takes_vertebrae_as_independent() -> None:
    x, y, cluster = drawn(3)
    together, apart = batched_gee(x, y, cluster), batched_gee(x, y, np.arange(20))
    assert together.slope == pytest.approx(apart.slope)
    assert np.abs(together.se["kc"] / apart.se["kc"] - 1).max() > 0.05
    assert together.df.tolist() == (cluster.max(axis=1) - 1).tolist()
