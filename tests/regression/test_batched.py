"""The likelihoods of many datasets against those of one, and their derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vpresearch.regression.batched import Rows, augmented, measure, rows_of
from vpresearch.regression.firth import penalised
from vpresearch.regression.logistic import likelihood

_RANDOM = np.random.default_rng(5)
_Z, _Y = _RANDOM.normal(0, 1, (3, 10)), (_RANDOM.random((3, 10)) < 0.4).astype(float)
_TIMES = _RANDOM.integers(0, 3, (3, 10)).astype(float)
_BETA = np.array([[-0.5, 0.2, 1.5], [0.8, -1.1, 2.5]])
_STEP = 1e-5


def _rows(kind: bool) -> Rows:
    return rows_of(_Z, _Y, _TIMES, kind)


def _move(which: int) -> NDArray[np.float64]:
    move: NDArray[np.float64] = _STEP * np.eye(2)[which][:, None]
    return move


@pytest.mark.parametrize("kind", [False, True])
def test_each_is_the_likelihood_of_its_rows(kind: bool) -> None:
    point = measure(_rows(kind), _BETA)
    for at in range(3):
        z, y = (np.repeat(values[at], _TIMES[at].astype(int)) for values in (_Z, _Y))
        x = np.column_stack([np.ones(len(z)), z])
        one = (penalised(x, y) if kind else likelihood(y))(x @ _BETA[:, at])
        second = x.T @ (np.diag(one.bend) + one.shared @ one.shared.T) @ x
        assert point.height[at] == pytest.approx(one.height)
        assert point.slope[:, at] == pytest.approx(x.T @ one.slope)
        assert point.curvature[:, at] == pytest.approx(second[[0, 0, 1], [0, 1, 1]])


def test_the_augmented_information_is_that_of_one() -> None:
    found = augmented(_rows(True), _BETA, measure(_rows(True), _BETA).information)
    for at in range(3):
        z, y = (np.repeat(values[at], _TIMES[at].astype(int)) for values in (_Z, _Y))
        x = np.column_stack([np.ones(len(z)), z])
        information = (x.T * penalised(x, y)(x @ _BETA[:, at]).weight) @ x
        assert found[:, at] == pytest.approx(information[[0, 0, 1], [0, 1, 1]])


@pytest.mark.parametrize("kind", [False, True])
def test_derivatives_are_those_of_the_height(kind: bool) -> None:
    rows, point = _rows(kind), measure(_rows(kind), _BETA)
    for which in (0, 1):
        up, down = (measure(rows, _BETA + side * _move(which)) for side in (1, -1))
        assert (up.height - down.height) / (2 * _STEP) == pytest.approx(point.slope[which], rel=1e-6)
        bend = -(up.slope - down.slope) / (2 * _STEP)
        assert bend == pytest.approx(point.curvature[[which, which + 1]], rel=1e-6)


def test_some_can_be_taken() -> None:
    rows = _rows(True)
    some = measure(rows.take(np.array([2, 0])), _BETA[:, [2, 0]])
    assert some.height == pytest.approx(measure(rows, _BETA).height[[2, 0]])
    assert rows.take(np.arange(3)) is rows
