"""Polynomials in the place of smooth log densities."""

from __future__ import annotations

import numpy as np
import pytest

from vpresearch.regression.bayes import box, interpolate
from vpresearch.regression.design import Floats


def leaning(at: Floats) -> Floats:
    """A density that leans, and is cut off where its third number is 0."""
    x, y, z = at.T
    heights: Floats = -(x**2 + y**2 - x * y) / 2 - 3 * (z - np.log1p(z)) + 0.02 * x**3
    return heights


def test_a_density_is_what_its_polynomial_says() -> None:
    edges = box(leaning, np.array([0.0, 0.0, 0.5]), np.ones(3), 0.0)
    found = interpolate(leaning, edges, 0.0)
    assert found is not None
    assert found.low[2] == 0
    at = np.random.default_rng(1).uniform(-1, 1, (50, 3)) * [1.5, 1.5, 0.9] + [0, 0, 1]
    assert found(at) == pytest.approx(leaning(at), abs=1e-3)
    assert found(found.high[None] + 1)[0] == -np.inf


def test_a_density_with_a_step_has_no_polynomial() -> None:
    def step(at: Floats) -> Floats:
        heights: Floats = -(at**2).sum(axis=1) / 2 + np.where(at[:, 0] > 0.1, 0.5, 0.0)
        return heights

    assert interpolate(step, box(step, np.zeros(3), np.ones(3), -np.inf), -np.inf) is None
