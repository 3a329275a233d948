from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpresearch.regression.design import Design
from vpresearch.regression.logistic import gate, maximise, maximise_each


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), strength=st.sampled_from([0.0, 1.0, 4.0, 20.0]))
def test_each_is_that_of_the_plain_model_or_has_none(seed: int, strength: float) -> None:
    rng = np.random.default_rng(seed)
    x = np.stack([np.ones((6, 30)), rng.normal(20, 5, (6, 30)), rng.standard_t(2, (6, 30))], axis=-1)
    y = (strength * (x[..., 1] - 20) / 5 + rng.logistic(size=(6, 30)) > 0).astype(float)
    coefficients, heights = maximise_each(x, y)
    for columns, outcome, beta, height in zip(x, y, coefficients, heights, strict=True):
        if gate(Design("leak", outcome, columns, ("intercept", "a", "b"), ("",) * 3, np.arange(30))):
            assert np.isnan([*beta, height]).all()
        else:
            found = maximise(columns, outcome)
            assert beta == pytest.approx(found.coefficients, rel=1e-6, abs=1e-8)
            assert height == pytest.approx(found.loglik, rel=1e-9)


def test_columns_that_depend_on_each_other_leave_the_others_alone() -> None:
    other, y = np.array([1.0, 5, 2, 0, 3, 1, 4, 2]), np.array([0.0, 1, 1, 0, 0, 1, 1, 0])
    x = np.stack([np.ones((2, 8)), np.tile(np.arange(8.0), (2, 1)), [3 * np.arange(8.0), other]], axis=-1)
    coefficients, heights = maximise_each(x, np.stack([y, y]))
    assert np.isnan([*coefficients[0], heights[0]]).all()
    assert np.isfinite(heights[1])
    assert coefficients[1] == pytest.approx(maximise(x[1], y).coefficients, rel=1e-6)
