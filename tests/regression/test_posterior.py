"""Lattices against distributions that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import halfnorm, norm

from vpresearch.regression import bayes
from vpresearch.regression.bayes import Margin, explore
from vpresearch.regression.design import Floats

_COVARIANCE = np.array([[1.0, 0.6, 0.0], [0.6, 2.0, 0.0], [0.0, 0.0, 0.25]])


def gauss(at: Floats) -> Floats:
    heights: Floats = (
        -np.einsum("mi,ij,mj->m", at - [3.0, -1.0, 0.0], np.linalg.inv(_COVARIANCE), at - [3.0, -1, 0]) / 2
    )
    return heights


@pytest.fixture(scope="module")
def visited() -> tuple[Floats, Floats]:
    # A start well off the top finds its way there.
    return explore(gauss, np.array([1.0, 1.0, 0.0]), np.array([0.5, 0.5, 0.3]))


@pytest.mark.parametrize("probability", [0.025, 0.31, 0.5, 0.975])
def test_quantiles_are_those_of_the_normal_curve(visited: tuple[Floats, Floats], probability: float) -> None:
    places, mass = visited
    first = Margin(places[:, 0], mass, np.full(len(mass), 0.5))
    # A sum of two axes moves along either.
    both = Margin(places[:, 0] + places[:, 1], mass, np.full(len(mass), 0.5))
    folded = Margin(places[:, 2], mass, np.full(len(mass), 0.3), folded=True)
    assert first.quantile(probability) == pytest.approx(norm.ppf(probability, 3, 1), abs=1e-5)
    assert both.quantile(probability) == pytest.approx(norm.ppf(probability, 2, np.sqrt(4.2)), abs=1e-5)
    assert folded.quantile(probability) == pytest.approx(halfnorm.ppf(probability, scale=0.5), abs=1e-5)


def test_moments_are_those_of_the_normal_curve(visited: tuple[Floats, Floats]) -> None:
    places, mass = visited
    assert Margin(places[:, 1], mass, np.full(len(mass), 0.5)).moments() == pytest.approx((-1, np.sqrt(2)), abs=1e-5)
    folded = Margin(places[:, 2], mass, np.full(len(mass), 0.3), folded=True)
    assert folded.moments() == pytest.approx((halfnorm.mean(scale=0.5), halfnorm.std(scale=0.5)), abs=1e-5)


@given(value=st.floats(-1, 7))
def test_the_share_below_is_that_of_the_normal_curve(visited: tuple[Floats, Floats], value: float) -> None:
    places, mass = visited
    assert Margin(places[:, 0], mass, np.full(len(mass), 0.5)).below(value) == pytest.approx(
        norm.cdf(value, 3, 1), abs=1e-6
    )


def test_too_many_places_are_not_visited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bayes, "_MOST_PLACES", 1000)
    places, mass = explore(gauss, np.array([3.0, -1.0, 0.0]), np.full(3, 0.2))
    assert len(places) == len(mass) == 0


def test_rounding_of_a_step_does_not_move_the_mean_of_a_folded_number() -> None:
    at, nudges = np.arange(0, 9), 1 + 1e-15 * np.arange(-40, 41)
    mass = np.exp(-((0.5 * at) ** 2) / 2) * np.where(at == 0, 0.5, 1.0)
    means = [Margin(s * 0.5 * at, mass / mass.sum(), np.full(9, 0.5 * s), folded=True).moments()[0] for s in nudges]
    assert np.ptp(means) < 1e-12
