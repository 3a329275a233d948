"""Adaptive quadrature against scipy's, and modes where Newton's method alone would not come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit, log_expit
from scipy.stats import norm

from vpresearch.regression.design import Floats
from vpresearch.regression.mixed import Grouped, double_exponential, gauss_hermite, grouped, log_integrals, modes

_CLUSTER = np.array([0, 1, 0, 2, 2, 2, 0])
_Y = np.array([1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0])


def made(seed: int) -> tuple[Grouped, Floats]:
    logit = np.random.default_rng(seed).normal(0, 2, 7)
    rows = grouped(logit[:, None], _Y, _CLUSTER)
    return rows, rows.x[:, 0]


def by_scipy(rows: Grouped, logit: Floats, sd: float) -> list[float]:
    def likelihood(u: float, own: int) -> float:
        away = (2 * rows.y - 1) * (logit + sd * u)
        return float(np.exp(log_expit(away[rows.own == own]).sum()) * norm.pdf(u))

    return [
        quad(likelihood, -12, 12, (own,), limit=500, epsabs=0, epsrel=1e-11, points=np.linspace(-6, 6, 25))[0]
        for own in range(3)
    ]


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), sd=st.sampled_from([0.0, 0.5, 2.0]))
def test_both_rules_integrate(seed: int, sd: float) -> None:
    rows, logit = made(seed)
    expected = by_scipy(rows, logit, sd)
    assert np.exp(log_integrals(rows, logit, np.array([sd]), gauss_hermite(25))) == pytest.approx(expected, rel=1e-5)
    fine = np.exp(log_integrals(rows, logit, np.array([sd]), double_exponential(0.1)))
    assert fine == pytest.approx(expected, rel=1e-9)


def test_only_one_rule_holds_where_the_integrand_is_a_step() -> None:
    rows, logit = made(1)
    expected = by_scipy(rows, logit, 12.0)
    gauss, other = (
        np.exp(log_integrals(rows, logit, np.array([12.0]), rule))
        for rule in (gauss_hermite(9), double_exponential(0.1))
    )
    assert np.abs(gauss / expected - 1).max() > 0.01
    assert other == pytest.approx(expected, rel=1e-5)


@given(seed=st.integers(0, 10**6), sd=st.sampled_from([0.0, 0.3, -1.0, 3.0, 8.0, 40.0]))
def test_at_the_mode_the_slope_is_nought(seed: int, sd: float) -> None:
    rows, logit = made(seed)
    mode, width = modes(rows, logit, np.array([sd]))
    p = expit(logit + sd * mode[rows.own])
    assert sd * rows.total(rows.y - p) == pytest.approx(mode, abs=1e-8)
    assert width == pytest.approx(1 / np.sqrt(1 + sd**2 * rows.total(p * (1 - p))), rel=1e-6)


def test_many_places_at_once_are_as_one_at_a_time() -> None:
    rows, logit = made(2)
    sds = np.array([[0.2], [1.0], [5.0]])
    together = log_integrals(rows, np.tile(logit, (3, 1)), sds, gauss_hermite(9))
    assert together == pytest.approx(np.array([log_integrals(rows, logit, sd, gauss_hermite(9)) for sd in sds]))


def test_the_far_away_does_not_overflow() -> None:
    rows, logit = made(3)
    assert np.isfinite(log_integrals(rows, 1e4 * logit, np.array([100.0]), double_exponential(0.2))).all()
