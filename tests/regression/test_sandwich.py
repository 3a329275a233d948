"""Sandwich covariances against matrices of the size of the clusters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from vpresearch.regression.design import Floats, Ints
from vpresearch.regression.gee import KINDS, bell_mccaffrey, covariance, too_few

_CLUSTER = np.array([0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 4])


def fitted(seed: int) -> tuple[Floats, Floats, Floats]:
    """Give a design of three columns, outcomes, and probabilities that leave the equation unsolved."""
    random = np.random.default_rng(seed)
    x = np.column_stack([np.ones(11), random.normal(size=(11, 2))])
    return x, (random.random(11) < 0.5).astype(float), random.uniform(0.2, 0.8, 11)


def sums(x: Floats, y: Floats, p: Floats, cluster: Ints) -> tuple[Floats, Floats]:
    own = (cluster == np.arange(cluster.max() + 1)[:, None]).astype(float)
    return own @ (x * (y - p)[:, None]), np.einsum("kn,ni,nj->kij", own, x * (p * (1 - p))[:, None], x)


def by_definition(kind: str, x: Floats, y: Floats, p: Floats, cluster: Ints) -> Floats:
    bread = np.linalg.inv((x.T * (p * (1 - p))) @ x)
    meat = np.zeros_like(bread)
    for number in range(cluster.max() + 1):
        own = cluster == number
        v, r = np.diag((p * (1 - p))[own]), (y - p)[own]
        rest = np.eye(int(own.sum())) - v @ x[own] @ bread @ x[own].T
        if kind == "fg":
            leverage = np.diag(x[own].T @ v @ x[own] @ bread)
            score = x[own].T @ r / np.sqrt(1 - np.minimum(0.75, leverage))
        else:
            root = {
                "robust": np.eye(len(r)),
                "kc_principal": np.linalg.inv(sqrtm(rest).real),
                "md": np.linalg.inv(rest),
            }[kind]
            score = x[own].T @ root @ r
        meat += np.outer(score, score)
    whole: Floats = bread @ meat @ bread
    return whole


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10**6))
def test_small_matrices_give_what_large_ones_do(kind: str, seed: int) -> None:
    x, y, p = fitted(seed)
    expected = by_definition(kind, x, y, p, _CLUSTER)
    assert covariance(kind, *sums(x, y, p, _CLUSTER)) == pytest.approx(expected, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_what_its_members_do(kind: str) -> None:
    scores, information = zip(*(sums(*fitted(seed), _CLUSTER) for seed in range(4)), strict=True)
    batch = covariance(kind, np.array(scores), np.array(information))
    for member, score, part in zip(batch, scores, information, strict=True):
        assert member == pytest.approx(covariance(kind, score, part), rel=1e-12)


def bell(x: Floats, y: Floats, p: Floats) -> Floats:
    found: Floats = bell_mccaffrey(x[None], y[None], p[None], _CLUSTER[None])[0]
    return found


def test_equal_variances_make_both_roots_one() -> None:
    x, y, p = fitted(1)
    same = np.full(11, 0.3)
    assert bell(x, y, same) == pytest.approx(covariance("kc_principal", *sums(x, y, same, _CLUSTER)))
    other = covariance("kc_principal", *sums(x, y, p, _CLUSTER))
    assert bell(x, y, p) != pytest.approx(other, rel=1e-4)


def test_clusters_of_any_size_and_order_stand_side_by_side() -> None:
    x, y, p = fitted(1)
    order = np.random.default_rng(1).permutation(11)
    together = bell_mccaffrey(
        np.stack([x, x[order]]), np.stack([y, y[order]]), np.stack([p, p[order]]), np.stack([_CLUSTER, _CLUSTER[order]])
    )
    assert together[0] == pytest.approx(bell(x, y, p), rel=1e-12)
    assert together[1] == pytest.approx(together[0], rel=1e-9)


@pytest.mark.parametrize("kind", ["kc_principal", "kc"])
def test_the_correction_is_unbiased_where_the_working_variance_is_right(kind: str) -> None:
    """Put the variance of the residuals, ``(I - H) V``, for their squares: the sandwich is then its bread."""
    x, _, p = fitted(2)
    v = p * (1 - p)
    bread = np.linalg.inv((x.T * v) @ x)
    spread = np.diag(v) - (v[:, None] * x) @ bread @ (x.T * v)
    root = np.linalg.cholesky(spread + 1e-13 * np.eye(11))
    zero = np.zeros(11)
    parts = [
        covariance(kind, *_sums_of(x, column, v)) if kind == "kc_principal" else bell(x, column + p, p)
        for column in [*root.T, zero]
    ]
    assert sum(parts) == pytest.approx(bread, rel=1e-6, abs=1e-9)


def _sums_of(x: Floats, residual: Floats, v: Floats) -> tuple[Floats, Floats]:
    own = (np.arange(5)[:, None] == _CLUSTER).astype(float)
    return own @ (x * residual[:, None]), np.einsum("kn,ni,nj->kij", own, x * v[:, None], x)


def test_the_bound_of_fay_and_graubard_holds() -> None:
    scores, information = np.array([[1.0], [1.0]]), np.array([[[0.9]], [[0.1]]])
    assert covariance("fg", scores, information).item() == pytest.approx(1 / (1 - 0.75) + 1 / (1 - 0.1))


def test_scores_that_span_too_little_are_seen() -> None:
    information = np.tile(np.eye(2), (3, 1, 1))
    assert too_few(np.array([[1.0, 1.0], [-2.0, -2.0], [1.0, 1.0]]), information)
    assert not too_few(np.array([[1.0, 1.0], [-2.0, 0.0], [1.0, -1.0]]), information)
