"""One rule for all patients against the adaptive one of each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpresearch.regression.bayes import Posteriors, Priors
from vpresearch.regression.design import Floats
from vpresearch.regression.mixed import Grouped, double_exponential, grouped, log_integrals, log_likelihoods


def made(seed: int, most_rows: int) -> Grouped:
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(5), rng.integers(1, most_rows + 1, 5))
    x = np.column_stack([np.ones(len(cluster)), rng.normal(size=len(cluster))])
    return grouped(x, rng.integers(0, 2, len(cluster)).astype(float), rng.permutation(cluster))


def adaptive(rows: Grouped, at: Floats) -> Floats:
    sums: Floats = log_integrals(rows, at[:, :-1] @ rows.x.T, at[:, -1:], double_exponential(0.05)).sum(axis=-1)
    return sums


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), most_rows=st.sampled_from([1, 3, 40]))
def test_it_is_the_likelihood_of_the_adaptive_rule(seed: int, most_rows: int) -> None:
    rows = made(seed, most_rows)
    at = np.array([[0.3, 0.8, 0.0], [-0.7, 1.2, 0.5], [0.3, 0.8, 2.0], [1.3, -0.2, 2.0], [0.3, -0.8, 9.0]])
    assert log_likelihoods(rows, at) == pytest.approx(adaptive(rows, at), abs=3e-4)


def test_places_are_told_apart_however_many_there_are() -> None:
    rows, rng = made(7, 3), np.random.default_rng(7)
    at = np.column_stack([rng.normal(0, 2, (3_000, 2)), rng.choice([0.4, 3.0], 3_000)])
    assert log_likelihoods(rows, at) == pytest.approx(adaptive(rows, at), abs=3e-4)


def test_far_away_it_vanishes_without_a_word() -> None:
    at = np.array([[1e5, 0.0, 1.0], [0.0, 1e5, 1e3], [-1e5, 1e5, 0.0]])
    heights = log_likelihoods(made(1, 3), at)
    assert not np.isnan(heights).any()
    assert heights.max() < -100


def test_a_patient_with_too_many_rows_for_it_has_no_posterior() -> None:
    cluster = np.append(np.zeros(800, int), [1, 1])
    x = np.column_stack([np.ones(802), np.arange(802) % 7 - 3.0])
    assert Posteriors(grouped(x, np.arange(802.0) % 2, cluster)).under(Priors()) is None
