"""Derivatives of the likelihoods against differences of their heights, and the climb between them."""

from __future__ import annotations

import numpy as np
import pytest

from vpresearch.regression.firth import penalised
from vpresearch.regression.logistic import likelihood
from vpresearch.regression.profile import Likelihood, climb

_RANDOM = np.random.default_rng(5)
_X = np.column_stack([np.ones(12), _RANDOM.normal(20, 7, (12, 2))])
_Y = (_RANDOM.random(12) < 0.4).astype(float)
_LIKELIHOODS = {"plain": likelihood(_Y), "penalised": penalised(_X, _Y)}


@pytest.fixture(params=list(_LIKELIHOODS))
def height(request: pytest.FixtureRequest) -> Likelihood:
    return _LIKELIHOODS[request.param]


def test_the_slope_is_that_of_the_height(height: Likelihood) -> None:
    logit, step = _X @ [-2.0, 0.05, 0.03], 1e-5
    for row, move in enumerate(step * np.eye(12)):
        difference = height(logit + move).height - height(logit - move).height
        assert height(logit).slope[row] == pytest.approx(difference / (2 * step), rel=1e-6, abs=1e-9)


def test_bend_and_shared_are_the_second_derivative(height: Likelihood) -> None:
    logit, step = _X @ [-2.0, 0.05, 0.03], 1e-5
    point = height(logit)
    second = np.diag(point.bend) + point.shared @ point.shared.T
    for row, move in enumerate(step * np.eye(12)):
        difference = height(logit + move).slope - height(logit - move).slope
        assert -difference / (2 * step) == pytest.approx(second[row], rel=1e-6, abs=1e-9)


def test_the_start_does_not_matter(height: Likelihood) -> None:
    first = climb(height, _X, np.zeros(12))
    start = np.array([3.0, -0.2, 0.1])
    second = climb(height, _X, _X @ start)
    assert first.converged
    assert second.converged
    assert second.coefficients + start == pytest.approx(first.coefficients, rel=1e-8)
    assert second.covariance == pytest.approx(first.covariance, rel=1e-8)
    assert second.loglik == pytest.approx(first.loglik, rel=1e-12)


def test_the_covariance_is_the_inverse_of_the_information(height: Likelihood) -> None:
    top = climb(height, _X, np.zeros(12))
    information = (_X.T * height(_X @ top.coefficients).weight) @ _X
    assert top.covariance @ information == pytest.approx(np.eye(3), abs=1e-9)


def test_far_out_no_row_weighs_anything() -> None:
    assert _LIKELIHOODS["penalised"](np.full(12, 800.0)).height == -np.inf
    assert not climb(_LIKELIHOODS["plain"], _X, np.full(12, 800.0)).converged


def test_columns_that_depend_on_each_other_have_no_maximum() -> None:
    twice = np.column_stack([_X, 2 * _X[:, 1] - 3])
    assert not climb(_LIKELIHOODS["plain"], twice, np.zeros(12)).converged
    assert not climb(_LIKELIHOODS["plain"], np.column_stack([_X, np.zeros(12)]), np.zeros(12)).converged
