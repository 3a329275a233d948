"""The way back from standardised columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.regression.logistic import original_scale, standardised


@given(st.integers(0, 10**6))
def test_log_odds_stay_where_they_are(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = np.column_stack([np.ones(9), random.normal(20, 5, (9, 2)), random.normal(-300, 0.1, 9)])
    coefficients = random.normal(size=4)
    assert x @ (original_scale(x) @ coefficients) == pytest.approx(standardised(x) @ coefficients, abs=1e-9)
